// Package right is an app that does everything right: complete glue between CallKit, PushKit, a server and media,
// as small as it can be. The wrong apps of package wrong are this one with one mistake each.
package right

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/iossim/verdict"
)

// Subject is the app as the kit sees it.
type Subject struct {
	disk Disk
	wrap func(*App) callkit.App
}

// NewSubject returns the app for one trial. wrap, if not nil, puts a wrong app around the right one.
func NewSubject(wrap func(*App) callkit.App) *Subject {
	return &Subject{disk: Disk{}, wrap: wrap}
}

// Disk is what the app keeps from process to process: its live calls, with the server's names for them.
type Disk map[callkit.UUID]callkit.UUID

// New is part of [verdict.Subject].
func (s *Subject) New(line *verdict.Line) callkit.App {
	a := &App{Line: line, Disk: s.disk, Over: map[callkit.UUID]bool{}}
	a.Me = a
	if s.wrap == nil {
		return a
	}
	outer := s.wrap(a)
	a.Me = outer.(Delegate) // the wrong app gets the callbacks
	return outer
}

// NewForChina is the app without CallKit, which rings in its own window.
func (s *Subject) NewForChina(line *verdict.Line) callkit.App { return &InApp{Line: line} }

// InApp is the app for the China store. The system gives it no audio session and no screen.
type InApp struct {
	Line    *verdict.Line
	Ringing map[callkit.UUID]bool
}

// DidFinishLaunching makes neither provider nor push registry: calls come by the line, and by alert pushes.
func (a *InApp) DidFinishLaunching(callkit.System, callkit.LaunchOptions) {
	a.Ringing = map[callkit.UUID]bool{}
	a.Line.Open(func(m verdict.Message) {
		if m.News != verdict.Connected {
			a.Ringing[m.ID] = m.News == verdict.Invited
		}
	})
}

// Payload is what the server's push says.
type Payload struct {
	ID      string `json:"id"`
	Handle  string `json:"handle,omitempty"`
	Name    string `json:"name,omitempty"`
	Video   bool   `json:"video,omitempty"`
	Expires int64  `json:"expires"` // Unix time in milliseconds
}

// Push is part of [verdict.Subject].
func (s *Subject) Push(c verdict.Call) []byte {
	b, err := json.Marshal(Payload{ID: c.ID.String(), Handle: c.Handle, Name: c.Name, Video: c.Video, Expires: c.Expires.UnixMilli()})
	if err != nil {
		panic(err)
	}
	return b
}

// Delegate is all that the system may call.
type Delegate interface {
	callkit.App
	callkit.ProviderDelegate
	callkit.PushRegistryDelegate
	callkit.ApplicationDelegate
	callkit.CallObserverDelegate
	Receive(payload []byte, mustReport bool, completion func())
	Hear(verdict.Message)
	Ring(Payload) *Call
	Start(*Call)
	MakeRegistry()
	EndOrphans()
	SetMuted(callkit.UUID, bool)
	Config() callkit.ProviderConfiguration
}

// App is the app in one process.
type App struct {
	Me         Delegate
	Line       *verdict.Line
	Disk       Disk
	Sys        callkit.System
	Provider   callkit.Provider
	Controller callkit.CallController
	Registry   callkit.PushRegistry
	Calls      []*Call
	Over       map[callkit.UUID]bool // calls that are known to be over, by the server's name
	Lent       bool                  // the audio session is lent to us
	dialed     byte
}

// Call is one live call.
type Call struct {
	ID        callkit.UUID // in CallKit
	Server    callkit.UUID // at the server; the right app has one name for both
	Handle    string
	Outgoing  bool
	Video     bool
	Began     time.Time
	Answering *callkit.AnswerCallAction // to be fulfilled when media is connected
	Up        bool                      // answered, by whichever side
	Held      bool
	Foreign   bool // it was held while another app, or the Phone app, had a call
	Media     bool // connected
}

// Config is what the provider is made with.
func (a *App) Config() callkit.ProviderConfiguration {
	c := callkit.DefaultConfiguration()
	c.SupportsVideo = true
	c.SupportedHandleTypes = []callkit.HandleType{callkit.Generic}
	return c
}

// DidFinishLaunching makes everything that a push needs, connects, and cleans up after an earlier process.
func (a *App) DidFinishLaunching(sys callkit.System, o callkit.LaunchOptions) {
	a.Sys = sys
	sys.Application().SetDelegate(a.Me)
	a.Controller = sys.NewCallController(nil)
	a.Controller.CallObserver().SetDelegate(a.Me, nil)
	a.MakeProvider()
	a.Me.MakeRegistry()
	a.Me.EndOrphans()
	a.Line.Open(a.Me.Hear)
	if o.UserActivity != nil {
		a.Me.ContinueUserActivity(*o.UserActivity)
	}
}

// MakeProvider makes the one provider.
func (a *App) MakeProvider() {
	a.Provider = a.Sys.NewProvider(a.Me.Config())
	a.Provider.SetDelegate(a.Me, nil)
}

// MakeRegistry makes the push registry.
func (a *App) MakeRegistry() {
	a.Registry = a.Sys.NewPushRegistry(nil)
	a.Registry.SetDelegate(a.Me)
	a.Registry.SetDesiredPushTypes([]callkit.PushType{callkit.PushTypeVoIP})
}

// EndOrphans ends the calls that an earlier process left over, in the system and at the server.
func (a *App) EndOrphans() {
	for id, server := range a.Disk {
		delete(a.Disk, id)
		a.Over[server] = true
		a.Provider.ReportCallEnded(id, time.Time{}, callkit.Failed)
		a.Tell(server, verdict.SayFailed)
	}
}

// Reload starts the call code anew.
func (a *App) Reload() {
	a.Provider.Invalidate()
	a.MakeProvider()
}

// Call returns the live call with a UUID in CallKit, or nil.
func (a *App) Call(id callkit.UUID) *Call { return a.find(func(c *Call) bool { return c.ID == id }) }

// ServersCall returns the live call that the server calls so, or nil.
func (a *App) ServersCall(server callkit.UUID) *Call {
	return a.find(func(c *Call) bool { return c.Server == server })
}

func (a *App) find(is func(*Call) bool) *Call {
	if i := slices.IndexFunc(a.Calls, is); i >= 0 {
		return a.Calls[i]
	}
	return nil
}

// Tell tells the server, and keeps the process running until it knows.
func (a *App) Tell(server callkit.UUID, w verdict.Word) {
	a.Line.Say(server, w, a.Sys.Application().BeginBackgroundTask("tell", nil))
}

// DidBecomeActive is when a video call has its window.
func (a *App) DidBecomeActive() {
	for _, c := range a.Calls {
		if c.Media {
			a.FulfillAnswer(c)
		}
	}
}

// DidEnterBackground is part of [callkit.ApplicationDelegate].
func (a *App) DidEnterBackground() {}

// DidUpdatePushCredentials would send the token to the server.
func (a *App) DidUpdatePushCredentials(callkit.PushRegistry, callkit.PushCredentials, callkit.PushType) {
}

// MakeUUID makes a UUID from whatever tells this call from others.
func MakeUUID(parts ...any) callkit.UUID {
	sum := sha256.Sum256(fmt.Append(nil, parts...))
	id := callkit.UUID(sum[:16])
	id[6], id[8] = id[6]&0x0f|0x80, id[8]&0x3f|0x80
	return id
}

// Ptr returns a pointer to v, for updates.
func Ptr[T any](v T) *T { return &v }
