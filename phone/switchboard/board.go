package switchboard

// A Board is all calls of one device. It is comparable, so all of its states can be listed. Make one with [New].
type Board struct {
	Policy  Policy
	Lines   [Lines]Line
	Front   uint8   // the line that was answered or resumed last, even if it is on hold now; None: there is none
	Foreign Foreign // calls that are not ours
	Lent    bool    // between didActivate and didDeactivate
	Tried   bool    // a resume was asked for, and nothing has changed since
}

// New returns a device without calls.
func New(p Policy) Board { return Board{Policy: p, Front: None} }

// A Policy is what does not change while calls go on.
type Policy struct {
	Groups   uint8 // CXProviderConfiguration.maximumCallGroups; 1 or 0: one call at a time
	OneCall  bool  // a call that comes in during another is told busy, whatever Groups says
	StayHeld bool  // a held call is only offered, not resumed by request
	Mixes    bool  // media can mix the calls of a group
}

// waiting reports whether a call may ring in during another.
func (p Policy) waiting() bool { return p.Groups > 1 && !p.OneCall }

// A Line is one call of ours. The zero Line is free.
type Line struct {
	State State
	Held  bool
	For   For   // what it is held for
	Wish  For   // what the app has asked for it to be held for, and it is not yet; ForNobody: it has not
	Group uint8 // calls of the same group have the same number; 0: in none
}

// State is where a line stands.
type State uint8

// The states of a line.
const (
	Free     State = iota
	Starting       // the system was asked to start a call
	Dialing        // outgoing, nobody has answered
	Ringing        // incoming, not answered (also while the report is under way)
	Talking        // answered
)

// For says what a line is held for. A number from ForLine on is a line: ForLine + its number.
type For uint8

// What a line may be held for.
const (
	ForNobody  For = iota // it is not held
	ForUser               // the user wants it so
	ForForeign            // for a call that is not ours
	ForGone               // for a call that is over
	ForLine               // for line 0, and so on
)

// Foreign is what CXCallObserver knows of calls that are not ours, taken together.
type Foreign uint8

// What other apps and the mobile network may be doing.
const (
	NoForeign   Foreign = iota
	ForeignHeld         // every one of them is on hold
	ForeignOn           // one of them rings, dials or talks
)

// An Event is one thing that happened. It is comparable.
type Event struct {
	Kind    EventKind
	Line    uint8   // which line; of Offered and WantStart none: the board chooses
	With    uint8   // WantMerge, Grouped: the line to group with; None leaves the group
	On      bool    // Held: on hold. Offered: it must ring even if the device is on a call (glare, or it rings already)
	Gone    bool    // Held, on hold: another call, ours or not, was over a moment ago; the system may have meant to make way for it
	Foreign Foreign // ForeignIs
}

// EventKind says what happened.
type EventKind uint8

// What can happen to a board.
const (
	_ EventKind = iota

	// From the calls themselves, after package call has heard of it.

	Offered    // a call wants to ring
	Started    // the system performed the start
	Answered   // here, or by the far end
	Held       // the system performed hold (On) or resume
	HoldFailed // the system refused a hold, or timed it out
	Ended      // for whatever reason, or it was never started

	// From the system.

	AudioOn   // didActivate
	AudioOff  // didDeactivate
	ForeignIs // CXCallObserver: calls that are not ours are now as Foreign says
	Grouped   // the system performs a group action: Line joins With, or leaves its group
	Reset     // providerDidReset: all calls are gone
	Patience  // the moment is over that the system had to resume a held call by itself

	// From the app's own buttons. They become requests to the system, or are refused.

	WantStart         // call somebody: who talks is held first
	WantAnswer        // answer: who talks is held first, who dials is ended
	WantEndAnswer     // answer: who is in front is ended first, or who is on hold if nobody is
	WantEndHeldAnswer // answer: who is on hold is ended first, who talks is held
	WantHold          // hold
	WantResume        // resume: who talks is held first
	WantSwap          // hold who talks, resume who is on hold
	WantMerge         // make Line and With a group
	WantSplit         // leave the group
)

// An Effect is one order. It is comparable.
type Effect struct {
	Kind EffectKind
	Line uint8
	With uint8   // AskGroup: the line to group with, None leaves the group
	On   bool    // AskHold: hold, else resume
	Why  Refusal // Refuse
}

// EffectKind is an order of the machine to the engine around it.
type EffectKind uint8

// What the engine has to do.
const (
	_ EffectKind = iota

	Ring         // the offered call has Line: let it ring
	Busy         // the offered call has no line: it is told busy on this device
	Lend         // the audio session is Line's from now on
	TakeBack     // it is not any more
	FulfillGroup // the group action of this event
	FailGroup    // the group action of this event
	AskStart     // request CXStartCallAction; Line is the new call's
	AskAnswer    // request CXAnswerCallAction
	AskEnd       // request CXEndCallAction
	AskHold      // request CXSetHeldCallAction, On as said
	AskGroup     // request CXSetGroupCallAction
	Refuse       // the command can't be done, Why says why
	StartTimer   // of Patience
	StopTimer
)

// Refusal says why a command of the app can't be done.
type Refusal uint8

// Why commands are refused.
const (
	_             Refusal = iota
	NoSuchCall            // the line has no call that this could be done to
	OnCall                // a call rings or dials; it must be answered or ended first
	TooMany               // one more call would be more than Policy.Groups
	NothingToSwap         // there are not one call that talks and one on hold
	CannotMix             // media can't mix calls on this device
)
