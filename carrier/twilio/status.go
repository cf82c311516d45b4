package twilio

import (
	"context"
	"fmt"
	"net/http"
	"net/mail"
	"strconv"
	"strings"
	"time"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/carrier"
)

var noContent = carrier.Reply{Status: http.StatusNoContent}

// status takes what became of a leg: of the callee's, which this package had dialled and whose URL names the call, or of a
// telephone's that calls, by its number's status callback.
func (c *Carrier) status(ctx context.Context, _ *carrier.Request, f form, desk carrier.Desk) (carrier.Reply, error) {
	e, err := event(f)
	if err != nil {
		return carrier.Reply{}, err
	}
	if f.call == "" {
		return c.callerStatus(ctx, f, e, desk)
	}
	of, err := find(ctx, desk, f.call)
	if err != nil {
		return carrier.Reply{}, err
	}
	e.Call, e.Refs = of.ID, ref(sideCallee, f.sid)
	word := f.Get("CallStatus")
	switch {
	case of.Callee.Phone != "":
		phone(&e, of, word, f.Get("SipResponseCode"))
		if word == "canceled" {
			e.Source, e.Seq = f.Get("ParentCallSid"), 0
		}
		return noContent, tellPhone(ctx, desk, of, e)
	case word == "in-progress" || word == "answered":
		e.Kind, e.User = carrier.Joined, of.Callee.User
	case word == "completed":
		e.Kind, e.User, e.Reason = carrier.Left, of.Callee.User, call.HungUp
	case over(word):
		e.Kind, e.User, e.Reason = carrier.Left, of.Callee.User, call.MediaFailed
	}
	return noContent, desk.Tell(ctx, e)
}

// callerStatus takes what became of the leg of a telephone that calls.
func (c *Carrier) callerStatus(ctx context.Context, f form, e carrier.Event, desk carrier.Desk) (carrier.Reply, error) {
	of, err := desk.CallByRef(ctx, f.sid)
	if err != nil {
		return carrier.Reply{}, err
	}
	e.Call = of.ID
	if over(f.Get("CallStatus")) && of.Caller.Phone != "" {
		// What follows from the callee's end is not the telephone's own.
		if of.Refs[refOver] == "" {
			e.Kind, e.Reason = carrier.PhoneEnded, call.HungUp
		}
	}
	return noContent, desk.Tell(ctx, e)
}

// phone fills in what a CallStatus of a telephone's leg means that is called.
func phone(e *carrier.Event, of carrier.Call, word, sip string) {
	e.User = ""
	switch word {
	case "ringing":
		e.Kind = carrier.PhoneRinging
	case "in-progress", "answered":
		e.Kind = carrier.PhoneAnswered
	case "completed":
		e.Kind, e.Reason = carrier.PhoneEnded, call.HungUp
	case "busy":
		e.Kind, e.Reason = carrier.PhoneEnded, call.Busy
		if sip == "603" { // Decline (RFC 3261 §21.6.2); Twilio tells it apart only there
			e.Reason = call.Declined
		}
	case "no-answer":
		e.Kind, e.Reason = carrier.PhoneEnded, call.Unanswered
	case "failed":
		e.Kind, e.Reason = carrier.PhoneEnded, call.Unreachable
	case "canceled":
		// Twilio stopped to call because the caller's leg is gone. If the caller gave up, ringtrip knows or will know at once.
		e.Kind, e.User, e.Reason = carrier.Left, of.Caller.User, call.MediaFailed
	}
}

// tellPhone tells what became of a telephone. One that was called and hung up had answered, also if that was not heard yet:
// Twilio completes no other legs.
func tellPhone(ctx context.Context, desk carrier.Desk, of carrier.Call, e carrier.Event) error {
	if e.Kind == carrier.PhoneEnded && e.Reason == call.HungUp && of.Callee.Phone != "" && of.State == carrier.Ringing {
		if err := desk.Tell(ctx, carrier.Event{Kind: carrier.PhoneAnswered, Call: of.ID, Refs: e.Refs, Detail: "Twilio completed the telephone's leg, so it was answered"}); err != nil {
			return err
		}
	}
	return desk.Tell(ctx, e)
}

// event is what all status callbacks have: nothing but a note so far.
func event(f form) (carrier.Event, error) {
	word := f.Get("CallStatus")
	switch word {
	case "queued", "initiated", "ringing", "in-progress", "answered":
	default:
		if !over(word) {
			return carrier.Event{}, fmt.Errorf("%w: CallStatus %.30q", carrier.ErrMalformed, word)
		}
	}
	e := carrier.Event{Kind: carrier.Noted, Source: f.sid, Detail: detail("Twilio CallStatus "+word, f.sid, f)}
	if s := f.Get("SequenceNumber"); s != "" {
		n, err := strconv.ParseUint(s, 10, 32)
		if err != nil {
			return carrier.Event{}, fmt.Errorf("%w: SequenceNumber %.30q", carrier.ErrMalformed, s)
		}
		e.Seq = n + 1 // Twilio counts from 0
	}
	if s := f.Get("Timestamp"); s != "" {
		if at, err := mail.ParseDate(s); err == nil { // RFC 2822
			e.At = at.UTC().Truncate(time.Second)
		}
	}
	return e, nil
}

func detail(what, sid string, f form) string {
	var b strings.Builder
	b.WriteString(what + ", CallSid " + sid)
	for _, key := range []string{"SipResponseCode", "ErrorCode"} {
		if v := f.Get(key); v != "" {
			fmt.Fprintf(&b, ", %s %.20q", key, v)
		}
	}
	return b.String()
}
