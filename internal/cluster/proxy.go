package cluster

import (
	"io"
	"net"
	"sync"
)

// Proxy passes TCP connections on, and can be cut as a network is: nothing goes through, and nobody is told.
type Proxy struct {
	to       string
	listener net.Listener
	all      sync.WaitGroup

	mu    sync.Mutex
	cut   bool
	conns map[net.Conn]struct{}
}

// NewProxy listens on a free address of this machine for connections to an address.
func NewProxy(to string) (*Proxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{to: to, listener: l, conns: map[net.Conn]struct{}{}}
	p.all.Go(p.accept)
	return p, nil
}

// Addr is where the proxy listens.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

func (p *Proxy) accept() {
	for {
		c, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.all.Go(func() { p.pass(c) })
	}
}

// pass carries one connection. While the proxy is cut it stays open and silent.
func (p *Proxy) pass(c net.Conn) {
	defer p.drop(c)
	if !p.keep(c) {
		return
	}
	d, err := net.Dial("tcp", p.to)
	if err != nil {
		return
	}
	defer p.drop(d)
	if !p.keep(d) {
		return
	}
	var both sync.WaitGroup
	carry := func(to, from net.Conn) {
		defer both.Done()
		buffer := make([]byte, 32<<10)
		for {
			n, err := from.Read(buffer)
			if n > 0 && !p.isCut() { // what comes while it is cut is lost, and with it the connection
				if _, werr := to.Write(buffer[:n]); werr != nil {
					break
				}
			}
			if err != nil {
				break
			}
		}
		if !p.isCut() {
			_ = to.Close()
			_ = from.Close()
		}
	}
	both.Add(2)
	go carry(d, c)
	go carry(c, d)
	both.Wait()
}

func (p *Proxy) keep(c net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.conns == nil {
		return false
	}
	p.conns[c] = struct{}{}
	return true
}

func (p *Proxy) drop(c io.Closer) {
	_ = c.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, c.(net.Conn))
}

func (p *Proxy) isCut() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cut
}

// Cut lets nothing through any more; both ends keep waiting.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = true
}

// Heal lets new connections through. The old ones have lost bytes, so they end.
func (p *Proxy) Heal() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = false
	for c := range p.conns {
		_ = c.Close()
	}
}

// Close ends everything.
func (p *Proxy) Close() {
	_ = p.listener.Close()
	p.mu.Lock()
	for c := range p.conns {
		_ = c.Close()
	}
	p.conns = nil
	p.mu.Unlock()
	p.all.Wait()
}
