package webrtc

import (
	"fmt"

	"github.com/tphakala/go-opus/opus"

	"github.com/ringtrip/ringtrip/media/audio"
)

// A Codec is one direction of Opus each way, 48 kHz mono. A session makes one of its own and calls it from
// one goroutine at a time.
type Codec interface {
	// Encode encodes a frame of 960 samples and returns the number of bytes written to packet.
	Encode(frame []int16, packet []byte) (int, error)
	// Decode decodes a packet and returns the number of samples written to frame, at most 5760. A nil packet
	// was lost: Decode conceals len(frame) samples.
	Decode(packet []byte, frame []int16) (int, error)
}

// A RecoveringCodec can also decode a lost frame from what the packet after it repeats of it (in-band FEC,
// RFC 6716 §2.1.7). Without such repetition it conceals.
type RecoveringCodec interface {
	Codec
	DecodeFEC(next []byte, frame []int16) (int, error)
}

// What the encoder is set to: transparent for a voice, and a third of a millisecond of work at most.
const (
	bitrate    = 32000
	complexity = 5
	maxPacket  = 1276 // RFC 6716 §3.4: the largest Opus frame and its TOC byte
	maxDecoded = 5760 // 120 ms
)

// opusCodec is tphakala/go-opus: all of the decoder, and the CELT encoder.
type opusCodec struct {
	enc *opus.Encoder
	dec *opus.Decoder
}

var _ RecoveringCodec = (*opusCodec)(nil)

// NewOpus returns the codec that sessions use by default.
func NewOpus() (Codec, error) {
	enc, err := opus.NewEncoder(opus.EncoderConfig{
		SampleRate: audio.Rate, Channels: 1, Bitrate: bitrate, ConstrainedVBR: true, Complexity: complexity,
	})
	if err != nil {
		return nil, fmt.Errorf("making an Opus encoder: %w", err)
	}
	dec, err := opus.NewDecoder(audio.Rate, 1)
	if err != nil {
		return nil, fmt.Errorf("making an Opus decoder: %w", err)
	}
	return &opusCodec{enc, dec}, nil
}

func (c *opusCodec) Encode(frame []int16, packet []byte) (int, error) {
	return c.enc.Encode(frame, packet)
}

func (c *opusCodec) Decode(packet []byte, frame []int16) (int, error) {
	return c.dec.Decode(packet, frame)
}

func (c *opusCodec) DecodeFEC(next []byte, frame []int16) (int, error) {
	return c.dec.DecodeFEC(next, frame)
}
