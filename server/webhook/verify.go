package webhook

import (
	"crypto/ed25519"
	"crypto/hmac"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The headers of a request.
const (
	HeaderID        = "Webhook-Id"        // the event's id
	HeaderTimestamp = "Webhook-Timestamp" // of this attempt, Unix seconds
	HeaderSignature = "Webhook-Signature" // one signature a key, separated by spaces
)

// Tolerance is how far an attempt's timestamp may be from the receiver's clock. It bounds for how long a request that
// somebody overheard can be played back; what is played back sooner is found by its id.
const Tolerance = 5 * time.Minute

// maxSignatures bounds the work that one request can cause.
const maxSignatures = 16

var (
	// ErrSignature says that no signature fits: the secret is another, or the body was changed on its way (by a proxy, or
	// by reading it as JSON and writing it again).
	ErrSignature = errors.New("webhook: no signature fits: check the secret, and that the raw body is verified")
	// ErrTimestamp says that the attempt is too old or from the future.
	ErrTimestamp = errors.New("webhook: the attempt is further from now than five minutes: check this machine's clock")
)

// Verifier checks at the receiver that a webhook comes from who knows the secret. It is safe for concurrent use.
type Verifier struct {
	shared [][]byte
	public []ed25519.PublicKey
	now    func() time.Time
}

// NewVerifier returns a verifier for the keys: shared secrets ("whsec_"), public keys ("whpk_"), or several of either
// while one takes the other's place. Any of them will do. The error never contains a key.
func NewVerifier(keys ...string) (*Verifier, error) {
	v := &Verifier{now: time.Now}
	for _, text := range keys {
		text = strings.TrimSpace(text)
		if strings.HasPrefix(text, public) {
			raw, err := decodeKey(text, public)
			if err != nil {
				return nil, err
			}
			if len(raw) != ed25519.PublicKeySize {
				return nil, fmt.Errorf("webhook: the Ed25519 public key has %d bytes and must have %d", len(raw), ed25519.PublicKeySize)
			}
			v.public = append(v.public, raw)
			continue
		}
		s, err := ParseSecret(text)
		if err != nil {
			return nil, err
		}
		if s.key != nil {
			return nil, errors.New("webhook: a receiver needs the public key (whpk_), not the private one")
		}
		v.shared = append(v.shared, s.shared)
	}
	if len(v.shared)+len(v.public) == 0 {
		return nil, errors.New("webhook: a verifier needs a key")
	}
	return v, nil
}

// Verify returns nil if body came with these headers from who knows a key, not longer ago than [Tolerance]. body must
// be what was received, byte by byte. The error is [ErrSignature], [ErrTimestamp], or says which header is amiss.
func (v *Verifier) Verify(h http.Header, body []byte) error {
	id, stamp, signatures := h.Get(HeaderID), h.Get(HeaderTimestamp), h.Get(HeaderSignature)
	if id == "" || stamp == "" || signatures == "" {
		return errors.New("webhook: the request has no webhook-id, webhook-timestamp or webhook-signature: it is no Standard Webhook")
	}
	at, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || strconv.FormatInt(at, 10) != stamp {
		return fmt.Errorf("webhook: the timestamp %.40q is not a number of seconds", stamp)
	}
	if now := v.now().Unix(); at < now-int64(Tolerance/time.Second) || at > now+int64(Tolerance/time.Second) {
		return ErrTimestamp
	}
	signed := content(id, at, body)
	for i, one := range strings.Fields(signatures) {
		if i == maxSignatures {
			break
		}
		scheme, text, _ := strings.Cut(one, ",")
		got, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			continue
		}
		switch scheme {
		case "v1":
			for _, secret := range v.shared {
				if hmac.Equal(got, sum(secret, signed)) {
					return nil
				}
			}
		case "v1a":
			for _, key := range v.public {
				if len(got) == ed25519.SignatureSize && ed25519.Verify(key, signed, got) {
					return nil
				}
			}
		}
	}
	return ErrSignature
}

// Read reads a request's body, at most [MaxEvent] bytes of it, verifies it and returns the event. Whoever gets an error
// answers 400 or 401, and is told again later.
func (v *Verifier) Read(r *http.Request) (Event, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, MaxEvent+1))
	if err != nil {
		return Event{}, fmt.Errorf("webhook: reading the request: %w", err)
	}
	if len(body) > MaxEvent {
		return Event{}, fmt.Errorf("webhook: the request is longer than %d bytes", MaxEvent)
	}
	if err := v.Verify(r.Header, body); err != nil {
		return Event{}, err
	}
	e, err := ParseEvent(body)
	if err == nil && e.ID != r.Header.Get(HeaderID) {
		return Event{}, fmt.Errorf("webhook: the event's id %.80q is not the header's", e.ID)
	}
	return e, err
}
