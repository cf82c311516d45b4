package right

import (
	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/iossim/verdict"
)

// Design is another way of being right. The kit must find nothing in it either.
type Design struct {
	Name string
	Wrap func(*App) callkit.App
	// Untried are trials that the design gives no occasion for.
	Untried []string
}

// Designs are all of them.
func Designs() []Design {
	return []Design{
		{Name: "as it is", Wrap: func(a *App) callkit.App { return a }},
		{Name: "fulfils first", Wrap: func(a *App) callkit.App { return fulfilsFirst{a} }, Untried: []string{"action-times-out"}},
		{Name: "derives UUIDs", Wrap: func(a *App) callkit.App { return derives{a} }},
		{Name: "has a resume button", Wrap: func(a *App) callkit.App { return resumeButton{a} }},
		{Name: "takes one call at a time", Wrap: func(a *App) callkit.App { return busy{a} },
			Untried: []string{"end-and-accept", "hold-and-accept", "app-merges"}},
		{Name: "has a queue of its own", Wrap: func(a *App) callkit.App { return ownQueue{a} }},
	}
}

// fulfilsFirst answers at once and connects meanwhile; a video call waits for its window.
type fulfilsFirst struct{ *App }

func (a fulfilsFirst) PerformAnswerCallAction(p callkit.Provider, x *callkit.AnswerCallAction) {
	a.App.PerformAnswerCallAction(p, x)
	if c := a.Call(x.CallUUID); c != nil && a.HasWindow(c) {
		a.FulfillAnswer(c)
	}
}

// derives makes the UUID of a call from the server's name of it, on every path.
type derives struct{ *App }

func (a derives) Ring(p Payload) *Call {
	server, err := callkit.ParseUUID(p.ID)
	if err != nil {
		server = MakeUUID(p.ID)
	}
	if c := a.ServersCall(server); c != nil {
		return c
	}
	return a.Incoming(&Call{ID: MakeUUID("call", server), Server: server, Handle: p.Handle, Video: p.Video}, p)
}

// resumeButton leaves it to the user when a held call goes on.
type resumeButton struct{ *App }

func (a resumeButton) CallChanged(callkit.CallObserver, callkit.Call) {}

func (a resumeButton) CanResume(id callkit.UUID) bool {
	c := a.Call(id)
	return c != nil && c.Held && !a.ForeignCall()
}

// busy takes one call at a time: the system needs no report while the app is on a call.
type busy struct{ *App }

func (a busy) Config() callkit.ProviderConfiguration {
	c := a.App.Config()
	c.MaximumCallGroups = 1
	return c
}

func (a busy) Receive(b []byte, mustReport bool, completion func()) {
	p, id, err := ReadPayload(b)
	for _, c := range a.Calls {
		if err == nil && c.Up && !a.Late(p) {
			a.Over[id] = true
			a.Tell(id, verdict.SayUnanswered)
			completion()
			return
		}
	}
	a.App.Receive(b, mustReport, completion)
}

// ownQueue takes its callbacks on a queue that is not the system's.
type ownQueue struct{ *App }

// queue runs its work on the main queue's turns.
type queue struct{ main callkit.Queue }

func (q queue) Async(f func()) { q.main.Async(f) }

func (a ownQueue) MakeRegistry() {
	q := queue{a.Sys.MainQueue()}
	a.Provider.SetDelegate(a, q)
	a.Registry = a.Sys.NewPushRegistry(q)
	a.Registry.SetDelegate(a)
	a.Registry.SetDesiredPushTypes([]callkit.PushType{callkit.PushTypeVoIP})
}
