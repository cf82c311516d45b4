package server

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
)

// ErrDraining says that a node is on its way out.
var ErrDraining = errors.New("server: this node is draining: new work belongs elsewhere")

// Stats is what a node has in hand at a moment.
type Stats struct {
	Streams int // open event streams
	Pushes  int // pushes that wait in memory or are under way
}

// Stats returns what this node has in hand. It does not block.
func (s *Server) Stats() Stats {
	return Stats{Streams: s.streams.count(), Pushes: s.work.count()}
}

// Drain ends the event streams, so that devices connect elsewhere, and stops taking over what other nodes left. Requests
// and pushes go on: see [Server.Idle]. It may be called more than once.
func (s *Server) Drain() {
	s.draining.Store(true)
	s.Close()
}

// Draining reports whether [Server.Drain] was called.
func (s *Server) Draining() bool { return s.draining.Load() }

// Idle waits until no push of this node waits or is under way. It returns ctx's error if that took too long: what is
// left then stays leased, and another node takes it over when its lease runs out.
func (s *Server) Idle(ctx context.Context) error { return s.work.idle(ctx) }

// tally counts what is under way, and tells who waits for nothing.
type tally struct {
	mu    sync.Mutex
	n     int
	empty chan struct{} // closed when n falls to 0; nil: nobody waits
}

func (t *tally) add(n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.n += n
	if t.n == 0 && t.empty != nil {
		close(t.empty)
		t.empty = nil
	}
}

func (t *tally) count() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.n
}

func (t *tally) idle(ctx context.Context) error {
	t.mu.Lock()
	if t.n == 0 {
		t.mu.Unlock()
		return nil
	}
	if t.empty == nil {
		t.empty = make(chan struct{})
	}
	empty := t.empty
	t.mu.Unlock()
	select {
	case <-empty:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// drainState is embedded in a Server.
type drainState struct {
	work     tally // pushes
	draining atomic.Bool
}
