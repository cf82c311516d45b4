package iossim

import (
	"time"

	"github.com/ringtrip/ringtrip/callkit"
)

// The words of Apple's logs, so that who searches for them finds the simulation too.
const (
	exceptionCheck1 = "NSInternalInconsistencyException 'Killing app because it never posted an incoming call to the system after receiving a PushKit VoIP push.'"
	logDelivering   = "Delivering 1 VoIP payload(s) to application"
	logMustPost     = "Apps receiving VoIP pushes must post an incoming call via CallKit in the same run loop as pushRegistry:didReceiveIncomingPushWithPayload:forType:[withCompletionHandler:] without delay."
	logKilling      = "Killing VoIP app because it failed to post an incoming call in time."
	codeCheck2      = "0xBAADCA11"
)

// push is one VoIP push on its way from the push service to the app.
type push struct {
	payload    []byte
	mustReport bool
	reported   bool // a report reached the call service since it came
	handed     bool // given to the app
	inherited  bool // another one before it, of the same process, had not been reported when it was given to the app
	check2     *event
}

// receive is a VoIP push that has come to the phone.
func (ph *Phone) receive(bundleID string, payload []byte, info pushInfo) {
	age := ph.w.now.Sub(info.sent)
	a := ph.find(bundleID)
	if a == nil {
		ph.log(ChanNet, nil, "voipPush %s: no such app", bundleID)
		return
	}
	ph.log(ChanNet, a.tag(), "voipPush %d bytes age=%v", len(payload), age)
	drop := func(why string) {
		ph.log(ChanSystem, a.tag(), "log push dropped: %s", why)
		ph.notice("%s: push dropped: %s", a.cfg.Name, why)
	}
	switch {
	case ph.off:
		drop("the phone is off")
		return
	case a.cfg.NoVoIPBackgroundMode:
		drop("UIBackgroundModes lacks voip")
		return
	case ph.knobs.StrikesUntilBlock > 0 && a.strikes >= ph.knobs.StrikesUntilBlock:
		drop("blocked after repeated failures to report a call; reinstall the app")
		ph.dialog(a, "“%s” is not getting VoIP pushes any more: it did not report a call %d times. Reinstall it.", a.cfg.Name, a.strikes)
		return
	case a.swiped && !ph.knobs.LaunchAfterUserKill:
		drop("the user force-quit the app")
		return
	}
	if !ph.unlocked1 && !ph.knobs.LaunchBeforeUnlock {
		ph.log(ChanSystem, a.tag(), "log push waits for the first unlock")
		ph.firstUnlock = append(ph.firstUnlock, func() { ph.receive(bundleID, payload, info) })
		return
	}
	pu := &push{payload: payload, mustReport: ph.mustReport(a, age)}
	ph.log(ChanSystem, a.tag(), "log %s", logDelivering)
	p := a.launch(callkit.LaunchOptions{Background: true}, "VoIP push")
	p.holdingPush = p.w.now.Add(ph.knobs.PushRunTime)
	a.pushes = append(a.pushes, pu)
	if pu.mustReport {
		pu.check2 = ph.after(ph.knobs.ReportCheck2, func() { a.check2(p, pu) })
	}
	a.flushPushes()
}

// mustReport is the call service's view when the push arrives (PKVoIPPushMetadata).
func (ph *Phone) mustReport(a *app, age time.Duration) bool {
	if a.proc != nil && ph.foreground(a) {
		return false
	}
	for _, c := range ph.callsOf(a) {
		if c.state != callRinging || ph.knobs.OnCallCounts == "any" {
			return false
		}
	}
	return !(ph.has(featureMustReport) && age >= ph.knobs.StaleAfter)
}

// flushPushes hands waiting pushes to the app's registry as soon as it has one that can take them.
func (a *app) flushPushes() {
	p := a.proc
	if p == nil {
		return
	}
	var r *registry
	for _, have := range p.registries {
		if have.delegate != nil && have.wantsVoIP() {
			r = have // the newest wins
		}
	}
	if r == nil {
		return
	}
	for _, pu := range a.pushes {
		if !pu.handed {
			pu.handed = true
			p.hand(r, pu)
		}
	}
}

// hand calls the registry's delegate, and applies check 1 when it has returned.
func (p *Process) hand(r *registry, pu *push) {
	newer := p.ph.has(featureMustReport)
	payload := callkit.PushPayload{Type: callkit.PushTypeVoIP, Dictionary: pu.payload}
	var d callkit.PushRegistryDelegate
	p.post(item{
		queue: r.queue,
		wakes: true,
		log: func() {
			d = r.delegate
			pu.inherited = p.unhandled > 0
			if pu.mustReport {
				p.unhandled++
			}
			if newer {
				p.ph.log(ChanRegistry, p.tag(), "didReceive mustReport=%v", pu.mustReport)
			} else {
				p.ph.log(ChanRegistry, p.tag(), "didReceive")
			}
		},
		run: func() {
			once := false
			completion := func() {
				if !once {
					once = true
					p.send("pushCompletion", p.releasePush)
				}
			}
			v, ok := d.(callkit.VoIPPushDelegate)
			switch {
			case ok && newer:
				v.DidReceiveIncomingVoIPPush(r, payload, callkit.VoIPPushMetadata{MustReport: pu.mustReport}, completion)
			case d != nil:
				d.DidReceiveIncomingPush(r, payload, payload.Type, completion)
			}
		},
		then: func() {
			if !pu.mustReport {
				p.app.forget(pu)
			} else if p.unhandled > 0 && (pu.inherited || p.ph.knobs.Check1Surfaces == "same") {
				p.app.strike(p, "push not reported, check 1", func() {
					p.ph.log(ChanSystem, p.tag(), "log %s", logMustPost)
					p.ph.log(ChanSystem, p.tag(), "exception %s", exceptionCheck1)
				})
			}
		},
	})
}

// reported tells the checks that the process reported a call, whatever became of the report.
func (p *Process) reported() {
	for _, pu := range p.app.pushes {
		pu.reported = true
	}
	for _, pu := range append([]*push(nil), p.app.pushes...) {
		if pu.handed && pu.reported {
			p.app.forget(pu)
		}
	}
}

// check2 is the call service's own check, some seconds after it handed over the push.
func (a *app) check2(p *Process, pu *push) {
	if p.dead || pu.reported {
		a.forget(pu)
		return
	}
	a.strike(p, "push not reported, check 2 ("+codeCheck2+")", func() {
		a.ph.log(ChanSystem, a.tag(), "log %s", logKilling)
	})
}

// strike kills the app for a push that it did not report.
func (a *app) strike(p *Process, why string, words func()) {
	words()
	a.kill(why)
	a.strikes++
	a.ph.log(ChanSystem, a.tag(), "strikes %d", a.strikes)
	a.ph.notice("killed: %s", why)
	a.ph.dialog(a, "“%s” did not report an incoming call after a VoIP push (%d of %d before its pushes are blocked).", a.cfg.Name, a.strikes, a.ph.knobs.StrikesUntilBlock)
}

func (a *app) forget(pu *push) {
	pu.check2.cancel()
	for i, have := range a.pushes {
		if have == pu {
			a.pushes = append(a.pushes[:i:i], a.pushes[i+1:]...)
			return
		}
	}
}
