package twilio

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/carrier"
	"github.com/ringtrip/ringtrip/carrier/carriertest"
)

// The emulator takes a token only if all of it is right.
func TestEmulatorRefusesTokens(t *testing.T) {
	tw, _ := stage(t)
	good := AccessToken{AccountSID: tw.AccountSID, APIKey: tw.APIKey, APISecret: carrier.NewSecret(tw.APISecret), Identity: "alice", IssuedAt: time.Now(), Life: time.Hour,
		Voice: VoiceGrant{OutgoingApplicationSID: tw.ApplicationSID}}
	join := func(a AccessToken, body string) error {
		token, err := a.Sign()
		if err != nil {
			t.Fatal(err)
		}
		_, err = tw.Join(t.Context(), []byte(strings.ReplaceAll(body, "TOKEN", token)))
		return err
	}
	const connect = `{"token":"TOKEN","params":{"ringtrip_call":"x"}}`
	if err := join(good, connect); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*AccessToken){
		"another secret":      func(a *AccessToken) { a.APISecret = carrier.NewSecret("x") },
		"another key":         func(a *AccessToken) { a.APIKey = strings.Repeat("0", 34) },
		"another account":     func(a *AccessToken) { a.AccountSID = "AC" },
		"expired":             func(a *AccessToken) { a.IssuedAt = time.Now().Add(-2 * time.Hour) },
		"from the future":     func(a *AccessToken) { a.IssuedAt = time.Now().Add(10 * time.Minute) },
		"another application": func(a *AccessToken) { a.Voice.OutgoingApplicationSID = "AP" },
		"incoming calls only": func(a *AccessToken) { a.Voice = VoiceGrant{IncomingAllow: true} },
	} {
		bad := good
		change(&bad)
		if err := join(bad, connect); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	const invite = `{"token":"TOKEN","notification":{"twi_account_sid":"ACCOUNT","twi_bridge_token":"x","twi_call_sid":"CA","twi_from":"x","twi_to":"client:alice","twi_message_id":"WB","twi_message_type":"twilio.voice.call"}}`
	for name, body := range map[string]string{"no JSON": "x", "no token": `{}`, "something else in it": `{"token":"TOKEN","url":"x"}`, "an unknown invitation": strings.Replace(invite, "ACCOUNT", tw.AccountSID, 1),
		"half an invitation": `{"token":"TOKEN","notification":{"twi_to":"client:alice"}}`, "an unsigned token": `{"token":"eyJhbGciOiJub25lIn0.e30."}`} {
		bad := good
		bad.Voice.IncomingAllow = true
		if err := join(bad, body); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

// An invitation is for one device, and for whom it names.
func TestEmulatorRefusesInvitations(t *testing.T) {
	tw, d := stage(t)
	id := d.start("alice", "bob@example.com")
	d.join(tw, id, true)
	d.Until(id, "bob is invited", invited)
	invite := d.Held(id).Invite
	take := func(identity string, invite []byte) error {
		token, err := d.c.token(identity, VoiceGrant{IncomingAllow: true}, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		credentials, err := json.Marshal(credentials{Token: token, Notification: invite})
		if err != nil {
			t.Fatal(err)
		}
		_, err = tw.Join(t.Context(), credentials)
		return err
	}
	if take("mallory", invite) == nil {
		t.Error("mallory took bob's call")
	}
	if take("bob_40example_2ecom", bytes.Replace(invite, []byte(`"twi_bridge_token":"eyJ.`), []byte(`"twi_bridge_token":"eyK.`), 1)) == nil {
		t.Error("a forged bridge token was taken")
	}
	if err := take("bob_40example_2ecom", invite); err != nil {
		t.Error(err)
	}
	if take("bob_40example_2ecom", invite) == nil {
		t.Error("the invitation was taken twice")
	}
}

// TwiML that Twilio would warn of ends the call.
func TestEmulatorRefusesTwiML(t *testing.T) {
	const ok = `<Dial timeout="5" action="http://127.0.0.1:1/x"><Client clientNotificationUrl="http://127.0.0.1:1/x">bob</Client></Dial>`
	for name, doc := range map[string]string{
		"no XML":                 "hello",
		"another root":           "<Dial></Dial>",
		"an unknown verb":        "<Response><Fax/></Response>",
		"an unknown attribute":   "<Response>" + strings.Replace(ok, "timeout", "timeOut", 1) + "</Response>",
		"a timeout of no time":   "<Response>" + strings.Replace(ok, `"5"`, `"0"`, 1) + "</Response>",
		"no such reason":         `<Response><Reject reason="tired"/></Response>`,
		"a number that is none":  `<Response><Dial callerId="+15550001111"><Number>911</Number></Dial></Response>`,
		"a client that is none":  "<Response>" + strings.Replace(ok, ">bob<", ">bob@x<", 1) + "</Response>",
		"an underscore in hosts": "<Response>" + strings.Replace(ok, "127.0.0.1:1/x\">bob", "a_b/x\">bob", 1) + "</Response>",
		"two documents":          "<Response/><Response/>",
		"text in the wrong spot": "<Response>hello</Response>",
		"unclosed":               "<Response><Hangup>",
	} {
		t.Run(name, func(t *testing.T) {
			tw, _ := stage(t)
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, doc) }))
			defer server.Close()
			tw.Hooks(server.URL)
			phone, err := tw.Dial(t.Context(), "+15557654321", "+15550001111")
			if err != nil {
				t.Fatal(err)
			}
			phoneIs(t, phone, carriertest.PhoneOver)
			if len(tw.Refused()) != 1 || len(tw.Alerts()) != 1 {
				t.Errorf("refused %q, alerts %q", tw.Refused(), tw.Alerts())
			}
		})
	}
}

// The REST API: who may, what is there, and what errors look like.
func TestEmulatorREST(t *testing.T) {
	tw, d := stage(t)
	do := func(method, path, user, password string, form url.Values) (int, map[string]any) {
		req, err := http.NewRequestWithContext(t.Context(), method, tw.URL()+path, strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		req.SetBasicAuth(user, password)
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		resp, err := d.c.conf.Client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		var body map[string]any
		if err := json.NewDecoder(resp.Body).Decode(&body); err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, body
	}
	calls := "/2010-04-01/Accounts/" + tw.AccountSID + "/Calls"
	for _, v := range []struct {
		name, method, path, user, password string
		form                               url.Values
		status, code                       int
	}{
		{"wrong password", "GET", calls + "/CA1.json", tw.AccountSID, "x", nil, 401, 20003},
		{"no such call", "GET", calls + "/CA1.json", tw.AccountSID, tw.AuthToken, nil, 404, 20404},
		{"another account", "GET", strings.Replace(calls, "AC", "AD", 1) + "/CA1.json", tw.APIKey, tw.APISecret, nil, 404, 20404},
		{"to no number", "POST", calls + ".json", tw.APIKey, tw.APISecret, url.Values{"To": {"911"}, "From": {"+15550001111"}}, 400, 21211},
		{"from another's number", "POST", calls + ".json", tw.APIKey, tw.APISecret, url.Values{"To": {"+15557654321"}, "From": {"+15557654321"}}, 400, 21210},
		{"no URL", "POST", calls + ".json", tw.APIKey, tw.APISecret, url.Values{"To": {"+15557654321"}, "From": {"+15550001111"}}, 400, 21205},
	} {
		if status, body := do(v.method, v.path, v.user, v.password, v.form); status != v.status || body["code"] != float64(v.code) {
			t.Errorf("%s: %d %v", v.name, status, body)
		}
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "<Response><Hangup/></Response>")
	}))
	defer server.Close()
	phones := make(chan *carriertest.Telephone, 1)
	tw.Answerer(func(p *carriertest.Telephone) { phones <- p })
	status, made := do("POST", calls+".json", tw.APIKey, tw.APISecret, url.Values{"To": {"+15557654321"}, "From": {"+15550001111"}, "Url": {server.URL}})
	if status != 201 || made["status"] != "ringing" {
		t.Fatalf("%d %v", status, made)
	}
	phone := await(t, "it rings", phones)
	phone.Answer()
	phoneIs(t, phone, carriertest.PhoneOver)
	path := calls + "/" + made["sid"].(string) + ".json"
	if status, got := do("GET", path, tw.APIKey, tw.APISecret, nil); status != 200 || got["status"] != "completed" {
		t.Errorf("%d %v", status, got)
	}
	if status, got := do("POST", path, tw.APIKey, tw.APISecret, url.Values{"Status": {"completed"}}); status != 400 || got["code"] != float64(21220) {
		t.Errorf("%d %v", status, got)
	}
	if status, got := do("POST", path, tw.APIKey, tw.APISecret, url.Values{"Status": {"over"}}); status != 400 || got["code"] != float64(20001) {
		t.Errorf("%d %v", status, got)
	}
}
