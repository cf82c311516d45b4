package livekit

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/carrier"
	"github.com/ringtrip/ringtrip/carrier/carriertest"
)

func testCarrier(t testing.TB, keys ...Key) *Carrier {
	t.Helper()
	if len(keys) == 0 {
		keys = []Key{{"APIkey123", carrier.NewSecret("secretsecretsecretsecretsecret12")}}
	}
	c, err := New(Config{URL: "wss://example.livekit.cloud", Keys: keys, HookURL: "https://calls.example.com/carriers/app/livekit"})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestVector compares a token with what livekit-server-sdk 2.19.2 makes of the same input under a frozen clock.
func TestVector(t *testing.T) {
	got, err := testCarrier(t).sign(claims{
		Name:  "Alice",
		Video: &grant{RoomJoin: true, Room: "call-1", CanPublish: true, CanSubscribe: true},
		Sub:   "alice",
	}, time.Unix(1700000000, 0), 600*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	enc := base64.RawURLEncoding.EncodeToString
	want := enc([]byte(`{"alg":"HS256"}`)) + "." +
		enc([]byte(`{"name":"Alice","video":{"roomJoin":true,"room":"call-1","canPublish":true,"canSubscribe":true},"iss":"APIkey123","exp":1700000600,"nbf":1700000000,"sub":"alice"}`)) +
		".wgMI1KadiwNxsIBa0kU4wn8KSQ7d5uHQ4ns1dM4E3KI"
	if got != want {
		t.Fatalf("got  %s\nwant %s", got, want)
	}
}

const callID = carriertest.CallID

func testJoin() carrier.Join {
	j := carriertest.Example(now)
	j.Self.Name = "Alice <A&B>"
	return j
}

func TestCredentials(t *testing.T) {
	c := testCarrier(t)
	j := testJoin()
	j.Call.Group = "0199a000-0000-7000-8000-0000000000aa"
	raw, err := c.Credentials(j)
	if err != nil {
		t.Fatal(err)
	}
	var got struct{ URL, Token string }
	if err := json.Unmarshal(raw, &got); err != nil || got.URL != "wss://example.livekit.cloud" {
		t.Fatalf("%v: %s", err, raw)
	}
	var text claims
	if err := carrier.VerifyHS256(got.Token, []byte("secretsecretsecretsecretsecret12"), &text); err != nil {
		t.Fatal(err)
	}
	if text.Video.Room != j.Call.Group || text.Attributes["ringtrip_call"] != callID || text.Sub != "alice/phone" || text.Name != "Alice <A&B>" ||
		text.Exp != 1700000600 || text.Video.RoomCreate {
		t.Fatalf("claims %+v %+v", text, text.Video)
	}
}

func TestIdentity(t *testing.T) {
	for _, c := range [][2]string{{"alice", "phone"}, {"bob@example.com", "0199a000-0000-7000-8000-000000000001"}, {"a/b", "c/d"}, {"a%2Fb", ""}, {"é ü", "\x00"}} {
		user, device, err := ParseIdentity(Identity(c[0], c[1]))
		if err != nil || user != c[0] || device != c[1] {
			t.Errorf("%q comes back as %q, %q, %v", c, user, device, err)
		}
	}
	for _, s := range []string{"", "alice", "/phone", "a/b/c", "a%zz/b", "a%41/b", "agent-AJ_x"} {
		if _, _, err := ParseIdentity(s); !errors.Is(err, carrier.ErrNotInCall) {
			t.Errorf("%q: %v", s, err)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	key := []Key{{"APIkey123", carrier.NewSecret("s")}}
	for want, c := range map[string]Config{
		"url is where":        {URL: "https://example.livekit.cloud", Keys: key},
		"api is the base":     {URL: "wss://example.livekit.cloud", API: "example.com", Keys: key},
		"there is no API key": {URL: "wss://example.livekit.cloud"},
		"API key 1 has no":    {URL: "wss://example.livekit.cloud", Keys: []Key{{ID: "APIx"}}},
		"a token life of 1s":  {URL: "wss://example.livekit.cloud", Keys: key, TokenLife: time.Second},
	} {
		if _, err := New(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; it should say %q", err, want)
		}
	}
}

func TestCheck(t *testing.T) {
	for _, f := range testCarrier(t).Check() {
		if f.Severity != carrier.Fine {
			t.Errorf("%+v", f)
		}
		if strings.Contains(f.What+f.Fix, "secretsecret") {
			t.Errorf("a finding tells the secret: %+v", f)
		}
	}
	c, err := New(Config{URL: "ws://localhost:7880", Keys: []Key{{"devkey", carrier.NewSecret("secret ")}}, HookURL: "http://127.0.0.1/x"})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, f := range c.Check() {
		if f.Severity != carrier.Fine {
			n++
			if f.Fix == "" {
				t.Errorf("no advice: %+v", f)
			}
		}
	}
	if n != 4 {
		t.Errorf("%d findings, not 4: local hook, ws, short secret, a space", n)
	}
}
