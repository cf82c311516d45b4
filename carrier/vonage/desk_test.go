package vonage

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/carrier"
	"github.com/ringtrip/ringtrip/carrier/carriertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// desk is a server of a few calls: it believes what it is told as the real one does (by state, and by Seq of a Source),
// rings whoever has a number, and ends at the carrier what is over. It rings for ever, and has no timers.
type desk struct {
	c       *Carrier
	numbers map[string]string // E.164 -> user
	now     func() time.Time

	mu      sync.Mutex
	calls   map[string]*carrier.Call
	reasons map[string]call.Reason
	in      map[string]map[string]string // by call and user: the leg by which they are in
	past    map[string]bool              // legs that are over
	lost    map[string][]string          // by call: users who left an answered call, and why
	seen    map[string]uint64
	told    []carrier.Event
	refused []error
	made    int
	changed chan struct{}
	ends    sync.WaitGroup
}

func newDesk(c *Carrier) *desk {
	return &desk{c: c, now: time.Now, numbers: map[string]string{"+15550001111": "bob"}, calls: map[string]*carrier.Call{},
		reasons: map[string]call.Reason{}, in: map[string]map[string]string{}, past: map[string]bool{}, lost: map[string][]string{}, seen: map[string]uint64{}, changed: make(chan struct{})}
}

// change tells whoever waits. The lock must be held.
func (d *desk) change() {
	close(d.changed)
	d.changed = make(chan struct{})
}

// until waits for what is true of the desk sooner or later.
func (d *desk) until(t *testing.T, what string, is func() bool) {
	t.Helper()
	limit := time.After(10 * time.Second)
	for {
		d.mu.Lock()
		ok, changed := is(), d.changed
		d.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-changed:
		case <-limit:
			d.mu.Lock()
			defer d.mu.Unlock()
			t.Fatalf("never: %s; told %+v, refused %v", what, d.told, d.refused)
		}
	}
}

// said is why webhooks were refused.
func (d *desk) said() []error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.refused)
}

func testID(n int) string { return fmt.Sprintf("0192f0c1-2d3e-7a4b-8c5d-%012x", n) }

// start stores a call, prepared.
func (d *desk) start(t *testing.T, caller, callee carrier.Party) carrier.Call {
	t.Helper()
	d.mu.Lock()
	d.made++
	c := carrier.Call{ID: testID(d.made), App: "app", State: carrier.Ringing, Caller: caller, Callee: callee, Deadline: d.now().Add(45 * time.Second)}
	d.mu.Unlock()
	ref, err := d.c.Prepare(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	c.Ref = ref
	d.mu.Lock()
	defer d.mu.Unlock()
	d.calls[c.ID] = &c
	return c
}

func (d *desk) get(id string) carrier.Call {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.copy(d.calls[id])
}

func (d *desk) copy(c *carrier.Call) carrier.Call {
	out := *c
	out.Refs = maps.Clone(c.Refs)
	return out
}

func (d *desk) answer(id, device string) carrier.Call {
	d.mu.Lock()
	defer d.mu.Unlock()
	c := d.calls[id]
	c.State, c.Callee.Device = carrier.Answered, device
	d.change()
	return d.copy(c)
}

// end ends a call, and it at the carrier.
func (d *desk) end(id string, why call.Reason) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.over(d.calls[id], why)
}

func (d *desk) over(c *carrier.Call, why call.Reason) {
	if c.State == carrier.Ended {
		return
	}
	c.State, d.reasons[c.ID] = carrier.Ended, why
	d.change()
	d.ends.Go(func() {
		if err := d.c.End(context.Background(), d.get(c.ID)); err != nil {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.refused = append(d.refused, err)
		}
	})
}

func (d *desk) Incoming(_ context.Context, in carrier.Incoming) (carrier.Call, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, c := range d.calls {
		if c.Ref == in.Ref {
			return d.copy(c), nil
		}
	}
	user := d.numbers[in.To]
	switch user {
	case "":
		return carrier.Call{}, carrier.ErrUnknownNumber
	case "refuses":
		return carrier.Call{}, carrier.ErrRefused
	}
	d.made++
	c := &carrier.Call{ID: testID(d.made), App: "app", Ref: in.Ref, State: carrier.Ringing, Caller: in.From, Callee: carrier.Party{User: user}, Deadline: d.now().Add(45 * time.Second)}
	if user == "blocks" {
		c.State, d.reasons[c.ID] = carrier.Ended, call.Blocked
	}
	d.calls[c.ID] = c
	d.change()
	return d.copy(c), nil
}

func (d *desk) Call(_ context.Context, id string) (carrier.Call, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if c := d.calls[id]; c != nil {
		return d.copy(c), nil
	}
	return carrier.Call{}, carrier.ErrUnknownCall
}

// CallByRef finds calls that came in only, as the contract has it.
func (d *desk) CallByRef(_ context.Context, ref string) (carrier.Call, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, c := range d.calls {
		if c.Ref == ref && c.Caller.Phone != "" {
			return d.copy(c), nil
		}
	}
	return carrier.Call{}, carrier.ErrUnknownCall
}

func (d *desk) Tell(_ context.Context, e carrier.Event) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	c := d.calls[e.Call]
	if c == nil {
		return carrier.ErrUnknownCall
	}
	if e.User != "" && e.User != c.Caller.User && e.User != c.Callee.User {
		return carrier.ErrNotInCall
	}
	d.told = append(d.told, e)
	defer d.change()
	for word, ref := range e.Refs {
		if c.Refs == nil {
			c.Refs = map[string]string{}
		}
		c.Refs[word] = ref
	}
	if key := c.ID + e.Source; e.Seq != 0 {
		if e.Seq < d.seen[key] {
			return nil
		}
		d.seen[key] = e.Seq
	}
	if c.State == carrier.Ended {
		return nil
	}
	switch e.Kind {
	case carrier.PhoneAnswered:
		c.State = carrier.Answered
	case carrier.PhoneEnded:
		why := e.Reason
		if c.State == carrier.Ringing && c.Caller.Phone != "" && why == call.HungUp {
			why = call.Cancelled
		}
		d.over(c, why)
	case carrier.Joined:
		if d.in[c.ID] == nil {
			d.in[c.ID] = map[string]string{}
		}
		if !d.past[e.Source] {
			d.in[c.ID][e.User] = e.Source
		}
	case carrier.Left:
		if d.past[e.Source] = true; d.in[c.ID][e.User] == e.Source {
			delete(d.in[c.ID], e.User)
			d.lost[c.ID] = append(d.lost[c.ID], e.User+" "+e.Reason.String())
		}
	case carrier.RoomEnded:
		d.lost[c.ID] = append(d.lost[c.ID], "room")
	}
	return nil
}

// ServeHTTP takes webhooks at /carriers/APP/NAME/HOOK.
func (d *desk) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	carriertest.ServeHook(w, r, d.now(), func(q *carrier.Request) (carrier.Reply, error) {
		reply, err := d.c.Webhook(r.Context(), q, d)
		if err != nil {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.refused = append(d.refused, err)
			d.change()
		}
		return reply, err
	})
}

// untouched fails if the desk was told or asked for anything.
type untouched struct{ t *testing.T }

var errTouched = errors.New("the desk was asked")

func (u untouched) Incoming(context.Context, carrier.Incoming) (carrier.Call, error) {
	u.t.Error("Incoming was called")
	return carrier.Call{}, errTouched
}
func (u untouched) Call(context.Context, string) (carrier.Call, error) {
	u.t.Error("Call was called")
	return carrier.Call{}, errTouched
}
func (u untouched) CallByRef(context.Context, string) (carrier.Call, error) {
	u.t.Error("CallByRef was called")
	return carrier.Call{}, errTouched
}
func (u untouched) Tell(context.Context, carrier.Event) error {
	u.t.Error("Tell was called")
	return errTouched
}
