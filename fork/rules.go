package fork

import (
	"slices"

	"github.com/ringtrip/ringtrip/call"
)

// A rule is one row of the table: in these states, for a leg in these states, on this event, if the guards hold.
type rule struct {
	in   []State
	legs []LegState // nil: the event has no leg
	on   EventKind
	when []guard

	leg    LegState    // where the event's leg goes; NoLeg: it stays
	legWhy call.Reason // if leg is LegEnded
	to     State       // Idle: stay
	why    call.Reason // if to is Ended
	others call.Reason // what the other legs that could answer, and the one that has the call, end with
	by     bool        // the event's leg decided the end
	set    change
}

// eventReason, as any of a rule's reasons, takes the event's.
const eventReason call.Reason = 0

// inPlay are the states of a leg that could answer; it goes with the guard ifInPlay.
var inPlay = []LegState{Created, Pushed, Woke, LegRinging, LegEnded}

// silent are the states of a leg that can take an answered call over; an empty slot must be the next one.
var silent = []LegState{NoLeg, LegEnded, Waiting}

// offered are the states of a leg that rings by OfferMove, while the call is answered.
var offered = []LegState{Created, Pushed, Woke, LegRinging}

// rules is what events do, besides the clauses that hold for all of them. The first row that fits counts. An event
// that no row names is ignored, and refused if it is an answer.
var rules = []rule{
	{in: []State{Idle}, on: Start, when: []guard{ifRefused}, to: Ended, set: isRefused},
	{in: []State{Idle}, on: Start, to: Ringing, set: isCreated},
	{in: []State{Idle}, on: Enter, to: Answered, set: isEntered},

	// What becomes of one leg while the call rings.
	{in: []State{Ringing}, legs: []LegState{NoLeg}, on: Join, when: []guard{ifNext}, leg: Woke},
	{in: []State{Ringing, Answered}, legs: []LegState{Created}, on: PushAccepted, leg: Pushed},
	{in: []State{Ringing, Answered}, legs: []LegState{Created, Pushed}, on: PushFailed, leg: LegEnded, legWhy: call.Unreachable},
	{in: []State{Ringing}, legs: []LegState{Created, Pushed, LegEnded}, on: Wake, when: []guard{ifInPlay}, leg: Woke},
	{in: []State{Ringing}, legs: inPlay, on: Ring, when: []guard{ifInPlay}, leg: LegRinging},
	{in: []State{Ringing}, legs: inPlay, on: Busy, when: []guard{ifInPlay, ifForAll}, leg: LegEnded, to: Ended, others: call.BusyElsewhere, by: true},
	{in: []State{Ringing}, legs: append([]LegState{Waiting}, inPlay...), on: Busy, when: []guard{ifInPlay}, leg: LegEnded, set: isSaid},
	{in: []State{Ringing}, legs: inPlay, on: LegHangup, when: []guard{ifInPlay, ifHungUp, ifHere}, leg: LegEnded, legWhy: call.Declined},
	{in: []State{Ringing}, legs: inPlay, on: LegHangup, when: []guard{ifInPlay, ifHungUp}, leg: LegEnded, legWhy: call.Declined, to: Ended, why: call.Declined, others: call.DeclinedElsewhere, by: true},
	{in: []State{Ringing}, legs: inPlay, on: LegHangup, when: []guard{ifInPlay}, leg: LegEnded},

	{in: []State{Ringing}, legs: inPlay, on: Decline, when: []guard{ifInPlay, ifHere}, leg: LegEnded},
	{in: []State{Ringing}, on: NextGroup, set: isNext},

	// How the ring ends.
	{in: []State{Ringing}, legs: inPlay, on: Answer, when: []guard{ifInPlay}, leg: LegAnswered, to: Answered, others: call.AnsweredElsewhere, set: isWinner},
	{in: []State{Ringing}, legs: inPlay, on: Decline, when: []guard{ifInPlay}, leg: LegEnded, to: Ended, others: call.DeclinedElsewhere, by: true},
	{in: []State{Ringing}, on: Cancel, to: Ended, why: call.Cancelled, others: call.Cancelled},
	{in: []State{Ringing}, on: CallerHangup, to: Ended, why: call.Cancelled, others: call.Cancelled}, // the caller crashed, or believed it was answered
	{in: []State{Ringing}, on: CallerLeave, to: Ended, why: call.Cancelled, others: call.Cancelled},
	{in: []State{Ringing}, on: RingTimeout, to: Ended, why: call.Unanswered, others: call.Unanswered},
	{in: []State{Ringing}, on: Glare, to: Ended, why: call.Replaced, others: call.Replaced},
	{in: []State{Ringing}, on: End, to: Ended, why: call.ServerEnded, others: call.ServerEnded},

	// The answered call.
	{in: []State{Answered}, on: CallerHold, when: []guard{ifCallerIn}, set: isCallerHeld},
	{in: []State{Answered}, legs: []LegState{LegAnswered}, on: LegHold, set: isLegHeld},
	{in: []State{Answered}, legs: slices.Concat(silent, offered), on: Move, when: []guard{ifNextIfEmpty}, set: isMoved},
	{in: []State{Answered}, on: MoveCaller, when: []guard{ifCallerIn}, set: isNotCallerHeld},
	{in: []State{Answered}, on: Cancel, when: []guard{ifCallerIn}, to: Ended, why: call.HungUp, others: call.HungUp}, // it crossed the answer
	{in: []State{Answered}, on: CallerHangup, when: []guard{ifCallerIn}, to: Ended},
	{in: []State{Answered}, on: CallerLeave, set: isAlone},
	{in: []State{Answered}, legs: []LegState{LegAnswered}, on: LegHangup, to: Ended, by: true},
	{in: []State{Answered}, legs: []LegState{LegAnswered}, on: Decline, to: Ended, why: call.HungUp, others: call.HungUp, by: true},
	{in: []State{Answered}, legs: []LegState{LegAnswered}, on: Busy, to: Ended, why: call.Crashed, others: call.Crashed, by: true}, // the device lost a call that it had answered
	// A leg that rings while the call is answered, so that its user can take it over. Whatever becomes of it, the call stays.
	{in: []State{Answered}, legs: silent, on: OfferMove, when: []guard{ifNextIfEmpty, ifNothingOffered}, leg: Created},
	{in: []State{Answered}, legs: []LegState{Created, Pushed}, on: Wake, leg: Woke},
	{in: []State{Answered}, legs: offered, on: Ring, leg: LegRinging},
	{in: []State{Answered}, legs: offered, on: Answer, set: isMoved},
	{in: []State{Answered}, legs: offered, on: Take, when: []guard{ifCallerIn}, leg: LegEnded, legWhy: call.AnsweredElsewhere, set: isNotCallerHeld},
	{in: []State{Answered}, legs: offered, on: Decline, leg: LegEnded},
	{in: []State{Answered}, legs: offered, on: Busy, leg: LegEnded},
	{in: []State{Answered}, legs: offered, on: LegHangup, when: []guard{ifHungUp}, leg: LegEnded, legWhy: call.Declined},
	{in: []State{Answered}, legs: offered, on: LegHangup, leg: LegEnded},
	{in: []State{Answered}, on: Withdraw, set: isWithdrawn},

	{in: []State{Answered}, on: Abandoned, to: Ended, why: call.Crashed, others: call.Crashed},
	{in: []State{Answered}, on: End, to: Ended, why: call.ServerEnded, others: call.ServerEnded},
}

// A guard is a condition of a row.
type guard uint8

const (
	ifRefused guard = iota
	ifNext
	ifInPlay
	ifForAll
	ifHere
	ifHungUp
	ifNextIfEmpty
	ifCallerIn
	ifNothingOffered
)

var guards = [...]struct {
	name  string
	holds func(f Fork, e Event) bool
}{
	ifRefused: {"reason blocked or do not disturb", func(_ Fork, e Event) bool { return e.Reason != call.NotEnded }},
	ifNext: {"next empty slot", func(f Fork, e Event) bool {
		next, ok := f.NextLeg()
		return ok && next == e.Leg
	}},
	ifInPlay: {"leg not over, or given up as unreachable", func(f Fork, e Event) bool {
		return f.Legs[e.Leg].State != LegEnded || f.Legs[e.Leg].Reason == call.Unreachable && !f.Legs[e.Leg].Said
	}},
	ifForAll: {"on (for all devices)", func(_ Fork, e Event) bool { return e.On }},
	ifHere:   {"on (for this device only)", func(_ Fork, e Event) bool { return e.On }},
	ifNextIfEmpty: {"if the slot is empty, it is the next one", func(f Fork, e Event) bool {
		next, ok := f.NextLeg()
		return f.Legs[e.Leg].State != NoLeg || ok && next == e.Leg
	}},
	ifCallerIn:       {"the caller is in the call", func(f Fork, _ Event) bool { return !f.Alone }},
	ifNothingOffered: {"no leg rings", func(f Fork, _ Event) bool { return f.Open() == 0 }},
	ifHungUp:         {"reason hungup", func(_ Fork, e Event) bool { return e.Reason == call.HungUp }},
}

// A change is what a row does besides moving the call and its leg.
type change uint8

const (
	nothing change = iota
	isRefused
	isCreated
	isWinner
	isCallerHeld
	isLegHeld
	isSaid
	isNext
	isMoved
	isNotCallerHeld
	isEntered
	isAlone
	isWithdrawn
)

var changes = [...]struct {
	name string
	make func(f *Fork, e Event)
}{
	nothing:   {"", func(*Fork, Event) {}},
	isRefused: {"no legs", func(f *Fork, _ Event) { f.Winner, f.By = -1, -1 }},
	isCreated: {"N legs; the lowest group is created, the others wait; one group at a time if on", func(f *Fork, e Event) {
		f.Winner, f.By, f.Only = -1, -1, e.On
		for i := range e.N {
			f.Legs[i] = Leg{State: Waiting, Group: e.Groups[i]}
		}
		f.ringNext()
	}},
	isWinner:     {"this leg has the call", func(f *Fork, e Event) { f.Winner = e.Leg }},
	isCallerHeld: {"held by the caller if on", func(f *Fork, e Event) { f.CallerHeld = e.On }},
	isSaid:       {"said by the device, if unreachable", func(f *Fork, e Event) { f.Legs[e.Leg].Said = e.Reason == call.Unreachable }},
	isNext:       {"the next group rings; one at a time, the others stop as unanswered", func(f *Fork, _ Event) { f.ringNext() }},
	isEntered: {"the first leg has the call, without a caller", func(f *Fork, _ Event) {
		f.Winner, f.By, f.Alone, f.Legs[0] = 0, -1, true, Leg{State: LegAnswered}
	}},
	isAlone: {"the caller is out of the call", func(f *Fork, _ Event) { f.Alone, f.CallerHeld = true, false }},
	isWithdrawn: {"the leg that rings stops", func(f *Fork, e Event) {
		for i, l := range f.Legs {
			if l.Open() {
				f.Legs[i] = Leg{State: LegEnded, Reason: e.Reason}
			}
		}
	}},
	isMoved: {"this leg has the call; the one that had it, and one that rings, was answered elsewhere", func(f *Fork, e Event) {
		for i, l := range f.Legs {
			if l.State == LegAnswered || l.Open() {
				f.Legs[i] = Leg{State: LegEnded, Reason: call.AnsweredElsewhere}
			}
		}
		f.Winner, f.Legs[e.Leg] = e.Leg, Leg{State: LegAnswered}
	}},
	isNotCallerHeld: {"not held by the caller", func(f *Fork, _ Event) { f.CallerHeld = false }},
	isLegHeld:       {"held by this leg if on", func(f *Fork, e Event) { f.Legs[e.Leg].Held = e.On }},
}

// ringNext lets the group whose turn it is ring. If one rings at a time, the legs that rang stop: to their devices nobody
// answered. Without a leg that waits it does nothing.
func (f *Fork) ringNext() {
	group, ok := f.NextGroup()
	if !ok {
		return
	}
	for i, l := range f.Legs {
		switch {
		case l.State == Waiting && l.Group == group:
			f.Legs[i] = Leg{State: Created}
		case f.Only && l.Open():
			f.Legs[i] = Leg{State: LegEnded, Reason: call.Unanswered}
		}
	}
}

// hasLeg reports whether events of kind k happen to one leg.
func (k EventKind) hasLeg() bool {
	switch k {
	case Join, PushAccepted, PushFailed, Wake, Ring, Answer, Decline, Busy, LegHangup, LegHold, Move, OfferMove, Take:
		return true
	case Start, Cancel, CallerHangup, CallerHold, RingTimeout, Abandoned, Glare, End, NextGroup, MoveCaller, Enter, CallerLeave, Withdraw:
	}
	return false
}

// clean brings what makes no sense in e to what does: it comes from outside. A leg out of range becomes -1.
func clean(e Event) Event {
	var sensible []call.Reason // the first is the default
	switch e.Kind {
	case Start:
		e.N = min(max(e.N, 0), MaxLegs)
		sensible = []call.Reason{call.NotEnded, call.Blocked, call.DoNotDisturb}
	case Decline:
		sensible = []call.Reason{call.Declined, call.Blocked}
	case Busy:
		sensible = []call.Reason{call.Busy, call.DoNotDisturb, call.Unreachable}
	case LegHangup, CallerHangup:
		sensible = []call.Reason{call.HungUp, call.MediaFailed, call.Crashed}
	case Withdraw:
		sensible = []call.Reason{call.Cancelled, call.Unanswered}
	case Join, PushAccepted, PushFailed, Wake, Ring, Answer, Cancel, CallerHold, LegHold, RingTimeout, Abandoned, Glare, End, NextGroup, Move, MoveCaller,
		Enter, CallerLeave, OfferMove, Take:
	}
	if len(sensible) > 0 && !slices.Contains(sensible, e.Reason) {
		e.Reason = sensible[0]
	}
	if e.Leg < 0 || e.Leg >= MaxLegs {
		e.Leg = -1
	}
	return e
}
