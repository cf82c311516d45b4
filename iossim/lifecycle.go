package iossim

import (
	"github.com/ringtrip/ringtrip/callkit"
)

// launch makes sure that the app runs: it starts a process, or wakes the one there is.
func (a *app) launch(o callkit.LaunchOptions, why string) *Process {
	ph := a.ph
	if p := a.proc; p != nil {
		if p.suspended {
			p.resume()
		}
		p.touch()
		if !o.Background {
			p.connectScene()
		}
		return p
	}
	ph.nextPID++
	p := &Process{w: ph.w, ph: ph, app: a, pid: ph.nextPID, state: callkit.Background, tasks: map[*bgTask]struct{}{}}
	p.session = newAudioSession(p)
	a.proc, a.swiped = p, false
	where := "foreground"
	if o.Background {
		where = "background"
	}
	ph.log(ChanSystem, a.tag(), "launch %s pid=%d: %s", where, p.pid, why)
	again := o.UserActivity
	if a.cfg.Scenes {
		p.launchActivity, o.UserActivity, again = o.UserActivity, nil, nil
	}
	if !o.Background {
		p.connectScene()
	}
	if again != nil && ph.knobs.ColdStartActivity == "both" {
		p.continueActivity(*again)
	}
	ph.after(ph.knobs.LaunchDelay, func() {
		if p.dead {
			return
		}
		var code callkit.App
		ph.w.outside(func() { code = a.cfg.New() })
		if p.dead {
			return
		}
		p.code = code
		p.watcher, _ = code.(ProcessWatcher)
		p.inbox = append([]item{{
			log:  p.say(ChanLife, "didFinishLaunching background=%v", o.Background),
			run:  func() { code.DidFinishLaunching(p, o) },
			then: func() { p.launched = true; p.touch() },
		}}, p.inbox...)
		p.touch()
		p.pump()
	})
	return p
}

// kill ends the app's process, if there is one.
func (a *app) kill(why string) {
	p := a.proc
	if p == nil {
		return
	}
	a.ph.log(ChanSystem, a.tag(), "kill pid=%d: %s", p.pid, why)
	p.die(why)
	if a.ph.front == a {
		a.ph.front = nil
	}
	if p.watcher != nil {
		a.ph.w.outside(p.watcher.ProcessDied)
	}
}

// die voids all that belongs to the process.
func (p *Process) die(string) {
	p.dead, p.diedAt = true, p.w.now
	p.app.proc = nil
	p.inbox, p.frozen = nil, nil
	p.pumping.cancel()
	p.suspendEv.cancel()
	for _, pu := range p.app.pushes {
		pu.check2.cancel()
	}
	p.app.pushes = nil
	p.ph.processDied(p)
}

// touch keeps the process from being suspended for a while.
func (p *Process) touch() {
	if p.dead {
		return
	}
	p.awake = later(p.awake, p.time().Add(p.ph.knobs.SuspendAfter))
	if p.suspendEv == nil {
		p.suspendEv = p.ph.at(p.awake, p.considerSuspend)
	}
}

// releasePush is the push's completion handler: the push keeps the process from being suspended no more.
func (p *Process) releasePush() {
	p.holdingPush = p.w.now
	p.suspendEv.cancel() // it may wait for the end of the time that the push had
	p.suspendEv = nil
	p.touch()
}

func (p *Process) considerSuspend() {
	p.suspendEv = nil
	if p.dead || p.suspended {
		return
	}
	if wait := later(later(p.awake, p.holdingPush), p.busyUntil); wait.After(p.w.now) {
		p.suspendEv = p.ph.at(wait, p.considerSuspend)
		return
	}
	// Who ends one of these reasons touches the process, so nothing has to look again meanwhile.
	if p.ph.foreground(p.app) || len(p.tasks) > 0 || len(p.ph.callsOf(p.app)) > 0 || !p.launched || len(p.inbox) > 0 || p.session.keepsRunning() {
		return
	}
	p.suspended = true
	p.ph.log(ChanSystem, p.tag(), "suspend pid=%d", p.pid)
	if p.watcher != nil {
		p.w.outside(func() { p.watcher.ProcessSuspended(true) })
	}
}

func (p *Process) resume() {
	p.suspended = false
	p.ph.log(ChanSystem, p.tag(), "resume pid=%d", p.pid)
	frozen := p.frozen
	p.frozen = nil
	for _, call := range frozen {
		call()
	}
	p.touch()
	if watcher := p.watcher; watcher != nil {
		// As an event, so that the caller's work is not torn apart.
		p.ph.after(0, func() {
			if !p.dead && !p.suspended {
				p.w.outside(func() { watcher.ProcessSuspended(false) })
			}
		})
	}
	p.pump()
}

// settleStates tells processes whose window came to the front or went away.
func (ph *Phone) settleStates() {
	for _, a := range ph.apps {
		p := a.proc
		if p == nil || !p.launched {
			continue
		}
		want := callkit.Background
		if ph.foreground(a) {
			want = callkit.Active
			if ph.coveredByRing() {
				want = callkit.Inactive
			}
		}
		if want == p.state {
			continue
		}
		was := p.state
		p.state = want
		if want != callkit.Background && p.suspended {
			p.resume() // also behind a ring that covers the screen
		}
		switch {
		case want == callkit.Active:
			ph.log(ChanSystem, a.tag(), "foreground pid=%d", p.pid)
			p.lifeEvent("didBecomeActive", callkit.ApplicationDelegate.DidBecomeActive)
		case want == callkit.Background && was != callkit.Background:
			ph.log(ChanSystem, a.tag(), "background pid=%d", p.pid)
			p.touch()
			p.lifeEvent("didEnterBackground", callkit.ApplicationDelegate.DidEnterBackground)
		}
	}
}

func (p *Process) lifeEvent(text string, f func(callkit.ApplicationDelegate)) {
	var d callkit.ApplicationDelegate
	p.post(item{
		skip: func() bool { d = p.delegate; return d == nil },
		log:  p.say(ChanLife, "%s", text),
		run:  func() { f(d) },
	})
}

type application struct{ p *Process }

// State is part of [callkit.Application].
func (a application) State() callkit.ApplicationState {
	a.p.w.mu.Lock()
	defer a.p.w.mu.Unlock()
	return a.p.state
}

// SetDelegate is part of [callkit.Application].
func (a application) SetDelegate(d callkit.ApplicationDelegate) {
	a.p.w.mu.Lock()
	defer a.p.w.mu.Unlock()
	a.p.delegate = d
}

type bgTask struct {
	name string
	ev   *event
}

// BeginBackgroundTask is part of [callkit.Application].
func (a application) BeginBackgroundTask(name string, expired func()) func() {
	p := a.p
	p.w.mu.Lock()
	defer p.w.mu.Unlock()
	if p.dead {
		return func() {}
	}
	p.w.tick()
	t := &bgTask{name: name}
	p.tasks[t] = struct{}{}
	p.ph.log(ChanApp, p.tag(), "beginBackgroundTask %s", name)
	t.ev = p.ph.at(p.time().Add(p.ph.knobs.BackgroundTime), func() { p.expire(t, expired) })
	return func() {
		p.w.mu.Lock()
		defer p.w.mu.Unlock()
		if _, on := p.tasks[t]; on {
			p.ph.log(ChanApp, p.tag(), "endBackgroundTask %s", name)
			p.endTask(t)
		}
	}
}

// expire ends a task whose time is over. In the foreground the time does not run.
func (p *Process) expire(t *bgTask, expired func()) {
	if _, on := p.tasks[t]; !on || p.dead {
		return
	}
	if p.ph.foreground(p.app) {
		t.ev = p.ph.after(p.ph.knobs.BackgroundTime, func() { p.expire(t, expired) })
		return
	}
	end := func() { p.endTask(t) }
	if expired == nil {
		end()
		return
	}
	p.post(item{log: p.say(ChanLife, "backgroundTask expired %s", t.name), run: expired, then: end})
}

func (p *Process) endTask(t *bgTask) {
	t.ev.cancel()
	delete(p.tasks, t)
	p.touch()
}
