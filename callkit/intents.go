package callkit

import "time"

// UserActivity is NSUserActivity: what the user wants the app to go on with, as after a tap in Recents.
type UserActivity struct {
	// ActivityType is "INStartCallIntent"; older systems also said "INStartAudioCallIntent" and
	// "INStartVideoCallIntent".
	ActivityType string
	// Intent is that of its interaction.
	Intent *StartCallIntent
	// Handle is userInfo["handle"], which newer systems were seen to set besides the intent.
	Handle string
}

// CallCapability is INCallCapability.
type CallCapability int

// What a call can carry.
const (
	UnknownCapability CallCapability = 0
	AudioCall         CallCapability = 1
	VideoCall         CallCapability = 2
)

// DestinationType is INCallDestinationType.
type DestinationType int

// Whom a call goes to.
const (
	UnknownDestination   DestinationType = 0
	NormalDestination    DestinationType = 1
	EmergencyDestination DestinationType = 2
	VoicemailDestination DestinationType = 3
	RedialDestination    DestinationType = 4
	CallBackDestination  DestinationType = 5
)

// CallAudioRoute is INCallAudioRoute: where the user wants to hear the call.
type CallAudioRoute int

// The audio routes of an intent.
const (
	UnknownAudioRoute CallAudioRoute = 0
	SpeakerphoneRoute CallAudioRoute = 1
	BluetoothRoute    CallAudioRoute = 2
)

// CallRecordType is INCallRecordType.
type CallRecordType int

// The kinds of calls in a history.
const (
	UnknownRecord  CallRecordType = 0
	OutgoingRecord CallRecordType = 1
	MissedRecord   CallRecordType = 2
	ReceivedRecord CallRecordType = 3
)

// CallRecord is INCallRecord: a call of the past, which is to be called back.
type CallRecord struct {
	Identifier     string
	DateCreated    time.Time
	Caller         Person
	RecordType     CallRecordType
	CallCapability CallCapability
	CallDuration   time.Duration
}

// StartCallIntent is INStartCallIntent (iOS 13); Contacts[0] is whom to call.
type StartCallIntent struct {
	Contacts        []Person
	CallCapability  CallCapability
	DestinationType DestinationType
	AudioRoute      CallAudioRoute
	// CallRecordToCallBack is the call of the past that this is the answer to, nil if there is none.
	CallRecordToCallBack *CallRecord
}

// Person is INPerson with its INPersonHandle.
type Person struct {
	Handle      Handle
	DisplayName string
}

// StartCallCode is INStartCallIntentResponseCode.
type StartCallCode int

// What an Intents extension answers.
const (
	StartCallUnspecified                  StartCallCode = 0
	StartCallReady                        StartCallCode = 1
	StartCallContinueInApp                StartCallCode = 2
	StartCallUserConfirmationRequired     StartCallCode = 3
	StartCallFailure                      StartCallCode = 4
	StartCallFailureRequiringAppLaunch    StartCallCode = 5
	StartCallServiceNotAvailable          StartCallCode = 6
	StartCallContactNotSupportedByApp     StartCallCode = 7
	StartCallAirplaneModeEnabled          StartCallCode = 8
	StartCallUnableToHandOff              StartCallCode = 9
	StartCallAppConfigurationRequired     StartCallCode = 10
	StartCallInProgress                   StartCallCode = 11
	StartCallRinging                      StartCallCode = 12
	StartCallRequiringInAppAuthentication StartCallCode = 13
)

// StartCallHandler is INStartCallIntentHandling: the code of an Intents extension, which Siri asks. What it answers
// decides; it can't make the call itself, for it is not the app: with [StartCallContinueInApp] the app is opened
// with the intent, on a locked phone after it was unlocked.
type StartCallHandler interface {
	// HandleStartCall is handleStartCall:completion:.
	HandleStartCall(x Extension, i StartCallIntent, completion func(StartCallCode))
}

// StartCallConfirmer may refuse before anything is done: confirmStartCall:completion:.
type StartCallConfirmer interface {
	ConfirmStartCall(x Extension, i StartCallIntent, completion func(StartCallCode))
}

// StartCallContactResolver turns what Siri understood into handles that the app can call:
// resolveContactsForStartCall:withCompletion:. No contacts means that the person is not known to the app.
type StartCallContactResolver interface {
	ResolveContacts(x Extension, i StartCallIntent, completion func([]Person))
}

// InteractionDirection is INInteractionDirection.
type InteractionDirection int

// Who began an interaction.
const (
	UnspecifiedInteraction InteractionDirection = 0
	OutgoingInteraction    InteractionDirection = 1
	IncomingInteraction    InteractionDirection = 2
)

// Interaction is INInteraction: what an app tells the system of a call that was, so that the system can suggest it
// again.
type Interaction struct {
	Identifier      string
	GroupIdentifier string
	Intent          StartCallIntent
	Direction       InteractionDirection
	Start           time.Time // dateInterval
	Duration        time.Duration
}

// InteractionDonor is what a [System] is asked for by a type assertion: the methods of INInteraction. Completions may
// be nil and come on a private queue.
type InteractionDonor interface {
	// DonateInteraction is donateInteractionWithCompletion:.
	DonateInteraction(i Interaction, completion func(error))
	// DeleteInteractions is deleteInteractionsWithIdentifiers:completion:.
	DeleteInteractions(identifiers []string, completion func(error))
	// DeleteInteractionGroup is deleteInteractionsWithGroupIdentifier:completion:.
	DeleteInteractionGroup(group string, completion func(error))
}

// SceneDelegate is UISceneDelegate, as far as call apps need it. An app whose Info.plist declares scenes gets its
// user activities here, and nowhere else. The value given to [Application].SetDelegate may implement it.
type SceneDelegate interface {
	// SceneWillConnect is scene:willConnectToSession:options: with connectionOptions.userActivities.
	SceneWillConnect([]UserActivity)
	// SceneContinueUserActivity is scene:continueUserActivity:.
	SceneContinueUserActivity(UserActivity)
}

// URLDelegate is application:openURL:options:, as far as call apps need it. The value given to
// [Application].SetDelegate may implement it.
type URLDelegate interface{ OpenURL(url string) }
