package callkittest

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/ringtrip/ringtrip/iossim"
)

var update = flag.Bool("update", false, "write docs/ios-rules.md anew")

const rulesDoc = "../../docs/ios-rules.md"

// TestEveryRuleIsProved wants a scenario for each rule, or the reason why there is none.
func TestEveryRuleIsProved(t *testing.T) {
	proved := map[string]bool{}
	builtin(t, func(t *testing.T, s Scenario) {
		for _, id := range s.Rules {
			if !slices.ContainsFunc(Rules(), func(r Rule) bool { return r.ID == id }) {
				t.Errorf("%s:%d: %s proves %s, which is no rule", s.File, s.Line, s.ID, id)
			}
			proved[id] = true
		}
	})
	seen := map[string]bool{}
	for _, r := range Rules() {
		switch {
		case seen[r.ID]:
			t.Errorf("%s is there twice", r.ID)
		case !proved[r.ID] && r.Why == "":
			t.Errorf("%s: no scenario proves it, and no reason says why: %s", r.ID, r.Text)
		case proved[r.ID] && r.Why != "":
			t.Errorf("%s: a scenario proves it, but it gives a reason why none does", r.ID)
		}
		seen[r.ID] = true
		if r.Source == "" || len(r.Conf) == 0 || r.Section == "" {
			t.Errorf("%s has no source, confidence or section", r.ID)
		}
		for _, c := range r.Conf {
			if !slices.Contains([]string{"D", "T", "W", "O", "I"}, c) {
				t.Errorf("%s: %q is no confidence", r.ID, c)
			}
		}
		for _, k := range r.Knobs {
			if !slices.Contains(iossim.KnobNames(), k) {
				t.Errorf("%s: no knob is named %s", r.ID, k)
			}
		}
		for _, name := range r.Tests {
			if !goTestExists(t, name) {
				t.Errorf("%s: there is no Go test %s", r.ID, name)
			}
		}
	}
}

// goTestExists looks for "push/apns.TestSendHeaders" in the repository.
func goTestExists(t *testing.T, name string) bool {
	t.Helper()
	dir, test, ok := strings.Cut(name, ".")
	files, err := filepath.Glob(filepath.Join("../..", dir, "*_test.go"))
	if err != nil || !ok {
		t.Fatalf("%s: %v", name, err)
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if regexp.MustCompile(`(?m)^func ` + regexp.QuoteMeta(test) + `\(`).Match(text) {
			return true
		}
	}
	return false
}

// TestUnsettledKnobsAreTried wants a scenario for each behaviour that nobody outside Apple is sure of, played with
// every value that is to be tried.
func TestUnsettledKnobsAreTried(t *testing.T) {
	tried := map[string][]string{}
	builtin(t, func(_ *testing.T, s Scenario) {
		for _, c := range s.Knobs {
			tried[c.Name] = append(tried[c.Name], c.Values...)
		}
	})
	elsewhere := map[string]string{"callDirectoryEntries": "N184 has small numbers: millions of entries would take seconds"}
	for _, k := range iossim.KnobList() {
		for _, v := range k.Probes {
			if elsewhere[k.Name] != "" {
				if len(tried[k.Name]) < 2 {
					t.Errorf("knob %s: no scenario is played with two values", k.Name)
				}
				continue
			}
			if !slices.Contains(tried[k.Name], v) {
				t.Errorf("knob %s: no scenario is played with %s", k.Name, v)
			}
		}
	}
}

func TestRulesDocIsFresh(t *testing.T) {
	want, err := RulesDoc()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(rulesDoc, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(rulesDoc); err != nil || string(got) != want {
		t.Errorf("%s is stale: go test ./callkit/callkittest -run TestRulesDocIsFresh -update (%v)", rulesDoc, err)
	}
}

func TestParseRulesErrors(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"source x", "rules.txt:1: \"source x\" stands before the first rule"},
		{"rule x y", "is no rule"},
		{"rule R1", "is no rule"},
		{"rule R1 x\nfoo y", "rules.txt:2: \"foo\" is no keyword"},
	} {
		if _, err := parseRules(c.text); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %s", c.text, err, c.want)
		}
	}
}
