package callkit

// AudioCategory is AVAudioSession.Category.
type AudioCategory string

// The categories that call apps meet.
const (
	SoloAmbient   AudioCategory = "SoloAmbient" // the default
	Playback      AudioCategory = "Playback"
	PlayAndRecord AudioCategory = "PlayAndRecord"
)

// AudioMode is AVAudioSession.Mode.
type AudioMode string

// The modes that call apps meet.
const (
	ModeDefault AudioMode = "Default"
	VoiceChat   AudioMode = "VoiceChat"
	VideoChat   AudioMode = "VideoChat"
)

// AudioOptions is AVAudioSession.CategoryOptions.
type AudioOptions uint

// The category options.
const (
	MixWithOthers      AudioOptions = 1
	DuckOthers         AudioOptions = 2
	AllowBluetoothHFP  AudioOptions = 4
	DefaultToSpeaker   AudioOptions = 8
	AllowBluetoothA2DP AudioOptions = 32
	AllowAirPlay       AudioOptions = 64
)

// AudioPort is AVAudioSession.Port.
type AudioPort string

// The ports that a simulated iPhone has.
const (
	BuiltInReceiver AudioPort = "Receiver"
	BuiltInSpeaker  AudioPort = "Speaker"
	BuiltInMic      AudioPort = "MicrophoneBuiltIn"
	Headphones      AudioPort = "Headphones"
	BluetoothHFP    AudioPort = "BluetoothHFP"
)

// AudioSession is AVAudioSession.sharedInstance. During a call the system owns activation: an app sets
// category and mode while it performs start or answer, and never calls SetActive (CallKit: Responding to
// audio session activation).
type AudioSession interface {
	SetCategory(AudioCategory, AudioMode, AudioOptions) error
	// SetActive activates or deactivates by the app's own hand; it may fail with [ErrInsufficientPriority].
	SetActive(bool) error
	// OverrideOutputAudioPort is overrideOutputAudioPort: speaker true is .speaker, false is .none.
	OverrideOutputAudioPort(speaker bool) error
	Category() AudioCategory
	Mode() AudioMode
	// CurrentRoute is the output port in use.
	CurrentRoute() AudioPort
	// SetObserver sets who is told of notifications, on the main queue; nil for nobody.
	SetObserver(AudioObserver)
}

// InterruptionType is AVAudioSession.InterruptionType.
type InterruptionType int

// The two ends of an interruption.
const (
	InterruptionEnded InterruptionType = 0
	InterruptionBegan InterruptionType = 1
)

// RouteChangeReason is AVAudioSession.RouteChangeReason.
type RouteChangeReason int

// Why a route changed.
const (
	RouteUnknown             RouteChangeReason = 0
	NewDeviceAvailable       RouteChangeReason = 1
	OldDeviceUnavailable     RouteChangeReason = 2
	CategoryChange           RouteChangeReason = 3
	Override                 RouteChangeReason = 4
	RouteConfigurationChange RouteChangeReason = 8
)

// AudioObserver hears AVAudioSession's notifications.
type AudioObserver interface {
	AudioInterruption(InterruptionType)
	AudioRouteChange(RouteChangeReason, AudioPort)
}
