package audio

import (
	"math"
	"sync/atomic"
)

// Level returns the RMS level of samples: 0 is silence, 1 full scale (a full-scale sine has 0.71).
func Level(samples []int16) float64 {
	if len(samples) == 0 {
		return 0
	}
	sum := 0.0
	for _, s := range samples {
		sum += float64(s) * float64(s)
	}
	return math.Sqrt(sum/float64(len(samples))) / fullScale
}

// SilenceLevel is the level above which a frame counts as sound: -60 dB below full scale. Digital silence
// through Opus decodes to a few units (below -75 dB), and a whisper into a phone is above -50 dB.
const SilenceLevel = 0.001

// A Meter is a Sink that measures the level of the last 100 ms. Its Level may be read by any goroutine.
type Meter struct {
	squares [meterFrames]float64
	next    int
	level   atomic.Uint64 // math.Float64bits
}

const meterFrames = 5

// Write measures frame.
func (m *Meter) Write(frame []int16) {
	level := Level(frame)
	m.squares[m.next%meterFrames] = level * level
	m.next++
	sum := 0.0
	for _, s := range m.squares {
		sum += s
	}
	m.level.Store(math.Float64bits(math.Sqrt(sum / meterFrames)))
}

// Level returns the RMS level of the last 100 ms: 0 silence … 1 full scale.
func (m *Meter) Level() float64 { return math.Float64frombits(m.level.Load()) }

// Reset forgets what was heard. It must not be called beside Write.
func (m *Meter) Reset() {
	m.squares = [meterFrames]float64{}
	m.level.Store(0)
}
