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
	send func(Message) Message

	mu       sync.Mutex
	next     int
	sessions map[int]*session
}

var _ media.Factory = (*Factory)(nil)

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
	s := &session{f: f, cfg: c, events: make(chan Message, 64), done: make(chan struct{}), stopped: make(chan struct{})}
	f.mu.Lock()
	f.next++
	s.number = f.next
	f.sessions[s.number] = s
	f.mu.Unlock()
	go s.tell()
	if err := s.do(Message{Op: New, Call: c.CallID, Name: c.Session, Role: c.Role, Credentials: c.Credentials}); err != nil {
		_ = s.Close()
		return nil, err
	}
	return s, nil
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
	select {
	case s.events <- m:
		return Message{}
	case <-s.done:
		return Message{Error: media.ErrClosed.Error()}
	default:
		return Message{Error: fmt.Sprintf("media/remote: session %d: more than %d events wait", m.Session, cap(s.events))}
	}
}

// session is a [media.Session] on the other side.
type session struct {
	f       *Factory
	number  int
	cfg     media.Config
	events  chan Message
	once    sync.Once
	done    chan struct{} // closed by Close
	stopped chan struct{} // closed when nothing is told any more
}

// tell hands events on from one goroutine, in order, never from within a method (see [media.Config]).
func (s *session) tell() {
	defer close(s.stopped)
	for {
		select {
		case m := <-s.events:
			select {
			case <-s.done:
			default:
				s.one(m)
				continue
			}
			s.last(m)
			return
		case <-s.done:
			s.last(Message{})
			return
		}
	}
}

// last sends what the SDK said before it closed, as its Bye, and tells nothing else.
func (s *session) last(m Message) {
	for {
		if m.Op == Send {
			s.one(m)
		}
		select {
		case m = <-s.events:
		default:
			return
		}
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

func (s *session) do(m Message) error {
	select {
	case <-s.done:
		return media.ErrClosed
	default:
	}
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
	select {
	case <-s.done:
		return media.Stats{}
	default:
	}
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

// Close is part of [media.Session].
func (s *session) Close() error {
	var err error
	s.once.Do(func() {
		err = s.f.send(Message{Op: Close, Session: s.number}).err()
		close(s.done)
		<-s.stopped
		s.f.mu.Lock()
		defer s.f.mu.Unlock()
		delete(s.f.sessions, s.number)
	})
	<-s.stopped
	return err
}
