package fork

import "github.com/ringtrip/ringtrip/call"

// MaxLegs is how many of the callee's devices one call rings.
const MaxLegs = 8

// State is where the call stands for the server.
type State uint8

// The states of a forked call; the numbers are stored.
const (
	Idle     State = 0 // not started
	Ringing  State = 1 // offered to the callee's devices
	Answered State = 2 // one leg has it
	Ended    State = 3
)

// LegState is where the branch to one device stands; the numbers are stored.
type LegState uint8

// The states of a leg.
const (
	NoLeg       LegState = 0 // this slot is empty
	Created     LegState = 1 // nothing heard of the device yet
	Pushed      LegState = 2 // APNs took the push
	Woke        LegState = 3 // the device connected because of this call, or was connected
	LegRinging  LegState = 4 // the device's system shows the ring
	LegAnswered LegState = 5 // this leg has the call
	LegEnded    LegState = 6 // over for this device, with Reason
	Waiting     LegState = 7 // its group's turn has not come: the device has not heard of the call, and never will if it ends before
)

// Leg is the branch of a call to one device.
type Leg struct {
	State  LegState    `json:"state"`
	Reason call.Reason `json:"reason,omitempty"`
	Held   bool        `json:"held,omitempty"`  // the device holds the call
	Said   bool        `json:"said,omitempty"`  // the device itself said that it cannot ring; it is not in play again
	Group  uint8       `json:"group,omitempty"` // of a leg that waits: the lowest group is the next to ring
}

// Fork is one call rung on many devices. It is comparable.
type Fork struct {
	State      State        `json:"state"`
	Legs       [MaxLegs]Leg `json:"legs"`
	Winner     int8         `json:"winner"` // index of the leg that answered; valid in Answered and, if it was answered, Ended; else -1. The zero Fork has 0 and State Idle.
	By         int8         `json:"by"`     // index of the leg that decided the end (declined, blocked, hung up); -1: the caller, the clock or the server
	CallerHeld bool         `json:"caller_held,omitempty"`
	Alone      bool         `json:"alone,omitempty"`  // the caller is not in the call: it has left a group call that goes on, or the callee joined one by itself
	Only       bool         `json:"only,omitempty"`   // one group rings at a time: when the next one's turn comes, the one before stops
	Reason     call.Reason  `json:"reason,omitempty"` // why it ended
}

// EventKind says what happened.
type EventKind uint8

// What can happen to a forked call. Leg is the index of the leg it happened to.
const (
	_            EventKind = iota
	Start                  // ring N legs (at most MaxLegs), by Groups: the lowest group rings at once, the others wait. On: one group at a time. No legs: the call ends as unreachable. With Reason Blocked or DoNotDisturb the call ends with it, and nothing rings
	Join                   // a device came online during the ring and gets a leg of its own: Leg must be what [Fork.NextLeg] returns
	PushAccepted           // APNs took Leg's push
	PushFailed             // Leg's push failed for good
	Wake                   // Leg's device is connected; one given up as unreachable is back in play
	Ring                   // Leg's device shows the ring
	Answer                 // Leg's device answers
	Decline                // Leg's user declines, with Reason Declined or Blocked: for all devices; On: on this device only
	Busy                   // Leg is busy, with Reason Busy, DoNotDisturb or Unreachable: this device only; On: for all devices (busy elsewhere)
	Cancel                 // the caller gives up before the answer
	CallerHangup           // the caller ends the answered call, with Reason HungUp, MediaFailed or Crashed
	LegHangup              // Leg ends the answered call, with Reason as above; On: if it is a decline, then on this device only
	CallerHold             // On
	LegHold                // Leg, On
	RingTimeout            // the ring's deadline passed
	Abandoned              // neither end of an answered call was heard of for too long
	Glare                  // the callee's own call to the caller is older and goes on instead
	End                    // the backend ends the call
	NextGroup              // the delay of the group that is next has passed
	Move                   // the callee goes on with the answered call on Leg's device: a leg that is over or never rang, or what [Fork.NextLeg] returns
	MoveCaller             // the caller goes on with the answered call on another device
	Enter                  // the callee joins a group call by itself: Leg 0 has the call at once, nothing rings, and there is no caller
	CallerLeave            // the caller leaves a group call: an answered call goes on without it, one that rings is cancelled
	OfferMove              // Leg's device is to ring, so that its user can take the answered call over: a leg that is over or never rang, or what [Fork.NextLeg] returns
	Withdraw               // the leg that rings by OfferMove stops, with Reason Cancelled or Unanswered: the call stays where it is
	Take                   // Leg, which rings by OfferMove, is another device of the caller's, and the caller goes on there
)

// Event is one thing that happened. It is comparable.
type Event struct {
	Kind   EventKind
	Leg    int8
	N      int8           // Start
	Groups [MaxLegs]uint8 // Start: the legs' groups
	Reason call.Reason
	On     bool
}

// EffectKind is an order of the machine to the server.
type EffectKind uint8

// What the server has to do, all of it in the one commit that stores the new Fork.
const (
	_          EffectKind = iota
	PushLeg               // send Leg its VoIP push (only if it has no live foreground stream)
	TellCaller            // put the call's new state into the caller's event stream
	TellLeg               // put the call's new state into Leg's event stream
	ArmRing               // start the durable ring timer
	ArmAlive              // start the durable timer that ends abandoned calls
	ClearTimer            // no timer is needed any more
	Record                // write the history row and the webhook job, with Reason
	Accept                // answer to Leg's request: the call is yours
	Refuse                // answer to Leg's request: it is not, with Reason. Exactly one of the two follows every Answer, and no other event; Leg is -1 if it was out of range
	ArmNext               // start the durable timer that rings the next group, see [Fork.NextGroup], instead of the one before; it ends with the ring
)

// Effect is one order. It is comparable.
type Effect struct {
	Kind   EffectKind
	Leg    int8
	Reason call.Reason
}
