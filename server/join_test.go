package server_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"connectrpc.com/connect"

	"github.com/ringtrip/ringtrip/server/auth"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

func (p *phone) join(group, id string) (*v1.Call, error) {
	r, err := p.api().JoinGroup(context.Background(), connect.NewRequest(&v1.JoinGroupRequest{Group: group, DeviceId: p.device, CallId: id}))
	return msg(r, err, (*v1.JoinGroupResponse).GetCall)
}

func (p *phone) leave(group string) error {
	_, err := p.api().LeaveGroup(context.Background(), connect.NewRequest(&v1.LeaveGroupRequest{Group: group, DeviceId: p.device}))
	return err
}

// changed waits for an event of a group.
func (s *stream) changed() string {
	s.w.t.Helper()
	for {
		if g := s.next().GetGroup(); g != nil {
			return fmt.Sprintf("%s %s %s", g.Member.User.UserId, g.Member.State.String()[len("CALL_STATE_"):], g.Member.DeviceId)
		}
	}
}

// Who declined joins later, with a call of its own that rings nowhere; all in the group hear of it; the one who began it
// may leave, and the last one's leaving is the end.
func TestJoinGroup(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		a, b, c1, c2 := w.phone("alice", "a1", ""), w.phone("bob", "b1", voip(1)), w.phone("carol", "c1", voip(2)), w.phone("carol", "c2", voip(3))
		started := must(a.startGroup(&v1.StartRequest{Callees: []string{"bob", "carol"}}))
		g, bob, carol := started.Call.Group, started.Calls[0].Call.Id, started.Calls[1].Call.Id
		w.wantPushes(t, "all of them", voip(1), voip(2), voip(3))
		sa := a.open(0, true)
		must(b.answer(bob))
		if got := sa.changed(); got != "bob ANSWERED b1" {
			t.Errorf("alice hears %s", got)
		}
		wantProblem(t, "while it rings", errOf(c1.join(g, "")), connect.CodeFailedPrecondition, "still_rings")
		must(c1.decline(carol, 0, false))
		if got := sa.changed(); got != "carol ENDED " {
			t.Errorf("alice hears %s", got)
		}
		time.Sleep(time.Second)
		sb, sc := b.open(0, true), c2.open(0, true)
		if got := sb.changed(); got != "carol ENDED " {
			t.Errorf("bob hears %s", got)
		}
		id := freshID(9)
		c := must(c2.join(g, id))
		if c.Id != id || c.State != answered || !c.Alone || c.Group != g || c.AnsweredBy != "c2" || len(c.MediaCredentials) == 0 || c.Caller.UserId != "alice" {
			t.Errorf("carol has %v", c)
		}
		if again := must(c2.join(g, id)); again.Id != id {
			t.Errorf("joined again by %v", again)
		}
		if again := must(c2.join(g, "")); again.Id != id {
			t.Errorf("joined again by %v", again)
		}
		sc.call("joined", is(answered, 0))
		for _, s := range []*stream{sa, sb} {
			if got := s.changed(); got != "carol ANSWERED c2" {
				t.Errorf("%s hears %s", s.device, got)
			}
		}
		w.pushedTo() // nobody
		wantProblem(t, "another device", errOf(c1.join(g, "")), connect.CodeAlreadyExists, "already_in_group")
		wantProblem(t, "another call", errOf(c2.join(g, freshID(10))), connect.CodeAlreadyExists, "already_in_group")
		wantProblem(t, "who was called and is in it", errOf(b.join(g, "")), connect.CodeAlreadyExists, "already_in_group")
		wantProblem(t, "who began it", errOf(a.join(g, "")), connect.CodeAlreadyExists, "already_in_group")
		wantProblem(t, "media to nobody", c2.send(id, "", v1.MediaKind_MEDIA_KIND_OFFER, "v=0"), connect.CodeFailedPrecondition, "no_far_end")
		wantProblem(t, "alice's part in it", errOf(a.end(id, 0)), connect.CodeNotFound, "unknown_call")
		if got := fmt.Sprint(must(b.group(g))); got != "[alice ANSWERED a1 bob ANSWERED b1 carol ANSWERED c2]" {
			t.Errorf("in the group are %s", got)
		}
		must(c1.move(id)) // as any call
		if got := sa.changed(); got != "carol ANSWERED c1" {
			t.Errorf("alice hears %s", got)
		}
		if err := a.leave(g); err != nil {
			t.Error(err)
		}
		if err := a.leave(g); err != nil {
			t.Errorf("leaving again: %v", err)
		}
		if c := must(a.get(bob)); c.State != overAndOver || c.Reason != v1.EndReason_END_REASON_HUNGUP {
			t.Errorf("alice, who left, sees %v", c)
		}
		if c := must(b.get(bob)); c.State != answered || !c.Alone {
			t.Errorf("bob, who stays, sees %v", c)
		}
		wantProblem(t, "the end by who left", errOf(a.end(bob, 0)), connect.CodeFailedPrecondition, "already_ended")
		wantProblem(t, "a call back into it by who left", errOf(a.move(bob)), connect.CodeFailedPrecondition, "already_ended")
		if len(a.live()) != 0 || len(b.live()) != 1 {
			t.Errorf("live are %v of alice and %v of bob", a.live(), b.live())
		}
		if got := fmt.Sprint(must(b.group(g))); got != "[bob ANSWERED b1 carol ANSWERED c1 alice ENDED ]" {
			t.Errorf("in the group are %s", got)
		}
		back := must(a.join(g, "")) // she comes back
		if back.Caller.UserId != "alice" || back.AnsweredBy != "a1" || back.Role != v1.Role_ROLE_CALLEE {
			t.Errorf("alice is back by %v", back)
		}
		if err := b.leave(g); err != nil {
			t.Error(err)
		}
		must(a.end(back.Id, 0))
		second := must(a.join(g, "")) // and again
		if second.Id == back.Id {
			t.Error("the same call twice")
		}
		if err := a.leave(g); err != nil {
			t.Error(err)
		}
		must(c1.end(id, 0))
		for _, p := range []*phone{a, b, c2} {
			wantProblem(t, "a group that is over", errOf(p.join(g, "")), connect.CodeFailedPrecondition, "group_over")
		}
		if err := b.leave(g); err != nil {
			t.Errorf("leaving what is over: %v", err)
		}
	})
}

// Only who was called may join, but a backend lets in anybody; who is in may call others into it.
func TestWhoMayJoin(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		a, b, m := w.phone("alice", "a1", ""), w.phone("bob", "b1", ""), w.phone("mallory", "m1", "")
		w.phone("carol", "c1", "")
		d := w.phone("dave", "d1", "")
		started := must(a.startGroup(&v1.StartRequest{Callees: []string{"bob", "carol"}}))
		g, bob := started.Call.Group, started.Calls[0].Call.Id
		wantProblem(t, "a stranger", errOf(m.join(g, "")), connect.CodeNotFound, "unknown_group")
		wantProblem(t, "a stranger leaves", m.leave(g), connect.CodeNotFound, "unknown_group")
		wantProblem(t, "no group", errOf(m.join(freshID(3), "")), connect.CodeNotFound, "unknown_group")
		wantProblem(t, "no id", errOf(m.join("x", "")), connect.CodeInvalidArgument, "invalid_argument")
		wantProblem(t, "a bad call id", errOf(m.join(g, "x")), connect.CodeInvalidArgument, "invalid_argument")
		foreign := *m
		foreign.device = "b1"
		wantProblem(t, "with another's device", errOf(foreign.join(g, "")), connect.CodePermissionDenied, "not_your_device")
		_, err := b.startGroup(&v1.StartRequest{Group: g, Callee: "dave"})
		wantProblem(t, "an invitation by who is not in it yet", err, connect.CodeNotFound, "unknown_group")
		must(b.answer(bob))
		wantProblem(t, "a call id that is taken", errOf(m.as(" for mallory").join(g, bob)), connect.CodeAlreadyExists, "call_id_taken")
		time.Sleep(time.Second)
		if c := must(m.as(" for mallory").join(g, "")); c.AnsweredBy != "m1" {
			t.Errorf("let in by %v", c)
		}
		called := must(b.startGroup(&v1.StartRequest{Group: g, Callee: "dave"}))
		if called.Call.Caller.UserId != "bob" || called.Call.Group != g {
			t.Errorf("bob's call to dave: %v", called)
		}
		must(d.decline(called.Call.Id, 0, false))
		must(a.cancel(started.Calls[1].Call.Id))
		time.Sleep(time.Second)
		must(d.join(g, "")) // he thought better of it
		if got := fmt.Sprint(must(m.group(g))); got != "[alice ANSWERED a1 bob ANSWERED b1 mallory ANSWERED m1 dave ANSWERED d1 carol ENDED ]" {
			t.Errorf("in the group are %s", got)
		}
		for _, p := range []*phone{a, b, m, d} {
			if err := p.leave(g); err != nil {
				t.Error(err)
			}
		}
	})
}

// What is in a group stays there: somebody of the same app who is not in it gets at none of its calls.
func TestForeignersOfAGroup(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		a, b, m := w.phone("alice", "a1", ""), w.phone("bob", "b1", ""), w.phone("mallory", "m1", "")
		w.phone("mallory", "m2", "")
		w.phone("carol", "c1", "")
		started := must(a.startGroup(&v1.StartRequest{Callees: []string{"bob", "carol"}}))
		g, bob := started.Call.Group, started.Calls[0].Call.Id
		must(b.answer(bob))
		foreign := map[string]error{
			"Move": errOf(m.move(bob)), "OfferMove": errOf(m.offerMove(bob, "m2")), "WithdrawMove": errOf(m.withdrawMove(bob)), "Answer": errOf(m.answer(bob)),
			"End": errOf(m.end(bob, 0)), "Hold": errOf(m.hold(bob, true)), "GetCall": errOf(m.get(bob)), "SendMedia": m.send(bob, "b1", v1.MediaKind_MEDIA_KIND_OFFER, "v=0"),
		}
		for deed, err := range foreign {
			wantProblem(t, deed, err, connect.CodeNotFound, "unknown_call")
		}
		wantProblem(t, "to another's device", errOf(b.offerMove(bob, "m1")), connect.CodePermissionDenied, "not_your_device")
		_, err := m.group(g)
		wantProblem(t, "GetGroup", err, connect.CodeNotFound, "unknown_group")
		must(a.end(bob, 0))
		must(a.cancel(started.Calls[1].Call.Id))
		wantProblem(t, "carol, of what bob's call was", errOf(m.move(started.Calls[1].Call.Id)), connect.CodeNotFound, "unknown_call")
	})
}

// With a carrier that has rooms, who joins is in the group's room, which is made once, outlives who began the group, and is
// ended once, after the last one.
func TestJoinByRoom(t *testing.T) {
	f := newFake("roomy", rooms)
	inBubble(t, withCarrier(preparing{f}), func(t *testing.T, w *world) {
		a, b, c := w.phone("alice", "a1", ""), w.phone("bob", "b1", ""), w.phone("carol", "c1", "")
		started := must(a.startGroup(&v1.StartRequest{Callees: []string{"bob", "carol"}}))
		g, bob := started.Call.Group, started.Calls[0].Call.Id
		if got := f.next(t); got != "prepare "+bob {
			t.Errorf("the carrier was asked %q", got)
		}
		must(b.answer(bob))
		must(c.decline(started.Calls[1].Call.Id, 0, false))
		joined := must(c.join(g, ""))
		if joined.Carrier != "roomy" || !strings.Contains(creds(joined), `"who":"carol/c1"`) || !strings.Contains(creds(joined), `"room":"`+g+`"`) {
			t.Errorf("carol is in by %v", joined)
		}
		if err := a.leave(g); err != nil {
			t.Error(err)
		}
		if creds(must(a.get(bob))) != "" || creds(must(b.get(bob))) == "" {
			t.Errorf("alice, who left, has %q, bob %q", creds(must(a.get(bob))), creds(must(b.get(bob))))
		}
		must(b.end(bob, 0))
		f.idle(t)
		must(c.end(joined.Id, 0))
		if got := f.next(t); got != "end "+joined.Id+" room-of-"+bob {
			t.Errorf("the carrier was asked %q", got)
		}
		f.idle(t)
	})
}

// as is the phone with a backend's token for a user.
func (p *phone) as(suffix string) *phone {
	q := *p
	q.token = mint(auth.Claims{App: app, Scope: auth.Backend}) + suffix
	return &q
}

// Somebody joins at the moment that the last one leaves: either the group lives with the joiner in it, or it is over and
// the joiner hears so; it never comes back from the dead.
func TestJoinRacesTheEnd(t *testing.T) {
	joined, over := 0, 0
	inBubble(t, nil, func(t *testing.T, w *world) {
		a, b, c := w.phone("alice", "a1", ""), w.phone("bob", "b1", ""), w.phone("carol", "c1", "")
		for round := range 30 {
			started := must(a.startGroup(&v1.StartRequest{Callees: []string{"bob", "carol"}}))
			g, bob := started.Call.Group, started.Calls[0].Call.Id
			must(b.answer(bob))
			must(c.decline(started.Calls[1].Call.Id, 0, false))
			left := make(chan error)
			go func() {
				for range round { // some looks into the group, so that now the one, now the other is first
					_, _ = b.group(g)
				}
				left <- errOf(b.end(bob, 0))
			}()
			call, err := c.join(g, "")
			if err := <-left; err != nil {
				t.Fatal(err)
			}
			if err != nil {
				over++
				wantProblem(t, "too late", err, connect.CodeFailedPrecondition, "group_over")
				wantProblem(t, "again", errOf(c.join(g, "")), connect.CodeFailedPrecondition, "group_over")
				if len(c.live()) != 0 {
					t.Fatalf("carol is still in %v", c.live())
				}
				continue
			}
			joined++
			if got := fmt.Sprint(must(c.group(g))); got != "[carol ANSWERED c1 alice ENDED  bob ENDED ]" {
				t.Fatalf("in the group are %s", got)
			}
			must(c.end(call.Id, 0))
		}
	})
	t.Logf("%d times she was in time, %d times too late", joined, over)
}

// One user who joins with several devices at once is in the group once.
func TestJoinTwiceAtOnce(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		a := w.phone("alice", "a1", "")
		w.phone("bob", "b1", "")
		var all []*phone
		for i := range 4 {
			all = append(all, w.phone("carol", fmt.Sprintf("c%d", i), ""))
		}
		for range 5 {
			started := must(a.startGroup(&v1.StartRequest{Callees: []string{"bob", "carol"}}))
			must(all[0].decline(started.Calls[1].Call.Id, 0, false))
			done := make(chan error, 2*len(all))
			for _, p := range append(all, all...) {
				go func() { done <- errOf(p.join(started.Call.Group, "")) }()
			}
			in := 0
			for range 2 * len(all) {
				if err := <-done; err == nil {
					in++
				} else {
					wantProblem(t, "the others", err, connect.CodeAlreadyExists, "already_in_group")
				}
			}
			if live := all[0].live(); in < 1 || in > 2 || len(live) != 1 {
				t.Fatalf("%d requests joined, live are %v", in, live)
			}
			for _, p := range append(all, a) {
				if err := p.leave(started.Call.Group); err != nil {
					t.Error(err)
				}
			}
			synctest.Wait()
		}
	})
}
