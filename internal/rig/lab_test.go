package rig

import (
	"testing"

	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/phone"
)

// openLab starts a lab that ends with the test, and opens the app on all of its phones. They are registered then.
func openLab(t *testing.T, cfg LabConfig) *Lab {
	t.Helper()
	lab, err := NewLab(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(lab.Close)
	for _, d := range lab.Devices {
		if err := d.Phone.OpenApp(Bundle); err != nil {
			t.Fatal(err)
		}
		if err := d.Registered(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	return lab
}

// awaiting returns what waits until something is so, and tells what each phone and the carrier know if that never comes.
func awaiting(t *testing.T, lab *Lab) func(what string, ok func() bool) {
	return func(what string, ok func() bool) {
		t.Helper()
		err := lab.Await(t.Context(), mostWait, ok)
		if err == nil {
			return
		}
		for id, d := range lab.Devices {
			if e := d.Engine(); e != nil {
				t.Logf("%s: %+v", id, e.Calls())
			}
		}
		if lab.Account != nil {
			t.Logf("open at the carrier: %q, refused: %q", lab.Account.Emulator.Open(), lab.Account.Emulator.Refused())
		}
		t.Fatalf("never: %s (%v)", what, err)
	}
}

// callAt returns a device's call as its app sees it; the zero Call if it has none of that ID.
func callAt(lab *Lab, device string, id callkit.UUID) phone.Call {
	if e := lab.Devices[device].Engine(); e != nil {
		for _, c := range e.Calls() {
			if c.ID == id {
				return c
			}
		}
	}
	return phone.Call{}
}
