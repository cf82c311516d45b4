package right

import (
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/iossim/verdict"
)

// DidReceiveIncomingPush is the push before iOS 26.4, which must always be reported.
func (a *App) DidReceiveIncomingPush(_ callkit.PushRegistry, p callkit.PushPayload, _ callkit.PushType, completion func()) {
	a.Me.Receive(p.Dictionary, true, completion)
}

// DidReceiveIncomingVoIPPush is the push from iOS 26.4 on.
func (a *App) DidReceiveIncomingVoIPPush(_ callkit.PushRegistry, p callkit.PushPayload, m callkit.VoIPPushMetadata, completion func()) {
	a.Me.Receive(p.Dictionary, m.MustReport, completion)
}

// Receive reports a push before it returns.
func (a *App) Receive(b []byte, mustReport bool, completion func()) {
	p, id, err := ReadPayload(b)
	switch {
	case err != nil:
		a.Placeholder(MakeUUID(b), mustReport, completion)
	case a.Over[id] || a.Late(p):
		a.Over[id] = true
		a.Placeholder(id, mustReport, completion)
	default:
		a.Report(a.Me.Ring(p), p, completion)
	}
}

// Late reports whether the ring of a push is over.
func (a *App) Late(p Payload) bool { return !a.Sys.Now().Before(time.UnixMilli(p.Expires)) }

// ReadPayload reads a push.
func ReadPayload(b []byte) (p Payload, id callkit.UUID, err error) {
	if err = json.Unmarshal(b, &p); err == nil {
		id, err = callkit.ParseUUID(p.ID)
	}
	return p, id, err
}

// Placeholder reports a call that nobody wants, and ends it at once.
func (a *App) Placeholder(id callkit.UUID, mustReport bool, completion func()) {
	if !mustReport {
		completion()
		return
	}
	a.Provider.ReportNewIncomingCall(id, callkit.Update{RemoteHandle: Handle("unknown")}, func(error) { completion() })
	a.Provider.ReportCallEnded(id, time.Time{}, callkit.Unanswered)
}

// Handle is a remote handle that is never empty.
func Handle(value string) *callkit.Handle {
	if value == "" {
		value = "unknown"
	}
	return &callkit.Handle{Type: callkit.Generic, Value: value}
}

// Ring makes the call of a push, unless it is there already.
func (a *App) Ring(p Payload) *Call {
	id, err := callkit.ParseUUID(p.ID)
	if err != nil {
		id = MakeUUID(p.ID)
	}
	if c := a.ServersCall(id); c != nil {
		return c
	}
	return a.Incoming(&Call{ID: id, Server: id, Handle: p.Handle, Video: p.Video}, p)
}

// Incoming puts an incoming call on the books; it rings as long as the server said.
func (a *App) Incoming(c *Call, p Payload) *Call {
	a.Add(c)
	a.Sys.AfterFunc(max(0, time.UnixMilli(p.Expires).Sub(a.Sys.Now())), func() { a.RingOver(c) })
	return c
}

// Add puts a call on the books.
func (a *App) Add(c *Call) {
	c.Began = a.Sys.Now()
	a.Calls = append(a.Calls, c)
	a.Disk[c.ID] = c.Server
}

// Update is what the system is told of an incoming call.
func Update(p Payload) callkit.Update {
	u := callkit.Update{RemoteHandle: Handle(p.Handle), HasVideo: &p.Video, SupportsHolding: Ptr(true), SupportsGrouping: Ptr(true), SupportsDTMF: Ptr(true)}
	if p.Name != "" {
		u.LocalizedCallerName = &p.Name
	}
	return u
}

// Report reports an incoming call; when the system does not show it, the call is over here.
func (a *App) Report(c *Call, p Payload, completion func()) {
	a.Provider.ReportNewIncomingCall(c.ID, Update(p), func(err error) {
		if err != nil && !errors.Is(err, callkit.ErrCallUUIDAlreadyExists) {
			a.Forget(c)
			a.Tell(c.Server, verdict.SayUnanswered)
		}
		if completion != nil {
			completion()
		}
	})
	a.Connect(c)
}

// Connect warms the media of a call, so that an answer need not wait for it.
func (a *App) Connect(c *Call) {
	a.Line.Connect(c.Server, func() {
		if a.Call(c.ID) == c {
			c.Media = true
			if a.HasWindow(c) {
				a.FulfillAnswer(c)
			}
		}
	})
}

// RingOver ends a ring that nobody answered.
func (a *App) RingOver(c *Call) {
	if a.Call(c.ID) == c && !c.Up {
		a.EndHere(c, callkit.Unanswered)
		a.Tell(c.Server, verdict.SayUnanswered)
	}
}

// EndHere ends a call in the system.
func (a *App) EndHere(c *Call, why callkit.EndedReason) {
	a.Provider.ReportCallEnded(c.ID, time.Time{}, why)
	a.Forget(c)
}

// Forget ends a call's media and takes it off the books.
func (a *App) Forget(c *Call) {
	a.Line.Close(c.Server)
	a.Over[c.Server] = true
	a.Calls = slices.DeleteFunc(a.Calls, func(o *Call) bool { return o == c })
	delete(a.Disk, c.ID)
}

// Hear is what the server says.
func (a *App) Hear(m verdict.Message) {
	c := a.ServersCall(m.ID)
	switch {
	case m.News == verdict.Connected:
		return
	case m.News == verdict.Invited && c == nil && !a.Over[m.ID]:
		p := Invitation(m)
		a.Report(a.Me.Ring(p), p, nil)
		return
	case c == nil:
		a.Over[m.ID] = true // a push of it may still come
		return
	}
	switch m.News {
	case verdict.Answered:
		if c.Outgoing && !c.Up {
			c.Up = true
			a.Provider.ReportOutgoingCallConnected(c.ID, time.Time{})
			a.Sound()
		}
	case verdict.Cancelled, verdict.HungUp:
		a.EndHere(c, callkit.RemoteEnded)
	case verdict.AnsweredElsewhere:
		a.EndHere(c, callkit.AnsweredElsewhere)
	case verdict.DeclinedElsewhere:
		a.EndHere(c, callkit.DeclinedElsewhere)
	}
}

// Invitation is what a push would have said.
func Invitation(m verdict.Message) Payload {
	return Payload{ID: m.ID.String(), Handle: m.Call.Handle, Name: m.Call.Name, Video: m.Call.Video, Expires: m.Call.Expires.UnixMilli()}
}
