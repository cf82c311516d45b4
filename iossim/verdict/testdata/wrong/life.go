package wrong

import (
	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/iossim/verdict"
	"github.com/ringtrip/ringtrip/iossim/verdict/testdata/right"
)

// b28 calls back only when it runs already.
type b28 struct{ *right.App }

func (a b28) DidFinishLaunching(sys callkit.System, o callkit.LaunchOptions) {
	o.UserActivity = nil // the bug: nobody looks at it
	a.App.DidFinishLaunching(sys, o)
}

// b28types does not say what handles it can call.
type b28types struct{ *right.App }

func (a b28types) Config() callkit.ProviderConfiguration {
	c := a.App.Config()
	c.SupportedHandleTypes = nil // the bug: the tap does not even arrive
	return c
}

// b29 knows start-call intents only.
type b29 struct{ *right.App }

func (a b29) ContinueUserActivity(u callkit.UserActivity) {
	if u.Intent != nil && u.Intent.CallCapability == callkit.VideoCall {
		return // the bug
	}
	a.App.ContinueUserActivity(u)
}

// b33 connects to its server when its window is there.
type b33 struct{ *right.App }

func (a b33) DidFinishLaunching(sys callkit.System, o callkit.LaunchOptions) {
	if o.Background {
		line := a.Line
		a.Line = new(verdict.Line) // the bug: a push wakes the app and nobody connects
		a.App.DidFinishLaunching(sys, o)
		a.Line = line
		return
	}
	a.App.DidFinishLaunching(sys, o)
}

// b34 prepares the session for every call that is reported.
type b34 struct{ *right.App }

func (a b34) Ring(p right.Payload) *right.Call {
	a.Category() // the bug
	return a.App.Ring(p)
}

// b35 sends its decline and hopes.
type b35 struct{ *right.App }

func (a b35) PerformEndCallAction(_ callkit.Provider, x *callkit.EndCallAction) {
	if c := a.Call(x.CallUUID); c != nil {
		a.Line.Say(c.Server, a.EndWord(c), nil) // the bug: no background task
		a.Forget(c)
	}
	x.Fulfill()
}

// b36 fails what it does not know.
type b36 struct{ *right.App }

func (a b36) PerformEndCallAction(p callkit.Provider, x *callkit.EndCallAction) {
	if a.Call(x.CallUUID) == nil {
		x.Fail() // the bug
		return
	}
	a.App.PerformEndCallAction(p, x)
}

// b40 does nothing about a reset.
type b40 struct{ *right.App }

func (a b40) ProviderDidReset(callkit.Provider) {} // the bug
