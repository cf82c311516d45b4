package callkit

import "errors"

// Codes of [AudioErrorDomain] (AVAudioSession.ErrorCode). Most are four letters.
const (
	AudioUnspecified           = 2003329396 // 'what'
	AudioInsufficientPriority  = 561017449  // '!pri': a call has the session
	AudioIsBusy                = 560030580  // '!act': audio was running, and was stopped
	AudioIncompatibleCategory  = 560161140  // '!cat'
	AudioCannotInterruptOthers = 560557684  // '!int': in the background
	AudioMissingEntitlement    = 1701737535 // 'ent?'
	AudioSiriIsRecording       = 1936290409 // 'siri'
	AudioCannotStartPlaying    = 561015905  // '!pla': in the background
	AudioCannotStartRecording  = 561145187  // '!rec': in the background, or without permission
	AudioResourceNotAvailable  = 561145203  // '!res'
	AudioExpiredSession        = 561210739  // '!ses'
	AudioSessionNotActive      = 1768841571 // 'inac'
	AudioMediaServicesFailed   = 1836282486 // 'msrv': the media server died
	AudioBadParam              = -50
)

// AudioErrorName is Apple's name of a code of AVAudioSession.ErrorCode, empty for others.
func AudioErrorName(code int) string {
	return map[int]string{
		AudioUnspecified: "unspecified", AudioInsufficientPriority: "insufficientPriority", AudioIsBusy: "isBusy",
		AudioIncompatibleCategory: "incompatibleCategory", AudioCannotInterruptOthers: "cannotInterruptOthers",
		AudioMissingEntitlement: "missingEntitlement", AudioSiriIsRecording: "siriIsRecording",
		AudioCannotStartPlaying: "cannotStartPlaying", AudioCannotStartRecording: "cannotStartRecording",
		AudioResourceNotAvailable: "resourceNotAvailable", AudioExpiredSession: "expiredSession",
		AudioSessionNotActive: "sessionNotActive", AudioMediaServicesFailed: "mediaServicesFailed",
		AudioBadParam: "badParam",
	}[code]
}

// AudioError makes the NSError that AVAudioSession returns for a code; text says what was wrong.
func AudioError(code int, text string) *Error {
	return &Error{Domain: AudioErrorDomain, Code: code, Text: text}
}

// ErrUnavailable is what an API answers on a version of iOS that does not have it yet. There is no such error on a
// phone: there the program would not compile without asking #available.
var ErrUnavailable = errors.New("callkit: not available on this version of iOS")
