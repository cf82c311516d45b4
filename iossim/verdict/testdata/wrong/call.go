package wrong

import (
	"time"

	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/iossim/verdict"
	"github.com/ringtrip/ringtrip/iossim/verdict/testdata/right"
)

// b10 starts audio when it answers, and never again.
type b10 struct{ *right.App }

func (a b10) PerformAnswerCallAction(p callkit.Provider, x *callkit.AnswerCallAction) {
	_ = a.Line.StartAudio(x.CallUUID) // the bug: the session is not lent yet
	a.App.PerformAnswerCallAction(p, x)
}

func (a b10) DidActivateAudioSession(callkit.Provider, callkit.AudioSession) {}

// b11 activates the session by its own hand.
type b11 struct{ *right.App }

func (a b11) PerformAnswerCallAction(p callkit.Provider, x *callkit.AnswerCallAction) {
	a.Category()
	_ = a.Sys.AudioSession().SetActive(true) // the bug
	a.App.PerformAnswerCallAction(p, x)
}

// b11late sets its category once more when the sound begins.
type b11late struct{ *right.App }

func (a b11late) DidActivateAudioSession(p callkit.Provider, s callkit.AudioSession) {
	_ = s.SetCategory(callkit.PlayAndRecord, callkit.VoiceChat, callkit.AllowBluetoothHFP) // the bug
	a.App.DidActivateAudioSession(p, s)
}

// b12 fulfils when it has the audio session.
type b12 struct {
	*right.App
	kept []*callkit.AnswerCallAction
}

func (a *b12) PerformAnswerCallAction(_ callkit.Provider, x *callkit.AnswerCallAction) {
	a.Category()
	a.Tell(x.CallUUID, verdict.SayAnswered)
	a.Call(x.CallUUID).Up = true
	a.kept = append(a.kept, x) // the bug: nothing fulfils it before didActivate
}

func (a *b12) DidActivateAudioSession(p callkit.Provider, s callkit.AudioSession) {
	for _, x := range a.kept {
		x.Fulfill()
	}
	a.App.DidActivateAudioSession(p, s)
}

// b13 starts its audio engine once for all.
type b13 struct {
	*right.App
	engine bool
}

func (a *b13) DidActivateAudioSession(p callkit.Provider, s callkit.AudioSession) {
	if a.engine {
		return // the bug: it runs already, does it not?
	}
	a.engine = true
	a.App.DidActivateAudioSession(p, s)
}

// b13last takes its audio engine down with the last call, and puts it up at launch only.
type b13last struct {
	*right.App
	down bool
}

func (a *b13last) PerformEndCallAction(p callkit.Provider, x *callkit.EndCallAction) {
	a.App.PerformEndCallAction(p, x)
	a.down = a.down || len(a.Calls) == 0 // the bug
}

func (a *b13last) DidActivateAudioSession(p callkit.Provider, s callkit.AudioSession) {
	if !a.down {
		a.App.DidActivateAudioSession(p, s)
	}
}

// b16 does not say what its outgoing calls can do.
type b16 struct{ *right.App }

func (a b16) Start(c *right.Call) {
	a.Line.Start(c.Server, c.Handle, nil)
	a.Provider.ReportOutgoingCallStartedConnecting(c.ID, time.Time{}) // the bug: no update with supportsHolding
	a.Connect(c)
}

// b17 forgets what an earlier process left over.
type b17 struct{ *right.App }

func (a b17) EndOrphans() {} // the bug

// b17remote ends a call that the far end hung up for itself only.
type b17remote struct{ *right.App }

func (a b17remote) Hear(m verdict.Message) {
	if c := a.ServersCall(m.ID); c != nil && m.News == verdict.HungUp {
		a.Forget(c) // the bug: the system is not told
		return
	}
	a.App.Hear(m)
}

// b18 hangs up by the server's name of the session, which is not the call's.
type b18 struct{ *right.App }

func (a b18) HangUp(id callkit.UUID) { a.App.HangUp(right.MakeUUID("session", id)) } // the bug

// b19 makes a provider for each call.
type b19 struct{ *right.App }

func (a b19) Ring(p right.Payload) *right.Call {
	a.MakeProvider() // the bug
	return a.App.Ring(p)
}

// b20 starts its call code anew without ending the old.
type b20 struct{ *right.App }

func (a b20) Reload() { a.MakeProvider() } // the bug

// b21 fulfils the start when somebody answers.
type b21 struct {
	*right.App
	kept map[callkit.UUID]*callkit.StartCallAction
}

func (a *b21) PerformStartCallAction(_ callkit.Provider, s *callkit.StartCallAction) {
	a.Category()
	c := &right.Call{ID: s.CallUUID, Server: s.CallUUID, Handle: s.Handle.Value, Outgoing: true}
	a.Add(c)
	a.kept[c.Server] = s // the bug
	a.Start(c)
}

func (a *b21) Hear(m verdict.Message) {
	if s := a.kept[m.ID]; s != nil && m.News == verdict.Answered {
		s.Fulfill()
	}
	a.App.Hear(m)
}

// b22 does not say that the far end has answered.
type b22 struct{ *right.App }

func (a b22) Hear(m verdict.Message) {
	if c := a.ServersCall(m.ID); c != nil && m.News == verdict.Answered {
		c.Up = true // the bug: the provider is not told
		a.Sound()
		return
	}
	a.App.Hear(m)
}

// b23 forgets to fulfil what it has no use for.
type b23 struct{ *right.App }

func (a b23) PerformPlayDTMFCallAction(callkit.Provider, *callkit.PlayDTMFCallAction) {} // the bug

// b23answer forgets to fulfil an answer.
type b23answer struct{ *right.App }

func (a b23answer) PerformAnswerCallAction(_ callkit.Provider, x *callkit.AnswerCallAction) {
	a.Category()
	a.Tell(x.CallUUID, verdict.SayAnswered) // the bug
}

// b24 looks for a timed-out action's call by the action's own UUID.
type b24 struct{ *right.App }

func (a b24) TimedOutPerformingAction(_ callkit.Provider, x callkit.Action) {
	if c := a.Call(x.UUID()); c != nil { // the bug
		a.EndHere(c, callkit.Failed)
		a.Tell(c.Server, verdict.SayFailed)
	}
}

// b25 takes every end of a ring for the user's.
type b25 struct{ *right.App }

func (a b25) PerformEndCallAction(_ callkit.Provider, x *callkit.EndCallAction) {
	if c := a.Call(x.CallUUID); c != nil {
		word := verdict.SayDeclined // the bug: after 60 s it was the system
		if c.Up || c.Outgoing {
			word = verdict.SayHungUp
		}
		a.Tell(c.Server, word)
		a.Forget(c)
	}
	x.Fulfill()
}

// b26 answers a mute of the system with one of its own.
type b26 struct{ *right.App }

func (a b26) PerformSetMutedCallAction(p callkit.Provider, x *callkit.SetMutedCallAction) {
	a.App.PerformSetMutedCallAction(p, x)
	a.SetMuted(x.CallUUID, x.Muted) // the bug: which comes back here, for ever
}

// b26track mutes the screen and not the microphone.
type b26track struct{ *right.App }

func (a b26track) PerformSetMutedCallAction(_ callkit.Provider, x *callkit.SetMutedCallAction) {
	x.Fulfill() // the bug: the track is not switched
}

// b27 puts the route right whenever it changes.
type b27 struct{ *right.App }

func (a b27) DidFinishLaunching(sys callkit.System, o callkit.LaunchOptions) {
	sys.AudioSession().SetObserver(a)
	a.App.DidFinishLaunching(sys, o)
}

func (a b27) AudioInterruption(callkit.InterruptionType) {}

func (a b27) AudioRouteChange(why callkit.RouteChangeReason, _ callkit.AudioPort) {
	if why == callkit.Override {
		a.Category() // the bug: it undoes the speaker
	}
}
