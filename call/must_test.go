package call

import (
	"fmt"
	"slices"
)

// A must is a property of the kind "when this happens there, that follows". The table below is the specification of
// rows.go in other words, by purpose and not by row. What no must speaks of must change nothing and send nothing.
type must struct {
	name  string
	given func(c Call, e Event) bool
	state State
	why   Reason   // in Ended
	sends []Effect // exactly these Send… effects (hold apart)
	plays bool     // exactly then digits are played
}

func on(kind EventKind, states ...State) func(Call, Event) bool {
	return func(c Call, e Event) bool { return e.Kind == kind && slices.Contains(states, c.State) }
}

func does(a Action, states ...State) func(Call, Event) bool {
	return func(c Call, e Event) bool {
		return e.Kind == Perform && e.Action == a && slices.Contains(states, c.State)
	}
}

func and(all ...func(Call, Event) bool) func(Call, Event) bool {
	return func(c Call, e Event) bool {
		return !slices.ContainsFunc(all, func(f func(Call, Event) bool) bool { return !f(c, e) })
	}
}

func because(r Reason) func(Call, Event) bool {
	return func(_ Call, e Event) bool { return e.Reason == r }
}

func isOn(_ Call, e Event) bool       { return e.On }
func isOff(_ Call, e Event) bool      { return !e.On }
func fromCaller(c Call, _ Event) bool { return c.Outgoing }
func fromCallee(c Call, _ Event) bool { return !c.Outgoing }
func whileKept(c Call, _ Event) bool  { return c.Pending != NoAction }
func whileLost(c Call, _ Event) bool  { return c.Transport == Lost }
func whileUp(c Call, _ Event) bool    { return c.Transport == Up }
func whileNotUp(c Call, _ Event) bool { return c.Transport != Up }
func whileWon(c Call, _ Event) bool   { return c.Won }
func endedWith(rs ...Reason) func(Call, Event) bool {
	return func(c Call, _ Event) bool { return slices.Contains(rs, c.Reason) }
}

var (
	hangup  = []Effect{{Kind: SendHangup, Reason: HungUp}}
	failed  = []Effect{{Kind: SendHangup, Reason: MediaFailed}}
	crashed = []Effect{{Kind: SendHangup, Reason: Crashed}}
	decline = []Effect{{Kind: SendDecline, Reason: Declined}}
	block   = []Effect{{Kind: SendDecline, Reason: Blocked}}
	cancel  = []Effect{{Kind: SendCancel}}
)

func busy(r Reason) []Effect { return []Effect{{Kind: SendBusy, Reason: r}} }

var musts = []must{
	{"a push rings", on(Push, Idle), Reporting, 0, nil, false},
	{"the stream rings", on(Offered, Idle), Reporting, 0, nil, false},
	{"an expired push does not ring", on(ExpiredPush, Idle), Ended, Expired, nil, false},
	{"a cancel before the push leaves a tombstone", and(on(RemoteEnded, Idle), because(Cancelled)), Ended, Cancelled, nil, false},
	{"a block before the push leaves a tombstone", and(on(RemoteEnded, Idle), because(Blocked)), Ended, Blocked, nil, false},
	{"a busy before the push leaves a tombstone", and(on(RemoteEnded, Idle), because(Busy)), Ended, Busy, nil, false},
	{"an answer elsewhere before the push leaves a tombstone", and(on(RemoteEnded, Idle), because(AnsweredElsewhere)), Ended, AnsweredElsewhere, nil, false},
	{"an end without a reason is the server's", and(on(RemoteEnded, Idle, Reporting, Ringing, Dialing, Alerting, Connecting, Connected), because(NotEnded)), Ended, ServerEnded, nil, false},
	{"an end with an unheard-of reason is the server's", and(on(RemoteEnded, Idle, Reporting, Ringing, Dialing, Alerting, Connecting, Connected), because(200)), Ended, ServerEnded, nil, false},
	{"the shown ring is acknowledged", on(Reported, Reporting), Ringing, 0, []Effect{{Kind: SendRinging}}, false},
	{"do not disturb is busy here only", and(on(Refused, Reporting), because(DoNotDisturb)), Ended, DoNotDisturb, busy(DoNotDisturb), false},
	{"a blocked caller is declined everywhere", and(on(Refused, Reporting), because(Blocked)), Ended, Blocked, block, false},
	{"a busy device is busy here only", and(on(Refused, Reporting), because(Busy)), Ended, Busy, busy(Busy), false},
	{"a ring that cannot be shown is unreachable here only", and(on(Refused, Reporting), because(Unreachable)), Ended, Unreachable, busy(Unreachable), false},
	{"a refusal for no known reason is unreachable", and(on(Refused, Reporting), because(HungUp)), Ended, Unreachable, busy(Unreachable), false},
	{"an answer is sent", does(AnswerAction, Reporting, Ringing), Connecting, 0, []Effect{{Kind: SendAnswer}}, false},
	{"the end action of a ring is a decline", does(EndAction, Reporting, Ringing), Ended, Declined, decline, false},
	{"a ring ends at its deadline without a word", on(RingTimeout, Reporting, Ringing), Ended, Unanswered, nil, false},
	{"a cancelled call ends", and(on(RemoteEnded, Reporting, Ringing, Dialing, Alerting, Connecting, Connected), because(Cancelled)), Ended, Cancelled, nil, false},
	{"an answer elsewhere ends it, even after an answer here", and(on(RemoteEnded, Reporting, Ringing, Dialing, Alerting, Connecting, Connected), because(AnsweredElsewhere)), Ended, AnsweredElsewhere, nil, false},
	{"busy ends it", and(on(RemoteEnded, Reporting, Ringing, Dialing, Alerting, Connecting, Connected), because(Busy)), Ended, Busy, nil, false},
	{"blocked ends it", and(on(RemoteEnded, Reporting, Ringing, Dialing, Alerting, Connecting, Connected), because(Blocked)), Ended, Blocked, nil, false},
	{"a call that the server does not know ends", on(Unknown, Reporting, Ringing, Connecting, Connected), Ended, ServerEnded, nil, false},
	{"a dialed call that the server does not know is cancelled", on(Unknown, Dialing, Alerting), Ended, ServerEnded, cancel, false},
	{"an answer of a former process has lost its call", on(RemoteAnswered, Reporting, Ringing), Ended, Crashed, crashed, false},
	{"won with the transport up is connected", and(on(RemoteAnswered, Connecting), whileUp), Connected, 0, nil, false},
	{"won without the transport goes on connecting", and(on(RemoteAnswered, Connecting), whileNotUp), Connecting, 0, nil, false},
	{"the transport connects a call that is won", and(on(MediaUp, Connecting), whileWon), Connected, 0, nil, false},

	{"start invites", does(StartAction, Idle), Dialing, 0, []Effect{{Kind: SendInvite}}, false},
	{"ringing there is alerting here", on(RemoteRinging, Dialing), Alerting, 0, nil, false},
	{"answered there with the transport up is connected", and(on(RemoteAnswered, Dialing, Alerting), whileUp), Connected, 0, nil, false},
	{"answered there without the transport is connecting", and(on(RemoteAnswered, Dialing, Alerting), whileNotUp), Connecting, 0, nil, false},
	{"the end action of a dialed call is a cancel", does(EndAction, Dialing, Alerting), Ended, Cancelled, cancel, false},
	{"a dialed call is cancelled at its deadline", on(RingTimeout, Dialing, Alerting), Ended, Unanswered, cancel, false},

	{"the end action of an answered call is a hang-up", does(EndAction, Connecting, Connected), Ended, HungUp, hangup, false},
	{"digits are played", and(does(DTMFAction, Connected), func(c Call, _ Event) bool { return !c.Held }), Connected, 0, nil, true},
	{"an answered call without media ends", on(MediaTimeout, Connecting), Ended, MediaFailed, failed, false},
	{"a connected call whose media does not come back ends", and(on(MediaTimeout, Connected), whileLost), Ended, MediaFailed, failed, false},
	{"an answered call whose media fails for good ends", on(MediaGone, Connecting, Connected), Ended, MediaFailed, failed, false},
	{"an answer that the system gave up ends the call", and(on(TimedOut, Connecting), whileKept, func(_ Call, e Event) bool { return e.Action == AnswerAction }), Ended, MediaFailed, failed, false},
	{"a reset drops a ring here only", on(SystemReset, Reporting, Ringing), Ended, Crashed, busy(Unreachable), false},
	{"a reset cancels a dialed call", on(SystemReset, Dialing, Alerting), Ended, Crashed, cancel, false},
	{"a reset hangs up an answered call", on(SystemReset, Connecting, Connected), Ended, Crashed, crashed, false},

	{"a leftover ring that is shown rings on", and(on(Leftover, Idle), isOn, fromCallee), Ringing, 0, []Effect{{Kind: SendRinging}}, false},
	{"a leftover ring that is not shown ends here only", and(on(Leftover, Idle), isOff, fromCallee), Ended, Crashed, busy(Unreachable), false},
	{"a leftover dialed call is cancelled", and(on(Leftover, Idle), fromCaller), Ended, Crashed, cancel, false},
	{"a leftover answered call is hung up", on(LeftoverLive, Idle, Reporting, Ringing), Ended, Crashed, crashed, false},

	{"a server that gives us a call that is over hears of it, if media failed", and(on(RemoteAnswered, Ended), endedWith(MediaFailed)), Ended, MediaFailed, failed, false},
	{"a server that gives us a call that is over hears of it, if we crashed", and(on(RemoteAnswered, Ended), endedWith(Crashed)), Ended, Crashed, crashed, false},
	{"a server that gives us a call that is over hears of it", and(on(RemoteAnswered, Ended), func(c Call, _ Event) bool { return c.Reason != MediaFailed && c.Reason != Crashed }), Ended, keepReason, hangup, false},
	{"a server that still rings for us hears that we gave up", on(RemoteRinging, Ended), Ended, keepReason, cancel, false},
	{"a server that has not heard of a decline hears of it", and(on(Offered, Ended), endedWith(Declined)), Ended, Declined, decline, false},
	{"a server that has not heard of a block hears of it", and(on(Offered, Ended), endedWith(Blocked)), Ended, Blocked, block, false},
	{"a server that has not heard of busy hears of it", and(on(Offered, Ended), endedWith(Busy)), Ended, Busy, busy(Busy), false},
	{"a server that has not heard of do not disturb hears of it", and(on(Offered, Ended), endedWith(DoNotDisturb)), Ended, DoNotDisturb, busy(DoNotDisturb), false},
	{"a server that has not heard of a failure hears of it", and(on(Offered, Ended), endedWith(Unreachable, Crashed)), Ended, keepReason, busy(Unreachable), false},
}

// keepReason, as a must's reason, is the reason from before.
const keepReason Reason = 255

// facts are what events change besides the state; they hold while the call is not over.
var facts = []struct {
	name string
	ok   func(before Call, e Event, after Call) bool
}{
	{"the server's word wins", func(b Call, e Event, a Call) bool {
		return a.Won == (b.Won || e.Kind == RemoteAnswered && (b.State == Dialing || b.State == Alerting || b.State == Connecting))
	}},
	{"hold is what the user last said", func(b Call, e Event, a Call) bool {
		if e.Kind == Perform && e.Action == HoldAction && slices.Contains([]State{Dialing, Alerting, Connecting, Connected}, b.State) {
			return a.Held == e.On
		}
		return a.Held == b.Held
	}},
	{"mute is what the user last said", func(b Call, e Event, a Call) bool {
		if e.Kind == Perform && e.Action == MuteAction && b.State != Idle {
			return a.Muted == e.On
		}
		return a.Muted == b.Muted
	}},
	{"hold at the far end is what it last said", func(b Call, e Event, a Call) bool {
		if e.Kind == RemoteHold && b.Won {
			return a.RemoteHeld == e.On
		}
		return a.RemoteHeld == b.RemoteHeld
	}},
	{"audio is lent between didActivate and didDeactivate", func(b Call, e Event, a Call) bool {
		return a.Audio == (b.State != Idle && e.Kind != AudioOff && (b.Audio || e.Kind == AudioOn))
	}},
	{"the transport is where media says, or warming", func(b Call, e Event, a Call) bool {
		switch {
		case !b.Open():
			return a.Transport == b.Transport || a.Transport == Warming
		case e.Kind == MediaUp:
			return a.Transport == Up
		case e.Kind == MediaDown && b.Transport == Up:
			return a.Transport == Lost
		case e.Kind == MediaGone:
			return a.Transport == Gone
		}
		return a.Transport == b.Transport
	}},
	{"a caller is who started", func(b Call, e Event, a Call) bool {
		switch {
		case a.State == Dialing:
			return a.Outgoing
		case a.State == Reporting:
			return !a.Outgoing
		}
		return a.Outgoing == b.Outgoing
	}},
}

// takes says which actions are fulfilled (or kept); all others fail.
func takes(c Call, e Event) bool {
	switch e.Action {
	case StartAction:
		return c.State == Idle
	case AnswerAction:
		return !c.Outgoing && slices.Contains([]State{Reporting, Ringing, Connecting, Connected}, c.State)
	case EndAction:
		return true
	case HoldAction:
		return slices.Contains([]State{Dialing, Alerting, Connecting, Connected}, c.State)
	case MuteAction:
		return c.State != Idle && c.State != Ended
	case DTMFAction:
		return c.State == Connected && !c.Held
	}
	return false
}

func checkMusts(before Call, e Event, after Call, effects []Effect) error {
	var sends []Effect
	for _, f := range effects {
		switch f.Kind {
		case SendInvite, SendRinging, SendAnswer, SendDecline, SendBusy, SendCancel, SendHangup:
			sends = append(sends, f)
		}
	}
	found := must{name: "what no must speaks of changes nothing", state: before.State, why: before.Reason}
	for _, m := range musts {
		if m.given(before, e) {
			found = m
			break
		}
	}
	why := found.why
	if why == keepReason {
		why = before.Reason
	}
	if after.State != found.state || after.Reason != why || !slices.Equal(sends, found.sends) || found.plays != (count(effects, PlayDTMF) == 1) {
		return fmt.Errorf("must: %s", found.name)
	}
	if after.State != Ended {
		for _, f := range facts {
			if !f.ok(before, e, after) {
				return fmt.Errorf("must: %s", f.name)
			}
		}
	} else if before.State != Ended && after.Won != (before.Won) {
		return fmt.Errorf("must: the end changes nothing about who won")
	}
	if e.Kind == Perform && takes(before, e) == (count(effects, Fail) > 0) {
		return fmt.Errorf("must: %v in %v is taken: %v", e, before.State, takes(before, e))
	}
	for _, p := range []struct {
		name string
		ok   bool
	}{
		{"the patience of the answer policy ends with the answer fulfilled", e.Kind != FulfillTimer || before.Pending == NoAction || count(effects, FulfillPending) == 1},
		{"the transport fulfils the answer", before.Pending == NoAction || e.Kind != MediaUp || count(effects, FulfillPending) == 1},
		{"the answer kept is not fulfilled for any other cause", count(effects, FulfillPending) == 0 || e.Kind == FulfillTimer || e.Kind == MediaUp},
		{"an honest answer waits for the transport", !does(AnswerAction, Reporting, Ringing)(before, e) || before.FulfillFirst || before.Transport == Up || after.Pending == AnswerAction},
		{"fulfil first fulfils at once", !before.FulfillFirst || after.Pending == NoAction},
		{"a dialed call is reported connecting, after the start is fulfilled", count(effects, ReportConnecting) == b2i(before.State == Idle && after.State == Dialing)},
		{"an outgoing call that connects is reported", count(effects, ReportConnected) == b2i(after.Outgoing && before.State != Connected && after.State == Connected)},
		{"a new ring is reported", before.State != Idle || after.State != Reporting || count(effects, ReportIncoming) == 1},
		{"only a new ring or a demanded push is reported", count(effects, ReportIncoming) == b2i(before.State == Idle && after.State == Reporting || e.On && (e.Kind == Push || e.Kind == ExpiredPush))},
		{"an end that may have overtaken its report is reported again", e.Kind != Reported || before.State != Ended || count(effects, ReportEnded) == 1},
	} {
		if !p.ok {
			return fmt.Errorf("must: %s", p.name)
		}
	}
	return nil
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}
