package server_test

import (
	"context"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/bus/local"
	"github.com/ringtrip/ringtrip/push"
	"github.com/ringtrip/ringtrip/server"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// Two nodes on one store: a device hears by one what happens at the other, and what a dead node left is done.
func TestTwoNodes(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, first *world) {
		shared := local.New()
		defer shared.Close()
		first.set = func(c *server.Config) { c.Bus = shared }
		first.halt()
		first.run()
		second := &world{t: t, store: first.store, apns: newAPNs(), set: first.set}
		second.run()
		defer func() { second.halt() }()

		a := first.phone("alice", "a1", "")
		b := second.phone("bob", "b1", voip(2))
		there, here := b.open(0, true), a.open(0, true)
		began := time.Now()
		id := a.call("bob").Id
		if c := there.next().GetCall(); c.GetId() != id || time.Since(began) > time.Second {
			t.Fatalf("after %s the other node brought %v", time.Since(began), c)
		}
		if _, err := b.answer(id); err != nil {
			t.Fatal(err)
		}
		here.call("answered", func(c *v1.Call) bool { return c.State == v1.CallState_CALL_STATE_ANSWERED })
		if _, err := b.end(id, 0); err != nil {
			t.Fatal(err)
		}
		here.ended()
		there.ended()

		// The first node dies over a push that hangs.
		for len(first.apns.sent) > 0 {
			<-first.apns.sent
		}
		first.apns.will(func(ctx context.Context, p push.Push) (push.Receipt, error) {
			<-ctx.Done()
			return push.Receipt{}, ctx.Err()
		})
		there.end()
		began = time.Now()
		id = a.call("bob").Id
		sent := <-first.apns.sent
		first.halt()
		if p := <-second.apns.sent; p.ID != sent.ID || time.Since(began) > 4*time.Second {
			t.Errorf("after %s the second node pushed %+v", time.Since(began), p)
		}
		a.w = second
		c := a.open(0, true).call("its end", func(c *v1.Call) bool { return c.Id == id && c.State == v1.CallState_CALL_STATE_ENDED })
		if took := time.Since(began); c.Reason != v1.EndReason_END_REASON_UNANSWERED || took != 45*time.Second {
			t.Errorf("after %s it ended: %v", took, c)
		}
		first.run() // for the world's own end
	})
}
