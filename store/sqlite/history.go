package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/ringtrip/ringtrip/store"
)

const recordColumns = `call_id, app, caller, caller_name, caller_handle, callee, video, reason, created_at, answered_at, ended_at, answered_by, group_id`

func scanRecord(rows *sql.Rows) (r store.Record, err error) {
	return r, rows.Scan(&r.CallID, &r.App, &r.Caller, &r.CallerName, &r.CallerHandle, &r.Callee, &r.Video, &r.Reason,
		(*instant)(&r.CreatedAt), (*instant)(&r.AnsweredAt), (*instant)(&r.EndedAt), &r.AnsweredBy, &r.Group)
}

func putRecord(tx *tx, r store.Record) error {
	return tx.exec(`INSERT OR REPLACE INTO history (`+recordColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		r.CallID, r.App, r.Caller, r.CallerName, r.CallerHandle, r.Callee, r.Video, r.Reason,
		instant(r.CreatedAt), instant(r.AnsweredAt), instant(r.EndedAt), r.AnsweredBy, r.Group)
}

// HistoryOfUser implements [store.History].
func (s *Store) HistoryOfUser(ctx context.Context, app, user, before string, n int) ([]store.Record, string, error) {
	at, id, err := readMark(before)
	if err != nil {
		return nil, "", err
	}
	if n <= 0 {
		return nil, "", nil
	}
	n = min(n, math.MaxInt32)
	records, err := read(ctx, s, scanRecord,
		`SELECT `+recordColumns+` FROM history WHERE app = ?1 AND caller = ?2 AND (created_at, call_id) < (?3, ?4)
		UNION ALL
		SELECT `+recordColumns+` FROM history WHERE app = ?1 AND callee = ?2 AND caller <> ?2 AND (created_at, call_id) < (?3, ?4)
		ORDER BY created_at DESC, call_id DESC LIMIT ?5`, app, user, at, id, n+1)
	if err != nil {
		return nil, "", err
	}
	if len(records) <= n {
		return records, "", nil
	}
	mark, err := mark(records[n-1])
	return records[:n], mark, err
}

// mark is the page mark after r: its place in the order.
func mark(r store.Record) (string, error) {
	at, err := instant(r.CreatedAt).Value()
	return fmt.Sprintf("%d.%s", at, r.CallID), err
}

func readMark(mark string) (at int64, id string, err error) {
	if mark == "" {
		return math.MaxInt64, "", nil
	}
	ns, id, ok := strings.Cut(mark, ".")
	if at, err = strconv.ParseInt(ns, 10, 64); err != nil || !ok {
		return 0, "", fmt.Errorf("%w: %.80q", store.ErrPageMark, mark)
	}
	return at, id, nil
}

// HistoryOfCall implements [store.History].
func (s *Store) HistoryOfCall(ctx context.Context, callID string) (store.Record, error) {
	found, err := read(ctx, s, scanRecord, `SELECT `+recordColumns+` FROM history WHERE call_id = ?`, callID)
	if err != nil {
		return store.Record{}, err
	}
	if len(found) == 0 {
		return store.Record{}, store.ErrNotFound
	}
	return found[0], nil
}

// LatestHistory implements [store.History].
func (s *Store) LatestHistory(ctx context.Context, app string, n int) ([]store.Record, error) {
	return read(ctx, s, scanRecord, `SELECT `+recordColumns+` FROM history WHERE app = ?
		ORDER BY created_at DESC, call_id DESC LIMIT (? + 0)`, app, max(n, 0))
}
