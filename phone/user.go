package phone

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/phone/switchboard"
)

// StartRequest says whom to call.
type StartRequest struct {
	Callee string         // user ID, or "tel:" and a number (RFC 3966) where the server lets telephones be called
	Name   string         // shown on this phone's call screen; empty: what the server knows
	Handle callkit.Handle // how Recents will call back; zero: Generic Callee, or the number of a Callee "tel:+1…"
	Video  bool
	// Group calls Callee into a group call that this phone is in; empty: a call of two. If this phone began it
	// ([Phone.StartGroup]), Callee becomes a part of that call: its ID is returned, nothing is asked of the system, and Name,
	// Handle and Video don't matter.
	Group string
	// Failed is told, on the main queue, if the system refuses to start the call, or the server to call somebody more into
	// a group that this phone began; may be nil.
	Failed func(error)

	callees []string // of a new group, see [Phone.StartGroup]
}

// Start calls somebody: it asks the system, which performs the start in a moment. Who talks is put on hold first, in the
// same transaction, for the system drops a call that is not held when another one connects (siprix/FlutterPluginFederated#14).
// It returns the call's ID, which is the same on every device, and [ErrNotConnected], [ErrOnCall], [ErrTooManyCalls],
// [ErrNoCallee] or [ErrClosed] if there is nothing to ask for.
func (p *Phone) Start(r StartRequest) (callkit.UUID, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if number, ok := strings.CutPrefix(r.Callee, "tel:"); ok && r.Handle.Value == "" { // RFC 3966: a telephone
		r.Handle = callkit.Handle{Type: callkit.PhoneNumber, Value: number}
	}
	r.Handle = handleOr(r.Handle, r.Callee)
	switch {
	case p.closed:
		return callkit.UUID{}, ErrClosed
	case r.Callee == "" && r.callees == nil:
		return callkit.UUID{}, ErrNoCallee
	}
	if l := p.begun(r.Group); l != nil {
		p.invite(l, r.Group, r.Callee, func(err error) {
			if err != nil && r.Failed != nil {
				r.Failed(err)
			}
		})
		return l.id, nil
	}
	if p.nextCallID.IsZero() {
		if p.board.Live() {
			return callkit.UUID{}, ErrOnCall
		}
		return callkit.UUID{}, ErrNotConnected
	}
	id := p.nextCallID
	if err := p.dial(id, starting{StartRequest: r}); err != nil {
		return callkit.UUID{}, err
	}
	return id, nil
}

// dial asks the system to start a call. The lock must be held; it is given up meanwhile.
func (p *Phone) dial(id callkit.UUID, r starting) error {
	effects := p.board1(switchboard.Event{Kind: switchboard.WantStart, Line: switchboard.None})
	if err := refused1(effects); err != nil {
		return err
	}
	if !r.move || r.join != "" {
		p.nextCallID = callkit.UUID{}
	}
	var actions []callkit.Action
	for _, f := range effects {
		switch f.Kind {
		case switchboard.AskStart:
			r.seat = f.Line
			p.starting[id] = r
			actions = append(actions, &callkit.StartCallAction{Base: callkit.Base{CallUUID: id}, Handle: r.Handle, IsVideo: r.Video})
		case switchboard.AskHold, switchboard.AskEnd:
			actions = append(actions, p.actionFor(f))
		}
	}
	p.outbox = append(p.outbox, p.follow(notAsks(effects))...)
	p.outside(func() {
		p.controller.RequestTransaction(actions, func(err error) {
			if err != nil {
				p.do(func() {
					p.notStarted(id, err)
					p.notAsked(actions[:len(actions)-1], err)
				})
			}
		})
	})
	p.drain()
	return nil
}

// starting is a call that the system was asked to start.
type starting struct {
	StartRequest
	move bool   // no new call: one that another device of the user has, or, with join, one that is answered at once
	join string // the group that it joins
	seat uint8
}

// neverStarted frees the seat of a call whose start came to nothing.
func (p *Phone) neverStarted(id callkit.UUID) (starting, bool) {
	r, ok := p.starting[id]
	if ok {
		delete(p.starting, id)
		p.tellBoard(switchboard.Event{Kind: switchboard.Ended, Line: r.seat, With: switchboard.None})
	}
	return r, ok
}

func (p *Phone) notStarted(id callkit.UUID, err error) {
	r, ok := p.neverStarted(id)
	if !ok {
		return
	}
	if p.nextCallID.IsZero() && (!r.move || r.join != "") {
		p.nextCallID = id // the server has not seen it
	}
	p.log.Error("the system refuses to start a call", "call", id, "err", err)
	if r.Failed != nil {
		p.outside(func() { r.Failed(err) })
	}
}

// Answer answers a ringing call, as the system's own button does; during another call it is [Phone.HoldAndAnswer].
// The error is [ErrNoCall], [ErrTooManyCalls] or [ErrClosed].
func (p *Phone) Answer(id callkit.UUID) error { return p.want(id, switchboard.WantAnswer) }

// HoldAndAnswer answers a ringing call and puts the one that talks on hold first, in one transaction; one that is only
// dialed is ended, for what nobody answered can't be held. The error is [ErrNoCall], [ErrTooManyCalls] or [ErrClosed].
func (p *Phone) HoldAndAnswer(id callkit.UUID) error { return p.want(id, switchboard.WantAnswer) }

// EndAndAnswer answers a ringing call and ends the one in front first (its whole group), or the one on hold if none is
// in front, in one transaction. The error is [ErrNoCall] or [ErrClosed].
func (p *Phone) EndAndAnswer(id callkit.UUID) error { return p.want(id, switchboard.WantEndAnswer) }

// EndHeldAndAnswer answers a ringing call; it ends the one on hold and holds the one that talks first, in one
// transaction. The error is [ErrNoCall] or [ErrClosed].
func (p *Phone) EndHeldAndAnswer(id callkit.UUID) error {
	return p.want(id, switchboard.WantEndHeldAnswer)
}

// End declines, cancels or hangs up a call, as the system's own button does. The error is [ErrNoCall] or [ErrClosed].
func (p *Phone) End(id callkit.UUID) error {
	return p.ask(id, func(*line) callkit.Action {
		return &callkit.EndCallAction{Base: callkit.Base{CallUUID: id}}
	})
}

// SetHeld holds a call, or resumes it as [Phone.Resume] does. A call that is held so is never resumed by the engine's
// own request. The error is [ErrNoCall], [ErrOnCall] or [ErrClosed].
func (p *Phone) SetHeld(id callkit.UUID, on bool) error {
	if on {
		return p.want(id, switchboard.WantHold)
	}
	return p.want(id, switchboard.WantResume)
}

// Resume resumes a call; one that talks is put on hold first, in the same transaction. The error is [ErrNoCall],
// [ErrOnCall] while another call dials, or [ErrClosed].
func (p *Phone) Resume(id callkit.UUID) error { return p.want(id, switchboard.WantResume) }

// Swap puts the call that talks on hold and resumes the other one, in one transaction. With several on hold, the one
// that was held for the one that talks comes back. The error is [ErrNothingToSwap] or [ErrClosed].
func (p *Phone) Swap() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return ErrClosed
	}
	return p.command(switchboard.Event{Kind: switchboard.WantSwap, Line: switchboard.None, With: switchboard.None})
}

// Merge makes one group of two answered calls, so that all three hear each other; what is on hold is resumed first, for
// grouping leaves it so (siprix/FlutterPluginFederated#91). It needs a media factory that mixes ([media.Mixer]). The error is [ErrCannotMix],
// [ErrNoCall] or [ErrClosed].
func (p *Phone) Merge(a, b callkit.UUID) error {
	return p.wantWith(a, b, switchboard.WantMerge)
}

// Split takes a call out of its group. The others stay together; it depends on the system which of them is put on hold.
// The error is [ErrNoCall] if it is in none, or [ErrClosed].
func (p *Phone) Split(id callkit.UUID) error { return p.want(id, switchboard.WantSplit) }

// want asks for what a live call is to do, through the switchboard.
func (p *Phone) want(id callkit.UUID, kind switchboard.EventKind) error {
	return p.wantWith(id, callkit.UUID{}, kind)
}

func (p *Phone) wantWith(id, other callkit.UUID, kind switchboard.EventKind) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return ErrClosed
	}
	l := p.find(id)
	if l == nil || !l.state.Live() {
		return ErrNoCall
	}
	e := switchboard.Event{Kind: kind, Line: l.seat, With: switchboard.None}
	switch kind {
	case switchboard.WantAnswer, switchboard.WantEndAnswer, switchboard.WantEndHeldAnswer:
		if l.state.State != call.Ringing {
			return nil // it was answered, or the system does not show it yet
		}
	case switchboard.WantMerge:
		with := p.find(other)
		if with == nil || !with.state.Live() {
			return ErrNoCall
		}
		e.With = with.seat
	}
	return p.command(e)
}

// command lets the switchboard decide about one of the app's buttons, and requests what it orders. The lock must be
// held; it is given up meanwhile.
func (p *Phone) command(e switchboard.Event) error {
	effects := p.board1(e)
	if err := refused1(effects); err != nil {
		return err
	}
	p.outbox = append(p.outbox, p.follow(effects)...)
	p.drain()
	return nil
}

// refused1 returns the error of a command that the switchboard refuses.
func refused1(effects []switchboard.Effect) error {
	for _, f := range effects {
		if f.Kind != switchboard.Refuse {
			continue
		}
		switch f.Why {
		case switchboard.OnCall:
			return ErrOnCall
		case switchboard.TooMany:
			return ErrTooManyCalls
		case switchboard.NothingToSwap:
			return ErrNothingToSwap
		case switchboard.CannotMix:
			return ErrCannotMix
		case switchboard.NoSuchCall:
			return ErrNoCall
		}
	}
	return nil
}

// notAsks leaves out what is requested together with something else.
func notAsks(effects []switchboard.Effect) []switchboard.Effect {
	return slices.DeleteFunc(slices.Clone(effects), func(f switchboard.Effect) bool {
		return f.Kind == switchboard.AskHold || f.Kind == switchboard.AskEnd
	})
}

// SetMuted mutes or unmutes a call. The system is asked, so that its screen and the app's never disagree; nothing
// is asked that is so already, and nothing is asked from within the system's own actions. The error is [ErrNoCall]
// or [ErrClosed].
func (p *Phone) SetMuted(id callkit.UUID, on bool) error {
	return p.ask(id, func(l *line) callkit.Action {
		if l.state.Muted == on {
			return nil
		}
		return &callkit.SetMutedCallAction{Base: callkit.Base{CallUUID: id}, Muted: on}
	})
}

// PlayDTMF plays digits: 0-9 * # A-D and ',' for a pause of two seconds. The error is [ErrNoCall] or [ErrClosed].
func (p *Phone) PlayDTMF(id callkit.UUID, digits string) error {
	return p.ask(id, func(*line) callkit.Action {
		if digits == "" {
			return nil
		}
		return &callkit.PlayDTMFCallAction{Base: callkit.Base{CallUUID: id}, Digits: digits, Type: callkit.SingleTone}
	})
}

// SetSpeaker turns the loudspeaker on, or off. It lasts until the route changes, as the system's own button does.
func (p *Phone) SetSpeaker(on bool) error {
	return p.sys.AudioSession().OverrideOutputAudioPort(on)
}

// NetworkChanged lets the media sessions of live calls gather anew, as after a change from Wi-Fi to cellular.
func (p *Phone) NetworkChanged() {
	p.post(func() {
		for _, l := range slices.Clone(p.lines) {
			p.everySession(l, func(s *session) {
				if err := s.Restart(); err != nil {
					p.log.Warn("restarting media", "call", l.id, "err", err)
				}
			})
		}
	})
}

// ask requests the action that make returns for a live call; a nil action is nothing to ask for.
func (p *Phone) ask(id callkit.UUID, make func(*line) callkit.Action) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return ErrClosed
	}
	l := p.find(id)
	if l == nil || !l.state.Live() {
		return ErrNoCall
	}
	a := make(l)
	if a == nil {
		return nil
	}
	p.transact([]callkit.Action{a})
	return nil
}

// notAsked hears that the system refuses a transaction. A call that it does not know (any more) is ended all the same.
func (p *Phone) notAsked(actions []callkit.Action, err error) {
	for _, a := range actions {
		p.log.Warn("the system refuses an action", "call", a.Call(), "action", a, "err", err)
		l := p.find(a.Call())
		if h, ok := a.(*callkit.SetHeldCallAction); ok && h.OnHold && l != nil {
			p.holdFailed(l)
		}
		if _, ok := a.(*callkit.EndCallAction); ok && len(actions) == 1 && errors.Is(err, callkit.ErrUnknownCallUUID) && l != nil && l.state.Live() {
			p.tell(l, call.Event{Kind: call.Perform, Action: call.EndAction})
		}
	}
}

// callBackPatience is how long a tap in Recents waits for the server to give a call ID.
const callBackPatience = 20 * time.Second

// ContinueUserActivity calls back whom the user tapped in Recents, asked Siri for, or picked for video (Apple:
// INStartCallIntent). In an app that was just launched it waits until the server has given a call ID.
func (p *Phone) ContinueUserActivity(a callkit.UserActivity) {
	if a.Intent == nil || len(a.Intent.Contacts) == 0 || a.Intent.Contacts[0].Handle.Value == "" {
		p.log.Info("a user activity that calls nobody", "type", a.ActivityType)
		return
	}
	who := a.Intent.Contacts[0]
	r := StartRequest{Callee: who.Handle.Value, Name: who.DisplayName, Handle: who.Handle, Video: a.Intent.CallCapability == callkit.VideoCall}
	if r.callees = calleesOf(who.Handle.Value); r.callees != nil && r.Name == "" {
		r.Name = strings.Join(r.callees, ", ")
	}
	if id := p.talksTo(r.Callee); !id.IsZero() {
		if p.cfg.OnVideo != nil && r.Video {
			p.cfg.OnVideo(id)
			return
		}
		p.log.Info("a user activity for somebody who is on the phone already", "callee", r.Callee, "video", r.Video)
		return
	}
	_, err := p.Start(r)
	if !errors.Is(err, ErrNotConnected) {
		if err != nil {
			p.log.Warn("calling back", "err", err)
		}
		return
	}
	p.do(func() {
		if p.callBackBy != nil {
			p.callBackBy.Stop()
		}
		p.callBack = &r
		p.callBackBy = p.after(callBackPatience, func() {
			if p.callBack == &r {
				p.callBack = nil
				p.log.Error("calling back: the server gave no call ID in time")
			}
		})
		p.outside(p.conn.Open)
		p.retryRegistration()
	})
}

// talksTo returns the live call with whom handle names, or the zero UUID.
func (p *Phone) talksTo(handle string) callkit.UUID {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, l := range p.lines {
		if l.state.Live() && (l.handle.Value == handle || l.callee == handle) {
			return l.id
		}
	}
	return callkit.UUID{}
}

// setNextCallID keeps the ID for the next Start. The lock must be held.
func (p *Phone) setNextCallID(s string) {
	id, err := callkit.ParseUUID(s)
	if err != nil || id.IsZero() || p.find(id) != nil || p.isStarting(id) {
		return
	}
	p.nextCallID = id
	if r := p.callBack; r != nil {
		p.callBack = nil
		p.then(func() {
			p.outside(func() {
				if _, err := p.Start(*r); err != nil {
					p.log.Warn("calling back", "err", err)
				}
			})
		})
	}
}
