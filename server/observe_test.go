package server_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/push"
	"github.com/ringtrip/ringtrip/server"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
	"github.com/ringtrip/ringtrip/store"
)

// watcher remembers what an Observer is told.
type watcher struct {
	mu      sync.Mutex
	changes []server.Change
	pushes  []server.PushStart
	results []error
}

func (w *watcher) Committed(_ context.Context, c server.Change) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.changes = append(w.changes, c)
}

type marked struct{}

func (w *watcher) Pushing(ctx context.Context, p server.PushStart) (context.Context, func(push.Receipt, error)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pushes = append(w.pushes, p)
	return context.WithValue(ctx, marked{}, p.Call), func(_ push.Receipt, err error) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.results = append(w.results, err)
	}
}

// fates are what became of the legs of the calls, by device.
func (w *watcher) fates() map[string]server.Fate {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := map[string]server.Fate{}
	for _, c := range w.changes {
		if c.Err != nil {
			continue
		}
		for _, f := range c.RingOver {
			all[f.Device.ID] = f
		}
	}
	return all
}

// TestFates lets devices fail to ring in every way at once: each has its own reason, told once, when the ring is over.
func TestFates(t *testing.T) {
	seen := &watcher{}
	inBubble(t, func(c *server.Config) { c.Observer = seen }, func(t *testing.T, w *world) {
		alice := w.phone("alice", "a1", "")
		fails := voip(9)
		w.apns.will(func(ctx context.Context, p push.Push) (push.Receipt, error) {
			if ctx.Value(marked{}) == nil {
				t.Error("the sender did not get the Observer's context")
			}
			if p.Token == fails {
				return push.Receipt{}, &push.Error{Verdict: push.GiveUp, Status: 503, Reason: "Shutdown", Attempts: 3}
			}
			return push.Receipt{ID: p.ID, Attempts: 1, Environment: p.Environment}, nil
		})
		rings, sleeps, woke, hidden, quiet := w.phone("bob", "rings", voip(1)), w.phone("bob", "sleeps", voip(2)), w.phone("bob", "woke", voip(3)), w.phone("bob", "hidden", voip(4)), w.phone("bob", "quiet", voip(5))
		w.phone("bob", "dead", fails)
		id := alice.call("bob").Id
		time.Sleep(time.Second)
		rings.rings(id)
		_, err1 := woke.ack(id, &v1.Mark{Stage: v1.Stage_STAGE_WOKE})
		_, err2 := hidden.ack(id, &v1.Mark{Stage: v1.Stage_STAGE_WOKE}, &v1.Mark{Stage: v1.Stage_STAGE_REPORTED})
		_, err3 := quiet.decline(id, v1.EndReason_END_REASON_DO_NOT_DISTURB, true)
		if err := errors.Join(err1, err2, err3); err != nil {
			t.Fatal(err)
		}
		if len(seen.fates()) != 0 {
			t.Error("fates are told while the call rings")
		}
		time.Sleep(time.Minute) // nobody answers
		got := seen.fates()
		for device, want := range map[string]string{"rings": "", sleeps.device: "not_woken", "woke": "not_reported", "hidden": "not_shown", "quiet": "do_not_disturb", "dead": "unreachable"} {
			if f := got[device]; f.Rang != (want == "") || f.NotRung != want {
				t.Errorf("%s: %+v, want %q", device, f, want)
			}
			if want != "" && server.NotRungReasons[want] == "" {
				t.Errorf("%q is no reason", want)
			}
		}
		ended := 0
		for _, c := range seen.changes {
			if errors.Is(c.Err, store.ErrConflict) {
				continue // six pushes at once: somebody was faster
			}
			if c.Ended {
				ended++
			}
			if c.Err != nil || c.App != app || c.Call != id {
				t.Errorf("a change is %+v", c)
			}
		}
		if ended != 1 || len(seen.pushes) != 6 || len(seen.results) != 6 {
			t.Errorf("%d ends, %d pushes begun and %d done, want 1, 6, 6", ended, len(seen.pushes), len(seen.results))
		}
	})
}

// TestFateTooSoon: who cancels at once says nothing about phones.
func TestFateTooSoon(t *testing.T) {
	seen := &watcher{}
	inBubble(t, func(c *server.Config) { c.Observer = seen }, func(t *testing.T, w *world) {
		alice := w.phone("alice", "a1", "")
		w.phone("bob", "b1", voip(1))
		id := alice.call("bob").Id
		time.Sleep(time.Second)
		if _, err := alice.cancel(id); err != nil {
			t.Fatal(err)
		}
		if f := seen.fates()["b1"]; f.NotRung != "over_too_soon" || f.Device.Platform != "ios" {
			t.Errorf("the fate is %+v", f)
		}
	})
}

// TestIdle: a node waits for its pushes under way, and takes over no others while it drains.
func TestIdle(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		alice := w.phone("alice", "a1", "")
		w.phone("bob", "b1", voip(1))
		w.apns.will(func(ctx context.Context, p push.Push) (push.Receipt, error) {
			time.Sleep(3 * time.Second)
			return push.Receipt{ID: p.ID, Attempts: 1, Environment: p.Environment}, nil
		})
		id := alice.call("bob").Id
		<-w.apns.sent
		w.s.Drain()
		if n := w.s.Stats(); n.Pushes != 1 || !w.s.Draining() {
			t.Errorf("a push is under way, and Stats says %+v", n)
		}
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := w.s.Idle(short); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Idle with too little time: %v", err)
		}
		if err := w.s.Idle(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := w.s.Stats(); n.Pushes != 0 {
			t.Errorf("idle, but Stats says %+v", n)
		}
		if text := w.ledger(id); text[len(text)-1] != "ACCEPTED b1" {
			t.Errorf("what came of the push was not stored: %v", text)
		}
	})
}
