package callkittest

import (
	"bufio"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/ringtrip/ringtrip/iossim"
)

// ParseError says what is wrong in a scenario file, where, and what to write instead.
type ParseError struct {
	File string
	Line int
	Text string // what is wrong
	Hint string // what to write
}

// Error is file:line: what is wrong (hint).
func (e *ParseError) Error() string {
	s := fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Text)
	if e.Hint != "" {
		s += " (" + e.Hint + ")"
	}
	return s
}

const (
	maxLine  = 4096
	maxLines = 100_000
	maxRuns  = 64 // of one scenario, over all values of its knobs
)

var channels = []string{"A", "P", "C", "O", "R", "L", "E", "SYS", "U", "N"}

// Parse reads a scenario file; name is for messages. The format is in the package comment. It returns a
// [*ParseError] for the first thing that is wrong.
func Parse(r io.Reader, name string) ([]Scenario, error) {
	p := parser{file: name, ids: map[string]int{}}
	in := bufio.NewScanner(r)
	in.Buffer(make([]byte, maxLine), maxLine)
	for in.Scan() {
		p.line++
		if p.line > maxLines {
			return nil, p.errorf("split the file", "the file has more than %d lines", maxLines)
		}
		p.lines = append(p.lines, in.Text())
		if err := p.parse(in.Text()); err != nil {
			return nil, err
		}
	}
	if err := in.Err(); err != nil {
		p.line++
		return nil, p.errorf(fmt.Sprintf("a line has at most %d bytes", maxLine), "reading: %v", err)
	}
	if err := p.finish(); err != nil {
		return nil, err
	}
	return p.all, nil
}

type parser struct {
	file    string
	line    int
	all     []Scenario
	ids     map[string]int
	current *Scenario
	section *[]Line
	name    string // of the section
	lines   []string
}

func (p *parser) errorf(hint, format string, args ...any) error {
	return &ParseError{File: p.file, Line: p.line, Text: fmt.Sprintf(format, args...), Hint: hint}
}

func (p *parser) parse(text string) error {
	if !utf8.ValidString(text) {
		return p.errorf("save the file as UTF-8", "the line is no UTF-8")
	}
	indented := text != "" && (text[0] == ' ' || text[0] == '\t')
	text = strings.TrimSpace(text)
	if text == "" || text[0] == '#' {
		return nil
	}
	if indented {
		if p.section == nil {
			return p.errorf("lines are indented below given, when, then, never or ends", "%.60q is indented, but belongs to no section", text)
		}
		l, err := p.entry(text)
		if err != nil {
			return err
		}
		if p.name == "then" && l.Channel == "A" {
			for i := len(*p.section) - 1; i >= 0; i-- { // the callback above
				if o := (*p.section)[i]; o.Channel != "A" && o.Channel != "SYS" {
					if o.App != l.App {
						return p.errorf("write "+channelName("A", o.App), "%.40q stands under a callback of another app", text)
					}
					break
				}
			}
		}
		*p.section = append(*p.section, l)
		return nil
	}
	return p.header(text)
}

// header reads a line that begins at the margin.
func (p *parser) header(text string) error {
	word, rest, _ := strings.Cut(text, " ")
	rest = strings.TrimSpace(rest)
	if word == "scenario" {
		return p.scenario(rest)
	}
	s := p.current
	if s == nil {
		return p.errorf("begin with: scenario S01 what it is about", "%.60q stands before the first scenario", text)
	}
	p.section, p.name = nil, word
	switch word {
	case "conf":
		if !slices.Contains([]string{"D", "T", "W", "O", "I"}, rest) {
			return p.errorf("want D, T, W, O or I", "%.40q is no confidence", rest)
		}
		s.Conf = rest
	case "note":
		s.Note = strings.TrimSpace(s.Note + " " + rest)
	case "os":
		v, err := parseVersions(strings.Fields(rest))
		if err != nil || len(v) == 0 {
			return p.errorf("as in: os 16.. or os 13..18 or os 26.4", "%.40q is no version of iOS: %v", rest, err)
		}
		s.OS, s.versions = rest, v
	case "rules":
		for _, id := range strings.Fields(rest) {
			if !ruleForm.MatchString(id) {
				return p.errorf("as in: rules R21 R44", "%.40q is no name of a rule", id)
			}
			s.Rules = append(s.Rules, id)
		}
	case "knob":
		return p.knob(rest)
	case "given":
		p.section = &s.Given
	case "when":
		p.section = &s.When
	case "then":
		p.section = &s.Then
	case "never":
		p.section = &s.Never
	case "ends":
		p.section = &s.Ends
	default:
		return p.errorf("there are scenario, conf, note, rules, os, knob, given, when, then, never, ends", "%.40q is no keyword", word)
	}
	if p.section != nil && rest != "" {
		return p.errorf("put it on a line of its own, indented", "%.40q follows the keyword %s", rest, word)
	}
	return nil
}

func (p *parser) scenario(rest string) error {
	if err := p.finish(); err != nil {
		return err
	}
	id, title, _ := strings.Cut(rest, " ")
	if id == "" || strings.Trim(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.") != "" {
		return p.errorf("as in: scenario S03 answer on the lock screen", "%.40q is no name of a scenario", id)
	}
	if at, dup := p.ids[id]; dup {
		return p.errorf("each needs its own name", "scenario %s is in line %d already", id, at)
	}
	p.ids[id] = p.line
	p.all = append(p.all, Scenario{ID: id, Title: strings.TrimSpace(title), File: p.file, Line: p.line})
	p.current, p.section = &p.all[len(p.all)-1], nil
	return nil
}

func (p *parser) knob(rest string) error {
	name, values, ok := strings.Cut(rest, "=")
	c := Choice{Name: strings.TrimSpace(name), Line: p.line}
	for v := range strings.SplitSeq(values, "|") {
		if v = strings.TrimSpace(v); v != "" {
			c.Values = append(c.Values, v)
		}
	}
	if !ok || c.Name == "" || len(c.Values) == 0 {
		return p.errorf("as in: knob endAfterFail = true | false, or = * for all that are to be tried", "%.60q sets no knob", rest)
	}
	i := slices.IndexFunc(knobs(), func(n iossim.KnobInfo) bool { return n.Name == c.Name })
	if i < 0 {
		return p.errorf("there are "+strings.Join(iossim.KnobNames(), ", "), "no knob is named %.40q", c.Name)
	}
	if slices.Equal(c.Values, []string{"*"}) {
		if c.Values = knobs()[i].Probes; len(c.Values) == 0 {
			return p.errorf("name the values", "%s has no values that it is to be tried with: it is settled", c.Name)
		}
	}
	for _, v := range c.Values {
		k := iossim.DefaultKnobs()
		if err := k.Set(c.Name, v); err != nil {
			return p.errorf("ringtrip scenario --knobs lists them", "%v", err)
		}
	}
	p.current.Knobs = append(p.current.Knobs, c)
	return nil
}

// knobs describes the settings of the simulated iPhone.
var knobs = sync.OnceValue(iossim.KnobList)

// finish checks a scenario that is complete.
func (p *parser) finish() error {
	s := p.current
	if s == nil {
		return nil
	}
	at := p.line
	p.line = s.Line
	defer func() { p.line = at }()
	last := len(p.lines)
	for last > s.Line && (strings.HasPrefix(p.lines[last-1], "scenario") || strings.HasPrefix(p.lines[last-1], "#") || strings.TrimSpace(p.lines[last-1]) == "") {
		last-- // the next one's first line, and what leads to it
	}
	s.Source = strings.TrimRight(strings.Join(p.lines[s.Line-1:last], "\n"), " \t\n") + "\n"
	if len(s.When) == 0 {
		return p.errorf("add a section when", "scenario %s has nothing happen", s.ID)
	}
	if len(s.Then)+len(s.Never)+len(s.Ends) == 0 {
		return p.errorf("add a section then, never or ends", "scenario %s expects nothing, so it could not fail", s.ID)
	}
	runs := 1
	for _, c := range s.Knobs {
		if runs *= len(c.Values); runs > maxRuns {
			return p.errorf("take fewer values", "the knobs of scenario %s make more than %d runs", s.ID, maxRuns)
		}
	}
	return nil
}

// entry reads an indented line.
func (p *parser) entry(text string) (Line, error) {
	l := Line{At: p.line, Text: text}
	words, err := p.split(text)
	if err != nil {
		return l, err
	}
	if words, err = p.conditions(&l, words); err != nil {
		return l, err
	}
	if p.name == "given" || p.name == "ends" {
		l.Words = words
		return l, p.notEmpty(l)
	}
	for i, w := range words {
		if (w != "after" || p.name != "then") && (w != "before" || p.name != "never") || i == 0 {
			continue
		}
		other, err := p.event(Line{At: p.line, Text: strings.Join(words[i+1:], " ")}, words[i+1:])
		if err != nil {
			return l, err
		}
		if w == "after" {
			l.After = &other
		} else {
			l.Before = &other
		}
		words = words[:i]
		break
	}
	return p.event(l, words)
}

// event reads a channel and what happens in it.
func (p *parser) event(l Line, words []string) (Line, error) {
	l.Words = words
	if err := p.notEmpty(l); err != nil {
		return l, err
	}
	if words[0] == "wait" && (p.name == "when" || p.name == "then") {
		d, err := time.ParseDuration(strings.Join(words[1:], ""))
		if err != nil || d <= 0 || d > 1000*time.Hour {
			return l, p.errorf("as in: wait 7s", "%.40q is no time to wait", strings.Join(words[1:], " "))
		}
		l.Channel, l.Wait, l.Words = "wait", d, nil
		if p.name == "then" {
			return l, p.errorf("write A wait 4s for the app, or put wait under when", "wait stands under then")
		}
		return l, nil
	}
	channel, app, other := strings.Cut(words[0], "@")
	switch {
	case !slices.Contains(channels, channel):
		return l, p.errorf("a line begins with A, P, C, O, R, L, E, SYS, U or N", "%.40q is no channel", words[0])
	case other && (!appForm.MatchString(app) || app == "app"):
		return l, p.errorf("as in: P@other performEnd u99", "%.40q names no other app", words[0])
	case other && (channel == "U" || channel == "N"):
		return l, p.errorf("name the app behind it, as in: U open other, N voipPush u2 app=other", "%.40q: a user and a network have no app", words[0])
	}
	l.Channel, l.App, l.Words = channel, app, words[1:]
	if len(l.Words) == 0 {
		return l, p.errorf("say what happens", "nothing follows %s", l.Channel)
	}
	if p.name == "when" && slices.Contains([]string{"P", "C", "O", "R", "L", "E"}, l.Channel) {
		return l, p.errorf("put it under then", "%s under when: the scenario can't do what the system does to the app", l.Channel)
	}
	if p.name == "then" && (l.Channel == "U" || l.Channel == "N") {
		return l, p.errorf("put it under when", "%s under then", l.Channel)
	}
	return l, nil
}

func (p *parser) notEmpty(l Line) error {
	if len(l.Words) == 0 {
		return p.errorf("", "the line says nothing")
	}
	return nil
}

var (
	appForm     = regexp.MustCompile(`^[a-z]{1,20}$`)
	ruleForm    = regexp.MustCompile(`^R[1-9][0-9]?$`)
	osCondition = regexp.MustCompile(`^os(=|<=|<|>=|>)([0-9.]+)$`)
)

// conditions takes "if knob=value ..." off the end of a line.
func (p *parser) conditions(l *Line, words []string) ([]string, error) {
	i := slices.Index(words, "if")
	if i < 0 {
		return words, nil
	}
	for _, w := range words[i+1:] {
		if m := osCondition.FindStringSubmatch(w); m != nil {
			if _, err := parseVersions([]string{m[2]}); err != nil {
				return nil, p.errorf("as in: if os>=16", "%v", err)
			}
			l.If = append(l.If, Condition{"os", m[1], m[2]})
			continue
		}
		k, v, ok := strings.Cut(w, "=")
		if !ok || k == "" || v == "" {
			return nil, p.errorf("as in: if endAfterFail=true, or if os>=16", "%.40q is no value of a knob", w)
		}
		if !slices.ContainsFunc(p.current.Knobs, func(c Choice) bool { return c.Name == k }) {
			return nil, p.errorf("declare it with: knob "+k+" = "+v, "the scenario has no knob %.40q", k)
		}
		l.If = append(l.If, Condition{k, "=", v})
	}
	if len(l.If) == 0 {
		return nil, p.errorf("as in: if endAfterFail=true", "nothing follows if")
	}
	return words[:i], nil
}

// split cuts a line into words at spaces outside of quotes.
func (p *parser) split(text string) ([]string, error) {
	words, open := cut(text)
	if open {
		return nil, p.errorf("close it with \"", "a quote is not closed")
	}
	return words, nil
}

// cut splits at spaces outside of double quotes; open says that the last quote was not closed.
func cut(text string) (words []string, open bool) {
	var b strings.Builder
	in, some := false, false
	flush := func() {
		if some {
			words = append(words, b.String())
		}
		b.Reset()
		some = false
	}
	escaped := false
	for _, c := range text {
		switch {
		case escaped:
			escaped = false
		case c == '\\' && in:
			escaped = true
		case c == '"':
			in = !in
		case (c == ' ' || c == '\t') && !in:
			flush()
			continue
		}
		b.WriteRune(c)
		some = true
	}
	flush()
	return words, in
}
