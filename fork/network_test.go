package fork_test

import (
	"errors"
	"fmt"
	"math/bits"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/fork"
)

// maxDevices is how many devices of the callee the composed model can have.
const maxDevices = 3

// A network is the caller's device, the server and the callee's devices, all running the real Step, over a network
// that loses, repeats and reorders without any bound: what was sent once stays in the air, and may arrive at any time,
// any number of times, or never. So there are no queues whose bounds could hide a mistake.
type network struct {
	n      int8
	fork   fork.Fork
	phones [maxDevices + 1]phone // the callee's devices, then the caller's at index n
	up     uint64                // requests in the air, bits of request
}

// A phone is one device and what its system and the air hold for it.
type phone struct {
	call    call.Call
	shown   bool   // its system shows the call
	asked   bool   // a report is with the system, which has not answered
	crashed bool   // its process has died once
	push    bool   // a push is in the air
	down    uint32 // messages in the air, bits of message
}

// Messages to a phone, as bits: the call rings (for the caller: there), the call is yours (is answered), the call is
// over for a reason.
const (
	rings = iota
	yours
	over // + reason
)

// Requests to the server, as bits: for each leg those of legRequests, then those of the caller.
var (
	legRequests = []fork.Event{
		{Kind: fork.Ring}, {Kind: fork.Answer}, {Kind: fork.Decline, Reason: call.Declined}, {Kind: fork.Decline, Reason: call.Blocked},
		{Kind: fork.Busy, Reason: call.DoNotDisturb}, {Kind: fork.Busy, Reason: call.Busy}, {Kind: fork.Busy, Reason: call.Unreachable},
		{Kind: fork.LegHangup, Reason: call.HungUp}, {Kind: fork.LegHangup, Reason: call.MediaFailed}, {Kind: fork.LegHangup, Reason: call.Crashed},
	}
	callerRequests = []fork.Event{
		{Kind: fork.Cancel},
		{Kind: fork.CallerHangup, Reason: call.HungUp}, {Kind: fork.CallerHangup, Reason: call.MediaFailed}, {Kind: fork.CallerHangup, Reason: call.Crashed},
	}
)

func request(bit int) fork.Event {
	if bit >= maxDevices*len(legRequests) {
		return callerRequests[bit-maxDevices*len(legRequests)]
	}
	e := legRequests[bit%len(legRequests)]
	e.Leg = int8(bit / len(legRequests))
	return e
}

func requestBit(e fork.Event) int {
	list, base := legRequests, int(e.Leg)*len(legRequests)
	if e.Kind == fork.Cancel || e.Kind == fork.CallerHangup {
		list, base = callerRequests, maxDevices*len(legRequests)
	}
	for i, r := range list {
		if r.Kind == e.Kind && r.Reason == e.Reason {
			return base + i
		}
	}
	panic(fmt.Sprintf("no bit for %v", e))
}

// steps are the machines that a network runs: the real ones, unless a test breaks them on purpose.
type steps struct {
	call func(call.Call, call.Event) (call.Call, []call.Effect)
	fork func(fork.Fork, fork.Event) (fork.Fork, []fork.Effect)
}

var realSteps = &steps{call.Step, fork.Step}

// declineHere are the real machines in an app where a decline is for one device only.
var declineHere = &steps{call.Step, func(f fork.Fork, e fork.Event) (fork.Fork, []fork.Effect) {
	if e.Kind == fork.Decline || e.Kind == fork.LegHangup {
		e.On = true
	}
	return fork.Step(f, e)
}}

func (w *network) isCaller(who int8) bool { return who == w.n }

// begin returns a network whose caller has just started a call to n devices.
func begin(b bound) network {
	n := b.devices
	w := network{n: n}
	w.phones[n].call.Outgoing = true
	if err := w.phone(realSteps, n, call.Event{Kind: call.Perform, Action: call.StartAction}); err != nil {
		panic(err)
	}
	if err := w.server(realSteps, fork.Event{Kind: fork.Start, N: n, On: b.only, Groups: b.groups}); err != nil {
		panic(err)
	}
	return w
}

// server lets e happen to the fork.
func (w *network) server(s *steps, e fork.Event) error {
	next, effects := s.fork(w.fork, e)
	before := w.fork
	w.fork = next
	if before.WasAnswered() && (!next.WasAnswered() || next.Winner != before.Winner) {
		return errors.New("the winner changed")
	}
	for _, x := range effects {
		switch x.Kind {
		case fork.PushLeg:
			w.phones[x.Leg].push = true
		case fork.TellLeg:
			w.tell(x.Leg)
		case fork.TellCaller:
			w.tell(w.n)
		case fork.Accept:
			w.phones[x.Leg].down |= 1 << yours
		case fork.Refuse:
			w.phones[x.Leg].down |= 1 << (over + x.Reason)
		}
	}
	return nil
}

func (w *network) view(who int8) fork.View {
	if w.isCaller(who) {
		return w.fork.CallerSees()
	}
	return w.fork.LegSees(who)
}

// tell puts who's view into the air.
func (w *network) tell(who int8) {
	p := &w.phones[who]
	switch v := w.view(who); v.State {
	case fork.Ringing:
		if !w.isCaller(who) || v.Ringing {
			p.down |= 1 << rings
		}
	case fork.Answered:
		p.down |= 1 << yours
	case fork.Ended:
		p.down |= 1 << (over + v.Reason)
	case fork.Idle:
	}
}

// event returns what a message means to who's call.
func (w *network) event(who int8, bit int) call.Event {
	switch {
	case bit == rings && w.isCaller(who):
		return call.Event{Kind: call.RemoteRinging}
	case bit == rings:
		return call.Event{Kind: call.Offered}
	case bit == yours:
		return call.Event{Kind: call.RemoteAnswered}
	}
	return call.Event{Kind: call.RemoteEnded, Reason: call.Reason(bit - over)}
}

// phone lets e happen to who's call, carries out the effects and checks what can be seen of them.
func (w *network) phone(s *steps, who int8, e call.Event) error {
	p := &w.phones[who]
	before := p.call
	next, effects := s.call(p.call, e)
	p.call = next
	settled, lent := 0, false
	if e.Kind == call.SystemReset {
		p.shown = false
	}
	for _, x := range effects {
		switch x.Kind {
		case call.ReportIncoming:
			p.asked = true
		case call.ReportEnded:
			p.shown = false
		case call.Fulfill, call.Fail:
			settled++
			if x.Kind == call.Fulfill && e.Action == call.EndAction {
				p.shown = false
			}
			if x.Kind == call.Fulfill && e.Action == call.StartAction {
				p.shown = true
			}
			lent = x.Kind == call.Fulfill && e.Action != call.EndAction
		case call.FulfillPending, call.FailPending:
			if before.Pending == call.NoAction {
				return errors.New("an answer is settled that nobody owes")
			}
			lent = x.Kind == call.FulfillPending
		case call.SendRinging:
			w.send(who, fork.Event{Kind: fork.Ring})
		case call.SendAnswer:
			w.send(who, fork.Event{Kind: fork.Answer})
		case call.SendDecline:
			w.send(who, fork.Event{Kind: fork.Decline, Reason: x.Reason})
		case call.SendBusy:
			w.send(who, fork.Event{Kind: fork.Busy, Reason: x.Reason})
		case call.SendCancel:
			w.send(who, fork.Event{Kind: fork.Cancel})
		case call.SendHangup:
			kind := fork.LegHangup
			if w.isCaller(who) {
				kind = fork.CallerHangup
			}
			w.send(who, fork.Event{Kind: kind, Reason: x.Reason})
		}
	}
	if e.Kind == call.Perform && settled+b2i(next.Pending != call.NoAction && before.Pending == call.NoAction) != 1 {
		return fmt.Errorf("%v is settled %d times: %v", e, settled, effects)
	}
	if before.Pending != call.NoAction && next.Pending == call.NoAction && !settlesKept(effects) && e.Kind != call.SystemReset && e.Kind != call.TimedOut {
		return errors.New("the kept answer is forgotten")
	}
	if lent {
		return w.phone(s, who, call.Event{Kind: call.AudioOn}) // the system activates the audio session at once
	}
	return nil
}

func settlesKept(effects []call.Effect) bool {
	for _, x := range effects {
		if x.Kind == call.FulfillPending || x.Kind == call.FailPending {
			return true
		}
	}
	return false
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (w *network) send(who int8, e fork.Event) {
	e.Leg = who
	if w.isCaller(who) {
		e.Leg = 0
	}
	w.up |= 1 << requestBit(e)
}

// check holds what must be true at every moment, whatever is in the air.
func (w *network) check() error {
	won := 0
	for i := range w.n + 1 {
		p := &w.phones[i]
		c := p.call
		if c.State == call.Ended && p.shown {
			return fmt.Errorf("%s shows a call that is over for it", w.name(i))
		}
		if c.Live() && !p.shown && !p.asked {
			return fmt.Errorf("%s does not show a call that lives", w.name(i))
		}
		if w.isCaller(i) {
			if c.Won && !w.fork.WasAnswered() {
				return errors.New("the caller believes in an answer that nobody gave")
			}
			continue
		}
		if c.Won {
			won++
			if !w.fork.WasAnswered() || w.fork.Winner != i {
				return fmt.Errorf("%s believes that it has the call", w.name(i))
			}
		}
		if (c.AudioRuns() || c.State == call.Connected) && (!w.fork.WasAnswered() || w.fork.Winner != i) {
			return fmt.Errorf("%s is heard, and does not have the call", w.name(i))
		}
	}
	if won > 1 {
		return errors.New("two devices have the call")
	}
	return nil
}

// settle lets the network be kind from now on: (if deliver) everything in the air arrives, every side hears the truth,
// the clocks run out, until nothing changes. Then all must agree.
func (w network) settle(s *steps, deliver bool) error {
	for range 12 {
		before := w
		for i := range w.n + 1 {
			if w.phones[i].asked {
				if err := w.do(move{i, reported, 0}, s); err != nil {
					return err
				}
			}
		}
		if deliver {
			for air := w.up; air != 0; air &= air - 1 {
				if err := w.server(s, request(bits.TrailingZeros64(air))); err != nil {
					return err
				}
			}
		}
		for i := range w.n + 1 {
			if deliver && w.phones[i].push {
				if err := w.do(move{i, pushArrives, demanded}, s); err != nil {
					return err
				}
			}
			sent := w.up
			w.up = 0
			for _, e := range w.view(i).Events(w.isCaller(i)) {
				if err := w.phone(s, i, e); err != nil {
					return err
				}
			}
			// What is said in answer to the truth is repeated until the server has heard it.
			for air := w.up; air != 0; air &= air - 1 {
				if err := w.server(s, request(bits.TrailingZeros64(air))); err != nil {
					return err
				}
			}
			w.up |= sent
		}
		if w == before {
			if err := w.stopped(); err != nil {
				return err
			}
			if w.fork.State != fork.Ringing && !w.waits() {
				return w.agree()
			}
			if err := w.server(s, fork.Event{Kind: fork.RingTimeout}); err != nil {
				return err
			}
			for i := range w.n + 1 {
				for _, timer := range []call.EventKind{call.RingTimeout, call.MediaTimeout} {
					if w.phones[i].call.Waits(timer) {
						if err := w.phone(s, i, call.Event{Kind: timer}); err != nil {
							return err
						}
					}
				}
			}
		}
	}
	return errors.New("the network does not come to rest")
}

// stopped holds when every side has heard the truth, before any clock runs out: whoever has no part in the call any more
// has ended it.
func (w *network) stopped() error {
	if w.fork.State == fork.Ringing {
		return nil
	}
	for i := range w.n + 1 {
		part := w.fork.State == fork.Answered && (w.isCaller(i) || w.fork.Winner == i)
		if !part && w.phones[i].call.Live() {
			return fmt.Errorf("the call is %v, %s knows it, and is %v", w.fork.State, w.name(i), w.phones[i].call.State)
		}
	}
	return nil
}

func (w *network) waits() bool {
	for i := range w.n + 1 {
		c := w.phones[i].call
		if c.Waits(call.RingTimeout) || c.Waits(call.MediaTimeout) {
			return true
		}
	}
	return false
}

// agree holds at rest: a call that is over is over everywhere and no phone rings; a call that lives has two ends.
func (w *network) agree() error {
	for i := range w.n + 1 {
		p := &w.phones[i]
		part := w.fork.State == fork.Answered && (w.isCaller(i) || w.fork.Winner == i)
		if part != (p.call.State == call.Connected) {
			return fmt.Errorf("at rest: the call is %v with winner %d, and %v for %s", w.fork.State, w.fork.Winner, p.call.State, w.name(i))
		}
		if !part && (p.call.Live() || p.shown) {
			return fmt.Errorf("at rest: %s is a ghost, %v", w.name(i), p.call.State)
		}
		if part && (!p.call.AudioRuns() || !p.shown) {
			return fmt.Errorf("at rest: %s is connected and silent, or not shown", w.name(i))
		}
	}
	return nil
}

func (w *network) name(who int8) string {
	if w.isCaller(who) {
		return "the caller"
	}
	return fmt.Sprintf("device %d", who)
}
