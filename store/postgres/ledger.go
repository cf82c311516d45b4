package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"github.com/jackc/pgx/v5"

	"github.com/ringtrip/ringtrip/store"
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
	e.Stage, e.At, e.DeviceAt, e.Reason = int32(stage), moment(at), moment(deviceAt), uint8(reason)
	others, err := unpackLedger(more)
	if err != nil {
		return nil, fmt.Errorf("the ledger of call %s is damaged: %w", e.CallID, err)
	}
	all := append([]store.LedgerEntry{e}, others...)
	for i := range all {
		all[i].CallID, all[i].Seq = e.CallID, uint64(seq)+uint64(i)
	}
	return all, nil
}

// packLedger writes entries as a JSON array of arrays, empty if there are none.
func packLedger(entries []store.LedgerEntry) string {
	if len(entries) == 0 {
		return ""
	}
	b := make([]byte, 0, 96*len(entries))
	for i, e := range entries {
		open := ",["
		if i == 0 {
			open = "[["
		}
		b = strconv.AppendInt(append(b, open...), int64(e.Stage), 10)
		b = appendText(append(b, ','), text(e.Device))
		b = strconv.AppendInt(append(b, ','), nanos(e.At), 10)
		b = strconv.AppendInt(append(b, ','), nanos(e.DeviceAt), 10)
		b = strconv.AppendUint(append(b, ','), uint64(e.Reason), 10)
		b = append(appendText(append(b, ','), text(e.Detail)), ']')
	}
	return string(append(b, ']'))
}

// appendText appends s as JSON.
func appendText(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			quoted, _ := json.Marshal(s) // a string can be written
			return append(b, quoted...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}

// unpackLedger reads them; they have neither call nor seq.
func unpackLedger(more string) (all []store.LedgerEntry, err error) {
	if more == "" {
		return nil, nil
	}
	var rows [][6]json.RawMessage
	if err := json.Unmarshal([]byte(more), &rows); err != nil {
		return nil, err
	}
	for _, row := range rows {
		var e store.LedgerEntry
		var at, deviceAt int64
		for i, to := range []any{&e.Stage, &e.Device, &at, &deviceAt, &e.Reason, &e.Detail} {
			if err := json.Unmarshal(row[i], to); err != nil {
				return nil, err
			}
		}
		e.At, e.DeviceAt = moment(at), moment(deviceAt)
		all = append(all, e)
	}
	return all, nil
}
