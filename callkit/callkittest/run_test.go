package callkittest

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
)

// play plays one scenario that is written down without its first line.
func playText(t *testing.T, text string) Result {
	t.Helper()
	r, err := Run(strings.NewReader("scenario X x\n"+text), "x.txt", Options{})
	if err != nil {
		t.Fatal(err)
	}
	return r.Results[0]
}

const ringing = "given\n  phone locked\n  u1 ringing\nwhen\n  U answer\n  wait 1s\n"

// TestScenariosCanFail has the runner find what is wrong: a suite that can't fail proves nothing.
func TestScenariosCanFail(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"missing", ringing + "then\n  P performEnd u1\n", "want P performEnd u1\n    it did not happen, or not in this order\n    got P executeTransaction actions=1\n    got P performAnswer u1"},
		{"order", ringing + "then\n  P didActivate\n  P performAnswer u1\n", "want P performAnswer u1"},
		{"wrong call", ringing + "then\n  P performAnswer u2\n", "want P performAnswer u2"},
		{"never", ringing + "never\n  P performAnswer\n", "want never P performAnswer\n    it happened: P performAnswer u1"},
		{"never before", ringing + "never\n  P performAnswer before P didActivate\n", "it happened: P performAnswer u1"},
		{"after", ringing + "then\n  P performAnswer after P didActivate\n", "it happened, but not after P didActivate"},
		{"ends", ringing + "ends\n  screen home\n", "at the end it is not so\n    got in-call locked u1"},
		{"without", ringing + "ends\n  screen in-call without timer\n", "at the end it is not so"},
		{"unknown sight", ringing + "ends\n  smell roses\n", "nothing to see is named"},
		{"app can't", ringing + "then\n  P performAnswer u1\n    A dance\n", "the scripted app can't \"dance\""},
		{"no provider", "given\n  first launch\n  app setup nothing\nwhen\n  U open\n  wait 1s\n  A request End u1\nthen\n  C completion\n", "the app has no provider yet"},
		{"never ran", "given\n  first launch\nwhen\n  A fulfill\nthen\n  C completion\n", "does not run and has not run"},
		{"no such button", "given\n  phone locked\nwhen\n  U answer\nthen\n  P x\n", "it can't be played: x.txt:5: scenario X: U answer: iossim: phone can't answer: there is no call"},
		{"no such act", "when\n  U dance\nthen\n  P x\n", "does not know how to do U dance"},
		{"no such state", "given\n  full moon\nwhen\n  U lock\nthen\n  P x\n", "nobody knows how to bring that about"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := playText(t, c.text)
			if r.OK() || !strings.Contains(r.Detail(), c.want) {
				t.Errorf("got %v:\n%s\nwant %s", r.OK(), r.Detail(), c.want)
			}
		})
	}
}

func TestReport(t *testing.T) {
	text := "scenario A good\n" + ringing + "then\n  P performAnswer u1\nscenario B bad\nknob endAfterFail = true | false\n" + ringing + "never\n  P performAnswer\n"
	r, err := Run(strings.NewReader(text), "x.txt", Options{})
	if err != nil {
		t.Fatal(err)
	}
	if r.OK() || len(r.Results) != 3 {
		t.Fatalf("%d results, OK=%v", len(r.Results), r.OK())
	}
	s := r.String()
	for _, want := range []string{"ok    A ", "FAIL  B/endAfterFail=true ", "x.txt:10", "1 of 3 passed", "phone P performAnswer u1"} {
		if !strings.Contains(s, want) {
			t.Errorf("no %q in\n%s", want, s)
		}
	}
	data, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var back Report
	if err := json.Unmarshal(data, &back); err != nil || back.String() != s {
		t.Errorf("JSON loses something: %v", err)
	}
	only, err := Run(strings.NewReader(text), "x.txt", Options{Only: []string{"a"}})
	if err != nil || len(only.Results) != 1 || !only.OK() {
		t.Errorf("only A: %v %v", only, err)
	}
	if (Report{}).OK() {
		t.Error("a report without results is no success")
	}
	if _, err := RunFile("/does/not/exist", Options{}); err == nil {
		t.Error("a file that is not there")
	}
	if _, err := Run(strings.NewReader("x"), "x.txt", Options{}); err == nil {
		t.Error("a file that can't be parsed")
	}
}

func TestAnotherStage(t *testing.T) {
	broken := errors.New("no phone at hand")
	r, err := Run(strings.NewReader("scenario A x\n"+ringing+"then\n  P x\n"), "x.txt", Options{
		Stage: func(StageConfig) (Stage, error) { return nil, broken },
	})
	if err != nil || !strings.Contains(r.Results[0].Error, "x.txt:1: scenario A: no phone at hand") {
		t.Errorf("%v %v", r, err)
	}
	var asked StageConfig
	_, err = Run(strings.NewReader("scenario A x\nos 18\nknob endAfterFail = true\n"+ringing+"then\n  P x\n"), "x.txt", Options{
		Seed: 7, Stage: func(c StageConfig) (Stage, error) { asked = c; return deaf{}, nil },
	})
	if err != nil || asked.OS != "18" || asked.Seed != 7 || asked.Knobs["endAfterFail"] != "true" || asked.App == nil || asked.System == nil {
		t.Errorf("the stage was asked for %+v, %v", asked, err)
	}
}

// deaf is a stage on which nothing happens.
type deaf struct{}

func (deaf) Do(string, []string) error   { return nil }
func (deaf) Wait(time.Duration)          {}
func (deaf) Look(string) (string, error) { return "", nil }
func (deaf) Log() string                 { return "" }
func (deaf) Close()                      {}
