package rig

import (
	"log/slog"
	"testing"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/phone"
)

// TestMove moves a live call between simulated phones, with real audio over WebRTC: the callee goes on on a phone that had
// rung, then the caller on one that has heard nothing of the call, then the callee on the phone that had it first. Each time
// the two who talk hear each other, and the phone that had the call shows none.
func TestMove(t *testing.T) {
	lab := openLab(t, LabConfig{Logger: slog.New(slog.DiscardHandler), Owners: []Owner{
		{User: "alice", Name: "Alice", Phones: []PhoneSpec{{ID: "alice-1", Name: "Alice's iPhone"}, {ID: "alice-2", Name: "Alice's iPad"}}},
		{User: "bob", Name: "Bob", Phones: []PhoneSpec{{ID: "bob-1", Name: "Bob's iPhone"}, {ID: "bob-2", Name: "Bob's iPad"}}},
	}})
	await := awaiting(t, lab)
	state := func(device string, id callkit.UUID) (call.State, call.Reason) {
		c := callAt(lab, device, id)
		return c.State, c.Reason
	}
	talk := func(a, b string, id callkit.UUID) {
		t.Helper()
		await(a+" and "+b+" are connected", func() bool {
			x, _ := state(a, id)
			y, _ := state(b, id)
			return x == call.Connected && y == call.Connected
		})
		lab.Forget()
		await(a+" and "+b+" hear each other", func() bool { return !lab.Heard(a, b).IsZero() && !lab.Heard(b, a).IsZero() })
	}

	if err := lab.Dial(t.Context(), lab.Devices["alice-1"], "bob", "Bob"); err != nil {
		t.Fatal(err)
	}
	await("alice's phone dials", func() bool { return len(lab.Devices["alice-1"].Engine().Calls()) == 1 })
	id := lab.Devices["alice-1"].Engine().Calls()[0].ID
	await("bob's phones ring", func() bool {
		x, _ := state("bob-1", id)
		y, _ := state("bob-2", id)
		return x == call.Ringing && y == call.Ringing
	})
	if err := lab.Devices["bob-1"].Act("answer", Finger{}); err != nil {
		t.Fatal(err)
	}
	talk("alice-1", "bob-1", id)

	for _, step := range []struct{ from, to, far string }{
		{"bob-1", "bob-2", "alice-1"}, {"alice-1", "alice-2", "bob-2"}, {"bob-2", "bob-1", "alice-2"}, {"alice-2", "alice-1", "bob-1"},
	} {
		if err := lab.Devices[step.to].Engine().Move(phone.MoveRequest{CallID: id, Name: "the call"}); err != nil {
			t.Fatalf("moving to %s: %v", step.to, err)
		}
		talk(step.to, step.far, id)
		await(step.from+" has it no more", func() bool {
			s, why := state(step.from, id)
			return s == call.Ended && why == call.AnsweredElsewhere
		})
	}
	if err := lab.Devices["bob-1"].Engine().End(id); err != nil {
		t.Fatal(err)
	}
	await("it is over for all", func() bool {
		for device := range lab.Devices {
			if s, _ := state(device, id); s != call.Ended {
				return false
			}
		}
		return true
	})
	if _, why := state("alice-1", id); why != call.HungUp {
		t.Errorf("alice hears that it ended as %v", why)
	}
	// A call that is over moves nowhere.
	if err := lab.Devices["alice-2"].Engine().Move(phone.MoveRequest{CallID: id}); err != nil {
		t.Fatal(err)
	}
	await("the move of a call that is over ends", func() bool {
		s, why := state("alice-2", id)
		return s == call.Ended && why != call.AnsweredElsewhere
	})
}
