package vendors

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/carrier"
	"github.com/ringtrip/ringtrip/carrier/twilio"
)

const (
	account = "AC00000000000000000000000000000001"
	apiKey  = "SK00000000000000000000000000000002"
	apiWord = "secret-secret-secret-secret-00003"
)

func TestVendorTwilioTokens(t *testing.T) {
	o := Start(t)
	for i, tok := range []twilio.AccessToken{
		{Identity: "alice", Life: 10 * time.Minute, Voice: twilio.VoiceGrant{IncomingAllow: true, OutgoingApplicationSID: "AP00000000000000000000000000000004",
			OutgoingParams: map[string]string{"a": "b"}, PushCredentialSID: "CR00000000000000000000000000000005"}},
		{Identity: "bob_40example_2ecom", Life: time.Hour, Voice: twilio.VoiceGrant{IncomingAllow: true}},
		{Identity: "c", Life: 24 * time.Hour, Region: "ie1", Voice: twilio.VoiceGrant{OutgoingApplicationSID: "AP00000000000000000000000000000004"}},
	} {
		tok.AccountSID, tok.APIKey, tok.APISecret, tok.IssuedAt = account, apiKey, carrier.NewSecret(apiWord), at
		ours, err := tok.Sign()
		if err != nil {
			t.Fatal(err)
		}
		args := map[string]any{"account": account, "key": apiKey, "secret": apiWord, "identity": tok.Identity, "ttl": tok.Life.Seconds()}
		if tok.Region != "" {
			args["region"] = tok.Region
		}
		if tok.Voice.IncomingAllow {
			args["incoming"] = true
		}
		if tok.Voice.OutgoingApplicationSID != "" {
			args["application"] = tok.Voice.OutgoingApplicationSID
		}
		if tok.Voice.OutgoingParams != nil {
			args["params"] = tok.Voice.OutgoingParams
		}
		if tok.Voice.PushCredentialSID != "" {
			args["pushCredential"] = tok.Voice.PushCredentialSID
		}
		var theirs string
		o.Ask(at, "twilio.token", args, &theirs)
		if ours != theirs {
			t.Errorf("token %d:\n ours %s\nTwilio's %s", i, ours, theirs)
		}
	}
}

// TestVendorTwilioSignatures signs what may come in any form: keys in any order, repeated ones, any letters.
func TestVendorTwilioSignatures(t *testing.T) {
	o := Start(t)
	r := rand.New(rand.NewPCG(1, 2))
	letters := []rune("abzAZ09 +&=%?/\\\"'<>äß漢😀\n_-.~")
	word := func(n int) string {
		out := make([]rune, 1+r.IntN(n))
		for i := range out {
			out[i] = letters[r.IntN(len(letters))]
		}
		return string(out)
	}
	for range 300 {
		form := url.Values{}
		for range r.IntN(6) {
			key := word(4)
			for range 1 + r.IntN(3) {
				form.Add(key, word(5))
			}
		}
		params := map[string]any{} // as the package takes them: a text, or a list of several
		for k, v := range form {
			if params[k] = v; len(v) == 1 {
				params[k] = v[0]
			}
		}
		hook := fmt.Sprintf("https://calls.example.com/carriers/app/twilio/voice?a=%d&b=%s", r.IntN(9), url.QueryEscape(word(4)))
		ours := base64.StdEncoding.EncodeToString(twilio.Signature("12345", hook, form))
		var theirs string
		o.Ask(at, "twilio.sign", map[string]any{"token": "12345", "url": hook, "params": params}, &theirs)
		if ours != theirs {
			text, _ := json.Marshal(params)
			t.Errorf("the signature of %s with %s: ours is %s, Twilio's %s", hook, text, ours, theirs)
		}
		o.Refuses(at, "twilio.validate", map[string]any{"token": "12346", "signature": ours, "url": hook, "params": params})
	}
}
