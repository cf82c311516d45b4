package apns

import (
	"context"
	"time"

	"github.com/ringtrip/ringtrip/push"
)

// Reaction is a row of the reason table, for tests.
type Reaction struct {
	Status         int
	Reason         string
	Verdict        push.Verdict
	Elsewhere      bool
	Remint         bool
	OtherWorld     bool
	Replace, OfKey bool
	Hint           string
}

// Reactions is the reason table.
func Reactions() []Reaction {
	var all []Reaction
	for _, r := range reactions {
		all = append(all, Reaction{r.status, r.reason, r.verdict, r.retry == elsewhere, r.retry == remint, r.retry == otherWorld, r.replace, r.key, r.hint})
	}
	return all
}

// SetSleep replaces the wait before a retry. It must be called before the first Send.
func (s *Sender) SetSleep(f func(ctx context.Context, d time.Duration) error) { s.sleep = f }

// SetPatience sets how long a first push may take before a second connection is opened. Before the first Send only.
func (s *Sender) SetPatience(d time.Duration) {
	for _, p := range s.pools {
		p.cfg.patience = d
	}
}

// SetPause replaces the wait between failed dials. Before the first Send only.
func (s *Sender) SetPause(f func(failures int) time.Duration) {
	for _, p := range s.pools {
		p.cfg.pause = f
	}
}

// Authorization is the header value in use now.
func (s *Sender) Authorization() (string, time.Time, error) {
	t, err := s.minter.token()
	return t.authorization, t.issuedAt, err
}

// Idle says whether nothing is waiting for, carried by or reserved on any connection.
func (s *Sender) Idle() bool {
	for _, p := range s.pools {
		p.mu.Lock()
		idle := p.waiters.Len() == 0
		for _, c := range append(append([]*conn(nil), p.conns...), p.retired...) {
			idle = idle && c.inFlight == 0 && !c.probing
		}
		p.mu.Unlock()
		if !idle {
			return false
		}
	}
	return true
}

// DialPause is the default wait between failed dials.
func DialPause(failures int) time.Duration { return dialPause(failures) }

// Sleep is the default wait before a retry.
func Sleep(ctx context.Context, d time.Duration) error { return sleep(ctx, d) }
