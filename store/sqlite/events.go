package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"math"

	"github.com/ringtrip/ringtrip/store"
)

// putEvent gives e the device's next seq. Seqs are given inside the transaction that stores the event, and
// there is one writer: so they grow by one, and a reader that sees one sees all before it.
func putEvent(tx *tx, e store.Event) (uint64, error) {
	var seq int64
	err := tx.row(`INSERT INTO cursor (app, device, seq) VALUES (?, ?, 1)
		ON CONFLICT (app, device) DO UPDATE SET seq = seq + 1 RETURNING seq`, []any{e.App, e.Device}, &seq)
	if err != nil {
		return 0, err
	}
	e.Seq = uint64(seq)
	return e.Seq, insertEvent(tx, e)
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
	err := s.write(ctx, func(tx *tx) error {
		seqs = make([]uint64, 0, len(events))
		for _, e := range events {
			seq, err := putEvent(tx, e)
			if err != nil {
				return fmt.Errorf("storing an event of device %s: %w", e.Device, err)
			}
			seqs = append(seqs, seq)
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
		err := tx.exec(`DELETE FROM event WHERE app = ? AND device = ? AND seq <= ?`, app, device, signed(seq))
		if err != nil {
			return fmt.Errorf("trimming the events of device %s: %w", device, err)
		}
		return nil
	})
}

// signed is seq in SQLite's range of integers.
func signed(seq uint64) int64 { return int64(min(seq, math.MaxInt64)) }
