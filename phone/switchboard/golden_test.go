package switchboard

import (
	"flag"
	"fmt"
	"strings"
	"testing"

	"github.com/ringtrip/ringtrip/internal/model"
)

var update = flag.Bool("update", false, "rewrite docs/model/switchboard.md; understand the diff before you commit it")

func TestDocsAreFresh(t *testing.T) { model.Golden(t, "switchboard", document(), *update) }

// document writes the rows and clauses as a page.
func document() string {
	var b strings.Builder
	b.WriteString("# Several calls on one device\n\n" +
		"Written from `phone/switchboard` by `go test ./phone/switchboard -run Docs -update`; do not edit.\n\n" +
		fmt.Sprintf("A device has %d lines. What a call does by itself is in [call.md](call.md).\n\n", Lines) +
		"## States of a line\n\n```mermaid\nstateDiagram-v2\n    direction LR\n    [*] --> free\n")
	labels := make(map[[2]State][]string)
	for _, r := range rules {
		if r.to != same {
			for _, s := range r.in {
				labels[[2]State{s, r.to}] = append(labels[[2]State{s, r.to}], r.on.String())
			}
		}
	}
	for from := Free; from <= Talking; from++ {
		for to := Free; to <= Talking; to++ {
			if l := labels[[2]State{from, to}]; len(l) > 0 {
				fmt.Fprintf(&b, "    %v --> %v: %s\n", from, to, strings.Join(l, "<br/>"))
			}
		}
	}
	b.WriteString("```\n\n## Rows\n\nThe first row that fits counts. An event that no row names changes nothing.\n\n" +
		"| line is | event | if | then it is | change | orders |\n|---|---|---|---|---|---|\n")
	for _, r := range rules {
		var in, do []string
		for _, s := range r.in {
			in = append(in, s.String())
		}
		if r.in == nil {
			in = []string{"whatever"}
		}
		for _, o := range r.do {
			do = append(do, orders[o].name)
		}
		if r.why != 0 {
			do = append(do, "refuse: "+r.why.String())
		}
		to := "the same"
		if r.to != same {
			to = r.to.String()
		}
		fmt.Fprintf(&b, "| %s | %v | %s | %s | %s | %s |\n", strings.Join(in, ", "), r.on, guards[r.when].name, to,
			changes[r.set].name, strings.Join(do, ", then "))
	}
	b.WriteString("\n## Clauses\n\nThey hold for every event, after a row's orders, in this order:\n\n| when all of | then |\n|---|---|\n")
	for _, c := range then {
		needs := []string{"always"}
		if len(c.when) > 0 {
			needs = nil
			for _, n := range c.when {
				needs = append(needs, n.name)
			}
		}
		fmt.Fprintf(&b, "| %s | %s |\n", strings.Join(needs, "; "), c.name)
	}
	b.WriteString("\nA line has the sound while all of these hold: " + claimed(speak) + ".\n\n" +
		"The timer of patience runs while all of these hold: " + claimed(wait) + ".\n")
	return b.String()
}

func claimed(claims []claim) string {
	var names []string
	for _, c := range claims {
		names = append(names, c.name)
	}
	return strings.Join(names, "; ")
}
