package carrier

import (
	"context"
	"encoding/json"
	"time"

	"github.com/ringtrip/ringtrip/call"
)

// Desk is the ringing server as a carrier's webhooks speak to it. All of it is about calls of the app and the carrier that
// the webhook came for; others are unknown to it. What it is told twice, or too late, changes nothing.
type Desk interface {
	// Incoming rings a user because a telephone (or somebody else outside) calls at the carrier. The first with a Ref makes
	// the call, the same again returns it. It returns [ErrUnknownNumber] if nobody has the number, [ErrRefused] if the call
	// is not let through, and a call that is Ended if it ended at once (blocked, quiet hours, unreachable).
	Incoming(context.Context, Incoming) (Call, error)
	// Call returns a call of this carrier by ringtrip's id, also one that ended not long ago, or [ErrUnknownCall].
	Call(ctx context.Context, id string) (Call, error)
	// CallByRef returns the call whose [Call.Ref] or one of whose Refs it is, or [ErrUnknownCall]. Only a Ref that came by
	// [Desk.Incoming] can be found.
	CallByRef(ctx context.Context, ref string) (Call, error)
	// Tell says what became of a call. It returns [ErrUnknownCall], [ErrNotInCall] if User is no side of the call, or nil,
	// also if the event comes too late to change anything.
	Tell(context.Context, Event) error
}

// Incoming is a call from outside.
type Incoming struct {
	Ref    string // the carrier's id of the call; unique
	From   Party  // Phone or User is set
	To     string // the number that was called (E.164), or "user:" and a user id
	Video  bool
	Detail string // for the ledger, as "Twilio CallSid CA…"
}

// EventKind is what became of a call or of a part of it.
type EventKind uint8

// What a carrier can tell. "The telephone" is the party of the call that has no device.
const (
	_ EventKind = iota
	// PhoneRinging: the telephone that is called rings.
	PhoneRinging
	// PhoneAnswered: it was answered.
	PhoneAnswered
	// PhoneEnded: the telephone's part is over, with Reason: HungUp (after the answer: it hung up; before it, as a caller's:
	// cancelled), Busy, Declined, Unanswered, Unreachable, MediaFailed.
	PhoneEnded
	// Invited: the carrier has an invitation for the callee's device, in Invite.
	Invited
	// Joined: a device of User is in the room, or its part of the carrier's call is up.
	Joined
	// Left: it is gone, with Reason HungUp if it went by itself and MediaFailed if it was lost. The server gives it a while
	// to come back.
	Left
	// RoomEnded: the room or session is no more, so whoever was in it has no media.
	RoomEnded
	// Noted: nothing but Refs or Detail, for the ledger.
	Noted
)

// Event is one thing that a carrier says of a call.
type Event struct {
	Kind   EventKind
	Call   string            // ringtrip's id
	User   string            // of Joined, Left: who; empty if the carrier does not say
	Device string            // of Joined, Left: which device; may be empty
	Reason call.Reason       // of PhoneEnded, Left
	At     time.Time         // when it happened, by the carrier's clock; zero: unknown
	Seq    uint64            // order among the events of one Source, from 1; 0: unknown. A lower one than was seen is late
	Source string            // what Seq counts for, as the carrier's id of one leg
	Invite json.RawMessage   // of Invited
	Refs   map[string]string // further names to keep in [Call.Refs]
	Detail string            // for the ledger, in the carrier's own words, without secrets
}
