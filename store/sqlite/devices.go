package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/ringtrip/ringtrip/store"
)

const deviceColumns = `app, id, user, name, platform, bundle_id, voip_token, environment, app_version, os_version, registered_at, seen_at, alert_token, alert_registered_at, seal_key`

func scanDevice(rows *sql.Rows) (d store.Device, err error) {
	return d, rows.Scan(&d.App, &d.ID, &d.User, &d.Name, &d.Platform, &d.BundleID, &d.VoIPToken, &d.Environment,
		&d.AppVersion, &d.OSVersion, (*instant)(&d.RegisteredAt), (*instant)(&d.SeenAt), &d.AlertToken, (*instant)(&d.AlertRegisteredAt), &d.SealKey)
}

// PutDevice implements [store.Devices].
func (s *Store) PutDevice(ctx context.Context, d store.Device) error {
	return s.write(ctx, func(tx *tx) error { return putDevice(tx, d) })
}

func putDevice(tx *tx, d store.Device) error {
	if d.VoIPToken != "" {
		n, err := tx.change(`UPDATE device SET voip_token = '' WHERE voip_token = ? AND voip_token <> '' AND (app <> ? OR id <> ?)`,
			d.VoIPToken, d.App, d.ID)
		if err != nil {
			return fmt.Errorf("taking the token from another device: %w", err)
		}
		if n > 0 {
			tx.touch(touched{})
		}
	}
	if d.AlertToken != "" {
		n, err := tx.change(`UPDATE device SET alert_token = '' WHERE alert_token = ? AND alert_token <> '' AND (app <> ? OR id <> ?)`,
			d.AlertToken, d.App, d.ID)
		if err != nil {
			return fmt.Errorf("taking the alert token from another device: %w", err)
		}
		if n > 0 {
			tx.touch(touched{})
		}
	}
	tx.touch(touched{d.App, d.ID, d.User})
	err := tx.exec(`INSERT INTO device (`+deviceColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (app, id) DO UPDATE SET user = excluded.user, name = excluded.name, platform = excluded.platform,
			bundle_id = excluded.bundle_id, voip_token = excluded.voip_token, environment = excluded.environment,
			app_version = excluded.app_version, os_version = excluded.os_version, seen_at = excluded.seen_at,
			registered_at = iif(voip_token = excluded.voip_token, registered_at, excluded.registered_at),
			alert_token = excluded.alert_token,
			alert_registered_at = iif(alert_token = excluded.alert_token, alert_registered_at, excluded.alert_registered_at),
			seal_key = excluded.seal_key`,
		d.App, d.ID, d.User, d.Name, d.Platform, d.BundleID, d.VoIPToken, d.Environment,
		d.AppVersion, d.OSVersion, instant(d.RegisteredAt), instant(d.SeenAt), d.AlertToken, instant(d.AlertRegisteredAt), d.SealKey)
	if err != nil {
		return fmt.Errorf("storing device %s: %w", d.ID, err)
	}
	return nil
}

// Device implements [store.Devices].
func (s *Store) Device(ctx context.Context, app, id string) (store.Device, error) {
	d, known, epoch := s.devices.device(app, id)
	if known {
		return d, s.usable(ctx)
	}
	found, err := read(ctx, s, scanDevice, `SELECT `+deviceColumns+` FROM device WHERE app = ? AND id = ?`, app, id)
	if err != nil {
		return store.Device{}, err
	}
	if len(found) == 0 {
		return store.Device{}, store.ErrNotFound
	}
	s.devices.keep(epoch, found[0])
	return found[0], nil
}

// DevicesOfUser implements [store.Devices].
func (s *Store) DevicesOfUser(ctx context.Context, app, user string) ([]store.Device, error) {
	all, known, epoch := s.devices.ofUser(app, user)
	if known {
		return all, s.usable(ctx)
	}
	all, err := read(ctx, s, scanDevice, `SELECT `+deviceColumns+` FROM device WHERE app = ? AND user = ?
		ORDER BY seen_at DESC, id DESC`, app, user)
	if err != nil {
		return nil, err
	}
	s.devices.keepUser(epoch, app, user, all)
	return all, nil
}

// usable returns why nothing can be read.
func (s *Store) usable(ctx context.Context) error {
	s.closing.RLock()
	defer s.closing.RUnlock()
	if s.closed {
		return store.ErrClosed
	}
	return ctx.Err()
}

// DropToken implements [store.Devices].
func (s *Store) DropToken(ctx context.Context, token string, registeredBefore time.Time) (bool, error) {
	if token == "" {
		return false, nil
	}
	var n int64
	err := s.write(ctx, func(tx *tx) (err error) {
		tx.touch(touched{})
		n, err = tx.change(`UPDATE device SET voip_token = '' WHERE voip_token = ? AND voip_token <> '' AND registered_at <= ?`,
			token, instant(registeredBefore))
		if err != nil {
			return fmt.Errorf("dropping a token: %w", err)
		}
		alerts, err := tx.change(`UPDATE device SET alert_token = '' WHERE alert_token = ? AND alert_token <> '' AND alert_registered_at <= ?`,
			token, instant(registeredBefore))
		if err != nil {
			return fmt.Errorf("dropping an alert token: %w", err)
		}
		n += alerts
		return nil
	})
	return n > 0, err
}

// SetEnvironment implements [store.Devices].
func (s *Store) SetEnvironment(ctx context.Context, token string, environment uint8) error {
	if token == "" {
		return nil
	}
	return s.write(ctx, func(tx *tx) error {
		tx.touch(touched{})
		err := errors.Join(
			tx.exec(`UPDATE device SET environment = ? WHERE voip_token = ? AND voip_token <> ''`, environment, token),
			tx.exec(`UPDATE device SET environment = ? WHERE alert_token = ? AND alert_token <> ''`, environment, token),
		)
		if err != nil {
			return fmt.Errorf("correcting the environment of a token: %w", err)
		}
		return nil
	})
}

// DeleteDevice implements [store.Devices].
func (s *Store) DeleteDevice(ctx context.Context, app, id string) error {
	return s.write(ctx, func(tx *tx) error {
		tx.touch(touched{app: app, id: id})
		if err := tx.exec(`DELETE FROM device WHERE app = ? AND id = ?`, app, id); err != nil {
			return fmt.Errorf("forgetting device %s: %w", id, err)
		}
		if err := trimTo(tx, app, id, math.MaxInt64); err != nil {
			return fmt.Errorf("forgetting the events of device %s: %w", id, err)
		}
		return nil
	})
}
