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

	naming sync.Mutex
	names  namer

	mu       sync.Mutex
	apps     map[string]*actor // of the newest process of each app; the one under test is ""
	live     bool              // given is over
	ignores  bool              // pushes are not reported
	log      CallLog
	happened []happening
	then     []*expectation
	failures []Failure
}

type happening struct{ channel, app, text string }

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
		App:       func() callkit.App { return &actor{run: r} },
		Extension: func() *Extension { return &Extension{&actor{run: r}} },
		System:    r.system,
	}
	for _, name := range r.s.apps() {
		cfg.Others = append(cfg.Others, OtherApp{Name: name, New: func() callkit.App { return &actor{run: r, name: name} }})
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
			cfg.Traits = append(cfg.Traits, "noVoIPBackgroundMode")
		case "app has":
			for _, t := range l.Words[2:] {
				if !slices.Contains(Traits, t) {
					return nil, "", lineError(r.s, l, fmt.Errorf("an app can't have %.40q (want some of %s)", t, strings.Join(Traits, ", ")))
				}
				cfg.Traits = append(cfg.Traits, t)
			}
		case "app setup":
			setup = strings.Join(l.Words[2:], " ")
		}
		if l.Words[0] == "config" {
			if err := r.configure(l.Words[1:]); err != nil {
				return nil, "", lineError(r.s, l, err)
			}
		}
	}
	r.log.Header = LogHeader{
		Format: LogFormat, Source: "callkittest", OS: cfg.OS, Knobs: cfg.Knobs, Seed: o.Seed, Scenario: r.s.ID,
		Traits: cfg.Traits, Apps: r.s.apps(), Configuration: logConfiguration(r.config),
	}
	stage, err := newStage(cfg)
	if err != nil {
		return nil, "", fmt.Errorf("%s:%d: scenario %s: %w", r.s.File, r.s.Line, r.s.ID, err)
	}
	defer stage.Close()
	r.mu.Lock() // a stage on the wall clock has begun to speak
	r.stage = stage
	r.mu.Unlock()
	r.film.watch(stage, r.named)
	stage.Wait(0)
	if first {
		r.leaveOut(setup)
	} else {
		r.film.step("given", Line{Text: "the app has run before"})
		if err := r.acts("U open", "wait 1s", "U home", "SYS appDies"); err != nil {
			return nil, r.named(stage.Log()), err
		}
		r.film.stepDone()
	}
	for _, l := range r.s.Given {
		if !l.applies(r.knobs) {
			continue
		}
		r.film.step("given", l)
		if err := r.given(l); err != nil {
			return nil, r.named(stage.Log()), lineError(r.s, l, err)
		}
		r.film.stepDone()
	}
	r.leaveOut(setup)
	orphans := r.begin()
	for _, l := range r.s.When {
		if l.applies(r.knobs) {
			r.film.step("when", l)
			if err := r.when(l); err != nil {
				return nil, r.named(stage.Log()), lineError(r.s, l, err)
			}
			r.film.stepDone()
		}
	}
	if len(orphans) > 0 {
		r.film.step("then", orphans[0])
		a := r.actor("")
		if a == nil {
			return nil, r.named(stage.Log()), lineError(r.s, orphans[0], errors.New("the app has never run"))
		}
		for i, l := range orphans {
			if l.Words[0] == "wait" {
				a.do(orphans[i:])
				break
			}
			a.do([]Line{l})
			stage.Wait(0)
		}
		stage.Wait(0)
		r.film.stepDone()
	}
	r.film.step("end", Line{At: r.s.Line, Text: "the end"})
	stage.Wait(0)
	stage.Wait(2*time.Second + r.waits())
	r.film.stepDone()
	r.end()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.log.Header.Length = r.elapsed()
	return r.failures, r.named(stage.Log()), nil
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

// observe notes a callback of an app. If it is the next line of its channel that then waits for, the app's
// steps under that line are returned.
func (r *run) observe(a *actor, channel, text string) (steps []Line, scripted bool, entry int) {
	text = r.named(text)
	r.mu.Lock()
	defer r.mu.Unlock()
	entry = r.note(LogEntry{App: a.name, Channel: channel, In: a.within(), Text: text})
	steps, scripted = r.judge(happening{channel, a.name, text})
	return steps, scripted, entry
}

// system notes what the system did, to one of the apps or none.
func (r *run) system(text, app string) {
	text = r.named(text)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.note(LogEntry{App: app, Channel: "SYS", Text: text})
	r.judge(happening{"SYS", "", text})
	if app != "" {
		r.judge(happening{"SYS", app, text})
	}
}

func (r *run) named(text string) string {
	r.naming.Lock()
	defer r.naming.Unlock()
	return r.names.name(text)
}

// note writes an entry into the log. r.mu is held.
func (r *run) note(e LogEntry) int {
	e.At, e.N = r.elapsed(), len(r.log.Entries)+1
	r.log.Entries = append(r.log.Entries, e)
	return e.N
}

// elapsed is the time since the stage began, 0 where the stage does not know. r.mu is held.
func (r *run) elapsed() time.Duration {
	if p, ok := r.stage.(Pictured); ok {
		return p.Elapsed()
	}
	return 0
}

// judge holds what happened against the scenario. r.mu is held.
func (r *run) judge(h happening) (steps []Line, scripted bool) {
	if !r.live {
		return nil, false
	}
	for _, l := range r.s.Never {
		if h.is(&l) && l.applies(r.knobs) && (l.Before == nil || !r.seen(l.Before)) {
			r.failures = append(r.failures, Failure{Line: l.At, Want: "never " + l.Text, Why: "it happened: " + h.String()})
		}
	}
	r.happened = append(r.happened, h)
	for _, e := range r.then {
		if e.met || e.line.Channel != h.channel || e.line.App != h.app {
			continue
		}
		if !h.is(&e.line) {
			return nil, false // something else, before what is expected
		}
		if e.line.After != nil && !r.seen(e.line.After) {
			r.failures = append(r.failures, Failure{Line: e.line.At, Want: e.line.Text, Why: "it happened, but not after " + e.line.After.Text})
		}
		e.met = true
		r.film.met(e.line)
		return e.steps, h.channel != "SYS"
	}
	return nil, false
}

// is reports whether it is what a line means.
func (h happening) is(l *Line) bool {
	return h.channel == l.Channel && h.app == l.App && matches(l.Words, h.text)
}

// String is as a line has it.
func (h happening) String() string { return channelName(h.channel, h.app) + " " + h.text }

func channelName(channel, app string) string {
	if app != "" {
		return channel + "@" + app
	}
	return channel
}

func (r *run) seen(l *Line) bool {
	return slices.ContainsFunc(r.happened, func(h happening) bool { return h.is(l) })
}

// did notes a step of an app.
func (r *run) did(a *actor, l Line) (entry int) {
	text := strings.Join(l.Words, " ")
	r.mu.Lock()
	defer r.mu.Unlock()
	entry = r.note(LogEntry{App: a.name, Channel: "A", In: a.within(), Text: text})
	r.judge(happening{"A", a.name, text})
	return entry
}

// told notes what the stage is told to do.
func (r *run) told(l Line) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.note(LogEntry{App: l.App, Channel: l.Channel, Do: true, Text: strings.Join(l.Words, " ")})
}

// leaveOut says what the next processes of the app under test leave out.
func (r *run) leaveOut(setup string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.setup = setup; setup != "" {
		r.note(LogEntry{Channel: "A", Text: "setup " + setup})
	}
}

// media is part of [director].
func (r *run) media(a *actor, sends bool) error {
	word := "off"
	if sends {
		word = "on"
	}
	return r.stage.Do("SYS", append([]string{"appMicrophone", word}, strings.Fields(a.name)...))
}

func (r *run) later(_ int, steps []Line) []Line { return steps }

func (r *run) configuration() callkit.ProviderConfiguration { return r.config }

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
		got = r.named(got)
		without := false
		for _, w := range l.Words[1:] {
			if w == "without" {
				without = true
			} else if hasWord(got, w) == without {
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
			if h.channel == e.line.Channel && h.app == e.line.App {
				f.Got = append(f.Got, h.String())
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

// launched is part of [director].
func (r *run) launched(a *actor) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.apps == nil {
		r.apps = map[string]*actor{}
	}
	r.apps[a.name] = a
	if a.name != "" {
		return ""
	}
	return r.setup
}

func (r *run) actor(name string) *actor {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.apps[name]
}

// good is part of [director].
func (r *run) good(what string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.ignores || !strings.HasPrefix(what, "didReceive")
}
