package wire

import (
	"fmt"
	"sync"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
)

// Bridge is a [callkit.System] whose system is on the other side of the border. One bridge serves one process.
//
// Queues other than the main one are honoured by their Async alone: who gives one to a push registry takes upon itself
// that the delegate returns before it has run, which PushKit punishes. The engine uses the main queue throughout.
type Bridge struct {
	send Send

	mu      sync.Mutex // guards the tables; never held while a command is sent or code of the app runs
	objects int
	tickets int

	providers  map[int]*bridgeProvider
	observers  map[int]*bridgeObserver
	registries map[int]*bridgeRegistry
	managers   map[int]*bridgeManager
	waiting    map[int]func(Message) // completions and what is to run, by ticket
	audio      callkit.AudioObserver
	app        callkit.ApplicationDelegate
	mute       callkit.InputMuteObserver
	history    func()
}

var _ callkit.System = (*Bridge)(nil)

// NewBridge returns a bridge whose commands are carried by send.
func NewBridge(send Send) *Bridge {
	return &Bridge{
		send: send, providers: map[int]*bridgeProvider{}, observers: map[int]*bridgeObserver{},
		registries: map[int]*bridgeRegistry{}, managers: map[int]*bridgeManager{}, waiting: map[int]func(Message){},
	}
}

// Close forgets all completions and timers: nothing of the app runs any more by an event.
func (b *Bridge) Close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	clear(b.providers)
	clear(b.observers)
	clear(b.registries)
	clear(b.managers)
	clear(b.waiting)
	b.audio, b.app, b.mute, b.history = nil, nil, nil, nil
}

// Event takes what the system tells, runs the app's code for it, and returns the answer when that has returned. An
// event that makes no sense, or that is about something that is gone, is answered with an error and changes nothing.
func (b *Bridge) Event(m Message) Message {
	switch m.Op {
	case Run, Completion, TaskExpired:
		f := b.claim(m.Ticket)
		if f == nil {
			return refuse(fmt.Sprintf("%s: nothing waits with ticket %d", m.Op, m.Ticket))
		}
		f(m)
	case ObserverCallChanged:
		b.mu.Lock()
		o := b.observers[m.Object]
		b.mu.Unlock()
		if o == nil {
			return refuse("observer.callChanged: no such observer")
		}
		o.changed(m.Calls)
	case RegistryDidUpdate, RegistryDidReceive, RegistryDidInvalidate:
		b.mu.Lock()
		r := b.registries[m.Object]
		b.mu.Unlock()
		if r == nil {
			return refuse(string(m.Op) + ": no such push registry")
		}
		return r.event(m)
	case DidBecomeActive, DidEnterBackground, ContinueUserActivity, SceneWillConnect, SceneContinue, ApplicationOpenURL,
		AudioInterruption, AudioRouteChange, AudioMediaServicesLost, AudioMediaServicesReset, AudioSilenceSecondary,
		AudioAvailableInputsChanged, AudioOutputMuteChanged, MicrophoneMuteChanged, HistoryDidUpdate:
		b.life(m)
	case ManagerDidBegin, ManagerDidReset, ManagerAct, ManagerTimedOut, ManagerDidActivate, ManagerDidDeactivate, ManagerChanged:
		b.mu.Lock()
		c := b.managers[m.Object]
		b.mu.Unlock()
		if c == nil {
			return refuse(string(m.Op) + ": no such conversation manager")
		}
		return c.event(m)
	default:
		b.mu.Lock()
		p := b.providers[m.Object]
		b.mu.Unlock()
		if p == nil {
			return refuse("no event is named " + string(m.Op) + ", or there is no such provider")
		}
		return p.event(m)
	}
	return Message{}
}

// Options are the launch options of a [Launched] event.
func Options(m Message) callkit.LaunchOptions {
	if m.Launch == nil {
		return callkit.LaunchOptions{}
	}
	return callkit.LaunchOptions{Background: m.Launch.Background, UserActivity: m.Launch.Activity.activity()}
}

func (b *Bridge) life(m Message) {
	b.mu.Lock()
	app, audio, mute, history := b.app, b.audio, b.mute, b.history
	b.mu.Unlock()
	switch m.Op {
	case MicrophoneMuteChanged:
		if mute != nil {
			mute.InputMuteStateChanged(m.On)
		}
	case HistoryDidUpdate:
		if history != nil {
			history()
		}
	case DidBecomeActive, DidEnterBackground, ContinueUserActivity, SceneWillConnect, SceneContinue, ApplicationOpenURL:
		if app != nil {
			hearApplication(app, m)
		}
	default:
		if audio != nil {
			hearAudio(audio, m)
		}
	}
}

// wait keeps f until its ticket comes back.
func (b *Bridge) wait(f func(error)) int { return b.await(func(m Message) { f(m.Error.err()) }) }

// await is wait for who wants more than an error.
func (b *Bridge) await(f func(Message)) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tickets++
	b.waiting[b.tickets] = f
	return b.tickets
}

func (b *Bridge) claim(ticket int) func(Message) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f := b.waiting[ticket]
	delete(b.waiting, ticket)
	return f
}

func (b *Bridge) object() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.objects++
	return b.objects
}

// on runs f on a queue of the app, or at once: what comes over the border comes on the main queue.
func on(q callkit.Queue, f func()) {
	if _, main := q.(mainQueue); main || q == nil {
		f()
		return
	}
	q.Async(f)
}

type mainQueue struct{ b *Bridge }

// Async is part of [callkit.Queue].
func (q mainQueue) Async(f func()) {
	q.b.send(Message{Op: MainAsync, Ticket: q.b.wait(func(error) { f() })})
}

// MainQueue is part of [callkit.System].
func (b *Bridge) MainQueue() callkit.Queue { return mainQueue{b} }

// Now is part of [callkit.System].
func (b *Bridge) Now() time.Time { return when(b.send(Message{Op: Now}).At) }

type timer struct {
	b      *Bridge
	ticket int
}

// AfterFunc is part of [callkit.System].
func (b *Bridge) AfterFunc(d time.Duration, f func()) callkit.Timer {
	t := timer{b, b.wait(func(error) { f() })}
	b.send(Message{Op: TimerStart, Ticket: t.ticket, Delay: int64(d)})
	return t
}

// Stop is part of [callkit.Timer].
func (t timer) Stop() bool {
	if t.b.claim(t.ticket) == nil {
		return false
	}
	t.b.send(Message{Op: TimerStop, Ticket: t.ticket})
	return true
}

// NewPushRegistry is part of [callkit.System].
func (b *Bridge) NewPushRegistry(q callkit.Queue) callkit.PushRegistry {
	r := &bridgeRegistry{b: b, object: b.object(), queue: q}
	b.mu.Lock()
	b.registries[r.object] = r
	b.mu.Unlock()
	b.send(Message{Op: RegistryNew, Object: r.object})
	return r
}

// NewCallObserver is part of [callkit.System].
func (b *Bridge) NewCallObserver() callkit.CallObserver { return b.newObserver() }

func (b *Bridge) newObserver() *bridgeObserver {
	o := &bridgeObserver{b: b, object: b.object()}
	b.mu.Lock()
	b.observers[o.object] = o
	b.mu.Unlock()
	b.send(Message{Op: ObserverNew, Object: o.object})
	return o
}

// NewCallController is part of [callkit.System].
func (b *Bridge) NewCallController(q callkit.Queue) callkit.CallController {
	c := &bridgeController{b: b, object: b.object(), queue: q, observer: b.newObserver()}
	b.send(Message{Op: ControllerNew, Object: c.object})
	return c
}

// NewProvider is part of [callkit.System].
func (b *Bridge) NewProvider(c callkit.ProviderConfiguration) callkit.Provider {
	p := &bridgeProvider{b: b, object: b.object(), config: c, pending: map[callkit.UUID]callkit.Action{}}
	b.mu.Lock()
	b.providers[p.object] = p
	b.mu.Unlock()
	b.send(Message{Op: ProviderNew, Object: p.object, Config: configOf(c)})
	return p
}

func configOf(c callkit.ProviderConfiguration) *Configuration {
	w := Configuration(c)
	return &w
}
