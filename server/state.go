package server

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/ringtrip/ringtrip/fork"
	"github.com/ringtrip/ringtrip/store"
)

// state is all that the server knows of a call. It is stored as JSON; fields may be added, never given another meaning.
type state struct {
	Fork         fork.Fork `json:"fork"`
	Caller       person    `json:"caller"`
	CallerDevice device    `json:"caller_device"`
	Callee       person    `json:"callee"`
	Legs         []leg     `json:"legs"` // parallel to Fork.Legs
	Video        bool      `json:"video,omitempty"`
	CreatedAt    time.Time `json:"created_at"`
	RingDeadline time.Time `json:"ring_deadline"`
	AnsweredAt   time.Time `json:"answered_at,omitzero"`
	EndedAt      time.Time `json:"ended_at,omitzero"`
	HeardAt      time.Time `json:"heard_at,omitzero"` // when either end of the answered call was last heard of
	ReplacedBy   string    `json:"replaced_by,omitempty"`
	Group        string    `json:"group,omitempty"`  // the group call that this is a part of
	Hunt         *hunt     `json:"hunt,omitempty"`   // if the legs ring group by group
	Former       []former  `json:"former,omitempty"` // the caller's devices that had the call before it moved
	Guests       []guest   `json:"guests,omitempty"` // who was ever called into the group, or joined it; the one who began it first
	Offered      *moving   `json:"offered,omitempty"`
	Carrier      *carried  `json:"carrier,omitempty"` // who carries the media; nil: the devices between themselves
}

// person is one side of a call.
type person struct {
	User   string `json:"user"`
	Name   string `json:"name,omitempty"`
	Handle string `json:"handle,omitempty"`
}

// device is a device that takes part, with what it said of itself.
type device struct {
	ID    string `json:"id"`
	Name  string `json:"name,omitempty"`
	Marks marks  `json:"marks,omitempty"`
	Node  string `json:"node,omitempty"` // that holds its stream; empty: none is known, or there is only one
	// What it said of itself, for metrics.
	Platform   string `json:"platform,omitempty"`
	AppVersion string `json:"app_version,omitempty"`
	OSVersion  string `json:"os_version,omitempty"`
}

// deviceOf is a registered device as a call keeps it.
func deviceOf(d store.Device) device {
	return device{ID: d.ID, Name: d.Name, Platform: d.Platform, AppVersion: d.AppVersion, OSVersion: d.OSVersion}
}

// leg is what the server keeps of a leg besides fork's part.
type leg struct {
	device
	Streamed bool      `json:"streamed,omitempty"` // its device had an open stream when the call was offered
	EndedAt  time.Time `json:"ended_at,omitzero"`
	NoJob    bool      `json:"no_job,omitempty"`    // no push of it is in the store; false: there may be one
	Sealed   []byte    `json:"sealed,omitempty"`    // who calls, sealed by the caller for this device
	OfCaller bool      `json:"of_caller,omitempty"` // a device of the caller, to which the call was offered by OfferMove
}

// former is a device of the caller that had the call before it moved to another one.
type former struct {
	device
	EndedAt time.Time `json:"ended_at"`
}

// maxFormer is how many of them are remembered.
const maxFormer = 8

// marks are the stages that a device has acked, a bit each, so that a repeated ack is not counted twice.
type marks uint32

func (m marks) has(stage int32) bool { return m&(1<<stage) != 0 }

// device returns what is known of a side's device.
func (st *state) device(side int) *device {
	switch {
	case side == callerSide:
		return &st.CallerDevice
	case side < callerSide:
		return &st.Former[formerSide-side].device
	}
	return &st.Legs[side].device
}

// A side is a leg's index, or one of these: the caller's device, and, from formerSide downwards, those that it was before.
const (
	callerSide = -1
	formerSide = -2
)

// hasCaller reports whether a device began the call. If not, its callee joined a group by itself.
func (st *state) hasCaller() bool { return st.CallerDevice.ID != "" }

// has reports whether the user takes part in the call.
func (st *state) has(user string) bool {
	return user == st.Callee.User || user == st.Caller.User && st.hasCaller()
}

// shadow reports whether a side is no device's of the app, or that of a device which is another side by now.
func (st *state) shadow(side int) bool {
	id := st.device(side).ID
	switch {
	case isOutside(id):
		return true
	case side == callerSide:
		return !st.hasCaller()
	case side >= 0 && !st.Legs[side].OfCaller:
		return st.Fork.Legs[side].State == fork.Waiting // it has not heard of the call
	}
	is, ok := st.sideOf(st.Caller.User, id)
	return !ok || is != side
}

// lastSide is the lowest number of a side.
func (st *state) lastSide() int { return callerSide - len(st.Former) }

// legOf returns the index of a device's leg, also if its turn has not come; -1 if it has none.
func (st *state) legOf(device string) int {
	return slices.IndexFunc(st.Legs, func(l leg) bool { return l.ID == device })
}

// sideOf returns which side of the call a device of the user is; false for one that has no part in it, or whose turn to
// ring has not come.
func (st *state) sideOf(user, device string) (int, bool) {
	i := st.legOf(device)
	if user == st.Caller.User && st.hasCaller() {
		offered := i >= 0 && st.Legs[i].OfCaller
		if device == st.CallerDevice.ID {
			return callerSide, true
		}
		if offered && st.Fork.Legs[i].Open() {
			return i, true
		}
		if i := slices.IndexFunc(st.Former, func(f former) bool { return f.ID == device }); i >= 0 {
			return formerSide - i, true
		}
		return i, offered
	}
	if user == st.Callee.User {
		return i, i >= 0 && st.Fork.Legs[i].State != fork.Waiting && !st.Legs[i].OfCaller
	}
	return 0, false
}

// timer returns when the clock has to look at the call again, zero if never. It follows from the state alone.
func (st *state) timer(alive time.Duration) time.Time {
	switch st.Fork.State {
	case fork.Ringing:
		if at := st.nextGroupAt(); !at.IsZero() && at.Before(st.RingDeadline) {
			return at
		}
		return st.RingDeadline
	case fork.Answered:
		at := st.HeardAt.Add(alive)
		if st.Offered != nil && st.Fork.Open() > 0 && st.Offered.Deadline.Before(at) {
			at = st.Offered.Deadline
		}
		if st.Carrier != nil && !st.Carrier.LostAt.IsZero() && st.Carrier.LostAt.Before(at) {
			at = st.Carrier.LostAt
		}
		return at
	case fork.Idle, fork.Ended:
	}
	return time.Time{}
}

// keepUntil returns until when the tombstone of an ended call is kept. Late pushes, late acks and devices that were
// offline meet it.
func (st *state) keepUntil(tombstone time.Duration) time.Time {
	last := st.RingDeadline
	if st.EndedAt.After(last) {
		last = st.EndedAt
	}
	return last.Add(tombstone)
}

// older reports whether call id with st began before the other one; of two of the same moment the smaller id did.
func (st *state) older(id string, other *state, otherID string) bool {
	if !st.CreatedAt.Equal(other.CreatedAt) {
		return st.CreatedAt.Before(other.CreatedAt)
	}
	return id < otherID
}

// decodeState reads a stored call.
func decodeState(row store.Call) (state, error) {
	var st state
	if err := json.Unmarshal(row.State, &st); err != nil {
		return st, fmt.Errorf("reading the stored state of call %s: %w", row.ID, err)
	}
	if n := st.Fork.Len(); n != len(st.Legs) {
		return st, fmt.Errorf("reading the stored state of call %s: %d legs in the fork and %d beside it", row.ID, n, len(st.Legs))
	}
	if st.Fork.WasAnswered() && int(st.Fork.Winner) >= len(st.Legs) {
		return st, fmt.Errorf("reading the stored state of call %s: leg %d of %d has answered", row.ID, st.Fork.Winner, len(st.Legs))
	}
	if o := st.Offered; o != nil && (o.Leg < 0 || o.Leg >= len(st.Legs)) {
		return st, fmt.Errorf("reading the stored state of call %s: it was offered to leg %d of %d", row.ID, o.Leg, len(st.Legs))
	}
	return st, nil
}
