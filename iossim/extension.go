package iossim

import (
	"slices"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
)

// extensionKind says what an extension is for, in the log's words.
type extensionKind string

const (
	notificationService extensionKind = "notificationService"
	callDirectory       extensionKind = "callDirectory"
	intentsExtension    extensionKind = "intents"
)

// extension is the process of an app extension: the [callkit.Extension] that its code is given. It shares nothing
// with the app's process, and the system ends it when its time is over.
type extension struct {
	w    *World
	ph   *Phone
	app  *app
	kind extensionKind
	pid  int

	dead    bool
	expired bool // its time is over
	inbox   []extensionItem
	pumping *event
	limit   *event
	onEnd   func(why string) // on the loop
}

type extensionItem struct {
	log func()
	run func()
}

var (
	_ callkit.Extension        = (*extension)(nil)
	_ callkit.VoIPPushReporter = (*Process)(nil)
)

// startExtension makes a process for an extension. begin runs in it, outside of the lock; expired is called on the
// loop when its time is over, which is also the end of the process, a moment later.
func (a *app) startExtension(kind extensionKind, begin func(*extension), expired func(*extension)) *extension {
	ph := a.ph
	ph.nextPID++
	x := &extension{w: ph.w, ph: ph, app: a, kind: kind, pid: ph.nextPID}
	a.extensions = append(a.extensions, x)
	ph.log(ChanSystem, a.tag(), "launch extension %s pid=%d", kind, x.pid)
	ph.after(ph.knobs.LaunchDelay, func() { x.post(nil, func() { begin(x) }) })
	x.limit = ph.after(ph.knobs.LaunchDelay+ph.knobs.ExtensionTime, func() {
		ph.log(ChanSystem, a.tag(), "log extension %s pid=%d: its time is over", kind, x.pid)
		x.expired = true
		expired(x)
		x.limit = ph.after(expiryGrace, func() { x.end("its time is over") })
	})
	return x
}

// expiryGrace is what an extension has left after it was told that its time is over.
const expiryGrace = time.Second

// end ends the process.
func (x *extension) end(why string) {
	if x.dead {
		return
	}
	x.dead = true
	x.inbox = nil
	x.pumping.cancel()
	x.limit.cancel()
	x.app.extensions = slices.DeleteFunc(x.app.extensions, func(o *extension) bool { return o == x })
	x.ph.log(ChanSystem, x.app.tag(), "end extension %s pid=%d: %s", x.kind, x.pid, why)
	if x.onEnd != nil {
		x.onEnd(why)
	}
}

// endExtensions ends them with their app; what a notification service had under way is lost.
func (a *app) endExtensions(why string) {
	for _, x := range slices.Clone(a.extensions) {
		if x.kind == notificationService {
			x.onEnd = nil
		}
		x.end(why)
	}
}

// say is a line of the log about what the system does to the extension.
func (x *extension) say(text string) func() {
	return func() { x.ph.log(ChanExtension, x.app.tag(), "%s", text) }
}

// post gives the extension's code work; it runs on the loop, outside of the lock, one piece at a time.
func (x *extension) post(log, run func()) {
	if x.dead {
		return
	}
	x.inbox = append(x.inbox, extensionItem{log, run})
	x.pump()
}

func (x *extension) pump() {
	if x.dead || x.pumping != nil || len(x.inbox) == 0 {
		return
	}
	x.pumping = x.ph.after(0, func() {
		x.pumping = nil
		if x.dead || len(x.inbox) == 0 {
			return
		}
		it := x.inbox[0]
		x.inbox = x.inbox[1:]
		if it.log != nil {
			it.log()
		}
		x.w.outside(it.run)
		x.pump()
	})
}

// send passes a call of the extension's code to the system.
func (x *extension) send(text string, do func()) {
	x.w.mu.Lock()
	defer x.w.mu.Unlock()
	x.sendLocked(text, do)
}

func (x *extension) sendLocked(text string, do func()) {
	if x.dead || x.w.closed {
		return
	}
	x.w.tick()
	if text != "" {
		x.ph.log(ChanApp, x.app.tag(), "%s", text)
	}
	x.ph.after(0, func() {
		if !x.dead {
			do()
		}
	})
}

// MainQueue is part of [callkit.Extension].
func (x *extension) MainQueue() callkit.Queue { return extensionQueue{x} }

type extensionQueue struct{ x *extension }

// Async is part of [callkit.Queue].
func (q extensionQueue) Async(f func()) {
	q.x.w.mu.Lock()
	defer q.x.w.mu.Unlock()
	q.x.w.tick()
	if !q.x.w.closed {
		q.x.post(nil, f)
	}
}

// Now is part of [callkit.Extension].
func (x *extension) Now() time.Time {
	x.w.mu.Lock()
	defer x.w.mu.Unlock()
	x.w.tick()
	return x.ph.now()
}

type extensionTimer struct {
	x    *extension
	ev   *event
	over bool
}

// AfterFunc is part of [callkit.Extension].
func (x *extension) AfterFunc(d time.Duration, f func()) callkit.Timer {
	x.w.mu.Lock()
	defer x.w.mu.Unlock()
	x.w.tick()
	t := &extensionTimer{x: x}
	if x.dead || x.w.closed {
		t.over = true
		return t
	}
	t.ev = x.ph.after(max(0, d), func() {
		x.post(nil, func() {
			if t.Stop() {
				f()
			}
		})
	})
	return t
}

// Stop is part of [callkit.Timer].
func (t *extensionTimer) Stop() bool {
	t.x.w.mu.Lock()
	defer t.x.w.mu.Unlock()
	was := !t.over && !t.x.dead
	t.over = true
	t.ev.cancel()
	return was
}
