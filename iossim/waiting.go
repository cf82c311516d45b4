package iossim

import (
	"slices"

	"github.com/ringtrip/ringtrip/callkit"
)

// otherThan is the other call of which the screen's buttons are about: the group, not ringing and not c's own, that
// was put on hold last; without one that is on hold, the one that the user turned to last. It may be nil.
func (ph *Phone) otherThan(c *call) *call {
	active, held := ph.beside(c)
	if held != nil {
		return held
	}
	return active
}

// beside finds the calls that go on beside c: the one that is heard or being set up, and the one on hold; of
// several the last. Calls that are ending count no more.
func (ph *Phone) beside(c *call) (active, held *call) {
	for _, o := range ph.calls {
		switch {
		case o.with(c) || !o.onLine() || o.ending:
		case o.onHold():
			if held == nil || o.heldSince > held.heldSince {
				held = o
			}
		case !o.held:
			if active == nil || o.engaged > active.engaged {
				active = o
			}
		}
	}
	return active.first(), held.first()
}

// waits reports whether c, which rings, does so beside another call: call waiting.
func (ph *Phone) waits(c *call) bool { return ph.otherThan(c) != nil }

// ringIn is a call that has just come in: it rings, or it waits.
func (c *call) ringIn() {
	ph := c.ph
	switch {
	case ph.waits(c):
		ph.log(ChanSystem, c.app.tag(), "waiting %s behind %s, no ring tone", c.id, ph.otherThan(c).id)
	case ph.shown() != c:
		ph.log(ChanSystem, c.app.tag(), "waiting %s behind %s", c.id, ph.shown().id)
	}
	ph.ringNext()
}

// holdable reports whether all of c's group can be put on hold.
func (c *call) holdable() bool {
	return c != nil && !slices.ContainsFunc(c.line(), func(m *call) bool {
		return m.state != callConnected || m.ending || !m.holds && !m.held
	})
}

// waitingButtons are those of the call-waiting screen: what accepting c can do to the calls there are. With one
// call in progress it is ended, or held if it supports that (flutter_callkit_incoming#209, linphone#217); one that is
// on hold already is offered the same (forums 775874); with one on hold and one that is heard either can be ended
// (forums 794277). Beyond maximumCallGroups nothing may be held (matrix-ios-sdk#754).
func (ph *Phone) waitingButtons(c *call) []Button {
	live := c.rings()
	active, held := ph.beside(c)
	b := []Button{{ID: "decline", Label: "Decline", Enabled: live}, {ID: "end-and-accept", Label: "End & Accept", Enabled: live}}
	switch {
	case active != nil && held != nil:
		if active.holdable() {
			b = append(b, Button{ID: "end-held-and-accept", Label: "End Held & Accept", Enabled: live})
		}
	case held != nil || active.holdable():
		if ph.groupsOf(c.app) <= c.app.config.MaximumCallGroups || c.app.builtin {
			b = append(b, Button{ID: "hold-and-accept", Label: "Hold & Accept", Enabled: live})
		}
	}
	return b
}

// EndAndAccept presses "End & Accept" of the call-waiting screen: the call that is heard is ended (without one, the
// one on hold), then the new one is answered.
func (ph *Phone) EndAndAccept() error {
	return ph.button("endAndAccept", "end-and-accept", func(c *call) {
		active, held := ph.beside(c)
		if active == nil {
			active = held
		}
		ph.accept(c, endAll(active))
	})
}

// HoldAndAccept presses "Hold & Accept" of the call-waiting screen: the call that is heard is put on hold, unless it
// is already, then the new one is answered.
func (ph *Phone) HoldAndAccept() error {
	return ph.button("holdAndAccept", "hold-and-accept", func(c *call) {
		active, _ := ph.beside(c)
		if active == nil {
			ph.accept(c)
			return
		}
		ph.accept(c, holdAll(active))
	})
}

// EndHeldAndAccept presses "End Held & Accept" of the call-waiting screen: the call on hold is ended, the one that
// is heard is put on hold, and the new one is answered.
func (ph *Phone) EndHeldAndAccept() error {
	return ph.button("endHeldAndAccept", "end-held-and-accept", func(c *call) {
		active, held := ph.beside(c)
		ph.accept(c, endAll(held), holdAll(active))
	})
}

// accept answers c after the steps that make room for it. Another call that rings is ended (forums 775874).
func (ph *Phone) accept(c *call, room ...[]callkit.Action) {
	c.answer()
	ph.carryOut(plan{room: true, steps: append(room, []callkit.Action{answerOf(c)})})
	for _, o := range slices.Clone(ph.calls) {
		if o.rings() && o != c {
			o.hangUp("user")
		}
	}
	ph.openFor(c)
}

// openFor brings the app of a call that was answered to the screen, as far as the lock lets it.
func (ph *Phone) openFor(c *call) {
	open := func() { ph.bring(c.app) }
	switch {
	case c.app.builtin:
		ph.showCall = true
	case ph.locked && c.video:
		// Video needs the app, and the app needs the phone unlocked (twilio/video#414).
		ph.prompt("Unlock to open "+c.app.cfg.Name, func() {
			if ph.knobs.AnswerBeforeUnlock == "springboard" && c.wasUp {
				// iOS 16: the app fulfilled before the phone was unlocked (callkeep#355).
				ph.log(ChanSystem, c.app.tag(), "log answered before the phone was unlocked: the home screen, not the app (iOS 16)")
				ph.front, ph.inRecents, ph.showCall = nil, false, false
				return
			}
			open()
		})
	case !ph.locked && ph.knobs.AnswerOpensApp:
		open()
	}
}

// Swap presses "swap": the call that is heard is put on hold, then the other is resumed.
// If the app does not put the first on hold, the other stays on hold.
func (ph *Phone) Swap() error {
	return ph.button("swap", "swap", func(c *call) {
		ph.carryOut(plan{strict: true, room: true, steps: [][]callkit.Action{holdAll(c), resumeAll(ph.otherThan(c))}})
	})
}

// AddCall presses "add call": the call goes on, and the Phone app shows whom else to call. [Phone.TapRecent],
// [Phone.CellularDial] or an app's own screen go on from there.
func (ph *Phone) AddCall() error {
	return ph.button("addCall", "add-call", func(*call) {
		ph.front, ph.inRecents, ph.showCall = nil, true, false
	})
}

// HeadsetPress presses the one button of a headset: it answers a call that rings, as [Phone.Answer] does, and ends
// a call otherwise. With a call on hold, one that is heard and one that rings, sequences were seen that no screen
// offers (forums 794277); the knob headsetThreeCalls has them. The button is dead during a call whose app activated
// the session itself (forums 761549): the knob ownActivateKillsHeadset.
func (ph *Phone) HeadsetPress() error {
	return ph.press("headset", func() string {
		switch c := ph.shown(); {
		case c == nil:
			return "there is no call"
		case c.ending:
			return "the call is ending"
		}
		return ""
	}, func() {
		if o := ph.audio.owner; o != nil && o.app.proc != nil && o.app.proc.session.own && ph.knobs.OwnActivateKillsHeadset {
			ph.log(ChanSystem, o.app.tag(), "log headset button dead: the app activated the session by its own hand")
			return
		}
		c := ph.shown()
		active, held := ph.beside(c)
		switch {
		case c.rings() && active != nil && held != nil && ph.knobs.HeadsetThreeCalls == "answerThenEnd":
			// Answer and End of the same call.
			c.answer()
			c.ending = true
			ph.carryOut(plan{steps: [][]callkit.Action{{answerOf(c)}, {endOf(c)}}})
		case c.rings() && active != nil && held != nil && ph.knobs.HeadsetThreeCalls == "twoHeld":
			ph.accept(c, holdAll(active))
		case c.rings():
			ph.answer(c)
		default:
			ph.end(c)
		}
	})
}

// answer is the green button, or what stands for it beside other calls: Hold & Accept if it is offered, else End &
// Accept.
func (ph *Phone) answer(c *call) {
	active, held := ph.beside(c)
	switch {
	case active == nil && held == nil:
		ph.accept(c)
	case offered(ph.waitingButtons(c), "hold-and-accept") == "" && active != nil:
		ph.accept(c, holdAll(active))
	case offered(ph.waitingButtons(c), "hold-and-accept") == "":
		ph.accept(c)
	case active != nil:
		ph.accept(c, endAll(active))
	default:
		ph.accept(c, endAll(held))
	}
}

// end is the red button: all calls of the group end.
func (ph *Phone) end(c *call) {
	c.app.submit(&transaction{from: "user"}, endAll(c)...)
	ph.ringNext()
}
