package mediatest

import (
	"fmt"
	"strings"
	"time"

	"github.com/ringtrip/ringtrip/media"
)

// A FakeSession is one session of a [Fake]. Its state is guarded by the Net's lock.
type FakeSession struct {
	fake *Fake
	net  *Net
	cfg  media.Config
	out  outbox
	id   int    // the end's number on the Net, 0 until it said something
	name string // the session's name, empty until known

	prepared, warmed, audio, muted, held bool
	closed, bye                          bool
	failed                               error

	offer      string // an answerer's, received before Warm
	generation int    // of the newest description sent (answerer: answered)
	described  int    // generation of the newest remote description, 0 while there is none
	candidates int    // of the far end, received
	early      []string
	peer       *FakeSession

	moved      bool
	up         bool
	connecting int // counts attempts to connect or fail, so that an outdated timer does nothing
	waiting    bool
	failing    bool

	epoch   int // counts StartAudio
	hearing string
	heard   []string
	first   bool // FirstMedia was told in this epoch
}

var _ media.Session = (*FakeSession)(nil)

// CallID returns the call's ID.
func (s *FakeSession) CallID() string { return s.cfg.CallID }

// Hears returns what is heard now: the far end's content, or "" for silence.
func (s *FakeSession) Hears() string {
	s.net.mu.Lock()
	defer s.net.mu.Unlock()
	return s.hearing
}

// Heard returns everything that was heard so far, in order, each stretch of sound once.
func (s *FakeSession) Heard() []string {
	s.net.mu.Lock()
	defer s.net.mu.Unlock()
	return append([]string(nil), s.heard...)
}

// Connected tells whether the transport is up.
func (s *FakeSession) Connected() bool {
	s.net.mu.Lock()
	defer s.net.mu.Unlock()
	return s.up
}

// AudioRunning tells whether audio is started: it must be false whenever the system does not lend the
// audio session.
func (s *FakeSession) AudioRunning() bool {
	s.net.mu.Lock()
	defer s.net.mu.Unlock()
	return s.audio
}

// Closed tells whether the session was closed.
func (s *FakeSession) Closed() bool {
	s.net.mu.Lock()
	defer s.net.mu.Unlock()
	return s.closed
}

// Fail makes the session fail now, with err.
func (s *FakeSession) Fail(err error) {
	s.net.mu.Lock()
	defer s.net.mu.Unlock()
	s.fail(err)
}

// Prepare implements media.Session.
func (s *FakeSession) Prepare() error {
	s.net.mu.Lock()
	defer s.net.mu.Unlock()
	if s.closed {
		return media.ErrClosed
	}
	s.prepared = true
	return nil
}

// Warm implements media.Session.
func (s *FakeSession) Warm() error {
	s.net.mu.Lock()
	defer s.net.mu.Unlock()
	if s.closed {
		return media.ErrClosed
	}
	if s.warmed || s.failed != nil {
		return nil
	}
	s.warmed = true
	s.net.add(s)
	if s.cfg.Role == media.Offerer {
		s.makeOffer()
	} else if s.offer != "" {
		return s.takeOffer(s.offer)
	}
	return nil
}

// StartAudio implements media.Session.
func (s *FakeSession) StartAudio() error {
	allowed := s.fake.cfg.Allowed == nil || s.fake.cfg.Allowed()
	s.net.mu.Lock()
	defer s.net.mu.Unlock()
	switch {
	case s.closed:
		return media.ErrClosed
	case !s.prepared:
		s.fake.violate(s, "StartAudio before Prepare")
		return media.ErrNotPrepared
	case !allowed:
		s.fake.violate(s, "StartAudio outside of didActivate … didDeactivate")
		return ErrAudioNotAllowed
	case s.audio:
		return nil
	}
	s.audio, s.first = true, false
	s.epoch++
	s.update()
	return nil
}

// StopAudio implements media.Session.
func (s *FakeSession) StopAudio() { s.set(func() { s.audio = false }) }

// SetMuted implements media.Session.
func (s *FakeSession) SetMuted(muted bool) { s.set(func() { s.muted = muted }) }

// SetHeld implements media.Session.
func (s *FakeSession) SetHeld(held bool) { s.set(func() { s.held = held }) }

func (s *FakeSession) set(change func()) {
	s.net.mu.Lock()
	defer s.net.mu.Unlock()
	change()
	s.update()
}

// PlayDTMF implements media.Session. A digit takes 100 ms and the gap after it 50 ms, as in RFC 4733's
// examples; a digit that comes up while the transport is lost is lost, too.
func (s *FakeSession) PlayDTMF(digits string) error {
	s.net.mu.Lock()
	defer s.net.mu.Unlock()
	switch {
	case s.closed:
		return media.ErrClosed
	case digits == "" || len(digits) > 128 || strings.Trim(digits, "0123456789*#ABCDabcd,") != "":
		return fmt.Errorf("mediatest: playing DTMF %.40q: there must be 1 to 128 of 0-9 * # A-D and ','", digits)
	case !s.up || s.held:
		return media.ErrNotConnected
	}
	at := time.Duration(0)
	for _, digit := range []byte(strings.ToUpper(digits)) {
		if digit == ',' {
			at += 2 * time.Second
			continue
		}
		s.after(at+s.fake.cfg.SoundDelay, func() {
			if s.up && !s.held && !s.peer.held {
				s.peer.notify(media.Event{Kind: media.DTMF, Digit: digit})
			}
		})
		at += 150 * time.Millisecond
	}
	return nil
}

// Restart implements media.Session.
func (s *FakeSession) Restart() error {
	s.net.mu.Lock()
	defer s.net.mu.Unlock()
	switch {
	case s.closed:
		return media.ErrClosed
	case !s.warmed || s.described == 0 || s.failed != nil: // nothing to restart
	case s.cfg.Role == media.Offerer:
		s.makeOffer()
	default:
		s.send(media.Offer, "")
	}
	return nil
}

// Stats implements media.Session, without counters.
func (s *FakeSession) Stats() media.Stats {
	s.net.mu.Lock()
	defer s.net.mu.Unlock()
	var st media.Stats
	if s.up {
		st.LocalCandidate = fmt.Sprintf("fake end %d", s.id)
		st.RemoteCandidate = fmt.Sprintf("fake end %d", s.peer.id)
		st.RoundTrip = 2 * time.Millisecond
	}
	if s.hearing != "" {
		st.AudioLevel = 0.1
	}
	return st
}

// Close implements media.Session.
func (s *FakeSession) Close() error {
	s.net.mu.Lock()
	if s.closed {
		s.net.mu.Unlock()
		return nil
	}
	s.closed, s.audio = true, false
	delete(s.net.ends, s.id)
	s.update()
	if s.id != 0 && s.name != "" && !s.bye {
		s.send(media.Bye, "")
	}
	s.net.mu.Unlock()
	if !s.out.close() {
		s.net.mu.Lock()
		s.fake.violate(s, "Close from within Notify or Send")
		s.net.mu.Unlock()
	}
	return nil
}

// after runs f with the Net's lock held, d from now, unless the session was closed. The lock must be held.
func (s *FakeSession) after(d time.Duration, f func()) {
	s.fake.cfg.AfterFunc(d, func() {
		s.net.mu.Lock()
		defer s.net.mu.Unlock()
		if !s.closed {
			f()
		}
	})
}

// notify tells e, later. The lock must be held.
func (s *FakeSession) notify(e media.Event) {
	s.out.post(s.fake.cfg.AfterFunc, false, func() { s.cfg.Notify(e) })
}

// send sends a message, later. The lock must be held.
func (s *FakeSession) send(kind media.MessageKind, data string) {
	m := media.Message{Session: s.name, Kind: kind, Data: data}
	s.out.post(s.fake.cfg.AfterFunc, true, func() { s.cfg.Send(m) })
}
