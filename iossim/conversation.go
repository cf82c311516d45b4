package iossim

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/callkit/lck"
)

// manager is ConversationManager: a provider, a controller and an observer with other words. The calls, the
// screens, the audio session and Recents are those of CallKit; an app may use both.
type manager struct {
	pr       *provider
	delegate lck.ConversationManagerDelegate
	asked    map[callkit.UUID]lck.Action // what the delegate was handed, by the action's id
	seen     []seenConversation          // as the delegate knows them
}

type seenConversation struct {
	call *call
	was  lck.Conversation
}

var (
	_ lck.System              = (*Process)(nil)
	_ lck.ConversationManager = (*manager)(nil)
	_ lck.Waiter              = (*manager)(nil)
)

// NewConversationManager is part of [lck.System].
func (p *Process) NewConversationManager(c lck.Configuration) (lck.ConversationManager, error) {
	p.w.mu.Lock()
	defer p.w.mu.Unlock()
	if err := p.ph.needs(featureLCK); err != nil {
		return nil, err
	}
	m := &manager{pr: p.newProvider("conversationManager", providerConfig(c)), asked: map[callkit.UUID]lck.Action{}}
	m.pr.manager = m
	if !p.dead {
		p.managers = append(p.managers, m)
		for _, c := range p.ph.callsOf(p.app) { // leftovers of an earlier process are no news
			m.seen = append(m.seen, seenConversation{c, c.conversation()})
		}
	}
	return m, nil
}

// needs is an error that wraps [lck.ErrUnavailable] unless the phone's iOS has the feature.
func (ph *Phone) needs(f Feature) error {
	if ph.has(f) {
		return nil
	}
	return fmt.Errorf("iossim: %s needs iOS %v, and %s has %s: %w", f.Name, f.Since, ph.name, ph.knobs.OS, lck.ErrUnavailable)
}

// SetDelegate is part of [lck.ConversationManager].
func (m *manager) SetDelegate(d lck.ConversationManagerDelegate) {
	m.pr.p.w.mu.Lock()
	m.delegate = d
	m.pr.p.w.mu.Unlock()
	plain := funnel{m, d}
	switch {
	case d == nil:
		m.pr.SetDelegate(nil, nil)
	case hears[lck.AudioDelegate](d):
		m.pr.SetDelegate(audioFunnel{plain}, nil)
	default:
		m.pr.SetDelegate(plain, nil)
	}
}

func hears[D any](d lck.ConversationManagerDelegate) bool { _, ok := d.(D); return ok }

// Configuration is part of [lck.ConversationManager].
func (m *manager) Configuration() lck.Configuration {
	c := m.pr.Configuration()
	return lck.Configuration{
		RingtoneName: c.RingtoneSound, IconTemplateImageData: c.IconTemplateImageData,
		MaximumConversationGroups: c.MaximumCallGroups, MaximumConversationsPerConversationGroup: c.MaximumCallsPerCallGroup,
		IncludesConversationInRecents: c.IncludesCallsInRecents, SupportsVideo: c.SupportsVideo,
		SupportsAudioTranslation: c.SupportsAudioTranslation, SupportedHandleTypes: c.SupportedHandleTypes,
	}
}

// SetConfiguration is part of [lck.ConversationManager].
func (m *manager) SetConfiguration(c lck.Configuration) { m.pr.SetConfiguration(providerConfig(c)) }

func providerConfig(c lck.Configuration) callkit.ProviderConfiguration {
	return callkit.ProviderConfiguration{
		RingtoneSound: c.RingtoneName, IconTemplateImageData: c.IconTemplateImageData,
		MaximumCallGroups: c.MaximumConversationGroups, MaximumCallsPerCallGroup: c.MaximumConversationsPerConversationGroup,
		IncludesCallsInRecents: c.IncludesConversationInRecents, SupportsVideo: c.SupportsVideo,
		SupportsAudioTranslation: c.SupportsAudioTranslation, SupportedHandleTypes: c.SupportedHandleTypes,
	}
}

// Conversations is part of [lck.ConversationManager].
func (m *manager) Conversations() []lck.Conversation {
	p := m.pr.p
	p.w.mu.Lock()
	defer p.w.mu.Unlock()
	if !m.pr.valid() {
		return nil
	}
	var list []lck.Conversation
	for _, c := range p.ph.callsOf(p.app) {
		list = append(list, c.conversation())
	}
	return list
}

// conversation is what the app that provides the call may know of it.
func (c *call) conversation() lck.Conversation {
	return lck.Conversation{UUID: c.id, State: c.conversationState(), LocalMember: dup(c.local)}
}

// conversationState follows WWDC26 session 226: the app's words move a conversation to joining and joined, the
// press of End moves it to leaving.
func (c *call) conversationState() lck.State {
	switch {
	case c.state == callEnded:
		return lck.Left
	case c.ending:
		return lck.Leaving
	case c.wasUp && c.held:
		return lck.Paused
	case c.wasUp:
		return lck.Joined
	case c.connecting:
		return lck.Joining
	}
	return lck.Idle
}

// ReportNewIncomingConversation is part of [lck.ConversationManager].
func (m *manager) ReportNewIncomingConversation(id callkit.UUID, u lck.Update, completion func(error)) {
	p := m.pr.p
	p.w.mu.Lock()
	defer p.w.mu.Unlock()
	u = copyConversationUpdate(u)
	text := "reportNewIncomingConversation " + id.String() + describeConversation(u)
	if p.ph.knobs.LCKReportSync {
		p.unhandled = 0 // PushKit's flag
		p.sendLocked(text, func() { m.incoming(id, u, completion) })
		return
	}
	// Another thread makes the report: it neither waits for a handler that blocks nor does a handler wait for it.
	p.sendLater(text, p.ph.knobs.LCKReportDelay, func() {
		p.unhandled = 0
		m.incoming(id, u, completion)
	})
}

// ReportNewIncomingConversationAndWait is part of [lck.Waiter]. The handler that calls it takes as long as the report.
func (m *manager) ReportNewIncomingConversationAndWait(id callkit.UUID, u lck.Update) error {
	p := m.pr.p
	p.w.mu.Lock()
	defer p.w.mu.Unlock()
	p.w.tick()
	if p.dead || p.w.closed || p.suspended {
		return incomingError(callkit.IncomingUnknown, "the process does not run")
	}
	p.ph.log(ChanApp, p.tag(), "reportNewIncomingConversation %s%s and wait", id, describeConversation(u))
	p.unhandled = 0
	err := m.incoming(id, copyConversationUpdate(u), nil)
	p.busyUntil = p.time().Add(p.ph.knobs.LCKReportDelay)
	p.ph.after(0, func() {}) // so that the screen is looked at
	return err
}

// sendLater is a call of the app by another of its threads, which reaches the system d later. The lock is held.
func (p *Process) sendLater(text string, d time.Duration, do func()) {
	if p.dead || p.w.closed {
		return
	}
	p.w.tick()
	if p.suspended {
		p.frozen = append(p.frozen, func() { p.sendLater(text, d, do) })
		return
	}
	p.ph.log(ChanApp, p.tag(), "%s", text)
	p.ph.at(p.time().Add(d), func() {
		if !p.dead {
			do()
		}
	})
}

// incoming is a report when it reaches the call service.
func (m *manager) incoming(id callkit.UUID, u lck.Update, completion func(error)) error {
	ph := m.pr.p.ph
	err := m.pr.reportIncoming(id, ph.callUpdate(u), completion)
	if c := ph.lookup(id); err == nil && c != nil {
		c.converse(u)
	}
	return err
}

// converse notes what only LiveCommunicationKit can say.
func (c *call) converse(u lck.Update) {
	if u.Members != nil {
		c.members = *u.Members
	}
	if u.LocalMember != nil {
		c.local = u.LocalMember
	}
}

// ReportConversationEvent is part of [lck.ConversationManager].
func (m *manager) ReportConversationEvent(e lck.Event, of lck.Conversation) {
	what := "reportConversationEvent " + of.UUID.String() + " "
	switch e := e.(type) {
	case lck.ConversationStartedConnecting:
		m.pr.about(what+"conversationStartedConnecting", of.UUID, func(c *call) {
			if c.state != callRinging {
				c.connecting = true
			}
		})
	case lck.ConversationConnected:
		m.pr.about(what+"conversationConnected", of.UUID, func(c *call) {
			if c.state == callRinging {
				c.ph.log(ChanSystem, c.app.tag(), "log ignored: conversation %s rings and was not joined", c.id)
				return
			}
			c.reportedConnected(e.At)
		})
	case lck.ConversationUpdated:
		u := copyConversationUpdate(e.Update)
		m.pr.about(what+"conversationUpdated"+describeConversation(u), of.UUID, func(c *call) {
			c.update(c.ph.callUpdate(u))
			c.converse(u)
		})
	case lck.ConversationEnded:
		m.pr.about(what+"conversationEnded reason="+conversationReason(e.Reason), of.UUID, func(c *call) { c.reportedEnded(e.At, e.Reason) })
	default:
		m.pr.p.send(what+"no event", func() {})
	}
}

// Invalidate is part of [lck.ConversationManager].
func (m *manager) Invalidate() { m.pr.Invalidate() }

// callUpdate is an update in CallKit's words.
func (ph *Phone) callUpdate(u lck.Update) callkit.Update {
	var to callkit.Update
	if u.Members != nil && len(*u.Members) > 0 {
		first := (*u.Members)[0]
		to.RemoteHandle = &callkit.Handle{Type: first.Type, Value: first.Value}
		name := ph.memberNames(*u.Members)
		to.LocalizedCallerName = &name
	}
	if u.Capabilities != nil {
		can := func(c lck.Capabilities) *bool { v := *u.Capabilities&c != 0; return &v }
		to.HasVideo, to.SupportsHolding, to.SupportsDTMF = can(lck.Video), can(lck.Pausing), can(lck.PlayingTones)
		to.SupportsGrouping, to.SupportsUngrouping = can(lck.Merging), can(lck.Unmerging)
	}
	return to
}

// memberNames is the caller's name for a conversation with these members. A contact comes before the name that the
// app knows (WWDC26 session 226), so the name is empty where the contacts decide. How the screen names several is
// inferred.
func (ph *Phone) memberNames(members []lck.Handle) string {
	first := members[0]
	contact := ph.displayName("", callkit.Handle{Type: first.Type, Value: first.Value})
	known := first.Value != "" && contact != first.Value
	switch n := len(members) - 1; {
	case n == 1:
		return contactOr(known, contact, first) + " & 1 other"
	case n > 1:
		return fmt.Sprintf("%s & %d others", contactOr(known, contact, first), n)
	case known:
		return ""
	}
	return first.DisplayName
}

func contactOr(known bool, contact string, h lck.Handle) string {
	if known || h.DisplayName == "" {
		return contact
	}
	return h.DisplayName
}

// tellConversations tells managers of conversations that have changed; it follows every event.
func (ph *Phone) tellConversations() {
	for _, a := range ph.apps {
		if a.proc == nil {
			continue
		}
		for _, m := range a.proc.managers {
			m.tellChanges()
		}
	}
}

func (m *manager) tellChanges() {
	if !m.pr.valid() {
		return
	}
	p := m.pr.p
	for _, c := range p.ph.callsOf(p.app) {
		if !slices.ContainsFunc(m.seen, func(s seenConversation) bool { return s.call == c }) {
			m.seen = append(m.seen, seenConversation{call: c, was: lck.Conversation{State: -1}})
		}
	}
	for i := range m.seen {
		s := &m.seen[i]
		now := s.call.conversation()
		if now.State != s.was.State || deref(now.LocalMember) != deref(s.was.LocalMember) {
			s.was = now
			m.changed(now)
		}
	}
	m.seen = slices.DeleteFunc(m.seen, func(s seenConversation) bool { return s.was.State == lck.Left })
}

func (m *manager) changed(c lck.Conversation) {
	d, ok := m.delegate.(lck.ChangeDelegate)
	if !ok {
		return
	}
	p := m.pr.p
	p.post(item{
		queue: m.pr.queue,
		log:   p.say(ChanObserver, "conversationChanged %s %s", c.UUID, c.State),
		run:   func() { d.ConversationChanged(m, c) },
	})
}

func copyConversationUpdate(u lck.Update) lck.Update {
	clone := func(h *[]lck.Handle) *[]lck.Handle {
		if h == nil {
			return nil
		}
		c := slices.Clone(*h)
		return &c
	}
	return lck.Update{LocalMember: dup(u.LocalMember), Members: clone(u.Members), ActiveRemoteMembers: clone(u.ActiveRemoteMembers), Capabilities: dup(u.Capabilities)}
}

func describeConversation(u lck.Update) string {
	var b strings.Builder
	if u.LocalMember != nil {
		fmt.Fprintf(&b, " local=%q", u.LocalMember.Value)
	}
	list := func(name string, l *[]lck.Handle) {
		if l != nil {
			fmt.Fprintf(&b, " %s=%s", name, handleWords(*l))
		}
	}
	list("members", u.Members)
	list("active", u.ActiveRemoteMembers)
	if u.Capabilities != nil {
		fmt.Fprintf(&b, " capabilities=%s", *u.Capabilities)
	}
	return b.String()
}

func handleWords(l []lck.Handle) string {
	words := make([]string, len(l))
	for i, h := range l {
		words[i] = fmt.Sprintf("%q", h.Value)
	}
	return "[" + strings.Join(words, " ") + "]"
}

func conversationReason(r lck.EndedReason) string {
	if r == lck.JoinedElsewhere {
		return "joinedElsewhere"
	}
	return reasonName(r)
}
