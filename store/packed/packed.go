// Package packed writes several entries of a call's ledger as one text, for stores that keep what a commit adds in one row:
// a row costs an embedded database a page, and another one a statement. It has how times stand in rows, too. It knows no
// database, and what it writes stays readable: rows of it are in databases of its users.
package packed

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/ringtrip/ringtrip/store"
)

// Ledger writes entries as a JSON array of arrays, empty if there are none: stage, device, time and the device's own in Unix
// nanoseconds (0: none), reason, detail. Call and seq are not written, for the row has those of its first entry. Texts that are not UTF-8
// come back with replacement characters.
func Ledger(entries []store.LedgerEntry) string {
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
		b = appendText(append(b, ','), e.Device)
		b = strconv.AppendInt(append(b, ','), Nanos(e.At), 10)
		b = strconv.AppendInt(append(b, ','), Nanos(e.DeviceAt), 10)
		b = strconv.AppendUint(append(b, ','), uint64(e.Reason), 10)
		b = append(appendText(append(b, ','), e.Detail), ']')
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

// ReadLedger reads what [Ledger] wrote. The entries have neither call nor seq. Anything else is an error.
func ReadLedger(text string) (all []store.LedgerEntry, err error) {
	if text == "" {
		return nil, nil
	}
	var rows [][6]json.RawMessage
	if err := json.Unmarshal([]byte(text), &rows); err != nil {
		return nil, fmt.Errorf("packed entries of a ledger: %w", err)
	}
	for i, row := range rows {
		var e store.LedgerEntry
		var at, deviceAt int64
		for n, to := range []any{&e.Stage, &e.Device, &at, &deviceAt, &e.Reason, &e.Detail} {
			if err := json.Unmarshal(row[n], to); err != nil {
				return nil, fmt.Errorf("packed entry %d of a ledger, part %d: %w", i+1, n+1, err)
			}
		}
		e.At, e.DeviceAt = Moment(at), Moment(deviceAt)
		all = append(all, e)
	}
	return all, nil
}

// Nanos is a time as it stands in a row: Unix nanoseconds, 0 for the zero time.
func Nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

// Moment is the time that stands in a row, in UTC.
func Moment(ns int64) time.Time {
	if ns == 0 {
		return time.Time{}
	}
	return time.Unix(0, ns).UTC()
}
