package iossim

import (
	"slices"

	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/callkit/lck"
)

// SetDefaultDialer makes an installed app the default dialer, as the user does in Settings (iOS 26): it may see
// Recents by LiveCommunicationKit. An empty bundleID gives it back to the Phone app.
func (ph *Phone) SetDefaultDialer(bundleID string) error {
	ph.w.mu.Lock()
	defer ph.w.mu.Unlock()
	ph.w.tick()
	if bundleID != "" && ph.find(bundleID) == nil {
		return ph.noApp(bundleID)
	}
	if err := ph.needs(featureHistory); err != nil && bundleID != "" {
		return err
	}
	ph.after(0, func() {
		ph.log(ChanSystem, nil, "default dialer %s", orNone(bundleID))
		ph.dialer = ph.find(bundleID)
	})
	return nil
}

// history is ConversationHistoryManager.
type history struct{ p *Process }

// ConversationHistory is part of [lck.System].
func (p *Process) ConversationHistory() (lck.ConversationHistoryManager, error) {
	p.w.mu.Lock()
	defer p.w.mu.Unlock()
	if err := p.ph.needs(featureHistory); err != nil {
		return nil, err
	}
	return history{p}, nil
}

// RecentConversations is part of [lck.ConversationHistoryManager].
func (h history) RecentConversations(match func(lck.RecentConversation) bool, completion func([]lck.RecentConversation, error)) {
	p := h.p
	p.send("recentConversations", func() {
		var all []lck.RecentConversation
		err := p.isDialer()
		if err == nil {
			for _, r := range p.ph.recents {
				all = append(all, r.conversation())
			}
		}
		p.post(item{
			log: p.say(ChanController, "recentConversations completion %s", short(err)),
			run: func() {
				if match != nil {
					all = slices.DeleteFunc(all, func(r lck.RecentConversation) bool { return !match(r) })
				}
				if completion != nil {
					completion(all, err)
				}
			},
		})
	})
}

// MarkConversationsAsRead is part of [lck.ConversationHistoryManager].
func (h history) MarkConversationsAsRead(which []lck.RecentConversation, completion func(error)) {
	p := h.p
	var ids []callkit.UUID
	for _, r := range which {
		ids = append(ids, r.ID)
	}
	p.send("markConversationsAsRead", func() {
		err := p.isDialer()
		if err == nil {
			p.ph.markRead(func(r Recent) bool { return slices.Contains(ids, r.id) })
		}
		p.post(item{
			log: p.say(ChanController, "markConversationsAsRead completion %s", short(err)),
			run: func() {
				if completion != nil {
					completion(err)
				}
			},
		})
	})
}

// SetObserver is part of [lck.ConversationHistoryManager].
func (h history) SetObserver(f func()) {
	h.p.w.mu.Lock()
	defer h.p.w.mu.Unlock()
	h.p.history = f
}

func (p *Process) isDialer() error {
	if p.ph.dialer != p.app {
		return lck.ErrNotDefaultDialer
	}
	return nil
}

// markRead reads missed calls off the badge of the Phone app.
func (ph *Phone) markRead(which func(Recent) bool) {
	changed := false
	for i := range ph.recents {
		if r := &ph.recents[i]; !r.read && which(*r) {
			r.read, changed = true, true
			if r.Missed && ph.missed > 0 {
				ph.missed--
			}
		}
	}
	if changed {
		ph.tellHistory()
	}
}

// readRecents is the user looking at all of Recents.
func (ph *Phone) readRecents() {
	ph.markRead(func(Recent) bool { return true })
	ph.missed = 0
}

// tellHistory says ConversationHistoryDidUpdate to the default dialer.
func (ph *Phone) tellHistory() {
	if ph.dialer == nil || ph.dialer.proc == nil {
		return
	}
	p := ph.dialer.proc
	var f func()
	p.post(item{
		skip: func() bool { f = p.history; return f == nil },
		log:  p.say(ChanObserver, "conversationHistoryDidUpdate"),
		run:  func() { f() },
	})
}

// conversation is an entry of Recents as the default dialer sees it.
func (r Recent) conversation() lck.RecentConversation {
	c := lck.RecentConversation{
		ID: r.id, Date: r.When, Duration: r.Duration, Direction: lck.Incoming, IsRead: r.read,
		Handles: slices.Clone(r.members),
	}
	if r.Outgoing {
		c.Direction = lck.Outgoing
	}
	if len(c.Handles) == 0 {
		c.Handles = []lck.Handle{{Type: r.Handle.Type, Value: r.Handle.Value}}
	}
	switch r.word {
	case "missed":
		c.Status = lck.StatusMissed
	case "declined":
		c.Status = lck.StatusDeclined
	case "cancelled":
		c.Status = lck.StatusCancelled
	case "elsewhere":
		c.Status = lck.StatusElsewhere
	case "failed":
		c.Status = lck.StatusFailed
	}
	return c
}
