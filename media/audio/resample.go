package audio

import "math"

// resample returns samples, taken at rate, at 48 kHz. It convolves with a windowed sinc of 32 taps (more
// when it lowers the rate, to keep out what 48 kHz can't carry).
func resample(samples []int16, rate int) []int16 {
	if rate == Rate || len(samples) == 0 {
		return samples
	}
	g := gcd(rate, Rate)
	up, down := Rate/g, rate/g // 48 kHz = rate · up / down
	cut := min(1, float64(up)/float64(down))
	half := int(math.Ceil(16 / cut))
	phases := make([][]float32, up) // those that occur, made when they do
	out := make([]int16, len(samples)*up/down)
	for i := range out {
		at, phase := i*down/up, i*down%up
		taps := phases[phase]
		if taps == nil {
			taps = sinc(float64(phase)/float64(up), cut, half)
			phases[phase] = taps
		}
		sum := float32(0)
		for k, tap := range taps {
			if j := at - half + 1 + k; j >= 0 && j < len(samples) {
				sum += tap * float32(samples[j])
			}
		}
		out[i] = clip(float64(sum))
	}
	return out
}

// sinc returns 2·half taps of a low-pass filter with the cut-off cut (1 is half the input's rate), for an
// output sample that lies frac after an input sample. Their sum is 1.
func sinc(frac, cut float64, half int) []float32 {
	taps := make([]float64, 2*half)
	sum := 0.0
	for k := range taps {
		x := float64(k-half+1) - frac
		w := 0.5 + 0.5*math.Cos(math.Pi*x/float64(half))
		y := math.Pi * cut * x
		if y != 0 {
			w *= math.Sin(y) / y
		}
		taps[k] = w
		sum += w
	}
	out := make([]float32, len(taps))
	for k := range taps {
		out[k] = float32(taps[k] / sum)
	}
	return out
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
