package callkittest

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
)

const small = "scenario A one\nwhen\n  U answer\nthen\n  P performAnswer u1\n"

func TestParseErrors(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"before", "conf D\n", `f.txt:1: "conf D" stands before the first scenario (begin with: scenario S01 what it is about)`},
		{"indent", "scenario A x\n  U answer\n", "f.txt:2: \"U answer\" is indented, but belongs to no section"},
		{"keyword", "scenario A x\nwhens\n", `f.txt:2: "whens" is no keyword (there are scenario,`},
		{"same line", "scenario A x\nwhen U answer\n", "f.txt:2: \"U answer\" follows the keyword when (put it on a line of its own, indented)"},
		{"no name", "scenario\n", "f.txt:1: \"\" is no name"},
		{"bad name", "scenario S/1 x\n", "is no name of a scenario"},
		{"system", "scenario A x\nos 12\n", "f.txt:2: \"12\" is no version of iOS"},
		{"system range", "scenario A x\nos 18..16\n", "\"18..16\" is an empty range"},
		{"no system", "scenario A x\nos\n", "is no version of iOS"},
		{"system condition", "scenario A x\nthen\n  P x if os>=7\n", "names no version of iOS"},
		{"rule", "scenario A x\nrules r21\n", "\"r21\" is no name of a rule"},
		{"twice", small + small, "f.txt:6: scenario A is in line 1 already"},
		{"nothing happens", "scenario A x\nthen\n  P x\n", "f.txt:1: scenario A has nothing happen"},
		{"nothing expected", "scenario A x\nwhen\n  U answer\n", "expects nothing, so it could not fail"},
		{"channel", "scenario A x\nwhen\n  Y answer\n", `f.txt:3: "Y" is no channel`},
		{"no words", "scenario A x\nwhen\n  U\n", "nothing follows U"},
		{"callback under when", "scenario A x\nwhen\n  P performEnd\n", "put it under then"},
		{"user under then", "scenario A x\nthen\n  U end\n", "put it under when"},
		{"other app", "scenario A x\nwhen\n  P@Other x\n", "\"P@Other\" names no other app"},
		{"user of an app", "scenario A x\nwhen\n  U@other open\n", "a user and a network have no app"},
		{"steps of another app", "scenario A x\nwhen\n  U open\nthen\n  P@other x\n    A fulfill\n", "f.txt:6: \"A fulfill\" stands under a callback of another app (write A@other)"},
		{"wait", "scenario A x\nwhen\n  wait long\n", `"long" is no time to wait (as in: wait 7s)`},
		{"wait under then", "scenario A x\nthen\n  wait 1s\n", "wait stands under then"},
		{"quote", "scenario A x\nthen\n  SYS log \"x\n", "a quote is not closed"},
		{"conf", "scenario A x\nconf E\n", "is no confidence"},
		{"knob", "scenario A x\nknob y\n", "sets no knob"},
		{"no such knob", "scenario A x\nknob moon = full\n", "f.txt:2: no knob is named \"moon\" (there are actionTimeout,"},
		{"no such value", "scenario A x\nknob activateTrigger = soon\n", "f.txt:2: iossim: knob activateTrigger: \"soon\" is not one of afterFulfil"},
		{"settled", "scenario A x\nknob launchDelay = *\n", "launchDelay has no values that it is to be tried with"},
		{"condition", "scenario A x\nthen\n  P x if y=1\n", "the scenario has no knob \"y\" (declare it with: knob y = 1)"},
		{"empty condition", "scenario A x\nthen\n  P x if\n", "nothing follows if"},
		{"no condition", "scenario A x\nknob onCallCounts = any\nthen\n  P x if onCallCounts\n", "is no value of a knob"},
		{"after what", "scenario A x\nthen\n  P x after\n", "the line says nothing"},
		{"utf-8", "scenario A \xff\n", "f.txt:1: the line is no UTF-8"},
		{"long", "scenario A " + strings.Repeat("x", maxLine), "f.txt:1: reading"},
		{"runs", "scenario A x\nknob pushLoss = 1|2|3|4|5\nknob pushDuplicate = 1|2|3|4|5\nknob endAfterFail = *\nknob bootTime = 1s|2s\nwhen\n  U x\nthen\n  P x\n", "more than 64 runs"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Parse(strings.NewReader(c.text), "f.txt")
			var e *ParseError
			if !errors.As(err, &e) {
				t.Fatalf("err = %v, want a ParseError", err)
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
		})
	}
}

func TestParse(t *testing.T) {
	all, err := Parse(strings.NewReader(`
# a comment
scenario S1 a title of words
conf T
note first
note second
os 18
knob onCallCounts = *
given
	u1 ringing name="Bob B"
when
  U keys 4#
  wait 90s
then
  P x u1 "two words" after A fulfill
    A fulfill if onCallCounts=active
never
  P y before SYS z
ends
  screen in-call
`), "f.txt")
	if err != nil {
		t.Fatal(err)
	}
	s := all[0]
	if len(all) != 1 || s.ID != "S1" || s.Title != "a title of words" || s.Conf != "T" || s.Note != "first second" || s.OS != "18" || s.Line != 3 {
		t.Errorf("%+v", s)
	}
	if got := s.Given[0].Words; len(got) != 3 || got[2] != `name="Bob B"` {
		t.Errorf("given: %q", got)
	}
	if w := s.When; len(w) != 2 || strings.Join(w[0].Words, " ") != "keys 4#" || w[1].Wait.Seconds() != 90 {
		t.Errorf("when: %+v", w)
	}
	if l := s.Then[0]; l.Channel != "P" || len(l.Words) != 3 || l.After == nil || l.After.Channel != "A" || l.At != 15 {
		t.Errorf("then: %+v", l)
	}
	if l := s.Then[1]; len(l.If) != 1 || l.If[0] != (Condition{"onCallCounts", "=", "active"}) || len(l.Words) != 1 {
		t.Errorf("then: %+v", l)
	}
	if l := s.Never[0]; l.Before == nil || l.Before.Channel != "SYS" {
		t.Errorf("never: %+v", l)
	}
	if v := s.variants(nil); len(v) != 2 || s.variant(v[1]) != "onCallCounts=any" {
		t.Errorf("variants: %v", v)
	}
}

func TestMatches(t *testing.T) {
	for _, c := range []struct {
		words, text string
		want        bool
	}{
		{"ring u1", "ring u1 caller=\"Bob B\"", true},
		{"ring caller=\"Bob B\"", "ring u1 caller=\"Bob B\"", true},
		{"ring u2", "ring u1", false},
		{"u1", "ring u1", false},
		{"log \"in time\"", "log failed in time.", true},
		{"log \"on time\"", "log failed in time.", false},
		{"ring u1", "ring u11", false},
	} {
		words, _ := cut(c.words)
		if got := matches(words, c.text); got != c.want {
			t.Errorf("%s: %q matches %q = %v", c.words, words, c.text, got)
		}
	}
}

// FuzzParse holds the parser to two promises: it never panics, and what it takes can be played without one.
func FuzzParse(f *testing.F) {
	f.Add(small)
	files, err := fs.Glob(Builtin(), "*.txt")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range files {
		text, err := fs.ReadFile(Builtin(), name)
		if err != nil {
			f.Fatal(err)
		}
		for s := range strings.SplitSeq(string(text), "\nscenario ") {
			f.Add("scenario " + s)
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		all, err := Parse(strings.NewReader(text), "f.txt")
		if err != nil {
			var e *ParseError
			if !errors.As(err, &e) || e.Line < 1 {
				t.Fatalf("%v is no ParseError with a line", err)
			}
			return
		}
		for i := range all {
			if len(all[i].When)+len(all[i].Given) > 50 || len(all[i].variants(nil)) > 4 {
				return // only to save time
			}
			for _, r := range all[i].Play(Options{}) {
				_ = r.Detail()
			}
		}
	})
}
