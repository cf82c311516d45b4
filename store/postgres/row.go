package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/ringtrip/ringtrip/store"
)

// text is s as PostgreSQL can keep it: it has no zero byte in a text and only UTF-8. Such a name from outside must
// not make a call that can't end; whoever looks for it asks for the same text.
func text(s string) string {
	if strings.IndexByte(s, 0) < 0 && utf8.ValidString(s) {
		return s
	}
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

// names is a list of names as it stands in a row: a JSON array.
func names(list []string) string {
	if len(list) == 0 {
		return "[]"
	}
	plain := make([]string, len(list))
	for i, name := range list {
		plain[i] = text(name)
	}
	b, _ := json.Marshal(plain) // a list of strings has no errors
	return string(b)
}

// list is the list of names that stands in a row.
func list(names string) ([]string, error) {
	if names == "[]" {
		return nil, nil
	}
	var all []string
	err := json.Unmarshal([]byte(names), &all)
	return all, err
}

// blob is b, but never NULL.
func blob(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// signed is n in PostgreSQL's range of integers.
func signed(n uint64) int64 { return int64(min(n, math.MaxInt64)) }

// read runs a query. All that one query returns is of one moment. A query that changes something must be such that
// doing it twice is harmless.
func read[T any](ctx context.Context, s *Store, scan pgx.RowToFunc[T], query string, args ...any) ([]T, error) {
	return query1(ctx, s, passing, scan, query, args...)
}

func query1[T any](ctx context.Context, s *Store, again func(error) bool, scan pgx.RowToFunc[T], query string, args ...any) ([]T, error) {
	var all []T
	err := s.try(ctx, again, func(ctx context.Context) error {
		rows, err := s.pool.Query(ctx, query, args...)
		if err != nil {
			return err
		}
		all, err = pgx.CollectRows(rows, scan)
		return err
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

// one is read for a query that finds one row, or none: [store.ErrNotFound].
func one[T any](ctx context.Context, s *Store, scan pgx.RowToFunc[T], query string, args ...any) (T, error) {
	all, err := read(ctx, s, scan, query, args...)
	return first(all, err)
}

// once is one for a statement that must not be carried out twice: it is not tried again when nobody can tell
// whether it was carried out.
func once[T any](ctx context.Context, s *Store, scan pgx.RowToFunc[T], query string, args ...any) (T, error) {
	all, err := query1(ctx, s, undone, scan, query, args...)
	return first(all, err)
}

func first[T any](all []T, err error) (T, error) {
	if err == nil && len(all) == 0 {
		err = store.ErrNotFound
	}
	if err != nil {
		var none T
		return none, err
	}
	return all[0], nil
}

// change carries out statements as one transaction. They must be such that doing them twice is harmless, for
// that happens if the connection is lost at the wrong moment.
func (s *Store) change(ctx context.Context, queue func(*pgx.Batch)) error {
	return s.try(ctx, passing, func(ctx context.Context) error {
		b := &pgx.Batch{}
		queue(b)
		return s.pool.SendBatch(ctx, b).Close()
	})
}

// try does something with the pool, and does it again when the database was restarted meanwhile, or when two
// transactions stood in each other's way, for as long as ctx and patience allow. again says after which errors.
func (s *Store) try(ctx context.Context, again func(error) bool, do func(context.Context) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.closing.RLock()
	defer s.closing.RUnlock()
	if s.closed {
		return store.ErrClosed
	}
	err := do(ctx)
	if err == nil || !again(err) || ctx.Err() != nil {
		return ended(ctx, err)
	}
	until, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	defer context.AfterFunc(s.life, cancel)()
	for try := 0; again(err); try++ {
		if demoted(err) {
			s.pool.Reset() // its other connections lead to the standby too
		}
		if wait(until, try) != nil {
			break
		}
		err = do(until)
		if until.Err() != nil {
			break
		}
	}
	return ended(ctx, err)
}

// ended prefers ctx's own error to what became of it.
func ended(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	default:
		return fmt.Errorf("postgres: %w", err)
	}
}

// wait waits before another try, longer each time, and with some chance, so that nodes don't come all at once.
func wait(ctx context.Context, try int) error {
	longest := min(10*time.Millisecond<<min(try, 10), time.Second)
	t := time.NewTimer(longest/2 + rand.N(longest/2))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// passing says whether an error is one that a later try may not have.
func passing(err error) bool { return err != nil && (collided(err) || lost(err)) }

// undone says that besides nothing was done.
func undone(err error) bool {
	var connect *pgconn.ConnectError
	return collided(err) || pgconn.SafeToRetry(err) || errors.As(err, &connect)
}

// collided says that two transactions stood in each other's way, and that this one was taken back.
func collided(err error) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && (e.Code == "40001" || e.Code == "40P01") // serialization_failure, deadlock_detected
}

// demoted says that the server that we talk to has become a standby.
func demoted(err error) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && e.Code == "25006" // read_only_sql_transaction
}

// lost says that the database, or the connection to it, is gone, or that it does not take writes any more.
func lost(err error) bool {
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		var network net.Error // also what pgx says when a deadline of ours ended a connection
		var connect *pgconn.ConnectError
		return errors.As(err, &network) || errors.As(err, &connect) || pgconn.SafeToRetry(err) || errors.Is(err, io.EOF) ||
			errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) || strings.Contains(err.Error(), "conn closed") ||
			strings.Contains(err.Error(), "pipeline")
	}
	switch e.Code {
	case "57P01", "57P02", "57P03", "57P05", // the server shuts down, crashed, starts
		"53300", "08006", "08P01": // too many connections for now; the connection failed
		return true
	}
	return demoted(err) || e.Severity == "FATAL" && e.Code != "28P01" && e.Code != "28000" && e.Code != "3D000"
}
