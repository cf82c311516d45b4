package iossim

import (
	"errors"
	"fmt"
	"slices"

	"github.com/ringtrip/ringtrip/callkit"
)

// Check says what does not hold of what must always hold between two events, on every phone, whatever apps, users
// and networks do; nil if all is well. Tests call it after every step.
//
//   - The call table has no ended call, no call twice, no group of one and no group across apps.
//   - At most one group is connected and not on hold, but for those that are being ended, put on hold or merged.
//   - At most one call makes the phone ring, and none beside another call.
//   - The audio session is lent to one call at most, which is there, not on hold, and whose process lives.
//   - Apps have been told of every change of their route, no suspended app has an active session of its own, and
//     nobody waits for the end of a call when there is none.
//   - The screen shows all calls of the table and no other; it rings only for a call that rings.
//   - No dead process is on the books, no push waits for a process that nobody launches, and the app in front is
//     not suspended.
//   - The push service keeps one push an app, no extension outlives its time, and airplane mode has no cellular calls.
func (w *World) Check() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, ph := range w.phones {
		if err := errors.Join(ph.checkCalls(), ph.checkAudio(), ph.checkScreen(), ph.checkApps(), ph.checkWorld()); err != nil {
			return fmt.Errorf("iossim: %s: %w", ph.name, err)
		}
	}
	return nil
}

func (ph *Phone) checkCalls() error {
	seen := map[callkit.UUID]bool{}
	ringing := 0
	var heard *call
	for _, c := range ph.calls {
		switch {
		case c.state == callEnded:
			return fmt.Errorf("call %s has ended and is in the table", c.id)
		case seen[c.id]:
			return fmt.Errorf("call %s is in the table twice", c.id)
		case c.wasUp != (c.state == callConnected):
			return fmt.Errorf("call %s: wasUp=%v in state %d", c.id, c.wasUp, c.state)
		case c.group != nil && len(c.line()) < 2:
			return fmt.Errorf("call %s is a group of one", c.id)
		case c.group != nil && slices.ContainsFunc(c.line(), func(m *call) bool { return m.app != c.app || !m.onLine() }):
			return fmt.Errorf("the group of call %s has a call of another app, or one that rings", c.id)
		case c.ringing && (!c.rings() || ph.waits(c)):
			return fmt.Errorf("the phone rings for call %s, which does not ring or waits beside another call", c.id)
		}
		seen[c.id] = true
		if c.ringing {
			ringing++
		}
		if c.heard() && !c.makesWay() {
			if heard != nil && !heard.with(c) && !ph.joining(heard, c) {
				return fmt.Errorf("calls %s and %s are both heard", heard.id, c.id)
			}
			heard = c
		}
	}
	if ringing > 1 {
		return errors.New("the phone rings for two calls")
	}
	if s := ph.shown(); s != nil && s.rings() && !s.rung && !ph.waits(s) {
		return fmt.Errorf("call %s asks to be answered without a sound, though there is no other call", s.id)
	}
	return nil
}

func (ph *Phone) checkAudio() error {
	for _, a := range ph.apps {
		if a.proc == nil {
			continue
		}
		if err := a.proc.session.check(); err != nil {
			return fmt.Errorf("the session of %s: %w", a.cfg.BundleID, err)
		}
	}
	o := ph.audio.owner
	if o == nil {
		return nil
	}
	if !slices.Contains(ph.calls, o) || o.held || !o.app.builtin && o.app.proc == nil || !o.audioReady {
		return fmt.Errorf("the session is lent to call %s, which may not have it", o.id)
	}
	return nil
}

func (ph *Phone) checkScreen() error {
	s := ph.screen()
	shown := map[string]bool{}
	note := func(c ScreenCall) {
		if len(c.Members) == 0 {
			shown[c.UUID] = true
		}
		for _, m := range c.Members {
			shown[m.UUID] = true
		}
	}
	if s.Call != nil {
		note(*s.Call)
	}
	for _, c := range s.Others {
		note(c)
	}
	c := ph.shown()
	switch {
	case s.Kind == ScreenOff:
		return nil
	case c == nil && s.Call != nil && ph.failed == nil:
		return errors.New("the screen shows a call that is over")
	case c == nil:
		return nil
	case s.Call == nil || s.Call.UUID != c.id.String():
		return fmt.Errorf("the screen does not show call %s, which it is about", c.id)
	case s.Ringing() && !c.rings():
		return fmt.Errorf("the screen asks to answer call %s, which does not ring", c.id)
	case s.Kind == ScreenInCall && !c.wasUp:
		return fmt.Errorf("the screen shows call %s as connected, which it is not", c.id)
	case s.Kind == ScreenCallWaiting && len(s.Others) == 0:
		return errors.New("call waiting without another call")
	}
	for _, c := range ph.calls {
		if !shown[c.id.String()] {
			return fmt.Errorf("call %s is not on the screen", c.id)
		}
		delete(shown, c.id.String())
	}
	for id := range shown {
		return fmt.Errorf("the screen shows a call %s that is not in the table", id)
	}
	return nil
}

func (ph *Phone) checkApps() error {
	for _, a := range ph.apps {
		switch {
		case a.proc != nil && a.proc.dead:
			return fmt.Errorf("%s: a dead process is on the books", a.cfg.BundleID)
		case a.proc == nil && len(a.pushes) > 0:
			return fmt.Errorf("%s: pushes wait for a process that nobody launches", a.cfg.BundleID)
		case a.proc != nil && a.proc.suspended && ph.foreground(a):
			return fmt.Errorf("%s: the app in the foreground is suspended", a.cfg.BundleID)
		}
	}
	return nil
}

func (ph *Phone) checkWorld() error {
	kept := map[string]bool{}
	for _, s := range ph.stored {
		if kept[s.bundleID] {
			return fmt.Errorf("the push service keeps two pushes for %s", s.bundleID)
		}
		kept[s.bundleID] = true
	}
	for _, a := range ph.apps {
		for _, x := range a.extensions {
			if x.dead || x.limit == nil || x.limit.do == nil {
				return fmt.Errorf("extension %s pid=%d of %s is dead or has no end", x.kind, x.pid, a.cfg.BundleID)
			}
		}
		if r := a.directory.loading; r != nil && r.x.dead {
			return fmt.Errorf("%s waits for a call directory whose process is gone", a.cfg.BundleID)
		}
	}
	if ph.airplane && slices.ContainsFunc(ph.calls, func(c *call) bool { return c.app.builtin }) {
		return errors.New("a cellular call in airplane mode")
	}
	return nil
}
