package auth

import (
	"crypto/sha256"
	"sync"
	"time"
)

// maxSeen is how many tokens are remembered at most, of some 300 bytes each.
const maxSeen = 32 << 10

// seen remembers which tokens were found to be good, so that a phone's next request need not have its signature checked
// again. It belongs to one table of keys: when those are exchanged nothing is remembered. It knows tokens by their hash.
type seen struct {
	mu      sync.Mutex
	recent  map[[sha256.Size]byte]Claims
	earlier map[[sha256.Size]byte]Claims
}

// find returns what the token says if it was checked before and now is still between its times.
func (s *seen) find(hash [sha256.Size]byte, now time.Time, leeway time.Duration) (Claims, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, ok := s.recent[hash]
	if !ok {
		if c, ok = s.earlier[hash]; ok {
			s.put(hash, c)
		}
	}
	if !ok || !now.Before(c.Expires.Add(leeway)) || !c.NotBefore.IsZero() && now.Before(c.NotBefore.Add(-leeway)) {
		return Claims{}, false
	}
	return c, true
}

// keep remembers a token that was checked.
func (s *seen) keep(hash [sha256.Size]byte, c Claims) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.put(hash, c)
}

// put remembers a token. Those that were not asked for since half of them were new are forgotten. s.mu must be held.
func (s *seen) put(hash [sha256.Size]byte, c Claims) {
	if s.recent == nil || len(s.recent) >= maxSeen/2 {
		s.earlier, s.recent = s.recent, map[[sha256.Size]byte]Claims{}
	}
	s.recent[hash] = c
}
