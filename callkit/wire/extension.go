package wire

import (
	"sync"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
)

// ExtensionHost carries out the commands of one extension's process, whose code is on the other side of the border. It is
// the code of whichever extension the system asks it to be.
type ExtensionHost struct {
	send Send

	mu        sync.Mutex // guards what follows; never held while an event is sent
	process   callkit.Extension
	directory callkit.CallDirectoryExtensionContext
	shows     map[int]func(callkit.NotificationContent)
	codes     map[int]func(callkit.StartCallCode)
	people    map[int]func([]callkit.Person)
	tickets   int
}

var (
	_ callkit.NotificationService                   = (*ExtensionHost)(nil)
	_ callkit.CallDirectoryProvider                 = (*ExtensionHost)(nil)
	_ callkit.CallDirectoryExtensionContextDelegate = (*ExtensionHost)(nil)
	_ callkit.StartCallHandler                      = (*ExtensionHost)(nil)
	_ callkit.StartCallConfirmer                    = (*ExtensionHost)(nil)
	_ callkit.StartCallContactResolver              = (*ExtensionHost)(nil)
)

// NewExtensionHost returns a host of one extension's process; send carries its events.
func NewExtensionHost(send Send) *ExtensionHost {
	return &ExtensionHost{
		send: send, shows: map[int]func(callkit.NotificationContent){}, codes: map[int]func(callkit.StartCallCode){},
		people: map[int]func([]callkit.Person){},
	}
}

// keep notes the process, and gives f a ticket in a table.
func keep[F any](h *ExtensionHost, x callkit.Extension, table map[int]F, f F) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.process = x
	h.tickets++
	table[h.tickets] = f
	return h.tickets
}

func claim[F any](h *ExtensionHost, table map[int]F, ticket int) (f F, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f, ok = table[ticket]
	delete(table, ticket)
	return f, ok
}

// DidReceive is part of [callkit.NotificationService].
func (h *ExtensionHost) DidReceive(x callkit.Extension, r callkit.NotificationRequest, handler func(callkit.NotificationContent)) {
	h.send(Message{Op: NotificationReceived, Ticket: keep(h, x, h.shows, handler), Notification: &Notification{
		Identifier: r.Identifier, Title: r.Content.Title, Body: r.Content.Body, UserInfo: r.Content.UserInfo,
	}})
}

// ServiceExtensionTimeWillExpire is part of [callkit.NotificationService].
func (h *ExtensionHost) ServiceExtensionTimeWillExpire() { h.send(Message{Op: NotificationWillExpire}) }

// BeginRequest is part of [callkit.CallDirectoryProvider].
func (h *ExtensionHost) BeginRequest(c callkit.CallDirectoryExtensionContext) {
	h.mu.Lock()
	h.directory = c
	h.mu.Unlock()
	c.SetDelegate(h)
	h.send(Message{Op: DirectoryBegin, On: c.IsIncremental()})
}

// RequestFailed is part of [callkit.CallDirectoryExtensionContextDelegate].
func (h *ExtensionHost) RequestFailed(_ callkit.CallDirectoryExtensionContext, err error) {
	h.send(Message{Op: DirectoryFailed, Error: errorOf(err)})
}

// ConfirmStartCall is part of [callkit.StartCallConfirmer].
func (h *ExtensionHost) ConfirmStartCall(x callkit.Extension, i callkit.StartCallIntent, completion func(callkit.StartCallCode)) {
	h.send(Message{Op: IntentConfirm, Ticket: keep(h, x, h.codes, completion), Activity: intentOf(i)})
}

// ResolveContacts is part of [callkit.StartCallContactResolver].
func (h *ExtensionHost) ResolveContacts(x callkit.Extension, i callkit.StartCallIntent, completion func([]callkit.Person)) {
	h.send(Message{Op: IntentResolve, Ticket: keep(h, x, h.people, completion), Activity: intentOf(i)})
}

// HandleStartCall is part of [callkit.StartCallHandler].
func (h *ExtensionHost) HandleStartCall(x callkit.Extension, i callkit.StartCallIntent, completion func(callkit.StartCallCode)) {
	h.send(Message{Op: IntentHandle, Ticket: keep(h, x, h.codes, completion), Activity: intentOf(i)})
}

// Do carries a command out and returns the answer, as [Host.Do] does for an app.
func (h *ExtensionHost) Do(m Message) Message {
	h.mu.Lock()
	x, d := h.process, h.directory
	h.mu.Unlock()
	switch m.Op {
	case NotificationShow:
		if f, ok := claim(h, h.shows, m.Ticket); ok {
			c := callkit.NotificationContent{}
			if n := m.Notification; n != nil {
				c = callkit.NotificationContent{Title: n.Title, Body: n.Body, UserInfo: n.UserInfo}
			}
			f(c)
		}
		return Message{}
	case IntentAnswer:
		if f, ok := claim(h, h.codes, m.Ticket); ok {
			f(callkit.StartCallCode(m.Number))
		} else if f, ok := claim(h, h.people, m.Ticket); ok {
			f(people(m.Contacts))
		}
		return Message{}
	}
	if d != nil {
		return h.entry(d, m)
	}
	if x == nil {
		return refuse("the extension has not begun")
	}
	run := func() { h.send(Message{Op: Run, Ticket: m.Ticket}) }
	switch m.Op {
	case Now:
		return Message{At: moment(x.Now())}
	case MainAsync:
		x.MainQueue().Async(run)
	case TimerStart:
		x.AfterFunc(time.Duration(m.Delay), run)
	case ReportVoIPPushPayload:
		x.ReportNewIncomingVoIPPushPayload(m.Payload, func(err error) {
			h.send(Message{Op: Completion, Ticket: m.Ticket, Error: errorOf(err)})
		})
	default:
		return refuse("an extension can't " + string(m.Op))
	}
	return Message{}
}

// entry carries out a command of a call directory extension.
func (h *ExtensionHost) entry(d callkit.CallDirectoryExtensionContext, m Message) Message {
	n := callkit.CallDirectoryPhoneNumber(m.Number)
	switch m.Op {
	case DirectoryAddBlocking:
		d.AddBlockingEntry(n)
	case DirectoryRemoveBlocking:
		d.RemoveBlockingEntry(n)
	case DirectoryRemoveAllBlocked:
		d.RemoveAllBlockingEntries()
	case DirectoryAddIdentity:
		d.AddIdentificationEntry(n, m.Name)
	case DirectoryRemoveIdentity:
		d.RemoveIdentificationEntry(n)
	case DirectoryRemoveAllKnown:
		d.RemoveAllIdentificationEntries()
	case DirectoryComplete:
		d.CompleteRequest(func(expired bool) { h.send(Message{Op: Completion, Ticket: m.Ticket, On: expired}) })
	default:
		return refuse("a call directory extension can't " + string(m.Op))
	}
	return Message{}
}
