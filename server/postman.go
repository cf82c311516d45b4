package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ringtrip/ringtrip/server/webhook"
	"github.com/ringtrip/ringtrip/store"
)

const (
	// mailTick is how many ticks pass between two looks for jobs that this node was not woken for: those whose turn has
	// come to be tried again, and those that other nodes left.
	mailTick = 5
	// ailing is after how many failures in a row an endpoint gets one request at a time, until one succeeds.
	ailing = 5
)

// postman delivers the letters for one endpoint, and is the only one on this node who does. Endpoints know nothing of
// each other, so one that is slow or down holds up none but itself.
type postman struct {
	s        *Server
	app      string
	kind     string
	endpoint atomic.Pointer[webhook.Endpoint]
	disabled atomic.Bool
	bell     chan struct{}
	stop     context.CancelFunc
	failing  atomic.Int32 // failures in a row
}

// ring wakes the postman: there may be something new.
func (p *postman) ring() {
	select {
	case p.bell <- struct{}{}:
	default:
	}
}

// limit is how many letters are under way at once.
func (p *postman) limit() int {
	if p.failing.Load() >= ailing {
		return 1
	}
	return p.endpoint.Load().InFlight
}

// lease is how long a letter is this node's: one attempt, and time to say what came of it.
func (p *postman) lease() time.Duration { return 2*p.endpoint.Load().Timeout + 5*time.Second }

// run works until ctx ends.
func (p *postman) run(ctx context.Context) {
	r := &round{s: p.s, kind: p.kind, bell: p.bell, limit: p.limit, lease: p.lease, do: p.deliver,
		deaf:   func() bool { return p.failing.Load() >= ailing },
		steady: func() bool { return p.failing.Load() == 0 }}
	r.run(ctx)
}

// deliver delivers the first letter of a job.
func (p *postman) deliver(ctx context.Context, j store.Job) did {
	line, _, _ := bytes.Cut(j.Payload, []byte{'\n'})
	e, err := envelope(line)
	switch {
	case err != nil:
		return p.bury(ctx, j, line, webhook.Event{ID: j.ID}, webhook.Result{Detail: err.Error()})
	case p.disabled.Load():
		return p.bury(ctx, j, line, e, webhook.Result{Detail: "the endpoint is disabled"})
	}
	return p.attempt(ctx, j, line, e)
}

// envelope reads of an event what is needed to deliver it: its data is the receiver's business.
func envelope(line []byte) (webhook.Event, error) {
	var e struct {
		ID        string          `json:"id"`
		Type      webhook.Type    `json:"type"`
		Version   int             `json:"version"`
		Timestamp time.Time       `json:"timestamp"`
		Data      json.RawMessage `json:"data"`
	}
	err := json.Unmarshal(line, &e)
	if err != nil || e.ID == "" || e.Type == "" || e.Version != webhook.Version || len(line) > webhook.MaxEvent {
		return webhook.ParseEvent(line) // it says what is wrong
	}
	return webhook.Event{ID: e.ID, Type: e.Type, Version: e.Version, Timestamp: e.Timestamp}, nil
}

// attempt tries to deliver an event.
func (p *postman) attempt(ctx context.Context, j store.Job, line []byte, e webhook.Event) did {
	s, to := p.s, *p.endpoint.Load()
	r := s.cfg.Webhooks.Deliver(ctx, to, e.ID, line)
	if ctx.Err() != nil && r.Status == 0 { // this node is stopping: the next one needs not wait for the lease
		return did{back: true}
	}
	age := s.now().Sub(e.Timestamp)
	s.delivered(Delivery{App: p.app, Endpoint: to.ID, Type: e.Type, Took: r.Took, Status: r.Status, Taken: r.Taken(),
		Again: !r.Taken() && !r.Gone() && age < webhook.MaxAge, Age: age, Tries: j.Tries + 1})
	if r.Taken() {
		if p.failing.Swap(0) >= ailing {
			s.log.Info("a webhook endpoint takes events again", "app", p.app, "endpoint", to.ID)
			p.ring()
		}
		return did{done: withLineEnd(j, line)}
	}
	keep, cancel := context.WithTimeout(store.Later(context.WithoutCancel(ctx)), commitTime)
	defer cancel()
	if p.failing.Add(1) == ailing {
		s.log.Error("a webhook endpoint fails; it gets one request at a time until one succeeds", "app", p.app, "endpoint", to.ID, "why", r.Detail)
	}
	if r.Gone() {
		if err := p.disable(keep, r.Detail); err != nil {
			s.report(ctx, "keeping that a webhook endpoint is disabled failed", err, "job", j.ID) // its lease runs out
			return did{}
		}
		return p.bury(keep, j, line, e, webhook.Result{Detail: "the endpoint is disabled"}) // and what follows, too
	}
	if age >= webhook.MaxAge {
		return p.bury(keep, j, line, e, r)
	}
	at := s.now().Add(max(webhook.Delay(j.Tries+1, rand.Float64()), r.RetryAfter))
	s.log.Warn("a webhook was not taken", "app", p.app, "endpoint", to.ID, "event", e.ID, "tries", j.Tries+1, "next", at, "why", r.Detail)
	if err := ignoreGone(s.store.Retry(keep, j.ID, at)); err != nil {
		s.report(ctx, "keeping webhooks failed", err, "job", j.ID) // its lease runs out
	}
	return did{at: at}
}

// withLineEnd is the line with its end, as it stands at the front of the payload.
func withLineEnd(j store.Job, line []byte) []byte {
	return j.Payload[:min(len(line)+1, len(j.Payload))]
}

func ignoreGone(err error) error {
	if errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrConflict) {
		return nil
	}
	return err
}

// bury makes a dead letter of an event; it is to be taken off the job then.
func (p *postman) bury(ctx context.Context, j store.Job, line []byte, e webhook.Event, r webhook.Result) did {
	s, to := p.s, p.endpoint.Load().ID
	ctx, cancel := context.WithTimeout(store.Later(context.WithoutCancel(ctx)), commitTime)
	defer cancel()
	dead, err := (deadLetter{Endpoint: to, Event: line, Status: r.Status, Detail: r.Detail, At: s.now()}).job(p.app, e.ID)
	if err == nil {
		err = s.store.PutJobs(ctx, []store.Job{dead})
	}
	if err != nil {
		s.report(ctx, "keeping a dead webhook failed", err, "job", j.ID) // the job's lease runs out
		return did{}
	}
	s.log.Error("a webhook is given up; see \"ringtrip webhook dead\"", "app", p.app, "endpoint", to, "event", e.ID, "why", r.Detail)
	s.delivered(Delivery{App: p.app, Endpoint: to, Type: e.Type, Dead: true, Age: s.now().Sub(e.Timestamp)})
	return did{done: withLineEnd(j, line)}
}

// disable takes down that the receiver wants no events any more.
func (p *postman) disable(ctx context.Context, why string) error {
	if err := p.s.store.PutJobs(ctx, []store.Job{disabledJob(p.app, p.endpoint.Load().ID, why, p.s.now())}); err != nil {
		return err
	}
	p.disabled.Store(true)
	p.s.log.Error("a webhook endpoint answered 410: it is told nothing any more, until \"ringtrip webhook enable\"", "app", p.app, "endpoint", p.endpoint.Load().ID)
	return nil
}

// Delivery is one attempt to deliver a webhook, or an event that was given up.
type Delivery struct {
	App, Endpoint string
	Type          webhook.Type
	Took          time.Duration
	Status        int // HTTP status; 0: no answer
	Taken         bool
	Again         bool          // it was not taken, and is tried again
	Dead          bool          // no attempt: the event became a dead letter
	Age           time.Duration // since it happened
	Tries         int           // 1: the first
}

// DeliveryObserver is an [Observer] that also hears of webhooks. It is optional.
type DeliveryObserver interface {
	// Delivered is told of an attempt when it is over, and of an event that was given up. It must not block.
	Delivered(Delivery)
}

func (s *Server) delivered(d Delivery) {
	if o, ok := s.cfg.Observer.(DeliveryObserver); ok {
		o.Delivered(d)
	}
}

// mail is all postmen of this node.
type mail struct {
	s       *Server
	mu      sync.Mutex
	men     map[string]*postman // by kind
	current map[string][]webhook.Endpoint
	apps    *map[string]App // that current was made of
	off     map[string]bool // endpoints that are disabled, by kind
}

// endpoints returns the app's endpoints that are to be told of what happens.
func (m *mail) endpoints(app string) []webhook.Endpoint {
	m.mu.Lock()
	defer m.mu.Unlock()
	if apps := m.s.apps.Load(); m.current == nil || m.apps != apps {
		m.apps, m.current = apps, map[string][]webhook.Endpoint{}
		for id, a := range *apps {
			for _, e := range a.Webhooks {
				if !m.off[kindOf(id, e.ID)] {
					m.current[id] = append(m.current[id], e)
				}
			}
		}
	}
	return m.current[app]
}

// wake rings for the postmen of freshly stored letters.
func (m *mail) wake(jobs []store.Job) {
	for _, j := range jobs {
		m.mu.Lock()
		p := m.men[j.Kind]
		m.mu.Unlock()
		if p != nil {
			p.ring()
		}
	}
}

// run keeps a postman for each endpoint until ctx ends.
func (m *mail) run(ctx context.Context) {
	var all sync.WaitGroup
	defer all.Wait()
	tick := time.NewTicker(m.s.cfg.Tick * mailTick)
	defer tick.Stop()
	for {
		m.match(ctx, &all)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// match brings the postmen in line with the apps and with which endpoints are disabled.
func (m *mail) match(ctx context.Context, all *sync.WaitGroup) {
	off, err := m.readDisabled(ctx)
	if err != nil {
		m.s.report(ctx, "reading which webhook endpoints are disabled failed", err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if err == nil && !reflect.DeepEqual(off, m.off) {
		m.off, m.current = off, nil
	}
	wanted := map[string]bool{}
	for id, a := range *m.s.apps.Load() {
		for _, e := range a.Webhooks {
			kind := kindOf(id, e.ID)
			wanted[kind] = true
			p := m.men[kind]
			if p == nil {
				var mine context.Context
				p = &postman{s: m.s, app: id, kind: kind, bell: make(chan struct{}, 1)}
				mine, p.stop = context.WithCancel(ctx)
				p.endpoint.Store(&e)
				m.men[kind] = p
				all.Go(func() { p.run(mine) })
			} else if !reflect.DeepEqual(*p.endpoint.Load(), e) {
				p.endpoint.Store(&e)
				p.ring()
			}
			if err == nil {
				p.disabled.Store(off[kind])
			}
		}
	}
	for kind, p := range m.men {
		if !wanted[kind] {
			p.stop()
			delete(m.men, kind)
		}
	}
}

// enable lets an endpoint's events be made again on this node.
func (m *mail) enable(kind string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.current = nil
	off := map[string]bool{}
	for k := range m.off {
		if k != kind {
			off[k] = true
		}
	}
	m.off = off
	if p := m.men[kind]; p != nil {
		p.disabled.Store(false)
	}
}

// revive lets the postman forget that the endpoint failed: somebody knows better.
func (m *mail) revive(kind string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if p := m.men[kind]; p != nil {
		p.failing.Store(0)
		p.ring()
	}
}

// postmanOf returns the endpoint's postman, or an error for people.
func (m *mail) postmanOf(app, endpoint string) (*postman, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if p := m.men[kindOf(app, endpoint)]; p != nil {
		return p, nil
	}
	return nil, fmt.Errorf("the app %q has no webhook endpoint %.40q", app, endpoint)
}
