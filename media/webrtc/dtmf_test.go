package webrtc

import (
	"slices"
	"testing"
)

// sent is what one row of keys puts on the wire.
type sentEvent struct {
	ts      uint32
	marker  bool
	payload []byte
}

func dialled(keys string, rate uint32) (wire []sentEvent, frames int) {
	d := dtmfSender{queue: []byte(keys)}
	for ts := uint32(1000); d.busy(); ts += rate / 50 {
		frames++
		if e, at, marker, ok := d.next(ts, rate); ok {
			wire = append(wire, sentEvent{at, marker, e.append(nil)})
		}
	}
	return wire, frames
}

// TestDTMFPackets holds what is sent against RFC 4733 §2.5.1: one timestamp a key, a marker on its first
// packet, a growing duration, and the end packet three times.
func TestDTMFPackets(t *testing.T) {
	for _, rate := range []uint32{8000, 48000} {
		wire, frames := dialled("5", rate)
		if len(wire) != 7 || frames != 8 {
			t.Fatalf("%d packets in %d frames", len(wire), frames)
		}
		for i, p := range wire {
			e, ok := parseEvent(p.payload)
			duration := uint16(rate / 50 * uint32(min(i+1, 5)))
			if !ok || e.code != 5 || e.end != (i >= 4) || e.volume != 10 || e.duration != duration || p.ts != 1000 || p.marker != (i == 0) {
				t.Errorf("packet %d at %d Hz: %+v, timestamp %d, marker %v", i, rate, e, p.ts, p.marker)
			}
		}
	}
	if _, frames := dialled("1,1", 48000); frames != 8+100+8 {
		t.Errorf("a pause and two keys take %d frames", frames)
	}
}

func TestDTMFReceiver(t *testing.T) {
	receive := func(wire []sentEvent) (keys string) {
		var d dtmfReceiver
		for _, p := range wire {
			if key, ok := d.receive(p.ts, p.marker, p.payload); ok {
				keys += string(key)
			}
		}
		return keys
	}
	const row = "0123456789*#ABCD0011"
	wire, _ := dialled(row, 48000)
	if got := receive(wire); got != row {
		t.Errorf("all packets: %q", got)
	}
	for offset := range 7 { // of each key, only one packet arrives
		var few []sentEvent
		for i := offset; i < len(wire); i += 7 {
			few = append(few, wire[i])
		}
		if got := receive(few); got != row {
			t.Errorf("only packet %d of each key: %q", offset, got)
		}
	}
	if got := receive(append(slices.Clone(wire), wire[len(wire)-20:]...)); got != row {
		t.Errorf("with old packets again: %q", got)
	}
	long := []sentEvent{ // a key held for 1.5 s at 48 kHz: two segments
		{5, true, telephoneEvent{code: 7, duration: 960}.append(nil)},
		{5, false, telephoneEvent{code: 7, duration: 0xFFFF}.append(nil)},
		{5 + 0xFFFF, false, telephoneEvent{code: 7, duration: 960}.append(nil)},
		{5 + 0xFFFF, false, telephoneEvent{code: 7, duration: 6000, end: true}.append(nil)},
	}
	if got := receive(long); got != "7" {
		t.Errorf("a key held for long: %q", got)
	}
	flash := []sentEvent{{5, true, telephoneEvent{code: 16, duration: 960}.append(nil)}, {6, true, []byte{1, 2, 3}}}
	if got := receive(flash); got != "" {
		t.Errorf("what is no key: %q", got)
	}
}

func FuzzTelephoneEvent(f *testing.F) {
	f.Add(uint32(0), false, []byte{5, 0x8a, 0x12, 0xc0})
	f.Fuzz(func(t *testing.T, ts uint32, marker bool, b []byte) {
		var d dtmfReceiver
		e, ok := parseEvent(b)
		if ok != (len(b) >= 4) || ok && e.code == b[0] && string(e.append(nil)[2:]) != string(b[2:4]) {
			t.Errorf("%v is read as %+v", b, e)
		}
		key, ok := d.receive(ts, marker, b)
		if _, again := d.receive(ts, marker, b); again {
			t.Error("the same packet twice is two keys")
		}
		if ok && key == 0 {
			t.Error("a key without a name")
		}
	})
}
