package carriertest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/carrier"
)

// Exchange is the ringing server in small, for whole calls in tests of one carrier. It keeps and believes what a [Desk] does;
// besides, it rings whoever has the number that a telephone calls, follows what telephones do, and has the carrier end what
// is over, and once more if a further part of it comes to light. It rings for ever, for it has no timers.
type Exchange struct {
	*Desk
	// Numbers says who has which number, E.164.
	Numbers map[string]string
	// Away are users whose calls end at once, and why; for none (0) they are not let through.
	Away map[string]call.Reason
	// Expected are parts of why webhooks may be refused without a mistake.
	Expected []string

	t       testing.TB
	changed chan struct{} // closed and made anew at each change
	ending  int           // how often the carrier is being asked to end a call
	work    sync.WaitGroup
}

var _ carrier.Desk = (*Exchange)(nil)

// NewExchange returns one without calls. c may be nil until [Exchange.Of]. now is its clock; nil: the wall's. At the test's
// end it waits for what it has under way.
func NewExchange(t testing.TB, c carrier.Carrier, now func() time.Time) *Exchange {
	x := &Exchange{Desk: NewDesk(c, now), Numbers: map[string]string{}, Away: map[string]call.Reason{}, t: t, changed: make(chan struct{})}
	t.Cleanup(x.work.Wait)
	return x
}

// Listen takes an emulator's webhooks, and returns where: the carrier's hook URL. At the test's end the emulator is closed.
func (x *Exchange) Listen(e Emulator) string {
	server := httptest.NewServer(x)
	x.t.Cleanup(func() {
		e.Close()
		server.Close() // nothing comes any more that has to be ended
	})
	hooks := server.URL + "/carriers/app/" + e.Name()
	e.Hooks(hooks)
	return hooks
}

// Of says whose calls they are.
func (x *Exchange) Of(c carrier.Carrier) { x.carrier = c }

// ServeHTTP takes webhooks at /carriers/APP/NAME/HOOK.
func (x *Exchange) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x.serve(w, r, x)
	x.mu.Lock()
	defer x.mu.Unlock()
	x.change()
}

// change tells whoever waits. The lock must be held.
func (x *Exchange) change() {
	close(x.changed)
	x.changed = make(chan struct{})
}

// Start keeps a call that rings, prepared.
func (x *Exchange) Start(caller, callee carrier.Party) carrier.Call {
	x.t.Helper()
	x.mu.Lock()
	c := x.ring(carrier.Call{Caller: caller, Callee: callee})
	x.mu.Unlock()
	of := Prepare(x.t, x.carrier, c.call)
	x.Change(of.ID, func(c *carrier.Call) { c.Ref = of.Ref })
	return of
}

// ring keeps a new call. The lock must be held.
func (x *Exchange) ring(c carrier.Call) *deskCall {
	c.ID, c.App, c.State, c.Deadline = ID(len(x.calls)+1), "app", carrier.Ringing, x.now().Add(45*time.Second)
	x.put(c)
	x.change()
	return x.calls[c.ID]
}

// Change changes what is known of a call. One that is over by it is ended at the carrier.
func (x *Exchange) Change(id string, f func(*carrier.Call)) {
	x.mu.Lock()
	defer x.mu.Unlock()
	c := x.calls[id]
	was := c.call.State
	f(&c.call)
	if c.call.State == carrier.Ended && was != carrier.Ended {
		x.finish(c)
	}
	x.change()
}

// Answer answers a call that rings on a device of the callee.
func (x *Exchange) Answer(id, device string) carrier.Call {
	x.Change(id, func(c *carrier.Call) {
		if c.State == carrier.Ringing {
			c.State, c.Callee.Device = carrier.Answered, device
		}
	})
	return x.Held(id).Call
}

// End ends a call from the server's side: cancelled, declined, unanswered, hung up.
func (x *Exchange) End(id string, why call.Reason) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.over(x.calls[id], why)
	x.change()
}

// over ends a call, unless it has ended. The lock must be held.
func (x *Exchange) over(c *deskCall, why call.Reason) {
	if c.call.State != carrier.Ended {
		c.call.State, c.reason = carrier.Ended, why
		x.finish(c)
	}
}

// finish has the carrier end a call. The lock must be held.
func (x *Exchange) finish(c *deskCall) {
	of := c.call
	x.ending++
	x.work.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		err := x.carrier.End(ctx, of)
		x.mu.Lock()
		defer x.mu.Unlock()
		x.ending--
		c.ends, c.endErr = c.ends+1, err
		x.change()
	})
}

// Incoming implements carrier.Desk.
func (x *Exchange) Incoming(_ context.Context, in carrier.Incoming) (carrier.Call, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if c := x.byRef(in.Ref); c != nil {
		return c.call, nil
	}
	if in.From.Phone == "" || in.From.User != "tel:"+in.From.Phone {
		x.t.Errorf("a telephone is %+v", in.From)
	}
	user, ok := x.Numbers[in.To]
	if !ok {
		return carrier.Call{}, carrier.ErrUnknownNumber
	}
	why, away := x.Away[user]
	if away && why == 0 {
		return carrier.Call{}, carrier.ErrRefused
	}
	c := x.ring(carrier.Call{Ref: in.Ref, Caller: in.From, Callee: carrier.Party{User: user}})
	if away {
		c.call.State, c.reason = carrier.Ended, why
	}
	return c.call, nil
}

// CallByRef implements carrier.Desk.
func (x *Exchange) CallByRef(_ context.Context, ref string) (carrier.Call, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if c := x.byRef(ref); c != nil {
		return c.call, nil
	}
	return carrier.Call{}, carrier.ErrUnknownCall
}

// byRef finds a call that came in, by [carrier.Incoming.Ref]. The lock must be held.
func (x *Exchange) byRef(ref string) *deskCall {
	for _, c := range x.calls {
		if ref != "" && c.call.Ref == ref && c.call.Caller.Phone != "" {
			return c
		}
	}
	return nil
}

// Tell implements carrier.Desk.
func (x *Exchange) Tell(_ context.Context, e carrier.Event) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	defer x.change()
	c, news, late, err := x.hear(e)
	switch {
	case err != nil || late:
		return err
	case c.call.State == carrier.Ended:
		if news {
			x.finish(c)
		}
		return nil
	}
	switch e.Kind {
	case carrier.PhoneRinging:
		c.rings = true
	case carrier.PhoneAnswered:
		if c.call.Callee.Phone == "" {
			x.t.Errorf("%+v of a call to an app", e)
		}
		c.call.State = carrier.Answered
	case carrier.PhoneEnded:
		x.phoneEnded(c, e)
	case carrier.Left:
		c.rings = c.rings && e.User != c.call.Caller.User
	case carrier.Joined, carrier.Invited, carrier.RoomEnded, carrier.Noted:
	}
	return nil
}

// phoneEnded ends a call because a telephone's part is over. The lock must be held.
func (x *Exchange) phoneEnded(c *deskCall, e carrier.Event) {
	if c.call.Caller.Phone == "" && c.call.Callee.Phone == "" {
		x.t.Errorf("%+v of a call without telephones", e)
	}
	if e.Reason == call.HungUp && c.call.State == carrier.Ringing {
		e.Reason = call.Cancelled
		if c.call.Callee.Phone != "" {
			x.t.Errorf("%+v: a telephone that rings hung up", e)
		}
	}
	x.over(c, e.Reason)
}
