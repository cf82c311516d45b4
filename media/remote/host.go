package remote

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/ringtrip/ringtrip/media"
)

// A Host carries commands out on a [media.Factory] of this side: what the media adapters in Swift do, in Go.
type Host struct {
	factory media.Factory
	tell    func(Message) Message

	mu       sync.Mutex
	sessions map[int]media.Session
}

// NewHost returns a host whose events are carried by tell.
func NewHost(f media.Factory, tell func(Message) Message) *Host {
	return &Host{factory: f, tell: tell, sessions: make(map[int]media.Session)}
}

// Do carries a command out and returns the answer. A command that makes no sense is answered with an error.
func (h *Host) Do(m Message) Message {
	if m.Op == New {
		s, err := h.factory.New(media.Config{
			CallID: m.Call, Session: m.Name, Role: m.Role, Credentials: m.Credentials,
			Send: func(out media.Message) {
				h.tell(Message{Op: Send, Session: m.Session, Name: out.Session, Kind: out.Kind, Data: out.Data})
			},
			Notify: func(e media.Event) { h.tell(notification(m.Session, e)) },
		})
		if err != nil {
			return failure(err)
		}
		h.mu.Lock()
		defer h.mu.Unlock()
		h.sessions[m.Session] = s
		return Message{}
	}
	h.mu.Lock()
	s := h.sessions[m.Session]
	if m.Op == Close {
		delete(h.sessions, m.Session)
	}
	h.mu.Unlock()
	if s == nil {
		return failure(fmt.Errorf("%w: there is no session %d", media.ErrClosed, m.Session))
	}
	if m.Op == Mix {
		mixer, ok := h.factory.(media.Mixer)
		if !ok {
			return failure(errors.New("media/remote: the factory is no media.Mixer"))
		}
		return failure(mixer.Mix(s, m.Name))
	}
	return do(s, m)
}

func do(s media.Session, m Message) Message {
	switch m.Op {
	case Prepare:
		return failure(s.Prepare())
	case Warm:
		return failure(s.Warm())
	case Receive:
		return failure(s.Receive(media.Message{Session: m.Name, Kind: m.Kind, Data: m.Data}))
	case StartAudio:
		return failure(s.StartAudio())
	case StopAudio:
		s.StopAudio()
	case SetMuted:
		s.SetMuted(m.On)
	case SetHeld:
		s.SetHeld(m.On)
	case PlayDTMF:
		return failure(s.PlayDTMF(m.Data))
	case Restart:
		return failure(s.Restart())
	case Renew:
		if r, ok := s.(media.Renewer); ok {
			return failure(r.Renew(m.Credentials))
		}
	case Stats:
		c := s.Stats()
		return Message{Stats: &Counters{
			PacketsSent: c.PacketsSent, PacketsReceived: c.PacketsReceived, PacketsLost: c.PacketsLost,
			BytesSent: c.BytesSent, BytesReceived: c.BytesReceived,
			JitterMillis: millis(c.Jitter), RoundTripMillis: millis(c.RoundTrip),
			LocalCandidate: c.LocalCandidate, RemoteCandidate: c.RemoteCandidate, AudioLevel: c.AudioLevel,
		}}
	case Close:
		return failure(s.Close())
	default:
		return failure(fmt.Errorf("no command is named %.40q", m.Op))
	}
	return Message{}
}

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func notification(session int, e media.Event) Message {
	m := failure(e.Err)
	m.Op, m.Session, m.Event = Notify, session, e.Kind
	if e.Digit != 0 {
		m.Data = string(rune(e.Digit))
	}
	return m
}
