package webrtc

import (
	"errors"
	"testing"

	"github.com/ringtrip/ringtrip/media/audio"
)

// sketch is a codec for tests of everything but the codec: every sixth sample, in 8 bits, behind the TOC byte
// of a 20 ms Opus packet. It costs nothing, so tests keep time on a busy machine under the race detector.
type sketch struct{}

func newSketch() (Codec, error) { return sketch{}, nil }

func (sketch) Encode(frame []int16, packet []byte) (int, error) {
	packet[0] = 31 << 3
	n := 1
	for i := 0; i < len(frame); i += 6 {
		packet[n] = byte(int8(frame[i] >> 6)) // up to a quarter of full scale
		n++
	}
	return n, nil
}

func (sketch) Decode(packet []byte, frame []int16) (int, error) {
	if packet == nil {
		clear(frame)
		return len(frame), nil
	}
	if len(packet) != 1+audio.FrameSize/6 {
		return 0, errors.New("not a packet of ours")
	}
	for i := range audio.FrameSize {
		frame[i] = int16(int8(packet[1+i/6])) << 6
	}
	return audio.FrameSize, nil
}

// TestOpusKeepsLevelAndTime: a packet is 20 ms, a frame comes back as loud as it was, and the rate is what was
// asked for.
func TestOpusKeepsLevelAndTime(t *testing.T) {
	c, err := NewOpus()
	if err != nil {
		t.Fatal(err)
	}
	bytes, level := 0, 0.0
	var out [maxDecoded]int16
	packets := encoded(t, audio.NewTone(500, 0.3), 100)
	for i, p := range packets {
		bytes += len(p)
		n, err := c.Decode(p, out[:])
		if err != nil || n != audio.FrameSize || packetTicks(p) != frameTicks {
			t.Fatalf("packet %d: %d samples, %d ticks, %v", i, n, packetTicks(p), err)
		}
		if i >= 50 {
			level += audio.Level(out[:n]) / 50
		}
	}
	if want := audio.Level(framesOf(audio.NewTone(500, 0.3))); level < want*0.95 || level > want*1.05 {
		t.Errorf("a tone of level %.3f comes back with %.3f", want, level)
	}
	if rate := bytes * 8 / 2; rate > bitrate*5/4 {
		t.Errorf("%d bit/s", rate)
	}
}

func framesOf(src audio.Source) []int16 {
	s := make([]int16, 10*audio.FrameSize)
	src.Read(s)
	return s
}
