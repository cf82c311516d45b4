package iossim

import (
	"strings"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
)

// callerApp writes down every activity and link that it is given, and by which way.
type callerApp struct {
	goodApp
	got  []string
	last callkit.UserActivity
}

func (a *callerApp) note(way string, u callkit.UserActivity) {
	a.last = u
	a.got = append(a.got, way+" "+activityWords(u))
}

func (a *callerApp) DidFinishLaunching(sys callkit.System, o callkit.LaunchOptions) {
	a.goodApp.DidFinishLaunching(sys, o)
	sys.Application().SetDelegate(a)
	if o.UserActivity != nil {
		a.note("launch", *o.UserActivity)
	}
}

func (a *callerApp) ContinueUserActivity(u callkit.UserActivity) { a.note("continue", u) }
func (a *callerApp) OpenURL(url string)                          { a.got = append(a.got, "url "+url) }

// sceneApp is one with scenes.
type sceneApp struct{ callerApp }

func (a *sceneApp) DidFinishLaunching(sys callkit.System, o callkit.LaunchOptions) {
	a.callerApp.DidFinishLaunching(sys, o)
	sys.Application().SetDelegate(a)
}

func (a *sceneApp) SceneWillConnect(activities []callkit.UserActivity) {
	a.got = append(a.got, "connect")
	for _, u := range activities {
		a.note("connect", u)
	}
}
func (a *sceneApp) SceneContinueUserActivity(u callkit.UserActivity) { a.note("scene", u) }

// intentsFunc is an Intents extension that answers a code.
type intentsFunc func(callkit.StartCallIntent) callkit.StartCallCode

func (f intentsFunc) HandleStartCall(_ callkit.Extension, i callkit.StartCallIntent, completion func(callkit.StartCallCode)) {
	completion(f(i))
	completion(callkit.StartCallFailure) // the first counts
}

// fullIntents also resolves and confirms.
type fullIntents struct {
	intentsFunc
	resolve []callkit.Person
	confirm callkit.StartCallCode
}

func (f fullIntents) ConfirmStartCall(_ callkit.Extension, _ callkit.StartCallIntent, completion func(callkit.StartCallCode)) {
	completion(f.confirm)
}

func (f fullIntents) ResolveContacts(_ callkit.Extension, _ callkit.StartCallIntent, completion func([]callkit.Person)) {
	completion(f.resolve)
}

// withApp is a phone with an app made from c.
func withApp(t *testing.T, pc PhoneConfig, c AppConfig) (*World, *Phone) {
	t.Helper()
	w := NewWorld(Config{})
	t.Cleanup(w.Close)
	ph, err := w.NewPhone(pc)
	must(t, err)
	c.BundleID, c.Name = bundle, "Example"
	must(t, ph.Install(c))
	w.Settle()
	return w, ph
}

func TestSiri(t *testing.T) {
	var heard callkit.StartCallIntent
	answer := func(code callkit.StartCallCode) func() callkit.StartCallHandler {
		return func() callkit.StartCallHandler {
			return intentsFunc(func(i callkit.StartCallIntent) callkit.StartCallCode { heard = i; return code })
		}
	}
	full := func(resolve []callkit.Person, confirm callkit.StartCallCode) func() callkit.StartCallHandler {
		return func() callkit.StartCallHandler {
			return fullIntents{func(i callkit.StartCallIntent) callkit.StartCallCode {
				heard = i
				return callkit.StartCallContinueInApp
			}, resolve, confirm}
		}
	}
	ann := []callkit.Person{{Handle: callkit.Handle{Type: callkit.Generic, Value: "ann-42"}}}
	const activity = "launch INStartCallIntent handle=+14085550123 callCapability=video"
	for _, c := range []struct {
		name      string
		extension func() callkit.StartCallHandler
		locked    bool
		knob      string
		prompt    bool
		want      string
		heard     bool
	}{
		{"no extension, unlocked", nil, false, "unlock", false, activity, false},
		{"no extension, unlocked, refuses if locked", nil, false, "refuse", false, activity, false},
		{"no extension, locked", nil, true, "unlock", true, activity, false},
		{"no extension, locked, refuses", nil, true, "refuse", false, "", false},
		{"continue in app, unlocked", answer(callkit.StartCallContinueInApp), false, "refuse", false, activity, true},
		{"continue in app, locked", answer(callkit.StartCallContinueInApp), true, "refuse", true, activity, true},
		{"failure", answer(callkit.StartCallFailure), true, "unlock", false, "", true},
		{"nonsense", answer(77), true, "unlock", false, "", true},
		{"resolved", full(ann, callkit.StartCallReady), false, "unlock", false, "launch INStartCallIntent handle=ann-42 callCapability=video", true},
		{"nobody", full(nil, callkit.StartCallReady), false, "unlock", false, "", false},
		{"not confirmed", full(ann, callkit.StartCallAppConfigurationRequired), false, "unlock", false, "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			heard = callkit.StartCallIntent{}
			app := &callerApp{}
			w, ph := withApp(t, PhoneConfig{Locked: c.locked, Contacts: map[string]string{"+14085550123": "Ann"}},
				AppConfig{IntentsExtension: c.extension, New: func() callkit.App { return app }})
			must(t, ph.SetKnob("siriWithoutExtension", c.knob))
			must(t, ph.Siri("call", "ann", true))
			w.Run(2 * time.Second)
			if got := ph.Screen().Prompt != ""; got != c.prompt {
				t.Errorf("asks for the unlock = %v\n%s", got, w.Log())
			}
			if c.prompt {
				if app.got != nil {
					t.Errorf("a locked phone gave the app %q", app.got)
				}
				must(t, ph.Unlock())
				w.Run(2 * time.Second)
			}
			if got := strings.Join(app.got, "; "); got != c.want {
				t.Errorf("the app got %q, want %q\n%s", got, c.want, w.Log())
			}
			if (heard.DestinationType == callkit.NormalDestination) != c.heard {
				t.Errorf("the extension heard %+v", heard)
			}
		})
	}
}

func TestSiriRefusesNonsense(t *testing.T) {
	w, ph := withApp(t, PhoneConfig{}, AppConfig{New: func() callkit.App { return &callerApp{} }})
	for _, c := range [][2]string{{"sing", "Ann"}, {"call", ""}, {"answer", ""}, {"hangup", ""}} {
		if err := ph.Siri(c[0], c[1], false); err == nil {
			t.Errorf("Siri did %q %q", c[0], c[1])
		}
	}
	if err := ph.Siri("call", "Ann", false, "com.unknown"); err == nil {
		t.Error("Siri asked an app that is not there")
	}
	ph.DeliverPush(bundle, pushOf(u1))
	w.Run(time.Second)
	must(t, ph.Siri("answer", "", false))
	w.Run(time.Second)
	must(t, ph.Siri("hangup", "", false))
	w.Run(time.Second)
	if r := ph.Recents(); len(r) != 1 || r[0].Missed {
		t.Errorf("recents %+v", r)
	}
}

func TestIntentsExtensionThatSaysNothing(t *testing.T) {
	w, ph := withApp(t, PhoneConfig{}, AppConfig{New: func() callkit.App { return &callerApp{} },
		IntentsExtension: func() callkit.StartCallHandler { return muteIntents{} }})
	must(t, ph.Siri("call", "ann", false))
	w.Run(40 * time.Second)
	wantLog(t, w, "launch extension intents", "E handleStartCall", "did not answer")
}

type muteIntents struct{}

func (muteIntents) HandleStartCall(callkit.Extension, callkit.StartCallIntent, func(callkit.StartCallCode)) {
}

func TestDonations(t *testing.T) {
	app := &callerApp{}
	w, ph := withApp(t, PhoneConfig{}, AppConfig{New: func() callkit.App { return app }})
	must(t, ph.OpenApp(bundle))
	w.Run(time.Second)
	donor := app.sys.(callkit.InteractionDonor)
	give := func(id, group, handle, name string) {
		donor.DonateInteraction(callkit.Interaction{Identifier: id, GroupIdentifier: group, Direction: callkit.OutgoingInteraction,
			Intent: callkit.StartCallIntent{Contacts: []callkit.Person{{Handle: callkit.Handle{Type: callkit.Generic, Value: handle}, DisplayName: name}},
				CallCapability: callkit.AudioCall}}, nil)
	}
	give("1", "g", "ann-1", "Ann")
	give("2", "g", "bob-1", "Bob")
	give("3", "", "eve-1", "Eve")
	give("1", "g", "ann-2", "Ann")
	w.Run(time.Second)
	if s := ph.Suggestions(); len(s) != 3 || s[0].App != bundle || s[0].Interaction.Intent.Contacts[0].Handle.Value != "ann-2" {
		t.Fatalf("suggestions %+v", s)
	}
	must(t, ph.Siri("call", "ann", false))
	w.Run(time.Second)
	must(t, ph.TapSuggestion(1))
	w.Run(time.Second)
	want := "continue INStartCallIntent handle=ann-2 callCapability=audio; continue INStartCallIntent handle=eve-1 callCapability=audio"
	if got := strings.Join(app.got, "; "); got != want {
		t.Errorf("the app got %q, want %q", got, want)
	}
	if err := ph.TapSuggestion(3); err == nil {
		t.Error("tapped a suggestion that is not there")
	}
	donor.DeleteInteractions([]string{"3"}, nil)
	w.Settle()
	if n := len(ph.Suggestions()); n != 2 {
		t.Errorf("%d suggestions after one was deleted", n)
	}
	donor.DeleteInteractionGroup("g", nil)
	w.Settle()
	if n := len(ph.Suggestions()); n != 0 {
		t.Errorf("%d suggestions after the group was deleted", n)
	}
	give("1", "", "ann-1", "Ann")
	w.Settle()
	must(t, ph.Uninstall(bundle))
	w.Settle()
	if n := len(ph.Suggestions()); n != 0 {
		t.Error("suggestions of an app that is gone")
	}
}

func TestActivitiesByKnob(t *testing.T) {
	for _, c := range []struct{ knob, value, handle, want string }{
		{"legacyActivityTypes", "true", "ann", "launch INStartAudioCallIntent handle=ann callCapability=audio"},
		{"legacyActivityTypes", "false", "ann", "launch INStartCallIntent handle=ann callCapability=audio"},
		{"activityHandle", "false", "", "launch INStartCallIntent handle=ann callCapability=audio"},
		{"coldStartActivity", "both", "ann", "launch INStartCallIntent handle=ann callCapability=audio; continue INStartCallIntent handle=ann callCapability=audio"},
	} {
		app := &callerApp{}
		w, ph := withApp(t, PhoneConfig{}, AppConfig{New: func() callkit.App { return app }})
		must(t, ph.SetKnob(c.knob, c.value))
		must(t, ph.Siri("call", "ann", false))
		w.Run(2 * time.Second)
		if got := strings.Join(app.got, "; "); got != c.want {
			t.Errorf("%s=%s: the app got %q, want %q", c.knob, c.value, got, c.want)
		}
		if app.last.Handle != c.handle {
			t.Errorf("%s=%s: userInfo handle %q, want %q", c.knob, c.value, app.last.Handle, c.handle)
		}
		w.Close()
	}
}

func TestScenes(t *testing.T) {
	app := &sceneApp{}
	w, ph := withApp(t, PhoneConfig{}, AppConfig{Scenes: true, New: func() callkit.App { return app }})
	must(t, ph.Siri("call", "ann", false))
	w.Run(2 * time.Second)
	must(t, ph.Home())
	w.Run(time.Second)
	must(t, ph.Siri("call", "bob", false))
	w.Run(2 * time.Second)
	want := "connect; connect INStartCallIntent handle=ann callCapability=audio; scene INStartCallIntent handle=bob callCapability=audio"
	if got := strings.Join(app.got, "; "); got != want {
		t.Errorf("the app got %q, want %q\n%s", got, want, w.Log())
	}
	// A process that was launched in the background has no scene yet.
	ph.Kill(bundle, "test")
	app.got = nil
	ph.DeliverPush(bundle, pushOf(u1))
	w.Run(time.Second)
	app.provider.ReportCallEnded(u1, time.Time{}, callkit.RemoteEnded)
	w.Run(time.Second)
	must(t, ph.Siri("call", "eve", false))
	w.Run(2 * time.Second)
	want = "connect; connect INStartCallIntent handle=eve callCapability=audio"
	if got := strings.Join(app.got, "; "); got != want {
		t.Errorf("after a push the app got %q, want %q\n%s", got, want, w.Log())
	}
}

// TestScenesWithoutDelegate is an app that has adopted scenes and forgotten to move its activities there.
func TestScenesWithoutDelegate(t *testing.T) {
	app := &callerApp{}
	w, ph := withApp(t, PhoneConfig{}, AppConfig{Scenes: true, New: func() callkit.App { return app }})
	must(t, ph.Siri("call", "ann", false))
	w.Run(2 * time.Second)
	must(t, ph.Siri("call", "ann", false))
	w.Run(2 * time.Second)
	if len(app.got) != 0 {
		t.Errorf("the app got %q", app.got)
	}
	wantLog(t, w, "sceneWillConnect lost", "sceneContinueUserActivity lost")
}

func TestCallBackFromRecents(t *testing.T) {
	app := &callerApp{}
	w, ph := withApp(t, PhoneConfig{}, AppConfig{New: func() callkit.App { return app }})
	ph.DeliverPush(bundle, pushOf(u1))
	w.Run(time.Second)
	app.provider.ReportCallEnded(u1, time.Time{}, callkit.RemoteEnded)
	w.Run(time.Second)
	must(t, ph.TapRecent(0))
	w.Run(time.Second)
	r := app.last.Intent.CallRecordToCallBack
	if r == nil || r.RecordType != callkit.MissedRecord || r.Caller.Handle.Value != "bob" {
		t.Errorf("callRecordToCallBack = %+v", r)
	}
	must(t, ph.Siri("callback", "bob", false))
	w.Run(time.Second)
	if i := app.last.Intent; i.DestinationType != callkit.CallBackDestination || i.CallRecordToCallBack == nil {
		t.Errorf("intent %+v", i)
	}
}

func TestLinks(t *testing.T) {
	app := &callerApp{}
	w, ph := withApp(t, PhoneConfig{OS: "18.2"}, AppConfig{CallingAppEntitlement: true, URLSchemes: []string{"example"}, New: func() callkit.App { return app }})
	must(t, ph.Install(AppConfig{BundleID: "com.plain", New: func() callkit.App { return &callerApp{} }}))
	w.Settle()
	for _, bad := range []string{"", "no link", "other://x", "tel:ann", "://"} {
		if err := ph.OpenURL(bad); err == nil {
			t.Errorf("opened %q", bad)
		}
	}
	for _, bad := range []string{"com.plain", "com.unknown"} {
		if err := ph.SetDefaultCallingApp(bad); err == nil {
			t.Errorf("%s became the default calling app", bad)
		}
	}
	must(t, ph.OpenURL("example://call?who=ann"))
	w.Run(time.Second)
	must(t, ph.SetDefaultCallingApp(bundle))
	must(t, ph.OpenURL("tel:+1-408-555-0123"))
	w.Run(time.Second)
	want := "url example://call?who=ann; continue INStartCallIntent handle=+14085550123 callCapability=audio"
	if got := strings.Join(app.got, "; "); got != want {
		t.Errorf("the app got %q, want %q\n%s", got, want, w.Log())
	}
	must(t, ph.OpenURL("telephony:+14085550123"))
	must(t, ph.SetDefaultCallingApp(""))
	must(t, ph.OpenURL("tel:+14085550123"))
	w.Run(time.Second)
	if len(app.got) != 2 {
		t.Errorf("a link for the Phone app came to the app: %q", app.got)
	}
	old, oldPhone := withApp(t, PhoneConfig{OS: "18"}, AppConfig{CallingAppEntitlement: true, New: func() callkit.App { return app }})
	defer old.Close()
	if err := oldPhone.SetDefaultCallingApp(bundle); err == nil || !strings.Contains(err.Error(), "18.2") {
		t.Errorf("iOS 18 has no default calling app: %v", err)
	}
}

func FuzzOpenURL(f *testing.F) {
	f.Add("tel:+14085550123")
	f.Add("example://call?who=ann")
	f.Add("%zz")
	f.Fuzz(func(t *testing.T, link string) {
		w := NewWorld(Config{})
		defer w.Close()
		ph, err := w.NewPhone(PhoneConfig{})
		must(t, err)
		must(t, ph.Install(AppConfig{BundleID: bundle, URLSchemes: []string{"example"}, New: func() callkit.App { return &callerApp{} }}))
		_ = ph.OpenURL(link)
		w.Run(time.Second)
	})
}
