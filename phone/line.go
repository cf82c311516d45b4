package phone

import (
	"slices"
	"time"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/phone/switchboard"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// A line is one call and what the machine need not know of it. All of it is guarded by the Phone's lock.
type line struct {
	id    callkit.UUID
	state call.Call
	truth *v1.Call // the newest the server said

	name   string // of the other side
	veiled bool   // name is a placeholder: who calls could not be opened
	handle callkit.Handle
	video  bool
	callee string // outgoing: the user ID that was called
	token  string // action token of the push

	sent     time.Time     // when the server made the call or the push, its clock; zero if unknown
	expires  time.Time     // ring deadline, the server's clock; zero if unknown
	ringLeft time.Duration // how long the ring timer runs from its start
	beat     beat

	kept      callkit.Action // the answer that is neither fulfilled nor failed yet
	unlocking callkit.Action // the answer that is to be fulfilled when the app has its window
	pushed    []func()       // completions of pushes whose report is under way
	inviting  bool           // the server has not answered Start, or Move, yet
	moved     bool           // another device of the user had it, see [Phone.Move], or it is one's own in a group, see [Phone.Join]
	joins     string         // the group that it is to join
	into      string         // the group that its callee is called into
	party     *party         // the calls behind a group that this phone began; nil: it is a call of its own
	invited   bool           // this phone called others into its group, see [Phone.Invite]
	offered   int64          // when the call was offered to this device, Unix milliseconds: it is answered on another one; 0: it was not
	inFlight  int            // requests about this call under way, besides media and marks
	say       say            // what the server must still hear about the end

	woke, reported time.Time // marks for the ledger, the device's clock
	ended          time.Time // the device's clock
	marked         map[v1.Stage]bool

	sessions []*session // open media sessions: the callee has one, the caller one a device that offers
	warm     bool       // between WarmMedia and CloseMedia
	audio    bool       // between StartAudio and StopAudio

	known bool  // among the lines of the Phone
	seat  uint8 // on the switchboard
	group uint8 // that media was told of

	timers map[call.EventKind]*timer
	forget callkit.Timer // the tombstone's end
}

// find returns the line of a call, or nil. The lock must be held.
func (p *Phone) find(id callkit.UUID) *line {
	for _, l := range p.lines {
		if l.id == id {
			return l
		}
	}
	return nil
}

// newLine returns a line for a call nobody has heard of. The lock must be held.
func (p *Phone) newLine(id callkit.UUID) *line {
	l := p.loose(id)
	if len(p.lines) >= maxLines {
		if i := slices.IndexFunc(p.lines, func(l *line) bool { return l.state.State == call.Ended && l.say == nothing }); i >= 0 {
			p.drop(p.lines[i])
		}
	}
	l.known = true
	p.lines = append(p.lines, l)
	return l
}

// loose returns a line that is not remembered, for an action on a call that is none of ours.
func (p *Phone) loose(id callkit.UUID) *line {
	return &line{
		id:       id,
		seat:     switchboard.None,
		state:    call.Call{FulfillFirst: p.cfg.AnswerPolicy == FulfillFirst},
		handle:   handleOr(callkit.Handle{}, nobody),
		ringLeft: p.cfg.RingTimeout,
		marked:   make(map[v1.Stage]bool),
		timers:   make(map[call.EventKind]*timer),
	}
}

// end makes a line that has just ended a tombstone. The lock must be held.
func (p *Phone) end(l *line) {
	l.ended = p.now()
	l.beat.stop()
	if l.forget == nil {
		l.forget = p.after(p.cfg.RingTimeout+tombstone, func() {
			if l.state.State == call.Ended {
				p.drop(l)
			}
		})
	}
}

// drop forgets a line. The lock must be held.
func (p *Phone) drop(l *line) {
	l.stopTimers()
	p.lines = slices.DeleteFunc(p.lines, func(other *line) bool { return other == l })
}

// live returns the first line that lives besides except, or nil. The lock must be held.
func (p *Phone) live(except *line) *line {
	for _, l := range p.lines {
		if l != except && l.state.Live() {
			return l
		}
	}
	return nil
}

func (l *line) stopTimers() {
	for kind := range l.timers {
		l.stopTimer(kind)
	}
	l.beat.stop()
	if l.forget != nil {
		l.forget.Stop()
	}
}
