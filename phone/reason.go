package phone

import (
	"errors"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/callkit"
)

// endedReasons says what the system is told for each of our reasons. What it is told decides what the user finds in
// Recents: remote ended and unanswered make a missed call of one that never connected; answered and declined
// elsewhere leave no trace of it; failed shows "call failed".
var endedReasons = map[call.Reason]struct{ incoming, outgoing callkit.EndedReason }{
	call.HungUp:            {callkit.RemoteEnded, callkit.RemoteEnded},
	call.Cancelled:         {callkit.RemoteEnded, callkit.RemoteEnded},             // a missed call
	call.Declined:          {callkit.DeclinedElsewhere, callkit.RemoteEnded},       // incoming: only for a push that comes after the user said no
	call.Busy:              {callkit.Unanswered, callkit.Unanswered},               // incoming: missed while on another call
	call.Unanswered:        {callkit.Unanswered, callkit.Unanswered},               //
	call.AnsweredElsewhere: {callkit.AnsweredElsewhere, callkit.AnsweredElsewhere}, //
	call.DeclinedElsewhere: {callkit.DeclinedElsewhere, callkit.DeclinedElsewhere}, //
	call.BusyElsewhere:     {callkit.DeclinedElsewhere, callkit.DeclinedElsewhere}, // the user is on the phone there and knows
	call.Blocked:           {callkit.DeclinedElsewhere, callkit.RemoteEnded},       // no trace of a caller who is blocked; and he is not told
	call.DoNotDisturb:      {callkit.Unanswered, callkit.Unanswered},               //
	call.Unreachable:       {callkit.Failed, callkit.Failed},                       //
	call.MediaFailed:       {callkit.Failed, callkit.Failed},                       //
	call.Replaced:          {callkit.AnsweredElsewhere, callkit.AnsweredElsewhere}, // the other call of the two goes on
	call.Expired:           {callkit.Unanswered, callkit.Unanswered},               // somebody did call: a missed call
	call.Crashed:           {callkit.Failed, callkit.Failed},                       //
	call.ServerEnded:       {callkit.RemoteEnded, callkit.RemoteEnded},             //
}

// EndedReason returns what CallKit is told when a call ends with r. A reason that is unknown is Failed.
func EndedReason(r call.Reason, outgoing bool) callkit.EndedReason {
	row, ok := endedReasons[r]
	switch {
	case !ok:
		return callkit.Failed
	case outgoing:
		return row.outgoing
	default:
		return row.incoming
	}
}

// refusal returns what the system's answer to a report means. Do Not Disturb and the like are this device's business
// only; the block list is the user's will everywhere. There is no code for "too many calls".
func refusal(err error, onCall bool) (why call.Reason, shown bool) {
	var e *callkit.Error
	switch {
	case err == nil:
		return call.NotEnded, true
	case !errors.As(err, &e) || e.Domain != callkit.IncomingCallErrorDomain:
		return call.Unreachable, false
	}
	switch e.Code {
	case callkit.IncomingCallUUIDAlreadyExists:
		return call.NotEnded, true
	case callkit.IncomingFilteredByDoNotDisturb, callkit.IncomingFilteredRestrictedShare, callkit.IncomingFilteredBySensitive:
		return call.DoNotDisturb, false
	case callkit.IncomingFilteredByBlockList:
		return call.Blocked, false
	case callkit.IncomingUnknown:
		if onCall {
			return call.Busy, false
		}
	}
	return call.Unreachable, false
}
