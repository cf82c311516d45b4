package iossim

import (
	"slices"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/callkit/lck"
)

// callState is where a call stands in the call service.
//
//	ringing -> answering -> connected      starting -> dialing -> connected      any -> ended
type callState int

const (
	callRinging   callState = 1 // reported; the phone rings or the call waits behind another
	callAnswering callState = 2 // the app has been asked to answer
	callStarting  callState = 3 // the app has been asked to start
	callDialing   callState = 4 // started; not connected yet
	callConnected callState = 5
	callEnded     callState = 6
)

// endCause says how a call ended, which decides about Recents and the screen.
type endCause int

const (
	endUser   endCause = 1 // by an end action: declined, cancelled, hung up
	endReport endCause = 2 // the app reported the end, with call.reason
	endFailed endCause = 3 // an action failed or timed out, or the provider is gone
	endSystem endCause = 4 // without a trace
)

// call is a row of the call table.
type call struct {
	ph       *Phone
	id       callkit.UUID
	app      *app
	outgoing bool
	state    callState
	rung     bool // it was on the screen as a ring
	ringing  bool // the phone makes a sound for it

	handle callkit.Handle
	name   string
	video  bool
	holds  bool // what its updates said it can do
	groups bool
	splits bool // may leave a group (supportsUngrouping)
	tones  bool

	group       *group // nil: alone on its line
	engaged     int    // when it was last answered, started, connected or resumed, in the phone's own count
	heldSince   int    // when it was put on hold, in the same count
	holdRefused bool   // the app did not put it on hold when it was asked to
	answered    bool   // the user or the app has asked to answer it
	dialed      bool   // outgoing, and not put on hold since it was connected
	translating string // "de→en" while live translation is on
	held        bool
	muted       bool
	muteSeen    bool // muted, as AVAudioApplication knows it
	connecting  bool // outgoing: the app reported startedConnecting
	ending      bool // an end action is under way
	timedOut    bool // the system's own ring time-out ended it
	wasUp       bool // it was connected
	audioReady  bool // the app has fulfilled what the audio session waits for
	audioVoid   bool // the process that had the session died
	digits      string
	keys        []string // digits that wait for the one before
	created     time.Time
	connectedAt time.Time // by the phone's clock
	reason      callkit.EndedReason
	members     []lck.Handle // who is in it, if the app told by LiveCommunicationKit
	local       *lck.Handle
	ring        *event
	reap        *event
}

// public is what every app may know of the call.
func (c *call) public() callkit.Call {
	return callkit.Call{UUID: c.id, IsOutgoing: c.outgoing, IsOnHold: c.held, HasConnected: c.wasUp, HasEnded: c.state == callEnded}
}

func (c *call) update(u callkit.Update) {
	set(&c.handle, u.RemoteHandle)
	set(&c.name, u.LocalizedCallerName)
	set(&c.video, u.HasVideo)
	set(&c.holds, u.SupportsHolding)
	set(&c.groups, u.SupportsGrouping)
	set(&c.splits, u.SupportsUngrouping)
	set(&c.tones, u.SupportsDTMF)
}

func set[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}

func (ph *Phone) lookup(id callkit.UUID) *call {
	for _, c := range ph.calls {
		if c.id == id {
			return c
		}
	}
	return nil
}

func (ph *Phone) callsOf(a *app) []*call {
	var calls []*call
	for _, c := range ph.calls {
		if c.app == a {
			calls = append(calls, c)
		}
	}
	return calls
}

// rings reports whether c asks to be answered.
func (c *call) rings() bool { return c.state == callRinging && !c.ending }

// onLine reports whether c is more than a ring: answered or dialed, held or not.
func (c *call) onLine() bool { return c.state != callRinging && c.state != callEnded }

// shown is the call that the screen is about, or nil: one that rings, else the one that is not on hold, else the
// oldest. Of two rings it is the first (forums 775874), or the one that is heard already, of two calls that are not on hold the one that the user
// turned to last, of a group its first call.
func (ph *Phone) shown() *call {
	var best *call
	class := 0
	for _, c := range ph.calls {
		k := 3 // on hold
		switch {
		case c.rings():
			k = 0
		case c.state == callRinging:
			k = 5 // declined, and not settled
		case !c.held && !c.ending:
			k = 1
		case !c.held:
			k = 2
		case c.ending:
			k = 4
		}
		if best == nil || k < class || k == class && (k == 1 || k == 2) && c.engaged > best.engaged || k == 0 && class == 0 && c.ringing {
			best, class = c, k
		}
	}
	return best.first()
}

// turnTo notes that the user or the app has turned to c: of several calls it is the one in front.
func (c *call) turnTo() {
	c.ph.turns++
	c.engaged = c.ph.turns
}

// newCall adds a call to the table.
func (ph *Phone) newCall(a *app, id callkit.UUID, outgoing bool) *call {
	c := &call{ph: ph, id: id, app: a, outgoing: outgoing, state: callRinging, created: ph.now()}
	if outgoing {
		c.state = callStarting
	}
	can := ph.knobs.DefaultCapabilities == "all" || ph.knobs.DefaultCapabilities == "incoming" && !outgoing
	c.holds, c.groups, c.splits, c.tones = can, can, can, can
	c.turnTo()
	ph.calls = append(ph.calls, c)
	ph.failed = nil
	return c
}

// ringNext rings for the call that the screen is about, if it rings and has not yet. There is no ring tone while
// the call-waiting screen is up (forums 775874).
func (ph *Phone) ringNext() {
	c := ph.shown()
	if c == nil || !c.rings() || c.rung || ph.waits(c) {
		return
	}
	c.rung, c.ringing = true, true
	ph.log(ChanSystem, c.app.tag(), "ring %s caller=%q video=%s", c.id, ph.displayName(c.name, c.handle), bit(c.video))
}

func (c *call) ringStop() {
	c.ring.cancel()
	c.silence()
}

// silence stops the ring tone.
func (c *call) silence() {
	if c.ringing {
		c.ringing = false
		c.ph.log(ChanSystem, c.app.tag(), "ringStop %s", c.id)
	}
}

// ringTimeout is the system's own patience with a ring: it ends the call by an end action.
func (c *call) ringTimeout() {
	if c.state != callRinging || c.ending {
		return
	}
	c.timedOut, c.ending = true, true
	c.ph.log(ChanSystem, c.app.tag(), "ring timeout %s", c.id)
	c.ringStop()
	c.app.submit(&transaction{from: "system"}, &callkit.EndCallAction{Base: callkit.Base{CallUUID: c.id}})
	c.ph.ringNext()
}

// endCall takes a call off the table, at a moment of the phone's clock.
func (ph *Phone) endCall(c *call, cause endCause, at time.Time) {
	if c.state == callEnded {
		return
	}
	c.ringStop()
	missed := !c.outgoing && !c.wasUp && (c.timedOut || cause == endReport && (c.reason == callkit.RemoteEnded || c.reason == callkit.Unanswered))
	c.state = callEnded
	c.reap.cancel()
	ph.calls = slices.DeleteFunc(ph.calls, func(o *call) bool { return o == c })
	c.app.voidActions(func(x *action) bool {
		with, ok := x.act.(*callkit.SetGroupCallAction)
		return x.call == c && !x.ghost || ok && with.GroupWith == c.id
	})
	ph.changed(c)
	c.leaveGroup()
	ph.arbitrate()
	if cause != endSystem {
		ph.addRecent(c, cause, missed, at)
	}
	if cause == endFailed {
		ph.failed = c
		ph.after(ph.knobs.CallFailedFor, func() {
			if ph.failed == c {
				ph.failed = nil
			}
		})
	}
	if len(ph.calls) == 0 {
		ph.showCall = false
		ph.afterUnlock, ph.promptText = nil, ""
	}
	if p := c.app.proc; p != nil {
		p.touch()
	}
	ph.resumeHeld(c, cause)
	ph.ringNext()
}

// processDied is told when a process is gone: its calls stay on the phone without it, or end.
func (ph *Phone) processDied(p *Process) {
	p.app.requeue()
	for _, c := range ph.callsOf(p.app) {
		if ph.audio.owner == c {
			ph.log(ChanSystem, c.app.tag(), "audioDeactivate %s (its process died)", c.id)
			ph.audio.release()
			c.audioVoid = true
		}
		if !ph.knobs.SurviveProviderDeath {
			c.reason = callkit.Failed
			ph.endCall(c, endFailed, ph.now())
			continue
		}
		if ph.knobs.ReapAfter > 0 {
			c.reap = ph.after(ph.knobs.ReapAfter, func() {
				if c.app.proc == nil {
					ph.log(ChanSystem, c.app.tag(), "log call %s reaped: no process", c.id)
					ph.endCall(c, endFailed, ph.now())
				}
			})
		}
	}
	ph.arbitrate()
}

// RestartCallService is callservicesd crashing and starting again: every call of an app is gone without a trace,
// every action is void, and every provider is told by providerDidReset, then providerDidBegin. Calls over the
// mobile network go on, for they are not the call service's (an inference).
func (ph *Phone) RestartCallService() {
	ph.act("callservicesd restarts", func() {
		for _, c := range slices.Clone(ph.calls) {
			if !c.app.builtin {
				ph.forget(c)
			}
		}
		ph.failed = nil
		ph.showCall = ph.showCall && len(ph.calls) > 0
		ph.afterUnlock, ph.promptText = nil, ""
		if ph.audio.owner != nil && !ph.audio.owner.app.builtin {
			ph.log(ChanSystem, nil, "audioDeactivate %s (the call service died)", ph.audio.owner.id)
			ph.audio.release()
		}
		ph.arbitrate()
		ph.ringNext() // a cellular call that waited beside an app's
		for _, a := range ph.apps {
			a.voidActions(func(*action) bool { return true })
			p := a.proc
			if p == nil {
				continue
			}
			p.touch()
			for _, pr := range p.providers {
				if pr.valid() {
					pr.didReset()
					pr.didBegin()
				}
			}
		}
	})
}

// Calls lists the calls on the phone, of all apps, oldest first.
func (ph *Phone) Calls() []callkit.Call {
	ph.w.mu.Lock()
	defer ph.w.mu.Unlock()
	calls := make([]callkit.Call, 0, len(ph.calls))
	for _, c := range ph.calls {
		calls = append(calls, c.public())
	}
	return calls
}
