package apns

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/ringtrip/ringtrip/push"
)

// APNs slows down or closes connections that bring many refusals, and a refused key is refused for every push. After
// breakerAfter refusals of the key in a row, pushes fail at once, except one each breakerPause that tries again.
const (
	breakerAfter = 3
	breakerPause = 5 * time.Second
)

// breaker is the fuse of one environment.
type breaker struct {
	mu      sync.Mutex
	closed  atomic.Bool // nothing was refused since accept: it need not lock
	refused int
	next    time.Time // when the next push may try
	last    push.Error
}

// allow says whether a push may be sent; if not, it returns the refusal to answer with.
func (b *breaker) allow(now time.Time) *push.Error {
	if b.closed.Load() {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.refused < breakerAfter {
		return nil
	}
	if wait := b.next.Sub(now); wait > 0 && wait <= breakerPause { // beyond: the clock was set back
		e := b.last
		e.Attempts = 0
		return &e
	}
	b.next = now.Add(breakerPause)
	return nil
}

// refuse counts a refusal of the key.
func (b *breaker) refuse(now time.Time, e push.Error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed.Store(false)
	b.refused++
	b.last = e
	b.next = now.Add(breakerPause)
}

// accept says that the key is good.
func (b *breaker) accept() {
	if b.closed.Load() {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refused = 0
	b.closed.Store(true)
}
