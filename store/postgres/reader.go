package postgres

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ringtrip/ringtrip/store"
)

const (
	maxShared    = 64                     // reads in one pipeline
	sharedLimit  = 5 * time.Second        // for one pipeline
	sharedWait   = 500 * time.Millisecond // a read that waits longer for a pipeline goes by itself
	minPipelines = 2
)

// reads lets quick reads share pipelines as commits share transactions: a few are under way at a time, and what comes
// meanwhile goes together as soon as one of them is done. A read that comes while nothing is under way goes at once. The
// database then wakes up once for many reads, and so do we.
type reads struct {
	limit int // of those under way

	mu      sync.Mutex
	busy    int
	waiting []*sharedRead
	all     sync.WaitGroup
}

func newReads() *reads { return &reads{limit: max(minPipelines, runtime.GOMAXPROCS(0))} }

// A sharedRead is a read that waits for a pipeline, or is in one.
type sharedRead struct {
	query string
	args  []any
	take  func(pgx.Rows) error
	taken atomic.Bool // whoever sets it first decides: its pipeline, or its caller who goes
	done  chan struct{}
	err   error
}

// enter reports whether the caller may go at once; it must call leave then. Else r waits.
func (w *reads) enter(r func() *sharedRead) (waits *sharedRead) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.busy < w.limit {
		w.busy++
		return nil
	}
	waits = r()
	w.waiting = append(w.waiting, waits)
	return waits
}

// leave is called by whoever has finished, and sends what waits.
func (w *reads) leave(s *Store) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := min(len(w.waiting), maxShared)
	if n == 0 {
		w.busy--
		return
	}
	batch := w.waiting[:n:n]
	if w.waiting = w.waiting[n:]; len(w.waiting) == 0 {
		w.waiting = nil
	}
	w.all.Go(func() {
		defer w.leave(s)
		s.share(batch)
	})
}

// share carries out reads as one pipeline.
func (s *Store) share(batch []*sharedRead) {
	ctx, cancel := context.WithTimeout(s.life, sharedLimit)
	defer cancel()
	var b pgx.Batch
	these := batch[:0]
	for _, r := range batch {
		if r.taken.CompareAndSwap(false, true) {
			b.Queue(r.query, r.args...)
			these = append(these, r)
		}
	}
	if len(these) == 0 {
		return
	}
	answers := s.pool.SendBatch(ctx, &b)
	for _, r := range these {
		rows, err := answers.Query()
		if err == nil {
			err = r.take(rows)
		}
		r.err = err // after the first error all have one: each goes again by itself
		close(r.done)
	}
	_ = answers.Close()
}

// quick is read for a query that looks at few rows and waits for nobody. It must change nothing.
func quick[T any](ctx context.Context, s *Store, scan pgx.RowToFunc[T], query string, args ...any) ([]T, error) {
	all, err := shared(ctx, s, scan, query, args...)
	if err == nil {
		return all, nil
	}
	return read(ctx, s, scan, query, args...) // which knows what to do about errors
}

// shared is quick without another try. After an error it may be tried by read.
func shared[T any](ctx context.Context, s *Store, scan pgx.RowToFunc[T], query string, args ...any) (all []T, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.closing.RLock()
	defer s.closing.RUnlock()
	if s.closed {
		return nil, store.ErrClosed
	}
	take := func(rows pgx.Rows) (err error) {
		all, err = pgx.CollectRows(rows, scan)
		return err
	}
	r := s.reads.enter(func() *sharedRead {
		return &sharedRead{query: query, args: args, take: take, done: make(chan struct{})}
	})
	if r == nil {
		defer s.reads.leave(s)
		rows, err := s.pool.Query(ctx, query, args...)
		if err != nil {
			return nil, err
		}
		return all, take(rows)
	}
	late := time.NewTimer(sharedWait)
	defer late.Stop()
	select {
	case <-r.done:
		return all, r.err
	case <-ctx.Done():
	case <-late.C:
	}
	if r.taken.CompareAndSwap(false, true) {
		return nil, context.DeadlineExceeded
	}
	select { // it is under way
	case <-r.done:
		return all, r.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// quickOne is quick for a query that finds one row, or none: [store.ErrNotFound].
func quickOne[T any](ctx context.Context, s *Store, scan pgx.RowToFunc[T], query string, args ...any) (T, error) {
	all, err := quick(ctx, s, scan, query, args...)
	return first(all, err)
}
