package verdict

import (
	"fmt"
	"regexp"
	"slices"
	"testing"

	"github.com/ringtrip/ringtrip/iossim"
)

// Options say how thoroughly an app is examined. The zero Options are everything, on every version of iOS that
// [iossim.Profiles] lists.
type Options struct {
	// OS are the versions of iOS to play on.
	OS []string
	// Seed decides whatever is random in the trials' worlds. Equal seeds give equal verdicts.
	Seed uint64
	// Known are bugs that one knows the app to have, with the reason why they stay for now. [Test] skips where
	// nothing else is found; Examine finds them all the same.
	Known map[string]string
	// Trials, if set, names the trials to play as a regular expression, as go test -run does.
	Trials string
}

// Examine plays the trials against an app and says what it found. fresh is called once for each trial and version
// of iOS; everything runs on the caller's goroutine, on virtual time. It fails if the options make no sense.
func Examine(fresh func() Subject, o Options) (Verdict, error) {
	played, systems, err := o.choose()
	if err != nil {
		return Verdict{}, err
	}
	var c collector
	for _, os := range systems {
		have, err := survey(fresh, os, o.Seed)
		if err != nil {
			return Verdict{}, err
		}
		for _, t := range played {
			if t.appliesTo(os) {
				c.add(t, os, t.run(fresh, os, o.Seed, have))
			}
		}
	}
	return c.verdict(played), nil
}

// Test plays the trials against an app as subtests, one a trial with one more for each version of iOS. What is
// found fails the subtest with the bug's number, what was seen and what to do; what could not be tried is skipped
// with the reason.
func Test(t *testing.T, fresh func() Subject) { TestWith(t, fresh, Options{}) }

// TestWith is Test with options.
func TestWith(t *testing.T, fresh func() Subject, o Options) {
	t.Helper()
	played, systems, err := o.choose()
	if err != nil {
		t.Fatal(err)
	}
	have := map[string]features{}
	for _, os := range systems {
		if have[os], err = survey(fresh, os, o.Seed); err != nil {
			t.Fatal(err)
		}
	}
	for _, tr := range played {
		t.Run(tr.name, func(t *testing.T) {
			for _, os := range systems {
				if !tr.appliesTo(os) {
					continue
				}
				t.Run(os, func(t *testing.T) {
					var c collector
					c.add(tr, os, tr.run(fresh, os, o.Seed, have[os]))
					v := c.verdict(nil)
					for _, f := range v.Findings {
						if why, known := o.Known[f.Bug.ID]; known {
							t.Logf("known: %s\n%s", why, f)
						} else {
							t.Error(f)
						}
					}
					for _, n := range v.Stuck {
						t.Error("stuck:", n.Why)
					}
					for _, n := range v.Untried {
						t.Skip("not tried:", n.Why)
					}
					if len(v.Findings) > 0 && !t.Failed() {
						t.Skip("a known bug")
					}
				})
			}
		})
	}
}

// choose returns the trials and the versions of iOS to play.
func (o Options) choose() ([]trial, []string, error) {
	systems := o.OS
	if len(systems) == 0 {
		systems = iossim.Profiles
	}
	for _, os := range systems {
		if _, err := iossim.Profile(os); err != nil {
			return nil, nil, fmt.Errorf("verdict: %w", err)
		}
	}
	for id := range o.Known {
		if !slices.ContainsFunc(bugs, func(b Bug) bool { return b.ID == id }) {
			return nil, nil, fmt.Errorf("verdict: Options.Known names %.20q; bugs are named B1 to %s", id, bugs[len(bugs)-1].ID)
		}
	}
	re, err := regexp.Compile(o.Trials)
	if err != nil {
		return nil, nil, fmt.Errorf("verdict: Options.Trials %.60q: %w", o.Trials, err)
	}
	played := slices.DeleteFunc(slices.Clone(trials), func(t trial) bool { return !re.MatchString(t.name) })
	if len(played) == 0 {
		return nil, nil, fmt.Errorf("verdict: no trial is named as %.60q; Trials lists them", o.Trials)
	}
	return played, systems, nil
}

// Trial describes a trial.
type Trial struct {
	Name  string   `json:"name"`
	Bugs  []string `json:"bugs"`  // what it looks for
	About string   `json:"about"` // what happens in it
}

// Trials lists the trials in the order in which they are played.
func Trials() []Trial {
	list := make([]Trial, len(trials))
	for i, t := range trials {
		list[i] = Trial{Name: t.name, Bugs: slices.Clone(t.bugs), About: t.about}
	}
	return list
}
