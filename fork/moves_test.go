package fork_test

import (
	"fmt"
	"math/bits"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/fork"
)

// A move is one thing that can happen next in a network.
type move struct {
	who  int8 // a phone; -1: the server
	what action
	arg  int8
}

// How a push arrives, and (demanded or not) whether the system still shows the call of a process that died.
const (
	demanded   = iota // the system demands a report
	undemanded        // it does not
	expired           // it does, and the ring's deadline has passed
)

type action uint8

const (
	pushArrives action = iota
	messageArrives
	requestArrives
	reported
	silenced
	userAnswers
	userEnds
	mediaUp
	mediaFails
	deadline
	crash
	reset
	pushFails
	nextGroup
)

var actionNames = [...]string{
	"", "hears", "hears", "its system shows the ring", "a Focus silences it", "its user answers", "its user ends",
	"its media is up", "its media times out", "its ring's deadline passes", "", "its call service dies", "the push fails", "the next group's turn comes",
}

// String returns m as a trace has it.
func (m move) String() string {
	who := fmt.Sprintf("phone %d", m.who)
	if m.who < 0 {
		who = "server"
	}
	switch m.what {
	case pushArrives:
		return who + ": the push arrives, " + [...]string{"a report is demanded", "no report is demanded", "too late"}[m.arg]
	case crash:
		return who + ": its process dies and starts again, the call is " + [...]string{"as before on its screen", "gone from its screen"}[m.arg]
	case messageArrives:
		switch m.arg {
		case rings:
			return who + " hears that it rings"
		case yours:
			return who + " hears that the call is answered"
		}
		return fmt.Sprintf("%s hears that the call is over: %v", who, call.Reason(m.arg-over))
	case requestArrives:
		return fmt.Sprintf("%s hears %v", who, request(int(m.arg)))
	case pushFails:
		return fmt.Sprintf("%s: the push to phone %d fails", who, m.arg)
	}
	return who + ": " + actionNames[m.what]
}

// A bound says which troubles a search includes.
type bound struct {
	devices int8
	crashes bool // each process may die once and start again
	focus   bool // a Focus may silence any device
	clocks  bool // the phones' clocks may run out at any time (else only the server's)
	pushes  bool // pushes may fail, and arrive late
	groups  [fork.MaxLegs]uint8
	only    bool // one group rings at a time
	here    bool // a decline is for one device only
	limit   int
	rest    int // check that all come to agree from every rest'th state
}

// String says what b includes.
func (b bound) String() string {
	s := fmt.Sprintf("caller + fork + %d devices", b.devices)
	for _, p := range []struct {
		on   bool
		name string
	}{{b.pushes, "pushes late or failed"}, {b.focus, "Focus"}, {b.clocks, "any clock"}, {b.crashes, "crashes"},
		{b.groups != [fork.MaxLegs]uint8{}, "in groups"}, {b.only, "one at a time"}, {b.here, "declines on one device"}} {
		if p.on {
			s += ", " + p.name
		}
	}
	return s
}

// moves calls yield with each move that is possible in w.
func (w *network) moves(b bound, yield func(move) bool) bool {
	for air := w.up; air != 0; air &= air - 1 {
		if !yield(move{-1, requestArrives, int8(bits.TrailingZeros64(air))}) {
			return false
		}
	}
	if w.fork.State == fork.Ringing {
		if !yield(move{-1, deadline, 0}) {
			return false
		}
		if _, waits := w.fork.NextGroup(); waits && !yield(move{-1, nextGroup, 0}) {
			return false
		}
		for i := range w.n {
			if b.pushes && w.fork.Legs[i].State == fork.Created && !yield(move{-1, pushFails, i}) {
				return false
			}
		}
	}
	for i := range w.n + 1 {
		p := &w.phones[i]
		c := p.call
		ok := true
		try := func(possible bool, what action, arg int8) { ok = ok && (!possible || yield(move{i, what, arg})) }
		try(p.push && (b.pushes || c.State == call.Idle), pushArrives, demanded)
		try(p.push && b.pushes, pushArrives, undemanded)
		try(p.push && b.pushes, pushArrives, expired)
		for air := p.down; air != 0; air &= air - 1 {
			try(true, messageArrives, int8(bits.TrailingZeros32(air)))
		}
		try(p.asked, reported, 0)
		try(p.asked && !p.shown && b.focus, silenced, 0)
		try(p.shown && (c.State == call.Ringing || c.State == call.Reporting), userAnswers, 0)
		try(p.shown, userEnds, 0)
		try(c.Transport == call.Warming, mediaUp, 0)
		try(b.clocks && c.Waits(call.MediaTimeout), mediaFails, 0)
		try(b.clocks && c.Waits(call.RingTimeout), deadline, 0)
		try(b.crashes && !p.crashed && c.Live(), crash, demanded)
		try(b.crashes && !p.crashed && c.Live(), crash, undemanded)
		try(b.crashes && !p.crashed && c.Live(), reset, 0)
		if !ok {
			return false
		}
	}
	return true
}

// do carries m out.
func (w *network) do(m move, s *steps) error {
	if m.who < 0 {
		switch m.what {
		case requestArrives:
			return w.server(s, request(int(m.arg)))
		case pushFails:
			return w.server(s, fork.Event{Kind: fork.PushFailed, Leg: m.arg})
		case nextGroup:
			return w.server(s, fork.Event{Kind: fork.NextGroup})
		}
		return w.server(s, fork.Event{Kind: fork.RingTimeout})
	}
	p := &w.phones[m.who]
	switch m.what {
	case pushArrives:
		e := call.Event{Kind: call.Push, On: m.arg != undemanded}
		if m.arg == expired {
			e.Kind = call.ExpiredPush
		}
		return w.phone(s, m.who, e)
	case messageArrives:
		return w.phone(s, m.who, w.event(m.who, int(m.arg)))
	case reported:
		p.asked, p.shown = false, true
		return w.phone(s, m.who, call.Event{Kind: call.Reported})
	case silenced:
		p.asked = false
		return w.phone(s, m.who, call.Event{Kind: call.Refused, Reason: call.DoNotDisturb})
	case userAnswers:
		return w.phone(s, m.who, call.Event{Kind: call.Perform, Action: call.AnswerAction})
	case userEnds:
		return w.phone(s, m.who, call.Event{Kind: call.Perform, Action: call.EndAction})
	case mediaUp:
		return w.phone(s, m.who, call.Event{Kind: call.MediaUp})
	case mediaFails:
		return w.phone(s, m.who, call.Event{Kind: call.MediaTimeout})
	case deadline:
		return w.phone(s, m.who, call.Event{Kind: call.RingTimeout})
	case crash:
		// The journal knew whether the call was answered; the system may still show it.
		p.shown = p.shown && m.arg == demanded
		e := call.Event{Kind: call.Leftover, On: p.shown}
		if p.call.Answered() {
			e.Kind = call.LeftoverLive
		}
		p.call = call.Call{Outgoing: p.call.Outgoing}
		p.crashed, p.asked = true, false
		return w.phone(s, m.who, e)
	case reset:
		p.crashed, p.asked, p.shown = true, false, false
		return w.phone(s, m.who, call.Event{Kind: call.SystemReset})
	}
	panic("no such move")
}
