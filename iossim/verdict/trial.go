package verdict

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/iossim"
)

// trial is one play and what is to be seen in it.
type trial struct {
	name  string
	bugs  []string // all that it can find
	about string
	needs features
	since [2]int // the first iOS that it is about; zero: all
	knobs func(*iossim.Knobs)
	play  func(*stage)
}

func (t trial) appliesTo(os string) bool {
	v, err := iossim.ParseVersion(os)
	return err == nil && v.AtLeast(t.since[0], t.since[1])
}

// features are what an app and its adapter have, as a set.
type features uint

const (
	needsLine  features = 1 << iota // hears its server: Line.Open
	needsSay                        // tells its server: Line.Say
	needsMedia                      // Line.Connect and StartAudio
	needsDial                       // the buttons
	needsHangUp
	needsMute
	needsReload
	needsMerge
	needsOther // OtherPusher
	needsChina // ChinaBuilder
)

var featureNames = []string{
	"never opens its line (Line.Open)", "never tells its server anything (Line.Say)", "has no media (Line.Connect, Line.StartAudio)",
	"has no button to call (Dialer)", "has no button to hang up (HangUpper)", "has no mute button (Muter)",
	"can't be reloaded (Reloader)", "has no merge button (Merger)", "sends no other pushes (OtherPusher)",
	"has no build for the China store (ChinaBuilder)",
}

// lacking says in words what of need is not in have.
func (have features) lacking(need features) string {
	var words []string
	for i, n := range featureNames {
		if f := features(1 << i); need&f != 0 && have&f == 0 {
			words = append(words, "the app "+n)
		}
	}
	return strings.Join(words, "; ")
}

// outcome is what came of playing a trial once.
type outcome struct {
	sights  []sight
	stuck   string
	untried string
}

// sight is a bug that was seen.
type sight struct {
	bug, seen string
	log       []string
}

// run plays the trial.
func (t trial) run(fresh func() Subject, os string, seed uint64, have features) outcome {
	if lack := have.lacking(t.needs); lack != "" {
		return outcome{untried: lack}
	}
	s, err := newStage(fresh(), os, seed, t.knobs)
	if err != nil {
		return outcome{stuck: err.Error()}
	}
	defer s.w.Close()
	s.may = t.bugs
	return s.play(func() {
		s.boot()
		t.play(s)
	})
}

// survey finds out what an app and its adapter have, by an incoming call that is answered in the foreground and,
// if there is the button, an outgoing one.
func survey(fresh func() Subject, os string, seed uint64) (features, error) {
	s, err := newStage(fresh(), os, seed, nil)
	if err != nil {
		return 0, err
	}
	defer s.w.Close()
	var have features
	s.play(func() { // a bug seen here is seen again in the trials
		s.boot()
		s.open()
		code := s.proc.code
		for f, ok := range map[features]bool{
			needsDial: is[Dialer](code), needsHangUp: is[HangUpper](code), needsMute: is[Muter](code),
			needsReload: is[Reloader](code), needsMerge: is[Merger](code), needsOther: is[OtherPusher](s.sub),
			needsChina: is[ChinaBuilder](s.sub),
		} {
			if ok {
				have |= f
			}
		}
		s.push(s.call("bob"))
		s.run(time.Second)
		if s.ph.Answer() == nil {
			s.run(10 * time.Second)
			_ = s.ph.End()
			s.run(10 * time.Second)
		}
	})
	if s.runaway {
		return 0, fmt.Errorf("verdict: the app calls itself without end in a plain incoming call: %s", strings.Join(s.tail(0), "\n"))
	}
	u := s.sv.used
	for f, ok := range map[features]bool{needsLine: u.line, needsSay: u.say, needsMedia: u.media} {
		if ok {
			have |= f
		}
	}
	return have, nil
}

func is[T any](v any) bool { _, ok := v.(T); return ok }

// process is the app's code in one process, with its line.
type process struct {
	callkit.App
	code callkit.App
	st   *stage
	line *Line
	sys  callkit.System
}

// DidFinishLaunching ties the line to the process first.
func (p *process) DidFinishLaunching(sys callkit.System, o callkit.LaunchOptions) {
	p.sys = sys
	p.st.proc, p.st.sv.line = p, p.line
	p.line.launch(sys)
	p.code.DidFinishLaunching(sys, o)
}

// ProcessDied is passed on to an app that wants to know.
func (p *process) ProcessDied() {
	if p.st.proc == p {
		p.st.proc, p.st.sv.line = nil, nil
	}
	if w, ok := p.code.(iossim.ProcessWatcher); ok {
		w.ProcessDied()
	}
}

// ProcessSuspended is passed on to an app that wants to know.
func (p *process) ProcessSuspended(on bool) {
	if w, ok := p.code.(iossim.ProcessWatcher); ok {
		w.ProcessSuspended(on)
	}
}

// NetworkChanged is passed on to an app that wants to know.
func (p *process) NetworkChanged(online bool) {
	if w, ok := p.code.(iossim.NetworkWatcher); ok {
		w.NetworkChanged(online)
	}
}

// can reports whether the trial may find a bug: a trial says what it looks for.
func (s *stage) can(bug string) bool { return slices.Contains(s.may, bug) }
