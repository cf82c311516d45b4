package cluster

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// Balancer spreads connections over nodes, as a load balancer does that looks only whether a node takes connections.
type Balancer struct {
	addrs []string
	next  atomic.Uint64
}

// NewBalancer spreads over addresses.
func NewBalancer(addrs ...string) *Balancer { return &Balancer{addrs: addrs} }

// Dial connects with one of the nodes that take connections, each in its turn.
func (b *Balancer) Dial(ctx context.Context, _, _ string) (net.Conn, error) {
	d := net.Dialer{Timeout: time.Second}
	first := b.next.Add(1)
	var all error
	for i := range b.addrs {
		c, err := d.DialContext(ctx, "tcp", b.addrs[(first+uint64(i))%uint64(len(b.addrs))])
		if err == nil {
			return c, nil
		}
		all = errors.Join(all, err)
	}
	return nil, all
}

// Client returns an HTTP client of its own connections.
func (b *Balancer) Client() *http.Client {
	return &http.Client{Transport: &http.Transport{DialContext: b.Dial, MaxIdleConnsPerHost: 4}}
}
