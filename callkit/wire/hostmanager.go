package wire

import (
	"fmt"

	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/callkit/lck"
)

// conversations carries out a command for LiveCommunicationKit, and reports whether it is one.
func (h *Host) conversations(m Message) (Message, bool) {
	sys, has := h.sys.(lck.System)
	switch m.Op {
	case ManagerNew, HistoryRecent, HistoryMarkRead, HistorySetObserver, TelephonyServices, TelephonyStart:
		if !has {
			return Message{Error: errorOf(lck.ErrUnavailable)}, true
		}
	}
	switch m.Op {
	case ManagerNew:
		made, err := sys.NewConversationManager(m.Config.conversations())
		if err != nil {
			return Message{Error: errorOf(err)}, true
		}
		put(h, h.managers, m.Object, made)
		return Message{}, true
	case HistoryRecent, HistoryMarkRead, HistorySetObserver:
		return h.history(sys, m), true
	case TelephonyServices, TelephonyStart:
		return h.telephony(sys, m), true
	case ManagerSetDelegate, ManagerSetConfiguration, ManagerPerform, ManagerReportNew, ManagerReportNewAndWait, ManagerReportEvent, ManagerConversations, ManagerInvalidate:
		if c := get(h, h.managers, m.Object); c != nil {
			return h.manager(c, m), true
		}
		return refuse("no such conversation manager"), true
	}
	return Message{}, false
}

func (h *Host) manager(c lck.ConversationManager, m Message) Message {
	switch m.Op {
	case ManagerSetDelegate:
		if m.On {
			c.SetDelegate(&hostManager{h, m.Object})
		} else {
			c.SetDelegate(nil)
		}
	case ManagerSetConfiguration:
		c.SetConfiguration(m.Config.conversations())
	case ManagerPerform:
		actions := make([]lck.Action, len(m.Actions))
		for i, w := range m.Actions {
			a, err := w.conversationAction()
			if err != nil {
				return Message{Error: errorOf(err)}
			}
			actions[i] = a
		}
		c.Perform(actions, h.complete(m.Ticket))
	case ManagerReportNew:
		c.ReportNewIncomingConversation(id(m.Call), m.Conversation.update(), h.complete(m.Ticket))
	case ManagerReportNewAndWait:
		w, ok := c.(lck.Waiter)
		if !ok {
			return Message{Error: errorOf(lck.ErrUnavailable)}
		}
		return Message{Error: errorOf(w.ReportNewIncomingConversationAndWait(id(m.Call), m.Conversation.update()))}
	case ManagerReportEvent:
		e, err := m.event()
		if err != nil {
			return refuse(err.Error())
		}
		c.ReportConversationEvent(e, lck.Conversation{UUID: id(m.Call)})
	case ManagerInvalidate:
		c.Invalidate()
	default:
		answer := Message{}
		for _, x := range c.Conversations() {
			answer.Conversations = append(answer.Conversations, conversationOf(x))
		}
		return answer
	}
	return Message{}
}

func (m Message) event() (lck.Event, error) {
	switch m.Name {
	case "startedConnecting":
		return lck.ConversationStartedConnecting{At: when(m.At)}, nil
	case "connected":
		return lck.ConversationConnected{At: when(m.At)}, nil
	case "updated":
		return lck.ConversationUpdated{Update: m.Conversation.update()}, nil
	case "ended":
		return lck.ConversationEnded{At: when(m.At), Reason: callkit.EndedReason(m.Number)}, nil
	}
	return nil, fmt.Errorf("no conversation event is named %.40q (want startedConnecting, connected, updated or ended)", m.Name)
}

func (h *Host) history(sys lck.System, m Message) Message {
	manager, err := sys.ConversationHistory()
	if err != nil {
		return Message{Error: errorOf(err)}
	}
	switch m.Op {
	case HistorySetObserver:
		manager.SetObserver(nil)
		if m.On {
			manager.SetObserver(func() { h.send(Message{Op: HistoryDidUpdate}) })
		}
	case HistoryMarkRead:
		var all []lck.RecentConversation
		for _, n := range m.Names {
			all = append(all, lck.RecentConversation{ID: id(n)})
		}
		manager.MarkConversationsAsRead(all, h.complete(m.Ticket))
	default:
		manager.RecentConversations(nil, func(all []lck.RecentConversation, err error) {
			done := Message{Op: Completion, Ticket: m.Ticket, Error: errorOf(err)}
			for _, r := range all {
				done.Recents = append(done.Recents, Recent{
					ID: r.ID.String(), Date: moment(r.Date), Duration: int64(r.Duration), Incoming: r.Direction == lck.Incoming, Status: int(r.Status),
					Handles: membersOf(r.Handles), IsRead: r.IsRead,
				})
			}
			h.send(done)
		})
	}
	return Message{}
}

func (h *Host) telephony(sys lck.System, m Message) Message {
	t, err := sys.Telephony()
	if err != nil {
		return Message{Error: errorOf(err)}
	}
	if m.Op == TelephonyServices {
		answer := Message{}
		for _, s := range t.CellularServices() {
			answer.Names = append(answer.Names, s.ID, s.Label)
		}
		return answer
	}
	a := lck.StartCellularConversationAction{}
	if len(m.Members) > 0 {
		a.Handle = handles(m.Members)[0]
	}
	if len(m.Names) == 2 {
		a.Service = lck.CellularService{ID: m.Names[0], Label: m.Names[1]}
	}
	t.StartCellularConversation(a, h.complete(m.Ticket))
	return Message{}
}

// hostManager is the delegate that the system sees.
type hostManager struct {
	h      *Host
	object int
}

var (
	_ lck.ConversationManagerDelegate = (*hostManager)(nil)
	_ lck.AudioDelegate               = (*hostManager)(nil)
	_ lck.ChangeDelegate              = (*hostManager)(nil)
)

func (d *hostManager) tell(op Op) { d.h.send(Message{Op: op, Object: d.object}) }

// ConversationManagerDidBegin is part of [lck.ConversationManagerDelegate].
func (d *hostManager) ConversationManagerDidBegin(lck.ConversationManager) { d.tell(ManagerDidBegin) }

// ConversationManagerDidReset is part of [lck.ConversationManagerDelegate].
func (d *hostManager) ConversationManagerDidReset(lck.ConversationManager) { d.tell(ManagerDidReset) }

// Perform is part of [lck.ConversationManagerDelegate].
func (d *hostManager) Perform(_ lck.ConversationManager, a lck.Action) {
	d.h.mu.Lock()
	for known, old := range d.h.lckActions {
		if old.State() == lck.ActionComplete || old.State() == lck.ActionFailed {
			delete(d.h.lckActions, known)
		}
	}
	d.h.lckActions[a.UUID()] = a
	d.h.mu.Unlock()
	w := conversationActionOf(a)
	d.h.send(Message{Op: ManagerAct, Object: d.object, Action: &w})
}

// TimedOutPerforming is part of [lck.ConversationManagerDelegate].
func (d *hostManager) TimedOutPerforming(_ lck.ConversationManager, a lck.Action) {
	w := conversationActionOf(a)
	d.h.send(Message{Op: ManagerTimedOut, Object: d.object, Action: &w})
}

// DidActivate is part of [lck.AudioDelegate].
func (d *hostManager) DidActivate(lck.ConversationManager, callkit.AudioSession) {
	d.tell(ManagerDidActivate)
}

// DidDeactivate is part of [lck.AudioDelegate].
func (d *hostManager) DidDeactivate(lck.ConversationManager, callkit.AudioSession) {
	d.tell(ManagerDidDeactivate)
}

// ConversationChanged is part of [lck.ChangeDelegate].
func (d *hostManager) ConversationChanged(_ lck.ConversationManager, c lck.Conversation) {
	d.h.send(Message{Op: ManagerChanged, Object: d.object, Conversations: []Conversation{conversationOf(c)}})
}

// settleConversation carries out [ActionFulfill] and [ActionFail] for an action of LiveCommunicationKit.
func settleConversation(a lck.Action, m Message) {
	t, translating := a.(*lck.SetTranslatingAction)
	switch {
	case m.Op == ActionFail:
		a.Fail()
	case translating:
		t.FulfillUsing(m.Action.Engine)
	default:
		a.FulfillAt(when(m.At))
	}
}

func membersOf(all []lck.Handle) (out []Contact) {
	for _, m := range all {
		out = append(out, Contact{callkit.Handle{Type: m.Type, Value: m.Value}, m.DisplayName})
	}
	return out
}

func handles(all []Contact) []lck.Handle {
	out := make([]lck.Handle, 0, len(all))
	for _, c := range all {
		out = append(out, lck.Handle{Type: c.Handle.Type, Value: c.Handle.Value, DisplayName: c.Name})
	}
	return out
}

func conversationOf(c lck.Conversation) Conversation {
	w := Conversation{UUID: c.UUID.String(), State: int(c.State)}
	if c.LocalMember != nil {
		w.LocalMember = &membersOf([]lck.Handle{*c.LocalMember})[0]
	}
	return w
}

func (u *ConversationUpdate) update() (out lck.Update) {
	if u == nil {
		return out
	}
	if u.LocalMember != nil {
		out.LocalMember = &handles([]Contact{*u.LocalMember})[0]
	}
	if u.Members != nil {
		all := handles(*u.Members)
		out.Members = &all
	}
	if u.ActiveRemoteMembers != nil {
		all := handles(*u.ActiveRemoteMembers)
		out.ActiveRemoteMembers = &all
	}
	if u.Capabilities != nil {
		c := lck.Capabilities(max(0, *u.Capabilities))
		out.Capabilities = &c
	}
	return out
}

// conversations is the configuration in LiveCommunicationKit's words.
func (c *Configuration) conversations() lck.Configuration {
	if c == nil {
		return lck.DefaultConfiguration()
	}
	return lck.Configuration{
		RingtoneName: c.RingtoneSound, IconTemplateImageData: c.IconTemplateImageData, MaximumConversationGroups: c.MaximumCallGroups,
		MaximumConversationsPerConversationGroup: c.MaximumCallsPerCallGroup, IncludesConversationInRecents: c.IncludesCallsInRecents,
		SupportsVideo: c.SupportsVideo, SupportsAudioTranslation: c.SupportsAudioTranslation, SupportedHandleTypes: c.SupportedHandleTypes,
	}
}

func conversationActionOf(a lck.Action) Action {
	w := Action{Call: a.Conversation().String(), Timeout: moment(a.TimeoutDate())}
	if !a.UUID().IsZero() {
		w.ID = a.UUID().String()
	}
	switch a := a.(type) {
	case *lck.StartConversationAction:
		w.Kind, w.Members, w.Video = Start, membersOf(a.Handles), a.IsVideo
	case *lck.JoinConversationAction:
		w.Kind = Answer
	case *lck.EndConversationAction:
		w.Kind = End
	case *lck.MuteConversationAction:
		w.Kind, w.On = SetMuted, a.IsMuted
	case *lck.PauseConversationAction:
		w.Kind, w.On = SetHeld, a.IsPaused
	case *lck.PlayToneAction:
		w.Kind, w.Digits, w.Tone = PlayDTMF, a.Digits, callkit.DTMFType(a.Tone)
	case *lck.MergeConversationAction:
		w.Kind, w.GroupWith = SetGroup, a.ConversationUUIDToMergeWith.String()
	case *lck.UnmergeConversationAction:
		w.Kind = SetGroup
	case *lck.SetTranslatingAction:
		w.Kind, w.On, w.Local, w.Remote = SetTranslating, a.IsTranslating, a.LocalLanguage, a.RemoteLanguage
	}
	return w
}

// conversationAction is the action of LiveCommunicationKit that w stands for.
func (w Action) conversationAction() (lck.Action, error) {
	base := lck.Base{ConversationUUID: id(w.Call)}
	switch w.Kind {
	case Start:
		return &lck.StartConversationAction{Base: base, Handles: handles(w.Members), IsVideo: w.Video}, nil
	case Answer:
		return &lck.JoinConversationAction{Base: base}, nil
	case End:
		return &lck.EndConversationAction{Base: base}, nil
	case SetMuted:
		return &lck.MuteConversationAction{Base: base, IsMuted: w.On}, nil
	case SetHeld:
		return &lck.PauseConversationAction{Base: base, IsPaused: w.On}, nil
	case PlayDTMF:
		return &lck.PlayToneAction{Base: base, Digits: w.Digits, Tone: lck.Tone(w.Tone)}, nil
	case SetGroup:
		if w.GroupWith == "" {
			return &lck.UnmergeConversationAction{Base: base}, nil
		}
		return &lck.MergeConversationAction{Base: base, ConversationUUIDToMergeWith: id(w.GroupWith)}, nil
	case SetTranslating:
		return &lck.SetTranslatingAction{Base: base, IsTranslating: w.On, LocalLanguage: w.Local, RemoteLanguage: w.Remote}, nil
	}
	_, err := w.action()
	return nil, err
}
