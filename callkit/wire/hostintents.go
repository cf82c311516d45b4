package wire

import (
	"slices"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
)

// Names by which an app says in Implements of [ApplicationSetDelegate] what its delegates have.
const (
	SceneMethods  = "scene"   // UISceneDelegate
	OpenURLMethod = "openURL" // application(_:open:options:)
)

// applicationDelegate is the delegate that the system sees, with what the app's has.
func (h *Host) applicationDelegate(m Message) callkit.ApplicationDelegate {
	plain := hostApplication{h}
	scenes, urls := slices.Contains(m.Implements, SceneMethods), slices.Contains(m.Implements, OpenURLMethod)
	switch {
	case !m.On:
		return nil
	case scenes && urls:
		return hostSceneURL{hostScene{plain}, hostURL{plain}, plain}
	case scenes:
		return hostScene{plain}
	case urls:
		return hostURL{plain}
	}
	return plain
}

type hostURL struct{ hostApplication }

// OpenURL is part of [callkit.URLDelegate].
func (a hostURL) OpenURL(url string) { a.h.send(Message{Op: ApplicationOpenURL, Name: url}) }

type hostScene struct{ hostApplication }

// SceneWillConnect is part of [callkit.SceneDelegate].
func (a hostScene) SceneWillConnect(all []callkit.UserActivity) {
	m := Message{Op: SceneWillConnect}
	for _, u := range all {
		m.Activities = append(m.Activities, *activityOf(&u))
	}
	a.h.send(m)
}

// SceneContinueUserActivity is part of [callkit.SceneDelegate].
func (a hostScene) SceneContinueUserActivity(u callkit.UserActivity) {
	a.h.send(Message{Op: SceneContinue, Activity: activityOf(&u)})
}

// hostSceneURL has both.
type hostSceneURL struct {
	callkit.SceneDelegate
	callkit.URLDelegate
	callkit.ApplicationDelegate
}

// intents carries out a command for INInteraction, and reports whether it is one.
func (h *Host) intents(m Message) (Message, bool) {
	switch m.Op {
	case InteractionDonate, InteractionDelete, InteractionDeleteGroup:
	default:
		return Message{}, false
	}
	d, ok := h.sys.(callkit.InteractionDonor)
	switch {
	case !ok:
		return Message{Error: errorOf(callkit.ErrUnavailable)}, true
	case m.Op == InteractionDelete:
		d.DeleteInteractions(m.Names, h.complete(m.Ticket))
	case m.Op == InteractionDeleteGroup:
		d.DeleteInteractionGroup(m.Name, h.complete(m.Ticket))
	case m.Interaction == nil:
		return refuse("interaction.donate has no interaction"), true
	default:
		i := m.Interaction
		d.DonateInteraction(callkit.Interaction{
			Identifier: i.Identifier, GroupIdentifier: i.Group, Intent: i.Intent.intent(), Direction: callkit.InteractionDirection(i.Direction),
			Start: when(i.Start), Duration: time.Duration(i.Duration),
		}, h.complete(m.Ticket))
	}
	return Message{}, true
}

// directory carries out a command for CXCallDirectoryManager or a push of a notification service extension, and reports
// whether it is one.
func (h *Host) directory(m Message) (Message, bool) {
	if m.Op == ReportVoIPPushPayload {
		r, ok := h.sys.(callkit.VoIPPushReporter)
		if !ok {
			return Message{Error: errorOf(callkit.ErrInvalidClientProcess)}, true
		}
		r.ReportNewIncomingVoIPPushPayload(m.Payload, h.complete(m.Ticket))
		return Message{}, true
	}
	switch m.Op {
	case DirectoryReload, DirectoryStatus, DirectoryOpenSettings:
	default:
		return Message{}, false
	}
	d, ok := h.sys.(callkit.CallDirectory)
	if !ok {
		return Message{Error: errorOf(callkit.ErrUnavailable)}, true
	}
	switch m.Op {
	case DirectoryReload:
		d.CallDirectoryManager().ReloadExtension(m.Name, h.complete(m.Ticket))
	case DirectoryOpenSettings:
		d.CallDirectoryManager().OpenSettings(h.complete(m.Ticket))
	default:
		d.CallDirectoryManager().EnabledStatus(m.Name, func(s callkit.CallDirectoryEnabledStatus, err error) {
			h.send(Message{Op: Completion, Ticket: m.Ticket, Number: int(s), Error: errorOf(err)})
		})
	}
	return Message{}, true
}
