package webhook

import "time"

const (
	firstDelay = 5 * time.Second
	factor     = 4
	longest    = 8 * time.Hour
	// MaxAge is how long after it happened an event is still tried. What nobody has taken by then is a dead letter.
	MaxAge = 72 * time.Hour
)

// Delay returns how long to wait after the given number of attempts that failed in a row, 1 and up: 5 s, 20 s, 80 s,
// 5 min, 21 min, 85 min, 5.7 h and then 8 h each time, and a fifth of it more or less as random, in [0,1), says.
func Delay(failed int, random float64) time.Duration {
	d := firstDelay
	for i := 1; i < failed && d < longest; i++ {
		d *= factor
	}
	return time.Duration(float64(min(d, longest)) * (0.8 + 0.4*random))
}
