package postgres

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/ringtrip/ringtrip/store"
	"github.com/ringtrip/ringtrip/store/packed"
)

// packing is the first schema with packed rows: see the column reads of table node.
const packing = 6

// EventsAfter implements [store.Events].
func (s *Store) EventsAfter(ctx context.Context, app, device string, after uint64, n int) ([]store.Event, error) {
	// One statement, so that all is of one moment.
	return quick(ctx, s, scanEvent, `WITH mark AS MATERIALIZED (
			SELECT greatest($3::bigint, coalesce((SELECT seq FROM trimmed WHERE app = $1 AND device = $2), 0)) AS seq
		) SELECT $1::text, $2::text, both_of_them.* FROM (
			SELECT e.seq, e.call_id, e.payload, e.at FROM event e WHERE e.app = $1 AND e.device = $2 AND e.seq > (SELECT seq FROM mark)
			UNION ALL
			SELECT t.seqs[array_position(t.devices, $2)], t.call_id, t.payloads[array_position(t.devices, $2)], t.at
			FROM told t WHERE t.call_id = ANY(ARRAY(SELECT call_id FROM call_device WHERE app = $1 AND device = $2))
				AND t.newest > (SELECT seq FROM mark) AND t.seqs[array_position(t.devices, $2)] > (SELECT seq FROM mark)
		) AS both_of_them ORDER BY seq LIMIT $4`, text(app), text(device), signed(after), max(n, 0))
}

const eventColumns = `app, device, seq, call_id, payload, at`

func scanEvent(row pgx.CollectableRow) (e store.Event, err error) {
	var seq, at int64
	err = row.Scan(&e.App, &e.Device, &seq, &e.CallID, &e.Payload, &at)
	e.Seq, e.At = uint64(seq), packed.Moment(at)
	return e, err
}

// allEvents are all events that their devices do not have yet.
const allEvents = `SELECT e.* FROM (
		SELECT ` + eventColumns + ` FROM event
		UNION ALL
		SELECT c.app, x.device, x.seq, t.call_id, x.payload, t.at
		FROM told t JOIN call c ON c.id = t.call_id, unnest(t.devices, t.seqs, t.payloads) AS x (device, seq, payload)
	) AS e LEFT JOIN trimmed USING (app, device) WHERE e.seq > coalesce(trimmed.seq, 0)`

// PutEvents implements [store.Events].
func (s *Store) PutEvents(ctx context.Context, events []store.Event) ([]uint64, error) {
	if len(events) == 0 {
		return nil, nil
	}
	done, err := s.write(ctx, events[0].Device, &write{t: store.Transition{Events: events}})
	return done.Seqs, err
}

// TrimEvents implements [store.Events].
func (s *Store) TrimEvents(ctx context.Context, app, device string, seq uint64) error {
	_, err := s.write(ctx, device, &write{trims: []trim{{app: app, device: device, seq: seq}}})
	return err
}

// inPack reports which of a write's events stand in its row of table told: those that are of its call, and that a
// device of the call finds by it.
func (w *write) inPack() []bool {
	events := w.t.Events
	in := make([]bool, len(events))
	if !w.cas || !w.packs {
		return in
	}
	c := &w.t.Call
	first := slices.IndexFunc(events, func(e store.Event) bool { return e.CallID == c.ID })
	for i, e := range events {
		in[i] = e.CallID == c.ID && e.App == c.App && e.At.Equal(events[first].At) && slices.Contains(c.Devices, e.Device) &&
			!slices.ContainsFunc(events[:i], func(o store.Event) bool { return text(o.Device) == text(e.Device) })
	}
	return in
}

// loadEvents stores events and gives them their seqs. A device's cursor is locked until the batch is committed, so
// that seqs become visible in their order, without a gap.
func (b *bulk) loadEvents(batch []*write) {
	var g guard
	var with []int64 // the row of g that an event belongs to
	var app, device, call []string
	var payload [][]byte
	var at []int64
	var inPack []bool
	for n, w := range batch {
		if len(w.t.Events) == 0 {
			continue
		}
		g.add(w)
		in := w.inPack()
		for i, e := range w.t.Events {
			with, inPack = append(with, int64(len(g.cas))), append(inPack, in[i])
			app, device, call = append(app, text(e.App)), append(device, text(e.Device)), append(call, text(e.CallID))
			payload, at = append(payload, blob(e.Payload)), append(at, packed.Nanos(e.At))
			b.seqsOf = append(b.seqsOf, place{n, i})
		}
	}
	if len(app) == 0 {
		return
	}
	b.told = b.queue(`WITH w AS MATERIALIZED (
			SELECT nth AS write, stamp FROM unnest($1::boolean[], $2::text[], $3::bigint[]) WITH ORDINALITY AS x (cas, holder, stamp, nth) WHERE `+won+`
		), e AS MATERIALIZED (
			SELECT x.*, w.stamp, row_number() OVER place AS n, count(*) OVER (PARTITION BY x.app, x.device) AS many
			FROM unnest($4::bigint[], $5::text[], $6::text[], $7::text[], $8::bytea[], $9::bigint[], $10::boolean[])
				WITH ORDINALITY AS x (write, app, device, call_id, payload, at, packed, nth) JOIN w ON w.write = x.write
			WINDOW place AS (PARTITION BY x.app, x.device ORDER BY x.nth)
		), cur AS (
			INSERT INTO cursor AS c (app, device, seq)
			SELECT app, device, many FROM e WHERE n = 1 ORDER BY app COLLATE "C", device COLLATE "C"
			ON CONFLICT (app, device) DO UPDATE SET seq = c.seq + excluded.seq
			RETURNING app, device, seq
		), numbered AS MATERIALIZED (
			SELECT e.*, cur.seq - e.many + e.n AS seq FROM e JOIN cur ON cur.app = e.app AND cur.device = e.device
		), pack AS (
			INSERT INTO told (call_id, stamp, newest, at, devices, seqs, payloads)
			SELECT min(call_id), min(stamp), max(seq), min(at), array_agg(device), array_agg(seq), array_agg(payload) FROM numbered WHERE packed GROUP BY write
		), single AS (
			INSERT INTO event (app, device, seq, stamp, call_id, payload, at)
			SELECT app, device, seq, stamp, call_id, payload, at FROM numbered WHERE NOT packed
		) SELECT nth, seq FROM numbered`, g.cas, g.holder, g.stamp, with, app, device, call, payload, at, inPack)
}
