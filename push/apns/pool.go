package apns

import (
	"container/list"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ringtrip/ringtrip/push"
)

// settled is how many answers a connection must have brought before its being full counts: APNs may announce the higher
// limit of streams shortly after the first success.
const settled = 3

var errClosed = errors.New("apns: the sender is closed")

// poolConfig is what a pool is made from.
type poolConfig struct {
	env         push.Environment
	base        *url.URL
	dial        func(context.Context) (*http.ClientConn, error)
	max, keep   int
	patience    time.Duration                    // how long a first push may take before others get a second connection
	pause       func(failures int) time.Duration // between failed attempts to connect
	log         *slog.Logger
	breakerTime func() time.Time
}

// pool is the connections to one environment. It hands each push a connection with room for it:
//
//	dialing -> probing (one push) -> proven (as many as APNs allows) -> retired (finishes what it has) -> closed
//	                 `-- refused: the next push probes
//
// Only pool decides about connections, under mu.
type pool struct {
	cfg     poolConfig
	breaker breaker
	ctx     context.Context // ends with the pool
	cancel  context.CancelFunc
	wake    chan struct{} // a connection changed by itself, or a timer ran out
	waiting atomic.Int64  // the length of waiters, for who has no mu
	wg      sync.WaitGroup

	mu        sync.Mutex
	closed    bool
	conns     []*conn    // not retired, oldest first
	retired   []*conn    // still carrying something
	doomed    []*conn    // to be closed as soon as mu is free
	waiters   *list.List // of *waiter, first come first served
	newest    int64      // the id of the connection that was opened last
	served    bool       // a push succeeded
	lastUse   time.Time
	topics    map[string]time.Time // when a topic was refused for good
	dialing   bool
	failures  int       // connections in a row that failed before their first success
	notBefore time.Time // no dialing until then
	timer     *time.Timer
}

// conn is one connection. pool.mu guards it, cc locks for itself.
type conn struct {
	id       int64
	cc       *http.ClientConn
	proven   bool // a push succeeded
	probing  bool // the one push that a new connection may carry is on its way
	since    time.Time
	inFlight int
	answers  int
	resets   int // streams in a row that APNs reset
	retired  bool
	patience *time.Timer
}

// want is what a push asks of a connection.
type want struct {
	avoid *conn // another one, unless there is none
	newer int64 // one that was opened after the one with this id
}

// fits says whether c is what w asks for.
func (w want) fits(c *conn) bool { return c != w.avoid && c.id > w.newer }

// waiter is a push that waits for a connection.
type waiter struct {
	want
	ready chan grant // of capacity 1
}

// grant is room for one push on a connection, or the reason why there is none.
type grant struct {
	conn   *conn
	fresh  bool  // it is the connection's first push
	newest int64 // the newest connection at the time
	err    error
}

// outcome is how a connection did with a push.
type outcome uint8

const (
	unused    outcome = 1 // nothing was sent, or the caller did not wait for the answer
	answered  outcome = 2 // APNs refused the push
	succeeded outcome = 3
	broken    outcome = 4 // no answer, or one that says that the connection is over
	reset     outcome = 5 // the stream was reset, the others go on
)

// maxResets is how many resets in a row a connection is forgiven.
const maxResets = 3

func newPool(cfg poolConfig) *pool {
	ctx, cancel := context.WithCancel(context.Background())
	p := &pool{cfg: cfg, ctx: ctx, cancel: cancel, wake: make(chan struct{}, 1), waiters: list.New()}
	p.wg.Go(p.watch)
	return p
}

// dialPause is 100 ms after the first failure, doubling to 5 s: Apple takes rapid reconnecting for an attack.
func dialPause(failures int) time.Duration {
	return min(100*time.Millisecond<<min(failures-1, 10), 5*time.Second)
}

// acquire gives a connection with room for one push, as w asks. It blocks until there is one, a connection can't be
// opened, the ring ends or the pool closes. The caller must call release.
func (p *pool) acquire(r *ring, what want) grant {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return grant{err: errClosed}
	}
	if p.waiters.Len() == 0 {
		if c := p.pickLocked(what); c != nil {
			g := p.grantLocked(c)
			p.unlock()
			return g
		}
	}
	w := &waiter{want: what, ready: make(chan grant, 1)}
	e := p.waiters.PushBack(w)
	p.waiting.Store(int64(p.waiters.Len()))
	p.dispatchLocked()
	p.unlock()
	ctx := r.context()
	select {
	case g := <-w.ready:
		return g
	case <-ctx.Done():
	}
	p.mu.Lock()
	select {
	case g := <-w.ready: // granted meanwhile: p.waiters no longer has it
		p.unlock()
		if g.conn != nil {
			p.giveBack(g.conn)
		}
	default:
		p.waiters.Remove(e)
		p.waiting.Store(int64(p.waiters.Len()))
		p.unlock()
	}
	return grant{err: ctx.Err()}
}

// grantLocked is the grant of a connection that was just picked. p.mu must be held.
func (p *pool) grantLocked(c *conn) grant {
	return grant{conn: c, fresh: c.answers == 0, newest: p.newest}
}

// giveBack returns a connection that nothing was sent on.
func (p *pool) giveBack(c *conn) {
	c.cc.Release()
	p.release(c, unused)
}

// release returns a connection that a push was sent on and says how it did.
func (p *pool) release(c *conn, o outcome) {
	p.mu.Lock()
	defer p.unlock()
	c.inFlight--
	if c.probing {
		c.probing = false
		if o != unused { // else its stream may still be open, and patience with that has an end too
			c.patience.Stop()
		}
	}
	switch o {
	case unused:
	case answered:
		c.answers++
		c.resets = 0
	case succeeded:
		c.answers++
		c.proven, c.resets = true, 0
		p.served, p.failures = true, 0
	case reset:
		if c.resets++; !c.proven || c.resets >= maxResets {
			p.retireLocked(c)
		}
	case broken:
		p.retireLocked(c)
	}
	if c.retired && c.inFlight == 0 {
		p.doomLocked(c)
	}
	if p.waiters.Len() > 0 || o != succeeded {
		p.dispatchLocked()
	}
}

// dispatchLocked serves those who wait, in order, and opens a connection if that is what they need. p.mu must be held.
func (p *pool) dispatchLocked() {
	p.pruneLocked()
	needy := false
	for e := p.waiters.Front(); e != nil; {
		w, next := e.Value.(*waiter), e.Next()
		c := p.pickLocked(w.want)
		switch {
		case c != nil:
			p.waiters.Remove(e)
			p.waiting.Store(int64(p.waiters.Len()))
			w.ready <- p.grantLocked(c)
		case !needy && !p.dialing && !p.hopeLocked(w):
			needy = true
		}
		if c == nil && w.want == (want{}) {
			break // those behind can't be better off
		}
		e = next
	}
	if needy {
		p.dialLocked()
	} else {
		p.keepLocked()
	}
}

// pickLocked reserves room on a connection: the proven one with the least to do, else a new one that has no first push
// yet, else the one to avoid if the others are busy or can't be had. p.mu must be held.
func (p *pool) pickLocked(w want) *conn {
	var best *conn
	for _, c := range p.conns {
		if !w.fits(c) || !c.proven && c.probing {
			continue
		}
		if best == nil || c.proven && !best.proven || c.proven == best.proven && c.inFlight < best.inFlight {
			best = c
		}
	}
	if best != nil && p.takeLocked(best) {
		return best
	}
	for _, c := range p.conns {
		if c != best && w.fits(c) && (c.proven || !c.probing) && p.takeLocked(c) {
			return c
		}
	}
	if avoid := w.avoid; avoid != nil && w.newer == 0 && !avoid.retired && (len(p.conns) >= min(2, p.cfg.max) || p.failures > 0) && (avoid.proven || !avoid.probing) && p.takeLocked(avoid) {
		return avoid
	}
	return nil
}

// takeLocked reserves one stream of a connection. p.mu must be held.
func (p *pool) takeLocked(c *conn) bool {
	if !c.proven && c.cc.InFlight() > 0 {
		return false // a first push was given up, and APNs has not confirmed that its stream is closed
	}
	if c.cc.Reserve() != nil {
		return false
	}
	c.inFlight++
	p.lastUse = time.Now()
	if !c.proven {
		c.probing, c.since = true, p.lastUse
		c.patience = time.AfterFunc(p.cfg.patience, p.signal)
	}
	return true
}

// hopeLocked says whether a waiter may expect room on a connection that exists. p.mu must be held.
func (p *pool) hopeLocked(w *waiter) bool {
	for _, c := range p.conns {
		switch {
		case !w.fits(c):
		case !c.proven:
			if time.Since(c.since) < p.cfg.patience {
				return true
			}
		case c.answers < settled:
			return true // its stream is about to become free, or the limit to rise
		}
	}
	return false
}

// pruneLocked retires connections that APNs closed or is closing. p.mu must be held.
func (p *pool) pruneLocked() {
	for i := len(p.conns) - 1; i >= 0; i-- {
		c := p.conns[i]
		// After GOAWAY net/http offers no room although nothing is in flight. The order of the two questions matters:
		// what is in flight can only become less meanwhile, for only we add to it.
		idle := c.inFlight == 0 && c.cc.InFlight() == 0
		if c.cc.Err() != nil || idle && c.cc.Available() == 0 {
			p.retireLocked(c)
			if c.inFlight == 0 {
				p.doomLocked(c)
			}
		}
	}
}

// retireLocked gives a connection no more pushes. p.mu must be held.
func (p *pool) retireLocked(c *conn) {
	if c.retired {
		return
	}
	c.retired = true
	for i, other := range p.conns {
		if other == c {
			p.conns = append(p.conns[:i:i], p.conns[i+1:]...)
			break
		}
	}
	p.retired = append(p.retired, c)
	if !c.proven {
		p.failedLocked()
	}
	p.cfg.log.Info("apns: connection retired", "connection", c.id, "proven", c.proven, "answers", c.answers)
}

// doomLocked has a connection closed once mu is free. p.mu must be held.
func (p *pool) doomLocked(c *conn) {
	for i, other := range p.retired {
		if other == c {
			p.retired = append(p.retired[:i:i], p.retired[i+1:]...)
			p.doomed = append(p.doomed, c)
			return
		}
	}
}

// unlock frees mu and closes what is doomed: closing may take a while.
func (p *pool) unlock() {
	doomed := p.doomed
	p.doomed = nil
	p.mu.Unlock()
	for _, c := range doomed {
		_ = c.cc.Close() // it is of no use any more, whatever it says
	}
}

// signal has the watcher look at the connections. It never blocks, for net/http calls it from anywhere.
func (p *pool) signal() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// watch serves waiters when a connection changes by itself: new limits, closed by APNs, a first push that stalls.
func (p *pool) watch() {
	for {
		select {
		case <-p.ctx.Done():
			return
		case <-p.wake:
			p.mu.Lock()
			p.dispatchLocked()
			p.unlock()
		}
	}
}

// close ends everything. Waiters get errClosed.
func (p *pool) close() {
	p.mu.Lock()
	p.closed = true
	p.cancel()
	p.doomed = append(append(p.doomed, p.conns...), p.retired...)
	for _, c := range p.doomed {
		c.retired = true
		if c.patience != nil {
			c.patience.Stop()
		}
	}
	p.conns, p.retired = nil, nil
	if p.timer != nil {
		p.timer.Stop()
	}
	p.failWaitersLocked(errClosed)
	p.unlock()
	p.wg.Wait()
}

// topicPause is how long a topic that a new connection did not know either is taken for wrong, instead of opening a new
// connection for each push to it.
const topicPause = 10 * time.Minute

// disallowed says whether a topic was refused for good lately.
func (p *pool) disallowed(topic string, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	at, refused := p.topics[topic]
	return refused && now.Sub(at) < topicPause
}

// disallow remembers that a topic was refused for good.
func (p *pool) disallow(topic string, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.topics == nil || len(p.topics) > 1000 {
		p.topics = map[string]time.Time{}
	}
	p.topics[topic] = now
}
