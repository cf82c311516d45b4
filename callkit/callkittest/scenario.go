package callkittest

import (
	"slices"
	"strings"
	"time"
)

// Scenario is one scenario as its file has it.
type Scenario struct {
	ID    string
	Title string
	File  string
	Line  int
	Conf  string // how sure it is: D, T, W, O or I
	Note  string
	OS    string   // versions of iOS that it is true on, as "16.. 13"; empty: all
	Rules []string // that it proves, by their ids, see [Rules]
	Knobs []Choice
	Given []Line
	When  []Line
	Then  []Line
	Never []Line
	Ends  []Line // what must hold at the end
	// Source is the scenario as it stands in its file, from Line on.
	Source string

	versions versions
}

// Choice is a knob and the values that a scenario is run with: once for each.
type Choice struct {
	Name   string
	Values []string
	Line   int
}

// Line is one line of a section.
type Line struct {
	At      int    // line number in the file
	Text    string // as written
	Channel string // A, P, C, O, R, L, SYS, U, N; "wait"; empty in given and ends
	App     string // of "P@other": another app than the one under test
	Words   []string
	Wait    time.Duration // of "wait"
	After   *Line         // a line that must have happened before
	Before  *Line         // in never: forbidden only until this line has happened
	If      []Condition   // the line is there only if all of these hold
}

// Condition is a knob's value, or a bound of "os", the version of iOS.
type Condition struct {
	Knob  string // or os
	Op    string // =, and for os also <, <=, >, >=
	Value string
}

// apps are the names of the other apps that the scenario speaks of.
func (s *Scenario) apps() []string {
	var names []string
	add := func(name string) {
		if name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for _, l := range s.Given {
		if l.Words[0] == "other" {
			add("other")
		}
	}
	for _, l := range slices.Concat(s.When, s.Then, s.Never) {
		add(l.App)
		for _, other := range []*Line{l.After, l.Before} {
			if other != nil {
				add(other.App)
			}
		}
		if l.Channel == "U" && (l.Words[0] == "open" || l.Words[0] == "swipe") && len(l.Words) == 2 {
			add(l.Words[1])
		}
		for _, w := range l.Words {
			if name, ok := strings.CutPrefix(w, "app="); ok && l.Channel == "N" {
				add(name)
			}
		}
	}
	return slices.DeleteFunc(names, func(n string) bool { return !appForm.MatchString(n) })
}
