package wire

import (
	"github.com/ringtrip/ringtrip/callkit"
)

var (
	_ callkit.InteractionDonor       = (*Bridge)(nil)
	_ callkit.CallDirectory          = (*Bridge)(nil)
	_ callkit.VoIPPushReporter       = (*Bridge)(nil)
	_ callkit.AudioApplicationSystem = (*Bridge)(nil)
)

// later is a ticket for a completion that gets an error; it may be nil. What never reached the system completes too.
func (b *Bridge) later(m Message, completion func(error)) {
	m.Ticket = b.wait(func(err error) {
		if completion != nil {
			completion(err)
		}
	})
	if answer := b.send(m); answer.Error != nil {
		mainQueue{b}.Async(func() {
			if f := b.claim(m.Ticket); f != nil {
				f(Message{Error: answer.Error})
			}
		})
	}
}

// DonateInteraction is part of [callkit.InteractionDonor].
func (b *Bridge) DonateInteraction(i callkit.Interaction, completion func(error)) {
	b.later(Message{Op: InteractionDonate, Interaction: &Interaction{
		Identifier: i.Identifier, Group: i.GroupIdentifier, Intent: *intentOf(i.Intent), Direction: int(i.Direction), Start: moment(i.Start),
		Duration: int64(i.Duration),
	}}, completion)
}

// DeleteInteractions is part of [callkit.InteractionDonor].
func (b *Bridge) DeleteInteractions(identifiers []string, completion func(error)) {
	b.later(Message{Op: InteractionDelete, Names: identifiers}, completion)
}

// DeleteInteractionGroup is part of [callkit.InteractionDonor].
func (b *Bridge) DeleteInteractionGroup(group string, completion func(error)) {
	b.later(Message{Op: InteractionDeleteGroup, Name: group}, completion)
}

// ReportNewIncomingVoIPPushPayload is part of [callkit.VoIPPushReporter].
func (b *Bridge) ReportNewIncomingVoIPPushPayload(payload []byte, completion func(error)) {
	b.later(Message{Op: ReportVoIPPushPayload, Payload: payload}, completion)
}

// CallDirectoryManager is part of [callkit.CallDirectory].
func (b *Bridge) CallDirectoryManager() callkit.CallDirectoryManager { return bridgeDirectory{b} }

// bridgeDirectory is CXCallDirectoryManager of the other side.
type bridgeDirectory struct{ b *Bridge }

// ReloadExtension is part of [callkit.CallDirectoryManager].
func (d bridgeDirectory) ReloadExtension(identifier string, completion func(error)) {
	d.b.later(Message{Op: DirectoryReload, Name: identifier}, completion)
}

// EnabledStatus is part of [callkit.CallDirectoryManager].
func (d bridgeDirectory) EnabledStatus(identifier string, completion func(callkit.CallDirectoryEnabledStatus, error)) {
	d.b.send(Message{Op: DirectoryStatus, Name: identifier, Ticket: d.b.await(func(m Message) {
		if completion != nil {
			completion(callkit.CallDirectoryEnabledStatus(m.Number), m.Error.err())
		}
	})})
}

// OpenSettings is part of [callkit.CallDirectoryManager].
func (d bridgeDirectory) OpenSettings(completion func(error)) {
	d.b.later(Message{Op: DirectoryOpenSettings}, completion)
}

// hearApplication calls the application's delegate for news of its life.
func hearApplication(app callkit.ApplicationDelegate, m Message) {
	switch m.Op {
	case DidBecomeActive:
		app.DidBecomeActive()
	case DidEnterBackground:
		app.DidEnterBackground()
	case ContinueUserActivity:
		if m.Activity != nil {
			app.ContinueUserActivity(*m.Activity.activity())
		}
	case SceneContinue:
		if x, ok := app.(callkit.SceneDelegate); ok && m.Activity != nil {
			x.SceneContinueUserActivity(*m.Activity.activity())
		}
	case SceneWillConnect:
		if x, ok := app.(callkit.SceneDelegate); ok {
			var all []callkit.UserActivity
			for _, a := range m.Activities {
				all = append(all, *a.activity())
			}
			x.SceneWillConnect(all)
		}
	case ApplicationOpenURL:
		if x, ok := app.(callkit.URLDelegate); ok {
			x.OpenURL(m.Name)
		}
	}
}

// methods says what an application's delegate has besides.
func methods(app callkit.ApplicationDelegate) (names []string) {
	if _, ok := app.(callkit.SceneDelegate); ok {
		names = append(names, SceneMethods)
	}
	if _, ok := app.(callkit.URLDelegate); ok {
		names = append(names, OpenURLMethod)
	}
	return names
}
