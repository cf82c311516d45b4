package apns

import (
	"net/http"
	"sync/atomic"
	"time"
)

// dialLocked opens one more connection, unless one is being opened, the pool is full, or the last failures ask for
// patience. p.mu must be held.
func (p *pool) dialLocked() {
	if p.closed || p.dialing || len(p.conns) >= p.cfg.max {
		return
	}
	if wait := time.Until(p.notBefore); wait > 0 {
		if p.timer != nil {
			p.timer.Stop()
		}
		p.timer = time.AfterFunc(wait, p.signal)
		return
	}
	p.dialing = true
	p.wg.Go(func() {
		cc, err := p.cfg.dial(p.ctx)
		p.dialed(cc, err)
	})
}

// connections counts the connections of the process, for the log.
var connections atomic.Int64

// dialed takes a new connection in, or tells those who wait for nothing else why there is none.
func (p *pool) dialed(cc *http.ClientConn, err error) {
	p.mu.Lock()
	defer p.unlock()
	p.dialing = false
	switch {
	case p.closed:
		if err == nil {
			p.doomed = append(p.doomed, &conn{cc: cc})
		}
		return
	case err != nil:
		p.failedLocked()
		p.cfg.log.Warn("apns: cannot connect", "host", p.cfg.base.Host, "failures", p.failures, "error", err)
		if len(p.conns) == 0 {
			p.failWaitersLocked(err)
		}
		for e := p.waiters.Front(); e != nil; e = e.Next() {
			e.Value.(*waiter).avoid = nil // better the connection that failed once than none
		}
	default:
		c := &conn{id: connections.Add(1), cc: cc}
		p.conns = append(p.conns, c)
		p.cfg.log.Info("apns: connected", "connection", c.id, "host", p.cfg.base.Host)
		cc.SetStateHook(func(*http.ClientConn) { p.signal() })
	}
	p.dispatchLocked()
}

// failedLocked counts a connection that failed before its first success. p.mu must be held.
func (p *pool) failedLocked() {
	p.failures++
	p.notBefore = time.Now().Add(p.cfg.pause(p.failures))
}

// failWaitersLocked answers everyone who waits. p.mu must be held.
func (p *pool) failWaitersLocked(err error) {
	for e := p.waiters.Front(); e != nil; e = p.waiters.Front() {
		p.waiters.Remove(e)
		e.Value.(*waiter).ready <- grant{err: err}
	}
}
