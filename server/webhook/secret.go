package webhook

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"
)

// The prefixes of keys as text.
const (
	symmetric  = "whsec_" // a shared secret: HMAC-SHA256, signatures "v1,"
	private    = "whsk_"  // an Ed25519 private key, the sender's: signatures "v1a,"
	public     = "whpk_"  // its public key, the receiver's
	minSecret  = 24       // bytes, as the specification has it
	maxSecret  = 64
	maxKeyText = 256
)

// Secret is a key that signs webhooks: a shared secret ("whsec_", HMAC-SHA256) or an Ed25519 private key ("whsk_", for
// receivers that should not be able to sign). The zero Secret signs nothing. It prints as its kind only.
type Secret struct {
	shared []byte
	key    ed25519.PrivateKey
}

// NewSecret returns a fresh shared secret as text, with 32 random bytes.
func NewSecret() string {
	raw := make([]byte, 32)
	_, _ = rand.Read(raw) // never fails
	return symmetric + base64.StdEncoding.EncodeToString(raw)
}

// NewKeyPair returns a fresh Ed25519 pair as text: the private key for the sender, the public one for the receiver.
func NewKeyPair() (privateKey, publicKey string) {
	pub, key, _ := ed25519.GenerateKey(nil) // never fails with the system's randomness
	return private + base64.StdEncoding.EncodeToString(key.Seed()), public + base64.StdEncoding.EncodeToString(pub)
}

// ParseSecret reads a key that signs. The base64 after the prefix is 24 to 64 bytes for "whsec_", and the 32 bytes of
// the seed or the 64 of the whole private key for "whsk_". The error never contains the key.
func ParseSecret(text string) (Secret, error) {
	text = strings.TrimSpace(text)
	if len(text) > maxKeyText {
		return Secret{}, fmt.Errorf("webhook: a secret of %d characters is none", len(text))
	}
	switch {
	case strings.HasPrefix(text, symmetric):
		raw, err := decodeKey(text, symmetric)
		if err != nil {
			return Secret{}, err
		}
		if len(raw) < minSecret || len(raw) > maxSecret {
			return Secret{}, fmt.Errorf("webhook: the secret has %d bytes and must have %d to %d: make one with \"ringtrip webhook secret\"", len(raw), minSecret, maxSecret)
		}
		return Secret{shared: raw}, nil
	case strings.HasPrefix(text, private):
		raw, err := decodeKey(text, private)
		if err != nil {
			return Secret{}, err
		}
		switch len(raw) {
		case ed25519.SeedSize:
			return Secret{key: ed25519.NewKeyFromSeed(raw)}, nil
		case ed25519.PrivateKeySize:
			key := ed25519.NewKeyFromSeed(raw[:ed25519.SeedSize])
			if !key.Equal(ed25519.PrivateKey(raw)) {
				return Secret{}, errors.New("webhook: the two halves of the Ed25519 private key do not belong together")
			}
			return Secret{key: key}, nil
		}
		return Secret{}, fmt.Errorf("webhook: the Ed25519 private key has %d bytes and must have 32 (its seed) or 64", len(raw))
	case strings.HasPrefix(text, public):
		return Secret{}, errors.New("webhook: this is a public key (whpk_): it checks signatures and makes none; the sender needs the private one (whsk_)")
	}
	return Secret{}, errors.New("webhook: a secret begins with whsec_ or whsk_: make one with \"ringtrip webhook secret\"")
}

func decodeKey(text, prefix string) ([]byte, error) {
	raw, err := base64.StdEncoding.DecodeString(text[len(prefix):])
	if err != nil {
		return nil, fmt.Errorf("webhook: what follows %s is not base64 (standard alphabet, padded)", prefix)
	}
	return raw, nil
}

// UnmarshalText reads a key as [ParseSecret] does, so that a Secret can stand in a configuration.
func (s *Secret) UnmarshalText(b []byte) (err error) { *s, err = ParseSecret(string(b)); return err }

// String returns what kind of key s is, never the key.
func (s Secret) String() string {
	switch {
	case s.shared != nil:
		return symmetric + "…"
	case s.key != nil:
		return private + "…"
	}
	return ""
}

// GoString hides the key from %#v.
func (s Secret) GoString() string { return s.String() }

// LogValue hides the key from logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText hides the key from whoever prints a configuration.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// PublicKey returns the key that checks s's signatures as text ("whpk_"), empty if s is a shared secret.
func (s Secret) PublicKey() string {
	if s.key == nil {
		return ""
	}
	return public + base64.StdEncoding.EncodeToString(s.key.Public().(ed25519.PublicKey))
}

// Sign returns one signature as the header webhook-signature has it: "v1,…" or "v1a,…", empty for the zero Secret. id
// must not contain a full stop, at is told to the second.
func (s Secret) Sign(id string, at time.Time, body []byte) string {
	switch {
	case s.shared != nil:
		return "v1," + base64.StdEncoding.EncodeToString(sum(s.shared, content(id, at.Unix(), body)))
	case s.key != nil:
		return "v1a," + base64.StdEncoding.EncodeToString(ed25519.Sign(s.key, content(id, at.Unix(), body)))
	}
	return ""
}

// content is what is signed.
func content(id string, at int64, body []byte) []byte {
	b := make([]byte, 0, len(id)+len(body)+24)
	b = append(b, id...)
	b = append(b, '.')
	b = strconv.AppendInt(b, at, 10)
	b = append(b, '.')
	return append(b, body...)
}

func sum(secret, content []byte) []byte {
	h := hmac.New(sha256.New, secret)
	_, _ = h.Write(content)
	return h.Sum(nil)
}
