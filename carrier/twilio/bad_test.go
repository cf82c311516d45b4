package twilio

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/carrier"
)

const (
	testHook    = "https://calls.example.com/carriers/app/twilio"
	testAccount = "AC00000000000000000000000000000001"
	testSID     = "CA00000000000000000000000000000001"
	otherSID    = "CA00000000000000000000000000000002"
)

// tried is a desk with three calls that no webhook below may change.
type tried struct {
	calls map[string]carrier.Call
	told  []carrier.Event
	asked []carrier.Incoming
}

const (
	ringingID  = "01935d2c-0000-7000-8000-000000000001"
	endedID    = "01935d2c-0000-7000-8000-000000000002"
	phoneID    = "01935d2c-0000-7000-8000-000000000003"
	answeredID = "01935d2c-0000-7000-8000-000000000004"
)

func newTried() *tried {
	alice, bob, phone := carrier.Party{User: "alice", Device: "1"}, carrier.Party{User: "bob@example.com"}, carrier.Party{User: "tel:+15557654321", Phone: "+15557654321"}
	soon := time.Unix(1700000045, 0)
	return &tried{calls: map[string]carrier.Call{
		ringingID:  {ID: ringingID, State: carrier.Ringing, Caller: alice, Callee: bob, Deadline: soon},
		endedID:    {ID: endedID, State: carrier.Ended, Caller: alice, Callee: bob, Ref: otherSID},
		phoneID:    {ID: phoneID, State: carrier.Ringing, Caller: alice, Callee: phone, Deadline: soon},
		answeredID: {ID: answeredID, State: carrier.Answered, Caller: phone, Callee: bob, Ref: "CA00000000000000000000000000000003"},
	}}
}

func (d *tried) Incoming(_ context.Context, in carrier.Incoming) (carrier.Call, error) {
	d.asked = append(d.asked, in)
	switch in.To {
	case "+15550001111":
		return carrier.Call{ID: ringingID, State: carrier.Ringing, Caller: in.From, Callee: carrier.Party{User: "bob"}, Deadline: time.Unix(1700000045, 0)}, nil
	case "+15550002222":
		return carrier.Call{}, carrier.ErrRefused
	case "+15550003333":
		return carrier.Call{}, errors.New("the disk is full")
	}
	return carrier.Call{}, carrier.ErrUnknownNumber
}

func (d *tried) Call(_ context.Context, id string) (carrier.Call, error) {
	if c, ok := d.calls[id]; ok {
		return c, nil
	}
	return carrier.Call{}, carrier.ErrUnknownCall
}

func (d *tried) CallByRef(_ context.Context, ref string) (carrier.Call, error) {
	for _, c := range d.calls {
		if c.Ref == ref {
			return c, nil
		}
	}
	return carrier.Call{}, carrier.ErrUnknownCall
}

func (d *tried) Tell(_ context.Context, e carrier.Event) error {
	d.told = append(d.told, e)
	return nil
}

func testConfig() Config {
	return Config{AccountSID: testAccount, APIKey: "SK00000000000000000000000000000002", APISecret: carrier.NewSecret("secret-secret-secret-secret-0003"),
		AuthTokens:     []carrier.Secret{carrier.NewSecret("0123456789abcdef0123456789abcdef"), carrier.NewSecret("fedcba9876543210fedcba9876543210")},
		ApplicationSID: "AP00000000000000000000000000000004", CallerID: "+15550001111", HookURL: testHook}
}

func testCarrier(t testing.TB) *Carrier {
	c, err := New(testConfig())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// hooked is a webhook as Twilio would send it to our hook, signed with a token.
func hooked(hook, token string, form url.Values) *carrier.Request {
	u, err := url.Parse(testHook + "/" + hook)
	if err != nil {
		panic(err)
	}
	name, _, _ := strings.Cut(hook, "?")
	return &carrier.Request{Method: http.MethodPost, URL: u, Hook: name, Body: []byte(form.Encode()), Now: time.Unix(1700000000, 0), Header: http.Header{
		"Content-Type": {"application/x-www-form-urlencoded; charset=UTF-8"}, signatureHeader: {base64.StdEncoding.EncodeToString(Signature(token, u.String(), form))}}}
}

// posted is a notification.
func posted(hook, token, body string) *carrier.Request {
	sum := sha256.Sum256([]byte(body))
	joint := "?"
	if strings.Contains(hook, "?") {
		joint = "&"
	}
	r := hooked(hook+joint+"bodySHA256="+hex.EncodeToString(sum[:]), token, nil)
	r.Header.Set("Content-Type", "application/json")
	r.Body = []byte(body)
	return r
}

// form is what every form has, and more: a value "-" takes a key away.
func formOf(more ...string) url.Values {
	f := url.Values{"AccountSid": {testAccount}, "CallSid": {testSID}, "Direction": {"inbound"}, "CallStatus": {"ringing"}}
	for i := 0; i < len(more); i += 2 {
		if more[i+1] == "-" {
			f.Del(more[i])
		} else {
			f.Set(more[i], more[i+1])
		}
	}
	return f
}

func message(more ...string) string {
	m := map[string]string{"twi_account_sid": testAccount, "twi_bridge_token": "eyJ", "twi_call_sid": testSID, "twi_from": "client:alice",
		"twi_to": "client:bob_40example_2ecom", "twi_message_id": "WB1", "twi_message_type": "twilio.voice.call"}
	for i := 0; i < len(more); i += 2 {
		m[more[i]] = more[i+1]
	}
	b, err := json.Marshal(m)
	if err != nil {
		panic(err)
	}
	return string(b)
}

const goodToken = "fedcba9876543210fedcba9876543210" // the secondary one

// What is refused, with which error, and that nothing was told then.
func TestBadInput(t *testing.T) {
	c := testCarrier(t)
	voice := formOf("From", "client:alice", callParam, ringingID)
	with := func(r *carrier.Request, f func(*carrier.Request)) *carrier.Request { f(r); return r }
	for _, v := range []struct {
		name string
		r    *carrier.Request
		want error
	}{
		{"another token", hooked("voice", "ffffffffffffffffffffffffffffffff", voice), carrier.ErrSignature},
		{"an empty token", hooked("voice", "", voice), carrier.ErrSignature},
		{"no signature", with(hooked("voice", goodToken, voice), func(r *carrier.Request) { r.Header.Del(signatureHeader) }), carrier.ErrSignature},
		{"two signatures", with(hooked("voice", goodToken, voice), func(r *carrier.Request) {
			r.Header.Add(signatureHeader, r.Header.Get(signatureHeader))
		}), carrier.ErrSignature},
		{"signed for another hook", with(hooked("status", goodToken, voice), func(r *carrier.Request) { r.Hook, r.URL.Path = "voice", "/carriers/app/twilio/voice" }), carrier.ErrSignature},
		{"a form without its last parameter", with(hooked("voice", goodToken, voice), func(r *carrier.Request) {
			f := formOf("From", "client:alice")
			r.Body = []byte(f.Encode())
		}), carrier.ErrSignature},
		{"another account", hooked("voice", goodToken, formOf("From", "client:alice", callParam, ringingID, "AccountSid", "AC00000000000000000000000000000009")), carrier.ErrSignature},
		{"no account", hooked("voice", goodToken, formOf("From", "client:alice", callParam, ringingID, "AccountSid", "-")), carrier.ErrSignature},
		{"no such hook", hooked("fax", goodToken, voice), carrier.ErrUnknownHook},
		{"no hook", hooked("", goodToken, voice), carrier.ErrUnknownHook},
		{"GET", with(hooked("voice", goodToken, voice), func(r *carrier.Request) { r.Method = http.MethodGet }), carrier.ErrMethod},
		{"PUT of a notification", with(posted("notify?call="+ringingID, goodToken, message()), func(r *carrier.Request) { r.Method = http.MethodPut }), carrier.ErrMethod},
		{"JSON instead of a form", with(hooked("voice", goodToken, voice), func(r *carrier.Request) { r.Header.Set("Content-Type", "application/json") }), carrier.ErrContentType},
		{"a form instead of JSON", with(posted("notify?call="+ringingID, goodToken, message()), func(r *carrier.Request) {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}), carrier.ErrContentType},
		{"no content type", with(hooked("voice", goodToken, voice), func(r *carrier.Request) { r.Header.Del("Content-Type") }), carrier.ErrContentType},
		{"a form of 100 kB", hooked("voice", goodToken, formOf("X", strings.Repeat("x", 100<<10))), carrier.ErrTooLarge},
		{"a notification of 20 kB", posted("notify?call="+ringingID, goodToken, message("x", strings.Repeat("x", 20<<10))), carrier.ErrTooLarge},
		{"a form that is none", with(hooked("voice", goodToken, voice), func(r *carrier.Request) { r.Body = []byte("a=%zz") }), carrier.ErrMalformed},
		{"a CallSid that is none", hooked("voice", goodToken, formOf("From", "client:alice", callParam, ringingID, "CallSid", "CA../../x")), carrier.ErrMalformed},

		{"connected to no call", hooked("voice", goodToken, formOf("From", "client:alice")), carrier.ErrUnknownCall},
		{"connected to an unknown call", hooked("voice", goodToken, formOf("From", "client:alice", callParam, strings.Replace(ringingID, "1", "2", 1))), carrier.ErrUnknownCall},
		{"connected to what is no call id", hooked("voice", goodToken, formOf("From", "client:alice", callParam, "../"+ringingID)), carrier.ErrUnknownCall},
		{"connected to two calls", hooked("voice", goodToken, url.Values{"AccountSid": {testAccount}, "CallSid": {testSID}, "From": {"client:alice"}, callParam: {ringingID, phoneID}}), carrier.ErrUnknownCall},
		{"connected by somebody else", hooked("voice", goodToken, formOf("From", "client:mallory", callParam, ringingID)), carrier.ErrNotInCall},
		{"connected by the callee", hooked("voice", goodToken, formOf("From", "client:bob_40example_2ecom", callParam, ringingID)), carrier.ErrNotInCall},
		{"connected by an identity that is none", hooked("voice", goodToken, formOf("From", "client:_61lice", callParam, ringingID)), carrier.ErrNotInCall},
		{"connected to a telephone's call", hooked("voice", goodToken, formOf("From", "client:tel_3a_2b15557654321", callParam, answeredID)), carrier.ErrNotInCall},
		{"a call that this account makes", hooked("voice", goodToken, formOf("From", "+15550001111", "To", "+15557654321", "Direction", "outbound-api")), carrier.ErrMalformed},

		{"status of an unknown call", hooked("status?call="+strings.Replace(ringingID, "1", "2", 1), goodToken, formOf()), carrier.ErrUnknownCall},
		{"status of an unknown leg", hooked("status", goodToken, formOf("CallStatus", "completed")), carrier.ErrUnknownCall},
		{"status of no call id", hooked("status?call=x", goodToken, formOf()), carrier.ErrUnknownCall},
		{"a status that is none", hooked("status?call="+ringingID, goodToken, formOf("CallStatus", "dancing")), carrier.ErrMalformed},
		{"a sequence number that is none", hooked("status?call="+ringingID, goodToken, formOf("SequenceNumber", "-1")), carrier.ErrMalformed},
		{"a sequence number that is too large", hooked("status?call="+ringingID, goodToken, formOf("SequenceNumber", "18446744073709551615")), carrier.ErrMalformed},
		{"another call in the URL than was signed", with(hooked("status?call="+ringingID, goodToken, formOf()), func(r *carrier.Request) { r.URL.RawQuery = "call=" + phoneID }), carrier.ErrSignature},

		{"an action of an unknown call", hooked("action?call="+strings.Replace(ringingID, "1", "2", 1)+"&try=0", goodToken, formOf("DialCallStatus", "failed")), carrier.ErrUnknownCall},
		{"an action without a status", hooked("action?call="+ringingID+"&try=0", goodToken, formOf()), carrier.ErrMalformed},
		{"an action with a try that is none", hooked("action?call="+ringingID+"&try=-1", goodToken, formOf("DialCallStatus", "failed")), carrier.ErrMalformed},

		{"a notification with another token", posted("notify?call="+ringingID, "x", message()), carrier.ErrSignature},
		{"a notification whose body was changed", with(posted("notify?call="+ringingID, goodToken, message()), func(r *carrier.Request) { r.Body = []byte(message("twi_to", "client:mallory")) }), carrier.ErrSignature},
		{"a notification signed without its body's hash", with(hooked("notify?call="+ringingID, goodToken, nil), func(r *carrier.Request) {
			r.Header.Set("Content-Type", "application/json")
			r.Body = []byte(message())
		}), carrier.ErrSignature},
		{"a notification with two hashes", with(posted("notify?call="+ringingID+"&bodySHA256=00", goodToken, message()), func(*carrier.Request) {}), carrier.ErrSignature},
		{"a notification of another account", posted("notify?call="+ringingID, goodToken, message("twi_account_sid", "AC00000000000000000000000000000009")), carrier.ErrSignature},
		{"a notification that is an array", posted("notify?call="+ringingID, goodToken, `["x"]`), carrier.ErrMalformed},
		{"a notification that is null", posted("notify?call="+ringingID, goodToken, `null`), carrier.ErrMalformed},
		{"a notification that is no JSON", posted("notify?call="+ringingID, goodToken, `{"a":`), carrier.ErrMalformed},
		{"a notification without a bridge token", posted("notify?call="+ringingID, goodToken, message("twi_bridge_token", "")), carrier.ErrMalformed},
		{"a notification without a leg", posted("notify?call="+ringingID, goodToken, message("twi_call_sid", "CA1")), carrier.ErrMalformed},
		{"a notification of no call", posted("notify", goodToken, message()), carrier.ErrUnknownCall},
		{"a notification of a call that is over", posted("notify?call="+endedID, goodToken, message()), carrier.ErrUnknownCall},
		{"a notification for somebody else", posted("notify?call="+ringingID, goodToken, message("twi_to", "client:mallory")), carrier.ErrNotInCall},
		{"a notification for the caller", posted("notify?call="+ringingID, goodToken, message("twi_to", "client:alice")), carrier.ErrNotInCall},
		{"a notification for a telephone", posted("notify?call="+phoneID, goodToken, message("twi_to", "client:tel_3a_2b15557654321")), carrier.ErrNotInCall},
	} {
		t.Run(v.name, func(t *testing.T) {
			d := newTried()
			reply, err := c.Webhook(t.Context(), v.r, d)
			if !errors.Is(err, v.want) {
				t.Errorf("%v instead of %v", err, v.want)
			}
			if len(d.told) > 0 || len(d.asked) > 0 || len(reply.Body) > 0 {
				t.Errorf("told %+v, asked %+v, replied %s", d.told, d.asked, reply.Body)
			}
			for _, secret := range []string{goodToken, "0123456789abcdef0123456789abcdef", "secret-secret"} {
				if err != nil && strings.Contains(err.Error(), secret) {
					t.Errorf("the error tells a secret: %v", err)
				}
			}
		})
	}
}

// What Twilio is answered by TwiML.
func TestVoiceReplies(t *testing.T) {
	c := testCarrier(t)
	const head = `<?xml version="1.0" encoding="UTF-8"?>` + "\n"
	const query = "call=" + ringingID
	client := func(timeout, identity string) string {
		return head + `<Response><Dial timeout="` + timeout + `" answerOnBridge="true" action="` + testHook + `/action?` + query + `&amp;try=0#rc=3&amp;rp=ct,rt,5xx">` +
			`<Client statusCallback="` + testHook + `/status?` + query + `#rc=3&amp;rp=ct,rt,5xx" statusCallbackEvent="initiated ringing answered completed" clientNotificationUrl="` + testHook + `/notify?` + query + `">` +
			`<Identity>` + identity + `</Identity><Parameter name="ringtrip_call" value="` + ringingID + `"></Parameter></Client></Dial></Response>`
	}
	reject := func(reason string) string { return head + `<Response><Reject` + reason + `></Reject></Response>` }
	for _, v := range []struct {
		name string
		f    url.Values
		want string
		told int
	}{
		{"app to app", formOf("From", "client:alice", callParam, ringingID), client("60", "bob_40example_2ecom"), 1},
		{"to a telephone", formOf("From", "client:alice", callParam, phoneID), head + `<Response><Dial callerId="+15550001111" timeout="60" answerOnBridge="true" action="` + testHook + `/action?call=` + phoneID +
			`&amp;try=0#rc=3&amp;rp=ct,rt,5xx"><Number statusCallback="` + testHook + `/status?call=` + phoneID + `#rc=3&amp;rp=ct,rt,5xx" statusCallbackEvent="initiated ringing answered completed">+15557654321</Number></Dial></Response>`, 1},
		{"a call that is over", formOf("From", "client:alice", callParam, endedID), reject(` reason="busy"`), 0},
		{"from a telephone", formOf("From", "+15557654321", "To", "+15550001111"), client("60", "bob"), 0},
		{"to nobody's number", formOf("From", "+15557654321", "To", "+15550009999"), reject(""), 0},
		{"to no number", formOf("From", "+15557654321", "To", "sip:x@y"), reject(""), 0},
		{"not let through", formOf("From", "+15557654321", "To", "+15550002222"), reject(` reason="busy"`), 0},
		{"from SIP", formOf("From", "sip:x@y", "To", "+15550001111"), reject(` reason="busy"`), 0},
	} {
		t.Run(v.name, func(t *testing.T) {
			d := newTried()
			reply, err := c.Webhook(t.Context(), hooked("voice", goodToken, v.f), d)
			if err != nil || string(reply.Body) != v.want || reply.ContentType != "text/xml; charset=utf-8" {
				t.Errorf("%v\n%s\nwant\n%s", err, reply.Body, v.want)
			}
			if len(d.told) != v.told {
				t.Errorf("told %+v", d.told)
			}
		})
	}
	d := newTried()
	if _, err := c.Webhook(t.Context(), hooked("voice", goodToken, formOf("From", "+15557654321", "To", "+15550003333")), d); carrier.Status(err) != http.StatusInternalServerError {
		t.Errorf("a full disk is answered %d (%v), so that Twilio would not come again", carrier.Status(err), err)
	}
}

// Who does not show a number is Anonymous, and whoever Twilio looked up has the name that it found.
func TestCallersNumber(t *testing.T) {
	c := testCarrier(t)
	for from, want := range map[string]carrier.Party{
		"+15557654321": {User: "tel:+15557654321", Phone: "+15557654321", Name: "Bob & Sons"},
		"+266696687":   {User: "tel:+266696687", Phone: "+266696687", Name: "Anonymous"},
		"+7378742833":  {User: "tel:+266696687", Phone: "+266696687", Name: "Anonymous"},
		"anonymous":    {User: "tel:+266696687", Phone: "+266696687", Name: "Anonymous"},
		"":             {User: "tel:+266696687", Phone: "+266696687", Name: "Anonymous"},
	} {
		d := newTried()
		if _, err := c.Webhook(t.Context(), hooked("voice", goodToken, formOf("From", from, "To", "+15550001111", "CallerName", "Bob & Sons")), d); err != nil {
			t.Error(err)
		}
		if len(d.asked) != 1 || d.asked[0].From != want || d.asked[0].Ref != testSID || d.asked[0].To != "+15550001111" {
			t.Errorf("%q: %+v", from, d.asked)
		}
	}
}

// Who may have credentials, and which.
func TestCredentials(t *testing.T) {
	c := testCarrier(t)
	d := newTried()
	ringing, now := d.calls[ringingID], time.Unix(1700000000, 0)
	alice, bob := carrier.Party{User: "alice", Device: "1"}, carrier.Party{User: "bob@example.com", Device: "2"}
	for name, v := range map[string]struct {
		j    carrier.Join
		want error
	}{
		"somebody else":              {carrier.Join{Call: ringing, Self: carrier.Party{User: "mallory", Device: "3"}, Caller: true, Now: now}, carrier.ErrNotInCall},
		"somebody else as callee":    {carrier.Join{Call: ringing, Self: alice, Invite: json.RawMessage(`{}`), Now: now}, carrier.ErrNotInCall},
		"a user without a device":    {carrier.Join{Call: ringing, Self: carrier.Party{User: "alice"}, Caller: true, Now: now}, carrier.ErrNotInCall},
		"a call that is over":        {carrier.Join{Call: d.calls[endedID], Self: alice, Caller: true, Now: now}, carrier.ErrUnknownCall},
		"a telephone":                {carrier.Join{Call: d.calls[phoneID], Self: d.calls[phoneID].Callee, Now: now}, carrier.ErrNotInCall},
		"a user with too long an id": {carrier.Join{Call: carrier.Call{ID: ringingID, State: carrier.Ringing, Caller: carrier.Party{User: strings.Repeat("@", 100)}}, Self: carrier.Party{User: strings.Repeat("@", 100), Device: "1"}, Caller: true, Now: now}, nil},
	} {
		if got, err := c.Credentials(v.j); err == nil || v.want != nil && !errors.Is(err, v.want) {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
	if got, err := c.Credentials(carrier.Join{Call: ringing, Self: bob, Now: now}); got != nil || err != nil {
		t.Errorf("before the invitation: %s, %v", got, err)
	}
	var caller, callee struct {
		Token                string
		Params, Notification map[string]string
	}
	got, err := c.Credentials(carrier.Join{Call: ringing, Self: alice, Caller: true, Now: now})
	if err != nil || json.Unmarshal(got, &caller) != nil || len(caller.Params) != 1 || caller.Params[callParam] != ringingID || caller.Notification != nil {
		t.Errorf("%s, %v", got, err)
	}
	got, err = c.Credentials(carrier.Join{Call: ringing, Self: bob, Invite: json.RawMessage(`{"twi_to":"client:bob_40example_2ecom"}`), Now: now})
	if err != nil || json.Unmarshal(got, &callee) != nil || callee.Params != nil || callee.Notification["twi_to"] != "client:bob_40example_2ecom" {
		t.Errorf("%s, %v", got, err)
	}
	for token, want := range map[string]string{
		caller.Token: `{"identity":"alice","voice":{"outgoing":{"application_sid":"AP00000000000000000000000000000004"}}}`,
		callee.Token: `{"identity":"bob_40example_2ecom","voice":{"incoming":{"allow":true}}}`,
	} {
		var claims struct {
			Grants json.RawMessage `json:"grants"`
		}
		if err := carrier.VerifyHS256(token, []byte("secret-secret-secret-secret-0003"), &claims); err != nil || string(claims.Grants) != want {
			t.Errorf("%s instead of %s (%v)", claims.Grants, want, err)
		}
	}
}

// A device that connects again is heard, up to a bound: each of its legs is kept to be ended.
func TestConnectsAgain(t *testing.T) {
	c := testCarrier(t)
	d := newTried()
	call := d.calls[ringingID]
	call.Refs = map[string]string{}
	d.calls[ringingID] = call
	for i, want := range []string{"<Dial", "<Dial", "<Dial", "<Reject"} {
		sid := testSID[:33] + string(rune('5'+i))
		for range 2 { // Twilio asks again
			reply, err := c.Webhook(t.Context(), hooked("voice", goodToken, formOf("From", "client:alice", callParam, ringingID, "CallSid", sid)), d)
			if err != nil || !strings.Contains(string(reply.Body), want) {
				t.Fatalf("leg %d: %s, %v", i, reply.Body, err)
			}
			for _, e := range d.told {
				maps.Copy(call.Refs, e.Refs)
			}
		}
	}
	if len(call.Refs) != maxLegs {
		t.Errorf("%v", call.Refs)
	}
}

// A telephone that calls and gives up has cancelled, whichever webhook says so first.
func TestGivesUp(t *testing.T) {
	c := testCarrier(t)
	for _, r := range []*carrier.Request{
		hooked("action?call="+answeredID+"&try=0", goodToken, formOf("CallSid", "CA00000000000000000000000000000003", "CallStatus", "no-answer", "DialCallStatus", "canceled", "DialBridged", "false")),
		hooked("status", goodToken, formOf("CallSid", "CA00000000000000000000000000000003", "CallStatus", "no-answer", "SequenceNumber", "0")),
	} {
		d := newTried()
		call := d.calls[answeredID]
		call.State = carrier.Ringing
		d.calls[answeredID] = call
		if _, err := c.Webhook(t.Context(), r, d); err != nil || len(d.told) != 1 || d.told[0].Kind != carrier.PhoneEnded || d.told[0].Reason.String() != "hungup" {
			t.Errorf("%s: %+v, %v", r.Hook, d.told, err)
		}
	}
}
