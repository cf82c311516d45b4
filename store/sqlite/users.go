package sqlite

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/ringtrip/ringtrip/store"
)

const userColumns = `app, id, rev, wishes`

func scanUser(rows *sql.Rows) (u store.User, err error) {
	var rev int64
	err = rows.Scan(&u.App, &u.ID, &rev, &u.Wishes)
	u.Rev = uint64(rev)
	return u, err
}

// User implements [store.Users].
func (s *Store) User(ctx context.Context, app, id string) (store.User, error) {
	found, err := read(ctx, s, scanUser, `SELECT `+userColumns+` FROM user WHERE app = ? AND id = ?`, app, id)
	if err != nil {
		return store.User{}, err
	}
	if len(found) == 0 {
		return store.User{}, store.ErrNotFound
	}
	return found[0], nil
}

// PutUser implements [store.Users].
func (s *Store) PutUser(ctx context.Context, u store.User) (uint64, error) {
	if len(u.Wishes) > store.MaxState {
		return 0, store.ErrTooBig
	}
	if u.Wishes == nil {
		u.Wishes = []byte{} // NULL is no blob
	}
	err := s.write(ctx, func(tx *tx) error {
		query, args := `UPDATE user SET rev = rev + 1, wishes = ? WHERE app = ? AND id = ? AND rev = ?`, []any{u.Wishes, u.App, u.ID, u.Rev}
		if u.Rev == 0 {
			query, args = `INSERT INTO user (app, id, rev, wishes) VALUES (?, ?, 1, ?) ON CONFLICT DO NOTHING`, []any{u.App, u.ID, u.Wishes}
		}
		n, err := tx.change(query, args...)
		if err != nil {
			return fmt.Errorf("storing user %s: %w", u.ID, err)
		}
		if n == 0 {
			return store.ErrConflict
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return u.Rev + 1, nil
}
