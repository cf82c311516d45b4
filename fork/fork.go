// Package fork decides what happens to one call that rings on many devices: who has it, who stops ringing, why it
// ended and who must be told. [Step] is all of it: a pure function from a [Fork] and an [Event] to the next Fork and
// the [Effect] orders that follow, made to be stored in one commit.
//
// The package refuses to do anything itself: it has no clock, no store, no network and no identifiers; a device is
// the index of its leg. Who may call whom, which devices ring and how a push travels is the server's business.
//
// # What holds
//
//   - All legs ring; the first answer wins, and every other leg ends with AnsweredElsewhere. Each answer gets exactly one
//     reply: Accept for the leg that has the call, however often it asks, Refuse with the leg's own reason for every other.
//   - Legs that wait ring group by group, the lowest first: when the delay of the next one has passed, or at once when no
//     leg that rang could answer any more. The groups before go on ringing, unless the call rings one group at a time. What
//     waits when the ring ends never hears of the call.
//   - A decline ends the call for all devices, unless it says that it is for its own only; a busy device ends only itself,
//     unless it says so for all.
//   - One device's failure never ends its siblings. When no leg is left that could answer, the call ends with the most
//     telling of the legs' reasons: declined or blocked, busy, do not disturb, unanswered, media failed, crashed, unreachable. A
//     call without legs is unreachable.
//   - A leg that was given up as unreachable is back in play as soon as its device is heard of.
//   - A hang-up from a leg whose answer never came counts as a decline, for its user meant to end the call; one for a
//     failure ends that leg only. A cancel that crosses an answer counts as a hang-up.
//   - An answered call moves to another of the callee's devices, whether that one had rung or not; the one that had it ends
//     as answered elsewhere. It moves to another of the caller's devices just so, and is not on hold there.
//   - Such a device may be rung for it: one leg of an answered call may ring, and if its user answers, the call moves there.
//     Whatever else becomes of that leg, the call stays where it is.
//   - A call that is a part of a group call may go on without its caller, who has left the group; and a callee may join
//     a group by itself, with a call that has no caller and rings nowhere.
//   - Who sees something new is told, and nobody else: that follows from comparing what each could see ([Fork.CallerSees],
//     [Fork.LegSees]) before and after. Timers follow from the state. The history row is written once, at the end.
//
// The rows and the diagram are in docs/model/fork.md, written from the code.
package fork

import "github.com/ringtrip/ringtrip/call"

// Step returns what follows when e happens to f. It never panics, whatever f and e are: legs out of range, empty slots
// and events that come too late change nothing (but an Answer is always replied to).
func Step(f Fork, e Event) (Fork, []Effect) { return standard.step(f, e) }

// Live reports whether f was started and is not over.
func (f Fork) Live() bool { return f.State == Ringing || f.State == Answered }

// WasAnswered reports whether a leg has, or had, the call; its index is Winner.
func (f Fork) WasAnswered() bool {
	return (f.State == Answered || f.State == Ended) && f.Winner >= 0 && f.Winner < MaxLegs
}

// Len returns how many legs f has, whatever became of them. Legs fill their slots from the first on.
func (f Fork) Len() int {
	n := 0
	for _, l := range f.Legs {
		if l.State != NoLeg {
			n++
		}
	}
	return n
}

// Open returns how many legs could still answer.
func (f Fork) Open() int {
	n := 0
	for _, l := range f.Legs {
		if l.Open() {
			n++
		}
	}
	return n
}

// NextGroup returns the group of legs that rings next; false if none waits.
func (f Fork) NextGroup() (uint8, bool) {
	group, ok := uint8(0), false
	for _, l := range f.Legs {
		if l.State == Waiting && (!ok || l.Group < group) {
			group, ok = l.Group, true
		}
	}
	return group, ok
}

// NextLeg returns the first empty slot, which is the Leg of the next Join; false if all are taken.
func (f Fork) NextLeg() (int8, bool) {
	for i, l := range f.Legs {
		if l.State == NoLeg {
			return int8(i), true
		}
	}
	return -1, false
}

// Open reports whether l could still answer.
func (l Leg) Open() bool {
	switch l.State {
	case Created, Pushed, Woke, LegRinging:
		return true
	case NoLeg, LegAnswered, LegEnded, Waiting:
	}
	return false
}

// View is what one side can see of a call. Only a change of it is worth a message, and a message carries all of it,
// so that a lost or doubled one does no harm.
type View struct {
	State   State
	Ringing bool        // caller: the system of at least one device shows the ring
	Held    bool        // the far end holds
	Winner  int8        // the leg that answered, for the caller and for those that were answered elsewhere; else -1
	By      int8        // the leg that decided the end, for the caller and for those declined or busy elsewhere; else -1
	Reason  call.Reason // why it is over for this side
}

// CallerSees returns the caller's view.
func (f Fork) CallerSees() View { return callerView(f) }

// LegSees returns the view of leg's device: Ringing while the leg could answer, Answered while it has the call, Ended
// when it is over for this device. An empty slot, one that waits, and one out of range see the zero View.
func (f Fork) LegSees(leg int8) View {
	if leg < 0 || leg >= MaxLegs {
		return View{}
	}
	return legView(f, leg)
}

// Events returns what v means to the call machine of the device that sees it, in order. Events that it knows already
// do no harm.
func (v View) Events(caller bool) []call.Event {
	switch v.State {
	case Ringing:
		if !caller {
			return []call.Event{{Kind: call.Offered}}
		}
		if v.Ringing {
			return []call.Event{{Kind: call.RemoteRinging}}
		}
	case Answered:
		return []call.Event{{Kind: call.RemoteAnswered}, {Kind: call.RemoteHold, On: v.Held}}
	case Ended:
		return []call.Event{{Kind: call.RemoteEnded, Reason: v.Reason}}
	case Idle:
	}
	return nil
}

func callerView(f Fork) View {
	v := View{State: f.State, Winner: -1, By: -1, Reason: f.Reason}
	if f.Alone { // it hung up, and hears no more
		return View{State: Ended, Winner: -1, By: -1, Reason: call.HungUp}
	}
	for _, l := range f.Legs {
		v.Ringing = v.Ringing || f.State == Ringing && l.State == LegRinging
	}
	if f.WasAnswered() {
		v.Winner = f.Winner
		v.Held = f.Legs[f.Winner].Held
	}
	if f.State == Ended {
		v.By = f.By
	}
	return v
}

func legView(f Fork, leg int8) View {
	l := f.Legs[leg]
	v := View{Winner: -1, By: -1, Reason: l.Reason}
	switch l.State {
	case NoLeg, Waiting:
		return View{}
	case Created, Pushed, Woke, LegRinging:
		v.State = Ringing
	case LegAnswered:
		v.State, v.Held = Answered, f.CallerHeld
	case LegEnded:
		if f.State == Ringing && l.Reason == call.Unreachable && !l.Said {
			v.State, v.Reason = Ringing, call.NotEnded // as soon as the device can see this, it is back in play
			return v
		}
		v.State = Ended
		switch l.Reason {
		case call.AnsweredElsewhere:
			v.Winner = f.Winner
		case call.DeclinedElsewhere, call.BusyElsewhere:
			v.By = f.By
		}
	}
	return v
}
