package phone

import (
	"slices"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/signaling"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// A handler is the Phone as the connection sees it.
type handler struct{ p *Phone }

func (h handler) Hello(hello *v1.Hello)       { h.p.post(func() { h.p.hello(hello) }) }
func (h handler) Call(c *v1.Call)             { h.p.post(func() { h.p.truth(c, false) }) }
func (h handler) Group(g *v1.GroupChanged)    { h.p.post(func() { h.p.groupChanged(g) }) }
func (h handler) Media(m *v1.MediaMessage)    { h.p.post(func() { h.p.receive(m) }) }
func (h handler) Online(on bool)              { h.p.post(func() { h.p.setOnline(on) }) }
func when(t *timestamppb.Timestamp) time.Time { return t.AsTime() }

func (p *Phone) setOnline(on bool) {
	p.online = on
	if on {
		p.retryRegistration()
	}
}

// hello takes the whole truth of a moment. A live call that is not in it may have been made just after that moment, on
// another connection: the server is asked before the call is given up.
func (p *Phone) hello(h *v1.Hello) {
	p.reconcile()
	var now time.Time
	if h.ServerTime != nil {
		now = when(h.ServerTime)
		p.learn(now)
	}
	if h.NextCallId != "" {
		p.setNextCallID(h.NextCallId)
	}
	known := make(map[callkit.UUID]bool)
	for _, c := range h.Calls {
		if id, err := callkit.ParseUUID(c.GetId()); err == nil {
			known[id] = true
		}
		p.truth(c, h.ServerTime != nil)
	}
	for _, l := range slices.Clone(p.lines) {
		if l.party != nil {
			p.inquireParty(l, known)
			continue
		}
		if !known[l.id] && !l.inviting && (l.state.Live() || l.say != nothing && l.inFlight == 0) {
			p.inquire(l)
		}
	}
	p.endOrphans()
}

// truth takes the server's word about one call; exact says that the server's time is known in this moment. An older
// word than the last is nothing new.
func (p *Phone) truth(c *v1.Call, exact bool) {
	p.reconcile()
	id, err := callkit.ParseUUID(c.GetId())
	if err != nil {
		p.log.Error("the server speaks of a call without a proper id", "err", err)
		return
	}
	if l := p.partyOf(c); l != nil {
		if c = p.gathered(l, c); c == nil {
			return
		}
		id = l.id
	}
	caller := c.Role == v1.Role_ROLE_CALLER
	l := p.find(id)
	if caller && c.CallerDevice != "" && c.CallerDevice != p.cfg.DeviceID && l == nil {
		return
	}
	offered := int64(0)
	if c.Moving && c.State == v1.CallState_CALL_STATE_RINGING && c.OfferedAt != nil {
		offered = when(c.OfferedAt).UnixMilli()
	}
	if l != nil && l.inFlight == 0 && l.offeredAnew(offered) {
		p.drop(l)
		l = nil
	}
	if l == nil && p.isInvitation(c) {
		return
	}
	if l == nil {
		if l = p.lineFor(id, c); l == nil {
			return
		}
		l.offered = offered
	}
	if l.truth.GetRev() > c.Rev {
		return
	}
	if l.moved && l.inviting && c.State == v1.CallState_CALL_STATE_ENDED && reasonOf(c.Reason) == call.AnsweredElsewhere {
		return // that is why it moves here: the server's answer to that is the news
	}
	before := l.truth
	if len(c.Sealed) > 0 && l.name == "" && !l.veiled && c.Role != v1.Role_ROLE_CALLER {
		p.unseal(l, func(k *signaling.SealKey) (signaling.Caller, error) { return k.Open(l.id, p.cfg.DeviceID, c.Sealed) })
	}
	l.learn(c)
	p.unveil(l)
	if c.RingDeadline != nil && c.State == v1.CallState_CALL_STATE_RINGING {
		p.deadline(l, when(c.RingDeadline), exact)
	}
	p.happened(l, c, caller)
	p.callerMoved(l, before)
	p.crown(l)
	p.warm(l)
}

// lineFor returns a line for a call that only the server knows, or nil if there is nothing more to do: because it was
// over long ago, or because this device had answered or dialed it in a process that died without a journal.
func (p *Phone) lineFor(id callkit.UUID, c *v1.Call) *line {
	caller := c.Role == v1.Role_ROLE_CALLER
	switch c.State {
	case v1.CallState_CALL_STATE_ENDED:
		if caller || c.RingDeadline == nil || when(c.RingDeadline).Add(tombstone).Before(p.serverNow(time.Time{})) {
			return nil
		}
		return p.newLine(id)
	case v1.CallState_CALL_STATE_RINGING:
		if caller {
			return p.leftover(c, id, call.Leftover)
		}
		l := p.newLine(id)
		if !p.offer(l, c.Caller.GetHandle(), c.Caller.GetUserId()) {
			l.state.State, l.state.Reason = call.Ended, call.Busy
			p.end(l)
		} else {
			l.woke = p.now()
		}
		return l
	case v1.CallState_CALL_STATE_ANSWERED:
		return p.leftover(c, id, call.LeftoverLive)
	}
	return nil
}

// happened turns the truth into events. Those that say what is known already do no harm; what the server must be
// told again is not said while a request is under way.
func (p *Phone) happened(l *line, c *v1.Call, caller bool) {
	over := l.state.State == call.Ended
	again := over && l.inFlight > 0
	switch c.State {
	case v1.CallState_CALL_STATE_RINGING:
		switch {
		case again:
		case caller && (c.Ringing || over): // an ended one is cancelled again
			p.tell(l, call.Event{Kind: call.RemoteRinging})
		case caller:
		case over && l.state.Reason == call.Expired && p.offer(l):
			// The device's clock was wrong: the call does ring.
			p.revive(l)
			p.tell(l, call.Event{Kind: call.Offered})
		default:
			p.tell(l, call.Event{Kind: call.Offered})
		}
	case v1.CallState_CALL_STATE_ANSWERED:
		if again {
			return
		}
		p.tell(l, call.Event{Kind: call.RemoteAnswered})
		p.tell(l, call.Event{Kind: call.RemoteHold, On: c.RemoteHeld})
	case v1.CallState_CALL_STATE_ENDED:
		p.tell(l, call.Event{Kind: call.RemoteEnded, Reason: reasonOf(c.Reason)})
		if l.inFlight == 0 {
			l.say = nothing
		}
	}
}

// revive makes a tombstone a call that nobody has heard of.
func (p *Phone) revive(l *line) {
	l.state = p.loose(l.id).state
	l.ringLeft = p.cfg.RingTimeout
	if l.forget != nil {
		l.forget.Stop()
		l.forget = nil
	}
}

// reasonOf returns the reason of the wire; the machine replaces one that makes no sense.
func reasonOf(r v1.EndReason) call.Reason {
	if r < 0 || r > v1.EndReason_END_REASON_SERVER_ENDED {
		return call.ServerEnded
	}
	return call.Reason(r)
}

// learn keeps what the server says of the other side.
func (l *line) learn(c *v1.Call) {
	l.truth = c
	l.video = c.Video
	if l.sent.IsZero() && c.CreatedAt != nil {
		l.sent = when(c.CreatedAt)
	}
	other := c.Caller
	if c.Role == v1.Role_ROLE_CALLER {
		other = c.Callee
	}
	if l.name == "" {
		l.name = other.GetName()
	}
	if l.handle.Value == nobody || l.handle.Value == "" {
		if value := other.GetHandle(); value != "" {
			l.handle = callkit.Handle{Type: signaling.HandleTypeOf(value), Value: value}
		} else if value := other.GetUserId(); value != "" {
			l.handle.Value = value
		}
	}
}
