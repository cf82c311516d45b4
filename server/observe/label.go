package observe

import (
	"strings"
	"sync"

	"github.com/ringtrip/ringtrip/server"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// other is the label's value for all that is beyond a limit.
const other = "other"

// capped lets the first values of a label through and makes the rest one, so that a device that invents versions
// cannot fill a database of metrics.
type capped struct {
	most int
	mu   sync.Mutex
	seen map[string]map[string]bool // by group
}

func newCapped(most int) *capped { return &capped{most: most, seen: map[string]map[string]bool{}} }

// of returns value, or "other" if the group has its most values already; "unknown" for the empty one.
func (c *capped) of(group, value string) string {
	if value == "" {
		return "unknown"
	}
	value = strings.ToValidUTF8(value, "?")
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.seen[group] == nil {
		c.seen[group] = map[string]bool{}
	}
	if !c.seen[group][value] {
		if len(c.seen[group]) >= c.most {
			return other
		}
		c.seen[group][value] = true
	}
	return value
}

// system is a device's system and its major version, as "ios 26".
func system(d server.Device) string {
	major, _, _ := strings.Cut(d.OSVersion, ".")
	return strings.TrimSpace(d.Platform + " " + major)
}

// StageWord is a ledger stage as labels and span events have it: "first_media".
func StageWord(s v1.Stage) string {
	if word, ok := stageWords[s]; ok {
		return word
	}
	return stageWord(s) // of a newer server
}

func stageWord(s v1.Stage) string { return strings.ToLower(strings.TrimPrefix(s.String(), "STAGE_")) }

var stageWords = func() map[v1.Stage]string {
	all := map[v1.Stage]string{}
	for number := range v1.Stage_name {
		all[v1.Stage(number)] = stageWord(v1.Stage(number))
	}
	return all
}()
