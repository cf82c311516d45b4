package cluster

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"connectrpc.com/connect"
	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	"github.com/ringtrip/ringtrip/server/auth"
	"github.com/ringtrip/ringtrip/signaling"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
	"github.com/ringtrip/ringtrip/signaling/ringtripv1/ringtripv1connect"
)

// WorldConfig says who calls whom.
type WorldConfig struct {
	Balancer *Balancer
	App      string
	Secret   []byte // the app's HS256 key
	Groups   int    // callers that call at the same time, each a callee of its own
	Devices  int    // of each callee
	Seed     uint64
	OnlyRing bool // nobody answers
	Pushes   bool // each callee has one more device, which has no stream and must be pushed to
	// Patience is how long the people of a call wait for the servers before they do something else; 0: 5 s.
	Patience time.Duration
}

// World is the users of a deployment and what they were promised. NewWorld makes it.
type World struct {
	cfg      WorldConfig
	key      auth.Key
	balancer *Balancer
	ops      ringtripv1connect.OpsServiceClient
	groups   []*group
	stop     context.CancelFunc
	all      sync.WaitGroup

	mu    sync.Mutex
	facts map[string]*Fact
	begun chan struct{} // closed and made anew with each call that begins
}

// Fact is what the servers acknowledged about one call.
type Fact struct {
	ID      string
	Started bool
	Winners map[string]bool // devices whose answer was acknowledged
	Reason  v1.EndReason    // of an acknowledged cancel, decline or end
	Reasons int             // how many different ones were acknowledged
	GaveUp  string          // what the caller could not get done in time
	group   *group
}

// group is a caller and a callee.
type group struct {
	w       *World
	caller  *phone
	callee  []*phone
	sleeper string // device id; empty: none
	r       *rand.Rand
	plans   sync.Map // call id -> plan
}

// plan is what happens to a call.
type plan int

const (
	answered plan = iota // all devices answer at once; then it is ended
	cancelled
	declined
	rungOut
)

// NewWorld registers all devices and opens their streams.
func NewWorld(cfg WorldConfig) (*World, error) {
	if cfg.Patience == 0 {
		cfg.Patience = 5 * time.Second
	}
	key, err := auth.HS256("", cfg.Secret)
	if err != nil {
		return nil, err
	}
	w := &World{cfg: cfg, key: key, balancer: cfg.Balancer, facts: map[string]*Fact{}, begun: make(chan struct{})}
	token, err := auth.Mint(key, auth.Claims{App: cfg.App, Scope: auth.Ops, Expires: time.Now().Add(24 * time.Hour)})
	if err != nil {
		return nil, err
	}
	w.ops = ringtripv1connect.NewOpsServiceClient(w.balancer.Client(), "http://ringtrip.test", connect.WithInterceptors(bearer(token)))
	for n := range cfg.Groups {
		g := &group{w: w, r: rand.New(rand.NewPCG(cfg.Seed, uint64(n)))}
		w.groups = append(w.groups, g)
		if g.caller, err = w.newPhone(fmt.Sprint("caller", n), fmt.Sprint("caller", n, "-phone"), func(*phone, *v1.Call) {}); err != nil {
			return nil, errors.Join(err, w.Close())
		}
		for d := range cfg.Devices {
			p, err := w.newPhone(fmt.Sprint("callee", n), fmt.Sprint("callee", n, "-phone", d), g.rings)
			if err != nil {
				return nil, errors.Join(err, w.Close())
			}
			g.callee = append(g.callee, p)
		}
		if cfg.Pushes {
			if g.sleeper, err = w.sleeper(n); err != nil {
				return nil, errors.Join(err, w.Close())
			}
		}
	}
	return w, nil
}

// Close hangs all phones up for good.
func (w *World) Close() error {
	for _, g := range w.groups {
		for _, p := range g.phones() {
			p.close()
		}
	}
	return nil
}

func (g *group) phones() []*phone {
	if g.caller == nil {
		return nil
	}
	return append([]*phone{g.caller}, g.callee...)
}

// Begin starts calling, until Finish.
func (w *World) Begin() {
	ctx, cancel := context.WithCancel(context.Background())
	w.stop = cancel
	for _, g := range w.groups {
		w.all.Go(func() {
			for ctx.Err() == nil {
				g.life()
			}
		})
	}
}

// Finish lets the calls under way come to their end and starts no more.
func (w *World) Finish() {
	w.stop()
	w.all.Wait()
}

// Calls returns how many calls were begun.
func (w *World) Calls() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.facts)
}

// Await returns when so many calls were begun, or when ctx ends.
func (w *World) Await(ctx context.Context, calls int) error {
	for {
		w.mu.Lock()
		n, begun := len(w.facts), w.begun
		w.mu.Unlock()
		if n >= calls {
			return nil
		}
		select {
		case <-begun:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// with changes a fact.
func (w *World) with(id string, change func(*Fact)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change(w.facts[id])
}

// life is one call, from its start until the caller knows that it is over; a call that rings out is left ringing.
func (g *group) life() {
	id := uuid.Must(uuid.NewV7()).String()
	p := answered
	switch n := g.r.IntN(100); {
	case n < 5 || g.w.cfg.OnlyRing:
		p = rungOut
	case n < 15:
		p = cancelled
	case n < 25:
		p = declined
	}
	w := g.w
	w.mu.Lock()
	w.facts[id] = &Fact{ID: id, Winners: map[string]bool{}, group: g}
	close(w.begun)
	w.begun = make(chan struct{})
	w.mu.Unlock()
	g.plans.Store(id, p)
	r := g.caller.ask(&v1.StartRequest{DeviceId: g.caller.device, CallId: id, Callee: g.callee[0].user})
	if r.Err != nil {
		w.with(id, func(f *Fact) { f.GaveUp = "start: " + r.Err.Error() })
		return
	}
	w.with(id, func(f *Fact) { f.Started = true })
	switch p {
	case rungOut:
		return
	case cancelled:
		g.overBy(id, g.caller, &v1.CancelRequest{CallId: id, DeviceId: g.caller.device})
	case declined, answered:
		ctx, cancel := context.WithTimeout(context.Background(), g.w.cfg.Patience)
		if g.caller.until(ctx, id, func(h *heard) bool { return h.ended || h.last.State == v1.CallState_CALL_STATE_ANSWERED }) {
			if h, _ := g.caller.of(id); !h.ended {
				by := g.phones()[g.r.IntN(2)] // the caller, or one of the callee's devices
				if by != g.caller {
					for _, d := range g.callee {
						if d.device == h.last.AnsweredBy {
							by = d
						}
					}
				}
				g.overBy(id, by, &v1.EndRequest{CallId: id, DeviceId: by.device})
			}
		}
		cancel()
	}
	g.insist(id)
}

// insist makes sure that the caller learns of the end; whatever the call is by now, the caller wants it over.
func (g *group) insist(id string) {
	over := func(h *heard) bool { return h.ended }
	for try := range 4 {
		ctx, cancel := context.WithTimeout(context.Background(), g.w.cfg.Patience)
		done := g.caller.until(ctx, id, over)
		cancel()
		if done {
			return
		}
		if try%2 == 0 {
			g.overBy(id, g.caller, &v1.CancelRequest{CallId: id, DeviceId: g.caller.device})
		} else {
			g.overBy(id, g.caller, &v1.EndRequest{CallId: id, DeviceId: g.caller.device})
		}
	}
	g.w.with(id, func(f *Fact) { f.GaveUp = "the caller did not hear of its end" })
}

// rings is what the callee's devices do when a call rings.
func (g *group) rings(p *phone, c *v1.Call) {
	what, ok := g.plans.Load(c.Id)
	if !ok {
		return
	}
	id, device := c.Id, p.device
	p.client.Send(&v1.AckRequest{CallId: id, DeviceId: device, Marks: []*v1.Mark{{Stage: v1.Stage_STAGE_REPORTED}, {Stage: v1.Stage_STAGE_RINGING}}},
		signaling.SendOptions{BestEffort: true}, nil)
	switch what.(plan) {
	case answered:
		p.client.Send(&v1.AnswerRequest{CallId: id, DeviceId: device}, signaling.SendOptions{}, func(r signaling.Result) {
			if r.Err == nil {
				g.w.with(id, func(f *Fact) { f.Winners[device] = true })
			}
		})
	case declined:
		if p == g.callee[0] {
			p.client.Send(&v1.DeclineRequest{CallId: id, DeviceId: device}, signaling.SendOptions{}, func(r signaling.Result) { g.acknowledged(id, r) })
		}
	case cancelled, rungOut:
	}
}

// overBy asks for the end of a call.
func (g *group) overBy(id string, by *phone, req proto.Message) {
	g.acknowledged(id, by.ask(req))
}

// acknowledged takes down that the server said how the call ended.
func (g *group) acknowledged(id string, r signaling.Result) {
	if r.Call.GetState() != v1.CallState_CALL_STATE_ENDED || r.Err != nil && r.Problem != "already_ended" {
		return
	}
	reason := r.Call.GetReason()
	if r.Call.GetRole() != v1.Role_ROLE_CALLER {
		return // a device of the callee may be told another reason than the call's
	}
	g.w.with(id, func(f *Fact) {
		if f.Reason != reason {
			f.Reason = reason
			f.Reasons++
		}
	})
}

// ask sends a request and waits for its answer.
func (p *phone) ask(req proto.Message) signaling.Result {
	done := make(chan signaling.Result, 1)
	p.client.Send(req, signaling.SendOptions{}, func(r signaling.Result) { done <- r })
	return <-done
}
