package sqlite

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/ringtrip/ringtrip/store"
)

func putLedger(tx *tx, e store.LedgerEntry) error {
	return tx.exec(`INSERT INTO ledger (`+ledgerColumns+`)
		SELECT ?1, coalesce(max(seq), 0) + 1, ?2, ?3, ?4, ?5, ?6, ?7 FROM ledger WHERE call_id = ?1`,
		e.CallID, e.Stage, e.Device, instant(e.At), instant(e.DeviceAt), e.Reason, e.Detail)
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
		for _, e := range entries {
			if err := putLedger(tx, e); err != nil {
				return fmt.Errorf("storing a ledger entry of call %s: %w", e.CallID, err)
			}
		}
		return nil
	})
}

// LedgerOf implements [store.Ledger].
func (s *Store) LedgerOf(ctx context.Context, callID string) ([]store.LedgerEntry, error) {
	return read(ctx, s, scanLedger, `SELECT `+ledgerColumns+` FROM ledger WHERE call_id = ? ORDER BY seq`, callID)
}
