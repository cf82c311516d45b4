package phone

import (
	"slices"
	"time"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/media"
	"github.com/ringtrip/ringtrip/phone/switchboard"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// A Snapshot is what the app's own screens need: the phone at one moment.
type Snapshot struct {
	Online     bool   // the line to the server is up
	Registered bool   // the server knows this device and its push token
	CanStart   bool   // Start would find a call ID
	OtherApps  bool   // another app or the mobile network has a call on this phone; no more is known of it
	CanSwap    bool   // Swap would change places: one call talks, one is on hold
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
	CanResume    bool        // on hold, not by the user's wish, and nothing on the phone goes on; the system does not resume it by itself
	Front        bool        // of several calls, the one that was answered or resumed last
	Waiting      bool        // it rings during another call: the app's screen offers what the next three say
	CanHold      bool        // HoldAndAnswer is possible
	CanEnd       bool        // EndAndAnswer is possible
	CanEndHeld   bool        // EndHeldAndAnswer is possible: one call talks, one is on hold
	Group        int         // calls of the same number are grouped; 0: in no group
	GroupCall    string      // the id of the group call, on the server, that this is a part of; empty: a call of two
	Moving       bool        // it rings here to be taken over from another device of the user, see [Phone.OfferMove]
	OfferedTo    string      // name of the device of the user that rings for it; empty: none
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
	s := Snapshot{Online: p.online, Registered: p.reg.done, CanStart: !p.nextCallID.IsZero() && !p.closed,
		OtherApps: p.board.Foreign != switchboard.NoForeign, CanSwap: p.board.CanSwap()}
	for _, l := range p.lines {
		if l.state.State == call.Idle {
			continue
		}
		c := Call{
			ID: l.id, State: l.state.State, Outgoing: l.state.Outgoing, Video: l.video, Name: l.name, Handle: l.handle,
			Muted: l.state.Muted, Held: l.state.Held, RemoteHeld: l.state.RemoteHeld, AudioRunning: l.state.AudioRuns(),
			Transport: l.state.Transport, Reason: l.state.Reason, AnsweredBy: l.truth.GetAnsweredByName(),
			GroupCall: l.truth.GetGroup(), Moving: l.truth.GetMoving(),
		}
		if o := l.truth.GetOffered(); o != nil && o.State != v1.LegState_LEG_STATE_ENDED {
			c.OfferedTo = o.DeviceName
		}
		p.among(&c, l)
		if at := l.truth.GetAnsweredAt(); at != nil {
			c.AnsweredAt = when(at)
		}
		s.Calls = append(s.Calls, c)
	}
	return s
}

// among fills in what l is to the other calls.
func (p *Phone) among(c *Call, l *line) {
	b := p.board
	if l.seat == switchboard.None {
		return
	}
	c.CanResume, c.Front, c.Group = b.CanResume(l.seat), b.Front == l.seat, int(b.Lines[l.seat].Group)
	if c.Waiting = b.Waiting(l.seat); !c.Waiting {
		return
	}
	active, held := false, false
	for i := range uint8(switchboard.Lines) {
		active, held = active || b.Active(i), held || b.OnHold(i)
	}
	c.CanHold, c.CanEnd, c.CanEndHeld = b.CanAnswer(l.seat), active || held, active && held
}

func (s Snapshot) equal(other Snapshot) bool {
	return s.Online == other.Online && s.Registered == other.Registered && s.CanStart == other.CanStart &&
		s.OtherApps == other.OtherApps && s.CanSwap == other.CanSwap && slices.Equal(s.Calls, other.Calls)
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
