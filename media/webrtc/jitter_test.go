package webrtc

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/media/audio"
)

// arrival is one packet of a trace, by its number and when it comes.
type arrival struct {
	n  int
	at time.Duration
}

// network makes a trace of n packets sent every 20 ms.
func network(n int, delay func(i int) time.Duration, lost func(i int) bool) (trace []arrival) {
	for i := range n {
		if !lost(i) {
			trace = append(trace, arrival{i, time.Duration(i)*audio.FrameDuration + delay(i)})
		}
	}
	slices.SortStableFunc(trace, func(a, b arrival) int { return int(a.at - b.at) })
	return trace
}

// outcome counts what a buffer did in a trace.
type outcome struct {
	count map[due]int
	order []int   // packets played
	mean  float64 // frames held, over the second half
	max   float64
}

// play runs a trace through a buffer, with a pull every 20 ms from 10 ms on.
func play(t *testing.T, j *jitterBuffer, trace []arrival, pulls int) outcome {
	t.Helper()
	o := outcome{count: map[due]int{}}
	sum, n := 0.0, 0
	for pull := range pulls {
		now := 10*time.Millisecond + time.Duration(pull)*audio.FrameDuration
		for len(trace) > 0 && trace[0].at <= now {
			p := trace[0]
			j.push(uint32(p.n)*frameTicks-5000, frameTicks, []byte{byte(p.n), byte(p.n >> 8), byte(p.n >> 16)}, p.at)
			trace = trace[1:]
		}
		for again := true; again; {
			what, payload := j.pull()
			o.count[what]++
			if what == duePacket || what == dueSkip {
				o.order = append(o.order, int(payload[0])|int(payload[1])<<8|int(payload[2])<<16)
			}
			again = what == dueSkip
		}
		o.max = max(o.max, j.level())
		if pull > pulls/2 {
			sum, n = sum+j.level(), n+1
		}
	}
	o.mean = sum / float64(n)
	if !slices.IsSorted(o.order) || len(slices.Compact(slices.Clone(o.order))) != len(o.order) {
		t.Errorf("played out of order or twice: %v", o.order)
	}
	return o
}

func never(int) bool { return false }

func steady(d time.Duration) func(int) time.Duration { return func(int) time.Duration { return d } }

func TestJitterBufferOnTraces(t *testing.T) {
	const n = 3000 // a minute
	rng := rand.New(rand.NewPCG(1, 1))
	normal := func(sigma time.Duration) func(int) time.Duration {
		return func(int) time.Duration {
			return 50*time.Millisecond + time.Duration(max(-2, min(3, rng.NormFloat64()))*float64(sigma))
		}
	}
	for name, c := range map[string]struct {
		delay   func(int) time.Duration
		lost    func(int) bool
		bad     float64 // share of frames that may be concealed or silent
		atLeast float64 // share of sent packets that are played
		mean    float64 // frames held at most
	}{
		"LAN":             {steady(time.Millisecond), never, 0.003, 0.995, 2},
		"wifi":            {normal(10 * time.Millisecond), never, 0.04, 0.96, 4},
		"wifi with loss":  {normal(10 * time.Millisecond), func(i int) bool { return rng.Float64() < 0.02 }, 0.07, 0.94, 4},
		"every 10th late": {func(i int) time.Duration { return time.Duration(i%10/9) * 70 * time.Millisecond }, never, 0.03, 0.97, 7},
		"one stall of 150 ms": {func(i int) time.Duration {
			if i >= 500 && i < 508 {
				return time.Duration(508-i) * audio.FrameDuration
			}
			return 0
		}, never, 0.01, 0.99, 3},
		"clock 200 ppm fast": {func(i int) time.Duration { return -time.Duration(i) * 4 * time.Microsecond }, never, 0.01, 0.99, 4},
		"clock 200 ppm slow": {func(i int) time.Duration { return time.Duration(i) * 4 * time.Microsecond }, never, 0.01, 0.99, 4},
		"swapped pairs":      {func(i int) time.Duration { return time.Duration(1-i%2) * 25 * time.Millisecond }, never, 0.01, 0.99, 4},
	} {
		t.Run(name, func(t *testing.T) {
			var j jitterBuffer
			o := play(t, &j, network(n, c.delay, c.lost), n+10)
			bad := float64(o.count[dueLost]+o.count[dueConceal]+o.count[dueSilence]-10) / n
			if bad > c.bad || float64(len(o.order)) < c.atLeast*n || o.mean > c.mean || o.max > maxTarget+12 {
				t.Errorf("%.3f bad, %d of %d played, mean %.1f, max %.1f frames held: %v; late %d", bad, len(o.order), n, o.mean, o.max, o.count, j.late)
			}
		})
	}
}

// TestJitterBufferAdapts: a bad stretch makes it grow, a good one makes it shrink again.
func TestJitterBufferAdapts(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	var j jitterBuffer
	delay := func(i int) time.Duration {
		if i < 1000 {
			return time.Duration(rng.IntN(120)) * time.Millisecond
		}
		return 0
	}
	trace := network(5000, delay, never)
	o := play(t, &j, trace[:1000], 995)
	if target := j.delays.target(); target < 5 || target > 8 || o.mean < 2 {
		t.Errorf("after jitter of 120 ms the target is %d frames, %.1f are held", target, o.mean)
	}
	var k jitterBuffer
	o = play(t, &k, trace, 5000)
	if target := k.delays.target(); target != 1 || o.mean > 3 || k.skipped == 0 {
		t.Errorf("long after it the target is %d frames, %.1f are held, %d were skipped", target, o.mean, k.skipped)
	}
}

func TestJitterBufferStopsAndBeginsAnew(t *testing.T) {
	var j jitterBuffer
	push := func(ts uint32, at time.Duration) { j.push(ts, frameTicks, []byte{1}, at) }
	want := func(what ...due) {
		t.Helper()
		for i, w := range what {
			if got, _ := j.pull(); got != w {
				t.Fatalf("pull %d gives %d, want %d", i, got, w)
			}
		}
	}
	want(dueSilence)
	push(0, 0)
	want(dueSilence) // holds two
	push(960, 20*time.Millisecond)
	want(duePacket, duePacket)
	want(dueConceal, dueConceal, dueConceal, dueConceal, dueConceal, dueSilence, dueSilence)
	push(960*50, time.Second) // the sender paused
	push(960*51, time.Second+20*time.Millisecond)
	want(duePacket, duePacket, dueConceal)
	push(960*52, time.Second+60*time.Millisecond) // late, but it was waited for
	push(960*52, time.Second+61*time.Millisecond) // doubled
	push(960*54, time.Second+80*time.Millisecond)
	want(duePacket, dueLost, duePacket)
	push(960*53, time.Second+90*time.Millisecond) // too late
	want(dueConceal)
	if j.late != 1 || j.lost != 1 {
		t.Errorf("late %d, lost %d", j.late, j.lost)
	}
	push(1<<31, 2*time.Second) // another clock
	push(1<<31+960, 2*time.Second)
	want(duePacket, duePacket)
	for i := range uint32(500) { // nobody pulls
		push(1<<31+960*(2+i), 3*time.Second)
	}
	if len(j.packets) > maxBuffered {
		t.Errorf("%d packets are held", len(j.packets))
	}
}

func FuzzJitterBuffer(f *testing.F) {
	f.Add([]byte{0, 1, 2, 200, 3, 255, 4, 4, 9, 128, 255, 255})
	f.Fuzz(func(t *testing.T, script []byte) {
		var j jitterBuffer
		var now time.Duration
		ts := uint32(0)
		for i := 0; i+1 < len(script); i += 2 {
			now += time.Duration(script[i]&15) * 5 * time.Millisecond
			ts += uint32(int32(int8(script[i+1]))) * 480
			if script[i]&16 != 0 {
				ts += 1 << 24
			}
			j.push(ts, uint32(script[i]>>5)*120+120, script[i:i+2], now)
			if script[i]&32 != 0 {
				j.pull()
			}
			if len(j.packets) > maxBuffered || !slices.IsSortedFunc(j.packets, func(a, b packet) int { return int(int32(a.ts - b.ts)) }) {
				t.Fatalf("%d packets held, or not in order", len(j.packets))
			}
		}
		for range maxBuffered*maxJump/frameTicks + 100 {
			if j.pull(); len(j.packets) == 0 {
				return
			}
		}
		t.Errorf("%d packets are never played", len(j.packets))
	})
}
