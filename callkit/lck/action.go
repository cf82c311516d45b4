package lck

import (
	"time"

	"github.com/ringtrip/ringtrip/callkit"
)

// Base is ConversationAction: what all actions share. An app that asks for an action fills in ConversationUUID only;
// the system binds the rest.
type Base struct {
	ConversationUUID callkit.UUID

	system callkit.Action
	state  ActionState
}

// Bind ties an action to the action of the system that it is about: they are settled together. Only a [System] calls it.
func (b *Base) Bind(a callkit.Action) { b.system = a }

// UUID is ConversationAction.uuid, zero until the system has bound the action.
func (b *Base) UUID() callkit.UUID {
	if b.system == nil {
		return callkit.UUID{}
	}
	return b.system.UUID()
}

// Conversation is ConversationAction.conversationUUID.
func (b *Base) Conversation() callkit.UUID { return b.ConversationUUID }

// TimeoutDate is ConversationAction.timeoutDate: when the system fails the action by itself.
func (b *Base) TimeoutDate() time.Time {
	if b.system == nil {
		return time.Time{}
	}
	return b.system.TimeoutDate()
}

// State is ConversationAction.state.
func (b *Base) State() ActionState {
	switch {
	case b.system == nil:
		return ActionIdle
	case !b.system.IsComplete():
		return ActionRunning
	case b.state == ActionComplete:
		return ActionComplete
	}
	return ActionFailed
}

// Fulfill is fulfill(). The first of Fulfill and Fail counts, later ones do nothing.
func (b *Base) Fulfill() { b.FulfillAt(time.Time{}) }

// FulfillAt is fulfill(dateStarted:), -(dateConnected:) and -(dateEnded:): Fulfill with the moment it happened.
func (b *Base) FulfillAt(at time.Time) {
	if b.system == nil || b.system.IsComplete() {
		return
	}
	b.state = ActionComplete
	if at.IsZero() {
		b.system.Fulfill()
	} else {
		b.system.FulfillAt(at)
	}
}

// Fail is fail(): the action could not be carried out.
func (b *Base) Fail() {
	if b.system == nil || b.system.IsComplete() {
		return
	}
	b.state = ActionFailed
	b.system.Fail()
}

// ActionState is ConversationAction.State.
type ActionState int

// The states of an action. Their numbers are ours.
const (
	ActionIdle     ActionState = 0 // not handed to the delegate
	ActionRunning  ActionState = 1
	ActionComplete ActionState = 2 // fulfilled
	ActionFailed   ActionState = 3 // failed, timed out, or void because its conversation is over
)

// String is the state in Apple's word.
func (s ActionState) String() string { return word(int(s), "idle", "running", "complete", "failed") }

// Action is ConversationAction: any of the actions below.
type Action interface {
	UUID() callkit.UUID
	Conversation() callkit.UUID
	TimeoutDate() time.Time
	State() ActionState
	Fulfill()
	FulfillAt(time.Time)
	Fail()
	Bind(callkit.Action)
}

// StartConversationAction starts an outgoing conversation. Fulfill it when the invitation is out.
type StartConversationAction struct {
	Base
	Handles []Handle // everyone who is invited
	IsVideo bool
}

// JoinConversationAction answers.
type JoinConversationAction struct{ Base }

// EndConversationAction removes the local member: decline, cancel and hang up alike. It does not end the conversation
// for the others.
type EndConversationAction struct{ Base }

// MuteConversationAction mutes or unmutes the local member.
type MuteConversationAction struct {
	Base
	IsMuted bool
}

// PauseConversationAction holds or resumes.
type PauseConversationAction struct {
	Base
	IsPaused bool
}

// Tone is PlayToneAction.Tone.
type Tone int

// The kinds of tones. Their numbers are CallKit's.
const (
	SingleTone Tone = Tone(callkit.SingleTone)
	SoftPause  Tone = Tone(callkit.SoftPause)
	HardPause  Tone = Tone(callkit.HardPause)
)

// PlayToneAction plays keys of the keypad.
type PlayToneAction struct {
	Base
	Digits string
	Tone   Tone
}

// MergeConversationAction merges two conversations into a group.
type MergeConversationAction struct {
	Base
	ConversationUUIDToMergeWith callkit.UUID
}

// UnmergeConversationAction takes the conversation out of its group.
type UnmergeConversationAction struct{ Base }

// SetTranslatingAction switches live translation on or off (iOS 26), only after the conversation is connected. Languages
// are BCP 47 tags, as "de". Keep the upstream running while muted, or translation stops (LiveCommunicationKit:
// SetTranslatingAction).
type SetTranslatingAction struct {
	Base
	IsTranslating  bool
	LocalLanguage  string
	RemoteLanguage string
}

// FulfillUsing is fulfill(using:): Fulfill, and who translates.
func (a *SetTranslatingAction) FulfillUsing(e callkit.TranslationEngine) {
	if t, ok := a.system.(*callkit.SetTranslatingCallAction); ok && !t.IsComplete() {
		a.state = ActionComplete
		t.FulfillUsingTranslationEngine(e)
	}
}

var (
	_ Action = (*StartConversationAction)(nil)
	_ Action = (*JoinConversationAction)(nil)
	_ Action = (*EndConversationAction)(nil)
	_ Action = (*MuteConversationAction)(nil)
	_ Action = (*PauseConversationAction)(nil)
	_ Action = (*PlayToneAction)(nil)
	_ Action = (*MergeConversationAction)(nil)
	_ Action = (*UnmergeConversationAction)(nil)
	_ Action = (*SetTranslatingAction)(nil)
)
