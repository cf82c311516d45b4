package callkittest

import (
	"embed"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"strings"
	"time"

	"github.com/ringtrip/ringtrip/iossim"
)

// Options say how scenarios are played.
type Options struct {
	// Stage makes the stage for each scenario; nil is the simulated iPhone, [Simulator].
	Stage func(StageConfig) (Stage, error)
	// Seed is the world's.
	Seed uint64
	// Wall plays on real time, or on the time of a bubble of testing/synctest.
	Wall bool
	// OS is the version of iOS to play on. Empty: on the newest profile that a scenario applies to.
	OS string
	// AllProfiles plays on every profile that a scenario applies to.
	AllProfiles bool
	// Knobs are settings that go before those of the scenarios.
	Knobs map[string]string
	// Variant, if not empty, is the one choice of a scenario's knobs to record, see [Record].
	Variant string
	// Only, if not empty, plays only the scenarios with these names.
	Only []string
}

// Result is how one scenario went with one choice of its knobs.
type Result struct {
	ID       string    `json:"id"`
	Title    string    `json:"title"`
	Variant  string    `json:"variant,omitempty"` // "endAfterFail=true"
	OS       string    `json:"os"`                // the version of iOS it was played on
	File     string    `json:"file"`
	Line     int       `json:"line"`
	Failures []Failure `json:"failures,omitempty"`
	Log      string    `json:"log,omitempty"` // what happened
	// Took is how long it took to play, of real time.
	Took    time.Duration `json:"took"`
	CallLog CallLog       `json:"-"` // the same as a log that can be played again, see [Replay]
	// Error says why the scenario could not be played, which is a fault of the scenario.
	Error string `json:"error,omitempty"`
}

// OK reports whether everything was as the scenario says.
func (r Result) OK() bool { return r.Error == "" && len(r.Failures) == 0 }

// Name is the scenario's name and the choice of its knobs.
func (r Result) Name() string {
	if r.Variant == "" {
		return r.ID
	}
	return r.ID + "/" + r.Variant
}

// Report is how a file of scenarios went.
type Report struct {
	File    string   `json:"file"`
	Results []Result `json:"results"`
	// Skipped are the scenarios that do not apply to the version of iOS that was asked for.
	Skipped []string `json:"skipped,omitempty"`
}

// OK reports whether all scenarios went as they say, and there was at least one.
func (r Report) OK() bool {
	for _, x := range r.Results {
		if !x.OK() {
			return false
		}
	}
	return len(r.Results) > 0
}

// String is the report for people: a line for each scenario, and for each that failed what was expected, what
// happened, and the log.
func (r Report) String() string {
	var b strings.Builder
	failed := 0
	for _, x := range r.Results {
		if x.OK() {
			fmt.Fprintf(&b, "ok    %-34s %s\n", x.Name(), x.Title)
			continue
		}
		failed++
		fmt.Fprintf(&b, "FAIL  %-34s %s (%s:%d)\n", x.Name(), x.Title, x.File, x.Line)
		b.WriteString(x.Detail())
	}
	fmt.Fprintf(&b, "%d of %d passed\n", len(r.Results)-failed, len(r.Results))
	if len(r.Skipped) > 0 {
		fmt.Fprintf(&b, "%d do not apply to this iOS: %s\n", len(r.Skipped), strings.Join(r.Skipped, " "))
	}
	return b.String()
}

// Detail is what was wrong and the log; empty for a scenario that passed.
func (r Result) Detail() string {
	if r.OK() {
		return ""
	}
	var b strings.Builder
	if r.Error != "" {
		fmt.Fprintf(&b, "  it can't be played: %s\n", r.Error)
	}
	for _, f := range r.Failures {
		fmt.Fprintf(&b, "  line %d: want %s\n    %s\n", f.Line, f.Want, f.Why)
		for _, g := range f.Got {
			fmt.Fprintf(&b, "    got %s\n", g)
		}
	}
	b.WriteString("  the log:\n")
	for l := range strings.Lines(r.Log) {
		b.WriteString("    " + l)
	}
	return b.String()
}

//go:embed testdata/*.txt
var testdata embed.FS

// Builtin returns the files of the repository's own scenarios.
func Builtin() fs.FS {
	sub, err := fs.Sub(testdata, "testdata")
	if err != nil {
		panic(err) // the name above is a valid path
	}
	return sub
}

// RunFile plays the scenarios of a file. The error says that the file can't be read or parsed.
func RunFile(path string, o Options) (Report, error) {
	f, err := os.Open(path)
	if err != nil {
		return Report{}, err
	}
	defer f.Close()
	return Run(f, path, o)
}

// Run plays the scenarios that r holds; name is for messages.
func Run(r io.Reader, name string, o Options) (Report, error) {
	scenarios, err := Parse(r, name)
	if err != nil {
		return Report{}, err
	}
	report := Report{File: name}
	for i := range scenarios {
		switch s := &scenarios[i]; {
		case len(o.Only) > 0 && !contains(o.Only, s.ID):
		case o.OS != "" && !s.AppliesTo(o.OS):
			report.Skipped = append(report.Skipped, s.ID)
		default:
			report.Results = append(report.Results, s.Play(o)...)
		}
	}
	return report, nil
}

// form is one way to play a scenario.
type form struct {
	knobs map[string]string // those of the scenario, those of the options, and os
}

// cast lists the ways in which the scenario is to be played. The error says that it does not apply.
func (s *Scenario) cast(o Options) ([]form, error) {
	profiles := s.Profiles()
	switch {
	case o.OS != "" && !s.AppliesTo(o.OS):
		return nil, fmt.Errorf("%s:%d: scenario %s does not apply to iOS %.20s, but to %s", s.File, s.Line, s.ID, o.OS, strings.Join(profiles, ", "))
	case o.OS != "":
		profiles = []string{o.OS}
	case len(profiles) == 0:
		return nil, fmt.Errorf("%s:%d: scenario %s applies to no profile: os %s (want some of %s)", s.File, s.Line, s.ID, s.OS, strings.Join(iossim.Profiles, ", "))
	case !o.AllProfiles:
		profiles = profiles[len(profiles)-1:]
	}
	var all []form
	for _, os := range profiles {
		for _, knobs := range s.variants(o.Knobs) {
			maps.Copy(knobs, o.Knobs)
			knobs["os"] = os
			all = append(all, form{knobs})
		}
	}
	return all, nil
}

// Play plays the scenario once for every choice of its knobs, on the version of iOS that the options name. A
// scenario that does not apply to it has no results.
func (s *Scenario) Play(o Options) []Result {
	if o.OS != "" && !s.AppliesTo(o.OS) {
		return nil
	}
	cast, err := s.cast(o)
	if err != nil {
		return []Result{{ID: s.ID, Title: s.Title, File: s.File, Line: s.Line, Error: err.Error()}}
	}
	var results []Result
	for _, f := range cast {
		results = append(results, s.play(f, o, nil))
	}
	return results
}

func (s *Scenario) play(f form, o Options, film *film) Result {
	stage := o.Stage
	if stage == nil {
		stage = Simulator
	}
	x := Result{ID: s.ID, Title: s.Title, File: s.File, Line: s.Line, Variant: s.variant(f.knobs), OS: f.knobs["os"]}
	r := &run{s: s, knobs: f.knobs, film: film}
	began := time.Now()
	var err error
	if x.Failures, x.Log, err = r.play(stage, o); err != nil {
		x.Error = err.Error()
	}
	x.CallLog, x.Took = r.log, time.Since(began)
	return x
}

// variants lists every choice of knobs, except of those that are fixed.
func (s *Scenario) variants(fixed map[string]string) []map[string]string {
	all := []map[string]string{{}}
	for _, c := range s.Knobs {
		if _, ok := fixed[c.Name]; ok {
			continue
		}
		var next []map[string]string
		for _, m := range all {
			for _, v := range c.Values {
				n := maps.Clone(m)
				n[c.Name] = v
				next = append(next, n)
			}
		}
		all = next
	}
	return all
}

// variant names the choice, if there was one.
func (s *Scenario) variant(knobs map[string]string) string {
	var parts []string
	for _, c := range s.Knobs {
		if len(c.Values) > 1 {
			parts = append(parts, c.Name+"="+knobs[c.Name])
		}
	}
	return strings.Join(parts, ",")
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if strings.EqualFold(x, s) {
			return true
		}
	}
	return false
}
