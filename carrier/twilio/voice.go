package twilio

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/ringtrip/ringtrip/carrier"
)

// withheld are the numbers that Twilio gives for callers who do not show theirs: ANONYMOUS, RESTRICTED, UNAVAILABLE, BLOCKED
// and UNKNOWN on a telephone's keys. The first stands for all of them, and for none at all.
var withheld = []string{"+266696687", "+7378742833", "+86282452253", "+2562533", "+8656696"}

// voice says what becomes of a call that has come to Twilio: of a device that connected to the TwiML application, or of a
// telephone that calls one of the numbers.
func (c *Carrier) voice(ctx context.Context, r *carrier.Request, f form, desk carrier.Desk) (carrier.Reply, error) {
	identity, isClient := strings.CutPrefix(f.Get("From"), "client:")
	var call carrier.Call
	var err error
	if isClient {
		call, err = c.connected(ctx, f, identity, desk)
	} else {
		call, err = c.incoming(ctx, f, desk)
	}
	switch {
	case errors.Is(err, carrier.ErrUnknownNumber) && !isClient:
		return rejected("") // as a telephone network says it: the number is not in service
	case errors.Is(err, carrier.ErrRefused):
		return rejected("busy")
	case err != nil:
		return carrier.Reply{}, err
	case call.State == carrier.Ended:
		return rejected("busy")
	}
	return c.dialled(call, 0, r.Now)
}

// connected is a call whose caller's device connected.
func (c *Carrier) connected(ctx context.Context, f form, identity string, desk carrier.Desk) (carrier.Call, error) {
	if len(f.Values[callParam]) != 1 {
		return carrier.Call{}, fmt.Errorf("%w: the device connected with %d parameters %s instead of one", carrier.ErrUnknownCall, len(f.Values[callParam]), callParam)
	}
	call, err := find(ctx, desk, f.Get(callParam))
	if err != nil {
		return carrier.Call{}, err
	}
	user, err := User(identity)
	if err != nil || call.Caller.Phone != "" || user != call.Caller.User {
		return carrier.Call{}, fmt.Errorf("%w: client %.60q is not the caller", carrier.ErrNotInCall, identity)
	}
	refs := ref(sideCaller, f.sid)
	if call.State == carrier.Ended {
		return call, nil
	}
	if !known(call, f.sid) && legs(call, sideCaller) >= maxLegs {
		return carrier.Call{}, fmt.Errorf("%w: the caller's device connected %d times", carrier.ErrRefused, maxLegs)
	}
	err = desk.Tell(ctx, carrier.Event{Kind: carrier.Joined, Call: call.ID, User: user, Source: f.sid, Refs: refs,
		Detail: "Twilio: the caller's device connected, CallSid " + f.sid})
	if err != nil {
		return carrier.Call{}, err
	}
	// The leg is in the call's refs now, if the call lives: who ends it from here on ends the leg too. So it is looked at again.
	return desk.Call(ctx, call.ID)
}

// incoming is a call from a telephone.
func (c *Carrier) incoming(ctx context.Context, f form, desk carrier.Desk) (carrier.Call, error) {
	from, to := f.Get("From"), f.Get("To")
	if f.Get("Direction") != "inbound" {
		return carrier.Call{}, fmt.Errorf("%w: a call of direction %.30q that is no client's", carrier.ErrMalformed, f.Get("Direction"))
	}
	if !isE164(to) {
		return carrier.Call{}, fmt.Errorf("%w: %.60q is no E.164", carrier.ErrUnknownNumber, to)
	}
	if strings.HasPrefix(from, "sip:") || strings.HasPrefix(from, "sips:") {
		return carrier.Call{}, fmt.Errorf("%w: a SIP caller", carrier.ErrRefused)
	}
	name := f.Get("CallerName") // if the number has Twilio look callers up
	if !isE164(from) || slices.Contains(withheld, from) {
		from, name = withheld[0], "Anonymous"
	}
	return desk.Incoming(ctx, carrier.Incoming{Ref: f.sid, From: carrier.Party{User: "tel:" + from, Phone: from, Name: name}, To: to,
		Detail: "Twilio CallSid " + f.sid})
}

// known reports whether a leg is one of a call's.
func known(call carrier.Call, sid string) bool {
	return call.Ref == sid || slices.Contains(slices.Collect(maps.Values(call.Refs)), sid)
}
