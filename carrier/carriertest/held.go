package carriertest

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/carrier"
)

// Held is a call as an [Exchange] has it.
type Held struct {
	carrier.Call
	Reason  call.Reason       // why it is over
	Rings   bool              // the telephone that is called does
	Invite  json.RawMessage   // the last that came
	Invites int               // how many different ones did
	In      map[string]string // users who are in, by which source
	Lost    []string          // users who were in and are not, and why: "bob hungup"
	Ends    int               // how often the carrier was asked to end it
	EndErr  error             // what it said the last time
}

// Held returns what is known of a call, the zero Held if nothing is.
func (x *Exchange) Held(id string) Held {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.held(id)
}

// held is Held with the lock held.
func (x *Exchange) held(id string) Held {
	c := x.calls[id]
	if c == nil {
		return Held{}
	}
	h := Held{Call: c.call, Reason: c.reason, Rings: c.rings, Invite: c.invite, Invites: c.invites, In: map[string]string{}, Ends: c.ends, EndErr: c.endErr}
	for source, e := range c.in {
		h.In[e.User] = source
	}
	for _, e := range c.out {
		if h.In[e.User] == "" {
			h.Lost = append(h.Lost, e.User+" "+e.Reason.String())
		}
	}
	return h
}

// Calls lists the ids of all calls, in order.
func (x *Exchange) Calls() []string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return slices.Sorted(maps.Keys(x.calls))
}

// Until waits for a call to be as is says, sooner or later.
func (x *Exchange) Until(id, what string, is func(Held) bool) {
	x.t.Helper()
	x.until(what, func() bool { return is(x.held(id)) })
}

// until waits for what is true with the lock held, sooner or later.
func (x *Exchange) until(what string, is func() bool) {
	x.t.Helper()
	limit := time.NewTimer(20 * time.Second)
	defer limit.Stop()
	for {
		x.mu.Lock()
		ok, changed := is(), x.changed
		x.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-changed:
		case <-limit.C:
			var all []Held
			for _, id := range x.Calls() {
				all = append(all, x.Held(id))
			}
			x.t.Fatalf("never: %s; the calls are %+v; told %+v; refused %q", what, all, x.Told(), x.Refused())
		}
	}
}

// Settle waits until a carrier has nothing more to tell, and has ended all that is over.
func (x *Exchange) Settle(e Emulator) {
	x.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	for settled := false; !settled; {
		x.until("the carrier has ended what is over", func() bool { return x.ending == 0 })
		if err := e.Idle(ctx); err != nil {
			x.t.Fatalf("webhooks do not come to an end: %v", err)
		}
		x.mu.Lock()
		settled = x.ending == 0
		x.mu.Unlock()
	}
}

// Over waits for a call's end, and for the carrier's having ended it, and checks that its reason is why, that nothing of it is
// left, and that neither side has refused the other anything.
func (x *Exchange) Over(e Emulator, id string, why call.Reason) {
	x.t.Helper()
	x.Until(id, "it is over", func(h Held) bool { return h.State == carrier.Ended && (h.Ends > 0 || x.Away[h.Callee.User] != 0) })
	x.Settle(e)
	if h := x.Held(id); h.Reason != why || h.EndErr != nil {
		x.t.Errorf("it ended with %q instead of %q (%v); told %+v", h.Reason, why, h.EndErr, x.Told())
	}
	if open := e.Open(); len(open) > 0 {
		x.t.Errorf("still open at the carrier: %q", open)
	}
	if refused := e.Refused(); len(refused) > 0 {
		x.t.Errorf("the carrier refused %q", refused)
	}
	refused := slices.DeleteFunc(x.Refused(), func(text string) bool {
		return slices.ContainsFunc(x.Expected, func(part string) bool { return strings.Contains(text, part) })
	})
	if len(refused) > 0 {
		x.t.Errorf("webhooks were refused: %q", refused)
	}
}
