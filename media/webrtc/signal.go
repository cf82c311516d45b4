package webrtc

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/pion/ice/v4"
	pion "github.com/pion/webrtc/v4"

	"github.com/ringtrip/ringtrip/media"
)

// Bounds of what the far end may say.
const (
	maxCandidate  = 4 << 10 // bytes
	maxCandidates = 100     // between two descriptions; a machine has a dozen
	maxRebuilt    = 3       // how often a broken answer makes us begin anew
)

// Receive implements media.Session.
func (s *Session) Receive(m media.Message) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return media.ErrClosed
	case len(m.Data) > media.MaxMessage:
		return fmt.Errorf("%w: it has %d bytes, at most %d", media.ErrBadMessage, len(m.Data), media.MaxMessage)
	case s.name != "" && m.Session != s.name || s.transport.over():
		return nil
	}
	switch m.Kind {
	case media.Offer:
		return s.receiveOffer(m)
	case media.Answer:
		return s.receiveAnswer(m)
	case media.Candidate:
		return s.receiveCandidate(m.Data)
	case media.Bye:
		if s.name != "" {
			s.bye = true
			s.fail(media.ErrBye)
		}
		return nil
	default:
		return fmt.Errorf("%w: its kind is %d", media.ErrBadMessage, m.Kind)
	}
}

func (s *Session) receiveOffer(m media.Message) error {
	if s.cfg.Role == media.Offerer {
		if m.Data != "" {
			return fmt.Errorf("%w: an offer for the end that offers", media.ErrBadMessage)
		}
		if !s.described {
			return nil // the first offer is on the way
		}
		return s.restart()
	}
	if m.Data == s.offer && m.Data != "" {
		return nil // again
	}
	if err := checkSDP(m.Data); err != nil {
		return err
	}
	s.name = m.Session
	if !s.warmed {
		s.offer = m.Data
		return nil
	}
	return s.takeOffer(m.Data)
}

func (s *Session) receiveAnswer(m media.Message) error {
	if s.cfg.Role == media.Answerer {
		return fmt.Errorf("%w: an answer for the end that answers", media.ErrBadMessage)
	}
	if !s.offering || m.Data == s.accepted && m.Data != "" {
		return nil // late, or again
	}
	if err := checkSDP(m.Data); err != nil {
		return err
	}
	if err := s.pc.SetRemoteDescription(pion.SessionDescription{Type: pion.SDPTypeAnswer, SDP: m.Data}); err != nil {
		return s.refuse(err)
	}
	s.accepted, s.offering = m.Data, false
	s.meet()
	if s.again {
		s.again = false
		return s.makeOffer(true)
	}
	return nil
}

// makeOffer sends an offer at once; candidates follow as they are found. s.mu must be held.
func (s *Session) makeOffer(restart bool) error {
	s.ufrag.mu.Lock()
	offer, err := s.pc.CreateOffer(&pion.OfferOptions{ICERestart: restart})
	s.ufrag.set(offer.SDP)
	s.ufrag.mu.Unlock()
	if err != nil {
		return fmt.Errorf("making an offer: %w", err)
	}
	s.send(media.Offer, offer.SDP) // before its candidates
	s.offering = true
	if err := s.pc.SetLocalDescription(offer); err != nil {
		return fmt.Errorf("setting the offer: %w", err)
	}
	return nil
}

// restart offers anew, once the far end has answered what was offered before. s.mu must be held.
func (s *Session) restart() error {
	if s.offering {
		s.again = true
		return nil
	}
	return s.makeOffer(true)
}

// takeOffer answers. s.mu must be held.
func (s *Session) takeOffer(data string) error {
	answer, err := s.makeAnswer(data)
	if err != nil {
		return s.refuse(err)
	}
	s.offer = data
	s.send(media.Answer, answer.SDP)
	if err := s.pc.SetLocalDescription(answer); err != nil {
		return s.refuse(err)
	}
	s.meet()
	return nil
}

func (s *Session) makeAnswer(offer string) (answer pion.SessionDescription, err error) {
	s.ufrag.mu.Lock()
	defer s.ufrag.mu.Unlock()
	if err = s.pc.SetRemoteDescription(pion.SessionDescription{Type: pion.SDPTypeOffer, SDP: offer}); err != nil {
		return answer, err
	}
	if answer, err = s.pc.CreateAnswer(nil); err == nil {
		s.ufrag.set(answer.SDP)
	}
	return answer, err
}

// refuse wraps what pion did not like of a description, and puts the peer connection back to where it was:
// pion changes its state before it has seen everything. s.mu must be held.
func (s *Session) refuse(reason error) error {
	bad := fmt.Errorf("%w: %w", media.ErrBadMessage, reason)
	if s.described {
		if s.pc.SignalingState() == pion.SignalingStateHaveRemoteOffer {
			if answer, err := s.pc.CreateAnswer(nil); err == nil {
				_ = s.pc.SetLocalDescription(answer) // only to be stable again; it is not sent
			}
		}
		return bad
	}
	if s.rebuilt++; s.rebuilt > maxRebuilt && s.cfg.Role == media.Offerer {
		return bad // or two ends that don't understand each other would never rest
	}
	old := s.pc
	if err := s.connect(); err != nil {
		return errors.Join(bad, err)
	}
	s.in.run(func() { _ = old.GracefulClose() }) // nothing was ever connected by it
	if s.cfg.Role == media.Offerer {
		s.offering = false
		if err := s.makeOffer(false); err != nil {
			return errors.Join(bad, err)
		}
	}
	return bad
}

// meet takes the candidates that came before their description. s.mu must be held.
func (s *Session) meet() {
	s.described = true
	early := s.early
	s.early, s.seen = nil, nil
	for _, c := range early {
		if err := s.addCandidate(c); err != nil {
			s.log.Debug("a candidate that came early", "err", err)
		}
	}
}

func (s *Session) receiveCandidate(data string) error {
	if data == "" {
		return nil // the end of candidates: ICE gives up by its own time-out
	}
	if len(data) > maxCandidate {
		return fmt.Errorf("%w: a candidate of %d bytes, at most %d", media.ErrBadMessage, len(data), maxCandidate)
	}
	c, err := parseCandidate(data)
	switch {
	case err != nil:
		return err
	case c.Candidate == "" || s.seen[c.Candidate]:
		return nil // the end of candidates, or one again
	case len(s.seen) >= maxCandidates:
		return fmt.Errorf("%w: more than %d candidates", media.ErrBadMessage, maxCandidates)
	}
	if s.seen == nil {
		s.seen = make(map[string]bool)
	}
	s.seen[c.Candidate] = true
	if !s.described || s.foreign(c) {
		s.early = append(s.early, c)
		return nil
	}
	return s.addCandidate(c)
}

// foreign tells whether c belongs to a description that is not there yet.
func (s *Session) foreign(c pion.ICECandidateInit) bool {
	if c.UsernameFragment == nil || *c.UsernameFragment == "" {
		return false
	}
	d := s.pc.RemoteDescription()
	return d != nil && !strings.Contains(d.SDP, "a=ice-ufrag:"+*c.UsernameFragment)
}

func (s *Session) addCandidate(c pion.ICECandidateInit) error {
	if err := s.pc.AddICECandidate(c); err != nil {
		return fmt.Errorf("%w: %w", media.ErrBadMessage, err)
	}
	return nil
}

// parseCandidate reads an RTCIceCandidateInit and checks the candidate in it (RFC 8839 §5.1). An unknown
// type is no error, for new ones may come; pion leaves them out.
func parseCandidate(data string) (pion.ICECandidateInit, error) {
	var c pion.ICECandidateInit
	if err := json.Unmarshal([]byte(data), &c); err != nil {
		return c, fmt.Errorf("%w: a candidate must be JSON like {\"candidate\":\"candidate:…\",\"sdpMid\":\"0\"}: %w", media.ErrBadMessage, err)
	}
	line := strings.TrimPrefix(c.Candidate, "candidate:")
	if line == "" {
		c.Candidate = ""
		return c, nil
	}
	if strings.ContainsAny(line, "\r\n\x00") {
		return c, fmt.Errorf("%w: a candidate of several lines", media.ErrBadMessage)
	}
	_, err := ice.UnmarshalCandidate(line)
	if err != nil && !errors.Is(err, ice.ErrUnknownCandidateTyp) && !errors.Is(err, ice.ErrDetermineNetworkType) {
		return c, fmt.Errorf("%w: candidate %q: %w", media.ErrBadMessage, line, err)
	}
	return c, nil
}

// ufrag is the ICE user name of our newest description. pion begins to gather for a description before it
// returns it, so candidates wait at the lock until it is known what they belong to.
type ufrag struct {
	mu    sync.Mutex
	value string
}

func (u *ufrag) get() string {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.value
}

// set takes the user name from our description. u.mu must be held.
func (u *ufrag) set(description string) {
	_, rest, _ := strings.Cut(description, "a=ice-ufrag:")
	u.value, _, _ = strings.Cut(rest, "\r\n")
}

// trickle sends a candidate of ours.
func (s *Session) trickle(name string, c *pion.ICECandidate) {
	m := media.Message{Session: name, Kind: media.Candidate}
	if c != nil {
		init := c.ToJSON()
		if ufrag := s.ufrag.get(); ufrag != "" {
			init.UsernameFragment = &ufrag
		}
		b, err := json.Marshal(init)
		if err != nil {
			s.log.Debug("a candidate", "err", err)
			return
		}
		m.Data = string(b)
	}
	s.out.post(true, func() { s.cfg.Send(m) })
}
