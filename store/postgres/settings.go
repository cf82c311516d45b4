package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/ringtrip/ringtrip/store"
)

// Settle implements [store.Settings].
func (s *Store) Settle(ctx context.Context, name string, value []byte) ([]byte, error) {
	settled, err := s.setting(ctx, name)
	if err != nil || len(settled) > 0 || len(value) == 0 {
		return settled, err
	}
	err = s.change(ctx, func(b *pgx.Batch) {
		b.Queue(`INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING`, text(name), value)
	})
	if err != nil {
		return nil, err
	}
	return s.setting(ctx, name) // ours, or of whoever was first
}

func (s *Store) setting(ctx context.Context, name string) ([]byte, error) {
	value, err := one(ctx, s, pgx.RowTo[[]byte], `SELECT value FROM setting WHERE name = $1`, text(name))
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	return value, err
}
