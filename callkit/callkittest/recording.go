package callkittest

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
)

// Info says what a scenario is, for lists.
type Info struct {
	ID       string   `json:"id"`
	Title    string   `json:"title"`
	Conf     string   `json:"conf"`            // D, T, W, O or I
	Rules    []string `json:"rules,omitempty"` // that it proves, see [Rules]
	File     string   `json:"file"`
	Line     int      `json:"line"`
	OS       []string `json:"os"`                 // the profiles that it applies to, oldest first
	Variants []string `json:"variants,omitempty"` // the choices of its knobs that it is played with; empty: there is one
}

// Recording is a scenario that was played, moment by moment, so that it can be shown.
type Recording struct {
	ID       string    `json:"id"`
	Title    string    `json:"title"`
	Variant  string    `json:"variant,omitempty"` // the choice of knobs, as "endAfterFail=true"
	OS       string    `json:"os"`
	Conf     string    `json:"conf"`
	Note     string    `json:"note,omitempty"`
	Rules    []string  `json:"rules,omitempty"`
	File     string    `json:"file"`
	Line     int       `json:"line"`   // of the file, where Source begins
	Source   string    `json:"source"` // the scenario's own text
	OK       bool      `json:"ok"`
	Failures []Failure `json:"failures,omitempty"`
	Frames   []Frame   `json:"frames"` // in order; never empty
}

// Frame is one moment of a recording: a line of the scenario that was carried out and what it brought about. A
// wait has a frame for each moment in which something happened, and one for its end.
type Frame struct {
	At      time.Duration   `json:"at"`      // nanoseconds since the world began
	Section string          `json:"section"` // given, when, then (steps of the app that belong to no callback) or end
	Line    int             `json:"line"`    // of the file; 0: nothing in the file, as what comes before given
	Text    string          `json:"text"`    // the line
	Log     []string        `json:"log"`     // what happened, oldest first, calls as u1 and so on
	Met     []int           `json:"met"`     // the lines of the file under then that came true here
	Screen  json.RawMessage `json:"screen"`  // an iossim.Screen: what the user sees after it; null on a stage without a screen
}

// Pictured is a [Stage] that can be recorded: it tells what happens and shows its screen.
type Pictured interface {
	Stage
	// OnLine has f called with every line of the log from now on, in order, from wherever the stage runs.
	OnLine(f func(at time.Duration, line string))
	// Picture is the screen as a value that can be made JSON. OnLine's f may call it.
	Picture() any
	// Elapsed is the time since the stage began.
	Elapsed() time.Duration
}

// builtinScenarios parses the repository's own set.
func builtinScenarios() ([]Scenario, error) {
	files, err := fs.Glob(Builtin(), "*.txt")
	if err != nil {
		return nil, err
	}
	var all []Scenario
	for _, name := range files {
		f, err := Builtin().Open(name)
		if err != nil {
			return nil, err
		}
		some, err := Parse(f, name)
		_ = f.Close()
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

// List lists the repository's own scenarios, file by file.
func List() ([]Info, error) {
	all, err := builtinScenarios()
	if err != nil {
		return nil, err
	}
	list := make([]Info, 0, len(all))
	for i := range all {
		list = append(list, all[i].Info())
	}
	return list, nil
}

// Info says what the scenario is.
func (s *Scenario) Info() Info {
	n := Info{ID: s.ID, Title: s.Title, Conf: s.Conf, Rules: s.Rules, File: path.Base(s.File), Line: s.Line, OS: s.Profiles()}
	for _, knobs := range s.variants(nil) {
		if v := s.variant(knobs); v != "" {
			n.Variants = append(n.Variants, v)
		}
	}
	return n
}

// Record plays one of the repository's own scenarios once and returns every moment of it. Of the options OS,
// Variant, Knobs and Seed count. The error says that there is no such scenario or variant, that it does not
// apply to that version of iOS, or that it could not be played; a scenario that failed is no error.
func Record(id string, o Options) (Recording, error) {
	all, err := builtinScenarios()
	if err != nil {
		return Recording{}, err
	}
	i := slices.IndexFunc(all, func(s Scenario) bool { return strings.EqualFold(s.ID, id) })
	if i < 0 {
		return Recording{}, fmt.Errorf("no scenario is named %.40q", id)
	}
	return all[i].Record(o)
}

// Record is [Record] for any scenario.
func (s *Scenario) Record(o Options) (Recording, error) {
	cast, err := s.cast(o)
	if err != nil {
		return Recording{}, err
	}
	chosen := cast[0]
	if o.Variant != "" {
		i := slices.IndexFunc(cast, func(f form) bool { return s.variant(f.knobs) == o.Variant })
		if i < 0 {
			return Recording{}, fmt.Errorf("%s:%d: scenario %s has no variant %.60q", s.File, s.Line, s.ID, o.Variant)
		}
		chosen = cast[i]
	}
	film := &film{}
	x := s.play(chosen, o, film)
	if x.Error != "" {
		return Recording{}, fmt.Errorf("playing a scenario: %s", x.Error)
	}
	return Recording{
		ID: s.ID, Title: s.Title, Variant: x.Variant, OS: x.OS, Conf: s.Conf, Note: s.Note, Rules: s.Rules,
		File: path.Base(s.File), Line: s.Line, Source: s.Source, OK: x.OK(), Failures: x.Failures, Frames: film.frames,
	}, nil
}
