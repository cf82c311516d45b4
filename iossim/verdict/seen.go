package verdict

import (
	"slices"
	"strings"

	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/iossim"
)

// at returns the index in log of the first entry of a channel that begins with prefix, or -1.
func at(log []iossim.Entry, c iossim.Channel, prefix string) int {
	return slices.IndexFunc(log, func(e iossim.Entry) bool { return e.Channel == c && strings.HasPrefix(words(e), prefix) })
}

// has reports whether there is such an entry since look.
func (s *stage) has(c iossim.Channel, prefix string) bool { return at(s.log(), c, prefix) >= 0 }

// count is how many such entries there are since look.
func (s *stage) count(c iossim.Channel, prefix string) int {
	n := 0
	for _, e := range s.log() {
		if e.Channel == c && strings.HasPrefix(words(e), prefix) {
			n++
		}
	}
	return n
}

// killed says which check of the system killed the app since look: "check 1", "check 2" or "".
func (s *stage) killed() string {
	for _, e := range s.log() {
		if e.Channel == iossim.ChanSystem && strings.HasPrefix(words(e), "kill ") {
			for _, check := range []string{"check 1", "check 2"} {
				if strings.Contains(words(e), check) {
					return check
				}
			}
		}
	}
	return ""
}

// live returns the call with a UUID, and whether the system has it.
func (s *stage) live(id callkit.UUID) (callkit.Call, bool) {
	for _, c := range s.ph.Calls() {
		if c.UUID == id {
			return c, true
		}
	}
	return callkit.Call{}, false
}

// connected reports whether the system takes a call for connected.
func (s *stage) connected(id callkit.UUID) bool {
	c, ok := s.live(id)
	return ok && c.HasConnected
}

// ringing reports whether the screen asks the user to answer.
func (s *stage) ringing() bool {
	k := s.ph.Screen().Kind
	return s.ph.Screen().Ringing() || k == iossim.ScreenCallWaiting
}

// shown is the call that the screen is about; a trial is stuck without one.
func (s *stage) shown() iossim.ScreenCall {
	c := s.ph.Screen().Call
	if c == nil {
		panic(stuck{"there is no call on the screen"})
	}
	return *c
}

// offers reports whether the screen has a button that can be pressed.
func (s *stage) offers(id string) bool {
	c := s.ph.Screen().Call
	return c != nil && slices.ContainsFunc(c.Buttons, func(b iossim.Button) bool { return b.ID == id && b.Enabled })
}
