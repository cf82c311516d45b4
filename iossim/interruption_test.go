package iossim

import (
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
)

// music has the other app play, in front.
func (s *stage) music(o callkit.AudioOptions) callkit.WholeAudioSession {
	s.Helper()
	must(s.T, s.ph.OpenApp(otherBundle))
	s.settle()
	a := s.session(s.other)
	must(s.T, a.SetCategory(callkit.Playback, callkit.ModeDefault, o))
	must(s.T, a.SetActive(true))
	must(s.T, s.ph.Process(otherBundle).StartAudio(false))
	s.settle()
	s.otherI.heard = nil
	return a
}

// R70: an app without CallKit is interrupted at once by a call, and may go on when it is over.
func TestACallInterruptsOthers(t *testing.T) {
	s := newStage(t, "26.4", nil)
	s.music(0)
	s.one.report(u1)
	s.settle()
	s.otherI.want(t, s.w, "began reason=0 suspended=false")
	must(t, s.ph.Decline())
	s.settle()
	s.otherI.want(t, s.w, "ended options=1")

	a := s.session(s.other)
	must(t, a.SetActive(true))
	s.talk()
	must(t, s.ph.Hold(true))
	s.settle()
	s.otherI.want(t, s.w, "began reason=0 suspended=false")
	// R83: the held call hears no end, neither now nor when it goes on.
	s.oneIs.want(t, s.w, "began reason=0 suspended=false")
	must(t, s.ph.Hold(false))
	s.settle()
	must(t, s.ph.End())
	s.settle()
	s.otherI.want(t, s.w, "ended options=1")
	s.oneIs.want(t, s.w)
}

// R87: a banner leaves alone who prefers no interruptions, until the call is accepted; a full-screen ring does not.
func TestPrefersNoInterruptionsFromSystemAlerts(t *testing.T) {
	for _, banner := range []string{"true", "false"} {
		s := newStage(t, "26.4", nil)
		must(t, s.ph.SetKnob("prefersBanner", banner))
		a := s.music(0)
		must(t, a.SetPrefersNoInterruptionsFromSystemAlerts(true))
		must(t, s.ph.Interrupt(InterruptAlarm, time.Second))
		s.w.Run(2 * time.Second)
		s.otherI.want(t, s.w)
		s.one.report(u1)
		s.settle()
		if banner == "true" {
			s.otherI.want(t, s.w)
			must(t, s.ph.Answer())
			s.settle()
		}
		s.otherI.want(t, s.w, "began reason=0 suspended=false")
	}
	s := newStage(t, "14", nil)
	if err := s.session(s.one).SetPrefersNoInterruptionsFromSystemAlerts(true); err == nil {
		t.Error("iOS 14 has no such preference")
	}
}

func TestWorldInterrupts(t *testing.T) {
	began, ended := "began reason=0 suspended=false", "ended options=1"
	for _, x := range []struct {
		kind InterruptionKind
		mix  callkit.AudioOptions
		want []string
	}{
		{InterruptAlarm, callkit.MixWithOthers, []string{began, ended}},
		{InterruptSiri, callkit.MixWithOthers, []string{began, ended}},
		{InterruptPlayback, 0, []string{began, ended}},
		{InterruptPlayback, callkit.MixWithOthers, nil},
		{InterruptRecording, 0, []string{began, ended}},
		{InterruptMicMuted, 0, nil}, // it does not record
	} {
		s := newStage(t, "26.4", nil)
		a := s.music(x.mix)
		must(t, s.ph.Interrupt(x.kind, 5*time.Second))
		s.settle()
		if x.kind == InterruptSiri {
			if err := a.SetActive(true); code(err) != callkit.AudioSiriIsRecording {
				t.Errorf("while Siri listens: %v", err)
			}
		}
		if len(x.want) > 0 {
			if err := s.ph.Process(otherBundle).StartAudio(false); code(err) != callkit.AudioSessionNotActive {
				t.Errorf("%s: playing on: %v", x.kind, err)
			}
		}
		s.w.Run(10 * time.Second)
		s.otherI.want(t, s.w, x.want...)
		must(t, a.SetActive(true))
	}
	s := newStage(t, "26.4", nil)
	if s.ph.Interrupt("thunder", time.Second) == nil || s.ph.Interrupt(InterruptAlarm, -time.Second) == nil {
		t.Error("nonsense interrupted")
	}
}

func TestHardwareInterruptions(t *testing.T) {
	s := newStage(t, "26.4", nil)
	a := s.session(s.one)
	must(t, a.SetActive(true))
	must(t, s.ph.Interrupt(InterruptMicMuted, time.Second))
	s.w.Run(2 * time.Second)
	s.oneIs.want(t, s.w, "began reason=2 suspended=false", "ended options=1")
	must(t, a.SetCategory(callkit.PlayAndRecord, callkit.VoiceChat, callkit.OverrideMutedMicrophoneInterruption))
	must(t, a.SetActive(true))
	must(t, s.ph.Interrupt(InterruptMicMuted, time.Second))
	s.w.Run(2 * time.Second)
	s.oneIs.want(t, s.w)

	must(t, s.ph.Plug(callkit.BluetoothHFP))
	s.settle()
	s.oneIs.heard = nil
	must(t, s.ph.Interrupt(InterruptRoute, time.Second))
	s.w.Run(2 * time.Second)
	s.oneIs.want(t, s.w, "began reason=4 suspended=false") // and no end
}

func TestCallsHavePriority(t *testing.T) {
	s := newStage(t, "26.4", nil)
	s.talk()
	for _, k := range []InterruptionKind{InterruptAlarm, InterruptSiri, InterruptRecording, InterruptPlayback} {
		must(t, s.ph.Interrupt(k, time.Second))
		s.settle()
		if !s.ph.AudioActiveFor(bundle) {
			t.Errorf("%s interrupted a call", k)
		}
	}
	s.w.Run(2 * time.Second)
	s.oneIs.want(t, s.w)
	must(t, s.ph.SetKnob("alarmInterruptsCall", "true"))
	must(t, s.ph.Interrupt(InterruptAlarm, time.Second))
	s.settle()
	if s.ph.AudioActiveFor(bundle) {
		t.Error("the alarm did not interrupt the call")
	}
	s.w.Run(2 * time.Second)
	s.oneIs.want(t, s.w, "began reason=0 suspended=false", "ended options=1")
	if !s.ph.AudioActiveFor(bundle) {
		t.Error("the call did not get its audio back")
	}
}

// Who waits for the end of an alarm while a call comes hears of it when the call is over.
func TestACallDuringAnAlarm(t *testing.T) {
	s := newStage(t, "26.4", func(_, other *AppConfig) { other.AudioBackgroundMode = true })
	s.music(0)
	must(t, s.ph.Interrupt(InterruptAlarm, 2*time.Second))
	s.settle()
	s.talk()
	s.w.Run(5 * time.Second)
	s.otherI.want(t, s.w, "began reason=0 suspended=false")
	must(t, s.ph.End())
	s.settle()
	s.otherI.want(t, s.w, "ended options=1")
}

func TestAppsInterruptEachOther(t *testing.T) {
	s := newStage(t, "26.4", nil)
	s.music(0)
	must(t, s.ph.OpenApp(bundle))
	s.settle()
	a := s.session(s.one)
	must(t, a.SetActive(true))
	s.settle()
	s.otherI.want(t, s.w, "began reason=0 suspended=false")
	must(t, a.SetActiveWithOptions(false, callkit.NotifyOthersOnDeactivation))
	s.settle()
	s.otherI.want(t, s.w, "ended options=1")

	s.music(0)
	must(t, s.ph.OpenApp(bundle))
	s.settle()
	must(t, a.SetActive(true))
	must(t, a.SetActive(false)) // without the option nobody is told
	s.settle()
	s.otherI.want(t, s.w, "began reason=0 suspended=false")

	s.music(callkit.MixWithOthers)
	must(t, s.ph.OpenApp(bundle))
	s.settle()
	must(t, a.SetActive(true))
	s.settle()
	s.otherI.want(t, s.w)
	if !a.IsOtherAudioPlaying() || a.SecondaryAudioShouldBeSilencedHint() {
		t.Error("mixed audio plays, and does not have to be silenced")
	}
	if !s.session(s.other).SecondaryAudioShouldBeSilencedHint() {
		t.Error("the other one does not see the main audio")
	}
}

func TestSpokenAudioIsInterruptedBySpeech(t *testing.T) {
	s := newStage(t, "26.4", nil)
	a := s.music(callkit.MixWithOthers)
	must(t, a.SetMode(callkit.SpokenAudio))
	must(t, s.ph.OpenApp(bundle))
	s.settle()
	one := s.session(s.one)
	must(t, one.SetCategory(callkit.Playback, callkit.VoicePrompt, callkit.InterruptSpokenAudioAndMixWithOthers))
	must(t, one.SetActive(true))
	s.settle()
	s.otherI.want(t, s.w, "began reason=0 suspended=false")
}

func TestMediaServices(t *testing.T) {
	for _, bounces := range []string{"false", "true"} {
		s := newStage(t, "26.4", nil)
		must(t, s.ph.SetKnob("mediaResetBouncesCall", bounces))
		s.talk()
		p := s.ph.Process(bundle)
		must(t, p.StartAudio(true))
		s.ph.ResetMediaServices()
		s.settle()
		a := s.session(s.one)
		if err := a.SetCategory(callkit.PlayAndRecord, callkit.VoiceChat, 0); code(err) != callkit.AudioMediaServicesFailed {
			t.Errorf("setCategory meanwhile: %v", err)
		}
		if err := a.SetActive(true); code(err) != callkit.AudioMediaServicesFailed {
			t.Errorf("setActive meanwhile: %v", err)
		}
		if s.ph.AudioActiveFor(bundle) {
			t.Error("audio without media services")
		}
		s.w.Run(2 * time.Second)
		s.oneIs.want(t, s.w, "lost", "reset")
		if a.Category() != callkit.SoloAmbient || s.ph.AudioActiveFor(bundle) {
			t.Errorf("the session was not reset: %s", a.Category())
		}
		if err := p.StartAudio(true); code(err) != callkit.AudioMediaServicesFailed {
			t.Errorf("old audio objects after the reset: %v", err)
		}
		must(t, a.SetCategory(callkit.PlayAndRecord, callkit.VoiceChat, 0))
		s.settle()
		must(t, p.StartAudio(true))
		if !s.ph.AudioActiveFor(bundle) {
			t.Errorf("no audio after the app built it anew\n%s", s.w.Log())
		}
		if got := countLog(s.w, "audioActivate "); got != map[string]int{"false": 1, "true": 2}[bounces] {
			t.Errorf("bounces=%s: activated %d times\n%s", bounces, got, s.w.Log())
		}
	}
}
