package fork

import "github.com/ringtrip/ringtrip/call"

// A need is a named condition on a turn.
type need struct {
	name string
	is   func(t *turn) bool
}

// A clause holds for every event: when all of its needs are met, it is done.
type clause struct {
	name string
	when []need
	do   func(t *turn)
}

// telling orders the reasons of single legs.
var telling = []call.Reason{call.Declined, call.Blocked, call.Busy, call.DoNotDisturb, call.Unanswered, call.MediaFailed, call.Crashed, call.Unreachable}

var (
	rings        = need{"the call rings", func(t *turn) bool { return t.next.State == Ringing }}
	nobodyLeft   = need{"no leg could answer", func(t *turn) bool { return t.next.Open() == 0 }}
	over         = need{"the call is over", func(t *turn) bool { return t.next.State == Ended }}
	justOver     = need{"it was not over before", func(t *turn) bool { return t.before.State != Ended }}
	answers      = need{"an answer", func(t *turn) bool { return t.event.Kind == Answer }}
	hasIt        = need{"this leg has the call", func(t *turn) bool { return t.next.State == Answered && t.next.Winner == t.event.Leg }}
	hasItNot     = need{"this leg does not have the call", func(t *turn) bool { return !hasIt.is(t) }}
	callerNews   = need{"the caller sees something new", func(t *turn) bool { return t.m.callerSee(t.before) != t.m.callerSee(t.next) }}
	startsRing   = need{"the call begins to ring", func(t *turn) bool { return t.before.State != Ringing && t.next.State == Ringing }}
	getsAnswer   = need{"the call is answered", func(t *turn) bool { return t.before.State != Answered && t.next.State == Answered }}
	somebodyNext = need{"a leg waits for its turn", func(t *turn) bool { _, ok := t.next.NextGroup(); return ok }}
	nextIsNew    = need{"another group is the next than before", func(t *turn) bool {
		was, waited := t.before.NextGroup()
		is, waits := t.next.NextGroup()
		return was != is || waited != waits
	}}
	timerWasSet = need{"a timer was armed", func(t *turn) bool { return t.before.Live() }}
)

var clauses = []clause{
	{"when no leg could answer, ring the next group", []need{rings, nobodyLeft}, func(t *turn) { t.next.ringNext() }},
	{"when no leg could answer, end with the most telling reason", []need{rings, nobodyLeft}, giveUp},
	{"forget hold when the call is over", []need{over}, func(t *turn) { t.next.CallerHeld = false }},
	{"accept the answer of the leg that has the call", []need{answers, hasIt}, func(t *turn) {
		t.out = append(t.out, Effect{Kind: Accept, Leg: t.event.Leg})
	}},
	{"refuse every other answer", []need{answers, hasItNot}, func(t *turn) {
		t.out = append(t.out, Effect{Kind: Refuse, Leg: t.event.Leg, Reason: t.refusal()})
	}},
	{"push to each leg that is created or whose turn has come", nil, func(t *turn) {
		for i, l := range t.next.Legs {
			if l.State == Created && t.before.Legs[i].State != Created {
				t.out = append(t.out, Effect{Kind: PushLeg, Leg: int8(i)})
			}
		}
	}},
	{"tell the caller", []need{callerNews}, func(t *turn) { t.out = append(t.out, Effect{Kind: TellCaller}) }},
	{"tell each leg that sees something new", nil, func(t *turn) {
		for i := range int8(MaxLegs) {
			if t.m.legSee(t.before, i) != t.m.legSee(t.next, i) {
				t.out = append(t.out, Effect{Kind: TellLeg, Leg: i})
			}
		}
	}},
	{"arm the ring timer", []need{startsRing}, func(t *turn) { t.out = append(t.out, Effect{Kind: ArmRing}) }},
	{"arm the timer of the next group", []need{rings, somebodyNext, nextIsNew}, func(t *turn) { t.out = append(t.out, Effect{Kind: ArmNext}) }},
	{"arm the timer for abandoned calls", []need{getsAnswer}, func(t *turn) { t.out = append(t.out, Effect{Kind: ArmAlive}) }},
	{"clear the timer", []need{over, justOver, timerWasSet}, func(t *turn) { t.out = append(t.out, Effect{Kind: ClearTimer}) }},
	{"record the end", []need{over, justOver}, func(t *turn) {
		t.out = append(t.out, Effect{Kind: Record, Reason: t.next.Reason})
	}},
}

// giveUp ends a call that nobody is left to answer.
func giveUp(t *turn) {
	t.next.State, t.next.Reason = Ended, call.Unreachable
	for _, reason := range t.m.telling {
		for i, l := range t.next.Legs {
			if l.State == LegEnded && l.Reason == reason {
				t.next.Reason, t.next.By = reason, int8(i)
				return
			}
		}
	}
}

// refusal is why the event's leg does not have the call.
func (t *turn) refusal() call.Reason {
	if t.event.Leg >= 0 && t.next.Legs[t.event.Leg].Reason != call.NotEnded {
		return t.next.Legs[t.event.Leg].Reason
	}
	if t.next.Reason != call.NotEnded {
		return t.next.Reason
	}
	return call.Unreachable // the call never rang on that device
}
