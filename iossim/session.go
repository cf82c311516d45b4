package iossim

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
)

// audioSession is AVAudioSession.sharedInstance of one process. What the app sets holds at once; what follows
// from it happens on the loop.
type audioSession struct {
	p        *Process
	category callkit.AudioCategory
	mode     callkit.AudioMode
	options  callkit.AudioOptions // as the app gave them; opts adds what the mode brings
	policy   callkit.RouteSharingPolicy
	observer callkit.AudioObserver

	own      bool // the app activated it by its own hand
	accused  bool // a use without permission is in the log already
	lent     bool // didActivate was delivered, didDeactivate not yet
	by       any  // what interrupted it: a *callInterruption, a *worldInterruption, an *audioSession; nil: nothing
	owes     bool // the process was suspended while its session was active, and has not heard of it
	orphaned bool // the media services died since the session was set up
	playing  bool // the app's audio engine runs
	records  bool // and takes from the microphone
	mic      trackState

	preferred  string // UID of the preferred input
	overridden bool   // overrideOutputAudioPort outside of a call
	told       callkit.AudioRoute
	unsaid     int                            // configurations that hold already and whose consequences are still to happen
	inputs     []callkit.AudioPortDescription // told too

	sampleRate   float64
	ioBuffer     time.Duration
	noAlerts     bool
	echoCancel   bool
	outputMuted  bool
	inputMuted   bool // AVAudioApplication
	announced    bool // the input mute state that observers know
	mutedByCall  bool // inputMuted came from CallKit
	muteObserver callkit.InputMuteObserver
}

var _ callkit.WholeAudioSession = (*audioSession)(nil)

func newAudioSession(p *Process) *audioSession {
	return &audioSession{p: p, category: callkit.SoloAmbient, mode: callkit.ModeDefault}
}

// owns reports whether the session is lent to a call of the app.
func (s *audioSession) owns() bool {
	a := &s.p.ph.audio
	return !s.p.dead && a.owner != nil && a.owner.app == s.p.app
}

// active reports whether the session may be used now, whoever activated it.
func (s *audioSession) active() bool {
	return !s.p.dead && !s.p.suspended && s.by == nil && !s.p.ph.sound.lost && (s.own || s.owns())
}

// inactive is the end of an activation: what ran stops, and who activates it again hears of no change of route.
func (s *audioSession) inactive() {
	s.own, s.playing, s.records, s.mic = false, false, false, trackUnknown
	s.told, s.inputs = callkit.AudioRoute{}, nil
}

// opts are the category options with those that other options and the mode bring along.
func (s *audioSession) opts() callkit.AudioOptions {
	o := s.options
	if o&(callkit.DuckOthers|callkit.InterruptSpokenAudioAndMixWithOthers) != 0 {
		o |= callkit.MixWithOthers
	}
	switch s.mode {
	case callkit.VoiceChat:
		o |= callkit.AllowBluetoothHFP
	case callkit.VideoChat:
		o |= callkit.AllowBluetoothHFP | callkit.DefaultToSpeaker
	}
	return o
}

// mixes reports whether the session leaves those of other apps alone.
func (s *audioSession) mixes() bool {
	return s.category == callkit.Ambient || s.opts().Has(callkit.MixWithOthers)
}

// SetCategory is part of [callkit.AudioSession].
func (s *audioSession) SetCategory(c callkit.AudioCategory, m callkit.AudioMode, o callkit.AudioOptions) error {
	return s.configure("setCategory "+string(c), c, m, callkit.RouteSharingDefault, o)
}

// SetCategoryWithPolicy is part of [callkit.AudioConfiguration].
func (s *audioSession) SetCategoryWithPolicy(c callkit.AudioCategory, m callkit.AudioMode, p callkit.RouteSharingPolicy, o callkit.AudioOptions) error {
	return s.configure("setCategory "+string(c), c, m, p, o)
}

// SetMode is part of [callkit.AudioConfiguration].
func (s *audioSession) SetMode(m callkit.AudioMode) error {
	s.p.w.mu.Lock()
	c, p, o := s.category, s.policy, s.options
	s.p.w.mu.Unlock()
	return s.configure("setMode", c, m, p, o)
}

func (s *audioSession) configure(what string, c callkit.AudioCategory, m callkit.AudioMode, p callkit.RouteSharingPolicy, o callkit.AudioOptions) error {
	s.p.w.mu.Lock()
	defer s.p.w.mu.Unlock()
	os := s.p.ph.knobs.OS
	switch why := badConfiguration(os, c, m, p, o); {
	case s.p.ph.sound.lost && !s.p.dead:
		return s.fail(what, callkit.AudioMediaServicesFailed, "the media services died and are not back yet")
	case why != "":
		return s.fail(what+" "+string(m), callkit.AudioBadParam, why)
	case s.owns() && c != callkit.PlayAndRecord:
		s.p.sendLocked(what+" failed: a call has the session", func() {})
		return callkit.AudioError(callkit.AudioIncompatibleCategory, "not during a call")
	}
	s.category, s.mode, s.policy, s.options = c, m, p, o
	s.orphaned = false
	unmuted := s.outputMuted && c == callkit.PlayAndRecord && m != callkit.ModeDefault
	if unmuted {
		s.outputMuted = false
	}
	s.unsaid++
	s.p.sendLocked(what+" "+string(m)+optionWords(o), func() {
		s.unsaid--
		s.fallBack()
		if unmuted {
			s.tellOutputMute(false)
		}
	})
	return nil
}

// fail logs a call that failed and returns its error.
func (s *audioSession) fail(what string, code int, why string) error {
	s.p.sendLocked(fmt.Sprintf("%s failed: %d %s", what, code, callkit.AudioErrorName(code)), func() {})
	return callkit.AudioError(code, why)
}

// fallBack drops the override of the speaker button, which holds only until the session is touched.
func (s *audioSession) fallBack() {
	if s.owns() {
		s.p.ph.audio.speaker = false
	}
	s.overridden = false
	s.reroute(callkit.CategoryChange)
}

// OverrideOutputAudioPort is part of [callkit.AudioSession].
func (s *audioSession) OverrideOutputAudioPort(speaker bool) error {
	s.p.w.mu.Lock()
	defer s.p.w.mu.Unlock()
	if s.category != callkit.PlayAndRecord {
		return callkit.AudioError(callkit.AudioBadParam, "only with the category PlayAndRecord")
	}
	text := "overrideOutputAudioPort none"
	if speaker {
		text = "overrideOutputAudioPort speaker"
	}
	s.p.sendLocked(text, func() {
		if s.owns() {
			s.p.ph.audio.override(speaker)
			return
		}
		s.overridden = speaker
		s.reroute(callkit.Override)
	})
	return nil
}

// check says what does not hold of the session and should between two events.
func (s *audioSession) check() error {
	now := s.full()
	switch {
	case s.own && !s.owns() && s.p.suspended:
		return errors.New("it is active, and the process suspended")
	case s.own && s.by != nil && !s.owns():
		return errors.New("it is active and interrupted")
	case s.playing && !s.own && !s.owns():
		return errors.New("audio runs, and it is not active")
	case s.unsaid == 0 && s.told.Outputs != nil && !(slices.Equal(s.told.Inputs, now.Inputs) && slices.Equal(s.told.Outputs, now.Outputs)):
		return fmt.Errorf("the app knows the route %v and has %v", s.told, now)
	}
	if c, ok := s.by.(*callInterruption); ok && c != s.p.ph.sound.call {
		return errors.New("it waits for the end of a call that is over")
	}
	return nil
}

// notify tells the observer something, on the main queue; f may find that it does not want to know.
func (s *audioSession) notify(text string, f func(callkit.AudioObserver)) {
	var o callkit.AudioObserver
	s.p.post(item{
		skip: func() bool { o = s.observer; return o == nil },
		log:  s.p.say(ChanLife, "%s", text),
		run:  func() { f(o) },
	})
}

// counts reports whether an observer that may be partial means the methods of T (see [callkit.Partial]).
func counts[T any](observer any) bool {
	name := reflect.TypeFor[T]().Name()
	return callkit.Counts(observer, name)
}

// notifyIf is notify for observers that have the optional interface T.
func notifyIf[T any](s *audioSession, text string, f func(T)) {
	var o T
	s.p.post(item{
		skip: func() bool { var ok bool; o, ok = s.observer.(T); return !ok || !counts[T](s.observer) },
		log:  s.p.say(ChanLife, "%s", text),
		run:  func() { f(o) },
	})
}

// get reads under the world's lock.
func get[T any](s *audioSession, f func() T) T {
	s.p.w.mu.Lock()
	defer s.p.w.mu.Unlock()
	return f()
}

// Category is part of [callkit.AudioSession].
func (s *audioSession) Category() callkit.AudioCategory {
	return get(s, func() callkit.AudioCategory { return s.category })
}

// Mode is part of [callkit.AudioSession].
func (s *audioSession) Mode() callkit.AudioMode {
	return get(s, func() callkit.AudioMode { return s.mode })
}

// CategoryOptions is part of [callkit.AudioConfiguration].
func (s *audioSession) CategoryOptions() callkit.AudioOptions { return get(s, s.opts) }

// RouteSharingPolicy is part of [callkit.AudioConfiguration].
func (s *audioSession) RouteSharingPolicy() callkit.RouteSharingPolicy {
	return get(s, func() callkit.RouteSharingPolicy { return s.policy })
}

// AvailableCategories is part of [callkit.AudioConfiguration].
func (s *audioSession) AvailableCategories() []callkit.AudioCategory {
	return slices.Clone(callkit.AudioCategories)
}

// AvailableModes is part of [callkit.AudioConfiguration].
func (s *audioSession) AvailableModes() []callkit.AudioMode {
	return get(s, func() (modes []callkit.AudioMode) {
		for _, m := range callkit.AudioModes {
			if modeSince(m, s.p.ph.knobs.OS) {
				modes = append(modes, m)
			}
		}
		return modes
	})
}

// SetObserver is part of [callkit.AudioSession].
func (s *audioSession) SetObserver(o callkit.AudioObserver) {
	s.p.w.mu.Lock()
	defer s.p.w.mu.Unlock()
	s.observer = o
}
