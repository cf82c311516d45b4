package switchboard

import (
	"fmt"
	"slices"
)

// A world is a board and what everybody else was told of it, counted from the effects alone.
type world struct {
	b     Board
	lent  [Lines]bool // who has the sound
	timer bool
}

// starts are the boards that an engine may begin with.
func starts() []world {
	var all []world
	for _, p := range []Policy{
		{Groups: 2}, {Groups: 2, Mixes: true}, {Groups: 1}, {Groups: 2, OneCall: true}, {Groups: 2, StayHeld: true}, {Groups: 3, Mixes: true},
	} {
		all = append(all, world{b: New(p)})
	}
	return all
}

// eventsOn are all that can happen with so many lines, senseless ones included.
func eventsOn(lines uint8) []Event {
	at := []uint8{None}
	for i := range lines {
		at = append(at, i)
	}
	var all []Event
	for k := EventKind(0); int(k) <= len(eventNames); k++ {
		switch k {
		case Offered:
			all = append(all, Event{Kind: k, Line: None}, Event{Kind: k, Line: None, On: true})
		case ForeignIs:
			for f := NoForeign; f <= ForeignOn+1; f++ {
				all = append(all, Event{Kind: k, Foreign: f})
			}
		case AudioOn, AudioOff, Reset, Patience, WantSwap, WantStart:
			all = append(all, Event{Kind: k, Line: None})
		case Held:
			for _, i := range at {
				all = append(all, Event{Kind: k, Line: i}, Event{Kind: k, Line: i, On: true}, Event{Kind: k, Line: i, On: true, Gone: true})
			}
		case WantMerge, Grouped:
			for _, i := range at {
				for _, j := range at {
					all = append(all, Event{Kind: k, Line: i, With: j})
				}
			}
		default:
			for _, i := range at {
				all = append(all, Event{Kind: k, Line: i, With: None})
			}
		}
	}
	return all
}

// next carries out e by m and checks the step.
func (w world) next(m *machine, e Event) (world, error) {
	after, effects := m.step(w.b, e)
	n := w
	n.b = after
	for _, check := range []func() error{
		func() error { return n.hear(e, effects) },
		func() error { return n.check() },
		func() error { return checkMusts(w.b, e, after, effects) },
	} {
		if err := check(); err != nil {
			return n, fmt.Errorf("%w (%+v -> %+v, effects %v)", err, w.b, after, effects)
		}
	}
	return n, nil
}

// hear updates what others know, effect by effect.
func (n *world) hear(e Event, effects []Effect) error {
	if e.Kind == Patience {
		n.timer = false
	}
	for _, f := range effects {
		switch f.Kind {
		case Lend, TakeBack:
			if f.Line >= Lines || n.lent[f.Line] == (f.Kind == Lend) {
				return fmt.Errorf("the sound is lent or taken back twice")
			}
			n.lent[f.Line] = f.Kind == Lend
			for i, on := range n.lent {
				for j, other := range n.lent {
					if f.Kind == Lend && i != j && on && other && !together(n.b, uint8(i), uint8(j)) {
						return fmt.Errorf("two calls have the sound at once")
					}
				}
			}
		case StartTimer, StopTimer:
			if n.timer == (f.Kind == StartTimer) {
				return fmt.Errorf("the timer is started or stopped twice")
			}
			n.timer = f.Kind == StartTimer
		case AskHold, AskAnswer, AskEnd, AskGroup, AskStart, Ring:
			if f.Line >= Lines {
				return fmt.Errorf("%v is about no line", f)
			}
		}
	}
	return nil
}

func together(b Board, i, j uint8) bool {
	return b.Lines[i].Group != 0 && b.Lines[i].Group == b.Lines[j].Group
}

// check holds the invariants of every state.
func (n world) check() error {
	b := n.b
	talks := func(i uint8) bool { return b.Lines[i].State == Talking && !b.Lines[i].Held }
	for i := range uint8(Lines) {
		l := b.Lines[i]
		another := false
		for j := range uint8(Lines) {
			another = another || j != i && n.lent[j] && !together(b, i, j)
		}
		members := 0
		for j := range uint8(Lines) {
			if l.Group != 0 && b.Lines[j].Group == l.Group {
				members++
			}
		}
		for _, p := range []struct {
			name string
			ok   bool
		}{
			{"only an answered call that is not held has the sound, and only while it is lent", !n.lent[i] || talks(i) && b.Lent},
			{"a call that talks has the sound while it is lent, unless another has it", !b.Lent || !talks(i) || n.lent[i] || another},
			{"Speaks agrees", b.Speaks(i) == n.lent[i]},
			{"who has the sound is in front, or of its group", !n.lent[i] || b.Front == i || together(b, i, b.Front)},
			{"a call is held for somebody just when it is held", l.Held == (l.For != ForNobody)},
			{"only a call that talks or dials is held", !l.Held || l.State == Talking || l.State == Dialing},
			{"nobody is held for a call that is over", l.For < ForLine || b.Lines[l.For-ForLine].State != Free},
			{"nobody is held for itself", l.For != ForLine+For(i)},
			{"nobody is held for other apps' calls when there are none", l.For != ForForeign || b.Foreign != NoForeign},
			{"a free line knows nothing", l.State != Free || l == Line{}},
			{"a group has two members at least, who all talk", l.Group == 0 || members >= 2 && l.State == Talking},
			{"no groups where media can't mix", l.Group == 0 || b.Policy.Mixes},
			{"a wish to hold is over when it is held", l.Wish == ForNobody || !l.Held},
		} {
			if !p.ok {
				return fmt.Errorf("line %d: %s", i, p.name)
			}
		}
	}
	for _, p := range []struct {
		name string
		ok   bool
	}{
		{"who is in front talks", b.Front == None || b.Front < Lines && b.Lines[b.Front].State == Talking},
		{"who talks is in front, if anybody does", !slices.ContainsFunc([]uint8{0, 1, 2}, talks) || b.Front != None && talks(b.Front)},
		{"the timer runs just when a call may be resumed by request", n.timer == (canAny(b) && !b.Policy.StayHeld && !b.Tried && !byUser(b)) && b.Waits() == n.timer},
		{"what may be resumed by request can be resumed", b.resumable() == None || b.CanResume(b.resumable())},
		{"nothing is tried where nothing can be", !b.Tried || canAny(b)},
	} {
		if !p.ok {
			return fmt.Errorf("%s", p.name)
		}
	}
	return nil
}

// byUser reports whether the user holds a call.
func byUser(b Board) bool {
	return slices.ContainsFunc(b.Lines[:], func(l Line) bool { return l.For == ForUser })
}

// canAny says in other words whether a call may be resumed: B14.
func canAny(b Board) bool {
	any := false
	for i := range uint8(Lines) {
		l := b.Lines[i]
		switch {
		case l.State == Starting || l.State == Ringing, (l.State == Dialing || l.State == Talking) && !l.Held:
			return false
		case l.Held && l.For == ForGone:
			any = true
		}
	}
	return any && b.Foreign != ForeignOn
}
