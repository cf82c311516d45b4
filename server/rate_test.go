package server_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"

	"github.com/ringtrip/ringtrip/push"
	"github.com/ringtrip/ringtrip/server"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// silent is an Observer that nothing is heard of.
type silent struct{}

func (silent) Committed(context.Context, server.Change) {}
func (silent) Pushing(ctx context.Context, _ server.PushStart) (context.Context, func(push.Receipt, error)) {
	return ctx, func(push.Receipt, error) {}
}

// limitEar counts what limits refuse.
type limitEar struct {
	server.Observer
	mu    sync.Mutex
	heard []string
}

func (e *limitEar) Limited(app, limit string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.heard = append(e.heard, app+"/"+limit)
}

// Who calls too often gets a true error that says when to try again, and then can.
func TestRateLimits(t *testing.T) {
	for _, one := range []struct {
		limit  string
		limits server.Limits
		// who calls whom until the limit refuses
		callers, callees []string
		free             [2]string // who may still call whom
		begun            int
	}{
		{"caller", server.Limits{Caller: server.Rate{PerMinute: 6, Burst: 4}}, []string{"alice"}, []string{"bob", "carol"}, [2]string{"dave", "bob"}, 4},
		{"pair", server.Limits{Pair: server.Rate{PerMinute: 2}}, []string{"alice"}, []string{"bob"}, [2]string{"alice", "carol"}, 2},
		{"callee", server.Limits{Callee: server.Rate{PerMinute: 60, Burst: 3}}, []string{"alice", "dave"}, []string{"bob"}, [2]string{"alice", "carol"}, 3},
		{"app", server.Limits{App: server.Rate{PerMinute: 0.5, Burst: 5}}, []string{"alice", "dave"}, []string{"bob", "carol"}, [2]string{}, 5},
	} {
		inBubble(t, func(c *server.Config) { c.Apps[0].Limits = one.limits }, func(t *testing.T, w *world) {
			phones := map[string]*phone{}
			for i, user := range []string{"alice", "bob", "carol", "dave"} {
				phones[user] = w.phone(user, user+"1", voip(i+1))
			}
			begun := 0
			var err error
			for err == nil && begun < 100 {
				p := phones[one.callers[begun%len(one.callers)]]
				var c *v1.Call
				if c, err = p.start(one.callees[begun/2%len(one.callees)]); err == nil {
					begun++
					must(p.cancel(c.Id))
				}
			}
			if begun != one.begun {
				t.Errorf("%s: %d calls were let through, want %d", one.limit, begun, one.begun)
			}
			problem := wantProblem(t, one.limit, err, connect.CodeResourceExhausted, "rate_limited_"+one.limit)
			wire := (*connect.Error)(nil)
			if !errors.As(err, &wire) || wire.Meta().Get("Retry-After") == "" || problem.RetryAfterMs <= 0 {
				t.Fatalf("%s: it does not say when: %v, %v", one.limit, err, problem)
			}
			if one.free[0] != "" {
				must(phones[one.free[0]].start(one.free[1]))
			}
			p := phones[one.callers[begun%len(one.callers)]]
			callee := one.callees[begun/2%len(one.callees)]
			time.Sleep(time.Duration(problem.RetryAfterMs)*time.Millisecond - 20*time.Millisecond)
			wantProblem(t, "a moment too early", errOf(p.start(callee)), connect.CodeResourceExhausted, "rate_limited_"+one.limit)
			time.Sleep(40 * time.Millisecond)
			id := fmt.Sprint("again ", one.limit)
			key := func(r *v1.StartRequest) { r.IdempotencyKey = id }
			c := must(p.start(callee, key))
			if again := must(p.start(callee, key)); again.Id != c.Id {
				t.Errorf("%s: the same start again is another call", one.limit)
			}
		})
	}
}

// The Observer may hear of it.
func TestLimitsAreHeard(t *testing.T) {
	ear := &limitEar{Observer: silent{}}
	inBubble(t, func(c *server.Config) {
		c.Observer = ear
		c.Apps[0].Limits = server.Limits{Caller: server.Rate{PerMinute: 1}}
	}, func(t *testing.T, w *world) {
		a := w.phone("alice", "a1", "")
		w.phone("bob", "b1", voip(1))
		a.call("bob")
		for range 2 {
			_, _ = a.start("bob")
		}
		if got := fmt.Sprint(ear.heard); got != "[shop/caller shop/caller]" {
			t.Errorf("heard %s", got)
		}
	})
}

// Limits that make no sense are refused, suggested ones are not, and without any there are none.
func TestLimitsConfig(t *testing.T) {
	for _, l := range []server.Limits{
		{Caller: server.Rate{PerMinute: -1}}, {App: server.Rate{Burst: 5}}, {Pair: server.Rate{PerMinute: 1, Burst: -1}},
	} {
		inBubble(t, nil, func(t *testing.T, w *world) {
			if err := w.s.SetApps([]server.App{{ID: app, Keys: nil, Limits: l}}); err == nil {
				t.Errorf("%+v is taken", l)
			}
		})
	}
	inBubble(t, nil, func(t *testing.T, w *world) {
		a := w.phone("alice", "a1", "")
		w.phone("bob", "b1", voip(1))
		for range 300 {
			must(a.cancel(a.call("bob").Id))
		}
		if server.SuggestedLimits() == (server.Limits{}) {
			t.Error("nothing is suggested")
		}
	})
}
