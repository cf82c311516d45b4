package postgres

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ringtrip/ringtrip/store"
	"github.com/ringtrip/ringtrip/store/packed"
)

const (
	maxQueue = 1024      // writes that wait for one writer; more of them block their callers
	maxBatch = 128       // writes in one transaction: bounds how long the first of them waits for the last
	maxBytes = 256 << 10 // of a batch: a node that is stopped while it sends must not hold half a transaction open

	batchTimeout = 15 * time.Second // for one batch, then the connection is given up
	outcomeGrace = 5 * time.Second  // for the outcome of a write that is under way when its context ends
)

// A write is one change that waits for a batch, or is part of one.
type write struct {
	cas   bool             // t.Call is to be changed from t.ExpectRev; all else only if that succeeds
	t     store.Transition // without cas: its events, ledger entries and DropJobs
	trims []trim
	packs bool // packed rows can be read by all nodes

	stamp int64       // tells it from every other write, on all nodes
	begun atomic.Bool // whoever sets it first, the writer or the caller whose context ended, decides
	since time.Time
	done  chan struct{} // closed when result and err are set
	out   store.Committed
	err   error
}

type trim struct {
	app, device string
	seq         uint64
}

// size is about how many bytes it sends.
func (w *write) size() int {
	n := 512 + len(w.t.Call.State)
	for _, e := range w.t.Events {
		n += 128 + len(e.Payload)
	}
	for _, j := range w.t.Jobs {
		n += 128 + len(j.Payload)
	}
	return n
}

func (w *write) finish(out store.Committed, err error) {
	if err != nil {
		out = store.Committed{}
	}
	w.out, w.err = out, err
	close(w.done)
}

// A writer is one goroutine with one connection. It takes whatever waits and commits it as one transaction.
type writer struct {
	s     *Store
	cfg   *pgx.ConnConfig
	id    string
	queue chan *write
	ended chan struct{}
	late  []*write // of rows that the last batch had already
	known memo

	conn    *pgx.Conn // nil: lost
	planned time.Time // see replan
	epoch   int64
	batch   int64 // number of the last batch that was begun

	batches, writes atomic.Int64
}

// newWriter connects a writer and gives it its row.
func newWriter(ctx context.Context, s *Store, cfg *pgx.ConnConfig) (*writer, error) {
	w := &writer{s: s, cfg: cfg, id: fmt.Sprintf("%016x", rand.Uint64()), queue: make(chan *write, maxQueue), ended: make(chan struct{}), known: memo{}}
	var err error
	if w.conn, err = pgx.ConnectConfig(ctx, cfg); err != nil {
		return nil, err
	}
	// Rows of nodes that were killed are of no use; a writer that runs has used its own within a week, or takes a new one.
	old := s.now().Add(-7 * 24 * time.Hour)
	b := &pgx.Batch{}
	b.Queue(`DELETE FROM writer WHERE id = ANY(ARRAY(SELECT id FROM writer WHERE at < $1 ORDER BY id FOR UPDATE SKIP LOCKED))`, packed.Nanos(old))
	b.Queue(`INSERT INTO writer (id, epoch, batch, at) VALUES ($1, 0, 0, $2)`, w.id, packed.Nanos(s.now()))
	if err := w.conn.SendBatch(ctx, b).Close(); err != nil {
		w.conn.Close(ctx)
		return nil, err
	}
	return w, nil
}

// run works until the queue is closed and empty.
func (w *writer) run() {
	defer close(w.ended)
	for {
		batch := w.next()
		if batch == nil {
			break
		}
		w.carryOut(batch)
	}
	if w.conn != nil {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_, _ = w.conn.Exec(ctx, `DELETE FROM writer WHERE id = $1`, w.id)
		_ = w.conn.Close(ctx)
	}
}

// keys are the rows of which a batch may hold one change only: whether the second finds what it expects, the first
// decides.
func (w *write) keys(yield func(string) bool) {
	if w.cas && !yield("call "+w.t.Call.ID) {
		return
	}
	for _, j := range w.t.Jobs {
		if !yield("job " + j.ID) {
			return
		}
	}
	if w.t.History != nil {
		yield("history " + w.t.History.CallID)
	}
}

// next waits for a write and takes along what waits already, in the order in which it came. It returns nil when there is nothing to come.
func (w *writer) next() []*write {
	var batch, late []*write
	bytes := 0
	taken := map[string]*write{}
	add := func(one *write) {
		for key := range one.keys {
			if by, ok := taken[key]; ok && by != one {
				late = append(late, one)
				return
			}
			taken[key] = one // also of a late one: those after it wait too
		}
		if !one.begun.CompareAndSwap(false, true) {
			return // its caller has gone
		}
		batch = append(batch, one)
		bytes += one.size()
	}
	for _, one := range w.late {
		add(one)
	}
	for len(batch) < maxBatch && bytes < maxBytes {
		if len(batch) == 0 {
			one, ok := <-w.queue
			if !ok {
				break
			}
			add(one)
			continue
		}
		select {
		case one, ok := <-w.queue:
			if ok {
				add(one)
				continue
			}
		default:
		}
		break
	}
	w.late = late
	return batch
}

// carryOut commits a batch and tells each of its writes what became of it.
func (w *writer) carryOut(batch []*write) {
	for try := 0; ; try++ {
		if w.conn == nil && !w.reconnect(batch, false) {
			return
		}
		results, err := w.send(batch)
		w.known.keep(batch, results)
		switch {
		case err == nil:
			w.count(batch)
			for i, one := range batch {
				one.finish(results[i].out, results[i].err)
			}
			return
		case w.conn.IsClosed() || lost(err):
			w.s.log.Warn("postgres: a writer lost its connection", "database", w.s.where, "err", err)
			w.drop()
			if w.reconnect(batch, true) {
				continue // it was not committed and never will be
			}
			return
		case collided(err) && try < 10:
			continue // it was taken back as a whole
		case len(batch) == 1:
			batch[0].finish(store.Committed{}, fmt.Errorf("postgres: %w", err))
			return
		}
		// One write spoiled the transaction: nothing of it happened. Alone, each gets its own result.
		for i := range batch {
			w.carryOut(batch[i : i+1])
		}
		return
	}
}

// count counts a batch that was committed, before its callers know: what they see counted after it holds it.
func (w *writer) count(batch []*write) {
	w.batches.Add(1)
	w.writes.Add(int64(len(batch)))
}

// send commits a batch. Only what it returns without an error is sure to have happened.
func (w *writer) send(batch []*write) ([]result, error) {
	ctx, cancel := context.WithTimeout(context.Background(), batchTimeout)
	defer cancel()
	w.planned = replan(ctx, w.conn, w.planned)
	w.batch++
	b := &bulk{}
	b.fence(w.id, w.epoch, w.batch, packed.Nanos(w.s.now()))
	b.load(batch, w.known)
	return b.send(ctx, w.conn, batch)
}

// drop closes a connection that is of no use any more.
func (w *writer) drop() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = w.conn.Close(ctx)
	w.conn = nil
}

// reconnect connects again and, if batch was sent, finds out what became of it. It returns true if batch is still to
// be sent: it was not committed and never will be. Else its writes have been told.
func (w *writer) reconnect(batch []*write, sent bool) bool {
	until, cancel := context.WithTimeout(w.s.life, patience)
	defer cancel()
	for try := 0; ; try++ {
		committed, known, err := w.takeOver(until)
		if err == nil {
			if try > 0 {
				w.s.log.Info("postgres: a writer has its connection again", "database", w.s.where)
			}
			switch {
			case !sent:
				return true // what the database says is about an earlier one, whose callers were told to read again
			case !known:
				w.fail(batch, errOutcome)
			case committed:
				w.settle(batch)
			default:
				return true
			}
			return false
		}
		if !passing(err) || wait(until, try) != nil {
			if w.s.life.Err() != nil {
				err = errors.Join(store.ErrClosed, err)
			}
			w.fail(batch, fmt.Errorf("postgres: the database can't be reached: %w", err))
			return false
		}
	}
}

// errOutcome is the error of a write whose connection was lost in the moment of the commit and whose traces are
// gone.
var errOutcome = errors.New("postgres: the connection was lost during the commit, and whether it happened can't be told any more: read the call again")

func (w *writer) fail(batch []*write, err error) {
	for _, one := range batch {
		one.finish(store.Committed{}, err)
	}
}

// takeOver connects and takes a new epoch, which waits for the old connection's transaction to end if it still
// goes on, and fences it off if it has not begun. known is false if the writer's row is gone.
func (w *writer) takeOver(ctx context.Context) (committed, known bool, err error) {
	conn, err := pgx.ConnectConfig(ctx, w.cfg)
	if err != nil {
		return false, false, err
	}
	var epoch, batch int64
	err = conn.QueryRow(ctx, `UPDATE writer SET epoch = epoch + 1 WHERE id = $1 RETURNING epoch, batch`, w.id).Scan(&epoch, &batch)
	if errors.Is(err, pgx.ErrNoRows) {
		_, err = conn.Exec(ctx, `INSERT INTO writer (id, epoch, batch, at) VALUES ($1, $2, $3, $4)`, w.id, w.epoch+1, w.batch, packed.Nanos(w.s.now()))
		epoch, batch = w.epoch+1, -1
	}
	if err != nil {
		conn.Close(ctx)
		return false, false, err
	}
	w.conn, w.epoch = conn, epoch
	return batch == w.batch, batch >= 0, nil
}

// settle tells the writes of a batch that was committed, whose results were lost, what became of them.
func (w *writer) settle(batch []*write) {
	ctx, cancel := context.WithTimeout(w.s.life, batchTimeout)
	defer cancel()
	w.count(batch)
	for _, one := range batch {
		out, err := recall(ctx, w.conn, one)
		one.finish(out, err)
	}
}

// recall finds out what became of a write whose transaction was committed.
func recall(ctx context.Context, conn *pgx.Conn, one *write) (store.Committed, error) {
	var out store.Committed
	if one.cas {
		var rev, stamp int64
		err := conn.QueryRow(ctx, `SELECT rev, stamp FROM call WHERE id = $1`, text(one.t.Call.ID)).Scan(&rev, &stamp)
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			return out, store.ErrConflict // purged since, or never made
		case err != nil:
			return out, fmt.Errorf("%w (%w)", errOutcome, err)
		case stamp != one.stamp && rev > int64(one.t.ExpectRev)+1 && len(one.t.Events) == 0:
			return out, errOutcome // changed again since
		case stamp != one.stamp && rev <= int64(one.t.ExpectRev)+1:
			return out, store.ErrConflict
		}
		out.Rev = one.t.ExpectRev + 1
	}
	seqs := map[[2]string][]uint64{}
	for _, e := range one.t.Events {
		place := [2]string{text(e.App), text(e.Device)}
		if _, asked := seqs[place]; asked {
			continue
		}
		rows, err := conn.Query(ctx, `SELECT seq FROM event WHERE app = $1 AND device = $2 AND stamp = $3
			UNION ALL SELECT t.seqs[array_position(t.devices, $2)] FROM told t WHERE t.call_id = $4 AND $1 = $5 AND t.stamp = $3 AND $2 = ANY(t.devices)
			ORDER BY seq`, place[0], place[1], one.stamp, text(one.t.Call.ID), text(one.t.Call.App))
		if err != nil {
			return out, fmt.Errorf("%w (%w)", errOutcome, err)
		}
		if seqs[place], err = pgx.CollectRows(rows, pgx.RowTo[uint64]); err != nil {
			return out, fmt.Errorf("%w (%w)", errOutcome, err)
		}
	}
	for _, e := range one.t.Events {
		place := [2]string{text(e.App), text(e.Device)}
		if len(seqs[place]) == 0 {
			return out, errOutcome // trimmed since, or another won
		}
		out.Seqs = append(out.Seqs, seqs[place][0])
		seqs[place] = seqs[place][1:]
	}
	return out, nil
}

var seed = maphash.MakeSeed()

// write hands one to the writer of its key and returns what became of it. A context that ends in the queue means
// that nothing happened; one that ends later is not told before the outcome, unless that takes long.
func (s *Store) write(ctx context.Context, key string, one *write) (store.Committed, error) {
	one.stamp = rand.Int64()
	one.packs = s.packs.Load()
	one.since = time.Now()
	one.done = make(chan struct{})
	if err := s.enqueue(ctx, key, one); err != nil {
		return store.Committed{}, err
	}
	select {
	case <-one.done:
		return one.out, one.err
	case <-ctx.Done():
	}
	if one.begun.CompareAndSwap(false, true) {
		return store.Committed{}, ctx.Err()
	}
	late := time.NewTimer(outcomeGrace)
	defer late.Stop()
	select {
	case <-one.done:
		return one.out, one.err
	case <-late.C:
		return store.Committed{}, ctx.Err()
	}
}

func (s *Store) enqueue(ctx context.Context, key string, one *write) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.closing.RLock() // so that Close closes the queues only when nobody sends to them
	defer s.closing.RUnlock()
	if s.closed {
		return store.ErrClosed
	}
	w := s.writers[maphash.String(seed, key)%uint64(len(s.writers))]
	select {
	case w.queue <- one:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
