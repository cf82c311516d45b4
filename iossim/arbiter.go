package iossim

import (
	"github.com/ringtrip/ringtrip/callkit"
)

// arbiter decides which call has the phone's microphone and speaker.
type arbiter struct {
	ph      *Phone
	owner   *call
	pending *event // an activation under way
	next    *call  // whose
	speaker bool   // the override of the speaker button
}

// wantsAudio reports whether the session belongs to c as far as c itself is concerned.
func (c *call) wantsAudio() bool {
	return c.state != callEnded && c.audioReady && !c.held && !c.audioVoid && (c.app.builtin || c.app.proc != nil) &&
		(!c.ph.sound.lost || c.ph.audio.owner == c && !c.ph.knobs.MediaResetBouncesCall)
}

// claimant is the call that should have the session, or nil: the one that has it, as long as it may; else a
// connected one before one that is being set up, and the one that was turned to last.
func (ph *Phone) claimant() *call {
	if o := ph.audio.owner; o != nil && o.wantsAudio() {
		return o
	}
	var best *call
	for _, c := range ph.calls {
		if c.wantsAudio() && (best == nil || c.wasUp && !best.wasUp || c.wasUp == best.wasUp && c.engaged > best.engaged) {
			best = c
		}
	}
	return best
}

// heir is the call of the same app that gets the session without a word when was, which had it, has ended: only
// with the knob audioBounceOnEndAccept off.
func (ph *Phone) heir(was, want *call) *call {
	switch {
	case ph.knobs.AudioBounceOnEndAccept || was.state != callEnded || was.app.builtin || was.app.proc == nil:
		return nil
	case want != nil && want.app == was.app:
		return want
	case want != nil:
		return nil
	}
	for _, c := range ph.calls {
		if c.app == was.app && c.state == callAnswering && !c.held {
			return c
		}
	}
	return nil
}

// arbitrate lends the session to the call that should have it, and takes it back from the one that has it.
func (ph *Phone) arbitrate() {
	a := &ph.audio
	a.ph = ph
	want := ph.claimant()
	if a.owner != nil && a.owner != want {
		c := a.owner
		if h := ph.heir(c, want); h != nil {
			ph.log(ChanSystem, c.app.tag(), "log audio session stays active for %s after %s (knob audioBounceOnEndAccept)", h.id, c.id)
			a.owner, h.audioReady = h, true
			return
		}
		a.release()
		ph.log(ChanSystem, c.app.tag(), "audioDeactivate %s", c.id)
		c.app.tellAudio("didDeactivate", callkit.AudioDelegate.DidDeactivateAudioSession)
	}
	if a.next != want {
		a.pending.cancel()
		a.pending, a.next = nil, nil
	}
	if want == nil || a.owner == want || a.next == want {
		return
	}
	a.next = want
	a.pending = ph.after(ph.knobs.AudioDelay, func() {
		a.pending, a.next = nil, nil
		if want.wantsAudio() && a.owner == nil {
			a.activate(want)
		}
	})
}

func (a *arbiter) activate(c *call) {
	a.owner = c
	ph := c.ph
	if c.app.builtin {
		ph.log(ChanSystem, c.app.tag(), "audioActivate %s route=%s", c.id, a.route())
		return
	}
	s := c.app.proc.session
	s.accused, s.by = false, nil
	s.settled()
	ph.log(ChanSystem, c.app.tag(), "audioActivate %s category=%s mode=%s route=%s", c.id, s.category, s.mode, a.route())
	if s.category != callkit.PlayAndRecord {
		ph.log(ChanSystem, c.app.tag(), "log warning: category is %s, not PlayAndRecord: no microphone", s.category)
	}
	if s.own {
		if ph.knobs.OwnActivateKillsHeadset {
			ph.log(ChanSystem, c.app.tag(), "log headset buttons are dead: the app called setActive(true) itself")
		}
		skip := ph.knobs.SkipActivateIfActive == "always" ||
			ph.knobs.SkipActivateIfActive == "random" && ph.w.rng.IntN(2) == 0
		if skip {
			ph.log(ChanSystem, c.app.tag(), "log didActivate skipped: the app called setActive(true) itself")
			return
		}
	}
	c.app.tellAudio("didActivate", callkit.AudioDelegate.DidActivateAudioSession)
}

// release takes the session from its call without telling anybody.
func (a *arbiter) release() {
	if a.owner != nil {
		a.owner.ph.sound.chosen = ""
		if p := a.owner.app.proc; p != nil {
			p.session.inactive()
			p.session.by = nil
		}
	}
	a.owner, a.speaker = nil, false
}

// interrupt is what other parts of the app hear before a held call loses the session.
func (a *arbiter) interrupt(c *call) {
	if a.owner != nil && a.owner.with(c) && c.app.proc != nil {
		c.app.proc.session.began(callkit.InterruptionDefault, false)
	}
}

func (a *app) tellAudio(text string, f func(callkit.AudioDelegate, callkit.Provider, callkit.AudioSession)) {
	pr := a.provider()
	if pr == nil {
		return
	}
	d, ok := pr.delegate.(callkit.AudioDelegate)
	if !ok || !callkit.Counts(d, "DidActivateAudioSession") {
		return
	}
	pr.p.post(item{
		queue: pr.queue,
		wakes: true,
		skip:  func() bool { return pr.delegate == nil },
		log: func() {
			pr.p.session.lent = text == "didActivate"
			pr.p.ph.log(ChanProvider, pr.p.tag(), "%s", text)
		},
		run: func() { f(d, pr, pr.p.session) },
	})
}

// route is the output in use.
func (a *arbiter) route() callkit.AudioPort {
	return a.ph.session().route()
}

// priorityLost reports whether an app may not activate its session: another app's call has it, or its own
// call is on hold (forums 715488: the session is not given back by asking).
func (ph *Phone) priorityLost(a *app) bool {
	if o := ph.audio.owner; o != nil && o.app == a {
		return false
	}
	for _, c := range ph.calls {
		if c.app != a && !c.held && (c.audioReady || c.state == callConnected) || c.app == a && c.held {
			return true
		}
	}
	return false
}

// override switches the loudspeaker on or back.
func (a *arbiter) override(speaker bool) {
	if a.speaker == speaker || a.owner == nil || a.owner.app.proc == nil && !a.owner.app.builtin {
		return
	}
	a.speaker = speaker
	if a.owner.app.builtin {
		return
	}
	a.owner.app.proc.session.reroute(callkit.Override)
}

// AudioActiveFor reports whether an app may record and play for a call right now: its call has the session.
// A media layer that stands in for a microphone asks before it sends. A no is put in the log as a violation,
// once until the session is lent again, for on an iPhone the audio unit would not have started; but not while the app
// can't know better, see [Phone.AudioLentTo].
func (ph *Phone) AudioActiveFor(bundleID string) bool {
	ph.w.mu.Lock()
	defer ph.w.mu.Unlock()
	ph.w.tick()
	a := ph.find(bundleID)
	if a == nil || a.proc == nil {
		return false
	}
	s := a.proc.session
	if s.owns() && s.active() && !s.orphaned {
		return true
	}
	if !a.proc.session.accused && !a.proc.session.lent && !ph.w.closed {
		a.proc.session.accused = true
		ph.log(ChanSystem, a.tag(), "log violation: audio used while the session is not lent to the app")
	}
	return false
}

// AudioLentTo reports whether an app must believe that it has the session: didActivate has reached it, and
// didDeactivate has not. For a moment that is so after the session was taken back, as when a call is held and resumed
// at once: audio that is started then stays silent, which is no fault of the app's.
func (ph *Phone) AudioLentTo(bundleID string) bool {
	ph.w.mu.Lock()
	defer ph.w.mu.Unlock()
	a := ph.find(bundleID)
	return a != nil && a.proc != nil && a.proc.session.lent
}
