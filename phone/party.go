package phone

import (
	"slices"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/signaling"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// A party is the server's calls behind the one line of a group that this phone began: one for each callee, all of which
// have this device for their caller, and when they are over, while others are in the group, one by which it joined. The machine
// sees one call, [party.view].
type party struct {
	callees  []string
	legs     []*v1.Call // the newest word on each, in the order they were heard of
	answered bool       // somebody was in it
	rev      uint64     // of the view
	leaving  bool       // the server was asked to take this phone out, and has not answered
	joining  bool       // the server was asked to let this phone in by a call of its own, and has not answered
	left     bool       // the app has left; the server's word ends it
	others   []string   // who is in it by a call that is none of the legs: who joined, and whom others called in
}

// maxLegs bounds how many calls of a group are remembered; those that are over are forgotten first.
const maxLegs = 64

// hear takes the server's word on one of the calls. It reports whether it is no older than the last.
func (y *party) hear(c *v1.Call) bool {
	if i := slices.IndexFunc(y.legs, func(old *v1.Call) bool { return old.Id == c.Id }); i >= 0 {
		if y.legs[i].Rev > c.Rev {
			return false
		}
		y.legs[i] = c
		return true
	}
	if len(y.legs) >= maxLegs {
		if i := slices.IndexFunc(y.legs, over); i >= 0 {
			y.legs = slices.Delete(y.legs, i, i+1)
		}
	}
	y.legs = append(y.legs, c)
	return true
}

// leg returns what is known of a call, or nil.
func (y *party) leg(id string) *v1.Call {
	if i := slices.IndexFunc(y.legs, func(c *v1.Call) bool { return c.Id == id }); i >= 0 {
		return y.legs[i]
	}
	return nil
}

func over(c *v1.Call) bool { return c.State == v1.CallState_CALL_STATE_ENDED }

// view is all of the calls as one: it rings while nobody has answered, is answered from then on as long as anybody is in it
// or rings, and ended as the last one of those who were in it, or else of all, did. Who is alone on hold is
// none of the group's affair: it is held at the far end when all are.
func (y *party) view(id callkit.UUID) *v1.Call {
	var live, last *v1.Call
	var deadline, first *timestamppb.Timestamp
	ringing, held, talking := false, true, false
	for _, c := range y.legs {
		if c.AnsweredAt != nil && (first == nil || when(c.AnsweredAt).Before(when(first))) {
			first = c.AnsweredAt
		}
		switch c.State {
		case v1.CallState_CALL_STATE_ANSWERED:
			if !talking {
				live = c
			}
			talking, held = true, held && c.RemoteHeld
		case v1.CallState_CALL_STATE_RINGING:
			if live == nil {
				live = c
			}
			ringing = ringing || c.Ringing
			if c.RingDeadline != nil && (deadline == nil || when(c.RingDeadline).After(when(deadline))) {
				deadline = c.RingDeadline
			}
		case v1.CallState_CALL_STATE_ENDED:
			if last == nil || endedAfter(c, last) {
				last = c
			}
		case v1.CallState_CALL_STATE_UNSPECIFIED: // of a newer server
		}
	}
	y.answered = y.answered || talking || first != nil
	v := live
	if v == nil {
		v = last
	}
	if v == nil {
		return nil
	}
	v = proto.Clone(v).(*v1.Call)
	y.rev++
	v.Id, v.Rev, v.AnsweredAt, v.Role = id.String(), y.rev, first, v1.Role_ROLE_CALLER // also of one by which it joined
	if live == nil {
		return v
	}
	v.State, v.Ringing, v.RemoteHeld, v.RingDeadline = v1.CallState_CALL_STATE_RINGING, ringing, talking && held, deadline
	if y.answered {
		v.State = v1.CallState_CALL_STATE_ANSWERED
	}
	return v
}

// endedAfter reports whether the end of a says more about the group's than that of b: who was in it before who was not,
// then the later one.
func endedAfter(a, b *v1.Call) bool {
	if was := a.AnsweredAt != nil; was != (b.AnsweredAt != nil) {
		return was
	}
	return when(a.EndedAt).After(when(b.EndedAt))
}

// partyOf returns the line of the group that this phone began which a call is a part of, or nil.
func (p *Phone) partyOf(c *v1.Call) *line {
	if c.Group == "" {
		return nil
	}
	group, err := callkit.ParseUUID(c.Group)
	if err != nil {
		return nil
	}
	l := p.find(group)
	if l == nil || l.party == nil {
		return nil
	}
	if id, err := callkit.ParseUUID(c.Id); err == nil && id != group && p.find(id) != nil {
		return nil // it has a line of its own
	}
	if c.Role == v1.Role_ROLE_CALLER && (c.CallerDevice == "" || c.CallerDevice == p.cfg.DeviceID) || l.party.leg(c.Id) != nil {
		return l
	}
	if l.party.joining && c.State == v1.CallState_CALL_STATE_ANSWERED && c.AnsweredBy == p.cfg.DeviceID {
		return l
	}
	return nil
}

// gathered takes the server's word on one call of a group that this phone began, and returns what it makes of the
// group; nil if that is nothing new. The lock must be held.
func (p *Phone) gathered(l *line, c *v1.Call) *v1.Call {
	before := l.party.leg(c.Id)
	if !l.party.hear(c) {
		return nil
	}
	if c.State == v1.CallState_CALL_STATE_ANSWERED && before.GetState() != c.State && l.state.Live() && l.state.Held && !c.Held {
		p.then(func() { p.holdLeg(l, c.Id, true) }) // who is on hold here is so for those who come later, too
	}
	if l.state.State == call.Ended { // left, and what is known of the others may be old
		alone := party{legs: []*v1.Call{c}, rev: l.party.rev}
		v := alone.view(l.id)
		l.party.rev = alone.rev
		return v
	}
	v := l.party.view(l.id)
	if over(v) && l.inviting {
		return nil // the next one is about to be called
	}
	if over(v) && l.state.Answered() && othersLeft(v.Reason) && p.rejoin(l) {
		return nil
	}
	return v
}

// othersLeft reports whether the last call of a group is over because of who was at its other end, and not because it was taken
// from this phone.
func othersLeft(why v1.EndReason) bool {
	switch why {
	case v1.EndReason_END_REASON_SERVER_ENDED, v1.EndReason_END_REASON_ANSWERED_ELSEWHERE, v1.EndReason_END_REASON_REPLACED:
		return false
	}
	return true
}

// meets takes down who is in the group besides those of the legs.
func (y *party) meets(m *v1.Member) {
	y.others = slices.DeleteFunc(y.others, func(user string) bool { return user == m.GetUser().GetUserId() })
	if m.GetState() == v1.CallState_CALL_STATE_ANSWERED && y.leg(m.CallId) == nil {
		y.others = append(y.others, m.GetUser().GetUserId())
	}
}

// rejoin reports whether the group goes on without those whom this phone called: others are in it, and this phone stays with
// them by a call of its own, as one that joins. If the server does not let it in, the call is over. The lock must be held.
func (p *Phone) rejoin(l *line) bool {
	y := l.party
	if y.joining {
		return true
	}
	if len(y.others) == 0 || y.left {
		return false
	}
	y.joining = true
	p.then(func() {
		p.send(l, &v1.JoinGroupRequest{Group: l.id.String(), DeviceId: p.cfg.DeviceID, Video: l.video}, false, func(r signaling.Result) {
			y.joining = false
			if r.NextCallID != "" {
				p.setNextCallID(r.NextCallID)
			}
			if r.Err == nil && r.Call != nil {
				y.hear(r.Call)
				p.truth(r.Call, false)
				return
			}
			if v := y.view(l.id); v != nil && over(v) && l.state.Live() {
				l.learn(v)
				p.tell(l, call.Event{Kind: call.RemoteEnded, Reason: reasonOf(v.Reason)})
			}
		})
	})
	return true
}

// serverCall returns the id by which the server knows a call that lives here. For a group that this phone began that is one
// of the group's calls that live.
func (l *line) serverCall() string {
	id := l.id.String()
	if l.party != nil {
		l.party.everyLeg(false, func(leg string) { id = leg })
		l.party.everyLeg(true, func(leg string) { id = leg })
	}
	return id
}

// askLeg asks the server about one of the calls.
func (p *Phone) askLeg(l *line, id string) {
	p.send(l, &v1.AckRequest{CallId: id, DeviceId: p.cfg.DeviceID}, false, func(r signaling.Result) { p.heardLeg(l, id, r) })
}

func (p *Phone) holdLeg(l *line, id string, on bool) {
	p.send(l, &v1.HoldRequest{CallId: id, DeviceId: p.cfg.DeviceID, On: on}, false, func(r signaling.Result) { p.heardLeg(l, id, r) })
}

// heardLeg takes the answer to a request about one of the calls. That it is unknown or over says nothing of the others.
func (p *Phone) heardLeg(l *line, id string, r signaling.Result) {
	if r.Call != nil {
		p.truth(r.Call, false)
		return
	}
	if r.Problem != "unknown_call" && r.Problem != "already_ended" {
		return
	}
	if c := l.party.leg(id); c != nil && !over(c) {
		gone := proto.Clone(c).(*v1.Call)
		gone.State, gone.Reason, gone.EndedAt = v1.CallState_CALL_STATE_ENDED, v1.EndReason_END_REASON_SERVER_ENDED, timestamppb.New(p.serverNow(l.sent))
		p.truth(gone, false)
	}
}

// everyLeg calls f with the id of each call that lives, or of each that is answered.
func (y *party) everyLeg(answered bool, f func(id string)) {
	for _, c := range slices.Clone(y.legs) {
		if !over(c) && (!answered || c.State == v1.CallState_CALL_STATE_ANSWERED) {
			f(c.Id)
		}
	}
}

// inquireParty asks after the calls of a group that a Hello does not know. The lock must be held.
func (p *Phone) inquireParty(l *line, known map[callkit.UUID]bool) {
	heard := func(id string) bool {
		u, err := callkit.ParseUUID(id)
		return err == nil && known[u]
	}
	switch {
	case l.inviting:
	case l.state.Live() && len(l.party.legs) == 0:
		p.inquire(l)
	case l.state.Live():
		l.party.everyLeg(false, func(id string) {
			if !heard(id) {
				p.askLeg(l, id)
			}
		})
	case l.say != nothing && l.inFlight == 0 && !slices.ContainsFunc(l.party.legs, func(c *v1.Call) bool { return heard(c.Id) }):
		p.repeat(l, l.say)
	}
}
