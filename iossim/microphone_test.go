package iossim

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
)

func TestRecordPermissionIsAskedOnce(t *testing.T) {
	s := newStage(t, "26.4", func(one, _ *AppConfig) { one.Microphone = callkit.RecordUndetermined })
	shared := callkit.AudioApplicationOf(s.one.sys)
	var answers []bool
	ask := func() { shared.RequestRecordPermission(func(ok bool) { answers = append(answers, ok) }); s.settle() }
	ask()
	ask()
	if d := s.ph.Screen().Dialogs; len(d) != 1 || len(answers) != 0 {
		t.Fatalf("dialogs %q, answers %v", d, answers)
	}
	s.ph.AllowMicrophone(bundle, true)
	s.settle()
	ask()
	if len(answers) != 3 || !answers[0] || !answers[1] || !answers[2] || shared.RecordPermission() != callkit.RecordGranted {
		t.Fatalf("answers %v, %s", answers, shared.RecordPermission())
	}
	if d := s.ph.Screen().Dialogs; len(d) != 0 {
		t.Errorf("the dialog stays: %q", d)
	}
	s.ph.AllowMicrophone(bundle, false) // in Settings: the app is killed
	s.settle()
	if s.ph.Process(bundle) != nil {
		t.Error("the app runs on after a privacy setting was changed")
	}
}

func TestDismissSaysYesToTheMicrophone(t *testing.T) {
	s := newStage(t, "26.4", func(one, _ *AppConfig) { one.Microphone = callkit.RecordUndetermined })
	if s.ph.Dismiss() == nil {
		t.Error("nothing was dismissed")
	}
	granted := false
	s.session(s.one).RequestRecordPermission(func(ok bool) { granted = ok })
	s.settle()
	must(t, s.ph.Dismiss())
	s.settle()
	if !granted || len(s.ph.Screen().Dialogs) != 0 {
		t.Fatalf("granted %v, dialogs %q", granted, s.ph.Screen().Dialogs)
	}
}

func TestRecordingNeedsPermission(t *testing.T) {
	for knob, want := range map[string]int{"error": callkit.AudioCannotStartRecording, "silence": 0} {
		s := newStage(t, "26.4", func(one, _ *AppConfig) { one.Microphone = callkit.RecordDenied })
		must(t, s.ph.SetKnob("recordWithoutPermission", knob))
		must(t, s.session(s.one).SetActive(true))
		s.settle()
		if got := code(s.ph.Process(bundle).StartAudio(true)); got != want {
			t.Errorf("%s: error %d, want %d", knob, got, want)
		}
		if s.session(s.one).RecordPermission() != callkit.RecordDenied {
			t.Error("the permission is not told")
		}
	}
	s := newStage(t, "26.4", func(one, _ *AppConfig) { one.Microphone = callkit.RecordUndetermined })
	must(t, s.session(s.one).SetActive(true))
	must(t, s.ph.Process(bundle).StartAudio(true))
	s.settle()
	if len(s.ph.Screen().Dialogs) != 1 {
		t.Error("the first use does not ask")
	}
}

func TestMissingUsageDescriptionKills(t *testing.T) {
	for _, use := range []func(*stage){
		func(s *stage) { callkit.AudioApplicationOf(s.one.sys).RequestRecordPermission(nil) },
		func(s *stage) { _ = s.ph.Process(bundle).StartAudio(true) },
	} {
		s := newStage(t, "26.4", func(one, _ *AppConfig) { one.NoMicrophoneUsageDescription = true })
		must(t, s.session(s.one).SetActive(true))
		use(s)
		s.settle()
		s.logged("NSMicrophoneUsageDescription")
		if s.ph.Process(bundle) != nil {
			t.Errorf("it runs on\n%s", s.w.Log())
		}
	}
}

func TestPreferences(t *testing.T) {
	s := newStage(t, "26.4", nil)
	a := s.session(s.one)
	must(t, a.SetActive(true))
	must(t, a.SetPreferredSampleRate(16000))
	must(t, a.SetPreferredIOBufferDuration(time.Millisecond))
	if a.SampleRate() != 16000 || a.PreferredSampleRate() != 16000 || a.IOBufferDuration() != 5*time.Millisecond || a.PreferredIOBufferDuration() != time.Millisecond {
		t.Errorf("%v %v", a.SampleRate(), a.IOBufferDuration())
	}
	must(t, s.ph.Plug(callkit.BluetoothHFP))
	s.settle()
	if a.SampleRate() != 24000 {
		t.Errorf("a headset runs at %v", a.SampleRate())
	}
	for _, bad := range []float64{-1, 1, 1e9, math.NaN(), math.Inf(1)} {
		if err := a.SetPreferredSampleRate(bad); code(err) != callkit.AudioBadParam {
			t.Errorf("%v Hz: %v", bad, err)
		}
	}
	if err := a.SetPreferredIOBufferDuration(-1); code(err) != callkit.AudioBadParam {
		t.Errorf("a negative buffer: %v", err)
	}
	must(t, a.SetPrefersEchoCancelledInput(true))
	if !a.PrefersEchoCancelledInput() || a.IsEchoCancelledInputEnabled() {
		t.Error("echo cancellation is wished for, and not there in VoiceChat")
	}
	must(t, s.ph.Unplug(callkit.BluetoothHFP))
	must(t, a.SetCategory(callkit.PlayAndRecord, callkit.ModeDefault, callkit.DefaultToSpeaker))
	s.settle()
	if !a.IsEchoCancelledInputEnabled() {
		t.Error("echo cancellation with built-in ports in the default mode")
	}
	old := newStage(t, "16", nil)
	b := old.session(old.one)
	for _, err := range []error{b.SetPrefersEchoCancelledInput(true), b.SetOutputMuted(true)} {
		if !errors.Is(err, callkit.ErrUnavailable) {
			t.Errorf("iOS 16: %v", err)
		}
	}
	must(t, b.SetPrefersNoInterruptionsFromSystemAlerts(true))
	if !b.PrefersNoInterruptionsFromSystemAlerts() || b.IsOutputMuted() {
		t.Error("preferences were not kept")
	}
}
