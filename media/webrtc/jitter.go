package webrtc

import (
	"slices"
	"time"

	"github.com/ringtrip/ringtrip/media/audio"
)

// Bounds of the jitter buffer.
const (
	frameTicks   = audio.FrameSize // RTP ticks of a frame: Opus always has 48 kHz (RFC 7587 §4.1)
	minTarget    = 1               // frames: 20 ms
	maxTarget    = 10              // 200 ms
	firstTarget  = 2
	maxBuffered  = 100            // packets
	maxJump      = 2 * audio.Rate // a timestamp further ahead than this is a new beginning
	maxConcealed = 5              // frames in a row; what is lost longer is silence
	shrinkWindow = 100            // pulls
	growWindow   = 25
)

// due says what a jitter buffer has for the next 20 ms.
type due uint8

const (
	duePacket  due = iota + 1 // play the packet
	dueSkip                   // decode the packet, but shorten: fade over into the next one at once
	dueLost                   // the packet is lost, a later one is there
	dueConceal                // nothing is there (yet): stretch what was
	dueSilence                // nobody speaks, or too much is lost
)

// A packet is one Opus packet.
type packet struct {
	ts      uint32
	ticks   uint32 // its duration
	payload []byte
}

// A jitterBuffer puts packets back in order and holds them for as long as the network's jitter asks for: the
// target, between 20 and 200 ms, below which 97 % of the packets' delays of the last ten seconds lie. It is
// a pure state machine: time is an argument, and what it returns is what it was given.
//
// It grows by stretching (the decoder conceals) when it runs dry or lies below the target, and shrinks by
// skipping a frame when it lay above the target for two seconds. It is not safe for concurrent use.
type jitterBuffer struct {
	packets []packet // ordered by timestamp
	free    [][]byte

	playing   bool
	next      uint32 // the timestamp that is due
	filled    int    // pulls for which something waited to be played
	concealed int    // frames in a row

	delays delays
	levels levels

	late, lost, skipped, stretched uint64
}

// push takes a packet that arrived at the time now.
func (j *jitterBuffer) push(ts, ticks uint32, payload []byte, now time.Duration) {
	j.delays.note(ts, now)
	if j.playing {
		switch ahead := int32(ts - j.next); {
		case ahead > maxJump || ahead < -maxJump:
			j.clear()
			j.delays = delays{}
			j.delays.note(ts, now)
		case ahead < 0:
			j.late++
			return
		}
	} else if len(j.packets) > 0 {
		if ahead := int32(ts - j.packets[0].ts); ahead > maxJump || ahead < -maxJump {
			j.clear()
		}
	}
	at, there := slices.BinarySearchFunc(j.packets, ts, func(p packet, ts uint32) int { return int(int32(p.ts - ts)) })
	if there {
		return
	}
	var buf []byte
	if n := len(j.free); n > 0 {
		buf, j.free = j.free[n-1], j.free[:n-1]
	}
	j.packets = slices.Insert(j.packets, at, packet{ts, ticks, append(buf[:0], payload...)})
	if len(j.packets) > maxBuffered {
		j.drop()
		j.next = j.packets[0].ts
	}
}

// clear forgets everything that is buffered; what comes next is a new beginning.
func (j *jitterBuffer) clear() {
	for len(j.packets) > 0 {
		j.drop()
	}
	j.playing, j.filled, j.concealed = false, 0, 0
	j.levels = levels{}
}

// drop forgets the oldest packet.
func (j *jitterBuffer) drop() {
	j.free = append(j.free, j.packets[0].payload)
	j.packets = slices.Delete(j.packets, 0, 1)
}

// level returns how many frames lie between what is due and the newest packet's end.
func (j *jitterBuffer) level() float64 {
	if len(j.packets) == 0 {
		return 0
	}
	first, last := j.packets[0].ts, j.packets[len(j.packets)-1]
	if j.playing {
		first = j.next
	}
	return float64(last.ts+last.ticks-first) / frameTicks
}

// pull returns what is due, and the packet (dueLost: the one after it, if it is there), which is valid until
// the next push or pull.
func (j *jitterBuffer) pull() (due, []byte) {
	if !j.playing && !j.begin() {
		return dueSilence, nil
	}
	if len(j.packets) == 0 {
		return j.starve()
	}
	level := j.level()
	switch ahead := int32(j.packets[0].ts - j.next); {
	case ahead >= frameTicks:
		return j.miss()
	case j.levels.low(level, j.delays.target()):
		j.stretched++
		return dueConceal, nil
	}
	skip := j.levels.high(level, j.delays.target()) && len(j.packets) > 1
	p := j.packets[0]
	j.next = p.ts + p.ticks
	j.concealed = 0
	j.drop() // its payload is not used again before the next push
	if skip {
		j.skipped++
		return dueSkip, p.payload
	}
	return duePacket, p.payload
}

// begin starts to play once the target is reached, or something waited for that long.
func (j *jitterBuffer) begin() bool {
	if len(j.packets) == 0 {
		return false
	}
	j.filled++
	if target := j.delays.target(); j.level() < float64(target) && j.filled < target {
		return false
	}
	j.playing, j.filled, j.concealed = true, 0, 0
	j.next = j.packets[0].ts
	return true
}

// starve stretches what was while nothing is there, for a while.
func (j *jitterBuffer) starve() (due, []byte) {
	if j.concealed++; j.concealed > maxConcealed {
		j.playing, j.concealed = false, 0
		j.levels = levels{}
		return dueSilence, nil
	}
	j.stretched++
	return dueConceal, nil
}

// miss passes over a frame that did not come in time.
func (j *jitterBuffer) miss() (due, []byte) {
	j.next += frameTicks
	j.lost++
	if j.concealed++; j.concealed > maxConcealed {
		return dueSilence, nil
	}
	if head := j.packets[0]; head.ts == j.next {
		return dueLost, head.payload
	}
	return dueLost, nil
}

// delays keeps how late packets are against the fastest of the last seconds, as a histogram that forgets.
type delays struct {
	seen      bool
	ts        uint32 // of the newest
	clock     int64  // ticks of the newest since the first
	base      time.Duration
	fresh     time.Duration // the base of the last, unfinished stretch
	n         int
	histogram [maxTarget + 1]float64
}

const (
	baseStretch = 250   // packets
	forget      = 0.998 // a packet: half is forgotten after 7 s
	enough      = 0.97
)

func (d *delays) note(ts uint32, now time.Duration) {
	if !d.seen {
		*d = delays{seen: true, ts: ts}
		d.base = now
		d.fresh = now
		d.histogram[firstTarget-1] = 20 // until it is known better
	}
	ticks := d.clock + int64(int32(ts-d.ts))
	if ticks > d.clock {
		d.clock, d.ts = ticks, ts
	}
	transit := now - time.Duration(ticks)*time.Second/audio.Rate
	d.base = min(d.base, transit)
	d.fresh = min(d.fresh, transit)
	if d.n++; d.n%baseStretch == 0 {
		d.base, d.fresh = d.fresh, transit // follows the clocks' drift
	}
	for i := range d.histogram {
		d.histogram[i] *= forget
	}
	bucket := int((transit - d.base + audio.FrameDuration/2) / audio.FrameDuration)
	d.histogram[min(max(bucket, 0), maxTarget)]++
}

// target returns how many frames to hold.
func (d *delays) target() int {
	sum, all := 0.0, 0.0
	for _, w := range d.histogram {
		all += w
	}
	if all == 0 {
		return firstTarget
	}
	for i, w := range d.histogram {
		if sum += w; sum >= enough*all {
			return min(max(i+1, minTarget), maxTarget)
		}
	}
	return maxTarget
}

// levels watches how full the buffer is.
type levels struct {
	n             int // pulls in the window
	sum, lowest   float64
	slow, average float64
}

// low tells whether the buffer lay below the target of late, so that one frame must be stretched.
func (l *levels) low(level float64, target int) bool {
	if l.slow++; l.slow < growWindow {
		l.average += level
		return false
	}
	average := (l.average + level) / growWindow
	l.slow, l.average = 0, 0
	return average < float64(target)-1
}

// high tells whether the buffer lay above the target for a whole window, so that one frame must go.
func (l *levels) high(level float64, target int) bool {
	if l.n == 0 {
		l.lowest = level
	}
	l.n++
	l.sum += level
	l.lowest = min(l.lowest, level)
	if l.n < shrinkWindow {
		return false
	}
	average, lowest := l.sum/shrinkWindow, l.lowest
	l.n, l.sum = 0, 0
	return average > float64(target)+0.75 && lowest >= 2
}
