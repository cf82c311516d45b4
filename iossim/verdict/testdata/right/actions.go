package right

import (
	"errors"
	"slices"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/iossim/verdict"
)

// PerformStartCallAction says that the invitation is out.
func (a *App) PerformStartCallAction(_ callkit.Provider, s *callkit.StartCallAction) {
	c := &Call{ID: s.CallUUID, Server: s.CallUUID, Handle: s.Handle.Value, Outgoing: true}
	a.Category()
	a.Add(c)
	s.Fulfill()
	a.Me.Start(c)
}

// Start sends the invitation.
func (a *App) Start(c *Call) {
	a.Line.Start(c.Server, c.Handle, nil)
	a.Provider.ReportCallUpdated(c.ID, callkit.Update{SupportsHolding: Ptr(true), SupportsGrouping: Ptr(true), SupportsDTMF: Ptr(true)})
	a.Provider.ReportOutgoingCallStartedConnecting(c.ID, time.Time{})
	a.Connect(c)
}

// Category is how calls want the session; the system activates it.
func (a *App) Category() {
	_ = a.Sys.AudioSession().SetCategory(callkit.PlayAndRecord, callkit.VoiceChat, 0)
}

// PerformAnswerCallAction answers at the server and fulfils when media is connected, or after 5 s. A video call waits
// for its window, which takes an unlock: fulfilled before, iOS 16 would go to the home screen.
func (a *App) PerformAnswerCallAction(_ callkit.Provider, x *callkit.AnswerCallAction) {
	c := a.Call(x.CallUUID)
	if c == nil {
		x.Fail()
		return
	}
	a.Category()
	a.Tell(c.Server, verdict.SayAnswered)
	c.Up, c.Answering = true, x
	patience := 5 * time.Second
	switch {
	case !a.HasWindow(c):
		patience = 30 * time.Second
	case c.Media:
		a.FulfillAnswer(c)
		return
	}
	a.Sys.AfterFunc(patience, func() { a.FulfillAnswer(c) })
}

// HasWindow reports whether a call has the window that it needs.
func (a *App) HasWindow(c *Call) bool {
	return !c.Video || a.Sys.Application().State() == callkit.Active
}

// FulfillAnswer is when the call's time begins.
func (a *App) FulfillAnswer(c *Call) {
	if c.Answering != nil {
		c.Answering.Fulfill()
		c.Answering = nil
	}
	a.Sound()
}

// PerformEndCallAction fulfils always, and tells the server what it was.
func (a *App) PerformEndCallAction(_ callkit.Provider, x *callkit.EndCallAction) {
	if c := a.Call(x.CallUUID); c != nil {
		a.Tell(c.Server, a.EndWord(c))
		a.Forget(c)
	}
	x.Fulfill()
}

// EndWord says what the end of a call means: the system's own end of a ring after 60 s is no decline.
func (a *App) EndWord(c *Call) verdict.Word {
	switch {
	case c.Outgoing || c.Up:
		return verdict.SayHungUp
	case a.Sys.Now().Sub(c.Began) >= 58*time.Second:
		return verdict.SayUnanswered
	}
	return verdict.SayDeclined
}

// PerformSetHeldCallAction stops or resumes the call's media.
func (a *App) PerformSetHeldCallAction(_ callkit.Provider, x *callkit.SetHeldCallAction) {
	c := a.Call(x.CallUUID)
	if c == nil {
		x.Fail()
		return
	}
	c.Held = x.OnHold
	c.Foreign = x.OnHold && a.ForeignCall()
	a.Line.Hold(c.Server, c.Held)
	x.Fulfill()
	a.Sound()
}

// PerformSetMutedCallAction switches the track, and asks for nothing.
func (a *App) PerformSetMutedCallAction(_ callkit.Provider, x *callkit.SetMutedCallAction) {
	c := a.Call(x.CallUUID)
	if c == nil {
		x.Fail()
		return
	}
	a.Line.Mute(c.Server, x.Muted)
	x.Fulfill()
}

// PerformSetGroupCallAction has nothing to do: the server mixes.
func (a *App) PerformSetGroupCallAction(_ callkit.Provider, x *callkit.SetGroupCallAction) {
	x.Fulfill()
}

// PerformPlayDTMFCallAction would send the digits.
func (a *App) PerformPlayDTMFCallAction(_ callkit.Provider, x *callkit.PlayDTMFCallAction) {
	x.Fulfill()
}

// TimedOutPerformingAction ends the call that the action was about; the action itself is dead.
func (a *App) TimedOutPerformingAction(_ callkit.Provider, x callkit.Action) {
	if c := a.Call(x.Call()); c != nil {
		c.Answering = nil
		a.EndHere(c, callkit.Failed)
		a.Tell(c.Server, verdict.SayFailed)
	}
}

// ProviderDidReset ends everything: the system knows no call any more.
func (a *App) ProviderDidReset(callkit.Provider) {
	for _, c := range slices.Clone(a.Calls) {
		a.Forget(c)
		a.Tell(c.Server, verdict.SayFailed)
	}
	a.Lent = false
}

// DidActivateAudioSession is when sound may begin.
func (a *App) DidActivateAudioSession(callkit.Provider, callkit.AudioSession) {
	a.Lent = true
	a.Sound()
}

// DidDeactivateAudioSession is when it must stop.
func (a *App) DidDeactivateAudioSession(callkit.Provider, callkit.AudioSession) {
	a.Lent = false
	a.Sound()
}

// Sound runs the audio of each call just while the session is lent and the call is up and not on hold.
func (a *App) Sound() {
	for _, c := range a.Calls {
		if a.Lent && (c.Up || c.Outgoing) && c.Answering == nil && !c.Held {
			_ = a.Line.StartAudio(c.Server)
		} else {
			a.Line.StopAudio(c.Server)
		}
	}
}

// Request asks the system for actions.
func (a *App) Request(failed func(error), actions ...callkit.Action) {
	a.Controller.RequestTransaction(actions, func(err error) {
		if err != nil && failed != nil {
			failed(err)
		}
	})
}

// Dial is the app's call button. What is active goes on hold first.
func (a *App) Dial(handle string) {
	var actions []callkit.Action
	for _, c := range a.Calls {
		if c.Up && !c.Held {
			actions = append(actions, &callkit.SetHeldCallAction{Base: callkit.Base{CallUUID: c.ID}, OnHold: true})
		}
	}
	a.dialed++
	id := MakeUUID(handle, a.Sys.Now(), a.dialed)
	a.Request(nil, append(actions, &callkit.StartCallAction{Base: callkit.Base{CallUUID: id}, Handle: *Handle(handle)})...)
}

// HangUp is the app's red button.
func (a *App) HangUp(id callkit.UUID) {
	a.Request(func(err error) {
		if c := a.Call(id); c != nil && errors.Is(err, callkit.ErrUnknownCallUUID) { // the far end was faster
			a.Forget(c)
		}
	}, &callkit.EndCallAction{Base: callkit.Base{CallUUID: id}})
}

// SetMuted is the app's mute button.
func (a *App) SetMuted(id callkit.UUID, on bool) {
	a.Request(nil, &callkit.SetMutedCallAction{Base: callkit.Base{CallUUID: id}, Muted: on})
}

// Merge is the app's merge button: first off hold, then together.
func (a *App) Merge(one, other callkit.UUID) {
	var actions []callkit.Action
	for _, id := range []callkit.UUID{one, other} {
		if c := a.Call(id); c != nil && c.Held {
			actions = append(actions, &callkit.SetHeldCallAction{Base: callkit.Base{CallUUID: id}})
		}
	}
	a.Request(nil, append(actions, &callkit.SetGroupCallAction{Base: callkit.Base{CallUUID: one}, GroupWith: other})...)
}

// ForeignCall reports whether somebody else has a call on this phone.
func (a *App) ForeignCall() bool {
	for _, c := range a.Controller.CallObserver().Calls() {
		if a.Call(c.UUID) == nil && !c.HasEnded {
			return true
		}
	}
	return false
}

// CallChanged resumes what was held for a foreign call, once that is gone: no callback says so.
func (a *App) CallChanged(_ callkit.CallObserver, changed callkit.Call) {
	if !changed.HasEnded || a.ForeignCall() {
		return
	}
	for _, c := range a.Calls {
		if c.Held && c.Foreign {
			a.Sys.AfterFunc(time.Second, func() {
				if c.Held && c.Foreign && a.Call(c.ID) == c {
					a.Request(nil, &callkit.SetHeldCallAction{Base: callkit.Base{CallUUID: c.ID}})
				}
			})
		}
	}
}

// ContinueUserActivity calls whom the user tapped, or turns the live call with him into a video call.
func (a *App) ContinueUserActivity(u callkit.UserActivity) {
	if u.Intent == nil || len(u.Intent.Contacts) == 0 {
		return
	}
	handle := u.Intent.Contacts[0].Handle.Value
	for _, c := range a.Calls {
		if c.Handle == handle && u.Intent.CallCapability == callkit.VideoCall {
			c.Video = true
			a.Provider.ReportCallUpdated(c.ID, callkit.Update{HasVideo: Ptr(true)})
			return
		}
	}
	a.Dial(handle)
}
