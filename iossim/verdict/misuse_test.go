package verdict_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/iossim/verdict"
	"github.com/ringtrip/ringtrip/iossim/verdict/testdata/right"
	"github.com/ringtrip/ringtrip/iossim/verdict/testdata/wrong"
)

func TestOptionsThatMakeNoSense(t *testing.T) {
	for _, c := range []struct {
		o    verdict.Options
		want string
	}{
		{verdict.Options{OS: []string{"9"}}, `"9" is no version of iOS`},
		{verdict.Options{Known: map[string]string{"B99": "x"}}, "bugs are named B1 to B42"},
		{verdict.Options{Trials: "("}, "Options.Trials"},
		{verdict.Options{Trials: "no-such-trial"}, "no trial is named"},
	} {
		if _, err := verdict.Examine(rightApp, c.o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", c.o, err, c.want)
		}
	}
	if _, err := verdict.Examine(func() verdict.Subject { return nil }, verdict.Options{}); err == nil || !strings.Contains(err.Error(), "subject is nil") {
		t.Errorf("a nil subject: %v", err)
	}
}

// newless is a subject that makes no app.
type newless struct{ verdict.Subject }

func (newless) New(*verdict.Line) callkit.App { return nil }

// idle is an app that does nothing at all.
type idle struct{ verdict.Subject }

func (idle) New(*verdict.Line) callkit.App                            { return idle{} }
func (idle) Push(verdict.Call) []byte                                 { return []byte(`not even JSON`) }
func (idle) DidFinishLaunching(callkit.System, callkit.LaunchOptions) {}

// endless is an app that calls itself without end when it is opened.
type endless struct{ *right.App }

func (a endless) DidBecomeActive() {
	a.Provider.ReportCallEnded(callkit.UUID{1}, a.Sys.Now(), callkit.Failed)
	a.Sys.MainQueue().Async(a.DidBecomeActive)
}

func TestAppsThatAreNone(t *testing.T) {
	v, err := verdict.Examine(func() verdict.Subject { return newless{} }, some)
	if err != nil {
		t.Fatal(err)
	}
	if v.OK() || len(v.Passed) > 0 || !strings.Contains(v.Stuck[0].Why, "New returned nil") {
		t.Errorf("an app that is nil:\n%s", v)
	}
	if v, err = verdict.Examine(func() verdict.Subject { return idle{} }, some); err != nil {
		t.Fatal(err)
	}
	if got := v.BugIDs(); !slices.Equal(got, []string{"B6"}) {
		t.Errorf("in an app that does nothing %v were found, want B6", got)
	}
	_, err = verdict.Examine(func() verdict.Subject {
		return right.NewSubject(func(a *right.App) callkit.App { return endless{a} })
	}, some)
	if err == nil || !strings.Contains(err.Error(), "without end") {
		t.Errorf("an app without end: %v", err)
	}
}

// A verdict as JSON has what the text has, and lists that are never null.
func TestJSON(t *testing.T) {
	app := wrong.Apps()[0]
	v, err := verdict.Examine(app.Make, verdict.Options{OS: []string{"26.4"}})
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"findings":[{"bug":{"id":"B1","title":`, `"trial":"push-garbage","os":["26.4"],"seen":"a push`, `"log":["`, `"stuck":[]`, `"untried":[{"trial":"push-for-others","bugs":["B3"],"os":["26.4"],"why":`, `"passed":["push-starts-app",`} {
		if !strings.Contains(string(b), want) {
			t.Errorf("the JSON lacks %s:\n%s", want, b)
		}
	}
	var back verdict.Verdict
	if err := json.Unmarshal(b, &back); err != nil || back.String() != v.String() {
		t.Errorf("read again it is another verdict (%v):\n%s", err, back)
	}
}
