package webrtc

import (
	"encoding/binary"
	"strings"
)

// dtmfKeys are the keys by event code, RFC 4733 §3.2.
const dtmfKeys = "0123456789*#ABCD"

// A telephoneEvent is the payload of RFC 4733 §2.3.
type telephoneEvent struct {
	code     byte
	end      bool
	volume   byte   // -dBm0, 0 … 63
	duration uint16 // ticks since the key was pressed
}

func (e telephoneEvent) append(b []byte) []byte {
	flags := e.volume & 63
	if e.end {
		flags |= 0x80
	}
	return binary.BigEndian.AppendUint16(append(b, e.code, flags), e.duration)
}

// parseEvent reads the payload of a telephone event; what follows its four bytes is ignored, for there may
// be padding.
func parseEvent(b []byte) (telephoneEvent, bool) {
	if len(b) < 4 {
		return telephoneEvent{}, false
	}
	return telephoneEvent{code: b[0], end: b[1]&0x80 != 0, volume: b[1] & 63, duration: binary.BigEndian.Uint16(b[2:])}, true
}

// A dtmfReceiver tells one key for the many packets of each event, whichever of them arrive.
type dtmfReceiver struct {
	seen  bool
	ts    uint32 // of the newest event
	event telephoneEvent
}

// receive takes a packet and returns the key, if it is a new one's first packet.
func (d *dtmfReceiver) receive(ts uint32, marker bool, payload []byte) (key byte, ok bool) {
	e, ok := parseEvent(payload)
	if !ok || int(e.code) >= len(dtmfKeys) {
		return 0, false // there are events that are no keys: flash, modem tones
	}
	if d.seen {
		last := d.event
		if ts == d.ts {
			if e.duration > last.duration {
				d.event.duration = e.duration
			}
			d.event.end = d.event.end || e.end
			return 0, false
		}
		if int32(ts-d.ts) < 0 {
			return 0, false // late
		}
		// A key held for longer than the duration can say goes on in a new segment that begins where the
		// last one ended (RFC 4733 §2.5.1.3).
		held := !marker && e.code == last.code && !last.end && ts-d.ts == uint32(last.duration)
		d.ts, d.event = ts, e
		if held {
			return 0, false
		}
	}
	d.seen, d.ts, d.event = true, ts, e
	return dtmfKeys[e.code], true
}

// Durations of what is sent, in frames of 20 ms.
const (
	keyFrames   = 5 // 100 ms, at least 40 ms (ITU-T Q.24)
	endFrames   = 2 // the end packet twice more (RFC 4733 §2.5.1.4)
	gapFrames   = 1
	pauseFrames = 100 // two seconds for ','
	maxQueued   = 1024
)

// A dtmfSender turns a row of keys into packets, one each 20 ms.
type dtmfSender struct {
	queue []byte
	frame int    // of the first in the queue
	ts    uint32 // of its event
}

// busy tells whether something is left to send.
func (d *dtmfSender) busy() bool { return len(d.queue) > 0 }

// next returns the packet of the next 20 ms, which begin at ts, for a clock of rate ticks a second. It
// returns false in gaps and pauses.
func (d *dtmfSender) next(ts uint32, rate uint32) (e telephoneEvent, at uint32, marker, ok bool) {
	key := d.queue[0]
	n := d.frame
	d.frame++
	code := strings.IndexByte(dtmfKeys, key)
	if code < 0 { // a pause
		if d.frame >= pauseFrames {
			d.queue, d.frame = d.queue[1:], 0
		}
		return e, 0, false, false
	}
	if n == 0 {
		d.ts = ts
	}
	if d.frame == keyFrames+endFrames+gapFrames {
		d.queue, d.frame = d.queue[1:], 0
	}
	if n >= keyFrames+endFrames {
		return e, 0, false, false
	}
	e = telephoneEvent{code: byte(code), end: n >= keyFrames-1, volume: 10}
	e.duration = uint16(uint32(min(n+1, keyFrames)) * rate / 50)
	return e, d.ts, n == 0, true
}
