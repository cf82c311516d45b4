package callkittest

import (
	"fmt"
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

// TestScenariosInVirtualTime plays everything on every profile where it applies.
func TestScenariosInVirtualTime(t *testing.T) {
	builtin(t, func(t *testing.T, s Scenario) {
		for _, r := range s.Play(Options{Seed: 1, AllProfiles: true}) {
			t.Run(r.OS+"/"+r.Name(), func(t *testing.T) {
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

// TestNoneIsMissing holds the set to the list of what is known of iOS.
func TestNoneIsMissing(t *testing.T) {
	have := map[string]bool{}
	builtin(t, func(t *testing.T, s Scenario) {
		if have[s.ID] {
			t.Errorf("%s is there twice", s.ID)
		}
		if s.Title == "" || s.Conf == "" {
			t.Errorf("%s:%d: %s has no title or no confidence", s.File, s.Line, s.ID)
		}
		have[s.ID] = true
	})
	for _, n := range []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 17, 18, 19, 20, 21, 23, 24, 25, 26, 27, 29,
		30, 31, 32, 33, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 52, 53, 54, 55, 57, 58, 59, 60, 62, 63, 65, 67, 68} {
		if id := fmt.Sprintf("S%02d", n); !have[id] {
			t.Errorf("%s is missing", id)
		}
	}
}
