package fork

import (
	"fmt"
	"os"

	"github.com/ringtrip/ringtrip/call"
)

// A sight is what one side knows of a call, in the test's own words.
type sight struct {
	state string
	held  bool
	other int8 // the device that has it, or that decided the end
	why   call.Reason
}

// A world is a fork and what everybody was told of it, counted from the effects alone.
type world struct {
	f        Fork
	caller   sight
	legs     [MaxLegs]sight
	timer    EffectKind // ArmRing or ArmAlive, 0: none
	armed    int        // the group whose timer runs, plus 1; 0: none
	recorded bool
}

func seenByCaller(f Fork) sight {
	if f.Alone {
		return sight{state: "ended", why: call.HungUp, other: -1}
	}
	switch f.State {
	case Ringing:
		for _, l := range f.Legs {
			if l.State == LegRinging {
				return sight{state: "alerting"}
			}
		}
		return sight{state: "dialing"}
	case Answered:
		return sight{state: "answered", held: f.Legs[f.Winner].Held, other: f.Winner}
	case Ended:
		return sight{state: "ended", why: f.Reason, other: f.By}
	}
	return sight{}
}

func seenByLeg(f Fork, i int) sight {
	l := f.Legs[i]
	switch {
	case l.State == NoLeg, l.State == Waiting:
		return sight{}
	case l.State == LegAnswered:
		return sight{state: "mine", held: f.CallerHeld}
	case l.State != LegEnded, f.State == Ringing && l.Reason == call.Unreachable && !l.Said:
		return sight{state: "rings"}
	}
	s := sight{state: "over", why: l.Reason}
	switch l.Reason {
	case call.AnsweredElsewhere:
		s.other = f.Winner
	case call.DeclinedElsewhere, call.BusyElsewhere:
		s.other = f.By
	}
	return s
}

// all3 reports whether the search among n legs has room for what two legs show as well: moves, and declines on one device.
func all3(n int8) bool { return n != 3 || os.Getenv("RINGTRIP_MODEL") == "big" }

// events are all that can happen with at most n legs, senseless ones included.
func events(n int8) []Event {
	var all []Event
	for k := EventKind(0); int(k) <= len(eventNames); k++ {
		if (k == Move || k == OfferMove || k == Enter || k == CallerLeave) && !all3(n) {
			continue
		}
		legs := []int8{0}
		if k.hasLeg() {
			legs = []int8{-1, MaxLegs}
			for i := range n {
				legs = append(legs, i)
			}
			if k != Join && k != Move && k != OfferMove && n < MaxLegs {
				legs = append(legs, n) // an empty slot
			}
		}
		for _, leg := range legs {
			switch k {
			case Start:
				for i := int8(-1); i <= n; i++ {
					all = append(all, Event{Kind: k, N: i})
				}
				all = append(all, Event{Kind: k, N: n, Groups: [MaxLegs]uint8{1, 0, 0}},
					Event{Kind: k, N: n, Reason: call.Blocked}, Event{Kind: k, N: n, Reason: call.DoNotDisturb}, Event{Kind: k, N: n, Reason: call.Busy})
				if n > 2 {
					continue // what two legs show need not be shown again
				}
				for _, only := range []bool{false, true} {
					all = append(all,
						Event{Kind: k, N: n, On: only, Groups: [MaxLegs]uint8{5, 5}}, // all at once, by another number
						Event{Kind: k, N: n, On: only, Groups: [MaxLegs]uint8{1, 0}})
				}
			case Decline:
				for _, r := range []call.Reason{call.Declined, call.Blocked, call.Busy} {
					all = append(all, Event{Kind: k, Leg: leg, Reason: r})
					if all3(n) {
						all = append(all, Event{Kind: k, Leg: leg, Reason: r, On: true})
					}
				}
			case Busy:
				for _, r := range []call.Reason{call.Busy, call.DoNotDisturb, call.Unreachable, call.NotEnded} {
					all = append(all, Event{Kind: k, Leg: leg, Reason: r}, Event{Kind: k, Leg: leg, Reason: r, On: true})
				}
			case CallerHangup, LegHangup:
				for _, r := range []call.Reason{call.HungUp, call.MediaFailed, call.Crashed, call.Declined} {
					all = append(all, Event{Kind: k, Leg: leg, Reason: r})
				}
				if k == LegHangup && all3(n) {
					all = append(all, Event{Kind: k, Leg: leg, Reason: call.HungUp, On: true})
				}
			case Withdraw:
				for _, r := range []call.Reason{call.Cancelled, call.Unanswered, call.Declined} {
					all = append(all, Event{Kind: k, Reason: r})
				}
			case CallerHold, LegHold:
				all = append(all, Event{Kind: k, Leg: leg}, Event{Kind: k, Leg: leg, On: true})
			default:
				all = append(all, Event{Kind: k, Leg: leg})
			}
		}
	}
	return all
}

// next carries out e by m and checks the step.
func (w world) next(m *machine, e Event) (world, error) {
	after, effects := m.step(w.f, e)
	n := w
	n.f = after
	if want := oracle(w.f, e); after != want {
		return n, fmt.Errorf("must: %s\n  from %v\n  want %v\n  got  %v", rightful(w.f, e).name, w.f, want, after)
	}
	if err := n.hear(w.f, e, effects); err != nil {
		return n, fmt.Errorf("%w\n  from %v\n  to %v\n  effects %v", err, w.f, after, effects)
	}
	return n, n.check()
}

// hear updates what others know by each effect in order, and refuses what is needless.
func (n *world) hear(before Fork, e Event, effects []Effect) error {
	replies, pushed := 0, [MaxLegs]bool{}
	for _, x := range effects {
		switch x.Kind {
		case TellCaller:
			now := seenByCaller(n.f)
			if n.caller == now {
				return fmt.Errorf("the caller is told nothing new")
			}
			n.caller = now
		case TellLeg:
			now := seenByLeg(n.f, int(x.Leg))
			if n.legs[x.Leg] == now {
				return fmt.Errorf("leg %d is told nothing new", x.Leg)
			}
			n.legs[x.Leg] = now
		case PushLeg:
			if pushed[x.Leg] || n.f.Legs[x.Leg].State != Created || before.Legs[x.Leg].Open() {
				return fmt.Errorf("leg %d is pushed twice, or needlessly", x.Leg)
			}
			pushed[x.Leg] = true
		case ArmRing, ArmAlive:
			n.armed = 0
			if n.timer == x.Kind {
				return fmt.Errorf("the timer is armed twice")
			}
			n.timer = x.Kind
		case ArmNext:
			group, ok := n.f.NextGroup()
			if !ok || n.armed == int(group)+1 {
				return fmt.Errorf("the timer of the next group is armed twice, or for nobody")
			}
			n.armed = int(group) + 1
		case ClearTimer:
			if n.timer == 0 {
				return fmt.Errorf("no timer is armed")
			}
			n.timer, n.armed = 0, 0
		case Record:
			if n.recorded || x.Reason != n.f.Reason {
				return fmt.Errorf("recorded twice, or with a wrong reason")
			}
			n.recorded = true
		case Accept, Refuse:
			replies++
			if e.Kind != Answer {
				return fmt.Errorf("there is nothing to reply to")
			}
			mine := n.f.State == Answered && n.f.Winner == e.Leg
			if mine != (x.Kind == Accept) {
				return fmt.Errorf("the wrong leg gets the call")
			}
			if x.Kind == Refuse && x.Reason != wantRefusal(n.f, e.Leg) {
				return fmt.Errorf("refused with %v, want %v", x.Reason, wantRefusal(n.f, e.Leg))
			}
		default:
			return fmt.Errorf("unheard-of effect %v", x)
		}
	}
	if e.Kind == Answer && replies != 1 {
		return fmt.Errorf("an answer got %d replies", replies)
	}
	for i, l := range n.f.Legs {
		if l.State == Created && before.Legs[i].State != Created && !pushed[i] {
			return fmt.Errorf("leg %d is not pushed", i)
		}
	}
	return nil
}

func wantRefusal(f Fork, leg int8) call.Reason {
	switch {
	case leg >= 0 && leg < MaxLegs && f.Legs[leg].Reason != call.NotEnded:
		return f.Legs[leg].Reason
	case f.State == Ended:
		return f.Reason
	}
	return call.Unreachable
}

// check holds the invariants of every state.
func (n world) check() error {
	f := n.f
	answered, open, known, next := 0, 0, 0, 0
	for i, l := range f.Legs {
		if l.State != NoLeg {
			known++
		}
		if l.Open() {
			open++
		}
		if l.State == Waiting && f.State == Ringing && (next == 0 || int(l.Group)+1 < next) {
			next = int(l.Group) + 1
		}
		if l.Group != 0 && l.State != Waiting {
			return fmt.Errorf("leg %d has a group and does not wait: %v", i, f)
		}
		if l.State == LegAnswered {
			answered++
		}
		if (l.State == LegEnded) != (l.Reason != call.NotEnded) {
			return fmt.Errorf("leg %d has a reason, and is not over, or the reverse: %v", i, f)
		}
		if l.Held && l.State != LegAnswered {
			return fmt.Errorf("leg %d holds what it does not have: %v", i, f)
		}
		if n.legs[i] != seenByLeg(f, i) {
			return fmt.Errorf("leg %d was not told: it believes %v: %v", i, n.legs[i], f)
		}
	}
	timer := map[State]EffectKind{Ringing: ArmRing, Answered: ArmAlive}[f.State]
	for _, p := range []struct {
		name string
		ok   bool
	}{
		{"one leg has an answered call, none any other", answered == map[State]int{Answered: 1}[f.State]},
		{"the winner is the leg that has the call", f.State != Answered || f.Legs[f.Winner].State == LegAnswered},
		{"a ringing call has a leg that could answer, no other has, but for one that an answered call may move to", (open > 0) == (f.State == Ringing) || f.State == Answered && open == 1},
		{"only an answered call begins to be without its caller", !f.Alone || f.State >= Answered && !f.CallerHeld},
		{"a call has a reason just when it is over", (f.State == Ended) == (f.Reason != call.NotEnded)},
		{"the caller was told", n.caller == seenByCaller(f)},
		{"the timer is the state's", n.timer == timer},
		{"the next group's timer runs", f.State != Ringing && n.armed == 0 || f.State == Ringing && (next == 0 || n.armed == next)},
		{"the end is recorded", n.recorded == (f.State == Ended)},
		{"only an answered call is held", !f.CallerHeld || f.State == Answered},
		{"the helpers agree", f.Len() == known && f.Open() == open && f.Live() == (f.State == Ringing || f.State == Answered)},
	} {
		if !p.ok {
			return fmt.Errorf("%s: %v (caller believes %v, timer %v)", p.name, f, n.caller, n.timer)
		}
	}
	return nil
}
