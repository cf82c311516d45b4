package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/ringtrip/ringtrip/callkit/callkittest"
	"github.com/ringtrip/ringtrip/iossim"
)

// table prints a row for each scenario and a column for each version of iOS, and fails if one failed.
func (c *scenarioCmd) table(o out, reports []callkittest.Report) error {
	var took time.Duration
	scenarios, runs, failed := 0, 0, 0
	fmt.Fprintf(o, "%-10s", "iOS")
	for _, p := range iossim.Profiles {
		fmt.Fprintf(o, "%5s", p)
	}
	fmt.Fprintf(o, "  (times played: once for each choice of its knobs; - does not apply; ! failed)\n")
	var broken []callkittest.Result
	for _, r := range reports {
		fmt.Fprintf(o, "%s\n", r.File)
		for i := 0; i < len(r.Results); {
			first := r.Results[i]
			played, bad := map[string]int{}, map[string]bool{}
			for ; i < len(r.Results) && r.Results[i].ID == first.ID; i++ {
				x := r.Results[i]
				played[x.OS]++
				runs++
				took += x.Took
				if !x.OK() {
					failed++
					bad[x.OS] = true
					broken = append(broken, x)
				}
			}
			scenarios++
			fmt.Fprintf(o, "  %-8s", first.ID)
			for _, p := range iossim.Profiles {
				cell := "-"
				if played[p] > 0 {
					cell = fmt.Sprint(played[p])
				}
				if bad[p] {
					cell += "!"
				}
				fmt.Fprintf(o, "%5s", cell)
				delete(played, p)
			}
			more := ""
			for os, n := range played { // at most a version that the scenario names by itself
				more += fmt.Sprintf(" (iOS %s: %d)", os, n)
			}
			fmt.Fprintf(o, "  %s%s\n", first.Title, more)
		}
	}
	for _, x := range broken {
		fmt.Fprintf(o, "\nFAIL  %s on iOS %s: %s (%s:%d)\n%s", x.Name(), x.OS, x.Title, x.File, x.Line, x.Detail())
	}
	fmt.Fprintf(o, "\n%d scenarios, played %d times in %.2f s: %d passed, %d failed\n", scenarios, runs, took.Seconds(), runs-failed, failed)
	if failed > 0 {
		return errFailed
	}
	return nil
}

// names lists what is there to choose from.
func names(results []callkittest.Result) string {
	var all []string
	for _, x := range results {
		all = append(all, x.Name())
	}
	return strings.Join(all[:min(len(all), 8)], ", ")
}
