package webrtc

import (
	"errors"
	"strings"
	"sync"

	"github.com/pion/rtp"
	pion "github.com/pion/webrtc/v4"
)

// A track is what a session sends: one RTP stream with Opus and telephone events in it.
type track struct {
	mu        sync.Mutex
	out       pion.TrackLocalWriter // nil while nothing can be sent
	id        string                // of the binding
	ssrc      uint32
	opus      uint8
	event     uint8 // 0 if the far end takes no telephone events
	eventRate uint32
	seq       uint16
	packets   uint64
	bytes     uint64
}

var _ pion.TrackLocal = (*track)(nil)

func (*track) ID() string              { return "audio" }
func (*track) RID() string             { return "" }
func (*track) StreamID() string        { return "call" }
func (*track) Kind() pion.RTPCodecType { return pion.RTPCodecTypeAudio }

// Bind implements pion.TrackLocal: the codecs are agreed.
func (t *track) Bind(ctx pion.TrackLocalContext) (pion.RTPCodecParameters, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var chosen pion.RTPCodecParameters
	t.event = 0
	for _, c := range ctx.CodecParameters() {
		switch {
		case strings.EqualFold(c.MimeType, pion.MimeTypeOpus):
			if chosen.MimeType == "" {
				chosen = c
			}
		case strings.EqualFold(c.MimeType, mimeEvent):
			// The audio's own clock is the better one (RFC 4733 §2.1), but anything is better than nothing.
			if t.event == 0 || c.ClockRate == 48000 {
				t.event, t.eventRate = uint8(c.PayloadType), c.ClockRate
			}
		}
	}
	if chosen.MimeType == "" {
		return chosen, errors.New("webrtc: the far end does not take Opus")
	}
	t.out, t.id = ctx.WriteStream(), ctx.ID()
	t.ssrc, t.opus = uint32(ctx.SSRC()), uint8(chosen.PayloadType)
	return chosen, nil
}

// Unbind implements pion.TrackLocal.
func (t *track) Unbind(ctx pion.TrackLocalContext) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.id == ctx.ID() {
		t.out = nil
	}
	return nil
}

// events returns the clock rate of telephone events, 0 if there can be none.
func (t *track) events() uint32 {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.out == nil || t.event == 0 {
		return 0
	}
	return t.eventRate
}

// write sends a packet; what can't be sent is lost, as on any network.
func (t *track) write(event, marker bool, ts uint32, payload []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.out == nil {
		return
	}
	h := rtp.Header{Version: 2, Marker: marker, PayloadType: t.opus, SequenceNumber: t.seq, Timestamp: ts, SSRC: t.ssrc}
	if event {
		h.PayloadType = t.event
	}
	t.seq++
	if n, err := t.out.WriteRTP(&h, payload); err == nil && n > 0 {
		t.packets++
		t.bytes += uint64(n)
	}
}

// sent returns how much was sent.
func (t *track) sent() (packets, bytes uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.packets, t.bytes
}
