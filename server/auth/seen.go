package auth

import (
	"crypto/sha256"
	"time"

	"github.com/ringtrip/ringtrip/internal/recent"
)

// maxSeen is how many tokens are remembered at most, of some 300 bytes each.
const maxSeen = 32 << 10

// seen remembers which tokens were found to be good, so that a phone's next request need not have its signature checked
// again. It belongs to one table of keys: when those are exchanged nothing is remembered. It knows tokens by their hash.
type seen struct {
	*recent.Cache[[sha256.Size]byte, Claims]
}

func newSeen() seen { return seen{recent.New[[sha256.Size]byte, Claims](maxSeen)} }

// find returns what the token says if it was checked before and now is still between its times.
func (s seen) find(hash [sha256.Size]byte, now time.Time, leeway time.Duration) (Claims, bool) {
	c, ok := s.Get(hash)
	if !ok || !now.Before(c.Expires.Add(leeway)) || !c.NotBefore.IsZero() && now.Before(c.NotBefore.Add(-leeway)) {
		return Claims{}, false
	}
	return c, true
}
