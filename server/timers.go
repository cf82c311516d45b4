package server

import (
	"context"
	"sync"
	"time"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/fork"
	"github.com/ringtrip/ringtrip/store"
)

const (
	timerBatch = 64
	// timerLease is how long this node has to carry a timer out before another one gets it.
	// It is short, for a node may die over it; that two nodes carry it out does no harm.
	timerLease = time.Second
)

// runTimers fires the calls' timers. They are rows of the store, so they outlive this process. The wait is never longer
// than a tick: timers of calls that other nodes made, and a clock that was set, are noticed within one.
func (s *Server) runTimers(ctx context.Context) {
	wall, steady := s.now(), time.Now()
	for {
		s.noticeJump(wall, steady)
		wall, steady = s.now(), time.Now()
		wait := s.fireTimers(ctx)
		t := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			t.Stop()
			return
		case <-t.C:
		}
	}
}

// noticeJump compares how far the wall clock and the steady one went since they read wall and steady. If they differ, the
// wall clock was set or the machine slept: that devices were silent meanwhile means nothing.
func (s *Server) noticeJump(wall, steady time.Time) {
	now := s.now()
	if off := now.Round(0).Sub(wall.Round(0)) - time.Since(steady); off.Abs() > s.cfg.AliveTimeout/8 {
		s.log.Warn("the clock was set, or this machine slept", "by", off)
		s.listening.Store(now.UnixNano())
	}
}

// fireTimers fires what is due and returns how long to wait for the next.
func (s *Server) fireTimers(ctx context.Context) time.Duration {
	for {
		due, err := s.store.DueTimers(ctx, s.now(), timerBatch, timerLease)
		if err != nil {
			s.report(ctx, "reading due timers failed", err)
			return s.cfg.Tick
		}
		var all sync.WaitGroup
		for _, row := range due {
			all.Go(func() {
				// An error leaves the timer leased: it is handed out again.
				if err := s.fire(ctx, row); err != nil {
					s.report(ctx, "a timer failed and will be tried again", err, "call", row.ID)
				}
			})
		}
		all.Wait()
		if len(due) < timerBatch {
			break
		}
	}
	next, err := s.store.NextTimer(ctx)
	if err != nil {
		s.report(ctx, "reading the next timer failed", err)
		return s.cfg.Tick
	}
	if next.IsZero() {
		return s.cfg.Tick
	}
	return min(max(next.Sub(s.now()), time.Millisecond), s.cfg.Tick)
}

// report logs what a loop met, unless it is that the server stops.
func (s *Server) report(ctx context.Context, what string, err error, args ...any) {
	if ctx.Err() == nil {
		s.log.Error(what, append(args, "err", err)...)
	}
}

// fire carries out the timer of one call. If it is not due any more, because the call went on or the clock was set, the
// commit arms it anew.
func (s *Server) fire(ctx context.Context, row store.Call) error {
	_, err := s.change(ctx, row.ID, func(t *turn) error {
		t.changed = true // the row's timer is a lease now: whatever happens, it has to be set right
		if due := t.timer(s.cfg.AliveTimeout); due.IsZero() || due.After(t.now) {
			return nil
		}
		switch t.Fork.State {
		case fork.Ringing:
			if t.RingDeadline.After(t.now) {
				t.step(fork.Event{Kind: fork.NextGroup})
			} else {
				t.step(fork.Event{Kind: fork.RingTimeout})
			}
		case fork.Answered:
			if t.Offered != nil && t.Fork.Open() > 0 && !t.Offered.Deadline.After(t.now) {
				t.step(fork.Event{Kind: fork.Withdraw, Reason: call.Unanswered})
				return nil
			}
			if t.mediaOver() {
				return nil
			}
			if t.HeardAt.Add(s.cfg.AliveTimeout).After(t.now) {
				return nil // it was the carrier's timer
			}
			// Devices could say nothing while the server was down or asleep, so they get their time from then on.
			if since := time.Unix(0, s.listening.Load()); t.now.Sub(since).Abs() < s.cfg.AliveTimeout {
				t.HeardAt = since
				return nil
			}
			t.step(fork.Event{Kind: fork.Abandoned})
		case fork.Idle, fork.Ended:
		}
		return nil
	})
	return err
}

// runPurge clears away what is over.
func (s *Server) runPurge(ctx context.Context) {
	tick := time.NewTicker(s.cfg.PurgeInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		s.streams.forget(backSoon)
		s.media.forget()
		s.limits.forget()
		s.desk.clear(s.now())
		if n, err := s.store.Purge(ctx, s.now()); err != nil {
			s.report(ctx, "clearing tombstones away failed", err)
		} else if n > 0 {
			s.log.Debug("cleared tombstones away", "calls", n)
		}
		s.trim(ctx)
	}
}
