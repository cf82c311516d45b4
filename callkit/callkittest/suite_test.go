package callkittest

import (
	"io/fs"
	"testing"
	"testing/synctest"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// builtin calls f with every scenario of the repository's own set.
func builtin(t *testing.T, f func(*testing.T, Scenario)) {
	t.Helper()
	files, err := fs.Glob(Builtin(), "*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios are built in: %v", err)
	}
	for _, name := range files {
		r, err := Builtin().Open(name)
		if err != nil {
			t.Fatal(err)
		}
		all, err := Parse(r, name)
		_ = r.Close()
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range all {
			f(t, s)
		}
	}
}

func TestScenariosInVirtualTime(t *testing.T) {
	builtin(t, func(t *testing.T, s Scenario) {
		for _, r := range s.Play(Options{Seed: 1}) {
			t.Run(r.Name(), func(t *testing.T) {
				if !r.OK() {
					t.Errorf("%s:%d: %s\n%s", r.File, r.Line, r.Title, r.Detail())
				}
			})
		}
	})
}

// TestScenariosOnTheWallClock plays the same scenarios in worlds that run on real time with a goroutine of
// their own, here the time of a bubble.
func TestScenariosOnTheWallClock(t *testing.T) {
	builtin(t, func(t *testing.T, s Scenario) {
		t.Run(s.ID, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				for _, r := range s.Play(Options{Seed: 1, Wall: true}) {
					if !r.OK() {
						t.Errorf("%s:%d: %s\n%s", r.File, r.Line, r.Name(), r.Detail())
					}
				}
			})
		})
	})
}
