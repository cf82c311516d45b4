package server_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"connectrpc.com/connect"

	"github.com/ringtrip/ringtrip/push"
	"github.com/ringtrip/ringtrip/server"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// app1 changes the first app of a world.
func app1(change func(a *server.App)) func(*server.Config) {
	return func(c *server.Config) { change(&c.Apps[0]) }
}

// pushedTo returns the tokens that were pushed to since it was asked last.
func (w *world) pushedTo() map[string]bool {
	synctest.Wait()
	all := map[string]bool{}
	for len(w.apns.sent) > 0 {
		all[(<-w.apns.sent).Token] = true
	}
	return all
}

func (w *world) wantPushes(t *testing.T, what string, tokens ...string) {
	t.Helper()
	got := w.pushedTo()
	ok := len(got) == len(tokens)
	for _, token := range tokens {
		ok = ok && got[token]
	}
	if !ok {
		t.Errorf("%s: pushed to %v, want %v", what, got, tokens)
	}
}

func (p *phone) priorities(groups map[string]int32) {
	p.w.t.Helper()
	req := &v1.SetPrioritiesRequest{}
	for id, group := range groups {
		req.Priorities = append(req.Priorities, &v1.DevicePriority{DeviceId: id, Group: group})
	}
	if _, err := p.api().SetPriorities(context.Background(), connect.NewRequest(req)); err != nil {
		p.w.t.Fatalf("setting priorities: %v", err)
	}
}

func withPlan(p *v1.RingPlan) func(*v1.StartRequest) {
	return func(r *v1.StartRequest) { r.Plan = p }
}

// One device after the other, each for its time; the first one's stops. A restart in between changes nothing.
func TestRingInSequence(t *testing.T) {
	inBubble(t, app1(func(a *server.App) {
		a.RingPlan = server.RingPlan{Order: v1.RingOrder_RING_ORDER_SEQUENCE, Delays: []time.Duration{8 * time.Second, 12 * time.Second}}
	}), func(t *testing.T, w *world) {
		a := w.phone("alice", "a1", "")
		b1 := w.phone("bob", "b1", voip(1))
		time.Sleep(time.Second)
		w.phone("bob", "b2", voip(2))
		time.Sleep(time.Second)
		b3 := w.phone("bob", "b3", voip(3))
		id := a.call("bob").Id
		w.wantPushes(t, "at first the device seen last", voip(3))
		b3.rings(id)
		// The others have not heard of the call.
		if c, err := b1.get(id); err == nil || problemOf(err).GetCode() != "not_this_device" {
			t.Errorf("a device whose turn has not come sees %v, %v", c, err)
		}
		if s := b1.open(0, true); len(s.hello.Calls) != 0 {
			t.Errorf("it is told %v", s.hello.Calls)
		} else {
			s.end()
		}
		synctest.Wait()
		w.wantPushes(t, "nobody else yet")
		time.Sleep(7 * time.Second)
		w.wantPushes(t, "nobody else after 7 s")
		w.restart()
		time.Sleep(2 * time.Second)
		w.wantPushes(t, "the second after 8 s", voip(2))
		if c := must(b3.get(id)); c.State != v1.CallState_CALL_STATE_ENDED || c.Reason != v1.EndReason_END_REASON_UNANSWERED {
			t.Errorf("the first one's device sees %v", c)
		}
		wantProblem(t, "its answer is too late", errOf(b3.answer(id)), connect.CodeFailedPrecondition, "already_ended")
		time.Sleep(13 * time.Second)
		w.wantPushes(t, "the third after 12 s more", voip(1))
		if c := must(b1.answer(id)); c.State != v1.CallState_CALL_STATE_ANSWERED {
			t.Errorf("it answers: %v", c)
		}
		time.Sleep(time.Minute)
		w.wantPushes(t, "nobody after the answer")
	})
}

// The deadline of the ring is the whole call's, whatever the delays.
func TestRingDeadlineInSequence(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		a := w.phone("alice", "a1", "")
		sa := a.open(0, true)
		w.phone("bob", "b1", voip(1))
		w.phone("bob", "b2", voip(2))
		w.phone("bob", "b3", voip(3))
		began := time.Now()
		must(a.start("bob", withPlan(&v1.RingPlan{Order: v1.RingOrder_RING_ORDER_SEQUENCE, Delays: []int32{30}, Devices: []string{"b2", "b9"}})))
		w.wantPushes(t, "at first the one that was asked for", voip(2))
		c := sa.ended()
		if d := time.Since(began); c.Reason != v1.EndReason_END_REASON_UNANSWERED || d < 45*time.Second || d > 47*time.Second {
			t.Errorf("it ended after %s: %v", d, c)
		}
		if n := len(w.pushedTo()); n != 1 {
			t.Errorf("%d more devices were rung, want one", n)
		}
		waiting := 0
		for _, l := range c.Legs {
			if l.State == v1.LegState_LEG_STATE_WAITING {
				waiting++
			}
		}
		if waiting != 1 {
			t.Errorf("%d legs wait for ever, want one: %v", waiting, c.Legs)
		}
	})
}

// Groups: the second rings when the first is exhausted, or when its delay has passed, and then both ring.
func TestRingByGroups(t *testing.T) {
	inBubble(t, app1(func(a *server.App) { a.RingPlan.Order = v1.RingOrder_RING_ORDER_GROUPS }), func(t *testing.T, w *world) {
		a := w.phone("alice", "a1", "")
		b1, b2, b3 := w.phone("bob", "b1", voip(1)), w.phone("bob", "b2", voip(2)), w.phone("bob", "b3", voip(3))
		b1.priorities(map[string]int32{"b1": 0, "b2": 5, "b3": 5})
		id := a.call("bob").Id
		w.wantPushes(t, "the first group", voip(1))
		must(b1.decline(id, v1.EndReason_END_REASON_BUSY, true))
		w.wantPushes(t, "the second at once", voip(2), voip(3))
		must(a.cancel(id))

		id = a.call("bob").Id
		w.wantPushes(t, "the first group", voip(1))
		b1.rings(id)
		time.Sleep(11 * time.Second)
		w.wantPushes(t, "the second after 10 s", voip(2), voip(3))
		if c := must(b1.get(id)); c.State != v1.CallState_CALL_STATE_RINGING {
			t.Errorf("the first group stopped: %v", c)
		}
		must(b1.answer(id))
		for _, p := range []*phone{b2, b3} {
			if c := must(p.get(id)); c.Reason != v1.EndReason_END_REASON_ANSWERED_ELSEWHERE {
				t.Errorf("%s sees %v", p.device, c)
			}
		}
	})
}

// A group none of which can be reached is passed over at once, and the pushes of the next one that fail pass on to the third.
func TestUnreachableGroups(t *testing.T) {
	inBubble(t, app1(func(a *server.App) { a.RingPlan.Order = v1.RingOrder_RING_ORDER_GROUPS }), func(t *testing.T, w *world) {
		a := w.phone("alice", "a1", "")
		b1 := w.phone("bob", "b1", "")
		w.phone("bob", "b2", voip(2))
		w.phone("bob", "b3", voip(3))
		b1.priorities(map[string]int32{"b2": 1, "b3": 2})
		time.Sleep(2 * time.Minute) // b1 is not expected back
		w.apns.will(func(_ context.Context, p push.Push) (push.Receipt, error) {
			if p.Token == voip(2) {
				return push.Receipt{}, &push.Error{Verdict: push.GiveUp, Status: 500, Reason: "InternalServerError"}
			}
			return push.Receipt{ID: p.ID}, nil
		})
		a.call("bob")
		w.wantPushes(t, "at once", voip(2), voip(3))
	})
}

// Hunting that finds nobody ends as the most telling of what became of the devices.
func TestHuntThatFindsNobody(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		a := w.phone("alice", "a1", "")
		b1, b2 := w.phone("bob", "b1", voip(1)), w.phone("bob", "b2", voip(2))
		id := must(a.start("bob", withPlan(&v1.RingPlan{Order: v1.RingOrder_RING_ORDER_SEQUENCE, Devices: []string{"b1", "b2"}, Delays: []int32{5}}))).Id
		b1.rings(id)
		time.Sleep(6 * time.Second)
		must(b2.decline(id, v1.EndReason_END_REASON_UNREACHABLE, true))
		if c := must(a.get(id)); c.State != v1.CallState_CALL_STATE_ENDED || c.Reason != v1.EndReason_END_REASON_UNANSWERED {
			t.Errorf("it is %v", c)
		}
	})
}

func TestBadPlans(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		a := w.phone("alice", "a1", "")
		w.phone("bob", "b1", voip(1))
		for _, p := range []*v1.RingPlan{
			{Order: 9}, {Delays: []int32{0}}, {Delays: []int32{61}}, {Delays: make([]int32, 9)}, {Devices: []string{"a b"}},
			{Devices: []string{"b1", "b1"}}, {OneAtATime: 7}, {Delays: []int32{-2147483648}},
		} {
			wantProblem(t, p.String(), errOf(a.start("bob", withPlan(p))), connect.CodeInvalidArgument, "invalid_argument")
		}
	})
}

// Where the app says so, a decline is for the device only.
func TestDeclineHere(t *testing.T) {
	inBubble(t, app1(func(a *server.App) { a.DeclineHere = true }), func(t *testing.T, w *world) {
		a, b1, b2 := w.phone("alice", "a1", ""), w.phone("bob", "b1", voip(1)), w.phone("bob", "b2", voip(2))
		id := a.call("bob").Id
		must(b1.decline(id, 0, false))
		if c := must(b2.get(id)); c.State != v1.CallState_CALL_STATE_RINGING {
			t.Errorf("the other device sees %v", c)
		}
		must(b2.end(id, 0)) // an answer that never came, and a user who hangs up
		if c := must(a.get(id)); c.Reason != v1.EndReason_END_REASON_DECLINED {
			t.Errorf("declined everywhere it is %v", c)
		}
		id = a.call("bob").Id
		must(b1.decline(id, v1.EndReason_END_REASON_BLOCKED, false))
		if c := must(b2.get(id)); c.Reason != v1.EndReason_END_REASON_DECLINED_ELSEWHERE {
			t.Errorf("a block is for all, and the other device sees %v", c)
		}
	})
}

// Anywhere, a device may decline for itself.
func TestDeclineThisDevice(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		a, b1, b2 := w.phone("alice", "a1", ""), w.phone("bob", "b1", voip(1)), w.phone("bob", "b2", voip(2))
		id := a.call("bob").Id
		must(b1.decline(id, v1.EndReason_END_REASON_DECLINED, true))
		if c := must(b2.answer(id)); c.State != v1.CallState_CALL_STATE_ANSWERED {
			t.Errorf("the other device: %v", c)
		}
	})
}

// A device that registers with a push token while the call rings is pushed to: a new one, and one that was given up.
func TestRegisterDuringTheRing(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		a, b1, b2 := w.phone("alice", "a1", ""), w.phone("bob", "b1", voip(1)), w.phone("bob", "b2", "")
		time.Sleep(2 * time.Minute)
		id := a.call("bob").Id
		w.wantPushes(t, "who can be reached", voip(1))
		b2.register(voip(2))
		w.wantPushes(t, "one that gets a token", voip(2))
		b3 := w.phone("bob", "b3", voip(3))
		w.wantPushes(t, "a new one", voip(3))
		b3.register(voip(3))
		b1.register(voip(1))
		w.wantPushes(t, "nobody twice")
		b3.rings(id)
		must(b3.answer(id))
		if c := must(b2.get(id)); c.AnsweredBy != "b3" {
			t.Errorf("b2 sees %v", c)
		}
		_ = b1
	})
}
