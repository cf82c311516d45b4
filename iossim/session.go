package iossim

import (
	"github.com/ringtrip/ringtrip/callkit"
)

// audioSession is AVAudioSession.sharedInstance of one process.
type audioSession struct {
	p        *Process
	category callkit.AudioCategory
	mode     callkit.AudioMode
	options  callkit.AudioOptions
	observer callkit.AudioObserver
	own      bool // the app activated it by its own hand
	accused  bool // a use without permission is in the log already
}

var _ callkit.AudioSession = (*audioSession)(nil)

func newAudioSession(p *Process) *audioSession {
	return &audioSession{p: p, category: callkit.SoloAmbient, mode: callkit.ModeDefault}
}

// route is where the category and mode alone send the sound.
func (s *audioSession) route() callkit.AudioPort {
	if s.category == callkit.PlayAndRecord && s.mode != callkit.VideoChat && s.options&callkit.DefaultToSpeaker == 0 {
		return callkit.BuiltInReceiver
	}
	return callkit.BuiltInSpeaker
}

func (s *audioSession) owns() bool {
	a := &s.p.ph.audio
	return !s.p.dead && a.owner != nil && a.owner.app == s.p.app
}

// SetCategory is part of [callkit.AudioSession].
func (s *audioSession) SetCategory(c callkit.AudioCategory, m callkit.AudioMode, o callkit.AudioOptions) error {
	s.p.w.mu.Lock()
	defer s.p.w.mu.Unlock()
	if s.owns() && c != callkit.PlayAndRecord {
		s.p.sendLocked("setCategory "+string(c)+" failed: a call has the session", func() {})
		return &callkit.Error{Domain: callkit.AudioErrorDomain, Code: callkit.AudioIncompatibleCategory, Text: "not during a call"}
	}
	s.category, s.mode, s.options = c, m, o
	s.p.sendLocked("setCategory "+string(c)+" "+string(m), s.fallBack)
	return nil
}

// fallBack drops the override of the speaker button, which holds only until the session is touched.
func (s *audioSession) fallBack() {
	a := &s.p.ph.audio
	if s.owns() && a.speaker {
		a.speaker = false
		s.routeChanged(callkit.CategoryChange, "CategoryChange")
	}
}

// SetActive is part of [callkit.AudioSession].
func (s *audioSession) SetActive(on bool) error {
	s.p.w.mu.Lock()
	defer s.p.w.mu.Unlock()
	a := &s.p.ph.audio
	text := "setActive " + map[bool]string{true: "true", false: "false"}[on]
	if on && s.p.ph.priorityLost(s.p.app) {
		s.p.sendLocked(text+" failed: 561017449 insufficientPriority", func() {})
		return &callkit.Error{Domain: callkit.AudioErrorDomain, Code: callkit.AudioInsufficientPriority, Text: "insufficient priority: a call has the session"}
	}
	if s.p.dead {
		return nil
	}
	s.own = on
	owns := s.owns()
	s.p.sendLocked(text, func() {
		if len(s.p.ph.callsOf(s.p.app)) > 0 {
			s.p.ph.log(ChanSystem, s.p.tag(), "log violation: setActive during a call; CallKit owns activation")
		}
		if on {
			s.fallBack()
		} else if owns && s.owns() {
			s.p.ph.log(ChanSystem, s.p.tag(), "audioDeactivate %s (by the app's own hand)", a.owner.id)
			a.owner.audioVoid = true
			a.release()
		}
	})
	return nil
}

// OverrideOutputAudioPort is part of [callkit.AudioSession].
func (s *audioSession) OverrideOutputAudioPort(speaker bool) error {
	s.p.w.mu.Lock()
	defer s.p.w.mu.Unlock()
	if s.category != callkit.PlayAndRecord {
		return &callkit.Error{Domain: callkit.AudioErrorDomain, Code: callkit.AudioBadParam, Text: "only with the category PlayAndRecord"}
	}
	text := "overrideOutputAudioPort none"
	if speaker {
		text = "overrideOutputAudioPort speaker"
	}
	s.p.sendLocked(text, func() {
		if s.owns() {
			s.p.ph.audio.override(speaker)
		}
	})
	return nil
}

func (s *audioSession) routeChanged(why callkit.RouteChangeReason, name string) {
	port := s.p.ph.audio.route()
	s.p.ph.log(ChanSystem, s.p.tag(), "routeChange reason=%s output=%s", name, port)
	s.notify("routeChange "+name, func(o callkit.AudioObserver) { o.AudioRouteChange(why, port) })
}

func (s *audioSession) notify(text string, f func(callkit.AudioObserver)) {
	var o callkit.AudioObserver
	s.p.post(item{
		skip: func() bool { o = s.observer; return o == nil },
		log:  s.p.say(ChanLife, "%s", text),
		run:  func() { f(o) },
	})
}

// Category is part of [callkit.AudioSession].
func (s *audioSession) Category() callkit.AudioCategory {
	s.p.w.mu.Lock()
	defer s.p.w.mu.Unlock()
	return s.category
}

// Mode is part of [callkit.AudioSession].
func (s *audioSession) Mode() callkit.AudioMode {
	s.p.w.mu.Lock()
	defer s.p.w.mu.Unlock()
	return s.mode
}

// CurrentRoute is part of [callkit.AudioSession].
func (s *audioSession) CurrentRoute() callkit.AudioPort {
	s.p.w.mu.Lock()
	defer s.p.w.mu.Unlock()
	if s.owns() {
		return s.p.ph.audio.route()
	}
	return s.route()
}

// SetObserver is part of [callkit.AudioSession].
func (s *audioSession) SetObserver(o callkit.AudioObserver) {
	s.p.w.mu.Lock()
	defer s.p.w.mu.Unlock()
	s.observer = o
}
