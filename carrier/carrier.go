// Package carrier is the seam between the ringing server and whoever carries a call's media: WebRTC between the devices,
// LiveKit, Twilio, Agora, Daily, Vonage. Whatever carries it, the phone rings the same way, once, with the true caller
// and the true end: ringtrip pushes and rings, the carrier carries.
//
// A [Carrier] is one account at one carrier, of one app. It mints what a device needs to join a call, makes and ends what
// the carrier needs for a call, and takes the carrier's webhooks, which it verifies and turns into what they say of
// ringtrip's calls: it tells a [Desk], which is the server. A telephone (PSTN) that calls in or is called out is a party
// without a device of ours: its carrier speaks for it.
//
// The package refuses to decide about calls (package fork does), to keep state (the server's store does), to push (the
// server does) and to import any vendor's SDK: tokens and signatures are small, and proved by known answers.
package carrier

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"time"
)

// Carrier is one account at one carrier. It is safe for concurrent use and keeps nothing of a call.
type Carrier interface {
	// Name is the carrier's word, as it is in settings, URLs and the wire: "twilio".
	Name() string
	// Traits say how media comes about with this carrier. They never change.
	Traits() Traits
	// Credentials returns what the device of a [Join] needs, as the JSON that the carrier's media adapter reads (package
	// documentation of the leaf). It is computed, never fetched: no network, below a few milliseconds. Nil without an error
	// means that there is nothing to join with yet.
	Credentials(Join) (json.RawMessage, error)
	// Webhook checks that a request is the carrier's and tells the desk what it says. The error, if any, is one of this
	// package's ([ErrSignature], [ErrStale], …) wrapped with what was wrong; nothing was told to the desk before the request
	// was verified. Repeated and reordered webhooks are harmless. It may block as long as the desk does.
	Webhook(context.Context, *Request, Desk) (Reply, error)
	// End ends whatever the carrier still has of a call that is over. It may block on the network until ctx ends, is
	// repeated until it returns nil, and returns nil if there is nothing left. Of a group's calls, which share a room, it is
	// asked for the last one.
	End(context.Context, Call) error
	// Check returns what is wrong with the settings as far as it can be told offline, for "ringtrip doctor": the shape of
	// keys, the URL that the carrier calls, a signature made and verified. Empty: nothing.
	Check() []Finding
}

// Preparer is a [Carrier] that has to make something before a call can be joined: a room, a session. A carrier whose
// rooms make themselves is none.
type Preparer interface {
	// Prepare makes it and returns the carrier's name for it, which is in [Call.Ref] from then on; empty: the call's own
	// id does. It is asked before the call is stored and rings, so it is quick or fails; an error fails the start of the
	// call. The same call may be prepared twice.
	Prepare(context.Context, Call) (ref string, err error)
}

// Dialer is a [Carrier] that calls a telephone (PSTN) by itself when asked. One whose caller's device makes it call, by
// its SDK and a webhook that asks what to do, is none.
type Dialer interface {
	// Dial calls the callee of a call, a telephone, and returns the carrier's name for that. Repeated for the same call it
	// calls once, if the carrier lets it.
	Dial(context.Context, Call) (ref string, err error)
}

// Traits say how a carrier works.
type Traits struct {
	// Rooms: a call's devices meet in a room of the call ([Call.Room]), so that group calls have media among all. False: the
	// carrier has calls of its own between two parties.
	Rooms bool
	// PeerToPeer: the devices make media between themselves, by offer and answer through ringtrip; only WebRTC does.
	PeerToPeer bool
	// AfterAnswer: a device of the callee gets its credentials when its answer has won, and not while it rings, for joining
	// is what answers the carrier's call.
	AfterAnswer bool
	// PSTN: telephones can call in and be called.
	PSTN bool
	// Watched: webhooks say who has joined and left, so that the server notices when media is gone.
	Watched bool
	// TokenLife is how long credentials are good from when they are minted; at least as long as a ring and its answer.
	TokenLife time.Duration
}

// State is how far a call is.
type State uint8

// The states of a call, as package fork has them.
const (
	Ringing  State = 1
	Answered State = 2
	Ended    State = 3
)

// Call is a call of ringtrip as its carrier has to know it.
type Call struct {
	ID       string    // UUID, ours
	App      string    // the app's id
	Ref      string    // what the carrier calls it: what Prepare or Dial returned, or [Incoming.Ref]; may be empty
	Group    string    // the group call that this is a part of; may be empty
	State    State     //
	Video    bool      //
	Caller   Party     //
	Callee   Party     // its Device is set once it is answered
	Deadline time.Time // until when it rings
	// Refs are further names that the carrier has for parts of the call, by a word of the leaf's own, as [Event.Refs] said.
	Refs map[string]string
	// CallerID is the number that a telephone that is called is shown, E.164; empty: the carrier's own setting.
	CallerID string
	// Devices are those of the callee that the call has rung, or rings, for carriers whose names for devices can't be read back.
	// Empty: unknown.
	Devices []string
}

// Room is the name of the room where the call's devices meet: the group's id, or the call's own.
func (c Call) Room() string {
	if c.Group != "" {
		return c.Group
	}
	return c.ID
}

// Party is one side of a call: a user of the app, or a telephone.
type Party struct {
	User   string // user id; of a telephone "tel:" and Phone
	Device string // of the user; empty if it is not settled yet, and for a telephone
	Name   string // for people
	Phone  string // a telephone's number, E.164: "+15551234567"; empty: the party is a user with devices
}

// Join asks for the credentials of one device.
type Join struct {
	Call   Call
	Self   Party // who joins; Device is set
	Caller bool  // Self is the call's caller
	// Invite is the carrier's own invitation for the callee, as [Event.Invite] brought it; may be empty.
	Invite json.RawMessage
	Now    time.Time
}

// Request is a webhook as it came.
type Request struct {
	Method string
	URL    *url.URL // as the carrier knows it: the public URL of settings, not what a proxy made of it
	Hook   string   // the path below the carrier's own: "voice", "status"; empty: none
	Header http.Header
	Body   []byte // all of it; the server has bounded it
	Now    time.Time
}

// Reply is what a webhook is answered.
type Reply struct {
	Status      int // 0: 200
	ContentType string
	Body        []byte
}

// Severity is how bad a finding is.
type Severity uint8

// The severities of findings.
const (
	Fine    Severity = iota // checked, nothing to do
	Warning                 // works, but see to it
	Wrong                   // will not work
)

// Finding is one thing that was checked.
type Finding struct {
	Severity Severity
	What     string // what was checked and how it is, without secrets
	Fix      string // what to do; empty if nothing
}
