package audio

import (
	"errors"
	"fmt"
)

// MaxDigits is the longest row of DTMF digits that [ParseDigits] takes: more than any menu or card number
// asks for, and little enough that nobody can keep a session busy for an hour.
const MaxDigits = 128

// Pause is the digit that stands for two seconds of silence, as in a phone book entry ("555,1#").
const Pause byte = ','

// ErrBadDigits is wrapped by what [ParseDigits] returns.
var ErrBadDigits = errors.New("audio: bad DTMF digits")

// ParseDigits checks a row of DTMF digits and returns them in upper case: 0-9, *, #, A-D (small letters are
// taken too) and ',' for a pause. It refuses everything else, the empty row and rows longer than
// [MaxDigits], with an error that wraps [ErrBadDigits] and says which digit was wrong.
func ParseDigits(s string) ([]byte, error) {
	if s == "" {
		return nil, fmt.Errorf("%w: there are none", ErrBadDigits)
	}
	if len(s) > MaxDigits {
		return nil, fmt.Errorf("%w: %d are too many, at most %d", ErrBadDigits, len(s), MaxDigits)
	}
	digits := make([]byte, len(s))
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= '0' && c <= '9', c == '*', c == '#', c >= 'A' && c <= 'D', c == Pause:
		case c >= 'a' && c <= 'd':
			c -= 'a' - 'A'
		default:
			return nil, fmt.Errorf("%w: %q at place %d; use 0-9 * # A-D and ',' for a pause of two seconds", ErrBadDigits, c, i+1)
		}
		digits[i] = c
	}
	return digits, nil
}
