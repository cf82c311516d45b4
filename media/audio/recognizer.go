package audio

import (
	"math"
	"sync"
	"time"
)

// A Hearing is what a [Recognizer] tells about one signature.
type Hearing struct {
	ID         int           // the signature's number
	Confidence float64       // 0 … 1: how much of the sound was the signature's notes, on average
	At         time.Duration // when it was first heard, in sound written to the recognizer so far
	Notes      int           // how many notes of it were recognized
}

// A Recognizer is a Sink that tells from the sound alone whose signature it hears ([NewSignature]), at any
// level, through Opus and lost packets. It takes about half a second of sound. Speech, music, tones and
// noise are nobody. It is safe for concurrent use.
//
// It decimates to 8 kHz and looks for each of the 32 notes with the Goertzel algorithm in windows of 40 ms.
type Recognizer struct {
	mu      sync.Mutex
	heard   func(Hearing)
	known   []Hearing
	current int // index into known, -1 for nobody

	ring    [recWindow]float64 // the last 40 ms at 8 kHz
	pending []int16            // not yet a whole hop
	hops    int

	note, run   int // the note of the last hop (-1: none), and for how many hops
	digits      [notes]int
	purity      [notes]float64
	place, when int // of the last whole note, hop
	collected   int // notes in a row that were in the right order
	claim       int // the word of the last four notes, -1 if they are none
}

const (
	decimate  = 6
	recHop    = 160 // 20 ms at 8 kHz
	recWindow = 2 * recHop
	minPurity = 0.6
	maxGap    = 15 // hops between two notes of one word: 300 ms
)

var goertzel, hann, hannSum, hannSquares = func() (c [notes * perPlace]float64, w [recWindow]float64, sum, squares float64) {
	for i := range c {
		c[i] = 2 * math.Cos(2*math.Pi*noteHz(i%notes, i/notes)*decimate/Rate)
	}
	for i := range w {
		w[i] = 0.5 - 0.5*math.Cos(2*math.Pi*(float64(i)+0.5)/recWindow)
		sum += w[i]
		squares += w[i] * w[i]
	}
	return
}()

// NewRecognizer returns a Recognizer that calls heard, from within Write, each time that it begins to hear
// a signature: the first, and each other one that follows it. heard may be nil.
func NewRecognizer(heard func(Hearing)) *Recognizer {
	if heard == nil {
		heard = func(Hearing) {}
	}
	return &Recognizer{heard: heard, current: -1, note: -1, claim: -1}
}

// Heard returns the signature that was heard last. It returns false while there was none.
func (r *Recognizer) Heard() (Hearing, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.current < 0 {
		return Hearing{}, false
	}
	return r.known[r.current], true
}

// All returns all signatures that were heard, in the order in which they were first heard.
func (r *Recognizer) All() []Hearing {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Hearing(nil), r.known...)
}

// Reset forgets everything that was heard.
func (r *Recognizer) Reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	fresh := NewRecognizer(nil)
	r.known, r.current, r.ring, r.pending, r.hops = nil, -1, fresh.ring, nil, 0
	r.note, r.run, r.collected, r.claim = -1, 0, 0, -1
}

// Write listens to frame, of any length.
func (r *Recognizer) Write(frame []int16) {
	r.mu.Lock()
	var told []Hearing
	r.pending = append(r.pending, frame...)
	rest := r.pending
	for len(rest) >= recHop*decimate {
		if h, ok := r.hop(rest[:recHop*decimate]); ok {
			told = append(told, h)
		}
		rest = rest[recHop*decimate:]
	}
	r.pending = r.pending[:copy(r.pending, rest)]
	r.mu.Unlock()
	for _, h := range told {
		r.heard(h)
	}
}

// hop listens to the next 20 ms. It returns true if it begins to hear somebody.
func (r *Recognizer) hop(samples []int16) (Hearing, bool) {
	r.hops++
	copy(r.ring[:], r.ring[recHop:])
	for i := range recHop {
		sum := 0
		for _, s := range samples[i*decimate : (i+1)*decimate] {
			sum += int(s)
		}
		r.ring[recHop+i] = float64(sum) / decimate
	}
	note, purity := r.loudest()
	if note != r.note {
		r.note, r.run = note, 0
	}
	r.run++
	if note < 0 || r.run != 2 {
		return Hearing{}, false // nothing, not sure yet, or the same note still
	}
	return r.whole(note%notes, note/notes, purity)
}

// loudest returns the note that fills the window, or -1, and how much of it, 0 … 1.
func (r *Recognizer) loudest() (note int, purity float64) {
	var x [recWindow]float64
	energy := 0.0
	for i, s := range r.ring {
		x[i] = s * hann[i]
		energy += x[i] * x[i]
	}
	energy /= hannSquares
	if math.Sqrt(energy)/fullScale < SilenceLevel {
		return -1, 0
	}
	note = -1
	for i, c := range goertzel {
		s1, s2 := 0.0, 0.0
		for _, v := range x {
			s1, s2 = v+c*s1-s2, s1
		}
		power := 2 * (s1*s1 + s2*s2 - c*s1*s2) / (hannSum * hannSum)
		if p := power / energy; p > minPurity && p > purity {
			note, purity = i, min(p, 1)
		}
	}
	return note, purity
}

// whole takes a note that was heard for long enough.
func (r *Recognizer) whole(place, digit int, purity float64) (Hearing, bool) {
	if place != (r.place+1)%notes || r.hops-r.when > maxGap {
		r.collected, r.claim = 0, -1
	}
	r.place, r.when = place, r.hops
	r.digits[place], r.purity[place] = digit, purity
	r.collected++
	if r.collected < notes {
		return Hearing{}, false
	}
	before := r.claim
	r.claim = r.digits[0] | r.digits[1]<<3 | r.digits[2]<<6
	if word(r.claim) != r.digits {
		r.claim = -1
	}
	if r.claim < 0 || r.claim != before && (r.current < 0 || r.known[r.current].ID != r.claim) {
		return Hearing{}, false // no word, or one that the next note must confirm
	}
	return r.hear(r.claim, purity)
}

func (r *Recognizer) hear(id int, purity float64) (Hearing, bool) {
	began := r.current < 0 || r.known[r.current].ID != id
	if began {
		r.current = -1
		for i := range r.known {
			if r.known[i].ID == id {
				r.current = i
			}
		}
		if r.current < 0 {
			r.current = len(r.known)
			at := time.Duration(r.hops) * FrameDuration
			r.known = append(r.known, Hearing{ID: id, At: at})
		}
	}
	h := &r.known[r.current]
	h.Confidence = (h.Confidence*float64(h.Notes) + purity) / float64(h.Notes+1)
	h.Notes++
	return *h, began
}
