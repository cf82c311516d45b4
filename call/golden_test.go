package call

import (
	"flag"
	"fmt"
	"strings"
	"testing"

	"github.com/ringtrip/ringtrip/internal/model"
)

var update = flag.Bool("update", false, "rewrite docs/model/call.md; understand the diff before you commit it")

func TestDocsAreFresh(t *testing.T) { model.Golden(t, "call", document(), *update) }

// document writes the rows and clauses as a page.
func document() string {
	var b strings.Builder
	b.WriteString("# One call on one device\n\n" +
		"Written from `call/rules.go` and `call/clause.go` by `go test ./call -run Docs -update`; do not edit.\n\n" +
		"## States\n\n```mermaid\nstateDiagram-v2\n    direction LR\n    [*] --> idle\n")
	labels := make(map[[2]State][]string)
	for _, r := range rules {
		if r.to == same {
			continue
		}
		for _, s := range r.in {
			edge := [2]State{s, r.to}
			labels[edge] = append(labels[edge], Event{Kind: r.on, Action: r.act}.String())
		}
	}
	labels[[2]State{Connecting, Connected}] = []string{"won and transport up"}
	for from := Idle; from <= Ended; from++ {
		for to := Idle; to <= Ended; to++ {
			if l := labels[[2]State{from, to}]; len(l) > 0 {
				fmt.Fprintf(&b, "    %v --> %v: %s\n", from, to, strings.Join(uniq(l), "<br/>"))
			}
		}
	}
	b.WriteString("    ended --> [*]\n```\n\n## Rows\n\n" +
		"The first row that fits counts. An event that no row names changes nothing; an action that no row names fails.\n\n" +
		"| in | event | if | to | reason | change | orders |\n|---|---|---|---|---|---|---|\n")
	for _, r := range rules {
		to, why := "stays", ""
		if r.to != same {
			to = r.to.String()
		}
		if r.to == Ended {
			why = "the event's"
			if r.why != eventReason {
				why = r.why.String()
			}
		}
		fmt.Fprintf(&b, "| %s | %v | %s | %s | %s | %s | %s |\n", words(r.in), Event{Kind: r.on, Action: r.act},
			guards[r.when].name, to, why, changes[r.set].name, words(r.do))
	}
	b.WriteString("\n## Clauses\n\nThey hold for every event. Before a row's orders:\n\n| when all of | then |\n|---|---|\n")
	clauseRows(&b, first)
	b.WriteString("\nAfter a row's orders:\n\n| when all of | then |\n|---|---|\n")
	clauseRows(&b, then)
	b.WriteString("\nAudio runs while all of these hold: ")
	for i, n := range audio {
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(n.name)
	}
	b.WriteString(".\n\n| timer | runs while |\n|---|---|\n")
	for _, w := range waits {
		fmt.Fprintf(&b, "| %v | %s |\n", w.timer, w.name)
	}
	b.WriteString("\n## Every event in every state\n\nWhere the call goes; `=` takes the event and stays, a blank ignores it. More than one: it depends on the row's condition.\n\n| |")
	for s := Idle; s <= Ended; s++ {
		fmt.Fprintf(&b, " %v |", s)
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", int(Ended)+1) + "\n")
	for _, e := range kinds() {
		fmt.Fprintf(&b, "| %v |", e)
		for s := Idle; s <= Ended; s++ {
			var cell []string
			for _, r := range rules {
				if r.on != e.Kind || r.act != e.Action {
					continue
				}
				for _, in := range r.in {
					switch {
					case in != s:
					case r.to == same:
						cell = append(cell, "=")
					default:
						cell = append(cell, r.to.String())
					}
				}
			}
			fmt.Fprintf(&b, " %s |", strings.Join(uniq(cell), ", "))
		}
		b.WriteString("\n")
	}
	return b.String()
}

func clauseRows(b *strings.Builder, clauses []clause) {
	for _, c := range clauses {
		var needs []string
		for _, n := range c.when {
			needs = append(needs, n.name)
		}
		if len(needs) == 0 {
			needs = []string{"always"}
		}
		fmt.Fprintf(b, "| %s | %s |\n", strings.Join(needs, "; "), c.name)
	}
}

// kinds returns every kind of event once, and each action of the two kinds that have one.
func kinds() []Event {
	var all []Event
	for k := EventKind(1); int(k) < len(eventNames); k++ {
		switch k {
		case Perform:
			for a := StartAction; a <= DTMFAction; a++ {
				all = append(all, Event{Kind: k, Action: a})
			}
		case TimedOut:
			all = append(all, Event{Kind: k, Action: AnswerAction})
		default:
			all = append(all, Event{Kind: k})
		}
	}
	return all
}

func words[T fmt.Stringer](list []T) string {
	var s []string
	for _, v := range list {
		s = append(s, v.String())
	}
	return strings.Join(s, ", ")
}

func uniq(list []string) []string {
	var out []string
	for _, s := range list {
		if len(out) == 0 || out[len(out)-1] != s {
			out = append(out, s)
		}
	}
	return out
}
