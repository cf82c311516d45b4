package server

import (
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/fork"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// view returns the call as the device on one side may see it: the caller sees every leg, a device of the callee only
// its own and what became of it, while the call may go on elsewhere.
func (s *Server) view(app, id string, rev uint64, st *state, side int) *v1.Call {
	c := &v1.Call{
		Id:           id,
		Rev:          rev,
		Caller:       party(st.Caller),
		Callee:       party(st.Callee),
		Video:        st.Video,
		CreatedAt:    stamp(st.CreatedAt),
		RingDeadline: stamp(st.RingDeadline),
		CallerDevice: st.CallerDevice.ID,
		ReplacedBy:   st.ReplacedBy,
		Group:        st.Group,
		Alone:        st.Fork.Alone && side >= 0 && side == int(st.Fork.Winner),
	}
	switch {
	case side == callerSide:
		s.callerView(c, st, s.app(app).BlockedAs)
	case side < callerSide:
		c.Role, c.State, c.Reason = v1.Role_ROLE_CALLER, v1.CallState_CALL_STATE_ENDED, v1.EndReason(call.AnsweredElsewhere)
		c.AnsweredBy, c.AnsweredByName = st.CallerDevice.ID, st.CallerDevice.Name
		c.AnsweredAt, c.EndedAt = stamp(st.AnsweredAt), stamp(st.Former[formerSide-side].EndedAt)
	default:
		s.legView(c, st, side)
	}
	if st.atCarrier() {
		c.Carrier = st.Carrier.Name
	}
	if c.State != v1.CallState_CALL_STATE_ENDED {
		s.mediaView(c, app, st, side, false)
	}
	return c
}

func (s *Server) callerView(c *v1.Call, st *state, blocked call.Reason) {
	sees := st.Fork.CallerSees()
	c.Role = v1.Role_ROLE_CALLER
	c.State = callState(sees.State)
	c.Reason = forCaller(sees.Reason, blocked)
	c.Ringing = sees.Ringing
	c.RemoteHeld = sees.Held
	c.Held = st.Fork.CallerHeld
	c.AnsweredAt, c.EndedAt = stamp(st.AnsweredAt), stamp(st.EndedAt)
	if sees.Winner >= 0 {
		c.AnsweredBy, c.AnsweredByName = st.Legs[sees.Winner].ID, st.Legs[sees.Winner].Name
	}
	c.Offered = st.offeredBy(callerSide)
	for i := range st.Legs {
		if st.Legs[i].OfCaller {
			continue
		}
		l := wireLeg(st, i)
		l.Reason = forCaller(st.Fork.Legs[i].Reason, blocked)
		c.Legs = append(c.Legs, l)
	}
}

func (s *Server) legView(c *v1.Call, st *state, side int) {
	sees := st.Fork.LegSees(int8(side))
	own := st.Fork.Legs[side]
	c.Role = v1.Role_ROLE_CALLEE
	c.State = callState(sees.State)
	c.Reason = v1.EndReason(sees.Reason)
	c.Ringing = own.State == fork.LegRinging
	c.Sealed = st.sealedView(side)
	c.Held, c.RemoteHeld = own.Held, sees.Held
	if st.Fork.WasAnswered() && int(st.Fork.Winner) == side {
		c.AnsweredAt = stamp(st.AnsweredAt)
		c.AnsweredBy, c.AnsweredByName = st.Legs[side].ID, st.Legs[side].Name
	}
	if sees.State == fork.Ended {
		c.EndedAt = stamp(st.Legs[side].EndedAt)
	}
	if sees.Winner >= 0 { // answered elsewhere: by which of the user's devices
		c.AnsweredBy, c.AnsweredByName = st.Legs[sees.Winner].ID, st.Legs[sees.Winner].Name
	}
	c.Legs = []*v1.Leg{wireLeg(st, side)}
	if st.Fork.State == fork.Answered && own.Open() {
		c.Moving, c.RingDeadline, c.OfferedAt = true, stamp(st.ringUntil(side)), stamp(st.ringFrom(side))
	}
	if st.Legs[side].OfCaller { // it is shown who is at the other end
		c.Caller, c.Callee = c.Callee, c.Caller
		if sees.Winner >= 0 {
			c.AnsweredBy, c.AnsweredByName = st.CallerDevice.ID, st.CallerDevice.Name
		}
	} else if int(st.Fork.Winner) == side {
		c.Offered = st.offeredBy(side)
	}
}

func wireLeg(st *state, i int) *v1.Leg {
	return &v1.Leg{
		DeviceId:   st.Legs[i].ID,
		DeviceName: st.Legs[i].Name,
		State:      v1.LegState(st.Fork.Legs[i].State),
		Reason:     v1.EndReason(st.Fork.Legs[i].Reason),
	}
}

// forCaller is the reason as a caller is told; blocked is what it is told of a block list, [App.BlockedAs].
func forCaller(r, blocked call.Reason) v1.EndReason {
	if r == call.Blocked && blocked != call.NotEnded { // else the app is gone, and so is its caller's token
		r = blocked
	}
	return v1.EndReason(r)
}

func callState(s fork.State) v1.CallState { return v1.CallState(s) }

func party(p person) *v1.Party { return &v1.Party{UserId: p.User, Name: p.Name, Handle: p.Handle} }

// stamp returns t for the wire, nil if it is zero.
func stamp(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}
