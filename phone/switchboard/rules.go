package switchboard

// A rule is one row of the table: on this event, on a line in these states, if the guard holds.
type rule struct {
	in   []State // nil: whatever the line is, also none
	on   EventKind
	when guard
	to   State // same: stay
	set  change
	do   []order
	why  Refusal // Refuse with this
}

// same, as a rule's target, keeps the state.
const same State = 255

var (
	free   = []State{Free}
	unheld = []State{Dialing, Talking} // states in which a call may be held
	live   = []State{Starting, Ringing, Dialing, Talking}
)

// rules is what events do, besides the clauses that hold for all of them. The first row that fits counts; an event
// that no row names is ignored.
var rules = []rule{
	// The calls.
	{in: free, on: Offered, when: ifMayRing, to: Ringing, do: []order{ring}},
	{on: Offered, to: same, do: []order{busy}},
	{in: []State{Starting}, on: Started, to: Dialing},
	{in: []State{Ringing, Dialing}, on: Answered, to: Talking, set: isInFront},
	{in: unheld, on: Held, when: ifOn, to: same, set: isHeld},
	{in: unheld, on: Held, when: ifOff, to: same, set: isResumed},
	{in: unheld, on: HoldFailed, to: same, set: isNoWish},
	{in: live, on: Ended, to: Free, set: isOver},

	// The system.
	{on: AudioOn, when: ifLent, to: same, do: []order{restart}}, // some systems give twice: what captures must begin anew
	{on: AudioOn, to: same, set: isLent},
	{on: AudioOff, to: same, set: isTakenBack},
	{on: ForeignIs, to: same, set: isForeign},
	{in: []State{Talking}, on: Grouped, when: ifGroupable, to: same, set: isJoined, do: []order{fulfillGroup, resumeGroup}},
	{in: []State{Talking}, on: Grouped, when: ifLeaving, to: same, set: isSplit, do: []order{fulfillGroup}},
	{on: Grouped, to: same, do: []order{failGroup}},
	{on: Reset, to: same, set: isReset},
	{on: Patience, when: ifWaits, to: same, set: isTried, do: []order{askResumable}},

	// The app's buttons.
	{on: WantStart, when: ifUnsettled, to: same, why: OnCall},
	{in: free, on: WantStart, when: ifRoom, to: Starting, do: []order{makeRoom, askStart}},
	{on: WantStart, to: same, why: TooMany},
	{in: []State{Ringing}, on: WantAnswer, when: ifRoomBeside, to: same, do: []order{makeRoom, askAnswer}},
	{in: []State{Ringing}, on: WantAnswer, to: same, why: TooMany},
	{in: []State{Ringing}, on: WantEndAnswer, when: ifActive, to: same, do: []order{endActive, askAnswer}},
	{in: []State{Ringing}, on: WantEndAnswer, to: same, do: []order{endHeld, askAnswer}},
	{in: []State{Ringing}, on: WantEndHeldAnswer, to: same, do: []order{endHeld, makeRoom, askAnswer}},
	{in: unheld, on: WantHold, when: ifNotHeld, to: same, set: isWish, do: []order{askHold}},
	{in: unheld, on: WantHold, to: same}, // it is so already
	{in: unheld, on: WantResume, when: ifAnotherDials, to: same, why: OnCall},
	{in: unheld, on: WantResume, when: ifHeld, to: same, do: []order{makeRoom, askResume}},
	{in: unheld, on: WantResume, to: same},
	{on: WantSwap, when: ifSwappable, to: same, do: []order{holdTalking, resumeOther}},
	{on: WantSwap, to: same, why: NothingToSwap},
	{in: []State{Talking}, on: WantMerge, when: ifCannotMix, to: same, why: CannotMix},
	{in: []State{Talking}, on: WantMerge, when: ifGroupable, to: same, do: []order{resumeBoth, askGroup}},
	{in: []State{Talking}, on: WantSplit, when: ifGrouped, to: same, do: []order{askSplit}},
	{on: WantAnswer, to: same, why: NoSuchCall},
	{on: WantEndAnswer, to: same, why: NoSuchCall},
	{on: WantEndHeldAnswer, to: same, why: NoSuchCall},
	{on: WantHold, to: same, why: NoSuchCall},
	{on: WantResume, to: same, why: NoSuchCall},
	{on: WantMerge, to: same, why: NoSuchCall},
	{on: WantSplit, to: same, why: NoSuchCall},
}
