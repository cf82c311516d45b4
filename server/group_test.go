package server_test

import (
	"context"
	"fmt"
	"maps"
	"testing"

	"connectrpc.com/connect"

	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

func (p *phone) startGroup(r *v1.StartRequest) (*v1.StartResponse, error) {
	r.DeviceId = p.device
	res, err := p.api().Start(context.Background(), connect.NewRequest(r))
	if err != nil {
		return nil, err
	}
	return res.Msg, nil
}

// group tells who is in a group, as "user state device".
func (p *phone) group(id string) (all []string, err error) {
	r, err := p.api().GetGroup(context.Background(), connect.NewRequest(&v1.GetGroupRequest{Group: id}))
	if err != nil {
		return nil, err
	}
	for _, m := range r.Msg.Members {
		all = append(all, fmt.Sprintf("%s %s %s", m.User.UserId, m.State.String()[len("CALL_STATE_"):], m.DeviceId))
	}
	return all, nil
}

// Each callee of a group call has a fate of its own; it goes on while one of them is in it; somebody may be called into it.
func TestGroupCall(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		a, b1, b2, c, d := w.phone("alice", "a1", ""), w.phone("bob", "b1", voip(1)), w.phone("bob", "b2", voip(2)), w.phone("carol", "c1", voip(3)), w.phone("dave", "d1", voip(4))
		id := freshID(7)
		ask := func() *v1.StartRequest {
			return &v1.StartRequest{CallId: id, Callees: []string{"bob", "carol", "nobody", "dave"}}
		}
		r := must(a.startGroup(ask()))
		if r.Call.Id != id || r.Call.Group != id || len(r.Calls) != 4 || r.Calls[2].Problem != "unknown_callee" || r.Calls[2].Call != nil || r.NextCallId == "" {
			t.Fatalf("it started as %v", r)
		}
		w.wantPushes(t, "all of them", voip(1), voip(2), voip(3), voip(4))
		again := must(a.startGroup(ask()))
		for i, s := range again.Calls {
			if s.GetCall().GetId() != r.Calls[i].GetCall().GetId() {
				t.Errorf("started again, %s has call %s, before %s", s.Callee, s.GetCall().GetId(), r.Calls[i].GetCall().GetId())
			}
		}
		bob, carol, dave := r.Calls[0].Call.Id, r.Calls[1].Call.Id, r.Calls[3].Call.Id
		must(b2.answer(bob))
		must(c.decline(carol, 0, false))
		if got := must(b1.get(bob)); got.Reason != answeredElsewhere || got.Group != id {
			t.Errorf("bob's other phone sees %v", got)
		}
		if got := fmt.Sprint(must(b1.group(id))); got != "[alice ANSWERED a1 bob ANSWERED b2 dave RINGING  carol ENDED ]" {
			t.Errorf("in the group are %s", got)
		}
		must(d.answer(dave))
		must(b2.end(bob, 0)) // he leaves alone
		if got := fmt.Sprint(must(d.group(id))); got != "[alice ANSWERED a1 dave ANSWERED d1 bob ENDED  carol ENDED ]" {
			t.Errorf("in the group are %s", got)
		}
		w.pushedTo()
		later := must(a.startGroup(&v1.StartRequest{Group: id, Callee: "carol"}))
		w.wantPushes(t, "carol, again", voip(3))
		if later.Call.Group != id {
			t.Errorf("carol's new call: %v", later)
		}
		must(c.answer(later.Call.Id))
		must(a.end(dave, 0))
		must(a.end(later.Call.Id, 0))
		alone := a.call("bob").Id
		must(a.cancel(alone))
		in := map[string]string{}
		for _, r := range a.history() {
			in[r.CallId] = r.Group
		}
		if want := map[string]string{bob: id, carol: id, dave: id, later.Call.Id: id, alone: ""}; !maps.Equal(in, want) {
			t.Errorf("history has the groups %v, want %v", in, want)
		}
		_, err := d.group(id)
		wantProblem(t, "a group that is over", err, connect.CodeNotFound, "unknown_group")
	})
}

func TestGroupRefuses(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		a, b, m := w.phone("alice", "a1", ""), w.phone("bob", "b1", voip(1)), w.phone("mallory", "m1", "")
		w.phone("carol", "c1", voip(2))
		id := must(a.startGroup(&v1.StartRequest{Callees: []string{"bob", "carol"}})).Call.Group
		for _, one := range []struct {
			p    *phone
			r    *v1.StartRequest
			code connect.Code
			slug string
		}{
			{a, &v1.StartRequest{Callees: []string{"bob"}}, connect.CodeInvalidArgument, "invalid_argument"},
			{a, &v1.StartRequest{Callees: []string{"bob", "bob"}}, connect.CodeInvalidArgument, "invalid_argument"},
			{a, &v1.StartRequest{Callees: []string{"bob", ""}}, connect.CodeInvalidArgument, "invalid_argument"},
			{a, &v1.StartRequest{Callees: []string{"bob", "alice"}}, connect.CodeInvalidArgument, "invalid_argument"},
			{a, &v1.StartRequest{Callee: "bob", Callees: []string{"carol", "dave"}}, connect.CodeInvalidArgument, "invalid_argument"},
			{a, &v1.StartRequest{Callees: make([]string, 9)}, connect.CodeInvalidArgument, "invalid_argument"},
			{a, &v1.StartRequest{Callees: []string{"x", "y"}}, connect.CodeNotFound, "unknown_callee"},
			{a, &v1.StartRequest{Group: "x", Callee: "bob"}, connect.CodeInvalidArgument, "invalid_argument"},
			{a, &v1.StartRequest{Group: id}, connect.CodeInvalidArgument, "invalid_argument"},
			{a, &v1.StartRequest{Group: id, Callee: "bob"}, connect.CodeAlreadyExists, "already_in_group"},
			{b, &v1.StartRequest{Group: id, Callee: "mallory"}, connect.CodeNotFound, "unknown_group"},
			{m, &v1.StartRequest{Group: id, Callee: "bob"}, connect.CodeNotFound, "unknown_group"},
		} {
			_, err := one.p.startGroup(one.r)
			wantProblem(t, one.r.String(), err, one.code, one.slug)
		}
		_, err := m.group(id)
		wantProblem(t, "for somebody else", err, connect.CodeNotFound, "unknown_group")
	})
}
