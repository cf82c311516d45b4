package phone

// A backgroundTask keeps the process from being suspended: while a call lives and no audio runs (audio keeps
// an app running by itself), and until the server has heard the last word. Without it a decline in an app that was
// launched by a push may never leave the phone.
type backgroundTask struct {
	on      bool
	end     func()
	expired bool // the system's patience is over; not asked for again until there is something new to do
	n       int  // requests under way when it expired
}

// balance begins or ends the background task, as is needed. The lock must be held.
func (p *Phone) balance() {
	need := p.requests > 0 || p.quiet()
	t := &p.task
	switch {
	case need && !t.on && !(t.expired && p.requests <= t.n):
		t.on, t.expired = true, false
		var end func()
		p.outside(func() { end = p.app.BeginBackgroundTask("ringtrip", func() { p.do(p.taskExpired) }) })
		if !t.on {
			p.outside(end) // it expired before it began
			return
		}
		t.end = end
	case !need:
		t.expired = false
		p.endTask()
	}
}

func (p *Phone) taskExpired() {
	p.log.Info("the background time is over", "requests", p.requests)
	p.task.expired, p.task.n = true, p.requests
	p.endTask()
}

func (p *Phone) endTask() {
	end := p.task.end
	p.task.on, p.task.end = false, nil
	if end != nil {
		p.outside(end)
	}
}

// quiet reports whether a call lives and no audio runs that keeps the process awake.
func (p *Phone) quiet() bool {
	lives := false
	for _, l := range p.lines {
		if l.state.AudioRuns() {
			return false
		}
		lives = lives || l.state.Live()
	}
	return lives
}
