package wire

import (
	"slices"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/callkit/lck"
)

var (
	_ lck.System              = (*Bridge)(nil)
	_ lck.ConversationManager = (*bridgeManager)(nil)
	_ lck.Waiter              = (*bridgeManager)(nil)
)

// bridgeManager is a ConversationManager of the other side.
type bridgeManager struct {
	b        *Bridge
	object   int
	config   lck.Configuration // guarded by b.mu, as all below
	delegate lck.ConversationManagerDelegate
	pending  []lck.Action
}

// NewConversationManager is part of [lck.System].
func (b *Bridge) NewConversationManager(c lck.Configuration) (lck.ConversationManager, error) {
	m := &bridgeManager{b: b, object: b.object(), config: c}
	if err := b.send(Message{Op: ManagerNew, Object: m.object, Config: managerConfig(c)}).Error.err(); err != nil {
		return nil, err
	}
	b.mu.Lock()
	b.managers[m.object] = m
	b.mu.Unlock()
	return m, nil
}

func managerConfig(c lck.Configuration) *Configuration {
	return &Configuration{
		RingtoneSound: c.RingtoneName, IconTemplateImageData: c.IconTemplateImageData, MaximumCallGroups: c.MaximumConversationGroups,
		MaximumCallsPerCallGroup: c.MaximumConversationsPerConversationGroup, IncludesCallsInRecents: c.IncludesConversationInRecents,
		SupportsVideo: c.SupportsVideo, SupportsAudioTranslation: c.SupportsAudioTranslation, SupportedHandleTypes: c.SupportedHandleTypes,
	}
}

// SetDelegate is part of [lck.ConversationManager].
func (m *bridgeManager) SetDelegate(d lck.ConversationManagerDelegate) {
	m.b.mu.Lock()
	m.delegate = d
	m.b.mu.Unlock()
	m.b.send(Message{Op: ManagerSetDelegate, Object: m.object, On: d != nil})
}

// Configuration is part of [lck.ConversationManager].
func (m *bridgeManager) Configuration() lck.Configuration {
	m.b.mu.Lock()
	defer m.b.mu.Unlock()
	c := m.config
	c.SupportedHandleTypes = slices.Clone(c.SupportedHandleTypes)
	return c
}

// SetConfiguration is part of [lck.ConversationManager].
func (m *bridgeManager) SetConfiguration(c lck.Configuration) {
	m.b.mu.Lock()
	m.config = c
	m.b.mu.Unlock()
	m.b.send(Message{Op: ManagerSetConfiguration, Object: m.object, Config: managerConfig(c)})
}

// Conversations is part of [lck.ConversationManager].
func (m *bridgeManager) Conversations() (all []lck.Conversation) {
	for _, c := range m.b.send(Message{Op: ManagerConversations, Object: m.object}).Conversations {
		all = append(all, c.conversation())
	}
	return all
}

func (c Conversation) conversation() lck.Conversation {
	out := lck.Conversation{UUID: id(c.UUID), State: lck.State(c.State)}
	if c.LocalMember != nil {
		out.LocalMember = &handles([]Contact{*c.LocalMember})[0]
	}
	return out
}

// PendingActions is part of [lck.ConversationManager].
func (m *bridgeManager) PendingActions() []lck.Action {
	m.b.mu.Lock()
	all := slices.Clone(m.pending)
	m.b.mu.Unlock()
	return slices.DeleteFunc(all, func(a lck.Action) bool { return a.State() != lck.ActionRunning })
}

// Perform is part of [lck.ConversationManager].
func (m *bridgeManager) Perform(actions []lck.Action, completion func(error)) {
	w := Message{Op: ManagerPerform, Object: m.object}
	for _, a := range actions {
		if a != nil {
			w.Actions = append(w.Actions, conversationActionOf(a))
		}
	}
	m.b.later(w, completion)
}

func updateOf(u lck.Update) *ConversationUpdate {
	w := &ConversationUpdate{}
	if u.LocalMember != nil {
		w.LocalMember = &membersOf([]lck.Handle{*u.LocalMember})[0]
	}
	if u.Members != nil {
		all := membersOf(*u.Members)
		w.Members = &all
	}
	if u.ActiveRemoteMembers != nil {
		all := membersOf(*u.ActiveRemoteMembers)
		w.ActiveRemoteMembers = &all
	}
	if u.Capabilities != nil {
		c := int(*u.Capabilities)
		w.Capabilities = &c
	}
	return w
}

// ReportNewIncomingConversation is part of [lck.ConversationManager].
func (m *bridgeManager) ReportNewIncomingConversation(call callkit.UUID, u lck.Update, completion func(error)) {
	m.b.later(Message{Op: ManagerReportNew, Object: m.object, Call: call.String(), Conversation: updateOf(u)}, completion)
}

// ReportNewIncomingConversationAndWait is part of [lck.Waiter].
func (m *bridgeManager) ReportNewIncomingConversationAndWait(call callkit.UUID, u lck.Update) error {
	return m.b.send(Message{Op: ManagerReportNewAndWait, Object: m.object, Call: call.String(), Conversation: updateOf(u)}).Error.err()
}

// ReportConversationEvent is part of [lck.ConversationManager].
func (m *bridgeManager) ReportConversationEvent(e lck.Event, c lck.Conversation) {
	w := Message{Op: ManagerReportEvent, Object: m.object, Call: c.UUID.String()}
	switch e := e.(type) {
	case lck.ConversationStartedConnecting:
		w.Name, w.At = "startedConnecting", moment(e.At)
	case lck.ConversationConnected:
		w.Name, w.At = "connected", moment(e.At)
	case lck.ConversationUpdated:
		w.Name, w.Conversation = "updated", updateOf(e.Update)
	case lck.ConversationEnded:
		w.Name, w.At, w.Number = "ended", moment(e.At), int(e.Reason)
	}
	m.b.send(w)
}

// Invalidate is part of [lck.ConversationManager].
func (m *bridgeManager) Invalidate() { m.b.send(Message{Op: ManagerInvalidate, Object: m.object}) }

// managerSettler sends what became of an action, once. It stands for the system's own action, to which one of
// LiveCommunicationKit is bound.
type managerSettler struct {
	callkit.Action // of the same call; has the id and the time-out
	m              *bridgeManager
	act            lck.Action
	over           bool // guarded by m.b.mu
}

// IsComplete is part of [callkit.Action].
func (s *managerSettler) IsComplete() bool {
	s.m.b.mu.Lock()
	defer s.m.b.mu.Unlock()
	return s.over
}

func (s *managerSettler) settle(op Op, at time.Time) {
	s.m.b.mu.Lock()
	was := s.over
	s.over = true
	s.m.pending = slices.DeleteFunc(s.m.pending, func(a lck.Action) bool { return a == s.act })
	s.m.b.mu.Unlock()
	if was {
		return
	}
	m := Message{Op: op, At: moment(at), Action: &Action{ID: s.UUID().String(), Call: s.Call().String()}}
	s.m.b.send(m)
}

// Fulfill is part of [callkit.Action].
func (s *managerSettler) Fulfill() { s.settle(ActionFulfill, time.Time{}) }

// FulfillAt is part of [callkit.Action].
func (s *managerSettler) FulfillAt(at time.Time) { s.settle(ActionFulfill, at) }

// Fail is part of [callkit.Action].
func (s *managerSettler) Fail() { s.settle(ActionFail, time.Time{}) }

// bound returns the app's copy of an action: the one that it has already, or a new one.
func (m *bridgeManager) bound(w Action) (lck.Action, error) {
	key := id(w.ID)
	m.b.mu.Lock()
	for _, a := range m.pending {
		if a.UUID() == key {
			m.b.mu.Unlock()
			return a, nil
		}
	}
	m.b.mu.Unlock()
	a, err := w.conversationAction()
	if err != nil {
		return nil, err
	}
	system, err := w.action()
	if err != nil {
		return nil, err
	}
	s := &managerSettler{Action: system, m: m, act: a}
	system.Bind(key, when(w.Timeout), translationSettler{s})
	if _, translating := a.(*lck.SetTranslatingAction); translating {
		a.Bind(system) // it is told who translates
	} else {
		a.Bind(s)
	}
	m.b.mu.Lock()
	m.pending = append(m.pending, a)
	m.b.mu.Unlock()
	return a, nil
}

// translationSettler is the settler of a translation's system action.
type translationSettler struct{ s *managerSettler }

// Settled is part of [callkit.Settler].
func (t translationSettler) Settled() bool { return t.s.IsComplete() }

// Settle is part of [callkit.Settler].
func (t translationSettler) Settle(ok bool, at time.Time) {
	if ok {
		t.s.settle(ActionFulfill, at)
	} else {
		t.s.settle(ActionFail, at)
	}
}

// over marks actions that the system has settled or forgotten.
func (m *bridgeManager) over(which func(lck.Action) bool) {
	m.b.mu.Lock()
	defer m.b.mu.Unlock()
	m.pending = slices.DeleteFunc(m.pending, which)
}

// event runs the delegate's method for an event.
func (m *bridgeManager) event(w Message) Message {
	m.b.mu.Lock()
	d := m.delegate
	m.b.mu.Unlock()
	if d == nil {
		return refuse(string(w.Op) + ": the conversation manager has no delegate")
	}
	switch w.Op {
	case ManagerDidBegin:
		d.ConversationManagerDidBegin(m)
	case ManagerDidReset:
		m.over(func(lck.Action) bool { return true })
		d.ConversationManagerDidReset(m)
	case ManagerDidActivate, ManagerDidDeactivate:
		x, ok := d.(lck.AudioDelegate)
		switch {
		case ok && w.Op == ManagerDidActivate:
			x.DidActivate(m, m.b.AudioSession())
		case ok:
			x.DidDeactivate(m, m.b.AudioSession())
		}
	case ManagerChanged:
		if x, ok := d.(lck.ChangeDelegate); ok {
			for _, c := range w.Conversations {
				x.ConversationChanged(m, c.conversation())
			}
		}
	case ManagerAct, ManagerTimedOut:
		if w.Action == nil {
			return refuse(string(w.Op) + " has no action")
		}
		a, err := m.bound(*w.Action)
		if err != nil {
			return Message{Error: errorOf(err)}
		}
		if w.Op == ManagerAct {
			d.Perform(m, a)
			return Message{}
		}
		m.over(func(o lck.Action) bool { return o == a })
		d.TimedOutPerforming(m, a)
	default:
		return refuse("no event is named " + string(w.Op))
	}
	return Message{}
}

// bridgeHistory is ConversationHistoryManager of the other side.
type bridgeHistory struct{ b *Bridge }

// ConversationHistory is part of [lck.System].
func (b *Bridge) ConversationHistory() (lck.ConversationHistoryManager, error) {
	if err := b.send(Message{Op: HistorySetObserver}).Error.err(); err != nil {
		return nil, err
	}
	return bridgeHistory{b}, nil
}

// RecentConversations is part of [lck.ConversationHistoryManager].
func (h bridgeHistory) RecentConversations(match func(lck.RecentConversation) bool, completion func([]lck.RecentConversation, error)) {
	h.b.send(Message{Op: HistoryRecent, Ticket: h.b.await(func(m Message) {
		var all []lck.RecentConversation
		for _, r := range m.Recents {
			c := lck.RecentConversation{
				ID: id(r.ID), Date: when(r.Date), Duration: time.Duration(r.Duration), Status: lck.Status(r.Status), Handles: handles(r.Handles), IsRead: r.IsRead,
			}
			if r.Incoming {
				c.Direction = lck.Incoming
			}
			if match == nil || match(c) {
				all = append(all, c)
			}
		}
		if completion != nil {
			completion(all, m.Error.err())
		}
	})})
}

// MarkConversationsAsRead is part of [lck.ConversationHistoryManager].
func (h bridgeHistory) MarkConversationsAsRead(which []lck.RecentConversation, completion func(error)) {
	m := Message{Op: HistoryMarkRead}
	for _, r := range which {
		m.Names = append(m.Names, r.ID.String())
	}
	h.b.later(m, completion)
}

// SetObserver is part of [lck.ConversationHistoryManager].
func (h bridgeHistory) SetObserver(f func()) {
	h.b.mu.Lock()
	h.b.history = f
	h.b.mu.Unlock()
	h.b.send(Message{Op: HistorySetObserver, On: f != nil})
}

// bridgeTelephony is TelephonyConversationManager of the other side.
type bridgeTelephony struct{ b *Bridge }

// Telephony is part of [lck.System].
func (b *Bridge) Telephony() (lck.TelephonyConversationManager, error) {
	if err := b.send(Message{Op: TelephonyServices}).Error.err(); err != nil {
		return nil, err
	}
	return bridgeTelephony{b}, nil
}

// CellularServices is part of [lck.TelephonyConversationManager].
func (t bridgeTelephony) CellularServices() (all []lck.CellularService) {
	for pair := range slices.Chunk(t.b.send(Message{Op: TelephonyServices}).Names, 2) {
		if len(pair) == 2 {
			all = append(all, lck.CellularService{ID: pair[0], Label: pair[1]})
		}
	}
	return all
}

// StartCellularConversation is part of [lck.TelephonyConversationManager].
func (t bridgeTelephony) StartCellularConversation(a lck.StartCellularConversationAction, completion func(error)) {
	m := Message{Op: TelephonyStart, Members: membersOf([]lck.Handle{a.Handle})}
	if a.Service != (lck.CellularService{}) {
		m.Names = []string{a.Service.ID, a.Service.Label}
	}
	t.b.later(m, completion)
}
