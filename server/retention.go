package server

import (
	"context"
	"time"
)

// trimBatch bounds how much one commit forgets, so that it never holds up a call for long.
const trimBatch = 256

// trim forgets what is older than it has to be kept. Several nodes may do so at once: each forgets what it finds.
func (s *Server) trim(ctx context.Context) {
	for _, kept := range []struct {
		what string
		age  time.Duration
		trim func(context.Context, time.Time, int) (int, error)
	}{
		{"records of history", s.cfg.KeepHistory, s.store.TrimHistory},
		{"calls' ledgers", s.cfg.KeepLedger, s.store.TrimLedger},
		{"jobs that nobody claimed", s.cfg.KeepJobs, s.store.TrimJobs},
	} {
		if kept.age < 0 {
			continue
		}
		before, total := s.now().Add(-kept.age), 0
		for n := trimBatch; n == trimBatch && ctx.Err() == nil; total += n {
			var err error
			if n, err = kept.trim(ctx, before, trimBatch); err != nil {
				s.report(ctx, "forgetting what is old failed", err, "what", kept.what)
				break
			}
		}
		if total > 0 {
			s.log.Info("forgot what is old", "what", kept.what, "count", total, "older_than", kept.age)
		}
	}
}
