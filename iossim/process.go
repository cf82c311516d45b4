package iossim

import (
	"time"

	"github.com/ringtrip/ringtrip/callkit"
)

// Process is one life of an app: the [callkit.System] that its code is given. When it dies, none of its
// timers and callbacks run any more, and calls to its methods do nothing.
type Process struct {
	w       *World
	ph      *Phone
	app     *app
	pid     int
	code    callkit.App // nil until launched
	watcher ProcessWatcher

	dead      bool
	diedAt    time.Time
	launched  bool // DidFinishLaunching has returned
	suspended bool
	frozen    []func() // what it called while suspended, which is to happen when it goes on
	state     callkit.ApplicationState
	delegate  callkit.ApplicationDelegate

	inbox     []item
	pumping   *event
	finishing bool      // a piece of work has returned, and what follows from that comes first
	busyUntil time.Time // a handler blocks its thread until then, see Block
	awake     time.Time // not suspended before
	suspendEv *event

	registries  []*registry
	providers   []*provider
	managers    []*manager
	history     func() // hears of changes of Recents, if the app is the default dialer
	observers   []*observer
	session     *audioSession
	tasks       map[*bgTask]struct{}
	unhandled   int // VoIP pushes delivered and not reported: PushKit's check 1
	holdingPush time.Time

	scene          bool                  // its scene is connected
	launchActivity *callkit.UserActivity // for the scene that will connect
	region         bool                  // it was told off for CallKit in the China store
}

var _ callkit.System = (*Process)(nil)

// ProcessWatcher is an app value that the simulation tells of what no real app is told: that its process is
// gone, so that goroutines can be reaped, and that it stands still, so that its network can be frozen. Both
// are called on the loop.
type ProcessWatcher interface {
	ProcessDied()
	ProcessSuspended(bool)
}

// item is a piece of work for the code of a process.
type item struct {
	queue callkit.Queue
	wakes bool   // a suspended process is woken for it
	log   func() // says in the log that it happens; may be nil
	skip  func() bool
	run   func()
	then  func() // on the loop, when run has returned; may be nil
}

// PID numbers the processes of a phone.
func (p *Process) PID() int { return p.pid }

// Alive reports whether the process still runs (suspended or not).
func (p *Process) Alive() bool {
	p.w.mu.Lock()
	defer p.w.mu.Unlock()
	return !p.dead
}

// Suspended reports whether the process stands still.
func (p *Process) Suspended() bool {
	p.w.mu.Lock()
	defer p.w.mu.Unlock()
	return p.suspended
}

// Phone is the phone that the process runs on.
func (p *Process) Phone() *Phone { return p.ph }

// BundleID names the process's app.
func (p *Process) BundleID() string { return p.app.cfg.BundleID }

// Block makes the handler that calls it take d of the world's time, as if it waited for a network or a lock:
// what it calls afterwards reaches the system d later, and nothing else runs in the process meanwhile.
func (p *Process) Block(d time.Duration) {
	p.w.mu.Lock()
	defer p.w.mu.Unlock()
	p.w.tick()
	if !p.dead && d > 0 {
		p.busyUntil = p.time().Add(d)
		p.ph.log(ChanApp, p.tag(), "block %v", d)
	}
}

// Crash ends the process as an uncaught exception would.
func (p *Process) Crash(why string) {
	p.send("crash "+why, func() { p.app.kill("crash: " + why) })
}

// NewProvider is part of [callkit.System].
func (p *Process) NewProvider(c callkit.ProviderConfiguration) callkit.Provider {
	p.w.mu.Lock()
	defer p.w.mu.Unlock()
	return p.newProvider("provider", c)
}

func (p *Process) newProvider(name string, c callkit.ProviderConfiguration) *provider {
	pr := &provider{p: p, name: name, config: copyConfig(c)}
	if !p.dead {
		p.providers = append(p.providers, pr)
		p.app.config = pr.config
		p.ph.log(ChanApp, p.tag(), "%s.init maximumCallGroups=%d", name, c.MaximumCallGroups)
		if name == "provider" {
			p.notInChina("provider.init")
		}
	}
	return pr
}

// NewCallController is part of [callkit.System].
func (p *Process) NewCallController(q callkit.Queue) callkit.CallController {
	if q == nil {
		q = &queue{p: p}
	}
	return &controller{p: p, queue: q, observer: p.newObserver()}
}

// NewCallObserver is part of [callkit.System].
func (p *Process) NewCallObserver() callkit.CallObserver { return p.newObserver() }

// NewPushRegistry is part of [callkit.System].
func (p *Process) NewPushRegistry(q callkit.Queue) callkit.PushRegistry {
	p.w.mu.Lock()
	defer p.w.mu.Unlock()
	r := &registry{p: p, queue: p.orMain(q)}
	if !p.dead {
		p.registries = append(p.registries, r)
	}
	return r
}

// AudioSession is part of [callkit.System].
func (p *Process) AudioSession() callkit.AudioSession { return p.session }

// Application is part of [callkit.System].
func (p *Process) Application() callkit.Application { return application{p} }

// MainQueue is part of [callkit.System].
func (p *Process) MainQueue() callkit.Queue { return p.orMain(nil) }

// Now is part of [callkit.System].
func (p *Process) Now() time.Time {
	p.w.mu.Lock()
	defer p.w.mu.Unlock()
	p.w.tick()
	return p.time().Add(p.ph.skew)
}

// time is the process's own now: later than the world's while a handler blocks.
func (p *Process) time() time.Time { return later(p.w.now, p.busyUntil) }

// send passes a call of the app to the system, as over XPC: it is logged, and do happens on the loop.
func (p *Process) send(text string, do func()) {
	w := p.w
	w.mu.Lock()
	defer w.mu.Unlock()
	p.sendLocked(text, do)
}

// sendLocked is send for who holds the lock.
func (p *Process) sendLocked(text string, do func()) {
	w := p.w
	if p.dead || w.closed {
		return
	}
	w.tick()
	if p.suspended { // a thread of it that goes on here would stand still on a phone
		p.frozen = append(p.frozen, func() { p.sendLocked(text, do) })
		return
	}
	at := p.time()
	logged := !at.After(w.now)
	if logged && text != "" {
		p.ph.log(ChanApp, p.tag(), "%s", text)
	}
	p.ph.at(at, func() {
		if p.dead && at.After(p.diedAt) {
			return // the handler was still blocked when its process died
		}
		if !logged && text != "" {
			p.ph.log(ChanApp, p.tag(), "%s", text)
		}
		do()
		if text != "" && p.app.crashHere(text, false) && !p.dead {
			p.app.kill("crash: after " + text)
		}
	})
}

// post gives the process work; it runs on the loop, outside the lock, one piece at a time.
func (p *Process) post(it item) {
	if p.dead {
		return
	}
	p.inbox = append(p.inbox, it)
	if p.suspended && it.wakes {
		p.resume()
	}
	p.pump()
}

// pump schedules the next piece of work.
func (p *Process) pump() {
	if p.dead || p.suspended || p.pumping != nil || p.finishing || len(p.inbox) == 0 || p.code == nil {
		return
	}
	p.pumping = p.ph.at(p.time(), func() {
		p.pumping = nil
		p.runOne()
		p.pump()
	})
}

func (p *Process) runOne() {
	if p.dead || p.suspended || p.finishing || len(p.inbox) == 0 {
		return
	}
	if p.busyUntil.After(p.w.now) {
		return // pump tries again when the handler returns
	}
	it := p.inbox[0]
	p.inbox = p.inbox[1:]
	if it.skip != nil && it.skip() {
		return
	}
	if it.log != nil {
		before := p.w.logged
		it.log()
		if p.w.logged > before && p.app.crashHere(p.w.lastText, true) {
			p.app.kill("crash: at " + p.w.lastText)
			return
		}
	}
	p.touch()
	if _, ours := it.queue.(*queue); ours || it.queue == nil {
		p.w.outside(it.run)
		p.finish(it)
		return
	}
	p.w.outside(func() {
		it.queue.Async(func() {
			if !p.Alive() {
				return
			}
			it.run()
			p.w.mu.Lock()
			defer p.w.mu.Unlock()
			p.w.tick()
			p.finish(it)
		})
	})
}

// finish does what follows when a piece of work has returned, which is later if it blocked. It comes before
// any other work: a report that a push handler left to its queue is too late for check 1.
func (p *Process) finish(it item) {
	if it.then == nil {
		return
	}
	p.finishing = true
	p.ph.at(p.time(), func() {
		p.finishing = false
		if !p.dead {
			it.then()
		}
		p.pump()
	})
}

func (p *Process) orMain(q callkit.Queue) callkit.Queue {
	if q == nil {
		return &queue{p: p}
	}
	return q
}

// tag is the app to name in the log: only where there are several.
func (p *Process) tag() *app { return p.app.tag() }

func (a *app) tag() *app {
	if len(a.ph.apps) > 1 || a.builtin {
		return a
	}
	return nil
}

func (p *Process) say(c Channel, format string, args ...any) func() {
	return func() { p.ph.log(c, p.tag(), format, args...) }
}
