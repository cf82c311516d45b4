package main

import (
	"context"
	"fmt"
	"time"

	"github.com/ringtrip/ringtrip/store"
)

// planted returns st with a fault in it, which tests must find: a check that can't fail proves nothing. Nobody else wants
// one.
func planted(st store.Store, fault string) (store.Store, error) {
	switch fault {
	case "":
		return st, nil
	case "ack-before-commit", "no-timers", "no-events", "no-jobs":
		return &faulty{Store: st, fault: fault}, nil
	}
	return nil, fmt.Errorf("there is no fault %q", fault)
}

// faulty is a store that does not keep its word.
type faulty struct {
	store.Store
	fault string
}

// Commit implements [store.Calls], wrongly.
func (f *faulty) Commit(ctx context.Context, t store.Transition) (store.Committed, error) {
	switch f.fault {
	case "no-timers":
		t.Call.Timer = time.Time{}
	case "no-jobs":
		t.Jobs = nil
	case "no-events":
		if t.ExpectRev > 1 {
			t.Events = nil
		}
	case "ack-before-commit":
		if t.ExpectRev > 0 {
			go func() {
				time.Sleep(200 * time.Millisecond) // long enough to be seen on a slow machine
				_, _ = f.Store.Commit(context.WithoutCancel(ctx), t)
			}()
			return store.Committed{Rev: t.ExpectRev + 1, Seqs: make([]uint64, len(t.Events))}, nil
		}
	}
	return f.Store.Commit(ctx, t)
}
