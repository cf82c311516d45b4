// Package postgres is the store of many nodes: one PostgreSQL database, 14 or later, that any number of servers
// share and none of them owns.
//
// A commit is on the database's disk before it is acknowledged. Each node has one writer or a few; it takes
// whatever waits and sends it as one pipeline, which is one transaction with one flush, whose statements each
// carry the rows of the whole batch. A transition that loses its race is a row that was not changed, not an error,
// so it spoils nothing for its neighbours. When the connection is lost while a batch is under way, the writer
// finds out by a fence (see the table writer) whether it was committed, so nothing is done twice or lost.
// Quick reads share pipelines too, when there are many at a time.
//
// It is plain SQL: no NOTIFY, no advisory locks, no triggers, so that a distributed database that speaks
// PostgreSQL's protocol may stand in (none is tested). What it remembers between calls is never taken for true
// without asking the database; it publishes nothing and does no failover of its own: a URL with several hosts finds
// the one that takes writes. It refuses a database that may forget what it acknowledged (fsync, full_page_writes or
// synchronous_commit off).
package postgres

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/ringtrip/ringtrip/store"
)

// Config says where the database is.
type Config struct {
	// URL is the database's, as postgres://user:password@host:5432/name?sslmode=verify-full, or a string of
	// keywords and values; what libpq's environment variables say fills the gaps. Several hosts may be named: the one
	// that takes writes is used (target_session_attrs is read-write unless the URL says otherwise).
	URL string
	// Writers is how many connections commit side by side, 1 to 64; 0: 1 for each two processors, at least 1. More
	// of them help when the flush is slow; fewer make larger groups, which cost less.
	Writers int
	// MaxConns bounds the connections that read; 0: 4 for each processor, at least 8.
	MaxConns int
	// Logger hears about opening, and of trouble that no caller is told; nil is silent.
	Logger *slog.Logger
	// Now is the clock; nil is time.Now. It is only used where a row needs a time and was given none.
	Now func() time.Time

	forgets bool // a database that may forget will do: for the test that finds out
}

// patience is for how long a method waits for a database that can't be reached, unless its context ends before.
// A failover to a standby, or a restart, is shorter.
const patience = 30 * time.Second

// grace is for how long Close waits for a database that can't be reached.
const grace = 5 * time.Second

// Store implements [store.Store]. Open makes it.
type Store struct {
	where   string // the database's address, without the password
	pool    *pgxpool.Pool
	writers []*writer
	reads   *reads
	log     *slog.Logger
	now     func() time.Time
	latency time.Duration
	packs   atomic.Bool // all nodes can read packed rows

	life context.Context // ends a while after Close was called: nothing waits for the database any more
	die  context.CancelFunc

	closing sync.RWMutex // held for reading while the queues and the pool are used
	closed  bool
	gone    chan struct{} // closed when Close is done
}

var _ store.Store = (*Store)(nil)

// Open connects to the database, makes or migrates its tables, and checks that it takes a durable write. Nodes may
// open it at once: one migrates, the others wait. It does not wait for a database that can't be reached. Its
// errors are [*OpenError], or of ctx.
func Open(ctx context.Context, cfg Config) (_ *Store, err error) {
	s := &Store{log: cfg.Logger, now: cfg.Now, reads: newReads(), gone: make(chan struct{})}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.now == nil {
		s.now = time.Now
	}
	pool, err := parse(cfg)
	if err != nil {
		return nil, err
	}
	s.where = where(pool.ConnConfig)
	if err := prepare(ctx, pool.ConnConfig, s.where, cfg.forgets); err != nil {
		return nil, err
	}
	s.life, s.die = context.WithCancel(context.Background())
	if s.pool, err = pgxpool.NewWithConfig(ctx, pool); err != nil {
		s.die()
		return nil, openError(s.where, err)
	}
	for range writers(cfg) {
		w, err := newWriter(ctx, s, pool.ConnConfig)
		if err != nil {
			s.Close()
			return nil, openError(s.where, err)
		}
		s.writers = append(s.writers, w)
		go w.run()
	}
	if s.latency, err = s.Check(ctx); err != nil {
		s.Close()
		return nil, openError(s.where, err)
	}
	_, packed, err := s.nodes(ctx)
	if err != nil {
		s.Close()
		return nil, openError(s.where, err)
	}
	s.packs.Store(packed)
	s.log.Info("postgres: opened", "database", s.where, "writers", len(s.writers), "durable_write", s.latency)
	return s, nil
}

func writers(cfg Config) int {
	if cfg.Writers > 0 {
		return cfg.Writers
	}
	return max(1, runtime.GOMAXPROCS(0)/2)
}

// parse reads the configuration, and says what every connection needs.
func parse(cfg Config) (*pgxpool.Config, error) {
	if cfg.Writers < 0 || cfg.Writers > 64 {
		return nil, &OpenError{Database: "the configuration", Problem: fmt.Sprintf("%d writers are asked for", cfg.Writers), Hint: "Name 1 to 64, or 0 for the default"}
	}
	if cfg.URL == "" {
		return nil, &OpenError{Database: "the configuration", Problem: "no database is named", Hint: "Name one, as postgres://user:password@host:5432/name"}
	}
	pool, err := pgxpool.ParseConfig(cfg.URL)
	if err != nil {
		// pgx's error names the URL, without the password.
		return nil, &OpenError{Database: "the configuration", Problem: "the URL can't be read", Hint: "It looks like postgres://user:password@host:5432/name", Err: err}
	}
	pool.MaxConns = int32(cfg.MaxConns)
	if cfg.MaxConns <= 0 {
		pool.MaxConns = int32(max(8, 4*runtime.GOMAXPROCS(0)))
	}
	c := pool.ConnConfig
	if c.ValidateConnect == nil {
		c.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite
	}
	if c.ConnectTimeout == 0 {
		c.ConnectTimeout = 5 * time.Second
	}
	if c.RuntimeParams["application_name"] == "" {
		c.RuntimeParams["application_name"] = "ringtrip"
	}
	c.AfterConnect = settle
	pool.PrepareConn = func(ctx context.Context, conn *pgx.Conn) (bool, error) {
		planned, _ := conn.PgConn().CustomData()[plannedAt].(time.Time)
		if planned.IsZero() {
			planned = time.Now()
		}
		conn.PgConn().CustomData()[plannedAt] = replan(ctx, conn, planned)
		return !conn.IsClosed(), nil
	}
	return pool, nil
}

// plansLive is for how long a connection keeps plans: tables grow, and a plan may have been right for a small one.
const plansLive = 10 * time.Second

// plannedAt is where a connection of the pool keeps when it last forgot its plans.
const plannedAt = "ringtrip.planned"

// replan lets a connection forget its plans if it has had them for long, and returns since when it has those that it has.
// Statements stay prepared. A server that does not know of it goes on with what it has.
func replan(ctx context.Context, conn *pgx.Conn, since time.Time) time.Time {
	now := time.Now()
	if now.Sub(since) < plansLive {
		return since
	}
	_, _ = conn.PgConn().Exec(ctx, `DISCARD PLANS`).ReadAll()
	return now
}

// settle sets what suits many small statements on tables that grow from nothing: a plan that was made while a
// table was empty must not read all of it later, and none is made anew for each statement, which often cost more than
// carrying it out (see replan). Servers that lack a setting go without it.
func settle(ctx context.Context, conn *pgconn.PgConn) error {
	_, err := conn.Exec(ctx, `SELECT set_config(name, value, false) FROM (VALUES
		('enable_seqscan', 'off'), ('enable_bitmapscan', 'off'), ('jit', 'off'), ('plan_cache_mode', 'force_generic_plan'),
		('tcp_keepalives_idle', '5'), ('tcp_keepalives_interval', '2'), ('tcp_keepalives_count', '3')
		) AS want (name, value) WHERE name IN (SELECT name FROM pg_settings)`).ReadAll()
	return err
}

// where names the database for people.
func where(c *pgx.ConnConfig) string { return fmt.Sprintf("%s:%d/%s", c.Host, c.Port, c.Database) }

// Database returns the database's address, without a password.
func (s *Store) Database() string { return s.where }

// WriteLatency returns how long the durable write took that Open made: far above 10 ms, the disk or the network
// is slow.
func (s *Store) WriteLatency() time.Duration { return s.latency }

// Close waits for what waits in the queues and for reads under way, and frees everything; it does not wait long
// for a database that can't be reached. Later calls of any method return [store.ErrClosed]; Close may be called
// again.
func (s *Store) Close() error {
	impatient := time.AfterFunc(grace, s.die)
	s.closing.Lock()
	if s.closed {
		s.closing.Unlock()
		<-s.gone
		return nil
	}
	s.closed = true
	for _, w := range s.writers {
		close(w.queue)
	}
	s.closing.Unlock()
	for _, w := range s.writers {
		<-w.ended
	}
	s.reads.all.Wait()
	s.pool.Close()
	impatient.Stop()
	s.die()
	close(s.gone)
	return nil
}
