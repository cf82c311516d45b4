package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// manyCarriers is a configuration with accounts at several carriers, whose secrets are in the environment.
func manyCarriers(t *testing.T) string {
	t.Helper()
	for name, value := range map[string]string{"TW_SECRET": strings.Repeat("s", 32), "TW_TOKEN": strings.Repeat("a", 32), "TW_NEW": strings.Repeat("b", 32),
		"LK_SECRET": strings.Repeat("k", 40), "TURN_SECRET": strings.Repeat("t", 32)} {
		t.Setenv(name, value)
	}
	return yamlFile(t, `
public-url: https://calls.example.com/
apps:
  - id: shop
    keys: [{file: `+keyFile(t)+`}]
    bundle-ids: [com.example.shop]
    carrier: livekit
    media-grace: 20s
    carriers:
      livekit:
        url: wss://example.livekit.cloud
        keys: [{id: APIwLeah7g4fuLY, secret: {env: LK_SECRET}}]
      twilio:
        account-sid: AC`+strings.Repeat("0", 32)+`
        api-key: SK`+strings.Repeat("1", 32)+`
        api-secret: {env: TW_SECRET}
        auth-tokens: [{env: TW_NEW}, {env: TW_TOKEN}]
        application-sid: AP`+strings.Repeat("2", 32)+`
        caller-id: "+15550001111"
      webrtc:
        turn: [{urls: ["turn:turn.example.com:3478?transport=udp"], secret: {env: TURN_SECRET}}]
    numbers: [{number: "+15550001111", user: bob}]
    telephones: {carrier: twilio, prefixes: ["+1", "+4930"]}
`)
}

func TestCarriersConfigured(t *testing.T) {
	file := manyCarriers(t)
	c := parsed(t, "--config", file)
	list, err := c.apps()
	if err != nil {
		t.Fatal(err)
	}
	b, err := c.build(list, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	a := b.apps[0]
	var names []string
	for _, one := range a.Carriers {
		names = append(names, one.Name())
	}
	if strings.Join(names, " ") != "twilio livekit webrtc" || a.Carrier != "livekit" || a.Numbers["+15550001111"] != "bob" || a.MediaGrace != 20*time.Second {
		t.Errorf("carriers %v: %+v", names, a)
	}
	if a.Telephones == nil || a.Telephones.Carrier != "twilio" || len(a.Telephones.Prefixes) != 2 {
		t.Errorf("telephones: %+v", a.Telephones)
	}
	if text := command(t, 0, "config", "check", file); !strings.Contains(text, "ok, 1 app(s)") {
		t.Errorf("config check says:\n%s", text)
	}
	if got := list[0].hookURL("twilio"); got != "https://calls.example.com/carriers/shop/twilio" {
		t.Errorf("the hooks are at %s", got)
	}
}

// What is wrong with a carrier's settings is said, and no secret with it.
func TestWrongCarriers(t *testing.T) {
	good, err := os.ReadFile(manyCarriers(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ old, new, want string }{
		{"carrier: livekit\n", "carrier: agora\n", `"agora", which is not among the carriers`},
		{"env: LK_SECRET", "env: NOT_SET", "NOT_SET is not set"},
		{"{env: TW_SECRET}", "{}", "a file or an env"},
		{"twilio:\n", "twillio:\n", "twilio"},
		{"public-url: https://calls.example.com/\n", "", "public-url"},
		{`"+15550001111", user`, `"15550001111", user`, "+15551234567"},
		{"telephones: {carrier: twilio", "telephones: {carrier: livekit", `"livekit"`},
		{`prefixes: ["+1", "+4930"]`, "prefixes: []", "no prefixes"},
		{"application-sid: AP", "application-sid: XX", "twilio"},
		{"media-grace: 20s", "media-grace: 20h", "grace"},
	} {
		text := strings.Replace(string(good), c.old, c.new, 1)
		if text == string(good) {
			t.Fatalf("there is no %q", c.old)
		}
		got := command(t, 1, "config", "check", yamlFile(t, text))
		if !strings.Contains(got, c.want) || strings.Contains(got, strings.Repeat("s", 32)) || strings.Contains(got, strings.Repeat("k", 40)) {
			t.Errorf("%q for %q: it does not say %q:\n%s", c.new, c.old, c.want, got)
		}
	}
}

func TestDoctorLooksAtCarriers(t *testing.T) {
	text := command(t, 1, "doctor", "--offline", "--config", manyCarriers(t), "--data", filepath.Join(t.TempDir(), "data"), "--tls-cert", "/no/such")
	for _, want := range []string{"app shop twilio", "app shop livekit", "carries the calls between users"} {
		if !strings.Contains(text, want) {
			t.Errorf("doctor does not say %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, strings.Repeat("k", 40)) || strings.Contains(text, strings.Repeat("s", 32)) {
		t.Errorf("doctor tells a secret:\n%s", text)
	}
}

// A key that changed in its file is the carrier's after the next SIGHUP.
func TestCarrierSecretRead(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	for _, text := range []string{"first\n", "second"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := (secretConfig{File: file}).read("it"); err != nil || got.Reveal() != strings.TrimSpace(text) {
			t.Errorf("read %q, %v", got.Reveal(), err)
		}
	}
	t.Setenv("PEM", `-----BEGIN X-----\nabc\n-----END X-----`)
	if got, err := (secretConfig{Env: "PEM"}).read("it"); err != nil || strings.Count(got.Reveal(), "\n") != 2 {
		t.Errorf("a PEM in a variable is %q, %v", got.Reveal(), err)
	}
	if _, err := (secretConfig{File: file, Env: "PEM"}).read("it"); err == nil {
		t.Error("two places were taken")
	}
}
