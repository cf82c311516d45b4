package iossim

import (
	"fmt"
	"strings"
)

// crashPoint is a step at which an app is to crash.
type crashPoint struct {
	step string
	left int
}

// CrashAt makes an app crash at a step of its life, once: the n-th time, counted from now and from 1, that the log
// has this step for it. A step is the beginning of what the log says, in whole words: a callback ("performAnswer",
// "didReceive", "didFinishLaunching", "didActivate"), where the process dies before its code has run; or a call of
// the app ("reportNewIncomingCall", "fulfill Answer"), where it dies right after, so that the system has the call and
// the app knows nothing of what follows. An empty step is any callback, so that a test can try them all.
func (ph *Phone) CrashAt(bundleID, step string, n int) {
	ph.act(fmt.Sprintf("crash of %s at %s %d", bundleID, orNone(step), max(1, n)), func() {
		if a := ph.find(bundleID); a != nil {
			a.crashes = append(a.crashes, &crashPoint{step, max(1, n)})
		}
	})
}

// crashHere reports whether the app is to crash at this step, which counts as one.
func (a *app) crashHere(text string, callback bool) bool {
	for i, c := range a.crashes {
		if c.step == "" && !callback || c.step != "" && text != c.step && !strings.HasPrefix(text, c.step+" ") {
			continue
		}
		if c.left--; c.left == 0 {
			a.crashes = append(a.crashes[:i:i], a.crashes[i+1:]...)
			return true
		}
	}
	return false
}

// LowMemory is a phone short of memory: every suspended process dies without a word, as long as no call is its.
func (ph *Phone) LowMemory() {
	ph.act("memory is short", func() {
		for _, a := range ph.apps {
			if p := a.proc; p != nil && p.suspended && len(ph.callsOf(a)) == 0 {
				a.kill("memory is short")
			}
		}
	})
}
