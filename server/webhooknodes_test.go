package server_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ringtrip/ringtrip/bus/local"
	"github.com/ringtrip/ringtrip/server"
	"github.com/ringtrip/ringtrip/server/webhook"
)

// Two nodes change one call in turn while its backend takes its time: whoever delivers, the order is the call's, and
// nothing comes twice.
func TestWebhooksOfTwoNodes(t *testing.T) {
	hooked(t, []string{"all"}, nil, func(t *testing.T, first *world, b map[string]*backend) {
		shared := local.New()
		defer shared.Close()
		set := first.set
		first.set = func(c *server.Config) { set(c); c.Bus = shared }
		first.halt()
		first.run()
		second := &world{t: t, store: first.store, apns: newAPNs(), set: first.set}
		second.run()
		synctest.Wait()
		a, p := first.phone("alice", "a1", ""), second.phone("bob", "b1", voip(2))
		time.Sleep(20 * time.Second) // the devices are told
		b["all"].mu.Lock()
		b["all"].hold = func(webhook.Event) { time.Sleep(300 * time.Millisecond) }
		b["all"].mu.Unlock()
		id := a.call("bob").Id
		synctest.Wait()
		p.rings(id)
		if _, err := p.answer(id); err != nil {
			t.Fatal(err)
		}
		if _, err := a.end(id, 0); err != nil {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Second)
		want := []string{"call.started", "leg.pushed b1", "leg.ringing b1", "call.ringing", "call.answered", "leg.ended b1 hungup", "call.ended hungup"}
		if got := b["all"].said(id); !slices.Equal(got, want) {
			t.Errorf("the backend heard\n%q, want\n%q", got, want)
		}
		second.halt()
		if left := first.jobs(); len(left) > 0 {
			t.Errorf("jobs are left: %v", left)
		}
	})
}
