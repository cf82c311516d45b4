package iossim

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ringtrip/ringtrip/callkit"
)

// press does what the user does, if the screen offers it now: check says what stands against it, and do
// happens on the loop if it is still on offer then.
func (ph *Phone) press(what string, check func() string, do func()) error {
	w := ph.w
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tick()
	problem := func() string {
		if ph.off {
			return "the phone is off"
		}
		return check()
	}
	if why := problem(); why != "" {
		return fmt.Errorf("iossim: %s can't %s: %s; the screen shows %s", ph.name, what, why, ph.uiLine())
	}
	ph.after(0, func() {
		if why := problem(); why != "" {
			ph.log(ChanUser, nil, "%s: too late: %s", what, why)
			return
		}
		ph.log(ChanUser, nil, "%s", what)
		do()
	})
	return nil
}

// button checks that the screen's call offers a button, and hands the call to do.
func (ph *Phone) button(what, id string, do func(*call)) error {
	return ph.press(what, func() string {
		c := ph.shown()
		if c == nil {
			return "there is no call"
		}
		if offered(ph.buttons(c), id) != "" {
			return "no such button"
		}
		return ""
	}, func() { do(ph.shown()) })
}

// Answer presses the green button of a ringing call. Another call that rings behind it is ended (forums 775874).
// The call-waiting screen has no green button: there it is Hold & Accept if that is offered, else End & Accept.
func (ph *Phone) Answer() error {
	return ph.press("answer", func() string {
		c := ph.shown()
		switch {
		case c == nil:
			return "there is no call"
		case !c.rings():
			return "no such button"
		}
		return ""
	}, func() { ph.answer(ph.shown()) })
}

// Decline presses the red button of a ringing call. If another one rings behind it, the screen shows that.
func (ph *Phone) Decline() error {
	return ph.button("decline", "decline", func(c *call) {
		active, _ := ph.beside(c)
		c.hangUp("user")
		if c.app.builtin && active != nil && !active.app.builtin && ph.knobs.DeclineCellularEndsVoIP {
			ph.log(ChanSystem, active.app.tag(), "log declining the cellular call ends %s (knob declineCellularEndsVoIP)", active.id)
			active.hangUp("system")
		}
	})
}

// End presses the red button of a call that is not ringing. Of a group all calls end.
func (ph *Phone) End() error { return ph.button("end", "end", ph.end) }

// Mute presses the mute button so that the call, or all calls of the group, are muted, or not.
func (ph *Phone) Mute(on bool) error {
	return ph.button("mute "+onOff(on), "mute", func(c *call) {
		var acts []callkit.Action
		for _, m := range c.line() {
			acts = append(acts, &callkit.SetMutedCallAction{Base: callkit.Base{CallUUID: m.id}, Muted: on})
		}
		c.app.submit(&transaction{from: "user"}, acts...)
	})
}

// Hold presses the hold button so that the call, or all calls of the group, are on hold, or not. Beside another call
// the button is [Phone.Swap].
func (ph *Phone) Hold(on bool) error {
	return ph.button("hold "+onOff(on), "hold", func(c *call) {
		var acts []callkit.Action
		for _, m := range c.line() {
			acts = append(acts, setHeld(m, on))
		}
		c.app.submit(&transaction{from: "user"}, acts...)
	})
}

// More presses the button of the call screen that leads to the app; a locked phone asks to be unlocked first.
func (ph *Phone) More() error {
	return ph.button("more", "more", func(c *call) {
		if ph.locked {
			ph.prompt("Unlock to open "+c.app.cfg.Name, func() { ph.bring(c.app) })
			return
		}
		ph.bring(c.app)
	})
}

// Keys presses keys of the keypad: 0-9, * and #, and the pauses , and ; after which the digits come as one
// string.
func (ph *Phone) Keys(digits string) error {
	if digits == "" || strings.Trim(digits, "0123456789*#,;") != "" {
		return fmt.Errorf("iossim: the keypad has no keys %.40q (want 0-9 * # , ;)", digits)
	}
	return ph.button("keys "+digits, "keypad", func(c *call) {
		c.digits += digits
		busy := len(c.keys) > 0 || slices.ContainsFunc(c.app.actions, func(x *action) bool {
			_, dtmf := x.act.(*callkit.PlayDTMFCallAction)
			return dtmf && x.call == c
		})
		for digits != "" {
			n := 1
			if digits[0] == ',' || digits[0] == ';' {
				n = len(digits)
			}
			c.keys = append(c.keys, digits[:n])
			digits = digits[n:]
		}
		for len(c.keys) > 0 && (!busy || ph.knobs.TransactionOrder == "backToBack") {
			busy = true
			c.nextKey()
		}
	})
}

// Speaker presses the speaker button so that it is on, or not.
func (ph *Phone) Speaker(on bool) error {
	return ph.button("speaker "+onOff(on), "speaker", func(*call) { ph.audio.override(on) })
}

// Video presses the button that asks the app to make the call a video call.
func (ph *Phone) Video() error {
	return ph.button("video", "video", func(c *call) {
		u := startCall(c.handle, ph.displayName(c.name, c.handle), true)
		open := func() { ph.bring(c.app); c.app.goOn(u) }
		if ph.locked {
			ph.prompt("Unlock to open "+c.app.cfg.Name, open)
			return
		}
		open()
	})
}

// TapRecent taps the entry i of Recents, the newest being 0.
func (ph *Phone) TapRecent(i int) error {
	return ph.press(fmt.Sprintf("tap recent %d", i), func() string {
		switch {
		case ph.locked:
			return "the phone is locked"
		case ph.coveredByRing():
			return "an incoming call covers the screen"
		case i < 0 || i >= len(ph.recents):
			return fmt.Sprintf("there are %d entries in Recents", len(ph.recents))
		case ph.recents[i].App == PhoneBundleID:
			return ph.noLine()
		case ph.find(ph.recents[i].App) == nil:
			return "the app of this entry is not installed any more"
		}
		return ""
	}, func() {
		r := ph.recents[i]
		ph.readRecents()
		if r.App == PhoneBundleID {
			ph.dial(r.Handle.Value)
			return
		}
		a := ph.find(r.App)
		ph.front, ph.inRecents = a, false
		if !slices.Contains(a.config.SupportedHandleTypes, r.Handle.Type) {
			// The app opens, but does not call (callkeep#490).
			ph.log(ChanSystem, a.tag(), "log no activity: supportedHandleTypes lacks the type of %q", r.Handle.Value)
			ph.bring(a)
			return
		}
		u := startCall(r.Handle, r.Name, r.Video)
		u.Intent.CallRecordToCallBack = r.record()
		a.goOn(u)
	})
}

func startCall(h callkit.Handle, name string, video bool) callkit.UserActivity {
	i := &callkit.StartCallIntent{Contacts: []callkit.Person{{Handle: h, DisplayName: name}}, CallCapability: callkit.AudioCall}
	if video {
		i.CallCapability = callkit.VideoCall
	}
	return callkit.UserActivity{ActivityType: "INStartCallIntent", Intent: i}
}

// OpenApp taps an app's icon.
func (ph *Phone) OpenApp(bundleID string) error {
	return ph.press("open "+bundleID, func() string {
		if ph.find(bundleID) == nil {
			return "no app " + bundleID + " is installed"
		}
		return ph.notLocked()
	}, func() { ph.bring(ph.find(bundleID)) })
}

// bring makes an app's window the front one, and launches it if need be.
func (ph *Phone) bring(a *app) {
	c := ph.shown()
	ph.showCall = c != nil && c.app == a && c.state != callRinging
	if a.builtin {
		return
	}
	ph.front, ph.inRecents = a, false
	a.launch(callkit.LaunchOptions{}, "the user opens it")
}

// SwipeApp swipes an app out of the app switcher: its process is killed.
func (ph *Phone) SwipeApp(bundleID string) error {
	return ph.press("swipe "+bundleID, func() string {
		if a := ph.find(bundleID); a == nil {
			return "no app " + bundleID + " is installed"
		} else if a.proc == nil {
			return "it does not run"
		}
		return ph.notLocked()
	}, func() {
		a := ph.find(bundleID)
		a.kill("swiped away by the user")
		a.swiped = true
	})
}

// Home goes to the home screen. A call goes on behind it, see [Phone.ReturnToCall].
func (ph *Phone) Home() error {
	return ph.press("home", ph.notLocked, func() { ph.front, ph.inRecents, ph.showCall = nil, false, false })
}

// ReturnToCall taps the green pill of a call that is not on the screen.
func (ph *Phone) ReturnToCall() error {
	return ph.press("return to call", func() string {
		if c := ph.shown(); c == nil || c.state == callRinging {
			return "there is no call"
		}
		return ph.notLocked()
	}, func() { ph.bring(ph.shown().app) })
}

// OpenRecents opens Recents in the Phone app.
func (ph *Phone) OpenRecents() error {
	return ph.press("open recents", ph.notLocked, func() {
		ph.front, ph.inRecents, ph.showCall = nil, true, false
		ph.readRecents()
	})
}

// Lock presses the side button. A call goes on.
func (ph *Phone) Lock() error {
	return ph.press("lock", ph.notLocked, func() { ph.locked = true })
}

// Unlock unlocks the phone by face or code, and does what it was asked to be unlocked for.
func (ph *Phone) Unlock() error {
	return ph.press("unlock", func() string {
		if !ph.locked {
			return "it is not locked"
		}
		return ""
	}, func() {
		ph.locked, ph.unlocked1 = false, true
		do := ph.afterUnlock
		ph.afterUnlock, ph.promptText = nil, ""
		first := ph.firstUnlock
		ph.firstUnlock = nil
		for _, f := range first {
			f()
		}
		if do != nil {
			do()
		}
	})
}

func (ph *Phone) prompt(text string, do func()) {
	ph.promptText = text
	before := ph.afterUnlock
	ph.afterUnlock = func() {
		if before != nil {
			before()
		}
		do()
	}
}

func (ph *Phone) notLocked() string {
	if ph.locked {
		return "the phone is locked"
	}
	return ""
}

// Kill ends an app's process as the system does when memory is short: no word to anybody.
func (ph *Phone) Kill(bundleID, why string) {
	ph.act("end "+bundleID, func() {
		if a := ph.find(bundleID); a != nil {
			a.kill(why)
		}
	})
}
