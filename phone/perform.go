package phone

import (
	"slices"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/phone/switchboard"
)

// performStart begins an outgoing call that Start asked for.
func (p *Phone) performStart(a *callkit.StartCallAction) {
	req, ok := p.starting[a.CallUUID] // the switchboard has a seat for it
	if !ok {
		p.log.Warn("the system started a call that the app did not ask for", "call", a.CallUUID)
		p.outside(a.Fail)
		return
	}
	delete(p.starting, a.CallUUID)
	p.setCategory(req.Video)
	if l := p.find(a.CallUUID); l != nil {
		p.drop(l) // a call that moves here has rung here, and its tombstone is no more true
	}
	l := p.newLine(a.CallUUID)
	l.callee, l.name, l.handle, l.video, l.inviting, l.moved = req.Callee, req.Name, req.Handle, req.Video, true, req.move
	l.joins, l.into = req.join, req.Group
	if req.callees != nil {
		l.party = &party{callees: req.callees}
	}
	p.sit(l, req.seat)
	p.perform(l, call.Event{Kind: call.Perform, Action: call.StartAction}, a)
}

// performAnswer takes a call. The action is kept or fulfilled as the policy says.
func (p *Phone) performAnswer(a *callkit.AnswerCallAction) {
	p.reconcile()
	l := p.find(a.CallUUID)
	if l == nil {
		l = p.loose(a.CallUUID)
	} else if l.state.Live() {
		p.setCategory(l.video)
	}
	p.perform(l, call.Event{Kind: call.Perform, Action: call.AnswerAction}, a)
}

// performEnd declines, cancels or hangs up. If the ring's deadline passed while the process slept, it is the
// system's own time-out that ends the call, and no decline.
func (p *Phone) performEnd(a *callkit.EndCallAction) {
	p.reconcile()
	l := p.find(a.CallUUID)
	if l == nil {
		l = p.loose(a.CallUUID)
	} else if p.overslept(l) {
		p.tell(l, call.Event{Kind: call.RingTimeout})
	}
	p.perform(l, call.Event{Kind: call.Perform, Action: call.EndAction}, a)
}

// performOther performs hold, mute and DTMF.
func (p *Phone) performOther(e call.Event, a callkit.Action) {
	l := p.find(a.Call())
	if l == nil {
		l = p.loose(a.Call())
	}
	if e.Action == call.HoldAction {
		p.observe() // whom it is held for
	}
	p.perform(l, e, a)
}

// timedOut hears that the system failed an action by itself; a must not be settled any more.
func (p *Phone) timedOut(a callkit.Action) {
	l := p.find(a.Call())
	if l == nil {
		p.neverStarted(a.Call())
		return
	}
	e := call.Event{Kind: call.TimedOut}
	switch a.(type) {
	case *callkit.StartCallAction:
		e.Action = call.StartAction
	case *callkit.AnswerCallAction:
		e.Action = call.AnswerAction
	case *callkit.EndCallAction:
		e.Action = call.EndAction
	case *callkit.SetHeldCallAction:
		e.Action = call.HoldAction
		p.holdFailed(l)
	case *callkit.SetMutedCallAction:
		e.Action = call.MuteAction
	case *callkit.PlayDTMFCallAction:
		e.Action = call.DTMFAction
	}
	p.tell(l, e)
}

// holdFailed hears that the system did not hold a call after all.
func (p *Phone) holdFailed(l *line) {
	if l.seat != switchboard.None {
		p.tellBoard(switchboard.Event{Kind: switchboard.HoldFailed, Line: l.seat, With: switchboard.None})
	}
}

// setCategory prepares the audio session for the system to activate. It is done while an action is performed, never
// earlier, and never activates (Apple: Responding to audio session activation).
func (p *Phone) setCategory(video bool) {
	mode := callkit.VoiceChat
	if video {
		mode = callkit.VideoChat
	}
	p.outside(func() {
		if err := p.sys.AudioSession().SetCategory(callkit.PlayAndRecord, mode, callkit.AllowBluetoothHFP); err != nil {
			p.log.Error("setting the audio category", "err", err)
		}
	})
}

// setAudio hears that the system lends the audio session, or takes it back. It does not say for which call: the
// switchboard does.
func (p *Phone) setAudio(on bool) {
	kind := switchboard.AudioOff
	if on {
		kind = switchboard.AudioOn
	}
	p.tellBoard(switchboard.Event{Kind: kind, Line: switchboard.None})
}

// reset hears that the call service died: every call and every action is void (Apple: providerDidReset).
func (p *Phone) reset() {
	p.tellBoard(switchboard.Event{Kind: switchboard.Reset, Line: switchboard.None})
	p.seats = [switchboard.Lines]*line{}
	clear(p.starting)
	for _, l := range p.lines {
		l.seat, l.group = switchboard.None, 0
		p.tell(l, call.Event{Kind: call.SystemReset})
	}
}

// performGroup groups two calls, or takes one out of its group, if media can mix them.
func (p *Phone) performGroup(a *callkit.SetGroupCallAction) {
	l, with := p.find(a.CallUUID), p.find(a.GroupWith)
	if l == nil || l.seat == switchboard.None || !a.GroupWith.IsZero() && (with == nil || with.seat == switchboard.None) {
		p.log.Warn("the system groups calls that are not both here", "call", a.CallUUID, "with", a.GroupWith)
		p.outside(a.Fail)
		return
	}
	e := switchboard.Event{Kind: switchboard.Grouped, Line: l.seat, With: switchboard.None}
	if with != nil {
		e.With = with.seat
	}
	effects := p.board1(e)
	ok := slices.ContainsFunc(effects, func(f switchboard.Effect) bool { return f.Kind == switchboard.FulfillGroup })
	if !ok && !p.board.Policy.Mixes {
		p.log.Warn("calls can't be grouped here: the media factory is no media.Mixer", "call", a.CallUUID)
	}
	p.then(func() { p.settle(a, ok) })
	p.outbox = append(p.outbox, p.follow(effects)...)
}
