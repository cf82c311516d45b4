package call

import (
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/internal/model"
)

// search visits every world that m can reach and checks each step.
func search(m *machine, limit int) (model.Result, error) {
	return model.Search(starts, limit, func(w world, yield func(Event, world, error) bool) error {
		for _, e := range events {
			n, err := w.next(m, e)
			if !yield(e, n, err) {
				return nil
			}
		}
		return nil
	})
}

func TestModelEveryReachableState(t *testing.T) {
	began := time.Now()
	res, err := search(standard, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("model: one call: %v, %d events, %d rows, %d clauses, %d must-happen properties, %.2f s",
		res, len(events), len(rules), len(first)+len(then), len(musts)+len(facts), time.Since(began).Seconds())
}

func TestModelEveryRowFires(t *testing.T) {
	fired := make(map[*rule]bool)
	_, err := model.Search(starts, 0, func(w world, yield func(Event, world, error) bool) error {
		for _, e := range events {
			if r := standard.match(w.c, clean(e)); r != nil {
				fired[r] = true
			}
			n, err := w.next(standard, e)
			yield(e, n, err)
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
