package phone

import (
	"log/slog"
	"sync/atomic"

	"github.com/ringtrip/ringtrip/callkit"
)

// NewApp returns an app for one process that makes its Phone with build, at launch. If build fails, the app still
// takes pushes and reports a placeholder for each, so that it is not killed; nothing rings then.
//
// Besides callkit.App it has methods that a simulated iPhone may call: ProcessDied ends all that the process had,
// without a word to anybody; ProcessSuspended freezes and thaws the connection and the media factory, and
// NetworkChanged tells the connection, if they have methods of these names. Everything else of the engine stands
// still by itself while the main queue does.
func NewApp(build func(callkit.System, callkit.LaunchOptions) (*Phone, error)) callkit.App {
	return &app{build: build}
}

type app struct {
	build func(callkit.System, callkit.LaunchOptions) (*Phone, error)
	phone atomic.Pointer[Phone]
}

// DidFinishLaunching makes the engine, and goes on with what the user tapped.
func (a *app) DidFinishLaunching(sys callkit.System, options callkit.LaunchOptions) {
	p, err := a.build(sys, options)
	if err != nil || p == nil {
		slog.Error("the app's engine could not be made; pushes are answered with placeholders", "err", err)
		newEmergency(sys)
		return
	}
	a.phone.Store(p)
	if options.UserActivity != nil {
		p.ContinueUserActivity(*options.UserActivity)
	}
}

// ProcessDied ends everything that the process had.
func (a *app) ProcessDied() {
	if p := a.phone.Load(); p != nil {
		p.Close()
	}
}

// ProcessSuspended freezes or thaws what runs beside the main queue.
func (a *app) ProcessSuspended(on bool) {
	p := a.phone.Load()
	if p == nil {
		return
	}
	for _, part := range []any{p.conn, p.cfg.Media} {
		if s, ok := part.(interface{ ProcessSuspended(bool) }); ok {
			s.ProcessSuspended(on)
		}
	}
}

// NetworkChanged tells the connection that the network came or went, if it has a method of that name, and lets
// media gather anew on the new network.
func (a *app) NetworkChanged(online bool) {
	p := a.phone.Load()
	if p == nil {
		return
	}
	if n, ok := p.conn.(interface{ NetworkChanged(bool) }); ok {
		n.NetworkChanged(online)
	}
	if online {
		p.NetworkChanged()
	}
}

// An emergency is what takes pushes in an app without an engine.
type emergency struct {
	provider callkit.Provider
	n        int
}

func newEmergency(sys callkit.System) {
	e := &emergency{provider: sys.NewProvider(callkit.DefaultConfiguration())}
	e.provider.SetDelegate(e, nil)
	registry := sys.NewPushRegistry(nil)
	registry.SetDelegate(e)
	registry.SetDesiredPushTypes([]callkit.PushType{callkit.PushTypeVoIP})
}

func (e *emergency) ProviderDidReset(callkit.Provider) {}

func (e *emergency) DidUpdatePushCredentials(callkit.PushRegistry, callkit.PushCredentials, callkit.PushType) {
}

func (e *emergency) DidReceiveIncomingPush(_ callkit.PushRegistry, in callkit.PushPayload, _ callkit.PushType, completion func()) {
	e.n++
	reportPlaceholder(e.provider, in.Dictionary, e.n)
	if completion != nil {
		completion()
	}
}

// PerformEndCallAction fulfils: what the system still shows is nobody's.
func (e *emergency) PerformEndCallAction(_ callkit.Provider, a *callkit.EndCallAction) { a.Fulfill() }
