package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"

	"github.com/ringtrip/ringtrip/store"
)

var (
	_ store.Dumper = (*Store)(nil)
	_ store.Loader = (*Store)(nil)
)

// dumped is how each table's rows are read out. Tables that follow from others are in derived.
var dumped = []struct {
	table string
	query string
	scan  func(*dumping, *sql.Rows) ([]store.Row, error)
}{
	{"setting", `SELECT name, value FROM setting`, one(func(rows *sql.Rows) (store.Row, error) {
		var s store.Setting
		return store.Row{Setting: &s}, rows.Scan(&s.Name, &s.Value)
	})},
	{"device", `SELECT ` + deviceColumns + ` FROM device`, one(func(rows *sql.Rows) (store.Row, error) {
		d, err := scanDevice(rows)
		return store.Row{Device: &d}, err
	})},
	{"cursor", `SELECT app, device, seq, trimmed FROM cursor`, func(d *dumping, rows *sql.Rows) ([]store.Row, error) {
		var p place
		var seq, trimmed int64
		err := rows.Scan(&p.app, &p.device, &seq, &trimmed)
		d.newest[p], d.trimmed[p] = uint64(seq), uint64(trimmed)
		return nil, err
	}},
	{"call", `SELECT ` + callColumns + ` FROM call c`, one(func(rows *sql.Rows) (store.Row, error) {
		c, err := scanCall(rows.Scan)
		return store.Row{Call: &c}, err
	})},
	{"job", `SELECT ` + jobColumns + ` FROM job`, one(func(rows *sql.Rows) (store.Row, error) {
		j, err := scanJob(rows)
		return store.Row{Job: &j}, err
	})},
	{"event", `SELECT ` + eventColumns + ` FROM event`, func(d *dumping, rows *sql.Rows) ([]store.Row, error) {
		e, err := scanEvent(rows)
		return d.events(e), err
	}},
	{"told", `SELECT c.app, t.call_id, t.events FROM told t JOIN call c ON c.id = t.call_id`, func(d *dumping, rows *sql.Rows) ([]store.Row, error) {
		var app, id string
		var packed []byte
		if err := rows.Scan(&app, &id, &packed); err != nil {
			return nil, err
		}
		all, err := unpackEvents(app, id, packed)
		return d.events(all...), err
	}},
	{"ledger", `SELECT ` + ledgerColumns + ` FROM ledger ORDER BY call_id, seq`, func(_ *dumping, rows *sql.Rows) (all []store.Row, err error) {
		entries, err := scanLedger(rows)
		for i := range entries {
			all = append(all, store.Row{Ledger: &entries[i]})
		}
		return all, err
	}},
	{"history", `SELECT ` + recordColumns + ` FROM history`, one(func(rows *sql.Rows) (store.Row, error) {
		r, err := scanRecord(rows)
		return store.Row{Record: &r}, err
	})},
	{"user", `SELECT ` + userColumns + ` FROM user`, one(func(rows *sql.Rows) (store.Row, error) {
		u, err := scanUser(rows)
		return store.Row{User: &u}, err
	})},
}

// derived are tables that no dump holds: indices of others, and what is about this file alone.
var derived = []string{"call_device", "call_user", "opened", "goose_db_version"}

// one is the scan of a table whose rows are a dump's rows.
func one(scan func(*sql.Rows) (store.Row, error)) func(*dumping, *sql.Rows) ([]store.Row, error) {
	return func(_ *dumping, rows *sql.Rows) ([]store.Row, error) {
		row, err := scan(rows)
		return []store.Row{row}, err
	}
}

// place is where events go.
type place struct{ app, device string }

// dumping is what a dump remembers: a device's newest seq is that of its newest event, or its cursor's.
type dumping struct{ newest, trimmed map[place]uint64 }

func (d *dumping) events(events ...store.Event) (all []store.Row) {
	for _, e := range events {
		p := place{e.App, e.Device}
		d.newest[p] = max(d.newest[p], e.Seq)
		if e.Seq > d.trimmed[p] {
			all = append(all, store.Row{Event: &e})
		}
	}
	return all
}

// Dump implements [store.Dumper]. While it goes on the write-ahead log cannot be started over, so it grows.
func (s *Store) Dump(ctx context.Context, yield func(store.Row) error) error {
	s.closing.RLock()
	defer s.closing.RUnlock()
	if s.closed {
		return store.ErrClosed
	}
	// A transaction in WAL mode sees one moment from its first read on.
	snapshot, err := s.readDB.BeginTx(ctx, nil)
	if err != nil {
		return readError(ctx, err)
	}
	defer snapshot.Rollback() // it has changed nothing
	so := &dumping{newest: map[place]uint64{}, trimmed: map[place]uint64{}}
	for _, d := range dumped {
		if err := dump(ctx, snapshot, d.query, func(rows *sql.Rows) ([]store.Row, error) { return d.scan(so, rows) }, yield); err != nil {
			return err
		}
	}
	for p, seq := range so.newest {
		if err := yield(store.Row{Cursor: &store.Cursor{App: p.app, Device: p.device, Seq: seq}}); err != nil {
			return err
		}
	}
	return nil
}

func dump(ctx context.Context, snapshot *sql.Tx, query string, scan func(*sql.Rows) ([]store.Row, error), yield func(store.Row) error) error {
	rows, err := snapshot.QueryContext(ctx, query)
	if err != nil {
		return readError(ctx, err)
	}
	defer rows.Close()
	for rows.Next() {
		some, err := scan(rows)
		if err != nil {
			return readError(ctx, err)
		}
		for _, row := range some {
			if err := yield(row); err != nil {
				return err
			}
		}
	}
	if err := rows.Err(); err != nil {
		return readError(ctx, err)
	}
	return nil
}

// errLoad stands for an error that Load keeps elsewhere: the writer takes some errors for results.
var errLoad = errors.New("loading failed")

// Load implements [store.Loader]. It is one transaction, and nothing else is committed meanwhile.
func (s *Store) Load(ctx context.Context, next func() (store.Row, error)) error {
	var why error
	begun := false
	err := s.write(ctx, func(tx *tx) error {
		if begun { // the batch was spoiled, but next can't be asked again
			if why == nil {
				why = errors.New("sqlite: something else was written to the store while it was loaded: try again")
			}
			return errLoad
		}
		begun = true
		if why = load(ctx, tx, next); why != nil {
			return errLoad
		}
		return nil
	})
	if why != nil {
		return why
	}
	return err
}

func load(ctx context.Context, tx *tx, next func() (store.Row, error)) error {
	defer tx.memo.clear() // rows are loaded as they were, whatever the memo takes down
	for _, d := range dumped {
		var full bool
		if d.table == "setting" {
			continue
		}
		if err := tx.row(`SELECT EXISTS (SELECT 1 FROM `+d.table+`)`, nil, &full); err != nil {
			return fmt.Errorf("sqlite: looking into table %s: %w", d.table, err)
		}
		if full {
			return fmt.Errorf("%w: table %s has rows", store.ErrNotEmpty, d.table)
		}
	}
	seqs := map[string]int64{} // of the ledger that is being loaded: they start at 1 here, whatever they were
	for n := 1; ; n++ {
		row, err := next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		if err := loadRow(tx, row, seqs); err != nil {
			return fmt.Errorf("sqlite: loading row %d: %w", n, err)
		}
	}
}

func loadRow(tx *tx, row store.Row, seqs map[string]int64) error {
	switch {
	case row.Setting != nil:
		return tx.exec(`INSERT OR REPLACE INTO setting (name, value) VALUES (?, ?)`, row.Setting.Name, blob(row.Setting.Value))
	case row.Device != nil:
		return putDevice(tx, *row.Device)
	case row.Cursor != nil:
		return tx.exec(`INSERT INTO cursor (app, device, seq) VALUES (?, ?, ?)`, row.Cursor.App, row.Cursor.Device, signed(row.Cursor.Seq))
	case row.Call != nil:
		if err := putCall(tx, *row.Call, 0); err != nil {
			return fmt.Errorf("call %s: %w", row.Call.ID, err)
		}
		return tx.exec(`UPDATE call SET rev = ? WHERE id = ?`, signed(row.Call.Rev), row.Call.ID)
	case row.Job != nil:
		j := *row.Job
		j.Append = false
		return putJob(tx, j)
	case row.Event != nil:
		return insertEvent(tx, *row.Event)
	case row.Ledger != nil:
		if _, ok := seqs[row.Ledger.CallID]; !ok {
			clear(seqs) // the entries of a call stand together
		}
		seqs[row.Ledger.CallID]++
		return insertLedger(tx, seqs[row.Ledger.CallID], *row.Ledger)
	case row.Record != nil:
		return putRecord(tx, *row.Record)
	case row.User != nil:
		u := row.User
		return tx.exec(`INSERT INTO user (`+userColumns+`) VALUES (?, ?, ?, ?)`, u.App, u.ID, signed(u.Rev), blob(u.Wishes))
	}
	return errors.New("it has nothing in it, or something that this version does not know")
}
