package iossim

import (
	"time"

	"github.com/ringtrip/ringtrip/callkit"
)

// queue is a serial queue of a process. All queues of a process share its one thread, so that app code never
// runs twice at a time.
type queue struct{ p *Process }

// Async is part of [callkit.Queue].
func (q *queue) Async(f func()) {
	q.p.w.mu.Lock()
	defer q.p.w.mu.Unlock()
	q.p.w.tick()
	if !q.p.dead && !q.p.w.closed {
		q.p.post(item{queue: q, run: f})
	}
}

type timer struct {
	p    *Process
	ev   *event
	over bool
}

// AfterFunc is part of [callkit.System].
func (p *Process) AfterFunc(d time.Duration, f func()) callkit.Timer {
	p.w.mu.Lock()
	defer p.w.mu.Unlock()
	p.w.tick()
	t := &timer{p: p}
	if p.dead || p.w.closed {
		t.over = true
		return t
	}
	t.ev = p.ph.at(p.time().Add(max(0, d)), func() {
		p.post(item{skip: func() bool { return t.over }, run: func() {
			p.w.mu.Lock()
			stopped := t.over
			t.over = true
			p.w.mu.Unlock()
			if !stopped {
				f()
			}
		}})
	})
	return t
}

// Stop is part of [callkit.Timer].
func (t *timer) Stop() bool {
	t.p.w.mu.Lock()
	defer t.p.w.mu.Unlock()
	was := !t.over && !t.p.dead
	t.over = true
	t.ev.cancel()
	return was
}
