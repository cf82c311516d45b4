package audio

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// wav makes a WAV file of a 1 kHz tone of amplitude 0.5.
func wav(rate, bits, channels int, d time.Duration, extensible bool) []byte {
	n := int(d * time.Duration(rate) / time.Second)
	var data []byte
	for i := range n {
		x := 0.5 * math.Sin(2*math.Pi*1000*float64(i)/float64(rate))
		for range channels {
			switch bits {
			case 8:
				data = append(data, byte(128+127*x))
			case 16:
				data = binary.LittleEndian.AppendUint16(data, uint16(int16(32767*x)))
			case 24:
				v := uint32(int32(8388607 * x))
				data = append(data, byte(v), byte(v>>8), byte(v>>16))
			case 32:
				data = binary.LittleEndian.AppendUint32(data, uint32(int32(2147483647*x)))
			}
		}
	}
	le := binary.LittleEndian
	tag, extra := uint16(1), []byte(nil)
	if extensible {
		tag = 0xFFFE
		extra = append([]byte{22, 0, byte(bits), 0, 0, 0, 0, 0, 1, 0}, make([]byte, 14)...)
	}
	b := le.AppendUint32([]byte("RIFF"), uint32(len(data)+60+len(extra)))
	b = append(b, "WAVELIST"...)
	b = append(le.AppendUint32(b, 3), "abc\x00fmt "...) // an odd chunk before, with its pad byte
	b = le.AppendUint32(b, uint32(16+len(extra)))
	b = le.AppendUint16(b, tag)
	b = le.AppendUint16(b, uint16(channels))
	b = le.AppendUint32(b, uint32(rate))
	b = le.AppendUint32(b, uint32(rate*channels*bits/8))
	b = le.AppendUint16(b, uint16(channels*bits/8))
	b = le.AppendUint16(b, uint16(bits))
	b = append(append(b, extra...), "data"...)
	return append(le.AppendUint32(b, uint32(len(data))), data...)
}

func TestReadWAV(t *testing.T) {
	for _, rate := range []int{8000, 11025, 16000, 22050, 24000, 32000, 44100, 48000, 96000, 192000} {
		for _, bits := range []int{8, 16, 24, 32} {
			for channels := 1; channels <= 2; channels++ {
				clip, err := ReadWAV(bytes.NewReader(wav(rate, bits, channels, time.Second, channels == 2)))
				if err != nil || len(clip) != Rate {
					t.Fatalf("%d Hz, %d bits, %d channels: %d samples, %v", rate, bits, channels, len(clip), err)
				}
				middle := clip[Rate/10 : Rate*9/10]
				tone, level := tonePower(middle, 1000), Level(middle)
				if math.Abs(tone-0.5) > 0.01 || math.Abs(level-0.5/math.Sqrt2) > 0.01 {
					t.Errorf("%d Hz, %d bits, %d channels: tone %.3f, level %.3f", rate, bits, channels, tone, level)
				}
			}
		}
	}
}

// TestReadWAVKeepsOutAliases: what 48 kHz can't carry must not come back as another tone.
func TestReadWAVKeepsOutAliases(t *testing.T) {
	in := make([]int16, 96000)
	for i := range in {
		in[i] = clip(16000 * math.Sin(2*math.Pi*30000*float64(i)/96000))
	}
	if l := Level(resample(in, 96000)[Rate/10 : Rate*9/10]); l > 0.003 {
		t.Errorf("30 kHz at 96 kHz comes through with level %v", l)
	}
}

func TestReadWAVRefuses(t *testing.T) {
	good := wav(8000, 16, 1, time.Second/10, false)
	change := func(at int, b ...byte) []byte {
		c := bytes.Clone(good)
		copy(c[at:], b)
		return c
	}
	for name, b := range map[string][]byte{
		"empty": nil, "not RIFF": []byte("ID3\x03 this is an MP3 file"), "no data chunk": good[:50], "mp3 in WAV": change(32, 0x55),
		"6 channels": change(34, 6), "1 Hz": change(36, 1, 0), "12 bits": change(46, 12), "wrong block": change(44, 7), "data first": append(good[:12:12], good[48:]...),
	} {
		if _, err := ReadWAV(bytes.NewReader(b)); !errors.Is(err, ErrBadWAV) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// A file that says it is endless, and is.
	endless := io.MultiReader(bytes.NewReader(append(good[:52:52], 0xff, 0xff, 0xff, 0xff)), zeros{})
	if _, err := ReadWAV(endless); !errors.Is(err, ErrBadWAV) {
		t.Errorf("endless: %v", err)
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

func TestClipSource(t *testing.T) {
	c := Clip{1, 2, 3}
	frame := make([]int16, 8)
	c.Source(true).Read(frame)
	if fmt.Sprint(frame) != "[1 2 3 1 2 3 1 2]" {
		t.Error(frame)
	}
	once := c.Source(false)
	once.Read(frame)
	once.Read(frame[:2])
	if fmt.Sprint(frame) != "[0 0 3 0 0 0 0 0]" {
		t.Error(frame)
	}
	Clip(nil).Source(true).Read(frame)
}

// TestWAVWriterSurvivesAKill reads the file while it is being written, as after a kill.
func TestWAVWriterSurvivesAKill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "call.wav")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w, err := NewWAVWriter(f)
	if err != nil {
		t.Fatal(err)
	}
	read := func() Clip {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if size := int(binary.LittleEndian.Uint32(b[40:])); size != len(b)-44 {
			t.Errorf("the header says %d, there are %d", size, len(b)-44)
		}
		c, err := ReadWAV(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	src, frame := NewSignature(42), make([]int16, FrameSize)
	if n := len(read()); n != 0 {
		t.Errorf("%d samples at the start", n)
	}
	for range 125 {
		src.Read(frame)
		w.Write(frame)
	}
	if h, ok := hear(read()).Heard(); len(read()) != 2*Rate || !ok || h.ID != 42 {
		t.Errorf("killed: %d samples, heard %+v", len(read()), h)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	w.Write(frame)
	if n := len(read()); n != 125*FrameSize || w.Close() != nil {
		t.Errorf("closed: %d samples", n)
	}
}

type fullDisk struct{ io.WriteSeeker }

func (fullDisk) Write(b []byte) (int, error) {
	if len(b) == wavHeader {
		return len(b), nil
	}
	return 0, errors.New("disk full")
}

func TestWAVWriterTellsOfAFullDisk(t *testing.T) {
	w, err := NewWAVWriter(fullDisk{})
	if err != nil {
		t.Fatal(err)
	}
	w.Write(make([]int16, 2*Rate))
	w.Write(make([]int16, 2*Rate))
	if err := w.Close(); err == nil {
		t.Error("the error is lost")
	}
}

func FuzzReadWAV(f *testing.F) {
	f.Add(wav(8000, 16, 1, time.Millisecond*5, false))
	f.Add(wav(44100, 24, 2, time.Millisecond*5, true))
	f.Add([]byte("RIFF\xff\xff\xff\xffWAVEdata"))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := ReadWAV(bytes.NewReader(b))
		if err != nil && !errors.Is(err, ErrBadWAV) {
			t.Errorf("an error of no kind: %v", err)
		}
		if len(c) > 12*len(b)+Rate/1000 {
			t.Errorf("%d bytes became %d samples", len(b), len(c))
		}
	})
}
