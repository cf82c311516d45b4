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
