package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ringtrip/ringtrip/store"
	"github.com/ringtrip/ringtrip/store/packed"
)

var _ store.Presence = (*Store)(nil)

const streamColumns = `app, device, node, id, foreground, left_at`

func scanStream(row pgx.CollectableRow) (s store.Stream, err error) {
	var left int64
	err = row.Scan(&s.App, &s.Device, &s.Node, &s.ID, &s.Foreground, &left)
	s.LeftAt = packed.Moment(left)
	return s, err
}

// Attach implements [store.Presence]. If it is carried out twice because a connection was lost, before may be s itself.
func (s *Store) Attach(ctx context.Context, now store.Stream) (store.Stream, error) {
	before, err := one(ctx, s, scanStream, `WITH old AS (SELECT `+streamColumns+` FROM stream WHERE app = $1 AND device = $2 FOR UPDATE),
		new AS (INSERT INTO stream (`+streamColumns+`) VALUES ($1, $2, $3, $4, $5, 0)
			ON CONFLICT (app, device) DO UPDATE SET node = excluded.node, id = excluded.id, foreground = excluded.foreground, left_at = 0)
		SELECT `+streamColumns+` FROM old`,
		text(now.App), text(now.Device), text(now.Node), text(now.ID), now.Foreground)
	if errors.Is(err, store.ErrNotFound) || before.ID == now.ID {
		return store.Stream{}, skip(err)
	}
	return before, err
}

// skip makes "there is none" no error.
func skip(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}

// Detach implements [store.Presence].
func (s *Store) Detach(ctx context.Context, was store.Stream) error {
	return s.change(ctx, func(b *pgx.Batch) {
		b.Queue(`UPDATE stream SET node = '', left_at = $4 WHERE app = $1 AND device = $2 AND id = $3 AND length(node) > 0`,
			text(was.App), text(was.Device), text(was.ID), packed.Nanos(was.LeftAt))
	})
}

// StreamsOf implements [store.Presence].
func (s *Store) StreamsOf(ctx context.Context, app string, devices []string) ([]store.Stream, error) {
	if len(devices) == 0 {
		return nil, nil
	}
	plain := make([]string, len(devices))
	for i, d := range devices {
		plain[i] = text(d)
	}
	return quick(ctx, s, scanStream, `SELECT `+streamColumns+` FROM stream WHERE app = $1 AND device = ANY($2)`, text(app), plain)
}

// Beat implements [store.Presence]. A beat that is carried out twice, because a connection was lost, does no harm.
func (s *Store) Beat(ctx context.Context, node string) ([]store.Node, error) {
	err := s.change(ctx, func(b *pgx.Batch) {
		b.Queue(`INSERT INTO node AS old (id, beat, reads) VALUES ($1, 1, $2) ON CONFLICT (id) DO UPDATE SET beat = old.beat + 1, reads = excluded.reads`,
			text(node), packing)
	})
	if err != nil {
		return nil, err
	}
	nodes, all, err := s.nodes(ctx)
	if err == nil && all {
		s.packs.Store(true)
	}
	return nodes, err
}

// nodes returns all nodes, and whether all of them can read packed rows. Once they can, none comes that can't: it would
// not open a schema that is newer than itself.
func (s *Store) nodes(ctx context.Context) (_ []store.Node, canRead bool, err error) {
	canRead = true
	all, err := read(ctx, s, func(row pgx.CollectableRow) (n store.Node, err error) {
		var beat, reads int64
		err = row.Scan(&n.ID, &beat, &reads)
		n.Beat = uint64(beat)
		canRead = canRead && reads >= packing
		return n, err
	}, `SELECT id, beat, reads FROM node`)
	return all, canRead, err
}

// RemoveNode implements [store.Presence].
func (s *Store) RemoveNode(ctx context.Context, node string, at time.Time) error {
	return s.change(ctx, func(b *pgx.Batch) {
		b.Queue(`UPDATE stream SET node = '', left_at = $2 WHERE node = $1 AND node <> ''`, text(node), packed.Nanos(at))
		b.Queue(`DELETE FROM node WHERE id = $1`, text(node))
	})
}
