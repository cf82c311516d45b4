package fork

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/internal/model"
)

// bar is the share of mutants that the properties must kill.
const bar = 0.95

// A mutant is a machine with one mistake.
type mutant struct {
	name string
	m    *machine
	only EventKind // only events of this kind can tell it from the standard machine; 0: any
}

// mutants makes every single mistake of the kinds listed in it.
func mutants() []mutant {
	var all []mutant
	var only EventKind
	add := func(name string, change func(m *machine)) {
		m := *standard
		m.rules, m.clauses, m.telling = slices.Clone(m.rules), slices.Clone(m.clauses), slices.Clone(m.telling)
		change(&m)
		all = append(all, mutant{name, &m, only})
	}
	reasons := func(name string, is call.Reason, set func(m *machine, r call.Reason)) {
		for _, r := range []call.Reason{eventReason, call.Crashed, call.Expired} {
			if r != is {
				add(fmt.Sprintf("%s: %v for %v", name, r, is), func(m *machine) { set(m, r) })
			}
		}
	}
	for i, r := range rules {
		only = r.on
		row := fmt.Sprintf("row %v %v %v %v", r.in, r.legs, r.on, r.when)
		at := func(m *machine) *rule { return &m.rules[i] }
		add("drop "+row, func(m *machine) { m.rules = slices.Delete(m.rules, i, i+1) })
		for s := Idle; s <= Ended; s++ {
			if s != r.to {
				add(fmt.Sprintf("target %v for %s", s, row), func(m *machine) { at(m).to = s })
			}
		}
		if r.legs != nil {
			for s := NoLeg; s <= LegEnded; s++ {
				if s != r.leg {
					add(fmt.Sprintf("leg to %v for %s", s, row), func(m *machine) { at(m).leg = s })
				}
			}
			if len(r.legs) > 1 {
				for j, s := range r.legs {
					add(fmt.Sprintf("not for a leg that is %v: %s", s, row), func(m *machine) { at(m).legs = slices.Delete(slices.Clone(r.legs), j, j+1) })
				}
			}
			add("for a leg in any state: "+row, func(m *machine) {
				at(m).legs = []LegState{NoLeg, Created, Pushed, Woke, LegRinging, LegAnswered, LegEnded}
			})
		}
		for j, g := range r.when {
			add(fmt.Sprintf("no guard %q for %s", guards[g].name, row), func(m *machine) { at(m).when = slices.Delete(slices.Clone(r.when), j, j+1) })
		}
		if r.set != nothing {
			add("no change for "+row, func(m *machine) { at(m).set = nothing })
		}
		if r.leg == LegEnded {
			reasons("reason of the leg in "+row, r.legWhy, func(m *machine, why call.Reason) { at(m).legWhy = why })
		}
		if r.to == Ended {
			reasons("reason in "+row, r.why, func(m *machine, why call.Reason) { at(m).why = why })
		}
		if r.to == Ended || r.to == Answered {
			reasons("reason of the others in "+row, r.others, func(m *machine, why call.Reason) { at(m).others = why })
		}
		if r.to == Ended && r.legs != nil {
			add("by nobody in "+row, func(m *machine) { at(m).by = !r.by })
		}
		for _, s := range []State{Idle, Ringing, Answered, Ended} {
			if !slices.Contains(r.in, s) {
				add(fmt.Sprintf("in %v, too: %s", s, row), func(m *machine) { at(m).in = append(slices.Clone(r.in), s) })
			}
		}
	}
	only = 0
	for i, c := range clauses {
		add("drop clause: "+c.name, func(m *machine) { m.clauses = slices.Delete(m.clauses, i, i+1) })
		for j, n := range c.when {
			add(fmt.Sprintf("drop need %q of clause: %s", n.name, c.name), func(m *machine) { m.clauses[i].when = slices.Delete(slices.Clone(c.when), j, j+1) })
		}
	}
	for i, r := range telling {
		add(fmt.Sprintf("%v tells nothing", r), func(m *machine) { m.telling = slices.Delete(m.telling, i, i+1) })
		if i > 0 {
			add(fmt.Sprintf("%v tells more than %v", r, telling[i-1]), func(m *machine) { m.telling[i-1], m.telling[i] = m.telling[i], m.telling[i-1] })
		}
	}
	blind := map[string]func(*View){
		"state":   func(v *View) { v.State = Idle },
		"ringing": func(v *View) { v.Ringing = false },
		"held":    func(v *View) { v.Held = false },
		"winner":  func(v *View) { v.Winner = -1 },
		"by":      func(v *View) { v.By = -1 },
		"reason":  func(v *View) { v.Reason = call.NotEnded },
	}
	for _, what := range []string{"state", "ringing", "held", "winner", "by", "reason"} {
		add("the caller does not see "+what, func(m *machine) {
			m.callerSee = func(f Fork) View { v := callerView(f); blind[what](&v); return v }
		})
		add("a leg does not see "+what, func(m *machine) {
			m.legSee = func(f Fork, leg int8) View { v := legView(f, leg); blind[what](&v); return v }
		})
	}
	add("the caller sees everything", func(m *machine) {
		m.callerSee = func(f Fork) View {
			v := callerView(f)
			for _, l := range f.Legs {
				v.By += int8(l.State)
			}
			return v
		}
	})
	add("a leg sees everything", func(m *machine) {
		m.legSee = func(f Fork, leg int8) View {
			v := legView(f, leg)
			v.By += int8(f.Legs[0].State) + int8(f.State)
			return v
		}
	})
	return all
}

// reachable are all forks that the standard machine reaches with at most two legs.
func reachable(t *testing.T) []Fork {
	var all []Fork
	seen := make(map[Fork]bool)
	if _, err := model.Search([]world{{}}, 0, func(w world, yield func(Event, world, error) bool) error {
		if !seen[w.f] {
			seen[w.f] = true
			all = append(all, w.f)
		}
		for _, e := range events(2) {
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
// any reachable state (a row for legs that cannot be in that state, say) is none, and no property can find it.
func (mu mutant) differs(forks []Fork) (differs bool) {
	defer func() { differs = differs || recover() != nil }()
	for _, e := range events(2) {
		if mu.only != 0 && e.Kind != mu.only {
			continue
		}
		for _, f := range forks {
			a, x := standard.step(f, e)
			b, y := mu.m.step(f, e)
			if a != b || !slices.Equal(x, y) {
				return true
			}
		}
	}
	return false
}

func TestModelMutants(t *testing.T) {
	began := time.Now()
	forks := reachable(t)
	killed, same := 0, 0
	var survivors []string
	for i, mu := range mutants() {
		if model.Race && i%20 != 0 {
			continue
		}
		switch {
		case !mu.differs(forks):
			same++
		case kill(mu.m):
			killed++
		default:
			survivors = append(survivors, mu.name)
		}
	}
	total := killed + len(survivors)
	share := float64(killed) / float64(total)
	t.Logf("model: fork: %d of %d mutants killed, %.1f %%; %d more make no difference in any reachable state; %.1f s",
		killed, total, 100*share, same, time.Since(began).Seconds())
	for _, s := range survivors {
		t.Logf("model: fork: survives, though it makes a difference: %s", s)
	}
	if share < bar {
		t.Errorf("the properties kill %.1f %% of the mutants, less than %.0f %%", 100*share, 100*bar)
	}
}

// kill reports whether a property, or a panic, gives m away.
func kill(m *machine) (dead bool) {
	defer func() { dead = dead || recover() != nil }()
	_, err := search(m, 2, 20_000)
	return err != nil
}
