package iossim

import (
	"slices"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
)

// effect is what the call service does when an action was fulfilled or has failed.
func (x *action) effect(ok bool, at time.Time) {
	c, ph := x.call, x.app.ph
	if c == nil || c.state == callEnded {
		return
	}
	if at.IsZero() {
		at = ph.now()
	}
	switch a := x.act.(type) {
	case *callkit.StartCallAction:
		if !ok {
			x.failCall(c)
			return
		}
		if c.state == callStarting {
			c.state = callDialing
		}
		c.audioReady = true
		ph.arbitrate()
	case *callkit.AnswerCallAction:
		if !ok {
			x.failCall(c)
			return
		}
		c.state, c.wasUp, c.connectedAt, c.audioReady = callConnected, true, at, true
		c.turnTo()
		ph.changed(c)
		ph.arbitrate()
	case *callkit.EndCallAction:
		if !ok {
			c.ending, c.timedOut = false, false
			if ph.pushedOut(c) {
				ph.log(ChanSystem, c.app.tag(), "log end failed: call %s is dropped all the same, another call has its place", c.id)
				ph.endCall(c, endFailed, ph.now())
				return
			}
			ph.log(ChanSystem, c.app.tag(), "log end failed: call %s stays on the screen", c.id)
			ph.ringNext()
			return
		}
		ph.endCall(c, endUser, at)
	case *callkit.SetHeldCallAction:
		if !ok {
			c.holdRefused = c.holdRefused || a.OnHold
			ph.log(ChanSystem, c.app.tag(), "log hold failed: call %s stays as it was", c.id)
			return
		}
		c.setHeld(a.OnHold)
	case *callkit.SetMutedCallAction:
		if ok {
			c.muted = a.Muted
		}
	case *callkit.PlayDTMFCallAction:
		if ok {
			ph.log(ChanSystem, c.app.tag(), "tone %s", a.Digits)
		}
		c.nextKey()
	case *callkit.SetGroupCallAction:
		x.regroup(c, a, ok)
	case *callkit.SetTranslatingCallAction:
		c.translate(a, ok)
	}
}

// setHeld is a call that was put on hold, or resumed.
func (c *call) setHeld(on bool) {
	if c.held == on {
		return
	}
	ph := c.ph
	c.held, c.holdRefused, c.dialed = on, false, false
	if on {
		ph.turns++
		c.heldSince = ph.turns
	} else {
		c.audioVoid = false
		c.turnTo()
	}
	ph.changed(c)
	if on && !slices.ContainsFunc(c.line(), func(m *call) bool { return !m.held }) {
		ph.audio.interrupt(c)
	}
	ph.arbitrate()
}

// failCall ends a call whose answer or start failed.
func (x *action) failCall(c *call) {
	ph := x.app.ph
	ph.endCall(c, endFailed, ph.now())
	if ph.knobs.EndAfterFail {
		x.app.ghostEnd(c)
	}
}

// nextKey sends the next digit of the keypad, once the one before is settled (CXPlayDTMFCallAction).
func (c *call) nextKey() {
	if len(c.keys) == 0 || c.state == callEnded {
		return
	}
	digits := c.keys[0]
	c.keys = c.keys[1:]
	kind := callkit.SingleTone
	switch digits[0] {
	case ',':
		kind = callkit.SoftPause
	case ';':
		kind = callkit.HardPause
	}
	c.app.submit(&transaction{from: "user"}, &callkit.PlayDTMFCallAction{
		Base: callkit.Base{CallUUID: c.id}, Digits: digits, Type: kind,
	})
}
