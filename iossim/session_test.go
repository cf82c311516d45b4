package iossim

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
)

// listener notes all that AVAudioSession and AVAudioApplication tell.
type listener struct{ heard []string }

func (l *listener) note(format string, args ...any) {
	l.heard = append(l.heard, fmt.Sprintf(format, args...))
}

func (l *listener) AudioInterruption(callkit.InterruptionType) { l.note("the short form") }
func (l *listener) AudioRouteChange(callkit.RouteChangeReason, callkit.AudioPort) {
	l.note("the short form")
}
func (l *listener) AudioInterrupted(i callkit.Interruption) {
	if i.Type == callkit.InterruptionBegan {
		l.note("began reason=%d suspended=%v", i.Reason, i.WasSuspended)
		return
	}
	l.note("ended options=%d", i.Options)
}
func (l *listener) AudioRouteChanged(c callkit.RouteChange) {
	l.note("%s %s>%s", c.Reason, c.Previous.Output(), c.Current.Output())
}
func (l *listener) MediaServicesWereLost()            { l.note("lost") }
func (l *listener) MediaServicesWereReset()           { l.note("reset") }
func (l *listener) SilenceSecondaryAudio(begin bool)  { l.note("secondary %v", begin) }
func (l *listener) AvailableInputsChanged()           { l.note("inputs") }
func (l *listener) OutputMuteStateChanged(muted bool) { l.note("output muted %v", muted) }
func (l *listener) InputMuteStateChanged(muted bool)  { l.note("input muted %v", muted) }
func (l *listener) want(t *testing.T, w *World, want ...string) {
	t.Helper()
	if !slices.Equal(l.heard, want) {
		t.Fatalf("heard %q, want %q\n%s", l.heard, want, w.Log())
	}
	l.heard = nil
}

// stage is a phone with two apps that run and listen.
type stage struct {
	*testing.T
	w      *World
	ph     *Phone
	one    *goodApp
	other  *goodApp
	oneIs  *listener
	otherI *listener
}

const otherBundle = "com.example.other"

func newStage(t *testing.T, os string, change func(one, other *AppConfig)) *stage {
	t.Helper()
	s := &stage{T: t, w: NewWorld(Config{Seed: 1}), oneIs: &listener{}, otherI: &listener{}}
	t.Cleanup(s.w.Close)
	ph, err := s.w.NewPhone(PhoneConfig{Name: "alice", OS: os})
	if err != nil {
		t.Fatal(err)
	}
	s.ph = ph
	app := func(to **goodApp, l *listener) func() callkit.App {
		return func() callkit.App {
			a := &goodApp{}
			a.onLaunch = func() {
				a.sys.AudioSession().SetObserver(l)
				if shared := callkit.AudioApplicationOf(a.sys); shared != nil {
					shared.SetInputMuteObserver(l)
				}
			}
			*to = a
			return a
		}
	}
	one := AppConfig{BundleID: bundle, Name: "One", New: app(&s.one, s.oneIs)}
	other := AppConfig{BundleID: otherBundle, Name: "Other", New: app(&s.other, s.otherI)}
	if change != nil {
		change(&one, &other)
	}
	must(t, ph.Install(one))
	must(t, ph.Install(other))
	must(t, ph.OpenApp(otherBundle))
	s.w.Run(time.Second)
	must(t, ph.OpenApp(bundle))
	s.w.Run(time.Second)
	return s
}

func (s *stage) session(a *goodApp) callkit.WholeAudioSession {
	s.Helper()
	whole, ok := callkit.WholeAudio(a.sys.AudioSession())
	if !ok {
		s.Fatal("the simulated iPhone has not the whole session")
	}
	return whole
}

// talk has the app answer a call.
func (s *stage) talk() {
	s.Helper()
	s.one.report(u1)
	s.w.Run(time.Second)
	must(s.T, s.ph.Answer())
	s.w.Run(time.Second)
	if !s.ph.AudioActiveFor(bundle) {
		s.Fatalf("no audio\n%s", s.w.Log())
	}
}

func (s *stage) settle() { s.w.Run(50 * time.Millisecond) }

func (s *stage) logged(want string) {
	s.Helper()
	if !strings.Contains(s.w.Log(), want) {
		s.Fatalf("the log lacks %q\n%s", want, s.w.Log())
	}
}

func code(err error) int {
	var e *callkit.Error
	if !errors.As(err, &e) {
		return 0
	}
	return e.Code
}

func TestCategoriesTakeWhatGoesWithThem(t *testing.T) {
	const par, play, rec = callkit.PlayAndRecord, callkit.Playback, callkit.Record
	for _, x := range []struct {
		os       string
		category callkit.AudioCategory
		mode     callkit.AudioMode
		options  callkit.AudioOptions
		ok       bool
	}{
		{"26.4", par, callkit.VoiceChat, callkit.AllowBluetoothHFP | callkit.DefaultToSpeaker | callkit.MixWithOthers, true},
		{"26.4", par, callkit.VideoChat, callkit.AllowBluetoothA2DP | callkit.AllowAirPlay | callkit.DuckOthers, true},
		{"26.4", play, callkit.VoiceChat, 0, false},
		{"26.4", play, callkit.ModeDefault, callkit.DefaultToSpeaker, false},
		{"26.4", play, callkit.ModeDefault, callkit.AllowBluetoothHFP, false},
		{"26.4", play, callkit.MoviePlayback, callkit.AllowBluetoothA2DP, true},
		{"26.4", par, callkit.MoviePlayback, 0, false},
		{"26.4", rec, callkit.ModeDefault, callkit.MixWithOthers, false},
		{"26.4", rec, callkit.Measurement, callkit.AllowBluetoothHFP, true},
		{"26.4", callkit.SoloAmbient, callkit.ModeDefault, callkit.MixWithOthers, false},
		{"26.4", callkit.Ambient, callkit.ModeDefault, callkit.DuckOthers, true},
		{"26.4", callkit.MultiRoute, callkit.ModeDefault, callkit.AllowBluetoothHFP, false},
		{"26.4", callkit.MultiRoute, callkit.DualRoute, callkit.AllowBluetoothHFP, true},
		{"26.0", callkit.MultiRoute, callkit.DualRoute, callkit.AllowBluetoothHFP, false},
		{"26.4", play, callkit.ShortFormVideo, 0, true},
		{"18", play, callkit.ShortFormVideo, 0, false},
		{"13", par, callkit.VoiceChat, callkit.OverrideMutedMicrophoneInterruption, false},
		{"16", par, callkit.VoiceChat, callkit.OverrideMutedMicrophoneInterruption, true},
		{"26.4", par, callkit.ModeDefault, callkit.BluetoothHighQualityRecording, true},
		{"26.4", par, callkit.VoiceChat, callkit.BluetoothHighQualityRecording, false},
		{"26.4", par, callkit.ModeDefault, callkit.FarFieldInput, false},
		{"26.4", par, callkit.ModeDefault, callkit.FarFieldInput | callkit.AllowBluetoothHFP, true},
		{"26.4", par, callkit.ModeDefault, 1 << 30, false},
		{"26.4", "Nonsense", callkit.ModeDefault, 0, false},
		{"26.4", par, "Nonsense", 0, false},
	} {
		v, err := ParseVersion(x.os)
		must(t, err)
		why := badConfiguration(v, x.category, x.mode, callkit.RouteSharingDefault, x.options)
		if (why == "") != x.ok {
			t.Errorf("iOS %s: %s %s%s: %q, want ok %v", x.os, x.category, x.mode, optionWords(x.options), why, x.ok)
		}
	}
	v := Version{26, 4}
	if badConfiguration(v, par, callkit.ModeDefault, callkit.RouteSharingLongFormAudio, 0) == "" ||
		badConfiguration(v, play, callkit.ModeDefault, callkit.RouteSharingLongFormVideo, 0) != "" ||
		badConfiguration(v, play, callkit.ModeDefault, callkit.RouteSharingIndependent, 0) == "" {
		t.Error("route sharing policies are not checked")
	}
}

func TestABadConfigurationChangesNothing(t *testing.T) {
	s := newStage(t, "26.4", nil)
	a := s.session(s.one)
	err := a.SetCategory(callkit.Playback, callkit.VoiceChat, 0)
	if code(err) != callkit.AudioBadParam || a.Category() != callkit.PlayAndRecord || a.Mode() != callkit.VoiceChat {
		t.Fatalf("%v; now %s %s", err, a.Category(), a.Mode())
	}
	must(t, a.SetMode(callkit.VideoChat))
	if got := a.CategoryOptions(); got != callkit.AllowBluetoothHFP|callkit.DefaultToSpeaker {
		t.Errorf("VideoChat brings the options%s", optionWords(got))
	}
	must(t, a.SetCategoryWithPolicy(callkit.Playback, callkit.ModeDefault, callkit.RouteSharingLongFormAudio, 0))
	if a.RouteSharingPolicy() != callkit.RouteSharingLongFormAudio {
		t.Error("the policy was not kept")
	}
	if len(a.AvailableCategories()) != 6 || !slices.Contains(a.AvailableModes(), callkit.DualRoute) {
		t.Errorf("available: %v %v", a.AvailableCategories(), a.AvailableModes())
	}
}

// During a call the session is like PlayAndRecord and nothing else (forums 749202).
func TestOtherCategoriesFailDuringACall(t *testing.T) {
	s := newStage(t, "26.4", nil)
	s.talk()
	if err := s.session(s.one).SetCategory(callkit.Playback, callkit.ModeDefault, 0); code(err) != callkit.AudioIncompatibleCategory {
		t.Fatalf("err = %v", err)
	}
}

func TestOwnActivationSpoilsTheCall(t *testing.T) {
	for _, skip := range []string{"always", "never"} {
		s := newStage(t, "26.4", nil)
		must(t, s.ph.SetKnob("skipActivateIfAppActive", skip))
		s.one.report(u1)
		s.w.Run(time.Second)
		must(t, s.one.sys.AudioSession().SetActive(true))
		must(t, s.ph.Answer())
		s.w.Run(time.Second)
		s.logged("log violation: setActive during a call")
		s.logged("log headset buttons are dead")
		if got := strings.Contains(s.w.Log(), "log didActivate skipped"); got != (skip == "always") {
			t.Errorf("skip %s: skipped = %v\n%s", skip, got, s.w.Log())
		}
	}
}

// R84: another app can't record during a call, but play.
func TestDuringACallOthersPlayAndDoNotRecord(t *testing.T) {
	s := newStage(t, "26.4", nil)
	s.talk()
	must(t, s.ph.OpenApp(otherBundle))
	s.w.Run(time.Second)
	a := s.session(s.other)
	if err := a.SetActive(true); !errors.Is(err, callkit.ErrInsufficientPriority) {
		t.Fatalf("recording during a call: %v", err)
	}
	if err := s.ph.Process(otherBundle).StartAudio(true); !errors.Is(err, callkit.ErrInsufficientPriority) {
		t.Fatalf("starting the microphone during a call: %v", err)
	}
	must(t, a.SetCategory(callkit.Playback, callkit.ModeDefault, 0))
	must(t, a.SetActive(true))
	must(t, s.ph.Process(otherBundle).StartAudio(false))
	s.w.Run(time.Second)
	if !s.ph.AudioActiveFor(bundle) || len(s.otherI.heard) > 0 || !s.session(s.one).IsOtherAudioPlaying() {
		t.Fatalf("playing beside a call: %q\n%s", s.otherI.heard, s.w.Log())
	}
}

func TestActivationFromTheBackground(t *testing.T) {
	s := newStage(t, "26.4", func(one, other *AppConfig) { other.AudioBackgroundMode = true })
	must(t, s.ph.Home())
	s.settle()
	play := func(a *goodApp) callkit.WholeAudioSession {
		must(t, s.session(a).SetCategory(callkit.Playback, callkit.ModeDefault, 0))
		return s.session(a)
	}
	if err := s.session(s.one).SetActive(true); code(err) != callkit.AudioCannotStartRecording {
		t.Errorf("recording: %v", err)
	}
	if err := play(s.one).SetActive(true); code(err) != callkit.AudioCannotStartPlaying {
		t.Errorf("playing without the background mode: %v", err)
	}
	must(t, play(s.other).SetActive(true))
	must(t, s.ph.Process(otherBundle).StartAudio(false))
	s.settle()
	if err := play(s.other).SetActive(false); code(err) != callkit.AudioIsBusy {
		t.Errorf("deactivating while audio runs: %v", err)
	}
	must(t, s.ph.OpenApp(bundle))
	s.settle()
	must(t, play(s.one).SetActive(true))
	s.settle()
	if err := play(s.other).SetActive(true); code(err) != callkit.AudioCannotInterruptOthers {
		t.Errorf("interrupting from the background: %v", err)
	}
	must(t, s.session(s.other).SetCategory(callkit.Playback, callkit.ModeDefault, callkit.MixWithOthers))
	must(t, s.session(s.other).SetActive(true))
}

func TestAnAppThatIsHeardIsNotSuspended(t *testing.T) {
	s := newStage(t, "15", func(one, other *AppConfig) { one.AudioBackgroundMode = true })
	a := s.session(s.one)
	must(t, a.SetCategory(callkit.Playback, callkit.ModeDefault, 0))
	must(t, a.SetActive(true))
	must(t, s.ph.Process(bundle).StartAudio(false))
	must(t, s.ph.Home())
	s.w.Run(time.Minute)
	if s.ph.Process(bundle).Suspended() {
		t.Fatalf("suspended while it plays\n%s", s.w.Log())
	}
	s.ph.Process(bundle).StopAudio()
	s.w.Run(time.Minute)
	if !s.ph.Process(bundle).Suspended() {
		t.Fatalf("not suspended\n%s", s.w.Log())
	}
	s.oneIs.want(t, s.w)
	must(t, s.ph.OpenApp(bundle))
	s.settle()
	s.oneIs.want(t, s.w, "began reason=1 suspended=false") // up to iOS 15
}

func TestSuspendedByVersion(t *testing.T) {
	for os, want := range map[string][]string{
		"14.4": {"began reason=0 suspended=true"}, "14.5": {"began reason=1 suspended=false"}, "16": nil,
	} {
		s := newStage(t, os, nil)
		must(t, s.session(s.one).SetActive(true))
		must(t, s.ph.Home())
		s.w.Run(time.Minute)
		must(t, s.ph.OpenApp(bundle))
		s.settle()
		s.oneIs.want(t, s.w, want...)
	}
}

func TestActivateAsync(t *testing.T) {
	s := newStage(t, "26.4", nil)
	var got []string
	a := s.session(s.one)
	a.Activate(0, func(ok bool, err error) { got = append(got, fmt.Sprint(ok, err)) })
	a.Activate(0, nil)
	s.settle()
	must(t, s.ph.Interrupt(InterruptSiri, time.Second))
	s.settle()
	a.Activate(0, func(ok bool, err error) { got = append(got, fmt.Sprint(ok, code(err))) })
	s.settle()
	if want := []string{"true <nil>", "false 1936290409"}; !slices.Equal(got, want) {
		t.Fatalf("%q, want %q", got, want)
	}
}

func TestErrorNames(t *testing.T) {
	for c, want := range map[int]string{
		callkit.AudioInsufficientPriority: "!pri", callkit.AudioIsBusy: "!act", callkit.AudioIncompatibleCategory: "!cat",
		callkit.AudioCannotInterruptOthers: "!int", callkit.AudioMissingEntitlement: "ent?", callkit.AudioSiriIsRecording: "siri",
		callkit.AudioCannotStartPlaying: "!pla", callkit.AudioCannotStartRecording: "!rec", callkit.AudioResourceNotAvailable: "!res",
		callkit.AudioExpiredSession: "!ses", callkit.AudioSessionNotActive: "inac", callkit.AudioMediaServicesFailed: "msrv",
		callkit.AudioUnspecified: "what",
	} {
		if got := string([]byte{byte(c >> 24), byte(c >> 16), byte(c >> 8), byte(c)}); got != want {
			t.Errorf("%d is %q, want %q", c, got, want)
		}
		if callkit.AudioErrorName(c) == "" {
			t.Errorf("%d has no name", c)
		}
	}
	if callkit.AudioErrorName(1) != "" || callkit.AudioErrorName(callkit.AudioBadParam) != "badParam" {
		t.Error("names of other codes")
	}
}
