package twilio

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/ringtrip/ringtrip/carrier"
)

// The hooks.
const (
	hookVoice  = "voice"  // what to do with a call: of the TwiML application, and of each number
	hookAction = "action" // a <Dial> is over
	hookStatus = "status" // a leg is elsewhere; also the status callback of each number
	hookNotify = "notify" // an invitation for a client
)

const (
	maxForm   = 64 << 10
	maxInvite = 16 << 10
)

// Webhook implements carrier.Carrier.
func (c *Carrier) Webhook(ctx context.Context, r *carrier.Request, desk carrier.Desk) (carrier.Reply, error) {
	switch r.Hook {
	case hookVoice, hookAction, hookStatus:
		form, err := c.form(r)
		if err != nil {
			return carrier.Reply{}, fmt.Errorf("twilio: %s: %w", r.Hook, err)
		}
		return c.formHook(ctx, r, form, desk)
	case hookNotify:
		reply, err := c.notify(ctx, r, desk)
		if err != nil {
			return carrier.Reply{}, fmt.Errorf("twilio: %s: %w", r.Hook, err)
		}
		return reply, nil
	}
	return carrier.Reply{}, fmt.Errorf("twilio: %w: %.40q", carrier.ErrUnknownHook, r.Hook)
}

func (c *Carrier) formHook(ctx context.Context, r *carrier.Request, f form, desk carrier.Desk) (reply carrier.Reply, err error) {
	switch r.Hook {
	case hookVoice:
		reply, err = c.voice(ctx, r, f, desk)
	case hookAction:
		reply, err = c.action(ctx, r, f, desk)
	default:
		reply, err = c.status(ctx, r, f, desk)
	}
	if err != nil {
		return carrier.Reply{}, fmt.Errorf("twilio: %s of %s: %w", r.Hook, f.sid, err)
	}
	return reply, nil
}

// form is a webhook about one leg, verified.
type form struct {
	url.Values
	sid  string // CallSid
	call string // ringtrip's call, as the URL says that this package made; may be empty
	try  string
}

// form reads and verifies a webhook whose body is a form.
func (c *Carrier) form(r *carrier.Request) (form, error) {
	if err := r.Expect(http.MethodPost, "application/x-www-form-urlencoded"); err != nil {
		return form{}, err
	}
	if len(r.Body) > maxForm {
		return form{}, fmt.Errorf("%w: %d bytes", carrier.ErrTooLarge, len(r.Body))
	}
	values, err := url.ParseQuery(string(r.Body))
	if err != nil {
		return form{}, fmt.Errorf("%w: the form", carrier.ErrMalformed)
	}
	if err := c.verify(r, values); err != nil {
		return form{}, err
	}
	f := form{Values: values, sid: values.Get("CallSid")}
	if account := values.Get("AccountSid"); account != c.conf.AccountSID {
		return form{}, fmt.Errorf("%w: it is of account %.40q", carrier.ErrSignature, account)
	}
	if !isSID("CA", f.sid) {
		return form{}, fmt.Errorf("%w: CallSid %.40q", carrier.ErrMalformed, f.sid)
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return form{}, fmt.Errorf("%w: the query", carrier.ErrMalformed)
	}
	f.call, f.try = query.Get("call"), query.Get("try")
	return f, nil
}

// over reports whether a leg with such a CallStatus is no more.
func over(status string) bool {
	switch status {
	case "completed", "busy", "no-answer", "failed", "canceled":
		return true
	}
	return false
}

// ref is the word under which a leg's SID is kept in carrier.Call.Refs: each leg has its own, so that none is forgotten.
func ref(side, sid string) map[string]string {
	return map[string]string{side + "-" + sid[len(sid)-8:]: sid}
}

const (
	sideCaller = "caller"
	sideCallee = "callee"
	// refOver says that the callee's leg was over first, so that the caller's end, which follows from it, is not taken for the
	// telephone's own.
	refOver = "over"
)

// maxLegs is how many legs of one side a call may have had: a device that lost its way connects again.
const maxLegs = 3

func legs(call carrier.Call, side string) (n int) {
	for word := range call.Refs {
		if strings.HasPrefix(word, side+"-") {
			n++
		}
	}
	return n
}

// find returns the call that a URL of ours names.
func find(ctx context.Context, desk carrier.Desk, id string) (carrier.Call, error) {
	if !carrier.IsID(id) {
		return carrier.Call{}, fmt.Errorf("%w: %.60q", carrier.ErrUnknownCall, id)
	}
	return desk.Call(ctx, id)
}
