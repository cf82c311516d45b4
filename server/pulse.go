package server

import (
	"sync"
	"time"
)

// pulse says to every line when its ping is due. All lines have the same interval, so that they stand in a queue, the next
// one first, and one timer does for all of them.
type pulse struct {
	interval time.Duration
	slack    time.Duration // so much too early a ping may be, to go with others

	mu          sync.Mutex
	epoch       time.Time
	first, last *line
	timer       *time.Timer
}

// beat is a line's place in the queue.
type beat struct {
	next, before *line
	at           time.Duration // since the pulse's epoch
	queued       bool
}

func newPulse(interval time.Duration) *pulse {
	return &pulse{interval: interval, slack: interval / 500, epoch: time.Now()}
}

// add puts a line into the queue; its first ping is due an interval from now.
func (p *pulse) add(l *line) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.append(l, time.Since(p.epoch)+p.interval)
	if p.first == l {
		p.wind(p.interval)
	}
}

// remove takes a line out of the queue, if it is in it.
func (p *pulse) remove(l *line) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !l.beat.queued {
		return
	}
	p.unlink(l)
	if p.first == nil {
		p.timer.Stop()
	}
}

// fire stirs the lines whose pings are due.
func (p *pulse) fire() {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Since(p.epoch)
	for l := p.first; l != nil && l.beat.at <= now+p.slack; l = p.first {
		p.unlink(l)
		p.append(l, now+p.interval)
		l.stir(duePing)
	}
	if p.first != nil {
		p.wind(p.first.beat.at - now)
	}
}

// wind sets the timer. p.mu must be held.
func (p *pulse) wind(d time.Duration) {
	if p.timer == nil {
		p.timer = time.AfterFunc(d, p.fire)
	} else {
		p.timer.Reset(d)
	}
}

// append puts a line at the end. p.mu must be held.
func (p *pulse) append(l *line, at time.Duration) {
	l.beat = beat{before: p.last, at: at, queued: true}
	if p.last == nil {
		p.first = l
	} else {
		p.last.beat.next = l
	}
	p.last = l
}

// unlink takes a line out. p.mu must be held.
func (p *pulse) unlink(l *line) {
	if l.beat.before == nil {
		p.first = l.beat.next
	} else {
		l.beat.before.beat.next = l.beat.next
	}
	if l.beat.next == nil {
		p.last = l.beat.before
	} else {
		l.beat.next.beat.before = l.beat.before
	}
	l.beat = beat{}
}
