package wire

import (
	"slices"

	"github.com/ringtrip/ringtrip/callkit"
)

// registry carries out a command for a PKPushRegistry.
func (h *Host) registry(m Message) Message {
	r := get(h, h.registries, m.Object)
	switch {
	case r == nil:
		return refuse("no such push registry")
	case m.Op == RegistrySetDesiredPushTypes:
		r.SetDesiredPushTypes(m.Types)
	case m.Op == RegistryPushToken:
		return Message{Token: r.PushToken(m.Type)}
	case !m.On:
		r.SetDelegate(nil)
	case slices.Contains(m.Implements, MetadataMethod):
		r.SetDelegate(hostVoIPRegistry{hostRegistry{h, m.Object}})
	default:
		r.SetDelegate(hostRegistry{h, m.Object})
	}
	return Message{}
}

// MetadataMethod is how an app says in Implements that it has the delegate method of iOS 26.4.
const MetadataMethod = "didReceiveIncomingVoIPPush"

// hostRegistry is the push delegate that the system sees.
type hostRegistry struct {
	h      *Host
	object int
}

// DidUpdatePushCredentials is part of [callkit.PushRegistryDelegate].
func (d hostRegistry) DidUpdatePushCredentials(_ callkit.PushRegistry, c callkit.PushCredentials, t callkit.PushType) {
	d.h.send(Message{Op: RegistryDidUpdate, Object: d.object, Token: c.Token, Type: t})
}

// DidReceiveIncomingPush is part of [callkit.PushRegistryDelegate].
func (d hostRegistry) DidReceiveIncomingPush(_ callkit.PushRegistry, p callkit.PushPayload, t callkit.PushType, completion func()) {
	d.h.send(Message{Op: RegistryDidReceive, Object: d.object, Payload: p.Dictionary, Type: t, Ticket: d.h.pushTicket(completion)})
}

// DidInvalidatePushToken is part of [callkit.InvalidateDelegate].
func (d hostRegistry) DidInvalidatePushToken(_ callkit.PushRegistry, t callkit.PushType) {
	d.h.send(Message{Op: RegistryDidInvalidate, Object: d.object, Type: t})
}

// hostVoIPRegistry also has the method of iOS 26.4.
type hostVoIPRegistry struct{ hostRegistry }

// DidReceiveIncomingVoIPPush is part of [callkit.VoIPPushDelegate].
func (d hostVoIPRegistry) DidReceiveIncomingVoIPPush(_ callkit.PushRegistry, p callkit.PushPayload, meta callkit.VoIPPushMetadata, completion func()) {
	d.h.send(Message{Op: RegistryDidReceive, Object: d.object, Payload: p.Dictionary, Type: callkit.PushTypeVoIP,
		MustReport: &meta.MustReport, Ticket: d.h.pushTicket(completion)})
}

func (h *Host) pushTicket(completion func()) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.tickets++
	h.pushes[h.tickets] = completion
	return h.tickets
}

func (h *Host) audio(m Message) Message {
	s := h.sys.AudioSession()
	switch m.Op {
	case AudioSetCategory:
		if m.Audio == nil {
			return refuse("audio.setCategory names no category")
		}
		if whole, ok := callkit.WholeAudio(s); ok && m.Audio.Policy != 0 {
			return Message{Error: errorOf(whole.SetCategoryWithPolicy(m.Audio.Category, m.Audio.Mode, callkit.RouteSharingPolicy(m.Audio.Policy), m.Audio.Options))}
		}
		return Message{Error: errorOf(s.SetCategory(m.Audio.Category, m.Audio.Mode, m.Audio.Options))}
	case AudioSetActive:
		if whole, ok := callkit.WholeAudio(s); ok && m.Number != 0 {
			return Message{Error: errorOf(whole.SetActiveWithOptions(m.On, callkit.SetActiveOptions(m.Number)))}
		}
		return Message{Error: errorOf(s.SetActive(m.On))}
	case AudioOverridePort:
		return Message{Error: errorOf(s.OverrideOutputAudioPort(m.On))}
	case AudioSetObserver:
		if m.On {
			s.SetObserver(hostAudio{h, m.Implements})
		} else {
			s.SetObserver(nil)
		}
		return Message{}
	}
	return Message{Audio: audioOf(s)}
}

func (h *Host) application(m Message) Message {
	app := h.sys.Application()
	switch m.Op {
	case ApplicationSetDelegate:
		app.SetDelegate(h.applicationDelegate(m))
	case ApplicationBeginTask:
		put(h, h.tasks, m.Ticket, app.BeginBackgroundTask(m.Name, func() {
			h.send(Message{Op: TaskExpired, Ticket: m.Ticket})
		}))
	case ApplicationEndTask:
		if end := take(h, h.tasks, m.Ticket); end != nil {
			end()
		}
	default:
		return Message{State: app.State()}
	}
	return Message{}
}

type hostApplication struct{ h *Host }

// DidBecomeActive is part of [callkit.ApplicationDelegate].
func (a hostApplication) DidBecomeActive() { a.h.send(Message{Op: DidBecomeActive}) }

// DidEnterBackground is part of [callkit.ApplicationDelegate].
func (a hostApplication) DidEnterBackground() { a.h.send(Message{Op: DidEnterBackground}) }

// ContinueUserActivity is part of [callkit.ApplicationDelegate].
func (a hostApplication) ContinueUserActivity(u callkit.UserActivity) {
	a.h.send(Message{Op: ContinueUserActivity, Activity: activityOf(&u)})
}
