// Package lck is Apple's LiveCommunicationKit as Go interfaces and words: the second vocabulary for the calls
// of a phone, beside CallKit. It has no behaviour. The simulated iPhone (package iossim) implements it; glue
// code is written against it.
//
// A conversation is what CallKit calls a call, and a [ConversationManager] is provider, controller and observer
// in one. Every action, whether the user or the app asked for it, comes through one method,
// [ConversationManagerDelegate].Perform. What is the same in both vocabularies (UUIDs, kinds of handles, the
// reasons of an end, the audio session, PushKit, user activities) is package callkit's.
//
// LiveCommunicationKit is a Swift framework: it has no Objective-C selectors, and Apple publishes no raw values
// for its enumerations. The numbers in this package are ours and leave the process nowhere. Functions that are
// async in Swift take a completion handler here, which never runs before the function has returned.
//
// Written from Apple's public documentation (iOS 17.4 to 26.4) and WWDC26 session 226.
package lck

import (
	"errors"

	"github.com/ringtrip/ringtrip/callkit"
)

// System is what a [callkit.System] also is on a phone that has LiveCommunicationKit. Ask with a type assertion:
//
//	if s, ok := sys.(lck.System); ok {
//		manager, err := s.NewConversationManager(lck.DefaultConfiguration())
//	}
type System interface {
	// NewConversationManager is ConversationManager init(configuration:). An app makes one right at launch and
	// keeps it for its life (WWDC26 session 226). The error is [ErrUnavailable] before iOS 17.4.
	NewConversationManager(Configuration) (ConversationManager, error)
	// ConversationHistory is ConversationHistoryManager.sharedInstance; [ErrUnavailable] before iOS 26.
	ConversationHistory() (ConversationHistoryManager, error)
	// Telephony is TelephonyConversationManager.sharedInstance; [ErrUnavailable] before iOS 26.
	Telephony() (TelephonyConversationManager, error)
}

// ErrUnavailable says that the phone's version of iOS is older than what was asked for: LiveCommunicationKit
// came with iOS 17.4, its history and telephony with 26.0. Use CallKit there.
var ErrUnavailable = errors.New("lck: this version of iOS does not have it")

// Configuration is ConversationManager.Configuration. [DefaultConfiguration] has defaults where Apple's
// initializer wants every value from the app.
type Configuration struct {
	RingtoneName                             string // a sound in the app's bundle; empty is the system's
	IconTemplateImageData                    []byte // PNG
	MaximumConversationGroups                int
	MaximumConversationsPerConversationGroup int
	IncludesConversationInRecents            bool
	SupportsVideo                            bool // puts the video button on the system's screen
	SupportsAudioTranslation                 bool // iOS 26
	SupportedHandleTypes                     []callkit.HandleType
}

// DefaultConfiguration returns what CXProviderConfiguration init sets, in these words: two groups of at most
// five, in Recents, without video.
func DefaultConfiguration() Configuration {
	return Configuration{MaximumConversationGroups: 2, MaximumConversationsPerConversationGroup: 5, IncludesConversationInRecents: true}
}

// ConversationManager is ConversationManager: the app tells the system of its conversations and asks it for
// actions.
type ConversationManager interface {
	// SetDelegate sets who performs actions and hears of changes, on the main queue. Apple holds it weakly; nil
	// stops callbacks.
	SetDelegate(ConversationManagerDelegate)
	// Configuration returns a copy; SetConfiguration replaces it, at any time (WWDC26 session 226).
	Configuration() Configuration
	SetConfiguration(Configuration)
	// Conversations are the app's conversations on the phone right now. A conversation is on the list as soon as
	// the system has it, which is later than the call that reported it.
	Conversations() []Conversation
	// PendingActions are the actions that were handed to the delegate and are neither fulfilled nor failed.
	PendingActions() []Action
	// Perform is perform(_:) async throws: it asks the system for actions, in order. completion (may be nil) gets
	// nil if they will be handed to the delegate, else an error of [callkit.RequestTransactionErrorDomain].
	Perform(actions []Action, completion func(error))
	// ReportNewIncomingConversation is reportNewIncomingConversation(uuid:update:) async throws. completion (may
	// be nil) gets an error of [callkit.IncomingCallErrorDomain] if the system does not show the conversation.
	//
	// It is async: it returns before the system knows of the conversation. A PushKit delegate that calls it and
	// returns has not reported in time and is killed (forums 774958, where apps sleep half a second in the
	// delegate). Hold the delegate until completion would come, use [Waiter], or report through CallKit.
	ReportNewIncomingConversation(id callkit.UUID, u Update, completion func(error))
	// ReportConversationEvent is reportConversationEvent(_:for:). An event for a conversation that is gone is ignored.
	ReportConversationEvent(Event, Conversation)
	// Invalidate ends all conversations as failed and the manager's life.
	Invalidate()
}

// Waiter is what a [ConversationManager] may also be. It is not Apple's: it is what a Swift app does by a
// semaphore around a detached task, so that a report is made when the PushKit delegate returns.
type Waiter interface {
	// ReportNewIncomingConversationAndWait reports and blocks the calling thread until the system has answered.
	ReportNewIncomingConversationAndWait(id callkit.UUID, u Update) error
}

// ConversationManagerDelegate is ConversationManagerDelegate. Its methods for the audio session and for changes of a
// conversation are the interfaces below, which a delegate may implement besides.
type ConversationManagerDelegate interface {
	// ConversationManagerDidBegin says that the manager may be used.
	ConversationManagerDidBegin(ConversationManager)
	// ConversationManagerDidReset says that the system's call service died: every conversation is gone, every
	// action is void.
	ConversationManagerDidReset(ConversationManager)
	// Perform is conversationManager(_:perform:), the one way in for all actions, of the user, the system and the
	// app itself. Switch on the type, do the work, then Fulfill or Fail. A kind that the app does not know must be
	// failed, or it times out and takes its conversation with it.
	Perform(ConversationManager, Action)
	// TimedOutPerforming says that an action was not settled in time. It has failed already.
	TimedOutPerforming(ConversationManager, Action)
}

// AudioDelegate is told when the system lends and takes back the audio session.
type AudioDelegate interface {
	DidActivate(ConversationManager, callkit.AudioSession)
	DidDeactivate(ConversationManager, callkit.AudioSession)
}

// ChangeDelegate is told when the state of a conversation, or its local member, has changed.
type ChangeDelegate interface {
	ConversationChanged(ConversationManager, Conversation)
}

// PendingConversationActions is pendingConversationActions(of:for:) as a function: the pending actions of type A on one
// conversation.
func PendingConversationActions[A Action](m ConversationManager, of Conversation) []A {
	var found []A
	for _, a := range m.PendingActions() {
		if x, ok := a.(A); ok && a.Conversation() == of.UUID {
			found = append(found, x)
		}
	}
	return found
}
