package phone

import (
	"time"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/callkit"
)

// A clock is what is known of the server's clock. The device's own may be wrong and may jump, so deadlines of the
// server are turned into a duration once, when they are heard of, and run down on timers that never jump.
type clock struct {
	offset time.Duration // server's minus device's
	known  bool          // by this process, or by the last one through the journal
	proven bool          // by this process, and the device's clock has not been seen to jump since
}

// clockStep is by how much a timer may be off before the device's clock is taken to have jumped, or the process to have slept.
const clockStep = 5 * time.Second

// learn takes the server's time from an answer that has just come. The lock must be held.
func (p *Phone) learn(server time.Time) {
	if server.IsZero() {
		return
	}
	p.clock = clock{server.Sub(p.now()), true, true}
}

func (p *Phone) now() time.Time { return p.sys.Now() }

// serverNow returns the best guess of the server's time. It can't be before something that the server has sent.
func (p *Phone) serverNow(sent time.Time) time.Time {
	now := p.now().Add(p.clock.offset)
	if now.Before(sent) {
		return sent
	}
	return now
}

// left returns how long a ring may last, at most cfg.RingTimeout; not positive if the deadline has passed.
func (p *Phone) left(expires, now time.Time) time.Duration {
	if expires.IsZero() {
		return p.cfg.RingTimeout
	}
	return min(expires.Sub(now), p.cfg.RingTimeout)
}

// after runs f on the main queue after d, as do does. The lock must be held.
func (p *Phone) after(d time.Duration, f func()) callkit.Timer {
	armed := p.now()
	return p.sys.AfterFunc(d, func() {
		p.do(func() {
			if off := p.now().Sub(armed) - d; off > clockStep || off < -clockStep {
				p.clock.proven = false
			}
			f()
		})
	})
}

// A timer brings one event of the machine to one line.
type timer struct {
	callkit.Timer
	over bool // stopped, or ran
}

// startTimer starts the timer that will bring kind, anew if it runs. The lock must be held.
func (p *Phone) startTimer(l *line, kind call.EventKind) {
	var d time.Duration
	switch kind {
	case call.RingTimeout:
		d = max(0, l.ringLeft)
		if l.state.Outgoing {
			d += clockStep // the server's deadline comes first, and with it the true reason
		}
	case call.FulfillTimer:
		d = p.cfg.FulfillAfter
	case call.MediaTimeout:
		d = p.cfg.MediaTimeout
		if l.state.State == call.Connected {
			d = p.cfg.MediaLost
		}
	default:
		p.log.Error("no such timer", "call", l.id, "timer", kind)
		return
	}
	l.stopTimer(kind)
	t := new(timer)
	l.timers[kind] = t
	t.Timer = p.after(d, func() {
		if t.over {
			return
		}
		t.over = true
		delete(l.timers, kind)
		p.tell(l, call.Event{Kind: kind})
	})
	if kind == call.RingTimeout && !l.state.Outgoing {
		p.startBeat(l)
	}
}

func (l *line) stopTimer(kind call.EventKind) {
	if t := l.timers[kind]; t != nil {
		t.over = true
		if t.Timer != nil {
			t.Timer.Stop()
		}
		delete(l.timers, kind)
	}
	if kind == call.RingTimeout {
		l.beat.stop()
	}
}

// deadline takes a ring's deadline from the server. It corrects a ring that runs if the deadline is new, or if the
// server's time is exact, which it is in the moment of a Hello.
func (p *Phone) deadline(l *line, expires time.Time, exact bool) {
	if expires.IsZero() || expires.Equal(l.expires) && !exact {
		return
	}
	l.expires = expires
	l.ringLeft = max(time.Second, p.left(expires, p.serverNow(l.sent))) // it rings, the server says
	if l.timers[call.RingTimeout] != nil {
		p.startTimer(l, call.RingTimeout)
	}
}

// A beat measures how long a line has been ringing, by timers that wait while the process sleeps and by the
// device's clock, which may jump: only both together tell sleep from a jump.
type beat struct {
	total time.Duration // of whole beats
	last  time.Time     // the device's clock at the last
	timer callkit.Timer
	gone  *bool
}

const beatEvery = 5 * time.Second

func (p *Phone) startBeat(l *line) {
	l.beat.stop()
	gone := new(bool)
	l.beat = beat{last: p.now(), gone: gone}
	var arm func()
	arm = func() {
		l.beat.timer = p.after(beatEvery, func() {
			if *gone {
				return
			}
			l.beat.total += beatEvery
			l.beat.last = p.now()
			arm()
		})
	}
	arm()
}

func (b *beat) stop() {
	if b.gone != nil {
		*b.gone = true
	}
	if b.timer != nil {
		b.timer.Stop()
		b.timer = nil
	}
}

// overslept reports whether l's ring deadline passed while the process slept, so that its timer has not run yet.
func (p *Phone) overslept(l *line) bool {
	if l.timers[call.RingTimeout] == nil || l.state.Outgoing {
		return false
	}
	return l.beat.total+p.now().Sub(l.beat.last) >= l.ringLeft
}
