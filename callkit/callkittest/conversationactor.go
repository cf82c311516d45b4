package callkittest

import (
	"errors"
	"fmt"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/callkit/lck"
)

// speaker is the scripted app as a delegate of LiveCommunicationKit. Its one way in for actions is shown by their
// names, as P performJoin u1; changes of a conversation are O changed u1 state=joined.
type speaker struct{ a *actor }

var (
	_ lck.ConversationManagerDelegate = speaker{}
	_ lck.AudioDelegate               = speaker{}
	_ lck.ChangeDelegate              = speaker{}
)

// makeManager makes the conversation manager that the app has in place of a provider and a controller.
func (a *actor) makeManager() error {
	sys, ok := a.sys.(lck.System)
	if !ok {
		return errors.New("this system has no LiveCommunicationKit")
	}
	c := a.run.configuration()
	m, err := sys.NewConversationManager(lck.Configuration{
		MaximumConversationGroups: c.MaximumCallGroups, MaximumConversationsPerConversationGroup: c.MaximumCallsPerCallGroup,
		IncludesConversationInRecents: c.IncludesCallsInRecents, SupportsVideo: c.SupportsVideo,
		SupportsAudioTranslation: c.SupportsAudioTranslation, SupportedHandleTypes: c.SupportedHandleTypes,
	})
	if err != nil {
		return err
	}
	a.manager = m
	m.SetDelegate(speaker{a})
	return nil
}

// ConversationManagerDidBegin is part of [lck.ConversationManagerDelegate].
func (s speaker) ConversationManagerDidBegin(lck.ConversationManager) {
	s.a.on("P", "conversationManagerDidBegin")
}

// ConversationManagerDidReset is part of [lck.ConversationManagerDelegate].
func (s speaker) ConversationManagerDidReset(lck.ConversationManager) {
	s.a.on("P", "conversationManagerDidReset")
}

// Perform is part of [lck.ConversationManagerDelegate].
func (s speaker) Perform(_ lck.ConversationManager, act lck.Action) {
	s.a.deliver(act)
	good := []string{"fulfill"}
	if _, ok := act.(*lck.StartConversationAction); ok {
		good = append(good, "reportOutgoing "+named(act.Conversation().String())+" startedConnecting")
	}
	s.a.on("P", "perform"+conversationWords(act), good...)
}

// TimedOutPerforming is part of [lck.ConversationManagerDelegate].
func (s speaker) TimedOutPerforming(_ lck.ConversationManager, act lck.Action) {
	s.a.on("P", "timedOutPerforming "+conversationWords(act))
}

// DidActivate is part of [lck.AudioDelegate].
func (s speaker) DidActivate(lck.ConversationManager, callkit.AudioSession) {
	s.a.on("P", "didActivate")
}

// DidDeactivate is part of [lck.AudioDelegate].
func (s speaker) DidDeactivate(lck.ConversationManager, callkit.AudioSession) {
	s.a.on("P", "didDeactivate")
}

// ConversationChanged is part of [lck.ChangeDelegate].
func (s speaker) ConversationChanged(_ lck.ConversationManager, c lck.Conversation) {
	s.a.on("O", fmt.Sprintf("changed %s state=%v", c.UUID, c.State))
}

func conversationWords(act lck.Action) string {
	id := act.Conversation().String()
	switch x := act.(type) {
	case *lck.StartConversationAction:
		handle := ""
		if len(x.Handles) > 0 {
			handle = x.Handles[0].Value
		}
		return fmt.Sprintf("Start %s handle=%q video=%s", id, handle, bit(x.IsVideo))
	case *lck.JoinConversationAction:
		return "Join " + id
	case *lck.EndConversationAction:
		return "End " + id
	case *lck.MuteConversationAction:
		return "Mute " + id + " " + bit(x.IsMuted)
	case *lck.PauseConversationAction:
		return "Pause " + id + " " + bit(x.IsPaused)
	case *lck.PlayToneAction:
		return "PlayTone " + id + " " + x.Digits
	case *lck.MergeConversationAction:
		return "Merge " + id + " with=" + x.ConversationUUIDToMergeWith.String()
	case *lck.UnmergeConversationAction:
		return "Unmerge " + id
	case *lck.SetTranslatingAction:
		return fmt.Sprintf("SetTranslating %s %s local=%s remote=%s", id, bit(x.IsTranslating), x.LocalLanguage, x.RemoteLanguage)
	}
	return fmt.Sprintf("%T %s", act, id)
}

// reportConversation reports an incoming conversation; if the app waits, the system has it on return.
func (a *actor) reportConversation(id callkit.UUID, p payload, wait bool) {
	member := lck.Handle{Type: p.handle().Type, Value: p.Handle, DisplayName: p.Name}
	caps := lck.Pausing | lck.Merging | lck.Unmerging | lck.PlayingTones
	if p.Video {
		caps |= lck.Video
	}
	u := lck.NewUpdate(caps, member)
	if w, ok := a.manager.(lck.Waiter); ok && wait {
		a.on("C", "report completion "+id.String()+" "+short(w.ReportNewIncomingConversationAndWait(id, u)))
		return
	}
	a.manager.ReportNewIncomingConversation(id, u, func(err error) { a.on("C", "report completion "+id.String()+" "+short(err)) })
}

// conversationAction is an action of CallKit in the words of LiveCommunicationKit.
func conversationAction(act callkit.Action) (lck.Action, error) {
	base := lck.Base{ConversationUUID: act.Call()}
	switch x := act.(type) {
	case *callkit.StartCallAction:
		return &lck.StartConversationAction{Base: base, Handles: []lck.Handle{{Type: x.Handle.Type, Value: x.Handle.Value}}, IsVideo: x.IsVideo}, nil
	case *callkit.AnswerCallAction:
		return &lck.JoinConversationAction{Base: base}, nil
	case *callkit.EndCallAction:
		return &lck.EndConversationAction{Base: base}, nil
	case *callkit.SetHeldCallAction:
		return &lck.PauseConversationAction{Base: base, IsPaused: x.OnHold}, nil
	case *callkit.SetMutedCallAction:
		return &lck.MuteConversationAction{Base: base, IsMuted: x.Muted}, nil
	case *callkit.PlayDTMFCallAction:
		return &lck.PlayToneAction{Base: base, Digits: x.Digits, Tone: lck.Tone(x.Type)}, nil
	case *callkit.SetGroupCallAction:
		if x.GroupWith.IsZero() {
			return &lck.UnmergeConversationAction{Base: base}, nil
		}
		return &lck.MergeConversationAction{Base: base, ConversationUUIDToMergeWith: x.GroupWith}, nil
	}
	return nil, fmt.Errorf("LiveCommunicationKit has no %T", act)
}

// conversationEvent reports an event of a conversation that the app has.
func (a *actor) conversationEvent(id callkit.UUID, e lck.Event) error {
	for _, c := range a.manager.Conversations() {
		if c.UUID == id {
			a.manager.ReportConversationEvent(e, c)
			return nil
		}
	}
	a.manager.ReportConversationEvent(e, lck.Conversation{UUID: id})
	return nil
}

// conversationUpdate is what an update of a call is in these words.
func conversationUpdate(u callkit.Update) lck.Event {
	var x lck.Update
	if u.RemoteHandle != nil || u.LocalizedCallerName != nil {
		h := lck.Handle{Type: callkit.Generic}
		if u.RemoteHandle != nil {
			h.Type, h.Value = u.RemoteHandle.Type, u.RemoteHandle.Value
		}
		if u.LocalizedCallerName != nil {
			h.DisplayName = *u.LocalizedCallerName
		}
		x.Members = &[]lck.Handle{h}
	}
	return lck.ConversationUpdated{Update: x}
}

func connectedEvent(what string) lck.Event {
	if what == "connected" {
		return lck.ConversationConnected{At: time.Time{}}
	}
	return lck.ConversationStartedConnecting{}
}
