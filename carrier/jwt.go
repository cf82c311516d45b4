package carrier

import (
	"crypto"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

var url64 = base64.RawURLEncoding.Strict()

// maxJWT bounds a token that is read.
const maxJWT = 16 << 10

// SignHS256 returns a JSON Web Token (RFC 7519), compact, signed by HMAC-SHA256. Header and claims are written as
// encoding/json writes them, in the order of their fields, with no HTML escapes; the header must say "alg":"HS256".
func SignHS256(header, claims any, key []byte) (string, error) {
	text, err := unsigned(header, claims)
	if err != nil {
		return "", err
	}
	return text + "." + url64.EncodeToString(hs256(text, key)), nil
}

// SignRS256 does the same by RSASSA-PKCS1-v1_5 with SHA-256, which is deterministic.
func SignRS256(header, claims any, key *rsa.PrivateKey) (string, error) {
	text, err := unsigned(header, claims)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(text))
	sig, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:])
	if err != nil {
		return "", fmt.Errorf("carrier: signing a token: %w", err)
	}
	return text + "." + url64.EncodeToString(sig), nil
}

func unsigned(header, claims any) (string, error) {
	h, err := Compact(header)
	if err != nil {
		return "", err
	}
	c, err := Compact(claims)
	if err != nil {
		return "", err
	}
	return url64.EncodeToString(h) + "." + url64.EncodeToString(c), nil
}

// Compact is v as JSON, without spaces, HTML escapes or a line break, as every vendor's SDK writes it.
func Compact(v any) ([]byte, error) {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("carrier: writing JSON: %w", err)
	}
	return []byte(strings.TrimSuffix(b.String(), "\n")), nil
}

func hs256(text string, key []byte) []byte {
	m := hmac.New(sha256.New, key)
	m.Write([]byte(text))
	return m.Sum(nil)
}

// VerifyHS256 checks a compact token and reads its claims into claims. The algorithm is pinned: a token whose header says
// anything but HS256, has a "crit", or is signed otherwise, is refused with [ErrSignature], one that cannot be read with
// [ErrMalformed]. An empty key verifies nothing. It does not look at times: see [Times].
func VerifyHS256(token string, key []byte, claims any) error {
	if len(token) > maxJWT {
		return fmt.Errorf("%w: a token of %d bytes", ErrMalformed, len(token))
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return fmt.Errorf("%w: a token has three parts, not %d", ErrMalformed, len(parts))
	}
	head, err := url64.DecodeString(parts[0])
	if err != nil {
		return fmt.Errorf("%w: the token's header is no base64url", ErrMalformed)
	}
	var header struct {
		Alg  string          `json:"alg"`
		Crit json.RawMessage `json:"crit"`
	}
	if err := json.Unmarshal(head, &header); err != nil {
		return fmt.Errorf("%w: the token's header is no JSON", ErrMalformed)
	}
	if header.Alg != "HS256" || header.Crit != nil {
		return fmt.Errorf("%w: the token is signed by %.20q, not by HS256", ErrSignature, header.Alg)
	}
	sig, err := url64.DecodeString(parts[2])
	if err != nil {
		return fmt.Errorf("%w: the token's signature is no base64url", ErrMalformed)
	}
	if len(key) == 0 || !hmac.Equal(sig, hs256(parts[0]+"."+parts[1], key)) {
		return fmt.Errorf("%w: the token was signed with another key", ErrSignature)
	}
	body, err := url64.DecodeString(parts[1])
	if err != nil {
		return fmt.Errorf("%w: the token's claims are no base64url", ErrMalformed)
	}
	if err := json.Unmarshal(body, claims); err != nil {
		return fmt.Errorf("%w: the token's claims are no such JSON", ErrMalformed)
	}
	return nil
}

// Leeway is how far a carrier's clock and ours may be apart.
const Leeway = time.Minute

// Times are the registered claims about time (RFC 7519 §4.1.4-4.1.6), in seconds since 1970; 0: not there.
type Times struct {
	IssuedAt  float64 `json:"iat"`
	NotBefore float64 `json:"nbf"`
	Expires   float64 `json:"exp"`
}

// Check returns [ErrStale] if a token is not good at now, give or take [Leeway], or was issued longer than maxAge before
// it; 0: however long ago.
func (t Times) Check(now time.Time, maxAge time.Duration) error {
	at, leeway := float64(now.UnixMilli())/1000, Leeway.Seconds()
	switch {
	case t.Expires != 0 && at > t.Expires+leeway:
		return fmt.Errorf("%w: the token has expired", ErrStale)
	case t.NotBefore != 0 && at < t.NotBefore-leeway, t.IssuedAt != 0 && at < t.IssuedAt-leeway:
		return fmt.Errorf("%w: the token is not valid yet", ErrStale)
	case maxAge != 0 && t.IssuedAt != 0 && at > t.IssuedAt+maxAge.Seconds()+leeway:
		return fmt.Errorf("%w: the token was issued more than %s ago", ErrStale, maxAge)
	}
	return nil
}
