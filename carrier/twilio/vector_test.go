package twilio

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/carrier"
)

const (
	vectorURL = "https://mycompany.com/myapp.php?foo=1&bar=2"
	jsonHash  = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"
	jsonBody  = `{"property": "value", "boolean": true}`
)

func vectorForm(more ...string) url.Values {
	f := url.Values{"Digits": {"1234"}, "CallSid": {"CA1234567890ABCDE"}, "To": {"+18005551212"}, "Caller": {"+14158675309"}, "From": {"+14158675309"}}
	for i := 0; i < len(more); i += 2 {
		f.Add(more[i], more[i+1])
	}
	return f
}

// The signatures that Twilio's documentation and Twilio's own packages make.
func TestSignatureVectors(t *testing.T) {
	reason := vectorForm("ReasonConferenceEnded", "test", "Reason", "Participant")
	for _, v := range []struct {
		name, url string
		form      url.Values
		want      string
	}{
		{"form", vectorURL, vectorForm(), "RSOYDt4T1cUTdK1PDd93/VVr8B8="},
		{"keys are sorted, not lines", vectorURL, reason, "vOEb5UThFn24KEfnOFLQY2AE5FY="},
		{"http", strings.Replace(vectorURL, "https", "http", 1), reason, "n2xBNyzSW7rfYStDtOFiFMv7qNo="},
		{"JSON", vectorURL + "&bodySHA256=" + jsonHash, nil, "a9nBmqA0ju/hNViExpshrM61xv4="},
		{"several values of a key", vectorURL, url.Values{"MediaUrl": {"b", "a", "a"}, "X": {"1"}}, "MNpSSrOOJW90QeeLwKJpg4CqJIQ="},
	} {
		if got := base64.StdEncoding.EncodeToString(Signature("12345", v.url, v.form)); got != v.want {
			t.Errorf("%s: %s, want %s", v.name, got, v.want)
		}
	}
	if got := base64.StdEncoding.EncodeToString(Signature("12345", vectorURL, reason)); got == "95+Bu0JVPi0r/SsESZCVf0dWAjw=" {
		t.Error("the lines are sorted instead of the keys")
	}
}

// request is one whose public URL and headers are given.
func request(rawURL, signature string, body string) *carrier.Request {
	u, err := url.Parse(rawURL)
	if err != nil {
		panic(err)
	}
	return &carrier.Request{Method: http.MethodPost, URL: u, Header: http.Header{signatureHeader: {signature}}, Body: []byte(body)}
}

// What verify makes of the same vectors, with the port written and not, and with one of two auth tokens.
func TestVerifyVectors(t *testing.T) {
	c := &Carrier{conf: Config{AuthTokens: []carrier.Secret{carrier.NewSecret("new"), carrier.NewSecret("12345")}}}
	for _, v := range []struct {
		name string
		r    *carrier.Request
		form url.Values
		ok   bool
	}{
		{"form", request(vectorURL, "RSOYDt4T1cUTdK1PDd93/VVr8B8=", ""), vectorForm(), true},
		{"signed without the port", request("https://mycompany.com:443/myapp.php?foo=1&bar=2", "RSOYDt4T1cUTdK1PDd93/VVr8B8=", ""), vectorForm(), true},
		{"another port", request("https://mycompany.com:8443/myapp.php?foo=1&bar=2", "RSOYDt4T1cUTdK1PDd93/VVr8B8=", ""), vectorForm(), false},
		{"signed with the port", request(vectorURL, base64.StdEncoding.EncodeToString(Signature("12345", "https://mycompany.com:443/myapp.php?foo=1&bar=2", vectorForm())), ""), vectorForm(), true},
		{"signed with our connection override", request(vectorURL, base64.StdEncoding.EncodeToString(Signature("12345", vectorURL+retries, vectorForm())), ""), vectorForm(), true},
		{"JSON", request(vectorURL+"&bodySHA256="+jsonHash, "a9nBmqA0ju/hNViExpshrM61xv4=", jsonBody), nil, true},
		{"another body", request(vectorURL+"&bodySHA256="+jsonHash, "a9nBmqA0ju/hNViExpshrM61xv4=", jsonBody+" "), nil, false},
		{"JSON without its hash", request(vectorURL, base64.StdEncoding.EncodeToString(Signature("12345", vectorURL, nil)), jsonBody), nil, false},
		{"a parameter more", request(vectorURL, "RSOYDt4T1cUTdK1PDd93/VVr8B8=", ""), vectorForm("A", "b"), false},
		{"another scheme", request("http://mycompany.com/myapp.php?foo=1&bar=2", "RSOYDt4T1cUTdK1PDd93/VVr8B8=", ""), vectorForm(), false},
		{"no base64", request(vectorURL, "RSOYDt4T1cUTdK1PDd93/VVr8B8", ""), vectorForm(), false},
		{"empty", request(vectorURL, "", ""), vectorForm(), false},
		{"the empty key's", request(vectorURL, base64.StdEncoding.EncodeToString(Signature("", vectorURL, vectorForm())), ""), vectorForm(), false},
	} {
		if err := c.verify(v.r, v.form); (err == nil) != v.ok || err != nil && carrier.Why(err) != "signature" {
			t.Errorf("%s: %v", v.name, err)
		}
	}
}

// Byte for byte what twilio 6.2.0 makes under a clock that stands at 1700000000.
func TestTokenVector(t *testing.T) {
	const (
		head = `{"alg":"HS256","typ":"JWT","cty":"twilio-fpa;v=1"}`
		body = `{"jti":"SK00000000000000000000000000000002-1700000000","grants":{"identity":"alice","voice":{"incoming":{"allow":true},"outgoing":{"application_sid":"AP00000000000000000000000000000004","params":{"a":"b"}},"push_credential_sid":"CR00000000000000000000000000000005"}},"iat":1700000000,"exp":1700000600,"iss":"SK00000000000000000000000000000002","sub":"AC00000000000000000000000000000001"}`
		sig  = "A0-Qmtyk1iN73yqfDYXLBjtmlNm1PbDtsf_yoI2ts5U"
	)
	e := base64.RawURLEncoding
	want := e.EncodeToString([]byte(head)) + "." + e.EncodeToString([]byte(body)) + "." + sig
	token := AccessToken{
		AccountSID: "AC00000000000000000000000000000001", APIKey: "SK00000000000000000000000000000002",
		APISecret: carrier.NewSecret("secret-secret-secret-secret-00003"), Identity: "alice", IssuedAt: time.Unix(1700000000, 999), Life: 10 * time.Minute,
		Voice: VoiceGrant{IncomingAllow: true, OutgoingApplicationSID: "AP00000000000000000000000000000004", OutgoingParams: map[string]string{"a": "b"},
			PushCredentialSID: "CR00000000000000000000000000000005"},
	}
	got, err := token.Sign()
	if err != nil || got != want {
		t.Errorf("got  %s (%v)\nwant %s", got, err, want)
	}
	for _, bad := range []AccessToken{{}, {APISecret: token.APISecret, Identity: "a b", Life: time.Hour}, {APISecret: token.APISecret, Identity: "a"}, {APISecret: token.APISecret, Identity: "a", Life: 25 * time.Hour}} {
		if text, err := bad.Sign(); err == nil {
			t.Errorf("%+v was signed: %s", bad, text)
		}
	}
}

func TestIdentity(t *testing.T) {
	for user, want := range map[string]string{"alice": "alice", "bob@example.com": "bob_40example_2ecom", "a_b": "a_5fb", "ü": "_c3_bc", "00000000-0000": "00000000_2d0000"} {
		got, err := Identity(user)
		if err != nil || got != want {
			t.Errorf("%q: %q (%v), want %q", user, got, err, want)
		}
		if back, err := User(got); err != nil || back != user {
			t.Errorf("%q comes back as %q (%v)", user, back, err)
		}
	}
	for _, bad := range []string{"", "a_", "a_4", "a_4g", "a_5F", "a_61", "a b", "a-b", strings.Repeat("a", 257)} {
		if user, err := User(bad); err == nil {
			t.Errorf("the identity %q is taken for %q", bad, user)
		}
	}
	if _, err := Identity(strings.Repeat("@", 86)); err == nil {
		t.Error("an identity of 258 characters was made")
	}
}

func FuzzUser(f *testing.F) {
	for _, s := range []string{"alice", "a_40b", "_", "_zz", "bob_40example_2ecom"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if user, err := User(s); err == nil {
			if again, err := Identity(user); err != nil || again != s {
				t.Errorf("%q is %q, which is %q (%v)", s, user, again, err)
			}
		}
		if id, err := Identity(s); err == nil {
			if back, err := User(id); err != nil || back != s || !isIdentity(id) {
				t.Errorf("%q is %q, which is %q (%v)", s, id, back, err)
			}
		}
	})
}
