package wire

import (
	"github.com/ringtrip/ringtrip/callkit"
)

// bridgeController is a CXCallController of the other side.
type bridgeController struct {
	b        *Bridge
	object   int
	queue    callkit.Queue
	observer *bridgeObserver
}

// CallObserver is part of [callkit.CallController].
func (c *bridgeController) CallObserver() callkit.CallObserver { return c.observer }

// RequestTransaction is part of [callkit.CallController].
func (c *bridgeController) RequestTransaction(actions []callkit.Action, completion func(error)) {
	m := Message{Op: ControllerRequestTransaction, Object: c.object, Ticket: c.b.wait(func(err error) {
		if completion != nil {
			on(c.queue, func() { completion(err) })
		}
	})}
	for _, a := range actions {
		if a != nil {
			m.Actions = append(m.Actions, actionOf(a))
		}
	}
	if answer := c.b.send(m); answer.Error != nil {
		// It never reached the system, so nobody else will say so.
		mainQueue{c.b}.Async(func() {
			if f := c.b.claim(m.Ticket); f != nil {
				f(Message{Error: answer.Error})
			}
		})
	}
}

// bridgeObserver is a CXCallObserver of the other side.
type bridgeObserver struct {
	b        *Bridge
	object   int
	delegate callkit.CallObserverDelegate // guarded by b.mu
	queue    callkit.Queue
}

// Calls is part of [callkit.CallObserver].
func (o *bridgeObserver) Calls() []callkit.Call {
	var calls []callkit.Call
	for _, c := range o.b.send(Message{Op: ObserverCalls, Object: o.object}).Calls {
		calls = append(calls, c.call())
	}
	return calls
}

// SetDelegate is part of [callkit.CallObserver].
func (o *bridgeObserver) SetDelegate(d callkit.CallObserverDelegate, q callkit.Queue) {
	o.b.mu.Lock()
	o.delegate, o.queue = d, q
	o.b.mu.Unlock()
	o.b.send(Message{Op: ObserverSetDelegate, Object: o.object, On: d != nil})
}

func (o *bridgeObserver) changed(calls []Call) {
	o.b.mu.Lock()
	d, q := o.delegate, o.queue
	o.b.mu.Unlock()
	if d == nil {
		return
	}
	for _, c := range calls {
		on(q, func() { d.CallChanged(o, c.call()) })
	}
}

// bridgeRegistry is a PKPushRegistry of the other side.
type bridgeRegistry struct {
	b        *Bridge
	object   int
	queue    callkit.Queue
	delegate callkit.PushRegistryDelegate // guarded by b.mu
}

// SetDelegate is part of [callkit.PushRegistry].
func (r *bridgeRegistry) SetDelegate(d callkit.PushRegistryDelegate) {
	r.b.mu.Lock()
	r.delegate = d
	r.b.mu.Unlock()
	m := Message{Op: RegistrySetDelegate, Object: r.object, On: d != nil}
	if _, ok := d.(callkit.VoIPPushDelegate); ok {
		m.Implements = []string{MetadataMethod}
	}
	r.b.send(m)
}

// SetDesiredPushTypes is part of [callkit.PushRegistry].
func (r *bridgeRegistry) SetDesiredPushTypes(types []callkit.PushType) {
	r.b.send(Message{Op: RegistrySetDesiredPushTypes, Object: r.object, Types: types})
}

// PushToken is part of [callkit.PushRegistry].
func (r *bridgeRegistry) PushToken(t callkit.PushType) []byte {
	return r.b.send(Message{Op: RegistryPushToken, Object: r.object, Type: t}).Token
}

func (r *bridgeRegistry) event(m Message) Message {
	r.b.mu.Lock()
	d := r.delegate
	r.b.mu.Unlock()
	if d == nil {
		return refuse(string(m.Op) + ": the push registry has no delegate")
	}
	switch m.Op {
	case RegistryDidUpdate:
		on(r.queue, func() { d.DidUpdatePushCredentials(r, callkit.PushCredentials{Type: m.Type, Token: m.Token}, m.Type) })
	case RegistryDidInvalidate:
		if x, ok := d.(callkit.InvalidateDelegate); ok {
			on(r.queue, func() { x.DidInvalidatePushToken(r, m.Type) })
		}
	case RegistryDidReceive:
		payload := callkit.PushPayload{Type: m.Type, Dictionary: m.Payload}
		completion := func() { r.b.send(Message{Op: PushCompletion, Ticket: m.Ticket}) }
		newer, ok := d.(callkit.VoIPPushDelegate)
		if m.MustReport != nil && ok {
			on(r.queue, func() {
				newer.DidReceiveIncomingVoIPPush(r, payload, callkit.VoIPPushMetadata{MustReport: *m.MustReport}, completion)
			})
		} else {
			on(r.queue, func() { d.DidReceiveIncomingPush(r, payload, m.Type, completion) })
		}
	}
	return Message{}
}

type bridgeAudio struct{ b *Bridge }

// AudioSession is part of [callkit.System].
func (b *Bridge) AudioSession() callkit.AudioSession { return bridgeAudio{b} }

// SetCategory is part of [callkit.AudioSession].
func (s bridgeAudio) SetCategory(c callkit.AudioCategory, m callkit.AudioMode, o callkit.AudioOptions) error {
	return s.b.send(Message{Op: AudioSetCategory, Audio: &Audio{Category: c, Mode: m, Options: o}}).Error.err()
}

// SetActive is part of [callkit.AudioSession].
func (s bridgeAudio) SetActive(on bool) error {
	return s.b.send(Message{Op: AudioSetActive, On: on}).Error.err()
}

// OverrideOutputAudioPort is part of [callkit.AudioSession].
func (s bridgeAudio) OverrideOutputAudioPort(speaker bool) error {
	return s.b.send(Message{Op: AudioOverridePort, On: speaker}).Error.err()
}

func (s bridgeAudio) state() Audio {
	if a := s.b.send(Message{Op: AudioState}).Audio; a != nil {
		return *a
	}
	return Audio{}
}

// Category is part of [callkit.AudioSession].
func (s bridgeAudio) Category() callkit.AudioCategory { return s.state().Category }

// Mode is part of [callkit.AudioSession].
func (s bridgeAudio) Mode() callkit.AudioMode { return s.state().Mode }

// CurrentRoute is part of [callkit.AudioSession].
func (s bridgeAudio) CurrentRoute() callkit.AudioPort { return s.state().Route }

// SetObserver is part of [callkit.AudioSession].
func (s bridgeAudio) SetObserver(o callkit.AudioObserver) {
	s.b.mu.Lock()
	s.b.audio = o
	s.b.mu.Unlock()
	s.b.send(Message{Op: AudioSetObserver, On: o != nil, Implements: hears(o)})
}

type bridgeApplication struct{ b *Bridge }

// Application is part of [callkit.System].
func (b *Bridge) Application() callkit.Application { return bridgeApplication{b} }

// State is part of [callkit.Application].
func (a bridgeApplication) State() callkit.ApplicationState {
	return a.b.send(Message{Op: ApplicationState}).State
}

// SetDelegate is part of [callkit.Application].
func (a bridgeApplication) SetDelegate(d callkit.ApplicationDelegate) {
	a.b.mu.Lock()
	a.b.app = d
	a.b.mu.Unlock()
	a.b.send(Message{Op: ApplicationSetDelegate, On: d != nil, Implements: methods(d)})
}

// BeginBackgroundTask is part of [callkit.Application].
func (a bridgeApplication) BeginBackgroundTask(name string, expired func()) func() {
	ticket := a.b.wait(func(error) {
		if expired != nil {
			expired()
		}
	})
	a.b.send(Message{Op: ApplicationBeginTask, Name: name, Ticket: ticket})
	return func() {
		a.b.claim(ticket)
		a.b.send(Message{Op: ApplicationEndTask, Ticket: ticket})
	}
}
