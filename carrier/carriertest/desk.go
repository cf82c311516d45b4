package carriertest

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/carrier"
)

// Desk is a carrier.Desk that keeps calls in memory and believes what it is told as the server does: by [carrier.Event.Seq],
// so that what comes twice or late changes nothing. It is the server for tests of one carrier: an http.Handler for its
// webhooks. It rings nobody, and refuses [carrier.Desk.Incoming]. Further names of a call and its invitation it keeps.
type Desk struct {
	carrier carrier.Carrier
	now     func() time.Time

	mu    sync.Mutex
	calls map[string]*deskCall
	told  []carrier.Event // all that it was told, repeated and late ones too
	said  []string        // why webhooks were refused
}

type deskCall struct {
	call    carrier.Call
	invite  json.RawMessage
	invites int                      // different ones
	in      map[string]carrier.Event // who is in the room, by [carrier.Event.Source]: the event that brought it
	out     map[string]carrier.Event // who has left
	seen    map[string]uint64
	ended   bool // the room

	// What an [Exchange] keeps.
	reason call.Reason // why it is over
	rings  bool        // the telephone that is called
	ends   int         // how often the carrier was asked to end it
	endErr error       // what it said the last time
}

var _ carrier.Desk = (*Desk)(nil)

// NewDesk returns a desk without calls. now is its clock; nil: the wall's.
func NewDesk(c carrier.Carrier, now func() time.Time) *Desk {
	if now == nil {
		now = time.Now
	}
	return &Desk{carrier: c, now: now, calls: map[string]*deskCall{}}
}

// Put keeps a call, or another state of it.
func (d *Desk) Put(c carrier.Call) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.put(c)
}

// put is Put with the lock held.
func (d *Desk) put(c carrier.Call) {
	if known := d.calls[c.ID]; known != nil {
		if c.Refs == nil {
			c.Refs = known.call.Refs
		}
		known.call = c
		return
	}
	d.calls[c.ID] = &deskCall{call: c, in: map[string]carrier.Event{}, out: map[string]carrier.Event{}, seen: map[string]uint64{}}
}

// Incoming implements carrier.Desk.
func (d *Desk) Incoming(context.Context, carrier.Incoming) (carrier.Call, error) {
	return carrier.Call{}, carrier.ErrUnknownNumber
}

// Call implements carrier.Desk.
func (d *Desk) Call(_ context.Context, id string) (carrier.Call, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if c := d.calls[id]; c != nil {
		return c.call, nil
	}
	return carrier.Call{}, carrier.ErrUnknownCall
}

// CallByRef implements carrier.Desk.
func (d *Desk) CallByRef(context.Context, string) (carrier.Call, error) {
	return carrier.Call{}, carrier.ErrUnknownCall
}

// Tell implements carrier.Desk.
func (d *Desk) Tell(_ context.Context, e carrier.Event) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, _, _, err := d.hear(e)
	return err
}

// hear keeps what it is told, and returns the call that it is about. news: it has a further name that was not known; late: it
// changes nothing else. The lock must be held.
func (d *Desk) hear(e carrier.Event) (c *deskCall, news, late bool, err error) {
	c = d.calls[e.Call]
	if c == nil {
		return nil, false, false, fmt.Errorf("%w: %s", carrier.ErrUnknownCall, e.Call)
	}
	if e.User != "" && e.User != c.call.Caller.User && e.User != c.call.Callee.User {
		return nil, false, false, fmt.Errorf("%w: %s", carrier.ErrNotInCall, e.User)
	}
	d.told = append(d.told, e)
	for word, name := range e.Refs {
		if c.call.Refs[word] != name {
			refs := map[string]string{} // another one, for who has the call keeps the map that it got
			maps.Copy(refs, c.call.Refs)
			refs[word] = name
			c.call.Refs, news = refs, true
		}
	}
	if e.Kind == carrier.Invited && string(e.Invite) != string(c.invite) {
		c.invite, c.invites = slices.Clone(e.Invite), c.invites+1
	}
	if e.Seq != 0 {
		if e.Seq <= c.seen[e.Source] {
			return c, news, true, nil
		}
		c.seen[e.Source] = e.Seq
	}
	switch e.Kind {
	case carrier.Joined:
		if _, gone := c.out[e.Source]; gone && e.Seq == 0 {
			return c, news, true, nil // what has no order is not back once it has left
		}
		c.in[e.Source], c.ended = e, false
		delete(c.out, e.Source)
	case carrier.Left:
		delete(c.in, e.Source)
		c.out[e.Source] = e
	case carrier.RoomEnded:
		c.ended = true
		maps.DeleteFunc(c.in, func(_ string, in carrier.Event) bool { return !in.At.After(e.At) })
	}
	return c, news, false, nil
}

// Invite is the carrier's invitation for a call's callee, nil if none has come.
func (d *Desk) Invite(id string) json.RawMessage {
	d.mu.Lock()
	defer d.mu.Unlock()
	if c := d.calls[id]; c != nil {
		return c.invite
	}
	return nil
}

// In lists who is in a call's room, as "user/device", in order.
func (d *Desk) In(id string) []string {
	return d.list(id, func(c *deskCall) map[string]carrier.Event { return c.in })
}

// Out lists who has left it and is not back, as "user/device reason".
func (d *Desk) Out(id string) []string {
	return d.list(id, func(c *deskCall) map[string]carrier.Event { return c.out })
}

func (d *Desk) list(id string, of func(*deskCall) map[string]carrier.Event) []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var all []string
	if c := d.calls[id]; c != nil {
		for _, e := range of(c) {
			all = append(all, strings.TrimSpace(e.User+"/"+e.Device+" "+e.Reason.String()))
		}
	}
	slices.Sort(all)
	return all
}

// Ended reports whether the call's room is over.
func (d *Desk) Ended(id string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.calls[id] != nil && d.calls[id].ended
}

// Told returns all that it was told, in order.
func (d *Desk) Told() []carrier.Event {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.told)
}

// Refused returns why webhooks were refused.
func (d *Desk) Refused() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.said)
}

// ServeHTTP takes webhooks at /carriers/APP/NAME/HOOK.
func (d *Desk) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.serve(w, r, d)
}

// serve has a desk told of a webhook.
func (d *Desk) serve(w http.ResponseWriter, r *http.Request, desk carrier.Desk) {
	ServeHook(w, r, d.now(), func(q *carrier.Request) (carrier.Reply, error) {
		reply, err := d.carrier.Webhook(r.Context(), q, desk)
		if err != nil {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.said = append(d.said, err.Error())
		}
		return reply, err
	})
}
