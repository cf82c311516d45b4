package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"time"

	"github.com/ringtrip/ringtrip/store"
	"github.com/ringtrip/ringtrip/store/packed"
)

// An instant is a time as it stands in a row: Unix nanoseconds, 0 for the zero time.
type instant time.Time

// Value implements [driver.Valuer].
func (i instant) Value() (driver.Value, error) {
	return packed.Nanos(time.Time(i)), nil
}

// Scan implements [sql.Scanner].
func (i *instant) Scan(v any) error {
	ns, ok := v.(int64)
	if !ok {
		return fmt.Errorf("a time is stored as %T", v)
	}
	*i = instant(packed.Moment(ns))
	return nil
}

// names is a list of names as it stands in a row: a JSON array.
type names []string

// Value implements [driver.Valuer].
func (n names) Value() (driver.Value, error) {
	if len(n) == 0 {
		return "[]", nil
	}
	b, err := json.Marshal([]string(n))
	return string(b), err
}

// Scan implements [sql.Scanner].
func (n *names) Scan(v any) error {
	s, ok := v.(string)
	if !ok {
		return fmt.Errorf("a list of names is stored as %T", v)
	}
	*n = nil
	if s == "[]" {
		return nil
	}
	return json.Unmarshal([]byte(s), (*[]string)(n))
}

// blob is b, but never NULL.
func blob(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// read runs a query on the readers' connections. All that one query returns is of one moment.
func read[T any](ctx context.Context, s *Store, scan func(*sql.Rows) (T, error), query string, args ...any) ([]T, error) {
	s.closing.RLock()
	defer s.closing.RUnlock()
	if s.closed {
		return nil, store.ErrClosed
	}
	st, err := s.reader(ctx, query)
	if err != nil {
		return nil, err
	}
	rows, err := st.QueryContext(ctx, args...)
	if err != nil {
		return nil, readError(ctx, err)
	}
	all, err := collect(rows, scan)
	if err != nil {
		return nil, readError(ctx, err)
	}
	return all, nil
}

// readError prefers the context's own error to what SQLite says when it was interrupted.
func readError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fmt.Errorf("sqlite: reading: %w", err)
}

// queryTx runs a query within the writer's transaction.
func queryTx[T any](tx *tx, scan func(*sql.Rows) (T, error), query string, args ...any) ([]T, error) {
	rows, err := tx.query(query, args...)
	if err != nil {
		return nil, err
	}
	return collect(rows, scan)
}

func collect[T any](rows *sql.Rows, scan func(*sql.Rows) (T, error)) ([]T, error) {
	defer rows.Close()
	var all []T
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}
