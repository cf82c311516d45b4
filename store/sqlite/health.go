package sqlite

import (
	"context"
	"database/sql"
	"time"

	"github.com/ringtrip/ringtrip/store"
)

var _ store.Health = (*Store)(nil)

// Check implements [store.Health].
func (s *Store) Check(ctx context.Context) (time.Duration, error) { return s.checkWrite(ctx) }

// Stats implements [store.Health].
func (s *Store) Stats(ctx context.Context) (store.Stats, error) {
	out := store.Stats{
		Jobs: map[string]int{}, Queue: len(s.writer.queue) + len(s.writer.later),
		Writes: uint64(s.writer.writes.Load()), Transactions: uint64(s.writer.batches.Load()),
	}
	rows, err := read(ctx, s, func(r *sql.Rows) (n named, err error) { return n, r.Scan(&n.name, &n.n) },
		`SELECT '', count(*) FROM call WHERE live = 1 UNION ALL SELECT kind, count(*) FROM job GROUP BY kind`)
	for _, r := range rows {
		if r.name == "" {
			out.LiveCalls = r.n
		} else {
			out.Jobs[r.name] = r.n
		}
	}
	return out, err
}

// named is a number with a name.
type named struct {
	name string
	n    int
}
