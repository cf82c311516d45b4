package storetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/ringtrip/ringtrip/store"
)

var endTests = []test{
	{"ContextHasEnded", contextHasEnded},
	{"ContextEndsMeanwhile", contextEndsMeanwhile},
	{"Closed", closed},
	{"CloseUnderLoad", closeUnderLoad},
}

// everything is one call of each method.
func everything(s store.Store) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"Commit":        func(ctx context.Context) error { _, err := s.Commit(ctx, whole(newCall("c1"))); return err },
		"Call":          func(ctx context.Context) error { _, err := s.Call(ctx, "c1"); return err },
		"CallByKey":     func(ctx context.Context) error { _, err := s.CallByKey(ctx, "app", "k"); return err },
		"CallsOfDevice": func(ctx context.Context) error { _, _, err := s.CallsOfDevice(ctx, "app", "d1"); return err },
		"CallsOfUser":   func(ctx context.Context) error { _, err := s.CallsOfUser(ctx, "app", "alice"); return err },
		"LiveCalls":     func(ctx context.Context) error { _, err := s.LiveCalls(ctx, "app", 9); return err },
		"DueTimers":     func(ctx context.Context) error { _, err := s.DueTimers(ctx, at(0), 9, time.Second); return err },
		"NextTimer":     func(ctx context.Context) error { _, err := s.NextTimer(ctx); return err },
		"Purge":         func(ctx context.Context) error { _, err := s.Purge(ctx, at(0)); return err },
		"Claim":         func(ctx context.Context) error { _, err := s.Claim(ctx, "push", at(0), 9, time.Second); return err },
		"Done":          func(ctx context.Context) error { return s.Done(ctx, "j") },
		"Retry":         func(ctx context.Context) error { return s.Retry(ctx, "j", at(0)) },
		"EventsAfter":   func(ctx context.Context) error { _, err := s.EventsAfter(ctx, "app", "d1", 0, 9); return err },
		"PutEvents": func(ctx context.Context) error {
			_, err := s.PutEvents(ctx, []store.Event{{App: "app", Device: "d1"}})
			return err
		},
		"TrimEvents":     func(ctx context.Context) error { return s.TrimEvents(ctx, "app", "d1", 1) },
		"AppendLedger":   func(ctx context.Context) error { return s.AppendLedger(ctx, []store.LedgerEntry{{CallID: "c1"}}) },
		"LedgerOf":       func(ctx context.Context) error { _, err := s.LedgerOf(ctx, "c1"); return err },
		"PutDevice":      func(ctx context.Context) error { return s.PutDevice(ctx, newDevice("d1")) },
		"Device":         func(ctx context.Context) error { _, err := s.Device(ctx, "app", "d1"); return err },
		"DevicesOfUser":  func(ctx context.Context) error { _, err := s.DevicesOfUser(ctx, "app", "alice"); return err },
		"DropToken":      func(ctx context.Context) error { _, err := s.DropToken(ctx, "aa", at(0)); return err },
		"SetEnvironment": func(ctx context.Context) error { return s.SetEnvironment(ctx, "aa", 1) },
		"DeleteDevice":   func(ctx context.Context) error { return s.DeleteDevice(ctx, "app", "d1") },
		"HistoryOfUser":  func(ctx context.Context) error { _, _, err := s.HistoryOfUser(ctx, "app", "alice", "", 9); return err },
		"HistoryOfCall":  func(ctx context.Context) error { _, err := s.HistoryOfCall(ctx, "c1"); return err },
		"TrimHistory":    func(ctx context.Context) error { _, err := s.TrimHistory(ctx, at(0), 9); return err },
		"TrimLedger":     func(ctx context.Context) error { _, err := s.TrimLedger(ctx, at(0), 9); return err },
		"TrimJobs":       func(ctx context.Context) error { _, err := s.TrimJobs(ctx, at(0), 9); return err },
		"Settle":         func(ctx context.Context) error { _, err := s.Settle(ctx, "k", []byte("v")); return err },
		"User":           func(ctx context.Context) error { _, err := s.User(ctx, "app", "alice"); return err },
		"PutUser": func(ctx context.Context) error {
			_, err := s.PutUser(ctx, store.User{App: "app", ID: "alice"})
			return err
		},
		"LatestHistory": func(ctx context.Context) error { _, err := s.LatestHistory(ctx, "app", 9); return err },
	}
}

func contextHasEnded(b *bench) {
	cancelled, cancel := context.WithCancel(b.ctx())
	cancel()
	late, cancel := context.WithDeadline(b.ctx(), time.Now().Add(-time.Second))
	defer cancel()
	for name, call := range everything(b.Store) {
		b.wantErr(name, call(cancelled), context.Canceled)
		b.wantErr(name, call(late), context.DeadlineExceeded)
	}
	_, err := b.Call(b.ctx(), "c1")
	b.wantErr("the call of a commit that was never tried", err, store.ErrNotFound)
}

// contextEndsMeanwhile commits while contexts end at random. Who is told so does not know what became of the
// commit, but it happened as a whole or not at all, and who was told that it happened is right.
func contextEndsMeanwhile(b *bench) {
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(9, uint64(w)))
			id := name("c", w)
			rev, gaveUp := uint64(0), 0
			for range 60 {
				ctx, cancel := context.WithTimeout(b.ctx(), time.Duration(r.IntN(3000))*time.Microsecond)
				done, err := b.Commit(ctx, store.Transition{
					Call: newCall(id), ExpectRev: rev,
					Events: []store.Event{{App: "app", Device: id, CallID: id}},
					Ledger: []store.LedgerEntry{{CallID: id}},
				})
				cancel()
				switch {
				case err == nil:
					rev = done.Rev
				case errors.Is(err, context.DeadlineExceeded):
					gaveUp++
					now, err := b.Call(b.ctx(), id)
					if err != nil && !errors.Is(err, store.ErrNotFound) || now.Rev != rev && now.Rev != rev+1 {
						b.Errorf("after rev %d there is rev %d (%v)", rev, now.Rev, err)
						return
					}
					rev = now.Rev
				case errors.Is(err, store.ErrConflict):
					// The one that was given up was carried out after all, later.
					now, err := b.Call(b.ctx(), id)
					if err != nil || gaveUp == 0 {
						b.Errorf("conflict out of nowhere (%v)", err)
						return
					}
					rev = now.Rev
				default:
					b.Errorf("Commit: %v", err)
					return
				}
			}
		})
	}
	wg.Wait()
	for w := range 8 {
		id := name("c", w)
		c, err := b.Call(b.ctx(), id)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			b.Fatal(err)
		}
		if entries := b.ledger(id); uint64(len(entries)) != c.Rev {
			b.Errorf("%s: %d ledger entries at rev %d", id, len(entries), c.Rev)
		}
		if seqs := b.seqs(id, 0, 999); uint64(len(seqs)) != c.Rev {
			b.Errorf("%s: %d events at rev %d", id, len(seqs), c.Rev)
		}
	}
}

func closed(b *bench) {
	b.put(newCall("c1"))
	if err := b.Close(); err != nil {
		b.Fatal(err)
	}
	for name, call := range everything(b.Store) {
		b.wantErr(name, call(b.ctx()), store.ErrClosed)
	}
}

func closeUnderLoad(b *bench) {
	var wg sync.WaitGroup
	busy := make(chan struct{}, 1000)
	for w := range 8 {
		wg.Go(func() {
			for i := 0; ; i++ {
				id := fmt.Sprintf("c%d.%d", w, i)
				_, err := b.Commit(b.ctx(), store.Transition{Call: newCall(id)})
				if err == nil {
					_, err = b.Call(b.ctx(), id)
				}
				if err != nil {
					b.wantErr("after Close", err, store.ErrClosed)
					return
				}
				select {
				case busy <- struct{}{}:
				default:
				}
			}
		})
	}
	for range 50 {
		<-busy
	}
	if err := b.Close(); err != nil {
		b.Errorf("Close: %v", err)
	}
	wg.Wait()
}
