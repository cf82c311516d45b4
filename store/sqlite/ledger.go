package sqlite

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/ringtrip/ringtrip/store"
)

var insertLedgers = rowsFor(`INSERT INTO ledger (`+ledgerColumns+`)`, 8)

// putLedger appends entries to their calls' ledgers.
func putLedger(tx *tx, entries []store.LedgerEntry) error {
	args := make([]any, 0, 8*len(entries))
	last := map[string]int64{} // of calls that the memo does not have
	for _, e := range entries {
		seq := int64(-1)
		known := tx.memo.calls[e.CallID]
		if known != nil {
			seq = known.ledger
		} else if n, ok := last[e.CallID]; ok {
			seq = n
		}
		if seq < 0 {
			if err := tx.row(`SELECT coalesce(max(seq), 0) FROM ledger WHERE call_id = ?`, []any{e.CallID}, &seq); err != nil {
				return fmt.Errorf("reading the ledger of call %s: %w", e.CallID, err)
			}
		}
		seq++
		if known != nil {
			known.ledger = seq
		} else {
			last[e.CallID] = seq
		}
		args = append(args, e.CallID, seq, e.Stage, e.Device, instant(e.At), instant(e.DeviceAt), e.Reason, e.Detail)
	}
	return insertLedgers.insert(tx, 8, args)
}

const ledgerColumns = `call_id, seq, stage, device, at, device_at, reason, detail`

func insertLedger(tx *tx, e store.LedgerEntry, seq int64) error {
	return tx.exec(`INSERT INTO ledger (`+ledgerColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		e.CallID, seq, e.Stage, e.Device, instant(e.At), instant(e.DeviceAt), e.Reason, e.Detail)
}

func scanLedger(rows *sql.Rows) (e store.LedgerEntry, err error) {
	var seq int64
	err = rows.Scan(&e.CallID, &seq, &e.Stage, &e.Device, (*instant)(&e.At), (*instant)(&e.DeviceAt), &e.Reason, &e.Detail)
	e.Seq = uint64(seq)
	return e, err
}

// AppendLedger implements [store.Ledger].
func (s *Store) AppendLedger(ctx context.Context, entries []store.LedgerEntry) error {
	if len(entries) == 0 {
		return nil
	}
	return s.write(ctx, func(tx *tx) error {
		if err := putLedger(tx, entries); err != nil {
			return fmt.Errorf("storing ledger entries: %w", err)
		}
		return nil
	})
}

// LedgerOf implements [store.Ledger].
func (s *Store) LedgerOf(ctx context.Context, callID string) ([]store.LedgerEntry, error) {
	return read(ctx, s, scanLedger, `SELECT `+ledgerColumns+` FROM ledger WHERE call_id = ? ORDER BY seq`, callID)
}
