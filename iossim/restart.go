package iossim

import "slices"

// Restart switches the phone off and on again: every process dies, every call is gone, and the phone is
// locked and has not been unlocked since. The push service keeps the newest push of each app meanwhile (knob
// offlineStoresPush; without it they are dropped).
func (ph *Phone) Restart() {
	ph.act("restart", func() {
		for _, c := range slices.Clone(ph.calls) {
			ph.forget(c)
		}
		ph.audio.release()
		for _, a := range slices.Clone(ph.apps) {
			a.voidActions(func(*action) bool { return true })
			a.waiting = nil
			a.kill("restart")
			a.endExtensions("restart")
			a.swiped = false
		}
		ph.dialogs = nil
		ph.failed, ph.front, ph.inRecents, ph.showCall = nil, nil, false, false
		ph.afterUnlock, ph.promptText, ph.firstUnlock = nil, "", nil
		ph.off, ph.locked, ph.unlocked1 = true, true, false
		ph.after(ph.knobs.BootTime, func() { ph.off = false; ph.back() })
	})
}

// forget takes a call off the table without telling anybody.
func (ph *Phone) forget(c *call) {
	c.ringStop()
	c.reap.cancel()
	c.state = callEnded
	c.leaveGroup()
	ph.calls = slices.DeleteFunc(ph.calls, func(o *call) bool { return o == c })
}
