package iossim

import (
	"time"

	"github.com/ringtrip/ringtrip/callkit"
)

// trackState is what is known of an app's microphone track, which the system does not see.
type trackState int

const (
	trackUnknown trackState = 0
	trackSends   trackState = 1
	trackSilent  trackState = 2
)

// mismatch is a call whose screen says other than what the app sends.
type mismatch struct {
	text  string // what the screen shows of it
	found string // what is wrong now, and since ev was set
	ev    *event
}

// mismatchAfter is how long screen and track may differ, for an action takes its time.
const mismatchAfter = time.Second

// AppMicrophone is told by what stands in for an app's microphone track whether it sends sound or silence, next to
// [Phone.AudioActiveFor]. Mute in CallKit is only a flag: an app has to mute its own track. If screen and track
// differ for a second, the screen says so ([ScreenCall].Mismatch) and the log too.
func (ph *Phone) AppMicrophone(bundleID string, sends bool) {
	ph.w.mu.Lock()
	defer ph.w.mu.Unlock()
	ph.w.tick()
	if a := ph.find(bundleID); a != nil && a.proc != nil && !ph.w.closed {
		a.proc.session.setTrack(sends)
	}
}

// SetMicrophoneTrack is [Phone.AppMicrophone] for code of the process itself.
func (p *Process) SetMicrophoneTrack(sends bool) {
	p.w.mu.Lock()
	defer p.w.mu.Unlock()
	if !p.w.closed {
		p.session.setTrack(sends)
	}
}

func (s *audioSession) setTrack(sends bool) {
	state, text := trackSilent, "microphone track silent"
	if sends {
		state, text = trackSends, "microphone track sends"
	}
	if s.mic != state {
		s.p.sendLocked(text, func() { s.mic = state })
	}
}

// settleMute follows every event: it ties AVAudioApplication to the mute state of the call, and compares the
// screen with what the app sends.
func (ph *Phone) settleMute() {
	found := ""
	if c := ph.audio.owner; c != nil && c.app.proc != nil {
		s := c.app.proc.session
		if c.muted != c.muteSeen {
			c.muteSeen = c.muted
			s.setInputMuted(c.muted, true)
		}
		sends := s.mic == trackSends && (!s.inputMuted || s.mutedByCall)
		switch {
		case c.muted && sends:
			found = "muted on the screen, but the app sends"
		case !c.muted && !c.held && s.mic != trackUnknown && !sends:
			found = "not muted on the screen, but the app sends silence"
		}
	}
	m := &ph.sound.mismatch
	if found == m.found {
		return
	}
	m.found, m.text = found, ""
	m.ev.cancel()
	if found != "" {
		m.ev = ph.after(mismatchAfter, func() {
			m.text = found
			ph.log(ChanSystem, nil, "log mute mismatch: %s", found)
		})
	}
}

// drawSound puts on the screen what is of the audio session: routes, the orange dot, the speaker button, and a call
// that sends other than it shows.
func (ph *Phone) drawSound(s *Screen) {
	s.Route, s.Routes = string(ph.audio.route()), ph.outputs()
	s.Microphone = ph.recording()
	draw := func(c *ScreenCall) {
		if !c.Audio {
			return
		}
		c.Mismatch = ph.sound.mismatch.text
		c.Speaker = s.Route == string(callkit.BuiltInSpeaker)
		for i := range c.Buttons {
			if b := &c.Buttons[i]; b.ID == "speaker" {
				b.On = c.Speaker
			}
		}
	}
	if s.Call != nil {
		draw(s.Call)
	}
	for i := range s.Others {
		draw(&s.Others[i])
	}
}

// recording reports whether an app uses the microphone, which the phone shows by an orange dot.
func (ph *Phone) recording() bool {
	for _, a := range ph.apps {
		if a.proc == nil {
			continue
		}
		s := a.proc.session
		if s.active() && s.category.Records() && (s.records || s.mic == trackSends) {
			return true
		}
	}
	return false
}

// setInputMuted changes the state of AVAudioApplication and tells observers, if a recording session is active.
func (s *audioSession) setInputMuted(on, byCall bool) {
	s.inputMuted, s.mutedByCall = on, byCall
	s.inputMuteActive()
}

// inputMuteActive announces the input mute state if there is something new and a recording session is active.
func (s *audioSession) inputMuteActive() {
	if s.announced == s.inputMuted || !s.active() || !s.category.Records() || !s.p.ph.knobs.OS.AtLeast(17, 0) {
		return
	}
	s.announced = s.inputMuted
	muted := s.inputMuted
	var o callkit.InputMuteObserver
	s.p.post(item{
		skip: func() bool { o = s.muteObserver; return o == nil },
		log:  s.p.say(ChanLife, "inputMuteStateChange muted=%s", bit(muted)),
		run:  func() { o.InputMuteStateChanged(muted) },
	})
}

// MuteGesture is the gesture of a connected headset that mutes and unmutes (iOS 17). During a call with CallKit it
// is a SetMuted action; without one the system mutes the app that records and tells it by AVAudioApplication.
func (ph *Phone) MuteGesture() error {
	return ph.press("mute gesture", func() string {
		s := ph.session()
		headset := false
		for _, d := range ph.sound.devices {
			headset = headset || d.kind == callkit.BluetoothHFP || d.kind == callkit.BluetoothLE
		}
		switch {
		case !ph.knobs.OS.AtLeast(17, 0):
			return "headsets can mute from iOS 17 on"
		case !headset:
			return "no headset with such a gesture is connected"
		case !s.active() || !s.category.Records():
			return "no app uses the microphone"
		}
		return ""
	}, func() {
		s := ph.session()
		if c := ph.audio.owner; c != nil {
			c.app.submit(&transaction{from: "user"}, &callkit.SetMutedCallAction{Base: callkit.Base{CallUUID: c.id}, Muted: !c.muted})
			return
		}
		s.setInputMuted(!s.inputMuted, false)
	})
}

// audioApplication is AVAudioApplication.shared of one process.
type audioApplication struct{ s *audioSession }

var (
	_ callkit.AudioApplication       = audioApplication{}
	_ callkit.AudioApplicationSystem = (*Process)(nil)
)

// AudioApplication is part of [callkit.AudioApplicationSystem]; nil before iOS 17.
func (p *Process) AudioApplication() callkit.AudioApplication {
	p.w.mu.Lock()
	defer p.w.mu.Unlock()
	if !p.ph.knobs.OS.AtLeast(17, 0) {
		return nil
	}
	return audioApplication{p.session}
}

// SetInputMuted is part of [callkit.AudioApplication].
func (a audioApplication) SetInputMuted(on bool) error {
	s := a.s
	s.p.w.mu.Lock()
	defer s.p.w.mu.Unlock()
	if s.p.dead {
		return nil
	}
	byCall := s.inputMuted == on && s.mutedByCall
	s.inputMuted, s.mutedByCall = on, byCall
	s.p.sendLocked("setInputMuted "+bit(on), func() {
		s.inputMuteActive()
		c := s.p.ph.audio.owner
		if c == nil || c.app != s.p.app || c.muted == on || !s.p.ph.knobs.InputMuteAsksCallKit {
			return
		}
		for _, x := range s.p.app.actions {
			if m, ok := x.act.(*callkit.SetMutedCallAction); ok && x.call == c && m.Muted == on {
				return // the app follows an action that is under way
			}
		}
		c.app.submit(&transaction{from: "system"}, &callkit.SetMutedCallAction{Base: callkit.Base{CallUUID: c.id}, Muted: on})
	})
	return nil
}

// IsInputMuted is part of [callkit.AudioApplication].
func (a audioApplication) IsInputMuted() bool {
	return get(a.s, func() bool { return a.s.inputMuted })
}

// SetInputMuteObserver is part of [callkit.AudioApplication].
func (a audioApplication) SetInputMuteObserver(o callkit.InputMuteObserver) {
	a.s.p.w.mu.Lock()
	defer a.s.p.w.mu.Unlock()
	a.s.muteObserver = o
}

// RecordPermission is part of [callkit.AudioApplication].
func (a audioApplication) RecordPermission() callkit.RecordPermission { return a.s.RecordPermission() }

// RequestRecordPermission is part of [callkit.AudioApplication].
func (a audioApplication) RequestRecordPermission(completion func(bool)) {
	a.s.RequestRecordPermission(completion)
}
