package server_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/ringtrip/ringtrip/server"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
	"github.com/ringtrip/ringtrip/store"
)

// counted is a store that counts what is read and committed, and that holds commits back while somebody wants it.
type counted struct {
	store.Store
	reads, commits atomic.Int64
	hold           atomic.Pointer[chan struct{}]
}

func (c *counted) Call(ctx context.Context, id string) (store.Call, error) {
	c.reads.Add(1)
	return c.Store.Call(ctx, id)
}

func (c *counted) Commit(ctx context.Context, t store.Transition) (store.Committed, error) {
	c.commits.Add(1)
	if hold := c.hold.Load(); hold != nil {
		<-*hold
	}
	return c.Store.Commit(ctx, t)
}

// many is a store that others may change.
type many struct {
	*counted
	store.Presence // none of its methods is called
}

// Acks that come while another one is being stored share a commit, nobody loses to another, and nothing is read again.
func TestChangesShareACommit(t *testing.T) {
	c := &counted{}
	inBubble(t, func(cfg *server.Config) { c.Store = cfg.Store; cfg.Store = c }, func(t *testing.T, w *world) {
		a := w.phone("alice", "a1", "")
		var bobs []*phone
		for i, id := range []string{"b1", "b2", "b3", "b4"} {
			bobs = append(bobs, w.phone("bob", id, voip(i+1)))
		}
		id := a.call("bob").Id
		synctest.Wait() // the pushes' fates are stored
		for range bobs {
			<-w.apns.sent
		}
		synctest.Wait()
		reads, commits := c.reads.Load(), c.commits.Load()
		hold := make(chan struct{})
		c.hold.Store(&hold)
		var all sync.WaitGroup
		revs := make([]uint64, len(bobs))
		for i, b := range bobs {
			all.Go(func() {
				got, err := b.ack(id, &v1.Mark{Stage: v1.Stage_STAGE_WOKE}, &v1.Mark{Stage: v1.Stage_STAGE_REPORTED}, &v1.Mark{Stage: v1.Stage_STAGE_RINGING})
				if err != nil {
					t.Errorf("%s: %v", b.device, err)
				}
				revs[i] = got.GetRev()
			})
			synctest.Wait()
		}
		c.hold.Store(nil)
		close(hold)
		all.Wait()
		if n := c.commits.Load() - commits; n != 2 { // the first one's, and that of all who waited
			t.Errorf("four acks were %d commits", n)
		}
		if n := c.reads.Load() - reads; n != 0 {
			t.Errorf("the call was read %d times", n)
		}
		if revs[1] != revs[0]+1 || revs[2] != revs[1] || revs[3] != revs[1] {
			t.Errorf("the acks were answered with the revs %d", revs)
		}
		got, err := a.get(id)
		if err != nil || len(got.Legs) != 4 {
			t.Fatal(got, err)
		}
		for _, l := range got.Legs {
			if l.State != v1.LegState_LEG_STATE_RINGING {
				t.Errorf("leg %v", l)
			}
		}
	})
}

// What a node remembers of a call is not what it answers with if another node may have changed the call.
func TestStaleMemory(t *testing.T) {
	shared := &counted{}
	set := func(cfg *server.Config) {
		if shared.Store == nil {
			shared.Store = cfg.Store
		}
		cfg.Store = many{counted: shared}
	}
	inBubble(t, set, func(t *testing.T, first *world) {
		second := &world{t: t, store: first.store, apns: newAPNs(), set: set}
		second.run()
		defer func() { second.halt() }()
		a, b1, b2 := first.phone("alice", "a1", ""), first.phone("bob", "b1", voip(1)), second.phone("bob", "b2", voip(2))
		for range 5 {
			id := a.call("bob").Id
			synctest.Wait()
			for _, p := range []*phone{b1, b2} { // now both nodes know the call
				if _, err := p.ack(id, &v1.Mark{Stage: v1.Stage_STAGE_RINGING}); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := b2.answer(id); err != nil {
				t.Fatal(err)
			}
			if got, err := b1.ack(id, &v1.Mark{Stage: v1.Stage_STAGE_RINGING}); err != nil || got.Reason != v1.EndReason_END_REASON_ANSWERED_ELSEWHERE {
				t.Errorf("a repeated ack is told %v, %v", got, err)
			}
			if _, err := b1.answer(id); problemOf(err).GetCode() != "answered_elsewhere" {
				t.Errorf("the late answer is told %v", err)
			}
			if _, err := a.end(id, 0); err != nil {
				t.Fatal(err)
			}
			if got, err := b2.end(id, 0); problemOf(err).GetCode() != "already_ended" && got.GetState() != v1.CallState_CALL_STATE_ENDED {
				t.Errorf("the late end is told %v, %v", got, err)
			}
		}
	})
}
