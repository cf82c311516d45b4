package phone

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/media"
	"github.com/ringtrip/ringtrip/signaling"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// maxSessions bounds how many devices of the callee a caller has media sessions with.
const maxSessions = 16

// A session is one media session of a line: the callee has one, which offers; the caller has one for each of the
// callee's devices that offered, and keeps that of the device which answers. Of a call with a carrier each side has one,
// with the carrier, and nothing is offered; calls in one room of it share one (see [room]). Its state is guarded by the
// Phone's lock.
type session struct {
	media.Session
	line   *line
	device string // caller: the callee's device at its other end
	name   string
	state  call.Transport
	won    bool // its transport is the call's: see the package comment of call
	closed bool
	spoke  bool // something was sent

	renewal renewal
}

// warm makes the callee's session, as soon as the machine wants it and the server has said with what credentials.
// It offers at once, so that the transport is up when the user answers. The caller waits for offers. With a carrier each
// side's session begins by itself, once there are credentials: for some carriers that is after the answer. The lock must
// be held.
func (p *Phone) warm(l *line) {
	if !l.state.Live() || l.truth.GetMoving() {
		return // it is over, and CloseMedia on its way; or the far end has its session with the device that has the call
	}
	if !l.warm || l.truth == nil || !l.offers() || len(l.sessions) > 0 || l.carried() && len(l.truth.GetMediaCredentials()) == 0 {
		return
	}
	p.sessions++
	s := p.open(l, media.Offerer, "", fmt.Sprintf("%s-%s-%d", p.cfg.DeviceID, p.born, p.sessions))
	if s == nil {
		p.tell(l, call.Event{Kind: call.MediaGone})
		return
	}
	s.won = true
	if l.audio { // the far end moved during the call
		p.startAudio(l)
	}
}

// carried reports whether a carrier has the call's media, as far as the server has said.
func (l *line) carried() bool { return l.truth.GetCarrier() != "" }

// offers reports whether this side begins the media: with a carrier both do; else the callee does, also on a device that the call moved to and for whose
// system it is an outgoing one. It is known once the server has said who we are.
func (l *line) offers() bool {
	if l.carried() {
		return true
	}
	if l.moved || l.offered != 0 {
		return l.truth.GetRole() == v1.Role_ROLE_CALLEE
	}
	return !l.state.Outgoing
}

// callerMoved makes the callee's session anew if the caller goes on with the answered call on another device than before.
// Until that is connected the call is as if its transport were lost. The lock must be held.
func (p *Phone) callerMoved(l *line, before *v1.Call) {
	if was := before.GetCallerDevice(); was == "" || was == l.truth.GetCallerDevice() || !l.offers() || l.carried() || !l.state.Answered() {
		return // with a carrier its own session has nothing to do with the far end's
	}
	p.closeSessions(l, nil)
	p.tell(l, call.Event{Kind: call.MediaDown})
}

// open makes, prepares and warms a session; nil if the media SDK refuses.
func (p *Phone) open(l *line, role media.Role, device, name string) *session {
	s := &session{line: l, device: device, name: name, state: call.Warming}
	cfg := media.Config{
		CallID: l.id.String(), Session: name, Role: role, Group: l.truth.GetGroup(), Credentials: l.truth.GetMediaCredentials(),
		Send:   func(m media.Message) { p.sendMedia(s, m) },
		Notify: func(e media.Event) { p.post(func() { p.notified(s, e) }) },
	}
	if room := l.truth.GetMediaRoom(); l.carried() && room != "" {
		cfg.Room = l.truth.GetCarrier() + "/" + room
	}
	until := time.Time{}
	if l.truth.GetMediaUntil() != nil {
		until = when(l.truth.MediaUntil)
	}
	muted, held := l.state.Muted, l.state.Held
	l.sessions = append(l.sessions, s)
	var made media.Session
	var err error
	p.outside(func() {
		if cfg.Room != "" {
			made, err = p.rooms.sit(p.cfg.Media, cfg, until, p.main.Async)
		} else {
			made, err = p.cfg.Media.New(cfg)
		}
		if err != nil {
			return
		}
		made.SetMuted(muted)
		made.SetHeld(held)
		err = errors.Join(made.Prepare(), made.Warm())
	})
	s.Session = made
	if err != nil {
		p.log.Error("making a media session", "call", l.id, "device", device, "err", err)
	}
	if err != nil || s.closed || p.closed {
		p.closeSession(s)
		return nil
	}
	if mixer, ok := p.cfg.Media.(media.Mixer); ok && l.group != 0 {
		p.mix(mixer, l)
	}
	if in, ok := made.(*seat); ok { // whose credentials may be those of another call
		_, until = in.renewer()
	}
	p.planRenewal(s, until)
	return s
}

// sendMedia passes a message of a session on. It runs on the session's goroutine.
func (p *Phone) sendMedia(s *session, m media.Message) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || s.line.carried() || s.closed && (m.Kind != media.Bye || !s.spoke) {
		return // nothing to say, or nobody who would know what about
	}
	s.spoke = true
	l := s.line
	p.requests++
	req := &v1.SendMediaRequest{Message: &v1.MediaMessage{
		CallId: l.id.String(), FromDevice: p.cfg.DeviceID, ToDevice: s.device,
		Session: m.Session, Kind: v1.MediaKind(m.Kind), Data: m.Data,
	}}
	token := l.token
	p.outside(func() {
		p.conn.Send(req, signaling.SendOptions{Token: token}, func(r signaling.Result) {
			p.post(func() {
				p.requests--
				if r.Err != nil && !s.closed {
					p.log.Warn("a media message did not get through", "call", l.id, "kind", m.Kind, "err", r.Err)
				}
			})
		})
	})
}

// receive takes a message of the far end's session.
func (p *Phone) receive(m *v1.MediaMessage) {
	id, err := callkit.ParseUUID(m.GetCallId())
	if err != nil {
		return
	}
	l := p.find(id)
	if l == nil || !l.state.Live() || l.carried() {
		return
	}
	s := l.sessionOf(m)
	if s == nil {
		if s = p.invited(l, m); s == nil {
			return
		}
	}
	p.outside(func() {
		err = s.Receive(media.Message{Session: m.Session, Kind: media.MessageKind(m.Kind), Data: m.Data})
	})
	if err != nil && !errors.Is(err, media.ErrClosed) {
		p.log.Warn("media of the far end was refused", "call", l.id, "device", m.FromDevice, "err", err)
	}
}

func (l *line) sessionOf(m *v1.MediaMessage) *session {
	for _, s := range l.sessions {
		if s.Session != nil && s.name == m.Session && (s.device == "" || s.device == m.FromDevice) {
			return s
		}
	}
	return nil
}

// invited returns a new session for an offer of one of the callee's devices, nil if there is to be none.
func (p *Phone) invited(l *line, m *v1.MediaMessage) *session {
	if !l.warm || l.offers() || m.Session == "" || m.FromDevice == "" || m.Data == "" {
		return nil
	}
	if kind := m.Kind; kind != v1.MediaKind_MEDIA_KIND_OFFER && kind != v1.MediaKind_MEDIA_KIND_CANDIDATE {
		return nil
	}
	if winner := l.truth.GetAnsweredBy(); winner != "" && winner != m.FromDevice {
		return nil
	}
	p.closeSessions(l, func(s *session) bool { return s.device != m.FromDevice })
	if len(l.sessions) >= maxSessions {
		return nil
	}
	s := p.open(l, media.Answerer, m.FromDevice, m.Session)
	p.crown(l)
	return s
}

// crown makes the session of the device that answered the call's own and closes the others. The lock must be held.
func (p *Phone) crown(l *line) {
	winner := l.truth.GetAnsweredBy()
	if l.offers() || winner == "" || !l.state.Answered() {
		return
	}
	moved := slices.ContainsFunc(l.sessions, func(s *session) bool { return s.won && s.device != winner })
	p.closeSessions(l, func(s *session) bool { return s.device == winner })
	if moved { // the callee goes on on another device, which is about to offer
		p.tell(l, call.Event{Kind: call.MediaDown})
	}
	for _, s := range l.sessions {
		if s.won || s.Session == nil {
			continue
		}
		s.won = true
		if l.audio {
			p.startAudio(l)
		}
		if s.state == call.Up {
			p.tell(l, call.Event{Kind: call.MediaUp})
		}
	}
}

// notified hears what happened to a session. Only the call's own session is news to the machine.
func (p *Phone) notified(s *session, e media.Event) {
	l := s.line
	if s.closed {
		return
	}
	var news call.EventKind
	switch e.Kind {
	case media.Connected:
		s.state, news = call.Up, call.MediaUp
		p.ack(l, true, v1.Stage_STAGE_MEDIA_CONNECTED)
	case media.Disconnected:
		s.state, news = call.Lost, call.MediaDown
	case media.Failed:
		p.failed(s, e.Err)
		return
	case media.FirstMedia:
		p.ack(l, true, v1.Stage_STAGE_FIRST_MEDIA)
	case media.DTMF:
		p.log.Info("the far end pressed a key", "call", l.id, "key", string(rune(e.Digit)))
	}
	if s.won && news != 0 {
		p.tell(l, call.Event{Kind: news})
	}
}

// failed hears that a session's transport will not come back. A proper Bye is no failure of the call: who hung up,
// its own signaling says, and if that never comes, the machine's patience runs out.
func (p *Phone) failed(s *session, err error) {
	l := s.line
	p.log.Info("media is gone", "call", l.id, "device", s.device, "err", err)
	switch {
	case !s.won:
		p.then(func() { p.closeSession(s) }) // the device may offer again
	case errors.Is(err, media.ErrBye) && l.state.Answered():
		p.tell(l, call.Event{Kind: call.MediaDown})
	default:
		p.tell(l, call.Event{Kind: call.MediaGone})
	}
}

func (p *Phone) startAudio(l *line) {
	p.ack(l, true, v1.Stage_STAGE_AUDIO_ACTIVE)
	p.ownSession(l, func(s *session) {
		if err := s.StartAudio(); err != nil {
			p.log.Error("starting audio", "call", l.id, "err", err)
		}
	})
}

func (p *Phone) playDTMF(l *line, a callkit.Action) {
	play, ok := a.(*callkit.PlayDTMFCallAction)
	if !ok {
		return
	}
	digits := strings.ReplaceAll(play.Digits, ";", "") // a hard pause waits for the user, who then goes on
	if digits == "" {
		return
	}
	p.ownSession(l, func(s *session) {
		if err := s.PlayDTMF(digits); err != nil {
			p.log.Warn("playing DTMF", "call", l.id, "err", err)
		}
	})
}

// everySession runs f, outside, for each open session of l.
func (p *Phone) everySession(l *line, f func(*session)) {
	for _, s := range slices.Clone(l.sessions) {
		if s.Session != nil && !s.closed {
			p.outside(func() { f(s) })
		}
	}
}

// ownSession runs f, outside, for the session that carries the call, if there is one.
func (p *Phone) ownSession(l *line, f func(*session)) {
	for _, s := range slices.Clone(l.sessions) {
		if s.won && s.Session != nil && !s.closed {
			p.outside(func() { f(s) })
		}
	}
}

// closeSessions closes the sessions of l except those that keep says; nil keeps none.
func (p *Phone) closeSessions(l *line, keep func(*session) bool) {
	for _, s := range slices.Clone(l.sessions) {
		if keep == nil || !keep(s) {
			p.closeSession(s)
		}
	}
}

func (p *Phone) closeSession(s *session) {
	l := s.line
	s.closed = true
	s.stopRenewal()
	l.sessions = slices.DeleteFunc(l.sessions, func(other *session) bool { return other == s })
	if s.Session == nil {
		return
	}
	p.outside(func() {
		if err := s.Close(); err != nil {
			p.log.Warn("closing media", "call", l.id, "err", err)
		}
	})
}
