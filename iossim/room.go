package iossim

import (
	"slices"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
)

// heard reports whether c is connected and not on hold: only one group may be (siprix#14).
func (c *call) heard() bool { return c.state == callConnected && !c.held }

// makesWay reports whether an end or a hold of c is under way.
func (c *call) makesWay() bool {
	return c.ending || slices.ContainsFunc(c.app.actions, func(x *action) bool {
		h, ok := x.act.(*callkit.SetHeldCallAction)
		return ok && h.OnHold && x.call == c
	})
}

// connected is a call that begins without an answer on this phone: the far end of an outgoing call has answered, or
// the app says so.
func (c *call) connected(at time.Time) {
	c.state, c.wasUp, c.connectedAt, c.dialed = callConnected, true, at, c.outgoing
	c.turnTo()
	c.ph.changed(c)
	c.ph.arbitrate()
}

// settleRings follows every event: there is no ring tone beside a call that is begun, and there is again when it goes.
func (ph *Phone) settleRings() {
	for _, c := range ph.calls {
		if c.ringing && ph.waits(c) {
			c.silence()
			c.rung = false
		}
	}
	ph.ringNext()
}

// keepRoom follows every event. If two groups are heard, the one that was turned to last stays, and the others are
// asked to go: put on hold or ended, as the knobs secondOutgoing and secondActive say, and ended if they would not be
// put on hold. Calls that are about to be grouped are left alone.
func (ph *Phone) keepRoom() {
	if len(ph.calls) < 2 {
		return
	}
	var front *call
	for _, c := range ph.calls {
		if c.heard() && !c.makesWay() && (front == nil || c.engaged > front.engaged) {
			front = c
		}
	}
	if front == nil {
		return
	}
	for _, c := range slices.Clone(ph.calls) {
		if !c.heard() || c.makesWay() || c.with(front) || ph.joining(c, front) {
			continue
		}
		rule := ph.knobs.SecondActive
		if front.dialed {
			rule = ph.knobs.SecondOutgoing
		}
		if rule == "holdsFirst" && c.holds && !c.holdRefused {
			ph.log(ChanSystem, c.app.tag(), "log %s is put on hold: %s is connected", c.id, front.id)
			c.app.submit(&transaction{from: "system", room: true}, setHeld(c, true))
			continue
		}
		ph.log(ChanSystem, c.app.tag(), "log %s is ended: %s is connected, and only one call can be heard", c.id, front.id)
		c.hangUp("system")
	}
}

// pushedOut reports whether another call than c's group is heard.
func (ph *Phone) pushedOut(c *call) bool {
	return slices.ContainsFunc(ph.calls, func(o *call) bool { return o.heard() && !o.ending && !o.with(c) }) && !c.held
}

// resumeHeld follows the end of a call: the system may resume the one that was on hold for it. It does when the end
// was asked for on this phone, by the user or an app, and does not when the far end hung up (Twilio's notes on audio
// interruptions; forums 749202): the knob resumeAfterEnd.
func (ph *Phone) resumeHeld(c *call, cause endCause) {
	local := cause == endUser && !c.timedOut
	switch {
	case c.held || c.state == callEnded && !c.wasUp && !c.outgoing && !c.answered:
		return // a ring, or a call on hold: nobody made room for it
	case ph.knobs.ResumeAfterEnd == "never" || ph.knobs.ResumeAfterEnd == "localOnly" && !local:
		return
	}
	var last *call
	for _, o := range ph.calls {
		if !o.held || !o.onLine() || o.ending {
			return // somebody else is heard, rings, or is being set up
		}
		if last == nil || o.heldSince > last.heldSince {
			last = o
		}
	}
	if last != nil {
		ph.log(ChanSystem, last.app.tag(), "log %s is resumed: the other call has ended", ids(last.line()))
		last.app.submit(&transaction{from: "system"}, resumeAll(last)...)
	}
}
