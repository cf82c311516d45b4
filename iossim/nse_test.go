package iossim

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
)

// service is a notification service extension; tests override what it does.
type service struct {
	receive func(x callkit.Extension, r callkit.NotificationRequest, handler func(callkit.NotificationContent))
	expire  func()
}

func (s *service) DidReceive(x callkit.Extension, r callkit.NotificationRequest, handler func(callkit.NotificationContent)) {
	s.receive(x, r, handler)
}

func (s *service) ServiceExtensionTimeWillExpire() {
	if s.expire != nil {
		s.expire()
	}
}

const alertCall = `{"aps":{"alert":{"title":"Secret","body":"…"},"mutable-content":1},"c":"x"}`

// withService is a phone with an app that has a notification service extension.
func withService(t *testing.T, os string, entitled bool, app *goodApp, s *service) (*World, *Phone) {
	t.Helper()
	w := NewWorld(Config{})
	t.Cleanup(w.Close)
	ph, err := w.NewPhone(PhoneConfig{OS: os, Locked: true})
	must(t, err)
	must(t, ph.Install(AppConfig{BundleID: bundle, Name: "Example", FilteringEntitlement: entitled,
		New:                 func() callkit.App { return app },
		NotificationService: func() callkit.NotificationService { return s }}))
	w.Settle()
	return w, ph
}

// TestEncryptedCall is the whole way: alert, extension, PushKit, report.
func TestEncryptedCall(t *testing.T) {
	var reported error = errors.New("never")
	got := ""
	s := &service{receive: func(x callkit.Extension, r callkit.NotificationRequest, handler func(callkit.NotificationContent)) {
		x.ReportNewIncomingVoIPPushPayload([]byte(`{"id":"`+u1.String()+`"}`), func(err error) {
			reported = err
			handler(callkit.NotificationContent{})
		})
	}}
	app := &goodApp{}
	w, ph := withService(t, "14.5", true, app, s)
	push := &encryptedApp{goodApp: app, got: &got}
	must(t, ph.UpdateApp(bundle, func() callkit.App { return push }))
	must(t, ph.DeliverAlert(bundle, []byte(alertCall)))
	w.Run(2 * time.Second)
	if reported != nil || got == "" {
		t.Fatalf("report: %v, payload %q\n%s", reported, got, w.Log())
	}
	if s := ph.Screen(); !s.Ringing() || len(s.Notifications) != 0 {
		t.Errorf("want a ring and no notification:\n%s", s)
	}
	wantLog(t, w, "launch extension notificationService", "E didReceiveNotificationRequest", "A nse.reportNewIncomingVoIPPushPayload",
		"launch background", "R didReceive", "A reportNewIncomingCall", "SYS ring")
	wantLog(t, w, "E reportCompletion nil", "notification filtered", "end extension notificationService")
}

// encryptedApp reports u1 for a push whose payload is an object.
type encryptedApp struct {
	*goodApp
	got *string
}

func (a *encryptedApp) DidFinishLaunching(sys callkit.System, o callkit.LaunchOptions) {
	a.goodApp.DidFinishLaunching(sys, o)
	a.registry.SetDelegate(a)
}

func (a *encryptedApp) DidReceiveIncomingPush(_ callkit.PushRegistry, p callkit.PushPayload, _ callkit.PushType, completion func()) {
	*a.got = string(p.Dictionary)
	a.report(u1)
	completion()
}

func TestVoIPPayloadErrors(t *testing.T) {
	for _, c := range []struct {
		name     string
		os       string
		entitled bool
		payload  string
		want     error
	}{
		{"no entitlement", "26.4", false, `{}`, callkit.ErrMissingNotificationFilteringEntitlement},
		{"no object", "26.4", true, `[1]`, &callkit.Error{Domain: callkit.NotificationServiceErrorDomain, Code: callkit.NotificationServiceUnknown}},
		{"nothing", "26.4", true, ``, &callkit.Error{Domain: callkit.NotificationServiceErrorDomain, Code: callkit.NotificationServiceUnknown}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got error
			s := &service{receive: func(x callkit.Extension, _ callkit.NotificationRequest, handler func(callkit.NotificationContent)) {
				x.ReportNewIncomingVoIPPushPayload([]byte(c.payload), func(err error) {
					got = err
					handler(callkit.NotificationContent{Body: "a call"})
				})
			}}
			w, ph := withService(t, c.os, c.entitled, &goodApp{}, s)
			must(t, ph.DeliverAlert(bundle, []byte(alertCall)))
			w.Run(10 * time.Second)
			if !errors.Is(got, c.want) {
				t.Errorf("err = %v, want %v", got, c.want)
			}
			if ph.Process(bundle) != nil || ph.Strikes(bundle) != 0 {
				t.Error("the app was launched all the same")
			}
			if n := ph.Screen().Notifications; len(n) != 1 || n[0].Body != "a call" {
				t.Errorf("notifications %+v", n)
			}
		})
	}
}

func TestVoIPPayloadFromTheApp(t *testing.T) {
	for _, os := range []string{"14.5", "14"} {
		app := &goodApp{}
		w, ph := install(t, Config{}, PhoneConfig{OS: os}, app)
		must(t, ph.OpenApp(bundle))
		w.Run(time.Second)
		var got error
		app.sys.(callkit.VoIPPushReporter).ReportNewIncomingVoIPPushPayload([]byte(`{}`), func(err error) { got = err })
		w.Run(time.Second)
		if os == "14.5" && !errors.Is(got, callkit.ErrInvalidClientProcess) {
			t.Errorf("err = %v", got)
		}
		if gone := ph.Process(bundle) == nil; gone != (os == "14") {
			t.Errorf("iOS %s: the process is gone = %v\n%s", os, gone, w.Log())
		}
		w.Close()
	}
}

func TestVoIPPayloadTooOld(t *testing.T) {
	s := &service{receive: func(x callkit.Extension, _ callkit.NotificationRequest, _ func(callkit.NotificationContent)) {
		x.ReportNewIncomingVoIPPushPayload([]byte(`{}`), nil)
	}}
	w, ph := withService(t, "13", true, &goodApp{}, s)
	must(t, ph.DeliverAlert(bundle, []byte(alertCall)))
	w.Run(10 * time.Second)
	wantLog(t, w, "unrecognized selector", "end extension")
	if len(ph.Screen().Notifications) != 1 {
		t.Errorf("the push of a crashed extension is not shown\n%s", w.Log())
	}
}

// TestUnreportedAfterExtension: the rule holds for a push that came by the extension too.
func TestUnreportedAfterExtension(t *testing.T) {
	s := &service{receive: func(x callkit.Extension, _ callkit.NotificationRequest, handler func(callkit.NotificationContent)) {
		x.ReportNewIncomingVoIPPushPayload([]byte(`{}`), func(error) { handler(callkit.NotificationContent{}) })
	}}
	app := &goodApp{}
	w, ph := withService(t, "26.4", true, app, s)
	silent := &silentApp{app}
	must(t, ph.UpdateApp(bundle, func() callkit.App { return silent }))
	must(t, ph.DeliverAlert(bundle, []byte(alertCall)))
	w.Run(10 * time.Second)
	if ph.Strikes(bundle) != 1 {
		t.Errorf("strikes = %d, want 1\n%s", ph.Strikes(bundle), w.Log())
	}
}

type silentApp struct{ *goodApp }

func (a *silentApp) DidFinishLaunching(sys callkit.System, o callkit.LaunchOptions) {
	a.goodApp.DidFinishLaunching(sys, o)
	a.registry.SetDelegate(a)
}

func (a *silentApp) DidReceiveIncomingPush(callkit.PushRegistry, callkit.PushPayload, callkit.PushType, func()) {
}

func TestExtensionExpires(t *testing.T) {
	for _, saves := range []bool{true, false} {
		expired := false
		var handler func(callkit.NotificationContent)
		s := &service{receive: func(_ callkit.Extension, _ callkit.NotificationRequest, h func(callkit.NotificationContent)) {
			handler = h
		}}
		s.expire = func() {
			expired = true
			if saves {
				handler(callkit.NotificationContent{Body: "in time"})
			}
		}
		w, ph := withService(t, "26.4", true, &goodApp{}, s)
		must(t, ph.DeliverAlert(bundle, []byte(alertCall)))
		w.Run(29 * time.Second)
		if expired || len(ph.Screen().Notifications) != 0 {
			t.Fatal("expired early")
		}
		w.Run(3 * time.Second)
		want := "…"
		if saves {
			want = "in time"
		}
		if n := ph.Screen().Notifications; !expired || len(n) != 1 || n[0].Body != want {
			t.Errorf("expired=%v notifications %+v, want %q\n%s", expired, n, want, w.Log())
		}
		handler(callkit.NotificationContent{Body: "too late"})
		w.Run(time.Second)
		if n := len(ph.Screen().Notifications); n != 1 {
			t.Errorf("a dead extension showed something: %d", n)
		}
		w.Close()
	}
}

func TestExtensionIsAProcess(t *testing.T) {
	var order []string
	stopped := true
	s := &service{receive: func(x callkit.Extension, _ callkit.NotificationRequest, handler func(callkit.NotificationContent)) {
		began := x.Now()
		timer := x.AfterFunc(time.Second, func() { t.Error("a stopped timer fired") })
		stopped = timer.Stop() && !timer.Stop()
		x.AfterFunc(2*time.Second, func() {
			order = append(order, "timer "+x.Now().Sub(began).String())
			handler(callkit.NotificationContent{})
			x.MainQueue().Async(func() { order = append(order, "late") })
		})
		x.MainQueue().Async(func() { order = append(order, "async") })
		order = append(order, "received")
	}}
	w, ph := withService(t, "26.4", false, &goodApp{}, s)
	must(t, ph.DeliverAlert(bundle, []byte(alertCall)))
	w.Run(5 * time.Second)
	if got := strings.Join(order, ", "); !strings.HasPrefix(got, "received, async, timer 2s") || !stopped {
		t.Errorf("order %q, stopped %v", got, stopped)
	}
	// Without the entitlement an empty content shows the push as it came.
	if n := ph.Screen().Notifications; len(n) != 1 || n[0].Title != "Secret" {
		t.Errorf("notifications %+v", n)
	}
	wantLog(t, w, "lacks the notification filtering entitlement")
}

func TestPlainAlerts(t *testing.T) {
	w, ph := install(t, Config{}, PhoneConfig{Locked: true}, &goodApp{})
	must(t, ph.DeliverAlert(bundle, []byte(`{"aps":{"alert":"Hello"}}`)))
	must(t, ph.DeliverAlert(bundle, []byte(`{"aps":{"alert":["no"]}}`)))
	must(t, ph.DeliverAlert("com.unknown", []byte(`{"aps":{"alert":"Hello"}}`)))
	if err := ph.DeliverAlert(bundle, make([]byte, 4097)); err == nil {
		t.Error("an alert push of more than 4096 bytes was taken")
	}
	w.Run(time.Second)
	if n := ph.Screen().Notifications; len(n) != 1 || n[0].Body != "Hello" || n[0].App != bundle {
		t.Fatalf("notifications %+v\n%s", n, w.Log())
	}
	if err := ph.TapNotification(1); err == nil {
		t.Error("tapped a notification that is not there")
	}
	must(t, ph.TapNotification(0))
	w.Run(time.Second)
	if ph.Process(bundle) != nil {
		t.Error("a locked phone opened an app")
	}
	must(t, ph.Unlock())
	w.Run(time.Second)
	if s := ph.Screen(); s.Front != bundle || len(s.Notifications) != 0 {
		t.Errorf("the app is not open:\n%s", s)
	}
}

func FuzzAlert(f *testing.F) {
	f.Add([]byte(alertCall))
	f.Add([]byte(`{"aps":{"alert":"x"}}`))
	f.Add([]byte(`{"aps":null}`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		a, err := parseAlert(payload)
		if (err == nil) != (a.content.UserInfo != nil) {
			t.Errorf("%q: %+v, %v", payload, a, err)
		}
		isObject(payload)
	})
}

// TestExtensionEndsWithItsApp: nothing is shown for an app that is gone, or by a phone that restarts.
func TestExtensionEndsWithItsApp(t *testing.T) {
	for name, end := range map[string]func(*Phone) error{
		"uninstall": func(ph *Phone) error { return ph.Uninstall(bundle) },
		"reinstall": func(ph *Phone) error { return ph.Reinstall(bundle) },
		"restart":   func(ph *Phone) error { ph.Restart(); return nil },
	} {
		s := &service{receive: func(callkit.Extension, callkit.NotificationRequest, func(callkit.NotificationContent)) {}}
		w, ph := withService(t, "26.4", true, &goodApp{}, s)
		must(t, ph.DeliverAlert(bundle, []byte(alertCall)))
		w.Run(2 * time.Second)
		must(t, end(ph))
		w.Run(time.Minute)
		if n := ph.Screen().Notifications; len(n) != 0 {
			t.Errorf("%s: %+v", name, n)
		}
		wantLog(t, w, "end extension notificationService")
	}
}
