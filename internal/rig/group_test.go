package rig

import (
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/phone"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// TestGroupFromAPhone has Alice begin a group call on her phone: one call for its system, one seat in the carrier's room, while
// Bob answers, Carol declines, Dave is called in later and Carol joins after all. Those whom she called leave, she goes on with Carol, and
// Carol stays when she leaves.
func TestGroupFromAPhone(t *testing.T) {
	lab := openLab(t, LabConfig{
		Node:   NodeConfig{Dir: t.TempDir(), Carrier: "livekit", RingTimeout: 45 * time.Second},
		Logger: slog.New(slog.DiscardHandler),
		Owners: []Owner{
			{User: "alice", Name: "Alice", Phones: []PhoneSpec{{ID: "alice-1"}}}, {User: "bob", Name: "Bob", Phones: []PhoneSpec{{ID: "bob-1"}}},
			{User: "carol", Name: "Carol", Phones: []PhoneSpec{{ID: "carol-1"}}}, {User: "dave", Name: "Dave", Phones: []PhoneSpec{{ID: "dave-1"}}},
		},
	})
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
	await := awaiting(t, lab)
	alice := lab.Devices["alice-1"].Engine()
	var id callkit.UUID
	await("alice can call", func() bool {
		var err error
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
			await(d+" talks", func() bool {
				c := newest(d)
				return c.State == call.Connected && c.Transport == call.Up && c.GroupCall == id.String()
			})
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
	await("carol can join", func() bool { return lab.Devices["carol-1"].Engine().Snapshot().CanStart })
	if _, err := lab.Devices["carol-1"].Engine().Join(phone.JoinRequest{Group: id.String()}); err != nil {
		t.Fatal(err)
	}
	talk("alice-1", "bob-1", "dave-1", "carol-1")
	hangUp := func(device string) {
		t.Helper()
		if err := lab.Devices[device].Act("end", Finger{}); err != nil {
			t.Fatal(err)
		}
		await(device+" is out", func() bool { c := newest(device); return c.State == call.Ended && c.Reason == call.HungUp })
	}
	members := func(device string) (in int) {
		answer := make(chan int, 1)
		if err := lab.Devices[device].Engine().Members(id.String(), func(all []*v1.Member, err error) {
			n := 0
			for _, m := range all {
				if m.State == v1.CallState_CALL_STATE_ANSWERED {
					n++
				}
			}
			answer <- n
		}); err != nil {
			t.Fatal(err)
		}
		await(device+" is told who is in it", func() bool {
			select {
			case in = <-answer:
				return true
			default:
				return false
			}
		})
		return in
	}
	if n := members("alice-1"); n != 4 {
		t.Errorf("%d are in the group, want 4", n)
	}
	hangUp("bob-1")
	hangUp("dave-1")
	await("alice and carol are left", func() bool { return members("alice-1") == 2 })
	await("those two are in the room", func() bool {
		return slices.Equal(lab.Account.Emulator.Open(), []string{"room " + id.String() + " with 2 in it"})
	})
	talk("alice-1", "carol-1")
	if all := calls("alice-1"); len(all) != 1 || len(lab.Devices["alice-1"].Phone.Calls()) != 1 {
		t.Errorf("alice's phone shows %+v, its system %v", all, lab.Devices["alice-1"].Phone.Calls())
	}
	hangUp("alice-1")
	talk("carol-1")
	hangUp("carol-1")
}
