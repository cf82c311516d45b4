package verdict_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ringtrip/ringtrip/iossim/verdict"
)

var update = flag.Bool("update", false, "write the tables of docs/verdict.md")

const mark = "<!-- What follows is written by: go test ./iossim/verdict -update -->\n"

// The tables of docs/verdict.md are those of the package.
func TestDocs(t *testing.T) {
	path := filepath.Join("..", "..", "docs", "verdict.md")
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head, _, ok := strings.Cut(string(page), mark)
	if !ok {
		t.Fatalf("%s lacks the line %s", path, mark)
	}
	want := head + mark + tables()
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(page) != want {
		t.Errorf("%s is stale: run go test ./iossim/verdict -update, and look at the difference", path)
	}
}

func tables() string {
	var b strings.Builder
	b.WriteString("\n## The bugs\n\n| bug | what | why it matters | met by | what to do | trials |\n|---|---|---|---|---|---|\n")
	for _, bug := range verdict.Bugs() {
		var names []string
		for _, tr := range verdict.Trials() {
			if slices.Contains(tr.Bugs, bug.ID) {
				names = append(names, "`"+tr.Name+"`")
			}
		}
		by := strings.Join(names, " ")
		if bug.NotShown != "" {
			by = "none: " + bug.NotShown
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", bug.ID, bug.Title, bug.Why, bug.Source, bug.Fix, by)
	}
	b.WriteString("\n## The trials\n\n| trial | what happens in it | looks for |\n|---|---|---|\n")
	for _, tr := range verdict.Trials() {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", tr.Name, tr.About, strings.Join(tr.Bugs, " "))
	}
	return b.String()
}
