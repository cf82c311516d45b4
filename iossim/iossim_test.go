package iossim

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ringtrip/ringtrip/callkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const bundle = "com.example.app"

var u1 = callkit.UUID{15: 1}

// goodApp is an app that does everything right; tests override what they are about.
type goodApp struct {
	sys        callkit.System
	provider   callkit.Provider
	controller callkit.CallController
	registry   callkit.PushRegistry
	token      []byte
	life       []string
	onPush     func(id callkit.UUID) // nil: report it
	onAnswer   func(*callkit.AnswerCallAction)
	onLaunch   func()
}

func (a *goodApp) DidFinishLaunching(sys callkit.System, o callkit.LaunchOptions) {
	a.sys = sys
	sys.Application().SetDelegate(a)
	_ = sys.AudioSession().SetCategory(callkit.PlayAndRecord, callkit.VoiceChat, 0)
	c := callkit.DefaultConfiguration()
	c.SupportedHandleTypes = []callkit.HandleType{callkit.Generic}
	a.provider = sys.NewProvider(c)
	a.provider.SetDelegate(a, nil)
	a.controller = sys.NewCallController(nil)
	a.registry = sys.NewPushRegistry(nil)
	a.registry.SetDelegate(a)
	a.registry.SetDesiredPushTypes([]callkit.PushType{callkit.PushTypeVoIP})
	if a.onLaunch != nil {
		a.onLaunch()
	}
}

func (a *goodApp) DidBecomeActive()    { a.life = append(a.life, "active") }
func (a *goodApp) DidEnterBackground() { a.life = append(a.life, "background") }
func (a *goodApp) ContinueUserActivity(u callkit.UserActivity) {
	a.life = append(a.life, u.ActivityType)
}
func (a *goodApp) ProviderDidReset(callkit.Provider) {}
func (a *goodApp) DidUpdatePushCredentials(_ callkit.PushRegistry, c callkit.PushCredentials, _ callkit.PushType) {
	a.token = c.Token
}

func (a *goodApp) DidReceiveIncomingPush(_ callkit.PushRegistry, p callkit.PushPayload, _ callkit.PushType, completion func()) {
	var id callkit.UUID
	if err := json.Unmarshal(p.Dictionary, &id); err != nil {
		panic(err)
	}
	if a.onPush != nil {
		a.onPush(id)
	} else {
		a.report(id)
	}
	completion()
}

func (a *goodApp) report(id callkit.UUID) {
	name := "Bob"
	a.provider.ReportNewIncomingCall(id, callkit.Update{
		LocalizedCallerName: &name, RemoteHandle: &callkit.Handle{Type: callkit.Generic, Value: "bob"},
	}, nil)
}

func (a *goodApp) PerformAnswerCallAction(_ callkit.Provider, x *callkit.AnswerCallAction) {
	if a.onAnswer != nil {
		a.onAnswer(x)
		return
	}
	x.Fulfill()
}
func (a *goodApp) PerformStartCallAction(_ callkit.Provider, x *callkit.StartCallAction) { x.Fulfill() }
func (a *goodApp) PerformEndCallAction(_ callkit.Provider, x *callkit.EndCallAction)     { x.Fulfill() }
func (a *goodApp) PerformSetHeldCallAction(_ callkit.Provider, x *callkit.SetHeldCallAction) {
	x.Fulfill()
}

// install puts app on a phone that has run once, so that it has a token.
func install(t *testing.T, c Config, pc PhoneConfig, app *goodApp) (*World, *Phone) {
	t.Helper()
	w := NewWorld(c)
	t.Cleanup(w.Close)
	ph, err := w.NewPhone(pc)
	if err != nil {
		t.Fatal(err)
	}
	if err := ph.Install(AppConfig{BundleID: bundle, Name: "Example", New: func() callkit.App { return app }}); err != nil {
		t.Fatal(err)
	}
	w.Settle()
	return w, ph
}

func pushOf(id callkit.UUID) []byte { return []byte(`"` + id.String() + `"`) }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestTimersStandStillWhileSuspended(t *testing.T) {
	app := &goodApp{}
	fired := time.Duration(-1)
	var w *World
	app.onLaunch = func() {
		start := w.Now()
		app.sys.AfterFunc(20*time.Second, func() { fired = w.Now().Sub(start) })
		stopped := app.sys.AfterFunc(time.Second, func() { t.Error("a stopped timer fired") })
		if !stopped.Stop() || stopped.Stop() {
			t.Error("Stop must report true once")
		}
	}
	w, ph := install(t, Config{}, PhoneConfig{}, app)
	must(t, ph.OpenApp(bundle))
	w.Run(time.Second)
	must(t, ph.Home())
	w.Run(10 * time.Second)
	if !ph.Process(bundle).Suspended() {
		t.Fatalf("an idle app in the background is not suspended:\n%s", w.Log())
	}
	w.Run(time.Minute)
	if fired >= 0 {
		t.Fatalf("the timer fired after %v in a suspended process", fired)
	}
	app.report(u1) // by a goroutine that the simulation can't stop
	w.Run(time.Minute)
	if len(ph.Calls()) != 0 {
		t.Fatal("a suspended process reported a call")
	}
	must(t, ph.OpenApp(bundle))
	w.Run(time.Second)
	if len(ph.Calls()) != 1 {
		t.Fatal("what was called while suspended is lost")
	}
	if fired < time.Minute {
		t.Fatalf("the timer of a resumed process fired at %v, want it when the process went on", fired)
	}
	if got := strings.Join(app.life, " "); got != "active background active" {
		t.Errorf("life = %s", got)
	}
}

func TestBackgroundTaskKeepsTheProcessRunning(t *testing.T) {
	app := &goodApp{}
	w, ph := install(t, Config{}, PhoneConfig{}, app)
	must(t, ph.OpenApp(bundle))
	w.Run(time.Second)
	expired := false
	end := app.sys.Application().BeginBackgroundTask("sync", func() { expired = true })
	must(t, ph.Home())
	w.Run(20 * time.Second)
	if ph.Process(bundle).Suspended() {
		t.Fatal("suspended while a background task runs")
	}
	end()
	w.Run(10 * time.Second)
	if !ph.Process(bundle).Suspended() || expired {
		t.Fatalf("after the task's end: suspended=%v expired=%v", ph.Process(bundle).Suspended(), expired)
	}
	must(t, ph.OpenApp(bundle))
	w.Run(time.Second)
	app.sys.Application().BeginBackgroundTask("too long", func() { expired = true })
	must(t, ph.Home())
	w.Run(50 * time.Second)
	if !expired || !ph.Process(bundle).Suspended() {
		t.Errorf("a task that is never ended: expired=%v suspended=%v", expired, ph.Process(bundle).Suspended())
	}
}

func TestClockJumpsDoNotMoveTimers(t *testing.T) {
	app := &goodApp{}
	w, ph := install(t, Config{}, PhoneConfig{}, app)
	must(t, ph.OpenApp(bundle))
	w.Run(time.Second)
	fired := false
	app.sys.AfterFunc(10*time.Second, func() { fired = true })
	ph.SetClock(-48 * time.Hour)
	w.Run(9 * time.Second)
	if fired {
		t.Fatal("the timer fired early")
	}
	if got := w.Now().Sub(app.sys.Now()); got != 48*time.Hour {
		t.Errorf("the app's clock is %v behind, want 48h", got)
	}
	if got := w.Now().Sub(ph.Screen().Time); got != 48*time.Hour {
		t.Errorf("the screen's clock is %v behind, want 48h", got)
	}
	w.Run(time.Second)
	if !fired {
		t.Error("the timer did not fire in time")
	}
}

func TestUserCanOnlyPressWhatIsThere(t *testing.T) {
	w, ph := install(t, Config{}, PhoneConfig{Locked: true}, &goodApp{})
	for name, press := range map[string]func() error{
		"answer": ph.Answer, "decline": ph.Decline, "end": ph.End, "lock": ph.Lock, "home": ph.Home, "video": ph.Video,
		"open": func() error { return ph.OpenApp(bundle) }, "swipe": func() error { return ph.SwipeApp(bundle) },
		"mute": func() error { return ph.Mute(true) }, "hold": func() error { return ph.Hold(true) },
		"keys": func() error { return ph.Keys("1") }, "letters": func() error { return ph.Keys("abc") },
		"speaker": func() error { return ph.Speaker(true) }, "tap": func() error { return ph.TapRecent(0) },
		"return": ph.ReturnToCall, "recents": ph.OpenRecents,
	} {
		if err := press(); err == nil {
			t.Errorf("%s on the lock screen without a call was possible", name)
		} else if name != "letters" && !strings.Contains(err.Error(), "the screen shows lock") {
			t.Errorf("%s: %v: does not say what the screen shows", name, err)
		}
	}
	ph.DeliverPush(bundle, pushOf(u1))
	w.Run(time.Second)
	if err := ph.End(); err == nil {
		t.Error("a ringing call has no End button")
	}
	must(t, ph.Decline())
	if err := ph.Decline(); err != nil {
		t.Errorf("two presses at once: %v", err)
	}
	w.Settle()
	if !strings.Contains(w.Log(), "decline: too late") {
		t.Errorf("the second press had an effect:\n%s", w.Log())
	}
}

func TestAudioActiveFor(t *testing.T) {
	app := &goodApp{}
	w, ph := install(t, Config{}, PhoneConfig{Locked: true}, app)
	ph.DeliverPush(bundle, pushOf(u1))
	w.Run(time.Second)
	for range 3 {
		if ph.AudioActiveFor(bundle) {
			t.Fatal("audio while it rings")
		}
	}
	if n := strings.Count(w.Log(), "violation: audio used"); n != 1 {
		t.Errorf("%d violations in the log, want 1", n)
	}
	must(t, ph.Answer())
	w.Run(time.Second)
	if !ph.AudioActiveFor(bundle) {
		t.Error("no audio in a call")
	}
	must(t, ph.Hold(true))
	w.Run(time.Second)
	if ph.AudioActiveFor(bundle) {
		t.Error("audio on hold")
	}
	must(t, ph.Hold(false))
	w.Run(time.Second)
	if !ph.AudioActiveFor(bundle) {
		t.Error("no audio after hold")
	}
	must(t, ph.End())
	w.Run(time.Second)
	if ph.AudioActiveFor(bundle) || ph.AudioActiveFor("nobody") {
		t.Error("audio after the end")
	}
}

func TestSettingTheCategoryDuringACall(t *testing.T) {
	app := &goodApp{}
	w, ph := install(t, Config{}, PhoneConfig{Locked: true}, app)
	ph.DeliverPush(bundle, pushOf(u1))
	w.Run(time.Second)
	must(t, ph.Answer())
	w.Run(time.Second)
	s := app.sys.AudioSession()
	if err := s.SetCategory(callkit.Playback, callkit.ModeDefault, 0); err == nil {
		t.Error("Playback during a call must fail (R80)")
	}
	if s.CurrentRoute() != callkit.BuiltInReceiver {
		t.Errorf("route of a voice chat = %s", s.CurrentRoute())
	}
	must(t, s.SetCategory(callkit.PlayAndRecord, callkit.VideoChat, 0))
	if s.CurrentRoute() != callkit.BuiltInSpeaker || s.Mode() != callkit.VideoChat || s.Category() != callkit.PlayAndRecord {
		t.Errorf("video chat: route=%s mode=%s category=%s", s.CurrentRoute(), s.Mode(), s.Category())
	}
}

func TestRestart(t *testing.T) {
	app := &goodApp{}
	w, ph := install(t, Config{}, PhoneConfig{}, app)
	ph.DeliverPush(bundle, pushOf(u1))
	w.Run(time.Second)
	must(t, ph.Answer())
	w.Run(time.Second)
	must(t, ph.SetKnob("launchBeforeFirstUnlock", "false"))
	ph.Restart()
	w.Run(time.Second)
	if s := ph.Screen(); s.Kind != ScreenOff || s.Call != nil {
		t.Errorf("the screen of a phone that is off: %+v", s)
	}
	if ph.Process(bundle) != nil || len(ph.Calls()) != 0 {
		t.Error("something survived the restart")
	}
	w.Run(time.Minute)
	ph.DeliverPush(bundle, pushOf(u1))
	w.Run(time.Second)
	if ph.Process(bundle) != nil {
		t.Error("the knob keeps apps from being launched before the first unlock")
	}
	must(t, ph.Unlock())
	w.Run(time.Second)
	if s := ph.Screen(); s.Kind != ScreenIncomingBanner {
		t.Errorf("the push that waited does not ring:\n%s", s)
	}
}

func TestUninstallAndReinstall(t *testing.T) {
	app := &goodApp{onPush: func(callkit.UUID) {}}
	w, ph := install(t, Config{}, PhoneConfig{}, app)
	for range 5 {
		ph.DeliverPush(bundle, pushOf(u1))
		w.Run(10 * time.Second)
	}
	if ph.Strikes(bundle) != 4 {
		t.Fatalf("strikes = %d, want 4 and then no more pushes", ph.Strikes(bundle))
	}
	must(t, ph.Uninstall(bundle))
	w.Settle()
	if err := ph.Uninstall(bundle); err == nil {
		t.Error("uninstalling what is not there was possible")
	}
	good := &goodApp{}
	must(t, ph.Install(AppConfig{BundleID: bundle, New: func() callkit.App { return good }}))
	ph.DeliverPush(bundle, pushOf(u1))
	w.Run(time.Second)
	if ph.Strikes(bundle) != 0 || ph.Screen().Kind != ScreenIncomingBanner {
		t.Errorf("a new installation is still blocked:\n%s", w.Log())
	}
}

func TestTokens(t *testing.T) {
	app := &goodApp{}
	n := byte(0)
	w, ph := install(t, Config{}, PhoneConfig{TokenSource: func(b string) []byte { n++; return []byte{n} }}, app)
	must(t, ph.OpenApp(bundle))
	w.Run(time.Second)
	if string(app.token) != "\x01" || string(app.registry.PushToken(callkit.PushTypeVoIP)) != "\x01" {
		t.Fatalf("token = %x", app.token)
	}
	ph.RotateToken(bundle)
	w.Settle()
	if string(app.token) != "\x02" {
		t.Errorf("token after rotation = %x", app.token)
	}
	must(t, ph.SwipeApp(bundle))
	must(t, ph.OpenApp(bundle))
	w.Run(time.Second)
	if string(app.token) != "\x02" {
		t.Errorf("token of the next process = %x, want the same", app.token)
	}
}

func TestOnScreenSeesEveryMomentOnce(t *testing.T) {
	app := &goodApp{}
	w, ph := install(t, Config{}, PhoneConfig{Locked: true}, app)
	var kinds []string
	ph.OnScreen(func(s Screen) { kinds = append(kinds, string(s.Kind)) })
	ph.DeliverPush(bundle, pushOf(u1))
	w.Run(time.Second)
	must(t, ph.Answer())
	w.Run(time.Second)
	must(t, ph.End())
	w.Run(time.Second)
	var short []string
	for i, k := range kinds {
		if i == 0 || k != kinds[i-1] {
			short = append(short, k)
		}
	}
	if got := strings.Join(short, " "); got != "lock incoming-full in-call lock" {
		t.Errorf("screens: %s", got)
	}
}

func TestScreenText(t *testing.T) {
	app := &goodApp{}
	w, ph := install(t, Config{}, PhoneConfig{Name: "alice", Locked: true}, app)
	ph.DeliverPush(bundle, pushOf(u1))
	w.Run(time.Second)
	const want = `+--------------------------------------------
| 09:00  alice  locked
|   Bob
|   Example Audio…
|   [Decline] [Accept]
+--------------------------------------------
`
	if got := ph.Screen().String(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	must(t, ph.Answer())
	w.Run(65 * time.Second)
	if got := ph.Screen().String(); !strings.Contains(got, "|   01:05\n") {
		t.Errorf("no timer:\n%s", got)
	}
	ph.SetOnline(false)
	ph.SetFocus("Sleep")
	w.Settle()
	if s := ph.Screen(); s.Online || ph.Online() || !strings.Contains(s.String(), "Sleep  offline") {
		t.Errorf("offline under Sleep:\n%s", s)
	}
	if _, err := json.Marshal(ph.Screen()); err != nil {
		t.Error(err)
	}
}

func TestInstallErrors(t *testing.T) {
	w, ph := install(t, Config{}, PhoneConfig{}, &goodApp{})
	for _, c := range []AppConfig{{}, {BundleID: "x"}, {BundleID: bundle, New: func() callkit.App { return nil }}} {
		if err := ph.Install(c); err == nil {
			t.Errorf("Install(%+v) was possible", c)
		}
	}
	if _, err := w.NewPhone(PhoneConfig{OS: "12"}); err == nil {
		t.Error("iOS 12 is no profile")
	}
}

func TestADeadProcessIsDeaf(t *testing.T) {
	app := &goodApp{}
	w, ph := install(t, Config{}, PhoneConfig{}, app)
	must(t, ph.OpenApp(bundle))
	w.Run(time.Second)
	sys, provider, controller := app.sys, app.provider, app.controller
	must(t, ph.SwipeApp(bundle))
	w.Settle()
	before := w.Log()
	provider.ReportNewIncomingCall(u1, callkit.Update{}, func(error) { t.Error("a completion in a dead process") })
	controller.RequestTransaction(nil, func(error) { t.Error("a completion in a dead process") })
	sys.AfterFunc(0, func() { t.Error("a timer in a dead process") })
	sys.MainQueue().Async(func() { t.Error("work in a dead process") })
	provider.SetDelegate(app, nil)
	provider.Invalidate()
	sys.Application().BeginBackgroundTask("x", nil)()
	_ = sys.AudioSession().SetActive(true)
	_ = sys.NewProvider(callkit.DefaultConfiguration()).PendingActions()
	sys.NewPushRegistry(nil).SetDesiredPushTypes([]callkit.PushType{callkit.PushTypeVoIP})
	w.Run(time.Minute)
	if got := w.Log(); got != before {
		t.Errorf("a dead process had an effect:\n%s", strings.TrimPrefix(got, before))
	}
}

func TestKeepLog(t *testing.T) {
	w, ph := install(t, Config{KeepLog: 10}, PhoneConfig{}, &goodApp{})
	heard := 0
	w.OnLog(func(Entry) { heard++ })
	for i := range 100 {
		ph.SetOnline(i%2 == 0)
	}
	w.Settle()
	if n := len(w.Entries()); n < 10 || n >= 20 || heard != 100 {
		t.Errorf("%d entries kept, %d heard; want 10 to 19, and 100", n, heard)
	}
}

func TestRunFromAppCodePanics(t *testing.T) {
	app := &goodApp{}
	var w *World
	caught := any(nil)
	app.onLaunch = func() {
		defer func() { caught = recover() }()
		w.Run(time.Second)
	}
	w, ph := install(t, Config{}, PhoneConfig{}, app)
	must(t, ph.OpenApp(bundle))
	w.Run(time.Second)
	if caught == nil {
		t.Error("Run inside of app code went unnoticed")
	}
}

func TestForeignQueue(t *testing.T) {
	app := &goodApp{}
	w, ph := install(t, Config{}, PhoneConfig{}, app)
	q := make(inline, 100)
	app.onLaunch = func() { app.provider.SetDelegate(app, q) }
	ph.DeliverPush(bundle, pushOf(u1))
	w.Run(time.Second)
	must(t, ph.Answer())
	w.Run(time.Second)
	if len(q) == 0 || ph.Screen().Kind != ScreenConnecting {
		t.Fatalf("%d pieces of work on the app's own queue; screen %s", len(q), ph.Screen().Kind)
	}
	for len(q) > 0 {
		(<-q)()
	}
	w.Run(time.Second)
	if ph.Screen().Kind != ScreenInCall {
		t.Errorf("the answer that was fulfilled on the app's own queue did not count:\n%s", w.Log())
	}
}

// inline is a queue whose work the test does by hand.
type inline chan func()

func (q inline) Async(f func()) { q <- f }

func TestTheCallScreenComesBack(t *testing.T) {
	w, ph := install(t, Config{}, PhoneConfig{}, &goodApp{})
	kinds := []ScreenKind{}
	do := func(acts ...func() error) {
		t.Helper()
		for _, act := range acts {
			must(t, act())
			w.Run(time.Second)
			kinds = append(kinds, ph.Screen().Kind)
		}
	}
	ph.DeliverPush(bundle, pushOf(u1))
	w.Run(time.Second)
	do(ph.Answer, ph.Home, ph.Lock, ph.Unlock, ph.ReturnToCall, ph.OpenRecents)
	if s := ph.Screen(); s.Call == nil || s.Call.InApp {
		t.Errorf("the pill of the call is missing: %+v", s.Call)
	}
	do(func() error { return ph.OpenApp(bundle) }, ph.End)
	want := []ScreenKind{ScreenInCall, ScreenHome, ScreenInCall, ScreenHome, ScreenInCall, ScreenRecents, ScreenInCall, ScreenApp}
	if !slices.Equal(kinds, want) {
		t.Errorf("screens %v\nwant    %v\n%s", kinds, want, w.Log())
	}
}
