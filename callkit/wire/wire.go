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
	AudioState                   Op = "audio.state"       // the answer has Audio
	AudioSetObserver             Op = "audio.setObserver" // On, Implements: names of callkit's optional interfaces; none is all
	ApplicationState             Op = "application.state" // the answer has State
	ApplicationSetDelegate       Op = "application.setDelegate"
	ApplicationBeginTask         Op = "application.beginBackgroundTask" // Name, Ticket
	ApplicationEndTask           Op = "application.endBackgroundTask"   // Ticket
	MainAsync                    Op = "main.async"                      // Ticket
	TimerStart                   Op = "timer.start"                     // Ticket, Delay
	TimerStop                    Op = "timer.stop"                      // Ticket; the answer has On
	Now                          Op = "now"                             // the answer has At
)

// Commands for the rest of the audio session and the microphone. [AudioState] answers with all that the session has.
const (
	AudioSetMode                      Op = "audio.setMode"                      // Audio.Mode
	AudioActivate                     Op = "audio.activate"                     // Ticket; the completion has On
	AudioSetPreferredSampleRate       Op = "audio.setPreferredSampleRate"       // Audio.PreferredSampleRate
	AudioSetPreferredIOBufferDuration Op = "audio.setPreferredIOBufferDuration" // Delay
	AudioSetPrefersNoInterruptions    Op = "audio.setPrefersNoInterruptionsFromSystemAlerts"
	AudioSetPrefersEchoCancelledInput Op = "audio.setPrefersEchoCancelledInput"
	AudioSetOutputMuted               Op = "audio.setOutputMuted"
	AudioSetPreferredInput            Op = "audio.setPreferredInput" // Name is the port's UID; empty takes the wish back
	AudioRequestRecordPermission      Op = "audio.requestRecordPermission"
	MicrophoneSetMuted                Op = "microphone.setInputMuted" // AVAudioApplication
	MicrophoneState                   Op = "microphone.state"         // the answer has On (muted) and Number (record permission)
	MicrophoneSetObserver             Op = "microphone.setObserver"
	MicrophoneRequestPermission       Op = "microphone.requestRecordPermission" // Ticket; the completion has On
)

// Commands for Intents, the call directory and the notification service extension.
const (
	InteractionDonate      Op = "interaction.donate"      // Interaction, Ticket
	InteractionDelete      Op = "interaction.delete"      // Names, Ticket
	InteractionDeleteGroup Op = "interaction.deleteGroup" // Name, Ticket
	DirectoryReload        Op = "directory.reload"        // Name, Ticket
	DirectoryStatus        Op = "directory.status"        // Name, Ticket; the completion has Number
	DirectoryOpenSettings  Op = "directory.openSettings"  // Ticket
	ReportVoIPPushPayload  Op = "provider.reportNewIncomingVoIPPushPayload"
)

// Commands for LiveCommunicationKit. Actions are CallKit's with the same meaning: Join is [Answer], Mute [SetMuted],
// Pause [SetHeld], PlayTone [PlayDTMF], Merge and Unmerge [SetGroup].
const (
	ManagerNew              Op = "manager.new"              // Object, Config; the answer may have Error
	ManagerSetDelegate      Op = "manager.setDelegate"      // Object, On
	ManagerSetConfiguration Op = "manager.setConfiguration" // Object, Config
	ManagerPerform          Op = "manager.perform"          // Object, Actions, Ticket
	ManagerReportNew        Op = "manager.reportNewIncomingConversation"
	ManagerReportNewAndWait Op = "manager.reportNewIncomingConversationAndWait"
	ManagerReportEvent      Op = "manager.reportConversationEvent" // Object, Call, Name ("startedConnecting", "connected", "updated", "ended"), At, Number, Conversation
	ManagerConversations    Op = "manager.conversations"           // Object; the answer has Conversations
	ManagerInvalidate       Op = "manager.invalidate"
	HistoryRecent           Op = "history.recentConversations" // Ticket; the completion has Recents
	HistoryMarkRead         Op = "history.markConversationsAsRead"
	HistorySetObserver      Op = "history.setObserver"
	TelephonyServices       Op = "telephony.cellularServices"          // the answer has Names: identifier, label, ...
	TelephonyStart          Op = "telephony.startCellularConversation" // Members, Names, Ticket
)

// Commands for what only a process on a simulated iPhone has (type [Simulated]).
const (
	ProcessBlock      Op = "process.block" // Delay
	ProcessCrash      Op = "process.crash" // Name is why
	ProcessStartAudio Op = "process.startAudio"
	ProcessStopAudio  Op = "process.stopAudio"
	ProcessTrack      Op = "process.microphoneTrack" // On: the app's own track sends
)

// Commands of an extension's process, which has these besides [Now], [MainAsync], [TimerStart] and [ReportVoIPPushPayload].
const (
	NotificationShow          Op = "notification.show" // Ticket of the event, Notification; the contentHandler
	DirectoryAddBlocking      Op = "directory.addBlockingEntry"
	DirectoryRemoveBlocking   Op = "directory.removeBlockingEntry"
	DirectoryRemoveAllBlocked Op = "directory.removeAllBlockingEntries"
	DirectoryAddIdentity      Op = "directory.addIdentificationEntry" // Number, Name
	DirectoryRemoveIdentity   Op = "directory.removeIdentificationEntry"
	DirectoryRemoveAllKnown   Op = "directory.removeAllIdentificationEntries"
	DirectoryComplete         Op = "directory.completeRequest" // Ticket; the completion has On (expired)
	IntentAnswer              Op = "intent.answer"             // Ticket of the event, Number (the code) or Contacts
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

	AudioMediaServicesLost      Op = "audio.mediaServicesWereLost"
	AudioMediaServicesReset     Op = "audio.mediaServicesWereReset"
	AudioSilenceSecondary       Op = "audio.silenceSecondaryAudioHint" // On is begin
	AudioAvailableInputsChanged Op = "audio.availableInputsChange"
	AudioOutputMuteChanged      Op = "audio.outputMuteStateChange" // On
	MicrophoneMuteChanged       Op = "microphone.inputMuteStateChange"

	SceneWillConnect     Op = "scene.willConnect" // Activities
	SceneContinue        Op = "scene.continueUserActivity"
	ApplicationOpenURL   Op = "application.openURL" // Name
	HistoryDidUpdate     Op = "history.didUpdate"
	ManagerDidBegin      Op = "manager.didBegin" // Object
	ManagerDidReset      Op = "manager.didReset"
	ManagerAct           Op = "manager.act"      // Object, Action: conversationManager(_:perform:)
	ManagerTimedOut      Op = "manager.timedOut" // Object, Action
	ManagerDidActivate   Op = "manager.didActivate"
	ManagerDidDeactivate Op = "manager.didDeactivate"
	ManagerChanged       Op = "manager.conversationChanged" // Object, Conversations

	NotificationReceived   Op = "notification.received"       // Ticket, Notification
	NotificationWillExpire Op = "notification.timeWillExpire" // serviceExtensionTimeWillExpire
	DirectoryBegin         Op = "directory.beginRequest"      // On is incremental
	DirectoryFailed        Op = "directory.requestFailed"     // Error
	IntentConfirm          Op = "intent.confirmStartCall"     // Ticket, Activity
	IntentResolve          Op = "intent.resolveContacts"      // Ticket, Activity
	IntentHandle           Op = "intent.handleStartCall"      // Ticket, Activity
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

	Names         []string            `json:"names,omitempty"`
	Interruption  *Interruption       `json:"interruption,omitempty"`
	Routes        []Route             `json:"routes,omitempty"` // before and now
	Activities    []Activity          `json:"activities,omitempty"`
	Contacts      []Contact           `json:"contacts,omitempty"`
	Interaction   *Interaction        `json:"interaction,omitempty"`
	Members       []Contact           `json:"members,omitempty"`
	Conversation  *ConversationUpdate `json:"conversation,omitempty"`
	Conversations []Conversation      `json:"conversations,omitempty"`
	Recents       []Recent            `json:"recents,omitempty"`
	Notification  *Notification       `json:"notification,omitempty"`
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
	Members   []Contact                 `json:"members,omitempty"` // the handles of a StartConversationAction
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

	Policy                    int      `json:"policy,omitempty"`
	Categories                []string `json:"categories,omitempty"`
	Modes                     []string `json:"modes,omitempty"`
	PreferredSampleRate       float64  `json:"preferredSampleRate,omitempty"`
	SampleRate                float64  `json:"sampleRate,omitempty"`
	PreferredIOBufferDuration int64    `json:"preferredIOBufferDuration,omitempty"` // nanoseconds
	IOBufferDuration          int64    `json:"ioBufferDuration,omitempty"`          // nanoseconds
	PrefersNoInterruptions    bool     `json:"prefersNoInterruptions,omitempty"`
	PrefersEchoCancelledInput bool     `json:"prefersEchoCancelledInput,omitempty"`
	EchoCancelledInput        bool     `json:"echoCancelledInput,omitempty"`
	OutputMuted               bool     `json:"outputMuted,omitempty"`
	RecordPermission          int      `json:"recordPermission,omitempty"`
	OtherAudioPlaying         bool     `json:"otherAudioPlaying,omitempty"`
	SilenceSecondaryAudio     bool     `json:"silenceSecondaryAudio,omitempty"`
	Current                   *Route   `json:"current,omitempty"`
	AvailableInputs           []Port   `json:"availableInputs,omitempty"`
	PreferredInput            *Port    `json:"preferredInput,omitempty"`
}

// Port is [callkit.AudioPortDescription].
type Port struct {
	Type string `json:"type"`
	Name string `json:"name"`
	UID  string `json:"uid"`
}

// Route is [callkit.AudioRoute].
type Route struct {
	Inputs  []Port `json:"inputs,omitempty"`
	Outputs []Port `json:"outputs,omitempty"`
}

// Interruption is [callkit.Interruption].
type Interruption struct {
	Type         int  `json:"type"`
	Options      int  `json:"options,omitempty"`
	Reason       int  `json:"reason,omitempty"`
	WasSuspended bool `json:"wasSuspended,omitempty"`
}

// Interaction is [callkit.Interaction].
type Interaction struct {
	Identifier string     `json:"identifier,omitempty"`
	Group      string     `json:"group,omitempty"`
	Intent     Activity   `json:"intent"`
	Direction  int        `json:"direction,omitempty"`
	Start      *time.Time `json:"start,omitempty"`
	Duration   int64      `json:"duration,omitempty"` // nanoseconds
}

// ConversationUpdate is lck.Update: absent fields change nothing.
type ConversationUpdate struct {
	LocalMember         *Contact   `json:"localMember,omitempty"`
	Members             *[]Contact `json:"members,omitempty"`
	ActiveRemoteMembers *[]Contact `json:"activeRemoteMembers,omitempty"`
	Capabilities        *int       `json:"capabilities,omitempty"`
}

// Conversation is lck.Conversation.
type Conversation struct {
	UUID        string   `json:"uuid"`
	State       int      `json:"state"` // idle, joining, joined, paused, leaving, left
	LocalMember *Contact `json:"localMember,omitempty"`
}

// Recent is lck.RecentConversation.
type Recent struct {
	ID       string     `json:"id"`
	Date     *time.Time `json:"date,omitempty"`
	Duration int64      `json:"duration,omitempty"` // nanoseconds
	Incoming bool       `json:"incoming,omitempty"`
	Status   int        `json:"status,omitempty"` // connected, missed, declined, cancelled, elsewhere, failed
	Handles  []Contact  `json:"handles,omitempty"`
	IsRead   bool       `json:"isRead,omitempty"`
}

// Notification is [callkit.NotificationRequest] and its content.
type Notification struct {
	Identifier string `json:"identifier,omitempty"`
	Title      string `json:"title,omitempty"`
	Body       string `json:"body,omitempty"`
	UserInfo   []byte `json:"userInfo,omitempty"` // base64 of the push's payload as JSON
}

// Activity is [callkit.UserActivity], flat.
type Activity struct {
	Type     string                 `json:"type"`
	Contacts []Contact              `json:"contacts,omitempty"`
	Video    callkit.CallCapability `json:"callCapability,omitempty"`
	Intent   bool                   `json:"intent,omitempty"` // it has an intent

	Handle          string      `json:"handle,omitempty"` // userInfo["handle"]
	DestinationType int         `json:"destinationType,omitempty"`
	AudioRoute      int         `json:"audioRoute,omitempty"`
	Record          *CallRecord `json:"record,omitempty"`
}

// CallRecord is [callkit.CallRecord].
type CallRecord struct {
	Identifier string     `json:"identifier,omitempty"`
	Date       *time.Time `json:"date,omitempty"`
	Caller     Contact    `json:"caller"`
	Type       int        `json:"type,omitempty"`
	Capability int        `json:"capability,omitempty"`
	Duration   int64      `json:"duration,omitempty"` // nanoseconds
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
