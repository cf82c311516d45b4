package callkit

// RecordPermission is AVAudioApplication.recordPermission: whether the user lets the app use the microphone.
type RecordPermission int

// The permissions, four letters each.
const (
	RecordUndetermined RecordPermission = 0x756e6474 // 'undt': not asked yet
	RecordDenied       RecordPermission = 0x64656e79 // 'deny'
	RecordGranted      RecordPermission = 0x67726e74 // 'grnt'
)

// String is Apple's name of the permission.
func (p RecordPermission) String() string {
	switch p {
	case RecordDenied:
		return "denied"
	case RecordGranted:
		return "granted"
	case RecordUndetermined:
		return "undetermined"
	}
	return "unknown"
}

// AudioApplication is AVAudioApplication.shared (iOS 17): the app's microphone as a whole.
type AudioApplication interface {
	// SetInputMuted has the system send silence in place of the microphone, for all of the app's audio. It is
	// stored while no recording session is active and takes effect when one is.
	SetInputMuted(bool) error
	IsInputMuted() bool
	// SetInputMuteObserver sets who is told on the main queue when the state changes while a recording session
	// is active, as by the gesture of some headsets; nil for nobody.
	SetInputMuteObserver(InputMuteObserver)
	RecordPermission() RecordPermission
	// RequestRecordPermission asks the user, once and for all; completion gets the answer on the main queue. An
	// app without NSMicrophoneUsageDescription is killed for asking.
	RequestRecordPermission(completion func(granted bool))
}

// InputMuteObserver hears AVAudioApplication.inputMuteStateChangeNotification.
type InputMuteObserver interface {
	InputMuteStateChanged(muted bool)
}

// AudioApplicationSystem is a [System] that has AVAudioApplication. [AudioApplicationOf] finds it.
type AudioApplicationSystem interface {
	// AudioApplication is nil on versions of iOS before 17.
	AudioApplication() AudioApplication
}

// AudioApplicationOf returns AVAudioApplication.shared of a system, or nil if it has none.
func AudioApplicationOf(s System) AudioApplication {
	if a, ok := s.(AudioApplicationSystem); ok {
		return a.AudioApplication()
	}
	return nil
}
