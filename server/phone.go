package server

import (
	"context"
	"math"

	"connectrpc.com/connect"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/fork"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// act changes a call for one of its sides and returns the call as that side sees it. decide gets the side; the problems
// that it returns carry the truth about the call.
func (s *Server) act(ctx context.Context, callID, deviceID string, decide func(t *turn, side int) error) (*v1.Call, error) {
	v := viewerOf(ctx)
	id, err := v.call(callID)
	if err != nil {
		return nil, err
	}
	deviceID, err = v.device(deviceID)
	if err != nil {
		return nil, err
	}
	var side int
	t, err := s.change(ctx, id, func(t *turn) (err error) {
		if side, err = s.side(t, v, deviceID); err != nil {
			return err
		}
		if err = decide(t, side); err == nil && t.changed && t.Fork.State == fork.Answered {
			t.HeardAt = t.now
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if is, ok := t.sideOf(v.User, deviceID); ok { // the caller may have gone on with the call on what was a leg
		side = is
	}
	return t.view(side), nil
}

// side returns which side of the call the viewer's device is, or why it is none.
func (s *Server) side(t *turn, v viewer, device string) (int, error) {
	if t.row.App != v.App || !t.has(v.User) {
		return 0, unknownCall(t.row.ID)
	}
	side, ok := t.sideOf(v.User, device)
	if !ok {
		return 0, problem(connect.CodePermissionDenied, "not_this_device", "use the device that started the call or that rings", nil,
			"device %q of user %q has no part in call %s", device, v.User, t.row.ID)
	}
	return side, nil
}

// overProblem is the problem of a deed that comes after the end.
func (t *turn) overProblem(side int) error {
	view := t.view(side)
	slug, hint := "already_ended", "show its reason"
	switch call.Reason(view.Reason) {
	case call.AnsweredElsewhere:
		slug, hint = "answered_elsewhere", "stop ringing; answered_by says who has the call"
	case call.DeclinedElsewhere:
		slug, hint = "declined_elsewhere", "stop ringing"
	}
	return problem(connect.CodeFailedPrecondition, slug, hint, view, "call %s is over for this device (%s)", t.row.ID, call.Reason(view.Reason))
}

// wrongSide is the problem of a deed that is the other side's.
func (t *turn) wrongSide(side int, deed, who, hint string) error {
	return problem(connect.CodePermissionDenied, "wrong_role", hint, t.view(side), "only the %s can %s call %s", who, deed, t.row.ID)
}

// overFor reports whether the call is over as far as the side can see.
func (t *turn) overFor(side int) bool {
	if side < 0 {
		return t.Fork.State == fork.Ended || t.Fork.Alone || side != callerSide
	}
	return t.Fork.LegSees(int8(side)).State == fork.Ended
}

// Answer implements PhoneService: it takes the call for a device. Exactly one wins.
func (s *Server) Answer(ctx context.Context, req *connect.Request[v1.AnswerRequest]) (*connect.Response[v1.AnswerResponse], error) {
	c, err := s.act(ctx, req.Msg.CallId, req.Msg.DeviceId, func(t *turn, side int) error {
		if side >= 0 {
			return t.answer(side)
		}
		if side == callerSide && t.Fork.State == fork.Answered && t.legOf(t.CallerDevice.ID) >= 0 {
			return nil // the call was offered to this device, which took it
		}
		return t.wrongSide(side, "answer", "callee", "wait for the callee's answer")
	})
	return connect.NewResponse(&v1.AnswerResponse{Call: c}), err
}

// Decline implements PhoneService: it refuses the call, everywhere or on this device only.
func (s *Server) Decline(ctx context.Context, req *connect.Request[v1.DeclineRequest]) (*connect.Response[v1.DeclineResponse], error) {
	event, err := declineEvent(req.Msg)
	if err != nil {
		return nil, err
	}
	c, err := s.act(ctx, req.Msg.CallId, req.Msg.DeviceId, func(t *turn, side int) error {
		if side < 0 {
			return t.wrongSide(side, "decline", "callee", "Cancel gives up a call of one's own")
		}
		e := event
		e.Leg = int8(side)
		if e.Kind == fork.Decline && e.Reason == call.Declined && s.app(t.row.App).DeclineHere {
			e.On = true
		}
		before := t.Fork
		t.step(e)
		if t.Fork == before && t.overFor(side) {
			return t.overProblem(side)
		}
		return nil
	})
	return connect.NewResponse(&v1.DeclineResponse{Call: c}), err
}

// declineEvent reads which refusal it is.
func declineEvent(m *v1.DeclineRequest) (fork.Event, error) {
	reason := reasonOf(m.Reason)
	switch {
	case reason == call.NotEnded && m.ThisDevice:
		reason = call.Busy
	case reason == call.NotEnded:
		reason = call.Declined
	}
	switch reason {
	case call.Declined, call.Blocked:
		if !m.ThisDevice || reason == call.Declined {
			return fork.Event{Kind: fork.Decline, Reason: reason, On: m.ThisDevice}, nil
		}
	case call.Busy:
		return fork.Event{Kind: fork.Busy, Reason: reason, On: !m.ThisDevice}, nil
	case call.DoNotDisturb, call.Unreachable:
		if m.ThisDevice {
			return fork.Event{Kind: fork.Busy, Reason: reason}, nil
		}
	}
	return fork.Event{}, invalid("BLOCKED is for all devices, DO_NOT_DISTURB and UNREACHABLE for this_device, DECLINED and BUSY for either",
		"reason %s with this_device %t makes no sense", m.Reason, m.ThisDevice)
}

// reasonOf returns what a client said as a reason; what is none becomes one that nobody takes.
func reasonOf(r v1.EndReason) call.Reason {
	if _, known := v1.EndReason_name[int32(r)]; !known {
		return math.MaxUint8
	}
	return call.Reason(r)
}

// Cancel implements PhoneService: the caller gives up. If the answer was faster it ends the answered call.
func (s *Server) Cancel(ctx context.Context, req *connect.Request[v1.CancelRequest]) (*connect.Response[v1.CancelResponse], error) {
	c, err := s.act(ctx, req.Msg.CallId, req.Msg.DeviceId, func(t *turn, side int) error {
		if side > callerSide {
			return t.wrongSide(side, "cancel", "caller", "Decline refuses a call")
		}
		if t.overFor(side) {
			return t.overProblem(side)
		}
		t.step(fork.Event{Kind: fork.Cancel})
		return nil
	})
	return connect.NewResponse(&v1.CancelResponse{Call: c}), err
}

// End implements PhoneService: it hangs up. Before the answer it is the caller's cancel or the callee's decline.
func (s *Server) End(ctx context.Context, req *connect.Request[v1.EndRequest]) (*connect.Response[v1.EndResponse], error) {
	reason := reasonOf(req.Msg.Reason)
	switch reason {
	case call.NotEnded:
		reason = call.HungUp
	case call.HungUp, call.MediaFailed, call.Crashed:
	default:
		return nil, invalid("it is HUNGUP, MEDIA_FAILED or CRASHED", "reason %s is none to end a call with", req.Msg.Reason)
	}
	c, err := s.act(ctx, req.Msg.CallId, req.Msg.DeviceId, func(t *turn, side int) error {
		if t.overFor(side) {
			return t.overProblem(side)
		}
		e := fork.Event{Kind: fork.CallerHangup, Reason: reason}
		if side != callerSide {
			e = fork.Event{Kind: fork.LegHangup, Leg: int8(side), Reason: reason, On: s.app(t.row.App).DeclineHere}
		}
		t.step(e)
		return nil
	})
	return connect.NewResponse(&v1.EndResponse{Call: c}), err
}

// Hold implements PhoneService: it tells the far end that this side holds or resumes.
func (s *Server) Hold(ctx context.Context, req *connect.Request[v1.HoldRequest]) (*connect.Response[v1.HoldResponse], error) {
	c, err := s.act(ctx, req.Msg.CallId, req.Msg.DeviceId, func(t *turn, side int) error {
		if t.overFor(side) {
			return t.overProblem(side)
		}
		if t.Fork.State != fork.Answered {
			return problem(connect.CodeFailedPrecondition, "not_answered", "only an answered call can be held", t.view(side), "call %s still rings", t.row.ID)
		}
		e := fork.Event{Kind: fork.CallerHold, On: req.Msg.On}
		if side != callerSide {
			e = fork.Event{Kind: fork.LegHold, Leg: int8(side), On: req.Msg.On}
		}
		if t.step(e); t.changed {
			stage := v1.Stage_STAGE_RESUMED
			if req.Msg.On {
				stage = v1.Stage_STAGE_HELD
			}
			t.note(stage, side, 0, "").Device = t.device(side).ID
			t.told[side] = true // its own view has "held"
		}
		return nil
	})
	return connect.NewResponse(&v1.HoldResponse{Call: c}), err
}

// GetCall implements PhoneService: it tells the state of a call.
func (s *Server) GetCall(ctx context.Context, req *connect.Request[v1.GetCallRequest]) (*connect.Response[v1.GetCallResponse], error) {
	c, err := s.act(ctx, req.Msg.CallId, req.Msg.DeviceId, func(*turn, int) error { return nil })
	return connect.NewResponse(&v1.GetCallResponse{Call: c}), err
}

// heard notes that an end of an answered call is there, now and then, so that the call is not taken for abandoned.
func (s *Server) heard(ctx context.Context, id string) error {
	_, err := s.change(ctx, id, func(t *turn) error {
		if t.Fork.State == fork.Answered && t.now.Sub(t.HeardAt).Abs() > s.cfg.AliveTimeout/4 {
			t.HeardAt, t.changed = t.now, true
		}
		return nil
	})
	return err
}
