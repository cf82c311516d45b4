package iossim

import (
	"slices"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/callkit/lck"
)

// Recent is an entry of Recents in the Phone app.
type Recent struct {
	Name     string         `json:"name"`
	Handle   callkit.Handle `json:"handle"`
	App      string         `json:"app"` // bundle id
	AppName  string         `json:"appName"`
	Outgoing bool           `json:"outgoing"`
	Missed   bool           `json:"missed"`
	Video    bool           `json:"video"`
	When     time.Time      `json:"when"`     // start, by the phone's clock
	Duration time.Duration  `json:"duration"` // in nanoseconds; 0 if it was never connected

	id      callkit.UUID
	word    string // what became of it, in one word
	members []lck.Handle
	read    bool
}

// addRecent writes an ended call down, newest first. A call is missed if it came in, was never connected,
// and ended by the caller's hand or for want of an answer.
func (ph *Phone) addRecent(c *call, cause endCause, missed bool, at time.Time) {
	if !c.app.config.IncludesCallsInRecents {
		return
	}
	r := Recent{
		Name: ph.displayName(c.name, c.handle), Handle: c.handle, App: c.app.cfg.BundleID, AppName: c.app.cfg.Name,
		Outgoing: c.outgoing, Missed: missed, Video: c.video, When: c.created,
	}
	if c.wasUp {
		r.Duration = max(0, at.Sub(c.connectedAt))
	}
	r.id, r.members = c.id, c.members
	word := "received"
	switch {
	case missed:
		word = "missed"
		ph.missed++
	case c.outgoing && !c.wasUp:
		word = "cancelled"
	case c.outgoing:
		word = "outgoing"
	case !c.wasUp && cause == endUser:
		word = "declined"
	case !c.wasUp && cause == endReport && c.reason != callkit.Failed:
		word = "elsewhere"
	case !c.wasUp:
		word = "failed"
	}
	r.word = word
	ph.recents = slices.Insert(ph.recents, 0, r)
	ph.tellHistory()
	if len(ph.recents) > 100 {
		ph.recents = ph.recents[:100]
	}
	ph.log(ChanSystem, c.app.tag(), "recents %s %s duration=%v", c.id, word, r.Duration)
}

// Recents returns the entries, newest first.
func (ph *Phone) Recents() []Recent {
	ph.w.mu.Lock()
	defer ph.w.mu.Unlock()
	return slices.Clone(ph.recents)
}
