package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"

	"github.com/ringtrip/ringtrip/store"
)

const (
	maxQueue = 1024 // writes that wait; more of them block their callers
	maxBatch = 256  // writes in one transaction: bounds how long the first of them waits for the last
	maxLater = 4    // of them those that may wait: each is many rows
	// passOver is how many transactions may go before writes that may wait, until one of those has its turn.
	passOver = 8
)

// A write is one change that waits for, or is part of, a transaction.
//
// do may run more than once, so it must set its results anew each time. If it returns [store.ErrConflict] or
// [store.ErrNotFound] it has changed nothing.
type write struct {
	do    func(*tx) error
	begun atomic.Bool // whoever sets it first, the writer or the caller whose context ended, decides
	ctx   context.Context
	done  chan error
}

// A writer is the only goroutine that changes the database. It takes whatever waits and commits it as one
// transaction with one fsync, which is what makes durable commits cheap under load.
type writer struct {
	queue chan *write
	later chan *write // what may wait: see store.Later
	over  int         // transactions that went before what waits in later
	tx    *tx
	ended chan struct{}
	log   *slog.Logger

	wal         string // the write-ahead log's path
	walLimit    int64
	sinceWAL    int
	checkpoints *checkpointer

	batches, writes atomic.Int64
}

func newWriter(conn *sql.Conn, path string, devices *deviceMemo, checkpoints *checkpointer, log *slog.Logger) *writer {
	return &writer{
		queue:       make(chan *write, maxQueue),
		later:       make(chan *write, maxQueue),
		tx:          &tx{conn: conn, stmts: map[string]*sql.Stmt{}, memo: newMemo(), devices: devices},
		ended:       make(chan struct{}),
		log:         log,
		wal:         path + "-wal",
		walLimit:    walLimit,
		checkpoints: checkpoints,
	}
}

// run works until the queues are closed and empty.
func (w *writer) run() {
	defer close(w.ended)
	defer func() { close(w.checkpoints.due); <-w.checkpoints.ended }()
	batch := make([]*write, 0, maxBatch)
	for {
		if batch = w.next(batch[:0]); len(batch) == 0 {
			break
		}
		w.commit(batch)
		clear(batch)
		if err := w.tendWAL(); err != nil {
			w.log.Warn("sqlite: the write-ahead log can't be copied into the database and started over", "path", w.wal, "err", err)
		}
	}
	w.tx.close()
}

// next waits for something to write, and returns all of its kind that waits already, none at the end. What may wait goes
// when nothing else does, or when it was passed over often enough.
func (w *writer) next(batch []*write) []*write {
	if w.over < passOver {
		if batch = fill(batch, w.queue, maxBatch); len(batch) > 0 {
			if len(w.later) > 0 {
				w.over++
			}
			return batch
		}
	}
	w.over = 0
	if batch = fill(batch, w.later, maxLater); len(batch) > 0 {
		return batch
	}
	select {
	case one, ok := <-w.queue:
		if ok {
			return fill(append(batch, one), w.queue, maxBatch)
		}
		if one, ok = <-w.later; ok { // the end: both are closed
			return append(batch, one)
		}
	case one, ok := <-w.later:
		if ok {
			return append(batch, one)
		}
		if one, ok = <-w.queue; ok {
			return append(batch, one)
		}
	}
	return batch
}

// fill adds to batch what waits already, up to n writes in all.
func fill(batch []*write, queue chan *write, n int) []*write {
	for len(batch) < n {
		select {
		case next, ok := <-queue:
			if !ok {
				return batch
			}
			batch = append(batch, next)
		default:
			return batch
		}
	}
	return batch
}

// commit carries out the writes of batch whose callers still wait, and tells each what became of it.
func (w *writer) commit(batch []*write) {
	todo := batch[:0]
	for _, one := range batch {
		if one.begun.CompareAndSwap(false, true) {
			todo = append(todo, one)
		}
	}
	if len(todo) == 0 {
		return
	}
	results, err := w.attempt(todo)
	if err == nil || len(todo) == 1 {
		for i, one := range todo {
			one.done <- errors.Join(results[i], err)
		}
		return
	}
	// One write spoiled the transaction: nothing of it happened. Alone, each gets its own result.
	for _, one := range todo {
		results, err := w.attempt([]*write{one})
		one.done <- errors.Join(results[0], err)
	}
}

// attempt runs writes as one transaction. If it returns an error, nothing happened.
func (w *writer) attempt(writes []*write) ([]error, error) {
	results := make([]error, len(writes))
	defer w.tx.forgetTouched() // also if it came to nothing: what is forgotten is read again
	if err := w.tx.exec("BEGIN IMMEDIATE"); err != nil {
		return results, fmt.Errorf("sqlite: beginning a transaction: %w", err)
	}
	for i, one := range writes {
		results[i] = one.do(w.tx)
		if err := results[i]; err != nil && !errors.Is(err, store.ErrConflict) && !errors.Is(err, store.ErrNotFound) {
			results[i] = nil
			return results, errors.Join(fmt.Errorf("sqlite: %w", err), w.rollback())
		}
	}
	if err := w.tx.exec("COMMIT"); err != nil {
		return make([]error, len(writes)), errors.Join(fmt.Errorf("sqlite: committing: %w", err), w.rollback())
	}
	w.batches.Add(1)
	w.writes.Add(int64(len(writes)))
	return results, nil
}

// rollback ends the transaction, unless SQLite has done so by itself as it does after some errors of the disk.
func (w *writer) rollback() error {
	w.tx.memo.clear()
	err := w.tx.exec("ROLLBACK")
	if err != nil && w.tx.exec("BEGIN IMMEDIATE") == nil {
		return w.tx.exec("ROLLBACK") // no transaction was left
	}
	return err
}

// write hands do to the writer and returns what became of it. If it returns an error of ctx, nothing happened:
// a context ends the waiting, but not a transaction that has begun, which takes milliseconds.
func (s *Store) write(ctx context.Context, do func(*tx) error) error {
	one := &write{do: do, ctx: ctx, done: make(chan error, 1)}
	if err := s.enqueue(ctx, one); err != nil {
		return err
	}
	select {
	case err := <-one.done:
		return err
	case <-ctx.Done():
		if one.begun.CompareAndSwap(false, true) {
			return ctx.Err()
		}
		return <-one.done
	}
}

func (s *Store) enqueue(ctx context.Context, one *write) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.closing.RLock() // so that Close closes the queue only when nobody sends to it
	defer s.closing.RUnlock()
	if s.closed {
		return store.ErrClosed
	}
	queue := s.writer.queue
	if store.MayWait(ctx) {
		queue = s.writer.later
	}
	select {
	case queue <- one:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// A tx is the writer's connection, within a transaction.
type tx struct {
	conn  *sql.Conn
	stmts map[string]*sql.Stmt // by SQL text; all texts are constants
	memo  memo

	devices *deviceMemo
	touched []touched // what was changed of devices since the transaction began
}

// touch takes down that devices are changed: readers forget them when the transaction is over.
func (t *tx) touch(d touched) { t.touched = append(t.touched, d) }

func (t *tx) forgetTouched() {
	t.devices.forget(t.touched)
	t.touched = t.touched[:0]
}

func (t *tx) stmt(query string) (*sql.Stmt, error) {
	if st := t.stmts[query]; st != nil {
		return st, nil
	}
	// The background context, here and below: a transaction that has begun is not interrupted.
	st, err := t.conn.PrepareContext(context.Background(), query)
	if err != nil {
		return nil, err
	}
	t.stmts[query] = st
	return st, nil
}

func (t *tx) exec(query string, args ...any) error {
	_, err := t.change(query, args...)
	return err
}

// change is exec that tells how many rows were changed.
func (t *tx) change(query string, args ...any) (int64, error) {
	st, err := t.stmt(query)
	if err != nil {
		return 0, err
	}
	res, err := st.ExecContext(context.Background(), args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// row reads one row into dest; sql.ErrNoRows if there is none.
func (t *tx) row(query string, args []any, dest ...any) error {
	st, err := t.stmt(query)
	if err != nil {
		return err
	}
	return st.QueryRowContext(context.Background(), args...).Scan(dest...)
}

func (t *tx) query(query string, args ...any) (*sql.Rows, error) {
	st, err := t.stmt(query)
	if err != nil {
		return nil, err
	}
	return st.QueryContext(context.Background(), args...)
}

func (t *tx) close() {
	for _, st := range t.stmts {
		st.Close()
	}
	t.conn.Close()
}
