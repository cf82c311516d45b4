package phone

import (
	"slices"
	"sync"
	"time"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/callkit"
)

// A Journal keeps what the next process must know if this one dies. Its methods may block for as long as a small
// file takes to write, are called one at a time, and never before a push was reported.
type Journal interface {
	// Load returns what was saved last; the zero Saved if there is nothing. With an error, what it returns is
	// used all the same.
	Load() (Saved, error)
	// Save replaces what was saved, all or nothing: after a crash Load returns the old or the new.
	Save(Saved) error
}

// Saved is what a journal keeps.
type Saved struct {
	// Offset is the server's clock minus the device's, in milliseconds, when Compared.
	Offset   int64 `json:"offset,omitempty"`
	Compared bool  `json:"compared,omitempty"`
	// Calls are the live calls and the tombstones, oldest first.
	Calls []Record `json:"calls,omitempty"`
}

// Record is one call in a journal. It is comparable.
type Record struct {
	ID         callkit.UUID       `json:"id"`
	Outgoing   bool               `json:"outgoing,omitempty"`
	Answered   bool               `json:"answered,omitempty"`
	Reason     call.Reason        `json:"reason,omitempty"` // why it ended; NotEnded: it lives
	Say        uint8              `json:"say,omitempty"`    // what the server must still hear about the end: 1 decline, 2 busy, 3 cancel, 4 hang up
	Name       string             `json:"name,omitempty"`
	Handle     string             `json:"handle,omitempty"`
	HandleType callkit.HandleType `json:"handle_type,omitempty"`
	Video      bool               `json:"video,omitempty"`
	Group      bool               `json:"group,omitempty"` // a group call that this phone began; it is left, and not ended for all
	Token      string             `json:"token,omitempty"`
	Sent       int64              `json:"sent,omitempty"`    // Unix milliseconds, the server's clock
	Expires    int64              `json:"expires,omitempty"` // Unix milliseconds, the server's clock
}

// maxRecords bounds a journal; the newest calls are kept.
const maxRecords = 32

// save writes the journal if it would say something new. The lock must be held; it is given up meanwhile.
func (p *Phone) save() {
	if !p.reconciled {
		return // what the last process left behind is not read yet
	}
	next := p.record()
	if next.Compared == p.saved.Compared && near(next.Offset, p.saved.Offset) && slices.Equal(next.Calls, p.saved.Calls) {
		return
	}
	p.saved = next
	p.outside(func() {
		if err := p.cfg.Journal.Save(next); err != nil {
			p.log.Error("writing the journal; a crash now would leave calls behind", "err", err)
		}
	})
}

func near(a, b int64) bool { return a-b < 1000 && b-a < 1000 }

func (p *Phone) record() Saved {
	s := Saved{Offset: p.clock.offset.Milliseconds(), Compared: p.clock.known}
	for _, l := range p.lines {
		if l.state.State == call.Idle || l.state.State == call.Reporting {
			continue
		}
		s.Calls = append(s.Calls, Record{
			ID: l.id, Outgoing: l.state.Outgoing, Answered: l.state.Answered(), Reason: l.state.Reason, Say: uint8(l.say),
			Name: l.name, Handle: l.handle.Value, HandleType: l.handle.Type, Video: l.video, Group: l.party != nil, Token: l.token,
			Sent: millis(l.sent), Expires: millis(l.expires),
		})
	}
	if len(s.Calls) > maxRecords {
		s.Calls = slices.Clone(s.Calls[len(s.Calls)-maxRecords:])
	}
	return s
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func fromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms)
}

// A MemoryJournal keeps its content in memory: it survives the death of a simulated process, not of a real one.
// The zero MemoryJournal is empty.
type MemoryJournal struct {
	mu    sync.Mutex
	saved Saved
}

// Load returns what was saved last.
func (j *MemoryJournal) Load() (Saved, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.saved.clone(), nil
}

// Save replaces what was saved. It never fails.
func (j *MemoryJournal) Save(s Saved) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.saved = s.clone()
	return nil
}

func (s Saved) clone() Saved {
	s.Calls = slices.Clone(s.Calls)
	return s
}
