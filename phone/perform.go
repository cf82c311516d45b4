package phone

import (
	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/callkit"
)

// performStart begins an outgoing call that Start asked for.
func (p *Phone) performStart(a *callkit.StartCallAction) {
	req, ok := p.starting[a.CallUUID]
	if !ok {
		p.log.Warn("the system started a call that the app did not ask for", "call", a.CallUUID)
		p.outside(a.Fail)
		return
	}
	delete(p.starting, a.CallUUID)
	p.setCategory(req.Video)
	l := p.newLine(a.CallUUID)
	l.callee, l.name, l.handle, l.video, l.inviting = req.Callee, req.Name, req.Handle, req.Video, true
	p.perform(l, call.Event{Kind: call.Perform, Action: call.StartAction}, a)
	p.lend(l)
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
	p.perform(l, e, a)
	if e.Action == call.HoldAction {
		l.resume = false
	}
}

// timedOut hears that the system failed an action by itself; a must not be settled any more.
func (p *Phone) timedOut(a callkit.Action) {
	l := p.find(a.Call())
	if l == nil {
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
	case *callkit.SetMutedCallAction:
		e.Action = call.MuteAction
	case *callkit.PlayDTMFCallAction:
		e.Action = call.DTMFAction
	}
	p.tell(l, e)
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

// setAudio hears that the system lends the audio session, or takes it back.
func (p *Phone) setAudio(on bool) {
	p.audio = on
	for _, l := range p.lines {
		if l.state.Live() {
			p.tell(l, audioEvent(on))
		}
	}
}

// lend tells a new line that the system lends the audio session already.
func (p *Phone) lend(l *line) {
	if p.audio {
		p.tell(l, audioEvent(true))
	}
}

func audioEvent(on bool) call.Event {
	if on {
		return call.Event{Kind: call.AudioOn}
	}
	return call.Event{Kind: call.AudioOff}
}

// reset hears that the call service died: every call and every action is void (Apple: providerDidReset).
func (p *Phone) reset() {
	p.audio = false
	clear(p.starting)
	for _, l := range p.lines {
		p.tell(l, call.Event{Kind: call.SystemReset})
	}
}

// callChanged watches the calls of other apps: when the last of them ends, the system leaves ours on hold and says
// nothing (Apple Developer Forums, thread 715488), so the app's screen offers to resume.
func (p *Phone) callChanged(changed callkit.Call) {
	if !changed.HasEnded || p.find(changed.UUID) != nil {
		return
	}
	l := p.live(nil)
	if l == nil || !l.state.Held {
		return
	}
	var calls []callkit.Call
	p.outside(func() { calls = p.observer.Calls() })
	for _, c := range calls {
		if !c.HasEnded && c.UUID != changed.UUID && p.find(c.UUID) == nil {
			return
		}
	}
	l.resume = l.state.Held
}
