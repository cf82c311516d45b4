package fork

import (
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/internal/model"
)

// search visits every world that m can reach with at most n legs and checks each step.
func search(m *machine, n int8, limit int) (model.Result, error) {
	all := events(n)
	return model.Search([]world{{}}, limit, func(w world, yield func(Event, world, error) bool) error {
		for _, e := range all {
			to, err := w.next(m, e)
			if !yield(e, to, err) {
				return nil
			}
		}
		return nil
	})
}

func TestModelEveryReachableState(t *testing.T) {
	for _, n := range []int8{2, 3} {
		if model.Race && n > 2 {
			continue
		}
		began := time.Now()
		res, err := search(standard, n, 0)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("model: fork to %d legs: %v, %d events, %d rows, %d clauses, %d must-happen properties, %.2f s",
			n, res, len(events(n)), len(rules), len(clauses), len(musts), time.Since(began).Seconds())
	}
}

func TestModelEveryRowFires(t *testing.T) {
	fired := make(map[*rule]bool)
	all := events(2)
	_, err := model.Search([]world{{}}, 0, func(w world, yield func(Event, world, error) bool) error {
		for _, e := range all {
			if r := standard.match(w.f, clean(e)); r != nil {
				fired[r] = true
			}
			to, err := w.next(standard, e)
			yield(e, to, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range rules {
		if !fired[&rules[i]] {
			t.Errorf("row %d never fires: %+v", i, rules[i])
		}
	}
}
