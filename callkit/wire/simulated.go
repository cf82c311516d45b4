package wire

import (
	"time"

	"github.com/ringtrip/ringtrip/callkit"
)

// Simulated is a bridge to a process on a simulated iPhone, with what only such a process has.
type Simulated struct{ *Bridge }

// Block makes the handler that calls it take d of the phone's time.
func (s Simulated) Block(d time.Duration) { s.send(Message{Op: ProcessBlock, Delay: int64(d)}) }

// Crash ends the process as an uncaught exception would.
func (s Simulated) Crash(why string) { s.send(Message{Op: ProcessCrash, Name: why}) }

// StartAudio starts the app's own audio device, as a media SDK does.
func (s Simulated) StartAudio(record bool) error {
	return s.send(Message{Op: ProcessStartAudio, On: record}).Error.err()
}

// StopAudio stops it.
func (s Simulated) StopAudio() { s.send(Message{Op: ProcessStopAudio}) }

// SetMicrophoneTrack says whether the app sends what the microphone hears.
func (s Simulated) SetMicrophoneTrack(sends bool) { s.send(Message{Op: ProcessTrack, On: sends}) }

// simulated carries out a command for a process on a simulated iPhone, and reports whether it is one.
func (h *Host) simulated(m Message) (Message, bool) {
	switch m.Op {
	case ProcessBlock:
		if p, ok := h.sys.(interface{ Block(time.Duration) }); ok {
			p.Block(time.Duration(m.Delay))
			return Message{}, true
		}
	case ProcessCrash:
		if p, ok := h.sys.(interface{ Crash(string) }); ok {
			p.Crash(m.Name)
			return Message{}, true
		}
	case ProcessStartAudio:
		if p, ok := h.sys.(interface{ StartAudio(bool) error }); ok {
			return Message{Error: errorOf(p.StartAudio(m.On))}, true
		}
	case ProcessStopAudio:
		if p, ok := h.sys.(interface{ StopAudio() }); ok {
			p.StopAudio()
			return Message{}, true
		}
	case ProcessTrack:
		if p, ok := h.sys.(interface{ SetMicrophoneTrack(bool) }); ok {
			p.SetMicrophoneTrack(m.On)
			return Message{}, true
		}
	default:
		return Message{}, false
	}
	return Message{Error: errorOf(callkit.ErrUnavailable)}, true
}
