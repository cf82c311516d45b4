package call

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/internal/model"
)

// bar is the share of mutants that the properties must kill. Coverage of statements says nothing here: a dropped row
// or a dropped effect is what a mistake looks like in a table.
const bar = 0.95

// A mutant is a machine with one mistake.
type mutant struct {
	name string
	m    *machine
}

// mutants makes every single mistake of the kinds listed in it.
func mutants() []mutant {
	var all []mutant
	add := func(name string, change func(m *machine)) {
		m := *standard
		m.rules = slices.Clone(m.rules)
		m.first, m.then = slices.Clone(m.first), slices.Clone(m.then)
		m.audio, m.waits = slices.Clone(m.audio), slices.Clone(m.waits)
		change(&m)
		all = append(all, mutant{name, &m})
	}
	for i, r := range rules {
		row := strings.TrimSpace(fmt.Sprintf("row %v %v %v", r.in, Event{Kind: r.on, Action: r.act}, guards[r.when].name))
		add("drop "+row, func(m *machine) { m.rules = slices.Delete(m.rules, i, i+1) })
		for j, kind := range r.do {
			add(fmt.Sprintf("drop %v of %s", kind, row), func(m *machine) {
				m.rules[i].do = slices.Delete(slices.Clone(r.do), j, j+1)
			})
			for _, wrong := range []EffectKind{SendDecline, SendBusy, SendCancel, SendHangup} {
				if wrong != kind {
					add(fmt.Sprintf("%v for %v of %s", wrong, kind, row), func(m *machine) { m.rules[i].do = []EffectKind{wrong} })
				}
			}
		}
		for s := Idle; s <= Ended; s++ {
			if s != r.to && (r.to != same || !slices.Contains(r.in, s) || len(r.in) > 1) {
				add(fmt.Sprintf("target %v for %s", s, row), func(m *machine) { m.rules[i].to = s })
			}
		}
		if r.to != same && !slices.Equal(r.in, []State{r.to}) {
			add("stay in "+row, func(m *machine) { m.rules[i].to = same })
		}
		if r.when != always {
			add("no guard for "+row, func(m *machine) { m.rules[i].when = always })
		}
		if r.set != nothing {
			add("no change for "+row, func(m *machine) { m.rules[i].set = nothing })
		}
		if r.to == Ended {
			wrong := HungUp
			if r.why == HungUp {
				wrong = Cancelled
			}
			add("wrong reason for "+row, func(m *machine) { m.rules[i].why = wrong })
		}
		if len(r.in) > 1 {
			for j, s := range r.in {
				add(fmt.Sprintf("not in %v: %s", s, row), func(m *machine) {
					m.rules[i].in = slices.Delete(slices.Clone(r.in), j, j+1)
				})
			}
		}
	}
	lists := func(list []clause, get func(m *machine) []clause) {
		for i, c := range list {
			add("drop clause: "+c.name, func(m *machine) { get(m)[i].do = func(*turn) {} })
			for j, n := range c.when {
				add(fmt.Sprintf("drop need %q of clause: %s", n.name, c.name), func(m *machine) {
					get(m)[i].when = slices.Delete(slices.Clone(c.when), j, j+1)
				})
			}
		}
	}
	lists(first, func(m *machine) []clause { return m.first })
	lists(then, func(m *machine) []clause { return m.then })
	for i, c := range then {
		if slices.Contains(ordered, c.name) {
			add("last: "+c.name, func(m *machine) { m.then = append(slices.Delete(m.then, i, i+1), c) })
		}
	}
	add("settle and report before a row's effects", func(m *machine) {
		m.first, m.then = append(m.first, m.then...), nil
	})
	for i, n := range audio {
		add("audio whether or not "+n.name, func(m *machine) { m.audio = slices.Delete(m.audio, i, i+1) })
	}
	for i, w := range waits {
		add(fmt.Sprintf("no %v while %s", w.timer, w.name), func(m *machine) { m.waits = slices.Delete(m.waits, i, i+1) })
		for _, timer := range timers {
			if timer != w.timer {
				add(fmt.Sprintf("%v for %v while %s", timer, w.timer, w.name), func(m *machine) { m.waits[i].timer = timer })
			}
		}
	}
	return all
}

// ordered are the clauses whose place among the others matters.
var ordered = []string{
	"fulfil an action that a row takes",
	"fulfil the answer at once if it need not wait",
	"report the end of what is shown",
	"stop audio",
	"warm media",
}

// reachable are all calls that the standard machine reaches.
func reachable(t *testing.T) []Call {
	var all []Call
	seen := make(map[Call]bool)
	if _, err := model.Search(starts, 0, func(w world, yield func(Event, world, error) bool) error {
		if !seen[w.c] {
			seen[w.c] = true
			all = append(all, w.c)
		}
		for _, e := range events {
			n, err := w.next(standard, e)
			yield(e, n, err)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return all
}

// differs reports whether m ever does anything else than the standard machine. A mistake that makes no difference in
// any reachable state is none, and no property can find it.
func differs(m *machine, calls []Call) (differs bool) {
	defer func() { differs = differs || recover() != nil }()
	for _, e := range events {
		for _, c := range calls {
			a, x := standard.step(c, e)
			b, y := m.step(c, e)
			if a != b || !slices.Equal(x, y) {
				return true
			}
		}
	}
	return false
}

func TestModelMutants(t *testing.T) {
	began := time.Now()
	calls := reachable(t)
	killed, same := 0, 0
	var survivors []string
	for i, mu := range mutants() {
		if model.Race && i%20 != 0 {
			continue
		}
		switch {
		case kill(mu.m):
			killed++
		case !differs(mu.m, calls):
			same++
		default:
			survivors = append(survivors, mu.name)
		}
	}
	total := killed + len(survivors)
	share := float64(killed) / float64(total)
	t.Logf("model: one call: %d of %d mutants killed, %.1f %%; %d more make no difference in any reachable state; %.1f s",
		killed, total, 100*share, same, time.Since(began).Seconds())
	for _, s := range survivors {
		t.Logf("model: one call: survives, though it makes a difference: %s", s)
	}
	if share < bar {
		t.Errorf("the properties kill %.1f %% of the mutants, less than %.0f %%", 100*share, 100*bar)
	}
}

// kill reports whether a property, or a panic, gives m away.
func kill(m *machine) (dead bool) {
	defer func() { dead = dead || recover() != nil }()
	_, err := search(m, 100_000)
	return err != nil
}
