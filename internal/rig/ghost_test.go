package rig

import (
	"fmt"
	"strings"
	"time"

	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// patience is how long a phone that can be told may go on ringing for a call that is over for it, and how much longer
// than its deadline a call may ring at the server.
const patience = 15 * time.Second

// outage is a stretch of time in which somebody could not be told.
type outage struct{ from, to time.Time }

// cut reports whether one of the outages touches a stretch of time, or ended only just before it.
func cut(all []outage, from, to time.Time) bool {
	for _, o := range all {
		if o.from.Before(to) && (o.to.IsZero() || o.to.Add(patience).After(from)) {
			return true
		}
	}
	return false
}

// ghosts looks for rings of calls that were over: on phones, by the system's log, and at the server, by the ledger.
func (l *life) ghosts(call string, ledger *v1.GetLedgerResponse) (wrong []string) {
	var started, rang time.Time
	ended := map[string]time.Time{}
	for _, e := range ledger.Entries {
		at := e.At.AsTime()
		switch e.Stage {
		case v1.Stage_STAGE_STARTED:
			started = at
		case v1.Stage_STAGE_ANSWERED, v1.Stage_STAGE_CALL_ENDED:
			if rang.IsZero() {
				rang = at
			}
		case v1.Stage_STAGE_ENDED:
			ended[e.DeviceId] = at
		}
	}
	if rings := rang.Sub(started); rings > 45*time.Second+patience && !cut(l.down, started, rang) {
		wrong = append(wrong, fmt.Sprintf("call %s rang for %v at the server", call, rings))
	}
	for i, d := range l.dev {
		over, ok := ended[d.ID]
		if !ok {
			continue
		}
		for _, r := range l.ringsOf(d, call) {
			ghost := outage{from: over, to: r.to}
			if r.from.After(over) {
				ghost.from = r.from
			}
			if ghost.to.Sub(ghost.from) > patience && !cut(l.down, ghost.from, ghost.to) && !cut(l.away[i], ghost.from, ghost.to) {
				wrong = append(wrong, fmt.Sprintf("%s rang for call %s for %v after it was over", d.ID, call, ghost.to.Sub(ghost.from)))
			}
		}
	}
	return wrong
}

// ringsOf returns when a phone showed the ring of a call. A ring during which the app was not running is left out:
// there was nobody to tell.
func (l *life) ringsOf(d *Device, call string) (rings []outage) {
	var from time.Time
	for _, e := range l.world.Entries() {
		if e.Phone != d.ID || e.Channel != "SYS" {
			continue
		}
		at := l.began.Add(e.At)
		switch {
		case strings.HasPrefix(e.Text, "ring "+call+" caller="):
			from = at
		case strings.HasPrefix(e.Text, "ringStop "+call):
			if !from.IsZero() {
				rings = append(rings, outage{from, at})
			}
			from = time.Time{}
		case strings.HasPrefix(e.Text, "kill "):
			from = time.Time{}
		}
	}
	return rings
}
