package postgres

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ringtrip/ringtrip/store"
	"github.com/ringtrip/ringtrip/store/packed"
)

const callColumns = `c.id, c.app, c.rev, c.state, c.live, c.devices, c.users, c.key, c.timer, c.keep_until, c.created_at`

// callRow is a call as it stands in a row.
type callRow struct {
	store.Call
	rev                      int64
	devices, users           string
	timer, keepUntil, atTime int64
}

func (r *callRow) columns() []any {
	return []any{&r.ID, &r.App, &r.rev, &r.State, &r.Live, &r.devices, &r.users, &r.Key, &r.timer, &r.keepUntil, &r.atTime}
}

func (r *callRow) call() (store.Call, error) {
	c := r.Call
	c.Rev = uint64(r.rev)
	c.Timer, c.KeepUntil, c.CreatedAt = packed.Moment(r.timer), packed.Moment(r.keepUntil), packed.Moment(r.atTime)
	var err error
	if c.Devices, err = list(r.devices); err != nil {
		return c, fmt.Errorf("the devices of call %s: %w", c.ID, err)
	}
	if c.Users, err = list(r.users); err != nil {
		return c, fmt.Errorf("the users of call %s: %w", c.ID, err)
	}
	return c, nil
}

func scanCall(row pgx.CollectableRow) (store.Call, error) {
	var r callRow
	if err := row.Scan(r.columns()...); err != nil {
		return store.Call{}, err
	}
	return r.call()
}

// Commit implements [store.Calls].
func (s *Store) Commit(ctx context.Context, t store.Transition) (store.Committed, error) {
	if len(t.Call.State) > store.MaxState {
		return store.Committed{}, fmt.Errorf("%w: call %s has %d bytes", store.ErrTooBig, t.Call.ID, len(t.Call.State))
	}
	if t.ExpectRev >= math.MaxInt64 {
		return store.Committed{}, store.ErrConflict
	}
	return s.write(ctx, t.Call.ID, &write{cas: true, t: t})
}

// Call implements [store.Calls].
func (s *Store) Call(ctx context.Context, id string) (store.Call, error) {
	return quickOne(ctx, s, scanCall, `SELECT `+callColumns+` FROM call c WHERE c.id = $1`, text(id))
}

// CallByKey implements [store.Calls].
func (s *Store) CallByKey(ctx context.Context, app, key string) (store.Call, error) {
	return quickOne(ctx, s, scanCall, `SELECT `+callColumns+` FROM call c WHERE c.app = $1 AND c.key = $2 AND c.key <> ''`, text(app), text(key))
}

// CallsOfDevice implements [store.Calls].
func (s *Store) CallsOfDevice(ctx context.Context, app, device string) ([]store.Call, uint64, error) {
	// One statement, so that the calls and the cursor are of one moment. Its first row is the cursor alone.
	type row struct {
		newest int64
		call   store.Call
	}
	all, err := quick(ctx, s, func(collected pgx.CollectableRow) (row, error) {
		var one row
		var r callRow
		err := collected.Scan(append([]any{&one.newest}, r.columns()...)...)
		if err == nil && one.newest < 0 {
			one.call, err = r.call()
		}
		return one, err
	}, `SELECT * FROM (
			SELECT coalesce((SELECT seq FROM cursor WHERE app = $1 AND device = $2), 0) AS newest,
				'' AS id, '' AS app, 0::bigint AS rev, ''::bytea AS state, false AS live, '' AS devices, '' AS users, '' AS key,
				0::bigint AS timer, 0::bigint AS keep_until, 0::bigint AS created_at
			UNION ALL
			SELECT -1, `+callColumns+` FROM call c WHERE c.id = ANY(ARRAY(SELECT call_id FROM call_device WHERE app = $1 AND device = $2))
		) AS both_of_them ORDER BY newest < 0, created_at, id`, text(app), text(device))
	if err != nil {
		return nil, 0, err
	}
	var calls []store.Call
	for _, r := range all[1:] {
		calls = append(calls, r.call)
	}
	return calls, uint64(all[0].newest), nil
}

// CallsOfUser implements [store.Calls].
func (s *Store) CallsOfUser(ctx context.Context, app, user string) ([]store.Call, error) {
	// Neither a join, nor whether the call is live: a plan that was made while there were few would read all calls for it.
	all, err := quick(ctx, s, scanCall, `SELECT `+callColumns+` FROM call c
		WHERE c.id = ANY(ARRAY(SELECT call_id FROM call_user WHERE app = $1 AND "user" = $2)) ORDER BY c.created_at, c.id`, text(app), text(user))
	return slices.DeleteFunc(all, func(c store.Call) bool { return !c.Live }), err
}

// LiveCalls implements [store.Calls].
func (s *Store) LiveCalls(ctx context.Context, app string, n int) ([]store.Call, error) {
	return read(ctx, s, scanCall, `SELECT `+callColumns+` FROM call c WHERE c.live AND c.app = $1
		ORDER BY c.created_at DESC, c.id DESC LIMIT $2`, text(app), max(n, 0))
}

// maxClaim bounds how many rows one statement leases or forgets, so that none takes long.
const maxClaim = 256

// claimed is something that was leased, with when it was due.
type claimed[T any] struct {
	due int64
	one T
}

// claim runs a query that leases up to so many rows as its last parameter says, until n are leased or none is
// left, and returns them in the order that they were due. What another node leases in the same moment is skipped.
func claim[T any](ctx context.Context, s *Store, n int, scan func(pgx.CollectableRow) (claimed[T], error), id func(T) string, query string, args ...any) ([]T, error) {
	var all []claimed[T]
	for n > len(all) {
		chunk := min(n-len(all), maxClaim)
		some, err := read(ctx, s, scan, query, append(args, chunk)...)
		if err != nil {
			if len(all) > 0 {
				break // they are leased: whoever asked must have them
			}
			return nil, err
		}
		all = append(all, some...)
		if len(some) < chunk {
			break
		}
	}
	slices.SortFunc(all, func(a, b claimed[T]) int { return cmp.Or(cmp.Compare(a.due, b.due), cmp.Compare(id(a.one), id(b.one))) })
	var these []T
	for _, c := range all {
		these = append(these, c.one)
	}
	return these, nil
}

// DueTimers implements [store.Calls].
func (s *Store) DueTimers(ctx context.Context, now time.Time, n int, lease time.Duration) ([]store.Call, error) {
	until := now.Add(lease)
	if lease <= 0 {
		n = min(n, maxClaim) // or they would be due again at once, for ever
	}
	return claim(ctx, s, n, func(row pgx.CollectableRow) (c claimed[store.Call], err error) {
		var r callRow
		if err := row.Scan(append([]any{&c.due}, r.columns()...)...); err != nil {
			return c, err
		}
		c.one, err = r.call()
		return c, err
	}, func(c store.Call) string { return c.ID }, `WITH due AS (
			SELECT id, timer FROM call WHERE timer <> 0 AND timer <= $1 ORDER BY timer, id LIMIT $3 FOR UPDATE SKIP LOCKED
		) UPDATE call c SET timer = $2 FROM due WHERE c.id = ANY(ARRAY(SELECT id FROM due)) AND c.id = due.id
		RETURNING due.timer, `+callColumns, packed.Nanos(now), packed.Nanos(until))
}

// NextTimer implements [store.Calls].
func (s *Store) NextTimer(ctx context.Context) (time.Time, error) {
	next, err := read(ctx, s, pgx.RowTo[int64], `SELECT timer FROM call WHERE timer <> 0 ORDER BY timer LIMIT 1`)
	if err != nil || len(next) == 0 {
		return time.Time{}, err
	}
	return packed.Moment(next[0]), nil
}

// Purge implements [store.Calls].
func (s *Store) Purge(ctx context.Context, now time.Time) (int, error) {
	total := 0
	for {
		// Rows that are locked are being purged by another node, or changed by a commit: later, then. The rows that
		// find the call are read out of the call itself. Events are locked in the order in which a
		// device's are trimmed, but not found in it.
		purged, err := read(ctx, s, pgx.RowTo[string], `WITH
			old AS MATERIALIZED (SELECT id, app, devices, users FROM call WHERE NOT live AND keep_until < $1 LIMIT $2 FOR UPDATE SKIP LOCKED),
			device AS MATERIALIZED (SELECT old.app, n.name, old.id FROM old, json_array_elements_text(old.devices::json) AS n (name)),
			member AS MATERIALIZED (SELECT old.app, n.name, old.id FROM old, json_array_elements_text(old.users::json) AS n (name)),
			single AS MATERIALIZED (SELECT app, device, seq FROM event WHERE call_id = ANY(ARRAY(SELECT id FROM old)) ORDER BY app || '', device, seq FOR UPDATE),
			gone1 AS (DELETE FROM call_device WHERE app = ANY(ARRAY(SELECT app FROM device)) AND device = ANY(ARRAY(SELECT name FROM device))
				AND call_id = ANY(ARRAY(SELECT id FROM old))),
			gone2 AS (DELETE FROM call_user WHERE app = ANY(ARRAY(SELECT app FROM member)) AND "user" = ANY(ARRAY(SELECT name FROM member))
				AND call_id = ANY(ARRAY(SELECT id FROM old))),
			gone3 AS (DELETE FROM event WHERE call_id = ANY(ARRAY(SELECT id FROM old)) AND (SELECT count(*) FROM single) > 0),
			gone4 AS (DELETE FROM told WHERE call_id = ANY(ARRAY(SELECT id FROM old)))
			DELETE FROM call WHERE id = ANY(ARRAY(SELECT id FROM old)) RETURNING id`, packed.Nanos(now), maxClaim)
		if err != nil {
			return total, err
		}
		if total += len(purged); len(purged) < maxClaim {
			return total, nil
		}
	}
}
