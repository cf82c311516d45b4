package server

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/ringtrip/ringtrip/store"
)

// deadLetter is an event that an endpoint did not take. It is the payload of a job that nobody claims.
type deadLetter struct {
	Endpoint string    `json:"endpoint"`
	Event    []byte    `json:"event"` // as it would be sent
	Status   int       `json:"status,omitempty"`
	Detail   string    `json:"detail,omitempty"`
	At       time.Time `json:"at"`
}

func (d deadLetter) job(app, event string) (store.Job, error) {
	text, err := json.Marshal(d)
	if err != nil {
		return store.Job{}, fmt.Errorf("writing a dead letter: %w", err)
	}
	// Config.KeepJobs after now the letter is forgotten.
	return store.Job{ID: event + "@" + d.Endpoint, CallID: event, Kind: deadKind + app, Payload: text, LeasedUntil: d.At}, nil
}

func readDeadLetter(j store.Job) (d deadLetter, err error) {
	if err = json.Unmarshal(j.Payload, &d); err != nil {
		return d, fmt.Errorf("reading the dead letter %.80q: %w", j.ID, err)
	}
	return d, nil
}

// replay puts a dead letter on its way again. It goes on its own, after whatever its call told since.
func (s *Server) replay(ctx context.Context, app string, j store.Job) error {
	d, err := readDeadLetter(j)
	if err != nil {
		return err
	}
	again := store.Job{ID: j.ID + ".again", CallID: j.CallID, Kind: kindOf(app, d.Endpoint), Payload: append(d.Event, '\n'), LeasedUntil: s.now()}
	if err := s.store.PutJobs(ctx, []store.Job{again}); err != nil {
		return err
	}
	if err := s.store.Done(ctx, j.ID); err != nil {
		return err
	}
	s.mail.revive(again.Kind)
	return nil
}

// That an endpoint is disabled is a job, too, that nobody claims; it is kept until somebody enables the endpoint.
const (
	disabledKind = "webhook.disabled"
	keptLong     = 100 * 365 * 24 * time.Hour
)

type disablement struct {
	Why string    `json:"why"`
	At  time.Time `json:"at"`
}

func disabledID(kind string) string { return disabledKind + ":" + strings.TrimPrefix(kind, letterKind) }

func disabledJob(app, endpoint, why string, now time.Time) store.Job {
	text, _ := json.Marshal(disablement{Why: why, At: now}) // of two plain fields: never fails
	return store.Job{ID: disabledID(kindOf(app, endpoint)), Kind: disabledKind, Payload: text, LeasedUntil: now.Add(keptLong)}
}

// maxDisabled bounds how many disabled endpoints are read.
const maxDisabled = 10_000

// readDisabled returns the kinds of the endpoints that are disabled.
func (m *mail) readDisabled(ctx context.Context) (map[string]bool, error) {
	jobs, err := m.s.store.JobsOfKind(ctx, disabledKind, "", maxDisabled)
	if err != nil {
		return nil, err
	}
	off := map[string]bool{}
	for _, j := range jobs {
		off[letterKind+strings.TrimPrefix(j.ID, disabledKind+":")] = true
	}
	return off, nil
}
