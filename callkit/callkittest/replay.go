package callkittest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
)

// Replayed is how a replay went.
type Replayed struct {
	Inputs   int // what the apps, the user, the network and the world did again
	Compared int // callbacks and effects that were the same
	// Refused are inputs that could not be done again, with the reason: nothing is compared after the first.
	Refused []string
	// First is the earliest difference, nil if there is none.
	First *Difference
	Log   string // the stage's own log of the replay, for people
}

// OK reports whether the replay was like the log.
func (r Replayed) OK() bool { return r.First == nil && len(r.Refused) == 0 }

// Difference is where a replay left a log. Each channel of each app is compared by itself, in order.
type Difference struct {
	Want *LogEntry // of the log; nil: the log has nothing more in this channel
	Got  *LogEntry // of the replay; nil: nothing more came
	Why  string
}

// String shows both sides.
func (d Difference) String() string {
	side := func(e *LogEntry) string {
		if e == nil {
			return "nothing"
		}
		return e.String()
	}
	return fmt.Sprintf("%s\n  log:    %s\n  replay: %s", d.Why, side(d.Want), side(d.Got))
}

// defaultCompare are the channels in which a system speaks.
var defaultCompare = []string{"P", "C", "O", "R", "L", "E", "SYS"}

// Replay plays a log's inputs again, each at its time or inside of its callback, on the stage that newStage
// makes (nil: the simulated iPhone), and compares what follows with the log: channel by channel in order, the
// words of each entry, and its time within the header's tolerance. The error says that the stage can't be made.
func Replay(l CallLog, newStage func(StageConfig) (Stage, error)) (Replayed, error) {
	if newStage == nil {
		newStage = Simulator
	}
	p := &player{log: l, config: l.Header.Configuration.configuration(), apps: map[string]*actor{}, inside: map[int][]Line{}, came: map[string]int{}, channels: map[string][]LogEntry{}}
	h := l.Header
	for _, e := range l.Entries {
		if e.Channel == "A" && e.In != 0 {
			p.inside[e.In] = append(p.inside[e.In], e.line())
		}
		if slices.Contains(defaultCompare, e.Channel) && !e.Do {
			key := channelName(e.Channel, e.App)
			p.channels[key] = append(p.channels[key], e)
		}
	}
	cfg := StageConfig{
		OS: h.OS, Knobs: maps.Clone(h.Knobs), Seed: h.Seed, Traits: h.Traits,
		App: func() callkit.App { return &actor{run: p} }, Extension: func() *Extension { return &Extension{&actor{run: p}} },
		System: p.system,
	}
	for _, name := range h.Apps {
		cfg.Others = append(cfg.Others, OtherApp{Name: name, New: func() callkit.App { return &actor{run: p, name: name} }})
	}
	stage, err := newStage(cfg)
	if err != nil {
		return Replayed{}, fmt.Errorf("replaying a call log: %w", err)
	}
	defer stage.Close()
	p.mu.Lock() // a stage on the wall clock has begun to speak
	p.stage = stage
	p.mu.Unlock()
	p.play()
	r := Replayed{Inputs: p.inputs, Refused: p.refused, Log: p.name(stage.Log())}
	r.Compared, r.First = p.compare()
	return r, nil
}

func (e LogEntry) line() Line {
	words, _ := cut(e.Text)
	return Line{At: e.N, Text: channelName(e.Channel, e.App) + " " + e.Text, Channel: e.Channel, App: e.App, Words: words}
}

// player is the director of a replay. As the entry of a callback it gives the log's own number.
type player struct {
	log      CallLog
	config   callkit.ProviderConfiguration
	stage    Stage
	inside   map[int][]Line        // what the apps do inside of an entry of the log
	channels map[string][]LogEntry // the log's callbacks and effects

	naming sync.Mutex
	names  namer

	mu      sync.Mutex
	apps    map[string]*actor
	setup   string
	came    map[string]int // how many entries each channel has had
	got     []LogEntry
	inputs  int
	refused []string
}

// play does the inputs.
func (p *player) play() {
	p.stage.Wait(0)
	end := p.log.Header.Length
	for _, e := range p.log.Entries {
		if end = max(end, e.At); p.log.Header.Length == 0 {
			end = max(end, e.At+2*time.Second)
		}
		if !e.Do && (e.Channel != "A" || e.In != 0) {
			continue
		}
		p.until(e.At)
		if err := p.input(e); err != nil {
			p.refuse("%v: %v", e, err)
			return
		}
		p.stage.Wait(0)
	}
	p.until(end)
}

func (p *player) until(at time.Duration) {
	if d := at - p.elapsed(); d > 0 {
		p.stage.Wait(d)
	}
}

func (p *player) elapsed() time.Duration {
	if s, ok := p.stage.(Pictured); ok {
		return s.Elapsed()
	}
	return 0
}

func (p *player) input(e LogEntry) error {
	l := e.line()
	if e.Do {
		p.mu.Lock()
		p.inputs++
		p.mu.Unlock()
		return p.stage.Do(l.Channel, withUUIDs(l.Words))
	}
	if l.Words[0] == "setup" {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.setup = strings.Join(l.Words[1:], " ")
		return nil
	}
	p.mu.Lock()
	a := p.apps[e.App]
	p.mu.Unlock()
	if a == nil {
		return fmt.Errorf("the app does not run and has not run")
	}
	a.do([]Line{l})
	return nil
}

func (p *player) name(text string) string {
	p.naming.Lock()
	defer p.naming.Unlock()
	return p.names.name(text)
}

func (p *player) media(a *actor, sends bool) error {
	word := "off"
	if sends {
		word = "on"
	}
	return p.stage.Do("SYS", append([]string{"appMicrophone", word}, strings.Fields(a.name)...))
}

func (p *player) refuse(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refused = append(p.refused, fmt.Sprintf(format, args...))
}

// observe is part of [director]: the n-th callback of a channel is taken for the n-th of the log.
func (p *player) observe(a *actor, channel, text string) ([]Line, bool, int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	entry := p.note(LogEntry{Channel: channel, App: a.name, Text: p.name(text)})
	return p.inside[entry], true, entry
}

func (p *player) system(text, app string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.note(LogEntry{Channel: "SYS", App: app, Text: p.name(text)})
}

// note keeps what came, and returns the number of the entry of the log that it is taken for. p.mu is held.
func (p *player) note(e LogEntry) int {
	e.At, e.N = p.elapsed(), len(p.got)+1
	p.got = append(p.got, e)
	key := channelName(e.Channel, e.App)
	i := p.came[key]
	p.came[key]++
	if all := p.channels[key]; i < len(all) {
		return all[i].N
	}
	return 0
}

func (p *player) launched(a *actor) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.apps[a.name] = a
	if a.name != "" {
		return ""
	}
	return p.setup
}

func (p *player) configuration() callkit.ProviderConfiguration { return p.config }

func (p *player) good(string) bool { return false }

func (p *player) did(_ *actor, l Line) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.inputs++
	return l.At
}

func (p *player) later(entry int, _ []Line) []Line { return p.inside[entry] }

func (p *player) fail(l Line, format string, args ...any) {
	p.refuse("%s: %s", l.Text, fmt.Sprintf(format, args...))
}

// compare holds what came against the log and returns how much was the same, and the earliest difference.
func (p *player) compare() (same int, first *Difference) {
	held := p.log.Header.Compare
	if len(held) == 0 {
		held = defaultCompare
	}
	got := map[string][]LogEntry{}
	keys := slices.Collect(maps.Keys(p.channels))
	for _, e := range p.got {
		key := channelName(e.Channel, e.App)
		if got[key] = append(got[key], e); !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	for _, key := range keys {
		if channel, _, _ := strings.Cut(key, "@"); !slices.Contains(held, channel) {
			continue
		}
		n, d := compareChannel(p.log.Header.Tolerance, p.channels[key], got[key])
		same += n
		if d != nil && (first == nil || d.at() < first.at()) {
			first = d
		}
	}
	return same, first
}

func (d *Difference) at() time.Duration {
	switch {
	case d.Want == nil:
		return d.Got.At
	case d.Got == nil:
		return d.Want.At
	}
	return min(d.Want.At, d.Got.At)
}

func compareChannel(tolerance time.Duration, want, got []LogEntry) (same int, d *Difference) {
	for i := range max(len(want), len(got)) {
		switch {
		case i >= len(want):
			return i, &Difference{Got: &got[i], Why: "the log ends here"}
		case i >= len(got):
			return i, &Difference{Want: &want[i], Why: "the replay ends here"}
		}
		w, g := want[i], got[i]
		if words, _ := cut(w.Text); !matches(words, g.Text) {
			return i, &Difference{Want: &w, Got: &g, Why: "something else happened"}
		}
		if apart := (w.At - g.At).Abs(); apart > tolerance {
			return i, &Difference{Want: &w, Got: &g, Why: fmt.Sprintf("it happened %v apart, which is more than %v", apart, tolerance)}
		}
	}
	return len(want), nil
}
