package wire

import (
	"bytes"
	"slices"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
)

// bridgeProvider is a CXProvider of the other side.
type bridgeProvider struct {
	b        *Bridge
	object   int
	config   callkit.ProviderConfiguration // guarded by b.mu, as all below
	delegate callkit.ProviderDelegate
	queue    callkit.Queue
	pending  map[callkit.UUID]callkit.Action
}

var _ callkit.Provider = (*bridgeProvider)(nil)

// SetDelegate is part of [callkit.Provider].
func (p *bridgeProvider) SetDelegate(d callkit.ProviderDelegate, q callkit.Queue) {
	p.b.mu.Lock()
	p.delegate, p.queue = d, q
	p.b.mu.Unlock()
	p.b.send(Message{Op: ProviderSetDelegate, Object: p.object, On: d != nil, Implements: implemented(d)})
}

// implemented names the optional methods that a delegate has.
func implemented(d callkit.ProviderDelegate) []string {
	var names []string
	add := func(name string, has bool) {
		if partial, ok := d.(callkit.Partial); ok && has {
			has = partial.Implements(name)
		}
		if has {
			names = append(names, name)
		}
	}
	has := func(_ any, ok bool) bool { return ok }
	begin, ok := d.(callkit.BeginDelegate)
	add("ProviderDidBegin", has(begin, ok))
	execute, ok := d.(callkit.TransactionDelegate)
	add("ExecuteTransaction", has(execute, ok))
	start, ok := d.(callkit.StartCallDelegate)
	add("PerformStartCallAction", has(start, ok))
	answer, ok := d.(callkit.AnswerCallDelegate)
	add("PerformAnswerCallAction", has(answer, ok))
	end, ok := d.(callkit.EndCallDelegate)
	add("PerformEndCallAction", has(end, ok))
	held, ok := d.(callkit.SetHeldDelegate)
	add("PerformSetHeldCallAction", has(held, ok))
	muted, ok := d.(callkit.SetMutedDelegate)
	add("PerformSetMutedCallAction", has(muted, ok))
	group, ok := d.(callkit.SetGroupDelegate)
	add("PerformSetGroupCallAction", has(group, ok))
	tones, ok := d.(callkit.PlayDTMFDelegate)
	add("PerformPlayDTMFCallAction", has(tones, ok))
	translating, ok := d.(callkit.SetTranslatingDelegate)
	add("PerformSetTranslatingCallAction", has(translating, ok))
	timedOut, ok := d.(callkit.TimedOutDelegate)
	add("TimedOutPerformingAction", has(timedOut, ok))
	audio, ok := d.(callkit.AudioDelegate)
	add("DidActivateAudioSession", has(audio, ok))
	return names
}

// ReportNewIncomingCall is part of [callkit.Provider].
func (p *bridgeProvider) ReportNewIncomingCall(call callkit.UUID, u callkit.Update, completion func(error)) {
	w := Update(u)
	p.b.send(Message{Op: ProviderReportNewIncoming, Object: p.object, Call: call.String(), Update: &w, Ticket: p.b.wait(func(err error) {
		if completion != nil {
			p.b.mu.Lock()
			q := p.queue
			p.b.mu.Unlock()
			on(q, func() { completion(err) })
		}
	})})
}

// ReportCallUpdated is part of [callkit.Provider].
func (p *bridgeProvider) ReportCallUpdated(call callkit.UUID, u callkit.Update) {
	w := Update(u)
	p.b.send(Message{Op: ProviderReportUpdated, Object: p.object, Call: call.String(), Update: &w})
}

// ReportCallEnded is part of [callkit.Provider].
func (p *bridgeProvider) ReportCallEnded(call callkit.UUID, at time.Time, reason callkit.EndedReason) {
	p.b.send(Message{Op: ProviderReportEnded, Object: p.object, Call: call.String(), At: moment(at), Number: int(reason)})
}

// ReportOutgoingCallStartedConnecting is part of [callkit.Provider].
func (p *bridgeProvider) ReportOutgoingCallStartedConnecting(call callkit.UUID, at time.Time) {
	p.b.send(Message{Op: ProviderReportConnecting, Object: p.object, Call: call.String(), At: moment(at)})
}

// ReportOutgoingCallConnected is part of [callkit.Provider].
func (p *bridgeProvider) ReportOutgoingCallConnected(call callkit.UUID, at time.Time) {
	p.b.send(Message{Op: ProviderReportConnected, Object: p.object, Call: call.String(), At: moment(at)})
}

// Configuration is part of [callkit.Provider].
func (p *bridgeProvider) Configuration() callkit.ProviderConfiguration {
	p.b.mu.Lock()
	defer p.b.mu.Unlock()
	c := p.config
	c.SupportedHandleTypes = slices.Clone(c.SupportedHandleTypes)
	c.IconTemplateImageData = bytes.Clone(c.IconTemplateImageData)
	return c
}

// SetConfiguration is part of [callkit.Provider].
func (p *bridgeProvider) SetConfiguration(c callkit.ProviderConfiguration) {
	p.b.mu.Lock()
	p.config = c
	p.b.mu.Unlock()
	p.b.send(Message{Op: ProviderSetConfiguration, Object: p.object, Config: configOf(c)})
}

// PendingActions is part of [callkit.Provider].
func (p *bridgeProvider) PendingActions() []callkit.Action {
	p.b.mu.Lock()
	defer p.b.mu.Unlock()
	var pending []callkit.Action
	for _, a := range p.pending {
		pending = append(pending, a)
	}
	slices.SortFunc(pending, func(x, y callkit.Action) int {
		if c := x.TimeoutDate().Compare(y.TimeoutDate()); c != 0 {
			return c
		}
		xid, yid := x.UUID(), y.UUID()
		return bytes.Compare(xid[:], yid[:])
	})
	return pending
}

// Invalidate is part of [callkit.Provider].
func (p *bridgeProvider) Invalidate() {
	p.b.send(Message{Op: ProviderInvalidate, Object: p.object})
}

// settler sends what became of an action, once.
type settler struct {
	p    *bridgeProvider
	id   callkit.UUID
	act  callkit.Action
	over bool // guarded by p.b.mu
}

// Settled is part of [callkit.Settler].
func (s *settler) Settled() bool {
	s.p.b.mu.Lock()
	defer s.p.b.mu.Unlock()
	return s.over
}

// Settle is part of [callkit.Settler].
func (s *settler) Settle(ok bool, at time.Time) {
	s.p.b.mu.Lock()
	was := s.over
	s.over = true
	delete(s.p.pending, s.id)
	s.p.b.mu.Unlock()
	if was {
		return
	}
	m := Message{Op: ActionFail, Action: &Action{ID: s.id.String(), Call: s.act.Call().String()}}
	if ok {
		m.Op, m.At = ActionFulfill, moment(at)
	}
	if t, is := s.act.(*callkit.SetTranslatingCallAction); is {
		m.Action.Engine = t.Engine()
	}
	s.p.b.send(m)
}

// bound returns the app's copy of an action: the one that it has already, or a new one.
func (p *bridgeProvider) bound(w Action) (callkit.Action, error) {
	key := id(w.ID)
	p.b.mu.Lock()
	a := p.pending[key]
	p.b.mu.Unlock()
	if a != nil {
		return a, nil
	}
	a, err := w.action()
	if err != nil {
		return nil, err
	}
	a.Bind(key, when(w.Timeout), &settler{p: p, id: key, act: a})
	p.b.mu.Lock()
	p.pending[key] = a
	p.b.mu.Unlock()
	return a, nil
}

// event runs the delegate's method for an event.
func (p *bridgeProvider) event(m Message) Message {
	p.b.mu.Lock()
	d, q := p.delegate, p.queue
	p.b.mu.Unlock()
	if d == nil {
		return refuse(string(m.Op) + ": the provider has no delegate")
	}
	switch m.Op {
	case ProviderDidBegin:
		if x, ok := d.(callkit.BeginDelegate); ok {
			on(q, func() { x.ProviderDidBegin(p) })
		}
	case ProviderDidReset:
		p.void()
		on(q, func() { d.ProviderDidReset(p) })
	case ProviderDidActivate, ProviderDidDeactivate:
		x, ok := d.(callkit.AudioDelegate)
		switch {
		case ok && m.Op == ProviderDidActivate:
			on(q, func() { x.DidActivateAudioSession(p, p.b.AudioSession()) })
		case ok:
			on(q, func() { x.DidDeactivateAudioSession(p, p.b.AudioSession()) })
		}
	case ProviderExecute:
		return p.execute(d, m)
	case ProviderPerform, ProviderTimedOut:
		if m.Action == nil {
			return refuse(string(m.Op) + " has no action")
		}
		a, err := p.bound(*m.Action)
		if err != nil {
			return Message{Error: errorOf(err)}
		}
		if m.Op == ProviderTimedOut {
			p.expire(a)
			if x, ok := d.(callkit.TimedOutDelegate); ok {
				on(q, func() { x.TimedOutPerformingAction(p, a) })
			}
			return Message{}
		}
		on(q, func() { callkit.Perform(d, p, a) })
	default:
		return refuse("no event is named " + string(m.Op))
	}
	return Message{}
}

func (p *bridgeProvider) execute(d callkit.ProviderDelegate, m Message) Message {
	x, ok := d.(callkit.TransactionDelegate)
	if !ok {
		return Message{}
	}
	var all []callkit.Action
	for _, w := range m.Actions {
		a, err := p.bound(w)
		if err != nil {
			return Message{Error: errorOf(err)}
		}
		all = append(all, a)
	}
	// The answer is wanted at once, so this is not for another queue.
	return Message{On: x.ExecuteTransaction(p, all)}
}

// expire marks an action that timed out: the system has settled it (CXProviderDelegate).
func (p *bridgeProvider) expire(a callkit.Action) {
	p.b.mu.Lock()
	defer p.b.mu.Unlock()
	delete(p.pending, a.UUID())
	if s, ok := callkit.SettlerOf(a).(*settler); ok {
		s.over = true
	}
}

// void marks all actions: the call service that asked for them is gone.
func (p *bridgeProvider) void() {
	p.b.mu.Lock()
	defer p.b.mu.Unlock()
	for _, a := range p.pending {
		if s, ok := callkit.SettlerOf(a).(*settler); ok {
			s.over = true
		}
	}
	clear(p.pending)
}
