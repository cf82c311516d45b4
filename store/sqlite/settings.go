package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// Settle implements [store.Settings].
func (s *Store) Settle(ctx context.Context, name string, value []byte) ([]byte, error) {
	found, err := read(ctx, s, func(rows *sql.Rows) (v []byte, err error) { return v, rows.Scan(&v) },
		`SELECT value FROM setting WHERE name = ?`, name)
	if err != nil {
		return nil, err
	}
	if len(found) > 0 {
		return found[0], nil
	}
	if len(value) == 0 {
		return nil, nil
	}
	var settled []byte
	err = s.write(ctx, func(tx *tx) error {
		err := tx.row(`SELECT value FROM setting WHERE name = ?`, []any{name}, &settled)
		if err == nil {
			return nil
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("reading setting %s: %w", name, err)
		}
		settled = value
		if err := tx.exec(`INSERT INTO setting (name, value) VALUES (?, ?)`, name, value); err != nil {
			return fmt.Errorf("storing setting %s: %w", name, err)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return settled, nil
}
