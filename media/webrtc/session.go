package webrtc

import (
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	pion "github.com/pion/webrtc/v4"

	"github.com/ringtrip/ringtrip/media"
	"github.com/ringtrip/ringtrip/media/audio"
)

// A Session is one WebRTC connection with one audio stream each way.
//
// mu guards the signaling state and is held while pion is told something; pion tells us from goroutines of
// its own, which take transport.mu or post to the outbox, never mu.
type Session struct {
	factory *Factory
	cfg     media.Config
	servers []pion.ICEServer
	log     *slog.Logger
	out     outbox
	track   track
	play    playout
	pump    pump
	in      inbound
	ufrag   ufrag

	mu        sync.Mutex
	name      string
	pc        *pion.PeerConnection // from Warm on
	cert      *pion.Certificate
	prepared  bool
	warmed    bool
	closed    bool
	bye       bool   // the far end said so
	offer     string // an answerer's: the newest one
	described bool   // the far end's description was taken once
	offering  bool   // an offerer waits for an answer
	again     bool   // and shall make another offer then
	accepted  string // an offerer's: the newest answer
	early     []pion.ICECandidateInit
	seen      map[string]bool // candidates that were taken since the last description
	rebuilt   int
	source    audio.Source
	sink      audio.Sink
	codec     Codec

	transport transport
}

var _ media.Renewer = (*Session)(nil)

// Prepare implements media.Session. There is no audio session to keep away from; it only allows StartAudio.
func (s *Session) Prepare() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return media.ErrClosed
	}
	s.prepared = true
	return nil
}

// Warm implements media.Session. No RTP is sent before StartAudio.
func (s *Session) Warm() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return media.ErrClosed
	case s.warmed || s.transport.over():
		return nil
	}
	if err := s.connect(); err != nil {
		return err
	}
	s.warmed = true
	if s.cfg.Role == media.Offerer {
		return s.makeOffer(false)
	}
	if s.offer != "" {
		return s.takeOffer(s.offer)
	}
	return nil
}

// StartAudio implements media.Session. It asks [Config.Audio] for the microphone and the loudspeaker when it
// is called first.
func (s *Session) StartAudio() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return media.ErrClosed
	case !s.prepared:
		return media.ErrNotPrepared
	}
	if s.codec == nil {
		if err := s.openAudio(); err != nil {
			return err
		}
	}
	s.pump.start(s.codec, s.source, s.sink)
	return nil
}

func (s *Session) openAudio() error {
	codec, err := s.factory.cfg.NewCodec()
	if err != nil {
		return fmt.Errorf("starting audio: %w", err)
	}
	if s.factory.cfg.Audio != nil {
		if s.source, s.sink, err = s.factory.cfg.Audio(s.cfg); err != nil {
			return fmt.Errorf("starting audio: %w", err)
		}
	}
	if s.source == nil {
		s.source = audio.Silence{}
	}
	if s.sink == nil {
		s.sink = audio.Discard{}
	}
	s.codec = codec
	return nil
}

// StopAudio implements media.Session. When it returns, nothing is captured or played any more.
func (s *Session) StopAudio() { s.pump.stop() }

// SetMuted implements media.Session: the far end gets silence.
func (s *Session) SetMuted(muted bool) { s.pump.setMuted(muted) }

// SetHeld implements media.Session: nothing is sent, and what is received is thrown away. Keys that are
// still to be played are forgotten.
func (s *Session) SetHeld(held bool) { s.pump.setHeld(held) }

// PlayDTMF implements media.Session. A key takes 160 ms, in which no sound is sent. It returns
// media.ErrNotConnected too when the far end takes no telephone events, and when a thousand keys wait.
func (s *Session) PlayDTMF(digits string) error {
	keys, err := audio.ParseDigits(digits)
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return media.ErrClosed
	case err != nil:
		return fmt.Errorf("playing DTMF: %w", err)
	case !s.transport.connected() || s.pump.held.Load() || s.track.events() == 0 || !s.pump.dial(keys):
		return media.ErrNotConnected
	}
	return nil
}

// Renew implements media.Renewer. A TURN server prolongs nothing by a password that has expired (the REST API for access to
// TURN services), so candidates are gathered anew by the new one; sound goes on meanwhile. Without TURN nothing is.
func (s *Session) Renew(credentials []byte) error {
	servers, err := parseCredentials(credentials)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return media.ErrClosed
	}
	if s.pc != nil && !s.transport.over() {
		cfg := s.pc.GetConfiguration()
		cfg.ICEServers = servers
		if err := s.pc.SetConfiguration(cfg); err != nil {
			return fmt.Errorf("taking new ICE servers: %w", err)
		}
	}
	s.servers = servers
	if !relays(servers) {
		return nil
	}
	return s.gatherAnew()
}

// Restart implements media.Session. An answerer asks the offerer to do it.
func (s *Session) Restart() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.gatherAnew()
}

// gatherAnew restarts ICE, if the far end is known. s.mu must be held.
func (s *Session) gatherAnew() error {
	switch {
	case s.closed:
		return media.ErrClosed
	case !s.described || s.transport.over():
		return nil
	case s.cfg.Role == media.Answerer:
		s.send(media.Offer, "")
		return nil
	default:
		return s.restart()
	}
}

// Close implements media.Session.
func (s *Session) Close() error {
	s.mu.Lock()
	already := s.closed
	s.closed = true
	pc := s.pc
	if !already && !s.bye && s.name != "" && s.warmed {
		s.send(media.Bye, "")
	}
	s.mu.Unlock()
	s.transport.watch(nil) // what happens from now on is our own doing
	s.pump.close()
	var err error
	if pc != nil && !already {
		if err = pc.GracefulClose(); err != nil {
			err = fmt.Errorf("closing the peer connection: %w", err)
		}
	}
	s.in.wait()
	s.out.close()
	if !already {
		for _, c := range []any{s.source, s.sink} {
			if c, ok := c.(io.Closer); ok {
				if e := c.Close(); err == nil && e != nil {
					err = fmt.Errorf("closing audio: %w", e)
				}
			}
		}
	}
	return err
}

// send sends a message soon. s.mu must be held.
func (s *Session) send(kind media.MessageKind, data string) {
	m := media.Message{Session: s.name, Kind: kind, Data: data}
	s.out.post(true, func() { s.cfg.Send(m) })
}

// notify tells e soon.
func (s *Session) notify(e media.Event) { s.out.post(false, func() { s.cfg.Notify(e) }) }

// connect makes the peer connection. s.mu must be held.
func (s *Session) connect() error {
	cfg := pion.Configuration{ICEServers: s.servers}
	if s.factory.cfg.RelayOnly {
		cfg.ICETransportPolicy = pion.ICETransportPolicyRelay
	}
	if s.cert != nil {
		cfg.Certificates = []pion.Certificate{*s.cert}
	}
	pc, err := s.factory.api.NewPeerConnection(cfg)
	if err != nil {
		return fmt.Errorf("making a peer connection: %w", err)
	}
	if certs := pc.GetConfiguration().Certificates; len(certs) > 0 {
		s.cert = &certs[0] // a rebuilt connection is the same end to the far one
	}
	sender, err := pc.AddTrack(&s.track)
	if err != nil {
		_ = pc.Close() // the error that matters is the first
		return fmt.Errorf("adding the audio track: %w", err)
	}
	s.in.run(func() { drainRTCP(sender) })
	pc.OnTrack(func(t *pion.TrackRemote, _ *pion.RTPReceiver) { s.in.run(func() { s.listen(t) }) })
	pc.OnConnectionStateChange(func(pion.PeerConnectionState) { s.moved(pc) })
	name := s.name
	pc.OnICECandidate(func(c *pion.ICECandidate) { s.trickle(name, c) })
	s.pc = pc
	s.transport.watch(pc)
	return nil
}

// drainRTCP reads the far end's reports, which pion's interceptors want to see, until the sender stops.
func drainRTCP(sender *pion.RTPSender) {
	buf := make([]byte, 1500)
	for {
		if _, _, err := sender.Read(buf); err != nil {
			return
		}
	}
}

// uptime is the clock of arrivals.
var started = time.Now()

func uptime() time.Duration { return time.Since(started) }
