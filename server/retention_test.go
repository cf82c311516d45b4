package server_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/server"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
	"github.com/ringtrip/ringtrip/store"
)

// What is over is forgotten by age, in time, however much there is.
func TestRetention(t *testing.T) {
	for _, test := range []struct {
		name                  string
		set                   func(*server.Config)
		history, ledger, jobs time.Duration // how long each is there; 0: still at the end
	}{
		{"as it comes", nil, 90 * 24 * time.Hour, 30 * 24 * time.Hour, 30 * 24 * time.Hour},
		{"shorter", func(c *server.Config) {
			c.KeepHistory, c.KeepLedger, c.KeepJobs = 48*time.Hour, 24*time.Hour, 72*time.Hour
		},
			48 * time.Hour, 24 * time.Hour, 72 * time.Hour},
		{"for ever", func(c *server.Config) {
			c.KeepHistory, c.KeepLedger, c.KeepJobs = server.Forever, server.Forever, server.Forever
		}, 0, 0, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			inBubble(t, func(c *server.Config) {
				c.PurgeInterval, c.Tick = 2*time.Hour, 2*time.Hour // so that a hundred days are few steps
				if test.set != nil {
					test.set(c)
				}
			}, func(t *testing.T, w *world) {
				a, b := w.phone("alice", "a1", ""), w.phone("bob", "b1", voip(2))
				id := a.call("bob").Id
				if _, err := b.decline(id, v1.EndReason_END_REASON_DECLINED, false); err != nil {
					t.Fatal(err)
				}
				began := time.Now()
				for i := range 300 { // more than a batch
					if _, err := w.store.Commit(context.Background(), store.Transition{
						Call:    store.Call{ID: fmt.Sprint("old", i), App: app, CreatedAt: began},
						History: &store.Record{CallID: fmt.Sprint("old", i), App: app, Caller: "alice", CreatedAt: began},
						Ledger:  []store.LedgerEntry{{CallID: fmt.Sprint("old", i), At: began}},
						Jobs:    []store.Job{{ID: fmt.Sprint("old", i), CallID: fmt.Sprint("old", i), Kind: "of another version", LeasedUntil: began}},
					}); err != nil {
						t.Fatal(err)
					}
				}
				here := func() (history, ledger, jobs bool) {
					r, err := w.store.LatestHistory(context.Background(), app, 1)
					if err != nil {
						t.Fatal(err)
					}
					left, err := w.store.Claim(context.Background(), "of another version", began, 1, 0)
					if err != nil {
						t.Fatal(err)
					}
					last, err := w.store.LedgerOf(context.Background(), "old299")
					if err != nil {
						t.Fatal(err)
					}
					of, err := w.store.LedgerOf(context.Background(), id)
					if err != nil {
						t.Fatal(err)
					}
					if (len(of) > 0) != (len(last) > 0) {
						t.Errorf("after %s %d entries of one call are left, of the other %d", time.Since(began), len(of), len(last))
					}
					return len(r) > 0, len(last) > 0, len(left) > 0
				}
				for day := 0; day <= 100; day++ {
					history, ledger, jobs := here()
					age := time.Since(began)
					for what, one := range map[string]struct {
						here bool
						keep time.Duration
					}{"history": {history, test.history}, "ledger": {ledger, test.ledger}, "jobs": {jobs, test.jobs}} {
						if want := one.keep == 0 || age < one.keep+2*time.Hour; age.Round(24*time.Hour) != one.keep && one.here != want {
							t.Errorf("after %s the %s is here: %v, want %v", age, what, one.here, want)
						}
					}
					time.Sleep(24 * time.Hour)
				}
			})
		})
	}
}
