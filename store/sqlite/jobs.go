package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/ringtrip/ringtrip/store"
)

func putJob(tx *tx, j store.Job) error {
	return tx.exec(`INSERT OR REPLACE INTO job (id, call_id, kind, payload, leased_until, tries) VALUES (?, ?, ?, ?, ?, ?)`,
		j.ID, j.CallID, j.Kind, blob(j.Payload), instant(j.LeasedUntil), j.Tries)
}

// Claim implements [store.Jobs].
func (s *Store) Claim(ctx context.Context, kind string, now time.Time, n int, lease time.Duration) ([]store.Job, error) {
	var jobs []store.Job
	err := s.write(ctx, func(tx *tx) (err error) {
		jobs, err = queryTx(tx, scanJob, `SELECT id, call_id, kind, payload, leased_until, tries FROM job
			WHERE kind = ? AND leased_until <= ? ORDER BY leased_until, id LIMIT ?`, kind, instant(now), max(n, 0))
		if err != nil {
			return fmt.Errorf("looking for %s jobs: %w", kind, err)
		}
		for i := range jobs {
			jobs[i].LeasedUntil = now.Add(lease)
			if err := tx.exec(`UPDATE job SET leased_until = ? WHERE id = ?`, instant(jobs[i].LeasedUntil), jobs[i].ID); err != nil {
				return fmt.Errorf("leasing job %s: %w", jobs[i].ID, err)
			}
		}
		return nil
	})
	return jobs, err
}

func scanJob(rows *sql.Rows) (j store.Job, err error) {
	return j, rows.Scan(&j.ID, &j.CallID, &j.Kind, &j.Payload, (*instant)(&j.LeasedUntil), &j.Tries)
}

// Done implements [store.Jobs].
func (s *Store) Done(ctx context.Context, ids ...string) error {
	if len(ids) == 0 {
		return nil
	}
	return s.write(ctx, func(tx *tx) error {
		for _, id := range ids {
			if err := tx.exec(`DELETE FROM job WHERE id = ?`, id); err != nil {
				return fmt.Errorf("forgetting job %s: %w", id, err)
			}
		}
		return nil
	})
}

// Retry implements [store.Jobs].
func (s *Store) Retry(ctx context.Context, id string, at time.Time) error {
	return s.write(ctx, func(tx *tx) error {
		n, err := tx.change(`UPDATE job SET leased_until = ?, tries = tries + 1 WHERE id = ?`, instant(at), id)
		if err != nil {
			return fmt.Errorf("putting off job %s: %w", id, err)
		}
		if n == 0 {
			return store.ErrNotFound
		}
		return nil
	})
}
