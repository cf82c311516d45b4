package iossim

import (
	"strings"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
)

func countLog(w *World, what string) int { return strings.Count(w.Log(), what) }

// muting is an app that mutes its track when it is told, and follows AVAudioApplication.
type muting struct {
	*goodApp
	s *stage
}

func (m muting) PerformSetMutedCallAction(_ callkit.Provider, x *callkit.SetMutedCallAction) {
	m.sys.(*Process).SetMicrophoneTrack(!x.Muted)
	if shared := callkit.AudioApplicationOf(m.sys); shared != nil {
		_ = shared.SetInputMuted(x.Muted)
	}
	x.Fulfill()
}

func (s *stage) muteWell() { s.one.provider.SetDelegate(muting{s.one, s}, nil) }

// R86: a gesture of the headset is a SetMuted action during a call, and AVAudioApplication follows it.
func TestMuteGestureDuringACall(t *testing.T) {
	s := newStage(t, "26.4", nil)
	s.muteWell()
	s.talk()
	if err := s.ph.MuteGesture(); err == nil {
		t.Error("a gesture without a headset")
	}
	must(t, s.ph.Plug(callkit.BluetoothHFP))
	s.settle()
	s.oneIs.heard = nil
	must(t, s.ph.MuteGesture())
	s.settle()
	shared := callkit.AudioApplicationOf(s.one.sys)
	if !s.ph.Screen().Call.Muted || !shared.IsInputMuted() {
		t.Fatalf("not muted\n%s", s.w.Log())
	}
	s.oneIs.want(t, s.w, "input muted true")
	must(t, s.ph.MuteGesture())
	s.w.Run(2 * time.Second)
	s.oneIs.want(t, s.w, "input muted false")
	if n := countLog(s.w, "performSetMuted"); n != 2 { // no ping-pong though the app calls setInputMuted itself
		t.Errorf("%d actions\n%s", n, s.w.Log())
	}
	if m := s.ph.Screen().Call.Mismatch; m != "" {
		t.Errorf("mismatch %q", m)
	}
}

func TestMuteGestureWithoutACall(t *testing.T) {
	s := newStage(t, "17.4", nil)
	must(t, s.ph.Plug(callkit.BluetoothHFP))
	if err := s.ph.MuteGesture(); err == nil {
		t.Error("nobody records")
	}
	must(t, s.session(s.one).SetActive(true))
	s.settle()
	s.oneIs.heard = nil
	must(t, s.ph.MuteGesture())
	s.settle()
	s.oneIs.want(t, s.w, "input muted true")
	if old := newStage(t, "16", nil); callkit.AudioApplicationOf(old.one.sys) != nil || old.ph.MuteGesture() == nil {
		t.Error("AVAudioApplication came with iOS 17")
	}
}

// An app that mutes by AVAudioApplication brings the call screen along, if the knob says so.
func TestSetInputMutedAsksCallKit(t *testing.T) {
	for _, asks := range []string{"true", "false"} {
		s := newStage(t, "26.4", nil)
		s.muteWell()
		must(t, s.ph.SetKnob("inputMuteAsksCallKit", asks))
		s.talk()
		must(t, callkit.AudioApplicationOf(s.one.sys).SetInputMuted(true))
		s.settle()
		if got := s.ph.Screen().Call.Muted; got != (asks == "true") {
			t.Errorf("asks=%s: muted %v\n%s", asks, got, s.w.Log())
		}
		s.oneIs.want(t, s.w, "input muted true")
	}
}

// The state is stored while nothing records, and announced when something does (AVAudioApplication.h).
func TestInputMuteIsStored(t *testing.T) {
	s := newStage(t, "26.4", nil)
	must(t, callkit.AudioApplicationOf(s.one.sys).SetInputMuted(true))
	s.settle()
	s.oneIs.want(t, s.w)
	must(t, s.session(s.one).SetActive(true))
	s.settle()
	s.oneIs.want(t, s.w, "input muted true")
}

// S49: an app that mutes only its own track, and one that only fulfils.
func TestMuteMismatchIsSeen(t *testing.T) {
	s := newStage(t, "26.4", nil)
	s.talk()
	s.ph.AppMicrophone(bundle, true)
	s.w.Run(2 * time.Second)
	if sc := s.ph.Screen(); sc.Call.Mismatch != "" || !sc.Microphone {
		t.Fatalf("mismatch %q, microphone %v", sc.Call.Mismatch, sc.Microphone)
	}
	s.ph.AppMicrophone(bundle, false)
	s.w.Run(500 * time.Millisecond)
	if m := s.ph.Screen().Call.Mismatch; m != "" {
		t.Fatalf("an action takes its time, but the screen says %q", m)
	}
	s.w.Run(time.Second)
	if sc := s.ph.Screen(); sc.Call.Muted || sc.Call.Mismatch != "not muted on the screen, but the app sends silence" {
		t.Fatalf("%v %q", sc.Call.Muted, sc.Call.Mismatch)
	}
	must(t, s.ph.Mute(true)) // the app does not implement it: the system fulfils
	s.w.Run(2 * time.Second)
	if m := s.ph.Screen().Call.Mismatch; m != "" {
		t.Fatalf("both are muted, but the screen says %q", m)
	}
	s.ph.AppMicrophone(bundle, true)
	s.w.Run(2 * time.Second)
	if m := s.ph.Screen().Call.Mismatch; m != "muted on the screen, but the app sends" {
		t.Fatalf("mismatch %q", m)
	}
	s.logged("log mute mismatch: muted on the screen, but the app sends")
	must(t, s.ph.End())
	s.w.Run(2 * time.Second)
	if s.ph.Screen().Microphone {
		t.Error("the orange dot outlives the call")
	}
}

func TestOutputMute(t *testing.T) {
	s := newStage(t, "26.4", nil)
	a := s.session(s.one)
	if err := a.SetOutputMuted(true); code(err) != callkit.AudioIncompatibleCategory {
		t.Errorf("PlayAndRecord in VoiceChat: %v", err)
	}
	must(t, a.SetMode(callkit.ModeDefault))
	must(t, a.SetOutputMuted(true))
	must(t, a.SetMode(callkit.VoiceChat)) // unmutes
	s.settle()
	if a.IsOutputMuted() {
		t.Error("still muted")
	}
	s.oneIs.want(t, s.w, "output muted true", "output muted false")
}
