package webrtc

import (
	"sync"
	"time"

	"github.com/ringtrip/ringtrip/media/audio"
)

// A playout turns the far end's packets into sound, 20 ms at a time: jitter buffer, decoder, concealment.
// push may be called beside pull.
type playout struct {
	mu      sync.Mutex // guards buffer and fresh
	buffer  jitterBuffer
	fresh   bool // nothing of what was decoded counts any more
	packet  [maxPacket + 256]byte
	codec   Codec
	decoded [maxDecoded + frameTicks]int16
	n       int  // samples in decoded
	spoken  bool // they are of a packet
	fade    [frameTicks]int16
}

// push takes a packet that arrived at the time now. What is no Opus packet is not kept.
func (p *playout) push(ts uint32, payload []byte, now time.Duration) {
	ticks := packetTicks(payload)
	if ticks == 0 || len(payload) > len(p.packet) {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.buffer.push(ts, ticks, payload, now)
}

// packetTicks returns the duration of an Opus packet in RTP ticks, 0 if it is none (RFC 6716 §3.1).
func packetTicks(b []byte) uint32 {
	if len(b) == 0 {
		return 0
	}
	config, ticks := b[0]>>3, uint32(0)
	switch {
	case config < 12: // SILK: 10, 20, 40, 60 ms
		ticks = [4]uint32{480, 960, 1920, 2880}[config&3]
	case config < 16: // hybrid: 10, 20 ms
		ticks = [2]uint32{480, 960}[config&1]
	default: // CELT: 2.5, 5, 10, 20 ms
		ticks = 120 << (config & 3)
	}
	switch b[0] & 3 {
	case 1, 2:
		ticks *= 2
	case 3:
		if len(b) < 2 {
			return 0
		}
		ticks *= uint32(b[1] & 63)
	}
	if ticks > maxDecoded {
		return 0
	}
	return ticks
}

// reset forgets everything that is buffered.
func (p *playout) reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.buffer.clear()
	p.fresh = true
}

// begin lets pull follow a reset.
func (p *playout) begin() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fresh {
		p.fresh, p.n, p.spoken = false, 0, false
	}
}

// due returns what is due, with the packet copied to p.packet.
func (p *playout) due() (due, []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	what, payload := p.buffer.pull()
	if payload == nil {
		return what, nil
	}
	return what, p.packet[:copy(p.packet[:], payload)]
}

// pull fills frame, of 960 samples, with the next 20 ms. It returns true if some of it was decoded from what
// the far end said, and is not just concealment.
func (p *playout) pull(frame []int16) (said bool) {
	p.begin()
	said = p.n > 0 && p.spoken
	for p.n < len(frame) {
		what, payload := p.due()
		if what == dueSkip {
			n := p.decode(payload)
			copy(p.fade[:], p.decoded[p.n:p.n+n])
			faded := min(n, len(p.fade))
			if what, payload = p.due(); what == duePacket || what == dueSkip {
				n = p.decode(payload)
				crossfade(p.decoded[p.n:p.n+n], p.fade[:faded])
			}
			p.n, said = p.n+n, true
			continue
		}
		rest := p.decoded[p.n : p.n+frameTicks]
		switch what {
		case duePacket:
			p.n, said = p.n+p.decode(payload), true
		case dueLost:
			p.recover(payload, rest)
			p.n += len(rest)
		case dueConceal:
			p.conceal(rest)
			p.n += len(rest)
		case dueSilence, dueSkip:
			clear(rest)
			p.n += len(rest)
		}
	}
	copy(frame, p.decoded[:p.n])
	p.n = copy(p.decoded[:], p.decoded[len(frame):p.n])
	p.spoken = said
	return said
}

// crossfade fades from from into to.
func crossfade(to, from []int16) {
	n := min(len(to), len(from))
	for i := range n {
		to[i] = int16((int(from[i])*(n-i) + int(to[i])*i) / n)
	}
}

// decode appends what payload says to decoded and returns its length; a broken packet is concealed.
func (p *playout) decode(payload []byte) int {
	n, err := p.codec.Decode(payload, p.decoded[p.n:])
	if err != nil || n <= 0 {
		p.conceal(p.decoded[p.n : p.n+frameTicks])
		return frameTicks
	}
	return n
}

// recover makes a lost frame from what the next packet repeats of it.
func (p *playout) recover(next []byte, frame []int16) {
	if c, ok := p.codec.(RecoveringCodec); ok && next != nil {
		if n, err := c.DecodeFEC(next, frame); err == nil && n == len(frame) {
			return
		}
	}
	p.conceal(frame)
}

func (p *playout) conceal(frame []int16) {
	if n, err := p.codec.Decode(nil, frame); err != nil || n != len(frame) {
		clear(frame)
	}
}

// silent tells whether frame is below the level that counts as sound.
func silent(frame []int16) bool { return audio.Level(frame) < audio.SilenceLevel }
