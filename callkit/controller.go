package callkit

// CallController is CXCallController: the app asks the system for actions.
type CallController interface {
	// RequestTransaction asks the system to perform actions, in order. completion (may be nil) gets nil if
	// they will be passed to the provider, else an [*Error] of [RequestTransactionErrorDomain]; it comes on the
	// controller's queue, before the provider is asked to perform.
	RequestTransaction(actions []Action, completion func(error))
	// CallObserver is the controller's own observer.
	CallObserver() CallObserver
}

// Call is CXCall: what any app may know of a call of any app. It has no handle and no name, for privacy.
type Call struct {
	UUID         UUID
	IsOutgoing   bool
	IsOnHold     bool
	HasConnected bool
	HasEnded     bool
}

// CallObserver is CXCallObserver.
type CallObserver interface {
	// Calls returns the calls on the phone right now.
	Calls() []Call
	// SetDelegate sets who is told of changes; nil queue is main.
	SetDelegate(CallObserverDelegate, Queue)
}

// CallObserverDelegate is CXCallObserverDelegate.
type CallObserverDelegate interface {
	CallChanged(CallObserver, Call)
}
