package twilio

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/carrier"
	"github.com/ringtrip/ringtrip/carrier/carriertest"
)

// desk is the ringing server in small: it keeps calls, checks what it is told as the server does, and has the carrier end
// what is over.
type desk struct {
	t       *testing.T
	c       *Carrier
	numbers map[string]string
	dnd     map[string]bool // users whose calls end at once

	mu      sync.Mutex
	calls   map[string]*deskCall
	changed chan struct{} // closed and made anew at each change
	late    bool          // webhooks come when the call is over, and may be refused for that
	refused []string
	work    sync.WaitGroup
}

type deskCall struct {
	carrier.Call
	reason call.Reason
	rings  bool // the telephone that is called does
	invite json.RawMessage
	invits int
	in     map[string]string // who is in, by which source
	seqs   map[string]uint64
	refs   map[string]string
	endErr error
	ended  int // times that the carrier was asked to end it
}

var _ carrier.Desk = (*desk)(nil)

// stage is an account, the carrier, a desk and its webhooks' address.
func stage(t *testing.T) (*carriertest.Twilio, *desk) {
	t.Helper()
	return impatient(t, time.Second)
}

// impatient is a stage where Twilio's seconds are that long, for what ends because nobody answers.
func impatient(t *testing.T, second time.Duration) (*carriertest.Twilio, *desk) {
	t.Helper()
	tw, err := carriertest.NewTwilio(carriertest.TwilioConfig{Numbers: []string{"+15550001111", "+15550002222"}, Second: second})
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{t: t, numbers: map[string]string{"+15550001111": "bob@example.com"}, calls: map[string]*deskCall{}, changed: make(chan struct{}), dnd: map[string]bool{}}
	server := httptest.NewServer(d)
	hooks := server.URL + "/carriers/app/twilio"
	transport := &http.Transport{}
	d.c, err = New(Config{AccountSID: tw.AccountSID, APIKey: tw.APIKey, APISecret: carrier.NewSecret(tw.APISecret), AuthTokens: []carrier.Secret{carrier.NewSecret(tw.AuthToken)},
		ApplicationSID: tw.ApplicationSID, CallerID: "+15550001111", HookURL: hooks, API: tw.URL(), Client: &http.Client{Transport: transport, Timeout: 30 * time.Second}})
	if err != nil {
		t.Fatal(err)
	}
	tw.Hooks(hooks)
	t.Cleanup(func() {
		tw.Close()
		server.Close()
		d.work.Wait() // nothing comes any more that needs work
		transport.CloseIdleConnections()
	})
	return tw, d
}

// ServeHTTP is the server's way to the carrier's webhooks.
func (d *desk) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	carriertest.ServeHook(w, r, time.Now(), func(q *carrier.Request) (carrier.Reply, error) {
		reply, err := d.c.Webhook(r.Context(), q, d)
		if err != nil {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.refused = append(d.refused, err.Error())
		}
		return reply, err
	})
}

// change does something with a call and looks whether it has ended by it.
func (d *desk) change(id string, f func(*deskCall)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	c := d.calls[id]
	was := c.State
	f(c)
	if c.State == carrier.Ended && was != carrier.Ended {
		d.endLater(c)
	}
	close(d.changed)
	d.changed = make(chan struct{})
}

// endLater has the carrier end a call. The lock must be held.
func (d *desk) endLater(c *deskCall) {
	of := d.snapshot(c)
	d.work.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		err := d.c.End(ctx, of)
		d.change(c.ID, func(c *deskCall) { c.ended, c.endErr = c.ended+1, err })
	})
}

func (d *desk) snapshot(c *deskCall) carrier.Call {
	of := c.Call
	of.Refs = maps.Clone(c.refs)
	return of
}

// start is a call of a user to a user, or to a telephone.
func (d *desk) start(caller, callee string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	to := carrier.Party{User: callee}
	if number, ok := strings.CutPrefix(callee, "tel:"); ok {
		to.Phone = number
	}
	return d.keep(carrier.Call{Caller: carrier.Party{User: caller, Device: "1"}, Callee: to})
}

// keep keeps a new call. The lock must be held.
func (d *desk) keep(c carrier.Call) string {
	c.ID, c.App, c.State = fmt.Sprintf("01935d2c-0000-7000-8000-%012x", len(d.calls)+1), "app", carrier.Ringing
	c.Deadline = time.Now().Add(45 * time.Second)
	d.calls[c.ID] = &deskCall{Call: c, in: map[string]string{}, seqs: map[string]uint64{}, refs: map[string]string{}}
	return c.ID
}

// end ends a call from the server's side: cancelled, declined, unanswered, hung up.
func (d *desk) end(id string, why call.Reason) {
	d.change(id, func(c *deskCall) {
		if c.State != carrier.Ended {
			c.State, c.reason = carrier.Ended, why
		}
	})
}

// answer answers on a device of the callee.
func (d *desk) answer(id string) {
	d.change(id, func(c *deskCall) {
		if c.State == carrier.Ringing {
			c.State, c.Callee.Device = carrier.Answered, "2"
		}
	})
}

// join has the caller's or the callee's device join with what the server gives it.
func (d *desk) join(e carriertest.Emulator, id string, caller bool) *carriertest.TwilioSeat {
	d.t.Helper()
	d.mu.Lock()
	c := d.calls[id]
	j := carrier.Join{Call: d.snapshot(c), Self: c.Callee, Caller: caller, Invite: c.invite, Now: time.Now()}
	if caller {
		j.Self = c.Caller
	}
	d.mu.Unlock()
	credentials, err := d.c.Credentials(j)
	if err != nil || credentials == nil {
		d.t.Fatalf("credentials: %s %v", credentials, err)
	}
	seat, err := e.Join(d.t.Context(), credentials)
	if err != nil {
		d.t.Fatal(err)
	}
	return seat.(*carriertest.TwilioSeat)
}

// until waits for a call to be as cond says.
func (d *desk) until(id, what string, cond func(*deskCall) bool) {
	d.t.Helper()
	limit := time.NewTimer(10 * time.Second)
	defer limit.Stop()
	for {
		d.mu.Lock()
		ok, changed := cond(d.calls[id]), d.changed
		d.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-changed:
		case <-limit.C:
			d.mu.Lock()
			defer d.mu.Unlock()
			d.t.Fatalf("never: %s; %+v; refused %q", what, d.calls[id], d.refused)
		}
	}
}

// over waits for a call's end with a reason, and for the carrier's having ended it.
func (d *desk) over(tw *carriertest.Twilio, id string, why call.Reason) {
	d.t.Helper()
	d.until(id, "over", func(c *deskCall) bool { return c.State == carrier.Ended && c.ended > 0 })
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := tw.Idle(ctx); err != nil {
		d.t.Fatal(err)
	}
	d.work.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	if c := d.calls[id]; c.reason != why || c.endErr != nil {
		d.t.Errorf("it ended with %q instead of %q (%v)", c.reason, why, c.endErr)
	}
	if open := tw.Open(); len(open) > 0 {
		d.t.Errorf("still open at Twilio: %q", open)
	}
	if refused := tw.Refused(); len(refused) > 0 {
		d.t.Errorf("Twilio refused %q", refused)
	}
	if d.late {
		d.refused = slices.DeleteFunc(d.refused, func(why string) bool { return strings.Contains(why, "notify: there is no such call: it is over") })
	}
	if len(d.refused) > 0 {
		d.t.Errorf("webhooks were refused: %q", d.refused)
	}
}

// Incoming implements carrier.Desk.
func (d *desk) Incoming(_ context.Context, in carrier.Incoming) (carrier.Call, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, c := range d.calls {
		if c.Ref == in.Ref {
			return d.snapshot(c), nil
		}
	}
	user, ok := d.numbers[in.To]
	if !ok {
		return carrier.Call{}, carrier.ErrUnknownNumber
	}
	if in.From.Phone == "" || in.From.User != "tel:"+in.From.Phone {
		d.t.Errorf("a telephone is %+v", in.From)
	}
	id := d.keep(carrier.Call{Ref: in.Ref, Caller: in.From, Callee: carrier.Party{User: user}})
	if d.dnd[user] {
		d.calls[id].State, d.calls[id].reason = carrier.Ended, call.DoNotDisturb
	}
	close(d.changed)
	d.changed = make(chan struct{})
	return d.snapshot(d.calls[id]), nil
}

// Call implements carrier.Desk.
func (d *desk) Call(_ context.Context, id string) (carrier.Call, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if c := d.calls[id]; c != nil {
		return d.snapshot(c), nil
	}
	return carrier.Call{}, carrier.ErrUnknownCall
}

// CallByRef implements carrier.Desk.
func (d *desk) CallByRef(_ context.Context, ref string) (carrier.Call, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, c := range d.calls {
		if ref != "" && c.Ref == ref {
			return d.snapshot(c), nil
		}
	}
	return carrier.Call{}, carrier.ErrUnknownCall
}

// Tell implements carrier.Desk.
func (d *desk) Tell(_ context.Context, e carrier.Event) error {
	d.mu.Lock()
	c := d.calls[e.Call]
	d.mu.Unlock()
	switch {
	case c == nil:
		return carrier.ErrUnknownCall
	case e.User != "" && e.User != c.Caller.User && e.User != c.Callee.User:
		return carrier.ErrNotInCall
	}
	d.change(e.Call, func(c *deskCall) { d.hear(c, e) })
	return nil
}

func (d *desk) hear(c *deskCall, e carrier.Event) {
	news := false
	for word, name := range e.Refs {
		news = news || c.refs[word] != name
		c.refs[word] = name
	}
	if e.Seq != 0 {
		if e.Seq <= c.seqs[e.Source] {
			return
		}
		c.seqs[e.Source] = e.Seq
	}
	if c.State == carrier.Ended {
		if news {
			d.endLater(c)
		}
		return
	}
	switch e.Kind {
	case carrier.PhoneRinging:
		c.rings = true
	case carrier.PhoneAnswered:
		if c.Callee.Phone == "" {
			d.t.Errorf("%+v of a call to an app", e)
		}
		c.State = carrier.Answered
	case carrier.PhoneEnded:
		if c.Caller.Phone == "" && c.Callee.Phone == "" {
			d.t.Errorf("%+v of a call without telephones", e)
		}
		if e.Reason == call.HungUp && c.State == carrier.Ringing {
			e.Reason = call.Cancelled
			if c.Callee.Phone != "" {
				d.t.Errorf("%+v: a telephone that rings hung up", e)
			}
		}
		c.State, c.reason = carrier.Ended, e.Reason
	case carrier.Invited:
		if string(c.invite) != string(e.Invite) {
			c.invits++
		}
		c.invite = slices.Clone(e.Invite)
	case carrier.Joined:
		c.in[e.User] = e.Source
	case carrier.Left:
		if c.in[e.User] == e.Source {
			delete(c.in, e.User)
		}
		c.rings = c.rings && e.User != c.Caller.User
	}
}
