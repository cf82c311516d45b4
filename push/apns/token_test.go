package apns

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"pgregory.net/rapid"
)

func testMinter(t testing.TB, now *time.Time) (*minter, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return &minter{signer: key, keyID: "KEY1234567", teamID: "TEAM123456", now: func() time.Time { return *now }}, key
}

// TestTokenVerifies has another implementation of JWT read ours.
func TestTokenVerifies(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	m, key := testMinter(t, &now)
	tok, err := m.token()
	if err != nil {
		t.Fatal(err)
	}
	raw, ok := strings.CutPrefix(tok.authorization, "bearer ")
	if !ok {
		t.Fatalf("authorization %q", tok.authorization)
	}
	parsed, err := jwt.Parse(raw, func(*jwt.Token) (any, error) { return &key.PublicKey, nil },
		jwt.WithValidMethods([]string{"ES256"}), jwt.WithTimeFunc(func() time.Time { return now }), jwt.WithIssuedAt())
	if err != nil {
		t.Fatal(err)
	}
	claims := parsed.Claims.(jwt.MapClaims)
	if parsed.Header["kid"] != "KEY1234567" || claims["iss"] != "TEAM123456" || claims["iat"] != float64(tok.issuedAt.Unix()) || len(claims) != 2 {
		t.Errorf("header %v, claims %v", parsed.Header, claims)
	}
}

func TestReplicasMintTheSame(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	a, key := testMinter(t, &now)
	later := now.Add(3 * time.Minute)
	b := &minter{signer: key, keyID: a.keyID, teamID: a.teamID, now: func() time.Time { return later }}
	ta, err := a.token()
	if err != nil {
		t.Fatal(err)
	}
	tb, err := b.token()
	if err != nil {
		t.Fatal(err)
	}
	if !scheduled(now).Equal(scheduled(later)) {
		t.Fatal("the test's times lie in two periods")
	}
	if ta.authorization != tb.authorization {
		t.Errorf("two replicas minted different tokens:\n%s\n%s", ta.authorization, tb.authorization)
	}
}

// TestSchedule: at any time the token is between 5 and 55 minutes old, and changes are 50 minutes apart.
func TestSchedule(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	m, _ := testMinter(t, &now)
	var prev providerToken
	changes := 0
	var changed time.Time
	for range 24 * 60 {
		tok, err := m.token()
		if err != nil {
			t.Fatal(err)
		}
		if age := now.Sub(tok.issuedAt); age < tokenGuard || age >= tokenGuard+tokenPeriod {
			t.Fatalf("at %v the token is %v old", now, age)
		}
		if tok.authorization != prev.authorization {
			if !changed.IsZero() && changes > 1 && now.Sub(changed) != tokenPeriod {
				t.Fatalf("changed after %v", now.Sub(changed))
			}
			changes++
			changed, prev = now, tok
		}
		now = now.Add(time.Minute)
	}
	if changes != 29 && changes != 30 {
		t.Errorf("%d tokens in a day", changes)
	}
}

func TestRenew(t *testing.T) {
	now := scheduled(time.Unix(1_800_000_000, 0)).Add(10 * time.Minute)
	m, _ := testMinter(t, &now)
	first, err := m.token()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.renew(first); !errors.Is(err, errTooYoung) {
		t.Errorf("a token of 10 minutes was renewed: %v", err)
	}
	now = now.Add(37 * time.Minute) // 47 minutes old
	second, err := m.renew(first)
	if err != nil || second.authorization == first.authorization {
		t.Fatalf("not renewed: %v", err)
	}
	if again, err := m.renew(first); err != nil || again != second {
		t.Errorf("the second one who asks must get the same token: %v", err)
	}
	now = now.Add(10 * time.Minute) // the schedule's next token is due, but this one is 10 minutes young
	if tok, err := m.token(); err != nil || tok != second {
		t.Errorf("changed after 10 minutes: %v", err)
	}
	now = now.Add(11 * time.Minute)
	if tok, err := m.token(); err != nil || tok == second || !tok.issuedAt.Equal(scheduled(now)) {
		t.Errorf("did not come back to the schedule: %v", err)
	}
}

// TestTokensNeverTooOften: whatever the calls and however the clock goes on, tokens never change within 20 minutes except
// that a refused old one is replaced.
func TestTokensNeverTooOften(t *testing.T) {
	cheap := signerFunc{nil, func(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
		return []byte{0x30, 6, 2, 1, 1, 2, 1, 1}, nil
	}}
	rapid.Check(t, func(rt *rapid.T) {
		now := time.Unix(1_800_000_000, 0)
		m := &minter{signer: cheap, keyID: "KEY1234567", teamID: "TEAM123456", now: func() time.Time { return now }}
		var prev providerToken
		var changed time.Time
		for range rapid.IntRange(1, 60).Draw(rt, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 1500).Draw(rt, "seconds")) * time.Second)
			tok, err := m.token()
			if err != nil {
				rt.Fatal(err)
			}
			if age := now.Sub(tok.issuedAt); age < 0 || age > time.Hour {
				rt.Fatalf("token is %v old", age)
			}
			if tok != prev {
				if !changed.IsZero() && now.Sub(changed) < tokenMinAge {
					rt.Fatalf("changed after %v", now.Sub(changed))
				}
				if prev.authorization != "" {
					changed = now
				}
				prev = tok
			}
			if rapid.Bool().Draw(rt, "expired") {
				if next, err := m.renew(tok); err == nil {
					if now.Sub(tok.issuedAt) <= tokenMinAge || !changed.IsZero() && now.Sub(changed) < tokenMinAge {
						rt.Fatalf("renewed at an age of %v, %v after the last change", now.Sub(tok.issuedAt), now.Sub(changed))
					}
					prev, changed = next, now
				}
			}
		}
	})
}

// signerFunc is a key store that signs what it likes.
type signerFunc struct {
	pub crypto.PublicKey
	f   func(io.Reader, []byte, crypto.SignerOpts) ([]byte, error)
}

func (s signerFunc) Public() crypto.PublicKey { return s.pub }
func (s signerFunc) Sign(r io.Reader, d []byte, o crypto.SignerOpts) ([]byte, error) {
	return s.f(r, d, o)
}

func TestSignerOfAKeyStore(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	_, key := testMinter(t, &now)
	good := signerFunc{key.Public(), func(r io.Reader, d []byte, o crypto.SignerOpts) ([]byte, error) {
		if r == nil || o.HashFunc() != crypto.SHA256 || len(d) != 32 {
			t.Errorf("Sign got random %v, hash %v, %d bytes", r, o.HashFunc(), len(d))
		}
		return key.Sign(r, d, o)
	}}
	raw, err := signJWT(good, "KEY1234567", "TEAM123456", now)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := jwt.Parse(raw, func(*jwt.Token) (any, error) { return &key.PublicKey, nil }, jwt.WithValidMethods([]string{"ES256"})); err != nil {
		t.Error(err)
	}
	for name, sig := range map[string][]byte{
		"nothing": nil, "raw": make([]byte, 64), "negative": {0x30, 6, 2, 1, 0x80, 2, 1, 1}, "trailing": {0x30, 6, 2, 1, 1, 2, 1, 1, 0},
	} {
		bad := signerFunc{key.Public(), func(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) { return sig, nil }}
		if _, err := signJWT(bad, "KEY1234567", "TEAM123456", now); err == nil || !strings.Contains(err.Error(), "Config.Signer") {
			t.Errorf("%s: %v, want an error about Config.Signer", name, err)
		}
	}
	down := errors.New("key store is down")
	bad := signerFunc{key.Public(), func(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) { return nil, down }}
	if _, err := signJWT(bad, "KEY1234567", "TEAM123456", now); !errors.Is(err, down) {
		t.Errorf("%v, want the key store's error", err)
	}
}
