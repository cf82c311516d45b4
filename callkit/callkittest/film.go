package callkittest

import (
	"encoding/json"
	"time"
)

// film makes the frames of a recording while a run goes on. A nil film does nothing.
type film struct {
	stage  Pictured
	name   func(string) string
	frames []Frame
	now    Frame
	sight  any // the screen as it was after the last line of now's log
}

// watch begins.
func (f *film) watch(s Stage, name func(string) string) {
	if f == nil {
		return
	}
	f.now.Section, f.name = "given", name
	if p, ok := s.(Pictured); ok {
		f.stage = p
		p.OnLine(f.line)
	}
}

// line takes a line of the stage's log. What happens at another moment gets another frame.
func (f *film) line(at time.Duration, text string) {
	if len(f.now.Log) > 0 && f.now.At != at {
		f.cut()
	}
	f.now.At = at
	f.now.Log = append(f.now.Log, f.name(text))
	f.sight = f.stage.Picture()
}

// cut ends a frame; the next one is about the same line.
func (f *film) cut() {
	next := Frame{At: f.now.At, Section: f.now.Section, Line: f.now.Line, Text: f.now.Text}
	if f.now.Log == nil {
		f.now.Log = []string{}
	}
	if f.now.Met == nil {
		f.now.Met = []int{}
	}
	f.now.Screen = json.RawMessage("null")
	if f.sight != nil {
		if data, err := json.Marshal(f.sight); err == nil {
			f.now.Screen = json.RawMessage(f.name(string(data)))
		}
	}
	f.frames = append(f.frames, f.now)
	f.now = next
}

// step names the line that is carried out from here on.
func (f *film) step(section string, l Line) {
	if f != nil {
		f.now.Section, f.now.Line, f.now.Text = section, l.At, l.Text
	}
}

// stepDone ends a line.
func (f *film) stepDone() {
	if f == nil {
		return
	}
	if f.stage != nil {
		at := f.stage.Elapsed()
		if len(f.now.Log) > 0 && f.now.At != at {
			f.cut()
		}
		f.now.At, f.sight = at, f.stage.Picture()
	}
	f.cut()
}

// met notes a line under then that came true.
func (f *film) met(l Line) {
	if f != nil {
		f.now.Met = append(f.now.Met, l.At)
	}
}
