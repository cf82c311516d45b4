package server_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/carrier"
	"github.com/ringtrip/ringtrip/server"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// talking has an answered call through a carrier, whose ends are in the room and have their streams open.
func talking(w *world, name string) (a, b *phone, id string) {
	w.t.Helper()
	a, b = w.phone("alice", "a1", ""), w.phone("bob", "b1", voip(2))
	id = a.call("bob").Id
	must(b.answer(id))
	a.open(0, true)
	b.open(0, true)
	at := time.Now()
	w.says(name, carrier.Event{Kind: carrier.Joined, Call: id, User: "alice", Device: "a1", At: at, Source: "sa"})
	w.says(name, carrier.Event{Kind: carrier.Joined, Call: id, User: "bob", Device: "b1", At: at, Source: "sb"})
	return a, b, id
}

func wantReason(t *testing.T, what string, p *phone, id string, want v1.EndReason) {
	t.Helper()
	got := must(p.get(id))
	if want == 0 && got.State != v1.CallState_CALL_STATE_ANSWERED || want != 0 && (got.State != v1.CallState_CALL_STATE_ENDED || got.Reason != want) {
		t.Errorf("%s: the call is %s %s, want %s", what, got.State, got.Reason, want)
	}
}

// A side that the carrier lost has a while to come back; then the call ends with the true reason.
func TestMediaLost(t *testing.T) {
	f := newFake("roomy", rooms)
	inBubble(t, withCarrier(f), func(t *testing.T, w *world) {
		_, b, id := talking(w, "roomy")
		left := carrier.Event{Kind: carrier.Left, Call: id, User: "alice", Device: "a1", At: time.Now().Add(time.Second), Source: "sa", Reason: call.MediaFailed}
		w.says("roomy", left)
		time.Sleep(20 * time.Second)
		wantReason(t, "within the grace", b, id, 0)
		w.says("roomy", carrier.Event{Kind: carrier.Joined, Call: id, User: "alice", Device: "a1", At: time.Now(), Source: "sa2"})
		w.says("roomy", left) // repeated, and overtaken
		left.Detail = "the same in other words"
		w.says("roomy", left)
		time.Sleep(5 * time.Minute)
		wantReason(t, "it came back", b, id, 0)
		w.says("roomy", carrier.Event{Kind: carrier.Left, Call: id, User: "alice", Device: "a1", At: time.Now(), Source: "sa2"})
		time.Sleep(29 * time.Second)
		wantReason(t, "before the end of the grace", b, id, 0)
		time.Sleep(2 * time.Second)
		wantReason(t, "after it", b, id, v1.EndReason_END_REASON_MEDIA_FAILED)
		if l := w.ledger(id); !slices.Contains(l, "CARRIER a1") {
			t.Errorf("the ledger does not say what the carrier said: %q", l)
		}
	})
}

// A room that is gone takes all with it; a carrier that does not watch, or an app that wants none of it, ends nothing.
func TestRoomEnded(t *testing.T) {
	unwatched := rooms
	unwatched.Watched = false
	for name, c := range map[string]struct {
		traits carrier.Traits
		grace  time.Duration
		after  time.Duration
		want   v1.EndReason
	}{
		"watched":   {rooms, 0, 31 * time.Second, v1.EndReason_END_REASON_MEDIA_FAILED},
		"longer":    {rooms, time.Minute, 59 * time.Second, 0},
		"off":       {rooms, -1, 10 * time.Minute, 0},
		"unwatched": {unwatched, 0, 10 * time.Minute, 0},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, withCarrier(newFake("roomy", c.traits), func(a *server.App) { a.MediaGrace = c.grace }), func(t *testing.T, w *world) {
				_, b, id := talking(w, "roomy")
				w.says("roomy", carrier.Event{Kind: carrier.RoomEnded, Call: id, At: time.Now()})
				time.Sleep(c.after)
				wantReason(t, name, b, id, c.want)
			})
		})
	}
}

// The timer of lost media is a row's: a node that starts anew ends the call in time.
func TestMediaLostOverRestart(t *testing.T) {
	f := newFake("roomy", rooms)
	inBubble(t, withCarrier(f), func(t *testing.T, w *world) {
		_, b, id := talking(w, "roomy")
		w.says("roomy", carrier.Event{Kind: carrier.Left, Call: id, User: "bob", Device: "b1", At: time.Now().Add(time.Second), Source: "sb"})
		w.restart()
		time.Sleep(31 * time.Second)
		wantReason(t, "after the restart", b, id, v1.EndReason_END_REASON_MEDIA_FAILED)
	})
}

// When a call moves, the device that had it may leave; nobody takes that for a loss.
func TestMediaOfMovedCall(t *testing.T) {
	f := newFake("roomy", rooms)
	inBubble(t, withCarrier(f), func(t *testing.T, w *world) {
		a, _, id := talking(w, "roomy")
		pad := w.phone("bob", "b2", voip(3))
		moved, err := pad.move(id)
		if err != nil || !strings.Contains(creds(moved), "bob/b2") || moved.Carrier != "roomy" {
			t.Fatalf("moving: %v, %v", moved, err)
		}
		w.says("roomy", carrier.Event{Kind: carrier.Left, Call: id, User: "bob", Device: "b1", At: time.Now().Add(time.Second), Source: "sb"})
		time.Sleep(time.Minute)
		wantReason(t, "after the old device left", a, id, 0)
	})
}

// The end of a call is told to its carrier until it takes it, also after a restart, and for a day at most.
func TestEndIsToldAgain(t *testing.T) {
	f := newFake("roomy", rooms)
	f.refuses("end", errDown)
	inBubble(t, withCarrier(f), func(t *testing.T, w *world) {
		_, b, id := talking(w, "roomy")
		must(b.end(id, 0))
		for range 3 {
			if got := f.next(t); got != "end "+id {
				t.Errorf("the carrier was asked %q", got)
			}
		}
		w.restart()
		if got := f.next(t); got != "end "+id {
			t.Errorf("after the restart the carrier was asked %q", got)
		}
		f.refuses("end", nil)
		f.next(t)
		time.Sleep(time.Hour)
		f.mu.Lock()
		asked := len(f.asked)
		f.mu.Unlock()
		time.Sleep(time.Hour)
		f.mu.Lock()
		if len(f.asked) != asked {
			t.Errorf("it was told again after it had taken it: %d, %d", asked, len(f.asked))
		}
		f.mu.Unlock()
	})
}

func TestEndIsGivenUp(t *testing.T) {
	f := newFake("roomy", rooms)
	f.refuses("end", errDown)
	seen := &carrierWatch{}
	inBubble(t, func(c *server.Config) {
		withCarrier(f)(c)
		c.Observer = seen
		c.Tick, c.PurgeInterval = 10*time.Minute, time.Hour // a day of ticks would take a minute
	}, func(t *testing.T, w *world) {
		a, b := w.phone("alice", "a1", ""), w.phone("bob", "b1", voip(2))
		id := a.call("bob").Id
		must(b.answer(id))
		must(b.end(id, 0))
		time.Sleep(25 * time.Hour)
		if jobs := must(w.store.JobsOfKind(t.Context(), "carrier:shop/roomy", "", 10)); len(jobs) != 0 {
			t.Errorf("jobs: %v", jobs)
		}
		seen.mu.Lock()
		defer seen.mu.Unlock()
		if n := len(seen.deeds); n < 100 || !seen.deeds[n-1].GaveUp || seen.deeds[n-2].GaveUp || seen.deeds[n-1].Deed != "end" {
			t.Errorf("%d deeds were observed, the last %+v", n, seen.deeds[n-1])
		}
	})
}

// A node that stops while it tells the end leaves it to the next one at once.
func TestEndUnderWayAtStop(t *testing.T) {
	f := newFake("roomy", rooms)
	inBubble(t, withCarrier(f), func(t *testing.T, w *world) {
		f.hold = make(chan struct{})
		_, b, id := talking(w, "roomy")
		must(b.end(id, 0))
		synctest.Wait()
		w.halt()
		close(f.hold)
		f.hold = nil
		w.run()
		if got := f.next(t); got != "end "+id {
			t.Errorf("the next node asked %q", got)
		}
		f.idle(t)
	})
}

// What comes up at the carrier after the end is ended, too, and not for ever.
func TestLateJoinIsEnded(t *testing.T) {
	f := newFake("roomy", rooms)
	inBubble(t, withCarrier(f), func(t *testing.T, w *world) {
		_, b, id := talking(w, "roomy")
		must(b.end(id, 0))
		f.next(t)
		for i := range 10 {
			w.says("roomy", carrier.Event{Kind: carrier.Joined, Call: id, User: "alice", Device: "a1", At: time.Now(), Source: fmt.Sprint("late", i)})
			synctest.Wait()
			time.Sleep(time.Second)
		}
		for range 4 {
			if got := f.next(t); got != "end "+id {
				t.Errorf("the carrier was asked %q", got)
			}
		}
		f.idle(t)
		wantReason(t, "after late joins", b, id, v1.EndReason_END_REASON_HUNGUP)
	})
}

// The calls of a group meet in one room, which the last of them ends.
func TestGroupRoom(t *testing.T) {
	f := newFake("roomy", rooms)
	inBubble(t, withCarrier(preparing{f}), func(t *testing.T, w *world) {
		a, b, c := w.phone("alice", "a1", ""), w.phone("bob", "b1", voip(2)), w.phone("carol", "c1", voip(3))
		first, err := a.start("", func(r *v1.StartRequest) { r.Callees = []string{"bob", "carol"} })
		if err != nil {
			t.Fatal(err)
		}
		group := first.Group
		calls := must(w.store.CallsOfUser(t.Context(), app, "carol"))
		second := calls[0].ID
		f.next(t)
		x, y := must(b.answer(first.Id)), must(c.answer(second))
		if !strings.Contains(creds(x), group) || !strings.Contains(creds(y), group) {
			t.Errorf("the credentials are for %s and %s", creds(x), creds(y))
		}
		for user, device := range map[string]string{"alice": "a1", "bob": "b1", "carol": "c1"} {
			w.says("roomy", carrier.Event{Kind: carrier.Joined, Call: group, User: user, Device: device, At: time.Now(), Source: user})
		}
		if status, _ := w.hook("roomy", "event", fakeHook{Event: &carrier.Event{Kind: carrier.Joined, Call: group, User: "mallory", At: time.Now()}}); status != 403 {
			t.Errorf("somebody who is not in the group joined: %d", status)
		}
		must(b.end(first.Id, 0))
		f.idle(t)
		w.says("roomy", carrier.Event{Kind: carrier.Left, Call: group, User: "carol", Device: "c1", At: time.Now(), Source: "carol"})
		time.Sleep(31 * time.Second)
		wantReason(t, "carol's call", c, second, v1.EndReason_END_REASON_MEDIA_FAILED)
		if got := f.next(t); !strings.HasPrefix(got, "end "+second) {
			t.Errorf("the carrier was asked %q", got)
		}
		f.idle(t)
	})
}
