package fork

import (
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/internal/model"
)

var update = flag.Bool("update", false, "rewrite docs/model/fork.md; understand the diff before you commit it")

func TestDocsAreFresh(t *testing.T) { model.Golden(t, "fork", document(), *update) }

// document writes the rows and clauses as a page.
func document() string {
	var b strings.Builder
	b.WriteString("# One call rung on many devices\n\n" +
		"Written from `fork/rules.go` and `fork/clause.go` by `go test ./fork -run Docs -update`; do not edit.\n\n" +
		"## The call\n\n```mermaid\nstateDiagram-v2\n    direction LR\n    [*] --> idle\n")
	labels := make(map[[2]string][]string)
	legs := make(map[[2]string][]string)
	for _, r := range rules {
		for _, s := range r.in {
			if r.to != Idle {
				edge := [2]string{s.String(), r.to.String()}
				labels[edge] = append(labels[edge], r.on.String())
			}
		}
		if r.leg == NoLeg {
			continue
		}
		for _, s := range r.legs {
			from := s.String()
			if s == LegEnded {
				from = "unreachable"
			}
			to := r.leg.String()
			if r.on == PushFailed {
				to = "unreachable"
			}
			if from != to {
				legs[[2]string{from, to}] = append(legs[[2]string{from, to}], r.on.String())
			}
		}
	}
	turn := [2]string{Waiting.String(), Created.String()}
	legs[turn] = append(legs[turn], NextGroup.String(), "nobody left")
	ring := [2]string{Ringing.String(), Ended.String()}
	labels[ring] = append(labels[ring], "nobody left")
	diagram(&b, stateNames[:], labels)
	b.WriteString("    ended --> [*]\n```\n\n## One leg, while the call rings\n\nA leg that ends as unreachable is back in play when its device is heard of. A leg of a later group waits for its turn; if the call rings one group at a time, the legs of the group before then end as unanswered.\n\n```mermaid\nstateDiagram-v2\n    direction LR\n    [*] --> created: start\n    [*] --> waiting: start, of a later group\n")
	diagram(&b, append(slices.Clone(legStateNames[:]), "unreachable"), legs)
	b.WriteString("```\n\n## Rows\n\nThe first row that fits counts. An event that no row names changes nothing.\n\n" +
		"| call | leg | event | if | the leg | the call | the others | change |\n|---|---|---|---|---|---|---|---|\n")
	for _, r := range rules {
		var guard []string
		for _, g := range r.when {
			guard = append(guard, guards[g].name)
		}
		leg, to, others := "", "", ""
		if r.leg != NoLeg {
			leg = r.leg.String()
		}
		if r.leg == LegEnded {
			leg += ": " + because(r.legWhy)
		}
		if r.to != Idle {
			to = r.to.String()
		}
		if r.to == Ended {
			to += ": " + because(r.why)
		}
		if r.to == Ended || r.to == Answered {
			others = because(r.others)
		}
		fmt.Fprintf(&b, "| %s | %s | %v | %s | %s | %s | %s | %s |\n", words(r.in), words(r.legs), r.on,
			strings.Join(guard, "; "), leg, to, others, changes[r.set].name)
	}
	b.WriteString("\n## Clauses\n\nThey hold for every event, in this order.\n\n| when all of | then |\n|---|---|\n")
	for _, c := range clauses {
		var needs []string
		for _, n := range c.when {
			needs = append(needs, n.name)
		}
		if len(needs) == 0 {
			needs = []string{"always"}
		}
		fmt.Fprintf(&b, "| %s | %s |\n", strings.Join(needs, "; "), c.name)
	}
	fmt.Fprintf(&b, "\nReasons of a leg, most telling first (a decline for all devices ends the call at once): %s.\n", words(telling))
	return b.String()
}

func diagram(b *strings.Builder, names []string, labels map[[2]string][]string) {
	for _, from := range names {
		for _, to := range names {
			if l := labels[[2]string{from, to}]; len(l) > 0 {
				fmt.Fprintf(b, "    %s --> %s: %s\n", from, to, strings.Join(slices.Compact(l), "<br/>"))
			}
		}
	}
}

func because(r call.Reason) string {
	if r == eventReason {
		return "the event's reason"
	}
	return r.String()
}

func words[T fmt.Stringer](list []T) string {
	var s []string
	for _, v := range list {
		s = append(s, v.String())
	}
	return strings.Join(s, ", ")
}
