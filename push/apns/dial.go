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

// keepFor is how long after its last push an environment's connections are kept open.
const keepFor = 24 * time.Hour

// keepLocked opens a connection if there are fewer than are to be kept. One that fails is left to the next push, for
// Apple takes rapid reconnecting for an attack. p.mu must be held.
func (p *pool) keepLocked() {
	if p.served && p.failures == 0 && len(p.conns) < p.cfg.keep && time.Since(p.lastUse) < keepFor {
		p.dialLocked()
	}
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
			e.Value.(*waiter).want = want{} // better the connection that failed once than none
		}
	default:
		c := &conn{id: connections.Add(1), cc: cc}
		p.conns = append(p.conns, c)
		p.newest = c.id
		p.cfg.log.Info("apns: connected", "connection", c.id, "host", p.cfg.base.Host)
		cc.SetStateHook(func(cc *http.ClientConn) {
			// Each push changes the state, and release looks at the connection then. Beyond that it matters to those who
			// wait, and if it is the connection's end.
			if p.waiting.Load() > 0 || cc.Err() != nil {
				p.signal()
			}
		})
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
		p.waiting.Store(int64(p.waiters.Len()))
		e.Value.(*waiter).ready <- grant{err: err}
	}
}
