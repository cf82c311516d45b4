package callkittest

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
)

// run is one scenario being played with one choice of its knobs.
type run struct {
	s     *Scenario
	knobs map[string]string // those that the scenario sets, and os
	stage Stage
	film  *film // nil unless it is recorded

	config callkit.ProviderConfiguration
	setup  string // what the next processes leave out

	mu       sync.Mutex
	app      *actor // of the newest process
	live     bool   // given is over
	ignores  bool   // pushes are not reported
	happened []happening
	then     []*expectation
	failures []Failure
}

type happening struct{ channel, text string }

// expectation is a line of then that the system must bring about, and what the app does when it has.
type expectation struct {
	line  Line
	steps []Line
	met   bool
}

// Failure is one thing that was not as the scenario says.
type Failure struct {
	Line int      `json:"line"` // in the file
	Want string   `json:"want"`
	Why  string   `json:"why"`
	Got  []string `json:"got,omitempty"` // what happened in that channel instead
}

// play runs the scenario and returns what was wrong.
func (r *run) play(newStage func(StageConfig) (Stage, error), o Options) (failures []Failure, log string, err error) {
	cfg := StageConfig{
		OS: r.knobs["os"], Knobs: maps.Clone(r.knobs), Seed: o.Seed, Wall: o.Wall,
		App:    func() callkit.App { return &actor{run: r} },
		System: func(text string) { r.observe("SYS", text) },
	}
	delete(cfg.Knobs, "os")
	r.config = callkit.DefaultConfiguration()
	r.config.SupportedHandleTypes = []callkit.HandleType{callkit.Generic, callkit.PhoneNumber}
	first := false
	setup := ""
	for _, l := range r.s.Given {
		switch strings.Join(l.Words[:min(2, len(l.Words))], " ") {
		case "first launch":
			first = true
		case "no voip":
			cfg.NoBackgroundMode = true
		case "app setup":
			setup = strings.Join(l.Words[2:], " ")
		}
		if l.Words[0] == "config" {
			if err := r.configure(l.Words[1:]); err != nil {
				return nil, "", lineError(r.s, l, err)
			}
		}
	}
	stage, err := newStage(cfg)
	if err != nil {
		return nil, "", fmt.Errorf("%s:%d: scenario %s: %w", r.s.File, r.s.Line, r.s.ID, err)
	}
	defer stage.Close()
	r.stage = stage
	r.film.watch(stage)
	stage.Wait(0)
	if first {
		r.setup = setup
	} else {
		r.film.step("given", Line{Text: "the app has run before"})
		if err := r.acts("U open", "wait 1s", "U home", "SYS appDies"); err != nil {
			return nil, stage.Log(), err
		}
		r.film.stepDone()
	}
	for _, l := range r.s.Given {
		if !l.applies(r.knobs) {
			continue
		}
		r.film.step("given", l)
		if err := r.given(l); err != nil {
			return nil, stage.Log(), lineError(r.s, l, err)
		}
		r.film.stepDone()
	}
	r.setup = setup
	orphans := r.begin()
	for _, l := range r.s.When {
		if l.applies(r.knobs) {
			r.film.step("when", l)
			if err := r.when(l); err != nil {
				return nil, stage.Log(), lineError(r.s, l, err)
			}
			r.film.stepDone()
		}
	}
	if len(orphans) > 0 {
		r.film.step("then", orphans[0])
		a := r.actor()
		if a == nil {
			return nil, stage.Log(), lineError(r.s, orphans[0], errors.New("the app has never run"))
		}
		a.do(orphans)
		stage.Wait(0)
		r.film.stepDone()
	}
	r.film.step("end", Line{At: r.s.Line, Text: "the end"})
	stage.Wait(0)
	stage.Wait(2*time.Second + r.waits())
	r.film.stepDone()
	r.end()
	return r.failures, named(stage.Log()), nil
}

func lineError(s *Scenario, l Line, err error) error {
	return fmt.Errorf("%s:%d: scenario %s: %s: %w", s.File, l.At, s.ID, l.Text, err)
}

// begin makes the expectations, and binds each A line to the callback above it. It returns the lines that
// have none: they are done when all of when was.
func (r *run) begin() (orphans []Line) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var last *expectation
	for _, l := range r.s.Then {
		if !l.applies(r.knobs) {
			continue
		}
		switch {
		case l.Channel != "A":
			e := &expectation{line: l}
			r.then = append(r.then, e)
			if l.Channel != "SYS" {
				last = e
			}
		case last != nil:
			last.steps = append(last.steps, l)
		default:
			orphans = append(orphans, l)
		}
	}
	r.live = true
	return orphans
}

// waits is how long the app's own waits take.
func (r *run) waits() (sum time.Duration) {
	for _, l := range slices.Concat(r.s.Then, r.s.When) {
		if l.Channel == "A" && (l.Words[0] == "wait" || l.Words[0] == "block") {
			if d, err := time.ParseDuration(strings.Join(l.Words[1:], "")); err == nil {
				sum += d
			}
		}
	}
	return sum
}

// observe notes what happened. If it is the next line of its channel that then waits for, the app's steps
// under that line are returned.
func (r *run) observe(channel, text string) (steps []Line, scripted bool) {
	text = named(text)
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.live {
		return nil, false
	}
	for _, l := range r.s.Never {
		if l.Channel == channel && l.applies(r.knobs) && matches(l.Words, text) && (l.Before == nil || !r.seen(l.Before)) {
			r.failures = append(r.failures, Failure{Line: l.At, Want: "never " + l.Text, Why: "it happened: " + channel + " " + text})
		}
	}
	r.happened = append(r.happened, happening{channel, text})
	for _, e := range r.then {
		if e.met || e.line.Channel != channel {
			continue
		}
		if !matches(e.line.Words, text) {
			return nil, false // something else, before what is expected
		}
		if e.line.After != nil && !r.seen(e.line.After) {
			r.failures = append(r.failures, Failure{Line: e.line.At, Want: e.line.Text, Why: "it happened, but not after " + e.line.After.Text})
		}
		e.met = true
		r.film.met(e.line)
		return e.steps, channel != "SYS"
	}
	return nil, false
}

func (r *run) seen(l *Line) bool {
	return slices.ContainsFunc(r.happened, func(h happening) bool { return h.channel == l.Channel && matches(l.Words, h.text) })
}

// did notes a step of the app.
func (r *run) did(l Line) { r.observe("A", strings.Join(l.Words, " ")) }

// end judges what did not happen, and what holds now.
func (r *run) end() {
	for _, l := range r.s.Ends {
		if !l.applies(r.knobs) {
			continue
		}
		got, err := r.stage.Look(l.Words[0])
		if err != nil {
			r.fail(l, "%v", err)
			continue
		}
		got = named(got)
		have, _ := cut(got)
		without := false
		for _, w := range l.Words[1:] {
			if w == "without" {
				without = true
			} else if slices.Contains(have, w) == without {
				r.mu.Lock()
				r.failures = append(r.failures, Failure{Line: l.At, Want: l.Text, Why: "at the end it is not so", Got: []string{got}})
				r.mu.Unlock()
				break
			}
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.then {
		if e.met {
			continue
		}
		f := Failure{Line: e.line.At, Want: e.line.Text, Why: "it did not happen, or not in this order"}
		for _, h := range r.happened {
			if h.channel == e.line.Channel {
				f.Got = append(f.Got, h.channel+" "+h.text)
			}
		}
		r.failures = append(r.failures, f)
		break // what follows it could not be met either
	}
	slices.SortStableFunc(r.failures, func(a, b Failure) int { return a.Line - b.Line })
	r.live = false
}

func (r *run) fail(l Line, format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failures = append(r.failures, Failure{Line: l.At, Want: l.Text, Why: fmt.Sprintf(format, args...)})
}

func (r *run) failf(format string, args ...any) {
	r.fail(Line{At: r.s.Line, Text: r.s.ID}, format, args...)
}

// launched notes a new process and says what it leaves out.
func (r *run) launched(a *actor) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.app = a
	return r.setup
}

func (r *run) actor() *actor {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.app
}

func (r *run) ignoresPushes() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ignores
}
