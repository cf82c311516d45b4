package apnstest

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"strings"
	"time"
)

// maxTokenLength bounds a provider token; real ones have about 250 bytes.
const maxTokenLength = 4096

var (
	errTokenShape     = errors.New("apnstest: the provider token is not a JWT of three parts with alg ES256, kid, iss and iat")
	errTokenSignature = errors.New("apnstest: the provider token's signature does not fit its key")
)

// providerToken is what a JWT says, before its signature is believed.
type providerToken struct {
	keyID    string
	teamID   string
	issuedAt time.Time
	signed   string // header and claims as signed
	sig      []byte // r and s, 32 bytes each (RFC 7518 §3.4)
}

// parseToken splits a JWT in compact form (RFC 7519) and reads what APNs needs of it.
func parseToken(raw string) (providerToken, error) {
	if len(raw) > maxTokenLength {
		return providerToken{}, errTokenShape
	}
	header, rest, ok := strings.Cut(raw, ".")
	if !ok {
		return providerToken{}, errTokenShape
	}
	claims, sig, ok := strings.Cut(rest, ".")
	if !ok {
		return providerToken{}, errTokenShape
	}
	var h struct {
		Alg string `json:"alg"`
		Kid string `json:"kid"`
	}
	var c struct {
		Iss string   `json:"iss"`
		Iat *float64 `json:"iat"` // a NumericDate may have a fraction (RFC 7519 §2)
	}
	if !decodePart(header, &h) || !decodePart(claims, &c) {
		return providerToken{}, errTokenShape
	}
	if h.Alg != "ES256" || h.Kid == "" || c.Iss == "" || c.Iat == nil || !(math.Abs(*c.Iat) < 1e11) {
		return providerToken{}, errTokenShape
	}
	rs, err := base64.RawURLEncoding.DecodeString(sig)
	if err != nil || len(rs) != 64 {
		return providerToken{}, errTokenShape
	}
	return providerToken{
		keyID:    h.Kid,
		teamID:   c.Iss,
		issuedAt: time.Unix(int64(*c.Iat), 0),
		signed:   raw[:len(header)+1+len(claims)],
		sig:      rs,
	}, nil
}

// decodePart reads one base64url JSON object of a JWT.
func decodePart(part string, v any) bool {
	b, err := base64.RawURLEncoding.DecodeString(part)
	return err == nil && json.Unmarshal(b, v) == nil
}

// verifyES256 checks an ES256 signature, r and s of 32 bytes each, over the signing input (RFC 7515 §5.2, RFC 7518 §3.4).
func verifyES256(pub *ecdsa.PublicKey, signed string, sig []byte) error {
	if len(sig) != 64 {
		return errTokenSignature
	}
	sum := sha256.Sum256([]byte(signed))
	if !ecdsa.Verify(pub, sum[:], new(big.Int).SetBytes(sig[:32]), new(big.Int).SetBytes(sig[32:])) {
		return errTokenSignature
	}
	return nil
}
