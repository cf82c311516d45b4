package auth

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

var (
	secret = []byte("a secret of the app that is long enough")
	hs     = must(HS256("h", secret))
	now    = time.Unix(1_777_777_777, 0)
	clock  = func() time.Time { return now }
)

func good() Claims {
	return Claims{App: "shop", User: "alice", Name: "Alice", Expires: now.Add(time.Hour)}
}

func TestVerify(t *testing.T) {
	ec := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	_, ed, _ := ed25519.GenerateKey(rand.Reader)
	es, eds := must(ES256("e", ec)), must(EdDSA("d", ed))
	v := must(NewVerifier(clock, App{ID: "shop", Keys: []Key{hs, must(ES256("e", &ec.PublicKey)), must(EdDSA("", ed.Public()))}}))
	for _, key := range []Key{hs, es, eds} {
		want := good()
		got, err := v.Verify(must(Mint(key, want)))
		want.Scope, want.Key = User, key.ID()
		if err != nil || got != want {
			t.Errorf("%s: %+v, %v", key.Algorithm(), got, err)
		}
	}
	ops := Claims{App: "shop", Scope: Ops, Expires: now.Add(time.Minute)}
	if got, err := v.Verify(must(Mint(hs, ops))); err != nil || got.Scope != Ops {
		t.Errorf("ops: %+v, %v", got, err)
	}
	// A backend need not write a scope: it is a user's.
	bare := must(jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{"iss": "shop", "sub": "alice", "exp": now.Add(time.Hour).Unix()}).SignedString(secret))
	if got, err := v.Verify(bare); err != nil || got.Scope != User || got.User != "alice" {
		t.Errorf("bare: %+v, %v", got, err)
	}
}

// Each token is wrong in one way.
func TestVerifyRefuses(t *testing.T) {
	ec := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	public := must(x509.MarshalPKIXPublicKey(&ec.PublicKey))
	v := must(NewVerifier(clock,
		App{ID: "shop", Keys: []Key{hs}},
		App{ID: "strict", Keys: []Key{hs}, Audience: "calls"},
		App{ID: "public", Keys: []Key{must(ES256("", &ec.PublicKey))}, ActionSecret: secret}))
	with := func(f func(*Claims)) string {
		c := good()
		f(&c)
		return must(Mint(hs, c))
	}
	raw := func(method jwt.SigningMethod, key any, claims jwt.MapClaims) string {
		return must(jwt.NewWithClaims(method, claims).SignedString(key))
	}
	claims := func(k string, x any) jwt.MapClaims {
		m := jwt.MapClaims{"iss": "shop", "sub": "alice", "exp": now.Add(time.Hour).Unix()}
		if m[k] = x; x == nil {
			delete(m, k)
		}
		return m
	}
	valid := with(func(*Claims) {})
	other := must(HS256("h", []byte(strings.Repeat("x", 40))))
	for name, c := range map[string]struct{ token, code, says string }{
		"nothing":             {"", "token_missing", "Authorization"},
		"no token":            {"hello", "token_malformed", "three parts"},
		"too long":            {strings.Repeat("x", MaxToken+1), "token_malformed", "8193 bytes"},
		"expired":             {with(func(c *Claims) { c.Expires = now.Add(-3*time.Minute - 5*time.Second) }), "token_expired", "3 min ago; check the clock or mint a new one"},
		"never expires":       {raw(jwt.SigningMethodHS256, secret, claims("exp", nil)), "token_bad_claims", "exp"},
		"early":               {with(func(c *Claims) { c.NotBefore = now.Add(time.Minute) }), "token_early", "in 60 s"},
		"other app":           {with(func(c *Claims) { c.App = "nobody" }), "token_unknown_app", "nobody"},
		"no app":              {raw(jwt.SigningMethodHS256, secret, claims("iss", nil)), "token_unknown_app", "iss"},
		"other key":           {must(Mint(other, good())), "token_bad_signature", "shop"},
		"other key id":        {must(Mint(must(HS256("old", secret)), good())), "token_bad_signature", "old"},
		"none":                {raw(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, claims("", 1)), "token_bad_signature", ""},
		"HS512":               {raw(jwt.SigningMethodHS512, secret, claims("", 1)), "token_bad_signature", ""},
		"no user":             {raw(jwt.SigningMethodHS256, secret, claims("sub", nil)), "token_bad_claims", "sub"},
		"endless user":        {raw(jwt.SigningMethodHS256, secret, claims("sub", strings.Repeat("x", 200))), "token_bad_claims", "sub"},
		"unprintable user":    {raw(jwt.SigningMethodHS256, secret, claims("sub", "a\nb")), "token_bad_claims", "sub"},
		"unknown scope":       {raw(jwt.SigningMethodHS256, secret, claims("scope", "root")), "token_bad_claims", "root"},
		"call without scope":  {raw(jwt.SigningMethodHS256, secret, claims("call", "c")), "", ""},
		"device without dev":  {raw(jwt.SigningMethodHS256, secret, claims("scope", "device")), "token_bad_claims", "dev"},
		"device with a call":  {raw(jwt.SigningMethodHS256, secret, jwt.MapClaims{"iss": "shop", "sub": "a", "exp": now.Add(time.Hour).Unix(), "scope": "device", "call": "c", "dev": "d"}), "token_bad_claims", "call"},
		"device without user": {raw(jwt.SigningMethodHS256, secret, jwt.MapClaims{"iss": "shop", "exp": now.Add(time.Hour).Unix(), "scope": "device", "dev": "d"}), "token_bad_claims", "sub"},
		"whole action":        {raw(jwt.SigningMethodHS256, secret, jwt.MapClaims{"iss": "shop", "sub": "a", "exp": now.Add(time.Hour).Unix(), "scope": "action", "call": "c", "dev": "d"}), "token_bad_signature", ""},
		"no audience":         {with(func(c *Claims) { c.App = "strict" }), "token_bad_audience", "calls"},
		"other audience":      {with(func(c *Claims) { c.App, c.Audience = "strict", "shop" }), "token_bad_audience", "calls"},
		"long name":           {raw(jwt.SigningMethodHS256, secret, claims("name", strings.Repeat("x", 300))), "token_bad_claims", "name"},
		// RFC 8725 §2.1: the public key taken for a secret.
		"confused algorithm": {raw(jwt.SigningMethodHS256, public, claims("iss", "public")), "token_bad_signature", "HS256"},
		"cut":                {valid[:len(valid)-2], "token_malformed", ""},
		"changed":            {strings.Replace(valid, ".", "."+base64.RawURLEncoding.EncodeToString([]byte(`{"iss":"shop"}`)), 1), "token_malformed", ""},
	} {
		_, err := v.Verify(c.token)
		if c.code == "" {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		why := (*Error)(nil)
		if !errors.As(err, &why) || why.Code != c.code || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %s that says %q", name, err, c.code, c.says)
		}
	}
	// Clocks may differ a little.
	for name, token := range map[string]string{
		"just expired": with(func(c *Claims) { c.Expires = now.Add(-20 * time.Second) }),
		"a bit early":  with(func(c *Claims) { c.NotBefore = now.Add(20 * time.Second) }),
		"its audience": with(func(c *Claims) { c.App, c.Audience = "strict", "calls" }),
	} {
		if _, err := v.Verify(token); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAction(t *testing.T) {
	apps := []App{{ID: "shop", Keys: []Key{hs}, Audience: "calls"}, {ID: "other", Keys: []Key{hs}}}
	v := must(NewVerifier(clock, apps...))
	c := Claims{App: "shop", User: "bob", Call: "c", Device: "d", Expires: now.Add(time.Minute)}
	token := must(v.MintAction(c))
	c.Scope, c.Key = Action, "action"
	if got, err := v.Verify(token); err != nil || got != c {
		t.Errorf("%+v, %v", got, err)
	}
	// Another node, or this one after a restart, takes it too.
	if _, err := must(NewVerifier(clock, apps...)).Verify(token); err != nil {
		t.Error(err)
	}
	// The other app has the same secret and yet another action key.
	c.App = "other"
	if must(v.MintAction(c)) == token {
		t.Error("two apps have one action key")
	}
	c.App = "nobody"
	if _, err := v.MintAction(c); err == nil {
		t.Error("minted for an unknown app")
	}
	c.App, c.Call = "shop", ""
	if _, err := v.MintAction(c); err == nil {
		t.Error("minted for no call")
	}
}

func TestMintRefuses(t *testing.T) {
	ec := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	for name, f := range map[string]func() (string, error){
		"public key": func() (string, error) { return Mint(must(ES256("", &ec.PublicKey)), good()) },
		"empty key":  func() (string, error) { return Mint(Key{}, good()) },
		"no expiry":  func() (string, error) { c := good(); c.Expires = time.Time{}; return Mint(hs, c) },
		"no user":    func() (string, error) { c := good(); c.User = ""; return Mint(hs, c) },
		"call":       func() (string, error) { c := good(); c.Call, c.Device = "c", "d"; return Mint(hs, c) },
		"scope":      func() (string, error) { c := good(); c.Scope = "root"; return Mint(hs, c) },
	} {
		if token, err := f(); err == nil {
			t.Errorf("%s: minted %s", name, token)
		}
	}
}

func TestKeys(t *testing.T) {
	if _, err := HS256("", make([]byte, 31)); err == nil || !strings.Contains(err.Error(), "openssl") {
		t.Errorf("a short secret: %v", err)
	}
	ec := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	big := must(ecdsa.GenerateKey(elliptic.P384(), rand.Reader))
	public, private, _ := ed25519.GenerateKey(rand.Reader)
	for name, f := range map[string]func() (Key, error){
		"P-384":      func() (Key, error) { return ES256("", big) },
		"no EC key":  func() (Key, error) { return ES256("", "x") },
		"no Ed key":  func() (Key, error) { return EdDSA("", ec) },
		"short Ed":   func() (Key, error) { return EdDSA("", ed25519.PublicKey{1}) },
		"no PEM":     func() (Key, error) { return ParseKey("", []byte("hello")) },
		"other PEM":  func() (Key, error) { return ParseKey("", encode("CERTIFICATE", nil)) },
		"broken PEM": func() (Key, error) { return ParseKey("", encode("PUBLIC KEY", []byte{1})) },
	} {
		if k, err := f(); err == nil {
			t.Errorf("%s: %v", name, k)
		}
	}
	for name, c := range map[string]struct {
		pem  []byte
		alg  string
		sign bool
	}{
		"EC public":  {encode("PUBLIC KEY", must(x509.MarshalPKIXPublicKey(&ec.PublicKey))), "ES256", false},
		"EC private": {encode("PRIVATE KEY", must(x509.MarshalPKCS8PrivateKey(ec))), "ES256", true},
		"SEC 1":      {encode("EC PRIVATE KEY", must(x509.MarshalECPrivateKey(ec))), "ES256", true},
		"Ed public":  {encode("PUBLIC KEY", must(x509.MarshalPKIXPublicKey(public))), "EdDSA", false},
		"Ed private": {encode("PRIVATE KEY", must(x509.MarshalPKCS8PrivateKey(private))), "EdDSA", true},
	} {
		if k, err := ParseKey("id", c.pem); err != nil || k.Algorithm() != c.alg || k.CanSign() != c.sign || k.ID() != "id" {
			t.Errorf("%s: %v, %v", name, k, err)
		}
	}
	for name, apps := range map[string][]App{
		"two of one id": {{ID: "a", Keys: []Key{hs}}, {ID: "a", Keys: []Key{hs}}},
		"no id":         {{Keys: []Key{hs}}},
		"no key":        {{ID: "a"}},
		"empty key":     {{ID: "a", Keys: []Key{{}}}},
		"short action":  {{ID: "a", Keys: []Key{hs}, ActionSecret: []byte("x")}},
		"no action":     {{ID: "a", Keys: []Key{must(ES256("", &ec.PublicKey))}}},
	} {
		if _, err := NewVerifier(nil, apps...); err == nil {
			t.Errorf("apps: %s was taken", name)
		}
	}
}

func encode(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// Only what was minted verifies, and nothing panics.
func FuzzVerify(f *testing.F) {
	v := must(NewVerifier(clock, App{ID: "shop", Keys: []Key{hs}}))
	valid := must(Mint(hs, good()))
	f.Add(valid)
	f.Add("..")
	f.Add(must(v.MintAction(Claims{App: "shop", User: "bob", Call: "c", Device: "d", Expires: now.Add(time.Minute)})))
	f.Add("eyJhbGciOiJub25lIn0.eyJpc3MiOiJzaG9wIn0.")
	f.Fuzz(func(t *testing.T, token string) {
		c, err := v.Verify(token)
		why := (*Error)(nil)
		if err != nil && (!errors.As(err, &why) || why.Code == "" || why.Text == "") {
			t.Errorf("%q: the error is no Error: %v", token, err)
		}
		if err == nil && c.User != "alice" && c.User != "bob" {
			t.Errorf("%q verifies as %+v", token, c)
		}
	})
}
