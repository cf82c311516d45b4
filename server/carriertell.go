package server

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/carrier"
	"github.com/ringtrip/ringtrip/fork"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

const (
	maxPast         = 64  // events whose repetition is noticed by what they are
	maxSources      = 16  // of events in order
	maxCarrierNotes = 200 // lines of a call's ledger that carriers may fill
	maxAgain        = 4   // how often a carrier is told again that a call is over
)

// hear takes what the carrier says of the call. What it says twice, or too late, changes nothing.
func (t *turn) hear(e carrier.Event) error {
	if e.User != "" && e.User != t.Caller.User && e.User != t.Callee.User {
		return fmt.Errorf("%w: user %.40q", carrier.ErrNotInCall, e.User)
	}
	if t.repeated(e) {
		return nil
	}
	news := t.keepRefs(e.Refs)
	if e.Kind == carrier.Invited {
		t.invited(e.Invite)
	}
	late := t.late(e)
	t.noteCarrier(t.deviceHeard(e), said(e, late))
	if late {
		return nil
	}
	if t.isOver() {
		// What comes up at the carrier after the end, or was not known when it ended, has to be ended, too.
		if news || e.Kind == carrier.PhoneAnswered || e.Kind == carrier.Joined {
			t.endOnceMore()
		}
		return nil
	}
	switch e.Kind {
	case carrier.PhoneRinging:
		if t.calleeOutside() {
			t.mark(0, &v1.Mark{Stage: v1.Stage_STAGE_RINGING, Detail: t.Carrier.Name})
		}
	case carrier.PhoneAnswered:
		if t.calleeOutside() {
			t.step(fork.Event{Kind: fork.Answer, Leg: 0})
		}
	case carrier.PhoneEnded:
		t.phoneEnded(e.Reason)
	case carrier.Joined:
		t.sits(e)
	case carrier.Left:
		if t.isTelephone(e.User) {
			t.phoneEnded(e.Reason)
		} else {
			t.leaves(e)
		}
	case carrier.RoomEnded:
		t.allLeave(e)
	case carrier.Invited, carrier.Noted:
	}
	if t.Fork.State == fork.Answered {
		t.HeardAt = t.now
	}
	return nil
}

func (t *turn) endOnceMore() {
	if t.Carrier.Again < maxAgain {
		t.Carrier.Again++
		t.changed, t.endAgain = true, true
	}
}

// isTelephone reports whether a user that an event names is the telephone of the call.
func (t *turn) isTelephone(user string) bool {
	return t.callerOutside() && user == t.Caller.User || t.calleeOutside() && user == t.Callee.User
}

// phoneEnded takes down that the telephone's part is over.
func (t *turn) phoneEnded(reason call.Reason) {
	failed := call.HungUp
	if reason == call.MediaFailed {
		failed = call.MediaFailed
	}
	switch {
	case t.callerOutside() && t.Fork.State == fork.Ringing:
		t.step(fork.Event{Kind: fork.Cancel})
	case t.callerOutside():
		t.step(fork.Event{Kind: fork.CallerHangup, Reason: failed})
	case !t.calleeOutside():
	case t.Fork.State == fork.Answered:
		t.step(fork.Event{Kind: fork.LegHangup, Leg: 0, Reason: failed})
	default:
		t.step(phoneRefused(reason))
	}
}

// phoneRefused is what it means that a telephone did not answer.
func phoneRefused(reason call.Reason) fork.Event {
	switch reason {
	case call.Busy, call.DoNotDisturb:
		return fork.Event{Kind: fork.Busy, Leg: 0, Reason: reason, On: true}
	case call.Unanswered:
		return fork.Event{Kind: fork.RingTimeout}
	case call.MediaFailed, call.Crashed:
		return fork.Event{Kind: fork.LegHangup, Leg: 0, Reason: reason}
	case call.Declined, call.Blocked, call.HungUp:
		return fork.Event{Kind: fork.Decline, Leg: 0, Reason: reason}
	}
	return fork.Event{Kind: fork.Busy, Leg: 0, Reason: call.Unreachable}
}

// invited keeps the carrier's invitation for the callee's device. The device that has answered learns of it.
func (t *turn) invited(invite json.RawMessage) {
	if len(invite) == 0 || len(invite) > maxInvite || !json.Valid(invite) || string(invite) == t.Carrier.Invite || t.isOver() {
		return
	}
	t.Carrier.Invite, t.changed = string(invite), true
	if t.Fork.State == fork.Answered {
		t.told[int(t.Fork.Winner)] = true
		return
	}
	for i := range t.Legs {
		t.told[i] = t.told[i] || t.mayBeTold(i)
	}
}

// mayBeTold reports whether a leg that rings gets its credentials before the answer.
func (t *turn) mayBeTold(i int) bool {
	by := t.s.carrier(t.row.App, t.Carrier.Name)
	return by != nil && !by.Traits().AfterAnswer && t.Fork.Legs[i].Open()
}

// keepRefs keeps further names, and reports whether one is new.
func (t *turn) keepRefs(refs map[string]string) (news bool) {
	for k, v := range refs {
		if k == "" || v == "" || len(k) > maxWord || len(v) > maxRef || t.Carrier.Refs[k] == v {
			continue
		}
		if _, known := t.Carrier.Refs[k]; !known && len(t.Carrier.Refs) >= maxRefs {
			continue
		}
		if t.Carrier.Refs == nil {
			t.Carrier.Refs = map[string]string{}
		}
		t.Carrier.Refs[k] = v
		t.changed, news = true, true
	}
	return news
}

// repeated reports whether the same was heard before, and remembers it. What has neither a moment nor a place in an order
// may have happened twice.
func (t *turn) repeated(e carrier.Event) bool {
	if e.Seq == 0 && e.At.IsZero() && e.Kind != carrier.Noted {
		return false
	}
	h := fnv.New64a()
	fmt.Fprintf(h, "%d\x00%s\x00%s\x00%d\x00%d\x00%d\x00%s\x00%s\x00", e.Kind, e.User, e.Device, e.Reason, e.At.UnixNano(), e.Seq, e.Source, e.Detail)
	h.Write(e.Invite)
	for _, k := range sortedKeys(e.Refs) {
		fmt.Fprintf(h, "\x00%s\x00%s", k, e.Refs[k])
	}
	c, sum := t.Carrier, h.Sum64()
	if slices.Contains(c.Past, sum) {
		return true
	}
	if c.Past = append(c.Past, sum); len(c.Past) > maxPast {
		c.Past = c.Past[len(c.Past)-maxPast:]
	}
	t.changed = true
	return false
}

// late reports whether something that happened later was heard before. What a source counts says so.
func (t *turn) late(e carrier.Event) bool {
	if e.Seq == 0 {
		return false
	}
	c := t.Carrier
	if last, known := c.Seqs[e.Source]; known && e.Seq <= last {
		return true
	} else if !known && len(c.Seqs) >= maxSources {
		return false
	}
	if c.Seqs == nil {
		c.Seqs = map[string]uint64{}
	}
	c.Seqs[e.Source] = e.Seq
	return false
}

// deviceHeard returns the device that an event is about, empty if that is not known.
func (t *turn) deviceHeard(e carrier.Event) string {
	switch {
	case e.Kind == carrier.PhoneRinging, e.Kind == carrier.PhoneAnswered, e.Kind == carrier.PhoneEnded:
		if t.callerOutside() {
			return t.CallerDevice.ID
		}
		return t.Callee.User
	case e.User == "" || e.Kind == carrier.Invited:
		return ""
	case e.Device != "":
		if checkDeviceID(e.Device) != nil {
			return ""
		}
		return e.Device
	case e.User == t.Caller.User:
		return t.CallerDevice.ID
	case t.calleeOutside():
		return t.Callee.User
	case t.Fork.WasAnswered():
		return t.Legs[t.Fork.Winner].ID
	}
	return ""
}

// noteCarrier puts what a carrier said or did about a device, or about the call as a whole, into the ledger, while there
// is room for it.
func (t *turn) noteCarrier(device, what string) {
	c := t.Carrier
	if c.Notes >= maxCarrierNotes {
		return
	}
	c.Notes++
	t.changed = true
	t.note(v1.Stage_STAGE_CARRIER, callerSide, 0, c.Name+": "+what).Device = device
}

var kindWords = map[carrier.EventKind]string{
	carrier.PhoneRinging: "the telephone rings", carrier.PhoneAnswered: "the telephone was answered", carrier.PhoneEnded: "the telephone's part is over",
	carrier.Invited: "has an invitation", carrier.Joined: "joined", carrier.Left: "left", carrier.RoomEnded: "the room is no more",
}

// said is an event in words.
func said(e carrier.Event, late bool) string {
	var words []string
	if text := strings.TrimSpace(e.User + " " + kindWords[e.Kind]); text != "" {
		words = append(words, text)
	}
	if e.Reason != call.NotEnded {
		words = append(words, "("+e.Reason.String()+")")
	}
	if late {
		words = append(words, "(told too late)")
	}
	text := strings.Join(words, " ")
	if e.Detail != "" {
		if text != "" {
			text += ": "
		}
		text += printable(e.Detail)
	}
	return text
}
