package webrtc

import (
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	pion "github.com/pion/webrtc/v4"

	"github.com/pion/rtp"

	"github.com/ringtrip/ringtrip/media/audio"
)

// encoded returns packets of src.
func encoded(t testing.TB, src audio.Source, n int) (packets [][]byte) {
	t.Helper()
	c, err := NewOpus()
	if err != nil {
		t.Fatal(err)
	}
	var frame [audio.FrameSize]int16
	var buf [maxPacket]byte
	for range n {
		src.Read(frame[:])
		size, err := c.Encode(frame[:], buf[:])
		if err != nil {
			t.Fatal(err)
		}
		packets = append(packets, append([]byte(nil), buf[:size]...))
	}
	return packets
}

func newPlayout(t testing.TB) *playout {
	t.Helper()
	c, err := NewOpus()
	if err != nil {
		t.Fatal(err)
	}
	return &playout{codec: c}
}

// TestSignatureSurvivesOpusAndTheNetwork: whose voice it is, is heard through the codec, jitter and loss.
func TestSignatureSurvivesOpusAndTheNetwork(t *testing.T) {
	for _, loss := range []float64{0, 0.1} {
		for _, id := range []int{3, 511} {
			rng := rand.New(rand.NewPCG(uint64(id), 9))
			p, r := newPlayout(t), audio.NewRecognizer(nil)
			packets := encoded(t, audio.NewSignature(id), 250)
			trace := network(len(packets), func(int) time.Duration { return time.Duration(rng.IntN(30)) * time.Millisecond },
				func(int) bool { return rng.Float64() < loss })
			var frame [audio.FrameSize]int16
			for pull := range 250 {
				now := time.Duration(pull) * audio.FrameDuration
				for len(trace) > 0 && trace[0].at <= now {
					p.push(uint32(trace[0].n)*frameTicks, packets[trace[0].n], trace[0].at)
					trace = trace[1:]
				}
				p.pull(frame[:])
				r.Write(frame[:])
			}
			h, ok := r.Heard()
			if !ok || h.ID != id || len(r.All()) != 1 || h.Confidence < 0.8 || h.At > 1500*time.Millisecond {
				t.Errorf("signature %d with %.0f %% loss: heard %+v", id, loss*100, r.All())
			}
		}
	}
}

// TestPlayoutOfOtherFrames: browsers may send frames of 10, 40 or 60 ms.
func TestPlayoutOfOtherFrames(t *testing.T) {
	packets := encoded(t, audio.NewTone(500, 0.3), 60)
	for _, per := range []int{1, 2, 3} { // frames a packet, RFC 6716 §3.2.5 (code 3, VBR)
		p := newPlayout(t)
		var frame [audio.FrameSize]int16
		said := 0
		for i := 0; i+per <= len(packets); i += per {
			joined := packets[i]
			if per > 1 {
				joined = []byte{packets[i][0] | 3, byte(per) | 0x80}
				for _, one := range packets[i : i+per-1] {
					joined = append(joined, byte(len(one)-1)) // below 252 bytes
				}
				for _, one := range packets[i : i+per] {
					joined = append(joined, one[1:]...)
				}
			}
			if got := packetTicks(joined); got != uint32(per*frameTicks) {
				t.Fatalf("a packet of %d frames has %d ticks", per, got)
			}
			p.push(uint32(i*frameTicks), joined, time.Duration(i)*audio.FrameDuration)
			for range per {
				if p.pull(frame[:]) && audio.Level(frame[:]) > 0.15 {
					said++
				}
			}
		}
		if said < 50 {
			t.Errorf("%d frames a packet: %d of 60 were heard", per, said)
		}
	}
}

// FuzzPlayout: packets from outside break nothing, and sound goes on after them.
func FuzzPlayout(f *testing.F) {
	good := encoded(f, audio.NewTone(500, 0.3), 20)
	f.Add(good[3])
	f.Add([]byte{0xff})
	f.Add([]byte{0x4b, 0x41, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		p := newPlayout(t)
		var frame [audio.FrameSize]int16
		for i, g := range good {
			if i == 7 || i == 8 {
				g = b
			}
			p.push(uint32(i)*frameTicks, g, time.Duration(i)*audio.FrameDuration)
			p.pull(frame[:])
		}
		for range 10 {
			p.pull(frame[:])
		}
		if p.n > len(p.decoded) {
			t.Error("more was decoded than there is room for")
		}
	})
}

// wire is a TrackLocalWriter that keeps what is sent.
type wire struct {
	at      []time.Duration
	headers []rtp.Header
	start   time.Time
}

func (w *wire) WriteRTP(h *rtp.Header, payload []byte) (int, error) {
	w.at = append(w.at, time.Since(w.start))
	w.headers = append(w.headers, *h)
	return 12 + len(payload), nil
}

func (w *wire) Write(b []byte) (int, error) { return len(b), nil }

// TestPumpKeepsTime runs a pump on a virtual clock: a packet each 20 ms, whose timestamps follow the clock
// through stops and holds, with a marker where sound begins.
func TestPumpKeepsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{start: time.Now()}
		tr := &track{out: w, opus: 111, event: 110, eventRate: 48000}
		firsts := 0
		p := &pump{track: tr, play: &playout{}, first: func() { firsts++ }}
		defer p.close()
		codec, err := NewOpus()
		if err != nil {
			t.Fatal(err)
		}
		p.start(codec, audio.NewTone(400, 0.3), audio.Discard{})
		time.Sleep(time.Second - time.Millisecond) // on the virtual clock
		p.setHeld(true)
		time.Sleep(time.Second)
		p.setHeld(false)
		time.Sleep(time.Second)
		p.stop()
		time.Sleep(time.Second)
		p.start(codec, audio.NewTone(400, 0.3), audio.Discard{})
		time.Sleep(time.Second)
		p.stop()
		synctest.Wait()
		if len(w.headers) != 150 && len(w.headers) != 151 {
			t.Errorf("%d packets in three seconds of sound", len(w.headers))
		}
		markers := 0
		for i, h := range w.headers {
			if off := w.at[i] - time.Duration(h.Timestamp)*time.Second/audio.Rate; off < 0 || off > audio.FrameDuration {
				t.Errorf("packet %d at %v has timestamp %d", i, w.at[i], h.Timestamp)
			}
			if int(h.SequenceNumber) != i {
				t.Errorf("packet %d has number %d", i, h.SequenceNumber)
			}
			if h.Marker {
				markers++
			}
		}
		if markers != 3 || firsts != 0 {
			t.Errorf("%d markers, %d times the far end was heard", markers, firsts)
		}
		w.headers = nil
		p.dial([]byte("1"))
		time.Sleep(time.Second)
		synctest.Wait()
		if len(w.headers) != 7 || w.headers[0].PayloadType != 110 || !w.headers[0].Marker {
			t.Errorf("a key without sound: %d packets", len(w.headers))
		}
	})
}

var _ pion.TrackLocalWriter = (*wire)(nil)

func BenchmarkOpusEncode(b *testing.B) {
	c, err := NewOpus()
	if err != nil {
		b.Fatal(err)
	}
	src := audio.NewSignature(1)
	var frames [100][audio.FrameSize]int16
	for i := range frames {
		src.Read(frames[i][:])
	}
	var buf [maxPacket]byte
	b.ReportAllocs()
	bytes, n := 0, 0
	for b.Loop() {
		size, _ := c.Encode(frames[n%len(frames)][:], buf[:])
		bytes, n = bytes+size, n+1
	}
	b.ReportMetric(float64(bytes)*8*50/float64(n)/1000, "kbit/s")
}

func BenchmarkOpusDecode(b *testing.B) {
	packets := encoded(b, audio.NewSignature(1), 100)
	c, err := NewOpus()
	if err != nil {
		b.Fatal(err)
	}
	var out [maxDecoded]int16
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		if _, err := c.Decode(packets[n%len(packets)], out[:]); err != nil {
			b.Fatal(err)
		}
		n++
	}
}

// BenchmarkLeg is 20 ms of one leg without the network: capture, encode, jitter buffer, decode, play.
func BenchmarkLeg(b *testing.B) {
	p := newPlayout(b)
	src, sink := audio.NewSignature(1), &audio.Meter{}
	var frame [audio.FrameSize]int16
	var buf [maxPacket]byte
	b.ReportAllocs()
	n := uint32(0)
	for b.Loop() {
		src.Read(frame[:])
		size, _ := p.codec.Encode(frame[:], buf[:])
		p.push(n*frameTicks, buf[:size], time.Duration(n)*audio.FrameDuration)
		p.pull(frame[:])
		sink.Write(frame[:])
		n++
	}
}
