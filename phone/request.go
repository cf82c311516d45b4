package phone

import (
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/signaling"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// say is what the server must hear about a call that is over here.
type say uint8

const (
	nothing say = iota
	sayDecline
	sayBusy
	sayCancel
	sayHangup
)

// request sends what the machine orders to be sent. What the next process must know is in the journal before the
// far end can know it.
func (p *Phone) request(l *line, e call.Effect) {
	id, device := l.id.String(), p.cfg.DeviceID
	p.reconcile() // or the journal could not be written
	switch e.Kind {
	case call.SendInvite:
		p.save()
		if l.party != nil {
			p.send(l, &v1.StartRequest{
				DeviceId: device, CallId: id, IdempotencyKey: id, Callees: l.party.callees, Video: l.video,
				CallerName: p.cfg.CallerName, CallerHandle: p.cfg.CallerHandle,
			}, false, func(r signaling.Result) { p.startedGroup(l, r) })
			return
		}
		if l.joins != "" {
			p.send(l, &v1.JoinGroupRequest{Group: l.joins, DeviceId: device, CallId: id, Video: l.video}, false, func(r signaling.Result) { p.started(l, r) })
			return
		}
		if l.moved {
			p.send(l, &v1.MoveRequest{CallId: id, DeviceId: device}, false, func(r signaling.Result) { p.started(l, r) })
			return
		}
		p.send(l, &v1.StartRequest{
			DeviceId: device, CallId: id, IdempotencyKey: id, Callee: l.callee, Video: l.video, Group: l.into,
			CallerName: p.cfg.CallerName, CallerHandle: p.cfg.CallerHandle,
		}, false, func(r signaling.Result) { p.started(l, r) })
	case call.SendRinging:
		p.save()
		p.ack(l, false, v1.Stage_STAGE_WOKE, v1.Stage_STAGE_REPORTED, v1.Stage_STAGE_RINGING)
	case call.SendAnswer:
		p.save()
		p.send(l, &v1.AnswerRequest{CallId: id, DeviceId: device}, true, func(r signaling.Result) { p.answered(l, r) })
	case call.SendDecline, call.SendBusy:
		l.say = sayDecline
		if e.Kind == call.SendBusy {
			l.say = sayBusy
		}
		p.save()
		p.send(l, &v1.DeclineRequest{
			CallId: id, DeviceId: device, Reason: v1.EndReason(e.Reason), ThisDevice: e.Kind == call.SendBusy,
		}, true, func(r signaling.Result) { p.said(l, r) })
	case call.SendCancel:
		l.say = sayCancel
		p.save()
		if l.party != nil {
			p.leave(l)
			return
		}
		if l.moved { // it may be here by now, and is nothing that could be cancelled
			p.send(l, &v1.EndRequest{CallId: id, DeviceId: device}, false, func(r signaling.Result) { p.said(l, r) })
			return
		}
		p.send(l, &v1.CancelRequest{CallId: id, DeviceId: device}, false, func(r signaling.Result) { p.said(l, r) })
	case call.SendHangup:
		l.say = sayHangup
		p.save()
		if l.party != nil {
			p.leave(l)
			return
		}
		if l.invited { // its own call, and those of whom it called in
			p.send(l, &v1.LeaveGroupRequest{Group: l.truth.GetGroup(), DeviceId: device}, false, func(r signaling.Result) { p.said(l, r) })
			return
		}
		p.send(l, &v1.EndRequest{CallId: id, DeviceId: device, Reason: v1.EndReason(e.Reason)}, false,
			func(r signaling.Result) { p.said(l, r) })
	case call.SendHold:
		if l.party != nil {
			l.party.everyLeg(true, func(leg string) { p.holdLeg(l, leg, e.On) })
			return
		}
		p.send(l, &v1.HoldRequest{CallId: id, DeviceId: device, On: e.On}, false, func(r signaling.Result) { p.heard(l, r) })
	}
}

// leave takes this phone out of a group that it began: what rings is cancelled, who answered goes on without it.
func (p *Phone) leave(l *line) {
	if l.party.leaving {
		return // several of its calls said that they are still there
	}
	l.party.leaving = true
	p.send(l, &v1.LeaveGroupRequest{Group: l.id.String(), DeviceId: p.cfg.DeviceID}, false, func(r signaling.Result) {
		l.party.leaving = false
		p.said(l, r)
	})
}

// send delivers a request about l and calls done with the answer, as do does. With token, the push's action token
// stands in for the user's; whichever is tried first, the other one is tried if the server does not take it: the
// token may be too old, the user may be logged out. The lock must be held.
func (p *Phone) send(l *line, req proto.Message, token bool, done func(signaling.Result)) {
	first, second := "", l.token
	if token {
		first, second = l.token, ""
	}
	p.sendAs(l, req, first, func(r signaling.Result) {
		if refused(r.Err) && first != second {
			p.sendAs(l, req, second, done)
			return
		}
		done(r)
	})
}

func (p *Phone) sendAs(l *line, req proto.Message, token string, done func(signaling.Result)) {
	l.inFlight++
	p.requests++
	p.balance()
	p.outside(func() {
		p.conn.Send(req, signaling.SendOptions{Token: token}, func(r signaling.Result) {
			p.post(func() {
				l.inFlight--
				p.requests--
				done(r)
			})
		})
	})
}

// refused reports whether the server did not take the token.
func refused(err error) bool {
	code := connect.CodeOf(err)
	return err != nil && (code == connect.CodeUnauthenticated || code == connect.CodePermissionDenied)
}

// final reports whether err is the server's own word, and no failure of the network.
func final(r signaling.Result) bool {
	if r.Err == nil || r.Problem != "" {
		return true
	}
	switch connect.CodeOf(r.Err) {
	case connect.CodeNotFound, connect.CodeFailedPrecondition, connect.CodeInvalidArgument, connect.CodeAlreadyExists,
		connect.CodePermissionDenied, connect.CodeUnauthenticated, connect.CodeUnimplemented, connect.CodeOutOfRange:
		return true
	}
	return false
}

// heard takes what every answer of the server says. It reports whether the request was done.
func (p *Phone) heard(l *line, r signaling.Result) bool {
	if r.NextCallID != "" {
		p.setNextCallID(r.NextCallID)
	}
	if r.Call != nil {
		p.truth(r.Call, false)
	}
	if r.Err == nil {
		return true
	}
	p.log.Warn("the server did not do it", "call", l.id, "problem", r.Problem, "err", r.Err)
	if l.state.Live() && r.Problem != "" {
		if reason, err := call.ParseReason(r.Problem); err == nil && reason != call.NotEnded {
			p.tell(l, call.Event{Kind: call.RemoteEnded, Reason: reason})
		} else if r.Problem == "unknown_call" {
			p.tell(l, call.Event{Kind: call.Unknown})
		} else if r.Problem == "already_ended" {
			p.tell(l, call.Event{Kind: call.RemoteEnded, Reason: call.ServerEnded})
		}
	}
	return false
}

// started takes the answer to Start.
func (p *Phone) started(l *line, r signaling.Result) {
	l.inviting = false
	if p.heard(l, r) || !l.state.Live() {
		return
	}
	reason := call.ServerEnded
	if !final(r) {
		// The server may have it all the same: it is told when it can be reached.
		reason = call.Unreachable
		p.order(l, call.Effect{Kind: call.SendCancel})
	}
	p.tell(l, call.Event{Kind: call.RemoteEnded, Reason: reason})
}

// answered takes the answer to Answer. Losing the race is no fault: the result says who won.
func (p *Phone) answered(l *line, r signaling.Result) {
	if p.heard(l, r) {
		p.tell(l, call.Event{Kind: call.RemoteAnswered})
		return
	}
	if !l.state.Live() {
		return
	}
	reason := call.ServerEnded
	if !final(r) || refused(r.Err) {
		reason = call.Unreachable
		p.order(l, call.Effect{Kind: call.SendHangup, Reason: call.MediaFailed})
	}
	p.tell(l, call.Event{Kind: call.RemoteEnded, Reason: reason})
}

// said takes the answer to what was said about a call that is over here. A request that the network swallowed
// stays to be said: by the next Hello, or by the next process.
func (p *Phone) said(l *line, r signaling.Result) {
	p.heard(l, r)
	if final(r) {
		l.say = nothing
	}
}

// inquire asks the server about a call. It tells the truth, or that it knows no such call.
func (p *Phone) inquire(l *line) {
	p.send(l, &v1.AckRequest{CallId: l.id.String(), DeviceId: p.cfg.DeviceID}, true, func(r signaling.Result) {
		if r.Problem == "unknown_call" {
			l.say = nothing // nobody is left to hear it
		}
		p.heard(l, r)
	})
}

// ack sends marks for the ledger that were not sent yet. Without bestEffort it is what tells the caller that it
// rings here, and is tried until it is through.
func (p *Phone) ack(l *line, bestEffort bool, stages ...v1.Stage) {
	now := p.now()
	req := &v1.AckRequest{CallId: l.id.String(), DeviceId: p.cfg.DeviceID}
	for _, stage := range stages {
		at := now
		switch stage {
		case v1.Stage_STAGE_WOKE:
			at = l.woke
		case v1.Stage_STAGE_REPORTED:
			at = l.reported
		}
		if l.marked[stage] || at.IsZero() {
			continue
		}
		l.marked[stage] = true
		req.Marks = append(req.Marks, &v1.Mark{Stage: stage, At: timestamppb.New(at)})
		p.mark(l.id, stage, at)
	}
	switch {
	case len(req.Marks) == 0:
	case l.party != nil:
		l.party.everyLeg(false, func(leg string) {
			one := &v1.AckRequest{CallId: leg, DeviceId: p.cfg.DeviceID, Marks: req.Marks}
			p.outside(func() { p.conn.Send(one, signaling.SendOptions{BestEffort: true}, nil) })
		})
	case bestEffort:
		token := l.token
		p.outside(func() {
			p.conn.Send(req, signaling.SendOptions{Token: token, BestEffort: true}, nil)
		})
	default:
		p.send(l, req, true, func(r signaling.Result) { p.heard(l, r) })
	}
}

func (p *Phone) mark(id callkit.UUID, stage v1.Stage, at time.Time) {
	if p.cfg.OnMark != nil {
		p.outside(func() { p.cfg.OnMark(Mark{id, stage, at}) })
	}
}
