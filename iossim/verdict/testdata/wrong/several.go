package wrong

import (
	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/iossim/verdict"
	"github.com/ringtrip/ringtrip/iossim/verdict/testdata/right"
)

// b14 waits for a callback that never comes.
type b14 struct{ *right.App }

func (a b14) CallChanged(callkit.CallObserver, callkit.Call) {} // the bug

// b15 has one current call, the one that came last.
type b15 struct{ *right.App }

func (a b15) PerformEndCallAction(_ callkit.Provider, x *callkit.EndCallAction) {
	if n := len(a.Calls); n > 0 {
		current := a.Calls[n-1] // the bug: the action says which
		a.Tell(current.Server, a.EndWord(current))
		a.Forget(current)
	}
	x.Fulfill()
}

// b15ring takes an end while something rings for a decline of that.
type b15ring struct{ *right.App }

func (a b15ring) PerformEndCallAction(p callkit.Provider, x *callkit.EndCallAction) {
	for _, c := range a.Calls {
		if !c.Up && !c.Outgoing { // the bug
			a.Tell(c.Server, a.EndWord(c))
			a.Forget(c)
			x.Fulfill()
			return
		}
	}
	a.App.PerformEndCallAction(p, x)
}

// b15held plays the sound of every call that it has, held or not.
type b15held struct{ *right.App }

func (a b15held) PerformSetHeldCallAction(p callkit.Provider, x *callkit.SetHeldCallAction) {
	a.App.PerformSetHeldCallAction(p, x)
	if c := a.Call(x.CallUUID); c != nil {
		a.Line.Hold(c.Server, false) // the bug: media is not told
	}
}

func (a b15held) DidActivateAudioSession(p callkit.Provider, s callkit.AudioSession) {
	a.App.DidActivateAudioSession(p, s)
	for _, c := range a.Calls {
		_ = a.Line.StartAudio(c.Server) // the bug
	}
}

// b30 fulfils a video call like any other.
type b30 struct{ *right.App }

func (a b30) PerformAnswerCallAction(p callkit.Provider, x *callkit.AnswerCallAction) {
	c := a.Call(x.CallUUID)
	video := c.Video
	c.Video = false // the bug: it does not wait for its window
	a.App.PerformAnswerCallAction(p, x)
	c.Video = video
}

// b38 groups the calls and leaves the rest to the system.
type b38 struct{ *right.App }

func (a b38) Merge(one, other callkit.UUID) {
	a.Request(nil, &callkit.SetGroupCallAction{Base: callkit.Base{CallUUID: one}, GroupWith: other}) // the bug
}

// b42 is one build for all stores.
type b42 struct{ *right.Subject }

func (s b42) NewForChina(line *verdict.Line) callkit.App { return s.New(line) } // the bug
