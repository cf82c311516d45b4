package mediatest

import "sync"

// A Net is the air between fakes: sessions of fakes on the same Net can reach each other. It owns the state
// of all its sessions, so there is one lock for everything that two ends share.
type Net struct {
	mu   sync.Mutex
	ends map[int]*FakeSession // by number, from Warm (or the answer) until Close
	last int
}

// NewNet returns an empty Net. Ends are numbered from 1, so that the same steps give the same messages.
func NewNet() *Net { return &Net{ends: make(map[int]*FakeSession)} }

// shared is the Net of fakes that were given none.
var shared = NewNet()

// add gives s its number. n.mu must be held.
func (n *Net) add(s *FakeSession) {
	if s.id == 0 {
		n.last++
		s.id = n.last
		n.ends[s.id] = s
	}
}
