package callkittest

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/ringtrip/ringtrip/iossim"
)

func TestList(t *testing.T) {
	list, err := List()
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(list, func(n Info) bool { return n.ID == "S32" })
	if i < 0 {
		t.Fatal("S32 is missing")
	}
	n := list[i]
	if n.Title == "" || n.Conf != "I" || n.File != "actions.txt" || n.Line < 2 || len(n.OS) != len(iossim.Profiles) ||
		!slices.Equal(n.Variants, []string{"endAfterFail=true", "endAfterFail=false"}) {
		t.Errorf("%+v", n)
	}
}

// TestEveryScenarioCanBeRecorded holds all recordings to what a page needs: times in order, a screen in every
// frame, and each line under then that is not the app's own in exactly one frame.
func TestEveryScenarioCanBeRecorded(t *testing.T) {
	builtin(t, func(t *testing.T, s Scenario) {
		r, err := s.Record(Options{Seed: 1})
		if err != nil || !r.OK {
			t.Fatalf("%s: %v %+v", s.ID, err, r.Failures)
		}
		if !strings.HasPrefix(r.Source, "scenario "+s.ID+" ") || strings.Count(r.Source, "\nscenario ") > 0 {
			t.Errorf("%s: the source is %q", s.ID, r.Source)
		}
		var met []int
		for i, f := range r.Frames {
			var screen iossim.Screen
			if err := json.Unmarshal(f.Screen, &screen); err != nil || screen.Phone != "phone" {
				t.Fatalf("%s: frame %d has no screen: %v", s.ID, i, err)
			}
			if i > 0 && f.At < r.Frames[i-1].At {
				t.Errorf("%s: frame %d is before the one before it", s.ID, i)
			}
			if f.Text == "" || f.Section == "" {
				t.Errorf("%s: frame %d says nothing: %+v", s.ID, i, f)
			}
			met = append(met, f.Met...)
		}
		var want []int
		for _, l := range s.Then {
			if l.Channel != "A" && l.applies(map[string]string{"os": r.OS}) {
				want = append(want, l.At)
			}
		}
		slices.Sort(met)
		if r.Variant == "" && !slices.Equal(met, want) {
			t.Errorf("%s: lines %v came true, want %v", s.ID, met, want)
		}
	})
}

func TestRecordShowsWhatALongWaitBrings(t *testing.T) {
	r, err := Record("s10", Options{OS: "16", Seed: 1})
	if err != nil || r.OS != "16" {
		t.Fatal(err, r.OS)
	}
	var kinds []string
	for _, f := range r.Frames {
		if f.Text == "wait 62s" {
			var s iossim.Screen
			if err := json.Unmarshal(f.Screen, &s); err != nil {
				t.Fatal(err)
			}
			kinds = append(kinds, string(s.Kind))
		}
	}
	if len(kinds) < 2 || kinds[len(kinds)-1] != "lock" {
		t.Errorf("screens of the wait: %v", kinds)
	}
}

func TestRecordRefuses(t *testing.T) {
	for _, c := range []struct {
		id   string
		o    Options
		want string
	}{
		{"S999", Options{}, "no scenario is named \"S999\""},
		{"S10", Options{OS: "13"}, "incoming.txt:"},
		{"S10", Options{OS: "13"}, "scenario S10 does not apply to iOS 13, but to 16,"},
		{"S32", Options{Variant: "moon=full"}, "scenario S32 has no variant \"moon=full\""},
		{"S03", Options{Knobs: map[string]string{"moon": "full"}}, "no knob is named \"moon\""},
	} {
		if _, err := Record(c.id, c.o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %+v: %v, want %s", c.id, c.o, err, c.want)
		}
	}
	r, err := Record("S32", Options{Variant: "endAfterFail=false"})
	if err != nil || r.Variant != "endAfterFail=false" || !r.OK {
		t.Errorf("%v %+v", err, r.Failures)
	}
}
