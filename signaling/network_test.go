package signaling_test

import (
	"context"
	"net"
	"net/http"
	"sync"
	"syscall"
	"testing"
	"time"
)

// network is a network in memory between clients and one server. It can lose every connection, swallow
// everything without a word, and be without a server.
type network struct {
	mu     sync.Mutex
	server *listener // nil: connections are refused
	conns  map[*conn]struct{}
	frozen bool
	thaw   chan struct{}
}

func newNetwork() *network {
	return &network{conns: map[*conn]struct{}{}, thaw: make(chan struct{})}
}

type listener struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *listener) Close() error   { l.once.Do(func() { close(l.closed) }); return nil }
func (l *listener) Addr() net.Addr { return &net.UnixAddr{Name: "memory"} }

// conn is the client's end of a connection.
type conn struct {
	net.Conn
	net    *network
	mu     sync.Mutex
	dead   bool // swallows everything
	closed chan struct{}
	once   sync.Once
}

func (c *conn) isDead() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.dead
}

func (c *conn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if err == nil && c.isDead() {
		<-c.closed
		return 0, net.ErrClosed
	}
	return n, err
}

func (c *conn) Write(b []byte) (int, error) {
	if c.isDead() {
		return len(b), nil
	}
	return c.Conn.Write(b)
}

func (c *conn) Close() error {
	c.once.Do(func() { close(c.closed) })
	c.net.mu.Lock()
	delete(c.net.conns, c)
	c.net.mu.Unlock()
	return c.Conn.Close()
}

func (n *network) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	n.mu.Lock()
	for n.frozen {
		thaw := n.thaw
		n.mu.Unlock()
		select {
		case <-thaw:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		n.mu.Lock()
	}
	server := n.server
	n.mu.Unlock()
	if server == nil {
		return nil, &net.OpError{Op: "dial", Net: "memory", Err: syscall.ECONNREFUSED}
	}
	here, there := net.Pipe()
	c := &conn{Conn: here, net: n, closed: make(chan struct{})}
	n.mu.Lock()
	n.conns[c] = struct{}{}
	n.mu.Unlock()
	select {
	case server.conns <- there:
		return c, nil
	case <-server.closed:
		c.Close()
		return nil, &net.OpError{Op: "dial", Net: "memory", Err: syscall.ECONNREFUSED}
	}
}

// cut closes every connection.
func (n *network) cut() {
	n.mu.Lock()
	var all []*conn
	for c := range n.conns {
		all = append(all, c)
	}
	n.mu.Unlock()
	for _, c := range all {
		c.Close()
	}
}

// freeze makes every connection swallow what is sent, for good, and new ones hang until melt.
func (n *network) freeze() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.frozen = true
	for c := range n.conns {
		c.mu.Lock()
		c.dead = true
		c.mu.Unlock()
	}
}

func (n *network) melt() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.frozen = false
	close(n.thaw)
	n.thaw = make(chan struct{})
}

// serve starts a server and returns what stops it, with all its connections.
func (n *network) serve(t *testing.T, handler http.Handler) (stop func()) {
	l := &listener{conns: make(chan net.Conn), closed: make(chan struct{})}
	n.mu.Lock()
	n.server = l
	n.mu.Unlock()
	s := &http.Server{Handler: handler, Protocols: protocols(true, true)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := s.Serve(l); err != http.ErrServerClosed {
			t.Errorf("Serve: %v", err)
		}
	}()
	return func() {
		n.mu.Lock()
		n.server = nil
		n.mu.Unlock()
		s.Close()
		l.Close()
		<-done
	}
}

// client returns an HTTP client on the network that speaks HTTP/1.1 or 2.
func (n *network) client(http2 bool) *http.Client {
	return &http.Client{Transport: &http.Transport{
		DialContext: n.dial,
		Protocols:   protocols(!http2, http2),
		HTTP2:       &http.HTTP2Config{SendPingTimeout: 6 * time.Second, PingTimeout: 3 * time.Second},
	}}
}

func protocols(one, two bool) *http.Protocols {
	var p http.Protocols
	p.SetHTTP1(one)
	p.SetUnencryptedHTTP2(two)
	return &p
}
