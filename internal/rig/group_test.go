package rig

import (
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/phone"
)

// TestGroupFromAPhone has Alice begin a group call on her phone: one call for its system, one seat in the carrier's room, while
// Bob answers, Carol declines and Dave is called in later. She leaves, and those two go on.
func TestGroupFromAPhone(t *testing.T) {
	lab, err := NewLab(t.Context(), LabConfig{
		Node:   NodeConfig{Dir: t.TempDir(), Carrier: "livekit", RingTimeout: 45 * time.Second},
		Logger: slog.New(slog.DiscardHandler),
		Owners: []Owner{
			{User: "alice", Name: "Alice", Phones: []PhoneSpec{{ID: "alice-1"}}}, {User: "bob", Name: "Bob", Phones: []PhoneSpec{{ID: "bob-1"}}},
			{User: "carol", Name: "Carol", Phones: []PhoneSpec{{ID: "carol-1"}}}, {User: "dave", Name: "Dave", Phones: []PhoneSpec{{ID: "dave-1"}}},
		},
	})
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
	calls := func(device string) []phone.Call {
		if e := lab.Devices[device].Engine(); e != nil {
			return e.Calls()
		}
		return nil
	}
	newest := func(device string) phone.Call {
		if all := calls(device); len(all) > 0 {
			return all[len(all)-1]
		}
		return phone.Call{}
	}
	await := func(what string, ok func() bool) {
		t.Helper()
		if err := lab.Await(t.Context(), 20*time.Second, ok); err != nil {
			for id := range lab.Devices {
				t.Logf("%s: %+v", id, calls(id))
			}
			t.Fatalf("never: %s (%v); open at the carrier: %q, refused: %q", what, err, lab.Account.Emulator.Open(), lab.Account.Emulator.Refused())
		}
	}
	alice := lab.Devices["alice-1"].Engine()
	var id callkit.UUID
	await("alice can call", func() bool {
		id, err = alice.StartGroup(phone.GroupRequest{Callees: []string{"bob", "carol", "nobody"}, Name: "The team"})
		return err == nil
	})
	await("they ring", func() bool {
		return newest("bob-1").State == call.Ringing && newest("carol-1").State == call.Ringing && newest("alice-1").State == call.Alerting
	})
	if err := lab.Devices["carol-1"].Act("decline", Finger{}); err != nil {
		t.Fatal(err)
	}
	if err := lab.Devices["bob-1"].Act("answer", Finger{}); err != nil {
		t.Fatal(err)
	}
	talk := func(devices ...string) {
		t.Helper()
		for _, d := range devices {
			await(d+" talks", func() bool { c := newest(d); return c.State == call.Connected && c.GroupCall == id.String() })
		}
	}
	talk("alice-1", "bob-1")
	await("carol is out", func() bool { return newest("carol-1").State == call.Ended })
	if got, err := alice.Start(phone.StartRequest{Callee: "dave", Group: id.String()}); err != nil || got != id {
		t.Fatal(got, err)
	}
	await("dave rings", func() bool { return newest("dave-1").State == call.Ringing })
	if err := lab.Devices["dave-1"].Act("answer", Finger{}); err != nil {
		t.Fatal(err)
	}
	talk("alice-1", "bob-1", "dave-1")
	if all := calls("alice-1"); len(all) != 1 || len(lab.Devices["alice-1"].Phone.Calls()) != 1 {
		t.Errorf("alice's phone shows %+v, its system %v", all, lab.Devices["alice-1"].Phone.Calls())
	}
	if open := lab.Account.Emulator.Open(); len(open) == 0 || slices.ContainsFunc(lab.Account.Emulator.Refused(), func(string) bool { return true }) {
		t.Errorf("open at the carrier: %q, refused: %q", open, lab.Account.Emulator.Refused())
	}
	if err := lab.Devices["alice-1"].Act("end", Finger{}); err != nil {
		t.Fatal(err)
	}
	await("alice is out", func() bool { c := newest("alice-1"); return c.State == call.Ended && c.Reason == call.HungUp })
	talk("bob-1", "dave-1")
	if err := lab.Devices["bob-1"].Act("end", Finger{}); err != nil {
		t.Fatal(err)
	}
	await("bob is out", func() bool { return newest("bob-1").State == call.Ended })
	talk("dave-1")
	if err := lab.Devices["dave-1"].Act("end", Finger{}); err != nil {
		t.Fatal(err)
	}
	await("dave is out", func() bool { return newest("dave-1").State == call.Ended })
}
