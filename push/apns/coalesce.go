package apns

import (
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"sync"
	"time"
)

const (
	worthACall    = 8 << 10                // bytes for which Write does not wait for more
	maxPending    = 256 << 10              // bytes that may wait to be written before Write blocks
	closePatience = 250 * time.Millisecond // for the last bytes when a connection is closed
)

// coalescer is a connection that writes what comes at about the same time with one system call. net/http writes each push
// in two (HEADERS, then DATA), each a TLS record and a packet; with many pushes in flight those calls are what costs
// most. Write returns as soon as the bytes are kept, or writes them itself if there are enough to be worth a call; who is
// slow to read blocks it after maxPending bytes. An error of writing comes with the next Write, and with Read, for then
// the connection is closed.
//
// It has one goroutine, which ends with Close or the first error.
type coalescer struct {
	net.Conn
	timeout time.Duration // for one write to the network

	mu      sync.Mutex
	changed sync.Cond // any of the below
	pending []byte
	spare   []byte // the other buffer, empty
	writing bool   // somebody is writing to the network
	err     error
	closed  bool
	done    chan struct{} // closed when the goroutine has ended
}

// coalesce wraps a connection whose writes may take timeout at most.
func coalesce(c net.Conn, timeout time.Duration) *coalescer {
	w := &coalescer{Conn: c, timeout: timeout, done: make(chan struct{})}
	w.changed.L = &w.mu
	go w.run()
	return w
}

// Write keeps b to be written soon, or writes it with what is kept.
func (w *coalescer) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.pending) >= maxPending && w.err == nil && !w.closed {
		w.changed.Wait()
	}
	switch {
	case w.err != nil:
		return 0, w.err
	case w.closed:
		return 0, net.ErrClosed
	}
	if len(w.pending) == 0 {
		w.changed.Broadcast()
	}
	w.pending = append(w.pending, b...)
	if len(w.pending) >= worthACall && !w.writing {
		w.flushLocked()
	}
	return len(b), w.err
}

// flushLocked writes what is kept. w.mu must be held, and is free meanwhile; nobody else may be writing.
func (w *coalescer) flushLocked() {
	batch, timeout := w.pending, w.timeout
	if w.closed {
		timeout = closePatience
	}
	w.pending, w.spare, w.writing = w.spare[:0], nil, true
	w.changed.Broadcast() // there is room
	w.mu.Unlock()
	err := w.Conn.SetWriteDeadline(time.Now().Add(timeout))
	if err == nil {
		_, err = w.Conn.Write(batch)
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = fmt.Errorf("apns: APNs does not read: %w", err)
	}
	w.mu.Lock()
	w.writing, w.err = false, err
	if cap(batch) <= 2*maxPending {
		w.spare = batch
	}
	w.changed.Broadcast()
}

// run writes what nobody else does, until the connection is closed or fails.
func (w *coalescer) run() {
	defer close(w.done)
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.err == nil {
		switch {
		case w.writing || len(w.pending) == 0 && !w.closed:
			w.changed.Wait()
			continue
		case len(w.pending) == 0:
			_ = w.Conn.Close() // everything is written; nothing to do about a connection that does not close
			return
		case !w.closed:
			w.mu.Unlock()
			runtime.Gosched() // whoever is about to write gets a chance to come along
			w.mu.Lock()
			if w.writing || len(w.pending) == 0 {
				continue
			}
		}
		w.flushLocked()
	}
	_ = w.Conn.Close() // it failed already
}

// Close writes what is kept, waiting at most closePatience for a peer that does not read, and closes the connection.
func (w *coalescer) Close() error {
	w.mu.Lock()
	w.closed = true
	w.changed.Broadcast()
	w.mu.Unlock()
	_ = w.Conn.SetWriteDeadline(time.Now().Add(closePatience)) // for a write under way; if it fails, so does that
	<-w.done
	return nil
}

// SetWriteDeadline does nothing: whoever writes to the network sets a deadline of its own.
func (w *coalescer) SetWriteDeadline(time.Time) error { return nil }

// SetDeadline sets the deadline of Read.
func (w *coalescer) SetDeadline(t time.Time) error { return w.SetReadDeadline(t) }
