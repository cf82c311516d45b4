package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/jackc/pgx/v5"

	"github.com/ringtrip/ringtrip/store"
)

var (
	_ store.Dumper = (*Store)(nil)
	_ store.Loader = (*Store)(nil)
)

// dumped is how each table's rows are read out. Tables that follow from others (call_device, call_user), and those that
// are about nodes that run, are in no dump.
var dumped = []struct {
	table string
	query string
	scan  func(pgx.CollectableRow) (store.Row, error)
}{
	{"setting", `SELECT name, value FROM setting`, func(row pgx.CollectableRow) (store.Row, error) {
		var s store.Setting
		return store.Row{Setting: &s}, row.Scan(&s.Name, &s.Value)
	}},
	{"device", `SELECT ` + deviceColumns + ` FROM device`, func(row pgx.CollectableRow) (store.Row, error) {
		d, err := scanDevice(row)
		return store.Row{Device: &d}, err
	}},
	{"cursor", `SELECT app, device, seq FROM cursor`, func(row pgx.CollectableRow) (store.Row, error) {
		var c store.Cursor
		var seq int64
		err := row.Scan(&c.App, &c.Device, &seq)
		c.Seq = uint64(seq)
		return store.Row{Cursor: &c}, err
	}},
	{"call", `SELECT ` + callColumns + ` FROM call c`, func(row pgx.CollectableRow) (store.Row, error) {
		c, err := scanCall(row)
		return store.Row{Call: &c}, err
	}},
	{"job", `SELECT ` + jobColumns + ` FROM job`, func(row pgx.CollectableRow) (store.Row, error) {
		j, err := scanJob(row)
		return store.Row{Job: &j}, err
	}},
	{"event", `SELECT app, device, seq, call_id, payload, at FROM event`, func(row pgx.CollectableRow) (store.Row, error) {
		var e store.Event
		var seq, at int64
		err := row.Scan(&e.App, &e.Device, &seq, &e.CallID, &e.Payload, &at)
		e.Seq, e.At = uint64(seq), moment(at)
		return store.Row{Event: &e}, err
	}},
	{"ledger", `SELECT ` + ledgerColumns + ` FROM ledger ORDER BY call_id, seq`, func(row pgx.CollectableRow) (store.Row, error) {
		e, err := scanLedger(row)
		return store.Row{Ledger: &e}, err
	}},
	{"history", `SELECT ` + recordColumns + ` FROM history`, func(row pgx.CollectableRow) (store.Row, error) {
		r, err := scanRecord(row)
		return store.Row{Record: &r}, err
	}},
	{"member", `SELECT app, id, rev, wishes FROM member`, func(row pgx.CollectableRow) (store.Row, error) {
		u, err := scanUser(row)
		return store.Row{User: &u}, err
	}},
}

// Dump implements [store.Dumper]. While it goes on, the database keeps what is deleted meanwhile.
func (s *Store) Dump(ctx context.Context, yield func(store.Row) error) error {
	return s.transaction(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) (error, error) {
		for _, d := range dumped {
			rows, err := tx.Query(ctx, d.query)
			if err != nil {
				return nil, err
			}
			for rows.Next() {
				row, err := d.scan(rows)
				if err != nil {
					rows.Close()
					return nil, fmt.Errorf("table %s: %w", d.table, err)
				}
				if err := yield(row); err != nil {
					rows.Close()
					return err, nil
				}
			}
			if err := rows.Err(); err != nil {
				return nil, err
			}
		}
		return nil, nil
	})
}

// transaction does something in one transaction, and does it once: what it calls cannot be asked again. do returns an
// error that is passed on as it is, and one of the database.
func (s *Store) transaction(ctx context.Context, options pgx.TxOptions, do func(pgx.Tx) (theirs, ours error)) error {
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
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }() // does nothing after a commit
	theirs, ours := do(tx)
	if theirs != nil {
		return theirs
	}
	if ours != nil {
		return ended(ctx, ours)
	}
	return ended(ctx, tx.Commit(ctx))
}

// loadBatch is how many rows go to the database in one piece.
const loadBatch = 256

// Load implements [store.Loader]. It is one transaction. That no server runs on the database is the caller's business:
// what one commits meanwhile is neither seen nor kept out.
func (s *Store) Load(ctx context.Context, next func() (store.Row, error)) error {
	return s.transaction(ctx, pgx.TxOptions{}, func(tx pgx.Tx) (error, error) {
		for _, d := range dumped {
			var full bool
			if d.table == "setting" {
				continue
			}
			if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM `+d.table+`)`).Scan(&full); err != nil {
				return nil, err
			}
			if full {
				return fmt.Errorf("%w: table %s has rows", store.ErrNotEmpty, d.table), nil
			}
		}
		b, last := &pgx.Batch{}, ""
		for n := 1; ; n++ {
			row, err := next()
			over := errors.Is(err, io.EOF)
			if err != nil && !over {
				return err, nil
			}
			if err := ctx.Err(); err != nil {
				return err, nil
			}
			if !over {
				if err := queueRow(b, row, &last); err != nil {
					return fmt.Errorf("postgres: loading row %d: %w", n, err), nil
				}
			}
			if over || b.Len() >= loadBatch {
				if err := tx.SendBatch(ctx, b).Close(); err != nil {
					return nil, fmt.Errorf("loading the rows up to %d: %w", n, err)
				}
				b = &pgx.Batch{}
			}
			if over {
				return nil, nil
			}
		}
	})
}

// queueRow adds the statements that store a row. last is the call whose ledger is being loaded.
func queueRow(b *pgx.Batch, row store.Row, last *string) error {
	switch {
	case row.Setting != nil:
		b.Queue(`INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
			text(row.Setting.Name), blob(row.Setting.Value))
	case row.Device != nil:
		d := row.Device
		b.Queue(`INSERT INTO device (`+deviceColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
			text(d.App), text(d.ID), text(d.User), text(d.Name), text(d.Platform), text(d.BundleID), text(d.VoIPToken), int64(d.Environment),
			text(d.AppVersion), text(d.OSVersion), nanos(d.RegisteredAt), nanos(d.SeenAt), text(d.AlertToken), nanos(d.AlertRegisteredAt))
	case row.Cursor != nil:
		b.Queue(`INSERT INTO cursor (app, device, seq) VALUES ($1, $2, $3)`, text(row.Cursor.App), text(row.Cursor.Device), signed(row.Cursor.Seq))
	case row.Call != nil:
		queueCall(b, *row.Call)
	case row.Job != nil:
		j := row.Job
		b.Queue(`INSERT INTO job (`+jobColumns+`) VALUES ($1, $2, $3, $4, $5, $6)`,
			text(j.ID), text(j.CallID), text(j.Kind), blob(j.Payload), nanos(j.LeasedUntil), int64(j.Tries))
	case row.Event != nil:
		e := row.Event
		b.Queue(`INSERT INTO event (app, device, seq, stamp, call_id, payload, at) VALUES ($1, $2, $3, 0, $4, $5, $6)`,
			text(e.App), text(e.Device), signed(e.Seq), text(e.CallID), blob(e.Payload), nanos(e.At))
	case row.Ledger != nil:
		e := row.Ledger
		b.Queue(`INSERT INTO ledger (call_id, stage, device, at, device_at, reason, detail, opens) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			text(e.CallID), int64(e.Stage), text(e.Device), nanos(e.At), nanos(e.DeviceAt), int64(e.Reason), text(e.Detail), *last != e.CallID)
		*last = e.CallID // the entries of a call stand together
	case row.Record != nil:
		r := row.Record
		b.Queue(`INSERT INTO history (`+recordColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
			text(r.CallID), text(r.App), text(r.Caller), text(r.CallerName), text(r.CallerHandle), text(r.Callee), r.Video, int64(r.Reason),
			nanos(r.CreatedAt), nanos(r.AnsweredAt), nanos(r.EndedAt), text(r.AnsweredBy))
	case row.User != nil:
		u := row.User
		b.Queue(`INSERT INTO member (app, id, rev, wishes) VALUES ($1, $2, $3, $4)`, text(u.App), text(u.ID), signed(u.Rev), blob(u.Wishes))
	default:
		return errors.New("it has nothing in it, or something that this version does not know")
	}
	return nil
}

// queueCall stores a call and what finds it. Its stamp is 0, which no commit has.
func queueCall(b *pgx.Batch, c store.Call) {
	b.Queue(`INSERT INTO call (id, app, rev, stamp, state, live, devices, users, key, timer, keep_until, created_at)
		VALUES ($1, $2, $3, 0, $4, $5, $6, $7, $8, $9, $10, $11)`,
		text(c.ID), text(c.App), signed(c.Rev), blob(c.State), c.Live, names(c.Devices), names(c.Users), text(c.Key),
		nanos(c.Timer), nanos(c.KeepUntil), nanos(c.CreatedAt))
	for _, d := range c.Devices {
		b.Queue(`INSERT INTO call_device (app, device, call_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`, text(c.App), text(d), text(c.ID))
	}
	if !c.Live {
		return
	}
	for _, u := range c.Users {
		b.Queue(`INSERT INTO call_user (app, "user", call_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`, text(c.App), text(u), text(c.ID))
	}
}
