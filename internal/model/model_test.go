package model

import (
	"errors"
	"strings"
	"testing"
)

// jugs moves water between a jug of 3 and one of 5.
func jugs(s [2]int, yield func(string, [2]int, error) bool) error {
	pour := min(s[0], 5-s[1])
	back := min(s[1], 3-s[0])
	_ = yield("fill 3", [2]int{3, s[1]}, nil) && yield("fill 5", [2]int{s[0], 5}, nil) &&
		yield("empty 3", [2]int{0, s[1]}, nil) && yield("empty 5", [2]int{s[0], 0}, nil) &&
		yield("pour 3 into 5", [2]int{s[0] - pour, s[1] + pour}, nil) &&
		yield("pour 5 into 3", [2]int{s[0] + back, s[1] - back}, nil)
	if s[1] == 4 {
		return errors.New("four")
	}
	return nil
}

func TestSearchFindsShortestTrace(t *testing.T) {
	_, err := Search([][2]int{{}}, 0, jugs)
	var v *Violation
	if !errors.As(err, &v) {
		t.Fatalf("err = %v, want a violation", err)
	}
	if len(v.Trace) != 6 {
		t.Errorf("trace has %d moves, the shortest has 6:\n%v", len(v.Trace), v)
	}
	if !strings.Contains(v.Error(), "1. fill 5") {
		t.Errorf("trace does not begin with filling the larger jug:\n%v", v)
	}
}

func TestSearchVisitsAll(t *testing.T) {
	count := func(s int, yield func(int, int, error) bool) error {
		yield(1, (s+1)%100, nil)
		return nil
	}
	res, err := Search([]int{0}, 0, count)
	if err != nil || res.States != 100 || res.Steps != 100 || res.Depth != 99 || res.Cut {
		t.Errorf("got %v, %v", res, err)
	}
	res, _ = Search([]int{0}, 10, count)
	if res.States != 10 || !res.Cut {
		t.Errorf("with a limit of 10: got %v", res)
	}
}

func TestSearchReportsBrokenMove(t *testing.T) {
	_, err := Search([]int{0}, 0, func(s int, yield func(string, int, error) bool) error {
		var err error
		if s == 3 {
			err = errors.New("too far")
		}
		yield("step", s+1, err)
		return nil
	})
	var v *Violation
	if !errors.As(err, &v) || len(v.Trace) != 4 {
		t.Errorf("got %v", err)
	}
}
