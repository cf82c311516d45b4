package audio

import (
	"hash/fnv"
	"time"
)

// Signatures is how many different signature voices there are: 0 … 511.
const Signatures = 512

// A signature is a word of four notes, sung over and over. Each place in the word has eight notes of its
// own, so a listener that joins anywhere knows where in the word it is; three notes are the number in base
// 8, and the fourth checks them.
const (
	notes     = 4
	perPlace  = 8
	noteTime  = 100 * time.Millisecond
	breath    = 80 * time.Millisecond
	noteLevel = 0.14 // amplitude: -20 dB RMS while it sings, as of a voice
	lowest    = 420.0
	step      = 75.0 // Hz between neighbours
)

// noteHz is the pitch of digit at place: 420 … 2745 Hz, within what a telephone carries.
func noteHz(place, digit int) float64 { return lowest + step*float64(digit*notes+place) }

// word is the four digits of signature id.
func word(id int) [notes]int {
	w := [notes]int{id & 7, id >> 3 & 7, id >> 6 & 7}
	w[3] = (3*w[0] + 5*w[1] + 7*w[2] + 1) & 7 // odd factors: no single wrong note passes
	return w
}

// SignatureOf returns the number of a signature for a name, such as a device ID: the same one for the same
// name, and with likelihood different ones for different names.
func SignatureOf(name string) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(name)) // a hash takes everything
	return int(h.Sum32() % Signatures)
}

// SignatureNotes returns the pitches of a signature's four notes in Hz, in order, for whoever sings or
// recognizes one elsewhere: each is sung for 100 ms, and then there are 80 ms of silence.
func SignatureNotes(id int) (hz [4]float64) {
	for place, digit := range word((id%Signatures + Signatures) % Signatures) {
		hz[place] = noteHz(place, digit)
	}
	return hz
}

// NewSignature returns a Source that sings signature id (0 … 511, taken modulo [Signatures]): a melody at
// the level of a voice, by which a [Recognizer] tells who speaks.
func NewSignature(id int) *Tones {
	var segments []Segment
	for _, hz := range SignatureNotes(id) {
		segments = append(segments, Segment{[]float64{hz}, noteLevel, noteTime})
	}
	return NewTones(true, append(segments, Segment{For: breath})...)
}
