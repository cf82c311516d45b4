package audio

import (
	"math"
	"time"
)

// A Segment is a stretch of one or more sine tones at once, or of silence if it has none.
type Segment struct {
	Hz    []float64
	Level float64 // amplitude of each tone: 0 … 1 full scale
	For   time.Duration
}

// Tones is a Source that plays segments one after the other, with edges of 5 ms so that nothing clicks.
type Tones struct {
	segments []Segment
	loop     bool
	at       int // segment
	n        int // samples into it
}

// NewTones returns a Source that plays the segments once, then silence, or again and again.
func NewTones(loop bool, segments ...Segment) *Tones {
	return &Tones{segments: segments, loop: loop && length(segments) > 0}
}

// NewTone returns a Source that is one sine tone without end, of amplitude level (0 … 1).
func NewTone(hz, level float64) *Tones {
	return NewTones(true, Segment{[]float64{hz}, level, time.Second})
}

func length(segments []Segment) (n int) {
	for _, s := range segments {
		n += s.samples()
	}
	return n
}

func (s Segment) samples() int { return int(s.For * Rate / time.Second) }

const edge = Rate / 200 // 5 ms

// Read plays on.
func (t *Tones) Read(frame []int16) {
	for i := range frame {
		for t.at < len(t.segments) && t.n >= t.segments[t.at].samples() {
			t.at, t.n = t.at+1, 0
			if t.loop && t.at == len(t.segments) {
				t.at = 0
			}
		}
		if t.at >= len(t.segments) {
			frame[i] = 0
			continue
		}
		seg := &t.segments[t.at]
		frame[i] = clip(seg.sample(t.n, t.loop && len(t.segments) == 1))
		t.n++
	}
}

// sample is the nth sample of s; an endless tone has no edges.
func (s *Segment) sample(n int, endless bool) float64 {
	sum := 0.0
	for _, hz := range s.Hz {
		sum += math.Sin(2 * math.Pi * hz * float64(n) / Rate)
	}
	gain := s.Level * fullScale
	if last := s.samples() - 1 - n; !endless && min(n, last) < edge {
		gain *= 0.5 - 0.5*math.Cos(math.Pi*(float64(min(n, last))+0.5)/edge)
	}
	return sum * gain
}

// The rows and columns of the keypad, ITU-T Q.23.
var (
	dtmfRows    = [4]float64{697, 770, 852, 941}
	dtmfColumns = [4]float64{1209, 1336, 1477, 1633}
	dtmfKeys    = "123A456B789C*0#D"
)

// NewDTMF returns a Source that plays digits as the tones of ITU-T Q.23, 100 ms each with 50 ms between
// them, and two seconds of silence for each ','. It returns what [ParseDigits] returns for bad ones.
func NewDTMF(digits string) (*Tones, error) {
	row, err := ParseDigits(digits)
	if err != nil {
		return nil, err
	}
	var segments []Segment
	for _, d := range row {
		if d == Pause {
			segments = append(segments, Segment{For: 2 * time.Second})
			continue
		}
		for i := range len(dtmfKeys) {
			if dtmfKeys[i] == d {
				segments = append(segments,
					Segment{[]float64{dtmfRows[i/4], dtmfColumns[i%4]}, 0.2, 100 * time.Millisecond},
					Segment{For: 50 * time.Millisecond})
			}
		}
	}
	return NewTones(false, segments...), nil
}

// NewRingback returns the tone a caller hears while it rings at the far end, in the European cadence of
// ITU-T E.180: 425 Hz, one second on, four off.
func NewRingback() *Tones {
	return NewTones(true, Segment{[]float64{425}, 0.1, time.Second}, Segment{For: 4 * time.Second})
}
