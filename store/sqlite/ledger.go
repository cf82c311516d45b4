package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/ringtrip/ringtrip/store"
	"github.com/ringtrip/ringtrip/store/packed"
)

// packedSchema is the first schema whose rows hold more than one entry.
const packedSchema = 7

const ledgerColumns = `call_id, seq, stage, device, at, device_at, reason, detail, more`

// putLedger appends entries to their calls' ledgers: those of one call that follow one another as one row.
func putLedger(tx *tx, entries []store.LedgerEntry) error {
	last := map[string]int64{} // of calls that the memo does not have
	for len(entries) > 0 {
		id := entries[0].CallID
		n := slices.IndexFunc(entries, func(e store.LedgerEntry) bool { return e.CallID != id })
		if n < 0 {
			n = len(entries)
		}
		known := tx.memo.calls[id]
		seq, ok := last[id]
		if known != nil && known.ledger >= 0 {
			seq, ok = known.ledger, true
		}
		if !ok {
			var more string
			err := tx.row(`SELECT seq, more FROM ledger WHERE call_id = ? ORDER BY seq DESC LIMIT 1`, []any{id}, &seq, &more)
			if err != nil && !errors.Is(err, sql.ErrNoRows) {
				return fmt.Errorf("reading the ledger of call %s: %w", id, err)
			}
			others, err := packed.ReadLedger(more)
			if err != nil {
				return fmt.Errorf("reading the ledger of call %s: %w", id, err)
			}
			seq += int64(len(others))
		}
		if err := insertLedger(tx, seq+1, entries[:n]...); err != nil {
			return err
		}
		seq += int64(n)
		if known != nil {
			known.ledger = seq
		} else {
			last[id] = seq
		}
		entries = entries[n:]
	}
	return nil
}

// insertLedger stores entries of one call as a row; the first one has the seq.
func insertLedger(tx *tx, seq int64, all ...store.LedgerEntry) error {
	e := all[0]
	return tx.exec(`INSERT INTO ledger (`+ledgerColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		e.CallID, seq, e.Stage, e.Device, instant(e.At), instant(e.DeviceAt), e.Reason, e.Detail, packed.Ledger(all[1:]))
}

// scanLedger reads the entries of a row.
func scanLedger(rows *sql.Rows) ([]store.LedgerEntry, error) {
	var e store.LedgerEntry
	var seq int64
	var more string
	if err := rows.Scan(&e.CallID, &seq, &e.Stage, &e.Device, (*instant)(&e.At), (*instant)(&e.DeviceAt), &e.Reason, &e.Detail, &more); err != nil {
		return nil, err
	}
	others, err := packed.ReadLedger(more)
	if err != nil {
		return nil, fmt.Errorf("the ledger of call %s is damaged: %w", e.CallID, err)
	}
	all := append([]store.LedgerEntry{e}, others...)
	for i := range all {
		all[i].CallID, all[i].Seq = e.CallID, uint64(seq)+uint64(i)
	}
	return all, nil
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
	rows, err := read(ctx, s, scanLedger, `SELECT `+ledgerColumns+` FROM ledger WHERE call_id = ? ORDER BY seq`, callID)
	return slices.Concat(rows...), err
}
