package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// TrimHistory implements [store.Retention].
func (s *Store) TrimHistory(ctx context.Context, before time.Time, n int) (int, error) {
	return s.trim(ctx, "history", n, func(tx *tx, n int) (int64, error) {
		return eachKey(tx, "history", "app", n, func(app string, n int) (int64, error) {
			return tx.change(`DELETE FROM history WHERE call_id IN
				(SELECT call_id FROM history WHERE app = ? AND created_at < ? ORDER BY created_at LIMIT (? + 0))`, app, instant(before), n)
		})
	})
}

// TrimLedger implements [store.Retention].
func (s *Store) TrimLedger(ctx context.Context, before time.Time, n int) (int, error) {
	return s.trim(ctx, "ledger", n, func(tx *tx, n int) (int64, error) {
		old, err := queryTx(tx, func(rows *sql.Rows) (id string, err error) { return id, rows.Scan(&id) },
			`SELECT call_id FROM ledger WHERE seq = 1 AND at < ? AND NOT EXISTS (SELECT 1 FROM call WHERE id = call_id)
			ORDER BY at LIMIT (? + 0)`, instant(before), n)
		if err != nil {
			return 0, err
		}
		for _, id := range old {
			tx.memo.forget(id)
			if err := tx.exec(`DELETE FROM ledger WHERE call_id = ?`, id); err != nil {
				return 0, fmt.Errorf("of call %s: %w", id, err)
			}
		}
		return int64(len(old)), nil
	})
}

// TrimJobs implements [store.Retention].
func (s *Store) TrimJobs(ctx context.Context, before time.Time, n int) (int, error) {
	return s.trim(ctx, "jobs", n, func(tx *tx, n int) (int64, error) {
		return eachKey(tx, "job", "kind", n, func(kind string, n int) (int64, error) {
			return tx.change(`DELETE FROM job WHERE id IN
				(SELECT id FROM job WHERE kind = ? AND leased_until < ? ORDER BY leased_until LIMIT (? + 0))`, kind, instant(before), n)
		})
	})
}

func (s *Store) trim(ctx context.Context, what string, n int, do func(tx *tx, n int) (int64, error)) (int, error) {
	var gone int64
	err := s.write(ctx, func(tx *tx) (err error) {
		if gone = 0; n <= 0 {
			return nil
		}
		if gone, err = do(tx, n); err != nil {
			return fmt.Errorf("trimming the %s: %w", what, err)
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return int(gone), nil
}

// eachKey calls do with each value that the leading column of an index has, until n rows are gone. There are few
// values, and each is found by one step in the index, so that no index by age alone is needed, which every commit
// would pay for.
func eachKey(tx *tx, table, column string, n int, do func(key string, n int) (int64, error)) (int64, error) {
	keys, err := queryTx(tx, func(rows *sql.Rows) (key string, err error) { return key, rows.Scan(&key) },
		`WITH RECURSIVE k (key) AS (
			SELECT min(`+column+`) FROM `+table+`
			UNION ALL
			SELECT (SELECT min(`+column+`) FROM `+table+` WHERE `+column+` > key) FROM k WHERE key IS NOT NULL
		) SELECT key FROM k WHERE key IS NOT NULL`)
	if err != nil {
		return 0, err
	}
	var gone int64
	for _, key := range keys {
		if gone >= int64(n) {
			break
		}
		some, err := do(key, n-int(gone))
		if err != nil {
			return 0, err
		}
		gone += some
	}
	return gone, nil
}
