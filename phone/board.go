package phone

import (
	"slices"
	"time"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/media"
	"github.com/ringtrip/ringtrip/phone/switchboard"
)

// resumePatience is how long the system has to resume a held call by itself, as it does after a local hang-up, before
// the engine asks for it.
const resumePatience = time.Second

// policyOf returns what the switchboard must know of a configuration.
func policyOf(cfg *Config) switchboard.Policy {
	_, mixes := cfg.Media.(media.Mixer)
	return switchboard.Policy{
		Groups: uint8(max(1, min(cfg.Provider.MaximumCallGroups, 255))), OneCall: cfg.NoCallWaiting, StayHeld: cfg.StayOnHold,
		Mixes: mixes && cfg.Provider.MaximumCallsPerCallGroup > 1,
	}
}

// offer asks the switchboard whether a call may ring; false: it is told busy. Two people who call each other at once
// (glare) are not busy: the server decides which of the two calls goes on. The lock must be held.
func (p *Phone) offer(l *line, handles ...string) bool {
	e := switchboard.Event{Kind: switchboard.Offered, Line: switchboard.None}
	for _, other := range p.lines {
		if other == l || !other.state.Outgoing || !other.state.Live() || other.state.Answered() {
			continue
		}
		for _, h := range handles {
			e.On = e.On || h != "" && (other.callee == h || other.handle.Value == h || other.party != nil && slices.Contains(other.party.callees, h))
		}
	}
	return p.seat(l, e)
}

// seat offers l to the switchboard and gives it its seat there, if there is one.
func (p *Phone) seat(l *line, e switchboard.Event) bool {
	for _, f := range p.board1(e) {
		if f.Kind == switchboard.Ring {
			p.sit(l, f.Line)
			return true
		}
	}
	return false
}

func (p *Phone) sit(l *line, seat uint8) { l.seat, p.seats[seat] = seat, l }

// standUp frees the seat of a call that is over, or that never came to be.
func (p *Phone) standUp(l *line) {
	if l.seat < switchboard.Lines && p.seats[l.seat] == l {
		p.seats[l.seat] = nil
	}
	l.seat = switchboard.None
}

// phase is where a call stands, as far as the others are concerned.
func phase(s call.State) switchboard.State {
	switch s {
	case call.Reporting, call.Ringing:
		return switchboard.Ringing
	case call.Dialing, call.Alerting:
		return switchboard.Dialing
	case call.Connecting, call.Connected:
		return switchboard.Talking
	case call.Idle, call.Ended:
	}
	return switchboard.Free
}

// moved tells the switchboard what has become of a call, and returns what follows. The lock must be held.
func (p *Phone) moved(l *line, before call.Call) []item {
	from, to := phase(before.State), phase(l.state.State)
	if l.seat == switchboard.None && from == switchboard.Free && to == switchboard.Ringing && l.known {
		// It rings already, on the system's screen: a ring of the last process.
		p.seat(l, switchboard.Event{Kind: switchboard.Offered, Line: switchboard.None, On: true})
	}
	if l.seat == switchboard.None {
		return nil
	}
	var items []item
	tell := func(kind switchboard.EventKind, on bool) {
		e := switchboard.Event{Kind: kind, Line: l.seat, With: switchboard.None, On: on}
		e.Gone = kind == switchboard.Held && on && p.justOver(l)
		items = append(items, p.follow(p.board1(e))...)
	}
	switch {
	case from == to:
	case to == switchboard.Free:
		tell(switchboard.Ended, false)
		p.standUp(l)
	case to == switchboard.Dialing:
		tell(switchboard.Started, false)
	case to == switchboard.Talking:
		tell(switchboard.Answered, false)
	}
	if to != switchboard.Free && before.Held != l.state.Held {
		tell(switchboard.Held, l.state.Held)
	}
	return items
}

// justOver reports whether a call besides l, ours or not, was over a moment ago: a hold that comes now may have been
// meant for it.
func (p *Phone) justOver(l *line) bool {
	recent := func(at time.Time) bool {
		ago := p.now().Sub(at)
		return ago >= 0 && ago < resumePatience
	}
	for _, other := range p.lines {
		if other != l && other.state.State == call.Ended && recent(other.ended) {
			return true
		}
	}
	return recent(p.otherOver)
}

// board1 lets e happen to the switchboard and returns its orders. The lock must be held.
func (p *Phone) board1(e switchboard.Event) []switchboard.Effect {
	before := p.board
	next, effects := switchboard.Step(before, e)
	p.board = next
	p.log.Debug("switchboard", "event", e, "effects", effects, "front", next.Front)
	return effects
}

// tellBoard lets e happen to the switchboard; what follows waits in the outbox. The lock must be held.
func (p *Phone) tellBoard(e switchboard.Event) {
	p.outbox = append(p.outbox, p.follow(p.board1(e))...)
}

// follow returns what the engine has to do for orders that the app did not ask for. The lock must be held.
func (p *Phone) follow(effects []switchboard.Effect) []item {
	var items []item
	var asked []callkit.Action
	for _, f := range effects {
		switch f.Kind {
		case switchboard.Lend, switchboard.TakeBack:
			if l := p.seats[f.Line]; l != nil {
				items = append(items, p.step(l, audioEvent(f.Kind == switchboard.Lend), nil)...)
			}
		case switchboard.StartTimer:
			p.startPatience()
		case switchboard.StopTimer:
			p.stopPatience()
		case switchboard.AskHold, switchboard.AskAnswer, switchboard.AskEnd, switchboard.AskGroup:
			asked = append(asked, p.actionFor(f))
		case switchboard.Ring, switchboard.Busy, switchboard.AskStart, switchboard.Refuse, switchboard.FulfillGroup, switchboard.FailGroup:
			// Whoever let the event happen sees to it.
		}
	}
	if len(asked) > 0 {
		items = append(items, item{also: func() { p.transact(asked) }})
	}
	return append(items, p.mixed()...)
}

func audioEvent(on bool) call.Event {
	if on {
		return call.Event{Kind: call.AudioOn}
	}
	return call.Event{Kind: call.AudioOff}
}

// actionFor returns the action that an order asks the system for.
func (p *Phone) actionFor(f switchboard.Effect) callkit.Action {
	base := callkit.Base{CallUUID: p.idAt(f.Line)}
	switch f.Kind {
	case switchboard.AskAnswer:
		return &callkit.AnswerCallAction{Base: base}
	case switchboard.AskEnd:
		return &callkit.EndCallAction{Base: base}
	case switchboard.AskGroup:
		return &callkit.SetGroupCallAction{Base: base, GroupWith: p.idAt(f.With)}
	default:
		return &callkit.SetHeldCallAction{Base: base, OnHold: f.On}
	}
}

// idAt returns the call in a seat, the zero UUID for none.
func (p *Phone) idAt(seat uint8) callkit.UUID {
	if seat < switchboard.Lines && p.seats[seat] != nil {
		return p.seats[seat].id
	}
	return callkit.UUID{}
}

func (p *Phone) startPatience() {
	p.stopPatience()
	var t callkit.Timer
	t = p.after(resumePatience, func() {
		if p.patience == t {
			p.patience = nil
			p.tellBoard(switchboard.Event{Kind: switchboard.Patience, Line: switchboard.None})
		}
	})
	p.patience = t
}

func (p *Phone) stopPatience() {
	if p.patience != nil {
		p.patience.Stop()
		p.patience = nil
	}
}

// observe tells the switchboard what calls of others are on the phone. The system tells only that they are there.
// The lock must be held; it is given up meanwhile.
func (p *Phone) observe() {
	var calls []callkit.Call
	p.outside(func() { calls = p.observer.Calls() })
	p.heardOf(calls)
}

func (p *Phone) heardOf(calls []callkit.Call) {
	foreign, others := switchboard.NoForeign, 0
	for _, c := range calls {
		switch {
		case c.HasEnded || p.find(c.UUID) != nil || p.isStarting(c.UUID):
		case !c.IsOnHold:
			foreign = switchboard.ForeignOn
			others++
		default:
			foreign = max(foreign, switchboard.ForeignHeld)
			others++
		}
	}
	if others < p.others {
		p.otherOver = p.now()
	}
	p.others = others
	if foreign != p.board.Foreign {
		p.tellBoard(switchboard.Event{Kind: switchboard.ForeignIs, Line: switchboard.None, Foreign: foreign})
	}
}

// transact requests actions as one transaction. The lock must be held; it is given up meanwhile.
func (p *Phone) transact(actions []callkit.Action) {
	p.outside(func() {
		p.controller.RequestTransaction(actions, func(err error) {
			if err != nil {
				p.do(func() { p.notAsked(actions, err) })
			}
		})
	})
}

// mixed has media mix the calls of a group, and no others, when that has changed. The lock must be held.
func (p *Phone) mixed() []item {
	mixer, ok := p.cfg.Media.(media.Mixer)
	if !ok {
		return nil
	}
	var items []item
	for _, l := range p.seats {
		if l == nil {
			continue
		}
		group := p.board.Lines[l.seat].Group
		if group == l.group {
			continue
		}
		l.group = group
		items = append(items, item{also: func() { p.mix(mixer, l) }})
	}
	return items
}

// mix tells the mixer which group l's sessions are in now.
func (p *Phone) mix(mixer media.Mixer, l *line) {
	group := ""
	if l.group != 0 {
		group = p.cfg.DeviceID + "-" + p.idAt(l.group-1).String()
	}
	p.everySession(l, func(s *session) {
		err := error(nil)
		if in, ok := s.Session.(*seat); ok {
			err = in.mix(mixer, group)
		} else {
			err = mixer.Mix(s.Session, group)
		}
		if err != nil {
			p.log.Error("mixing the calls of a group", "call", l.id, "err", err)
		}
	})
}
