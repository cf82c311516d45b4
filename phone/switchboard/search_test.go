package switchboard

import (
	"os"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/internal/model"
)

// big asks for the bounds of tools/model.
func big() bool { return os.Getenv("RINGTRIP_MODEL") == "big" }

// search visits every world that m can reach with calls on so many lines and checks each step.
func search(m *machine, lines uint8, limit int, look func(world)) (model.Result, error) {
	events := eventsOn(lines)
	return model.Search(starts(), limit, func(w world, yield func(Event, world, error) bool) error {
		if look != nil {
			look(w)
		}
		for _, e := range events {
			if (e.Kind == Offered || e.Kind == WantStart) && w.b.free() == lines && lines < Lines {
				continue // it would take a line beyond
			}
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
	lines := uint8(2)
	limit := 0
	switch {
	case big():
		lines, limit = Lines, 400_000
	case model.Race:
		limit = 1500
	}
	res, err := search(standard, lines, limit, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("model: several calls: %d lines: %v, %d events, %d rows, %d clauses, %d must-happen properties, %.2f s",
		lines, res, len(eventsOn(lines)), len(rules), len(then), len(musts), time.Since(began).Seconds())
}

func TestModelEveryRowFires(t *testing.T) {
	if model.Race {
		t.Skip("ten times slower")
	}
	fired := make(map[*rule]bool)
	if _, err := search(standard, 2, 0, func(w world) {
		for _, e := range eventsOn(2) {
			u := turn{m: standard, before: w.b, next: w.b, event: e}
			if e.Kind == Offered || e.Kind == WantStart {
				u.event.Line = w.b.free()
			}
			u.event.Line, u.event.With = min(u.event.Line, None), min(u.event.With, None)
			if r := standard.match(&u); r != nil {
				fired[r] = true
			}
		}
	}); err != nil {
		t.Fatal(err)
	}
	for i := range rules {
		if !fired[&rules[i]] {
			t.Errorf("row %d never fires: %+v", i, rules[i])
		}
	}
}
