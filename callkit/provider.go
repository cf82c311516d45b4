package callkit

import "time"

// HandleType is CXHandleType.
type HandleType int

// The kinds of handles.
const (
	Generic      HandleType = 1
	PhoneNumber  HandleType = 2
	EmailAddress HandleType = 3
)

// Handle is CXHandle: how a person is reached.
type Handle struct {
	Type  HandleType `json:"type"`
	Value string     `json:"value"`
}

// Update is CXCallUpdate. Only what is set changes the call (CallKit: CXCallUpdate), so all of it is optional.
type Update struct {
	RemoteHandle        *Handle
	LocalizedCallerName *string
	SupportsHolding     *bool
	SupportsGrouping    *bool
	SupportsUngrouping  *bool
	SupportsDTMF        *bool
	HasVideo            *bool
}

// EndedReason is CXCallEndedReason.
type EndedReason int

// Why a call ended, in the words that CallKit has.
const (
	Failed            EndedReason = 1
	RemoteEnded       EndedReason = 2
	Unanswered        EndedReason = 3
	AnsweredElsewhere EndedReason = 4
	DeclinedElsewhere EndedReason = 5
)

// ProviderConfiguration is CXProviderConfiguration. [DefaultConfiguration] has Apple's defaults.
type ProviderConfiguration struct {
	LocalizedName            string
	RingtoneSound            string
	IconTemplateImageData    []byte
	MaximumCallGroups        int
	MaximumCallsPerCallGroup int
	IncludesCallsInRecents   bool
	SupportsVideo            bool
	SupportsAudioTranslation bool // iOS 26
	SupportedHandleTypes     []HandleType
}

// DefaultConfiguration returns what CXProviderConfiguration init sets.
func DefaultConfiguration() ProviderConfiguration {
	return ProviderConfiguration{MaximumCallGroups: 2, MaximumCallsPerCallGroup: 5, IncludesCallsInRecents: true}
}

// Provider is CXProvider: the app tells the system of its calls.
type Provider interface {
	// SetDelegate is setDelegate:queue:; nil queue is main. A nil delegate stops callbacks.
	SetDelegate(ProviderDelegate, Queue)
	// ReportNewIncomingCall is reportNewIncomingCallWithUUID:update:completion:. The flag that PushKit tests
	// when the push delegate returns is set before it returns. completion (may be nil) gets an [*Error] of
	// [IncomingCallErrorDomain] if the system does not show the call, on the delegate queue.
	ReportNewIncomingCall(id UUID, u Update, completion func(error))
	// ReportCallUpdated is reportCallWithUUID:updated:.
	ReportCallUpdated(id UUID, u Update)
	// ReportCallEnded is reportCallWithUUID:endedAtDate:reason:; a zero time is now.
	ReportCallEnded(id UUID, at time.Time, reason EndedReason)
	// ReportOutgoingCallStartedConnecting is reportOutgoingCallWithUUID:startedConnectingAtDate:; a zero time is now.
	ReportOutgoingCallStartedConnecting(id UUID, at time.Time)
	// ReportOutgoingCallConnected is reportOutgoingCallWithUUID:connectedAtDate:; a zero time is now.
	ReportOutgoingCallConnected(id UUID, at time.Time)
	// Configuration returns a copy; SetConfiguration replaces it.
	Configuration() ProviderConfiguration
	SetConfiguration(ProviderConfiguration)
	// PendingActions is pendingTransactions, flattened: actions delivered and not settled.
	PendingActions() []Action
	// Invalidate ends all calls as failed and the provider's life.
	Invalidate()
}

// ProviderDelegate is CXProviderDelegate: what it must implement. The interfaces below it are optional.
type ProviderDelegate interface {
	// ProviderDidReset says that the call service died: every call is gone, every action is void.
	ProviderDidReset(Provider)
}

// BeginDelegate is told that the provider may be used.
type BeginDelegate interface{ ProviderDidBegin(Provider) }

// TransactionDelegate may execute a whole transaction: true means that it settles the actions itself and the
// perform methods are not called.
type TransactionDelegate interface {
	ExecuteTransaction(Provider, []Action) bool
}

// StartCallDelegate performs start actions.
type StartCallDelegate interface {
	PerformStartCallAction(Provider, *StartCallAction)
}

// AnswerCallDelegate performs answer actions.
type AnswerCallDelegate interface {
	PerformAnswerCallAction(Provider, *AnswerCallAction)
}

// EndCallDelegate performs end actions.
type EndCallDelegate interface {
	PerformEndCallAction(Provider, *EndCallAction)
}

// SetHeldDelegate performs hold and resume.
type SetHeldDelegate interface {
	PerformSetHeldCallAction(Provider, *SetHeldCallAction)
}

// SetMutedDelegate performs mute and unmute.
type SetMutedDelegate interface {
	PerformSetMutedCallAction(Provider, *SetMutedCallAction)
}

// SetGroupDelegate performs grouping.
type SetGroupDelegate interface {
	PerformSetGroupCallAction(Provider, *SetGroupCallAction)
}

// PlayDTMFDelegate performs DTMF.
type PlayDTMFDelegate interface {
	PerformPlayDTMFCallAction(Provider, *PlayDTMFCallAction)
}

// SetTranslatingDelegate performs live translation (iOS 26).
type SetTranslatingDelegate interface {
	PerformSetTranslatingCallAction(Provider, *SetTranslatingCallAction)
}

// TimedOutDelegate is told that an action was not settled in time; it is settled (failed) already.
type TimedOutDelegate interface {
	TimedOutPerformingAction(Provider, Action)
}

// AudioDelegate is told when the system lends and takes back the audio session.
type AudioDelegate interface {
	DidActivateAudioSession(Provider, AudioSession)
	DidDeactivateAudioSession(Provider, AudioSession)
}

// PendingCallActions is pendingCallActionsOfClass:withCallUUID: as a function: the provider's pending actions of
// type A on one call.
func PendingCallActions[A Action](p Provider, id UUID) []A {
	var found []A
	for _, a := range p.PendingActions() {
		if x, ok := a.(A); ok && a.Call() == id {
			found = append(found, x)
		}
	}
	return found
}

// Partial is a delegate that has methods which do not count: the system asks it before it calls an optional method,
// as Apple's asks with respondsToSelector. Glue code in Go never needs it; a border to another language does.
type Partial interface {
	// Implements reports whether an optional method counts, by its name in Go as "PerformAnswerCallAction".
	Implements(method string) bool
}

// Perform calls the delegate's method for an action, and reports whether it has one (see also [Partial]).
func Perform(d ProviderDelegate, p Provider, a Action) bool {
	if perform := Performer(d, p, a); perform != nil {
		perform()
		return true
	}
	return false
}

// Counts reports whether a delegate that has a method, by its name in Go, means it (see [Partial]).
func Counts(delegate any, method string) bool {
	partial, ok := delegate.(Partial)
	return !ok || partial.Implements(method)
}

// LateTransactionDelegate is a delegate that finds out by being called whether it has executeTransaction, as one in a
// language that can't be asked. ExecuteTransaction is not called then.
type LateTransactionDelegate interface {
	// Late reports whether it is such a delegate.
	Late() bool
	// ExecuteTransactionLate is executeTransaction; has is false if there is no such method, and nothing was done.
	ExecuteTransactionLate(p Provider, all []Action) (whole, has bool)
}

// Performer returns the call of the delegate's method for an action, or nil if it has none that counts.
func Performer(d ProviderDelegate, p Provider, a Action) func() {
	counts := func(method string) bool { return Counts(d, method) }
	switch a := a.(type) {
	case *StartCallAction:
		if d, ok := d.(StartCallDelegate); ok && counts("PerformStartCallAction") {
			return func() { d.PerformStartCallAction(p, a) }
		}
	case *AnswerCallAction:
		if d, ok := d.(AnswerCallDelegate); ok && counts("PerformAnswerCallAction") {
			return func() { d.PerformAnswerCallAction(p, a) }
		}
	case *EndCallAction:
		if d, ok := d.(EndCallDelegate); ok && counts("PerformEndCallAction") {
			return func() { d.PerformEndCallAction(p, a) }
		}
	case *SetHeldCallAction:
		if d, ok := d.(SetHeldDelegate); ok && counts("PerformSetHeldCallAction") {
			return func() { d.PerformSetHeldCallAction(p, a) }
		}
	case *SetMutedCallAction:
		if d, ok := d.(SetMutedDelegate); ok && counts("PerformSetMutedCallAction") {
			return func() { d.PerformSetMutedCallAction(p, a) }
		}
	case *SetGroupCallAction:
		if d, ok := d.(SetGroupDelegate); ok && counts("PerformSetGroupCallAction") {
			return func() { d.PerformSetGroupCallAction(p, a) }
		}
	case *PlayDTMFCallAction:
		if d, ok := d.(PlayDTMFDelegate); ok && counts("PerformPlayDTMFCallAction") {
			return func() { d.PerformPlayDTMFCallAction(p, a) }
		}
	case *SetTranslatingCallAction:
		if d, ok := d.(SetTranslatingDelegate); ok && counts("PerformSetTranslatingCallAction") {
			return func() { d.PerformSetTranslatingCallAction(p, a) }
		}
	}
	return nil
}
