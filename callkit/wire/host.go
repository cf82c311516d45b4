package wire

import (
	"sync"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/callkit/lck"
)

// Host carries commands out on a system, for an app on the other side of the border.
type Host struct {
	sys  callkit.System
	send Send

	mu          sync.Mutex // guards the tables; never held while a command is carried out or an event is sent
	providers   map[int]callkit.Provider
	controllers map[int]callkit.CallController
	observers   map[int]callkit.CallObserver
	registries  map[int]callkit.PushRegistry
	actions     map[callkit.UUID]callkit.Action // delivered, neither fulfilled nor failed
	pushes      map[int]func()                  // completions of pushes, by the ticket of their event
	tasks       map[int]func()
	timers      map[int]callkit.Timer
	tickets     int

	managers   map[int]lck.ConversationManager
	lckActions map[callkit.UUID]lck.Action // delivered, neither fulfilled nor failed
}

// NewHost returns a host of one process's view of a system; send carries its events.
func NewHost(sys callkit.System, send Send) *Host {
	return &Host{
		sys: sys, send: send,
		providers: map[int]callkit.Provider{}, controllers: map[int]callkit.CallController{},
		observers: map[int]callkit.CallObserver{}, registries: map[int]callkit.PushRegistry{},
		actions: map[callkit.UUID]callkit.Action{}, pushes: map[int]func(){}, tasks: map[int]func(){}, timers: map[int]callkit.Timer{},
		managers: map[int]lck.ConversationManager{}, lckActions: map[callkit.UUID]lck.Action{},
	}
}

// Launch tells the app that its process was started, and why.
func (h *Host) Launch(o callkit.LaunchOptions) {
	h.send(Message{Op: Launched, Launch: &Launch{o.Background, activityOf(o.UserActivity)}})
}

// Do carries a command out and returns the answer. A command that makes no sense is answered with an error of
// [callkit.ErrorDomain], and changes nothing. It does not block.
func (h *Host) Do(m Message) Message {
	switch m.Op {
	case Now:
		return Message{At: moment(h.sys.Now())}
	case MainAsync:
		h.sys.MainQueue().Async(func() { h.send(Message{Op: Run, Ticket: m.Ticket}) })
	case TimerStart:
		h.startTimer(m)
	case TimerStop:
		t := take(h, h.timers, m.Ticket)
		return Message{On: t != nil && t.Stop()}
	case ActionFulfill, ActionFail:
		return h.settle(m)
	case PushCompletion:
		if done := take(h, h.pushes, m.Ticket); done != nil {
			done()
		}
	case AudioSetCategory, AudioSetActive, AudioOverridePort, AudioState, AudioSetObserver:
		return h.audio(m)
	case ApplicationState, ApplicationSetDelegate, ApplicationBeginTask, ApplicationEndTask:
		return h.application(m)
	case ProviderNew, ControllerNew, ObserverNew, RegistryNew:
		return h.make(m)
	case ObserverCalls, ObserverSetDelegate:
		return h.observer(m)
	case RegistrySetDelegate, RegistrySetDesiredPushTypes, RegistryPushToken:
		return h.registry(m)
	case ControllerRequestTransaction:
		return h.request(m)
	default:
		for _, rest := range []func(*Host, Message) (Message, bool){(*Host).wholeAudio, (*Host).intents, (*Host).directory, (*Host).conversations, (*Host).simulated} {
			if answer, mine := rest(h, m); mine {
				return answer
			}
		}
		return h.provider(m)
	}
	return Message{}
}

// refuse is the answer to a command that makes no sense.
func refuse(text string) Message {
	return Message{Error: &Error{Domain: callkit.ErrorDomain, Code: invalidArgument, Text: "wire: " + text}}
}

const invalidArgument = 2 // CXErrorCodeInvalidArgument

func take[T any](h *Host, from map[int]T, n int) (v T) {
	h.mu.Lock()
	defer h.mu.Unlock()
	v = from[n]
	delete(from, n)
	return v
}

func get[T any](h *Host, from map[int]T, n int) (v T) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return from[n]
}

func put[T any](h *Host, to map[int]T, n int, v T) {
	h.mu.Lock()
	defer h.mu.Unlock()
	to[n] = v
}

func (h *Host) make(m Message) Message {
	switch m.Op {
	case ProviderNew:
		put(h, h.providers, m.Object, h.sys.NewProvider(m.Config.config()))
	case ControllerNew:
		put(h, h.controllers, m.Object, h.sys.NewCallController(h.sys.MainQueue()))
	case ObserverNew:
		put(h, h.observers, m.Object, h.sys.NewCallObserver())
	case RegistryNew:
		put(h, h.registries, m.Object, h.sys.NewPushRegistry(nil))
	}
	return Message{}
}

func (c *Configuration) config() callkit.ProviderConfiguration {
	if c == nil {
		return callkit.DefaultConfiguration()
	}
	return callkit.ProviderConfiguration(*c)
}

func (h *Host) startTimer(m Message) {
	ticket := m.Ticket
	t := h.sys.AfterFunc(time.Duration(m.Delay), func() {
		take(h, h.timers, ticket)
		h.send(Message{Op: Run, Ticket: ticket})
	})
	put(h, h.timers, ticket, t)
}

func (h *Host) settle(m Message) Message {
	if m.Action == nil {
		return refuse(string(m.Op) + " names no action")
	}
	h.mu.Lock()
	a := h.actions[id(m.Action.ID)]
	delete(h.actions, id(m.Action.ID))
	conversation := h.lckActions[id(m.Action.ID)]
	delete(h.lckActions, id(m.Action.ID))
	h.mu.Unlock()
	if conversation != nil {
		settleConversation(conversation, m)
		return Message{}
	}
	t, translating := a.(*callkit.SetTranslatingCallAction)
	switch {
	case a == nil: // settled before, timed out, or void: a second time has no effect (CXAction)
	case m.Op == ActionFail:
		a.Fail()
	case translating:
		t.FulfillUsingTranslationEngine(m.Action.Engine)
	case m.At != nil:
		a.FulfillAt(*m.At)
	default:
		a.Fulfill()
	}
	return Message{}
}

// deliver makes an action of the system one that the app can name.
func (h *Host) deliver(a callkit.Action) *Action {
	h.mu.Lock()
	for known, old := range h.actions {
		if old.IsComplete() {
			delete(h.actions, known)
		}
	}
	h.actions[a.UUID()] = a
	h.mu.Unlock()
	w := actionOf(a)
	return &w
}

func (h *Host) request(m Message) Message {
	c := get(h, h.controllers, m.Object)
	if c == nil {
		return refuse("no such controller")
	}
	actions := make([]callkit.Action, len(m.Actions))
	for i, w := range m.Actions {
		a, err := w.action()
		if err != nil {
			return Message{Error: errorOf(err)}
		}
		actions[i] = a
	}
	c.RequestTransaction(actions, h.complete(m.Ticket))
	return Message{}
}

// complete tells the app what became of the request with a ticket.
func (h *Host) complete(ticket int) func(error) {
	return func(err error) { h.send(Message{Op: Completion, Ticket: ticket, Error: errorOf(err)}) }
}

func (h *Host) observer(m Message) Message {
	o := get(h, h.observers, m.Object)
	switch {
	case o == nil:
		return refuse("no such observer")
	case m.Op == ObserverSetDelegate && m.On:
		o.SetDelegate(hostObserver{h, m.Object}, nil)
	case m.Op == ObserverSetDelegate:
		o.SetDelegate(nil, nil)
	default:
		calls := []Call{}
		for _, c := range o.Calls() {
			calls = append(calls, callOf(c))
		}
		return Message{Calls: calls}
	}
	return Message{}
}

type hostObserver struct {
	h      *Host
	object int
}

// CallChanged is part of [callkit.CallObserverDelegate].
func (o hostObserver) CallChanged(_ callkit.CallObserver, c callkit.Call) {
	o.h.send(Message{Op: ObserverCallChanged, Object: o.object, Calls: []Call{callOf(c)}})
}
