package server

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"connectrpc.com/connect"

	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
	"github.com/ringtrip/ringtrip/store"
)

const (
	minCallees = 2
	maxCallees = 8
)

// groupUser stands among the users of a group's calls, so that they are found by the group. No user's id has a control
// character, see checkText.
func groupUser(group string) string { return "\x01group/" + group }

// startGroup starts a call to each callee. One that fails does not keep the others from ringing.
func (s *Server) startGroup(ctx context.Context, v viewer, m *v1.StartRequest) (*v1.StartResponse, error) {
	callees, group, live, err := s.groupOf(ctx, v, m)
	if err != nil {
		return nil, err
	}
	guests := guestsOf(live)
	if len(live) == 0 {
		guests = []guest{{User: v.User, Name: orElse(m.CallerName, v.Name, v.User), Handle: orElse(m.CallerHandle, v.User)}}
	}
	ids, called := make([]string, len(callees)), make([]guest, len(callees))
	for i, callee := range callees {
		ids[i] = s.nextCallID()
		if i == 0 && m.CallId != "" {
			ids[i] = strings.ToLower(m.CallId) // checked with the invitation
		}
		called[i] = guest{User: callee, Call: ids[i]}
	}
	guests = putGuests(guests, called...)
	out := &v1.StartResponse{NextCallId: s.nextCallID()}
	var refused error
	for i, callee := range callees {
		one := &v1.StartRequest{
			DeviceId: m.DeviceId, Callee: callee, Video: m.Video, CallerName: m.CallerName, CallerHandle: m.CallerHandle, Plan: m.Plan,
		}
		if i == 0 {
			one.CallId = m.CallId
		}
		in, err := s.invitation(ctx, v, one)
		if err != nil {
			return nil, err // it would be the same for all
		}
		in.group, in.guests = group, guests
		switch {
		case m.IdempotencyKey != "":
			in.key = m.DeviceId + "/" + m.IdempotencyKey + "/" + callee
		case m.CallId != "":
			in.key = m.DeviceId + "/group " + in.id + group + "/" + callee
		}
		if i == 0 && group == "" {
			in.id = orElse(in.id, ids[0])
			group, in.group = in.id, in.id
		}
		in.newID = ids[i]
		t, err := s.startOnce(ctx, v.App, &in)
		if err != nil {
			if refused == nil {
				refused = err
			}
			out.Calls = append(out.Calls, &v1.Started{Callee: callee, Problem: problemCode(err), Text: err.Error()})
			continue
		}
		group = t.Group // of the call that was started before, if it was
		c := t.view(callerSide)
		out.Calls = append(out.Calls, &v1.Started{Callee: callee, Call: c})
		if out.Call == nil {
			out.Call = c
		}
	}
	if out.Call == nil {
		return nil, refused
	}
	s.noteGuests(ctx, live, called)
	return out, nil
}

// groupOf checks whom a request calls into which group; "" is a new one.
func (s *Server) groupOf(ctx context.Context, v viewer, m *v1.StartRequest) (callees []string, group string, live []*turn, err error) {
	callees = m.Callees
	least := minCallees
	if m.Group != "" {
		least = 1
		if m.Callee != "" {
			callees = append(slices.Clone(callees), m.Callee)
		}
	} else if m.Callee != "" {
		return nil, "", nil, invalid("name all of them in callees", "there are callee and callees")
	}
	if len(callees) < least || len(callees) > maxCallees {
		return nil, "", nil, invalid(fmt.Sprintf("name %d to %d", least, maxCallees), "there are %d callees", len(callees))
	}
	for i, callee := range callees {
		if slices.Contains(callees[:i], callee) {
			return nil, "", nil, invalid("name each once", "callees has %.128q twice", callee)
		}
	}
	if len(m.Sealed) > 0 {
		return nil, "", nil, invalid("start a call to each of them", "callers can't be sealed for the devices of several callees")
	}
	if m.Group == "" {
		return callees, "", nil, nil
	}
	id, err := parseCallID(m.Group)
	if err != nil {
		return nil, "", nil, invalid("group is the group of a call", "group %s", err)
	}
	calls, err := s.callsOfGroup(ctx, v.App, id.String())
	if err != nil {
		return nil, "", nil, err
	}
	mine := slices.ContainsFunc(calls, func(t *turn) bool { return t.isIn(v.User, m.DeviceId) })
	if !mine {
		return nil, "", nil, unknownGroup(m.Group)
	}
	for _, t := range calls {
		if slices.Contains(callees, t.Callee.User) || !t.Fork.Alone && slices.Contains(callees, t.Caller.User) {
			return nil, "", nil, problem(connect.CodeAlreadyExists, "already_in_group", "leave the user out", nil, "user %q rings or is in the group call already", t.Callee.User)
		}
	}
	return callees, id.String(), calls, nil
}

// callsOfGroup returns the live calls of a group, oldest first.
func (s *Server) callsOfGroup(ctx context.Context, app, group string) ([]*turn, error) {
	rows, err := s.store.CallsOfUser(ctx, app, groupUser(group))
	if err != nil {
		return nil, s.failed("reading the calls of a group", err)
	}
	var all []*turn
	for _, row := range rows {
		t, err := s.turn(row)
		if err != nil {
			s.log.Error("a stored call cannot be read", "call", row.ID, "err", err)
			continue
		}
		all = append(all, t)
	}
	return all, nil
}

func unknownGroup(id string) error {
	return problem(connect.CodeNotFound, "unknown_group", "it may be over, or somebody else began it", nil, "there is no group call %.64q for you", id)
}

// problemCode returns the code of the CallProblem in an error.
func problemCode(err error) string {
	if wire := (*connect.Error)(nil); errors.As(err, &wire) {
		for _, d := range wire.Details() {
			if v, err := d.Value(); err == nil {
				if p, ok := v.(*v1.CallProblem); ok {
					return p.Code
				}
			}
		}
	}
	return "internal"
}

// inGroup puts the group, if there is one, among the users of a new call.
func inGroup(c *store.Call, group string) {
	if group != "" {
		c.Users = append(c.Users, groupUser(group))
	}
}
