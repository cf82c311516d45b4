package callkit

// AudioCategory is AVAudioSession.Category.
type AudioCategory string

// The categories.
const (
	Ambient       AudioCategory = "Ambient"
	SoloAmbient   AudioCategory = "SoloAmbient" // the default
	Playback      AudioCategory = "Playback"
	Record        AudioCategory = "Record"
	PlayAndRecord AudioCategory = "PlayAndRecord" // what a call needs
	MultiRoute    AudioCategory = "MultiRoute"
)

// AudioCategories lists the categories that iOS still has.
var AudioCategories = []AudioCategory{Ambient, SoloAmbient, Playback, Record, PlayAndRecord, MultiRoute}

// Records reports whether the category can use a microphone.
func (c AudioCategory) Records() bool { return c == Record || c == PlayAndRecord || c == MultiRoute }

// Plays reports whether the category can be heard.
func (c AudioCategory) Plays() bool { return c != Record }

// AudioMode is AVAudioSession.Mode.
type AudioMode string

// The modes. VoiceChat and VideoChat are for calls; both allow Bluetooth headsets of their own accord, and
// VideoChat sounds from the speaker (AVAudioSessionTypes.h).
const (
	ModeDefault    AudioMode = "Default"
	VoiceChat      AudioMode = "VoiceChat"
	VideoChat      AudioMode = "VideoChat"
	GameChat       AudioMode = "GameChat"
	VideoRecording AudioMode = "VideoRecording"
	Measurement    AudioMode = "Measurement"
	MoviePlayback  AudioMode = "MoviePlayback"
	SpokenAudio    AudioMode = "SpokenAudio"
	VoicePrompt    AudioMode = "VoicePrompt"    // iOS 12
	ShortFormVideo AudioMode = "ShortFormVideo" // iOS 26
	DualRoute      AudioMode = "DualRoute"      // iOS 26.2
)

// AudioModes lists the modes.
var AudioModes = []AudioMode{
	ModeDefault, VoiceChat, VideoChat, GameChat, VideoRecording, Measurement, MoviePlayback, SpokenAudio, VoicePrompt,
	ShortFormVideo, DualRoute,
}

// AudioOptions is AVAudioSession.CategoryOptions: a set of bits.
type AudioOptions uint

// The category options.
const (
	MixWithOthers                        AudioOptions = 1
	DuckOthers                           AudioOptions = 2 // mixes too
	AllowBluetoothHFP                    AudioOptions = 4
	AllowBluetooth                       AudioOptions = AllowBluetoothHFP // its name before iOS 26
	DefaultToSpeaker                     AudioOptions = 8
	InterruptSpokenAudioAndMixWithOthers AudioOptions = 17 // MixWithOthers and a bit of its own
	AllowBluetoothA2DP                   AudioOptions = 32
	AllowAirPlay                         AudioOptions = 64
	OverrideMutedMicrophoneInterruption  AudioOptions = 128    // iOS 14.5
	FarFieldInput                        AudioOptions = 262144 // iOS 26.2
	BluetoothHighQualityRecording        AudioOptions = 524288 // iOS 26
)

// Has reports whether all bits of want are set.
func (o AudioOptions) Has(want AudioOptions) bool { return o&want == want }

// RouteSharingPolicy is AVAudioSession.RouteSharingPolicy.
type RouteSharingPolicy uint

// The policies.
const (
	RouteSharingDefault       RouteSharingPolicy = 0
	RouteSharingLongFormAudio RouteSharingPolicy = 1 // only with Playback
	RouteSharingIndependent   RouteSharingPolicy = 2 // set by the system only
	RouteSharingLongFormVideo RouteSharingPolicy = 3 // only with Playback
)

// AudioPort is AVAudioSession.Port: the kind of an input, an output, or a device that is both.
type AudioPort string

// The ports.
const (
	BuiltInReceiver      AudioPort = "Receiver" // held to the ear
	BuiltInSpeaker       AudioPort = "Speaker"
	BuiltInMic           AudioPort = "MicrophoneBuiltIn"
	Headphones           AudioPort = "Headphones"
	HeadsetMic           AudioPort = "MicrophoneWired"
	BluetoothHFP         AudioPort = "BluetoothHFP" // input and output
	BluetoothA2DP        AudioPort = "BluetoothA2DPOutput"
	BluetoothLE          AudioPort = "BluetoothLE"
	CarAudio             AudioPort = "CarAudio" // input and output
	USBAudio             AudioPort = "USBAudio" // input and output
	AirPlay              AudioPort = "AirPlay"
	HDMI                 AudioPort = "HDMIOutput"
	LineIn               AudioPort = "LineIn"
	LineOut              AudioPort = "LineOut"
	DisplayPort          AudioPort = "DisplayPort"
	Thunderbolt          AudioPort = "Thunderbolt"
	FireWire             AudioPort = "FireWire"
	PCI                  AudioPort = "PCI"
	AVB                  AudioPort = "AVB"
	VirtualPort          AudioPort = "Virtual"
	ContinuityMicrophone AudioPort = "ContinuityMicrophone" // Apple TV only
)

// AudioPortDescription is AVAudioSessionPortDescription.
type AudioPortDescription struct {
	PortType AudioPort `json:"portType"`
	PortName string    `json:"portName"`
	UID      string    `json:"uid"` // of this very device
}

// AudioRoute is AVAudioSessionRouteDescription: where sound comes in and goes out. Either may be empty.
type AudioRoute struct {
	Inputs  []AudioPortDescription `json:"inputs"`
	Outputs []AudioPortDescription `json:"outputs"`
}

// Output is the first output's port, empty if there is none.
func (r AudioRoute) Output() AudioPort {
	if len(r.Outputs) == 0 {
		return ""
	}
	return r.Outputs[0].PortType
}

// Input is the first input's port, empty if there is none.
func (r AudioRoute) Input() AudioPort {
	if len(r.Inputs) == 0 {
		return ""
	}
	return r.Inputs[0].PortType
}

// PortOverride is AVAudioSession.PortOverride.
type PortOverride uint

// What [AudioSession].OverrideOutputAudioPort sets: false is none, true is speaker.
const (
	OverrideNone    PortOverride = 0
	OverrideSpeaker PortOverride = 0x73706b72 // 'spkr'
)
