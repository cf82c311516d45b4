package auth

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/golang-jwt/jwt/v5"
)

// MinSecret is the shortest secret of an HS256 key in bytes (RFC 7518 §3.2: at least as long as the hash).
const MinSecret = 32

// Key signs or checks the tokens of an app. Its algorithm follows from what it is made of: [HS256], [ES256] or
// [EdDSA]. The zero Key is none.
type Key struct {
	id     string
	method jwt.SigningMethod
	check  jwt.VerificationKey
	sign   any // nil: this side only checks
}

// HS256 returns a key that both signs and checks with a shared secret of at least [MinSecret] bytes. id is the
// "kid" of the tokens; it may be empty.
func HS256(id string, secret []byte) (Key, error) {
	if len(secret) < MinSecret {
		return Key{}, fmt.Errorf("auth: the secret of key %q has %d bytes and must have at least %d: make one with `openssl rand -base64 32`", id, len(secret), MinSecret)
	}
	own := append([]byte(nil), secret...)
	return Key{id: id, method: jwt.SigningMethodHS256, check: own, sign: own}, nil
}

// ES256 returns a key on the curve P-256. It signs if key is an *ecdsa.PrivateKey and only checks if it is an
// *ecdsa.PublicKey.
func ES256(id string, key any) (Key, error) {
	k := Key{id: id, method: jwt.SigningMethodES256}
	var public *ecdsa.PublicKey
	switch key := key.(type) {
	case *ecdsa.PrivateKey:
		public, k.sign = &key.PublicKey, key
	case *ecdsa.PublicKey:
		public = key
	default:
		return Key{}, fmt.Errorf("auth: key %q is a %T: an ES256 key is an ECDSA key", id, key)
	}
	if public == nil || public.Curve != elliptic.P256() {
		return Key{}, fmt.Errorf("auth: key %q is not on the curve P-256, which ES256 wants", id)
	}
	k.check = public
	return k, nil
}

// EdDSA returns an Ed25519 key. It signs if key is an ed25519.PrivateKey and only checks if it is an
// ed25519.PublicKey.
func EdDSA(id string, key any) (Key, error) {
	k := Key{id: id, method: jwt.SigningMethodEdDSA}
	switch key := key.(type) {
	case ed25519.PrivateKey:
		if len(key) != ed25519.PrivateKeySize {
			return Key{}, fmt.Errorf("auth: key %q has %d bytes and must have %d", id, len(key), ed25519.PrivateKeySize)
		}
		k.check, k.sign = key.Public().(ed25519.PublicKey), key
	case ed25519.PublicKey:
		if len(key) != ed25519.PublicKeySize {
			return Key{}, fmt.Errorf("auth: key %q has %d bytes and must have %d", id, len(key), ed25519.PublicKeySize)
		}
		k.check = key
	default:
		return Key{}, fmt.Errorf("auth: key %q is a %T: an EdDSA key is an Ed25519 key", id, key)
	}
	return k, nil
}

// ParseKey returns the ES256 or EdDSA key in a PEM block: a public key (PKIX) or a private one (PKCS 8, SEC 1).
func ParseKey(id string, text []byte) (Key, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return Key{}, fmt.Errorf("auth: key %q is not PEM: it must begin with -----BEGIN PUBLIC KEY----- or -----BEGIN PRIVATE KEY-----", id)
	}
	key, err := parseDER(block)
	if err != nil {
		return Key{}, fmt.Errorf("auth: reading key %q: %w", id, err)
	}
	switch key.(type) {
	case ed25519.PrivateKey, ed25519.PublicKey:
		return EdDSA(id, key)
	}
	return ES256(id, key)
}

func parseDER(block *pem.Block) (crypto.PublicKey, error) {
	switch block.Type {
	case "PUBLIC KEY":
		return x509.ParsePKIXPublicKey(block.Bytes)
	case "PRIVATE KEY":
		return x509.ParsePKCS8PrivateKey(block.Bytes)
	case "EC PRIVATE KEY":
		return x509.ParseECPrivateKey(block.Bytes)
	}
	return nil, fmt.Errorf("a PEM block %q is neither a public nor a private key", block.Type)
}

// ID returns the key's id, as in "kid".
func (k Key) ID() string { return k.id }

// Algorithm returns "HS256", "ES256" or "EdDSA", "" for the zero Key.
func (k Key) Algorithm() string {
	if k.method == nil {
		return ""
	}
	return k.method.Alg()
}

// CanSign reports whether k can mint tokens.
func (k Key) CanSign() bool { return k.sign != nil }

var errCannotSign = errors.New("auth: this key only checks: minting wants the secret or the private key")
