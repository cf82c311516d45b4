package iossim

import (
	"errors"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
)

func TestPhoneNumber(t *testing.T) {
	for _, c := range []struct{ in, locale, want string }{
		{"+1 (408) 555-0123", "de_DE", "14085550123"},
		{"408-555-0123", "en_US", "14085550123"},
		{"14085550123", "en_US", "14085550123"},
		{"030 1234567", "de_DE", "49301234567"},
		{"0049 30 1234567", "en_US", "49301234567"},
		{"06 1234 5678", "it_IT", "390612345678"},
		{"12345678", "xx_XX", "12345678"},
		{"alice", "en_US", ""},
		{"12", "en_US", ""},
		{"+", "en_US", ""},
		{"12+34567", "en_US", ""},
		{"+1234567890123456", "en_US", ""},
		{"", "", ""},
	} {
		if got := phoneNumber(c.in, c.locale); got != c.want {
			t.Errorf("phoneNumber(%q, %s) = %q, want %q", c.in, c.locale, got, c.want)
		}
	}
}

func FuzzPhoneNumber(f *testing.F) {
	f.Add("+1 (408) 555-0123", "en_US")
	f.Add("0049", "de_DE")
	f.Fuzz(func(t *testing.T, s, locale string) {
		n := phoneNumber(s, locale)
		if len(n) > 15 {
			t.Errorf("%q has %d digits", n, len(n))
		}
		if n != "" && phoneNumber("+"+n, locale) != n {
			t.Errorf("%q is %q, which is %q", s, n, phoneNumber("+"+n, locale))
		}
	})
}

func TestContacts(t *testing.T) {
	app := &goodApp{}
	w, ph := install(t, Config{}, PhoneConfig{Contacts: map[string]string{"bob@example.com": "Bob E."}}, app)
	must(t, ph.OpenApp(bundle))
	ph.SetContact("+1 408 555 0123", "Ann")
	w.Run(time.Second)
	ring := func(id callkit.UUID, h callkit.Handle, name *string) string {
		app.provider.ReportNewIncomingCall(id, callkit.Update{RemoteHandle: &h, LocalizedCallerName: name}, nil)
		w.Run(time.Second)
		defer func() {
			app.provider.ReportCallEnded(id, time.Time{}, callkit.RemoteEnded)
			w.Run(time.Second)
		}()
		return ph.Screen().Call.Caller
	}
	other := "Somebody"
	for i, c := range []struct {
		h    callkit.Handle
		name *string
		want string
	}{
		{callkit.Handle{Type: callkit.PhoneNumber, Value: "(408) 555-0123"}, nil, "Ann"},
		{callkit.Handle{Type: callkit.PhoneNumber, Value: "(408) 555-0123"}, &other, "Somebody"},
		{callkit.Handle{Type: callkit.EmailAddress, Value: "BOB@example.com"}, nil, "Bob E."},
		{callkit.Handle{Type: callkit.PhoneNumber, Value: "(408) 555-0199"}, nil, "(408) 555-0199"},
		{callkit.Handle{}, nil, "Unknown"},
	} {
		if got := ring(u(byte(i)), c.h, c.name); got != c.want {
			t.Errorf("%+v rings as %q, want %q", c.h, got, c.want)
		}
	}
	ph.SetContact("4085550123", "")
	w.Settle()
	if got := ring(u(50), callkit.Handle{Type: callkit.PhoneNumber, Value: "4085550123"}, nil); got != "4085550123" {
		t.Errorf("a contact that was taken out names a caller %q", got)
	}
}

func TestFocusAllowsByContact(t *testing.T) {
	for _, c := range []struct {
		allow, from string
		rings       bool
	}{
		{"Ann", "4085550123", true},
		{"+14085550123", "(408) 555-0123", true},
		{"Bob", "4085550123", false},
	} {
		app := &goodApp{}
		w, ph := install(t, Config{}, PhoneConfig{Contacts: map[string]string{"+14085550123": "Ann"}}, app)
		must(t, ph.OpenApp(bundle))
		ph.SetFocus("Do Not Disturb", c.allow)
		w.Run(time.Second)
		if _, err := rings(w, ph, app, u1, c.from); (err == nil) != c.rings || err != nil && !errors.Is(err, callkit.ErrFilteredByDoNotDisturb) {
			t.Errorf("allowed %s, call from %s: %v", c.allow, c.from, err)
		}
		w.Close()
	}
}

func TestSilenceUnknownCallers(t *testing.T) {
	app := &goodApp{}
	w, ph := install(t, Config{}, PhoneConfig{Contacts: map[string]string{"+14085550123": "Ann"}}, app)
	must(t, ph.OpenApp(bundle))
	must(t, ph.SetKnob("silenceUnknownCallers", "true"))
	w.Run(time.Second)
	if _, err := rings(w, ph, app, u(1), "4085550123"); err != nil {
		t.Errorf("a contact: %v", err)
	}
	if _, err := rings(w, ph, app, u(2), "4085550199"); !errors.Is(err, callkit.ErrFilteredByDoNotDisturb) {
		t.Errorf("an unknown caller: %v", err)
	}
	if r := ph.Recents(); len(r) != 2 || !r[0].Missed {
		t.Errorf("recents %+v", r)
	}
	if _, err := rings(w, ph, app, u(5), "4085550199"); !errors.Is(err, callkit.ErrFilteredByDoNotDisturb) {
		t.Errorf("a caller is known for having called: %v", err)
	}
	h := callkit.Handle{Type: callkit.PhoneNumber, Value: "+14085550199"}
	app.controller.RequestTransaction([]callkit.Action{&callkit.StartCallAction{Base: callkit.Base{CallUUID: u(3)}, Handle: h}}, nil)
	w.Run(time.Second)
	app.provider.ReportCallEnded(u(3), time.Time{}, callkit.RemoteEnded)
	w.Run(time.Second)
	if _, err := rings(w, ph, app, u(4), "4085550199"); err != nil {
		t.Errorf("somebody whom the user has called: %v", err)
	}
}

func TestBlockedHoweverWritten(t *testing.T) {
	app := &goodApp{}
	w, ph := install(t, Config{}, PhoneConfig{}, app)
	must(t, ph.OpenApp(bundle))
	ph.BlockCaller("+1 408 555 0123", true)
	w.Run(time.Second)
	if _, err := rings(w, ph, app, u(1), "4085550123"); !errors.Is(err, callkit.ErrFilteredByBlockList) {
		t.Errorf("err = %v", err)
	}
	ph.BlockCaller("+1 408 555 0123", false)
	w.Settle()
	if _, err := rings(w, ph, app, u(2), "4085550123"); err != nil {
		t.Errorf("taken off the list: %v", err)
	}
}
