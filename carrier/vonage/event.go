package vonage

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/carrier"
)

var noted = carrier.Reply{Status: http.StatusNoContent}

// legEvent is the application's event hook: what became of a leg that came in, a device's or a telephone's. Of its
// beginning the answer hook knows more, so only its end counts. Legs that go out have an event hook of their own.
func (c *Carrier) legEvent(ctx context.Context, _ *carrier.Request, f fields, desk carrier.Desk) (carrier.Reply, error) {
	status := f.text("status")
	if rank(status) < rankOver || f.text("direction") == "outbound" {
		return noted, nil // also errors, inputs, recordings
	}
	leg := f.text("uuid")
	if !isLeg(leg) {
		return carrier.Reply{}, fmt.Errorf("%w: the leg's uuid is %.60q", carrier.ErrMalformed, leg)
	}
	e := carrier.Event{Source: leg, At: f.at(), Reason: call.MediaFailed, Detail: "Vonage leg " + leg + " " + status}
	if status == "completed" || status == "cancelled" {
		e.Reason = call.HungUp // also a device's that was lost: Vonage does not tell them apart
	}
	if id := f.text("to"); carrier.IsID(id) { // a device's: it calls "to" its call
		name := f.text("from_user")
		if name == "" {
			name = f.text("from")
		}
		user, ok := UserID(name)
		if !ok {
			return carrier.Reply{}, fmt.Errorf("%w: %.60q", carrier.ErrNotInCall, name)
		}
		e.Kind, e.Call, e.User = carrier.Left, id, user
		return noted, desk.Tell(ctx, e)
	}
	found, err := desk.CallByRef(ctx, leg)
	if errors.Is(err, carrier.ErrUnknownCall) {
		// The telephone may be that quick: its answer hook is under way, and must not ring anybody, or looks here once more.
		c.over.put(leg, struct{}{})
		found, err = desk.CallByRef(ctx, leg)
	}
	if err != nil {
		return carrier.Reply{}, err
	}
	e.Kind, e.Call, e.Seq = carrier.PhoneEnded, found.ID, rankOver
	return noted, desk.Tell(ctx, e)
}

// phoneEnds is why a telephone's leg ended that was called.
var phoneEnds = map[string]call.Reason{
	"completed":  call.HungUp,
	"busy":       call.Busy,
	"rejected":   call.Declined,
	"timeout":    call.Unanswered,
	"unanswered": call.Unanswered,
	"failed":     call.Unreachable,
}

// phoneEvent is the event hook of a telephone that is called; its URL names the call.
func (c *Carrier) phoneEvent(ctx context.Context, r *carrier.Request, f fields, desk carrier.Desk) (carrier.Reply, error) {
	id, leg, status := r.URL.Query().Get("call"), f.text("uuid"), f.text("status")
	n := rank(status)
	if n == 0 {
		return noted, nil
	}
	if !isLeg(leg) {
		return carrier.Reply{}, fmt.Errorf("%w: the leg's uuid is %.60q", carrier.ErrMalformed, leg)
	}
	if !carrier.IsID(id) {
		return carrier.Reply{}, fmt.Errorf("%w: %.60q", carrier.ErrUnknownCall, id)
	}
	about, err := desk.Call(ctx, id)
	if err != nil {
		return carrier.Reply{}, err
	}
	if to := number(f.text("to")); about.Callee.Phone == "" || to != about.Callee.Phone {
		return carrier.Reply{}, fmt.Errorf("%w: the telephone %.40q", carrier.ErrNotInCall, f.text("to"))
	}
	e := carrier.Event{Call: id, Seq: n, Source: leg, At: f.at(), Refs: map[string]string{phoneLeg: leg}, Detail: "Vonage leg " + leg + " " + status}
	switch n {
	case rankStarted:
		e.Kind = carrier.Noted
	case rankRinging:
		e.Kind = carrier.PhoneRinging
	case rankAnswered:
		e.Kind = carrier.PhoneAnswered
	case rankOver:
		reason, ok := phoneEnds[status]
		if !ok { // cancelled: our side gave up, and says so itself
			e.Kind = carrier.Noted
			break
		}
		if status == "completed" && about.State == carrier.Ringing && f.text("start_time") != "" {
			answered := e
			answered.Kind, answered.Seq = carrier.PhoneAnswered, rankAnswered // that it was answered is late, or lost
			if err := desk.Tell(ctx, answered); err != nil {
				return carrier.Reply{}, err
			}
		}
		e.Kind, e.Reason = carrier.PhoneEnded, reason
	}
	return noted, desk.Tell(ctx, e)
}
