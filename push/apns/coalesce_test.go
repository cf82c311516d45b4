package apns

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"testing"
	"time"
)

// pipe is a TCP connection on loopback, one end coalesced.
func pipe(t *testing.T, timeout time.Duration) (*coalescer, *net.TCPConn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() //nolint:errcheck // a listener of a test
	near, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	far, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = far.Close() })
	return coalesce(near, timeout), far.(*net.TCPConn)
}

// TestCoalescerKeepsOrder: what one writer writes arrives whole and in order, whatever the others do, up to Close.
func TestCoalescerKeepsOrder(t *testing.T) {
	w, far := pipe(t, 10*time.Second)
	got := make(chan []byte)
	go func() {
		b, _ := io.ReadAll(far)
		got <- b
	}()
	const writers, each = 8, 2000
	var wg sync.WaitGroup
	for id := range byte(writers) {
		wg.Go(func() {
			for i := range uint16(each) {
				b := bytes.Repeat([]byte{id}, 40+int(i%7)*300)
				b[1], b[2], b[3], b[4] = byte(i>>8), byte(i), byte(len(b)>>8), byte(len(b))
				if n, err := w.Write(b); n != len(b) || err != nil {
					t.Error(n, err)
				}
			}
		})
	}
	wg.Wait()
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	all := <-got
	var next [writers]uint16
	for len(all) > 0 {
		id, i, n := all[0], uint16(all[1])<<8|uint16(all[2]), int(all[3])<<8|int(all[4])
		if id >= writers || i != next[id] || n > len(all) || bytes.Count(all[5:n], []byte{id}) != n-5 {
			t.Fatalf("block %d of writer %d is damaged, want block %d", i, id, next[id])
		}
		next[id]++
		all = all[n:]
	}
	for id, n := range next {
		if n != each {
			t.Errorf("%d blocks of writer %d arrived, want %d", n, id, each)
		}
	}
	if _, err := w.Write([]byte{1}); !errors.Is(err, net.ErrClosed) {
		t.Errorf("writing after Close: %v", err)
	}
	if err := w.Close(); err != nil {
		t.Errorf("a second Close: %v", err)
	}
}

// TestCoalescerPeerDoesNotRead: a peer that reads nothing fails the writer after the time-out, and its reader too.
func TestCoalescerPeerDoesNotRead(t *testing.T) {
	w, _ := pipe(t, 50*time.Millisecond)
	read := make(chan error, 1)
	go func() {
		_, err := w.Read(make([]byte, 1))
		read <- err
	}()
	block := make([]byte, 64<<10)
	var err error
	for range 10_000 { // more than any socket buffer holds
		if _, err = w.Write(block); err != nil {
			break
		}
	}
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%v, want a time-out", err)
	}
	if err := <-read; err == nil {
		t.Error("the reader goes on")
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
}

// TestCoalescerPeerIsGone: the error of a write comes with a later one.
func TestCoalescerPeerIsGone(t *testing.T) {
	w, far := pipe(t, 10*time.Second)
	if err := far.SetLinger(0); err != nil {
		t.Fatal(err)
	}
	if err := far.Close(); err != nil {
		t.Fatal(err)
	}
	var err error
	for range 100_000 {
		if _, err = w.Write(make([]byte, 1000)); err != nil {
			break
		}
	}
	if err == nil {
		t.Error("writing to nobody never fails")
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
}
