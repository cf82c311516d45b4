package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/jackc/pgx/v5"

	"github.com/ringtrip/ringtrip/store"
	"github.com/ringtrip/ringtrip/store/packed"
)

var (
	_ store.Dumper = (*Store)(nil)
	_ store.Loader = (*Store)(nil)
)

// dumped is how each table's rows are read out: call_device, call_user, told, trimmed and writer follow from others, are
// read with others, or are about this moment alone.
var dumped = []struct {
	table string
	query string
	scan  func(pgx.CollectableRow) ([]store.Row, error)
}{
	{"setting", `SELECT name, value FROM setting`, single(func(row pgx.CollectableRow) (store.Row, error) {
		var s store.Setting
		return store.Row{Setting: &s}, row.Scan(&s.Name, &s.Value)
	})},
	{"device", `SELECT ` + deviceColumns + ` FROM device`, single(func(row pgx.CollectableRow) (store.Row, error) {
		d, err := scanDevice(row)
		return store.Row{Device: &d}, err
	})},
	{"cursor", `SELECT app, device, seq FROM cursor`, single(func(row pgx.CollectableRow) (store.Row, error) {
		var c store.Cursor
		var seq int64
		err := row.Scan(&c.App, &c.Device, &seq)
		c.Seq = uint64(seq)
		return store.Row{Cursor: &c}, err
	})},
	{"call", `SELECT ` + callColumns + ` FROM call c`, single(func(row pgx.CollectableRow) (store.Row, error) {
		c, err := scanCall(row)
		return store.Row{Call: &c}, err
	})},
	{"job", `SELECT ` + jobColumns + ` FROM job`, single(func(row pgx.CollectableRow) (store.Row, error) {
		j, err := scanJob(row)
		return store.Row{Job: &j}, err
	})},
	{"event", allEvents, single(func(row pgx.CollectableRow) (store.Row, error) {
		e, err := scanEvent(row)
		return store.Row{Event: &e}, err
	})},
	{"ledger", `SELECT ` + ledgerColumns + ` FROM ledger ORDER BY call_id, seq`, func(row pgx.CollectableRow) (all []store.Row, err error) {
		entries, err := scanLedger(row)
		for i := range entries {
			all = append(all, store.Row{Ledger: &entries[i]})
		}
		return all, err
	}},
	{"history", `SELECT ` + recordColumns + ` FROM history`, single(func(row pgx.CollectableRow) (store.Row, error) {
		r, err := scanRecord(row)
		return store.Row{Record: &r}, err
	})},
	{"member", `SELECT ` + userColumns + ` FROM member`, single(func(row pgx.CollectableRow) (store.Row, error) {
		u, err := scanUser(row)
		return store.Row{User: &u}, err
	})},
}

// single is the scan of a table whose rows are a dump's rows.
func single(scan func(pgx.CollectableRow) (store.Row, error)) func(pgx.CollectableRow) ([]store.Row, error) {
	return func(row pgx.CollectableRow) ([]store.Row, error) {
		one, err := scan(row)
		return []store.Row{one}, err
	}
}

// snapshot runs do in a transaction on a connection of its own. It is not tried again.
func (s *Store) snapshot(ctx context.Context, options pgx.TxOptions, do func(pgx.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.closing.RLock()
	defer s.closing.RUnlock()
	if s.closed {
		return store.ErrClosed
	}
	tx, err := s.pool.BeginTx(ctx, options)
	if err != nil {
		return ended(ctx, err)
	}
	defer tx.Rollback(context.WithoutCancel(ctx))
	if err := do(tx); err != nil {
		return err
	}
	return ended(ctx, tx.Commit(ctx))
}

// Dump implements [store.Dumper]. It is one transaction that sees one moment: while it goes on the database can't
// reclaim the room of rows that change.
func (s *Store) Dump(ctx context.Context, yield func(store.Row) error) error {
	return s.snapshot(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		// A sequential read is the right one here.
		if _, err := tx.Exec(ctx, `SET LOCAL enable_seqscan = on`); err != nil {
			return ended(ctx, err)
		}
		for _, d := range dumped {
			rows, err := tx.Query(ctx, d.query)
			if err != nil {
				return ended(ctx, err)
			}
			for rows.Next() {
				some, err := d.scan(rows)
				if err != nil {
					rows.Close()
					return ended(ctx, err)
				}
				for _, row := range some {
					if err := yield(row); err != nil {
						rows.Close()
						return err
					}
				}
			}
			if err := rows.Err(); err != nil {
				return ended(ctx, err)
			}
		}
		return nil
	})
}

// loadChunk is how many rows are sent at a time, of any kind.
const loadChunk = 500

// Load implements [store.Loader]. It is one transaction. Nothing else can be written meanwhile.
func (s *Store) Load(ctx context.Context, next func() (store.Row, error)) error {
	return s.snapshot(ctx, pgx.TxOptions{}, func(tx pgx.Tx) error {
		for _, d := range dumped {
			// EXCLUSIVE lets others read; who wants to write waits.
			if _, err := tx.Exec(ctx, `LOCK TABLE `+d.table+` IN EXCLUSIVE MODE`); err != nil {
				return ended(ctx, err)
			}
			var full bool
			if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM `+d.table+`)`).Scan(&full); err != nil {
				return ended(ctx, err)
			}
			if full && d.table != "setting" {
				return fmt.Errorf("%w: table %s has rows", store.ErrNotEmpty, d.table)
			}
		}
		b := &pgx.Batch{}
		flush := func() error {
			err := tx.SendBatch(ctx, b).Close()
			b = &pgx.Batch{}
			return ended(ctx, err)
		}
		opened := ""
		for n := 1; ; n++ {
			row, err := next()
			if errors.Is(err, io.EOF) {
				return flush()
			}
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				return err
			}
			if err := loadRow(b, row, &opened); err != nil {
				return fmt.Errorf("postgres: loading row %d: %w", n, err)
			}
			if b.Len() >= loadChunk {
				if err := flush(); err != nil {
					return err
				}
			}
		}
	})
}

// loadRow queues what stores a row. opened is the call whose ledger is being loaded: its entries stand together.
func loadRow(b *pgx.Batch, row store.Row, opened *string) error {
	switch {
	case row.Setting != nil:
		b.Queue(`INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
			text(row.Setting.Name), blob(row.Setting.Value))
	case row.Device != nil:
		d := row.Device
		b.Queue(`INSERT INTO device (`+deviceColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`, deviceArgs(*d)...)
	case row.Cursor != nil:
		b.Queue(`INSERT INTO cursor (app, device, seq) VALUES ($1, $2, $3)`, text(row.Cursor.App), text(row.Cursor.Device), signed(row.Cursor.Seq))
	case row.Call != nil:
		c := row.Call
		b.Queue(`INSERT INTO call (id, app, rev, stamp, state, live, devices, users, key, timer, keep_until, created_at)
			VALUES ($1, $2, $3, 0, $4, $5, $6, $7, $8, $9, $10, $11)`, text(c.ID), text(c.App), signed(c.Rev), blob(c.State), c.Live,
			names(c.Devices), names(c.Users), text(c.Key), packed.Nanos(c.Timer), packed.Nanos(c.KeepUntil), packed.Nanos(c.CreatedAt))
		for _, d := range c.Devices {
			b.Queue(`INSERT INTO call_device (app, device, call_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`, text(c.App), text(d), text(c.ID))
		}
		for _, u := range c.Users {
			if !c.Live {
				break
			}
			b.Queue(`INSERT INTO call_user (app, "user", call_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`, text(c.App), text(u), text(c.ID))
		}
	case row.Job != nil:
		j := row.Job
		b.Queue(`INSERT INTO job (`+jobColumns+`) VALUES ($1, $2, $3, $4, $5, $6)`,
			text(j.ID), text(j.CallID), text(j.Kind), blob(j.Payload), packed.Nanos(j.LeasedUntil), int64(j.Tries))
	case row.Event != nil:
		e := row.Event
		b.Queue(`INSERT INTO event (`+eventColumns+`, stamp) VALUES ($1, $2, $3, $4, $5, $6, 0)`,
			text(e.App), text(e.Device), signed(e.Seq), text(e.CallID), blob(e.Payload), packed.Nanos(e.At))
	case row.Ledger != nil:
		e := row.Ledger
		b.Queue(`INSERT INTO ledger (call_id, stage, device, at, device_at, reason, detail, opens) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			text(e.CallID), int64(e.Stage), text(e.Device), packed.Nanos(e.At), packed.Nanos(e.DeviceAt), int64(e.Reason), text(e.Detail), *opened != e.CallID)
		*opened = e.CallID
	case row.Record != nil:
		r := row.Record
		b.Queue(`INSERT INTO history (`+recordColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
			text(r.CallID), text(r.App), text(r.Caller), text(r.CallerName), text(r.CallerHandle), text(r.Callee), r.Video, int64(r.Reason),
			packed.Nanos(r.CreatedAt), packed.Nanos(r.AnsweredAt), packed.Nanos(r.EndedAt), text(r.AnsweredBy), text(r.Group))
	case row.User != nil:
		u := row.User
		b.Queue(`INSERT INTO member (`+userColumns+`) VALUES ($1, $2, $3, $4)`, text(u.App), text(u.ID), signed(u.Rev), blob(u.Wishes))
	default:
		return errors.New("it has nothing in it, or something that this version does not know")
	}
	return nil
}
