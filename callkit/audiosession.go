package callkit

import "time"

// AudioSession is AVAudioSession.sharedInstance, as far as every call app needs it; [WholeAudioSession] is all of
// it. During a call the system owns activation: an app sets category and mode while it performs start or answer,
// and never calls SetActive (CallKit: Responding to audio session activation).
type AudioSession interface {
	// SetCategory is setCategory:mode:options:error:. During the app's own call other categories than
	// PlayAndRecord fail; a mode or an option that does not go with the category is [AudioBadParam].
	SetCategory(AudioCategory, AudioMode, AudioOptions) error
	// SetActive activates or deactivates by the app's own hand; it may fail with [ErrInsufficientPriority].
	SetActive(bool) error
	// OverrideOutputAudioPort is overrideOutputAudioPort: speaker true is .speaker, false is .none. It is for
	// PlayAndRecord only and holds until the route changes.
	OverrideOutputAudioPort(speaker bool) error
	Category() AudioCategory
	Mode() AudioMode
	// CurrentRoute is the output port in use.
	CurrentRoute() AudioPort
	// SetObserver sets who is told of notifications, on the main queue; nil for nobody. The observer may have
	// more methods than AudioObserver: see [AudioInterruptionObserver] and those below it.
	SetObserver(AudioObserver)
}

// WholeAudioSession is everything of AVAudioSession that a call app can reach. [WholeAudio] finds it.
type WholeAudioSession interface {
	AudioSession
	AudioConfiguration
	AudioActivation
	AudioRouting
}

// WholeAudio returns s with all that it can do; false if this implementation offers only [AudioSession].
func WholeAudio(s AudioSession) (WholeAudioSession, bool) {
	w, ok := s.(WholeAudioSession)
	return w, ok
}

// AudioConfiguration are AVAudioSession's settings beside category and mode. What a version of iOS does not have
// returns an error for which errors.Is [ErrUnavailable].
type AudioConfiguration interface {
	// SetCategoryWithPolicy is setCategory:mode:routeSharingPolicy:options:error:.
	SetCategoryWithPolicy(AudioCategory, AudioMode, RouteSharingPolicy, AudioOptions) error
	CategoryOptions() AudioOptions
	RouteSharingPolicy() RouteSharingPolicy
	AvailableCategories() []AudioCategory
	AvailableModes() []AudioMode
	// SetMode is setMode:error:.
	SetMode(AudioMode) error
	// SetPreferredSampleRate asks for a hardware rate in Hz; 0 is no wish. The hardware may do otherwise:
	// SampleRate says what it does while the session is active.
	SetPreferredSampleRate(hz float64) error
	PreferredSampleRate() float64
	SampleRate() float64
	// SetPreferredIOBufferDuration asks for a length of the hardware's buffer, as SampleRate is asked for.
	SetPreferredIOBufferDuration(time.Duration) error
	PreferredIOBufferDuration() time.Duration
	IOBufferDuration() time.Duration
	// SetPrefersNoInterruptionsFromSystemAlerts (iOS 14.5) keeps alarms, and rings that come as a banner, from
	// interrupting the session; an accepted call and a full-screen ring interrupt all the same (AVAudioSession.h).
	SetPrefersNoInterruptionsFromSystemAlerts(bool) error
	PrefersNoInterruptionsFromSystemAlerts() bool
	// SetPrefersEchoCancelledInput (iOS 18.2) is for PlayAndRecord in the default mode, with built-in ports.
	SetPrefersEchoCancelledInput(bool) error
	PrefersEchoCancelledInput() bool
	IsEchoCancelledInputEnabled() bool
	// SetOutputMuted (iOS 26) silences what the session plays, not system sounds. With PlayAndRecord it goes
	// with the default mode only.
	SetOutputMuted(bool) error
	IsOutputMuted() bool
	// RecordPermission and RequestRecordPermission are older than [AudioApplication] and mean the same.
	RecordPermission() RecordPermission
	RequestRecordPermission(completion func(granted bool))
}

// SetActiveOptions is AVAudioSession.SetActiveOptions: a set of bits.
type SetActiveOptions uint

// NotifyOthersOnDeactivation tells those who were interrupted that they may go on. It is for deactivation only.
const NotifyOthersOnDeactivation SetActiveOptions = 1

// ActivationOptions is AVAudioSessionActivationOptions, which has no bits.
type ActivationOptions uint

// AudioActivation is activation by the app's own hand, which is not for calls.
type AudioActivation interface {
	// SetActiveWithOptions is setActive:withOptions:error:. Deactivating while audio runs stops it and returns
	// [AudioIsBusy].
	SetActiveWithOptions(bool, SetActiveOptions) error
	// Activate is activateWithOptions:completionHandler:. completion, which may be nil, runs later on the main
	// queue.
	Activate(options ActivationOptions, completion func(activated bool, err error))
	// IsOtherAudioPlaying reports whether another app's session is active and can be heard.
	IsOtherAudioPlaying() bool
	// SecondaryAudioShouldBeSilencedHint reports whether another app plays what does not mix.
	SecondaryAudioShouldBeSilencedHint() bool
}

// AudioRouting is where sound comes from and goes to. Which port is used the system and the user decide: a device
// that was connected last takes over, a route picker overrules it, and an app can wish for an input.
type AudioRouting interface {
	// Route is currentRoute.
	Route() AudioRoute
	// AvailableInputs are the inputs that the category, the mode and the options allow now.
	AvailableInputs() []AudioPortDescription
	// SetPreferredInput wishes for an input, by its UID; the zero description takes the wish back. One that is
	// not available is [AudioBadParam]. A preferred headset takes the output along.
	SetPreferredInput(AudioPortDescription) error
	// PreferredInput is the wish; false if there is none.
	PreferredInput() (AudioPortDescription, bool)
}

// InterruptionType is AVAudioSession.InterruptionType.
type InterruptionType int

// The two ends of an interruption. An end may never come, and never comes for a call that was on hold (forums
// 715488).
const (
	InterruptionEnded InterruptionType = 0
	InterruptionBegan InterruptionType = 1
)

// InterruptionOptions is AVAudioSession.InterruptionOptions: a set of bits.
type InterruptionOptions uint

// ShouldResume comes with the end of an interruption after which the app may go on.
const ShouldResume InterruptionOptions = 1

// InterruptionReason is AVAudioSession.InterruptionReason (iOS 14.5).
type InterruptionReason uint

// Why a session was interrupted. 3 and 5 are of visionOS.
const (
	InterruptionDefault           InterruptionReason = 0 // another session became active
	InterruptionAppWasSuspended   InterruptionReason = 1 // up to iOS 15
	InterruptionBuiltInMicMuted   InterruptionReason = 2 // in hardware, as by an iPad's folio
	InterruptionRouteDisconnected InterruptionReason = 4 // iOS 17
)

// Interruption is what AVAudioSession's interruption notification carries.
type Interruption struct {
	Type    InterruptionType
	Options InterruptionOptions // only when it ended
	Reason  InterruptionReason  // only when it began; InterruptionDefault before iOS 14.5
	// WasSuspended is AVAudioSessionInterruptionWasSuspendedKey, which iOS 14.5 replaced by the reason.
	WasSuspended bool
}

// RouteChangeReason is AVAudioSession.RouteChangeReason.
type RouteChangeReason int

// Why a route changed.
const (
	RouteUnknown               RouteChangeReason = 0
	NewDeviceAvailable         RouteChangeReason = 1
	OldDeviceUnavailable       RouteChangeReason = 2
	CategoryChange             RouteChangeReason = 3
	Override                   RouteChangeReason = 4
	WakeFromSleep              RouteChangeReason = 6
	NoSuitableRouteForCategory RouteChangeReason = 7 // as Record without any microphone
	RouteConfigurationChange   RouteChangeReason = 8
)

// String is Apple's name of the reason.
func (r RouteChangeReason) String() string {
	names := map[RouteChangeReason]string{
		NewDeviceAvailable: "NewDeviceAvailable", OldDeviceUnavailable: "OldDeviceUnavailable",
		CategoryChange: "CategoryChange", Override: "Override", WakeFromSleep: "WakeFromSleep",
		NoSuitableRouteForCategory: "NoSuitableRouteForCategory", RouteConfigurationChange: "RouteConfigurationChange",
	}
	if n, ok := names[r]; ok {
		return n
	}
	return "Unknown"
}

// RouteChange is what AVAudioSession's route change notification carries.
type RouteChange struct {
	Reason   RouteChangeReason
	Previous AudioRoute
	Current  AudioRoute
}

// AudioObserver hears AVAudioSession's notifications.
type AudioObserver interface {
	AudioInterruption(InterruptionType)
	AudioRouteChange(RouteChangeReason, AudioPort)
}

// AudioInterruptionObserver is an [AudioObserver] that wants to know all of an interruption. AudioInterrupted is
// called instead of AudioInterruption.
type AudioInterruptionObserver interface {
	AudioInterrupted(Interruption)
}

// AudioRouteObserver is an [AudioObserver] that wants to know both routes. AudioRouteChanged is called instead of
// AudioRouteChange.
type AudioRouteObserver interface {
	AudioRouteChanged(RouteChange)
}

// MediaServicesObserver is an [AudioObserver] that is told when the media server died and when it is back. After
// that the session has its default category and every audio object has to be made anew (Technical Q&A QA1749).
type MediaServicesObserver interface {
	MediaServicesWereLost()
	MediaServicesWereReset()
}

// SecondaryAudioObserver is an [AudioObserver] that is told, in the foreground and with an active session, when
// another app's main audio begins (true) and ends: silenceSecondaryAudioHintNotification.
type SecondaryAudioObserver interface {
	SilenceSecondaryAudio(begin bool)
}

// AvailableInputsObserver is an [AudioObserver] that is told when the available inputs have changed (iOS 26).
type AvailableInputsObserver interface {
	AvailableInputsChanged()
}

// OutputMuteObserver is an [AudioObserver] that is told when the output was muted or not any more (iOS 26).
type OutputMuteObserver interface {
	OutputMuteStateChanged(muted bool)
}
