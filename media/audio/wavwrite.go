package audio

import (
	"encoding/binary"
	"fmt"
	"io"
	"sync"
)

// A WAVWriter is a Sink that records to a WAV file, 48 kHz mono 16 bit. The header's sizes are brought up to
// date with each second of sound, so that the file can be played even if the process is killed. It stops at
// the 4 GB that the format can hold (12 hours). It is safe for concurrent use.
type WAVWriter struct {
	mu     sync.Mutex
	w      io.WriteSeeker
	buf    []byte // not yet written
	size   int64  // of the data written
	err    error
	closed bool
}

const (
	wavHeader = 44
	maxWAV    = 1<<32 - 1 - wavHeader - Rate*2
)

// NewWAVWriter writes the header to w, which must be empty and at its beginning, and returns the writer.
// Close ends the recording, but does not close w.
func NewWAVWriter(w io.WriteSeeker) (*WAVWriter, error) {
	if _, err := w.Write(header(0)); err != nil {
		return nil, fmt.Errorf("writing WAV header: %w", err)
	}
	return &WAVWriter{w: w, buf: make([]byte, 0, Rate*2)}, nil
}

func header(size int64) []byte {
	b := make([]byte, 0, wavHeader)
	b = append(b, "RIFF"...)
	b = binary.LittleEndian.AppendUint32(b, uint32(size+wavHeader-8))
	b = append(b, "WAVEfmt "...)
	b = binary.LittleEndian.AppendUint32(b, 16)
	b = binary.LittleEndian.AppendUint16(b, 1) // PCM
	b = binary.LittleEndian.AppendUint16(b, 1) // mono
	b = binary.LittleEndian.AppendUint32(b, Rate)
	b = binary.LittleEndian.AppendUint32(b, Rate*2)
	b = binary.LittleEndian.AppendUint16(b, 2)
	b = binary.LittleEndian.AppendUint16(b, 16)
	b = append(b, "data"...)
	return binary.LittleEndian.AppendUint32(b, uint32(size))
}

// Write records frame. An error of the file ends the recording; Close returns it.
func (w *WAVWriter) Write(frame []int16) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed || w.err != nil || w.size+int64(len(w.buf)) >= maxWAV {
		return
	}
	for _, s := range frame {
		w.buf = binary.LittleEndian.AppendUint16(w.buf, uint16(s))
	}
	if len(w.buf) >= Rate*2 {
		w.flush()
	}
}

// flush writes what is buffered, and then the sizes: a kill in between leaves a header that is a second short.
func (w *WAVWriter) flush() {
	n, err := w.w.Write(w.buf)
	w.size += int64(n)
	w.buf = w.buf[:0]
	if err == nil {
		err = w.patch()
	}
	w.err = err
}

func (w *WAVWriter) patch() error {
	if _, err := w.w.Seek(0, io.SeekStart); err != nil {
		return err
	}
	if _, err := w.w.Write(header(w.size)); err != nil {
		return err
	}
	_, err := w.w.Seek(0, io.SeekEnd)
	return err
}

// Close writes the rest and returns the first error of the recording. Closing again does nothing.
func (w *WAVWriter) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return nil
	}
	w.closed = true
	if w.err == nil {
		w.flush()
	}
	if w.err != nil {
		return fmt.Errorf("recording WAV file: %w", w.err)
	}
	return nil
}
