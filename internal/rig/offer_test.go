package rig

import (
	"log/slog"
	"net/http"
	"testing"

	"connectrpc.com/connect"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/phone"
	"github.com/ringtrip/ringtrip/server/auth"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
	"github.com/ringtrip/ringtrip/signaling/ringtripv1/ringtripv1connect"
)

// table is a lab with two phones each for alice and bob and one for carol, all registered.
func table(t *testing.T) (*Lab, func(what string, ok func() bool), func(device string, id callkit.UUID) phone.Call) {
	t.Helper()
	lab := openLab(t, LabConfig{Logger: slog.New(slog.DiscardHandler), Owners: []Owner{
		{User: "alice", Name: "Alice", Phones: []PhoneSpec{{ID: "alice-1", Name: "Alice's iPhone"}, {ID: "alice-2", Name: "Alice's iPad"}}},
		{User: "bob", Name: "Bob", Phones: []PhoneSpec{{ID: "bob-1", Name: "Bob's iPhone"}, {ID: "bob-2", Name: "Bob's iPad"}}},
		{User: "carol", Name: "Carol", Phones: []PhoneSpec{{ID: "carol-1", Name: "Carol's iPhone"}}},
	}})
	return lab, awaiting(t, lab), func(device string, id callkit.UUID) phone.Call { return callAt(lab, device, id) }
}

// TestOfferMove offers a live call to phones whose app does not run: a push wakes them, they ring, the user answers there,
// and the two who talk hear each other; once for each side, and once declined.
func TestOfferMove(t *testing.T) {
	lab, await, at := table(t)
	if err := lab.Dial(t.Context(), lab.Devices["alice-1"], "bob", "Bob"); err != nil {
		t.Fatal(err)
	}
	await("alice's phone dials", func() bool { return len(lab.Devices["alice-1"].Engine().Calls()) == 1 })
	id := lab.Devices["alice-1"].Engine().Calls()[0].ID
	await("bob's phones ring", func() bool { return at("bob-1", id).State == call.Ringing && at("bob-2", id).State == call.Ringing })
	if err := lab.Devices["bob-1"].Act("answer", Finger{}); err != nil {
		t.Fatal(err)
	}
	talk := func(a, b string) {
		t.Helper()
		await(a+" and "+b+" are connected", func() bool { return at(a, id).State == call.Connected && at(b, id).State == call.Connected })
		lab.Forget()
		await(a+" and "+b+" hear each other", func() bool { return !lab.Heard(a, b).IsZero() && !lab.Heard(b, a).IsZero() })
	}
	talk("alice-1", "bob-1")
	await("bob's other phone rings no more", func() bool { return at("bob-2", id).State == call.Ended })
	for _, step := range []struct{ from, to, far, does string }{
		{"bob-1", "bob-2", "alice-1", "decline"}, {"bob-1", "bob-2", "alice-1", "answer"}, {"alice-1", "alice-2", "bob-2", "answer"}, {"bob-2", "bob-1", "alice-2", "answer"},
	} {
		lab.Devices[step.to].Phone.Kill(Bundle, "test")
		pushes := len(lab.Pushes())
		if err := lab.Devices[step.from].Engine().OfferMove(id, step.to); err != nil {
			t.Fatal(err)
		}
		await(step.to+" rings", func() bool { return at(step.to, id).State == call.Ringing && at(step.to, id).Moving })
		if len(lab.Pushes()) == pushes {
			t.Errorf("%s rings without a push", step.to)
		}
		await(step.from+" shows it", func() bool { return at(step.from, id).OfferedTo != "" })
		if err := lab.Devices[step.to].Act(step.does, Finger{}); err != nil {
			t.Fatal(err)
		}
		if step.does == "decline" {
			await("it rings no more", func() bool { return at(step.to, id).State == call.Ended && at(step.from, id).OfferedTo == "" })
			talk(step.from, step.far)
			continue
		}
		talk(step.to, step.far)
		await(step.from+" has it no more", func() bool {
			c := at(step.from, id)
			return c.State == call.Ended && c.Reason == call.AnsweredElsewhere
		})
	}
	if err := lab.Devices["bob-1"].Engine().End(id); err != nil {
		t.Fatal(err)
	}
	await("it is over", func() bool { return at("alice-2", id).State == call.Ended && at("bob-1", id).State == call.Ended })
}

// TestJoin lets a user who declined a group call join it later: an outgoing call for her phone's system that is answered at
// once and rings nowhere. WebRTC between devices has no far end for it, so only the signaling is looked at.
func TestJoin(t *testing.T) {
	lab, await, at := table(t)
	token, err := lab.Token("alice", "Alice", auth.User)
	if err != nil {
		t.Fatal(err)
	}
	// Who begins the group is a page or a server of the customer here; TestGroupFromAPhone begins one on a phone.
	alice := ringtripv1connect.NewPhoneServiceClient(http.DefaultClient, lab.URL, connect.WithInterceptors(Bearer(token)))
	if _, err := alice.RegisterDevice(t.Context(), connect.NewRequest(&v1.RegisterDeviceRequest{DeviceId: "alice-web"})); err != nil {
		t.Fatal(err)
	}
	started, err := alice.Start(t.Context(), connect.NewRequest(&v1.StartRequest{DeviceId: "alice-web", Callees: []string{"bob", "carol"}}))
	if err != nil {
		t.Fatal(err)
	}
	group := started.Msg.Call.Group
	carols, err := callkit.ParseUUID(started.Msg.Calls[1].Call.Id)
	if err != nil {
		t.Fatal(err)
	}
	await("carol's phone rings", func() bool { return at("carol-1", carols).State == call.Ringing })
	if err := lab.Devices["carol-1"].Act("decline", Finger{}); err != nil {
		t.Fatal(err)
	}
	await("it is over for her", func() bool {
		return at("carol-1", carols).State == call.Ended && lab.Devices["carol-1"].Engine().Snapshot().CanStart
	})
	await("the server knows", func() bool {
		r, err := alice.GetGroup(t.Context(), connect.NewRequest(&v1.GetGroupRequest{Group: group}))
		return err == nil && r.Msg.Members[2].Reason == v1.EndReason_END_REASON_DECLINED
	})
	id, err := lab.Devices["carol-1"].Engine().Join(phone.JoinRequest{Group: group, Name: "The team"})
	if err != nil {
		t.Fatal(err)
	}
	await("she is in", func() bool {
		c := at("carol-1", id)
		return c.Outgoing && !c.AnsweredAt.IsZero() && c.GroupCall == group && c.Reason == call.NotEnded
	})
	r, err := alice.GetGroup(t.Context(), connect.NewRequest(&v1.GetGroupRequest{Group: group}))
	if err != nil || len(r.Msg.Members) != 3 || r.Msg.Members[2].User.UserId != "carol" || r.Msg.Members[2].State != v1.CallState_CALL_STATE_ANSWERED {
		t.Errorf("in the group are %v, %v", r, err)
	}
	if err := lab.Devices["carol-1"].Engine().LeaveGroup(group); err != nil {
		t.Fatal(err)
	}
	await("she is out", func() bool { c := at("carol-1", id); return c.State == call.Ended && c.Reason == call.HungUp })
	if _, err := alice.LeaveGroup(t.Context(), connect.NewRequest(&v1.LeaveGroupRequest{Group: group, DeviceId: "alice-web"})); err != nil {
		t.Fatal(err)
	}
}
