package storetest

import (
	"errors"

	"github.com/ringtrip/ringtrip/store"
)

// healthTests are skipped for stores that do not implement [store.Health].
var healthTests = []test{
	{"Check", healthCheck},
	{"Stats", healthStats},
}

func (b *bench) health() store.Health {
	b.Helper()
	h, ok := b.Store.(store.Health)
	if !ok {
		b.Skip("this store does not implement store.Health")
	}
	return h
}

func healthCheck(b *bench) {
	h := b.health()
	for range 2 {
		if took, err := h.Check(b.ctx()); err != nil || took <= 0 {
			b.Errorf("Check = %v, %v", took, err)
		}
	}
	if err := b.Close(); err != nil {
		b.Fatal(err)
	}
	if _, err := h.Check(b.ctx()); !errors.Is(err, store.ErrClosed) {
		b.Errorf("Check after Close: %v, want ErrClosed", err)
	}
	if _, err := h.Stats(b.ctx()); !errors.Is(err, store.ErrClosed) {
		b.Errorf("Stats after Close: %v, want ErrClosed", err)
	}
}

func healthStats(b *bench) {
	h := b.health()
	before, err := h.Stats(b.ctx())
	if err != nil || before.LiveCalls != 0 || before.Jobs["push"] != 0 {
		b.Fatalf("Stats of an empty store = %+v, %v", before, err)
	}
	b.jobs(map[string]int{"c1.p0": 1, "c1.p1": 100})
	ended := newCall("c2")
	ended.Live, ended.KeepUntil = false, at(1000)
	b.put(ended)
	got, err := h.Stats(b.ctx())
	if err != nil || got.LiveCalls != 1 || got.Jobs["push"] != 2 || got.Jobs["webhook"] != 0 {
		b.Errorf("Stats = %+v, %v, want 1 live call and 2 pushes", got, err)
	}
	if got.Writes < before.Writes+2 || got.Transactions <= before.Transactions || got.Transactions > got.Writes {
		b.Errorf("after two commits the counts went from %+v to %+v", before, got)
	}
}
