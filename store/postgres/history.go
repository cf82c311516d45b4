package postgres

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/ringtrip/ringtrip/store"
	"github.com/ringtrip/ringtrip/store/packed"
)

const recordColumns = `call_id, app, caller, caller_name, caller_handle, callee, video, reason, created_at, answered_at, ended_at, answered_by, group_id`

func scanRecord(row pgx.CollectableRow) (r store.Record, err error) {
	var reason, created, answered, ended int64
	err = row.Scan(&r.CallID, &r.App, &r.Caller, &r.CallerName, &r.CallerHandle, &r.Callee, &r.Video, &reason,
		&created, &answered, &ended, &r.AnsweredBy, &r.Group)
	r.Reason, r.CreatedAt, r.AnsweredAt, r.EndedAt = uint8(reason), packed.Moment(created), packed.Moment(answered), packed.Moment(ended)
	return r, err
}

// HistoryOfUser implements [store.History].
func (s *Store) HistoryOfUser(ctx context.Context, app, user, before string, n int) ([]store.Record, string, error) {
	at, id, err := readMark(before)
	if err != nil {
		return nil, "", err
	}
	if n <= 0 {
		return nil, "", ctx.Err()
	}
	n = min(n, math.MaxInt32)
	// Each half comes out of its index in the order asked for, and no further than the page goes.
	records, err := read(ctx, s, scanRecord, `
		(SELECT `+recordColumns+` FROM history WHERE app = $1 AND caller = $2 AND (created_at, call_id) < ($3, $4)
			ORDER BY created_at DESC, call_id DESC LIMIT $5)
		UNION ALL
		(SELECT `+recordColumns+` FROM history WHERE app = $1 AND callee = $2 AND caller <> $2 AND (created_at, call_id) < ($3, $4)
			ORDER BY created_at DESC, call_id DESC LIMIT $5)
		ORDER BY created_at DESC, call_id DESC LIMIT $5`, text(app), text(user), at, text(id), n+1)
	if err != nil {
		return nil, "", err
	}
	if len(records) <= n {
		return records, "", nil
	}
	last := records[n-1]
	return records[:n], fmt.Sprintf("%d.%s", packed.Nanos(last.CreatedAt), last.CallID), nil
}

// readMark reads a page mark: the place in the order of the last record before the page.
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
	return quickOne(ctx, s, scanRecord, `SELECT `+recordColumns+` FROM history WHERE call_id = $1`, text(callID))
}

// LatestHistory implements [store.History].
func (s *Store) LatestHistory(ctx context.Context, app string, n int) ([]store.Record, error) {
	return read(ctx, s, scanRecord, `SELECT `+recordColumns+` FROM history WHERE app = $1
		ORDER BY created_at DESC, call_id DESC LIMIT $2`, text(app), max(n, 0))
}
