package vonage

import (
	"cmp"
	"context"
	"fmt"
	"time"

	reason "github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/carrier"
)

// withheld stands for the number of a caller who does not show it: ANONYMOUS on a telephone's keys, as other carriers have it.
const withheld = "+266696687"

// userTime is what making a user may take of the few seconds that Vonage waits for an answer.
const userTime = 2 * time.Second

// answer is the answer hook: what is a leg to do that has just come, a device's or a telephone's?
func (c *Carrier) answer(ctx context.Context, r *carrier.Request, f fields, desk carrier.Desk) (carrier.Reply, error) {
	leg := f.text("uuid")
	if !isLeg(leg) {
		return carrier.Reply{}, fmt.Errorf("%w: the leg's uuid is %.60q", carrier.ErrMalformed, leg)
	}
	if user := f.text("from_user"); user != "" {
		return c.answerDevice(ctx, r, f, desk, leg, user)
	}
	return c.answerPhone(ctx, f, desk, leg)
}

// answerDevice lets a device into its call. Who it is, Vonage has from the token that we gave it; which call it means, it
// says itself, so it must be a side of that call.
func (c *Carrier) answerDevice(ctx context.Context, r *carrier.Request, f fields, desk carrier.Desk, leg, name string) (carrier.Reply, error) {
	custom := f.custom()
	id := custom.text("ringtrip_call")
	if id == "" {
		id = f.text("to")
	}
	if !carrier.IsID(id) {
		return carrier.Reply{}, fmt.Errorf("%w: the device named %.60q", carrier.ErrUnknownCall, id)
	}
	call, err := desk.Call(ctx, id)
	if err != nil {
		return carrier.Reply{}, err
	}
	if call.State == carrier.Ended {
		return carrier.Reply{}, fmt.Errorf("%w: it is over", carrier.ErrUnknownCall)
	}
	user, side := sideOf(call, name)
	if side == "" {
		return carrier.Reply{}, fmt.Errorf("%w: %.60q", carrier.ErrNotInCall, name)
	}
	if side == calleeLeg && call.State != carrier.Answered {
		return carrier.Reply{}, fmt.Errorf("%w: %.60q has not answered", carrier.ErrNotInCall, name)
	}
	word := legRef(call, side, leg)
	todo := c.meet(call, call.State == carrier.Answered, false)
	if call.Callee.Phone != "" { // only the caller gets here
		from := cmp.Or(call.CallerID, c.cfg.CallerID)
		if !isE164(from) {
			return carrier.Reply{}, fmt.Errorf("%w: no number is set that telephones are called from", carrier.ErrRefused)
		}
		if word != callerLeg {
			return carrier.Reply{}, fmt.Errorf("%w: the telephone is connected to another leg of %.60q", carrier.ErrRefused, name)
		}
		todo = c.connectPhone(call, from, r.Now)
	}
	// The device is not named, for when its leg is over nobody says which device it was.
	err = desk.Tell(ctx, carrier.Event{Kind: carrier.Joined, Call: call.ID, User: user, Source: leg, Refs: map[string]string{word: leg},
		Detail: "Vonage leg " + leg + " of device " + custom.text("ringtrip_device")})
	if err != nil {
		return carrier.Reply{}, err
	}
	// The leg is in the call's refs now, and whoever ends the call ends the leg: unless it was over before. So look again.
	if call, err = desk.Call(ctx, id); err != nil {
		return carrier.Reply{}, err
	}
	if call.State == carrier.Ended {
		return carrier.Reply{}, fmt.Errorf("%w: it is over", carrier.ErrUnknownCall)
	}
	return nccoReply(todo)
}

// sideOf returns the user whom a name at Vonage means, and which side of the call that is; none: empty.
func sideOf(call carrier.Call, name string) (user, side string) {
	user, ok := UserID(name)
	switch {
	case !ok:
	case call.Caller.Phone == "" && call.Caller.User == user:
		return user, callerLeg
	case call.Callee.Phone == "" && call.Callee.User == user:
		return user, calleeLeg
	}
	return "", ""
}

// answerPhone rings the user whom a telephone calls, and lets the telephone wait in the call's conversation.
func (c *Carrier) answerPhone(ctx context.Context, f fields, desk carrier.Desk, leg string) (carrier.Reply, error) {
	to := number(f.text("to"))
	if to == "" {
		return carrier.Reply{}, fmt.Errorf("%w: %.40q", carrier.ErrUnknownNumber, f.text("to"))
	}
	if _, over := c.over.get(leg); over {
		return nccoReply()
	}
	from := carrier.Party{Phone: number(f.text("from"))}
	if from.Phone == "" {
		from.Phone, from.Name = withheld, "Anonymous"
	}
	from.User = "tel:" + from.Phone
	call, err := desk.Incoming(ctx, carrier.Incoming{Ref: leg, From: from, To: to, Detail: "Vonage leg " + leg})
	if err != nil {
		return carrier.Reply{}, err
	}
	if _, over := c.over.get(leg); over {
		err := desk.Tell(ctx, carrier.Event{Kind: carrier.PhoneEnded, Call: call.ID, Reason: reason.HungUp, Seq: rankOver, Source: leg, Detail: "Vonage leg " + leg + " was over"})
		if err != nil {
			return carrier.Reply{}, err
		}
		return nccoReply()
	}
	if call.State == carrier.Ended {
		return nccoReply() // a call with nothing left to do ends
	}
	within, cancel := context.WithTimeout(ctx, userTime)
	defer cancel()
	if err := c.ensureUser(within, call.Callee); err != nil {
		// The user may well exist. If not, the device fails to join, and the call ends with media_failed.
		if err := desk.Tell(ctx, carrier.Event{Kind: carrier.Noted, Call: call.ID, Detail: err.Error()}); err != nil {
			return carrier.Reply{}, err
		}
	}
	var todo []action
	if c.cfg.Greeting != "" {
		todo = append(todo, action{Action: "talk", Text: c.cfg.Greeting})
	}
	return nccoReply(append(todo, c.meet(call, false, true))...)
}
