package server_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"connectrpc.com/connect"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/carrier"
	"github.com/ringtrip/ringtrip/server"
	"github.com/ringtrip/ringtrip/signaling"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// A call through a room: both sides get credentials while it rings, each its own, and the room is made before and ended
// after the call.
func TestRoomCall(t *testing.T) {
	f := newFake("roomy", rooms)
	inBubble(t, withCarrier(preparing{f}), func(t *testing.T, w *world) {
		a, b := w.phone("alice", "a1", ""), w.phone("bob", "b1", voip(2))
		w.phone("bob", "b2", voip(3))
		c := a.call("bob")
		if got := f.next(t); got != "prepare "+c.Id {
			t.Errorf("the carrier was asked %q", got)
		}
		if c.Carrier != "roomy" || !strings.Contains(creds(c), `"who":"alice/a1"`) || time.Until(c.MediaUntil.AsTime()) != time.Hour {
			t.Errorf("the caller's view: %v", c)
		}
		seen := must(b.get(c.Id))
		if seen.Carrier != "roomy" || !strings.Contains(creds(seen), `"who":"bob/b1"`) || !strings.Contains(creds(seen), c.Id) {
			t.Errorf("the callee's view: %v", seen)
		}
		minted := f.mints()
		for range 10 {
			if again := must(b.get(c.Id)); creds(again) != creds(seen) {
				t.Errorf("a second look shows %s", creds(again))
			}
		}
		if f.mints() != minted {
			t.Errorf("looking made %d credentials", f.mints()-minted)
		}
		answered := must(b.answer(c.Id))
		if creds(answered) == "" {
			t.Errorf("after the answer: %v", answered)
		}
		if status, body := w.hook("roomy", "askref", fakeHook{AskRef: "room-of-" + c.Id}); status != 200 || !strings.Contains(string(body), c.Id) {
			t.Errorf("asked by the room's name: %d %s", status, body)
		}
		other := *b
		other.device = "b2"
		if got := must(other.get(c.Id)); creds(got) != "" || got.Carrier != "roomy" {
			t.Errorf("the device that lost sees %v", got)
		}
		time.Sleep(31 * time.Minute) // both are heard of
		if _, err := a.hold(c.Id, true); err == nil {
			t.Error("a call that nobody was heard of for half an hour lives")
		}
		if got := f.next(t); got != "end "+c.Id+" room-of-"+c.Id {
			t.Errorf("the carrier was asked %q", got)
		}
		f.idle(t)
	})
}

// Credentials are made anew in time, and at once for who asks; those who have no part in the call get none.
func TestCredentialsRenewed(t *testing.T) {
	f := newFake("roomy", rooms)
	inBubble(t, withCarrier(f), func(t *testing.T, w *world) {
		a, b := w.phone("alice", "a1", ""), w.phone("bob", "b1", voip(2))
		m := w.phone("mallory", "m1", voip(9))
		c := a.call("bob")
		first := must(b.answer(c.Id))
		sa, sb := a.open(0, true), b.open(0, true)
		_, _ = sa, sb
		time.Sleep(20 * time.Minute)
		if got := must(b.get(c.Id)); creds(got) != creds(first) {
			t.Errorf("after a third of their life: %s", creds(got))
		}
		fresh, err := getCredentials(b, c.Id)
		if err != nil || string(fresh.MediaCredentials) == creds(first) || fresh.Carrier != "roomy" || time.Until(fresh.MediaUntil.AsTime()) != time.Hour {
			t.Errorf("asked for fresh ones: %v, %v", fresh, err)
		}
		before := f.mints()
		for range 5 {
			if again, err := getCredentials(b, c.Id); err != nil || string(again.MediaCredentials) != string(fresh.MediaCredentials) {
				t.Errorf("asked again at once: %v, %v", again, err)
			}
		}
		if f.mints() != before {
			t.Errorf("asking often made %d", f.mints()-before)
		}
		time.Sleep(31 * time.Minute)
		if got := must(b.get(c.Id)); creds(got) == string(fresh.MediaCredentials) {
			t.Error("credentials are not renewed when half their life is over")
		}
		_, err = getCredentials(m, c.Id)
		wantProblem(t, "a stranger", err, connect.CodeNotFound, "unknown_call")
		if _, err := b.end(c.Id, 0); err != nil {
			t.Fatal(err)
		}
		_, err = getCredentials(b, c.Id)
		wantProblem(t, "after the end", err, connect.CodeFailedPrecondition, "already_ended")
		if got := must(a.get(c.Id)); creds(got) != "" {
			t.Errorf("an ended call shows %s", creds(got))
		}
	})
}

// A carrier that makes no credentials leaves them empty; the call rings all the same.
func TestCredentialsFail(t *testing.T) {
	f := newFake("roomy", rooms)
	f.refuses("credentials", errDown)
	inBubble(t, withCarrier(f), func(t *testing.T, w *world) {
		a, b := w.phone("alice", "a1", ""), w.phone("bob", "b1", voip(2))
		c := a.call("bob")
		if creds(c) != "" || c.MediaUntil != nil || c.Carrier != "roomy" {
			t.Errorf("%v", c)
		}
		<-w.apns.sent
		f.refuses("credentials", nil)
		time.Sleep(6 * time.Second)
		if got := must(b.answer(c.Id)); creds(got) == "" {
			t.Error("they are not made again")
		}
	})
}

// With AfterAnswer only the device whose answer won gets credentials, with the carrier's invitation, also if that comes last.
func TestAfterAnswer(t *testing.T) {
	f := newFake("bridge", bridge)
	f.mint = func(j carrier.Join) (json.RawMessage, error) {
		if j.Caller {
			return json.RawMessage(`{"connect":true}`), nil
		}
		if j.Invite == nil {
			return nil, nil
		}
		return json.RawMessage(`{"invite":` + string(j.Invite) + `}`), nil
	}
	inBubble(t, withCarrier(f), func(t *testing.T, w *world) {
		a, b := w.phone("alice", "a1", ""), w.phone("bob", "b1", voip(2))
		w.phone("bob", "b2", voip(3))
		c := a.call("bob")
		if creds(c) != `{"connect":true}` {
			t.Errorf("the caller has %s", creds(c))
		}
		s := b.open(0, true)
		if got := must(b.get(c.Id)); creds(got) != "" || got.Carrier != "bridge" {
			t.Errorf("who rings sees %v", got)
		}
		w.says("bridge", carrier.Event{Kind: carrier.Invited, Call: c.Id, User: "bob", Invite: json.RawMessage(`"one"`), Seq: 1, Source: "leg"})
		if got := must(b.get(c.Id)); creds(got) != "" {
			t.Errorf("who rings sees %v", got)
		}
		if got := must(b.answer(c.Id)); creds(got) != `{"invite":"one"}` {
			t.Errorf("the answer gave %v", got)
		}
		other := *b
		other.device = "b2"
		if got := must(other.get(c.Id)); creds(got) != "" {
			t.Errorf("the other device sees %v", got)
		}
		w.says("bridge", carrier.Event{Kind: carrier.Invited, Call: c.Id, User: "bob", Invite: json.RawMessage(`"two"`)})
		s.call("the later invitation", func(c *v1.Call) bool { return creds(c) == `{"invite":"two"}` })
	})
}

// A room that is not made fails the start, and rings nobody.
func TestPrepareFails(t *testing.T) {
	f := newFake("roomy", rooms)
	f.refuses("prepare", errDown)
	inBubble(t, withCarrier(preparing{f}), func(t *testing.T, w *world) {
		a := w.phone("alice", "a1", "")
		w.phone("bob", "b1", voip(2))
		_, err := a.start("bob")
		wantProblem(t, "start", err, connect.CodeUnavailable, "carrier_unavailable")
		synctest.Wait()
		if len(w.apns.sent) != 0 {
			t.Error("somebody was rung")
		}
		if calls := must(w.store.CallsOfUser(context.Background(), app, "alice")); len(calls) != 0 {
			t.Errorf("there are calls: %v", calls)
		}
	})
}

// A telephone that calls rings the app by its push, as a telephone number, once however often the webhook comes.
func TestTelephoneCallsIn(t *testing.T) {
	f := newFake("bridge", bridge)
	inBubble(t, withCarrier(f), func(t *testing.T, w *world) {
		b := w.phone("bob", "b1", voip(2))
		in := carrier.Incoming{Ref: "CA1", From: carrier.Party{Phone: "+4930123456"}, To: office, Detail: "CallSid CA1"}
		c := w.rang("bridge", in)
		if c.State != carrier.Ringing || c.Callee.User != "bob" || c.Caller.Phone != "+4930123456" || c.Ref != "CA1" || c.Caller.Device != "" {
			t.Errorf("the carrier is told %+v", c)
		}
		for range 3 {
			if again := w.rang("bridge", in); again.ID != c.ID {
				t.Errorf("the webhook again made call %s", again.ID)
			}
		}
		said := must(signaling.ParsePush((<-w.apns.sent).Payload))
		if said.Handle != "+4930123456" || said.HandleType != callkit.PhoneNumber || said.CallerName != "+4930123456" {
			t.Errorf("the push says %+v", said)
		}
		synctest.Wait()
		if len(w.apns.sent) != 0 {
			t.Error("it was pushed twice")
		}
		status, body := w.hook("bridge", "askref", fakeHook{AskRef: "CA1"})
		if status != 200 || !strings.Contains(string(body), c.ID) {
			t.Errorf("asked by its name: %d %s", status, body)
		}
		got := must(b.answer(c.ID))
		if got.Caller.UserId != "tel:+4930123456" || got.Caller.Handle != "+4930123456" || creds(got) == "" {
			t.Errorf("the answer gave %v", got)
		}
		w.says("bridge", carrier.Event{Kind: carrier.PhoneEnded, Call: c.ID, Reason: call.HungUp, Seq: 9, Source: "CA1"})
		ended := must(b.get(c.ID))
		if ended.State != v1.CallState_CALL_STATE_ENDED || ended.Reason != v1.EndReason_END_REASON_HUNGUP {
			t.Errorf("after the telephone hung up: %v", ended)
		}
		if got := f.next(t); got != "end "+c.ID+" CA1" {
			t.Errorf("the carrier was asked %q", got)
		}
		h := must(b.api().ListHistory(context.Background(), connect.NewRequest(&v1.ListHistoryRequest{}))).Msg.Records
		if len(h) != 1 || h[0].Other.Handle != "+4930123456" || h[0].Reason != v1.EndReason_END_REASON_HUNGUP || h[0].AnsweredBy != "b1" {
			t.Errorf("history: %v", h)
		}
		if l := w.ledger(c.ID); !slices.Contains(l, "CARRIER tel:+4930123456") || !slices.Contains(l, "CALL_ENDED  HUNGUP") {
			t.Errorf("ledger: %q", l)
		}
		// Long after the call was forgotten the same webhook rings nobody.
		time.Sleep(10 * time.Minute)
		again := w.rang("bridge", in)
		if again.State != carrier.Ended || again.ID != c.ID {
			t.Errorf("much later: %+v", again)
		}
		synctest.Wait()
		if len(w.apns.sent) != 0 {
			t.Error("it rang again")
		}
	})
}

// However a call from a telephone ends before the answer, both sides learn why.
func TestTelephoneCallsInEndings(t *testing.T) {
	f := newFake("bridge", bridge)
	inBubble(t, withCarrier(f), func(t *testing.T, w *world) {
		b := w.phone("bob", "b1", voip(2))
		ring := func(ref string) string {
			time.Sleep(time.Second) // so that history has an order
			c := w.rang("bridge", carrier.Incoming{Ref: ref, From: carrier.Party{Phone: "+4930123456", Name: "Berlin"}, To: office})
			<-w.apns.sent
			return c.ID
		}
		ends := func(what, id string, want v1.EndReason) {
			t.Helper()
			if got := f.next(t); !strings.HasPrefix(got, "end "+id) {
				t.Errorf("%s: the carrier was asked %q", what, got)
			}
			h := must(b.api().ListHistory(context.Background(), connect.NewRequest(&v1.ListHistoryRequest{Limit: 1}))).Msg.Records[0]
			if h.CallId != id || h.Reason != want || h.Caller.Name != "Berlin" {
				t.Errorf("%s: %v", what, h)
			}
		}
		id := ring("1")
		w.says("bridge", carrier.Event{Kind: carrier.PhoneEnded, Call: id, Reason: call.HungUp})
		ends("given up", id, v1.EndReason_END_REASON_CANCELLED)
		id = ring("2")
		must(b.decline(id, 0, false))
		ends("declined", id, v1.EndReason_END_REASON_DECLINED)
		id = ring("3")
		time.Sleep(time.Minute)
		ends("not answered", id, v1.EndReason_END_REASON_UNANSWERED)
		id = ring("4")
		must(b.answer(id))
		w.says("bridge", carrier.Event{Kind: carrier.PhoneEnded, Call: id, Reason: call.MediaFailed})
		ends("lost", id, v1.EndReason_END_REASON_MEDIA_FAILED)
		id = ring("5")
		must(b.answer(id))
		must(b.end(id, 0))
		ends("hung up", id, v1.EndReason_END_REASON_HUNGUP)

		if _, err := b.api().Block(context.Background(), connect.NewRequest(&v1.BlockRequest{UserId: "tel:+4930123456"})); err != nil {
			t.Fatal(err)
		}
		c := w.rang("bridge", carrier.Incoming{Ref: "6", From: carrier.Party{Phone: "+4930123456"}, To: office})
		if c.State != carrier.Ended {
			t.Errorf("a blocked telephone: %+v", c)
		}
		for to, want := range map[string]int{"+15550009999": 404, "user:nobody": 404, "": 404} {
			if status, _ := w.hook("bridge", "incoming", fakeHook{Incoming: &carrier.Incoming{Ref: "x" + to, From: carrier.Party{Phone: "+4930123456"}, To: to}}); status != want {
				t.Errorf("a call to %q: %d", to, status)
			}
		}
		anonymous := w.rang("bridge", carrier.Incoming{Ref: "7", To: office})
		said := must(signaling.ParsePush((<-w.apns.sent).Payload))
		if anonymous.State != carrier.Ringing || said.CallerName != "Unknown number" {
			t.Errorf("a withheld number: %+v, %+v", anonymous, said)
		}
	})
}

// A user calls a telephone: nobody is pushed to, and what the telephone does the carrier says.
func TestTelephoneCalled(t *testing.T) {
	for _, c := range []struct {
		reason call.Reason
		want   v1.EndReason
	}{
		{call.Busy, v1.EndReason_END_REASON_BUSY}, {call.Declined, v1.EndReason_END_REASON_DECLINED}, {call.Unanswered, v1.EndReason_END_REASON_UNANSWERED},
		{call.Unreachable, v1.EndReason_END_REASON_UNREACHABLE}, {call.MediaFailed, v1.EndReason_END_REASON_MEDIA_FAILED}, {call.HungUp, v1.EndReason_END_REASON_DECLINED},
	} {
		t.Run(c.reason.String(), func(t *testing.T) {
			f := newFake("bridge", bridge)
			inBubble(t, withCarrier(f), func(t *testing.T, w *world) {
				a := w.phone("alice", "a1", "")
				id := a.call("tel:+1-555-123-4567").Id
				w.says("bridge", carrier.Event{Kind: carrier.PhoneRinging, Call: id, Seq: 1, Source: "leg"})
				if got := must(a.get(id)); !got.Ringing || got.Callee.UserId != "tel:+15551234567" || got.Callee.Handle != "+15551234567" {
					t.Errorf("while it rings: %v", got)
				}
				w.says("bridge", carrier.Event{Kind: carrier.PhoneEnded, Call: id, Reason: c.reason, Seq: 2, Source: "leg"})
				if got := must(a.get(id)); got.State != v1.CallState_CALL_STATE_ENDED || got.Reason != c.want {
					t.Errorf("%s: %v", c.reason, got)
				}
				if len(w.apns.sent) != 0 {
					t.Error("somebody was pushed to")
				}
			})
		})
	}
}

// A telephone that answers and hangs up; and one that a carrier calls by itself.
func TestTelephoneAnswers(t *testing.T) {
	f := newFake("bridge", bridge)
	inBubble(t, withCarrier(dialing{f}), func(t *testing.T, w *world) {
		a := w.phone("alice", "a1", "")
		c := a.call("+15551234567") // as Recents calls back
		if got := f.next(t); got != "dial "+c.Id+" +15551234567 as "+office {
			t.Errorf("the carrier was asked %q", got)
		}
		w.says("bridge", carrier.Event{Kind: carrier.PhoneAnswered, Call: c.Id, Seq: 2, Source: "leg"})
		got := must(a.get(c.Id))
		if got.State != v1.CallState_CALL_STATE_ANSWERED || got.AnsweredBy != "tel:+15551234567" || creds(got) == "" {
			t.Errorf("after the answer: %v", got)
		}
		w.says("bridge", carrier.Event{Kind: carrier.PhoneRinging, Call: c.Id, Seq: 1, Source: "leg"}) // late
		w.says("bridge", carrier.Event{Kind: carrier.Left, Call: c.Id, User: "tel:+15551234567", Reason: call.HungUp})
		if got := must(a.get(c.Id)); got.State != v1.CallState_CALL_STATE_ENDED || got.Reason != v1.EndReason_END_REASON_HUNGUP {
			t.Errorf("after the telephone left: %v", got)
		}
		if got := f.next(t); got != "end "+c.Id+" dialed" {
			t.Errorf("the carrier was asked %q", got)
		}
	})
}

// Telephones are off unless set, and only the numbers that are allowed are called.
func TestTelephonesRefused(t *testing.T) {
	f := newFake("bridge", bridge)
	inBubble(t, withCarrier(f), func(t *testing.T, w *world) {
		a := w.phone("alice", "a1", "")
		for callee, want := range map[string]string{"tel:+19001234567": "number_not_allowed", "tel:911": "invalid_argument", "tel:+1555": "invalid_argument",
			"tel:+15551234567;ext=1": "invalid_argument", "tel:": "invalid_argument", "+19001234567": "number_not_allowed"} {
			_, err := a.start(callee)
			if got := problemOf(err).GetCode(); got != want {
				t.Errorf("%s: %v, want %s", callee, err, want)
			}
		}
		w.phone("+15557654321", "x1", voip(7)) // a user may be named so
		if c := a.call("+15557654321"); c.Legs[0].DeviceId != "x1" {
			t.Errorf("a user named as a number: %v", c)
		}
	})
	inBubble(t, withCarrier(f, func(a *server.App) { a.Telephones = nil }), func(t *testing.T, w *world) {
		_, err := w.phone("alice", "a1", "").start("tel:+15551234567")
		wantProblem(t, "without telephones", err, connect.CodePermissionDenied, "telephones_off")
	})
}
