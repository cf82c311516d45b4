package verdict

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Verdict is what the kit found out about an app. As JSON it is an object of findings, stuck, untried and passed.
type Verdict struct {
	// Findings are the bugs that were seen, in the order of their numbers.
	Findings []Finding `json:"findings"`
	// Stuck are trials that could not be played to their end although the app has what they need, mostly for the
	// bugs that others found: the phone never rang, so nobody could answer.
	Stuck []Note `json:"stuck"`
	// Untried are trials that could not be played, and what the app, or its adapter, lacks for them.
	Untried []Note `json:"untried"`
	// Passed are the trials that found nothing, on any version of iOS.
	Passed []string `json:"passed"`
}

// Finding is a bug that a trial has seen.
type Finding struct {
	Bug   Bug      `json:"bug"`
	Trial string   `json:"trial"`
	OS    []string `json:"os"`   // the versions of iOS on which it was seen
	Seen  string   `json:"seen"` // what happened, on the first of them
	Log   []string `json:"log"`  // the lines of the phone's log around it, the last one last
}

// Note is a trial that was not played, or not to its end.
type Note struct {
	Trial string   `json:"trial"`
	Bugs  []string `json:"bugs"` // what it looks for
	OS    []string `json:"os"`
	Why   string   `json:"why"`
}

// OK reports whether the app did all that was tried right.
func (v Verdict) OK() bool { return len(v.Findings) == 0 && len(v.Stuck) == 0 }

// BugIDs returns the numbers of the bugs that were seen, each once, in order.
func (v Verdict) BugIDs() []string {
	var ids []string
	for _, f := range v.Findings {
		if !slices.Contains(ids, f.Bug.ID) {
			ids = append(ids, f.Bug.ID)
		}
	}
	return ids
}

// String is the verdict as a text for people.
func (v Verdict) String() string {
	var b strings.Builder
	for _, f := range v.Findings {
		b.WriteString(f.String())
		b.WriteByte('\n')
	}
	for _, n := range v.Stuck {
		fmt.Fprintf(&b, "stuck: %s (%s), iOS %s: %s\n", n.Trial, strings.Join(n.Bugs, " "), strings.Join(n.OS, ", "), n.Why)
	}
	for _, n := range v.Untried {
		fmt.Fprintf(&b, "not tried: %s (%s), iOS %s: %s\n", n.Trial, strings.Join(n.Bugs, " "), strings.Join(n.OS, ", "), n.Why)
	}
	fmt.Fprintf(&b, "%d trials passed, %d bugs found, %d trials stuck, %d not tried\n", len(v.Passed), len(v.BugIDs()), len(v.Stuck), len(v.Untried))
	return b.String()
}

// String is the finding as a text for people, several lines.
func (f Finding) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s\n  seen:   %s (trial %s, iOS %s)\n", f.Bug.ID, f.Bug.Title, f.Seen, f.Trial, strings.Join(f.OS, ", "))
	for _, l := range f.Log {
		fmt.Fprintf(&b, "          %s\n", l)
	}
	fmt.Fprintf(&b, "  why:    %s\n  source: %s\n  do:     %s\n", f.Bug.Why, f.Bug.Source, f.Bug.Fix)
	return b.String()
}

// collector puts together what single plays of trials found.
type collector struct{ v Verdict }

// add takes in the outcome of one trial on one version of iOS.
func (c *collector) add(t trial, os string, o outcome) {
	for _, s := range o.sights {
		i := slices.IndexFunc(c.v.Findings, func(f Finding) bool { return f.Bug.ID == s.bug && f.Trial == t.name })
		if i < 0 {
			c.v.Findings = append(c.v.Findings, Finding{Bug: bugByID(s.bug), Trial: t.name, Seen: s.seen, Log: s.log})
			i = len(c.v.Findings) - 1
		}
		if f := &c.v.Findings[i]; !slices.Contains(f.OS, os) {
			f.OS = append(f.OS, os)
		}
	}
	if o.stuck != "" && len(o.sights) == 0 {
		c.v.Stuck = note(c.v.Stuck, t, os, o.stuck)
	}
	if o.untried != "" {
		c.v.Untried = note(c.v.Untried, t, os, o.untried)
	}
}

func note(to []Note, t trial, os, why string) []Note {
	for i := range to {
		if to[i].Trial == t.name && to[i].Why == why {
			to[i].OS = append(to[i].OS, os)
			return to
		}
	}
	return append(to, Note{Trial: t.name, Bugs: t.bugs, OS: []string{os}, Why: why})
}

// verdict returns what was put together, in order.
func (c *collector) verdict(played []trial) Verdict {
	v := c.v
	slices.SortStableFunc(v.Findings, func(a, b Finding) int { return cmp.Compare(number(a.Bug.ID), number(b.Bug.ID)) })
	noted := func(notes []Note, name string) bool {
		return slices.ContainsFunc(notes, func(n Note) bool { return n.Trial == name })
	}
	for _, t := range played {
		found := slices.ContainsFunc(v.Findings, func(f Finding) bool { return f.Trial == t.name })
		if !found && !noted(v.Stuck, t.name) && !noted(v.Untried, t.name) {
			v.Passed = append(v.Passed, t.name)
		}
	}
	if v.Findings == nil {
		v.Findings = []Finding{}
	}
	if v.Stuck == nil {
		v.Stuck = []Note{}
	}
	if v.Untried == nil {
		v.Untried = []Note{}
	}
	if v.Passed == nil {
		v.Passed = []string{}
	}
	return v
}

func number(id string) int {
	n, _ := strconv.Atoi(strings.TrimPrefix(id, "B"))
	return n
}
