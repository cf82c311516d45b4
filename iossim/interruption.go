package iossim

import (
	"fmt"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
)

// InterruptionKind is something other than a call that takes the sound away from apps.
type InterruptionKind string

// The kinds of interruptions.
const (
	// InterruptAlarm is an alarm or a timer. Sessions that prefer no interruptions from system alerts go on.
	InterruptAlarm InterruptionKind = "alarm"
	// InterruptSiri is the user talking to Siri: while she listens no app can activate its session.
	InterruptSiri InterruptionKind = "siri"
	// InterruptRecording is another app that begins to record. During a call it can't.
	InterruptRecording InterruptionKind = "recording"
	// InterruptPlayback is another app that begins to play and does not mix. During a call it plays with the call.
	InterruptPlayback InterruptionKind = "playback"
	// InterruptMicMuted is the built-in microphone being muted in hardware, as by an iPad's folio.
	InterruptMicMuted InterruptionKind = "micMuted"
	// InterruptRoute is the route being disconnected (iOS 17). It is not said to end.
	InterruptRoute InterruptionKind = "routeDisconnected"
)

// InterruptionKinds lists the kinds.
var InterruptionKinds = []InterruptionKind{
	InterruptAlarm, InterruptSiri, InterruptRecording, InterruptPlayback, InterruptMicMuted, InterruptRoute,
}

// worldInterruption is one of these while it lasts.
type worldInterruption struct{ kind InterruptionKind }

// callInterruption stands for all calls from the first ring to the last hang-up.
type callInterruption struct {
	full  bool // false: only a banner
	owner *app // whose call has the session
}

// Interrupt interrupts apps as the kind says, for d; zero is without an end. Calls with CallKit have a higher
// priority than anything but a microphone muted in hardware; what an alarm does to them is the knob
// alarmInterruptsCall.
func (ph *Phone) Interrupt(kind InterruptionKind, d time.Duration) error {
	known := false
	for _, k := range InterruptionKinds {
		known = known || k == kind
	}
	switch {
	case !known:
		return fmt.Errorf("iossim: %.40q interrupts nothing (want one of %v)", string(kind), InterruptionKinds)
	case d < 0:
		return fmt.Errorf("iossim: an interruption can't last %v", d)
	}
	ph.act("interruption "+string(kind)+" "+d.String(), func() { ph.interruptBy(&worldInterruption{kind}, d) })
	return nil
}

func (ph *Phone) interruptBy(w *worldInterruption, d time.Duration) {
	inCall := ph.sound.call != nil
	reason := callkit.InterruptionDefault
	switch {
	case w.kind == InterruptSiri && inCall:
		ph.log(ChanSystem, nil, "log siri does not listen during a call")
		return
	case w.kind == InterruptRecording && inCall:
		ph.log(ChanSystem, nil, "log another app can't record during a call: 561017449 insufficientPriority")
		return
	case w.kind == InterruptPlayback && inCall:
		ph.log(ChanSystem, nil, "log another app plays beside the call")
		return
	case w.kind == InterruptSiri:
		ph.sound.siri++
	case w.kind == InterruptMicMuted:
		reason = callkit.InterruptionBuiltInMicMuted
	case w.kind == InterruptRoute:
		reason = callkit.InterruptionRouteDisconnected
	}
	for _, a := range ph.apps {
		if a.proc != nil && a.proc.session.yieldsTo(w) {
			a.proc.session.interrupt(w, reason)
		}
	}
	if d == 0 {
		return
	}
	ph.after(d, func() {
		ph.log(ChanSystem, nil, "interruption %s over", w.kind)
		if w.kind == InterruptSiri {
			ph.sound.siri--
		}
		if w.kind != InterruptRoute {
			ph.resume(w)
		}
	})
}

// yieldsTo reports whether w interrupts the session.
func (s *audioSession) yieldsTo(w *worldInterruption) bool {
	if !s.active() {
		return false
	}
	ph := s.p.ph
	switch w.kind {
	case InterruptAlarm:
		if s.owns() {
			return ph.knobs.AlarmInterruptsCall
		}
		return !s.noAlerts
	case InterruptSiri:
		return !s.owns()
	case InterruptRecording, InterruptPlayback:
		return !s.owns() && !s.mixes()
	case InterruptMicMuted:
		return s.full().Input() == callkit.BuiltInMic && !s.opts().Has(callkit.OverrideMutedMicrophoneInterruption)
	case InterruptRoute:
		out := s.route()
		return !s.owns() && out != callkit.BuiltInReceiver && out != callkit.BuiltInSpeaker
	}
	return false
}

// interrupt deactivates the session and tells the app.
func (s *audioSession) interrupt(by any, reason callkit.InterruptionReason) {
	s.inactive()
	s.by = by
	s.began(reason, false)
	s.p.touch()
}

// began tells the app that its session was interrupted. The reason exists since iOS 14.5.
func (s *audioSession) began(reason callkit.InterruptionReason, suspended bool) {
	os := s.p.ph.knobs.OS
	if !os.AtLeast(14, 5) || reason == callkit.InterruptionRouteDisconnected && !os.AtLeast(17, 0) {
		reason = callkit.InterruptionDefault
	}
	text := "interruption began"
	switch {
	case suspended:
		text += " wasSuspended"
	case reason == callkit.InterruptionBuiltInMicMuted:
		text += " builtInMicMuted"
	case reason == callkit.InterruptionRouteDisconnected:
		text += " routeDisconnected"
	}
	s.interruption(text, callkit.Interruption{
		Type: callkit.InterruptionBegan, Reason: reason, WasSuspended: suspended && !os.AtLeast(14, 5),
	})
}

func (s *audioSession) ended(o callkit.InterruptionOptions) {
	text := "interruption ended"
	if o&callkit.ShouldResume != 0 {
		text += " shouldResume"
	}
	s.interruption(text, callkit.Interruption{Type: callkit.InterruptionEnded, Options: o})
	if s.p.app.cfg.AudioBackgroundMode && s.p.suspended {
		s.p.resume() // to play on
	}
}

func (s *audioSession) interruption(text string, i callkit.Interruption) {
	s.notify(text, func(o callkit.AudioObserver) {
		if whole, ok := o.(callkit.AudioInterruptionObserver); ok {
			whole.AudioInterrupted(i)
			return
		}
		o.AudioInterruption(i.Type)
	})
}

// resume tells all that by interrupted that they may go on: their sessions stay inactive until they do. Who was
// interrupted and is kept from it by a call now goes on after that.
func (ph *Phone) resume(by any) {
	for _, a := range ph.apps {
		if a.proc == nil || a.proc.session.by != by {
			continue
		}
		s := a.proc.session
		if c := ph.sound.call; c != nil && any(c) != by && !s.owns() {
			s.by = c
			continue
		}
		s.by = nil
		s.ended(callkit.ShouldResume)
	}
}

// yield interrupts whom the activation of s by its app interrupts.
func (ph *Phone) yield(s *audioSession) {
	spoken := s.opts().Has(callkit.InterruptSpokenAudioAndMixWithOthers)
	for _, a := range ph.apps {
		if a.proc == nil || a.proc.session == s {
			continue
		}
		o := a.proc.session
		hit := !s.mixes() && !o.mixes() || spoken && o.mode == callkit.SpokenAudio
		if o.own && o.active() && !o.owns() && hit {
			o.interrupt(s, callkit.InterruptionDefault)
			continue
		}
		if !s.mixes() && o.active() && ph.foreground(a) {
			o.secondary(true)
		}
	}
}

// giveBack is the deactivation of s by its app: with the option, those it interrupted are told.
func (ph *Phone) giveBack(s *audioSession, notifies bool) {
	for _, a := range ph.apps {
		if a.proc == nil || a.proc.session == s {
			continue
		}
		if o := a.proc.session; !s.mixes() && o.active() && ph.foreground(a) {
			o.secondary(false)
		} else if o.by == s && !notifies {
			o.by = nil
		}
	}
	if notifies {
		ph.resume(s)
	}
}

func (s *audioSession) secondary(begin bool) {
	text := "silenceSecondaryAudioHint end"
	if begin {
		text = "silenceSecondaryAudioHint begin"
	}
	notifyIf(s, text, func(o callkit.SecondaryAudioObserver) { o.SilenceSecondaryAudio(begin) })
}

// settleSound follows every event: calls take the sound from apps that are not on a call themselves, at once
// (forums 817976), and give it back when the last one is over; suspended apps lose their sessions.
func (ph *Phone) settleSound() {
	ph.settleSuspended()
	ph.settleMute()
	want := 0
	for _, c := range ph.calls {
		switch {
		case c.state != callRinging && c.state != callEnded:
			want = 2
		case c.ringing && (ph.locked || !ph.knobs.PrefersBanner):
			want = max(want, 2)
		case c.ringing:
			want = max(want, 1)
		}
	}
	snd := &ph.sound
	switch {
	case want == 0 && snd.call != nil:
		was := snd.call
		snd.call = nil
		ph.resume(was)
	case want > 0 && snd.call == nil:
		snd.call = &callInterruption{full: want == 2}
		ph.interruptForCall()
	case want == 2 && !snd.call.full:
		snd.call.full = true
		ph.interruptForCall()
	}
	if o := ph.audio.owner; snd.call != nil && o != nil && snd.call.owner != o.app {
		snd.call.owner = o.app
		ph.interruptForCall()
	}
}

// interruptForCall interrupts the sessions of apps that have no call, and once a call has the session, those of all
// apps but its own. A ring that is only a banner leaves those
// alone that prefer no interruptions from system alerts (AVAudioSession.h).
func (ph *Phone) interruptForCall() {
	for _, a := range ph.apps {
		if a.proc == nil {
			continue
		}
		if owner := ph.sound.call.owner; a == owner || owner == nil && len(ph.callsOf(a)) > 0 {
			continue
		}
		s := a.proc.session
		if s.own && s.active() && (ph.sound.call.full || !s.noAlerts) {
			s.interrupt(ph.sound.call, callkit.InterruptionDefault)
		}
	}
}

// settleSuspended deactivates the sessions of suspended apps. They hear of it when they go on, up to iOS 15
// (AVAudioSessionTypes.h).
func (ph *Phone) settleSuspended() {
	for _, a := range ph.apps {
		p := a.proc
		if p == nil {
			continue
		}
		switch s := p.session; {
		case p.suspended && s.own && !s.owns():
			s.inactive()
			s.owes = true
			ph.log(ChanSystem, a.tag(), "log the session of a suspended app is inactive")
			ph.giveBack(s, true)
		case !p.suspended && s.owes:
			s.owes = false
			if !ph.knobs.OS.AtLeast(16, 0) {
				s.began(callkit.InterruptionAppWasSuspended, true)
			}
		}
	}
}

// ResetMediaServices is the death of the media server: every session is inactive, until it is back nothing of
// audio works, and afterwards sessions have their defaults and audio objects have to be made anew. The session
// stays lent to its call, unless the knob mediaResetBouncesCall says otherwise.
func (ph *Phone) ResetMediaServices() {
	ph.act("media services die", func() {
		snd := &ph.sound
		if snd.lost {
			return
		}
		snd.lost = true
		for _, a := range ph.apps {
			if a.proc == nil {
				continue
			}
			s := a.proc.session
			s.inactive()
			s.by = nil
			notifyIf(s, "mediaServicesWereLost", callkit.MediaServicesObserver.MediaServicesWereLost)
		}
		if c := ph.audio.owner; c != nil && ph.knobs.MediaResetBouncesCall {
			ph.arbitrate()
		}
		ph.after(ph.knobs.MediaServicesDown, ph.mediaServicesBack)
	})
}

func (ph *Phone) mediaServicesBack() {
	ph.log(ChanSystem, nil, "media services are back")
	ph.sound.lost = false
	ph.audio.speaker = false // before the sessions look at their routes
	for _, a := range ph.apps {
		if a.proc == nil {
			continue
		}
		s := a.proc.session
		s.category, s.mode, s.options, s.policy = callkit.SoloAmbient, callkit.ModeDefault, 0, callkit.RouteSharingDefault
		s.preferred, s.overridden, s.orphaned = "", false, true
		s.sampleRate, s.ioBuffer, s.noAlerts, s.echoCancel, s.outputMuted = 0, 0, false, false, false
		if s.owns() {
			s.settled()
		}
		notifyIf(s, "mediaServicesWereReset", callkit.MediaServicesObserver.MediaServicesWereReset)
	}
	ph.arbitrate()
}
