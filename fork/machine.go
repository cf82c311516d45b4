package fork

import (
	"slices"

	"github.com/ringtrip/ringtrip/call"
)

// A machine is the whole behaviour as data, so that tests can make mutants of it. There is one in use: standard.
type machine struct {
	rules     []rule
	clauses   []clause
	telling   []call.Reason // reasons of a leg, most telling first
	callerSee func(Fork) View
	legSee    func(Fork, int8) View
}

var standard = &machine{rules: rules, clauses: clauses, telling: telling, callerSee: callerView, legSee: legView}

// A turn is one Step in the making.
type turn struct {
	m      *machine
	before Fork
	next   Fork
	event  Event
	out    []Effect
}

func (m *machine) step(f Fork, e Event) (Fork, []Effect) {
	t := turn{m: m, before: f, next: f, event: clean(e)}
	if r := m.match(f, t.event); r != nil {
		t.take(r)
	}
	for i := range m.clauses {
		c := &m.clauses[i]
		if !slices.ContainsFunc(c.when, func(n need) bool { return !n.is(&t) }) {
			c.do(&t)
		}
	}
	return t.next, t.out
}

func (m *machine) match(f Fork, e Event) *rule {
	if e.Kind.hasLeg() && e.Leg < 0 {
		return nil
	}
	for i := range m.rules {
		r := &m.rules[i]
		if r.on != e.Kind || !slices.Contains(r.in, f.State) {
			continue
		}
		if r.legs != nil && !slices.Contains(r.legs, f.Legs[e.Leg].State) {
			continue
		}
		if slices.ContainsFunc(r.when, func(g guard) bool { return !guards[g].holds(f, e) }) {
			continue
		}
		return r
	}
	return nil
}

func (t *turn) take(r *rule) {
	or := func(reason call.Reason) call.Reason {
		if reason == eventReason {
			return t.event.Reason
		}
		return reason
	}
	if r.leg != NoLeg {
		t.next.Legs[t.event.Leg] = Leg{State: r.leg} // and of no group any more
		if r.leg == LegEnded {
			t.next.Legs[t.event.Leg].Reason = or(r.legWhy)
		}
	}
	changes[r.set].make(&t.next, t.event)
	if r.to == Idle {
		return
	}
	t.next.State = r.to
	if r.to == Ended {
		t.next.Reason = or(r.why)
	}
	if r.by {
		t.next.By = t.event.Leg
	}
	if r.to == Ringing {
		return
	}
	for i := range t.next.Legs {
		l := &t.next.Legs[i]
		if l.Open() || r.to == Ended && l.State == LegAnswered {
			*l = Leg{State: LegEnded, Reason: or(r.others)}
		}
	}
}
