package iossim

import (
	"strings"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
)

// A report that the push handler leaves to its own queue comes after the delegate has returned: check 1 sees none.
func TestReportOnAnotherTurnOfTheQueueIsTooLate(t *testing.T) {
	w := NewWorld(Config{})
	defer w.Close()
	ph, err := w.NewPhone(PhoneConfig{Locked: true})
	if err != nil {
		t.Fatal(err)
	}
	app := func() callkit.App {
		a := new(goodApp)
		a.onPush = func(id callkit.UUID) {
			a.sys.MainQueue().Async(func() { a.provider.ReportNewIncomingCall(id, callkit.Update{}, nil) })
		}
		return a
	}
	if err := ph.Install(AppConfig{BundleID: bundle, New: app}); err != nil {
		t.Fatal(err)
	}
	ph.DeliverPush(bundle, []byte(`"`+u1.String()+`"`))
	w.Run(time.Second)
	if log := w.Log(); !strings.Contains(log, "check 1") || strings.Contains(log, "reportNewIncomingCall") {
		t.Errorf("want a kill by check 1 and no report:\n%s", log)
	}
}

// lateApp reports at once and ends the call, and calls the completion handler a second later.
type lateApp struct{ goodApp }

func (a *lateApp) DidFinishLaunching(sys callkit.System, o callkit.LaunchOptions) {
	a.goodApp.DidFinishLaunching(sys, o)
	a.registry.SetDelegate(a)
}

func (a *lateApp) DidReceiveIncomingPush(_ callkit.PushRegistry, _ callkit.PushPayload, _ callkit.PushType, completion func()) {
	a.provider.ReportNewIncomingCall(u1, callkit.Update{}, nil)
	a.provider.ReportCallEnded(u1, time.Time{}, callkit.Unanswered)
	a.sys.AfterFunc(time.Second, completion)
}

// A push keeps the process running until its completion handler is called, however late, and no longer.
func TestLatePushCompletionReleasesTheProcess(t *testing.T) {
	k := DefaultKnobs()
	k.SuspendAfter = 100 * time.Millisecond
	w := NewWorld(Config{Knobs: k})
	defer w.Close()
	ph, err := w.NewPhone(PhoneConfig{Locked: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := ph.Install(AppConfig{BundleID: bundle, New: func() callkit.App { return new(lateApp) }}); err != nil {
		t.Fatal(err)
	}
	ph.DeliverPush(bundle, []byte(`{}`))
	w.Run(time.Second)
	if ph.Process(bundle).Suspended() {
		t.Error("suspended before the completion handler was called")
	}
	w.Run(time.Second)
	if !ph.Process(bundle).Suspended() {
		t.Errorf("a second after the completion handler was called the process still runs:\n%s", w.Log())
	}
}
