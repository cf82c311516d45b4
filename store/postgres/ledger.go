package postgres

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/ringtrip/ringtrip/store"
	"github.com/ringtrip/ringtrip/store/packed"
)

// maxPacked is how many entries a row of the ledger has at most: that is by how much the seqs of rows grow.
const maxPacked = 64

// AppendLedger implements [store.Ledger].
func (s *Store) AppendLedger(ctx context.Context, entries []store.LedgerEntry) error {
	if len(entries) == 0 {
		return nil
	}
	_, err := s.write(ctx, entries[0].CallID, &write{t: store.Transition{Ledger: entries}})
	return err
}

// LedgerOf implements [store.Ledger].
func (s *Store) LedgerOf(ctx context.Context, callID string) ([]store.LedgerEntry, error) {
	rows, err := read(ctx, s, scanLedger, `SELECT `+ledgerColumns+` FROM ledger WHERE call_id = $1 ORDER BY seq`, text(callID))
	return slices.Concat(rows...), err
}

const ledgerColumns = `call_id, seq, stage, device, at, device_at, reason, detail, more`

// scanLedger reads the entries of a row.
func scanLedger(row pgx.CollectableRow) ([]store.LedgerEntry, error) {
	var e store.LedgerEntry
	var seq, stage, at, deviceAt, reason int64
	var more string
	if err := row.Scan(&e.CallID, &seq, &stage, &e.Device, &at, &deviceAt, &reason, &e.Detail, &more); err != nil {
		return nil, err
	}
	e.Stage, e.At, e.DeviceAt, e.Reason = int32(stage), packed.Moment(at), packed.Moment(deviceAt), uint8(reason)
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

// packLedger writes entries as packed ones, with the texts that the columns of the first one would have.
func packLedger(entries []store.LedgerEntry) string {
	clean := slices.Clone(entries)
	for i, e := range clean {
		clean[i].Device, clean[i].Detail = text(e.Device), text(e.Detail)
	}
	return packed.Ledger(clean)
}
