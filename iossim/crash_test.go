package iossim

import (
	"strings"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
)

func TestCrashAtCallback(t *testing.T) {
	answered := 0
	app := &goodApp{}
	app.onAnswer = func(x *callkit.AnswerCallAction) { answered++; x.Fulfill() }
	w, ph := install(t, Config{}, PhoneConfig{Locked: true}, app)
	ph.CrashAt(bundle, "performAnswer", 1)
	ph.DeliverPush(bundle, pushOf(u1))
	w.Run(time.Second)
	must(t, ph.Answer())
	w.Run(time.Second)
	if ph.Process(bundle) != nil || answered != 0 {
		t.Fatalf("the app lives, or its code ran (%d times)\n%s", answered, w.Log())
	}
	if len(ph.Calls()) != 1 {
		t.Error("the call died with the app")
	}
	wantLog(t, w, "P performAnswer", "crash: at performAnswer")
}

func TestCrashAfterCall(t *testing.T) {
	completed := false
	app := &goodApp{}
	app.onPush = func(id callkit.UUID) {
		app.provider.ReportNewIncomingCall(id, callkit.Update{}, func(error) { completed = true })
	}
	w, ph := install(t, Config{}, PhoneConfig{Locked: true}, app)
	ph.CrashAt(bundle, "reportNewIncomingCall", 2)
	ph.DeliverPush(bundle, pushOf(u(1)))
	w.Run(time.Second)
	if ph.Process(bundle) == nil || !completed {
		t.Fatal("crashed at the first report, not the second")
	}
	app.provider.ReportCallEnded(u(1), time.Time{}, callkit.RemoteEnded)
	completed = false
	ph.DeliverPush(bundle, pushOf(u(2)))
	w.Run(time.Second)
	if ph.Process(bundle) != nil || completed {
		t.Fatalf("the app lives\n%s", w.Log())
	}
	if !ph.Screen().Ringing() || ph.Strikes(bundle) != 0 {
		t.Errorf("the system has lost the report\n%s", w.Log())
	}
}

// TestCrashAtEveryStep kills the app at each of its callbacks in turn: the phone stays sound.
func TestCrashAtEveryStep(t *testing.T) {
	steps := 0
	for n := 1; ; n++ {
		app := &goodApp{}
		w, ph := install(t, Config{}, PhoneConfig{Locked: true}, app)
		ph.CrashAt(bundle, "", n)
		ph.DeliverPush(bundle, pushOf(u1))
		w.Run(time.Second)
		if ph.Answer() == nil {
			w.Run(time.Second)
			if err := ph.End(); err != nil {
				t.Errorf("step %d: the user can't end the call: %v", n, err)
			}
		}
		w.Run(3 * time.Minute)
		crashed := strings.Contains(w.Log(), "crash: at")
		if calls := len(ph.Calls()); calls != 0 {
			t.Errorf("step %d: %d calls are left\n%s", n, calls, w.Log())
		}
		if p := ph.PendingActions(); len(p) != 0 {
			t.Errorf("step %d: pending %v", n, p)
		}
		w.Close()
		if !crashed {
			steps = n - 1
			break
		}
	}
	if steps < 7 {
		t.Errorf("only %d steps", steps)
	}
}

func TestUpdateApp(t *testing.T) {
	old := &goodApp{}
	w, ph := inCall(t, old)
	token := string(old.token)
	next := &goodApp{}
	must(t, ph.UpdateApp(bundle, func() callkit.App { return next }))
	w.Run(time.Second)
	if len(ph.Calls()) != 1 || ph.Process(bundle) != nil {
		t.Fatalf("calls %d\n%s", len(ph.Calls()), w.Log())
	}
	must(t, ph.End())
	w.Run(time.Second)
	if next.sys == nil || len(ph.Calls()) != 0 {
		t.Errorf("the new version did not get the action\n%s", w.Log())
	}
	if string(next.token) != token {
		t.Error("an update has changed the token")
	}
	if err := ph.UpdateApp("com.unknown", nil); err == nil {
		t.Error("updated an app that is not there")
	}
}

func TestUpdateKeepsStrikesAndReinstallDoesNot(t *testing.T) {
	app := &goodApp{onPush: func(callkit.UUID) {}}
	w, ph := install(t, Config{}, PhoneConfig{}, app)
	for i := range 4 {
		ph.DeliverPush(bundle, pushOf(u(byte(i))))
		w.Run(10 * time.Second)
	}
	token := string(app.token)
	must(t, ph.UpdateApp(bundle, nil))
	w.Settle()
	if n := ph.Strikes(bundle); n != 4 {
		t.Errorf("%d strikes after an update, want 4", n)
	}
	app.onPush = nil
	ph.DeliverPush(bundle, pushOf(u1))
	w.Run(time.Second)
	if len(ph.Calls()) != 0 {
		t.Error("a blocked app got a push after an update")
	}
	must(t, ph.Reinstall(bundle))
	w.Settle()
	ph.DeliverPush(bundle, pushOf(u1))
	w.Run(time.Second)
	if ph.Strikes(bundle) != 0 || len(ph.Calls()) != 1 {
		t.Errorf("strikes %d, calls %d after the app was installed again\n%s", ph.Strikes(bundle), len(ph.Calls()), w.Log())
	}
	if string(app.token) == token {
		t.Error("an app that was installed again has its old token")
	}
	if err := ph.Reinstall("com.unknown"); err == nil {
		t.Error("installed an app again that is not there")
	}
}

func TestLowMemory(t *testing.T) {
	idle, busy := &goodApp{}, &goodApp{}
	w, ph := install(t, Config{}, PhoneConfig{}, idle)
	must(t, ph.Install(AppConfig{BundleID: "com.busy", New: func() callkit.App { return busy }}))
	must(t, ph.OpenApp(bundle))
	w.Run(time.Second)
	must(t, ph.Home())
	w.Run(20 * time.Second)
	ph.DeliverPush("com.busy", pushOf(u1))
	w.Run(time.Second)
	must(t, ph.Answer())
	w.Run(time.Minute)
	ph.LowMemory()
	w.Settle()
	if ph.Process(bundle) != nil || ph.Process("com.busy") == nil {
		t.Errorf("the wrong process died\n%s", w.Log())
	}
}

func TestRegionChina(t *testing.T) {
	app := &goodApp{}
	w, ph := install(t, Config{}, PhoneConfig{}, app)
	must(t, ph.SetKnob("region", "CN"))
	ph.DeliverPush(bundle, pushOf(u1))
	w.Run(time.Second)
	app.sys.NewProvider(callkit.DefaultConfiguration())
	if n := strings.Count(w.Log(), "violation: CallKit is active in the China store"); n != 1 {
		t.Errorf("%d violations, want 1\n%s", n, w.Log())
	}
	found := false
	for _, n := range ph.Screen().Notices {
		found = found || strings.Contains(n, "China")
	}
	if !found {
		t.Error("no notice")
	}
}

func TestFeatures(t *testing.T) {
	if len(Features()) < 9 {
		t.Errorf("%d features", len(Features()))
	}
	last := Version{}
	for _, f := range Features() {
		if f.Name == "" || f.Doc == "" || f.Source == "" {
			t.Errorf("%+v lacks a word", f)
		}
		if !f.Since.AtLeast(last.Major, last.Minor) {
			t.Errorf("%s (%s) is not in order", f.Name, f.Since)
		}
		last = f.Since
		for _, os := range Profiles {
			k, err := Profile(os)
			must(t, err)
			ph := &Phone{knobs: k}
			if ph.has(f) != k.OS.AtLeast(f.Since.Major, f.Since.Minor) {
				t.Errorf("%s on %s", f.Name, os)
			}
		}
	}
}
