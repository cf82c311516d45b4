package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/ringtrip/ringtrip/store"
)

// EventsAfter implements [store.Events].
func (s *Store) EventsAfter(ctx context.Context, app, device string, after uint64, n int) ([]store.Event, error) {
	return quick(ctx, s, scanEvent, `SELECT `+eventColumns+` FROM event WHERE app = $1 AND device = $2 AND seq > $3
		ORDER BY seq LIMIT $4`, text(app), text(device), signed(after), max(n, 0))
}

const eventColumns = `app, device, seq, call_id, payload, at`

func scanEvent(row pgx.CollectableRow) (e store.Event, err error) {
	var seq, at int64
	err = row.Scan(&e.App, &e.Device, &seq, &e.CallID, &e.Payload, &at)
	e.Seq, e.At = uint64(seq), moment(at)
	return e, err
}

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
