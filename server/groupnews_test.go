package server_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/bus/local"
	"github.com/ringtrip/ringtrip/server"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
	"github.com/ringtrip/ringtrip/store"
)

// mute is a store that takes no events but those of commits while it is told to.
type mute struct {
	store.Store
	on atomic.Bool
}

func (m *mute) PutEvents(ctx context.Context, events []store.Event) ([]uint64, error) {
	if m.on.Load() {
		return nil, errIll
	}
	return m.Store.PutEvents(ctx, events)
}

// news returns how many jobs of groups there are.
func (w *world) news() int {
	w.t.Helper()
	return len(must(w.store.JobsOfKind(context.Background(), "group", "", 1000)))
}

// noGroup fails if events of groups wait on the stream.
func (s *stream) noGroup() {
	s.w.t.Helper()
	for len(s.events) > 0 {
		if g := (<-s.events).GetGroup(); g != nil {
			s.w.t.Errorf("%s also hears %v", s.device, g)
		}
	}
}

// A node that dies after it stored who is in a group, and before it told anybody, leaves the telling to another one.
func TestGroupHearsOfADeadNode(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, first *world) {
		shared := local.New()
		defer shared.Close()
		quiet := &mute{Store: first.store}
		first.halt()
		first.set = func(c *server.Config) { c.Bus, c.Store = shared, quiet }
		first.run()
		second := &world{t: t, store: first.store, apns: newAPNs(), set: func(c *server.Config) { c.Bus, c.NodeID = shared, "n2" }}
		second.run()
		defer func() { second.halt() }()

		a, b, c := second.phone("alice", "a1", ""), first.phone("bob", "b1", voip(1)), second.phone("carol", "c1", voip(2))
		started := must(a.startGroup(&v1.StartRequest{Callees: []string{"bob", "carol"}}))
		g, bob, carol := started.Call.Group, started.Calls[0].Call.Id, started.Calls[1].Call.Id
		sa := a.open(0, true)

		// All is well: it is told once, and nothing is left to be told.
		must(c.answer(carol))
		if got := sa.changed(); got != "carol ANSWERED c1" {
			t.Errorf("alice hears %s", got)
		}
		sc := c.open(0, true)
		time.Sleep(30 * time.Second)
		sa.noGroup()
		sc.noGroup()
		if n := first.news(); n > 0 {
			t.Errorf("%d jobs are left of a group that was told", n)
		}

		// Bob's answer is stored, and then his node dies.
		quiet.on.Store(true)
		must(b.answer(bob))
		sa.noGroup()
		if n := first.news(); n != 1 {
			t.Errorf("%d jobs wait while nobody is told", n)
		}
		first.halt()
		began := time.Now()
		for _, s := range []*stream{sa, sc} {
			if got := s.changed(); got != "bob ANSWERED b1" {
				t.Errorf("%s hears %s", s.device, got)
			}
		}
		if took := time.Since(began); took > 30*time.Second {
			t.Errorf("they were told after %s", took)
		}

		// Alice leaves all of her calls, and then the node that did it dies.
		quiet.on.Store(false)
		first.run()
		quiet.on.Store(true)
		b.w, a.w = second, first
		sb := b.open(0, true)
		if err := a.leave(g); err != nil {
			t.Fatal(err)
		}
		if n := first.news(); n != 2 {
			t.Errorf("%d jobs wait while nobody is told", n)
		}
		first.halt()
		for _, s := range []*stream{sb, sc} {
			if got := s.changed(); got != "alice ENDED " {
				t.Errorf("%s hears %s", s.device, got)
			}
		}
		time.Sleep(time.Minute)
		if n := first.news(); n > 0 {
			t.Errorf("%d jobs are left of a group that was told late", n)
		}
		quiet.on.Store(false)
		first.run() // for the world's own end
	})
}
