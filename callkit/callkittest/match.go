package callkittest

import (
	"slices"
	"strings"
)

// matches reports whether text, which happened, is what the words of a line mean: the first word is the same,
// and each other word is one of the text's, in any order. A word in quotes is found anywhere in the text.
func matches(words []string, text string) bool {
	have, _ := cut(text)
	for i, w := range words {
		switch {
		case i == 0 && (len(w) == 0 || w[0] != '"'):
			if len(have) == 0 || have[0] != w {
				return false
			}
		case !hasWord(text, w):
			return false
		}
	}
	return true
}

// hasWord reports whether w is one of text's words, or, in quotes, anywhere in it.
func hasWord(text, w string) bool {
	if len(w) >= 2 && w[0] == '"' && w[len(w)-1] == '"' {
		return strings.Contains(text, w[1:len(w)-1])
	}
	have, _ := cut(text)
	return slices.Contains(have, w)
}

// applies reports whether a line is there with the given values of knobs, among which "os" is the version.
func (l *Line) applies(knobs map[string]string) bool {
	for _, c := range l.If {
		if c.Knob == "os" && !versionHolds(knobs["os"], c.Op, c.Value) || c.Knob != "os" && knobs[c.Knob] != c.Value {
			return false
		}
	}
	return true
}
