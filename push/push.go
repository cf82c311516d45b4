// Package push is the contract between the server and whoever delivers its pushes: VoIP pushes that ring, and alerts
// about missed calls. It has no behaviour: push/apns talks to Apple, push/apnstest stands in for Apple on this machine.
package push

import (
	"context"
	"fmt"
	"time"
)

// Environment is where a device's token is valid: a development build of an app has sandbox tokens.
type Environment uint8

// The two environments of APNs; the numbers are stored.
const (
	Production Environment = 1
	Sandbox    Environment = 2
)

// String returns "production" or "sandbox".
func (e Environment) String() string {
	switch e {
	case Production:
		return "production"
	case Sandbox:
		return "sandbox"
	}
	return fmt.Sprintf("Environment(%d)", uint8(e))
}

// The longest payloads in bytes, by kind (Apple: Generating a remote notification).
const (
	MaxVoIPPayload  = 5120
	MaxAlertPayload = 4096
)

// Kind is what a push is for.
type Kind uint8

// The kinds of pushes. The zero Kind rings.
const (
	// VoIP wakes the app, which must report a call (forums 117939, 818104): it is for ringing and for nothing else.
	VoIP Kind = 0
	// Alert is an ordinary notification that iOS shows by itself, as one about a missed call. It goes to the token that
	// the app got from registerForRemoteNotifications, which is another one than the VoIP token.
	Alert Kind = 1
)

// String returns "voip" or "alert", Apple's apns-push-type.
func (k Kind) String() string {
	switch k {
	case VoIP:
		return "voip"
	case Alert:
		return "alert"
	}
	return fmt.Sprintf("Kind(%d)", uint8(k))
}

// MaxPayload is the longest payload of the kind in bytes.
func (k Kind) MaxPayload() int {
	if k == VoIP {
		return MaxVoIPPayload
	}
	return MaxAlertPayload
}

// Push is one push to one device.
type Push struct {
	// Kind is what the push is for; zero is [VoIP].
	Kind Kind
	// ID is the apns-id, a lower-case UUID. It is the same on every retry, so that a retry can be told from a second push.
	ID string
	// BundleID is the app; the topic is BundleID + ".voip" for a VoIP push and BundleID for an alert.
	BundleID string
	// Token is the device's push token in hex: the VoIP token or the one for alerts, as Kind says.
	Token string
	// Environment is where Token is valid.
	Environment Environment
	// Payload is the JSON object that the app gets, at most Kind.MaxPayload bytes.
	Payload []byte
	// Small is sent instead of Payload if that is too long, here or in APNs' judgement (413): the least that rings, the
	// call's id. Empty means that a payload that is too long is an error.
	Small []byte
	// Deadline is when the ring ends: no attempt starts after it. A VoIP push is sent with apns-expiration 0
	// (deliver now or never), so that no phone rings for a dead call. For an alert it is when sending it is given up.
	Deadline time.Time
	// Expires is until when APNs keeps an alert for a phone that it can't reach, in whole seconds; zero means that it
	// doesn't. A VoIP push has none.
	Expires time.Time
	// CollapseID is the apns-collapse-id, at most 64 bytes; may be empty. A later alert with the same one replaces the
	// earlier on the screen.
	CollapseID string
}

// Receipt says that APNs took a push. It does not say that the phone has it.
type Receipt struct {
	ID       string        // apns-id as APNs echoed it
	UniqueID string        // apns-unique-id, sandbox only: the key to Apple's delivery log
	Latency  time.Duration // from the last attempt's request to its answer
	Attempts int           // 1 = the first try went through
	// Environment is where the push was accepted; it differs from Push.Environment if the token turned out to belong to the other.
	Environment Environment
	// Small says that Push.Small went out instead of Push.Payload.
	Small bool
}

// A Sender delivers pushes. It is safe for concurrent use.
type Sender interface {
	// Send delivers p, retrying as long as the reason deserves it and p.Deadline allows. It blocks until
	// APNs answered, the deadline passed or ctx ended. Its error is an [*Error] wherever APNs answered.
	Send(ctx context.Context, p Push) (Receipt, error)
}

// Verdict says what the server has to do about a push that failed for good.
type Verdict uint8

// What to do about a failed push.
const (
	GiveUp    Verdict = 1 // this ring of this device failed; nothing else follows
	DropToken Verdict = 2 // the token is dead: forget it if it was registered at or before Error.Timestamp
	BadToken  Verdict = 3 // the token fits neither environment: mark the device, never delete in bulk
	FixConfig Verdict = 4 // key, team, topic or request are wrong: alarm, no push of this app can work
)

// Error says why APNs did not take a push, in Apple's words.
type Error struct {
	Verdict   Verdict
	Status    int       // HTTP status, 0 if there was no answer
	Reason    string    // Apple's reason, as "BadDeviceToken"; ours in lower case if there was no answer
	Timestamp time.Time // 410: when APNs learned that the token is dead
	Attempts  int
	Hint      string // what to do, one sentence
	Err       error  // the cause, if there was no answer
}

// Error says what was wrong, where, and what to do.
func (e *Error) Error() string {
	s := fmt.Sprintf("push: APNs answered %d %s after %d attempt(s)", e.Status, e.Reason, e.Attempts)
	if e.Status == 0 {
		s = fmt.Sprintf("push: not sent (%s)", e.Reason)
		if e.Attempts > 0 {
			s = fmt.Sprintf("push: no answer from APNs (%s) after %d attempt(s)", e.Reason, e.Attempts)
		}
		if e.Err != nil {
			s += ": " + e.Err.Error()
		}
	}
	if e.Hint != "" {
		s += ": " + e.Hint
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }
