package phone

import (
	"errors"
	"slices"
	"time"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/callkit"
)

// StartRequest says whom to call.
type StartRequest struct {
	Callee string         // user ID
	Name   string         // shown on this phone's call screen; empty: what the server knows
	Handle callkit.Handle // how Recents will call back; zero: Generic Callee
	Video  bool
	// Failed is told, on the main queue, if the system refuses to start the call; may be nil.
	Failed func(error)
}

// Start calls somebody: it asks the system, which performs the start in a moment. It returns the call's ID, which is
// the same on every device, and [ErrNotConnected], [ErrOnCall], [ErrNoCallee] or [ErrClosed] if there is nothing to ask for.
func (p *Phone) Start(r StartRequest) (callkit.UUID, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if r.Handle.Value == "" {
		r.Handle = callkit.Handle{Type: callkit.Generic, Value: r.Callee}
	}
	if r.Handle.Type == 0 {
		r.Handle.Type = callkit.Generic
	}
	switch {
	case p.closed:
		return callkit.UUID{}, ErrClosed
	case r.Callee == "":
		return callkit.UUID{}, ErrNoCallee
	case p.live(nil) != nil || len(p.starting) > 0:
		return callkit.UUID{}, ErrOnCall
	case p.nextCallID.IsZero():
		return callkit.UUID{}, ErrNotConnected
	}
	id := p.nextCallID
	p.nextCallID = callkit.UUID{}
	p.starting[id] = r
	a := &callkit.StartCallAction{Base: callkit.Base{CallUUID: id}, Handle: r.Handle, IsVideo: r.Video}
	p.outside(func() {
		p.controller.RequestTransaction([]callkit.Action{a}, func(err error) {
			if err != nil {
				p.do(func() { p.notStarted(id, err) })
			}
		})
	})
	return id, nil
}

func (p *Phone) notStarted(id callkit.UUID, err error) {
	r, ok := p.starting[id]
	if !ok {
		return
	}
	delete(p.starting, id)
	if p.nextCallID.IsZero() {
		p.nextCallID = id // the server has not seen it
	}
	p.log.Error("the system refuses to start a call", "call", id, "err", err)
	if r.Failed != nil {
		p.outside(func() { r.Failed(err) })
	}
}

// Answer answers a ringing call, as the system's own button does. The error is [ErrNoCall] or [ErrClosed].
func (p *Phone) Answer(id callkit.UUID) error {
	return p.ask(id, func(l *line) callkit.Action {
		if l.state.State != call.Ringing {
			return nil
		}
		return &callkit.AnswerCallAction{Base: callkit.Base{CallUUID: id}}
	})
}

// End declines, cancels or hangs up a call, as the system's own button does. The error is [ErrNoCall] or [ErrClosed].
func (p *Phone) End(id callkit.UUID) error {
	return p.ask(id, func(*line) callkit.Action {
		return &callkit.EndCallAction{Base: callkit.Base{CallUUID: id}}
	})
}

// SetHeld holds or resumes a call. The error is [ErrNoCall] or [ErrClosed].
func (p *Phone) SetHeld(id callkit.UUID, on bool) error {
	return p.ask(id, func(l *line) callkit.Action {
		if l.state.Held == on {
			return nil
		}
		return &callkit.SetHeldCallAction{Base: callkit.Base{CallUUID: id}, OnHold: on}
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
	p.outside(func() {
		p.controller.RequestTransaction([]callkit.Action{a}, func(err error) {
			if err != nil {
				p.do(func() { p.notAsked(l, a, err) })
			}
		})
	})
	return nil
}

// notAsked hears that the system refuses an action. A call that it does not know (any more) is ended all the same.
func (p *Phone) notAsked(l *line, a callkit.Action, err error) {
	p.log.Warn("the system refuses an action", "call", l.id, "action", a, "err", err)
	if _, ok := a.(*callkit.EndCallAction); ok && errors.Is(err, callkit.ErrUnknownCallUUID) && l.state.Live() {
		p.tell(l, call.Event{Kind: call.Perform, Action: call.EndAction})
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
