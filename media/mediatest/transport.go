package mediatest

import (
	"fmt"
	"strings"

	"github.com/ringtrip/ringtrip/media"
)

const maxEarly = 64 // candidates kept while their description is not there

// makeOffer sends a new offer and a candidate. The lock must be held.
func (s *FakeSession) makeOffer() {
	s.generation++
	s.send(media.Offer, fmt.Sprintf("fake-sdp offer end=%d generation=%d", s.id, s.generation))
	s.sendCandidates()
}

func (s *FakeSession) sendCandidates() {
	s.send(media.Candidate, fmt.Sprintf(`{"candidate":"candidate:1 1 udp 1 fake %d typ host"}`, s.id))
	s.send(media.Candidate, "")
}

// Receive implements media.Session.
func (s *FakeSession) Receive(m media.Message) error {
	s.net.mu.Lock()
	defer s.net.mu.Unlock()
	switch {
	case s.closed:
		return media.ErrClosed
	case len(m.Data) > media.MaxMessage:
		return fmt.Errorf("%w: %d bytes, at most %d", media.ErrBadMessage, len(m.Data), media.MaxMessage)
	case s.name != "" && m.Session != s.name, s.failed != nil:
		return nil
	}
	switch m.Kind {
	case media.Offer:
		if s.cfg.Role == media.Offerer {
			if m.Data != "" {
				return fmt.Errorf("%w: an offer for the end that offers", media.ErrBadMessage)
			}
			if s.warmed && s.described == s.generation {
				s.makeOffer()
			}
			return nil
		}
		_, generation, err := s.parse(m.Data, "offer")
		if err != nil {
			return err
		}
		s.name = m.Session
		if !s.warmed {
			if generation > s.generation {
				s.offer, s.generation = m.Data, generation
			}
			return nil
		}
		return s.takeOffer(m.Data)
	case media.Answer:
		return s.takeAnswer(m.Data)
	case media.Candidate:
		return s.takeCandidate(m.Data)
	case media.Bye:
		if s.name != "" {
			s.bye = true
			s.fail(media.ErrBye)
		}
		return nil
	default:
		return fmt.Errorf("%w: unknown kind %d", media.ErrBadMessage, m.Kind)
	}
}

// parse reads a fake description.
func (s *FakeSession) parse(data, kind string) (end *FakeSession, generation int, err error) {
	var id int
	if _, err := fmt.Sscanf(data, "fake-sdp "+kind+" end=%d generation=%d", &id, &generation); err != nil || id < 1 || generation < 1 {
		return nil, 0, fmt.Errorf("%w: not a fake %s", media.ErrBadMessage, kind)
	}
	// An end that is closed by now is not found: its messages are late, and nothing will connect.
	return s.net.ends[id], generation, nil
}

func (s *FakeSession) takeOffer(data string) error {
	peer, generation, err := s.parse(data, "offer")
	if err != nil || generation <= s.described {
		return err // bad, or an old one again
	}
	s.meet(peer, generation)
	s.generation = generation
	s.send(media.Answer, fmt.Sprintf("fake-sdp answer end=%d generation=%d", s.id, generation))
	s.sendCandidates()
	s.update()
	return nil
}

func (s *FakeSession) takeAnswer(data string) error {
	peer, generation, err := s.parse(data, "answer")
	if err != nil {
		return err
	}
	if s.cfg.Role == media.Answerer {
		return fmt.Errorf("%w: an answer for the end that answers", media.ErrBadMessage)
	}
	if generation != s.generation || generation <= s.described {
		return nil // of an older offer, or the same again
	}
	s.meet(peer, generation)
	s.update()
	return nil
}

// meet notes the far end and takes the candidates that came before its description.
func (s *FakeSession) meet(peer *FakeSession, generation int) {
	s.peer, s.described = peer, generation
	s.moved = false
	s.candidates += len(s.early)
	s.early = nil
}

func (s *FakeSession) takeCandidate(data string) error {
	if data == "" {
		return nil
	}
	if !strings.HasPrefix(data, "{") || !strings.Contains(data, `"candidate:`) || !strings.Contains(data, " typ ") {
		return fmt.Errorf("%w: not a candidate", media.ErrBadMessage)
	}
	if s.described == 0 {
		if len(s.early) < maxEarly {
			s.early = append(s.early, data)
		}
		return nil
	}
	s.candidates++
	s.update()
	return nil
}

// linked tells whether both ends know each other. While an ICE restart is on its way their generations
// differ, and the old path still serves.
func (s *FakeSession) linked() bool {
	p := s.peer
	return p != nil && p.peer == s && s.described > 0 && p.described > 0 && s.candidates+p.candidates > 0
}

// reachable tells whether the network between both ends is there.
func (s *FakeSession) reachable() bool {
	return !s.closed && s.failed == nil && !s.moved && !s.fake.lost
}

// update follows a change at s: it lets both ends connect, disconnect, hear and fall silent as the facts
// now say. The lock must be held.
func (s *FakeSession) update() {
	if p := s.peer; p != nil && p.peer == s {
		want := s.linked() && s.reachable() && p.reachable()
		s.settle(want)
		p.settle(want)
		p.listen()
	}
	s.listen()
}

// settle moves s towards being connected, or not.
func (s *FakeSession) settle(want bool) {
	switch {
	case s.closed || s.failed != nil:
		s.up = false
	case want && !s.up && !s.waiting:
		s.waiting, s.failing = true, false
		s.connecting++
		try := s.connecting
		s.after(s.fake.cfg.ConnectDelay, func() {
			if try == s.connecting && s.waiting {
				s.waiting, s.up = false, true
				s.notify(media.Event{Kind: media.Connected})
				s.update()
			}
		})
	case !want && (s.up || s.waiting || s.linked() && !s.failing):
		if s.up {
			s.notify(media.Event{Kind: media.Disconnected})
		}
		s.up, s.waiting, s.failing = false, false, true
		s.connecting++
		try := s.connecting
		s.after(s.fake.cfg.FailAfter, func() {
			if try == s.connecting && s.failing {
				s.fail(ErrTransportLost)
			}
		})
	}
}

// fail ends the session's transport for good. The lock must be held.
func (s *FakeSession) fail(err error) {
	if s.closed || s.failed != nil {
		return
	}
	s.failed = err
	s.notify(media.Event{Kind: media.Failed, Err: err})
	s.update()
}

// listen notes what is heard now, and tells of the first sound since StartAudio.
func (s *FakeSession) listen() {
	sound := ""
	if p := s.peer; p != nil && p.peer == s && s.up && p.up && s.audio && !s.held && p.audio && !p.held && !p.muted {
		sound = p.fake.cfg.Content
	}
	if sound == s.hearing {
		return
	}
	s.hearing = sound
	if sound == "" {
		return
	}
	s.heard = append(s.heard, sound)
	if s.first {
		return
	}
	epoch := s.epoch
	s.after(s.fake.cfg.SoundDelay, func() {
		if !s.first && s.epoch == epoch && s.hearing != "" {
			s.first = true
			s.notify(media.Event{Kind: media.FirstMedia})
		}
	})
}
