package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/ringtrip/ringtrip/store"
	"github.com/ringtrip/ringtrip/store/packed"
)

const deviceColumns = `app, id, "user", name, platform, bundle_id, voip_token, environment, app_version, os_version, registered_at, seen_at, alert_token, alert_registered_at, seal_key`

func scanDevice(row pgx.CollectableRow) (d store.Device, err error) {
	var environment, registered, seen, alert int64
	err = row.Scan(&d.App, &d.ID, &d.User, &d.Name, &d.Platform, &d.BundleID, &d.VoIPToken, &environment,
		&d.AppVersion, &d.OSVersion, &registered, &seen, &d.AlertToken, &alert, &d.SealKey)
	d.Environment, d.RegisteredAt, d.SeenAt = uint8(environment), packed.Moment(registered), packed.Moment(seen)
	d.AlertRegisteredAt = packed.Moment(alert)
	return d, err
}

// deviceArgs are the values of deviceColumns.
func deviceArgs(d store.Device) []any {
	return []any{text(d.App), text(d.ID), text(d.User), text(d.Name), text(d.Platform), text(d.BundleID), text(d.VoIPToken), int64(d.Environment),
		text(d.AppVersion), text(d.OSVersion), packed.Nanos(d.RegisteredAt), packed.Nanos(d.SeenAt), text(d.AlertToken), packed.Nanos(d.AlertRegisteredAt), text(d.SealKey)}
}

// PutDevice implements [store.Devices].
func (s *Store) PutDevice(ctx context.Context, d store.Device) error {
	for {
		err := s.change(ctx, func(b *pgx.Batch) {
			if d.VoIPToken != "" {
				b.Queue(`UPDATE device SET voip_token = '' WHERE voip_token = $1 AND voip_token <> '' AND (app <> $2 OR id <> $3)`,
					text(d.VoIPToken), text(d.App), text(d.ID))
			}
			if d.AlertToken != "" {
				b.Queue(`UPDATE device SET alert_token = '' WHERE alert_token = $1 AND alert_token <> '' AND (app <> $2 OR id <> $3)`,
					text(d.AlertToken), text(d.App), text(d.ID))
			}
			b.Queue(`INSERT INTO device AS old (`+deviceColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
				ON CONFLICT (app, id) DO UPDATE SET "user" = excluded."user", name = excluded.name, platform = excluded.platform,
					bundle_id = excluded.bundle_id, voip_token = excluded.voip_token, environment = excluded.environment,
					app_version = excluded.app_version, os_version = excluded.os_version, seen_at = excluded.seen_at,
					registered_at = CASE WHEN old.voip_token = excluded.voip_token THEN old.registered_at ELSE excluded.registered_at END,
					alert_token = excluded.alert_token,
					alert_registered_at = CASE WHEN old.alert_token = excluded.alert_token THEN old.alert_registered_at ELSE excluded.alert_registered_at END,
					seal_key = excluded.seal_key`,
				deviceArgs(d)...)
		})
		var e *pgconn.PgError
		if errors.As(err, &e) && e.Code == "23505" && ctx.Err() == nil {
			continue // another device got the token in the same moment: now it is there to be taken away
		}
		return err
	}
}

// Device implements [store.Devices].
func (s *Store) Device(ctx context.Context, app, id string) (store.Device, error) {
	return quickOne(ctx, s, scanDevice, `SELECT `+deviceColumns+` FROM device WHERE app = $1 AND id = $2`, text(app), text(id))
}

// DevicesOfUser implements [store.Devices].
func (s *Store) DevicesOfUser(ctx context.Context, app, user string) ([]store.Device, error) {
	return quick(ctx, s, scanDevice, `SELECT `+deviceColumns+` FROM device WHERE app = $1 AND "user" = $2
		ORDER BY seen_at DESC, id DESC`, text(app), text(user))
}

// DropToken implements [store.Devices].
func (s *Store) DropToken(ctx context.Context, token string, registeredBefore time.Time) (bool, error) {
	if token == "" {
		return false, nil
	}
	dropped, err := read(ctx, s, pgx.RowTo[string], `WITH voip AS (
			UPDATE device SET voip_token = '' WHERE voip_token = $1 AND voip_token <> '' AND registered_at <= $2 AND NOT (alert_token = $1 AND alert_registered_at <= $2)
			RETURNING id
		), alert AS (
			UPDATE device SET alert_token = '', voip_token = CASE WHEN voip_token = $1 AND registered_at <= $2 THEN '' ELSE voip_token END
			WHERE alert_token = $1 AND alert_token <> '' AND alert_registered_at <= $2
			RETURNING id
		) SELECT id FROM voip UNION ALL SELECT id FROM alert`, text(token), packed.Nanos(registeredBefore))
	return len(dropped) > 0, err
}

// SetEnvironment implements [store.Devices].
func (s *Store) SetEnvironment(ctx context.Context, token string, environment uint8) error {
	if token == "" {
		return nil
	}
	return s.change(ctx, func(b *pgx.Batch) {
		b.Queue(`UPDATE device SET environment = $2 WHERE voip_token = $1 AND voip_token <> ''`, text(token), int64(environment))
		b.Queue(`UPDATE device SET environment = $2 WHERE alert_token = $1 AND alert_token <> ''`, text(token), int64(environment))
	})
}

// DeleteDevice implements [store.Devices].
func (s *Store) DeleteDevice(ctx context.Context, app, id string) error {
	return s.change(ctx, func(b *pgx.Batch) {
		b.Queue(`DELETE FROM device WHERE app = $1 AND id = $2`, text(app), text(id))
		b.Queue(`INSERT INTO trimmed AS t (app, device, seq) SELECT app, device, seq FROM cursor WHERE app = $1 AND device = $2
			ON CONFLICT (app, device) DO UPDATE SET seq = greatest(t.seq, excluded.seq)`, text(app), text(id))
		b.Queue(`DELETE FROM event WHERE app = $1 AND device = $2`, text(app), text(id))
	})
}
