package carriertest

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// flushAfter is how long jobs are held back to be shuffled, if no more come.
const flushAfter = 50 * time.Millisecond

// job is one webhook on its way.
type job struct {
	key string        // jobs of one key are done one after the other; empty: it waits for no other
	run func(era int) // delivers it, unless there was an outage after era

	late time.Duration // as was told when it was let go, so too era
	era  int
}

// outbox is what has to go out: it holds jobs back, shuffles, delays and loses them by the [Faults] that it was told, keeps
// those of a key in order, and knows when all are over. How one is delivered, and how often, is its owner's matter. It owns
// its goroutines: close waits for them.
type outbox struct {
	client *http.Client
	// mix puts what was held back into another order, with the lock held. It may change keys.
	mix func([]job)

	mu     sync.Mutex
	faults Faults
	sent   int // jobs that were accepted, for Faults.Drop
	era    int // counts the outages: what was on its way before one is lost
	held   []job
	flush  *time.Timer
	queues map[string][]job // a goroutine runs for each
	busy   int              // jobs that are not over
	idle   chan struct{}    // closed when busy is 0
	ctx    context.Context
	cancel context.CancelFunc
	work   sync.WaitGroup
}

// newOutbox returns one whose requests may take timeout.
func newOutbox(timeout time.Duration, mix func([]job)) *outbox {
	o := &outbox{
		client: &http.Client{Timeout: timeout, Transport: &http.Transport{MaxIdleConnsPerHost: 16, IdleConnTimeout: 5 * time.Second},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		mix: mix, queues: map[string][]job{}, idle: make(chan struct{}),
	}
	close(o.idle)
	o.ctx, o.cancel = context.WithCancel(context.Background())
	return o
}

func (o *outbox) fail(f Faults) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.faults = f
}

// loses numbers a job that is accepted, and says whether it is lost. The lock must be held.
func (o *outbox) loses() bool {
	n := o.sent
	o.sent++
	return o.faults.Drop != nil && o.faults.Drop(n)
}

// hold keeps a job, that many times, until enough are there to be shuffled. The lock must be held.
func (o *outbox) hold(j job, times int) {
	for range times {
		o.count(1)
		o.held = append(o.held, j)
	}
	if len(o.held) > o.faults.Shuffle {
		o.release()
		return
	}
	if o.flush != nil {
		o.flush.Stop()
	}
	o.flush = time.AfterFunc(flushAfter, func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.release()
	})
}

// release lets go of what is held back. The lock must be held.
func (o *outbox) release() {
	held := o.held
	o.held = nil
	if o.ctx.Err() != nil {
		o.count(-len(held))
		return
	}
	if o.faults.Shuffle > 0 {
		o.mix(held)
	}
	for _, j := range held {
		o.start(j)
	}
}

// start lets go of a job, which was counted. The lock must be held.
func (o *outbox) start(j job) {
	j.late, j.era = o.faults.Late, o.era
	if j.key == "" {
		o.work.Go(func() { o.do(j) })
		return
	}
	queue, runs := o.queues[j.key]
	o.queues[j.key] = append(queue, j)
	if !runs {
		o.work.Go(func() { o.serve(j.key) })
	}
}

// count keeps idle. The lock must be held.
func (o *outbox) count(n int) {
	before := o.busy
	o.busy += n
	switch {
	case before == 0 && o.busy > 0:
		o.idle = make(chan struct{})
	case before > 0 && o.busy == 0:
		close(o.idle)
	}
}

// due counts n jobs more, or fewer, that are not written yet: wait waits for what will be said of something that has
// happened already.
func (o *outbox) due(n int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.count(n)
}

// serve does the jobs of one key until there are none.
func (o *outbox) serve(key string) {
	for {
		o.mu.Lock()
		queue := o.queues[key]
		if len(queue) == 0 {
			delete(o.queues, key)
			o.mu.Unlock()
			return
		}
		j := queue[0]
		o.queues[key] = queue[1:]
		o.mu.Unlock()
		o.do(j)
	}
}

// do does one job, which is over then.
func (o *outbox) do(j job) {
	if o.pause(j.late) {
		j.run(j.era)
	}
	o.due(-1)
}

// same reports whether there was no outage since era.
func (o *outbox) same(era int) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.era == era
}

// pause waits; false: the outbox has closed.
func (o *outbox) pause(d time.Duration) bool {
	if d <= 0 {
		return o.ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-o.ctx.Done():
		return false
	}
}

// drop forgets what was not sent yet.
func (o *outbox) drop() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.era++
	gone := len(o.held)
	o.held = nil
	for key, queue := range o.queues {
		gone += len(queue)
		o.queues[key] = nil
	}
	o.count(-gone)
}

// wait blocks until all jobs are over.
func (o *outbox) wait(ctx context.Context) error {
	o.mu.Lock()
	o.release()
	idle := o.idle
	o.mu.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// close gives up and waits for the goroutines.
func (o *outbox) close() {
	o.mu.Lock()
	o.cancel()
	if o.flush != nil {
		o.flush.Stop()
	}
	o.mu.Unlock()
	o.drop()
	o.work.Wait()
	o.client.CloseIdleConnections()
}
