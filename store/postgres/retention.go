package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ringtrip/ringtrip/store/packed"
)

// TrimHistory implements [store.Retention].
func (s *Store) TrimHistory(ctx context.Context, before time.Time, n int) (int, error) {
	return s.trimByKey(ctx, "history", "app", "call_id", "created_at", before, n)
}

// TrimJobs implements [store.Retention].
func (s *Store) TrimJobs(ctx context.Context, before time.Time, n int) (int, error) {
	return s.trimByKey(ctx, "job", "kind", "id", "leased_until", before, n)
}

// trimByKey forgets rows by age, for each value that the leading column of the index by age has. There are few
// values, and each is found by one step in the index, so that no index by age alone is needed, which every commit
// would pay for.
func (s *Store) trimByKey(ctx context.Context, table, key, id, age string, before time.Time, n int) (int, error) {
	return s.trim(ctx, `WITH RECURSIVE k (key) AS (
			SELECT min(`+key+`) FROM `+table+`
			UNION ALL
			SELECT (SELECT min(t.`+key+`) FROM `+table+` t WHERE t.`+key+` > k.key) FROM k WHERE k.key IS NOT NULL
		), old AS MATERIALIZED (
			SELECT o.id FROM k, LATERAL (
				SELECT t.`+id+` AS id FROM `+table+` t WHERE t.`+key+` = k.key AND t.`+age+` < $1 ORDER BY t.`+age+`, t.`+id+` LIMIT $2 FOR UPDATE SKIP LOCKED
			) o WHERE k.key IS NOT NULL LIMIT $2
		) DELETE FROM `+table+` WHERE `+id+` = ANY(ARRAY(SELECT id FROM old)) RETURNING `+id, before, n)
}

// TrimLedger implements [store.Retention].
func (s *Store) TrimLedger(ctx context.Context, before time.Time, n int) (int, error) {
	return s.trim(ctx, `WITH old AS MATERIALIZED (
			SELECT l.call_id FROM ledger l WHERE l.opens AND l.at < $1
				AND (SELECT id FROM call WHERE id = l.call_id) IS NULL
				AND (SELECT min(f.seq) FROM ledger f WHERE f.call_id = l.call_id AND f.seq < l.seq) IS NULL
			ORDER BY l.at LIMIT $2
		), gone AS (
			DELETE FROM ledger WHERE call_id = ANY(ARRAY(SELECT call_id FROM old)) RETURNING call_id
		) SELECT DISTINCT call_id FROM gone`, before, n)
}

// trim runs a query that returns a row for each thing that it forgot.
func (s *Store) trim(ctx context.Context, query string, before time.Time, n int) (int, error) {
	gone, err := read(ctx, s, pgx.RowTo[string], query, packed.Nanos(before), max(n, 0))
	return len(gone), err
}
