// Package audio is the sound of simulated phones: 48 kHz mono 16-bit samples in frames of 20 ms, from tones,
// DTMF, WAV files and signature voices, to levels, WAV files and a recognizer that tells whose voice it hears.
//
// It knows no codec, no network and no clock, and imports the standard library only. It does not touch a
// sound card.
package audio
