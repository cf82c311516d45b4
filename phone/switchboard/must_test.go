package switchboard

import (
	"fmt"
	"slices"
)

// A must is a property of the kind "when this happens there, that follows". The table is the specification of rules.go
// in other words. What no must speaks of changes no line's state and orders nothing but sound and timer.
type must struct {
	name  string
	given func(b Board, e Event) bool
	state State                              // of the event's line, keep: as before
	gives func(b Board, e Event) []Effect    // exactly these, besides sound and timer
	hold  func(b Board, e Event) (bool, For) // of the event's line; nil: as before
}

const keep State = 255

func at(kind EventKind, states ...State) func(Board, Event) bool {
	return func(b Board, e Event) bool {
		return e.Kind == kind && (len(states) == 0 || e.Line < Lines && slices.Contains(states, b.Lines[e.Line].State))
	}
}

func and(all ...func(Board, Event) bool) func(Board, Event) bool {
	return func(b Board, e Event) bool {
		return !slices.ContainsFunc(all, func(f func(Board, Event) bool) bool { return !f(b, e) })
	}
}

func not(f func(Board, Event) bool) func(Board, Event) bool {
	return func(b Board, e Event) bool { return !f(b, e) }
}

func isOn(_ Board, e Event) bool       { return e.On }
func fullHouse(b Board, _ Event) bool  { return len(those(b, live...)) == Lines }
func noCall(b Board, _ Event) bool     { return len(those(b, live...)) == 0 }
func mixes(b Board, _ Event) bool      { return b.Policy.Mixes }
func oneAtATime(b Board, _ Event) bool { return b.Policy.OneCall || b.Policy.Groups < 2 }
func inGroup(b Board, e Event) bool    { return b.Lines[e.Line].Group != 0 }
func onHold(b Board, e Event) bool     { return b.Lines[e.Line].Held }
func toNobody(_ Board, e Event) bool   { return e.With >= Lines }
func toTalking(b Board, e Event) bool {
	return e.With < Lines && e.With != e.Line && b.Lines[e.With].State == Talking
}
func someActive(b Board, e Event) bool  { return len(unheldBut(b, None)) > 0 }
func unsettled(b Board, _ Event) bool   { return len(those(b, Starting, Ringing, Dialing)) > 0 }
func swapTarget(b Board, _ Event) uint8 { return b.swappable() }

func dials(b Board, _ Event) bool {
	return len(slices.DeleteFunc(those(b, Dialing), func(i uint8) bool { return b.Lines[i].Held })) > 0
}

// makesRoom is what a call that comes to the front asks of the others: who talks is held, who dials is ended.
func makesRoom(b Board, but uint8) []Effect {
	var hold, end []uint8
	for _, i := range unheldBut(b, but) {
		if b.Lines[i].State == Talking {
			hold = append(hold, i)
		} else {
			end = append(end, i)
		}
	}
	return append(give(AskHold, true, hold...), give(AskEnd, false, end...)...)
}

// roomBeside is room where who dials is ended.
func roomBeside(b Board, e Event) bool {
	for i, l := range b.Lines {
		if l.State == Dialing && !l.Held {
			b.Lines[i] = Line{}
		}
	}
	return room(b, e)
}

// room says in other words whether one more call keeps to the limit.
func room(b Board, _ Event) bool {
	groups := map[uint8]bool{}
	n := 0
	for _, i := range those(b, Starting, Dialing, Talking) {
		if g := b.Lines[i].Group; g != 0 {
			groups[g] = true
		} else {
			n++
		}
	}
	return n+len(groups) < 1 || n+len(groups) < int(b.Policy.Groups)
}

// those returns the lines in some states.
func those(b Board, states ...State) []uint8 {
	var all []uint8
	for i, l := range b.Lines {
		if slices.Contains(states, l.State) {
			all = append(all, uint8(i))
		}
	}
	return all
}

func unheldBut(b Board, but uint8) []uint8 {
	return slices.DeleteFunc(those(b, Dialing, Talking), func(i uint8) bool { return i == but || b.Lines[i].Held })
}

func heldBut(b Board, but uint8) []uint8 {
	return slices.DeleteFunc(those(b, Dialing, Talking), func(i uint8) bool { return i == but || !b.Lines[i].Held })
}

func give(kind EffectKind, on bool, lines ...uint8) []Effect {
	var all []Effect
	for _, i := range lines {
		all = append(all, Effect{Kind: kind, Line: i, With: None, On: on})
	}
	return all
}

func only(kind EffectKind) func(Board, Event) []Effect {
	return func(_ Board, e Event) []Effect { return give(kind, false, min(e.Line, None)) }
}

func refuse(why Refusal) func(Board, Event) []Effect {
	return func(b Board, e Event) []Effect {
		line := min(e.Line, None)
		if e.Kind == WantStart {
			line = b.free()
		}
		return []Effect{{Kind: Refuse, Line: line, With: None, Why: why}}
	}
}

func nothingAsked(Board, Event) []Effect { return nil }

// heldFor says in other words what a hold is for.
func heldFor(b Board, e Event) (bool, For) {
	l := b.Lines[e.Line]
	switch {
	case l.Held:
		return true, l.For
	case l.Wish != ForNobody:
		return true, l.Wish
	case b.Foreign == ForeignOn:
		return true, ForForeign
	}
	if e.Gone {
		return true, ForGone
	}
	for _, s := range []State{Starting, Ringing, Dialing, Talking} {
		for _, i := range those(b, s) {
			if i != e.Line && !b.Lines[i].Held && !together(b, i, e.Line) {
				return true, ForLine + For(i)
			}
		}
	}
	if b.Foreign == ForeignHeld {
		return true, ForForeign // a swap
	}
	for _, s := range []State{Dialing, Talking} {
		for _, i := range those(b, s) {
			if i != e.Line && b.Lines[i].Held && !together(b, i, e.Line) {
				return true, ForLine + For(i) // a swap
			}
		}
	}
	return true, ForUser
}

func notHeld(Board, Event) (bool, For) { return false, ForNobody }

var musts = []must{
	{"a fourth call is busy", and(at(Offered), fullHouse), keep, func(Board, Event) []Effect { return give(Busy, false, None) }, nil},
	{"a call in a call is busy where calls don't wait", and(at(Offered), not(noCall), oneAtATime, not(isOn)), keep, func(Board, Event) []Effect { return give(Busy, false, None) }, nil},
	{"a call rings, also during another", at(Offered), keep, func(b Board, _ Event) []Effect { return give(Ring, false, b.free()) }, nil},
	{"a start that is performed dials", at(Started, Starting), Dialing, nothingAsked, nil},
	{"an answer makes a call talk", at(Answered, Ringing, Dialing), Talking, nothingAsked, nil},
	{"what is over frees its line", at(Ended, live...), Free, nothingAsked, nil},
	{"hold holds, for somebody", and(at(Held, Dialing, Talking), isOn), keep, nothingAsked, heldFor},
	{"resume resumes", and(at(Held, Dialing, Talking), not(isOn)), keep, nothingAsked, notHeld},
	{"grouping is done, and unholds members", and(at(Grouped, Talking), mixes, toTalking), keep, func(b Board, e Event) []Effect {
		group := map[uint8]bool{e.Line: true, e.With: true}
		for _, i := range those(b, Talking) {
			if together(b, i, e.Line) || together(b, i, e.With) {
				group[i] = true
			}
		}
		all := give(FulfillGroup, false, e.Line)
		for _, i := range heldBut(b, None) {
			if group[i] {
				all = append(all, give(AskHold, false, i)...)
			}
		}
		return all
	}, nil},
	{"leaving a group is done", and(at(Grouped, Talking), toNobody, inGroup), keep, only(FulfillGroup), nil},
	{"any other group action fails", at(Grouped), keep, only(FailGroup), nil},
	{"after a moment's patience a resume is asked for", and(at(Patience), func(b Board, _ Event) bool { return canAny(b) && !b.Policy.StayHeld && !b.Tried && !byUser(b) }), keep,
		func(b Board, _ Event) []Effect { return give(AskHold, false, b.resumable()) }, nil},

	{"no start while a call rings or dials", and(at(WantStart), unsettled), keep, refuse(OnCall), nil},
	{"no start beyond the limit, or the lines", and(at(WantStart), func(b Board, e Event) bool { return fullHouse(b, e) || !room(b, e) }), keep, refuse(TooMany), nil},
	{"a start holds who talks first", at(WantStart), keep, func(b Board, _ Event) []Effect {
		return append(makesRoom(b, None), give(AskStart, false, b.free())...)
	}, nil},
	{"no answer beyond the limit", and(at(WantAnswer, Ringing), not(roomBeside)), keep, refuse(TooMany), nil},
	{"an answer holds who talks first", at(WantAnswer, Ringing), keep, func(b Board, e Event) []Effect {
		return append(makesRoom(b, e.Line), give(AskAnswer, false, e.Line)...)
	}, nil},
	{"end and answer ends who talks", and(at(WantEndAnswer, Ringing), someActive), keep, func(b Board, e Event) []Effect {
		return append(give(AskEnd, false, unheldBut(b, e.Line)...), give(AskAnswer, false, e.Line)...)
	}, nil},
	{"end and answer ends who is on hold, if nobody talks", at(WantEndAnswer, Ringing), keep, func(b Board, e Event) []Effect {
		return append(give(AskEnd, false, heldBut(b, e.Line)...), give(AskAnswer, false, e.Line)...)
	}, nil},
	{"end held and answer ends who is on hold and holds who talks", at(WantEndHeldAnswer, Ringing), keep, func(b Board, e Event) []Effect {
		return append(append(give(AskEnd, false, heldBut(b, e.Line)...), makesRoom(b, e.Line)...), give(AskAnswer, false, e.Line)...)
	}, nil},
	{"hold is asked for once", and(at(WantHold, Dialing, Talking), not(onHold)), keep, func(_ Board, e Event) []Effect { return give(AskHold, true, e.Line) }, nil},
	{"what is held need not be held", at(WantHold, Dialing, Talking), keep, nothingAsked, nil},
	{"no resume while another call dials", and(at(WantResume, Dialing, Talking), onHold, dials), keep, refuse(OnCall), nil},
	{"resume holds who talks first", and(at(WantResume, Dialing, Talking), onHold), keep, func(b Board, e Event) []Effect {
		return append(makesRoom(b, e.Line), give(AskHold, false, e.Line)...)
	}, nil},
	{"what is not held need not be resumed", at(WantResume, Dialing, Talking), keep, nothingAsked, nil},
	{"swap holds who talks and resumes the other", and(at(WantSwap), func(b Board, _ Event) bool {
		return slices.ContainsFunc(b.Lines[:], func(l Line) bool { return l.State == Talking && !l.Held })
	}, func(b Board, e Event) bool { return swapTarget(b, e) != None }), keep, func(b Board, e Event) []Effect {
		all := give(AskHold, true, slices.DeleteFunc(unheldBut(b, None), func(i uint8) bool { return b.Lines[i].State != Talking })...)
		other := swapTarget(b, e)
		for _, i := range those(b, Talking) {
			if i == other || together(b, i, other) {
				all = append(all, give(AskHold, false, i)...)
			}
		}
		return all
	}, nil},
	{"swap needs two", at(WantSwap), keep, refuse(NothingToSwap), nil},
	{"no merge without a mixer", and(at(WantMerge, Talking), toTalking, not(mixes)), keep, refuse(CannotMix), nil},
	{"merge unholds first", and(at(WantMerge, Talking), toTalking), keep, func(b Board, e Event) []Effect {
		var all []Effect
		for _, i := range heldBut(b, None) {
			if i == e.Line || i == e.With {
				all = append(all, give(AskHold, false, i)...)
			}
		}
		return append(all, Effect{Kind: AskGroup, Line: e.Line, With: e.With})
	}, nil},
	{"split asks to leave", and(at(WantSplit, Talking), inGroup), keep, only(AskGroup), nil},
	{"nothing can be done to no call", func(_ Board, e Event) bool {
		return slices.Contains([]EventKind{WantAnswer, WantEndAnswer, WantEndHeldAnswer, WantHold, WantResume, WantMerge, WantSplit}, e.Kind)
	}, keep, refuse(NoSuchCall), nil},
}

func checkMusts(before Board, e Event, after Board, effects []Effect) error {
	var given []Effect
	var sound []EffectKind
	for _, f := range effects {
		switch f.Kind {
		case StartTimer, StopTimer:
		case Lend, TakeBack:
			sound = append(sound, f.Kind)
		default:
			given = append(given, f)
		}
	}
	found := must{name: "what no must speaks of changes nothing", state: keep, gives: nothingAsked}
	for _, m := range musts {
		if m.given(before, e) {
			found = m
			break
		}
	}
	if want := found.gives(before, e); !slices.Equal(given, want) {
		return fmt.Errorf("must: %s: orders %v, want %v", found.name, given, want)
	}
	reset := e.Kind == Reset
	for i := range uint8(Lines) {
		was, is := before.Lines[i], after.Lines[i]
		state, held, why := was.State, was.Held, was.For
		mine := i == e.Line
		switch {
		case e.Kind == Offered && len(given) == 1 && given[0] == (Effect{Kind: Ring, Line: i, With: None}):
			state = Ringing
		case e.Kind == WantStart && slices.Contains(given, Effect{Kind: AskStart, Line: i, With: None}):
			state = Starting
		case mine && found.state != keep:
			state = found.state
		}
		if mine && found.hold != nil {
			held, why = found.hold(before, e)
		}
		if reset || state == Free {
			state, held, why = Free, false, ForNobody
		}
		if is.State != state || is.Held != held {
			return fmt.Errorf("must: %s: line %d is %v held %v, want %v held %v", found.name, i, is.State, is.Held, state, held)
		}
		gone := why >= ForLine && (int(why-ForLine) < Lines && after.Lines[why-ForLine].State == Free) || why == ForForeign && after.Foreign == NoForeign
		switch {
		case gone && is.For != ForGone,
			!gone && is.For != why:
			return fmt.Errorf("must: %s: line %d is held for %v, want %v", found.name, i, is.For, why)
		}
		wish := was.Wish
		switch {
		case is.State == Free, mine && (e.Kind == Held || e.Kind == HoldFailed):
			wish = ForNobody
		case !slices.Contains(given, Effect{Kind: AskHold, Line: i, With: None, On: true}):
		case e.Kind == WantHold:
			wish = ForUser
		case e.Kind == WantSwap:
			wish = ForLine + For(swapTarget(before, e))
		case e.Kind == WantStart:
			wish = ForLine + For(before.free())
		default:
			wish = ForLine + For(e.Line)
		}
		if is.Wish != wish {
			return fmt.Errorf("must: what the app wants a call to be held for is kept until it is held, resumed, or not held: line %d", i)
		}
		if err := groupMust(before, e, after, i); err != nil {
			return err
		}
	}
	came := e.Kind == Answered && found.state == Talking || e.Kind == Held && !e.On && found.hold != nil && before.Lines[min(e.Line, None-1)].State == Talking
	for _, p := range []struct {
		name string
		ok   bool
	}{
		{"who is answered or resumed comes to the front", !came || after.Lines[e.Line].Held || after.Front == e.Line},
		{"who is in front and talks stays there unless another comes", came || reset || before.Front == None ||
			after.Lines[before.Front].State != Talking || after.Lines[before.Front].Held || after.Front == before.Front},
		{"who was in front is remembered on hold, while nobody else talks", reset || before.Front == None ||
			after.Lines[before.Front].State != Talking || len(slices.DeleteFunc(those(after, Talking), func(i uint8) bool { return after.Lines[i].Held })) > 0 || after.Front == before.Front},
		{"the session is lent between didActivate and didDeactivate", after.Lent == (!reset && e.Kind != AudioOff && (before.Lent || e.Kind == AudioOn))},
		{"other apps' calls are as the observer says", reset && after.Foreign == NoForeign || !reset && after.Foreign == map[bool]Foreign{true: min(e.Foreign, ForeignOn), false: before.Foreign}[e.Kind == ForeignIs]},
		{"a session given twice restarts the sound", e.Kind != AudioOn || !before.Lent || !slices.Contains([]bool{before.Speaks(0), before.Speaks(1), before.Speaks(2)}, true) ||
			slices.Contains(sound, TakeBack) && slices.Contains(sound, Lend)},
		{"the sound restarts for nothing else", e.Kind == AudioOn || before.Front != after.Front || !(slices.Contains(sound, TakeBack) && slices.Contains(sound, Lend))},
		{"the policy never changes", before.Policy == after.Policy},
		{"a resume is asked for once", after.Tried == (canAny(after) && (before.Tried || e.Kind == Patience && !before.Policy.StayHeld && !byUser(before) && canAny(before)))},
	} {
		if !p.ok {
			return fmt.Errorf("must: %s", p.name)
		}
	}
	return nil
}

// groupMust says who is grouped with whom after e.
func groupMust(before Board, e Event, after Board, i uint8) error {
	for j := range uint8(Lines) {
		if i == j {
			continue
		}
		was := together(before, i, j)
		want := was
		switch {
		case e.Kind == Reset, e.Kind == Ended && (e.Line == i || e.Line == j):
			want = false
		case e.Kind == Grouped && e.Line < Lines && before.Lines[e.Line].State == Talking && mixes(before, e) && toTalking(before, e):
			in := func(k uint8) bool {
				return k == e.Line || k == e.With || together(before, k, e.Line) || together(before, k, e.With)
			}
			want = was || in(i) && in(j)
		case e.Kind == Grouped && e.With >= Lines && (e.Line == i || e.Line == j):
			want = false
		}
		if together(after, i, j) != want {
			return fmt.Errorf("must: lines %d and %d are grouped: %v", i, j, want)
		}
	}
	return nil
}
