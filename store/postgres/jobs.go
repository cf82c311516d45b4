package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ringtrip/ringtrip/store"
	"github.com/ringtrip/ringtrip/store/packed"
)

// Claim implements [store.Jobs].
func (s *Store) Claim(ctx context.Context, kind string, now time.Time, n int, lease time.Duration) ([]store.Job, error) {
	if lease <= 0 {
		n = min(n, maxClaim)
	}
	until := now.Add(lease)
	return claim(ctx, s, n, func(row pgx.CollectableRow) (c claimed[store.Job], err error) {
		c.one, err = scanJobAfter(row, &c.due)
		return c, err
	}, func(j store.Job) string { return j.ID }, `WITH due AS (
			SELECT id, leased_until FROM job WHERE kind = $1 AND leased_until <= $2 ORDER BY leased_until, id LIMIT $4 FOR UPDATE SKIP LOCKED
		) UPDATE job j SET leased_until = $3 FROM due WHERE j.id = ANY(ARRAY(SELECT id FROM due)) AND j.id = due.id
		RETURNING due.leased_until, j.id, j.call_id, j.kind, j.payload, j.leased_until, j.tries`, text(kind), packed.Nanos(now), packed.Nanos(until))
}

// Done implements [store.Jobs].
func (s *Store) Done(ctx context.Context, ids ...string) error {
	if len(ids) == 0 {
		return nil
	}
	_, err := s.write(ctx, ids[0], &write{t: store.Transition{DropJobs: ids}})
	return err
}

// Retry implements [store.Jobs].
func (s *Store) Retry(ctx context.Context, id string, at time.Time) error {
	_, err := once(ctx, s, pgx.RowTo[string], `UPDATE job SET leased_until = $2, tries = tries + 1 WHERE id = $1 RETURNING id`, text(id), packed.Nanos(at))
	return err
}

const jobColumns = `id, call_id, kind, payload, leased_until, tries`

func scanJob(row pgx.CollectableRow) (store.Job, error) { return scanJobAfter(row) }

// scanJobAfter scans jobColumns that stand behind others.
func scanJobAfter(row pgx.CollectableRow, others ...any) (j store.Job, err error) {
	var leased, tries int64
	err = row.Scan(append(others, &j.ID, &j.CallID, &j.Kind, &j.Payload, &leased, &tries)...)
	j.LeasedUntil, j.Tries = packed.Moment(leased), int(tries)
	return j, err
}

// advanced is what became of a job whose first part was done: it is gone, the rest of it waits, or it is another now.
type advanced struct {
	what string
	job  store.Job
}

func scanAdvanced(row pgx.CollectableRow) (a advanced, err error) {
	a.job, err = scanJobAfter(row, &a.what)
	return a, err
}

// PutJobs implements [store.Jobs].
func (s *Store) PutJobs(ctx context.Context, jobs []store.Job) error {
	if len(jobs) == 0 {
		return nil
	}
	_, err := s.write(ctx, jobs[0].ID, &write{t: store.Transition{Jobs: jobs}})
	return err
}

// Advance implements [store.Jobs].
func (s *Store) Advance(ctx context.Context, id string, done []byte, at time.Time) (store.Job, error) {
	// It is not tried again when the connection is lost: what comes next in the queue may look like what was done.
	a, err := once(ctx, s, scanAdvanced, `WITH old AS MATERIALIZED (
			SELECT `+jobColumns+` FROM job WHERE id = $1 FOR UPDATE
		), gone AS (
			DELETE FROM job j USING old WHERE j.id = $1 AND old.payload = $2 RETURNING j.id, j.call_id, j.kind, $2::bytea, $3::bigint, 0::bigint
		), rest AS (
			UPDATE job j SET payload = substr(old.payload, length($2) + 1), leased_until = $3, tries = 0 FROM old
			WHERE j.id = $1 AND length(old.payload) > length($2) AND substr(old.payload, 1, length($2)) = $2
			RETURNING j.id, j.call_id, j.kind, j.payload, j.leased_until, j.tries
		), both_of_them AS MATERIALIZED (
			SELECT 'gone' AS what, gone.* FROM gone UNION ALL SELECT 'rest', rest.* FROM rest
		) SELECT * FROM both_of_them UNION ALL SELECT 'other', old.* FROM old WHERE NOT EXISTS (SELECT 1 FROM both_of_them)`,
		text(id), blob(done), packed.Nanos(at))
	switch {
	case err != nil:
		return store.Job{}, err
	case a.what == "other":
		return store.Job{}, store.ErrConflict
	case a.what == "gone":
		a.job.Payload = nil
	}
	return a.job, nil
}

// AdvanceAll implements [store.Jobs].
func (s *Store) AdvanceAll(ctx context.Context, steps []store.Step) ([]store.Stepped, error) {
	if len(steps) == 0 {
		return nil, nil
	}
	var ids []string
	var dones [][]byte
	var ats []int64
	of := map[string]int{}
	for i, step := range steps {
		ids, dones, ats = append(ids, text(step.ID)), append(dones, blob(step.Done)), append(ats, packed.Nanos(step.At))
		of[text(step.ID)] = i
	}
	// As Advance: it is not tried again when the connection is lost. Locks are taken in the order of ids, as everywhere.
	rows, err := query1(ctx, s, undone, scanAdvanced, `WITH want AS MATERIALIZED (
			SELECT * FROM unnest($1::text[], $2::bytea[], $3::bigint[]) AS w (id, done, at)
		), old AS MATERIALIZED (
			SELECT `+jobColumns+` FROM job WHERE id = ANY($1) ORDER BY id FOR UPDATE
		), gone AS (
			DELETE FROM job j USING old, want w WHERE j.id = ANY($1) AND j.id = old.id AND j.id = w.id AND old.payload = w.done
			RETURNING j.id, ''::text, ''::text, ''::bytea, 0::bigint, 0::bigint
		), rest AS (
			UPDATE job j SET payload = substr(old.payload, length(w.done) + 1), leased_until = w.at, tries = 0 FROM old, want w
			WHERE j.id = ANY($1) AND j.id = old.id AND j.id = w.id
				AND length(old.payload) > length(w.done) AND substr(old.payload, 1, length(w.done)) = w.done
			RETURNING j.id, j.call_id, j.kind, j.payload, j.leased_until, j.tries
		), both_of_them AS MATERIALIZED (
			SELECT 'gone' AS what, gone.* FROM gone UNION ALL SELECT 'rest', rest.* FROM rest
		) SELECT * FROM both_of_them UNION ALL SELECT 'other', old.* FROM old WHERE NOT EXISTS (SELECT 1 FROM both_of_them b WHERE b.id = old.id)`,
		ids, dones, ats)
	if err != nil {
		return nil, err
	}
	all := make([]store.Stepped, len(steps))
	for i := range all {
		all[i].Err = store.ErrNotFound
	}
	for _, r := range rows {
		i, ok := of[r.job.ID]
		switch {
		case !ok:
		case r.what == "other":
			all[i].Err = store.ErrConflict
		case r.what == "gone":
			all[i] = store.Stepped{Job: store.Job{ID: steps[i].ID}}
		default:
			all[i] = store.Stepped{Job: r.job}
		}
	}
	return all, nil
}

// Job implements [store.Jobs].
func (s *Store) Job(ctx context.Context, id string) (store.Job, error) {
	return quickOne(ctx, s, scanJob, `SELECT `+jobColumns+` FROM job WHERE id = $1`, text(id))
}

// JobsOfKind implements [store.Jobs].
func (s *Store) JobsOfKind(ctx context.Context, kind, after string, n int) ([]store.Job, error) {
	return read(ctx, s, scanJob, `SELECT `+jobColumns+` FROM job WHERE kind = $1 AND id > $2 ORDER BY id LIMIT $3`, text(kind), text(after), max(n, 0))
}
