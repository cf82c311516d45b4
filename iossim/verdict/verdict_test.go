package verdict_test

import (
	"maps"
	"slices"
	"testing"

	"go.uber.org/goleak"

	"github.com/ringtrip/ringtrip/iossim/verdict"
	"github.com/ringtrip/ringtrip/iossim/verdict/testdata/right"
	"github.com/ringtrip/ringtrip/iossim/verdict/testdata/wrong"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func rightApp() verdict.Subject { return right.NewSubject(nil) }

// some versions of iOS differ enough for the wrong apps: no end of the ring by the system, the home screen after an
// early answer, and mustReport.
var some = verdict.Options{OS: []string{"14.5", "16", "26.4"}}

// The right app, in all designs that are legal, has nothing to be found, on any version of iOS.
func TestRightAppsPassAllTrials(t *testing.T) {
	for _, d := range right.Designs() {
		t.Run(d.Name, func(t *testing.T) {
			v, err := verdict.Examine(func() verdict.Subject { return right.NewSubject(d.Wrap) }, verdict.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if !v.OK() {
				t.Errorf("the right app is not right:\n%s", v)
			}
			untried := append(d.Untried, "push-for-others") // the right server sends no other pushes
			for _, n := range v.Untried {
				if !slices.Contains(untried, n.Trial) {
					t.Errorf("not tried: %s: %s", n.Trial, n.Why)
				}
			}
			if want := len(verdict.Trials()) - len(untried); len(v.Passed) != want {
				t.Errorf("%d trials passed, want %d", len(v.Passed), want)
			}
		})
	}
}

// The helper for go test passes the right app.
func TestTest(t *testing.T) { verdict.TestWith(t, rightApp, some) }

// Each wrong app is caught by its name, and by no other than what necessarily follows. Each trial is the only one
// that catches some wrong app, so none can be taken away unnoticed.
func TestWrongAppsAreCaughtByName(t *testing.T) {
	only := map[string]string{} // trial to a bug that it alone catches in some app
	caught := map[string]bool{}
	for i, app := range wrong.Apps() {
		t.Run(app.Bug+"/"+app.Name(), func(t *testing.T) {
			v, err := verdict.Examine(app.Make, some)
			if err != nil {
				t.Fatal(err)
			}
			got := v.BugIDs()
			if !slices.Contains(got, app.Bug) {
				t.Errorf("app %d: %s was not caught", i, app.Bug)
			}
			want := append(slices.Collect(maps.Keys(app.Follows)), app.Bug)
			for _, id := range got {
				if !slices.Contains(want, id) {
					t.Errorf("%s was seen too", id)
				}
			}
			for id, why := range app.Follows {
				if !slices.Contains(got, id) {
					t.Errorf("%s does not follow, although %s", id, why)
				}
			}
			if t.Failed() {
				t.Log(v)
			}
			caught[app.Bug] = true
			var by []string
			for _, f := range v.Findings {
				if f.Bug.ID == app.Bug {
					by = append(by, f.Trial)
				}
			}
			if len(by) == 1 {
				only[by[0]] = app.Bug
			}
		})
	}
	for _, tr := range verdict.Trials() {
		if only[tr.Name] == "" {
			t.Errorf("the trial %s catches nothing that no other catches", tr.Name)
		}
	}
	for _, b := range verdict.Bugs() {
		if caught[b.ID] == (b.NotShown != "") {
			t.Errorf("%s: caught in a wrong app: %v, reason for no trial: %q", b.ID, caught[b.ID], b.NotShown)
		}
	}
}

func TestBugsAreWhole(t *testing.T) {
	for i, b := range verdict.Bugs() {
		if want := "B" + itoa(i+1); b.ID != want {
			t.Errorf("row %d is %s, want %s", i, b.ID, want)
		}
		if b.Title == "" || b.Why == "" || b.Source == "" || b.Fix == "" {
			t.Errorf("%s lacks something: %+v", b.ID, b)
		}
		looked := slices.ContainsFunc(verdict.Trials(), func(tr verdict.Trial) bool { return slices.Contains(tr.Bugs, b.ID) })
		if looked == (b.NotShown != "") {
			t.Errorf("%s: some trial looks for it: %v, reason for none: %q", b.ID, looked, b.NotShown)
		}
	}
}

func itoa(n int) string {
	if n < 10 {
		return string(rune('0' + n))
	}
	return itoa(n/10) + itoa(n%10)
}

func TestEqualSeedsGiveEqualVerdicts(t *testing.T) {
	app := wrong.Apps()[0]
	var texts []string
	for range 2 {
		v, err := verdict.Examine(app.Make, verdict.Options{OS: []string{"26.4"}, Seed: 7})
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, v.String())
	}
	if texts[0] != texts[1] {
		t.Errorf("two verdicts of one app differ:\n%s\n%s", texts[0], texts[1])
	}
}
