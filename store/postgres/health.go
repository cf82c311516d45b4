package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ringtrip/ringtrip/store"
)

var _ store.Health = (*Store)(nil)

// Check implements [store.Health]. A batch with nothing in it still changes the writer's own row.
func (s *Store) Check(ctx context.Context) (time.Duration, error) {
	began := time.Now()
	_, err := s.write(ctx, "check", &write{})
	return time.Since(began), err
}

// Stats implements [store.Health].
func (s *Store) Stats(ctx context.Context) (store.Stats, error) {
	out := store.Stats{Jobs: map[string]int{}}
	for _, w := range s.writers {
		out.Queue += len(w.queue)
		out.Writes += uint64(w.writes.Load())
		out.Transactions += uint64(w.batches.Load())
	}
	type named struct {
		name string
		n    int
	}
	rows, err := read(ctx, s, func(row pgx.CollectableRow) (n named, err error) { return n, row.Scan(&n.name, &n.n) },
		`SELECT '', count(*) FROM call WHERE live UNION ALL SELECT kind, count(*) FROM job GROUP BY kind`)
	for _, r := range rows {
		if r.name == "" {
			out.LiveCalls = r.n
		} else {
			out.Jobs[r.name] = r.n
		}
	}
	return out, err
}
