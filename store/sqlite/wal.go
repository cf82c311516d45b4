package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"
)

const (
	// walLimit is how long the write-ahead log may grow, in bytes. SQLite starts it over when it has been copied into
	// the database and nobody reads it; with readers that never pause it would grow without end.
	walLimit = 128 << 20
	// walSoft is at how many pages of 4 KiB the log is copied into the database. A page that is written often is copied
	// once, so that more of them cost less; but all that are here are read again after a crash.
	walSoft = 4096
	// walEvery is after how many transactions its length is looked at.
	walEvery = 32
)

// A checkpointer copies the write-ahead log into the database, on a connection and goroutine of its own: so no commit
// waits until some thousand pages are on the disk. What is written meanwhile is little, and the writer copies that itself
// between two transactions: only when all is copied SQLite starts the log over.
type checkpointer struct {
	db    *sql.DB
	due   chan struct{} // of capacity one; the writer closes it at its end
	rest  atomic.Bool   // the writer is asked for what is left
	ended chan struct{}
	log   *slog.Logger
}

func newCheckpointer(path, durability string, log *slog.Logger) (*checkpointer, error) {
	db, err := sql.Open("sqlite", dsn(path, "synchronous("+durability+")", "fullfsync(1)", "checkpoint_fullfsync(1)", "wal_autocheckpoint(0)"))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	return &checkpointer{db: db, due: make(chan struct{}, 1), ended: make(chan struct{}), log: log}, nil
}

// run works until due is closed.
func (c *checkpointer) run() {
	defer close(c.ended)
	for range c.due {
		left, err := checkpoint(c.db.QueryRowContext, "NOOP")
		if err == nil && left >= walSoft {
			_, err = checkpoint(c.db.QueryRowContext, "PASSIVE")
			c.rest.Store(true) // what was written meanwhile this one does not count
		}
		if err != nil {
			c.log.Warn("sqlite: the write-ahead log can't be copied into the database", "err", err)
		}
	}
}

// checkpoint carries out a checkpoint (https://www.sqlite.org/pragma.html#pragma_wal_checkpoint) and returns how many
// pages of the log are not in the database yet.
func checkpoint(query func(context.Context, string, ...any) *sql.Row, kind string) (left int, err error) {
	var busy, all, done int
	// Not prepared: SQLite carries out some pragmas while it prepares them.
	if err := query(context.Background(), "PRAGMA wal_checkpoint("+kind+")").Scan(&busy, &all, &done); err != nil {
		return 0, fmt.Errorf("sqlite: PRAGMA wal_checkpoint(%s): %w", kind, err)
	}
	return all - done, nil
}

// tendWAL is called between two transactions. Now and then it lets the checkpointer look at the write-ahead log, copies
// the little that one left, and starts the log over if it has grown too long all the same. Readers that don't let go
// within a moment win: there is another time.
func (w *writer) tendWAL() error {
	if w.checkpoints.rest.CompareAndSwap(true, false) {
		if _, err := checkpoint(w.tx.conn.QueryRowContext, "PASSIVE"); err != nil {
			return err
		}
	}
	if w.sinceWAL++; w.sinceWAL < walEvery {
		return nil
	}
	w.sinceWAL = 0
	if info, err := os.Stat(w.wal); err != nil || info.Size() < w.walLimit {
		select {
		case w.checkpoints.due <- struct{}{}:
		default: // it is at it
		}
		return nil
	}
	defer w.tx.conn.ExecContext(context.Background(), fmt.Sprintf("PRAGMA busy_timeout = %d", busyTimeout))
	if _, err := w.tx.conn.ExecContext(context.Background(), "PRAGMA busy_timeout = 50"); err != nil {
		return fmt.Errorf("sqlite: PRAGMA busy_timeout: %w", err)
	}
	_, err := checkpoint(w.tx.conn.QueryRowContext, "TRUNCATE")
	return err
}
