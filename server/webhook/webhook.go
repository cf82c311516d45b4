// Package webhook is what a server tells an app's backend of calls, and how a backend knows that it was the server that
// told it: the events as JSON, signed as Standard Webhooks 1.0 says (https://www.standardwebhooks.com), the request that
// carries one, and the verifier for those who receive them.
//
// It is made for both ends and imports the standard library only, so that a backend in Go can use [Verifier] and [Event]
// as they are; other languages have a Standard Webhooks library.
//
// The package refuses to keep anything, to try again and to put in order: one [Client.Deliver] is one attempt. Which
// event goes when, and what becomes of one that nobody takes, is package server's business.
package webhook

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Version is the version of the events' shape. Fields may be added within a version; receivers skip what they don't
// know. A field never changes its meaning.
const Version = 1

// Type says what happened.
type Type string

// What events there are. Those of one call come in the order of their Sequence, whichever of its legs they are about.
const (
	CallStarted  Type = "call.started"  // somebody calls
	CallRinging  Type = "call.ringing"  // the first phone shows the ring; once a call
	CallAnswered Type = "call.answered" // a device took it: data.call.answered_by
	CallEnded    Type = "call.ended"    // it is over, everywhere: data.call.reason; of a push that was under way word may follow
	CallMissed   Type = "call.missed"   // it is over and the callee had no say in it; after call.ended
	// CallCallerLeft is of a call in a group: its caller has left the group, and it goes on.
	CallCallerLeft Type = "call.caller_left"

	LegPushed     Type = "leg.pushed"      // APNs took the push for a device; not yet that the phone has it
	LegPushFailed Type = "leg.push_failed" // it did not: data.leg.detail says why
	LegRinging    Type = "leg.ringing"     // a device shows the ring
	LegEnded      Type = "leg.ended"       // it is over for a device: data.leg.reason

	DeviceRegistered   Type = "device.registered"    // a device is new, or has another token, user or version
	DeviceUnregistered Type = "device.unregistered"  // a device was forgotten
	DeviceTokenDropped Type = "device.token_dropped" // APNs said that a push token is dead: data.device.dropped

	Test Type = "webhook.test" // somebody tries the endpoint out
)

// Types returns every type that an endpoint may choose, in the order of the constants.
func Types() []Type {
	return []Type{CallStarted, CallRinging, CallAnswered, CallEnded, CallMissed, CallCallerLeft, LegPushed, LegPushFailed, LegRinging, LegEnded,
		DeviceRegistered, DeviceUnregistered, DeviceTokenDropped}
}

// Event is the body of a request, as JSON.
type Event struct {
	// ID is the same in the header webhook-id, at every endpoint and in every attempt: who has seen it before skips it.
	ID string `json:"id"`
	// Type says what happened and which fields Data has.
	Type Type `json:"type"`
	// Version is [Version].
	Version int `json:"version"`
	// Timestamp is when it happened, which may be long before it is told.
	Timestamp time.Time `json:"timestamp"`
	// App is the app's id.
	App string `json:"app"`
	// Sequence grows within a call, with gaps; 0 for what is not of a call. An event that was replayed by hand comes after
	// its time: one with a lower Sequence than was seen already is old news.
	Sequence uint64 `json:"sequence,omitempty"`
	Data     Data   `json:"data"`
}

// Data is what an event is about: Call for call.*, Call and Leg for leg.*, Device for device.*, none for a test.
type Data struct {
	Call   *Call   `json:"call,omitempty"`
	Leg    *Leg    `json:"leg,omitempty"`
	Device *Device `json:"device,omitempty"`
}

// Call is a call as it was when the event happened.
type Call struct {
	ID         string     `json:"id"`
	State      string     `json:"state"` // "ringing", "answered", "ended"
	Caller     Party      `json:"caller"`
	Callee     Party      `json:"callee"`
	Video      bool       `json:"video"`
	Reason     string     `json:"reason,omitempty"` // why it ended, in the words of docs/glossary.md; not told to callers: "blocked"
	CreatedAt  time.Time  `json:"created_at"`
	Deadline   time.Time  `json:"ring_deadline"`
	AnsweredAt *time.Time `json:"answered_at,omitempty"`
	EndedAt    *time.Time `json:"ended_at,omitempty"`
	CalledFrom string     `json:"caller_device,omitempty"`
	AnsweredBy string     `json:"answered_by,omitempty"` // a device's id
	ReplacedBy string     `json:"replaced_by,omitempty"` // glare: the call that goes on instead
	Group      string     `json:"group,omitempty"`       // the group call that this is a part of
	Alone      bool       `json:"alone,omitempty"`       // of a group: its caller has left, or the callee joined by itself
	Carrier    string     `json:"carrier,omitempty"`     // who carries the media, as "twilio"; empty: the devices between themselves
}

// Party is one side of a call.
type Party struct {
	UserID string `json:"user_id"`
	Name   string `json:"name,omitempty"`
	Handle string `json:"handle,omitempty"`
}

// Leg is the branch of a call to one device.
type Leg struct {
	DeviceID   string `json:"device_id"`
	DeviceName string `json:"device_name,omitempty"`
	Reason     string `json:"reason,omitempty"` // why it is over for this device
	Detail     string `json:"detail,omitempty"` // for people: what APNs or the device said
}

// Device is a device. Its tokens are nobody's business; whether it has them is.
type Device struct {
	ID         string `json:"id"`
	UserID     string `json:"user_id"`
	Name       string `json:"name,omitempty"`
	Platform   string `json:"platform,omitempty"`
	BundleID   string `json:"bundle_id,omitempty"`
	AppVersion string `json:"app_version,omitempty"`
	OSVersion  string `json:"os_version,omitempty"`
	VoIPToken  bool   `json:"voip_token"`
	AlertToken bool   `json:"alert_token"`
	Dropped    string `json:"dropped,omitempty"` // "voip" or "alert": the token that is gone
}

// MaxEvent is the longest event in bytes; the server makes none that is longer, and a [Verifier] reads none.
const MaxEvent = 64 << 10

// ParseEvent reads an event. It returns an error if b is none, or is of a version that this package does not know.
func ParseEvent(b []byte) (Event, error) {
	var e Event
	if len(b) > MaxEvent {
		return e, fmt.Errorf("webhook: the event has %d bytes, more than %d", len(b), MaxEvent)
	}
	if err := json.Unmarshal(b, &e); err != nil {
		return Event{}, fmt.Errorf("webhook: not an event: %w", err)
	}
	if e.ID == "" || e.Type == "" {
		return Event{}, errors.New("webhook: not an event: it has no id or no type")
	}
	if e.Version != Version {
		return Event{}, fmt.Errorf("webhook: the event %.80q has version %d, and this package reads version %d", e.ID, e.Version, Version)
	}
	return e, nil
}

// wanted reports whether an endpoint with the filter wants events of the type.
func wanted(filter []string, t Type) bool {
	if len(filter) == 0 || t == Test {
		return true
	}
	return slices.ContainsFunc(filter, func(f string) bool {
		group, all := strings.CutSuffix(f, "*")
		return f == string(t) || all && strings.HasPrefix(string(t), group)
	})
}

// checkFilter returns an error if a filter can choose nothing.
func checkFilter(f string) error {
	if slices.ContainsFunc(Types(), func(t Type) bool { return wanted([]string{f}, t) }) {
		return nil
	}
	var all []string
	for _, t := range Types() {
		all = append(all, string(t))
	}
	return fmt.Errorf("the event type %.80q does not exist; there are call.*, leg.*, device.* and %s", f, strings.Join(all, ", "))
}
