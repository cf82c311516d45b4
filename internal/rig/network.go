package rig

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
)

// ErrOffline is what a device without a network gets for every connection.
var ErrOffline = errors.New("rig: the device has no network, or its process is suspended")

// Network is one device's way to the server, which can be cut: what is open breaks, what is new fails, as on a
// phone in a tunnel. It is safe for concurrent use.
type Network struct {
	dial func(ctx context.Context, network, addr string) (net.Conn, error)

	mu        sync.Mutex
	offline   bool
	suspended bool
	conns     map[*conn]struct{}
}

// NewNetwork returns a network that is up. A nil dial is the machine's own network.
func NewNetwork(dial func(ctx context.Context, network, addr string) (net.Conn, error)) *Network {
	if dial == nil {
		dial = (&net.Dialer{}).DialContext
	}
	return &Network{dial: dial, conns: map[*conn]struct{}{}}
}

// Client returns an HTTP client that goes through the network. Call its CloseIdleConnections when done.
func (n *Network) Client() *http.Client {
	return &http.Client{Transport: &http.Transport{DialContext: n.DialContext, MaxIdleConnsPerHost: 4}}
}

// DialContext dials unless the network is down.
func (n *Network) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	n.mu.Lock()
	down := n.down()
	n.mu.Unlock()
	if down {
		return nil, ErrOffline
	}
	c, err := n.dial(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	wrapped := &conn{Conn: c, net: n}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.down() { // it went down while we dialed
		_ = c.Close()
		return nil, ErrOffline
	}
	n.conns[wrapped] = struct{}{}
	return wrapped, nil
}

// SetOnline cuts the network or brings it back. What was open when it was cut is broken.
func (n *Network) SetOnline(on bool) { n.set(func() { n.offline = !on }) }

// SetSuspended stops the process's own traffic: iOS takes the sockets of a suspended process away.
func (n *Network) SetSuspended(on bool) { n.set(func() { n.suspended = on }) }

// Break breaks what is open now; new connections work.
func (n *Network) Break() { n.cut(true, func() {}) }

func (n *Network) set(change func()) { n.cut(false, change) }

func (n *Network) cut(always bool, change func()) {
	n.mu.Lock()
	change()
	var broken []*conn
	if always || n.down() {
		for c := range n.conns {
			broken = append(broken, c)
		}
	}
	n.mu.Unlock()
	for _, c := range broken {
		_ = c.Close()
	}
}

// down reports whether nothing gets through. n.mu must be held.
func (n *Network) down() bool { return n.offline || n.suspended }

// conn leaves the network's list when it is closed.
type conn struct {
	net.Conn
	net *Network
}

func (c *conn) Close() error {
	c.net.mu.Lock()
	delete(c.net.conns, c)
	c.net.mu.Unlock()
	return c.Conn.Close()
}
