package iossim

import (
	"slices"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
)

func (s *stage) at(want callkit.AudioPort) {
	s.Helper()
	s.settle()
	if got := s.ph.Screen().Route; got != string(want) {
		s.Fatalf("the route is %s, want %s\n%s", got, want, s.w.Log())
	}
}

// The last device connected takes over, the speaker button holds until then, and unplugging goes back (R85).
func TestRoutesOfACall(t *testing.T) {
	s := newStage(t, "26.4", nil)
	s.talk()
	s.at(callkit.BuiltInReceiver)
	s.oneIs.want(t, s.w)

	must(t, s.ph.Plug(callkit.Headphones))
	s.at(callkit.Headphones)
	s.oneIs.want(t, s.w, "inputs", "NewDeviceAvailable Receiver>Headphones")
	must(t, s.ph.Speaker(true))
	s.at(callkit.BuiltInSpeaker)
	s.oneIs.want(t, s.w, "Override Headphones>Speaker")
	if r := s.session(s.one).Route(); r.Input() != callkit.BuiltInMic {
		t.Errorf("the speaker goes with the microphone %s", r.Input())
	}
	must(t, s.ph.Plug(callkit.BluetoothHFP))
	s.at(callkit.BluetoothHFP)
	s.oneIs.want(t, s.w, "inputs", "NewDeviceAvailable Speaker>BluetoothHFP")
	if sc := s.ph.Screen(); sc.Call.Speaker {
		t.Error("the speaker button is still on")
	}
	must(t, s.ph.Unplug(callkit.BluetoothHFP))
	s.at(callkit.Headphones)
	must(t, s.ph.Speaker(true))
	s.settle()
	s.oneIs.heard = nil
	must(t, s.ph.Unplug(callkit.Headphones))
	s.at(callkit.BuiltInSpeaker) // nothing that was heard has gone
	s.oneIs.want(t, s.w, "inputs")
	must(t, s.ph.Speaker(false))
	s.at(callkit.BuiltInReceiver)
}

func TestRoutePicker(t *testing.T) {
	s := newStage(t, "26.4", nil)
	must(t, s.ph.Plug(callkit.AirPlay))
	must(t, s.ph.Plug(callkit.BluetoothHFP))
	must(t, s.ph.Plug(callkit.CarAudio))
	s.talk()
	s.at(callkit.CarAudio)
	if got, want := s.ph.Screen().Routes, []string{"Receiver", "Speaker", "BluetoothHFP", "CarAudio"}; !slices.Equal(got, want) {
		t.Fatalf("offered %q, want %q", got, want)
	}
	if err := s.ph.ChooseRoute(callkit.AirPlay); err == nil {
		t.Error("VoiceChat went to AirPlay")
	}
	s.oneIs.heard = nil
	for _, p := range []callkit.AudioPort{callkit.BluetoothHFP, callkit.BuiltInReceiver, callkit.BuiltInSpeaker, callkit.CarAudio} {
		must(t, s.ph.ChooseRoute(p))
		s.at(p)
		if got := s.ph.Screen().Call.Speaker; got != (p == callkit.BuiltInSpeaker) {
			t.Errorf("%s chosen: speaker button %v", p, got)
		}
	}
	s.oneIs.want(t, s.w, "Override CarAudio>BluetoothHFP", "Override BluetoothHFP>Receiver", "Override Receiver>Speaker", "Override Speaker>CarAudio")
	must(t, s.ph.Unplug(callkit.CarAudio))
	s.at(callkit.BluetoothHFP)
}

// A call that defaults to the speaker has a button that does nothing (R85; stream-video-js#2219).
func TestDefaultToSpeakerBreaksTheButton(t *testing.T) {
	for _, video := range []bool{false, true} {
		s := newStage(t, "26.4", nil)
		if video {
			must(t, s.session(s.one).SetMode(callkit.VideoChat))
		} else {
			must(t, s.session(s.one).SetCategory(callkit.PlayAndRecord, callkit.VoiceChat, callkit.DefaultToSpeaker))
		}
		s.talk()
		s.at(callkit.BuiltInSpeaker)
		must(t, s.ph.Speaker(false))
		s.at(callkit.BuiltInSpeaker)
		if !s.ph.Screen().Call.Speaker {
			t.Error("the button claims that it is off")
		}
		must(t, s.ph.Plug(callkit.Headphones)) // the default is for when nothing else is connected
		s.at(callkit.Headphones)
	}
}

func TestWhatAConfigurationAllows(t *testing.T) {
	for _, x := range []struct {
		category callkit.AudioCategory
		mode     callkit.AudioMode
		options  callkit.AudioOptions
		device   callkit.AudioPort
		out, in  callkit.AudioPort
	}{
		{callkit.PlayAndRecord, callkit.ModeDefault, 0, callkit.BluetoothHFP, callkit.BuiltInReceiver, callkit.BuiltInMic},
		{callkit.PlayAndRecord, callkit.ModeDefault, callkit.AllowBluetoothHFP, callkit.BluetoothHFP, callkit.BluetoothHFP, callkit.BluetoothHFP},
		{callkit.PlayAndRecord, callkit.VoiceChat, 0, callkit.BluetoothHFP, callkit.BluetoothHFP, callkit.BluetoothHFP},
		{callkit.PlayAndRecord, callkit.ModeDefault, callkit.AllowBluetoothA2DP, callkit.BluetoothHFP, callkit.BluetoothA2DP, callkit.BuiltInMic},
		{callkit.PlayAndRecord, callkit.ModeDefault, callkit.AllowBluetoothA2DP, callkit.BluetoothA2DP, callkit.BluetoothA2DP, callkit.BuiltInMic},
		{callkit.PlayAndRecord, callkit.VoiceChat, callkit.AllowBluetoothA2DP, callkit.BluetoothA2DP, callkit.BuiltInReceiver, callkit.BuiltInMic},
		{callkit.PlayAndRecord, callkit.VoiceChat, 0, callkit.BluetoothLE, callkit.BluetoothLE, callkit.BluetoothLE},
		{callkit.PlayAndRecord, callkit.ModeDefault, 0, callkit.Headphones, callkit.Headphones, callkit.HeadsetMic},
		{callkit.PlayAndRecord, callkit.ModeDefault, 0, callkit.LineIn, callkit.BuiltInReceiver, callkit.LineIn},
		{callkit.PlayAndRecord, callkit.ModeDefault, 0, callkit.HDMI, callkit.HDMI, callkit.BuiltInMic},
		{callkit.Playback, callkit.ModeDefault, 0, callkit.BluetoothHFP, callkit.BluetoothA2DP, ""},
		{callkit.Playback, callkit.ModeDefault, 0, callkit.AirPlay, callkit.BuiltInSpeaker, ""},
		{callkit.SoloAmbient, callkit.ModeDefault, 0, callkit.USBAudio, callkit.USBAudio, ""},
		{callkit.Record, callkit.ModeDefault, 0, callkit.USBAudio, "", callkit.USBAudio},
		{callkit.MultiRoute, callkit.ModeDefault, 0, callkit.USBAudio, callkit.USBAudio, callkit.USBAudio},
		{callkit.MultiRoute, callkit.ModeDefault, 0, callkit.BluetoothA2DP, callkit.BuiltInSpeaker, callkit.BuiltInMic},
	} {
		s := newStage(t, "26.4", nil)
		a := s.session(s.one)
		must(t, a.SetCategory(x.category, x.mode, x.options))
		must(t, s.ph.Plug(x.device))
		s.settle()
		if r := a.Route(); r.Output() != x.out || r.Input() != x.in {
			t.Errorf("%s %s%s with %s: %s and %s, want %s and %s", x.category, x.mode, optionWords(x.options), x.device, r.Output(), r.Input(), x.out, x.in)
		}
	}
}

func TestPreferredInput(t *testing.T) {
	s := newStage(t, "26.4", nil)
	must(t, s.ph.Plug(callkit.BluetoothHFP))
	must(t, s.ph.Plug(callkit.USBAudio))
	s.talk()
	a := s.session(s.one)
	kinds := map[callkit.AudioPort]callkit.AudioPortDescription{}
	for _, in := range a.AvailableInputs() {
		kinds[in.PortType] = in
	}
	if len(kinds) != 3 {
		t.Fatalf("inputs: %v", a.AvailableInputs())
	}
	s.at(callkit.USBAudio)
	must(t, a.SetPreferredInput(kinds[callkit.BluetoothHFP]))
	s.at(callkit.BluetoothHFP) // a headset takes the output along
	if got, ok := a.PreferredInput(); !ok || got.PortType != callkit.BluetoothHFP {
		t.Errorf("preferred: %v %v", got, ok)
	}
	must(t, a.SetPreferredInput(kinds[callkit.BuiltInMic]))
	s.at(callkit.BuiltInReceiver)
	must(t, a.SetPreferredInput(callkit.AudioPortDescription{}))
	s.at(callkit.USBAudio)
	if err := a.SetPreferredInput(callkit.AudioPortDescription{UID: "gone"}); code(err) != callkit.AudioBadParam {
		t.Errorf("an unknown input: %v", err)
	}
	o := s.session(s.other)
	must(t, o.SetCategory(callkit.Playback, callkit.ModeDefault, 0))
	if err := o.SetPreferredInput(micPort); code(err) != callkit.AudioIncompatibleCategory {
		t.Errorf("an input for Playback: %v", err)
	}
}

func TestNoSuitableRoute(t *testing.T) {
	s := newStage(t, "18", nil)
	a := s.session(s.one)
	must(t, a.SetCategory(callkit.Record, callkit.ModeDefault, 0))
	must(t, a.SetActive(true))
	s.settle()
	must(t, s.ph.Unplug(callkit.BuiltInMic))
	s.settle()
	s.oneIs.want(t, s.w, "NoSuitableRouteForCategory >")
	must(t, s.ph.Plug(callkit.BuiltInMic))
	s.settle()
	s.oneIs.want(t, s.w, "NewDeviceAvailable >")
}

func TestOverrideOutsideOfACall(t *testing.T) {
	s := newStage(t, "26.4", nil)
	a := s.session(s.one)
	must(t, a.SetActive(true))
	must(t, a.OverrideOutputAudioPort(true))
	s.at(callkit.BuiltInSpeaker)
	must(t, a.SetMode(callkit.ModeDefault))
	s.at(callkit.BuiltInReceiver)
	s.oneIs.want(t, s.w, "Override Receiver>Speaker", "CategoryChange Speaker>Receiver")
	must(t, a.SetCategory(callkit.Playback, callkit.ModeDefault, 0))
	if err := a.OverrideOutputAudioPort(true); code(err) != callkit.AudioBadParam {
		t.Errorf("override with Playback: %v", err)
	}
}

func TestWhatCanNotBePlugged(t *testing.T) {
	s := newStage(t, "26.4", nil)
	for _, p := range []callkit.AudioPort{"", callkit.BuiltInReceiver, callkit.BuiltInSpeaker, "Gramophone"} {
		if s.ph.Plug(p) == nil || s.ph.Unplug(p) == nil {
			t.Errorf("%q was plugged", p)
		}
	}
	must(t, s.ph.Unplug(callkit.Headphones))
	s.settle()
	s.logged("log no Headphones is connected")
	if err := s.ph.ChooseRoute(callkit.Headphones); err == nil {
		t.Error("a device that is not there was chosen")
	}
}

// A choice in the route picker is for one call.
func TestChoiceEndsWithTheCall(t *testing.T) {
	s := newStage(t, "26.4", nil)
	must(t, s.ph.Plug(callkit.BluetoothHFP))
	s.talk()
	must(t, s.ph.ChooseRoute(callkit.BuiltInReceiver))
	s.at(callkit.BuiltInReceiver)
	must(t, s.ph.End())
	s.w.Run(time.Second)
	s.talk()
	s.at(callkit.BluetoothHFP)
}
