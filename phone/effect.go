package phone

import (
	"time"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/callkit"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// carryOut does what one effect says. The lock must be held; it is given up while others' code runs.
func (p *Phone) carryOut(it item) {
	l := it.line
	switch it.effect.Kind {
	case call.ReportIncoming:
		p.reportIncoming(l)
	case call.ReportEnded:
		p.reportEnded(l, it.effect.Reason)
	case call.ReportConnecting:
		p.reportConnecting(l)
	case call.ReportConnected:
		now := p.now()
		p.outside(func() { p.provider.ReportOutgoingCallConnected(l.id, now) })
	case call.Fulfill:
		p.fulfilAnswer(l, it.action)
	case call.Fail:
		p.settle(it.action, false)
	case call.FulfillPending, call.FailPending:
		kept := l.kept
		l.kept = nil
		if it.effect.Kind == call.FulfillPending {
			p.fulfilAnswer(l, kept)
		} else {
			p.settle(kept, false)
		}
	case call.SendInvite, call.SendRinging, call.SendAnswer, call.SendDecline, call.SendBusy, call.SendCancel,
		call.SendHangup, call.SendHold:
		p.request(l, it.effect)
	case call.WarmMedia:
		l.warm = true
		p.warm(l)
	case call.StartAudio:
		l.audio = true
		p.startAudio(l)
	case call.StopAudio:
		l.audio = false
		p.everySession(l, func(s *session) { s.StopAudio() })
	case call.MuteMedia:
		p.everySession(l, func(s *session) { s.SetMuted(it.effect.On) })
	case call.HoldMedia:
		p.everySession(l, func(s *session) { s.SetHeld(it.effect.On) })
	case call.PlayDTMF:
		p.playDTMF(l, it.action)
	case call.CloseMedia:
		l.warm = false
		p.closeSessions(l, nil)
	case call.StartTimer:
		p.startTimer(l, it.effect.Timer)
	case call.StopTimer:
		l.stopTimer(it.effect.Timer)
	default:
		p.log.Error("the machine ordered what the engine does not know", "call", l.id, "effect", it.effect)
	}
}

// settle fulfils or fails an action; nil is none.
func (p *Phone) settle(a callkit.Action, ok bool) {
	if a == nil {
		return
	}
	now := p.now()
	p.outside(func() {
		switch {
		case !ok:
			a.Fail()
		default:
			a.FulfillAt(now)
		}
	})
}

// reportIncoming shows a call. It must never wait for anything.
func (p *Phone) reportIncoming(l *line) {
	p.reports++
	u := callkit.Update{
		RemoteHandle:       &callkit.Handle{Type: l.handle.Type, Value: l.handle.Value},
		SupportsHolding:    new(true),
		SupportsDTMF:       new(true),
		SupportsGrouping:   new(p.board.Policy.Mixes),
		SupportsUngrouping: new(p.board.Policy.Mixes),
		HasVideo:           new(l.video),
	}
	if l.name != "" {
		u.LocalizedCallerName = new(l.name)
	}
	p.outside(func() {
		p.provider.ReportNewIncomingCall(l.id, u, func(err error) { p.do(func() { p.wasReported(l, err) }) })
	})
}

// wasReported hears the system's word on a report.
func (p *Phone) wasReported(l *line, err error) {
	reason, shown := refusal(err, p.live(l) != nil)
	if l.reported.IsZero() {
		l.reported = p.now()
	}
	if shown {
		p.tell(l, call.Event{Kind: call.Reported})
	} else {
		p.log.Info("the system does not show the call", "call", l.id, "why", err)
		p.tell(l, call.Event{Kind: call.Refused, Reason: reason})
		p.then(func() { p.ack(l, true, v1.Stage_STAGE_WOKE, v1.Stage_STAGE_REPORTED) })
	}
	done := l.pushed
	l.pushed = nil
	p.outside(func() {
		for _, completion := range done {
			completion()
		}
	})
}

// reportEnded takes a call off the screen. A call that had ended before it was shown again gets its true date, for
// the system shows less of an end that lies in the past.
func (p *Phone) reportEnded(l *line, why call.Reason) {
	at := time.Time{} // now
	if l.ended.Before(p.now()) {
		at = l.ended
	}
	p.outside(func() { p.provider.ReportCallEnded(l.id, at, EndedReason(why, l.state.Outgoing)) })
}

// reportConnecting tells the system that an outgoing call is on its way, and what it can do: an outgoing call that
// does not say so can't be held for another.
func (p *Phone) reportConnecting(l *line) {
	u := callkit.Update{
		SupportsHolding:    new(true),
		SupportsDTMF:       new(true),
		SupportsGrouping:   new(p.board.Policy.Mixes),
		SupportsUngrouping: new(p.board.Policy.Mixes),
		HasVideo:           new(l.video),
	}
	if l.name != "" {
		u.LocalizedCallerName = new(l.name)
	}
	now := p.now()
	p.outside(func() {
		p.provider.ReportOutgoingCallStartedConnecting(l.id, now)
		p.provider.ReportCallUpdated(l.id, u)
	})
}

// A Mark is one entry for the ledger: how far a call has come on this device.
type Mark struct {
	CallID callkit.UUID
	Stage  v1.Stage
	At     time.Time // the device's clock
}
