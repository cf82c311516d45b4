// Package wire is Apple's call system as messages: package callkit over a border that functions can't cross, as
// between Go and Swift in one process. The app's side of the border sends commands, the system's side sends events;
// both are one flat struct, written as JSON, and both are answered at once, so that a report is made before the push
// that asked for it returns (Apple: Responding to VoIP Notifications from PushKit).
//
// A [Bridge] is a [callkit.System] that sends commands: the engine lives behind it where the system is Apple's. A
// [Host] carries commands out on any callkit.System: the simulated iPhone lives behind it where the app is Swift. One
// behind the other they are what they stand for, which is how they are tested.
//
// It knows no transport and no states: who carries the bytes, and on which thread, is the affair of package capi.
// Objects (providers, observers and so on) are numbers chosen by the app's side, completions are tickets chosen by it
// too; nothing that one side made is ever a pointer on the other.
package wire

import (
	"time"

	"github.com/ringtrip/ringtrip/callkit"
)

// Op says what a command asks for, or what an event tells.
type Op string

// Commands, from the app to the system. The words after the dot are Apple's methods without their labels.
const (
	ProviderNew                  Op = "provider.new"         // Object, Config
	ProviderSetDelegate          Op = "provider.setDelegate" // Object, On, Implements (see [Unsure])
	ProviderReportNewIncoming    Op = "provider.reportNewIncomingCall"
	ProviderReportUpdated        Op = "provider.reportCallUpdated"
	ProviderReportEnded          Op = "provider.reportCallEnded"
	ProviderReportConnecting     Op = "provider.reportOutgoingCallStartedConnecting"
	ProviderReportConnected      Op = "provider.reportOutgoingCallConnected"
	ProviderSetConfiguration     Op = "provider.setConfiguration"
	ProviderInvalidate           Op = "provider.invalidate"
	ActionFulfill                Op = "action.fulfill" // Action.ID, At, Action.Engine
	ActionFail                   Op = "action.fail"    // Action.ID
	ControllerNew                Op = "controller.new"
	ControllerRequestTransaction Op = "controller.requestTransaction" // Actions, Ticket
	ObserverNew                  Op = "observer.new"
	ObserverCalls                Op = "observer.calls" // the answer has Calls
	ObserverSetDelegate          Op = "observer.setDelegate"
	RegistryNew                  Op = "registry.new"
	RegistrySetDelegate          Op = "registry.setDelegate"
	RegistrySetDesiredPushTypes  Op = "registry.setDesiredPushTypes"
	RegistryPushToken            Op = "registry.pushToken" // the answer has Token
	PushCompletion               Op = "push.completion"    // Ticket of the event that brought the push
	AudioSetCategory             Op = "audio.setCategory"
	AudioSetActive               Op = "audio.setActive"
	AudioOverridePort            Op = "audio.overrideOutputAudioPort"
	AudioState                   Op = "audio.state" // the answer has Audio
	AudioSetObserver             Op = "audio.setObserver"
	ApplicationState             Op = "application.state" // the answer has State
	ApplicationSetDelegate       Op = "application.setDelegate"
	ApplicationBeginTask         Op = "application.beginBackgroundTask" // Name, Ticket
	ApplicationEndTask           Op = "application.endBackgroundTask"   // Ticket
	MainAsync                    Op = "main.async"                      // Ticket
	TimerStart                   Op = "timer.start"                     // Ticket, Delay
	TimerStop                    Op = "timer.stop"                      // Ticket; the answer has On
	Now                          Op = "now"                             // the answer has At
)

// Events, from the system to the app.
const (
	Launched              Op = "launched"             // Launch
	ProviderDidBegin      Op = "provider.didBegin"    // Object
	ProviderDidReset      Op = "provider.didReset"    // Object
	ProviderExecute       Op = "provider.execute"     // Object, Actions; the answer has On
	ProviderPerform       Op = "provider.perform"     // Object, Action
	ProviderTimedOut      Op = "provider.timedOut"    // Object, Action
	ProviderDidActivate   Op = "provider.didActivate" // Object
	ProviderDidDeactivate Op = "provider.didDeactivate"
	ObserverCallChanged   Op = "observer.callChanged"   // Object, Calls
	RegistryDidUpdate     Op = "registry.didUpdate"     // Object, Type, Token
	RegistryDidReceive    Op = "registry.didReceive"    // Object, Payload, Type, Ticket; MustReport from iOS 26.4 on
	RegistryDidInvalidate Op = "registry.didInvalidate" // Object, Type
	DidBecomeActive       Op = "application.didBecomeActive"
	DidEnterBackground    Op = "application.didEnterBackground"
	ContinueUserActivity  Op = "application.continueUserActivity" // Activity
	TaskExpired           Op = "application.taskExpired"          // Ticket
	AudioInterruption     Op = "audio.interruption"               // Number
	AudioRouteChange      Op = "audio.routeChange"                // Number, Port
	Completion            Op = "completion"                       // Ticket, Error
	Run                   Op = "run"                              // Ticket of MainAsync or TimerStart
)

// Unsure is how an app says in Implements that it can't tell beforehand whether its delegate has executeTransaction: it
// answers [ProviderExecute] with Missing if it has not. It may answer [ProviderPerform] so too.
const Unsure = "ExecuteTransaction?"

// Message is a command, an event, or the answer to either; which fields it has, its Op says. Absent is zero.
type Message struct {
	Op         Op                       `json:"op,omitempty"`
	Object     int                      `json:"object,omitempty"`
	Ticket     int                      `json:"ticket,omitempty"`
	Call       string                   `json:"call,omitempty"` // UUID
	On         bool                     `json:"on,omitempty"`
	At         *time.Time               `json:"at,omitempty"`
	Delay      int64                    `json:"delay,omitempty"` // nanoseconds
	Name       string                   `json:"name,omitempty"`
	Number     int                      `json:"number,omitempty"` // CXCallEndedReason, or a number of AVFAudio
	Implements []string                 `json:"implements,omitempty"`
	Config     *Configuration           `json:"config,omitempty"`
	Update     *Update                  `json:"update,omitempty"`
	Action     *Action                  `json:"action,omitempty"`
	Actions    []Action                 `json:"actions,omitempty"`
	Calls      []Call                   `json:"calls,omitempty"`
	Type       callkit.PushType         `json:"type,omitempty"`
	Types      []callkit.PushType       `json:"types,omitempty"`
	Token      []byte                   `json:"token,omitempty"`   // base64
	Payload    []byte                   `json:"payload,omitempty"` // base64 of dictionaryPayload as JSON, or of whatever came
	Missing    bool                     `json:"missing,omitempty"` // in an answer: the delegate has no such method
	MustReport *bool                    `json:"mustReport,omitempty"`
	Audio      *Audio                   `json:"audio,omitempty"`
	Port       callkit.AudioPort        `json:"port,omitempty"`
	State      callkit.ApplicationState `json:"state,omitempty"`
	Activity   *Activity                `json:"activity,omitempty"`
	Launch     *Launch                  `json:"launch,omitempty"`
	Error      *Error                   `json:"error,omitempty"`
}

// Send carries a message over the border and returns the answer. It is called from any goroutine, may be called again
// from within itself, and returns when the other side has done what it does at once.
type Send func(Message) Message

// Configuration is [callkit.ProviderConfiguration].
type Configuration struct {
	LocalizedName            string               `json:"localizedName,omitempty"`
	RingtoneSound            string               `json:"ringtoneSound,omitempty"`
	IconTemplateImageData    []byte               `json:"iconTemplateImageData,omitempty"`
	MaximumCallGroups        int                  `json:"maximumCallGroups"`
	MaximumCallsPerCallGroup int                  `json:"maximumCallsPerCallGroup"`
	IncludesCallsInRecents   bool                 `json:"includesCallsInRecents"`
	SupportsVideo            bool                 `json:"supportsVideo"`
	SupportsAudioTranslation bool                 `json:"supportsAudioTranslation"`
	SupportedHandleTypes     []callkit.HandleType `json:"supportedHandleTypes,omitempty"`
}

// Update is [callkit.Update]: absent fields change nothing.
type Update struct {
	RemoteHandle        *callkit.Handle `json:"remoteHandle,omitempty"`
	LocalizedCallerName *string         `json:"localizedCallerName,omitempty"`
	SupportsHolding     *bool           `json:"supportsHolding,omitempty"`
	SupportsGrouping    *bool           `json:"supportsGrouping,omitempty"`
	SupportsUngrouping  *bool           `json:"supportsUngrouping,omitempty"`
	SupportsDTMF        *bool           `json:"supportsDTMF,omitempty"`
	HasVideo            *bool           `json:"hasVideo,omitempty"`
}

// ActionKind is the class of an action without CX and CallAction.
type ActionKind string

// The kinds of actions.
const (
	Start          ActionKind = "Start"
	Answer         ActionKind = "Answer"
	End            ActionKind = "End"
	SetHeld        ActionKind = "SetHeld"
	SetMuted       ActionKind = "SetMuted"
	SetGroup       ActionKind = "SetGroup"
	PlayDTMF       ActionKind = "PlayDTMF"
	SetTranslating ActionKind = "SetTranslating"
)

// Action is a [callkit.Action] with the fields of its kind.
type Action struct {
	Kind      ActionKind                `json:"kind"`
	ID        string                    `json:"id,omitempty"` // UUID of the action; the system gives it
	Call      string                    `json:"call"`         // UUID
	Timeout   *time.Time                `json:"timeout,omitempty"`
	On        bool                      `json:"on,omitempty"` // onHold, muted, isTranslating
	Handle    callkit.Handle            `json:"handle,omitzero"`
	Contact   string                    `json:"contact,omitempty"`
	Video     bool                      `json:"video,omitempty"`
	GroupWith string                    `json:"groupWith,omitempty"` // UUID; absent leaves the group
	Digits    string                    `json:"digits,omitempty"`
	Tone      callkit.DTMFType          `json:"tone,omitempty"`
	Local     string                    `json:"local,omitempty"`
	Remote    string                    `json:"remote,omitempty"`
	Engine    callkit.TranslationEngine `json:"engine,omitempty"`
}

// Call is [callkit.Call].
type Call struct {
	UUID         string `json:"uuid"`
	IsOutgoing   bool   `json:"isOutgoing"`
	IsOnHold     bool   `json:"isOnHold"`
	HasConnected bool   `json:"hasConnected"`
	HasEnded     bool   `json:"hasEnded"`
}

// Audio is what an app can ask of its audio session, or how it is.
type Audio struct {
	Category callkit.AudioCategory `json:"category"`
	Mode     callkit.AudioMode     `json:"mode"`
	Options  callkit.AudioOptions  `json:"options"`
	Route    callkit.AudioPort     `json:"route,omitempty"`
}

// Activity is [callkit.UserActivity], flat.
type Activity struct {
	Type     string                 `json:"type"`
	Contacts []Contact              `json:"contacts,omitempty"`
	Video    callkit.CallCapability `json:"callCapability,omitempty"`
	Intent   bool                   `json:"intent,omitempty"` // it has an intent
}

// Contact is [callkit.Person].
type Contact struct {
	Handle callkit.Handle `json:"handle"`
	Name   string         `json:"name,omitempty"`
}

// Launch is [callkit.LaunchOptions].
type Launch struct {
	Background bool      `json:"background"`
	Activity   *Activity `json:"activity,omitempty"`
}

// Error is an NSError.
type Error struct {
	Domain string `json:"domain"`
	Code   int    `json:"code"`
	Text   string `json:"text,omitempty"`
}
