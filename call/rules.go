package call

// A rule is one row of the table: in these states, on this event, if the guard holds.
type rule struct {
	in   []State
	on   EventKind
	act  Action // of Perform and TimedOut
	when guard
	to   State // same: stay
	why  Reason
	set  change
	do   []EffectKind
}

// same, as a rule's target, keeps the state. eventReason, as a rule's reason, takes the event's.
const (
	same        State  = 255
	eventReason Reason = 0
)

var (
	incoming = []State{Reporting, Ringing}
	outgoing = []State{Dialing, Alerting}
	talking  = []State{Connecting, Connected}
	held     = []State{Dialing, Alerting, Connecting, Connected}
	early    = []State{Ringing, Dialing, Alerting} // the transport is warm, nobody has answered
	warm     = []State{Ringing, Dialing, Alerting, Connecting, Connected}
	live     = []State{Reporting, Ringing, Dialing, Alerting, Connecting, Connected}
	unknown  = []State{Idle, Ended}
)

// rules is what events do, besides the clauses that hold for all of them. The first row that fits counts. An event
// that no row names is ignored, and failed if it is an action.
var rules = []rule{
	// The server and the push. Whichever of push and stream comes first starts the one ring.
	{in: []State{Idle}, on: Push, to: Reporting, set: isIncoming},
	{in: []State{Idle}, on: Offered, to: Reporting, set: isIncoming},
	{in: []State{Idle}, on: ExpiredPush, to: Ended, why: Expired},
	{in: []State{Idle}, on: RemoteEnded, to: Ended}, // a tombstone for the push that comes later
	{in: live, on: RemoteEnded, to: Ended},
	{in: outgoing, on: Unknown, to: Ended, why: ServerEnded, do: []EffectKind{SendCancel}}, // the invitation may still be under way
	{in: incoming, on: Unknown, to: Ended, why: ServerEnded},
	{in: talking, on: Unknown, to: Ended, why: ServerEnded},
	{in: []State{Dialing}, on: RemoteRinging, to: Alerting},
	{in: outgoing, on: RemoteAnswered, to: Connecting, set: isWon},
	{in: []State{Connecting}, on: RemoteAnswered, to: same, set: isWon},
	// Only an earlier process of this device can have answered: its call is lost.
	{in: incoming, on: RemoteAnswered, to: Ended, why: Crashed, do: []EffectKind{SendHangup}},
	{in: talking, on: RemoteHold, when: ifWon, to: same, set: isRemoteHeld},
	// The server has not heard that this call is over here: it is told again.
	{in: []State{Ended}, on: RemoteAnswered, to: same, do: []EffectKind{SendHangup}},
	{in: []State{Ended}, on: RemoteRinging, to: same, do: []EffectKind{SendCancel}},
	{in: []State{Ended}, on: Offered, when: ifSaidNo, to: same, do: []EffectKind{SendDecline}},
	{in: []State{Ended}, on: Offered, when: ifSaidBusy, to: same, do: []EffectKind{SendBusy}},

	// The system's word on a report.
	{in: []State{Reporting}, on: Reported, to: Ringing, do: []EffectKind{SendRinging}},
	{in: []State{Ended}, on: Reported, to: same, do: []EffectKind{ReportEnded}}, // our end may have overtaken our report
	{in: []State{Reporting}, on: Refused, when: ifBlocked, to: Ended, do: []EffectKind{SendDecline}},
	{in: []State{Reporting}, on: Refused, to: Ended, do: []EffectKind{SendBusy}},

	// The user, through the system's actions.
	{in: []State{Idle}, on: Perform, act: StartAction, to: Dialing, set: isOutgoing, do: []EffectKind{SendInvite}},
	{in: incoming, on: Perform, act: AnswerAction, to: Connecting, set: isKept, do: []EffectKind{SendAnswer}},
	{in: talking, on: Perform, act: AnswerAction, when: ifIncoming, to: same},
	{in: incoming, on: Perform, act: EndAction, to: Ended, why: Declined, do: []EffectKind{SendDecline}},
	{in: outgoing, on: Perform, act: EndAction, to: Ended, why: Cancelled, do: []EffectKind{SendCancel}},
	{in: talking, on: Perform, act: EndAction, to: Ended, why: HungUp, do: []EffectKind{SendHangup}},
	{in: unknown, on: Perform, act: EndAction, to: same}, // failing it would leave a stale call on the screen
	{in: held, on: Perform, act: HoldAction, to: same, set: isHeld},
	{in: live, on: Perform, act: MuteAction, to: same, set: isMuted},
	{in: []State{Connected}, on: Perform, act: DTMFAction, when: ifNotHeld, to: same, do: []EffectKind{PlayDTMF}},
	{in: []State{Connecting}, on: TimedOut, act: AnswerAction, when: ifPending, to: Ended, why: MediaFailed, set: isSettled, do: []EffectKind{SendHangup}},
	{in: live, on: AudioOn, to: same, set: isLent},
	{in: live, on: AudioOff, to: same, set: isTakenBack},

	// The call service died: its calls and actions are gone.
	{in: incoming, on: SystemReset, to: Ended, why: Crashed, do: []EffectKind{SendBusy}},
	{in: outgoing, on: SystemReset, to: Ended, why: Crashed, do: []EffectKind{SendCancel}},
	{in: talking, on: SystemReset, to: Ended, why: Crashed, set: isSettled, do: []EffectKind{SendHangup}},

	// What the last process left behind.
	{in: []State{Idle}, on: Leftover, when: ifOutgoing, to: Ended, why: Crashed, set: isShown, do: []EffectKind{SendCancel}},
	{in: []State{Idle}, on: Leftover, when: ifOn, to: Ringing, set: isShown, do: []EffectKind{SendRinging}},
	{in: []State{Idle}, on: Leftover, to: Ended, why: Crashed, do: []EffectKind{SendBusy}},
	{in: []State{Idle}, on: LeftoverLive, to: Ended, why: Crashed, set: isShown, do: []EffectKind{SendHangup}},
	{in: incoming, on: LeftoverLive, to: Ended, why: Crashed, do: []EffectKind{SendHangup}},
	{in: []State{Ended}, on: Leftover, when: ifOn, to: same, do: []EffectKind{ReportEnded}},
	{in: []State{Ended}, on: LeftoverLive, when: ifOn, to: same, do: []EffectKind{ReportEnded}},

	// Media and the clock.
	{in: warm, on: MediaUp, when: ifOpen, to: same, set: isUp},
	{in: warm, on: MediaDown, when: ifUp, to: same, set: isLost},
	{in: early, on: MediaGone, when: ifOpen, to: same, set: isGone, do: []EffectKind{CloseMedia}},
	{in: talking, on: MediaGone, to: Ended, why: MediaFailed, do: []EffectKind{SendHangup}},
	{in: incoming, on: RingTimeout, to: Ended, why: Unanswered}, // the server's own timer ends the leg
	{in: outgoing, on: RingTimeout, to: Ended, why: Unanswered, do: []EffectKind{SendCancel}},
	{in: []State{Connecting}, on: FulfillTimer, when: ifPending, to: same, set: isSettled, do: []EffectKind{FulfillPending}},
	{in: []State{Connecting}, on: MediaTimeout, to: Ended, why: MediaFailed, do: []EffectKind{SendHangup}},
	{in: []State{Connected}, on: MediaTimeout, when: ifLost, to: Ended, why: MediaFailed, do: []EffectKind{SendHangup}},
}
