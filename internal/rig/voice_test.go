package rig

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/ringtrip/ringtrip/media"
	"github.com/ringtrip/ringtrip/media/audio"
)

// TestVoicePlaysAndRecords sends a voice from a file through a voice that records: what comes out is what went in.
func TestVoicePlaysAndRecords(t *testing.T) {
	dir := t.TempDir()
	said, heard := filepath.Join(dir, "said.wav"), filepath.Join(dir, "heard.wav")
	write(t, said, audio.NewSignature(audio.SignatureOf("somebody")), 150)

	speaker, err := NewVoice("speaker", said, "")
	if err != nil {
		t.Fatal(err)
	}
	listener, err := NewVoice("listener", "", heard)
	if err != nil {
		t.Fatal(err)
	}
	source, _, err := speaker.Open(media.Config{})
	if err != nil {
		t.Fatal(err)
	}
	_, sink, err := listener.Open(media.Config{})
	if err != nil {
		t.Fatal(err)
	}
	frame := make([]int16, audio.FrameSize)
	for range 300 { // longer than the file, which is played over and over
		source.Read(frame)
		sink.Write(frame)
	}
	if !listener.Hears("somebody") {
		t.Error("the listener does not hear what the file says")
	}
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(heard)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	clip, err := audio.ReadWAV(f)
	if err != nil {
		t.Fatal(err)
	}
	r := audio.NewRecognizer(nil)
	r.Write(clip)
	if h, ok := r.Heard(); !ok || h.ID != audio.SignatureOf("somebody") || len(clip) != 300*len(frame) {
		t.Errorf("the recording of %d samples has %+v (%v)", len(clip), h, ok)
	}
}

func write(t *testing.T, name string, source audio.Source, frames int) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w, err := audio.NewWAVWriter(f)
	if err != nil {
		t.Fatal(err)
	}
	frame := make([]int16, audio.FrameSize)
	for range frames {
		source.Read(frame)
		w.Write(frame)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}
