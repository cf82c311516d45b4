package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/ringtrip/ringtrip/store"
)

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
	return read(ctx, s, scanLedger, `SELECT `+ledgerColumns+` FROM ledger WHERE call_id = $1 ORDER BY seq`, text(callID))
}

const ledgerColumns = `call_id, seq, stage, device, at, device_at, reason, detail`

func scanLedger(row pgx.CollectableRow) (e store.LedgerEntry, err error) {
	var seq, stage, at, deviceAt, reason int64
	err = row.Scan(&e.CallID, &seq, &stage, &e.Device, &at, &deviceAt, &reason, &e.Detail)
	e.Seq, e.Stage, e.At, e.DeviceAt, e.Reason = uint64(seq), int32(stage), moment(at), moment(deviceAt), uint8(reason)
	return e, err
}
