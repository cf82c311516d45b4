package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/ringtrip/ringtrip/store"
)

const callColumns = `c.id, c.app, c.rev, c.state, c.live, c.devices, c.users, c.key, c.timer, c.keep_until, c.created_at`

func scanCall(scan func(...any) error, before ...any) (store.Call, error) {
	var c store.Call
	var rev int64
	err := scan(append(before, &c.ID, &c.App, &rev, &c.State, &c.Live, (*names)(&c.Devices), (*names)(&c.Users),
		&c.Key, (*instant)(&c.Timer), (*instant)(&c.KeepUntil), (*instant)(&c.CreatedAt))...)
	c.Rev = uint64(rev)
	return c, err
}

// Commit implements [store.Calls].
func (s *Store) Commit(ctx context.Context, t store.Transition) (store.Committed, error) {
	if len(t.Call.State) > store.MaxState {
		return store.Committed{}, fmt.Errorf("%w: call %s has %d bytes", store.ErrTooBig, t.Call.ID, len(t.Call.State))
	}
	if t.ExpectRev >= math.MaxInt64 {
		return store.Committed{}, store.ErrConflict
	}
	var done store.Committed
	err := s.write(ctx, func(tx *tx) error {
		done = store.Committed{Rev: t.ExpectRev + 1}
		if err := putCall(tx, t.Call, t.ExpectRev); err != nil {
			return err
		}
		for _, id := range t.DropJobs {
			if err := tx.exec(`DELETE FROM job WHERE id = ?`, id); err != nil {
				return fmt.Errorf("dropping job %s: %w", id, err)
			}
		}
		for _, j := range t.Jobs {
			if err := putJob(tx, j); err != nil {
				return fmt.Errorf("storing job %s: %w", j.ID, err)
			}
		}
		var err error
		if done.Seqs, err = putEvents(tx, t.Call, t.Events); err != nil {
			return fmt.Errorf("storing the events of call %s: %w", t.Call.ID, err)
		}
		if err := putLedger(tx, t.Ledger); err != nil {
			return fmt.Errorf("storing the ledger of call %s: %w", t.Call.ID, err)
		}
		if t.History != nil {
			if err := putRecord(tx, *t.History); err != nil {
				return fmt.Errorf("storing the history of call %s: %w", t.History.CallID, err)
			}
		}
		return nil
	})
	if err != nil {
		return store.Committed{}, err
	}
	return done, nil
}

// oldCall returns what indices follow from as it is stored, with Rev 0 if there is no such call.
func oldCall(tx *tx, id string) (*callMemo, error) {
	if known := tx.memo.calls[id]; known != nil {
		return known, nil
	}
	old := &callMemo{ledger: -1}
	var rev int64
	err := tx.row(`SELECT app, rev, live, devices, users, key, timer, keep_until, created_at FROM call WHERE id = ?`, []any{id},
		&old.row.App, &rev, &old.row.Live, (*names)(&old.row.Devices), (*names)(&old.row.Users), &old.row.Key,
		(*instant)(&old.row.Timer), (*instant)(&old.row.KeepUntil), (*instant)(&old.row.CreatedAt))
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("reading call %s: %w", id, err)
	}
	old.rev = uint64(rev)
	return old, nil
}

// putCall makes or changes the call's row and what finds it. It checks everything that may conflict before it
// changes anything.
func putCall(tx *tx, c store.Call, expect uint64) error {
	old, err := oldCall(tx, c.ID)
	if err != nil {
		return err
	}
	if old.rev != expect {
		return store.ErrConflict
	}
	if c.Key != "" && (c.Key != old.row.Key || c.App != old.row.App) {
		var other string
		err := tx.row(`SELECT id FROM call WHERE app = ? AND key = ? AND key <> ''`, []any{c.App, c.Key}, &other)
		if err == nil {
			return store.ErrConflict
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("looking for key %q: %w", c.Key, err)
		}
	}
	switch {
	case expect == 0:
		err = tx.exec(`INSERT INTO call (id, app, rev, state, live, devices, users, key, timer, keep_until, created_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			c.ID, c.App, 1, blob(c.State), c.Live, names(c.Devices), names(c.Users), c.Key,
			instant(c.Timer), instant(c.KeepUntil), instant(c.CreatedAt))
	case !old.differs(c) && c.Timer.Equal(old.row.Timer): // no index follows from the rest
		err = tx.exec(`UPDATE call SET rev = ?, state = ? WHERE id = ?`, int64(expect+1), blob(c.State), c.ID)
	case !old.differs(c):
		err = tx.exec(`UPDATE call SET rev = ?, state = ?, timer = ? WHERE id = ?`, int64(expect+1), blob(c.State), instant(c.Timer), c.ID)
	default:
		err = tx.exec(`UPDATE call SET app = ?, rev = ?, state = ?, live = ?, devices = ?, users = ?, key = ?,
			timer = ?, keep_until = ?, created_at = ? WHERE id = ?`,
			c.App, int64(expect+1), blob(c.State), c.Live, names(c.Devices), names(c.Users), c.Key,
			instant(c.Timer), instant(c.KeepUntil), instant(c.CreatedAt), c.ID)
	}
	if err != nil {
		return fmt.Errorf("storing call %s: %w", c.ID, err)
	}
	if err := indexDevices(tx, c.ID, old.row, c); err != nil {
		return err
	}
	if err := indexUsers(tx, c.ID, old.row, c); err != nil {
		return err
	}
	tx.memo.keep(c.ID, &callMemo{rev: expect + 1, row: c, ledger: old.ledger})
	return nil
}

// differs reports whether c has another value than the stored row where an index follows from it, the timer apart.
func (m *callMemo) differs(c store.Call) bool {
	return m.row.App != c.App || m.row.Live != c.Live || m.row.Key != c.Key || !m.row.KeepUntil.Equal(c.KeepUntil) || !m.row.CreatedAt.Equal(c.CreatedAt) ||
		!slices.Equal(m.row.Devices, c.Devices) || !slices.Equal(m.row.Users, c.Users)
}

var (
	insertDevices = rowsFor(`INSERT OR IGNORE INTO call_device (app, device, call_id)`, 3)
	insertUsers   = rowsFor(`INSERT OR IGNORE INTO call_user (app, user, call_id)`, 3)
)

func indexDevices(tx *tx, id string, old, c store.Call) error {
	if old.App == c.App && slices.Equal(old.Devices, c.Devices) {
		return nil
	}
	if slices.ContainsFunc(old.Devices, func(d string) bool { return old.App != c.App || !slices.Contains(c.Devices, d) }) {
		if err := spread(tx, old.App, id); err != nil {
			return fmt.Errorf("spreading the events of call %s: %w", id, err)
		}
	}
	for _, d := range old.Devices {
		if err := tx.exec(`DELETE FROM call_device WHERE app = ? AND device = ? AND call_id = ?`, old.App, d, id); err != nil {
			return fmt.Errorf("taking call %s from device %s: %w", id, d, err)
		}
	}
	args := make([]any, 0, 3*len(c.Devices))
	for _, d := range c.Devices {
		args = append(args, c.App, d, id)
	}
	if err := insertDevices.insert(tx, 3, args); err != nil {
		return fmt.Errorf("giving call %s to its devices: %w", id, err)
	}
	return nil
}

func indexUsers(tx *tx, id string, old, c store.Call) error {
	if !old.Live {
		old.Users = nil
	}
	if !c.Live {
		c.Users = nil
	}
	if old.App == c.App && slices.Equal(old.Users, c.Users) {
		return nil
	}
	for _, u := range old.Users {
		if err := tx.exec(`DELETE FROM call_user WHERE app = ? AND user = ? AND call_id = ?`, old.App, u, id); err != nil {
			return fmt.Errorf("taking call %s from user %s: %w", id, u, err)
		}
	}
	args := make([]any, 0, 3*len(c.Users))
	for _, u := range c.Users {
		args = append(args, c.App, u, id)
	}
	if err := insertUsers.insert(tx, 3, args); err != nil {
		return fmt.Errorf("giving call %s to its users: %w", id, err)
	}
	return nil
}

// Call implements [store.Calls].
func (s *Store) Call(ctx context.Context, id string) (store.Call, error) {
	return s.oneCall(ctx, `SELECT `+callColumns+` FROM call c WHERE c.id = ?`, id)
}

// CallByKey implements [store.Calls].
func (s *Store) CallByKey(ctx context.Context, app, key string) (store.Call, error) {
	return s.oneCall(ctx, `SELECT `+callColumns+` FROM call c WHERE c.app = ? AND c.key = ? AND c.key <> ''`, app, key)
}

func (s *Store) oneCall(ctx context.Context, query string, args ...any) (store.Call, error) {
	calls, err := read(ctx, s, func(rows *sql.Rows) (store.Call, error) { return scanCall(rows.Scan) }, query, args...)
	if err != nil {
		return store.Call{}, err
	}
	if len(calls) == 0 {
		return store.Call{}, store.ErrNotFound
	}
	return calls[0], nil
}

// CallsOfDevice implements [store.Calls].
func (s *Store) CallsOfDevice(ctx context.Context, app, device string) ([]store.Call, uint64, error) {
	// One statement, so that the calls and the cursor are of one moment.
	var newest uint64
	calls, err := read(ctx, s, func(rows *sql.Rows) (store.Call, error) {
		var kind int
		c, err := scanCall(rows.Scan, &kind)
		switch {
		case err != nil || kind == 2:
			return c, err
		case kind == 1:
			seq, err := newestOf(device, c.ID, c.State)
			newest = max(newest, seq)
			return store.Call{}, err
		}
		newest = max(newest, c.Rev)
		return store.Call{}, nil
	}, `SELECT * FROM (
			SELECT 0 AS kind, '' AS id, '' AS app, `+rowSeq+` AS rev, x'' AS state, 0 AS live, '[]' AS devices, '[]' AS users, '' AS key,
				0 AS timer, 0 AS keep_until, 0 AS created_at
			UNION ALL
			SELECT 1, t.call_id, '', 0, t.events, 0, '[]', '[]', '', 0, 0, 0 FROM call_device d JOIN told t ON t.call_id = d.call_id WHERE d.app = ?1 AND d.device = ?2
			UNION ALL
			SELECT 2, `+callColumns+` FROM call_device d JOIN call c ON c.id = d.call_id WHERE d.app = ?1 AND d.device = ?2
		) ORDER BY kind, created_at, id`, app, device)
	if err != nil {
		return nil, 0, err
	}
	return slices.DeleteFunc(calls, func(c store.Call) bool { return c.Rev == 0 }), newest, nil
}

// CallsOfUser implements [store.Calls].
func (s *Store) CallsOfUser(ctx context.Context, app, user string) ([]store.Call, error) {
	return s.calls(ctx, `SELECT `+callColumns+` FROM call_user u JOIN call c ON c.id = u.call_id
		WHERE u.app = ? AND u.user = ? ORDER BY c.created_at, c.id`, app, user)
}

// LiveCalls implements [store.Calls].
func (s *Store) LiveCalls(ctx context.Context, app string, n int) ([]store.Call, error) {
	return s.calls(ctx, `SELECT `+callColumns+` FROM call c WHERE c.live = 1 AND c.app = ?
		ORDER BY c.created_at DESC, c.id DESC LIMIT (? + 0)`, app, max(n, 0))
}

func (s *Store) calls(ctx context.Context, query string, args ...any) ([]store.Call, error) {
	return read(ctx, s, func(rows *sql.Rows) (store.Call, error) { return scanCall(rows.Scan) }, query, args...)
}

// DueTimers implements [store.Calls].
func (s *Store) DueTimers(ctx context.Context, now time.Time, n int, lease time.Duration) ([]store.Call, error) {
	var due []store.Call
	err := s.write(ctx, func(tx *tx) (err error) {
		due, err = queryTx(tx, func(rows *sql.Rows) (store.Call, error) { return scanCall(rows.Scan) },
			`SELECT `+callColumns+` FROM call c WHERE c.timer <> 0 AND c.timer <= ? ORDER BY c.timer, c.id LIMIT (? + 0)`,
			instant(now), max(n, 0))
		if err != nil {
			return fmt.Errorf("looking for due timers: %w", err)
		}
		for i := range due {
			due[i].Timer = now.Add(lease)
			tx.memo.forget(due[i].ID)
			if err := tx.exec(`UPDATE call SET timer = ? WHERE id = ?`, instant(due[i].Timer), due[i].ID); err != nil {
				return fmt.Errorf("leasing the timer of call %s: %w", due[i].ID, err)
			}
		}
		return nil
	})
	return due, err
}

// NextTimer implements [store.Calls].
func (s *Store) NextTimer(ctx context.Context) (time.Time, error) {
	next, err := read(ctx, s, func(rows *sql.Rows) (t time.Time, err error) { return t, rows.Scan((*instant)(&t)) },
		`SELECT timer FROM call WHERE timer <> 0 ORDER BY timer LIMIT 1`)
	if err != nil || len(next) == 0 {
		return time.Time{}, err
	}
	return next[0], nil
}

// maxPurge bounds how many calls one transaction forgets, so that a long purge does not hold up commits.
const maxPurge = 64

// Purge implements [store.Calls].
func (s *Store) Purge(ctx context.Context, now time.Time) (int, error) {
	total := 0
	for {
		var purged int
		err := s.write(ctx, func(tx *tx) error {
			tombs, err := queryTx(tx, func(rows *sql.Rows) (store.Call, error) { return scanCall(rows.Scan) },
				`SELECT `+callColumns+` FROM call c WHERE c.live = 0 AND c.keep_until < ? LIMIT (? + 0)`, instant(now), maxPurge)
			if err != nil {
				return fmt.Errorf("looking for old tombstones: %w", err)
			}
			purged = len(tombs)
			for _, c := range tombs {
				if err := forget(tx, c); err != nil {
					return fmt.Errorf("forgetting call %s: %w", c.ID, err)
				}
			}
			return nil
		})
		if err != nil {
			return total, err
		}
		if total += purged; purged < maxPurge {
			return total, nil
		}
	}
}

func forget(tx *tx, c store.Call) error {
	tx.memo.forget(c.ID)
	if err := forgetTold(tx, c.App, c.ID); err != nil {
		return err
	}
	if err := indexDevices(tx, c.ID, c, store.Call{}); err != nil {
		return err
	}
	if err := forgetEvents(tx, c.ID); err != nil {
		return err
	}
	return tx.exec(`DELETE FROM call WHERE id = ?`, c.ID)
}
