package mediatest

import (
	"bytes"
	"runtime"
	"sync"
	"time"
)

// An outbox calls a session's Send and Notify: one at a time, in order, and never from within a method of
// the session.
type outbox struct {
	mu        sync.Mutex
	queue     []delivery
	scheduled bool
	running   chan struct{} // closed when the drain that runs now has ended
	goroutine string        // of that drain
	closed    bool
}

type delivery struct {
	send bool // or notify
	do   func()
}

// post queues do and sees to it that the queue is drained soon.
func (o *outbox) post(after func(time.Duration, func()), send bool, do func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return
	}
	o.queue = append(o.queue, delivery{send, do})
	if !o.scheduled {
		o.scheduled = true
		after(0, o.drain)
	}
}

func (o *outbox) drain() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return
	}
	o.running, o.goroutine = make(chan struct{}), goroutine()
	for len(o.queue) > 0 {
		next := o.queue[0]
		o.queue = o.queue[1:]
		o.mu.Unlock()
		next.do()
		o.mu.Lock()
	}
	close(o.running)
	o.running, o.goroutine = nil, ""
	o.scheduled = false
}

// close waits for a drain that runs, drops what was to be notified, sends what was to be sent and lets
// nothing more in. It returns false if it was called from within a drain, where it must not wait.
func (o *outbox) close() bool {
	o.mu.Lock()
	o.closed = true
	rest, running := o.queue, o.running
	o.queue = nil
	inside := running != nil && o.goroutine == goroutine()
	o.mu.Unlock()
	if running != nil && !inside {
		<-running
	}
	for _, d := range rest {
		if d.send {
			d.do()
		}
	}
	return !inside
}

// goroutine returns the first line of the caller's stack, which names its goroutine. Go hides that number
// for good reasons; here it only turns a deadlock of the code under test into a recorded violation.
func goroutine() string {
	var buf [64]byte
	line := buf[:runtime.Stack(buf[:], false)]
	if i := bytes.IndexByte(line, '['); i > 0 {
		line = line[:i]
	}
	return string(line)
}
