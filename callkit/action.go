package callkit

import "time"

// Settler is how a system hears what became of an action that it asked an app to perform.
type Settler interface {
	// Settle is called at most once an action; at is zero unless the app gave a date.
	Settle(ok bool, at time.Time)
	// Settled reports whether the action is over: fulfilled, failed or timed out.
	Settled() bool
}

// Disowner is a [Settler] that may be told, while a perform method runs, that the delegate has no such method after
// all: the system then treats the action as one that the delegate does not implement. It is for delegates that can't
// say so beforehand by [Partial].
type Disowner interface{ Disown() }

// Base is CXAction and CXCallAction: what all actions on a call share. An app that requests an action fills
// in CallUUID only; the system binds the rest.
type Base struct {
	CallUUID UUID

	id      UUID
	timeout time.Time
	settler Settler
}

// Bind ties an action to the system that performs it. Only a [System] calls it.
func (b *Base) Bind(id UUID, timeout time.Time, s Settler) {
	b.id, b.timeout, b.settler = id, timeout, s
}

// UUID is CXAction.UUID, zero until the system has bound the action.
func (b *Base) UUID() UUID { return b.id }

// Call returns the UUID of the call that the action is about.
func (b *Base) Call() UUID { return b.CallUUID }

// TimeoutDate is CXAction.timeoutDate: when the system fails the action by itself.
func (b *Base) TimeoutDate() time.Time { return b.timeout }

// IsComplete is CXAction.isComplete.
func (b *Base) IsComplete() bool { return b.settler != nil && b.settler.Settled() }

// Fulfill says that the action was carried out. The first of Fulfill and Fail counts, later ones do nothing.
func (b *Base) Fulfill() { b.settle(true, time.Time{}) }

// FulfillAt is fulfillWithDateStarted, -Connected and -Ended: Fulfill with the moment it happened.
func (b *Base) FulfillAt(at time.Time) { b.settle(true, at) }

// Fail says that the action could not be carried out.
func (b *Base) Fail() { b.settle(false, time.Time{}) }

func (b *Base) settle(ok bool, at time.Time) {
	if b.settler != nil && !b.settler.Settled() {
		b.settler.Settle(ok, at)
	}
}

// Action is CXCallAction: any of the actions below.
type Action interface {
	UUID() UUID
	Call() UUID
	TimeoutDate() time.Time
	IsComplete() bool
	Fulfill()
	FulfillAt(time.Time)
	Fail()
	Bind(UUID, time.Time, Settler)
}

// StartCallAction is CXStartCallAction.
type StartCallAction struct {
	Base
	Handle            Handle
	ContactIdentifier string
	IsVideo           bool
}

// AnswerCallAction is CXAnswerCallAction.
type AnswerCallAction struct{ Base }

// EndCallAction is CXEndCallAction: decline, cancel and hang up alike.
type EndCallAction struct{ Base }

// SetHeldCallAction is CXSetHeldCallAction.
type SetHeldCallAction struct {
	Base
	OnHold bool
}

// SetMutedCallAction is CXSetMutedCallAction.
type SetMutedCallAction struct {
	Base
	Muted bool
}

// SetGroupCallAction is CXSetGroupCallAction; a zero GroupWith leaves the group.
type SetGroupCallAction struct {
	Base
	GroupWith UUID
}

// DTMFType is CXPlayDTMFCallActionType.
type DTMFType int

// The kinds of DTMF.
const (
	SingleTone DTMFType = 1
	SoftPause  DTMFType = 2
	HardPause  DTMFType = 3
)

// PlayDTMFCallAction is CXPlayDTMFCallAction.
type PlayDTMFCallAction struct {
	Base
	Digits string
	Type   DTMFType
}

// TranslationEngine is CXTranslationEngine (iOS 26): who translates.
type TranslationEngine uint

// The translation engines.
const (
	DefaultTranslation TranslationEngine = 0 // the system's; needs Apple's voice processor for the call's sound
	CustomTranslation  TranslationEngine = 1 // the app's own
)

// SetTranslatingCallAction is CXSetTranslatingCallAction (iOS 26): the user switches live translation on or off.
// It comes only after the call is connected. Languages are BCP 47 tags, as "de".
type SetTranslatingCallAction struct {
	Base
	IsTranslating  bool
	LocalLanguage  string
	RemoteLanguage string

	engine TranslationEngine
}

// FulfillUsingTranslationEngine is fulfillUsingTranslationEngine: Fulfill, and who translates.
func (a *SetTranslatingCallAction) FulfillUsingTranslationEngine(e TranslationEngine) {
	if !a.IsComplete() {
		a.engine = e
	}
	a.Fulfill()
}

// Engine is what the app chose, for the system; [DefaultTranslation] if it did not say.
func (a *SetTranslatingCallAction) Engine() TranslationEngine { return a.engine }

var (
	_ Action = (*StartCallAction)(nil)
	_ Action = (*AnswerCallAction)(nil)
	_ Action = (*EndCallAction)(nil)
	_ Action = (*SetHeldCallAction)(nil)
	_ Action = (*SetMutedCallAction)(nil)
	_ Action = (*SetGroupCallAction)(nil)
	_ Action = (*PlayDTMFCallAction)(nil)
	_ Action = (*SetTranslatingCallAction)(nil)
)

// SettlerOf is the system's side of an action, for systems that carry actions across a border; nil if the action is
// not bound.
func SettlerOf(a Action) Settler {
	if b, ok := a.(interface{ bound() Settler }); ok {
		return b.bound()
	}
	return nil
}

func (b *Base) bound() Settler { return b.settler }
