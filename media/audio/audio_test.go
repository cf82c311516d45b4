package audio

import (
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// sound returns d of src.
func sound(src Source, d time.Duration) []int16 {
	all := make([]int16, d*Rate/time.Second)
	for i := 0; i < len(all); i += FrameSize {
		src.Read(all[i:min(i+FrameSize, len(all))])
	}
	return all
}

func hear(samples []int16) *Recognizer {
	r := NewRecognizer(nil)
	for i := 0; i < len(samples); i += 700 { // not a multiple of the hop
		r.Write(samples[i:min(i+700, len(samples))])
	}
	return r
}

func TestEverySignatureIsRecognized(t *testing.T) {
	for id := range Signatures {
		h, ok := hear(sound(NewSignature(id), 1100*time.Millisecond)).Heard()
		if !ok || h.ID != id || h.Confidence < 0.9 || h.At > 700*time.Millisecond {
			t.Errorf("signature %d: heard %+v, %v", id, h, ok)
		}
	}
}

func TestRecognizerIsRobust(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	quiet := func(s []int16) {
		for i := range s {
			s[i] /= 40
		}
	}
	loud := func(s []int16) {
		for i := range s {
			s[i] = clip(float64(s[i]) * 12) // clips hard
		}
	}
	noisy := func(s []int16) {
		for i := range s {
			s[i] = clip(float64(s[i]) + rng.NormFloat64()*1000) // 10 dB below the voice
		}
	}
	lossy := func(s []int16) {
		for i := 0; i+FrameSize <= len(s); i += FrameSize {
			if rng.Float64() < 0.05 {
				clear(s[i : i+FrameSize])
			}
		}
	}
	for name, spoil := range map[string]func([]int16){"quiet": quiet, "loud": loud, "noisy": noisy, "lossy": lossy} {
		for _, id := range []int{0, 7, 77, 300, 511} {
			s := sound(NewSignature(id), 5*time.Second)[1234:]
			spoil(s)
			r := hear(s)
			if h, ok := r.Heard(); !ok || h.ID != id || len(r.All()) != 1 {
				t.Errorf("%s signature %d: heard %+v of %+v", name, id, h, r.All())
			}
		}
	}
}

func TestRecognizerHearsNobody(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	noise := make([]int16, 20*Rate)
	sweep := make([]int16, 20*Rate)
	for i := range noise {
		noise[i] = clip(rng.NormFloat64() * 3000)
		sweep[i] = clip(8000 * math.Sin(float64(i)*float64(i)*1e-7))
	}
	dtmf, err := NewDTMF("0123456789*#ABCD")
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string][]int16{
		"silence": sound(Silence{}, 5*time.Second), "tone": sound(NewTone(1000, 0.3), 5*time.Second), "noise": noise, "sweep": sweep,
		"dtmf": sound(dtmf, 5*time.Second), "ringback": sound(NewRingback(), 10*time.Second),
	} {
		if all := hear(s).All(); all != nil {
			t.Errorf("%s: heard %+v", name, all)
		}
	}
}

func TestRecognizerFollowsTheSpeaker(t *testing.T) {
	var order []int
	r := NewRecognizer(func(h Hearing) { order = append(order, h.ID) })
	for _, id := range []int{5, 320, 5} {
		r.Write(sound(NewSignature(id), 2*time.Second))
		r.Write(make([]int16, Rate/2))
	}
	all := r.All()
	if len(order) != 3 || order[0] != 5 || order[1] != 320 || order[2] != 5 || len(all) != 2 || all[1].At < 2500*time.Millisecond {
		t.Errorf("heard %v, %+v", order, all)
	}
	r.Reset()
	if _, ok := r.Heard(); ok {
		t.Error("heard somebody after Reset")
	}
}

func TestSignatureOf(t *testing.T) {
	first, again := SignatureOf("a"), SignatureOf("a")
	if first != again || first == SignatureOf("b") {
		t.Error("a name must have one signature, and two names two")
	}
}

func TestLevels(t *testing.T) {
	for name, c := range map[string]struct {
		src  Source
		want float64
	}{"silence": {Silence{}, 0}, "tone": {NewTone(1000, 0.5), 0.5 / math.Sqrt2}, "full": {NewTone(440, 1), 1 / math.Sqrt2}} {
		var m Meter
		frame := make([]int16, FrameSize)
		for range 10 {
			c.src.Read(frame)
			m.Write(frame)
		}
		if got := m.Level(); math.Abs(got-c.want) > 0.01 {
			t.Errorf("%s: level %v, want %v", name, got, c.want)
		}
		m.Reset()
		if m.Level() != 0 {
			t.Error("level after Reset")
		}
	}
	if l := Level(sound(NewSignature(9), 480*time.Millisecond)); l < 0.05 || l > 0.15 {
		t.Errorf("a signature has level %v; a voice has about 0.1", l)
	}
}

func TestDTMFTones(t *testing.T) {
	src, err := NewDTMF("5,#")
	if err != nil {
		t.Fatal(err)
	}
	s := sound(src, 3*time.Second)
	for _, c := range []struct {
		at  time.Duration
		hz  [2]float64
		key string
	}{{20 * time.Millisecond, [2]float64{770, 1336}, "5"}, {2170 * time.Millisecond, [2]float64{941, 1477}, "#"}} {
		from := int(c.at * Rate / time.Second)
		for _, hz := range c.hz {
			if p := tonePower(s[from:from+Rate/20], hz); p < 0.15 {
				t.Errorf("key %s: %v Hz has amplitude %v", c.key, hz, p)
			}
		}
	}
	if l := Level(s[Rate : 2*Rate]); l != 0 {
		t.Errorf("the pause has level %v", l)
	}
	for _, d := range []string{"", "12x", "é", strings.Repeat("1", MaxDigits+1)} {
		if _, err := NewDTMF(d); !errors.Is(err, ErrBadDigits) {
			t.Errorf("digits %q: %v", d, err)
		}
	}
}

// tonePower returns the amplitude of hz in s, 1 being full scale.
func tonePower(s []int16, hz float64) float64 {
	re, im := 0.0, 0.0
	for i, v := range s {
		re += float64(v) * math.Cos(2*math.Pi*hz*float64(i)/Rate)
		im += float64(v) * math.Sin(2*math.Pi*hz*float64(i)/Rate)
	}
	return 2 * math.Hypot(re, im) / float64(len(s)) / fullScale
}

func FuzzParseDigits(f *testing.F) {
	f.Add("159#")
	f.Add("a,b")
	f.Fuzz(func(t *testing.T, s string) {
		d, err := ParseDigits(s)
		if (err == nil) != (len(d) == len(s) && len(d) > 0) || strings.Trim(string(d), "0123456789*#ABCD,") != "" {
			t.Errorf("%q gave %q, %v", s, d, err)
		}
	})
}

func BenchmarkRecognizer(b *testing.B) {
	r, src, frame := NewRecognizer(nil), NewSignature(3), make([]int16, FrameSize)
	for b.Loop() {
		src.Read(frame)
		r.Write(frame)
	}
}
