package twilio

import (
	"context"
	"fmt"
	"strconv"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/carrier"
)

// maxTries is how often a client is dialled whose invitation got lost on the way, as when the server was away.
const maxTries = 3

// action takes the end of a <Dial>, which Twilio tells whoever ended it, and says what becomes of the caller's leg.
func (c *Carrier) action(ctx context.Context, r *carrier.Request, f form, desk carrier.Desk) (carrier.Reply, error) {
	result := f.Get("DialCallStatus")
	if !over(result) && result != "answered" {
		return carrier.Reply{}, fmt.Errorf("%w: DialCallStatus %.30q", carrier.ErrMalformed, result)
	}
	of, err := find(ctx, desk, f.call)
	if err != nil {
		return carrier.Reply{}, err
	}
	if of.State == carrier.Ended {
		return hungUp()
	}
	bridged := result == "completed" || result == "answered" || f.Get("DialBridged") == "true"
	callerOver := over(f.Get("CallStatus"))
	try, err := strconv.Atoi(f.try)
	if err != nil || try < 0 {
		return carrier.Reply{}, fmt.Errorf("%w: try %.20q", carrier.ErrMalformed, f.try)
	}
	if !bridged && !callerOver && of.Callee.Phone == "" && try+1 < maxTries && (result == "failed" || result == "no-answer") {
		return c.dialled(of, try+1, r.Now)
	}
	e := carrier.Event{Kind: carrier.Left, Call: of.ID, User: of.Caller.User, Source: f.sid, Reason: call.MediaFailed,
		Detail: detail("Twilio DialCallStatus "+result, f.sid, f)} // the caller's leg is over, or will be at once
	switch {
	case of.Caller.Phone != "" && callerOver:
		e.Kind, e.User, e.Reason = carrier.PhoneEnded, "", call.HungUp
	case of.Caller.Phone != "" && bridged:
		e.User, e.Source, e.Reason = of.Callee.User, f.Get("DialCallSid"), call.HungUp
		e.Refs = map[string]string{refOver: sideCallee}
	case of.Caller.Phone != "":
		// The telephone is hung up because Twilio did not reach the app, and nothing will come of the call.
		e.Kind, e.User = carrier.PhoneEnded, ""
	case callerOver && bridged:
		e.Reason = call.HungUp
	case of.Callee.Phone != "" && !callerOver:
		if bridged {
			result = "completed"
		}
		phone(&e, of, result, f.Get("DialSipResponseCode"))
	}
	if err := tellPhone(ctx, desk, of, e); err != nil {
		return carrier.Reply{}, err
	}
	return hungUp()
}
