package iossim

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
)

// u returns call UUIDs that differ.
func u(n byte) callkit.UUID { return callkit.UUID{14: 1, 15: n} }

// wantLog fails unless the words stand in the log, in this order.
func wantLog(t *testing.T, w *World, words ...string) {
	t.Helper()
	rest := w.Log()
	for _, x := range words {
		i := strings.Index(rest, x)
		if i < 0 {
			t.Fatalf("the log lacks %q (after what comes before it):\n%s", x, w.Log())
		}
		rest = rest[i+len(x):]
	}
}

func TestAPNsRefuses(t *testing.T) {
	w, ph := install(t, Config{}, PhoneConfig{}, &goodApp{})
	for _, c := range []struct {
		name    string
		payload []byte
		option  PushOption
		reason  string
	}{
		{"empty", nil, nil, "PayloadEmpty"},
		{"too large", bytes.Repeat([]byte("x"), 5121), nil, "PayloadTooLarge"},
		{"alert topic", pushOf(u1), Topic(bundle), "InvalidPushType"},
		{"other app", pushOf(u1), Topic("com.other.voip"), "DeviceTokenNotForTopic"},
		{"no topic", pushOf(u1), Topic(""), "MissingTopic"},
		{"priority", pushOf(u1), Priority(1), "BadPriority"},
	} {
		var options []PushOption
		if c.option != nil {
			options = append(options, c.option)
		}
		err := ph.SendPush(bundle, c.payload, options...)
		var refused *PushError
		if !errors.As(err, &refused) || refused.Reason != c.reason {
			t.Errorf("%s: %v, want %s", c.name, err, c.reason)
		}
	}
	if err := ph.SendPush(bundle, append(pushOf(u1), bytes.Repeat([]byte(" "), 5120-38)...), Topic(bundle+".voip"), Priority(5)); err != nil {
		t.Errorf("the largest push: %v", err)
	}
	w.Run(time.Second)
	if n := len(ph.Calls()); n != 1 {
		t.Errorf("%d calls, want the one of the push that was right\n%s", n, w.Log())
	}
}

func TestAirplaneModeKeepsTheNewestPush(t *testing.T) {
	app := &goodApp{}
	w, ph := install(t, Config{}, PhoneConfig{}, app)
	must(t, ph.Install(AppConfig{BundleID: "com.example.other", New: func() callkit.App { return &goodApp{} }}))
	ph.SetAirplane(true)
	w.Settle()
	if s := ph.Screen(); !s.Airplane || s.Online || ph.Online() {
		t.Error("a phone in airplane mode says that it is online")
	}
	ph.DeliverPush(bundle, pushOf(u(1)), ExpiresAtOnce())
	ph.DeliverPush("com.example.other", pushOf(u(9)))
	ph.DeliverPush(bundle, pushOf(u(2)), ExpiresAtOnce())
	w.Run(20 * time.Second)
	if len(ph.Calls()) != 0 || ph.Process(bundle) != nil {
		t.Fatalf("a push reached a phone in airplane mode\n%s", w.Log())
	}
	ph.SetAirplane(false)
	w.Run(3 * time.Second)
	var got []callkit.UUID
	for _, c := range ph.Calls() {
		got = append(got, c.UUID)
	}
	if len(got) != 2 || got[0] != u(9) || got[1] != u(2) {
		t.Errorf("calls %v, want the other app's and the newest of this one\n%s", got, w.Log())
	}
	wantLog(t, w, "stored, replaces an older one", "age=21s", "mustReport=false") // stale on 26.4
}

func TestExpiration(t *testing.T) {
	for _, c := range []struct {
		name   string
		knob   string
		option PushOption
		rings  bool
	}{
		{"0 is kept all the same", "true", ExpiresAtOnce(), true},
		{"0 is obeyed", "false", ExpiresAtOnce(), false},
		{"not yet over", "false", Expires(time.Date(2026, 1, 1, 9, 1, 0, 0, time.UTC)), true},
		{"over", "false", Expires(time.Date(2026, 1, 1, 9, 0, 5, 0, time.UTC)), false},
		{"none", "false", SentAt(time.Date(2026, 1, 1, 9, 0, 0, 0, time.UTC)), true},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, ph := install(t, Config{}, PhoneConfig{OS: "18"}, &goodApp{})
			must(t, ph.SetKnob("expirationZeroStored", c.knob))
			ph.SetOnline(false)
			ph.DeliverPush(bundle, pushOf(u1), c.option)
			w.Run(10 * time.Second)
			ph.SetOnline(true)
			w.Run(5 * time.Second)
			if got := len(ph.Calls()) == 1; got != c.rings {
				t.Errorf("rings = %v, want %v\n%s", got, c.rings, w.Log())
			}
		})
	}
}

func TestOfflineStoresPush(t *testing.T) {
	w, ph := install(t, Config{}, PhoneConfig{}, &goodApp{})
	must(t, ph.SetKnob("offlineStoresPush", "false"))
	ph.SetOnline(false)
	ph.DeliverPush(bundle, pushOf(u1))
	w.Run(time.Second)
	if len(ph.Calls()) != 1 {
		t.Errorf("without the knob a push does not mind the network flag\n%s", w.Log())
	}
	must(t, ph.SetKnob("offlineStoresPush", "true"))
	ph.SetOnline(true)
	ph.Restart()
	w.Run(time.Second)
	ph.DeliverPush(bundle, pushOf(u(2)))
	w.Run(time.Second)
	if len(ph.Calls()) != 0 {
		t.Error("a call on a phone that is off")
	}
	w.Run(30 * time.Second)
	if len(ph.Calls()) != 1 {
		t.Errorf("the push did not wait for the restart\n%s", w.Log())
	}
}

func TestPushesOneByOne(t *testing.T) {
	var got []callkit.UUID
	app := &goodApp{}
	app.onPush = func(id callkit.UUID) { got = append(got, id); app.report(id) }
	w, ph := install(t, Config{}, PhoneConfig{}, app)
	ph.DeliverPush(bundle, pushOf(u(1)), Lost())
	ph.DeliverPush(bundle, pushOf(u(2)), Delay(2*time.Second))
	ph.DeliverPush(bundle, pushOf(u(3)), Twice())
	w.Run(5 * time.Second)
	want := []callkit.UUID{u(3), u(3), u(2)}
	if len(got) != 3 || got[0] != want[0] || got[1] != want[1] || got[2] != want[2] {
		t.Errorf("pushes %v, want %v", got, want)
	}
	wantLog(t, w, "lost", "incomingcall/2")
}

func TestLowPower(t *testing.T) {
	w, ph := install(t, Config{}, PhoneConfig{}, &goodApp{})
	ph.SetLowPower(true)
	ph.DeliverPush(bundle, pushOf(u(1)), Priority(5))
	w.Run(30 * time.Second)
	if len(ph.Calls()) != 0 || !ph.Screen().LowPower {
		t.Error("a push of priority 5 came at once in low power mode")
	}
	w.Run(31 * time.Second)
	if len(ph.Calls()) != 1 {
		t.Error("it never came")
	}
	ph.DeliverPush(bundle, pushOf(u(2)))
	w.Run(time.Second)
	if len(ph.Calls()) != 2 {
		t.Error("low power mode kept a push of priority 10 back")
	}
}

// TestCheck1AtTheNextPush is the flag of PushKit: an app may die at a push that it did report.
func TestCheck1AtTheNextPush(t *testing.T) {
	app := &goodApp{}
	silent := true
	app.onPush = func(id callkit.UUID) {
		if !silent {
			app.provider.ReportCallUpdated(id, callkit.Update{})
		}
	}
	w, ph := install(t, Config{}, PhoneConfig{}, app)
	must(t, ph.SetKnob("check1Surfaces", "next"))
	ph.DeliverPush(bundle, pushOf(u(1)))
	w.Run(time.Second)
	if ph.Strikes(bundle) != 0 {
		t.Fatalf("killed at the push itself\n%s", w.Log())
	}
	ph.DeliverPush(bundle, pushOf(u(2)))
	w.Run(time.Second)
	if ph.Strikes(bundle) != 1 {
		t.Errorf("not killed at the next push\n%s", w.Log())
	}
	// A report in between clears the flag.
	silent = false
	ph.DeliverPush(bundle, pushOf(u(3)))
	w.Run(time.Second)
	app.report(u(3))
	ph.DeliverPush(bundle, pushOf(u(4)))
	w.Run(time.Second)
	if ph.Strikes(bundle) != 1 {
		t.Errorf("killed although a report had come before\n%s", w.Log())
	}
}

func TestDialogsForDevelopers(t *testing.T) {
	for _, c := range []struct {
		os, build string
		dialogs   int
	}{{"26.4", "true", 1}, {"26.4", "false", 0}, {"18", "true", 0}} {
		app := &goodApp{onPush: func(callkit.UUID) {}}
		w, ph := install(t, Config{}, PhoneConfig{OS: c.os}, app)
		must(t, ph.SetKnob("developmentBuild", c.build))
		ph.DeliverPush(bundle, pushOf(u1))
		w.Run(10 * time.Second)
		s := ph.Screen()
		if len(s.Dialogs) != c.dialogs {
			t.Errorf("iOS %s, development build %s: dialogs %q", c.os, c.build, s.Dialogs)
		}
		err := ph.Dismiss()
		w.Settle()
		if (err == nil) != (c.dialogs == 1) || len(ph.Screen().Dialogs) != 0 {
			t.Errorf("Dismiss: %v", err)
		}
		for i := range 5 {
			ph.DeliverPush(bundle, pushOf(u(byte(i))))
			w.Run(10 * time.Second)
		}
		blocked := false
		for _, d := range ph.Screen().Dialogs {
			blocked = blocked || strings.Contains(d, "not getting VoIP pushes")
		}
		if blocked != (c.dialogs == 1) {
			t.Errorf("iOS %s, development build %s: an alert says that pushes are blocked = %v", c.os, c.build, blocked)
		}
		w.Close()
	}
}

func TestOtherPushTypes(t *testing.T) {
	app := &goodApp{}
	w, ph := install(t, Config{}, PhoneConfig{}, app)
	must(t, ph.OpenApp(bundle))
	w.Run(time.Second)
	app.registry.SetDesiredPushTypes([]callkit.PushType{callkit.PushTypeFileProvider, callkit.PushTypeVoIP, callkit.PushTypeComplication})
	w.Run(time.Second)
	if app.registry.PushToken(callkit.PushTypeFileProvider) != nil || app.registry.PushToken(callkit.PushTypeComplication) != nil {
		t.Error("an app got a token that is not for calls")
	}
	if !bytes.Equal(app.registry.PushToken(callkit.PushTypeVoIP), app.token) || app.token == nil {
		t.Error("the cached VoIP token is not the one that was given")
	}
	wantLog(t, w, "no token for PKPushTypeFileProvider", "no token for PKPushTypeComplication")
}

// TestQueuedBeforeFirstUnlock is forums 784473: what could not be handed over comes all at once.
func TestQueuedBeforeFirstUnlock(t *testing.T) {
	var got []callkit.UUID
	app := &goodApp{}
	app.onPush = func(id callkit.UUID) { got = append(got, id); app.report(id) }
	w, ph := install(t, Config{}, PhoneConfig{}, app)
	must(t, ph.SetKnob("launchBeforeFirstUnlock", "false"))
	ph.Restart()
	w.Run(time.Minute)
	if !ph.Screen().Before {
		t.Error("the screen does not say that the phone was not unlocked yet")
	}
	for i := range 3 {
		ph.DeliverPush(bundle, pushOf(u(byte(i))))
		w.Run(time.Second)
	}
	if got != nil {
		t.Fatal("an app was launched before the first unlock")
	}
	must(t, ph.Unlock())
	w.Run(time.Second)
	if len(got) != 3 || ph.Screen().Before {
		t.Errorf("%d pushes after the unlock, want 3\n%s", len(got), w.Log())
	}
	if ph.Strikes(bundle) != 0 {
		t.Error("an app that reported all of them got a strike")
	}
}

// TestTwoVoIPApps: strikes, tokens and pushes are each app's own.
func TestTwoVoIPApps(t *testing.T) {
	bad := &goodApp{onPush: func(callkit.UUID) {}}
	good := &goodApp{}
	w, ph := install(t, Config{}, PhoneConfig{}, bad)
	must(t, ph.Install(AppConfig{BundleID: "com.example.good", Name: "Good", New: func() callkit.App { return good }}))
	for i := range 5 {
		ph.DeliverPush(bundle, pushOf(u(byte(i))))
		w.Run(10 * time.Second)
	}
	ph.DeliverPush("com.example.good", pushOf(u1))
	w.Run(time.Second)
	if ph.Strikes(bundle) != 4 || ph.Strikes("com.example.good") != 0 {
		t.Errorf("strikes %d and %d, want 4 and 0", ph.Strikes(bundle), ph.Strikes("com.example.good"))
	}
	if bytes.Equal(bad.token, good.token) || len(good.token) == 0 {
		t.Error("two apps have one token")
	}
	if s := ph.Screen(); !s.Ringing() || s.Call.BundleID != "com.example.good" {
		t.Errorf("the app without strikes does not ring:\n%s", s)
	}
}
