package vendors

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/carrier"
	"github.com/ringtrip/ringtrip/carrier/vonage"
)

const (
	vonageApp    = "78d335fa-323d-0114-9c3d-d6f0d48968cf"
	vonageSecret = "qwertyuiopasdfghjklzxcvbnm123456"
	vonageLife   = 20 * time.Minute
	otKey        = "12345678"
	otSecret     = "0123456789abcdef0123456789abcdef01234567"
)

// newKey is a fresh key of an application: the private one and the public one, in PEM.
func newKey(t *testing.T) (private, public string) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	inside, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	outside, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: inside})), string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: outside}))
}

func newVonage(t *testing.T, c vonage.Config) *vonage.Carrier {
	t.Helper()
	c.SignatureSecrets = []carrier.Secret{carrier.NewSecret(vonageSecret)}
	c.HookURL = hooks + "vonage"
	v, err := vonage.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// claimsOf reads a token without verifying it.
func claimsOf(t *testing.T, token string) map[string]json.RawMessage {
	t.Helper()
	text, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestVendorVonageVoice(t *testing.T) {
	o := Start(t)
	private, public := newKey(t)
	v := newVonage(t, vonage.Config{Product: vonage.Voice, ApplicationID: vonageApp, PrivateKey: carrier.NewSecret(private), UsersExist: true, TokenLife: vonageLife})
	ours := tokenOf(t, v, aliceJoins(), "jwt")
	c := claimsOf(t, ours)
	// Vonage's package makes the token again, with the parts that are ours to choose: it must come out the same.
	options := json.RawMessage(fmt.Sprintf(`{"sub":%s,"acl":%s,"jti":%s,"ttl":%.0f}`, c["sub"], c["acl"], c["jti"], vonageLife.Seconds()))
	var theirs string
	o.Ask(at, "vonage.token", map[string]any{"application": vonageApp, "key": private, "options": options}, &theirs)
	if ours != theirs {
		t.Errorf("ours\n%s\nVonage's\n%s", ours, theirs)
	}
	var claims struct {
		Sub string `json:"sub"`
	}
	o.Ask(at, "jwt.verify", map[string]string{"token": ours, "key": public, "algorithm": "RS256"}, &claims)
	if claims.Sub != vonage.UserName("alice") {
		t.Errorf("the token is for %q", claims.Sub)
	}
}

func TestVendorVonageVideo(t *testing.T) {
	o := Start(t)
	private, public := newKey(t)
	v := newVonage(t, vonage.Config{Product: vonage.Video, ApplicationID: vonageApp, PrivateKey: carrier.NewSecret(private)})
	j := aliceJoins()
	j.Call.Ref = "1_MX4xMjM0NTY3OH4"
	ours := tokenOf(t, v, j, "token")
	c := claimsOf(t, ours)
	var data, theirs string
	if err := json.Unmarshal(c["connection_data"], &data); err != nil {
		t.Fatal(err)
	}
	o.Ask(at, "vonage.video", map[string]any{"application": vonageApp, "key": private, "session": j.Call.Ref,
		"options": map[string]any{"role": "publisher", "data": data}}, &theirs)
	sameBut(t, c, claimsOf(t, theirs), "jti", "exp")
	o.Ask(at, "jwt.verify", map[string]string{"token": ours, "key": public, "algorithm": "RS256"}, &struct{}{})
}

func TestVendorOpenTok(t *testing.T) {
	o := Start(t)
	v := newVonage(t, vonage.Config{Product: vonage.Video, APIKey: otKey, APISecret: carrier.NewSecret(otSecret)})
	j := aliceJoins()
	j.Call.Ref = "1_MX4xMjM0NTY3OH5-MTcwMDAwMDAwMDAwMH5hYmN-fg" // says the project's key, as the package wants it
	ours := tokenOf(t, v, j, "token")
	c := claimsOf(t, ours)
	var data, theirs string
	if err := json.Unmarshal(c["connection_data"], &data); err != nil {
		t.Fatal(err)
	}
	o.Ask(at, "opentok.token", map[string]any{"key": otKey, "secret": otSecret, "session": j.Call.Ref,
		"options": map[string]any{"role": "publisher", "data": data, "expireTime": json.RawMessage(c["expire_time"])}}, &theirs)
	sameBut(t, c, claimsOf(t, theirs), "nonce")
	o.Ask(at, "jwt.verify", map[string]string{"token": ours, "key": otSecret, "algorithm": "HS256"}, &struct{}{})
}

// sameBut compares claims; those named differ by nature, but must be there.
func sameBut(t *testing.T, ours, theirs map[string]json.RawMessage, but ...string) {
	t.Helper()
	for _, k := range but {
		if ours[k] == nil || theirs[k] == nil {
			t.Errorf("%s: ours is %s, theirs %s", k, ours[k], theirs[k])
		}
		delete(ours, k)
		delete(theirs, k)
	}
	a, _ := json.Marshal(ours)
	b, _ := json.Marshal(theirs)
	if string(a) != string(b) {
		t.Errorf("ours\n%s\ntheirs\n%s", a, b)
	}
}

func TestVendorVonageWebhooks(t *testing.T) {
	o := Start(t)
	private, _ := newKey(t)
	v := newVonage(t, vonage.Config{Product: vonage.Voice, ApplicationID: vonageApp, PrivateKey: carrier.NewSecret(private), UsersExist: true})
	body := `{"from":"alice","to":"` + callID + `","uuid":"aaaaaaaa-bbbb-cccc-dddd-0123456789ab","conversation_uuid":"CON-aaaaaaaa-bbbb-cccc-dddd-0123456789ab","status":"completed","direction":"inbound","timestamp":"2023-11-14T22:13:20.000Z"}`
	sum := sha256.Sum256([]byte(body))
	claims := map[string]any{"iat": at.Unix(), "jti": "c5ba8f24-1a14-4c10-bfdf-3fbe8ce511b5", "iss": "Vonage", "payload_hash": hex.EncodeToString(sum[:]),
		"api_key": "a1b2c3d", "application_id": vonageApp}
	var token string
	o.Ask(at, "jwt.sign", map[string]any{"claims": claims, "key": vonageSecret, "algorithm": "HS256"}, &token)
	o.Ask(at, "vonage.verify", map[string]string{"token": token, "secret": vonageSecret}, new(bool))
	takes(t, v, "event", "application/json", "Bearer "+token, body)
}
