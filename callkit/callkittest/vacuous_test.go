package callkittest

import (
	"slices"
	"testing"
)

// TestNoScenarioHoldsWithoutItsCause plays every scenario without what it makes happen: it must fail then, or it would
// prove nothing. Scenarios that are about a state and only let time pass are asked in a world of another state.
func TestNoScenarioHoldsWithoutItsCause(t *testing.T) {
	builtin(t, func(t *testing.T, s Scenario) {
		idle := !slices.ContainsFunc(s.When, func(l Line) bool { return l.Channel != "wait" })
		if s.When = nil; idle {
			s.Given = slices.DeleteFunc(slices.Clone(s.Given), func(l Line) bool { return l.Words[0] != "app" && l.Words[0] != "first" })
		}
		for _, r := range s.Play(Options{Seed: 1}) {
			if !r.OK() {
				return // one of its forms needs the cause
			}
		}
		t.Errorf("%s:%d: scenario %s holds even if nothing happens", s.File, s.Line, s.ID)
	})
}
