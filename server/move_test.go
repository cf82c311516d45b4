package server_test

import (
	"context"
	"testing"
	"time"

	"connectrpc.com/connect"

	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

func (p *phone) move(id string) (*v1.Call, error) {
	r, err := p.api().Move(context.Background(), connect.NewRequest(&v1.MoveRequest{CallId: id, DeviceId: p.device}))
	return msg(r, err, (*v1.MoveResponse).GetCall)
}

func (p *phone) live() []*v1.LiveCall {
	r, err := p.api().ListLive(context.Background(), connect.NewRequest(&v1.ListLiveRequest{}))
	if err != nil {
		p.w.t.Fatal(err)
	}
	return r.Msg.Calls
}

func is(state v1.CallState, reason v1.EndReason) func(*v1.Call) bool {
	return func(c *v1.Call) bool { return c.State == state && c.Reason == reason }
}

const (
	answered          = v1.CallState_CALL_STATE_ANSWERED
	overAndOver       = v1.CallState_CALL_STATE_ENDED
	answeredElsewhere = v1.EndReason_END_REASON_ANSWERED_ELSEWHERE
)

// The callee goes on with the call on a device that rang for it, on one that did not, and back.
func TestMoveCallee(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		a, b1, b2 := w.phone("alice", "a1", ""), w.phone("bob", "b1", voip(1)), w.phone("bob", "b2", voip(2))
		sa, s1 := a.open(0, true), b1.open(0, true)
		id := a.call("bob").Id
		wantProblem(t, "while it rings", errOf(b2.move(id)), connect.CodeFailedPrecondition, "not_answered")
		must(b1.answer(id))
		b3 := w.phone("bob", "b3", "")
		for _, to := range []*phone{b2, b3, b1} {
			must(to.move(id))
			c := must(to.move(id)) // it may be repeated
			if c.State != answered || c.AnsweredBy != to.device || c.Role != v1.Role_ROLE_CALLEE {
				t.Errorf("%s is told %v", to.device, c)
			}
			sa.call("moved", func(c *v1.Call) bool { return c.State == answered && c.AnsweredBy == to.device })
			if got := b1.live(); len(got) != 1 || got[0].DeviceId != to.device || got[0].Call.Id != id {
				t.Errorf("live are %v", got)
			}
			if err := a.send(id, to.device, v1.MediaKind_MEDIA_KIND_ANSWER, "v=0"); err != nil {
				t.Errorf("media to %s: %v", to.device, err)
			}
		}
		if c := s1.call("over", is(overAndOver, answeredElsewhere)); c.AnsweredBy != "b2" {
			t.Errorf("the first one hears %v", c)
		}
		wantProblem(t, "the end by one that had it", errOf(b2.end(id, 0)), connect.CodeFailedPrecondition, "answered_elsewhere")
		wantProblem(t, "media to one that had it", a.send(id, "b2", v1.MediaKind_MEDIA_KIND_ANSWER, "v=0"), connect.CodeFailedPrecondition, "leg_ended")
		must(b1.end(id, 0))
		if c := sa.ended(); c.Reason != v1.EndReason_END_REASON_HUNGUP || c.AnsweredBy != "b1" {
			t.Errorf("the caller hears %v", c)
		}
		wantProblem(t, "an ended one", errOf(b2.move(id)), connect.CodeFailedPrecondition, "already_ended")
		if len(b1.live()) != 0 {
			t.Errorf("still live: %v", b1.live())
		}
	})
}

// The caller goes on with the call on another device: the callee's hears of it, and media goes there. Not while it holds.
func TestMoveCaller(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		a1, a2, b := w.phone("alice", "a1", ""), w.phone("alice", "a2", ""), w.phone("bob", "b1", "")
		s1, sb := a1.open(0, true), b.open(0, true)
		id := a1.call("bob").Id
		must(b.answer(id))
		must(a1.hold(id, true))
		sb.call("held", func(c *v1.Call) bool { return c.RemoteHeld })
		c := must(a2.move(id))
		if c.State != answered || c.CallerDevice != "a2" || c.Role != v1.Role_ROLE_CALLER || c.Held {
			t.Errorf("a2 is told %v", c)
		}
		s2 := a2.open(0, true)
		if len(s2.hello.Calls) != 1 || s2.hello.Calls[0].State != answered {
			t.Errorf("a2's Hello: %v", s2.hello)
		}
		sb.call("moved", func(c *v1.Call) bool { return c.CallerDevice == "a2" && !c.RemoteHeld && c.State == answered })
		if c := s1.call("over", is(overAndOver, answeredElsewhere)); c.AnsweredBy != "a2" || c.Role != v1.Role_ROLE_CALLER {
			t.Errorf("a1 hears %v", c)
		}
		if again := a1.open(0, true); len(again.hello.Calls) != 1 || again.hello.Calls[0].Reason != answeredElsewhere {
			t.Errorf("a1's Hello: %v", again.hello)
		}
		if err := b.send(id, "", v1.MediaKind_MEDIA_KIND_OFFER, "v=0"); err != nil {
			t.Error(err)
		}
		for m := (*v1.MediaMessage)(nil); m == nil; {
			if m = s2.next().GetMedia(); m != nil && (m.FromDevice != "b1" || m.ToDevice != "a2") {
				t.Errorf("a2 gets %v", m)
			}
		}
		for name, err := range map[string]error{
			"ends": errOf(a1.end(id, 0)), "cancels": errOf(a1.cancel(id)), "holds": errOf(a1.hold(id, true)), "sends": a1.send(id, "b1", v1.MediaKind_MEDIA_KIND_OFFER, "v=0"),
		} {
			wantProblem(t, "a1 "+name, err, connect.CodeFailedPrecondition, "answered_elsewhere")
		}
		wantProblem(t, "a1 answers", errOf(a1.answer(id)), connect.CodePermissionDenied, "wrong_role")
		must(a1.move(id))
		must(a2.move(id))
		must(a1.move(id))
		if c := must(a2.get(id)); c.Reason != answeredElsewhere || c.AnsweredBy != "a1" {
			t.Errorf("a2 sees %v", c)
		}
		must(a1.end(id, 0))
		sb.ended()
	})
}

// Many devices that take a call over at once: one has it in the end, all others know that they do not.
func TestMoveRace(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		a, b := w.phone("alice", "a1", ""), w.phone("bob", "b0", "")
		id := a.call("bob").Id
		must(b.answer(id))
		all := []*phone{b}
		for i := range 5 {
			all = append(all, w.phone("bob", string(rune('c'+i)), ""))
		}
		done := make(chan error, len(all))
		for _, p := range all {
			go func() { done <- errOf(p.move(id)) }()
		}
		for range all {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		have := 0
		for _, p := range all {
			if c := must(p.get(id)); c.State == answered {
				have++
			} else if c.Reason != answeredElsewhere {
				t.Errorf("%s sees %v", p.device, c)
			}
		}
		if have != 1 {
			t.Errorf("%d devices have the call", have)
		}
		time.Sleep(time.Second)
		must(a.end(id, 0))
	})
}
