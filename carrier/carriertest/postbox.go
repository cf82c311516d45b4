package carriertest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"
)

// flushAfter is how long webhooks are held back to be shuffled, if no more come.
const flushAfter = 50 * time.Millisecond

// letter is one webhook.
type letter struct {
	key  string // letters of one key are delivered one after the other
	path string // below the hooks' base
	// make returns header and body of an attempt, from 0.
	make func(attempt int) (http.Header, []byte)
}

// postbox delivers webhooks: those of a key in order, each again while the rule says so, with the [Faults] that it was
// told. It owns its goroutines: close waits for them.
type postbox struct {
	client *http.Client
	// again says how long to wait before the next attempt after one that was answered status (0: not at all); false: given up.
	again func(attempt, status int) (time.Duration, bool)
	took  func() // is called when a letter was taken; nil: nothing is

	mu      sync.Mutex
	base    string
	faults  Faults
	sent    int // letters that were accepted, for Faults.Drop
	era     int // counts the outages: what was on its way before one is lost
	held    []letter
	flush   *time.Timer
	queues  map[string][]letter // a goroutine runs for each
	busy    int                 // letters that are not over
	idle    chan struct{}       // closed when busy is 0
	lost    []string            // what was given up, and why
	ctx     context.Context
	cancel  context.CancelFunc
	workers sync.WaitGroup
}

func newPostbox(again func(attempt, status int) (time.Duration, bool)) *postbox {
	p := &postbox{
		client: &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 16, IdleConnTimeout: 5 * time.Second},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		again: again, queues: map[string][]letter{}, idle: make(chan struct{}),
	}
	close(p.idle)
	p.ctx, p.cancel = context.WithCancel(context.Background())
	return p
}

// hooks says where letters go.
func (p *postbox) hooks(base string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.base = base
}

func (p *postbox) fail(f Faults) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = f
}

// post accepts a letter. It does not block.
func (p *postbox) post(l letter) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.base == "" || p.ctx.Err() != nil {
		return
	}
	n := p.sent
	p.sent++
	if p.faults.Drop != nil && p.faults.Drop(n) {
		return
	}
	for range p.faults.Repeat + 1 {
		p.count(1)
		p.held = append(p.held, l)
	}
	if len(p.held) > p.faults.Shuffle {
		p.release()
		return
	}
	if p.flush != nil {
		p.flush.Stop()
	}
	p.flush = time.AfterFunc(flushAfter, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.release()
	})
}

// release lets go of what is held back. The lock must be held.
func (p *postbox) release() {
	held := p.held
	p.held = nil
	if p.faults.Shuffle > 0 {
		rand.Shuffle(len(held), func(i, j int) { held[i], held[j] = held[j], held[i] })
	}
	if p.ctx.Err() != nil {
		p.count(-len(held))
		return
	}
	for _, l := range held {
		queue, runs := p.queues[l.key]
		p.queues[l.key] = append(queue, l)
		if !runs {
			p.workers.Go(func() { p.run(l.key) })
		}
	}
}

// count keeps idle. The lock must be held.
func (p *postbox) count(n int) {
	before := p.busy
	p.busy += n
	switch {
	case before == 0 && p.busy > 0:
		p.idle = make(chan struct{})
	case before > 0 && p.busy == 0:
		close(p.idle)
	}
}

// due counts n letters more, or fewer, that are not written yet: wait waits for what will be said of something that has
// happened already.
func (p *postbox) due(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.count(n)
}

// run delivers the letters of one key until there are none.
func (p *postbox) run(key string) {
	for {
		p.mu.Lock()
		queue := p.queues[key]
		if len(queue) == 0 {
			delete(p.queues, key)
			p.mu.Unlock()
			return
		}
		l := queue[0]
		p.queues[key] = queue[1:]
		late, era := p.faults.Late, p.era
		p.mu.Unlock()

		why := ""
		if p.pause(late) {
			why = p.deliver(l, era)
		}
		p.mu.Lock()
		if why != "" {
			p.lost = append(p.lost, why)
		}
		p.count(-1)
		p.mu.Unlock()
	}
}

// pause waits; false: the postbox has closed.
func (p *postbox) pause(d time.Duration) bool {
	if d <= 0 {
		return p.ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-p.ctx.Done():
		return false
	}
}

// deliver sends one letter, as often as it needs, and returns why it was given up, if it was.
func (p *postbox) deliver(l letter, era int) string {
	for attempt := 0; ; attempt++ {
		p.mu.Lock()
		ctx, url, same := p.ctx, p.base+l.path, p.era == era
		p.mu.Unlock()
		if !same {
			return ""
		}
		header, body := l.make(attempt)
		status := send(ctx, p.client, url, header, body)
		if status/100 == 2 {
			if p.took != nil {
				p.took()
			}
			return ""
		}
		wait, more := p.again(attempt, status)
		if !more {
			return fmt.Sprintf("webhook for %s: answered %d %s, given up after %d attempts", l.key, status, http.StatusText(status), attempt+1)
		}
		if !p.pause(wait) {
			return ""
		}
	}
}

// send posts one webhook and returns the status, 0 if nobody answered.
func send(ctx context.Context, client *http.Client, url string, header http.Header, body []byte) int {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return 0
	}
	req.Header = header
	resp, err := client.Do(req)
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10)) // so that the connection is used again
	return resp.StatusCode
}

// drop forgets what was not sent yet.
func (p *postbox) drop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.era++
	gone := len(p.held)
	p.held = nil
	for key, queue := range p.queues {
		gone += len(queue)
		p.queues[key] = nil
	}
	p.count(-gone)
}

// wait blocks until all letters are over.
func (p *postbox) wait(ctx context.Context) error {
	p.mu.Lock()
	p.release()
	idle := p.idle
	p.mu.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// undelivered lists what was given up.
func (p *postbox) undelivered() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.lost...)
}

// close gives up and waits for the goroutines.
func (p *postbox) close() {
	p.mu.Lock()
	p.cancel()
	if p.flush != nil {
		p.flush.Stop()
	}
	p.mu.Unlock()
	p.drop()
	p.workers.Wait()
	p.client.CloseIdleConnections()
}
