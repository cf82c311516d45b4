package callkittest

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/ringtrip/ringtrip/iossim"
)

// Rule is one thing that iOS does with calls, in our words.
type Rule struct {
	ID      string   `json:"id"` // R1 to R95, with gaps
	Section string   `json:"section"`
	Text    string   `json:"text"`
	Source  string   `json:"source"`          // where it is said or was seen
	Conf    []string `json:"conf"`            // how sure each source is: D, T, W, O, I
	Knobs   []string `json:"knobs,omitempty"` // of the simulated iPhone, that decide about it
	Tests   []string `json:"tests,omitempty"` // Go tests that prove it, as push/apns.TestSendHeaders
	Why     string   `json:"why,omitempty"`   // why no scenario proves it
}

//go:embed rules.txt
var rulesText string

// Rules lists the rules that the scenarios are held to, in order.
func Rules() []Rule { return slices.Clone(allRules()) }

var allRules = sync.OnceValue(func() []Rule {
	list, err := parseRules(rulesText)
	if err != nil {
		panic(err) // the file is built in, and a test reads it
	}
	return list
})

func parseRules(text string) (list []Rule, err error) {
	section, line := "", 0
	for l := range strings.Lines(text) {
		line++
		l = strings.TrimSpace(l)
		word, rest, _ := strings.Cut(l, " ")
		switch {
		case l == "" || l[0] == '#':
			continue
		case word == "section":
			section = rest
			continue
		case word == "rule":
			id, says, _ := strings.Cut(rest, " ")
			if !ruleForm.MatchString(id) || says == "" {
				return nil, fmt.Errorf("rules.txt:%d: %q is no rule (want as: rule R21 what iOS does)", line, l)
			}
			list = append(list, Rule{ID: id, Section: section, Text: says})
			continue
		case len(list) == 0:
			return nil, fmt.Errorf("rules.txt:%d: %q stands before the first rule", line, l)
		}
		r := &list[len(list)-1]
		switch word {
		case "source":
			r.Source = rest
		case "conf":
			r.Conf = strings.Fields(rest)
		case "knob":
			r.Knobs = strings.Fields(rest)
		case "test":
			r.Tests = strings.Fields(rest)
		case "why":
			r.Why = rest
		default:
			return nil, fmt.Errorf("rules.txt:%d: %q is no keyword (there are section, rule, source, conf, knob, test, why)", line, word)
		}
	}
	return list, nil
}

// RulesDoc is docs/ios-rules.md: every rule with its sources and the scenarios that prove it, and every knob.
func RulesDoc() (string, error) {
	scenarios, err := builtinScenarios()
	if err != nil {
		return "", err
	}
	proofs := map[string][]string{}
	uses := map[string][]string{}
	for i := range scenarios {
		s := &scenarios[i]
		for _, id := range s.Rules {
			proofs[id] = append(proofs[id], s.ID)
		}
		for _, c := range s.Knobs {
			uses[c.Name] = append(uses[c.Name], s.ID)
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, `# What iOS does with calls

<!-- made by: ringtrip scenario --rules; do not edit -->

The rules of Apple's call system that the simulated iPhone follows, where each is from, and the scenarios that prove
that it does. %d rules, %d scenarios, which are played on iOS %s wherever they apply. A scenario's text is in
callkit/callkittest/testdata; `+"`ringtrip scenario --only S03 --log`"+` plays one.

How sure: **D** Apple's documentation or headers, **T** an engineer of Apple on the developer forums, **W** WWDC,
**O** observed by others, **I** inferred. "forums N" is developer.apple.com/forums/thread/N. Nothing here was run on
Apple's hardware; what is not settled is a knob.

`, len(allRules()), len(scenarios), strings.Join(iossim.Profiles, ", "))
	section := ""
	for _, r := range allRules() {
		if r.Section != section {
			section = r.Section
			fmt.Fprintf(&b, "## %s\n\n| | rule | sure | source | knobs | proved by |\n|---|---|---|---|---|---|\n", section)
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", r.ID, cell(r.Text), strings.Join(r.Conf, " "), cell(r.Source),
			cell(strings.Join(r.Knobs, ", ")), cell(r.proof(proofs[r.ID])))
		if i := slices.IndexFunc(allRules(), func(x Rule) bool { return x.ID == r.ID }); i+1 == len(allRules()) || allRules()[i+1].Section != section {
			b.WriteString("\n")
		}
	}
	b.WriteString("## Knobs\n\nThe settings of the simulated iPhone: `ringtrip scenario --knob name=value`, or `knob name = value` in a scenario; " +
		"`= *` plays it once for each value that is to be tried. \"sim\" is of the simulator, no claim about iOS.\n\n" +
		"| knob | default | values | to be tried | sure | source | what | scenarios |\n|---|---|---|---|---|---|---|---|\n")
	list := iossim.KnobList()
	slices.SortFunc(list, func(x, y iossim.KnobInfo) int { return strings.Compare(x.Name, y.Name) })
	for _, k := range list {
		values := strings.Join(k.Values, ", ")
		if values == "" && k.Most != "" {
			values = k.Least + " to " + k.Most
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s | %s |\n", k.Name, cell(k.Default), cell(values), cell(strings.Join(k.Probes, ", ")),
			k.Confidence, cell(k.Source), cell(k.Doc), cell(strings.Join(uses[k.Name], ", ")))
	}
	return b.String(), nil
}

// proof says what proves the rule.
func (r Rule) proof(scenarios []string) string {
	all := slices.Concat(scenarios, r.Tests)
	if len(scenarios) == 0 && r.Why != "" {
		return strings.TrimPrefix(strings.Join(all, ", ")+"; no scenario: "+r.Why, "; ")
	}
	return strings.Join(all, ", ")
}

// cell makes text fit into a table.
func cell(s string) string { return strings.ReplaceAll(s, "|", "\\|") }
