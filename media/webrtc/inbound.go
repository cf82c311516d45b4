package webrtc

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtp"
	pion "github.com/pion/webrtc/v4"

	"github.com/ringtrip/ringtrip/media"
)

// inbound is what comes from the far end: its goroutines and its counters.
type inbound struct {
	mu     sync.Mutex // guards closed against wg
	closed bool
	wg     sync.WaitGroup
	ssrc   atomic.Uint32 // of the newest stream
	count  counters
}

// run runs f on a goroutine that wait waits for.
func (in *inbound) run(f func()) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if !in.closed {
		in.wg.Go(f)
	}
}

func (in *inbound) wait() {
	in.mu.Lock()
	in.closed = true
	in.mu.Unlock()
	in.wg.Wait()
}

// listen reads one stream of the far end until it ends. Sound is only kept while audio runs; telephone
// events come in the same stream with a payload type of their own, and count always.
func (s *Session) listen(t *pion.TrackRemote) {
	if t.Kind() != pion.RTPCodecTypeAudio {
		return
	}
	ssrc := uint32(t.SSRC())
	s.in.ssrc.Store(ssrc)
	s.play.reset()
	s.in.count.begin()
	var keys dtmfReceiver
	kinds := map[uint8]string{}
	buf := make([]byte, 1500)
	var p rtp.Packet
	for {
		n, _, err := t.Read(buf)
		switch {
		case errors.Is(err, pion.ErrCodecNotFound):
			continue // a payload type nobody agreed on
		case err != nil:
			return
		}
		if p.Unmarshal(buf[:n]) != nil || s.in.ssrc.Load() != ssrc {
			continue
		}
		now := uptime()
		mime, known := kinds[p.PayloadType]
		if !known {
			mime = t.Codec().MimeType // pion has just set it to this packet's
			kinds[p.PayloadType] = mime
		}
		event := strings.EqualFold(mime, mimeEvent)
		s.in.count.note(p.SequenceNumber, p.Timestamp, n, event, now)
		switch {
		case event:
			if key, ok := keys.receive(p.Timestamp, p.Marker, p.Payload); ok && !s.pump.held.Load() {
				s.notify(media.Event{Kind: media.DTMF, Digit: key})
			}
		case s.pump.listening.Load():
			s.play.push(p.Timestamp, p.Payload, now)
		}
	}
}

// counters are the receiver's statistics of RFC 3550 §6.4.1 and appendix A.
type counters struct {
	mu       sync.Mutex
	packets  uint64
	bytes    uint64
	lost     uint64 // of streams before this one
	first    uint16
	highest  uint64 // extended sequence number
	received uint64 // of this stream
	any      bool
	sound    bool
	transit  time.Duration
	jitter   time.Duration
	ticks    int64
	ts       uint32
}

// begin begins a new stream.
func (c *counters) begin() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lost = c.losses()
	c.any, c.sound, c.received, c.highest = false, false, 0, 0
}

func (c *counters) note(seq uint16, ts uint32, size int, event bool, now time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.packets++
	c.bytes += uint64(size)
	c.received++
	if !c.any {
		c.any, c.first, c.highest = true, seq, uint64(seq)
	}
	if ahead := int16(seq - uint16(c.highest)); ahead > 0 {
		c.highest += uint64(ahead)
	}
	if event {
		return // its timestamps stand still
	}
	if !c.sound {
		c.sound, c.ts, c.ticks, c.transit = true, ts, 0, now
		return
	}
	c.ticks += int64(int32(ts - c.ts))
	c.ts = ts
	transit := now - time.Duration(c.ticks)*time.Second/48000
	c.jitter += ((transit - c.transit).Abs() - c.jitter) / 16
	c.transit = transit
}

// losses returns what is missing in all streams. c.mu must be held.
func (c *counters) losses() uint64 {
	if !c.any {
		return c.lost
	}
	expected := c.highest - uint64(c.first) + 1
	if expected <= c.received { // doubled packets
		return c.lost
	}
	return c.lost + expected - c.received
}

// Stats implements media.Session. Packets and bytes are of RTP, with its headers.
func (s *Session) Stats() media.Stats {
	var st media.Stats
	st.PacketsSent, st.BytesSent = s.track.sent()
	c := &s.in.count
	c.mu.Lock()
	st.PacketsReceived, st.BytesReceived, st.PacketsLost, st.Jitter = c.packets, c.bytes, c.losses(), c.jitter
	c.mu.Unlock()
	st.AudioLevel = s.pump.meter.Level()
	s.mu.Lock()
	pc := s.pc
	s.mu.Unlock()
	if pc == nil || !s.transport.connected() { // before, pion may still be setting it up
		return st
	}
	path := pc.SCTP().Transport().ICETransport()
	if pair, err := path.GetSelectedCandidatePair(); err == nil && pair != nil {
		st.LocalCandidate, st.RemoteCandidate = pair.Local.String(), pair.Remote.String()
	}
	if pair, ok := path.GetSelectedCandidatePairStats(); ok {
		st.RoundTrip = time.Duration(pair.CurrentRoundTripTime * float64(time.Second))
	}
	return st
}
