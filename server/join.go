package server

import (
	"context"
	"errors"
	"slices"

	"connectrpc.com/connect"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/fork"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
	"github.com/ringtrip/ringtrip/store"
)

// A group call is nothing but the calls that have its id: it lives while one of them does, for a live call has somebody
// in it. So there is no row of the group that could disagree with them.

// maxInGroup is how many live calls a group has, at most, before nobody else may join.
const maxInGroup = 32

// guest is somebody who was called into a group, who joined it or, with no call, who began it.
type guest struct {
	User   string `json:"user"`
	Name   string `json:"name,omitempty"`
	Handle string `json:"handle,omitempty"`
	Call   string `json:"call,omitempty"` // the newest one
}

// putGuests returns all with more, one entry a user.
func putGuests(all []guest, more ...guest) []guest {
	all = slices.Clone(all)
	for _, g := range more {
		if i := slices.IndexFunc(all, func(old guest) bool { return old.User == g.User }); i >= 0 {
			all[i].Call = orElse(g.Call, all[i].Call)
		} else {
			all = append(all, g)
		}
	}
	return all
}

// guestsOf returns the guests of a group from its live calls, the one who began it first.
func guestsOf(calls []*turn) []guest {
	var all []guest
	for _, t := range calls {
		for _, g := range t.Guests {
			if i := slices.IndexFunc(all, func(old guest) bool { return old.User == g.User }); i < 0 {
				all = append(all, g)
			} else if g.Call > all[i].Call { // the ids grow with time
				all[i].Call = g.Call
			}
		}
	}
	for _, t := range calls { // those of before there were guests have nobody else
		all = putGuests(all, guest{User: t.Caller.User, Name: t.Caller.Name, Handle: t.Caller.Handle}, guest{User: t.Callee.User, Call: t.row.ID})
	}
	return all
}

// noteGuests adds to the guests of live calls, so that who comes late to the group is known for as long as one of them lives.
func (s *Server) noteGuests(ctx context.Context, calls []*turn, more []guest) {
	for _, old := range calls {
		_, err := s.change(ctx, old.row.ID, func(t *turn) error {
			all := putGuests(t.Guests, more...)
			if t.Fork.Live() && !slices.Equal(all, t.Guests) {
				t.Guests, t.changed = all, true
			}
			return nil
		})
		if err != nil && connect.CodeOf(err) != connect.CodeNotFound {
			s.log.Error("noting who was called into a group failed", "group", old.Group, "call", old.row.ID, "err", err)
		}
	}
}

// isIn reports whether a user's device is in the group by this call.
func (st *state) isIn(user, device string) bool {
	side, ok := st.sideOf(user, device)
	return ok && (side == callerSide && !st.Fork.Alone || st.Fork.State == fork.Answered && side == int(st.Fork.Winner))
}

// members tells who is in the group, who rings for it, and what became of the other guests.
func (s *Server) members(ctx context.Context, app string, calls []*turn) ([]*v1.Member, error) {
	var all []*v1.Member
	find := func(user string) int {
		return slices.IndexFunc(all, func(m *v1.Member) bool { return m.User.UserId == user })
	}
	for _, t := range calls {
		if !t.Fork.Alone && find(t.Caller.User) < 0 {
			all = append(all, &v1.Member{User: party(t.Caller), State: v1.CallState_CALL_STATE_ANSWERED, DeviceId: t.CallerDevice.ID})
		}
	}
	for _, t := range calls {
		m := s.member(t)
		if i := find(t.Callee.User); i < 0 {
			all = append(all, m)
		} else if m.State == v1.CallState_CALL_STATE_ANSWERED {
			all[i].CallId, all[i].DeviceId = m.CallId, m.DeviceId
		}
	}
	for _, g := range guestsOf(calls) {
		if find(g.User) >= 0 {
			continue
		}
		m := &v1.Member{User: &v1.Party{UserId: g.User, Name: g.Name, Handle: orElse(g.Handle, g.User)}, State: v1.CallState_CALL_STATE_ENDED, CallId: g.Call}
		if g.Call == "" {
			m.Reason = v1.EndReason_END_REASON_HUNGUP
			all = append(all, m)
			continue
		}
		r, err := s.store.HistoryOfCall(ctx, g.Call)
		if errors.Is(err, store.ErrNotFound) {
			continue // there was no such callee
		}
		if err != nil {
			return nil, s.failed("reading what became of a guest", err)
		}
		m.Reason = forCaller(call.Reason(r.Reason), s.app(app).BlockedAs)
		all = append(all, m)
	}
	return all, nil
}

// member is the callee of a call as a member of its group.
func (s *Server) member(t *turn) *v1.Member {
	m := &v1.Member{User: party(t.Callee), State: callState(t.Fork.State), CallId: t.row.ID}
	switch t.Fork.State {
	case fork.Answered:
		m.DeviceId = t.Legs[t.Fork.Winner].ID
	case fork.Ended:
		m.Reason = forCaller(t.Fork.Reason, s.app(t.row.App).BlockedAs)
	case fork.Idle, fork.Ringing:
	}
	return m
}

// group returns the live calls of a group that the viewer may know of, and who was ever called into it.
func (s *Server) group(ctx context.Context, v viewer, asked string) (string, []*turn, []guest, error) {
	id, err := parseCallID(asked)
	if err != nil {
		return "", nil, nil, invalid("group is the group of a call", "group %s", err)
	}
	calls, err := s.callsOfGroup(ctx, v.App, id.String())
	if err != nil {
		return "", nil, nil, err
	}
	guests := guestsOf(calls)
	if len(calls) == 0 || !v.Scope.ActsForUsers() && !slices.ContainsFunc(guests, func(g guest) bool { return g.User == v.User }) {
		return id.String(), calls, guests, unknownGroup(asked)
	}
	return id.String(), calls, guests, nil
}

// GetGroup implements PhoneService: it tells who is in a group call, who rings and who is not in it, to all of them.
func (s *Server) GetGroup(ctx context.Context, req *connect.Request[v1.GetGroupRequest]) (*connect.Response[v1.GetGroupResponse], error) {
	v := viewerOf(ctx)
	id, calls, _, err := s.group(ctx, v, req.Msg.Group)
	if err != nil {
		return nil, err
	}
	all, err := s.members(ctx, v.App, calls)
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&v1.GetGroupResponse{Group: id, Members: all}), nil
}

// JoinGroup implements PhoneService: it takes a device into a group call that lives, without a ring.
func (s *Server) JoinGroup(ctx context.Context, req *connect.Request[v1.JoinGroupRequest]) (*connect.Response[v1.JoinGroupResponse], error) {
	v, m := viewerOf(ctx), req.Msg
	d, err := s.ownDevice(ctx, v, m.DeviceId)
	if err != nil {
		return nil, err
	}
	asked := ""
	if m.CallId != "" {
		if asked, err = takeCallID(m.CallId, s.now()); err != nil {
			return nil, invalid("use next_call_id of the last answer, or leave it empty", "call_id %s", err)
		}
	}
	for try := 0; ; try++ {
		t, err := s.join(ctx, v, m, d, asked)
		if errors.Is(err, store.ErrConflict) && pause(ctx, try) && try < 10 {
			continue // the same user joined just now, or the id is taken: look again
		}
		if err != nil {
			return nil, s.failed("joining a group", err)
		}
		calls, err := s.callsOfGroup(ctx, v.App, t.Group)
		if err != nil {
			return nil, err
		}
		all, err := s.members(ctx, v.App, calls)
		if err != nil {
			return nil, err
		}
		return connect.NewResponse(&v1.JoinGroupResponse{Call: t.view(0), NextCallId: s.nextCallID(), Members: all}), nil
	}
}

// join makes the joiner's call, or finds it. It returns store.ErrConflict if another one was faster.
func (s *Server) join(ctx context.Context, v viewer, m *v1.JoinGroupRequest, d store.Device, id string) (*turn, error) {
	group, calls, guests, err := s.group(ctx, v, m.Group)
	if err != nil {
		if len(calls) == 0 && group != "" {
			return nil, s.groupOver(ctx, v, m, group, err)
		}
		return nil, err
	}
	if t, err := inGroupAlready(calls, v.User, d.ID, id); t != nil || err != nil {
		return t, err
	}
	if id != "" {
		if err := s.unusedID(ctx, id); err != nil {
			return nil, err
		}
	}
	if len(calls) >= maxInGroup {
		return nil, problem(connect.CodeResourceExhausted, "group_full", "wait until somebody leaves", nil, "group %s has %d calls already", group, len(calls))
	}
	key, err := s.joinKey(ctx, v, group)
	if err != nil {
		return nil, err
	}
	now := s.now()
	t := &turn{s: s, now: now, told: map[int]bool{}}
	t.row = store.Call{ID: orElse(id, s.nextCallID()), App: v.App, Key: key, Users: []string{v.User}, CreatedAt: now}
	inGroup(&t.row, group)
	self := guest{User: v.User, Name: v.Name, Handle: v.User, Call: t.row.ID}
	t.state = state{
		Caller: person{User: guests[0].User, Name: guests[0].Name, Handle: orElse(guests[0].Handle, guests[0].User)},
		Callee: person{User: v.User, Name: v.Name, Handle: v.User}, Legs: []leg{{device: deviceOf(d)}},
		Carrier: calls[0].Carrier.ofGroup(),
		Video:   m.Video, Group: group, Guests: putGuests(guests, self), CreatedAt: now, RingDeadline: now,
	}
	t.Legs[0].Node = s.places(ctx, v.App, d.ID)[d.ID].node
	t.note(v1.Stage_STAGE_STARTED, callerSide, 0, "joined group "+group)
	t.step(fork.Event{Kind: fork.Enter})
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTime)
	defer cancel()
	if err := s.commitNew(ctx, t); err != nil {
		return nil, err
	}
	// The group may have ended meanwhile. It had not at the moment of the commit if a call of before still lives after it.
	after, err := s.callsOfGroup(ctx, v.App, group)
	lived := slices.ContainsFunc(after, func(now *turn) bool {
		return slices.ContainsFunc(calls, func(before *turn) bool { return before.row.ID == now.row.ID })
	})
	if err != nil || !lived {
		_, ended := s.change(ctx, t.row.ID, func(t *turn) error {
			t.step(fork.Event{Kind: fork.End})
			return nil
		})
		return nil, errors.Join(err, ended, groupEnded(group))
	}
	s.noteGuests(ctx, slices.DeleteFunc(after, func(o *turn) bool { return o.row.ID == t.row.ID }), []guest{self})
	return t, nil
}

// inGroupAlready returns the call by which the user's device is in the group, or why the user can't join; nil if nothing
// is in the way.
func inGroupAlready(calls []*turn, user, device, id string) (*turn, error) {
	for _, t := range calls {
		side, ok := t.sideOf(user, device)
		switch {
		case t.Callee.User == user && t.Fork.State == fork.Answered:
			if ok && side == int(t.Fork.Winner) && !t.hasCaller() && (id == "" || id == t.row.ID) {
				return t, nil
			}
			return nil, problem(connect.CodeAlreadyExists, "already_in_group", "Move goes on with the call on this device", nil,
				"user %q is in group %s with device %q, by call %s", user, t.Group, t.Legs[t.Fork.Winner].ID, t.row.ID)
		case t.Callee.User == user:
			return nil, problem(connect.CodeFailedPrecondition, "still_rings", "Answer takes the call", nil, "call %s of group %s rings for user %q", t.row.ID, t.Group, user)
		case t.Caller.User == user && !t.Fork.Alone:
			return nil, problem(connect.CodeAlreadyExists, "already_in_group", "leave the group first", nil,
				"user %q is in group %s with device %q", user, t.Group, t.CallerDevice.ID)
		}
	}
	return nil, nil
}

// unusedID returns why a call id that a joiner chose can't be used.
func (s *Server) unusedID(ctx context.Context, id string) error {
	if _, err := s.store.Call(ctx, id); err == nil {
		return idTaken(id)
	} else if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if _, err := s.store.HistoryOfCall(ctx, id); err == nil {
		return idTaken(id)
	} else if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	return nil
}

// joinKey returns the key of the user's next call in the group: two devices that join at once choose the same, and one of
// them is refused by the store. Who has left may join again, so each key names the call before.
func (s *Server) joinKey(ctx context.Context, v viewer, group string) (string, error) {
	key := "\x01join/" + group + "/" + v.User
	for base := key; ; {
		row, err := s.store.CallByKey(ctx, v.App, key)
		if errors.Is(err, store.ErrNotFound) {
			return key, nil
		}
		if err != nil {
			return "", err
		}
		if row.Live {
			return "", store.ErrConflict
		}
		key = base + "/" + row.ID
	}
}

// groupOver tells who asks for a group that is over what it was; otherwise is for one that never was.
func (s *Server) groupOver(ctx context.Context, v viewer, m *v1.JoinGroupRequest, group string, otherwise error) error {
	r, err := s.store.HistoryOfCall(ctx, group) // that of the first call
	if err == nil && r.App == v.App {
		return groupEnded(group)
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	return otherwise
}

func groupEnded(group string) error {
	return problem(connect.CodeFailedPrecondition, "group_over", "start a new call", nil, "group call %s is over", group)
}

// LeaveGroup implements PhoneService: it takes a device out of a group call with all of its calls.
func (s *Server) LeaveGroup(ctx context.Context, req *connect.Request[v1.LeaveGroupRequest]) (*connect.Response[v1.LeaveGroupResponse], error) {
	v := viewerOf(ctx)
	d, err := s.ownDevice(ctx, v, req.Msg.DeviceId)
	if err != nil {
		return nil, err
	}
	id, calls, _, err := s.group(ctx, v, req.Msg.Group)
	if err != nil {
		if id != "" && len(calls) == 0 {
			return connect.NewResponse(&v1.LeaveGroupResponse{}), nil // there is nothing to leave any more
		}
		return nil, err
	}
	var left *turn
	var jobs []string
	for _, one := range calls {
		t, err := s.change(ctx, one.row.ID, func(t *turn) error {
			if !t.Fork.Live() || !t.isIn(v.User, d.ID) {
				return nil
			}
			if side, _ := t.sideOf(v.User, d.ID); side != callerSide {
				t.step(fork.Event{Kind: fork.LegHangup, Leg: int8(side), Reason: call.HungUp})
				return nil
			}
			if t.offering(callerSide) {
				t.step(fork.Event{Kind: fork.Withdraw, Reason: call.Cancelled})
			}
			if t.step(fork.Event{Kind: fork.CallerLeave}); t.Fork.Alone {
				t.note(v1.Stage_STAGE_CALLER_LEFT, callerSide, call.HungUp, "").Device = d.ID
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		if t.Fork.Alone && !t.before.Alone {
			left, jobs = t, append(jobs, t.news)
		}
	}
	if left != nil { // once, however many calls it had
		s.callerLeft(ctx, left, d.ID, jobs)
	}
	return connect.NewResponse(&v1.LeaveGroupResponse{}), nil
}
