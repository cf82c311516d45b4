package webrtc

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/ringtrip/ringtrip/media/audio"
)

// A pump moves sound: each 20 ms a frame from the microphone into the track, and a frame from the far end
// into the loudspeaker; or a telephone event, while keys are played. Its goroutine runs while there is
// something to do. No frame moves after stop has returned.
type pump struct {
	track *track
	play  *playout
	first func() // the first sound of the far end since start; must not block
	meter audio.Meter

	mu      sync.Mutex // guards what follows; held during each tick
	codec   Codec
	source  audio.Source
	sink    audio.Sink
	started bool
	muted   bool
	heard   bool // first was called since start
	keys    dtmfSender
	running bool
	closed  bool
	origin  time.Time // of samples, the pump's clock
	samples uint64    // sent or passed over since origin
	base    uint32    // the RTP timestamp of origin
	marker  bool      // the next packet begins a talkspurt (RFC 3551 §4.1)
	frame   [audio.FrameSize]int16
	packet  [maxPacket]byte

	listening atomic.Bool // started and not held
	held      atomic.Bool
	wg        sync.WaitGroup
}

// maxBehind is how many frames a pump that was not scheduled makes up for; what is more is passed over.
const maxBehind = 5

// start begins to capture and play. source, sink and codec are used from the first start to close.
func (p *pump) start(codec Codec, source audio.Source, sink audio.Sink) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.started || p.closed {
		return
	}
	p.codec, p.source, p.sink = codec, source, sink
	p.play.codec = codec
	p.started, p.heard, p.marker = true, false, true
	p.play.reset()
	p.listening.Store(!p.held.Load())
	p.run()
}

// stop ends capture and playback.
func (p *pump) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.started = false
	p.listening.Store(false)
	p.play.reset()
	p.meter.Reset()
}

func (p *pump) setMuted(muted bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.muted = muted
}

func (p *pump) setHeld(held bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.held.Swap(held) == held {
		return
	}
	p.listening.Store(p.started && !held)
	p.play.reset()
	p.meter.Reset()
	p.marker = true
	if held {
		p.keys = dtmfSender{}
	}
}

// dial queues keys.
func (p *pump) dial(keys []byte) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || len(p.keys.queue)+len(keys) > maxQueued {
		return false
	}
	p.keys.queue = append(p.keys.queue, keys...)
	p.run()
	return true
}

// close stops everything for good and returns when the goroutine is gone.
func (p *pump) close() {
	p.stop()
	p.mu.Lock()
	p.closed, p.keys = true, dtmfSender{}
	p.mu.Unlock()
	p.wg.Wait()
}

// run sees to it that the goroutine runs. p.mu must be held.
func (p *pump) run() {
	if p.running {
		return
	}
	p.running = true
	now := time.Now()
	if p.origin.IsZero() {
		p.origin = now
	}
	// The timestamp goes on as if silence had been sent (RFC 3550 §5.1).
	p.samples = max(p.samples, frames(now.Sub(p.origin))*frameTicks)
	p.wg.Go(p.loop)
}

// frames returns how many frames d holds.
func frames(d time.Duration) uint64 { return uint64(max(d, 0) / audio.FrameDuration) }

// loop ticks at the pump's clock, whatever the timer's delays add up to.
func (p *pump) loop() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for range timer.C {
		wait, ok := p.turn()
		if !ok {
			return
		}
		timer.Reset(wait)
	}
}

// turn does the frames that are due and returns how long it is to the next one.
func (p *pump) turn() (time.Duration, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := frames(time.Since(p.origin))
	if done := p.samples / frameTicks; now > done+maxBehind {
		p.samples = now * frameTicks
		p.marker = true
	}
	for p.samples/frameTicks <= now {
		if p.closed || !p.started && !p.keys.busy() {
			p.running = false
			return 0, false
		}
		p.tick()
		p.samples += frameTicks
	}
	next := p.origin.Add(time.Duration(p.samples/frameTicks) * audio.FrameDuration)
	return time.Until(next), true
}

// tick does one frame.
func (p *pump) tick() {
	if p.listening.Load() {
		p.source.Read(p.frame[:])
	}
	if !p.key() && p.listening.Load() {
		p.speak()
	}
	if p.listening.Load() {
		said := p.play.pull(p.frame[:])
		p.sink.Write(p.frame[:])
		p.meter.Write(p.frame[:])
		if said && !p.heard && !silent(p.frame[:]) {
			p.heard = true
			p.first()
		}
	}
}

// speak sends p.frame.
func (p *pump) speak() {
	if p.muted {
		clear(p.frame[:])
	}
	n, err := p.codec.Encode(p.frame[:], p.packet[:])
	if err != nil || n == 0 {
		return // nothing to send is a lost packet to the far end
	}
	p.track.write(false, p.marker, p.base+uint32(p.samples), p.packet[:n])
	p.marker = false
}

// key sends a telephone event in place of sound, if keys are played.
func (p *pump) key() bool {
	if !p.keys.busy() {
		return false
	}
	rate := p.track.events()
	if rate == 0 { // the connection is lost: so are the keys
		p.keys = dtmfSender{}
		return false
	}
	ticks := uint32(audio.Rate) / rate // of ours in one of theirs
	e, at, marker, ok := p.keys.next(uint32((uint64(p.base)+p.samples)/uint64(ticks)), rate)
	if ok {
		p.track.write(true, marker, at, e.append(p.packet[:0]))
	}
	p.marker = true
	return true
}
