package rig

import (
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/ringtrip/ringtrip/media"
	"github.com/ringtrip/ringtrip/media/audio"
)

// Voice is what a simulated phone says into its microphone and hears from its loudspeaker. It outlives the
// sessions and processes that use it. It is safe for concurrent use.
type Voice struct {
	name string
	clip audio.Clip // what to say, over and over; nil: the signature of name

	mu         sync.Mutex
	recognizer *audio.Recognizer
	meter      *audio.Meter
	heard      func(signature int)
	last       time.Time // when it heard the last frame
	record     *audio.WAVWriter
	file       *os.File
}

// NewVoice returns the voice of a device: its signature, unless play names a WAV file. If record is not empty,
// all that it hears is written there as WAV.
func NewVoice(name, play, record string) (*Voice, error) {
	v := &Voice{name: name, meter: &audio.Meter{}}
	if play != "" {
		var err error
		if v.clip, err = readClip(play); err != nil {
			return nil, fmt.Errorf("playing for %s: %w", name, err)
		}
	}
	v.recognizer = audio.NewRecognizer(func(h audio.Hearing) {
		if v.heard != nil {
			v.heard(h.ID)
		}
	})
	if record != "" {
		f, err := os.Create(record)
		if err != nil {
			return nil, fmt.Errorf("recording what %s hears: %w; choose a file that can be written", name, err)
		}
		if v.record, err = audio.NewWAVWriter(f); err != nil {
			_ = f.Close()
			return nil, fmt.Errorf("recording what %s hears: %w", name, err)
		}
		v.file = f
	}
	return v, nil
}

// Open returns the microphone and the loudspeaker for one media session.
func (v *Voice) Open(media.Config) (audio.Source, audio.Sink, error) {
	if v.clip != nil {
		return v.clip.Source(true), ear{v}, nil
	}
	return audio.NewSignature(audio.SignatureOf(v.name)), ear{v}, nil
}

// ear is the loudspeaker of one session. Unlike the voice it is no io.Closer, for the voice outlives the session.
type ear struct{ voice *Voice }

// Write hears a frame.
func (e ear) Write(frame []int16) { e.voice.hear(frame) }

func readClip(file string) (audio.Clip, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	clip, err := audio.ReadWAV(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return clip, nil
}

func (v *Voice) hear(frame []int16) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.recognizer.Write(frame)
	v.meter.Write(frame)
	v.last = time.Now()
	if v.record != nil {
		v.record.Write(frame)
	}
}

// Level is how loud it is now, 0 to 1. Where no audio runs it is silent.
func (v *Voice) Level() float64 {
	v.mu.Lock()
	defer v.mu.Unlock()
	if time.Since(v.last) > 150*time.Millisecond {
		return 0
	}
	return v.meter.Level()
}

// Hears reports whether the signature of name is what it hears now.
func (v *Voice) Hears(name string) bool {
	h, ok := v.recognizer.Heard()
	return ok && h.ID == audio.SignatureOf(name) && v.Level() > audio.SilenceLevel
}

// OnHeard sets who is told, from the media's goroutine, when a signature begins to be heard.
func (v *Voice) OnHeard(f func(signature int)) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.heard = f
}

// Reset forgets what was heard.
func (v *Voice) Reset() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.recognizer.Reset()
	v.meter.Reset()
}

// Close finishes the recording.
func (v *Voice) Close() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.record == nil {
		return nil
	}
	err := v.record.Close()
	if e := v.file.Close(); err == nil {
		err = e
	}
	v.record = nil
	return err
}
