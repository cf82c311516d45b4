package right

import (
	"encoding/json"
	"errors"
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

// Ring makes the call of a push, unless it is there already, and returns its UUID.
func (a *App) Ring(p Payload) callkit.UUID {
	id, err := callkit.ParseUUID(p.ID)
	if err != nil {
		id = MakeUUID(p.ID)
	}
	if a.Calls[id] == nil {
		a.Add(&Call{ID: id, Handle: p.Handle, Video: p.Video})
		a.Sys.AfterFunc(max(0, time.UnixMilli(p.Expires).Sub(a.Sys.Now())), func() { a.RingOver(id) })
	}
	return id
}

// Add puts a call on the books.
func (a *App) Add(c *Call) {
	c.Began = a.Sys.Now()
	a.Calls[c.ID], a.Disk[c.ID] = c, true
}

// Report reports an incoming call; when the system does not show it, the call is over here.
func (a *App) Report(id callkit.UUID, p Payload, completion func()) {
	u := callkit.Update{RemoteHandle: Handle(p.Handle), HasVideo: &p.Video, SupportsHolding: Ptr(true), SupportsGrouping: Ptr(true), SupportsDTMF: Ptr(true)}
	if p.Name != "" {
		u.LocalizedCallerName = &p.Name
	}
	a.Provider.ReportNewIncomingCall(id, u, func(err error) {
		if err != nil && !errors.Is(err, callkit.ErrCallUUIDAlreadyExists) {
			a.Forget(id)
			a.Tell(id, verdict.SayUnanswered)
		}
		if completion != nil {
			completion()
		}
	})
	a.Connect(id)
}

// Connect warms the media of a call, so that an answer need not wait for it.
func (a *App) Connect(id callkit.UUID) {
	a.Line.Connect(id, func() {
		if c := a.Calls[id]; c != nil {
			c.Media = true
			a.FulfillAnswer(c)
		}
	})
}

// RingOver ends a ring that nobody answered.
func (a *App) RingOver(id callkit.UUID) {
	if c := a.Calls[id]; c != nil && !c.Up && !c.Outgoing {
		a.EndHere(id, callkit.Unanswered)
		a.Tell(id, verdict.SayUnanswered)
	}
}

// EndHere ends a call in the system.
func (a *App) EndHere(id callkit.UUID, why callkit.EndedReason) {
	a.Provider.ReportCallEnded(id, time.Time{}, why)
	a.Forget(id)
}

// Forget ends a call's media and takes it off the books.
func (a *App) Forget(id callkit.UUID) {
	a.Line.Close(id)
	a.Over[id] = true
	delete(a.Calls, id)
	delete(a.Disk, id)
}

// Hear is what the server says.
func (a *App) Hear(m verdict.Message) {
	switch m.News {
	case verdict.Invited:
		if a.Calls[m.ID] == nil && !a.Over[m.ID] {
			p := Payload{ID: m.ID.String(), Handle: m.Call.Handle, Name: m.Call.Name, Video: m.Call.Video, Expires: m.Call.Expires.UnixMilli()}
			a.Report(a.Me.Ring(p), p, nil)
		}
	case verdict.Answered:
		if c := a.Calls[m.ID]; c != nil && c.Outgoing && !c.Up {
			c.Up = true
			a.Provider.ReportOutgoingCallConnected(m.ID, time.Time{})
			a.Sound()
		}
	case verdict.Cancelled, verdict.HungUp:
		a.EndHere(m.ID, callkit.RemoteEnded)
	case verdict.AnsweredElsewhere:
		a.EndHere(m.ID, callkit.AnsweredElsewhere)
	case verdict.DeclinedElsewhere:
		a.EndHere(m.ID, callkit.DeclinedElsewhere)
	}
}
