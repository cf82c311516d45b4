package switchboard

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/internal/model"
)

// A place is one of the app's calls as the call system has it.
type place struct {
	there   bool
	talks   bool // answered
	dials   bool
	held    bool
	byUser  bool // the user pressed hold for it
	waits   bool // it was held for another call, and it is not known to be resumed
	waitsOn int8 // the line it was held for, foreign if it was another app's call
}

const foreign int8 = 9

// An act is an action that the system has not performed yet.
type act struct {
	kind EffectKind // AskAnswer, AskEnd, AskHold, AskStart
	line uint8
	on   bool
	user bool // the system's hold button
	own  bool // the app's hold button
	for1 int8 // what a hold makes way for
}

// A phone is a board and the call system around it, as far as it may behave on iOS: what the user presses becomes
// actions that are performed one after the other, old call first or new call first; meanwhile anything else may happen.
type phone struct {
	b       Board
	calls   [Lines]place
	queue   [3]act
	foreign Foreign // the truth; the observer may not have said so yet
	answers bool    // the other app's call was answered
	timer   bool
	lent    [Lines]bool
}

func (p phone) pending() int {
	n := 0
	for _, a := range p.queue {
		if a.kind != 0 {
			n++
		}
	}
	return n
}

func (p *phone) push(acts ...act) {
	for _, a := range acts {
		p.queue[p.pending()] = a
	}
}

// step lets e happen to the board, and does what it orders.
func (p *phone) step(m *machine, e Event) error {
	before := p.b
	after, effects := m.step(p.b, e)
	p.b = after
	if e.Kind == Patience {
		p.timer = false
	}
	for _, f := range effects {
		switch f.Kind {
		case Ring:
			p.calls[f.Line] = place{there: true}
		case Lend, TakeBack:
			p.lent[f.Line] = f.Kind == Lend
			if n := count(p.lent); n > 1 {
				return fmt.Errorf("two calls have the sound")
			}
		case StartTimer, StopTimer:
			p.timer = f.Kind == StartTimer
		case AskHold, AskEnd, AskAnswer:
			// B15: each request reaches its own call, in the state that it is for.
			c := p.calls[f.Line]
			if !c.there || f.Kind == AskAnswer && (c.talks || c.dials) || f.Kind == AskHold && !(c.talks || c.dials) {
				return fmt.Errorf("%v is asked of %+v", f, c)
			}
			if e.Kind == Patience && (c.byUser || !c.held) {
				return fmt.Errorf("a call that the user held, or that is not held, is resumed without his asking: %v", f)
			}
			if p.pending() < len(p.queue) {
				x := act{kind: f.Kind, line: f.Line, on: f.On, own: e.Kind == WantHold, for1: -1}
				if e.Kind == WantAnswer || e.Kind == WantResume {
					x.for1 = int8(e.Line)
				}
				p.push(x)
			}
		case AskStart:
			if p.pending() < len(p.queue) {
				p.push(act{kind: AskStart, line: f.Line, for1: -1})
			} else {
				return p.step(m, Event{Kind: Ended, Line: f.Line, With: None}) // the system refuses
			}
		}
	}
	if e.Kind == Held && e.On && !before.Lines[e.Line].Held && p.lent[e.Line] {
		return fmt.Errorf("a call on hold has the sound")
	}
	return nil
}

func count(all [Lines]bool) int {
	n := 0
	for _, on := range all {
		if on {
			n++
		}
	}
	return n
}

// perform carries out the first action that waits, or fails it.
func (p *phone) perform(m *machine, ok bool) error {
	a := p.queue[0]
	copy(p.queue[:], p.queue[1:])
	p.queue[len(p.queue)-1] = act{}
	c := &p.calls[a.line]
	if a.kind == AskStart {
		if !ok {
			return p.step(m, Event{Kind: Ended, Line: a.line, With: None})
		}
		*c = place{there: true, dials: true}
		return p.step(m, Event{Kind: Started, Line: a.line, With: None})
	}
	if !c.there {
		return nil // it ended meanwhile: the system drops the action
	}
	switch a.kind {
	case AskEnd:
		return p.over(m, a.line) // a failed end that timed out ends it, too
	case AskAnswer:
		if !ok {
			return p.over(m, a.line)
		}
		if c.talks {
			return nil
		}
		c.talks = true
		return p.step(m, Event{Kind: Answered, Line: a.line, With: None})
	case AskHold:
		if !ok { // the system takes its button back
			return p.step(m, Event{Kind: HoldFailed, Line: a.line, With: None})
		}
		if !(c.talks || c.dials) || c.held == a.on {
			return nil
		}
		c.held = a.on
		if a.for1 == foreign && p.foreign != NoForeign {
			p.foreign, p.answers = ForeignOn, true // now it may come to the front
		}
		// A call that has come in since the button was pressed: nobody can tell what the hold is for.
		alone := p.foreign == NoForeign && !slices.ContainsFunc(p.calls[:], func(o place) bool { return o != *c && o.there && !o.held })
		c.byUser, c.waits, c.waitsOn = a.on && (a.own || a.user && alone), a.on && !a.user && a.for1 >= 0, a.for1
		if !a.on {
			c.waitsOn = 0
		}
		// What the observer knows is told before a hold.
		if p.b.Foreign != p.foreign {
			if err := p.step(m, Event{Kind: ForeignIs, Line: None, Foreign: p.foreign}); err != nil {
				return err
			}
		}
		gone := a.on && (a.for1 == foreign && p.foreign == NoForeign || a.for1 >= 0 && a.for1 < foreign && !p.calls[a.for1].there)
		return p.step(m, Event{Kind: Held, Line: a.line, With: None, On: a.on, Gone: gone})
	}
	return nil
}

// over ends a call.
func (p *phone) over(m *machine, line uint8) error {
	p.calls[line] = place{}
	for i, a := range p.queue {
		if a.kind != 0 && a.line == line && a.kind == AskStart {
			return fmt.Errorf("call %d is over and starts, act %d", line, i)
		}
	}
	return p.step(m, Event{Kind: Ended, Line: line, With: None})
}

// check holds what must be true at any time, and what must be true at rest: nothing is on its way, the observer has
// spoken.
func (p phone) check() error {
	for i, c := range p.calls {
		l := p.b.Lines[i]
		want := Free
		switch {
		case c.dials && !c.talks:
			want = Dialing
		case c.talks:
			want = Talking
		case c.there:
			want = Ringing
		}
		if l.State != want && l.State != Starting {
			return fmt.Errorf("line %d is %v, the system has %+v: a call is lost", i, l.State, c)
		}
		if l.Held != c.held {
			return fmt.Errorf("line %d: held %v, the system has %v", i, l.Held, c.held)
		}
		if p.lent[i] && (c.held || !c.talks) {
			return fmt.Errorf("line %d has the sound, the system has %+v", i, c)
		}
	}
	if p.pending() > 0 || p.b.Foreign != p.foreign {
		return nil
	}
	talking := slices.IndexFunc(p.calls[:], func(c place) bool { return c.talks && !c.held })
	if p.b.Lent && talking >= 0 && count(p.lent) != 1 {
		return fmt.Errorf("the session is lent, call %d talks, and has no sound", talking)
	}
	// B14: what was held for a call that is gone can go on.
	busy := p.foreign == ForeignOn || slices.ContainsFunc(p.calls[:], func(c place) bool { return c.there && !c.held }) ||
		slices.ContainsFunc(p.b.Lines[:], func(l Line) bool { return l.State == Starting })
	// With three calls, one of them another app's, two actions may mean either of two swaps: then it is only offered.
	for i, c := range p.calls {
		if busy || !c.waits {
			continue
		}
		gone := c.waitsOn == foreign && p.foreign == NoForeign || c.waitsOn != foreign && !p.calls[c.waitsOn].there
		if gone && !p.b.CanResume(uint8(i)) {
			return fmt.Errorf("call %d was held for %d, which is gone, and is not resumed", i, c.waitsOn)
		}
		if gone && p.foreign == NoForeign && !p.b.Policy.StayHeld && !p.timer && !p.b.Tried && !byUser(p.b) {
			return fmt.Errorf("call %d was held for %d, which is gone, and nobody will resume it", i, c.waitsOn)
		}
	}
	return nil
}

// moves are all that may happen next.
func (p phone) moves(m *machine, lines int, yield func(string, phone, error) bool) {
	more := true
	try := func(what string, f func(*phone) error) {
		if !more {
			return
		}
		n := p
		err := f(&n)
		if err == nil {
			err = n.check()
		}
		if err != nil {
			err = fmt.Errorf("%w (%+v)", err, n)
		}
		more = yield(what, n, err)
	}
	tell := func(e Event) func(*phone) error { return func(n *phone) error { return n.step(m, e) } }
	some := func(kind EventKind, i int) Event { return Event{Kind: kind, Line: uint8(i), With: None} }

	if int(p.b.free()) < lines {
		try("a call comes in", tell(some(Offered, int(None))))
	}
	try("the system lends the session", tell(some(AudioOn, int(None))))
	try("the system takes the session", tell(some(AudioOff, int(None))))
	if p.timer {
		try("patience is over", tell(some(Patience, int(None))))
	}
	if p.b.Foreign != p.foreign {
		try("the observer speaks", tell(Event{Kind: ForeignIs, Line: None, Foreign: p.foreign}))
	}
	if p.pending() > 0 {
		try("the first action is performed", func(n *phone) error { return n.perform(m, true) })
		try("the first action fails", func(n *phone) error { return n.perform(m, false) })
	}
	try("the call service dies", func(n *phone) error {
		n.calls, n.queue, n.foreign, n.answers = [Lines]place{}, [3]act{}, NoForeign, false
		return n.step(m, some(Reset, int(None)))
	})
	for i, c := range p.calls[:lines] {
		if c.there {
			try(fmt.Sprintf("the far end of %d hangs up", i), func(n *phone) error { return n.over(m, uint8(i)) })
		}
		if c.dials && !c.talks {
			try(fmt.Sprintf("the far end of %d answers", i), func(n *phone) error {
				n.calls[i].talks = true
				return n.step(m, some(Answered, i))
			})
		}
	}
	if p.foreign != NoForeign {
		try("the other app's call ends at its far end", func(n *phone) error { n.foreign, n.answers = NoForeign, false; return nil })
	}
	if p.pending() > 0 {
		return // the user presses one button at a time
	}
	active := slices.IndexFunc(p.calls[:lines], func(c place) bool { return c.talks && !c.held })
	held := slices.IndexFunc(p.calls[:lines], func(c place) bool { return c.talks && c.held })
	ringing := slices.IndexFunc(p.calls[:lines], func(c place) bool { return c.there && !c.talks && !c.dials })
	hold := func(i int, f int8) act { return act{kind: AskHold, line: uint8(i), on: true, for1: f} }
	press := func(what string, acts ...act) {
		try(what, func(n *phone) error { n.push(acts...); return nil })
	}
	accept := func(what string, acts ...act) {
		try(what, func(n *phone) error {
			n.push(acts...)
			if n.foreign == ForeignOn && !n.answers {
				n.foreign = NoForeign // another call that rings is ended
			} else if n.foreign == ForeignOn {
				n.foreign = ForeignHeld // one that talks makes way
			}
			return nil
		})
	}
	if ringing >= 0 {
		answer := act{kind: AskAnswer, line: uint8(ringing), for1: -1}
		press("decline", act{kind: AskEnd, line: uint8(ringing), for1: -1})
		switch {
		case active >= 0 && held >= 0:
			accept("end and accept", act{kind: AskEnd, line: uint8(active), for1: -1}, answer)
			accept("end held and accept", act{kind: AskEnd, line: uint8(held), for1: -1}, hold(active, int8(ringing)), answer)
		case active >= 0:
			accept("end and accept", act{kind: AskEnd, line: uint8(active), for1: -1}, answer)
			accept("hold and accept", hold(active, int8(ringing)), answer)
			accept("accept before hold", answer, hold(active, int8(ringing)))
		default:
			accept("accept", answer)
		}
		for _, kind := range []EventKind{WantAnswer, WantEndAnswer, WantEndHeldAnswer} {
			try(fmt.Sprintf("the app: %v", kind), tell(some(kind, ringing)))
		}
	}
	if active >= 0 {
		press("end", act{kind: AskEnd, line: uint8(active), for1: -1})
		if held < 0 && ringing < 0 && p.foreign == NoForeign {
			press("hold", act{kind: AskHold, line: uint8(active), on: true, user: true, for1: -1})
		}
		try("the app: hold", tell(some(WantHold, active)))
		if p.foreign == NoForeign {
			try("another app's call rings", func(n *phone) error { n.foreign = ForeignOn; return nil })
		} else if p.foreign == ForeignOn {
			press("hold and accept the other app's call", hold(active, foreign))
		} else {
			press("swap with the other app's call", hold(active, foreign))
		}
	}
	if active < 0 && held >= 0 {
		press("resume", act{kind: AskHold, line: uint8(held), for1: -1})
		try("the app: resume", tell(some(WantResume, held)))
		if p.foreign == ForeignOn && p.answers {
			try("swap with ours", func(n *phone) error {
				n.foreign = ForeignHeld
				n.push(act{kind: AskHold, line: uint8(held), for1: -1})
				return nil
			})
			try("the other app's call is hung up here", func(n *phone) error {
				n.foreign, n.answers = NoForeign, false
				n.push(act{kind: AskHold, line: uint8(held), for1: -1})
				return nil
			})
		}
	}
	if active >= 0 && held >= 0 {
		press("swap", hold(active, int8(held)), act{kind: AskHold, line: uint8(held), for1: -1})
		try("the app: swap", tell(some(WantSwap, int(None))))
	}
	if int(p.b.free()) < lines {
		try("the app: start", tell(some(WantStart, int(None))))
	}
}

// TestModelCallSystem searches all that a call system may do to a phone with two calls of the app and one of another:
// actions in either order, that fail or come late, calls that end in between, a session that comes and goes at will.
func TestModelCallSystem(t *testing.T) {
	began := time.Now()
	lines, limit := 2, 0
	if model.Race {
		limit = 1_500
	}
	starts := []phone{{b: New(Policy{Groups: 2})}, {b: New(Policy{Groups: 2, StayHeld: true})}}
	res, err := model.Search(starts, limit, func(p phone, yield func(string, phone, error) bool) error {
		p.moves(standard, lines, yield)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("model: several calls in a call system: %d lines: %v, %.2f s", lines, res, time.Since(began).Seconds())
}
