package iossim

import (
	"fmt"
	"slices"

	"github.com/ringtrip/ringtrip/callkit"
)

// group is two or more calls of one app that the user hears together (CXSetGroupCallAction). Its members are the
// calls in the table that point to it; a call alone has none. For the limits each lone call counts as a group.
type group struct {
	_ byte // pointers to values without a size may be equal, and so two groups would be one
}

// line lists the calls of c's group, oldest first; c alone if it has none.
func (c *call) line() []*call {
	if c.group == nil {
		return []*call{c}
	}
	var all []*call
	for _, o := range c.ph.calls {
		if o.group == c.group {
			all = append(all, o)
		}
	}
	return all
}

// first is the call that stands for c's group. It may be called on nil.
func (c *call) first() *call {
	if c == nil || c.group == nil {
		return c
	}
	return c.line()[0]
}

// with reports whether c and o are one call or in one group.
func (c *call) with(o *call) bool { return c == o || o != nil && c.group != nil && c.group == o.group }

// onHold reports whether no member of c's group is heard.
func (c *call) onHold() bool {
	if c.group == nil {
		return c.held
	}
	return !slices.ContainsFunc(c.line(), func(m *call) bool { return !m.held })
}

// groupsOf counts the groups of an app, of which maximumCallGroups is the limit: ringing calls and leftovers of
// an earlier process count too (wire PR123).
func (ph *Phone) groupsOf(a *app) int {
	n := 0
	for _, c := range ph.calls {
		if c.app == a && c.first() == c {
			n++
		}
	}
	return n
}

// leaveGroup takes c out of its group; a group of one is none.
func (c *call) leaveGroup() {
	g := c.group
	if g == nil {
		return
	}
	c.group = nil
	var left []*call
	for _, o := range c.ph.calls {
		if o.group == g {
			left = append(left, o)
		}
	}
	if len(left) == 1 {
		left[0].group = nil
	}
	if c.ph.audio.owner == c && c.state == callEnded {
		for _, o := range left {
			if o.wantsAudio() { // the session is the group's
				c.ph.audio.owner = o
				return
			}
		}
	}
}

// mayGroup says what stands against an app's wish to group a call with another, or to take it out of its group: a
// code of the request's error domain and why, or 0. Which codes Apple's system uses here is not documented.
func (ph *Phone) mayGroup(c *call, with callkit.UUID, limits callkit.ProviderConfiguration) (code int, why string) {
	if with.IsZero() {
		return 0, ""
	}
	o := ph.lookup(with)
	switch {
	case o == nil || o.app != c.app:
		return callkit.RequestUnknownCallUUID, "the app has no call with the UUID to group with"
	case o == c:
		return callkit.RequestInvalidAction, "a call can't be grouped with itself"
	case !c.onLine() || !o.onLine():
		return callkit.RequestInvalidAction, "a ringing call can't be in a group"
	case !c.with(o) && len(c.line())+len(o.line()) > limits.MaximumCallsPerCallGroup:
		return callkit.RequestInvalidAction, "more calls than maximumCallsPerCallGroup"
	}
	return 0, ""
}

// regroup is the effect of a group action.
func (x *action) regroup(c *call, a *callkit.SetGroupCallAction, ok bool) {
	ph := c.ph
	o := ph.lookup(a.GroupWith)
	switch {
	case !ok:
		// Who was unheld for it goes back, see keepRoom: the one that was heard before is in front again.
		if w := ph.audio.owner; w != nil && w.app == c.app && !w.held {
			w.turnTo()
		}
		ph.log(ChanSystem, c.app.tag(), "log group failed: calls stay as they were")
	case a.GroupWith.IsZero() && c.group == nil:
		ph.log(ChanSystem, c.app.tag(), "log ungroup of %s: it is in no group", c.id)
	case a.GroupWith.IsZero():
		c.leaveGroup()
		if !c.held {
			c.turnTo() // the user talks to it alone; the others make room
		}
		ph.log(ChanSystem, c.app.tag(), "ungroup %s", c.id)
	case o == nil || o == c || o.app != c.app || !o.onLine() || !c.onLine():
		ph.log(ChanSystem, c.app.tag(), "log group of %s ignored: no call %s to group it with", c.id, a.GroupWith)
	case !c.with(o):
		g := new(group)
		for _, m := range append(c.line(), o.line()...) {
			m.group = g
		}
		ph.log(ChanSystem, c.app.tag(), "group %s", ids(c.line()))
		if held := slices.DeleteFunc(c.line(), func(m *call) bool { return !m.held }); len(held) > 0 && len(held) < len(c.line()) {
			ph.log(ChanSystem, c.app.tag(), "log warning: %s is in the group and still on hold; the app must resume it (siprix#91)", ids(held))
		}
	}
	ph.arbitrate()
}

// joining reports whether a group action is under way that makes one group of a's and b's.
func (ph *Phone) joining(a, b *call) bool {
	return a.app == b.app && slices.ContainsFunc(a.app.actions, func(x *action) bool {
		g, ok := x.act.(*callkit.SetGroupCallAction)
		if !ok || x.call == nil || g.GroupWith.IsZero() {
			return false
		}
		o := ph.lookup(g.GroupWith)
		return o != nil && (x.call.with(a) && o.with(b) || x.call.with(b) && o.with(a))
	})
}

// mayMerge reports whether the screen offers to make one group of a's and b's.
func (ph *Phone) mayMerge(a, b *call) bool {
	if a == nil || b == nil || a.app != b.app || a.with(b) {
		return false
	}
	all := append(a.line(), b.line()...)
	return len(all) <= a.app.config.MaximumCallsPerCallGroup &&
		!slices.ContainsFunc(all, func(m *call) bool { return m.state != callConnected || m.ending || !m.groups })
}

// Merge presses "merge calls": the call on hold is resumed, then both are made one group (siprix#91). If the app
// fails either, it is as before.
func (ph *Phone) Merge() error {
	return ph.button("merge", "merge", func(active *call) {
		held := ph.otherThan(active)
		var acts []callkit.Action
		for _, m := range append(active.line(), held.line()...) {
			if m.held {
				acts = append(acts, setHeld(m, false))
			}
		}
		one, other := active.id, held.id
		if ph.knobs.MergeUUIDOrder == "heldToActive" {
			one, other = other, one
		}
		acts = append(acts, &callkit.SetGroupCallAction{Base: callkit.Base{CallUUID: one}, GroupWith: other})
		ph.carryOut(plan{strict: true, steps: [][]callkit.Action{acts}})
	})
}

// member checks that the call on the screen is a group with a call id whose own buttons offer a button, and hands
// that call to do.
func (ph *Phone) member(what, button string, id callkit.UUID, do func(*call)) error {
	find := func() *call {
		c := ph.shown()
		if c == nil || c.group == nil || !c.onLine() {
			return nil
		}
		for _, m := range c.line() {
			if m.id == id {
				return m
			}
		}
		return nil
	}
	return ph.press(what+" "+id.String(), func() string {
		m := find()
		if m == nil {
			return "the call on the screen is no group with such a member"
		}
		return offered(ph.memberButtons(m), button)
	}, func() { do(find()) })
}

// Split takes a call out of the group on the screen to talk to it alone; the others are put on hold.
func (ph *Phone) Split(id callkit.UUID) error {
	return ph.member("split", "split", id, func(m *call) {
		m.app.submit(&transaction{from: "user"}, &callkit.SetGroupCallAction{Base: callkit.Base{CallUUID: m.id}})
	})
}

// EndMember ends one call of the group on the screen.
func (ph *Phone) EndMember(id callkit.UUID) error {
	return ph.member("endMember", "end", id, func(m *call) { m.hangUp("user") })
}

// memberButtons are those beside a call in the list of its group.
func (ph *Phone) memberButtons(m *call) []Button {
	live := !m.ending && m.state == callConnected
	room := m.app.builtin || ph.groupsOf(m.app) < m.app.config.MaximumCallGroups
	return []Button{
		{ID: "split", Label: "Private", Enabled: live && m.splits && room},
		{ID: "end", Label: "End", Enabled: !m.ending},
	}
}

func ids(calls []*call) string {
	s := ""
	for i, c := range calls {
		if i > 0 {
			s += ","
		}
		s += c.id.String()
	}
	return s
}

// offered says what stands against pressing a button.
func offered(all []Button, id string) string {
	for _, b := range all {
		if b.ID == id && b.Enabled {
			return ""
		}
	}
	return fmt.Sprintf("no such button (%s)", id)
}
