package apns

import (
	"errors"
	"net"
	"os"
	"sync"
	"time"
)

const (
	maxPending    = 256 << 10              // bytes that may wait to be written before Write blocks
	closePatience = 250 * time.Millisecond // for the last bytes when a connection is closed
)

// coalescer is a connection that writes what comes at about the same time with one system call. net/http writes each push
// in two (HEADERS, then DATA), each a TLS record and a packet; with hundreds of pushes in flight those calls are what
// costs most. Write returns as soon as the bytes are kept; who is slow to read blocks it after maxPending bytes. An error
// of writing comes with the next Write, and with Read, for then the connection is closed.
//
// It has one goroutine, which ends with Close or the first error.
type coalescer struct {
	net.Conn
	timeout time.Duration // for one write to the network

	mu      sync.Mutex
	changed sync.Cond // pending, err or closed changed
	pending []byte
	spare   []byte // the other buffer, empty
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

// Write keeps b to be written soon.
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
	return len(b), nil
}

// run writes until the connection is closed or fails.
func (w *coalescer) run() {
	defer close(w.done)
	for {
		w.mu.Lock()
		for len(w.pending) == 0 && !w.closed {
			w.changed.Wait()
		}
		if len(w.pending) == 0 {
			w.mu.Unlock()
			_ = w.Conn.Close() // everything is written; nothing to do about a connection that does not close
			return
		}
		batch := w.pending
		w.pending, w.spare = w.spare[:0], nil
		w.changed.Broadcast() // there is room
		timeout := w.timeout
		if w.closed {
			timeout = closePatience
		}
		w.mu.Unlock()
		err := w.Conn.SetWriteDeadline(time.Now().Add(timeout))
		if err == nil {
			_, err = w.Conn.Write(batch)
		}
		w.mu.Lock()
		if cap(batch) <= maxPending {
			w.spare = batch
		}
		if err != nil {
			if errors.Is(err, os.ErrDeadlineExceeded) {
				err = errors.New("apns: APNs does not read")
			}
			w.err = err
			w.changed.Broadcast()
			w.mu.Unlock()
			_ = w.Conn.Close() // it failed already
			return
		}
		w.mu.Unlock()
	}
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

// SetWriteDeadline does nothing: the goroutine that writes has a deadline of its own.
func (w *coalescer) SetWriteDeadline(time.Time) error { return nil }

// SetDeadline sets the deadline of Read.
func (w *coalescer) SetDeadline(t time.Time) error { return w.SetReadDeadline(t) }
