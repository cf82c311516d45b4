package audio

import "time"

// What every frame is.
const (
	Rate          = 48000                          // samples a second
	FrameSize     = 960                            // samples a frame
	FrameDuration = FrameSize * time.Second / Rate // 20 ms
	fullScale     = 32768.0                        // the amplitude that is level 1
)

// A Source is something that sounds: a microphone, a file, a tone. Read fills the whole frame with the next
// samples (silence when there is nothing more) and must not block. One goroutine reads a Source.
type Source interface {
	Read(frame []int16)
}

// A Sink is something that listens: a loudspeaker, a file, a recognizer. Write takes the next samples, must
// not block and must not keep frame. One goroutine writes to a Sink.
type Sink interface {
	Write(frame []int16)
}

// Silence is a Source that says nothing.
type Silence struct{}

// Read fills frame with zeros.
func (Silence) Read(frame []int16) { clear(frame) }

// Discard is a Sink that forgets what it hears.
type Discard struct{}

// Write does nothing.
func (Discard) Write([]int16) {}

// A Tee is a Sink that passes what it hears to each of its sinks, in order.
type Tee []Sink

// Write passes frame on.
func (t Tee) Write(frame []int16) {
	for _, s := range t {
		s.Write(frame)
	}
}

// clip rounds x, in samples, to what fits.
func clip(x float64) int16 {
	switch {
	case x >= 32767:
		return 32767
	case x <= -32768:
		return -32768
	case x < 0:
		return int16(x - 0.5)
	default:
		return int16(x + 0.5)
	}
}
