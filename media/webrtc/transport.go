package webrtc

import (
	"errors"
	"fmt"
	"sync"

	pion "github.com/pion/webrtc/v4"

	"github.com/ringtrip/ringtrip/media"
)

// errTransport is in a Failed event of a connection that did not come (back).
var errTransport = errors.New("webrtc: no path to the far end was found, or the one in use was lost; is a TURN server needed?")

// errHungUp is in a Failed event of a connection that the far end closed: it says so in DTLS, which is often
// faster than its Bye.
var errHungUp = fmt.Errorf("the far end closed the connection: %w", media.ErrBye)

// A transport is what is known of the connection's state. It has a lock of its own, for pion tells of it
// from any goroutine.
type transport struct {
	mu   sync.Mutex
	pc   *pion.PeerConnection
	told media.EventKind // the last one told of Connected, Disconnected, Failed
}

func (t *transport) watch(pc *pion.PeerConnection) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.pc = pc
}

func (t *transport) connected() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.told == media.Connected
}

// over tells whether the session has failed, for good.
func (t *transport) over() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.told == media.Failed
}

// fail tells Failed, once.
func (s *Session) fail(err error) {
	s.transport.mu.Lock()
	defer s.transport.mu.Unlock()
	if s.transport.told != media.Failed {
		s.transport.told = media.Failed
		s.notify(media.Event{Kind: media.Failed, Err: err})
	}
}

// moved follows the state of pc. pion calls it on a new goroutine for each change, so they may come out of
// order; what counts is the state now.
func (s *Session) moved(pc *pion.PeerConnection) {
	s.transport.mu.Lock()
	defer s.transport.mu.Unlock()
	t := &s.transport
	if t.pc != pc || t.told == media.Failed {
		return
	}
	var kind media.EventKind
	var err error
	state := pc.ConnectionState()
	switch state {
	case pion.PeerConnectionStateConnected:
		kind = media.Connected
	case pion.PeerConnectionStateDisconnected:
		kind = media.Disconnected
	case pion.PeerConnectionStateFailed:
		kind, err = media.Failed, errTransport
	case pion.PeerConnectionStateClosed:
		kind, err = media.Failed, errHungUp
	case pion.PeerConnectionStateConnecting:
		if t.told == 0 {
			return
		}
		kind = media.Disconnected // an ICE restart gives up the path in use before there is another
	case pion.PeerConnectionStateNew, pion.PeerConnectionStateUnknown:
		return
	}
	if kind == t.told || kind == media.Disconnected && t.told == 0 {
		return
	}
	t.told = kind
	s.log.Debug("transport", "state", state.String())
	s.notify(media.Event{Kind: kind, Err: err})
	if state == pion.PeerConnectionStateDisconnected && s.cfg.Role == media.Offerer {
		// It gets itself back: pion goes on with the paths it has, and we look for new ones.
		s.in.run(func() { s.recover(pc) })
	}
}

// recover makes an ICE restart.
func (s *Session) recover(pc *pion.PeerConnection) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.pc != pc || s.transport.connected() || s.transport.over() {
		return
	}
	if err := s.restart(); err != nil {
		s.log.Debug("ICE restart", "err", err)
	}
}
