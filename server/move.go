package server

import (
	"context"
	"slices"

	"connectrpc.com/connect"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/fork"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// Move implements PhoneService: it goes on with an answered call on another of the user's devices.
func (s *Server) Move(ctx context.Context, req *connect.Request[v1.MoveRequest]) (*connect.Response[v1.MoveResponse], error) {
	v := viewerOf(ctx)
	id, err := v.call(req.Msg.CallId)
	if err != nil {
		return nil, err
	}
	registered, err := s.ownDevice(ctx, v, req.Msg.DeviceId)
	if err != nil {
		return nil, err
	}
	d := deviceOf(registered)
	d.Node = s.places(ctx, v.App, d.ID)[d.ID].node
	side := callerSide
	t, err := s.change(ctx, id, func(t *turn) (err error) {
		if t.row.App != v.App || !t.has(v.User) {
			return unknownCall(id)
		}
		switch t.Fork.State {
		case fork.Answered:
		case fork.Ended:
			return problem(connect.CodeFailedPrecondition, "already_ended", "show its reason", nil, "call %s is over (%s)", id, call.Reason(forCaller(t.Fork.Reason, s.app(v.App).BlockedAs)))
		default:
			return problem(connect.CodeFailedPrecondition, "not_answered", "Answer takes a call that rings", nil, "call %s still rings", id)
		}
		if t.hasCaller() && v.User == t.Caller.User {
			if t.Fork.Alone {
				return t.overProblem(callerSide)
			}
			t.moveCaller(d)
		} else if side, err = t.moveCallee(d); err != nil {
			return err
		}
		if t.changed {
			t.HeardAt = t.now
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&v1.MoveResponse{Call: t.view(side)}), nil
}

// moveCaller makes d the caller's device.
func (t *turn) moveCaller(d device) {
	old := t.CallerDevice
	if old.ID == d.ID {
		return
	}
	if t.offering(callerSide) {
		if i := t.Offered.Leg; t.Legs[i].ID == d.ID {
			t.step(fork.Event{Kind: fork.Take, Leg: int8(i)})
			d.Marks = t.Legs[i].Marks
		} else {
			t.step(fork.Event{Kind: fork.Withdraw, Reason: call.Cancelled})
		}
	}
	t.step(fork.Event{Kind: fork.MoveCaller})
	t.changed = true
	t.Former = slices.DeleteFunc(slices.Clone(t.Former), func(f former) bool { return f.ID == d.ID })
	t.Former = append(t.Former, former{device: old, EndedAt: t.now})
	if len(t.Former) > maxFormer {
		t.Former = t.Former[len(t.Former)-maxFormer:]
	}
	t.CallerDevice = d
	t.told[callerSide], t.told[t.lastSide()] = true, true
	t.told[int(t.Fork.Winner)] = true // its media session has another far end
	t.note(v1.Stage_STAGE_ANSWERED, callerSide, 0, "the caller goes on here, before on "+old.ID).Device = d.ID
}

// moveCallee gives the call to the leg of d, and makes one if there is none.
func (t *turn) moveCallee(d device) (side int, err error) {
	old := t.Fork.Winner
	side = t.legOf(d.ID)
	if side == int(old) {
		return side, nil
	}
	if side < 0 {
		next, free := t.Fork.NextLeg()
		if !free || int(next) != len(t.Legs) {
			return 0, problem(connect.CodeResourceExhausted, "too_many_devices", "move it to a device that rang", t.view(int(old)), "call %s has been on %d devices already", t.row.ID, len(t.Legs))
		}
		side = len(t.Legs)
		t.Legs = append(t.Legs, leg{device: d})
	}
	t.step(fork.Event{Kind: fork.Move, Leg: int8(side)})
	t.note(v1.Stage_STAGE_ANSWERED, side, 0, "the callee goes on here, before on "+t.Legs[old].ID)
	return side, nil
}

// ListLive implements PhoneService: it lists the user's answered calls on all devices.
func (s *Server) ListLive(ctx context.Context, _ *connect.Request[v1.ListLiveRequest]) (*connect.Response[v1.ListLiveResponse], error) {
	v := viewerOf(ctx)
	rows, err := s.store.CallsOfUser(ctx, v.App, v.User)
	if err != nil {
		return nil, s.failed("reading the calls of a user", err)
	}
	out := &v1.ListLiveResponse{}
	for _, row := range rows {
		t, err := s.turn(row)
		if err != nil {
			s.log.Error("a stored call cannot be read", "call", row.ID, "err", err)
			continue
		}
		if t.Fork.State != fork.Answered || !t.has(v.User) {
			continue
		}
		side := callerSide
		if v.User != t.Callee.User && t.Fork.Alone {
			continue // the user has left
		}
		if v.User == t.Callee.User {
			side = int(t.Fork.Winner)
		}
		d := t.device(side)
		out.Calls = append(out.Calls, &v1.LiveCall{Call: t.view(side), DeviceId: d.ID, DeviceName: d.Name})
	}
	return connect.NewResponse(out), nil
}
