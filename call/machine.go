package call

import "slices"

// A machine is the whole behaviour as data, so that tests can make mutants of it. There is one in use: standard.
type machine struct {
	rules []rule
	first []clause // before a row's effects
	then  []clause // after them
	audio []need   // all of them: audio runs
	waits []wait
}

var standard = &machine{rules: rules, first: first, then: then, audio: audio, waits: waits}

// A turn is one Step in the making.
type turn struct {
	m      *machine
	before Call
	next   Call
	event  Event
	taken  bool // a row took the event
	out    []Effect
}

func (m *machine) step(c Call, e Event) (Call, []Effect) {
	t := turn{m: m, before: c, next: c, event: clean(e)}
	row := m.match(c, t.event)
	if row != nil {
		t.take(row)
	}
	t.run(m.first)
	if row != nil {
		for _, kind := range row.do {
			t.order(kind)
		}
	}
	t.run(m.then)
	return t.next, t.out
}

// clean replaces reasons that make no sense for their event: they come from outside.
func clean(e Event) Event {
	switch e.Kind {
	case RemoteEnded:
		if e.Reason == NotEnded || int(e.Reason) >= len(reasonNames) {
			e.Reason = ServerEnded
		}
	case Refused:
		if !slices.Contains([]Reason{DoNotDisturb, Blocked, Busy, Unreachable}, e.Reason) {
			e.Reason = Unreachable
		}
	}
	return e
}

func (m *machine) match(c Call, e Event) *rule {
	for i := range m.rules {
		r := &m.rules[i]
		if r.on == e.Kind && (r.act == NoAction || r.act == e.Action) && slices.Contains(r.in, c.State) && guards[r.when].holds(c, e) {
			return r
		}
	}
	return nil
}

func (t *turn) take(r *rule) {
	t.taken = true
	changes[r.set].make(&t.next, t.event)
	if r.to == same {
		return
	}
	t.next.State = r.to
	if r.to == Ended {
		t.next.Reason = r.why
		if r.why == eventReason {
			t.next.Reason = t.event.Reason
		}
	}
}

func (t *turn) run(clauses []clause) {
	for i := range clauses {
		c := &clauses[i]
		if slices.ContainsFunc(c.when, func(n need) bool { return !n.is(t) }) {
			continue
		}
		c.do(t)
	}
}

// order adds an effect whose reason, if it has one, follows from why the call ended.
func (t *turn) order(kind EffectKind) {
	e := Effect{Kind: kind}
	why := t.next.Reason
	switch kind {
	case ReportEnded:
		e.Reason = why
	case SendDecline:
		e.Reason = Declined
		if why == Blocked {
			e.Reason = Blocked
		}
	case SendBusy:
		e.Reason = Unreachable
		if why == Busy || why == DoNotDisturb {
			e.Reason = why
		}
	case SendHangup:
		e.Reason = HungUp
		if why == MediaFailed || why == Crashed {
			e.Reason = why
		}
	}
	t.out = append(t.out, e)
}

func (m *machine) audioRuns(c *Call) bool {
	t := turn{next: *c}
	return !slices.ContainsFunc(m.audio, func(n need) bool { return !n.is(&t) })
}
