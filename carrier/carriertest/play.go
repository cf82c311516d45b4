package carriertest

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/carrier"
)

const hooksPath = "/carriers/app/name"

// play is one part on its stage.
type play struct {
	*testing.T
	Stage
	desk *Desk

	mu    sync.Mutex
	came  []carrier.Request
	texts []string // of all errors
}

// ServeHTTP takes webhooks, keeps them, and hands them to the desk.
func (p *play) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ServeHook(w, r, time.Now(), func(q *carrier.Request) (carrier.Reply, error) {
		p.mu.Lock()
		p.came = append(p.came, *q)
		p.mu.Unlock()
		reply, err := p.Carrier.Webhook(r.Context(), q, p.desk)
		p.heard(err)
		return reply, err
	})
}

func (p *play) heard(err error) {
	if err != nil {
		p.mu.Lock()
		p.texts = append(p.texts, err.Error())
		p.mu.Unlock()
	}
}

// letters are the webhooks that came so far.
func (p *play) letters() []carrier.Request {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]carrier.Request(nil), p.came...)
}

func (p *play) ctx() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
	p.Cleanup(cancel)
	return ctx
}

// call is a call of alice's to bob that rings.
func (p *play) call() carrier.Call {
	p.Helper()
	c := Prepare(p, p.Carrier, carrier.Call{ID: "0199a000-0000-7000-8000-0000000000a1", App: "app", State: carrier.Ringing, Deadline: time.Now().Add(45 * time.Second), Devices: []string{"bob-phone"},
		Caller: carrier.Party{User: "alice@example.com", Device: "alice-phone", Name: "Alice"}, Callee: carrier.Party{User: "bob", Name: "Bob"}})
	p.desk.Put(c)
	return c
}

// join makes a side's credentials and joins by them.
func (p *play) join(c carrier.Call, caller bool) Seat {
	p.Helper()
	self := c.Callee
	if caller {
		self = c.Caller
	} else {
		self.Device = "bob-phone"
	}
	return Sit(p, p.Carrier, p.Emulator, carrier.Join{Call: c, Self: self, Caller: caller, Invite: p.desk.Invite(c.ID), Now: time.Now()})
}

func (p *play) idle() {
	p.Helper()
	if err := p.Emulator.Idle(p.ctx()); err != nil {
		p.Fatalf("webhooks do not come to an end: %v", err)
	}
}

// talk brings a call to where both are connected.
func (p *play) talk() (c carrier.Call, seats []Seat) {
	p.Helper()
	c = p.call()
	alice := p.join(c, true)
	p.idle()
	c, _ = p.desk.Call(p.ctx(), c.ID)
	c.State, c.Callee.Device = carrier.Answered, "bob-phone"
	p.desk.Put(c)
	seats = []Seat{alice, p.join(c, false)}
	for _, s := range seats {
		select {
		case <-s.Connected():
		case err := <-s.Gone():
			p.Fatalf("a seat is over before it is connected: %v; refused %q", err, p.Emulator.Refused())
		case <-p.ctx().Done():
			p.Fatalf("nobody is connected; refused %q", p.Emulator.Refused())
		}
	}
	p.idle()
	c, _ = p.desk.Call(p.ctx(), c.ID)
	return c, seats
}

// exchange is a whole call, and returns its webhooks; none skips the part.
func (p *play) exchange() (carrier.Call, []carrier.Request) {
	p.Helper()
	c, seats := p.talk()
	seats[1].Leave()
	p.idle()
	seats[0].Leave()
	p.idle()
	c, _ = p.desk.Call(p.ctx(), c.ID)
	letters := p.letters()
	switch {
	case p.Carrier.Traits().PeerToPeer && len(letters) == 0:
		p.Skip("this carrier has no webhooks")
	case len(letters) == 0:
		p.Fatal("no webhooks came")
	case len(p.texts) > 0:
		p.Fatalf("webhooks were refused: %q", p.texts)
	}
	return c, letters
}

// replay shows a webhook to a carrier beside a desk of its own, and returns what that was told.
func (p *play) replay(by carrier.Carrier, c carrier.Call, r carrier.Request) ([]carrier.Event, error) {
	witness := NewDesk(by, nil)
	witness.Put(c)
	_, err := by.Webhook(p.ctx(), &r, witness)
	p.heard(err)
	return witness.Told(), err
}
