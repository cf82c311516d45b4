package phone

import (
	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/callkit"
)

// An item is one effect that is still to be carried out, with what the machine does not know.
type item struct {
	line   *line
	effect call.Effect
	action callkit.Action // the action of the event, nil if it was none
	also   func()         // instead of an effect: something that the engine itself has to do in this order
}

// do runs f with the lock held and then carries out what follows from it. A call from within an effect (a system
// that calls back synchronously) only appends; the one who carries out goes on with it. Nobody ever waits for
// another goroutine here: the system might hold a lock of its own while it calls us.
func (p *Phone) do(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	f()
	p.drain()
}

// post runs f on the main queue, as do does. It never blocks.
func (p *Phone) post(f func()) { p.main.Async(func() { p.do(f) }) }

// outside runs f, which calls somebody else's code, without the lock. The lock must be held.
func (p *Phone) outside(f func()) {
	p.mu.Unlock()
	defer p.mu.Lock()
	f()
}

// step lets e happen to l and returns what follows. The lock must be held.
func (p *Phone) step(l *line, e call.Event, a callkit.Action) []item {
	before := l.state
	next, effects := call.Step(before, e)
	l.state = next
	p.log.Debug("step", "call", l.id, "event", e, "from", before.State, "to", next.State, "effects", effects)
	if next.Pending != before.Pending && next.Pending != call.NoAction {
		l.kept = a
	}
	if next.State == call.Ended && before.State != call.Ended {
		p.end(l)
	}
	items := make([]item, len(effects))
	for i, effect := range effects {
		items[i] = item{line: l, effect: effect, action: a}
	}
	return append(items, p.moved(l, before)...)
}

// tell lets e happen to l; what follows waits in the outbox. The lock must be held.
func (p *Phone) tell(l *line, e call.Event) { p.perform(l, e, nil) }

// perform is tell for an event that comes with an action.
func (p *Phone) perform(l *line, e call.Event, a callkit.Action) {
	p.outbox = append(p.outbox, p.step(l, e, a)...)
}

// order appends an effect that the engine itself gives. The lock must be held.
func (p *Phone) order(l *line, e call.Effect) { p.outbox = append(p.outbox, item{line: l, effect: e}) }

// then appends f, which runs with the lock held. The lock must be held.
func (p *Phone) then(f func()) { p.outbox = append(p.outbox, item{also: f}) }

// drain carries out the outbox, in order, unless somebody does already. The lock must be held.
func (p *Phone) drain() {
	if p.draining || p.hold > 0 {
		return
	}
	p.draining = true
	defer func() { p.draining = false }()
	for {
		for len(p.outbox) > 0 && !p.closed && p.hold == 0 {
			next := p.outbox[0]
			p.outbox = p.outbox[1:]
			if next.also != nil {
				next.also()
				continue
			}
			p.carryOut(next)
		}
		if p.closed || p.hold > 0 {
			return
		}
		p.save()
		p.balance()
		p.changed()
		// All of these may have let the lock go, and who came meanwhile only appended.
		if len(p.outbox) == 0 {
			return
		}
	}
}
