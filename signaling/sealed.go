package signaling

import (
	"crypto/ecdh"
	"crypto/hpke"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/ringtrip/ringtrip/callkit"
)

// SealKeySize is the length of a device's sealing key, private and public, in bytes.
const SealKeySize = 32

// MaxSealed is the longest sealed caller, in bytes.
const MaxSealed = 1024

// A Caller is what a call screen shows of who calls.
type Caller struct {
	Name       string             `json:"n,omitempty"`
	Handle     string             `json:"h,omitempty"`
	HandleType callkit.HandleType `json:"t,omitempty"`
}

// SealKey is a device's private key: what was sealed for its public key, it opens. The key stays on the device; see
// docs/security.md for where an app keeps it.
//
// Sealing is HPKE (RFC 9180) in base mode with DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and ChaCha20Poly1305, which is
// Curve25519_SHA256_ChachaPoly of Apple's CryptoKit, so a notification service extension needs no code of ours. HPKE's
// base mode hides what is said and binds it to one call on one device; it does not prove who said it.
type SealKey struct {
	raw     []byte
	private hpke.PrivateKey
	public  []byte
}

// NewSealKey makes a key.
func NewSealKey() (*SealKey, error) {
	k, err := suite.kem.GenerateKey()
	if err != nil {
		return nil, fmt.Errorf("signaling: making a sealing key: %w", err)
	}
	raw, err := k.Bytes()
	if err != nil {
		return nil, fmt.Errorf("signaling: making a sealing key: %w", err)
	}
	return ParseSealKey(raw)
}

// ParseSealKey returns the key with these 32 private bytes (RFC 7748 §5).
func ParseSealKey(raw []byte) (*SealKey, error) {
	k, err := suite.kem.NewPrivateKey(raw)
	if err != nil {
		return nil, fmt.Errorf("signaling: a sealing key has %d bytes, and this is none: %w", SealKeySize, err)
	}
	return &SealKey{raw: append([]byte(nil), raw...), private: k, public: k.PublicKey().Bytes()}, nil
}

// Bytes returns the private key, for the device's own keychain.
func (k *SealKey) Bytes() []byte { return append([]byte(nil), k.raw...) }

// Public returns the public key, which the device registers.
func (k *SealKey) Public() []byte { return append([]byte(nil), k.public...) }

// String says nothing of the key.
func (k *SealKey) String() string { return "[a sealing key]" }

// GoString says nothing of the key.
func (k *SealKey) GoString() string { return k.String() }

// ErrSealed wraps why a sealed caller cannot be opened: it was meant for another device, key or call, or it is broken.
var ErrSealed = errors.New("signaling: the sealed caller can't be opened")

// suite is what version 1 of sealed callers is made with.
var suite = struct {
	kem     hpke.KEM
	kdf     hpke.KDF
	aead    hpke.AEAD
	version byte
	block   int // texts are padded to a multiple of it, so that their length tells little
}{hpke.DHKEM(ecdh.X25519()), hpke.HKDFSHA256(), hpke.ChaCha20Poly1305(), 1, 128}

// info binds a sealed caller to its use: what was sealed for one call cannot be shown for another one.
func info(call callkit.UUID, device string) []byte {
	return []byte("ringtrip caller v1\x00" + call.String() + "\x00" + device)
}

// CheckSealKey returns an error that says what is wrong if public cannot be sealed for.
func CheckSealKey(public []byte) error {
	k, err := suite.kem.NewPublicKey(public)
	if err == nil {
		_, _, err = hpke.NewSender(k, suite.kdf, suite.aead, nil) // a point of small order shows here only
	}
	if err != nil {
		return fmt.Errorf("signaling: a public sealing key has %d bytes of X25519, and this is none: %w", SealKeySize, err)
	}
	return nil
}

// Seal encrypts what call's screen shows on device, for the device's public key. Names and handles that are too long
// are cut.
func Seal(public []byte, call callkit.UUID, device string, c Caller) ([]byte, error) {
	key, err := suite.kem.NewPublicKey(public)
	if err != nil {
		return nil, fmt.Errorf("signaling: sealing for device %s: %w", device, err)
	}
	c.Name, c.Handle = cut(c.Name), cut(c.Handle)
	text, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("signaling: sealing for device %s: %w", device, err)
	}
	for limit := maxText / 2; len(text) > maxSealedText && limit > 0; limit /= 2 { // JSON writes some characters with six
		c.Name, c.Handle = cutTo(c.Name, limit), cutTo(c.Handle, limit)
		text, _ = json.Marshal(c)
	}
	for len(text)%suite.block != 0 {
		text = append(text, ' ')
	}
	sealed, err := hpke.Seal(key, suite.kdf, suite.aead, info(call, device), text)
	if err != nil {
		return nil, fmt.Errorf("signaling: sealing for device %s: %w", device, err)
	}
	return append([]byte{suite.version}, sealed...), nil
}

// maxSealedText is the longest padded text: what is left of MaxSealed beside the version, the encapsulated key and the tag.
const maxSealedText = (MaxSealed - 1 - 32 - 16) / 128 * 128

// Open decrypts what was sealed for this key, call and device. Its errors wrap [ErrSealed]. It takes any input without
// panicking.
func (k *SealKey) Open(call callkit.UUID, device string, sealed []byte) (Caller, error) {
	if len(sealed) == 0 || len(sealed) > MaxSealed {
		return Caller{}, fmt.Errorf("%w: it has %d bytes", ErrSealed, len(sealed))
	}
	if sealed[0] != suite.version {
		return Caller{}, fmt.Errorf("%w: it is of version %d, which this app is too old for", ErrSealed, sealed[0])
	}
	text, err := hpke.Open(k.private, suite.kdf, suite.aead, info(call, device), sealed[1:])
	if err != nil {
		return Caller{}, fmt.Errorf("%w: %w", ErrSealed, err)
	}
	var c Caller
	if err := json.Unmarshal(text, &c); err != nil {
		return Caller{}, fmt.Errorf("%w: what is in it is no caller", ErrSealed)
	}
	c.Name, c.Handle = cut(c.Name), cut(c.Handle)
	if c.HandleType < callkit.Generic || c.HandleType > callkit.EmailAddress {
		c.HandleType = callkit.Generic
	}
	return c, nil
}
