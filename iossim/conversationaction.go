package iossim

import (
	"fmt"
	"maps"
	"strings"

	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/callkit/lck"
)

// Perform is part of [lck.ConversationManager].
func (m *manager) Perform(actions []lck.Action, completion func(error)) {
	p := m.pr.p
	requested := make([]callkit.Action, len(actions))
	words := make([]string, len(actions))
	members := map[callkit.UUID][]lck.Handle{}
	for i, a := range actions {
		words[i] = "nil"
		if requested[i] = callAction(a); requested[i] != nil {
			kind, args := conversationWords(a)
			words[i] = kind + " " + a.Conversation().String() + args
		}
		if s, ok := a.(*lck.StartConversationAction); ok {
			members[s.ConversationUUID] = append([]lck.Handle(nil), s.Handles...)
		}
	}
	p.send("perform ["+strings.Join(words, ", ")+"]", func() {
		if p.request(m.pr.queue, requested, completion) != nil {
			return
		}
		for id, handles := range members {
			if c := p.ph.lookup(id); c != nil && len(handles) > 0 {
				c.members, c.name = handles, p.ph.memberNames(handles)
			}
		}
	})
}

// PendingActions is part of [lck.ConversationManager].
func (m *manager) PendingActions() []lck.Action {
	pending := m.pr.PendingActions()
	m.pr.p.w.mu.Lock()
	defer m.pr.p.w.mu.Unlock()
	var list []lck.Action
	for _, a := range pending {
		if x := m.asked[a.UUID()]; x != nil {
			list = append(list, x)
		}
	}
	return list
}

// callAction is what an app asks for in CallKit's words; nil for what is no action.
func callAction(a lck.Action) callkit.Action {
	if a == nil {
		return nil
	}
	base := callkit.Base{CallUUID: a.Conversation()}
	switch a := a.(type) {
	case *lck.StartConversationAction:
		s := &callkit.StartCallAction{Base: base, IsVideo: a.IsVideo}
		if len(a.Handles) > 0 {
			s.Handle = callkit.Handle{Type: a.Handles[0].Type, Value: a.Handles[0].Value}
		}
		return s
	case *lck.JoinConversationAction:
		return &callkit.AnswerCallAction{Base: base}
	case *lck.EndConversationAction:
		return &callkit.EndCallAction{Base: base}
	case *lck.MuteConversationAction:
		return &callkit.SetMutedCallAction{Base: base, Muted: a.IsMuted}
	case *lck.PauseConversationAction:
		return &callkit.SetHeldCallAction{Base: base, OnHold: a.IsPaused}
	case *lck.PlayToneAction:
		return &callkit.PlayDTMFCallAction{Base: base, Digits: a.Digits, Type: callkit.DTMFType(a.Tone)}
	case *lck.MergeConversationAction:
		return &callkit.SetGroupCallAction{Base: base, GroupWith: a.ConversationUUIDToMergeWith}
	case *lck.UnmergeConversationAction:
		return &callkit.SetGroupCallAction{Base: base}
	case *lck.SetTranslatingAction:
		return &callkit.SetTranslatingCallAction{Base: base, IsTranslating: a.IsTranslating, LocalLanguage: a.LocalLanguage, RemoteLanguage: a.RemoteLanguage}
	}
	return nil
}

// conversationAction is a system's action in LiveCommunicationKit's words, not bound yet.
func (ph *Phone) conversationAction(a callkit.Action) lck.Action {
	base := lck.Base{ConversationUUID: a.Call()}
	switch a := a.(type) {
	case *callkit.StartCallAction:
		s := &lck.StartConversationAction{Base: base, IsVideo: a.IsVideo, Handles: []lck.Handle{{Type: a.Handle.Type, Value: a.Handle.Value}}}
		if c := ph.lookup(a.CallUUID); c != nil && len(c.members) > 0 {
			s.Handles = append([]lck.Handle(nil), c.members...)
		}
		return s
	case *callkit.AnswerCallAction:
		return &lck.JoinConversationAction{Base: base}
	case *callkit.EndCallAction:
		return &lck.EndConversationAction{Base: base}
	case *callkit.SetMutedCallAction:
		return &lck.MuteConversationAction{Base: base, IsMuted: a.Muted}
	case *callkit.SetHeldCallAction:
		return &lck.PauseConversationAction{Base: base, IsPaused: a.OnHold}
	case *callkit.PlayDTMFCallAction:
		return &lck.PlayToneAction{Base: base, Digits: a.Digits, Tone: lck.Tone(a.Type)}
	case *callkit.SetGroupCallAction:
		if a.GroupWith.IsZero() {
			return &lck.UnmergeConversationAction{Base: base}
		}
		return &lck.MergeConversationAction{Base: base, ConversationUUIDToMergeWith: a.GroupWith}
	case *callkit.SetTranslatingCallAction:
		return &lck.SetTranslatingAction{Base: base, IsTranslating: a.IsTranslating, LocalLanguage: a.LocalLanguage, RemoteLanguage: a.RemoteLanguage}
	}
	return nil
}

// words are an action's kind and arguments for the log.
func (m *manager) words(a callkit.Action) (kind, args string) {
	if x := m.pr.p.ph.conversationAction(a); x != nil {
		return conversationWords(x)
	}
	return actionWords(a)
}

func conversationWords(a lck.Action) (kind, args string) {
	switch a := a.(type) {
	case *lck.StartConversationAction:
		return "Start", fmt.Sprintf(" handles=%s video=%s", handleWords(a.Handles), bit(a.IsVideo))
	case *lck.JoinConversationAction:
		return "Join", ""
	case *lck.EndConversationAction:
		return "End", ""
	case *lck.MuteConversationAction:
		return "Mute", " " + bit(a.IsMuted)
	case *lck.PauseConversationAction:
		return "Pause", " " + bit(a.IsPaused)
	case *lck.PlayToneAction:
		return "PlayTone", fmt.Sprintf(" %s %s", a.Digits, [...]string{"?", "single", "softPause", "hardPause"}[max(0, min(3, int(a.Tone)))])
	case *lck.MergeConversationAction:
		return "Merge", " with=" + a.ConversationUUIDToMergeWith.String()
	case *lck.UnmergeConversationAction:
		return "Unmerge", ""
	case *lck.SetTranslatingAction:
		return "SetTranslating", fmt.Sprintf(" %s %s→%s", bit(a.IsTranslating), a.LocalLanguage, a.RemoteLanguage)
	}
	return "?", ""
}

// hand is the action of LiveCommunicationKit for a delivered action of the call service, always the same one.
func (m *manager) hand(a callkit.Action) lck.Action {
	w := m.pr.p.w
	w.mu.Lock()
	x := m.asked[a.UUID()]
	if x == nil {
		x = m.pr.p.ph.conversationAction(a)
		x.Bind(a)
		m.asked[a.UUID()] = x
	}
	w.mu.Unlock()
	return x
}

// drop forgets actions that are over.
func (m *manager) drop() {
	pending := map[callkit.UUID]bool{}
	for _, a := range m.pr.PendingActions() {
		pending[a.UUID()] = true
	}
	m.pr.p.w.mu.Lock()
	defer m.pr.p.w.mu.Unlock()
	maps.DeleteFunc(m.asked, func(id callkit.UUID, _ lck.Action) bool { return !pending[id] })
}

// funnel is what the call service knows of a manager's delegate: one that implements every method of a provider's,
// and passes all actions to the one method of LiveCommunicationKit.
type funnel struct {
	m *manager
	d lck.ConversationManagerDelegate
}

func (f funnel) perform(a callkit.Action) {
	f.m.drop()
	f.d.Perform(f.m, f.m.hand(a))
}

func (f funnel) ProviderDidBegin(callkit.Provider) { f.d.ConversationManagerDidBegin(f.m) }
func (f funnel) ProviderDidReset(callkit.Provider) { f.d.ConversationManagerDidReset(f.m) }
func (f funnel) PerformStartCallAction(_ callkit.Provider, a *callkit.StartCallAction) {
	f.perform(a)
}
func (f funnel) PerformAnswerCallAction(_ callkit.Provider, a *callkit.AnswerCallAction) {
	f.perform(a)
}
func (f funnel) PerformEndCallAction(_ callkit.Provider, a *callkit.EndCallAction) { f.perform(a) }
func (f funnel) PerformSetHeldCallAction(_ callkit.Provider, a *callkit.SetHeldCallAction) {
	f.perform(a)
}
func (f funnel) PerformSetMutedCallAction(_ callkit.Provider, a *callkit.SetMutedCallAction) {
	f.perform(a)
}
func (f funnel) PerformSetGroupCallAction(_ callkit.Provider, a *callkit.SetGroupCallAction) {
	f.perform(a)
}
func (f funnel) PerformPlayDTMFCallAction(_ callkit.Provider, a *callkit.PlayDTMFCallAction) {
	f.perform(a)
}
func (f funnel) PerformSetTranslatingCallAction(_ callkit.Provider, a *callkit.SetTranslatingCallAction) {
	f.perform(a)
}
func (f funnel) TimedOutPerformingAction(_ callkit.Provider, a callkit.Action) {
	f.d.TimedOutPerforming(f.m, f.m.hand(a))
}

// audioFunnel is a funnel for a delegate that hears of the audio session.
type audioFunnel struct{ funnel }

func (f audioFunnel) DidActivateAudioSession(_ callkit.Provider, s callkit.AudioSession) {
	f.d.(lck.AudioDelegate).DidActivate(f.m, s)
}
func (f audioFunnel) DidDeactivateAudioSession(_ callkit.Provider, s callkit.AudioSession) {
	f.d.(lck.AudioDelegate).DidDeactivate(f.m, s)
}

var (
	_ callkit.StartCallDelegate      = funnel{}
	_ callkit.AnswerCallDelegate     = funnel{}
	_ callkit.EndCallDelegate        = funnel{}
	_ callkit.SetHeldDelegate        = funnel{}
	_ callkit.SetMutedDelegate       = funnel{}
	_ callkit.SetGroupDelegate       = funnel{}
	_ callkit.PlayDTMFDelegate       = funnel{}
	_ callkit.SetTranslatingDelegate = funnel{}
	_ callkit.TimedOutDelegate       = funnel{}
	_ callkit.BeginDelegate          = funnel{}
	_ callkit.AudioDelegate          = audioFunnel{}
)
