package call

// State is where a call stands on this device.
type State uint8

// The states of a call.
const (
	Idle       State = iota // nobody has heard of it
	Reporting               // reported to the system, whose answer is awaited
	Ringing                 // the system shows the ring
	Dialing                 // outgoing, no device of the callee rings yet
	Alerting                // outgoing, at least one device of the callee rings
	Connecting              // answered (here, or by the callee), but no transport or no word of the server yet
	Connected               // answered, won, and the transport has been up
	Ended                   // over; kept as a tombstone until its ring deadline has passed
)

// Call is one call on one device. It is comparable, so all of its states can be listed. The zero Call is a
// call nobody has heard of.
type Call struct {
	State        State
	Outgoing     bool   // this device is the caller
	FulfillFirst bool   // answer policy: fulfil at once instead of when the transport is up. Set at the start, never changed.
	Pending      Action // the answer action that is neither fulfilled nor failed yet
	Shown        bool   // the system has (or is being told of) this call and has not been told of its end
	Won          bool   // the server said that this device has the call (callee), or that the callee answered (caller)
	Transport    Transport
	Audio        bool // between didActivate and didDeactivate
	Held         bool // on hold here
	RemoteHeld   bool // on hold at the far end
	Muted        bool
	Reason       Reason // why it ended; NotEnded while it lives
}

// Action is an action of CallKit, as far as the machine must tell them apart.
type Action uint8

// The actions of CallKit.
const (
	NoAction     Action = iota
	StartAction         // CXStartCallAction
	AnswerAction        // CXAnswerCallAction
	EndAction           // CXEndCallAction
	HoldAction          // CXSetHeldCallAction; Event.On says which way
	MuteAction          // CXSetMutedCallAction; Event.On says which way
	DTMFAction          // CXPlayDTMFCallAction
)

// Transport is where the media transport stands.
type Transport uint8

// The states of a media transport.
const (
	Cold    Transport = iota // not asked for
	Warming                  // asked to connect
	Up                       // connected
	Lost                     // was connected, tries to come back
	Gone                     // failed for good, or closed; if the call still rings, it is warmed anew by the answer
)

// EventKind says what happened. The machine decides about every kind in every state by name.
type EventKind uint8

// What can happen to a call.
const (
	_ EventKind = iota

	// From the push and the server.

	Push           // a VoIP push for this call; On: the system demands a report (mustReport)
	ExpiredPush    // a VoIP push that came after the ring's deadline; On as in Push
	Offered        // the server's stream says that this call rings here (app in the foreground, no push needed). One that this device refused is refused again
	RemoteRinging  // caller: a device of the callee rings. A call that is over here is cancelled again: the server has not heard of it
	RemoteAnswered // caller: the callee answered. Callee: the server gave the call to this device. A call that is over here is hung up again
	RemoteEnded    // the server says that the call is over for this device, with Reason
	RemoteHold     // the far end held (On) or resumed
	Unknown        // the server knows no such call (or not for this device)

	// From the system.

	Reported     // the system shows the incoming call (completion without error, or the UUID existed already)
	Refused      // the system does not show it, with Reason: DoNotDisturb, Blocked, Busy or Unreachable
	Perform      // the system performs Action on this call
	TimedOut     // the system timed out Action: it is settled already and must not be settled again
	AudioOn      // didActivate
	AudioOff     // didDeactivate
	SystemReset  // providerDidReset: the call service died, all calls are gone
	Leftover     // at launch: the last process had this call ringing or dialing (On: the system still shows it); begin with Call{Outgoing: true} for the caller's own
	LeftoverLive // at launch: the last process had this call answered (On: the system still shows it)

	// From media and the clock.

	MediaUp      // the transport is connected
	MediaDown    // the transport is lost and tries to come back
	MediaGone    // the transport failed for good
	RingTimeout  // the ring's deadline passed
	FulfillTimer // the answer policy's patience (5 s) is over
	MediaTimeout // the transport did not connect, or did not come back, in time
)

// Event is one thing that happened to a call. It is comparable.
type Event struct {
	Kind   EventKind
	Action Action // Perform, TimedOut
	Reason Reason // RemoteEnded, Refused
	On     bool   // see the kinds
}

// EffectKind is an order of the machine to the engine around it.
type EffectKind uint8

// What the engine has to do.
const (
	_ EffectKind = iota

	// To the system.

	ReportIncoming   // reportNewIncomingCall
	ReportEnded      // reportCall(endedAt:reason:), with Reason
	ReportConnecting // reportOutgoingCall(startedConnectingAt:)
	ReportConnected  // reportOutgoingCall(connectedAt:)
	Fulfill          // the action of this event
	Fail             // the action of this event
	FulfillPending   // the answer action that was kept
	FailPending      // the answer action that was kept

	// To the server.

	SendInvite  // start the call
	SendRinging // ack: the system shows the ring
	SendAnswer
	SendDecline // with Reason Declined or Blocked: for all of the callee's devices. This, SendBusy, SendCancel and SendHangup may be said again, so the server must not mind
	SendBusy    // with Reason Busy, DoNotDisturb or Unreachable: for this device only
	SendCancel  // caller, before the answer
	SendHangup  // after the answer, with Reason HungUp, MediaFailed or Crashed
	SendHold    // On: held

	// To the media session.

	WarmMedia  // prepare and connect the transport; after CloseMedia with a new session, which knows nothing of mute and hold until told
	StartAudio // derived, see the package comment
	StopAudio
	MuteMedia // On: muted
	HoldMedia // On: held
	PlayDTMF  // the digits of this event's action
	CloseMedia

	// To the clock. A timer is named by the event that it will bring.

	StartTimer // Timer
	StopTimer  // Timer
)

// Effect is one order. It is comparable.
type Effect struct {
	Kind   EffectKind
	Reason Reason    // ReportEnded, SendDecline, SendBusy, SendHangup
	On     bool      // SendHold, MuteMedia, HoldMedia
	Timer  EventKind // StartTimer, StopTimer: RingTimeout, FulfillTimer or MediaTimeout
}
