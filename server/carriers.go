package server

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/ringtrip/ringtrip/carrier"
	"github.com/ringtrip/ringtrip/fork"
)

// Whoever carries a call's media, ringtrip rings: carriers hold rooms and legs of their own, which the server follows by
// webhooks, and ends. What it keeps of that is in the call's state, and what it has to do is in jobs, so that another
// node, or the next start, goes on with it.

const (
	// mediaGrace is how long a side of an answered call may be without media, unless the app says otherwise.
	mediaGrace = 30 * time.Second
	maxRefs    = 16  // names that a carrier may have for parts of one call
	maxRef     = 256 // bytes of each
	maxInvite  = 16 << 10
)

// Telephones says which telephones the users of an app may call, and what that shows. Calls to telephones cost money, and
// whoever gets hold of a user's token can make them: so there are none without this, none to numbers that no prefix
// allows, and [App.Limits] should be set.
type Telephones struct {
	// Carrier names the one of [App.Carriers] that calls them.
	Carrier string
	// Prefixes are the beginnings of numbers that may be called, E.164: "+1", "+4930". At least one.
	Prefixes []string
	// CallerID is the number that is shown, E.164, one of the account's own; empty: the carrier's own setting.
	CallerID string
}

// completeCarriers checks what the app says about carriers and fills in defaults.
func (a *App) completeCarriers() error {
	orDefault(&a.MediaGrace, mediaGrace)
	if a.MediaGrace > time.Hour || a.MediaGrace > 0 && a.MediaGrace < time.Second {
		return fmt.Errorf("the grace for lost media is %s: it must be 1 s to 1 h, or below 0 for none", a.MediaGrace)
	}
	seen := map[string]bool{}
	for _, c := range a.Carriers {
		if c == nil {
			return errors.New("a carrier is nil")
		}
		name := c.Name()
		if !isWord(name) || seen[name] {
			return fmt.Errorf("the carrier's name %.40q is no word, or there twice", name)
		}
		seen[name] = true
	}
	if a.Carrier != "" && !seen[a.Carrier] {
		return fmt.Errorf("calls are to be carried by %.40q, which is not among the carriers", a.Carrier)
	}
	for number, user := range a.Numbers {
		if !isE164(number) {
			return fmt.Errorf("the number %.40q is not like +15551234567", number)
		}
		if err := checkUser("the user of "+number, user); err != nil {
			return err
		}
	}
	return a.Telephones.check(a.Carriers)
}

func (t *Telephones) check(carriers []carrier.Carrier) error {
	if t == nil {
		return nil
	}
	c := carrierNamed(carriers, t.Carrier)
	if c == nil || !c.Traits().PSTN {
		return fmt.Errorf("telephones are to be called by %.40q, which is none of the carriers that can", t.Carrier)
	}
	if len(t.Prefixes) == 0 {
		return errors.New(`telephones have no prefixes: say which numbers may be called, as "+1"`)
	}
	for _, p := range t.Prefixes {
		if len(p) < 2 || p[0] != '+' || strings.Trim(p[1:], "0123456789") != "" || p[1] == '0' {
			return fmt.Errorf("the prefix %.40q is not the beginning of a number like +15551234567", p)
		}
	}
	if t.CallerID != "" && !isE164(t.CallerID) {
		return fmt.Errorf("the caller id %.40q is not like +15551234567", t.CallerID)
	}
	return nil
}

func isWord(s string) bool {
	return s != "" && len(s) <= maxWord && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

func carrierNamed(all []carrier.Carrier, name string) carrier.Carrier {
	for _, c := range all {
		if c.Name() == name {
			return c
		}
	}
	return nil
}

// carrier returns an app's carrier, nil if there is none of the name (any more).
func (s *Server) carrier(app, name string) carrier.Carrier {
	return carrierNamed(s.app(app).Carriers, name)
}

// carried is what the server keeps of a call's carrier.
type carried struct {
	Name     string            `json:"name"`
	Peer     bool              `json:"peer,omitempty"` // [carrier.Traits.PeerToPeer]: there is nothing at the carrier
	Ref      string            `json:"ref,omitempty"`
	Refs     map[string]string `json:"refs,omitempty"`
	Invite   string            `json:"invite,omitempty"`
	CallerID string            `json:"caller_id,omitempty"` // see [Telephones]
	Seats    []seat            `json:"seats,omitempty"`     // who was seen in the room
	Seqs     map[string]uint64 `json:"seqs,omitempty"`      // the last that was heard, by source
	Past     []uint64          `json:"past,omitempty"`      // hashes of what was heard lately
	LostAt   time.Time         `json:"lost_at,omitzero"`    // when the call is over unless media is back
	Notes    int               `json:"notes,omitempty"`     // in the ledger
	Again    int               `json:"again,omitempty"`     // how often the carrier had to end the call again
}

// clone returns what can be changed while c stays as it is.
func (c *carried) clone() *carried {
	if c == nil {
		return nil
	}
	d := *c
	d.Refs, d.Seqs, d.Past, d.Seats = maps.Clone(c.Refs), maps.Clone(c.Seqs), slices.Clone(c.Past), slices.Clone(c.Seats)
	for i := range d.Seats {
		d.Seats[i].Over = slices.Clone(c.Seats[i].Over)
	}
	return &d
}

// ofGroup returns what another call of the same group begins with.
func (c *carried) ofGroup() *carried {
	if c == nil {
		return nil
	}
	return &carried{Name: c.Name, Peer: c.Peer, Ref: c.Ref}
}

// carriedBy returns what a new call between users keeps of its carrier, nil if there is none.
func (s *Server) carriedBy(app string) *carried {
	a := s.app(app)
	if c := carrierNamed(a.Carriers, a.Carrier); c != nil {
		return &carried{Name: a.Carrier, Peer: c.Traits().PeerToPeer}
	}
	return nil
}

// atCarrier reports whether the carrier has, or had, something of the call.
func (st *state) atCarrier() bool { return st.Carrier != nil && !st.Carrier.Peer }

// carrierCall is the call as its carrier has to know it.
func (st *state) carrierCall(app, id string) carrier.Call {
	c := carrier.Call{
		ID: id, App: app, Group: st.Group, State: carrier.State(st.Fork.State), Video: st.Video,
		Caller: carrierParty(st.Caller), Callee: carrierParty(st.Callee), Deadline: st.RingDeadline,
	}
	if !isOutside(st.CallerDevice.ID) {
		c.Caller.Device = st.CallerDevice.ID
	}
	if st.Fork.WasAnswered() && !isOutside(st.Legs[st.Fork.Winner].ID) {
		c.Callee.Device = st.Legs[st.Fork.Winner].ID
	}
	for i, l := range st.Legs {
		if !isOutside(l.ID) && !l.OfCaller && st.Fork.Legs[i].State != fork.Waiting {
			c.Devices = append(c.Devices, l.ID)
		}
	}
	if st.Carrier != nil {
		c.Ref, c.CallerID = st.Carrier.Ref, st.Carrier.CallerID
		c.Refs = maps.Clone(st.Carrier.Refs)
	}
	return c
}

func carrierParty(p person) carrier.Party {
	return carrier.Party{User: p.User, Name: p.Name, Phone: phoneOf(p.User)}
}

// isOutside reports whether the device of a side is none of the app's, but a telephone or the like behind a carrier. No
// device that registers has a colon in its id.
func isOutside(device string) bool { return strings.ContainsRune(device, ':') }

// callerOutside reports whether somebody outside calls.
func (st *state) callerOutside() bool { return isOutside(st.CallerDevice.ID) }

// calleeOutside reports whether somebody outside is called.
func (st *state) calleeOutside() bool { return len(st.Legs) > 0 && isOutside(st.Legs[0].ID) }

// mayJoin reports whether a side that sees the call alive may have credentials now.
func (st *state) mayJoin(side int, traits carrier.Traits) bool {
	switch {
	case side < callerSide || isOutside(st.device(side).ID):
		return false
	case side == callerSide:
		return !st.Fork.Alone
	case st.Fork.State == fork.Answered:
		return int(st.Fork.Winner) == side
	}
	return !traits.AfterAnswer && st.Fork.State == fork.Ringing && st.Fork.Legs[side].State != fork.Waiting
}
