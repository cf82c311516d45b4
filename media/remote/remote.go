// Package remote is media whose SDK is on the other side of a border that functions can't cross, as a media SDK in
// Swift behind an engine in Go. A [Factory] makes sessions that are numbers on the other side; every method of
// [media.Session] is one command, and what the SDK has to say comes back as events.
//
// It refuses to judge: phases in the wrong order are the SDK's to refuse, and the answer carries its words back.
package remote

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/ringtrip/ringtrip/media"
)

// Op says what a command asks of the SDK, or what an event tells.
type Op string

// Commands.
const (
	New        Op = "new" // Call, Name, Role, Credentials
	Prepare    Op = "prepare"
	Warm       Op = "warm"
	Receive    Op = "receive" // Kind, Name, Data
	StartAudio Op = "startAudio"
	StopAudio  Op = "stopAudio"
	SetMuted   Op = "setMuted" // On
	SetHeld    Op = "setHeld"  // On
	PlayDTMF   Op = "playDTMF" // Data
	Restart    Op = "restart"
	Stats      Op = "stats" // the answer has Stats
	Mix        Op = "mix"   // Name: the group; empty: out of its group
	Renew      Op = "renew" // Credentials, which are good for longer
	Close      Op = "close"
)

// Events.
const (
	Send   Op = "send"   // Kind, Name, Data: a message for the far end
	Notify Op = "notify" // Event, Data: the digit of a DTMF, Error: of a Failed
)

// Message is a command, an event, or the answer to either. Absent is zero.
type Message struct {
	Op          Op                `json:"op,omitempty"`
	Session     int               `json:"session,omitempty"`
	Call        string            `json:"call,omitempty"` // UUID, for logs
	Name        string            `json:"name,omitempty"` // of the session between its two ends
	Role        media.Role        `json:"role,omitempty"` // 1 answerer, 2 offerer
	Credentials []byte            `json:"credentials,omitempty"`
	Kind        media.MessageKind `json:"kind,omitempty"` // 1 offer, 2 answer, 3 candidate, 4 bye
	Data        string            `json:"data,omitempty"`
	On          bool              `json:"on,omitempty"`
	Event       media.EventKind   `json:"event,omitempty"` // 1 connected, 2 disconnected, 3 failed, 4 first media, 5 DTMF
	Stats       *Counters         `json:"stats,omitempty"`
	Error       string            `json:"error,omitempty"`
	Code        string            `json:"code,omitempty"` // of the error, where package media has one: closed, notPrepared, badMessage, notConnected, bye
}

// Counters is [media.Stats].
type Counters struct {
	PacketsSent     uint64  `json:"packetsSent"`
	PacketsReceived uint64  `json:"packetsReceived"`
	PacketsLost     uint64  `json:"packetsLost"`
	BytesSent       uint64  `json:"bytesSent"`
	BytesReceived   uint64  `json:"bytesReceived"`
	JitterMillis    float64 `json:"jitterMillis"`
	RoundTripMillis float64 `json:"roundTripMillis"`
	LocalCandidate  string  `json:"localCandidate,omitempty"`
	RemoteCandidate string  `json:"remoteCandidate,omitempty"`
	AudioLevel      float64 `json:"audioLevel"` // 0 silence to 1 full scale
}

// A Factory makes sessions on the other side. It is safe for concurrent use.
type Factory struct {
	// Later runs what must not run from within a session's method, soon and in order; nil is a goroutine for each. It may
	// be set before the first session is made. What it drops, as a main queue does whose process ends, Close makes up for.
	Later func(func())

	send func(Message) Message

	mu       sync.Mutex
	next     int
	sessions map[int]*session
}

var (
	_ media.Factory = (*Factory)(nil)
	_ media.Renewer = (*session)(nil)
)

// NewFactory returns a factory whose commands are carried by send, which is called from any goroutine and returns
// when the other side has done what it does at once.
func NewFactory(send func(Message) Message) *Factory {
	return &Factory{send: send, sessions: make(map[int]*session)}
}

// New is part of [media.Factory].
func (f *Factory) New(c media.Config) (media.Session, error) {
	switch {
	case c.Send == nil || c.Notify == nil:
		return nil, errors.New("media/remote: Config.Send or Config.Notify is nil")
	case c.Role != media.Answerer && c.Role != media.Offerer:
		return nil, fmt.Errorf("media/remote: Config.Role is %d; it must be Answerer or Offerer", c.Role)
	case c.Role == media.Offerer && c.Session == "":
		return nil, errors.New("media/remote: Config.Session is empty; the offerer names the session")
	}
	s := &session{f: f, cfg: c, over: make(chan struct{})}
	f.mu.Lock()
	f.next++
	s.number = f.next
	f.sessions[s.number] = s
	f.mu.Unlock()
	if err := s.do(Message{Op: New, Call: c.CallID, Name: c.Session, Role: c.Role, Credentials: c.Credentials}); err != nil {
		_ = s.Close()
		return nil, err
	}
	return s, nil
}

// A Mixer is a [Factory] whose SDK can mix sessions on the device.
type Mixer struct{ *Factory }

var _ media.Mixer = Mixer{}

// Mix is part of [media.Mixer].
func (m Mixer) Mix(s media.Session, group string) error {
	own, ok := s.(*session)
	if !ok || own.f != m.Factory {
		return errors.New("media/remote: the session is another factory's")
	}
	return own.do(Message{Op: Mix, Name: group})
}

// Event takes what an SDK tells. The answer has an error if there is no such session, or if it tells faster than it
// is heard.
func (f *Factory) Event(m Message) Message {
	f.mu.Lock()
	s := f.sessions[m.Session]
	f.mu.Unlock()
	if s == nil {
		return Message{Error: fmt.Sprintf("media/remote: there is no session %d", m.Session)}
	}
	return s.event(m)
}

// maxWaiting bounds how many events of a session wait to be handed on.
const maxWaiting = 64

// session is a [media.Session] on the other side.
//
// What the SDK tells is handed on by whoever tells it, so that a virtual clock stays in charge, one at a time and in
// order; what it tells from within one of the session's methods is handed on later (see [media.Config]).
type session struct {
	f      *Factory
	number int
	cfg    media.Config

	mu      sync.Mutex
	waiting []Message     // told, not handed on yet
	inside  int           // methods that have not returned
	later   bool          // somebody will hand on
	handing bool          // somebody hands on
	idle    chan struct{} // closed when nobody hands on any more; nil if nobody waits for that
	closing bool          // only what is to be sent is handed on, by Close
	closed  bool
	over    chan struct{} // closed when Close has done all
}

func (s *session) event(m Message) Message {
	s.mu.Lock()
	switch {
	case s.closed:
		s.mu.Unlock()
		return Message{Error: media.ErrClosed.Error()}
	case len(s.waiting) >= maxWaiting:
		s.mu.Unlock()
		return Message{Error: fmt.Sprintf("media/remote: session %d: more than %d events wait", m.Session, maxWaiting)}
	}
	s.waiting = append(s.waiting, m)
	if s.later || s.handing || s.closing {
		s.mu.Unlock()
		return Message{}
	}
	if s.inside == 0 {
		s.handing = true
		s.mu.Unlock()
		s.handOn()
		return Message{}
	}
	s.later = true
	s.mu.Unlock()
	if later := s.f.Later; later != nil {
		later(s.handOnLater)
	} else {
		go s.handOnLater()
	}
	return Message{}
}

// handOnLater begins to hand on, unless Close came first.
func (s *session) handOnLater() {
	s.mu.Lock()
	s.later = false
	if s.closing {
		s.mu.Unlock()
		return
	}
	s.handing = true
	s.mu.Unlock()
	s.handOn()
}

// handOn hands on what waits, until nothing does or the session is being closed.
func (s *session) handOn() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.waiting) > 0 && !s.closing {
		m := s.waiting[0]
		s.waiting = s.waiting[1:]
		s.mu.Unlock()
		s.one(m)
		s.mu.Lock()
	}
	s.handing = false
	if s.idle != nil {
		close(s.idle)
		s.idle = nil
	}
}

func (s *session) one(m Message) {
	switch m.Op {
	case Send:
		s.cfg.Send(media.Message{Session: m.Name, Kind: m.Kind, Data: m.Data})
	case Notify:
		e := media.Event{Kind: m.Event, Err: m.err()}
		if m.Data != "" {
			e.Digit = m.Data[0]
		}
		s.cfg.Notify(e)
	}
}

// enter begins a method; false if the session is closed.
func (s *session) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return false
	}
	s.inside++
	return true
}

func (s *session) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inside--
}

func (s *session) do(m Message) error {
	if !s.enter() {
		return media.ErrClosed
	}
	defer s.leave()
	m.Session = s.number
	return s.f.send(m).err()
}

// Prepare is part of [media.Session].
func (s *session) Prepare() error { return s.do(Message{Op: Prepare}) }

// Warm is part of [media.Session].
func (s *session) Warm() error { return s.do(Message{Op: Warm}) }

// Receive is part of [media.Session].
func (s *session) Receive(m media.Message) error {
	if len(m.Data) > media.MaxMessage {
		return fmt.Errorf("%w: %d bytes, at most %d", media.ErrBadMessage, len(m.Data), media.MaxMessage)
	}
	return s.do(Message{Op: Receive, Name: m.Session, Kind: m.Kind, Data: m.Data})
}

// StartAudio is part of [media.Session].
func (s *session) StartAudio() error { return s.do(Message{Op: StartAudio}) }

// StopAudio is part of [media.Session].
func (s *session) StopAudio() { _ = s.do(Message{Op: StopAudio}) }

// SetMuted is part of [media.Session].
func (s *session) SetMuted(on bool) { _ = s.do(Message{Op: SetMuted, On: on}) }

// SetHeld is part of [media.Session].
func (s *session) SetHeld(on bool) { _ = s.do(Message{Op: SetHeld, On: on}) }

// PlayDTMF is part of [media.Session].
func (s *session) PlayDTMF(digits string) error { return s.do(Message{Op: PlayDTMF, Data: digits}) }

// Restart is part of [media.Session].
func (s *session) Restart() error { return s.do(Message{Op: Restart}) }

// Stats is part of [media.Session].
func (s *session) Stats() media.Stats {
	if !s.enter() {
		return media.Stats{}
	}
	defer s.leave()
	c := s.f.send(Message{Op: Stats, Session: s.number}).Stats
	if c == nil {
		return media.Stats{}
	}
	return media.Stats{
		PacketsSent: c.PacketsSent, PacketsReceived: c.PacketsReceived, PacketsLost: c.PacketsLost,
		BytesSent: c.BytesSent, BytesReceived: c.BytesReceived,
		Jitter:         time.Duration(c.JitterMillis * float64(time.Millisecond)),
		RoundTrip:      time.Duration(c.RoundTripMillis * float64(time.Millisecond)),
		LocalCandidate: c.LocalCandidate, RemoteCandidate: c.RemoteCandidate, AudioLevel: c.AudioLevel,
	}
}

// Renew is part of [media.Renewer]: an SDK that needs no new credentials takes them and does nothing.
func (s *session) Renew(credentials []byte) error {
	return s.do(Message{Op: Renew, Credentials: credentials})
}

// Close is part of [media.Session].
func (s *session) Close() error {
	s.mu.Lock()
	if s.closing {
		s.mu.Unlock()
		<-s.over
		return nil
	}
	s.closing = true
	defer close(s.over)
	var idle chan struct{}
	if s.handing {
		s.idle = make(chan struct{})
		idle = s.idle
	}
	s.mu.Unlock()
	if idle != nil {
		<-idle
	}
	err := s.f.send(Message{Op: Close, Session: s.number}).err()
	s.mu.Lock()
	s.closed = true
	last := s.waiting
	s.waiting = nil
	s.mu.Unlock()
	for _, m := range last {
		if m.Op == Send { // what the SDK said before it closed, as its Bye
			s.one(m)
		}
	}
	s.f.mu.Lock()
	defer s.f.mu.Unlock()
	delete(s.f.sessions, s.number)
	return err
}
