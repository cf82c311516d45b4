package iossim

import (
	"fmt"
	"slices"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
)

// AllowMicrophone is the user letting an app use the microphone, or not: the answer if the app has asked, else a
// change in Settings, which ends the app's process.
func (ph *Phone) AllowMicrophone(bundleID string, allowed bool) {
	ph.act(fmt.Sprintf("microphone of %s %s", bundleID, onOff(allowed)), func() {
		a := ph.find(bundleID)
		if a == nil {
			ph.log(ChanSystem, nil, "log no app %.60q is installed", bundleID)
			return
		}
		asking, was := a.asking, a.microphone
		a.answerMicrophone(allowed)
		if !asking && was != a.microphone {
			a.kill("a privacy setting was changed")
		}
	})
}

// answerMicrophone is the user's answer, to all who asked.
func (a *app) answerMicrophone(allowed bool) {
	a.microphone = callkit.RecordDenied
	if allowed {
		a.microphone = callkit.RecordGranted
	}
	asked := a.asked
	a.asking, a.asked = false, nil
	for _, answer := range asked {
		answer(allowed)
	}
}

// asks is the app whose question about the microphone is on the screen, or nil.
func (ph *Phone) asks() *app {
	for _, a := range slices.Backward(ph.apps) {
		if a.asking {
			return a
		}
	}
	return nil
}

// askMicrophone shows the dialog, once; answer may be nil.
func (a *app) askMicrophone(answer func(bool)) {
	if answer != nil {
		a.asked = append(a.asked, answer)
	}
	if !a.asking {
		a.asking = true
		a.ph.log(ChanSystem, a.tag(), "dialog %q", a.microphoneDialog())
	}
}

func (a *app) microphoneDialog() string {
	return fmt.Sprintf("“%s” Would Like to Access the Microphone", a.cfg.Name)
}

// microphoneDialogs are the questions that the user has not answered.
func (ph *Phone) microphoneDialogs() []string {
	dialogs := []string{}
	for _, a := range ph.apps {
		if a.asking {
			dialogs = append(dialogs, a.microphoneDialog())
		}
	}
	return dialogs
}

// usageMissing is the end of an app that touches the microphone without having said in Info.plist what for.
func (a *app) usageMissing(what string) {
	a.proc.sendLocked(what, func() {
		a.kill("crash: privacy-sensitive data without a usage description: NSMicrophoneUsageDescription")
	})
}

// RecordPermission is part of [callkit.AudioConfiguration].
func (s *audioSession) RecordPermission() callkit.RecordPermission {
	return get(s, func() callkit.RecordPermission { return s.p.app.microphone })
}

// RequestRecordPermission is part of [callkit.AudioConfiguration].
func (s *audioSession) RequestRecordPermission(completion func(bool)) {
	s.p.w.mu.Lock()
	defer s.p.w.mu.Unlock()
	a := s.p.app
	const what = "requestRecordPermission"
	if s.p.dead {
		return
	}
	if a.cfg.NoMicrophoneUsageDescription {
		a.usageMissing(what)
		return
	}
	answer := func(granted bool) {
		s.p.post(item{
			log: s.p.say(ChanLife, what+" granted=%s", bit(granted)),
			run: func() {
				if completion != nil {
					completion(granted)
				}
			},
		})
	}
	s.p.sendLocked(what, func() {
		if a.microphone == callkit.RecordUndetermined {
			a.askMicrophone(answer)
			return
		}
		answer(a.microphone == callkit.RecordGranted)
	})
}

// SetPreferredSampleRate is part of [callkit.AudioConfiguration].
func (s *audioSession) SetPreferredSampleRate(hz float64) error {
	s.p.w.mu.Lock()
	defer s.p.w.mu.Unlock()
	if hz != 0 && !(hz >= 8000 && hz <= 192000) {
		return s.fail("setPreferredSampleRate", callkit.AudioBadParam, fmt.Sprintf("no hardware runs at %v Hz (want 8000 to 192000)", hz))
	}
	s.sampleRate = hz
	s.p.sendLocked(fmt.Sprintf("setPreferredSampleRate %v", hz), func() {})
	return nil
}

// PreferredSampleRate is part of [callkit.AudioConfiguration].
func (s *audioSession) PreferredSampleRate() float64 {
	return get(s, func() float64 { return s.sampleRate })
}

// SampleRate is part of [callkit.AudioConfiguration]: a headset on HFP decides by itself, the rest does as asked
// between 8 and 48 kHz.
func (s *audioSession) SampleRate() float64 {
	return get(s, func() float64 {
		switch {
		case s.route() == callkit.BluetoothHFP:
			return 24000
		case s.sampleRate == 0 || !s.active():
			return 48000
		}
		return min(s.sampleRate, 48000)
	})
}

// SetPreferredIOBufferDuration is part of [callkit.AudioConfiguration].
func (s *audioSession) SetPreferredIOBufferDuration(d time.Duration) error {
	s.p.w.mu.Lock()
	defer s.p.w.mu.Unlock()
	if d < 0 || d > time.Second {
		return s.fail("setPreferredIOBufferDuration", callkit.AudioBadParam, fmt.Sprintf("no hardware has a buffer of %v", d))
	}
	s.ioBuffer = d
	s.p.sendLocked(fmt.Sprintf("setPreferredIOBufferDuration %v", d), func() {})
	return nil
}

// PreferredIOBufferDuration is part of [callkit.AudioConfiguration].
func (s *audioSession) PreferredIOBufferDuration() time.Duration {
	return get(s, func() time.Duration { return s.ioBuffer })
}

// IOBufferDuration is part of [callkit.AudioConfiguration]: what was asked for between 5 and 93 ms, else 23 ms.
func (s *audioSession) IOBufferDuration() time.Duration {
	return get(s, func() time.Duration {
		if s.ioBuffer == 0 || !s.active() {
			return 23 * time.Millisecond
		}
		return min(max(s.ioBuffer, 5*time.Millisecond), 93*time.Millisecond)
	})
}

// SetPrefersNoInterruptionsFromSystemAlerts is part of [callkit.AudioConfiguration].
func (s *audioSession) SetPrefersNoInterruptionsFromSystemAlerts(on bool) error {
	return s.prefer("setPrefersNoInterruptionsFromSystemAlerts", 14, 5, &s.noAlerts, on, nil)
}

// PrefersNoInterruptionsFromSystemAlerts is part of [callkit.AudioConfiguration].
func (s *audioSession) PrefersNoInterruptionsFromSystemAlerts() bool {
	return get(s, func() bool { return s.noAlerts })
}

// SetPrefersEchoCancelledInput is part of [callkit.AudioConfiguration].
func (s *audioSession) SetPrefersEchoCancelledInput(on bool) error {
	return s.prefer("setPrefersEchoCancelledInput", 18, 2, &s.echoCancel, on, nil)
}

// PrefersEchoCancelledInput is part of [callkit.AudioConfiguration].
func (s *audioSession) PrefersEchoCancelledInput() bool {
	return get(s, func() bool { return s.echoCancel })
}

// IsEchoCancelledInputEnabled is part of [callkit.AudioConfiguration].
func (s *audioSession) IsEchoCancelledInputEnabled() bool {
	return get(s, func() bool {
		r := s.full()
		return s.echoCancel && s.category == callkit.PlayAndRecord && s.mode == callkit.ModeDefault &&
			r.Input() == callkit.BuiltInMic && r.Output() == callkit.BuiltInSpeaker
	})
}

// SetOutputMuted is part of [callkit.AudioConfiguration].
func (s *audioSession) SetOutputMuted(on bool) error {
	return s.prefer("setOutputMuted", 26, 0, &s.outputMuted, on, func() string {
		if on && s.category == callkit.PlayAndRecord && s.mode != callkit.ModeDefault {
			return "PlayAndRecord can mute its output in the default mode only"
		}
		return ""
	})
}

// IsOutputMuted is part of [callkit.AudioConfiguration].
func (s *audioSession) IsOutputMuted() bool { return get(s, func() bool { return s.outputMuted }) }

func (s *audioSession) tellOutputMute(muted bool) {
	notifyIf(s, "outputMuteStateChange muted="+bit(muted), func(o callkit.OutputMuteObserver) { o.OutputMuteStateChanged(muted) })
}

// prefer sets a switch that exists from a version of iOS on, unless refuse has something against it.
func (s *audioSession) prefer(what string, major, minor int, to *bool, on bool, refuse func() string) error {
	s.p.w.mu.Lock()
	defer s.p.w.mu.Unlock()
	if !s.p.ph.knobs.OS.AtLeast(major, minor) {
		return fmt.Errorf("%s (iOS %d.%d): %w: this is iOS %s", what, major, minor, callkit.ErrUnavailable, s.p.ph.knobs.OS)
	}
	if refuse != nil {
		if why := refuse(); why != "" {
			return s.fail(what, callkit.AudioIncompatibleCategory, why)
		}
	}
	was := *to
	*to = on
	s.p.sendLocked(what+" "+bit(on), func() {
		if to == &s.outputMuted && was != on {
			s.tellOutputMute(on)
		}
	})
	return nil
}
