package switchboard

import "slices"

// A machine is the whole behaviour as data, so that tests can make mutants of it. There is one in use: standard.
type machine struct {
	rules []rule
	then  []clause // after a row's orders
	speak []claim  // all of them: a line has the sound
	wait  []claim  // all of them: the timer runs
}

var standard = &machine{rules: rules, then: then, speak: speak, wait: wait}

// A turn is one Step in the making.
type turn struct {
	m      *machine
	before Board
	next   Board
	event  Event
	out    []Effect
}

func (m *machine) step(b Board, e Event) (Board, []Effect) {
	t := turn{m: m, before: clean(b), event: e}
	t.next = t.before
	if e.Kind == Offered || e.Kind == WantStart {
		t.event.Line = t.before.free()
	}
	t.event.Line, t.event.With = min(t.event.Line, None), min(t.event.With, None)
	if row := m.match(&t); row != nil {
		t.take(row)
	}
	for i := range m.then {
		c := &m.then[i]
		if !slices.ContainsFunc(c.when, func(n need) bool { return !n.is(&t) }) {
			c.do(&t)
		}
	}
	return t.next, t.out
}

// clean makes a board that nobody made with New one of no harm.
func clean(b Board) Board {
	b.Front = min(b.Front, None)
	return b
}

// state returns the state of the event's line; false if it names none.
func (t *turn) state() (State, bool) {
	if t.event.Line == None {
		return 0, false
	}
	return t.before.Lines[t.event.Line].State, true
}

func (m *machine) match(t *turn) *rule {
	s, ok := t.state()
	for i := range m.rules {
		r := &m.rules[i]
		if r.on == t.event.Kind && (r.in == nil || ok && slices.Contains(r.in, s)) && guards[r.when].holds(t.before, t.event) {
			return r
		}
	}
	return nil
}

func (t *turn) take(r *rule) {
	if r.to != same && t.event.Line != None {
		t.next.Lines[t.event.Line].State = r.to
	}
	changes[r.set].make(&t.next, t.event)
	if r.why != 0 {
		t.out = append(t.out, Effect{Kind: Refuse, Line: t.event.Line, With: None, Why: r.why})
	}
	for _, o := range r.do {
		orders[o].give(t)
	}
}

// order adds an effect about a line.
func (t *turn) order(kind EffectKind, line uint8) {
	t.out = append(t.out, Effect{Kind: kind, Line: line, With: None})
}

// each orders for every line that is so, besides the event's own.
func (t *turn) each(kind EffectKind, is func(Line) bool) {
	for i, l := range t.before.Lines {
		if uint8(i) != t.event.Line && is(l) {
			t.order(kind, uint8(i))
		}
	}
}

func (m *machine) speaks(b *Board, line uint8) bool { return line < Lines && all(m.speak, b, line) }

func (m *machine) waits(b *Board) bool { return all(m.wait, b, None) }

func all(claims []claim, b *Board, line uint8) bool {
	for i := range claims {
		if !claims[i].is(b, line) {
			return false
		}
	}
	return true
}
