package auth

import (
	"crypto/ed25519"
	"errors"
	"strings"
	"testing"
	"time"
)

// codeOf returns the code of a refusal.
func codeOf(err error) string {
	if why := (*Error)(nil); errors.As(err, &why) {
		return why.Code
	}
	return ""
}

func TestAPIKey(t *testing.T) {
	text, k, err := NewAPIKey(Backend, now.Add(time.Hour))
	if err != nil || len(text) != keyLength || !strings.HasPrefix(text, "rtk_"+k.ID+"_") {
		t.Fatalf("%q, %v, %v", text, k, err)
	}
	if strings.Contains(k.String(), text[len("rtk_")+keyIDLength+1:]) {
		t.Error("the configuration's line holds the secret")
	}
	same := must(ParseAPIKey(k.String()))
	if !same.Expires.Equal(k.Expires) || same.Hash != k.Hash || same.ID != k.ID || same.Scope != k.Scope {
		t.Errorf("read back: %v, want %v", same, k)
	}
	if again := must(HashAPIKey(text, Backend, time.Time{})); again.Hash != k.Hash || again.ID != k.ID {
		t.Errorf("hashed again: %v", again)
	}
	at := now
	v := must(NewVerifier(func() time.Time { return at }, App{ID: "shop", Keys: []Key{hs}, APIKeys: []APIKey{same}}, App{ID: "other", Keys: []Key{hs}}))
	want := Claims{App: "shop", Scope: Backend, Key: k.ID}
	got, err := v.Verify(text)
	if got.Expires = (time.Time{}); err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
	another, _, _ := NewAPIKey(Admin, time.Time{})
	forged := text[:len("rtk_")+keyIDLength+1] + another[len("rtk_")+keyIDLength+1:]
	forged = forged[:len(forged)-sumLength] + checksum(forged[:len(forged)-sumLength])
	for name, c := range map[string]struct{ key, code string }{
		"another":  {another, "key_unknown"},
		"its id":   {forged, "key_unknown"},
		"typo":     {text[:20] + flip(text[20]) + text[21:], "key_malformed"},
		"cut":      {text[:len(text)-1], "key_malformed"},
		"prefix":   {"rtk_", "key_malformed"},
		"longer":   {text + "x", "key_malformed"},
		"a symbol": {text[:20] + "!" + text[21:], "key_malformed"},
	} {
		if _, err := v.Verify(c.key); codeOf(err) != c.code || strings.Contains(err.Error(), c.key[4:]) && len(c.key) > 4 {
			t.Errorf("%s: %v, want %s without the key", name, err, c.code)
		}
	}
	at = now.Add(time.Hour + time.Second)
	if _, err := v.Verify(text); codeOf(err) != "key_expired" {
		t.Errorf("later: %v", err)
	}
	at = now
	if err := v.Replace(App{ID: "shop", Keys: []Key{hs}}); err != nil {
		t.Fatal(err)
	}
	if _, err := v.Verify(text); codeOf(err) != "key_unknown" {
		t.Errorf("taken away: %v", err)
	}
}

// flip returns another letter.
func flip(b byte) string {
	if b == 'x' {
		return "y"
	}
	return "x"
}

func TestAPIKeyRefused(t *testing.T) {
	for _, s := range []Scope{"", User, Device, Action, "root"} {
		if text, _, err := NewAPIKey(s, time.Time{}); err == nil {
			t.Errorf("made a key with the scope %q: %s", s, text)
		}
	}
	text, k, _ := NewAPIKey(Ops, time.Time{})
	for name, line := range map[string]string{
		"the key itself": text, "nothing": "", "two parts": "a:b", "hash": k.ID + ":ops:zz", "no hash": k.ID + ":ops:" + strings.Repeat("0", 64),
		"id": "x" + k.String(), "scope": strings.Replace(k.String(), ":ops:", ":user:", 1), "date": k.String() + ":tomorrow",
	} {
		if got, err := ParseAPIKey(line); err == nil || strings.Contains(err.Error(), text) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	if _, err := HashAPIKey("hello", Ops, time.Time{}); codeOf(err) != "key_malformed" {
		t.Errorf("hashing what is no key: %v", err)
	}
	v := must(NewVerifier(clock, App{ID: "shop", Keys: []Key{hs}}))
	for name, apps := range map[string][]App{
		"twice":        {{ID: "a", Keys: []Key{hs}, APIKeys: []APIKey{k, k}}},
		"in two apps":  {{ID: "a", Keys: []Key{hs}, APIKeys: []APIKey{k}}, {ID: "b", Keys: []Key{hs}, APIKeys: []APIKey{k}}},
		"empty":        {{ID: "a", Keys: []Key{hs}, APIKeys: []APIKey{{}}}},
		"same key ids": {{ID: "a", Keys: []Key{hs, must(HS256("h", []byte(strings.Repeat("y", 32))))}}},
	} {
		if err := v.Replace(apps...); err == nil {
			t.Errorf("%s: was taken", name)
		}
	}
	if _, err := v.Verify(must(Mint(hs, good()))); err != nil {
		t.Errorf("a refused Replace changed something: %v", err)
	}
}

// A new key is brought in beside the old one, everybody signs with the new one, the old one goes: at no time is a token
// refused that should be good.
func TestRotation(t *testing.T) {
	_, private, _ := ed25519.GenerateKey(nil)
	old, fresh := must(HS256("2026", secret)), must(EdDSA("2027", private))
	check := must(EdDSA("2027", private.Public()))
	action := []byte(strings.Repeat("a", 32))
	v := must(NewVerifier(clock, App{ID: "shop", Keys: []Key{old}, ActionSecret: action}))
	oldToken, newToken := must(Mint(old, good())), must(Mint(fresh, good()))
	push := must(v.MintAction(Claims{App: "shop", User: "bob", Call: "c", Device: "d", Expires: now.Add(time.Minute)}))
	for i, step := range []struct {
		keys     []Key
		old, new string
	}{
		{[]Key{old}, "", "token_bad_signature"},
		{[]Key{old, check}, "", ""},
		{[]Key{check}, "token_bad_signature", ""},
	} {
		if err := v.Replace(App{ID: "shop", Keys: step.keys, ActionSecret: action}); err != nil {
			t.Fatal(err)
		}
		for token, want := range map[string]string{oldToken: step.old, newToken: step.new, push: ""} {
			if c, err := v.Verify(token); codeOf(err) != want || err == nil && c.Key == "" {
				t.Errorf("step %d: %+v, %v, want %q", i, c, err, want)
			}
		}
	}
}

func TestScopes(t *testing.T) {
	v := must(NewVerifier(clock, App{ID: "shop", Keys: []Key{hs}}))
	for _, s := range Scopes() {
		c := Claims{App: "shop", User: "alice", Scope: s, Expires: now.Add(time.Minute)}
		if s == Device {
			c.Device = "d1"
		}
		if s == Action {
			c.Call, c.Device = "c1", "d1"
			if _, err := v.Verify(must(Mint(hs, c))); codeOf(err) != "token_bad_signature" {
				t.Errorf("a backend minted an action token: %v", err)
			}
			continue
		}
		got, err := v.Verify(must(Mint(hs, c)))
		if c.Key = "h"; err != nil || got != c {
			t.Errorf("%s: %+v, %v", s, got, err)
		}
		c.User = ""
		if _, err := Mint(hs, c); (err == nil) == s.IsPerson() {
			t.Errorf("%s without a user: %v", s, err)
		}
	}
}

func TestLeeway(t *testing.T) {
	v := must(NewVerifier(clock, App{ID: "shop", Keys: []Key{hs}}))
	for _, d := range []time.Duration{-1, MaxLeeway + 1} {
		if v.SetLeeway(d) == nil {
			t.Errorf("a leeway of %s was taken", d)
		}
	}
	c := good()
	c.Expires = now.Add(-2 * time.Minute)
	if err := v.SetLeeway(3 * time.Minute); err != nil {
		t.Fatal(err)
	}
	if _, err := v.Verify(must(Mint(hs, c))); err != nil {
		t.Error(err)
	}
}

// Only what was made is taken, nothing panics, and no error repeats the key.
func FuzzAPIKey(f *testing.F) {
	text, k, _ := NewAPIKey(Backend, time.Time{})
	v := must(NewVerifier(clock, App{ID: "shop", Keys: []Key{hs}, APIKeys: []APIKey{k}}))
	f.Add(text)
	f.Add("rtk_")
	f.Add("rtk_" + strings.Repeat("0", keyLength-4))
	f.Add(k.String())
	f.Fuzz(func(t *testing.T, s string) {
		if _, err := v.Verify(s); (err == nil) != (s == text) {
			t.Errorf("%q: %v", s, err)
		} else if err != nil && codeOf(err) == "" {
			t.Errorf("%q: the error is no Error: %v", s, err)
		}
		if got, err := ParseAPIKey(s); err == nil {
			if again, err := ParseAPIKey(got.String()); err != nil || again.String() != got.String() {
				t.Errorf("%q reads as %v and then as %v, %v", s, got, again, err)
			}
		}
	})
}
