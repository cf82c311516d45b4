package wrong

import (
	"encoding/json"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/iossim/verdict"
	"github.com/ringtrip/ringtrip/iossim/verdict/testdata/right"
)

// b1 reports only what it can read.
type b1 struct{ *right.App }

func (a b1) Receive(b []byte, mustReport bool, completion func()) {
	var p struct{ ID string }
	if json.Unmarshal(b, &p) != nil || p.ID == "" {
		completion()
		return // the bug: no placeholder
	}
	a.App.Receive(b, mustReport, completion)
}

// b1all takes a push for a hint to ask the server, and reports nothing by itself.
type b1all struct{ *right.App }

func (a b1all) Receive(_ []byte, _ bool, completion func()) { completion() } // the bug

// b2 knows that the call is over, and thinks that this is enough.
type b2 struct{ *right.App }

func (a b2) Receive(b []byte, mustReport bool, completion func()) {
	if p, id, err := right.ReadPayload(b); err == nil && a.Over[id] && !a.Late(p) {
		completion()
		return // the bug: the push is not reported
	}
	a.App.Receive(b, mustReport, completion)
}

// b3 has a server that cancels by push, and ends the call that the push names.
type b3 struct{ *right.App }

func (a b3) Receive(b []byte, mustReport bool, completion func()) {
	var p struct{ Cancel string }
	if json.Unmarshal(b, &p) == nil && p.Cancel != "" {
		if id, err := callkit.ParseUUID(p.Cancel); err == nil {
			if c := a.ServersCall(id); c != nil {
				a.EndHere(c, callkit.RemoteEnded)
			}
		}
		completion()
		return // the bug: no call is reported for this push
	}
	a.App.Receive(b, mustReport, completion)
}

type b3server struct{ *right.Subject }

func (s b3server) OtherPushes(c verdict.Call) map[string][]byte {
	return map[string][]byte{"cancel": []byte(`{"cancel":"` + c.ID.String() + `"}`)}
}

// b4 asks its server who calls before it reports.
type b4 struct{ *right.App }

func (a b4) Receive(b []byte, mustReport bool, completion func()) {
	a.Sys.AfterFunc(300*time.Millisecond, func() { a.App.Receive(b, mustReport, completion) }) // the bug
}

// b4queue reports on another turn of its queue, as a bridge to another language does.
type b4queue struct{ *right.App }

func (a b4queue) Receive(b []byte, mustReport bool, completion func()) {
	a.Sys.MainQueue().Async(func() { a.App.Receive(b, mustReport, completion) }) // the bug
}

// b5 calls the completion handler only if the call is shown.
type b5 struct{ *right.App }

func (a b5) Receive(b []byte, mustReport bool, completion func()) {
	p, id, err := right.ReadPayload(b)
	if err != nil || a.Over[id] || a.Late(p) {
		a.App.Receive(b, mustReport, completion)
		return
	}
	c := a.Ring(p)
	a.Provider.ReportNewIncomingCall(c.ID, right.Update(p), func(err error) {
		if err != nil {
			a.Forget(c)
			return // the bug: completion is not called
		}
		completion()
	})
	a.Connect(c)
}

// b5early calls the completion handler first.
type b5early struct{ *right.App }

func (a b5early) Receive(b []byte, mustReport bool, completion func()) {
	completion() // the bug
	a.App.Receive(b, mustReport, func() {})
}

// b5slow waits a second "to be sure".
type b5slow struct{ *right.App }

func (a b5slow) Receive(b []byte, mustReport bool, completion func()) {
	a.App.Receive(b, mustReport, func() { a.Sys.AfterFunc(time.Second, completion) }) // the bug
}

// b6 makes its push registry when its window is there.
type b6 struct{ *right.App }

func (a b6) MakeRegistry() {} // the bug

func (a b6) DidBecomeActive() {
	if a.Registry == nil {
		a.App.MakeRegistry()
	}
}

// b7 makes its provider when its window is there.
type b7 struct{ *right.App }

func (a b7) DidFinishLaunching(sys callkit.System, o callkit.LaunchOptions) {
	a.App.DidFinishLaunching(noProvider{sys}, o)
	a.Sys = sys
}

func (a b7) DidBecomeActive() {
	if _, none := a.Provider.(nobody); none {
		a.MakeProvider()
	}
}

// noProvider is a system that makes no provider yet.
type noProvider struct{ callkit.System }

func (noProvider) NewProvider(callkit.ProviderConfiguration) callkit.Provider { return nobody{} }

// nobody is what Objective-C's nil is: every message to it does nothing.
type nobody struct{ callkit.Provider }

func (nobody) SetDelegate(callkit.ProviderDelegate, callkit.Queue)             {}
func (nobody) ReportNewIncomingCall(callkit.UUID, callkit.Update, func(error)) {} // the bug
func (nobody) ReportCallUpdated(callkit.UUID, callkit.Update)                  {}
func (nobody) ReportCallEnded(callkit.UUID, time.Time, callkit.EndedReason)    {}
func (nobody) ReportOutgoingCallConnected(callkit.UUID, time.Time)             {}
func (nobody) ReportOutgoingCallStartedConnecting(callkit.UUID, time.Time)     {}

// b8 drops pushes that come late.
type b8 struct{ *right.App }

func (a b8) Receive(b []byte, mustReport bool, completion func()) {
	if p, _, err := right.ReadPayload(b); err == nil && a.Late(p) {
		completion()
		return // the bug: it counts, each time
	}
	a.App.Receive(b, mustReport, completion)
}

// b9 rings for every push, however late.
type b9 struct{ *right.App }

func (a b9) Receive(b []byte, _ bool, completion func()) {
	p, id, err := right.ReadPayload(b)
	if err == nil && !a.Over[id] && a.Late(p) {
		p.Expires = a.Sys.Now().Add(45 * time.Second).UnixMilli() // the bug: the time begins when the push comes
		a.Report(a.Ring(p), p, completion)
		return
	}
	a.App.Receive(b, true, completion)
}

// b31 gives up on a call whose name is no UUID.
type b31 struct{ *right.App }

func (a b31) Receive(b []byte, mustReport bool, completion func()) {
	var p right.Payload
	if json.Unmarshal(b, &p) == nil && p.ID != "" {
		if _, err := callkit.ParseUUID(p.ID); err != nil {
			completion()
			return // the bug
		}
	}
	a.App.Receive(b, mustReport, completion)
}

// b32 has one UUID for each caller.
type b32 struct{ *right.App }

func (a b32) Ring(p right.Payload) *right.Call {
	server, _ := callkit.ParseUUID(p.ID)
	if c := a.ServersCall(server); c != nil {
		return c
	}
	id := right.MakeUUID(p.Handle) // the bug
	return a.Incoming(&right.Call{ID: id, Server: server, Handle: p.Handle, Video: p.Video}, p)
}

// b37 reports a caller who hides himself as he is.
type b37 struct{ *right.App }

func (a b37) Receive(b []byte, mustReport bool, completion func()) {
	p, id, err := right.ReadPayload(b)
	if err != nil || p.Handle != "" || a.Over[id] {
		a.App.Receive(b, mustReport, completion)
		return
	}
	a.Provider.ReportNewIncomingCall(a.Ring(p).ID, callkit.Update{}, func(error) { completion() }) // the bug: no handle
}

// b39 makes a UUID of its own for what comes by push, and looks for calls by their UUID.
type b39 struct{ *right.App }

func (a b39) Receive(b []byte, mustReport bool, completion func()) {
	p, server, err := right.ReadPayload(b)
	if err != nil || a.Over[server] || a.Late(p) {
		a.App.Receive(b, mustReport, completion)
		return
	}
	id := right.MakeUUID("push", server) // the bug
	if a.Call(id) == nil {
		a.Incoming(&right.Call{ID: id, Server: server, Handle: p.Handle, Video: p.Video}, p)
	}
	a.Report(a.Call(id), p, completion)
}

func (a b39) Hear(m verdict.Message) {
	if m.News == verdict.Invited && a.Call(m.ID) == nil {
		p := right.Invitation(m)
		a.Report(a.Incoming(&right.Call{ID: m.ID, Server: m.ID, Handle: p.Handle}, p), p, nil)
		return
	}
	a.App.Hear(m)
}
