package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"math"

	"github.com/ringtrip/ringtrip/store"
)

var insertEvents = rowsFor(`INSERT INTO event (`+eventColumns+`)`, 6)

// putEvents gives each event its device's next seq. Seqs are given inside the transaction that stores the event, and
// there is one writer: so they grow by one, and a reader that sees one sees all before it.
func putEvents(tx *tx, events []store.Event) ([]uint64, error) {
	if len(events) == 0 {
		return nil, nil
	}
	seqs := make([]uint64, 0, len(events))
	args := make([]any, 0, 6*len(events))
	for _, e := range events {
		seq, err := nextSeq(tx, e.App, e.Device)
		if err != nil {
			return nil, fmt.Errorf("reading the seq of device %s: %w", e.Device, err)
		}
		seqs = append(seqs, uint64(seq))
		args = append(args, e.App, e.Device, seq, e.CallID, blob(e.Payload), instant(e.At))
	}
	return seqs, insertEvents.insert(tx, 6, args)
}

// newestSeq is a device's newest seq: its newest event's or, if that is gone, what was taken down then.
const newestSeq = `max(coalesce((SELECT seq FROM cursor WHERE app = ?1 AND device = ?2), 0),
	coalesce((SELECT max(seq) FROM event WHERE app = ?1 AND device = ?2), 0))`

// nextSeq returns a device's next seq, which has to be stored in this transaction.
func nextSeq(tx *tx, app, device string) (int64, error) {
	seq, known := tx.memo.seqs[[2]string{app, device}]
	if !known {
		if err := tx.row(`SELECT `+newestSeq, []any{app, device}, &seq); err != nil {
			return 0, err
		}
	}
	seq++
	tx.memo.setSeq(app, device, seq)
	return seq, nil
}

// dropEvents forgets the events that the condition is true of, but not the seqs that they had.
func dropEvents(tx *tx, condition string, args ...any) error {
	if err := tx.exec(`INSERT INTO cursor (app, device, seq) SELECT app, device, max(seq) FROM event WHERE `+condition+` GROUP BY app, device
		ON CONFLICT (app, device) DO UPDATE SET seq = max(seq, excluded.seq)`, args...); err != nil {
		return err
	}
	return tx.exec(`DELETE FROM event WHERE `+condition, args...)
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
	return read(ctx, s, scanEvent, `SELECT `+eventColumns+` FROM event WHERE app = ? AND device = ? AND seq > ?
		ORDER BY seq LIMIT (? + 0)`, app, device, signed(after), max(n, 0))
}

// PutEvents implements [store.Events].
func (s *Store) PutEvents(ctx context.Context, events []store.Event) ([]uint64, error) {
	if len(events) == 0 {
		return nil, nil
	}
	var seqs []uint64
	err := s.write(ctx, func(tx *tx) (err error) {
		if seqs, err = putEvents(tx, events); err != nil {
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
		err := dropEvents(tx, `app = ? AND device = ? AND seq <= ?`, app, device, signed(seq))
		if err != nil {
			return fmt.Errorf("trimming the events of device %s: %w", device, err)
		}
		return nil
	})
}

// signed is seq in SQLite's range of integers.
func signed(seq uint64) int64 { return int64(min(seq, math.MaxInt64)) }
