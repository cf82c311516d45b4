package iossim

import (
	"errors"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
)

type tel = callkit.CallDirectoryPhoneNumber

// book is a call directory extension; failed are the errors that its delegate heard of.
type book struct {
	begin  func(callkit.CallDirectoryExtensionContext)
	failed []error
}

func (b *book) BeginRequest(c callkit.CallDirectoryExtensionContext) {
	c.SetDelegate(b)
	b.begin(c)
}

func (b *book) RequestFailed(_ callkit.CallDirectoryExtensionContext, err error) {
	b.failed = append(b.failed, err)
}

func directoryError(code int) error {
	return &callkit.Error{Domain: callkit.CallDirectoryErrorDomain, Code: code}
}

// withBook is a phone whose app runs and has a call directory extension.
func withBook(t *testing.T, b *book) (*World, *Phone, *goodApp, callkit.CallDirectoryManager) {
	t.Helper()
	app := &goodApp{}
	w := NewWorld(Config{})
	t.Cleanup(w.Close)
	ph, err := w.NewPhone(PhoneConfig{})
	must(t, err)
	must(t, ph.Install(AppConfig{BundleID: bundle, Name: "Example", New: func() callkit.App { return app },
		CallDirectory: func() callkit.CallDirectoryProvider { return b }}))
	must(t, ph.OpenApp(bundle))
	w.Run(time.Second)
	return w, ph, app, app.sys.(callkit.CallDirectory).CallDirectoryManager()
}

// reload asks for the entries again and returns what comes of it.
func reload(t *testing.T, w *World, m callkit.CallDirectoryManager) error {
	t.Helper()
	err := errors.New("no completion")
	m.ReloadExtension(DirectoryIdentifier(bundle), func(e error) { err = e })
	w.Run(40 * time.Second)
	return err
}

// rings reports whether a call from a phone number is shown, and under which name.
func rings(w *World, ph *Phone, app *goodApp, id callkit.UUID, from string) (string, error) {
	var got error
	app.provider.ReportNewIncomingCall(id, callkit.Update{RemoteHandle: &callkit.Handle{Type: callkit.PhoneNumber, Value: from}}, func(err error) { got = err })
	w.Run(time.Second)
	name := ""
	if c := ph.Screen().Call; c != nil {
		name = c.Caller
	}
	app.provider.ReportCallEnded(id, time.Time{}, callkit.RemoteEnded)
	w.Run(time.Second)
	return name, got
}

func TestCallDirectory(t *testing.T) {
	b := &book{begin: func(c callkit.CallDirectoryExtensionContext) {
		c.AddBlockingEntry(14085550100)
		c.AddBlockingEntry(14085550111)
		c.AddIdentificationEntry(14085550122, "Pizza")
		c.CompleteRequest(nil)
	}}
	w, ph, app, m := withBook(t, b)
	if err := reload(t, w, m); !errors.Is(err, directoryError(callkit.CallDirectoryExtensionDisabled)) {
		t.Errorf("a disabled extension was loaded: %v", err)
	}
	must(t, ph.EnableCallDirectory(bundle, true))
	w.Run(5 * time.Second)
	if _, err := rings(w, ph, app, u(1), "+1 (408) 555-0111"); !errors.Is(err, callkit.ErrFilteredByBlockList) {
		t.Errorf("blocked number: %v", err)
	}
	if name, err := rings(w, ph, app, u(2), "408 555 0122"); err != nil || name != "Pizza" {
		t.Errorf("identified number: %q, %v", name, err)
	}
	ph.SetContact("+14085550122", "My Pizza")
	w.Settle()
	if name, _ := rings(w, ph, app, u(3), "4085550122"); name != "My Pizza" {
		t.Errorf("a contact comes before a directory, name = %q", name)
	}
	must(t, ph.EnableCallDirectory(bundle, false))
	w.Run(time.Second)
	if _, err := rings(w, ph, app, u(4), "+14085550111"); err != nil {
		t.Errorf("a directory that is switched off blocks: %v", err)
	}
	if err := ph.EnableCallDirectory("com.other", true); err == nil {
		t.Error("enabled the extension of an app that is not there")
	}
}

func TestCallDirectoryErrors(t *testing.T) {
	add := func(numbers ...tel) func(callkit.CallDirectoryExtensionContext) {
		return func(c callkit.CallDirectoryExtensionContext) {
			for _, n := range numbers {
				c.AddBlockingEntry(n)
			}
			c.CompleteRequest(nil)
		}
	}
	for _, c := range []struct {
		name  string
		begin func(callkit.CallDirectoryExtensionContext)
		code  int
	}{
		{"out of order", add(5, 4), callkit.CallDirectoryEntriesOutOfOrder},
		{"twice", add(4, 5, 5), callkit.CallDirectoryDuplicateEntries},
		{"too many", add(1, 2, 3, 4), callkit.CallDirectoryMaximumEntriesExceeded},
		{"no number", add(-1), callkit.CallDirectoryUnknown},
		{"too long a number", add(callkit.CallDirectoryPhoneNumberMax + 1), callkit.CallDirectoryUnknown},
		{"removed though not incremental", func(c callkit.CallDirectoryExtensionContext) {
			c.RemoveBlockingEntry(1)
			c.CompleteRequest(nil)
		}, callkit.CallDirectoryUnexpectedIncrementalRemoval},
		{"all removed though not incremental", func(c callkit.CallDirectoryExtensionContext) { c.RemoveAllIdentificationEntries() }, callkit.CallDirectoryUnexpectedIncrementalRemoval},
		{"never completed", func(callkit.CallDirectoryExtensionContext) {}, callkit.CallDirectoryLoadingInterrupted},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := &book{begin: c.begin}
			w, ph, app, m := withBook(t, b)
			must(t, ph.SetKnob("callDirectoryEntries", "3"))
			must(t, ph.SetKnob("callDirectoryIncremental", "false"))
			b.begin = add(14085550100)
			must(t, ph.EnableCallDirectory(bundle, true))
			w.Run(5 * time.Second)
			b.begin = c.begin
			if err := reload(t, w, m); !errors.Is(err, directoryError(c.code)) {
				t.Errorf("err = %v, want code %d\n%s", err, c.code, w.Log())
			}
			told := c.code != callkit.CallDirectoryLoadingInterrupted
			if told != (len(b.failed) == 1) {
				t.Errorf("the delegate heard of %v", b.failed)
			}
			if _, err := rings(w, ph, app, u(1), "+14085550100"); !errors.Is(err, callkit.ErrFilteredByBlockList) {
				t.Errorf("the entries of the load before are gone: %v", err)
			}
		})
	}
}

func TestCallDirectoryIncremental(t *testing.T) {
	b := &book{}
	b.begin = func(c callkit.CallDirectoryExtensionContext) {
		if c.IsIncremental() {
			t.Error("the first request is incremental")
		}
		c.AddBlockingEntry(14085550100)
		c.AddBlockingEntry(14085550111)
		c.CompleteRequest(func(expired bool) {
			if expired {
				t.Error("expired")
			}
		})
	}
	w, ph, app, m := withBook(t, b)
	must(t, ph.EnableCallDirectory(bundle, true))
	w.Run(5 * time.Second)
	b.begin = func(c callkit.CallDirectoryExtensionContext) {
		if !c.IsIncremental() {
			t.Error("the second request is not incremental")
		}
		c.RemoveBlockingEntry(14085550100)
		c.AddBlockingEntry(14085550105)
		c.CompleteRequest(nil)
	}
	must(t, reload(t, w, m))
	for from, blocked := range map[string]bool{"+14085550100": false, "+14085550105": true, "+14085550111": true} {
		if _, err := rings(w, ph, app, u(byte(from[11])), from); (err != nil) != blocked {
			t.Errorf("%s: %v, want blocked = %v", from, err, blocked)
		}
	}
}

func TestCallDirectoryManager(t *testing.T) {
	b := &book{begin: func(callkit.CallDirectoryExtensionContext) {}}
	w, ph, _, m := withBook(t, b)
	status := func(id string) (s callkit.CallDirectoryEnabledStatus, err error) {
		err = errors.New("no completion")
		m.EnabledStatus(id, func(got callkit.CallDirectoryEnabledStatus, e error) { s, err = got, e })
		w.Run(time.Second)
		return s, err
	}
	if s, err := status(DirectoryIdentifier(bundle)); s != callkit.CallDirectoryDisabled || err != nil {
		t.Errorf("status = %v, %v", s, err)
	}
	if s, err := status("com.other.directory"); s != callkit.CallDirectoryUnknownStatus || !errors.Is(err, directoryError(callkit.CallDirectoryNoExtensionFound)) {
		t.Errorf("status of another app's = %v, %v", s, err)
	}
	must(t, ph.EnableCallDirectory(bundle, true))
	w.Run(time.Second)
	if s, _ := status(DirectoryIdentifier(bundle)); s != callkit.CallDirectoryEnabled {
		t.Errorf("status = %v", s)
	}
	err := errors.New("no completion")
	m.ReloadExtension(DirectoryIdentifier(bundle), func(e error) { err = e })
	w.Run(time.Second)
	if !errors.Is(err, directoryError(callkit.CallDirectoryCurrentlyLoading)) {
		t.Errorf("a reload during a load: %v", err)
	}
	opened := errors.New("no completion")
	m.OpenSettings(func(e error) { opened = e })
	w.Run(time.Second)
	if opened != nil || ph.Screen().Front != "" {
		t.Errorf("settings: %v, front %q", opened, ph.Screen().Front)
	}
}
