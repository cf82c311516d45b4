package postgres

import (
	"context"
	"errors"
	"math"

	"github.com/jackc/pgx/v5"

	"github.com/ringtrip/ringtrip/store"
)

const userColumns = `app, id, rev, wishes`

// User implements [store.Users].
func (s *Store) User(ctx context.Context, app, id string) (store.User, error) {
	return quickOne(ctx, s, scanUser, `SELECT `+userColumns+` FROM member WHERE app = $1 AND id = $2`, text(app), text(id))
}

func scanUser(row pgx.CollectableRow) (u store.User, err error) {
	var rev int64
	err = row.Scan(&u.App, &u.ID, &rev, &u.Wishes)
	u.Rev = uint64(rev)
	return u, err
}

// PutUser implements [store.Users]. If the connection is lost in the moment of the commit, it may return
// ErrConflict although the row was stored: whoever reads again sees it.
func (s *Store) PutUser(ctx context.Context, u store.User) (uint64, error) {
	if len(u.Wishes) > store.MaxState {
		return 0, store.ErrTooBig
	}
	if u.Rev >= math.MaxInt64 {
		return 0, store.ErrConflict
	}
	query := `UPDATE member SET rev = rev + 1, wishes = $3 WHERE app = $1 AND id = $2 AND rev = $4 RETURNING rev`
	if u.Rev == 0 {
		query = `INSERT INTO member (app, id, rev, wishes) VALUES ($1, $2, $4::bigint + 1, $3) ON CONFLICT DO NOTHING RETURNING rev`
	}
	rev, err := one(ctx, s, pgx.RowTo[int64], query, text(u.App), text(u.ID), blob(u.Wishes), int64(u.Rev))
	if errors.Is(err, store.ErrNotFound) {
		err = store.ErrConflict
	}
	return uint64(rev), err
}
