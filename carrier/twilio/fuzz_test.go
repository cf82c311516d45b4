package twilio

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"testing"

	"github.com/ringtrip/ringtrip/carrier"
)

// Whatever a form says that Twilio signed, it is taken or refused with one of the errors.
func FuzzForm(f *testing.F) {
	for _, form := range []url.Values{formOf("From", "client:alice", callParam, ringingID), formOf("From", "+15557654321", "To", "+15550001111"),
		formOf("CallStatus", "completed", "SequenceNumber", "3", "Timestamp", "Sun, 25 Mar 2018 09:53:19 +0000"), formOf("DialCallStatus", "busy", "DialBridged", "true")} {
		for _, hook := range []string{"voice", "status?call=" + ringingID, "status", "action?call=" + phoneID + "&try=0"} {
			f.Add(hook, form.Encode())
		}
	}
	c := testCarrier(f)
	f.Fuzz(func(t *testing.T, hook, body string) {
		u, err := url.Parse(testHook + "/" + hook)
		if err != nil {
			return
		}
		form, err := url.ParseQuery(body)
		if err != nil {
			form = nil
		}
		r := hooked("voice", goodToken, nil)
		r.URL, r.Body, r.Hook = u, []byte(body), map[bool]string{true: hookAction, false: hookStatus}[len(hook)%2 == 0]
		if u.Path == "/carriers/app/twilio/voice" {
			r.Hook = hookVoice
		}
		r.Header.Set(signatureHeader, base64.StdEncoding.EncodeToString(Signature(goodToken, u.String(), form)))
		d := newTried()
		reply, err := c.Webhook(t.Context(), r, d)
		if err != nil && carrier.Why(err) == "internal" && len(d.asked) == 0 {
			t.Errorf("%v", err)
		}
		if err != nil && len(reply.Body) > 0 {
			t.Errorf("%v, but replied %s", err, reply.Body)
		}
		for _, e := range d.told {
			if d.calls[e.Call].ID == "" || e.Kind == 0 || e.User != "" && e.User != d.calls[e.Call].Caller.User && e.User != d.calls[e.Call].Callee.User {
				t.Errorf("told %+v", e)
			}
		}
	})
}

// Whatever a notification says, it is taken as texts or refused.
func FuzzNotification(f *testing.F) {
	for _, s := range []string{message(), `{"a":1,"b":true,"c":null,"d":{},"e":[1],"f":"x"}`, `null`, `[]`, `{"twi_to":`, `{"a":"a","a":"b"}`} {
		f.Add(s)
	}
	c := testCarrier(f)
	f.Fuzz(func(t *testing.T, body string) {
		d := newTried()
		_, err := c.Webhook(t.Context(), posted("notify?call="+ringingID, goodToken, body), d)
		if err != nil && carrier.Why(err) == "internal" {
			t.Error(err)
		}
		for _, e := range d.told {
			var texts map[string]string // as the device reads it
			if err := json.Unmarshal(e.Invite, &texts); err != nil || texts["twi_to"] != "client:bob_40example_2ecom" {
				t.Errorf("%s: %v", e.Invite, err)
			}
		}
	})
}
