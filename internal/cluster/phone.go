package cluster

import (
	"context"
	"fmt"
	"sync"
	"time"

	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"

	"github.com/ringtrip/ringtrip/server/auth"
	"github.com/ringtrip/ringtrip/signaling"
)

// phone is a device with the app's real connection to the server and nothing else: no CallKit, no media. It keeps what
// it was told of each call.
type phone struct {
	user, device string
	client       *signaling.Client
	close        func()

	mu      sync.Mutex
	calls   map[string]*heard
	changed chan struct{} // closed and made anew with each change
	rings   func(p *phone, c *v1.Call)
	streams int // how often its stream came up
	wrong   []string
}

// heard is what a phone was told of one call.
type heard struct {
	last   *v1.Call
	rang   bool
	ended  bool
	reason v1.EndReason
}

// Bundle is the bundle id of the devices that must be pushed to.
const Bundle = "com.example.phone"

// sleeper registers a device that never connects.
func (w *World) sleeper(n int) (device string, err error) {
	device = fmt.Sprint("callee", n, "-asleep")
	p := w.unregistered(fmt.Sprint("callee", n), device, nil)
	defer p.close()
	r := p.ask(&v1.RegisterDeviceRequest{
		DeviceId: device, Name: device, Platform: "light", BundleId: Bundle,
		VoipToken: fmt.Sprintf("%064x", n+1), Environment: v1.Environment_ENVIRONMENT_PRODUCTION,
	})
	return device, r.Err
}

// newPhone registers a phone and opens its stream.
func (w *World) newPhone(user, device string, rings func(*phone, *v1.Call)) (*phone, error) {
	p := w.unregistered(user, device, rings)
	if r := p.ask(&v1.RegisterDeviceRequest{DeviceId: device, Name: device, Platform: "light"}); r.Err != nil {
		p.close()
		return nil, r.Err
	}
	p.client.SetForeground(true)
	p.client.Open()
	return p, nil
}

// unregistered makes a phone that has said nothing yet.
func (w *World) unregistered(user, device string, rings func(*phone, *v1.Call)) *phone {
	p := &phone{user: user, device: device, calls: map[string]*heard{}, changed: make(chan struct{}), rings: rings}
	client := w.balancer.Client()
	p.client = signaling.New(signaling.ClientConfig{
		BaseURL: "http://ringtrip.test", HTTPClient: client, DeviceID: device, Handler: p,
		Token: func(context.Context) (string, error) {
			return auth.Mint(w.key, auth.Claims{App: w.cfg.App, User: user, Expires: time.Now().Add(24 * time.Hour)})
		},
		BackoffMin: 5 * time.Millisecond, BackoffMax: 60 * time.Millisecond, RetryMax: 60 * time.Millisecond,
		StableAfter: time.Second, Silence: 8 * time.Second, RequestTimeout: 2 * time.Second, SendFor: time.Minute,
	})
	p.close = func() { p.client.Close(); client.CloseIdleConnections() }
	return p
}

// Hello implements [signaling.Handler].
func (p *phone) Hello(h *v1.Hello) {
	for _, c := range h.Calls {
		p.Call(c)
	}
}

// Media implements [signaling.Handler].
func (p *phone) Media(*v1.MediaMessage) {}

// Online implements [signaling.Handler].
func (p *phone) Online(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if on {
		p.streams++
	}
	p.wake()
}

// Call implements [signaling.Handler]: it keeps what the phone is told, and notices what must not be.
func (p *phone) Call(c *v1.Call) {
	p.mu.Lock()
	h := p.calls[c.Id]
	if h == nil {
		h = &heard{}
		p.calls[c.Id] = h
	}
	if h.last != nil && c.Rev < h.last.Rev {
		p.mu.Unlock()
		return // events come again after a crash; what is older than what it knows is no news
	}
	over := c.State == v1.CallState_CALL_STATE_ENDED
	switch {
	case h.ended && !over:
		p.wrong = append(p.wrong, "call "+c.Id+" had ended on "+p.device+" and came back as "+c.State.String())
	case h.ended && c.Reason != h.reason:
		p.wrong = append(p.wrong, "call "+c.Id+" ended on "+p.device+" as "+h.reason.String()+" and then as "+c.Reason.String())
	}
	h.last = c
	if over {
		h.ended, h.reason = true, c.Reason
	}
	ring := c.State == v1.CallState_CALL_STATE_RINGING && c.Role == v1.Role_ROLE_CALLEE && !h.rang
	h.rang = h.rang || ring
	p.wake()
	p.mu.Unlock()
	if ring {
		p.rings(p, c)
	}
}

// wake tells whoever waits. p.mu must be held.
func (p *phone) wake() {
	close(p.changed)
	p.changed = make(chan struct{})
}

// until waits until the phone knows of the call what is wanted, and reports whether it came to that before ctx ended.
func (p *phone) until(ctx context.Context, id string, is func(h *heard) bool) bool {
	for {
		p.mu.Lock()
		h, changed := p.calls[id], p.changed
		ok := h != nil && is(h)
		p.mu.Unlock()
		if ok {
			return true
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return false
		}
	}
}

// of returns what the phone knows of a call.
func (p *phone) of(id string) (heard, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	h := p.calls[id]
	if h == nil {
		return heard{}, false
	}
	return *h, true
}
