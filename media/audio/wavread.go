package audio

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Bounds of what [ReadWAV] takes.
const (
	MaxWAVSeconds = 600
	minWAVRate    = 4000
	maxWAVRate    = 192000
)

// ErrBadWAV is wrapped by what [ReadWAV] returns for a file that it can't read.
var ErrBadWAV = errors.New("audio: bad WAV file")

// A Clip is sound in memory, 48 kHz mono.
type Clip []int16

// format is the fmt chunk of a WAV file.
type format struct {
	tag, channels, bits int
	rate                int
	align               int
}

// ReadWAV reads a WAV file (RIFF/WAVE) of 8, 16, 24 or 32-bit PCM, mono or stereo (mixed to mono), at 4 to
// 192 kHz, and resamples it to 48 kHz. A file that was cut short, or whose data chunk has the length 0 or
// 0xFFFFFFFF as recorders leave it when they are killed, is read as far as it goes. What is longer than
// [MaxWAVSeconds] is refused, and so is everything else, with an error that wraps [ErrBadWAV].
func ReadWAV(r io.Reader) (Clip, error) {
	var head [12]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, bad(err, "it ends within its first 12 bytes")
	}
	if string(head[:4]) != "RIFF" || string(head[8:]) != "WAVE" {
		return nil, fmt.Errorf("%w: it does not begin with RIFF … WAVE; convert it with: ffmpeg -i IN -ac 1 -ar 48000 OUT.wav", ErrBadWAV)
	}
	var f format
	for chunks := 0; chunks < 1000; chunks++ {
		var c [8]byte
		if _, err := io.ReadFull(r, c[:]); err != nil {
			return nil, bad(err, "it has no data chunk")
		}
		size := int64(binary.LittleEndian.Uint32(c[4:]))
		switch string(c[:4]) {
		case "fmt ":
			var err error
			if f, err = readFormat(r, size); err != nil {
				return nil, err
			}
		case "data":
			if f.rate == 0 {
				return nil, fmt.Errorf("%w: its data chunk comes before its fmt chunk", ErrBadWAV)
			}
			return readData(r, size, f)
		default:
			if _, err := io.CopyN(io.Discard, r, size+size&1); err != nil {
				return nil, bad(err, "it ends within a chunk")
			}
		}
	}
	return nil, fmt.Errorf("%w: it has 1000 chunks and still no data", ErrBadWAV)
}

// bad tells a short file from one that can't be read.
func bad(err error, short string) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: %s", ErrBadWAV, short)
	}
	return fmt.Errorf("reading WAV file: %w", err)
}

func readFormat(r io.Reader, size int64) (format, error) {
	if size < 16 || size > 4096 {
		return format{}, fmt.Errorf("%w: its fmt chunk has %d bytes", ErrBadWAV, size)
	}
	b := make([]byte, size+size&1)
	if _, err := io.ReadFull(r, b); err != nil {
		return format{}, bad(err, "it ends within its fmt chunk")
	}
	u16 := func(at int) int { return int(binary.LittleEndian.Uint16(b[at:])) }
	f := format{tag: u16(0), channels: u16(2), rate: int(binary.LittleEndian.Uint32(b[4:])), align: u16(12), bits: u16(14)}
	if f.tag == 0xFFFE && size >= 26 { // WAVE_FORMAT_EXTENSIBLE: the sub-format begins with the tag
		f.tag = u16(24)
	}
	switch {
	case f.tag != 1:
		return f, fmt.Errorf("%w: its format tag is %d; only PCM (1) can be read", ErrBadWAV, f.tag)
	case f.channels != 1 && f.channels != 2:
		return f, fmt.Errorf("%w: it has %d channels; only mono and stereo can be read", ErrBadWAV, f.channels)
	case f.bits != 8 && f.bits != 16 && f.bits != 24 && f.bits != 32:
		return f, fmt.Errorf("%w: it has %d bits a sample; only 8, 16, 24 and 32 can be read", ErrBadWAV, f.bits)
	case f.rate < minWAVRate || f.rate > maxWAVRate:
		return f, fmt.Errorf("%w: it has %d samples a second; only %d to %d can be read", ErrBadWAV, f.rate, minWAVRate, maxWAVRate)
	case f.align != f.channels*f.bits/8:
		return f, fmt.Errorf("%w: its block is %d bytes, %d channels of %d bits are %d", ErrBadWAV, f.align, f.channels, f.bits, f.channels*f.bits/8)
	}
	return f, nil
}

// readData reads at most size bytes, or all there are if size is unknown, without trusting size.
func readData(r io.Reader, size int64, f format) (Clip, error) {
	if size == 0 || size == 0xFFFFFFFF {
		size = 1 << 62
	}
	most := int64(MaxWAVSeconds * f.rate * f.align)
	data, err := io.ReadAll(io.LimitReader(r, min(size, most+1)))
	if err != nil {
		return nil, fmt.Errorf("reading WAV file: %w", err)
	}
	if int64(len(data)) > most {
		return nil, fmt.Errorf("%w: it is longer than %d seconds", ErrBadWAV, MaxWAVSeconds)
	}
	mono := make([]int16, len(data)/f.align)
	width := f.bits / 8
	for i := range mono {
		sum := 0
		for c := range f.channels {
			sum += pcm16(data[i*f.align+c*width:], width)
		}
		mono[i] = int16(sum / f.channels)
	}
	return resample(mono, f.rate), nil
}

// pcm16 returns one sample of width bytes, cut to 16 bits. 8-bit WAV samples are unsigned.
func pcm16(b []byte, width int) int {
	if width == 1 {
		return (int(b[0]) - 128) << 8
	}
	return int(int16(binary.LittleEndian.Uint16(b[width-2:])))
}

// Source returns a Source that plays c once, then silence, or again and again.
func (c Clip) Source(loop bool) Source { return &clipSource{c, 0, loop && len(c) > 0} }

type clipSource struct {
	clip Clip
	at   int
	loop bool
}

// Read plays on.
func (s *clipSource) Read(frame []int16) {
	for len(frame) > 0 {
		n := copy(frame, s.clip[s.at:])
		frame, s.at = frame[n:], s.at+n
		if s.at < len(s.clip) {
			return // the frame is full
		}
		if !s.loop {
			clear(frame)
			return
		}
		s.at = 0
	}
}
