package signaling

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/ringtrip/ringtrip/callkit"
)

// Payload is what a VoIP push says. It is all that a phone needs to ring, ack, answer and decline without a
// session and without having been told anything before: the ring must be reported before the push callback
// returns, so nothing may be looked up first.
type Payload struct {
	CallID     callkit.UUID       `json:"call"`
	CallerName string             `json:"name,omitempty"`
	Handle     string             `json:"handle,omitempty"` // what Recents calls back
	HandleType callkit.HandleType `json:"handle_type,omitempty"`
	Video      bool               `json:"video,omitempty"`
	SentAt     int64              `json:"sent_at"`          // Unix milliseconds, the server's clock
	ExpiresAt  int64              `json:"expires_at"`       // the ring's deadline; Apple may deliver later in spite of expiration 0
	Token      string             `json:"token,omitempty"`  // action token for this call and device
	Server     string             `json:"server,omitempty"` // base URL to say it to; empty: the configured one
	// Sealed is who calls, encrypted for this device, in base64 (RFC 4648 §4); CallerName and Handle are empty then.
	Sealed string `json:"sealed,omitempty"`
	// Moving is when the answered call was offered to this device, Unix milliseconds; 0: it is the call's own ring. A later
	// offer rings anew, also on a device that had the call before.
	Moving int64 `json:"moving,omitempty"`
}

// Expires returns the ring's deadline.
func (p Payload) Expires() time.Time { return time.UnixMilli(p.ExpiresAt) }

// OpenSealed returns who calls, of a payload that has Sealed. Its errors wrap [ErrSealed].
func (p Payload) OpenSealed(k *SealKey, device string) (Caller, error) {
	sealed, err := base64.StdEncoding.DecodeString(p.Sealed)
	if err != nil {
		return Caller{}, fmt.Errorf("%w: it is not base64", ErrSealed)
	}
	return k.Open(p.CallID, device, sealed)
}

// Sent returns when the server sent the push.
func (p Payload) Sent() time.Time { return time.UnixMilli(p.SentAt) }

// ErrPayload wraps what is wrong with a push that is not ours or is broken. The phone still has to report a
// call: see package phone.
var ErrPayload = errors.New("signaling: push payload is not ringtrip's")

// maxText is the longest name or handle that is taken from a push, in bytes; the rest is cut.
const maxText = 256

type envelope struct {
	APS      json.RawMessage `json:"aps"`
	Ringtrip *Payload        `json:"ringtrip"`
}

// MarshalPush returns the push's JSON: an empty aps dictionary and p under "ringtrip".
func (p Payload) MarshalPush() ([]byte, error) {
	return json.Marshal(envelope{APS: json.RawMessage("{}"), Ringtrip: &p})
}

// ParsePush reads a push. Its errors wrap [ErrPayload]. It takes any input without panicking, and cuts names
// that are too long rather than refusing the call.
func ParsePush(b []byte) (Payload, error) {
	var e envelope
	if err := json.Unmarshal(b, &e); err != nil {
		return Payload{}, fmt.Errorf("%w: %w", ErrPayload, err)
	}
	if e.Ringtrip == nil {
		return Payload{}, fmt.Errorf(`%w: it has no "ringtrip" dictionary`, ErrPayload)
	}
	p := *e.Ringtrip
	if p.CallID.IsZero() {
		return Payload{}, fmt.Errorf(`%w: "call" is missing`, ErrPayload)
	}
	if p.ExpiresAt <= 0 {
		return Payload{}, fmt.Errorf(`%w: "expires_at" is missing`, ErrPayload)
	}
	if p.HandleType < callkit.Generic || p.HandleType > callkit.EmailAddress {
		p.HandleType = callkit.Generic
	}
	p.CallerName, p.Handle = cut(p.CallerName), cut(p.Handle)
	if p.Handle == "" {
		// An empty handle breaks the call screen of iOS 26 (forum thread 810709).
		p.Handle = "unknown"
	}
	return p, nil
}

func cut(s string) string { return cutTo(s, maxText) }

func cutTo(s string, most int) string {
	if len(s) <= most {
		return s
	}
	s = s[:most]
	for len(s) > 0 && !utf8.ValidString(s) {
		s = s[:len(s)-1]
	}
	return s
}
