package twilio

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/ringtrip/ringtrip/carrier"
)

var kinds = map[carrier.EventKind]string{carrier.PhoneRinging: "rings", carrier.PhoneAnswered: "answered", carrier.PhoneEnded: "ended", carrier.Joined: "joined",
	carrier.Left: "left", carrier.Noted: "noted", carrier.Invited: "invited", carrier.RoomEnded: "room over"}

// short is an event in a line.
func short(e carrier.Event) string {
	return strings.Join(strings.Fields(fmt.Sprintf("%s %s %s %d %s", kinds[e.Kind], e.User, e.Reason, e.Seq, e.Source)), " ")
}

// What each CallStatus and DialCallStatus means, for each kind of call.
func TestEvents(t *testing.T) {
	c := testCarrier(t)
	const parent, leg = otherSID, testSID
	const inSID = "CA00000000000000000000000000000003" // of the telephone that calls
	status := func(id, word string, more ...string) *carrier.Request {
		return hooked("status?call="+id, goodToken, formOf(append([]string{"CallStatus", word, "ParentCallSid", parent, "SequenceNumber", "2"}, more...)...))
	}
	action := func(id, sid, word, result, bridged string) *carrier.Request {
		return hooked("action?call="+id+"&try=2", goodToken, formOf("CallSid", sid, "CallStatus", word, "DialCallStatus", result, "DialCallSid", leg, "DialBridged", bridged))
	}
	for _, v := range []struct {
		name string
		r    *carrier.Request
		want string
	}{
		{"a client rings", status(ringingID, "ringing"), "noted 3 " + leg},
		{"a client has accepted", status(ringingID, "in-progress"), "joined bob@example.com 3 " + leg},
		{"a client is over", status(ringingID, "completed"), "left bob@example.com hungup 3 " + leg},
		{"a client could not be reached", status(ringingID, "failed"), "left bob@example.com media_failed 3 " + leg},
		{"a telephone is dialled", status(phoneID, "initiated"), "noted 3 " + leg},
		{"a telephone rings", status(phoneID, "ringing", "SequenceNumber", "0"), "rings 1 " + leg},
		{"a telephone answers", status(phoneID, "in-progress"), "answered 3 " + leg},
		{"a telephone that rang is over", status(phoneID, "completed"), "answered 0; ended hungup 3 " + leg},
		{"a telephone is busy", status(phoneID, "busy", "SipResponseCode", "486"), "ended busy 3 " + leg},
		{"a telephone declines", status(phoneID, "busy", "SipResponseCode", "603"), "ended declined 3 " + leg},
		{"a telephone does not answer", status(phoneID, "no-answer"), "ended unanswered 3 " + leg},
		{"a telephone is not there", status(phoneID, "failed"), "ended unreachable 3 " + leg},
		{"the caller is gone before a telephone answered", status(phoneID, "canceled"), "left alice media_failed 0 " + parent},
		{"a telephone that calls is over", hooked("status", goodToken, formOf("CallSid", inSID, "CallStatus", "completed", "SequenceNumber", "0")), "ended hungup 1 " + inSID},
		{"a telephone that calls is answered", hooked("status", goodToken, formOf("CallSid", inSID, "CallStatus", "in-progress")), "noted 0 " + inSID},

		{"app: both hung up", action(ringingID, parent, "completed", "completed", "true"), "left alice hungup 0 " + parent},
		{"app: the callee's leg is over", action(ringingID, parent, "in-progress", "completed", "true"), "left alice media_failed 0 " + parent},
		{"app: the callee was not reached", action(ringingID, parent, "ringing", "failed", "false"), "left alice media_failed 0 " + parent},
		{"app: the caller went before", action(ringingID, parent, "no-answer", "canceled", "false"), "left alice media_failed 0 " + parent},
		{"out: busy", action(phoneID, parent, "ringing", "busy", "false"), "ended busy 0 " + parent},
		{"out: hung up", action(phoneID, parent, "in-progress", "completed", "true"), "answered 0; ended hungup 0 " + parent},
		{"out: the caller went before", action(phoneID, parent, "no-answer", "canceled", "false"), "left alice media_failed 0 " + parent},
		{"in: the telephone hung up", action(answeredID, inSID, "completed", "completed", "true"), "ended hungup 0 " + inSID},
		{"in: the app's leg is over", action(answeredID, inSID, "in-progress", "completed", "true"), "left bob@example.com hungup 0 " + leg},
		{"in: the app was not reached", action(answeredID, inSID, "ringing", "no-answer", "false"), "ended media_failed 0 " + inSID},
		{"over already", action(endedID, parent, "in-progress", "completed", "true"), ""},
	} {
		t.Run(v.name, func(t *testing.T) {
			d := newTried()
			reply, err := c.Webhook(t.Context(), v.r, d)
			var told []string
			for _, e := range d.told {
				told = append(told, short(e))
			}
			if got := strings.Join(told, "; "); err != nil || got != v.want {
				t.Errorf("told %q instead of %q (%v)", got, v.want, err)
			}
			if v.r.Hook == hookAction && !strings.Contains(string(reply.Body), "<Hangup>") || v.r.Hook == hookStatus && reply.Status != 204 {
				t.Errorf("replied %d %s", reply.Status, reply.Body)
			}
		})
	}
	d := newTried()
	if _, err := c.Webhook(t.Context(), status(ringingID, "ringing", "Timestamp", "Sun, 25 Mar 2018 09:53:19 +0000"), d); err != nil || len(d.told) != 1 || d.told[0].At.Unix() != 1521971599 ||
		d.told[0].Refs["callee-00000001"] != leg || !strings.Contains(d.told[0].Detail, leg) {
		t.Errorf("%+v, %v", d.told, err)
	}
}

// A client that Twilio did not reach is dialled again, but not for ever, and not if the caller has gone.
func TestDialsAgain(t *testing.T) {
	c := testCarrier(t)
	for _, v := range []struct {
		try, caller, result string
		again               bool
	}{{"0", "ringing", "failed", true}, {"1", "ringing", "no-answer", true}, {"2", "ringing", "failed", false}, {"0", "no-answer", "failed", false}, {"0", "ringing", "busy", false}} {
		d := newTried()
		reply, err := c.Webhook(t.Context(), hooked("action?call="+ringingID+"&try="+v.try, goodToken, formOf("CallStatus", v.caller, "DialCallStatus", v.result)), d)
		if again := strings.Contains(string(reply.Body), "<Dial"); err != nil || again != v.again || again == (len(d.told) > 0) {
			t.Errorf("%+v: %s, told %v, %v", v, reply.Body, d.told, err)
		}
	}
}

// endsMeanwhile is a desk whose call is cancelled in the moment when the caller's device has connected.
type endsMeanwhile struct{ *tried }

func (d endsMeanwhile) Tell(ctx context.Context, e carrier.Event) error {
	call := d.calls[e.Call]
	call.State = carrier.Ended
	d.calls[e.Call] = call
	return d.tried.Tell(ctx, e)
}

func TestEndsMeanwhile(t *testing.T) {
	c := testCarrier(t)
	d := endsMeanwhile{newTried()}
	reply, err := c.Webhook(t.Context(), hooked("voice", goodToken, formOf("From", "client:alice", callParam, ringingID)), d)
	if err != nil || !strings.Contains(string(reply.Body), `<Reject reason="busy">`) || len(d.told) != 1 || d.told[0].Refs["caller-00000001"] != testSID {
		t.Errorf("%s, told %+v, %v", reply.Body, d.told, err)
	}
}

// Rotation: what either auth token signs is taken, in any hook.
func TestBothAuthTokens(t *testing.T) {
	c := testCarrier(t)
	for _, token := range []string{"0123456789abcdef0123456789abcdef", goodToken} {
		for _, r := range []*carrier.Request{hooked("voice", token, formOf("From", "client:alice", callParam, ringingID)), posted("notify?call="+ringingID, token, message()),
			hooked("status?call="+ringingID, token, url.Values{"AccountSid": {testAccount}, "CallSid": {testSID}, "CallStatus": {"ringing"}, "Twice": {"b", "a", "a"}})} {
			if _, err := c.Webhook(t.Context(), r, newTried()); err != nil {
				t.Error(err)
			}
		}
	}
}
