package server_test

import (
	"context"
	"testing"
	"time"

	"connectrpc.com/connect"

	"github.com/ringtrip/ringtrip/signaling"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

func (p *phone) offerMove(id, to string) (*v1.Call, error) {
	r, err := p.api().OfferMove(context.Background(), connect.NewRequest(&v1.OfferMoveRequest{CallId: id, DeviceId: p.device, ToDevice: to, RingSeconds: 20}))
	return msg(r, err, (*v1.OfferMoveResponse).GetCall)
}

func (p *phone) withdrawMove(id string) (*v1.Call, error) {
	r, err := p.api().WithdrawMove(context.Background(), connect.NewRequest(&v1.WithdrawMoveRequest{CallId: id, DeviceId: p.device}))
	return msg(r, err, (*v1.WithdrawMoveResponse).GetCall)
}

// wantPush is the payload of the push that must have been sent to a token and to no other.
func (w *world) wantPush(t *testing.T, token string) signaling.Payload {
	t.Helper()
	select {
	case p := <-w.apns.sent:
		if p.Token != token {
			t.Fatalf("the push went to %s, want %s", p.Token, token)
		}
		return must(signaling.ParsePush(p.Payload))
	case <-time.After(time.Second): // virtual
		t.Fatalf("no push went to %s", token)
		panic("unreachable")
	}
}

// A device whose app does not run is pushed to and rings; its answer, with the push's token, moves the call there.
func TestOfferMoveRingsByPush(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		a, b1, b2 := w.phone("alice", "a1", ""), w.phone("bob", "b1", ""), w.phone("bob", "b2", voip(2))
		sa, s1 := a.open(0, true), b1.open(0, true)
		id := a.call("bob").Id
		w.wantPush(t, voip(2))
		wantProblem(t, "while it rings", errOf(b1.offerMove(id, "b2")), connect.CodeFailedPrecondition, "not_answered")
		must(b1.answer(id))
		sa.call("answered", is(answered, 0))
		c := must(b1.offerMove(id, "b2"))
		if c.State != answered || c.Offered.GetDeviceId() != "b2" {
			t.Errorf("b1 is told %v", c)
		}
		said := w.wantPush(t, voip(2))
		if said.CallID.String() != id || said.CallerName != "Name of alice" || time.Until(time.UnixMilli(said.ExpiresAt)) != 20*time.Second {
			t.Errorf("the push says %+v", said)
		}
		must(b1.offerMove(id, "b2")) // again: it rings already
		pushed := *b2
		pushed.token = said.Token
		if c := must(pushed.get(id)); c.State != v1.CallState_CALL_STATE_RINGING || !c.Moving || c.Role != v1.Role_ROLE_CALLEE || c.Caller.UserId != "alice" {
			t.Errorf("b2 sees %v", c)
		}
		pushed.rings(id)
		s1.call("it rings", func(c *v1.Call) bool { return c.Offered.GetState() == v1.LegState_LEG_STATE_RINGING })
		wantProblem(t, "media of what only rings", pushed.send(id, "", v1.MediaKind_MEDIA_KIND_OFFER, "v=0"), connect.CodeFailedPrecondition, "not_answered")
		wantProblem(t, "an offer by it", errOf(b2.offerMove(id, "b1")), connect.CodeFailedPrecondition, "not_answered")
		for range 2 {
			if c := must(pushed.answer(id)); c.State != answered || c.AnsweredBy != "b2" || c.Moving {
				t.Errorf("b2 has %v", c)
			}
		}
		s1.call("moved", is(overAndOver, answeredElsewhere))
		sa.call("moved", func(c *v1.Call) bool { return c.AnsweredBy == "b2" && c.State == answered })
		must(b2.end(id, 0))
		sa.ended()
		if len(w.apns.sent) > 0 {
			t.Error("there was another push")
		}
	})
}

// The caller's devices are offered the call just so; on screen there is who is at the other end.
func TestOfferMoveOfTheCaller(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		a1, a2, b := w.phone("alice", "a1", ""), w.phone("alice", "a2", voip(2)), w.phone("bob", "b1", "")
		s1, sb := a1.open(0, true), b.open(0, true)
		id := a1.call("bob").Id
		must(b.answer(id))
		must(a1.offerMove(id, "a2"))
		said := w.wantPush(t, voip(2))
		if said.CallerName != "" && said.CallerName != "bob" || said.Handle != "bob" {
			t.Errorf("the push says %+v", said)
		}
		s2 := a2.open(0, false)
		if len(s2.hello.Calls) != 1 || s2.hello.Calls[0].State != v1.CallState_CALL_STATE_RINGING || s2.hello.Calls[0].Caller.UserId != "bob" || s2.hello.Calls[0].Role != v1.Role_ROLE_CALLEE {
			t.Fatalf("a2's Hello: %v", s2.hello)
		}
		pushed := *a2
		pushed.token = said.Token
		pushed.rings(id)
		if c := must(a1.get(id)); c.Offered.GetState() != v1.LegState_LEG_STATE_RINGING || len(c.Legs) != 1 {
			t.Errorf("a1 sees %v", c)
		}
		for range 2 {
			if c := must(pushed.answer(id)); c.State != answered || c.Role != v1.Role_ROLE_CALLER || c.CallerDevice != "a2" {
				t.Errorf("a2 has %v", c)
			}
		}
		s2.call("it has it", is(answered, 0))
		s1.call("moved", is(overAndOver, answeredElsewhere))
		sb.call("moved", func(c *v1.Call) bool { return c.CallerDevice == "a2" })
		must(a2.offerMove(id, "a1")) // and back, by the device itself
		must(a1.move(id))
		if c := must(a2.get(id)); c.Reason != answeredElsewhere {
			t.Errorf("a2 sees %v", c)
		}
		must(a1.end(id, 0))
		sb.ended()
	})
}

// Whatever becomes of the offer, the call stays where it was.
func TestOfferMoveThatComesToNothing(t *testing.T) {
	for name, what := range map[string]struct {
		do  func(w *world, b1, b2 *phone, id string)
		why v1.EndReason
	}{
		"declined":              {func(_ *world, _, b2 *phone, id string) { must(b2.decline(id, 0, false)) }, v1.EndReason_END_REASON_DECLINED},
		"busy":                  {func(_ *world, _, b2 *phone, id string) { must(b2.decline(id, 0, true)) }, v1.EndReason_END_REASON_BUSY},
		"hung up":               {func(_ *world, _, b2 *phone, id string) { must(b2.end(id, 0)) }, v1.EndReason_END_REASON_DECLINED},
		"missed":                {func(*world, *phone, *phone, string) { time.Sleep(21 * time.Second) }, v1.EndReason_END_REASON_UNANSWERED},
		"withdrawn":             {func(_ *world, b1, _ *phone, id string) { must(b1.withdrawMove(id)); must(b1.withdrawMove(id)) }, v1.EndReason_END_REASON_CANCELLED},
		"offered to another":    {func(_ *world, b1, _ *phone, id string) { must(b1.offerMove(id, "b3")) }, v1.EndReason_END_REASON_CANCELLED},
		"missed over a restart": {func(w *world, _, _ *phone, _ string) { w.restart(); time.Sleep(21 * time.Second) }, v1.EndReason_END_REASON_UNANSWERED},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, nil, func(t *testing.T, w *world) {
				a, b1, b2 := w.phone("alice", "a1", ""), w.phone("bob", "b1", ""), w.phone("bob", "b2", voip(2))
				id := a.call("bob").Id
				w.wantPush(t, voip(2))
				must(b1.answer(id))
				w.phone("bob", "b3", voip(3))
				must(b1.offerMove(id, "b2"))
				w.wantPush(t, voip(2))
				b2.rings(id)
				what.do(w, b1, b2, id)
				if c := must(b2.get(id)); c.State != overAndOver || c.Reason != what.why {
					t.Errorf("b2 sees %v", c)
				}
				for _, p := range []*phone{a, b1} {
					if c := must(p.get(id)); c.State != answered || c.AnsweredBy != "b1" {
						t.Errorf("%s sees %v", p.device, c)
					}
				}
				must(b1.end(id, 0))
				wantProblem(t, "afterwards", errOf(b2.answer(id)), connect.CodeFailedPrecondition, "already_ended")
			})
		})
	}
}

// A call that ends while it rings elsewhere ends there, too, and is offered to nobody whom nothing can reach.
func TestOfferMoveAndTheEnd(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		a, b1, b2 := w.phone("alice", "a1", ""), w.phone("bob", "b1", ""), w.phone("bob", "b2", "")
		s2 := b2.open(0, true)
		id := a.call("bob").Id
		must(b1.answer(id))
		s2.call("lost", is(overAndOver, answeredElsewhere))
		must(b1.offerMove(id, "b2"))
		s2.call("rings", func(c *v1.Call) bool { return c.State == v1.CallState_CALL_STATE_RINGING && c.Moving })
		must(a.end(id, 0))
		s2.call("over", is(overAndOver, v1.EndReason_END_REASON_HUNGUP))

		w.phone("bob", "b3", "")
		time.Sleep(2 * time.Minute)
		id = a.call("bob").Id
		must(b1.answer(id))
		if c := must(b1.offerMove(id, "b3")); c.Offered.GetState() != v1.LegState_LEG_STATE_ENDED || c.Offered.Reason != v1.EndReason_END_REASON_UNREACHABLE {
			t.Errorf("an offer to a device that nothing reaches: %v", c)
		}
		must(a.end(id, 0))
	})
}

// Of an answer to the offer and the withdrawal one wins, and both ends know which.
func TestOfferMoveRace(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		a, b1, b2 := w.phone("alice", "a1", ""), w.phone("bob", "b1", ""), w.phone("bob", "b2", voip(2))
		for range 10 {
			id := a.call("bob").Id
			must(b1.answer(id))
			must(b1.offerMove(id, "b2"))
			moved, withdrawn := make(chan error), make(chan error)
			go func() { moved <- errOf(b2.answer(id)) }()
			go func() { withdrawn <- errOf(b1.withdrawMove(id)) }()
			errM, errW := <-moved, <-withdrawn
			c := must(a.get(id))
			if (errM == nil) != (c.AnsweredBy == "b2") || (errM == nil) == (errW == nil) {
				t.Fatalf("answered %v, withdrawn %v, and the call is %v", errM, errW, c)
			}
			must(a.end(id, 0))
			for len(w.apns.sent) > 0 {
				<-w.apns.sent
			}
		}
	})
}
