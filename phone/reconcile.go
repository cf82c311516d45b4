package phone

import (
	"slices"
	"time"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/callkit"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// orphanPatience is how long a call that only the system knows waits for the server's word before it is ended.
const orphanPatience = 10 * time.Second

// reconcile compares what the last process left behind, once, at launch: its journal, and the calls that the system
// still shows (they outlive their app). The server's word follows with its Hello. A ring that still goes on is
// taken over; what was answered has lost its media and ends. The lock must be held.
func (p *Phone) reconcile() {
	if p.reconciled {
		return
	}
	p.reconciled = true
	var saved Saved
	var calls []callkit.Call
	p.outside(func() {
		var err error
		if saved, err = p.cfg.Journal.Load(); err != nil {
			p.log.Error("reading the journal", "err", err)
		}
		calls = p.observer.Calls()
	})
	p.saved = saved
	if saved.Compared && !p.clock.known {
		p.clock = clock{offset: time.Duration(saved.Offset) * time.Millisecond, known: true}
	}
	shown := make(map[callkit.UUID]bool)
	for _, c := range calls {
		if !c.HasEnded {
			shown[c.UUID] = true
		}
	}
	for _, r := range saved.Calls {
		p.recall(r, shown[r.ID])
		delete(shown, r.ID)
	}
	for _, c := range calls {
		if shown[c.UUID] && p.find(c.UUID) == nil && !p.isStarting(c.UUID) {
			p.orphans = append(p.orphans, c.UUID)
		}
	}
	p.heardOf(calls)
	if len(p.orphans) > 0 {
		p.after(orphanPatience, p.endOrphans)
	}
}

func (p *Phone) isStarting(id callkit.UUID) bool { _, ok := p.starting[id]; return ok }

// recall makes a line of what the last process knew of a call. A push of this process may have been faster.
func (p *Phone) recall(r Record, shown bool) {
	l := p.find(r.ID)
	if l == nil {
		l = p.newLine(r.ID)
		l.name, l.video, l.token = r.Name, r.Video, r.Token
		if r.Group {
			l.party = new(party)
		}
		l.handle = callkit.Handle{Type: r.HandleType, Value: r.Handle}
		l.sent, l.expires = fromMillis(r.Sent), fromMillis(r.Expires)
		l.ringLeft = p.left(l.expires, p.serverNow(l.sent))
		l.woke = p.now()
	}
	switch {
	case r.Reason != call.NotEnded && l.state.State == call.Idle:
		l.state.State, l.state.Reason, l.state.Outgoing = call.Ended, r.Reason, r.Outgoing
		p.end(l)
		p.repeat(l, say(r.Say))
		fallthrough
	case l.state.State == call.Ended:
		p.tell(l, call.Event{Kind: call.Leftover, On: shown})
	case r.Answered:
		l.state.Outgoing = l.state.Outgoing || l.state.State == call.Idle && r.Outgoing
		p.tell(l, call.Event{Kind: call.LeftoverLive, On: shown})
	default:
		l.state.Outgoing = l.state.Outgoing || l.state.State == call.Idle && r.Outgoing
		p.tell(l, call.Event{Kind: call.Leftover, On: shown})
	}
}

// repeat says to the server what the last process had no time to say.
func (p *Phone) repeat(l *line, what say) {
	switch what {
	case sayDecline:
		reason := call.Declined
		if l.state.Reason == call.Blocked {
			reason = call.Blocked
		}
		p.order(l, call.Effect{Kind: call.SendDecline, Reason: reason})
	case sayBusy:
		reason := call.Unreachable
		if l.state.Reason == call.Busy || l.state.Reason == call.DoNotDisturb {
			reason = l.state.Reason
		}
		p.order(l, call.Effect{Kind: call.SendBusy, Reason: reason})
	case sayCancel:
		p.order(l, call.Effect{Kind: call.SendCancel})
	case sayHangup:
		reason := call.HungUp
		if l.state.Reason == call.MediaFailed || l.state.Reason == call.Crashed {
			reason = l.state.Reason
		}
		p.order(l, call.Effect{Kind: call.SendHangup, Reason: reason})
	case nothing:
	}
}

// leftover ends a call that the server knows as this device's own and this process does not: an earlier process had
// it, and no journal tells. It returns nil.
func (p *Phone) leftover(c *v1.Call, id callkit.UUID, kind call.EventKind) *line {
	group, err := callkit.ParseUUID(c.Group)
	began := err == nil && c.Role == v1.Role_ROLE_CALLER && p.find(group) == nil
	if began { // its calls are left together, so that those who answered go on
		id = group
	}
	l := p.newLine(id)
	if began {
		l.party = new(party)
		l.party.hear(c)
	}
	l.learn(c)
	l.state.Outgoing = c.Role == v1.Role_ROLE_CALLER
	p.tell(l, call.Event{Kind: kind, On: slices.Contains(p.orphans, id)})
	return nil
}

// endOrphans ends what only the system knows. A call of another app that is among them is none of our provider's,
// and the system ignores it.
func (p *Phone) endOrphans() {
	orphans := p.orphans
	p.orphans = nil
	for _, id := range orphans {
		if l := p.find(id); l != nil && l.state.State != call.Idle {
			continue
		}
		p.then(func() {
			p.outside(func() { p.provider.ReportCallEnded(id, time.Time{}, callkit.Failed) })
		})
	}
}
