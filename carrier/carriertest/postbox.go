package carriertest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"time"
)

// letter is one webhook.
type letter struct {
	key  string // letters of one key are delivered one after the other
	path string // below the hooks' base
	// make returns header and body of an attempt, from 0.
	make func(attempt int) (http.Header, []byte)
}

// postbox delivers webhooks whose answer is a status and no more: those of a key in order, each again while the rule says so.
type postbox struct {
	*outbox
	// again says how long to wait before the next attempt after one that was answered status (0: not at all); false: given up.
	again func(attempt, status int) (time.Duration, bool)
	took  func() // is called when a letter was taken; nil: nothing is

	base string   // guarded by mu, as what follows
	lost []string // what was given up, and why
}

func newPostbox(again func(attempt, status int) (time.Duration, bool)) *postbox {
	return &postbox{again: again, outbox: newOutbox(10*time.Second, func(held []job) {
		rand.Shuffle(len(held), func(i, j int) { held[i], held[j] = held[j], held[i] })
	})}
}

// hooks says where letters go.
func (p *postbox) hooks(base string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.base = base
}

// where is what hooks said; empty: nothing yet.
func (p *postbox) where() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.base
}

// post accepts a letter. It does not block.
func (p *postbox) post(l letter) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.base == "" || p.ctx.Err() != nil || p.loses() {
		return
	}
	p.hold(job{key: l.key, run: func(era int) { p.deliver(l, era) }}, p.faults.Repeat+1)
}

// deliver sends one letter, as often as it needs, and remembers why it was given up, if it was.
func (p *postbox) deliver(l letter, era int) {
	for attempt := 0; p.same(era); attempt++ {
		header, body := l.make(attempt)
		status := send(p.ctx, p.client, p.where()+l.path, header, body)
		if status/100 == 2 {
			if p.took != nil {
				p.took()
			}
			return
		}
		wait, more := p.again(attempt, status)
		if !more {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.lost = append(p.lost, fmt.Sprintf("webhook for %s: answered %d %s, given up after %d attempts", l.key, status, http.StatusText(status), attempt+1))
			return
		}
		if !p.pause(wait) {
			return
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

// undelivered lists what was given up.
func (p *postbox) undelivered() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.lost...)
}
