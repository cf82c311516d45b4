package iossim

import (
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
)

// PhoneBundleID names the Phone app, whose calls go over the mobile network. It stands on every phone, is no icon
// of [Screen].Apps, and its actions are performed by the system at once.
const PhoneBundleID = "com.apple.mobilephone"

// phoneApp is the Phone app.
func (ph *Phone) phoneApp() *app {
	if ph.mobile == nil {
		c := callkit.DefaultConfiguration()
		c.SupportedHandleTypes = []callkit.HandleType{callkit.PhoneNumber}
		ph.mobile = &app{ph: ph, builtin: true, cfg: AppConfig{BundleID: PhoneBundleID, Name: "Phone"}, config: c}
	}
	return ph.mobile
}

// newCellular adds a cellular call to the table. It can be held and grouped, as the network offers.
func (ph *Phone) newCellular(handle, name string, outgoing bool) *call {
	var id callkit.UUID
	binary.BigEndian.PutUint64(id[:8], ph.w.rng.Uint64())
	binary.BigEndian.PutUint64(id[8:], ph.w.rng.Uint64())
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	c := ph.newCall(ph.phoneApp(), id, outgoing)
	c.handle, c.name = callkit.Handle{Type: callkit.PhoneNumber, Value: handle}, name
	c.holds, c.groups, c.splits, c.tones = true, true, true, true
	return c
}

// CellularRing has a call over the mobile network come in, from a handle and with the name that the network gives
// (empty: none). It rings until it is answered or declined, or until the network gives up, see [Phone.CellularEnd].
// A blocked caller, or one that a Focus does not allow, does not ring; a phone that is off or in airplane mode hears
// nothing.
func (ph *Phone) CellularRing(handle, name string) {
	ph.act(fmt.Sprintf("cellularRing handle=%q name=%q", handle, name), func() {
		a, h := ph.phoneApp(), callkit.Handle{Type: callkit.PhoneNumber, Value: handle}
		switch {
		case ph.off:
			ph.log(ChanSystem, a, "log cellular call lost: the phone is off")
		case ph.airplane:
			ph.log(ChanSystem, a, "log cellular call lost: airplane mode")
		case ph.knobs.SilenceUnknown && !ph.known(h):
			ph.log(ChanSystem, a, "log cellular call silenced: unknown callers are")
			ph.addRecent(&call{ph: ph, app: a, handle: h, name: name, created: ph.now()}, endReport, true, ph.now())
		case ph.blocks(h):
			ph.log(ChanSystem, a, "log cellular call refused: the caller is on the block list")
		case ph.focus != "" && !ph.allows(h):
			ph.log(ChanSystem, a, "log cellular call silenced: a Focus is on that does not allow the caller")
			ph.addRecent(&call{ph: ph, app: a, handle: h, name: name, created: ph.now()}, endReport, true, ph.now())
		default:
			c := ph.newCellular(handle, name, false)
			c.ringIn()
			ph.changed(c)
		}
	})
}

// CellularDial is the user calling a number in the Phone app. A call that is heard is put on hold first, or ended
// if it can't be held. There can't be a third call beside one that is heard and one on hold.
func (ph *Phone) CellularDial(handle string) error {
	if handle == "" {
		return fmt.Errorf("iossim: cellularDial: no number")
	}
	return ph.press("cellularDial "+oneWord(handle), func() string {
		if ph.locked {
			return "the phone is locked"
		}
		return ph.noLine()
	}, func() { ph.dial(handle) })
}

// noLine says what stands against dialing a number in the Phone app.
func (ph *Phone) noLine() string {
	active, held := ph.beside(nil)
	switch {
	case ph.airplane:
		return "it is in airplane mode"
	case ph.shown() != nil && ph.shown().rings():
		return "an incoming call asks to be answered"
	case active != nil && held != nil:
		return "there are two calls on the phone already"
	case active != nil && active.app.builtin && active.state != callConnected:
		return "the Phone app is dialing already"
	}
	return ""
}

func (ph *Phone) dial(handle string) {
	active, _ := ph.beside(nil)
	var steps [][]callkit.Action
	switch {
	case active == nil:
	case active.holdable():
		steps = append(steps, holdAll(active))
	default:
		steps = append(steps, endAll(active))
	}
	c := ph.newCellular(handle, "", true)
	ph.front, ph.inRecents, ph.showCall = nil, false, true
	ph.changed(c)
	ph.carryOut(plan{room: true, steps: append(steps, []callkit.Action{
		&callkit.StartCallAction{Base: callkit.Base{CallUUID: c.id}, Handle: c.handle},
	})})
}

// CellularAnswered is the far end answering the number that the Phone app dials.
func (ph *Phone) CellularAnswered() {
	ph.act("cellularAnswered", func() {
		for _, c := range ph.calls {
			if c.app.builtin && c.state == callDialing && !c.ending {
				c.connected(ph.now())
				return
			}
		}
		ph.log(ChanSystem, ph.phoneApp(), "log the Phone app is not dialing")
	})
}

// CellularEnd is the far end, or the network, ending a cellular call: one that rings or is dialed, else the one that
// is heard, else the oldest. A call of an app that was held for it stays on hold and is told nothing, which Apple
// calls intended (forums 749202, 715488); see the knob resumeAfterEnd.
func (ph *Phone) CellularEnd() {
	ph.act("cellularEnd", func() {
		var best *call
		class := 0
		for _, c := range ph.calls {
			if !c.app.builtin {
				continue
			}
			k := 2
			switch {
			case c.state != callConnected:
				k = 0
			case !c.held:
				k = 1
			}
			if best == nil || k < class {
				best, class = c, k
			}
		}
		if best == nil {
			ph.log(ChanSystem, ph.phoneApp(), "log there is no cellular call")
			return
		}
		best.reason = callkit.RemoteEnded
		ph.endCall(best, endReport, ph.now())
	})
}

// loseCellular is the mobile network going away.
func (ph *Phone) loseCellular() {
	for _, c := range slices.Clone(ph.calls) {
		if c.app.builtin {
			c.reason = callkit.Failed
			ph.endCall(c, endFailed, ph.now())
		}
	}
}

// performBySystem carries out the actions of the Phone app.
func (t *transaction) performBySystem() {
	for _, x := range t.actions {
		if x.state != actionWaiting {
			continue
		}
		x.app.ph.log(ChanSystem, x.app.tag(), "log the Phone app performs %s", x)
		x.over()
		x.effect(true, time.Time{})
	}
}
