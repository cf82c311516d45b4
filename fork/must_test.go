package fork

import (
	"slices"

	"github.com/ringtrip/ringtrip/call"
)

// A must says what follows when something happens somewhere. The table is the specification of rules.go in other
// words, by purpose and not by row. What no must speaks of changes nothing.
type must struct {
	name  string
	given func(f Fork, e Event) bool
	then  func(f *Fork, e Event)
}

// over ends f for reason, and every leg that is not over for others.
func (f *Fork) over(by int8, reason, others call.Reason) {
	f.State, f.Reason, f.By, f.CallerHeld = Ended, reason, by, false
	for i, l := range f.Legs {
		if l.State != NoLeg && l.State != LegEnded && l.State != Waiting {
			f.Legs[i] = Leg{State: LegEnded, Reason: others}
		}
	}
}

func (f *Fork) legOver(leg int8, reason call.Reason) {
	f.Legs[leg] = Leg{State: LegEnded, Reason: reason}
}

// everybody ends f for one and the same reason, decided by nobody of the callee.
func everybody(reason call.Reason) func(*Fork, Event) {
	return func(f *Fork, _ Event) { f.over(-1, reason, reason) }
}

func while(s State, kind EventKind) func(Fork, Event) bool {
	return func(f Fork, e Event) bool { return f.State == s && e.Kind == kind }
}

// ofLeg holds while the call rings and e happens to a leg in one of these states.
func ofLeg(kind EventKind, states ...LegState) func(Fork, Event) bool {
	return func(f Fork, e Event) bool {
		return f.State == Ringing && e.Kind == kind && e.Leg >= 0 && e.Leg < MaxLegs && slices.Contains(states, f.Legs[e.Leg].State)
	}
}

// ofAny holds while the call rings and e happens to a leg that could answer, given up as unreachable or not.
func ofAny(kind EventKind) func(Fork, Event) bool {
	return func(f Fork, e Event) bool {
		return ofLeg(kind, Created, Pushed, Woke, LegRinging)(f, e) || ofLost(kind)(f, e)
	}
}

func ofLost(kind EventKind) func(Fork, Event) bool {
	return func(f Fork, e Event) bool {
		return ofLeg(kind, LegEnded)(f, e) && f.Legs[e.Leg].Reason == call.Unreachable && !f.Legs[e.Leg].Said
	}
}

// ofWinner holds while the call is answered and e happens to the leg that has it.
func ofWinner(kind EventKind) func(Fork, Event) bool {
	return func(f Fork, e Event) bool { return f.State == Answered && e.Kind == kind && e.Leg == f.Winner }
}

// ofOffered holds while the call is answered and e happens to a leg that rings to take it over, in one of these states.
func ofOffered(kind EventKind, states ...LegState) func(Fork, Event) bool {
	return func(f Fork, e Event) bool {
		return f.State == Answered && e.Kind == kind && e.Leg >= 0 && e.Leg < MaxLegs && slices.Contains(states, f.Legs[e.Leg].State)
	}
}

// canMoveTo reports whether the answered call can move to a leg, known or the next one.
func (f Fork) canMoveTo(leg int8) bool {
	if leg < 0 || leg >= MaxLegs {
		return false
	}
	first := slices.IndexFunc(f.Legs[:], func(l Leg) bool { return l.State == NoLeg })
	return leg != f.Winner && (f.Legs[leg].State != NoLeg || int(leg) == first)
}

func or(reason, otherwise call.Reason, allowed ...call.Reason) call.Reason {
	if slices.Contains(allowed, reason) {
		return reason
	}
	return otherwise
}

// here holds for events that are for one device only.
func here(given func(Fork, Event) bool) func(Fork, Event) bool {
	return func(f Fork, e Event) bool { return e.On && given(f, e) }
}

// turnOf lets the legs of the lowest group that waits ring, and the others stop if f rings one group at a time.
func (f *Fork) turnOf() {
	least := uint8(255)
	for _, l := range f.Legs {
		if l.State == Waiting {
			least = min(least, l.Group)
		}
	}
	for i, l := range f.Legs {
		if l.State == Waiting && l.Group == least {
			f.Legs[i] = Leg{State: Created}
		} else if f.Only && (l.State == Created || l.State == Pushed || l.State == Woke || l.State == LegRinging) {
			f.legOver(int8(i), call.Unanswered)
		}
	}
}

func (f Fork) waits() bool {
	return slices.ContainsFunc(f.Legs[:], func(l Leg) bool { return l.State == Waiting })
}

func hangupReason(e Event) call.Reason {
	return or(e.Reason, call.HungUp, call.MediaFailed, call.Crashed)
}

var musts = []must{
	{"a call that the callee does not want never rings", func(f Fork, e Event) bool {
		return while(Idle, Start)(f, e) && (e.Reason == call.Blocked || e.Reason == call.DoNotDisturb)
	}, func(f *Fork, e Event) { *f = Fork{State: Ended, Winner: -1, By: -1, Reason: e.Reason} }},
	{"start rings the lowest group, the others wait", while(Idle, Start), func(f *Fork, e Event) {
		*f = Fork{State: Ringing, Winner: -1, By: -1, Only: e.On}
		least := slices.Min(e.Groups[:max(1, min(e.N, MaxLegs))])
		for i := int8(0); i < min(e.N, MaxLegs); i++ {
			f.Legs[i].State = Created
			if e.Groups[i] > least {
				f.Legs[i] = Leg{State: Waiting, Group: e.Groups[i]}
			}
		}
	}},
	{"the next group rings when its time has come", func(f Fork, e Event) bool { return while(Ringing, NextGroup)(f, e) && f.waits() }, func(f *Fork, _ Event) { f.turnOf() }},
	{"a device that comes online joins the ring", func(f Fork, e Event) bool {
		return ofLeg(Join, NoLeg)(f, e) && (e.Leg == 0 || f.Legs[e.Leg-1].State != NoLeg)
	}, func(f *Fork, e Event) { f.Legs[e.Leg].State = Woke }},
	{"a push that APNs took is noted", ofLeg(PushAccepted, Created), func(f *Fork, e Event) { f.Legs[e.Leg].State = Pushed }},
	{"a push that failed makes the leg unreachable", ofLeg(PushFailed, Created, Pushed), func(f *Fork, e Event) { f.legOver(e.Leg, call.Unreachable) }},
	{"a device that connects is awake", ofLeg(Wake, Created, Pushed), func(f *Fork, e Event) { f.Legs[e.Leg].State = Woke }},
	{"a device that connects is no longer unreachable", ofLost(Wake), func(f *Fork, e Event) { f.Legs[e.Leg] = Leg{State: Woke} }},
	{"a device that shows the ring is ringing", ofAny(Ring), func(f *Fork, e Event) { f.Legs[e.Leg] = Leg{State: LegRinging} }},
	{"the first answer wins", ofAny(Answer), func(f *Fork, e Event) {
		f.over(f.By, 0, call.AnsweredElsewhere)
		f.State, f.Reason, f.Winner, f.Legs[e.Leg] = Answered, call.NotEnded, e.Leg, Leg{State: LegAnswered}
	}},
	{"a decline may be for this device only", here(ofAny(Decline)), func(f *Fork, e Event) { f.legOver(e.Leg, or(e.Reason, call.Declined, call.Blocked)) }},
	{"a decline is for all", ofAny(Decline), func(f *Fork, e Event) {
		why := or(e.Reason, call.Declined, call.Blocked)
		f.over(e.Leg, why, call.DeclinedElsewhere)
		f.legOver(e.Leg, why)
	}},
	{"busy for all is for all", func(f Fork, e Event) bool { return ofAny(Busy)(f, e) && e.On }, func(f *Fork, e Event) {
		why := or(e.Reason, call.Busy, call.DoNotDisturb, call.Unreachable)
		f.over(e.Leg, why, call.BusyElsewhere)
		f.legOver(e.Leg, why)
	}},
	{"busy is for this device only, and its last word", ofAny(Busy), func(f *Fork, e Event) {
		f.legOver(e.Leg, or(e.Reason, call.Busy, call.DoNotDisturb, call.Unreachable))
		f.Legs[e.Leg].Said = e.Reason == call.Unreachable
	}},
	{"a device that waits may say that it is busy", ofLeg(Busy, Waiting), func(f *Fork, e Event) {
		f.legOver(e.Leg, or(e.Reason, call.Busy, call.DoNotDisturb, call.Unreachable))
		f.Legs[e.Leg].Said = e.Reason == call.Unreachable
	}},
	{"to hang up before one's answer came may be to decline here", func(f Fork, e Event) bool {
		return here(ofAny(LegHangup))(f, e) && hangupReason(e) == call.HungUp
	}, func(f *Fork, e Event) { f.legOver(e.Leg, call.Declined) }},
	{"to hang up before one's answer came is to decline", func(f Fork, e Event) bool { return ofAny(LegHangup)(f, e) && hangupReason(e) == call.HungUp }, func(f *Fork, e Event) {
		f.over(e.Leg, call.Declined, call.DeclinedElsewhere)
		f.legOver(e.Leg, call.Declined)
	}},
	{"to fail before one's answer came is to fail alone", ofAny(LegHangup), func(f *Fork, e Event) { f.legOver(e.Leg, hangupReason(e)) }},
	{"a cancel is for all", while(Ringing, Cancel), everybody(call.Cancelled)},
	{"a caller that hangs up early cancels", while(Ringing, CallerHangup), everybody(call.Cancelled)},
	{"the deadline is for all", while(Ringing, RingTimeout), everybody(call.Unanswered)},
	{"glare replaces", while(Ringing, Glare), everybody(call.Replaced)},
	{"the backend may end the ring", while(Ringing, End), everybody(call.ServerEnded)},

	{"a callee may join a group by itself", while(Idle, Enter), func(f *Fork, _ Event) {
		*f = Fork{State: Answered, Winner: 0, By: -1, Alone: true, Legs: [MaxLegs]Leg{{State: LegAnswered}}}
	}},
	{"a caller that leaves before the answer cancels", while(Ringing, CallerLeave), everybody(call.Cancelled)},
	{"a caller that leaves lets the call go on", while(Answered, CallerLeave), func(f *Fork, _ Event) { f.Alone, f.CallerHeld = true, false }},
	{"a caller that is out has no say", func(f Fork, e Event) bool {
		return f.State == Answered && f.Alone && slices.Contains([]EventKind{CallerHold, MoveCaller, Cancel, CallerHangup, Take}, e.Kind)
	}, func(*Fork, Event) {}},

	{"a device is rung so that it can take the call over", func(f Fork, e Event) bool {
		return f.State == Answered && e.Kind == OfferMove && f.Open() == 0 && f.canMoveTo(e.Leg)
	}, func(f *Fork, e Event) { f.Legs[e.Leg] = Leg{State: Created} }},
	{"its push is noted", ofOffered(PushAccepted, Created), func(f *Fork, e Event) { f.Legs[e.Leg].State = Pushed }},
	{"its push may fail", ofOffered(PushFailed, Created, Pushed), func(f *Fork, e Event) { f.legOver(e.Leg, call.Unreachable) }},
	{"it may wake", ofOffered(Wake, Created, Pushed), func(f *Fork, e Event) { f.Legs[e.Leg].State = Woke }},
	{"it may ring", ofOffered(Ring, Created, Pushed, Woke), func(f *Fork, e Event) { f.Legs[e.Leg].State = LegRinging }},
	{"it answers and has the call", ofOffered(Answer, Created, Pushed, Woke, LegRinging), func(f *Fork, e Event) {
		f.legOver(f.Winner, call.AnsweredElsewhere)
		f.Winner, f.Legs[e.Leg] = e.Leg, Leg{State: LegAnswered}
	}},
	{"or the caller goes on there", ofOffered(Take, Created, Pushed, Woke, LegRinging), func(f *Fork, e Event) {
		f.legOver(e.Leg, call.AnsweredElsewhere)
		f.CallerHeld = false
	}},
	{"if it declines, the call stays", ofOffered(Decline, Created, Pushed, Woke, LegRinging), func(f *Fork, e Event) {
		f.legOver(e.Leg, or(e.Reason, call.Declined, call.Blocked))
	}},
	{"if it is busy, the call stays", ofOffered(Busy, Created, Pushed, Woke, LegRinging), func(f *Fork, e Event) {
		f.legOver(e.Leg, or(e.Reason, call.Busy, call.DoNotDisturb, call.Unreachable))
	}},
	{"if it hangs up, the call stays", ofOffered(LegHangup, Created, Pushed, Woke, LegRinging), func(f *Fork, e Event) {
		why := hangupReason(e)
		if why == call.HungUp {
			why = call.Declined
		}
		f.legOver(e.Leg, why)
	}},
	{"what was offered may be withdrawn", func(f Fork, e Event) bool { return f.State == Answered && e.Kind == Withdraw }, func(f *Fork, e Event) {
		for i, l := range f.Legs {
			if l.State != NoLeg && l.State != LegEnded && l.State != Waiting && l.State != LegAnswered {
				f.legOver(int8(i), or(e.Reason, call.Cancelled, call.Unanswered))
			}
		}
	}},
	{"the caller may hold", while(Answered, CallerHold), func(f *Fork, e Event) { f.CallerHeld = e.On }},
	{"the winner may hold", ofWinner(LegHold), func(f *Fork, e Event) { f.Legs[e.Leg].Held = e.On }},
	{"the call moves to another of the callee's devices", func(f Fork, e Event) bool {
		return f.State == Answered && e.Kind == Move && f.canMoveTo(e.Leg)
	}, func(f *Fork, e Event) {
		for i, l := range f.Legs {
			if l.State != NoLeg && l.State != LegEnded && l.State != Waiting {
				f.legOver(int8(i), call.AnsweredElsewhere)
			}
		}
		f.Winner, f.Legs[e.Leg] = e.Leg, Leg{State: LegAnswered}
	}},
	{"a caller that moves does not hold", while(Answered, MoveCaller), func(f *Fork, _ Event) { f.CallerHeld = false }},
	{"a cancel that crosses the answer hangs up", while(Answered, Cancel), everybody(call.HungUp)},
	{"the caller may hang up", while(Answered, CallerHangup), func(f *Fork, e Event) { f.over(-1, hangupReason(e), hangupReason(e)) }},
	{"the winner may hang up", ofWinner(LegHangup), func(f *Fork, e Event) { f.over(e.Leg, hangupReason(e), hangupReason(e)) }},
	{"a winner that declines hangs up", ofWinner(Decline), func(f *Fork, e Event) { f.over(e.Leg, call.HungUp, call.HungUp) }},
	{"a winner that says busy has lost the call", ofWinner(Busy), func(f *Fork, e Event) { f.over(e.Leg, call.Crashed, call.Crashed) }},
	{"an abandoned call ends", while(Answered, Abandoned), everybody(call.Crashed)},
	{"the backend may end the call", while(Answered, End), everybody(call.ServerEnded)},
}

// rightful returns the must that speaks of e in f.
func rightful(f Fork, e Event) must {
	for _, m := range musts {
		if m.given(f, e) {
			return m
		}
	}
	return must{"what no must speaks of changes nothing", nil, func(*Fork, Event) {}}
}

// oracle returns what must follow.
func oracle(f Fork, e Event) Fork {
	rightful(f, e).then(&f, e)
	if f.State != Ringing || f.Open() > 0 {
		return f
	}
	if f.waits() {
		f.turnOf()
		return f
	}
	rank := []call.Reason{call.Unreachable, call.Crashed, call.MediaFailed, call.Unanswered, call.DoNotDisturb, call.Busy, call.Blocked, call.Declined}
	best := -1
	f.State, f.Reason = Ended, call.Unreachable
	for i, l := range f.Legs {
		if r := slices.Index(rank, l.Reason); l.State == LegEnded && r > best {
			best, f.Reason, f.By = r, l.Reason, int8(i)
		}
	}
	return f
}
