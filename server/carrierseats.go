package server

import (
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/carrier"
	"github.com/ringtrip/ringtrip/fork"
)

const (
	maxSeats = 32 // of a call: users and devices that were seen
	maxOver  = 8  // of a seat: connections that are over
)

// seat is a device of a side, as its carrier sees it in the room.
type seat struct {
	User   string    `json:"user"`
	Device string    `json:"device,omitempty"`
	In     bool      `json:"in,omitempty"`
	Since  time.Time `json:"since"`            // when it came or went, by the carrier's clock
	Source string    `json:"source,omitempty"` // the connection by which it is in
	Over   []string  `json:"over,omitempty"`   // connections by which it was; no one of them can be again
}

// seatOf returns the seat that an event is about, and makes it if there is room; nil if the event is about nobody.
func (t *turn) seatOf(e carrier.Event) *seat {
	if e.User == "" {
		return nil
	}
	c := t.Carrier
	i := slices.IndexFunc(c.Seats, func(s seat) bool { return s.User == e.User && s.Device == e.Device })
	if i < 0 {
		if len(c.Seats) >= maxSeats {
			return nil
		}
		c.Seats = append(c.Seats, seat{User: e.User, Device: e.Device})
		i = len(c.Seats) - 1
	}
	t.changed = true
	return &c.Seats[i]
}

// at is when an event happened.
func (t *turn) at(e carrier.Event) time.Time {
	if e.At.IsZero() {
		return t.now
	}
	return e.At
}

// overtaken reports whether what a seat knows is younger than an event that nothing else orders.
func (s *seat) overtaken(e carrier.Event) bool {
	return e.Seq == 0 && !e.At.IsZero() && e.At.Before(s.Since)
}

// sits takes down that a device is in the room.
func (t *turn) sits(e carrier.Event) {
	s := t.seatOf(e)
	if s == nil || e.Seq == 0 && e.Source != "" && slices.Contains(s.Over, e.Source) || s.overtaken(e) {
		return
	}
	s.In, s.Since, s.Source = true, t.at(e), e.Source
}

// leaves takes down that a device is not in the room any more. A connection that another one of the device has followed
// says nothing of it.
func (t *turn) leaves(e carrier.Event) {
	s := t.seatOf(e)
	if s == nil {
		return
	}
	if e.Source != "" {
		if !slices.Contains(s.Over, e.Source) {
			s.Over = append(s.Over, e.Source)
			s.Over = s.Over[max(0, len(s.Over)-maxOver):]
		}
		if s.In && s.Source != "" && s.Source != e.Source {
			return
		}
	}
	if s.overtaken(e) {
		return
	}
	s.In, s.Since = false, t.at(e)
}

// allLeave takes down that the room is no more. Who came after it, is in another room of that name.
func (t *turn) allLeave(e carrier.Event) {
	for i := range t.Carrier.Seats {
		s := &t.Carrier.Seats[i]
		if s.In && (e.At.IsZero() || !s.Since.After(e.At)) {
			s.In = false
			if s.Source != "" {
				s.Over = append(s.Over, s.Source)
				s.Over = s.Over[max(0, len(s.Over)-maxOver):]
			}
		}
	}
	t.changed = true
}

// lost reports whether the device that has the call on one side was seen in the room, and is in it no more.
func (st *state) lost(user, device string) bool {
	seen, in := false, false
	for _, s := range st.Carrier.Seats {
		if s.User == user && (s.Device == "" || s.Device == device) {
			seen, in = true, in || s.In
		}
	}
	return seen && !in
}

// lostSides reports which sides of an answered call have no media.
func (st *state) lostSides() (caller, callee bool) {
	if st.Fork.State != fork.Answered || !st.atCarrier() {
		return false, false
	}
	caller = st.hasCaller() && !st.Fork.Alone && st.lost(st.Caller.User, st.CallerDevice.ID)
	return caller, st.lost(st.Callee.User, st.Legs[st.Fork.Winner].ID)
}

// watchMedia sets until when media has to be back. It follows from who sits in the room.
func (t *turn) watchMedia() {
	if !t.atCarrier() {
		return
	}
	caller, callee := t.lostSides()
	grace := t.s.app(t.row.App).MediaGrace
	if by := t.s.carrier(t.row.App, t.Carrier.Name); by == nil || !by.Traits().Watched {
		grace = -1
	}
	switch {
	case !caller && !callee || grace < 0:
		t.Carrier.LostAt = time.Time{}
	case t.Carrier.LostAt.IsZero():
		if grace == 0 { // the app is gone from the settings
			grace = mediaGrace
		}
		t.Carrier.LostAt = t.now.Add(grace)
	}
}

// mediaOver ends an answered call whose media did not come back in time, and reports whether it did.
func (t *turn) mediaOver() bool {
	caller, callee := t.lostSides()
	if !caller && !callee || t.Carrier.LostAt.IsZero() || t.Carrier.LostAt.After(t.now) {
		return false
	}
	who, e := t.Caller.User, fork.Event{Kind: fork.CallerHangup, Reason: call.MediaFailed}
	if !caller {
		who, e = t.Callee.User, fork.Event{Kind: fork.LegHangup, Leg: t.Fork.Winner, Reason: call.MediaFailed}
	}
	t.noteCarrier("", "the media of "+who+" did not come back")
	t.step(e)
	return true
}

func sortedKeys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }

// printable is s without what no terminal should be sent.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == unicode.ReplacementChar {
			return -1
		}
		return r
	}, cut(s, maxDetail))
}
