package sqlite

import (
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ringtrip/ringtrip/store"
)

// toldFormat is the first byte of what table told holds.
const toldFormat = 1

// packs reports whether an event of c's commit can stand in table told, where it is found by c's devices.
func packs(c store.Call, e store.Event) bool {
	return e.CallID == c.ID && e.App == c.App && slices.Contains(c.Devices, e.Device)
}

// packEvent appends an event to those of the same commit.
func packEvent(b []byte, e store.Event) []byte {
	if len(b) == 0 {
		b = append(b, toldFormat)
	}
	b = append(binary.AppendUvarint(b, uint64(len(e.Device))), e.Device...)
	b = binary.AppendUvarint(b, e.Seq)
	at := int64(0)
	if !e.At.IsZero() {
		at = e.At.UnixNano()
	}
	b = binary.AppendVarint(b, at)
	return append(binary.AppendUvarint(b, uint64(len(e.Payload))), e.Payload...)
}

var errTold = errors.New("the packed events of a call are damaged")

// unpackEvents returns the events of a commit; their payloads are parts of b.
func unpackEvents(app, call string, b []byte) ([]store.Event, error) {
	if len(b) == 0 || b[0] != toldFormat {
		return nil, fmt.Errorf("%w: %s", errTold, call)
	}
	b = b[1:]
	bad := false
	number := func() uint64 {
		v, n := binary.Uvarint(b)
		if bad = bad || n <= 0; bad {
			return 0
		}
		b = b[n:]
		return v
	}
	some := func() []byte {
		n := number()
		if bad = bad || n > uint64(len(b)); bad {
			return nil
		}
		part := b[:n:n]
		b = b[n:]
		return part
	}
	var all []store.Event
	for len(b) > 0 && !bad {
		e := store.Event{App: app, CallID: call, Device: string(some()), Seq: number()}
		zigzag := number() // as [binary.AppendVarint] writes it
		if at := int64(zigzag>>1) ^ -int64(zigzag&1); at != 0 {
			e.At = time.Unix(0, at).UTC()
		}
		e.Payload = some()
		all = append(all, e)
	}
	if bad {
		return nil, fmt.Errorf("%w: %s", errTold, call)
	}
	return all, nil
}

// newestOf returns the newest seq that a device has in a commit's events, 0 if none.
func newestOf(device, call string, packed []byte) (uint64, error) {
	all, err := unpackEvents("", call, packed)
	newest := uint64(0)
	for _, e := range all {
		if e.Device == device {
			newest = max(newest, e.Seq)
		}
	}
	return newest, err
}

// toldOf returns the packed events of a call.
func toldOf(tx *tx, app, id string) ([]store.Event, error) {
	packed, err := queryTx(tx, func(rows *sql.Rows) (b []byte, err error) { return b, rows.Scan(&b) }, `SELECT events FROM told WHERE call_id = ?`, id)
	if err != nil {
		return nil, err
	}
	var all []store.Event
	for _, b := range packed {
		events, err := unpackEvents(app, id, b)
		if err != nil {
			return nil, err
		}
		all = append(all, events...)
	}
	return all, nil
}

// forgetTold forgets the packed events of a call, but not the seqs that they had.
func forgetTold(tx *tx, app, id string) error {
	events, err := toldOf(tx, app, id)
	if err != nil {
		return err
	}
	newest := map[string]uint64{}
	for _, e := range events {
		newest[e.Device] = max(newest[e.Device], e.Seq)
	}
	for device, seq := range newest {
		if err := setCursor(tx, app, device, int64(seq), 0); err != nil {
			return err
		}
	}
	return tx.exec(`DELETE FROM told WHERE call_id = ?`, id)
}

// spread gives each packed event of a call a row of its own, before the call loses a device that it is found by.
func spread(tx *tx, app, id string) error {
	events, err := toldOf(tx, app, id)
	if err != nil {
		return err
	}
	for _, e := range events {
		if err := insertEvent(tx, e); err != nil {
			return err
		}
	}
	return tx.exec(`DELETE FROM told WHERE call_id = ?`, id)
}

// setCursor takes down a device's newest seq, and up to which it has its events.
func setCursor(tx *tx, app, device string, seq, trimmed int64) error {
	return tx.exec(`INSERT INTO cursor (app, device, seq, trimmed) VALUES (?, ?, ?, ?) ON CONFLICT (app, device)
		DO UPDATE SET seq = max(seq, excluded.seq), trimmed = max(trimmed, excluded.trimmed)`, app, device, seq, trimmed)
}
