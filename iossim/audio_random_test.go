package iossim

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/ringtrip/ringtrip/callkit"
)

// soundLife plays two apps, devices, alarms, Siri, dying media services and calls against each other.
func soundLife(t interface {
	Errorf(string, ...any)
	Fatalf(string, ...any)
}, seed uint64, steps int, dice func(string, int) int) string {
	w := NewWorld(Config{Seed: seed})
	defer w.Close()
	ph, err := w.NewPhone(PhoneConfig{Name: "alice", OS: Profiles[dice("os", len(Profiles))]})
	if err != nil {
		t.Fatalf("%v", err)
	}
	flip := func(what string) bool { return dice(what, 2) == 0 }
	for _, k := range []string{"alarmInterruptsCall", "mediaResetBouncesCall", "inputMuteAsksCallKit", "prefersBanner"} {
		if err := ph.SetKnob(k, map[bool]string{true: "true", false: "false"}[flip(k)]); err != nil {
			t.Fatalf("%v", err)
		}
	}
	bundles := []string{bundle, otherBundle}
	apps := map[string]*goodApp{}
	for _, b := range bundles {
		err := ph.Install(AppConfig{BundleID: b, AudioBackgroundMode: flip("audio"), New: func() callkit.App {
			a, l := &goodApp{}, &listener{}
			a.onLaunch = func() {
				a.sys.AudioSession().SetObserver(l)
				if shared := callkit.AudioApplicationOf(a.sys); shared != nil {
					shared.SetInputMuteObserver(l)
				}
			}
			apps[b] = a
			return a
		}})
		if err != nil {
			t.Fatalf("%v", err)
		}
	}
	ports := []callkit.AudioPort{callkit.Headphones, callkit.BluetoothHFP, callkit.BluetoothA2DP, callkit.CarAudio, callkit.AirPlay, callkit.USBAudio, callkit.BuiltInMic}
	for range steps {
		b := bundles[dice("app", 2)]
		a := apps[b]
		var s callkit.WholeAudioSession
		if a != nil {
			s, _ = callkit.WholeAudio(a.sys.AudioSession())
		}
		port := ports[dice("port", len(ports))]
		switch dice("move", 22) {
		case 0, 1:
			_ = ph.OpenApp(b)
		case 2:
			_ = ph.Home()
		case 3, 4:
			if a != nil {
				a.report(callID(dice("call", 3)))
			}
		case 5, 6:
			_ = ph.Answer()
		case 7:
			_ = ph.End()
			_ = ph.Decline()
		case 8:
			_ = ph.Hold(flip("on"))
		case 9:
			_ = ph.Mute(flip("on"))
		case 10:
			_ = ph.Speaker(flip("on"))
		case 11:
			_ = ph.Plug(port)
		case 12:
			_ = ph.Unplug(port)
		case 13:
			if r := ph.Screen().Routes; len(r) > 0 {
				_ = ph.ChooseRoute(callkit.AudioPort(r[dice("route", len(r))]))
			}
		case 14:
			_ = ph.Interrupt(InterruptionKinds[dice("kind", len(InterruptionKinds))], time.Duration(dice("d", 9))*time.Second)
		case 15:
			if dice("reset", 3) == 0 {
				ph.ResetMediaServices()
			}
		case 16:
			if s != nil {
				_ = s.SetActiveWithOptions(flip("on"), callkit.SetActiveOptions(dice("notify", 2)))
			}
		case 17:
			if s != nil {
				c := callkit.AudioCategories[dice("category", len(callkit.AudioCategories))]
				_ = s.SetCategory(c, callkit.AudioModes[dice("mode", 4)], callkit.AudioOptions(dice("options", 256)))
				_ = s.SetPrefersNoInterruptionsFromSystemAlerts(flip("alerts"))
			}
		case 18:
			if s != nil {
				if in := s.AvailableInputs(); len(in) > 0 {
					_ = s.SetPreferredInput(in[dice("input", len(in))])
				}
				_ = s.OverrideOutputAudioPort(flip("on"))
			}
		case 19:
			if p := ph.Process(b); p != nil {
				_ = p.StartAudio(flip("record"))
				p.SetMicrophoneTrack(flip("on"))
			}
		case 20:
			_ = ph.MuteGesture()
			if a != nil {
				if shared := callkit.AudioApplicationOf(a.sys); shared != nil {
					_ = shared.SetInputMuted(flip("on"))
				}
			}
		case 21:
			if flip("kill") {
				ph.Kill(b, "memory")
				delete(apps, b)
			}
		}
		w.Run([]time.Duration{0, time.Millisecond, 300 * time.Millisecond, 2 * time.Second, 11 * time.Second}[dice("wait", 5)])
		if err := w.Check(); err != nil {
			t.Fatalf("%v\n%s", err, w.Log())
		}
	}
	return w.Log()
}

func TestRandomSounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		steps := rapid.IntRange(1, 60).Draw(t, "steps")
		soundLife(t, rapid.Uint64().Draw(t, "seed"), steps, func(label string, n int) int { return rapid.IntRange(0, n-1).Draw(t, label) })
	})
}

func TestSameSeedSameSounds(t *testing.T) {
	for seed := range uint64(100) {
		if a, b := soundLife(t, seed, 80, diced(seed)), soundLife(t, seed, 80, diced(seed)); a != b {
			t.Fatalf("seed %d: two lives differ:\n%s", seed, firstDifference(a, b))
		}
	}
}
