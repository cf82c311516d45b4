package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"math"
	"slices"

	"github.com/ringtrip/ringtrip/store"
)

var insertEvents = rowsFor(`INSERT INTO event (`+eventColumns+`)`, 6)

// putEvents gives each event its device's next seq. Seqs are given inside the transaction that stores the event, and
// there is one writer: so they grow by one, and a reader that sees one sees all before it. What belongs to the commit of
// call c is packed.
func putEvents(tx *tx, c store.Call, events []store.Event) ([]uint64, error) {
	if len(events) == 0 {
		return nil, nil
	}
	seqs := make([]uint64, 0, len(events))
	var packed []byte
	var args []any
	for _, e := range events {
		seq, err := nextSeq(tx, e.App, e.Device)
		if err != nil {
			return nil, fmt.Errorf("reading the seq of device %s: %w", e.Device, err)
		}
		e.Seq = uint64(seq)
		seqs = append(seqs, e.Seq)
		if packs(c, e) {
			packed = packEvent(packed, e)
		} else {
			args = append(args, e.App, e.Device, seq, e.CallID, blob(e.Payload), instant(e.At))
		}
	}
	if len(packed) > 0 {
		if err := tx.exec(`INSERT INTO told (call_id, events) VALUES (?, ?)`, c.ID, packed); err != nil {
			return nil, err
		}
	}
	return seqs, insertEvents.insert(tx, 6, args)
}

// rowSeq is a device's newest seq if it is not that of a packed event.
const rowSeq = `max(coalesce((SELECT seq FROM cursor WHERE app = ?1 AND device = ?2), 0),
	coalesce((SELECT max(seq) FROM event WHERE app = ?1 AND device = ?2), 0))`

// newestSeq returns a device's newest seq.
func newestSeq(tx *tx, app, device string) (seq int64, err error) {
	seq, known := tx.memo.seqs[[2]string{app, device}]
	if known {
		return seq, nil
	}
	if err := tx.row(`SELECT `+rowSeq, []any{app, device}, &seq); err != nil {
		return 0, err
	}
	packed, err := queryTx(tx, func(rows *sql.Rows) (uint64, error) {
		var call string
		var events []byte
		if err := rows.Scan(&call, &events); err != nil {
			return 0, err
		}
		return newestOf(device, call, events)
	}, `SELECT t.call_id, t.events FROM call_device d JOIN told t ON t.call_id = d.call_id WHERE d.app = ? AND d.device = ?`, app, device)
	for _, n := range packed {
		seq = max(seq, int64(n))
	}
	return seq, err
}

// nextSeq returns a device's next seq, which has to be stored in this transaction.
func nextSeq(tx *tx, app, device string) (int64, error) {
	seq, err := newestSeq(tx, app, device)
	if err != nil {
		return 0, err
	}
	seq++
	tx.memo.setSeq(app, device, seq)
	return seq, nil
}

// trimTo forgets the device's events up to and including seq. Of those that are packed it is only taken down.
func trimTo(tx *tx, app, device string, seq int64) error {
	newest, err := newestSeq(tx, app, device)
	if err != nil {
		return err
	}
	if newest > 0 {
		if err := setCursor(tx, app, device, newest, min(seq, newest)); err != nil {
			return err
		}
	}
	return tx.exec(`DELETE FROM event WHERE app = ? AND device = ? AND seq <= ?`, app, device, seq)
}

// forgetEvents forgets the events of a call that are not packed, but not the seqs that they had.
func forgetEvents(tx *tx, call string) error {
	if err := tx.exec(`INSERT INTO cursor (app, device, seq) SELECT app, device, max(seq) FROM event WHERE call_id = ? GROUP BY app, device
		ON CONFLICT (app, device) DO UPDATE SET seq = max(seq, excluded.seq)`, call); err != nil {
		return err
	}
	return tx.exec(`DELETE FROM event WHERE call_id = ?`, call)
}

const eventColumns = `app, device, seq, call_id, payload, at`

func insertEvent(tx *tx, e store.Event) error {
	return tx.exec(`INSERT INTO event (`+eventColumns+`) VALUES (?, ?, ?, ?, ?, ?)`,
		e.App, e.Device, signed(e.Seq), e.CallID, blob(e.Payload), instant(e.At))
}

func scanEvent(rows *sql.Rows) (e store.Event, err error) {
	var seq int64
	err = rows.Scan(&e.App, &e.Device, &seq, &e.CallID, &e.Payload, (*instant)(&e.At))
	e.Seq = uint64(seq)
	return e, err
}

// EventsAfter implements [store.Events].
func (s *Store) EventsAfter(ctx context.Context, app, device string, after uint64, n int) ([]store.Event, error) {
	var trimmed uint64
	// One statement, so that all is of one moment.
	parts, err := read(ctx, s, func(rows *sql.Rows) ([]store.Event, error) {
		var kind int
		var seq int64
		var e store.Event
		if err := rows.Scan(&kind, &seq, &e.CallID, &e.Payload, (*instant)(&e.At)); err != nil {
			return nil, err
		}
		switch kind {
		case 0:
			trimmed = uint64(seq)
			return nil, nil
		case 1:
			return unpackEvents(app, e.CallID, e.Payload)
		}
		e.App, e.Device, e.Seq = app, device, uint64(seq)
		return []store.Event{e}, nil
	}, `SELECT 0, trimmed, '', x'', 0 FROM cursor WHERE app = ?1 AND device = ?2
		UNION ALL SELECT 1, 0, d.call_id, t.events, 0 FROM call_device d JOIN told t ON t.call_id = d.call_id WHERE d.app = ?1 AND d.device = ?2
		UNION ALL SELECT 2, seq, call_id, payload, at FROM event WHERE app = ?1 AND device = ?2 AND seq > ?3`, app, device, signed(after))
	if err != nil {
		return nil, err
	}
	var all []store.Event
	for _, part := range parts {
		for _, e := range part {
			if e.Device == device && e.Seq > after && e.Seq > trimmed {
				e.Payload = slices.Clip(e.Payload)
				all = append(all, e)
			}
		}
	}
	slices.SortFunc(all, func(a, b store.Event) int { return cmp.Compare(a.Seq, b.Seq) })
	return all[:min(len(all), max(n, 0))], nil
}

// PutEvents implements [store.Events].
func (s *Store) PutEvents(ctx context.Context, events []store.Event) ([]uint64, error) {
	if len(events) == 0 {
		return nil, nil
	}
	var seqs []uint64
	err := s.write(ctx, func(tx *tx) (err error) {
		if seqs, err = putEvents(tx, store.Call{}, events); err != nil {
			return fmt.Errorf("storing events: %w", err)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return seqs, nil
}

// TrimEvents implements [store.Events].
func (s *Store) TrimEvents(ctx context.Context, app, device string, seq uint64) error {
	return s.write(ctx, func(tx *tx) error {
		if err := trimTo(tx, app, device, signed(seq)); err != nil {
			return fmt.Errorf("trimming the events of device %s: %w", device, err)
		}
		return nil
	})
}

// signed is seq in SQLite's range of integers.
func signed(seq uint64) int64 { return int64(min(seq, math.MaxInt64)) }
