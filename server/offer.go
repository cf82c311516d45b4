package server

import (
	"context"
	"time"

	"connectrpc.com/connect"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/fork"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// moving is an offer to go on with the answered call on another device of one side's user. Its leg rings as any other,
// by push if its app does not run (Apple wants each VoIP push reported as an incoming call, so the user has to answer).
type moving struct {
	Leg      int       `json:"leg"`
	Round    int       `json:"round"` // the how many-th offer of the call it is
	At       time.Time `json:"at"`
	Deadline time.Time `json:"deadline"`
}

const minOffer, maxOffer = 5, 60 // seconds

// OfferMove implements PhoneService: it rings another device of the user, so that the call can go on there.
func (s *Server) OfferMove(ctx context.Context, req *connect.Request[v1.OfferMoveRequest]) (*connect.Response[v1.OfferMoveResponse], error) {
	v, m := viewerOf(ctx), req.Msg
	ring := s.app(v.App).RingTimeout
	if m.RingSeconds != 0 {
		if m.RingSeconds < minOffer || m.RingSeconds > maxOffer {
			return nil, invalid("leave it empty for the app's", "ring_seconds is %d and must be %d-%d", m.RingSeconds, minOffer, maxOffer)
		}
		ring = time.Duration(m.RingSeconds) * time.Second
	}
	if m.ToDevice == m.DeviceId {
		return nil, invalid("to_device is another device of the user", "device %q has the call", m.DeviceId)
	}
	target, err := s.ownDevice(ctx, v, m.ToDevice)
	if err != nil {
		return nil, err
	}
	c, err := s.act(ctx, m.CallId, m.DeviceId, func(t *turn, side int) error {
		if err := t.holds(side); err != nil {
			return err
		}
		return t.offer(side, deviceOf(target), ring)
	})
	return connect.NewResponse(&v1.OfferMoveResponse{Call: c}), err
}

// WithdrawMove implements PhoneService: it stops the ring of OfferMove.
func (s *Server) WithdrawMove(ctx context.Context, req *connect.Request[v1.WithdrawMoveRequest]) (*connect.Response[v1.WithdrawMoveResponse], error) {
	c, err := s.act(ctx, req.Msg.CallId, req.Msg.DeviceId, func(t *turn, side int) error {
		if err := t.holds(side); err != nil {
			return err
		}
		if t.offering(side) {
			t.step(fork.Event{Kind: fork.Withdraw, Reason: call.Cancelled})
		}
		return nil
	})
	return connect.NewResponse(&v1.WithdrawMoveResponse{Call: c}), err
}

// holds returns why a side does not have the call, nil if it does.
func (t *turn) holds(side int) error {
	switch {
	case t.overFor(side):
		return t.overProblem(side)
	case t.Fork.State != fork.Answered:
		return problem(connect.CodeFailedPrecondition, "not_answered", "Answer takes a call that rings", t.view(side), "call %s still rings", t.row.ID)
	case side != callerSide && side != int(t.Fork.Winner):
		return problem(connect.CodeFailedPrecondition, "not_answered", "ask on the device that has the call", t.view(side), "call %s is on another device", t.row.ID)
	}
	return nil
}

// offering reports whether a device of the side's user rings for the answered call.
func (st *state) offering(side int) bool {
	return st.Offered != nil && st.Fork.State == fork.Answered && st.Fork.Legs[st.Offered.Leg].Open() &&
		st.Legs[st.Offered.Leg].OfCaller == (side == callerSide)
}

// offer rings d for the side that has the call.
func (t *turn) offer(side int, d device, ring time.Duration) error {
	if t.Fork.Open() > 0 {
		if t.offering(side) && t.Legs[t.Offered.Leg].ID == d.ID {
			return nil
		}
		t.step(fork.Event{Kind: fork.Withdraw, Reason: call.Cancelled})
	}
	i, one := t.legOf(d.ID), leg{device: d, OfCaller: side == callerSide}
	if i < 0 {
		next, free := t.Fork.NextLeg()
		if !free || int(next) != len(t.Legs) {
			return problem(connect.CodeResourceExhausted, "too_many_devices", "move it to a device that rang", t.view(side), "call %s has been on %d devices already", t.row.ID, len(t.Legs))
		}
		i = len(t.Legs)
		t.Legs = append(t.Legs, one)
	} else {
		t.Legs[i] = one // what it said while the call rang says nothing of this ring
	}
	round := 1
	if t.Offered != nil {
		round += t.Offered.Round
	}
	t.Offered = &moving{Leg: i, Round: round, At: t.now, Deadline: t.now.Add(ring)}
	t.step(fork.Event{Kind: fork.OfferMove, Leg: int8(i)})
	return nil
}

// answer lets a leg answer: a call that rings, or one that was offered to it.
func (t *turn) answer(side int) error {
	moves, old := t.Fork.State == fork.Answered, t.Fork.Winner
	if moves && t.Legs[side].OfCaller && t.Fork.Legs[side].Open() {
		t.moveCaller(t.Legs[side].device)
		return nil
	}
	t.step(fork.Event{Kind: fork.Answer, Leg: int8(side)})
	if !t.accepted {
		return t.overProblem(side)
	}
	if moves && t.Fork.Winner != old {
		t.note(v1.Stage_STAGE_ANSWERED, side, 0, "the callee goes on here, before on "+t.Legs[old].ID)
	}
	return nil
}

// round is which ring of a leg it is: 0 is the call's.
func (st *state) round(leg int) int {
	if st.Offered != nil && st.Offered.Leg == leg {
		return st.Offered.Round
	}
	return 0
}

// pushJobID names the push of a leg as it is now.
func (t *turn) pushJobID(leg int) string { return pushJobID(t.row.ID, leg, t.round(leg)) }

// userOf is whose device a leg is.
func (st *state) userOf(leg int) string {
	if st.Legs[leg].OfCaller {
		return st.Caller.User
	}
	return st.Callee.User
}

// ringUntil is when the ring of a leg ends.
func (st *state) ringUntil(leg int) time.Time {
	if st.Fork.State == fork.Answered && st.Offered != nil && st.Offered.Leg == leg {
		return st.Offered.Deadline
	}
	return st.RingDeadline
}

// ringFrom is when the ring of a leg began.
func (st *state) ringFrom(leg int) time.Time {
	if st.Fork.State == fork.Answered && st.Offered != nil && st.Offered.Leg == leg {
		return st.Offered.At
	}
	return st.CreatedAt
}

// offeredBy is the device to which a side offered the call last, nil if there is none.
func (st *state) offeredBy(side int) *v1.Leg {
	if st.Offered == nil || st.Legs[st.Offered.Leg].OfCaller != (side == callerSide) || st.Offered.Leg == side {
		return nil
	}
	return wireLeg(st, st.Offered.Leg)
}
