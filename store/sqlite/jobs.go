package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ringtrip/ringtrip/store"
)

const jobColumns = `id, call_id, kind, payload, leased_until, tries`

func putJob(tx *tx, j store.Job) error {
	if j.Append {
		// SQLite's || makes text of blobs, so the two are put together here.
		var old []byte
		err := tx.row(`SELECT payload FROM job WHERE id = ?`, []any{j.ID}, &old)
		if err == nil {
			return tx.exec(`UPDATE job SET payload = ? WHERE id = ?`, blob(slices.Concat(old, j.Payload)), j.ID)
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
	}
	return tx.exec(`INSERT OR REPLACE INTO job (`+jobColumns+`) VALUES (?, ?, ?, ?, ?, ?)`,
		j.ID, j.CallID, j.Kind, blob(j.Payload), instant(j.LeasedUntil), j.Tries)
}

// Claim implements [store.Jobs].
func (s *Store) Claim(ctx context.Context, kind string, now time.Time, n int, lease time.Duration) ([]store.Job, error) {
	var jobs []store.Job
	err := s.write(ctx, func(tx *tx) (err error) {
		jobs, err = queryTx(tx, scanJob, `SELECT `+jobColumns+` FROM job
			WHERE kind = ? AND leased_until <= ? ORDER BY leased_until, id LIMIT (? + 0)`, kind, instant(now), max(n, 0))
		if err != nil {
			return fmt.Errorf("looking for %s jobs: %w", kind, err)
		}
		if len(jobs) == 0 {
			return nil
		}
		ids := make([]string, len(jobs))
		for i := range jobs {
			jobs[i].LeasedUntil, ids[i] = now.Add(lease), jobs[i].ID
		}
		list, err := json.Marshal(ids)
		if err != nil {
			return err
		}
		// One statement for all: it costs a fraction of one for each.
		n, err := tx.change(`UPDATE job SET leased_until = ? WHERE id IN (SELECT value FROM json_each(?))`, instant(now.Add(lease)), string(list))
		if err == nil && n != int64(len(jobs)) { // an id that JSON can't spell
			for _, id := range ids {
				if err = tx.exec(`UPDATE job SET leased_until = ? WHERE id = ?`, instant(now.Add(lease)), id); err != nil {
					break
				}
			}
		}
		if err != nil {
			return fmt.Errorf("leasing %d jobs, as %s: %w", len(jobs), jobs[0].ID, err)
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

// PutJobs implements [store.Jobs].
func (s *Store) PutJobs(ctx context.Context, jobs []store.Job) error {
	if len(jobs) == 0 {
		return nil
	}
	return s.write(ctx, func(tx *tx) error {
		for _, j := range jobs {
			if err := putJob(tx, j); err != nil {
				return fmt.Errorf("storing job %s: %w", j.ID, err)
			}
		}
		return nil
	})
}

// Advance implements [store.Jobs].
func (s *Store) Advance(ctx context.Context, id string, done []byte, at time.Time) (store.Job, error) {
	var left store.Job
	err := s.write(ctx, func(tx *tx) (err error) {
		left, err = advance(tx, store.Step{ID: id, Done: done, At: at})
		return err
	})
	if err != nil {
		return store.Job{}, err
	}
	return left, nil
}

func advance(tx *tx, step store.Step) (store.Job, error) {
	found, err := queryTx(tx, scanJob, `SELECT `+jobColumns+` FROM job WHERE id = ?`, step.ID)
	if err != nil {
		return store.Job{}, fmt.Errorf("reading job %s: %w", step.ID, err)
	}
	if len(found) == 0 {
		return store.Job{}, store.ErrNotFound
	}
	left := found[0]
	rest, ok := bytes.CutPrefix(left.Payload, step.Done)
	if !ok {
		return store.Job{}, store.ErrConflict
	}
	left.Payload, left.Tries, left.LeasedUntil = rest, 0, step.At
	if len(rest) == 0 {
		err = tx.exec(`DELETE FROM job WHERE id = ?`, step.ID)
	} else {
		err = tx.exec(`UPDATE job SET payload = ?, tries = 0, leased_until = ? WHERE id = ?`, blob(rest), instant(step.At), step.ID)
	}
	if err != nil {
		return store.Job{}, fmt.Errorf("advancing job %s: %w", step.ID, err)
	}
	return left, nil
}

// AdvanceAll implements [store.Jobs].
func (s *Store) AdvanceAll(ctx context.Context, steps []store.Step) ([]store.Stepped, error) {
	if len(steps) == 0 {
		return nil, nil
	}
	var all []store.Stepped
	err := s.write(ctx, func(tx *tx) error {
		all = make([]store.Stepped, len(steps))
		for i, step := range steps {
			// Most steps take all that there is: that needs no look before.
			n, err := tx.change(`DELETE FROM job WHERE id = ? AND payload = ?`, step.ID, blob(step.Done))
			if err == nil && n == 1 {
				all[i].Job.ID = step.ID
				continue
			}
			if err == nil {
				all[i].Job, err = advance(tx, step)
			}
			if errors.Is(err, store.ErrConflict) || errors.Is(err, store.ErrNotFound) {
				all[i].Err, err = err, nil
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

// Job implements [store.Jobs].
func (s *Store) Job(ctx context.Context, id string) (store.Job, error) {
	found, err := read(ctx, s, scanJob, `SELECT `+jobColumns+` FROM job WHERE id = ?`, id)
	if err != nil {
		return store.Job{}, err
	}
	if len(found) == 0 {
		return store.Job{}, store.ErrNotFound
	}
	return found[0], nil
}

// JobsOfKind implements [store.Jobs].
func (s *Store) JobsOfKind(ctx context.Context, kind, after string, n int) ([]store.Job, error) {
	return read(ctx, s, scanJob, `SELECT `+jobColumns+` FROM job WHERE kind = ? AND id > ? ORDER BY id LIMIT (? + 0)`, kind, after, max(n, 0))
}
