// Package sqlite is the default store: one SQLite file in the server's own process, without cgo.
//
// Every commit is on the disk before it is acknowledged (WAL with synchronous=FULL; there is no knob for less:
// with NORMAL, a pulled plug takes acknowledged calls back). One goroutine writes and commits whatever waits as
// one transaction with one fsync, so that the rate of commits grows with the load rather than with the disk;
// readers have connections of their own and never wait for it.
//
// It belongs to one process: a second one is refused. It refuses network file systems, whose locks and
// fsync cannot be trusted. For several nodes there are other stores.
package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/ringtrip/ringtrip/store"
)

// FileName is the name of the database in [Config.Dir]. SQLite keeps two more files beside it while it is
// open, and the lock file stays.
const FileName = "ringtrip.db"

// Config says where the store is.
type Config struct {
	// Dir is the folder of the database; it is made if it does not exist. Empty: a temporary folder, which Close
	// removes (for tests and demonstrations).
	Dir string
	// Logger hears about opening, and of trouble that no caller is told; nil is silent.
	Logger *slog.Logger
	// Now is the clock; nil is time.Now. It is only used where a row needs a time and was given none.
	Now func() time.Time

	// synchronous is what the tests set to show that less than FULL loses something.
	synchronous string
}

// Store implements [store.Store]. Open makes it.
type Store struct {
	path    string
	temp    string // folder to remove
	lock    *os.File
	writer  *writer
	writeDB *sql.DB
	readDB  *sql.DB
	checkDB *sql.DB // the checkpointer's
	now     func() time.Time
	log     *slog.Logger
	latency time.Duration
	devices *deviceMemo

	closing sync.RWMutex // held for reading while the queue and the readers' connections are used
	closed  bool

	readersMu sync.Mutex
	readers   map[string]*sql.Stmt // by SQL text; all texts are constants
}

var _ store.Store = (*Store)(nil)

// Open opens the store in cfg.Dir, makes or migrates it, and checks that the disk takes a durable write. Its
// errors are [*OpenError].
func Open(ctx context.Context, cfg Config) (_ *Store, err error) {
	s := &Store{now: cfg.Now, log: cfg.Logger, readers: map[string]*sql.Stmt{}}
	if s.now == nil {
		s.now = time.Now
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	defer func() {
		if err != nil {
			s.release()
		}
	}()
	dir := cfg.Dir
	if dir == "" {
		if dir, err = os.MkdirTemp("", "ringtrip-"); err != nil {
			return nil, &OpenError{Path: os.TempDir(), Problem: "no temporary folder can be made there", Hint: "set TMPDIR to a folder that can be written", Err: err}
		}
		s.temp = dir
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return nil, fmt.Errorf("sqlite: finding the folder %s: %w", cfg.Dir, err)
	}
	s.path = filepath.Join(dir, FileName)
	if err := makeDir(dir); err != nil {
		return nil, err
	}
	if s.lock, err = lockFile(s.path + ".lock"); err != nil {
		return nil, err
	}
	if err := checkFile(s.path); err != nil {
		return nil, err
	}
	// Before SQLite makes it: it will hold secrets, so only its owner may read it. The files beside it follow.
	if file, err := os.OpenFile(s.path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600); err == nil {
		file.Close()
	}
	if err := migrate(ctx, s.path); err != nil {
		return nil, err
	}
	if err := s.connect(ctx, cmp.Or(cfg.synchronous, "full")); err != nil {
		return nil, fileError(s.path, err)
	}
	go s.writer.checkpoints.run()
	go s.writer.run()
	if s.latency, err = s.checkWrite(ctx); err == nil && s.latency > slowWrite {
		var again time.Duration // one slow write may have been chance
		again, err = s.checkWrite(ctx)
		s.latency = min(s.latency, again)
	}
	if err != nil {
		s.Close()
		return nil, fileError(s.path, err)
	}
	s.log.Info("sqlite: opened", "path", s.path, "durable_write", s.latency)
	s.warnIfSlow()
	return s, nil
}

// slowWrite is how long a durable write may take without a warning. Local disks take below 1 ms, or some; each call
// waits for about five of them until it is set up.
const slowWrite = 25 * time.Millisecond

func (s *Store) warnIfSlow() {
	if s.latency > slowWrite {
		s.log.Warn("sqlite: the disk is slow to make a write durable, and each step of a call waits for one", "path", s.path,
			"durable_write", s.latency, "at_most", slowWrite, "hint", "put the data on a local SSD, or see what else keeps this disk busy")
	}
}

// connect opens the connections and makes sure that they are as durable as promised.
func (s *Store) connect(ctx context.Context, durability string) (err error) {
	if s.writeDB, err = sql.Open("sqlite", dsn(s.path, "synchronous("+durability+")", "fullfsync(1)", "checkpoint_fullfsync(1)",
		"cache_size(-65536)", "temp_store(memory)", "journal_size_limit(67108864)", "wal_autocheckpoint(0)")); err != nil {
		return err
	}
	s.writeDB.SetMaxOpenConns(1)
	conn, err := s.writeDB.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			conn.Close()
		}
	}()
	checkpoints, err := newCheckpointer(s.path, durability, s.log)
	if err != nil {
		return err
	}
	s.checkDB = checkpoints.db
	s.devices = newDeviceMemo()
	s.writer = newWriter(conn, s.path, s.devices, checkpoints, s.log)
	var mode string
	var synchronous int
	if err := errors.Join(
		conn.QueryRowContext(ctx, `PRAGMA journal_mode`).Scan(&mode),
		conn.QueryRowContext(ctx, `PRAGMA synchronous`).Scan(&synchronous),
	); err != nil {
		return err
	}
	if mode != "wal" || synchronous != 2 && durability == "full" {
		return &OpenError{Path: s.path, Problem: fmt.Sprintf("SQLite runs with journal_mode=%s and synchronous=%d here, not with WAL and FULL", mode, synchronous),
			Hint: "put the data on a local disk"}
	}
	if s.readDB, err = sql.Open("sqlite", dsn(s.path, "query_only(1)", "temp_store(memory)")); err != nil {
		return err
	}
	readers := max(4, runtime.GOMAXPROCS(0))
	s.readDB.SetMaxOpenConns(readers)
	s.readDB.SetMaxIdleConns(readers)
	return nil
}

// checkWrite writes something and returns how long it took until it was on the disk.
func (s *Store) checkWrite(ctx context.Context) (time.Duration, error) {
	start := time.Now()
	err := s.write(ctx, func(tx *tx) error {
		return tx.exec(`INSERT INTO opened (id, at) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET at = excluded.at, times = times + 1`,
			instant(s.now()))
	})
	return time.Since(start), err
}

// Path returns where the database is.
func (s *Store) Path() string { return s.path }

// WriteLatency returns how long the durable write took that Open made: far above 10 ms, the disk is slow.
func (s *Store) WriteLatency() time.Duration { return s.latency }

// reader returns the prepared statement of a query.
func (s *Store) reader(ctx context.Context, query string) (*sql.Stmt, error) {
	s.readersMu.Lock()
	defer s.readersMu.Unlock()
	if st := s.readers[query]; st != nil {
		return st, nil
	}
	st, err := s.readDB.PrepareContext(ctx, query)
	if err != nil {
		return nil, readError(ctx, err)
	}
	s.readers[query] = st
	return st, nil
}

// Close waits for what waits in the queue and for reads under way, and frees everything. Later calls of any
// method return [store.ErrClosed]; Close may be called again.
func (s *Store) Close() error {
	s.closing.Lock()
	if s.closed {
		s.closing.Unlock()
		<-s.writer.ended
		return nil
	}
	s.closed = true
	close(s.writer.queue)
	close(s.writer.later)
	s.closing.Unlock()
	<-s.writer.ended
	return s.release()
}

// release frees whatever Open has got so far.
func (s *Store) release() error {
	var errs []error
	for _, st := range s.readers {
		errs = append(errs, st.Close())
	}
	clear(s.readers)
	// The writer's connection goes last: as the last one it checkpoints, so that one whole file is left.
	for _, db := range []*sql.DB{s.readDB, s.checkDB, s.writeDB} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	if s.lock != nil {
		errs = append(errs, s.lock.Close())
	}
	if s.temp != "" {
		errs = append(errs, os.RemoveAll(s.temp))
	}
	return errors.Join(errs...)
}
