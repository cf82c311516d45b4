package phone

import (
	"slices"
	"time"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/media"
)

// A Snapshot is what the app's own screens need: the phone at one moment.
type Snapshot struct {
	Online     bool   // the line to the server is up
	Registered bool   // the server knows this device and its push token
	CanStart   bool   // Start would find a call ID
	Calls      []Call // live ones, and those that ended not long ago, oldest first
}

// A Call is one call at one moment. It is comparable.
type Call struct {
	ID           callkit.UUID
	State        call.State
	Outgoing     bool
	Video        bool
	Name         string // of the other side, may be empty
	Handle       callkit.Handle
	Muted        bool
	Held         bool
	RemoteHeld   bool
	AudioRunning bool
	Transport    call.Transport
	Reason       call.Reason // why it ended
	AnsweredAt   time.Time   // the server's clock; zero: not answered
	AnsweredBy   string      // name of the device that answered, for those that did not
	CanResume    bool        // on hold, and what it was held for is over; the system does not resume by itself
}

// Snapshot returns the phone as it is now.
func (p *Phone) Snapshot() Snapshot {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.snapshot()
}

// Calls returns the live calls and those that ended not long ago, oldest first.
func (p *Phone) Calls() []Call { return p.Snapshot().Calls }

func (p *Phone) snapshot() Snapshot {
	s := Snapshot{Online: p.online, Registered: p.reg.done, CanStart: !p.nextCallID.IsZero() && !p.closed}
	for _, l := range p.lines {
		if l.state.State == call.Idle {
			continue
		}
		c := Call{
			ID: l.id, State: l.state.State, Outgoing: l.state.Outgoing, Video: l.video, Name: l.name, Handle: l.handle,
			Muted: l.state.Muted, Held: l.state.Held, RemoteHeld: l.state.RemoteHeld, AudioRunning: l.state.AudioRuns(),
			Transport: l.state.Transport, Reason: l.state.Reason, AnsweredBy: l.truth.GetAnsweredByName(), CanResume: l.resume,
		}
		if at := l.truth.GetAnsweredAt(); at != nil {
			c.AnsweredAt = when(at)
		}
		s.Calls = append(s.Calls, c)
	}
	return s
}

func (s Snapshot) equal(other Snapshot) bool {
	return s.Online == other.Online && s.Registered == other.Registered && s.CanStart == other.CanStart && slices.Equal(s.Calls, other.Calls)
}

// changed tells OnChange, soon, if there is something new. Changes that come meanwhile are told together. The lock must be held.
func (p *Phone) changed() {
	if p.cfg.OnChange == nil || p.notifying || p.snapshot().equal(p.shown) {
		return
	}
	p.notifying = true
	p.outside(func() {
		p.main.Async(func() {
			p.mu.Lock()
			p.notifying = false
			s := p.snapshot()
			skip := p.closed || s.equal(p.shown)
			p.shown = s
			p.mu.Unlock()
			if !skip {
				p.cfg.OnChange(s)
			}
		})
	})
}

// Stats returns what the media session of a call has sent and received; false if it has none.
func (p *Phone) Stats(id callkit.UUID) (media.Stats, bool) {
	p.mu.Lock()
	var own media.Session
	if l := p.find(id); l != nil {
		for _, s := range l.sessions {
			if s.won {
				own = s.Session
			}
		}
	}
	p.mu.Unlock()
	if own == nil {
		return media.Stats{}, false
	}
	return own.Stats(), true
}
