package iossim

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
)

// inCall is a world in which the app has one connected call on a locked phone.
func inCall(t *testing.T, app *goodApp) (*World, *Phone) {
	t.Helper()
	w, ph := install(t, Config{}, PhoneConfig{Locked: true}, app)
	ph.DeliverPush(bundle, pushOf(u1))
	w.Run(time.Second)
	must(t, ph.Answer())
	w.Run(time.Second)
	return w, ph
}

func TestUnimplementedDelegateMethods(t *testing.T) {
	for _, c := range []struct {
		knob  string
		muted bool
		alive bool
	}{{"fulfill", true, true}, {"fail", false, true}, {"timeout", false, false}} {
		t.Run(c.knob, func(t *testing.T) {
			w, ph := inCall(t, &goodApp{}) // it has no PerformSetMutedCallAction
			must(t, ph.SetKnob("unimplementedActions", c.knob))
			must(t, ph.Mute(true))
			w.Run(time.Second)
			if got := ph.Screen().Call.Muted; got != c.muted {
				t.Errorf("muted = %v", got)
			}
			w.Run(2 * time.Minute)
			if got := len(ph.Calls()) == 1; got != c.alive {
				t.Errorf("the call lives = %v\n%s", got, w.Log())
			}
		})
	}
}

// TestTwoProviders shows what becomes of an app that makes a provider per call (VialerSIPLib#243).
func TestTwoProviders(t *testing.T) {
	app := &goodApp{}
	w, ph := inCall(t, app)
	second := app.sys.NewProvider(callkit.DefaultConfiguration())
	var got []string
	second.SetDelegate(&recorder{say: func(s string) { got = append(got, s) }}, nil)
	must(t, ph.End())
	w.Run(time.Second)
	if strings.Join(got, " ") != "end" {
		t.Errorf("the newest provider got %q, want the end of the other one's call", got)
	}
	app.provider.Invalidate()
	w.Run(time.Second)
	if len(ph.Calls()) != 1 {
		t.Error("the calls ended although a valid provider is left")
	}
	second.Invalidate()
	second.Invalidate()
	w.Run(time.Second)
	if len(ph.Calls()) != 0 || strings.Join(got, " ") != "end reset" {
		t.Errorf("after both are invalid: %d calls, %q", len(ph.Calls()), got)
	}
}

// recorder is a delegate that settles nothing.
type recorder struct{ say func(string) }

func (r *recorder) ProviderDidReset(callkit.Provider) { r.say("reset") }
func (r *recorder) PerformEndCallAction(callkit.Provider, *callkit.EndCallAction) {
	r.say("end")
}

func TestPendingActionsAndTimeoutDate(t *testing.T) {
	app := &goodApp{onAnswer: func(*callkit.AnswerCallAction) {}}
	w, ph := install(t, Config{}, PhoneConfig{Locked: true}, app)
	ph.SetClock(time.Hour)
	ph.DeliverPush(bundle, pushOf(u1))
	w.Run(time.Second)
	must(t, ph.Answer())
	w.Run(time.Second)
	pending := app.provider.PendingActions()
	if len(pending) != 1 || pending[0].Call() != u1 || pending[0].UUID().IsZero() || pending[0].IsComplete() {
		t.Fatalf("pending = %+v", pending)
	}
	if got := pending[0].TimeoutDate().Sub(app.sys.Now()); got != 59*time.Second {
		t.Errorf("the time-out is in %v by the phone's clock, want 59s", got)
	}
	if all := ph.PendingActions(); len(all) != 1 {
		t.Errorf("pending on the phone: %q", all)
	}
	pending[0].FulfillAt(app.sys.Now().Add(-500 * time.Millisecond))
	if !pending[0].IsComplete() || len(app.provider.PendingActions()) != 1 {
		t.Error("complete for the app at once, for the system when it hears of it")
	}
	w.Run(0)
	if len(app.provider.PendingActions()) != 0 {
		t.Error("still pending")
	}
	if got := app.sys.Now().Sub(ph.Screen().Call.ConnectedAt); got != 500*time.Millisecond {
		t.Errorf("the timer began %v ago, want the date that the app gave", got)
	}
}

func TestConfigurationIsACopy(t *testing.T) {
	app := &goodApp{}
	w, ph := inCall(t, app)
	c := app.provider.Configuration()
	c.SupportedHandleTypes[0] = callkit.EmailAddress
	c.IncludesCallsInRecents = false
	if app.provider.Configuration().SupportedHandleTypes[0] != callkit.Generic {
		t.Error("changing the copy changed the provider")
	}
	app.provider.SetConfiguration(c)
	must(t, ph.End())
	w.Run(time.Second)
	if len(ph.Recents()) != 0 {
		t.Error("the new configuration keeps calls out of Recents")
	}
}

func TestErrorsAreTheContractsErrors(t *testing.T) {
	app := &goodApp{}
	w, _ := inCall(t, app)
	var got []error
	keep := func(err error) { got = append(got, err) }
	app.provider.ReportNewIncomingCall(u1, callkit.Update{}, keep)
	app.controller.RequestTransaction([]callkit.Action{&callkit.EndCallAction{Base: callkit.Base{CallUUID: callkit.UUID{9}}}}, keep)
	app.controller.RequestTransaction([]callkit.Action{nil}, keep)
	app.controller.RequestTransaction([]callkit.Action{&callkit.PlayDTMFCallAction{Base: callkit.Base{CallUUID: u1}}}, keep)
	app.provider.ReportNewIncomingCall(callkit.UUID{}, callkit.Update{}, keep)
	w.Run(0)
	if len(got) != 5 || !errors.Is(got[0], callkit.ErrCallUUIDAlreadyExists) || !errors.Is(got[1], callkit.ErrUnknownCallUUID) {
		t.Fatalf("got %v", got)
	}
	for _, err := range got[2:4] {
		var e *callkit.Error
		if !errors.As(err, &e) || e.Code != callkit.RequestInvalidAction {
			t.Errorf("%v is not invalidAction", err)
		}
	}
	if err := app.sys.AudioSession().OverrideOutputAudioPort(true); err != nil {
		t.Error(err)
	}
	w.Run(0)
	if app.sys.AudioSession().CurrentRoute() != callkit.BuiltInSpeaker {
		t.Error("the override had no effect")
	}
	_ = app.sys.AudioSession().SetActive(false)
	w.Run(time.Second)
	if !strings.Contains(w.Log(), "by the app's own hand") {
		t.Error("an app that takes the session away from itself goes unnoticed")
	}
}

func TestOverLimitIncoming(t *testing.T) {
	for knob, want := range map[string]int{"reject": 2, "offerEndAndAccept": 3} {
		app := &goodApp{}
		w, ph := inCall(t, app)
		must(t, ph.SetKnob("overLimitIncoming", knob))
		for i := range byte(2) {
			app.report(callkit.UUID{15: 2 + i})
		}
		w.Run(time.Second)
		if got := len(ph.Calls()); got != want {
			t.Errorf("%s: %d calls, want %d", knob, got, want)
		}
		if s := ph.Screen(); s.Kind != ScreenCallWaiting || strings.Count(w.Log(), " SYS ring ") != 1 {
			t.Errorf("%s: a ring tone beside a call:\n%s", knob, s)
		}
		app.provider.ReportCallEnded(u1, time.Time{}, callkit.RemoteEnded)
		w.Run(time.Second)
		if ph.Screen().Kind != ScreenIncomingFull || strings.Count(w.Log(), " SYS ring ") != 2 {
			t.Errorf("%s: the call that waited does not ring:\n%s", knob, ph.Screen())
		}
	}
}

// watched is an app that is told of what no real app is.
type watched struct {
	goodApp
	heard []string
}

func (a *watched) ProcessDied() { a.heard = append(a.heard, "died") }
func (a *watched) ProcessSuspended(on bool) {
	a.heard = append(a.heard, map[bool]string{true: "suspended", false: "resumed"}[on])
}
func (a *watched) NetworkChanged(on bool) {
	a.heard = append(a.heard, map[bool]string{true: "online", false: "offline"}[on])
}

func TestWatchers(t *testing.T) {
	for _, end := range []string{"crash", "close"} {
		w := NewWorld(Config{})
		ph, err := w.NewPhone(PhoneConfig{})
		must(t, err)
		app := &watched{}
		must(t, ph.Install(AppConfig{BundleID: bundle, New: func() callkit.App { return app }}))
		must(t, ph.OpenApp(bundle))
		w.Run(time.Second)
		ph.SetOnline(false)
		ph.SetOnline(false)
		ph.SetBadge(bundle, "3")
		must(t, ph.Home())
		w.Run(time.Minute)
		if got := ph.Screen().Apps[0]; got.Badge != "3" || got.State != "suspended" {
			t.Errorf("icon = %+v", got)
		}
		must(t, ph.OpenApp(bundle))
		ph.SetOnline(true)
		w.Run(time.Second)
		if end == "crash" {
			ph.Process(bundle).Crash("test")
			w.Run(time.Second)
		}
		w.Close()
		if got := strings.Join(app.heard, " "); got != "offline suspended resumed online died" && got != "offline suspended online resumed died" {
			t.Errorf("%s: heard %s", end, got)
		}
	}
}
