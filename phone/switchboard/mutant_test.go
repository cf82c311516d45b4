package switchboard

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/internal/model"
)

// bar is the share of mutants that the properties must kill.
const bar = 0.95

// A mutant is a machine with one mistake.
type mutant struct {
	name string
	m    *machine
	on   EventKind // the event that the mistake is about; 0: all
}

// mutants makes every single mistake of the kinds listed in it.
func mutants() []mutant {
	var all []mutant
	var on EventKind
	add := func(name string, change func(m *machine)) {
		m := *standard
		m.rules, m.then = slices.Clone(m.rules), slices.Clone(m.then)
		m.speak, m.wait = slices.Clone(m.speak), slices.Clone(m.wait)
		change(&m)
		all = append(all, mutant{name, &m, on})
	}
	for i, r := range rules {
		on = r.on
		row := strings.TrimSpace(fmt.Sprintf("row %v %v %v", r.in, r.on, guards[r.when].name))
		add("drop "+row, func(m *machine) { m.rules = slices.Delete(m.rules, i, i+1) })
		for j, o := range r.do {
			add(fmt.Sprintf("drop %q of %s", orders[o].name, row), func(m *machine) {
				m.rules[i].do = slices.Delete(slices.Clone(r.do), j, j+1)
			})
			for _, wrong := range []order{makeRoom, endActive, endHeld, askAnswer, askHold, askResume, fulfillGroup} {
				if wrong != o {
					add(fmt.Sprintf("%q for %q of %s", orders[wrong].name, orders[o].name, row), func(m *machine) {
						m.rules[i].do = slices.Clone(r.do)
						m.rules[i].do[j] = wrong
					})
				}
			}
		}
		if len(r.do) > 1 {
			add("the wrong way round: "+row, func(m *machine) {
				m.rules[i].do = slices.Clone(r.do)
				slices.Reverse(m.rules[i].do)
			})
		}
		for s := Free; s <= Talking; s++ {
			if s != r.to && (r.to != same || r.in != nil && !slices.Equal(r.in, []State{s})) {
				add(fmt.Sprintf("target %v for %s", s, row), func(m *machine) { m.rules[i].to = s })
			}
		}
		if r.to != same {
			add("stay in "+row, func(m *machine) { m.rules[i].to = same })
		}
		if r.when != always {
			add("no guard for "+row, func(m *machine) { m.rules[i].when = always })
		}
		if r.set != nothing {
			add("no change for "+row, func(m *machine) { m.rules[i].set = nothing })
		}
		if r.why != 0 {
			add("wrong refusal for "+row, func(m *machine) { m.rules[i].why = r.why%CannotMix + 1 })
		}
		if len(r.in) > 1 {
			for j, s := range r.in {
				add(fmt.Sprintf("not in %v: %s", s, row), func(m *machine) {
					m.rules[i].in = slices.Delete(slices.Clone(r.in), j, j+1)
				})
			}
		}
	}
	on = 0
	for i, c := range then {
		add("drop clause: "+c.name, func(m *machine) { m.then[i].do = func(*turn) {} })
		add("last: "+c.name, func(m *machine) { m.then = append(slices.Delete(m.then, i, i+1), c) })
		for j, n := range c.when {
			add(fmt.Sprintf("drop need %q of clause: %s", n.name, c.name), func(m *machine) {
				m.then[i].when = slices.Delete(slices.Clone(c.when), j, j+1)
			})
		}
	}
	for i, n := range speak {
		add("sound whether or not "+n.name, func(m *machine) { m.speak = slices.Delete(m.speak, i, i+1) })
	}
	for i, n := range wait {
		add("patience whether or not "+n.name, func(m *machine) { m.wait = slices.Delete(m.wait, i, i+1) })
	}
	return all
}

// try lets m take one step from each world, and reports whether it ever does anything else than the standard machine,
// and whether a property finds fault with that. A mistake that makes no difference in any reachable state is none, and no
// property can find it.
func try(mu mutant, worlds []world, lines uint8) (differs, dead bool) {
	defer func() { dead = dead || recover() != nil }()
	for _, e := range eventsOn(lines) {
		if mu.on != 0 && mu.on != e.Kind {
			continue
		}
		for _, w := range worlds {
			x, effects := standard.step(w.b, e)
			y, others := mu.m.step(w.b, e)
			if x == y && slices.Equal(effects, others) {
				continue
			}
			differs = true
			if _, err := w.next(mu.m, e); err != nil {
				return true, true
			}
		}
	}
	return differs, false
}

func TestModelMutants(t *testing.T) {
	if model.Race {
		t.Skip("ten times slower, and there is one goroutine")
	}
	began := time.Now()
	var worlds []world
	n, every := 0, 5 // of the worlds; tools/model tries all
	if big() {
		every = 1
	}
	if _, err := search(standard, 2, 0, func(w world) {
		if n++; n%every == 0 {
			worlds = append(worlds, w)
		}
	}); err != nil {
		t.Fatal(err)
	}
	killed, same := 0, 0
	var survivors []string
	for _, mu := range mutants() {
		differs, dead := try(mu, worlds, 2)
		if !dead {
			d, k := try(mu, crowded, Lines)
			differs, dead = differs || d, k
		}
		switch {
		case dead, differs && kill(mu.m):
			killed++
		case !differs:
			same++
		default:
			survivors = append(survivors, mu.name)
		}
	}
	total := killed + len(survivors)
	share := float64(killed) / float64(total)
	t.Logf("model: several calls: %d of %d mutants killed, %.1f %%; %d more make no difference in any reachable state; %.1f s",
		killed, total, 100*share, same, time.Since(began).Seconds())
	for _, s := range survivors {
		t.Logf("model: several calls: survives, though it makes a difference: %s", s)
	}
	if share < bar {
		t.Errorf("the properties kill %.1f %% of the mutants, less than %.0f %%", 100*share, 100*bar)
	}
}

// crowded are boards with three calls, for mistakes that two don't show.
var crowded = crowd()

func crowd() []world {
	var all []world
	add := func(b Board) {
		w := world{b: b, timer: b.Waits()}
		for i := range w.lent {
			w.lent[i] = b.Speaks(uint8(i))
		}
		all = append(all, w)
	}
	for _, p := range []Policy{{Groups: 2}, {Groups: 3, Mixes: true}} {
		for _, third := range []Line{{State: Ringing}, {State: Dialing}, {State: Talking}, {State: Talking, Held: true, For: ForLine}, {State: Talking, Held: true, For: ForGone}} {
			b := New(p)
			b.Lines = [Lines]Line{{State: Talking}, {State: Talking, Held: true, For: ForLine}, third}
			b.Front = 0
			add(b)
			b.Lines[0].Held, b.Lines[0].For, b.Lent = true, ForUser, true
			add(b)
			if p.Mixes {
				b.Lines[0].Group, b.Lines[1].Group = 1, 1
				add(b)
			}
		}
	}
	return all
}

// kill reports whether a property, or a panic, gives m away on the way.
func kill(m *machine) (dead bool) {
	defer func() { dead = dead || recover() != nil }()
	_, err := search(m, 2, 0, nil)
	return err != nil
}
