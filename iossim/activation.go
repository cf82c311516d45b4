package iossim

import (
	"github.com/ringtrip/ringtrip/callkit"
)

// SetActive is part of [callkit.AudioSession].
func (s *audioSession) SetActive(on bool) error { return s.SetActiveWithOptions(on, 0) }

// SetActiveWithOptions is part of [callkit.AudioActivation].
func (s *audioSession) SetActiveWithOptions(on bool, o callkit.SetActiveOptions) error {
	s.p.w.mu.Lock()
	defer s.p.w.mu.Unlock()
	return s.setActive(on, o)
}

// Activate is part of [callkit.AudioActivation].
func (s *audioSession) Activate(_ callkit.ActivationOptions, completion func(bool, error)) {
	s.p.w.mu.Lock()
	defer s.p.w.mu.Unlock()
	err := s.setActive(true, 0)
	s.p.sendLocked("", func() {
		s.p.post(item{
			log: s.p.say(ChanLife, "activate completion %s", activated(err)),
			run: func() {
				if completion != nil {
					completion(err == nil, err)
				}
			},
		})
	})
}

func activated(err error) string {
	if e, ok := err.(*callkit.Error); ok {
		return callkit.AudioErrorName(e.Code)
	}
	return "nil"
}

func (s *audioSession) setActive(on bool, o callkit.SetActiveOptions) error {
	p, ph := s.p, s.p.ph
	text := "setActive false"
	if on {
		text = "setActive true"
	}
	if p.dead {
		return nil
	}
	if p.suspended { // a thread that goes on here would stand still on a phone
		p.frozen = append(p.frozen, func() { _ = s.setActive(on, o) })
		return nil
	}
	if code, why := s.mayActivate(); on && code != 0 {
		return s.fail(text, code, why)
	}
	var err error
	busy := !on && s.playing
	if busy {
		err = callkit.AudioError(callkit.AudioIsBusy, "audio was running; it was stopped, and the session is inactive")
		text += " failed: 560030580 isBusy"
	}
	if on {
		s.by, s.own = nil, true
	} else {
		s.inactive()
	}
	owns := s.owns()
	notifies := !on && o&callkit.NotifyOthersOnDeactivation != 0
	if notifies {
		text += " notifyOthersOnDeactivation"
	}
	p.sendLocked(text, func() {
		if len(ph.callsOf(p.app)) > 0 {
			// Responding to audio session activation: CallKit activates (forums 761549, 758386).
			ph.log(ChanSystem, p.tag(), "log violation: setActive during a call; CallKit owns activation")
		}
		switch {
		case on && owns:
			s.fallBack()
		case on:
			s.settled()
			s.inputMuteActive()
			ph.yield(s)
		case owns && s.owns():
			ph.log(ChanSystem, p.tag(), "audioDeactivate %s (by the app's own hand)", ph.audio.owner.id)
			ph.audio.owner.audioVoid = true
			ph.audio.release()
		default:
			s.overridden = false
			ph.giveBack(s, notifies)
			p.touch()
		}
	})
	return err
}

// mayActivate says with what error the app's own activation fails now, 0 if it does not.
func (s *audioSession) mayActivate() (code int, why string) {
	p, ph := s.p, s.p.ph
	records, mixes := s.category.Records(), s.mixes()
	switch {
	case ph.sound.lost:
		return callkit.AudioMediaServicesFailed, "the media services died and are not back yet"
	case records && ph.priorityLost(p.app):
		return callkit.AudioInsufficientPriority, "insufficient priority: a call has the session"
	case ph.sound.siri > 0:
		return callkit.AudioSiriIsRecording, "Siri is recording"
	case ph.foreground(p.app) || len(ph.callsOf(p.app)) > 0 || !p.launched:
		return 0, ""
	case records:
		return callkit.AudioCannotStartRecording, "an app in the background can't begin to record"
	case !p.app.cfg.AudioBackgroundMode:
		return callkit.AudioCannotStartPlaying, "the app is in the background and UIBackgroundModes lacks audio"
	case !mixes && ph.othersSound(s):
		return callkit.AudioCannotInterruptOthers, "an app in the background can't interrupt another's audio"
	}
	return 0, ""
}

// othersSound reports whether a session other than s is active and does not mix.
func (ph *Phone) othersSound(s *audioSession) bool {
	if ph.audio.owner != nil && ph.audio.owner.app != s.p.app {
		return true
	}
	for _, a := range ph.apps {
		if a.proc != nil && a.proc.session != s && a.proc.session.own && !a.proc.session.mixes() {
			return true
		}
	}
	return false
}

// StartAudio starts what stands in for an app's audio engine (AVAudioEngine start, AudioOutputUnitStart), with the
// microphone or without, and returns the error that a phone would: [callkit.AudioInsufficientPriority] while a call
// of another app has the session, [callkit.AudioCannotStartRecording] without the user's permission,
// [callkit.AudioSessionNotActive] while nobody has activated the session. An app that uses the microphone without
// NSMicrophoneUsageDescription is killed.
func (p *Process) StartAudio(record bool) error {
	p.w.mu.Lock()
	defer p.w.mu.Unlock()
	return p.startAudio(record)
}

func (p *Process) startAudio(record bool) error {
	if p.suspended && !p.dead {
		p.frozen = append(p.frozen, func() { _ = p.startAudio(record) })
		return nil
	}
	s, what := p.session, "startAudio"
	if record {
		what += " record"
	}
	switch {
	case p.dead:
		return nil
	case p.ph.sound.lost:
		return s.fail(what, callkit.AudioMediaServicesFailed, "the media services died and are not back yet")
	case s.orphaned:
		return s.fail(what, callkit.AudioMediaServicesFailed, "the media services were reset: set the session up again and make new audio objects")
	case record && !s.category.Records():
		return s.fail(what, callkit.AudioIncompatibleCategory, "the category has no microphone")
	case record && p.app.cfg.NoMicrophoneUsageDescription:
		p.app.usageMissing(what)
		return callkit.AudioError(callkit.AudioCannotStartRecording, "Info.plist lacks NSMicrophoneUsageDescription")
	case record && p.app.microphone == callkit.RecordDenied && p.ph.knobs.RecordWithoutPermission == "error":
		return s.fail(what, callkit.AudioCannotStartRecording, "the user does not let the app use the microphone")
	case record && !s.owns() && p.ph.priorityLost(p.app):
		return s.fail(what, callkit.AudioInsufficientPriority, "insufficient priority: a call has the session")
	case !s.active():
		return s.fail(what, callkit.AudioSessionNotActive, "the session is not active")
	}
	s.playing, s.records = true, record
	p.sendLocked(what, func() {
		if record && p.app.microphone == callkit.RecordUndetermined {
			p.app.askMicrophone(nil)
		}
	})
	return nil
}

// StopAudio stops what [Process.StartAudio] started.
func (p *Process) StopAudio() {
	p.w.mu.Lock()
	defer p.w.mu.Unlock()
	if p.session.playing {
		p.session.playing, p.session.records = false, false
		p.sendLocked("stopAudio", p.touch)
	}
}

// keepsRunning reports whether the process is not suspended because it is heard (UIBackgroundModes audio).
func (s *audioSession) keepsRunning() bool {
	return s.playing && s.own && s.by == nil && s.p.app.cfg.AudioBackgroundMode
}

// IsOtherAudioPlaying is part of [callkit.AudioActivation].
func (s *audioSession) IsOtherAudioPlaying() bool {
	return get(s, func() bool {
		for _, a := range s.p.ph.apps {
			if a.proc != nil && a.proc.session != s && a.proc.session.active() && a.proc.session.category.Plays() {
				return true
			}
		}
		return false
	})
}

// SecondaryAudioShouldBeSilencedHint is part of [callkit.AudioActivation].
func (s *audioSession) SecondaryAudioShouldBeSilencedHint() bool {
	return get(s, func() bool { return s.p.ph.othersSound(s) })
}
