package carriertest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/ringtrip/ringtrip/media"
)

// Media returns a device's media at an emulated carrier: each session joins by the credentials that ringtrip's server
// made, and is in the call there as long as it lives. It does what the adapters on a device do with the vendors' SDKs
// (swift/Sources/Ringtrip…), and so shows that credentials, webhooks and the order of things fit together:
//
//   - Warm joins; Daily's adapter joins when audio starts and leaves when it stops or is held, and says Connected before.
//   - Audio before Prepare is refused; without audio nothing flows, and the first that could flow is FirstMedia.
//   - A seat that is over is Failed: by [media.ErrBye] if the call at the carrier ended or the carrier put the device out,
//     else by the carrier's error.
//   - New credentials are those that it joins by the next time, and go to the seat that it has.
//   - Tones go to the carrier; rooms have none.
//   - Close leaves.
//
// It carries no sound, and needs no messages of the far end. A WebRTC call has media of its own (package media/webrtc).
func Media(e Emulator) media.Factory { return seats{e} }

type seats struct{ carrier Emulator }

// New implements media.Factory.
func (f seats) New(c media.Config) (media.Session, error) {
	if c.Notify == nil {
		return nil, errors.New("carriertest: Config.Notify must be set")
	}
	if len(c.Credentials) == 0 {
		return nil, errors.New("carriertest: there are no credentials to join with")
	}
	s := &seated{carrier: f.carrier, cfg: c, late: f.carrier.Name() == "daily", poke: make(chan struct{}, 1), done: make(chan struct{})}
	s.life, s.cancel = context.WithCancel(context.Background())
	return s, nil
}

// seated is one session. One goroutine, from Warm to Close, joins, leaves and notifies.
type seated struct {
	carrier Emulator
	cfg     media.Config
	late    bool // joins with the audio, not with Warm
	poke    chan struct{}
	life    context.Context
	cancel  context.CancelFunc
	done    chan struct{} // closed when the goroutine has ended

	mu       sync.Mutex
	prepared bool
	warmed   bool
	audio    bool
	held     bool
	told     bool // FirstMedia, since audio started
	bye      bool
	closed   bool
	seat     Seat // nil: not joined, or gone
	up       bool // and connected
}

var _ media.Renewer = (*seated)(nil)

// change runs f with the lock held, unless the session was closed, and wakes the goroutine.
func (s *seated) change(f func() error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return media.ErrClosed
	}
	err := f()
	select {
	case s.poke <- struct{}{}:
	default:
	}
	return err
}

// set is change for what cannot fail and says nothing of a closed session.
func (s *seated) set(f func()) { _ = s.change(func() error { f(); return nil }) }

// Prepare implements media.Session.
func (s *seated) Prepare() error {
	return s.change(func() error { s.prepared = true; return nil })
}

// Warm implements media.Session.
func (s *seated) Warm() error {
	return s.change(func() error {
		if !s.warmed {
			s.prepared, s.warmed = true, true
			go s.run()
		}
		return nil
	})
}

// Receive implements media.Session: everything goes through the carrier.
func (s *seated) Receive(m media.Message) error {
	return s.change(func() error { s.bye = s.bye || m.Kind == media.Bye; return nil })
}

// StartAudio implements media.Session.
func (s *seated) StartAudio() error {
	return s.change(func() error {
		if !s.prepared {
			return media.ErrNotPrepared
		}
		if !s.audio {
			s.audio, s.told = true, false
		}
		return nil
	})
}

// StopAudio implements media.Session.
func (s *seated) StopAudio() { s.set(func() { s.audio = false }) }

// SetMuted implements media.Session: what is not sent, no carrier sees.
func (s *seated) SetMuted(bool) {}

// SetHeld implements media.Session.
func (s *seated) SetHeld(on bool) { s.set(func() { s.held = on }) }

// PlayDTMF implements media.Session.
func (s *seated) PlayDTMF(digits string) error {
	s.mu.Lock()
	closed, seat := s.closed, s.seat
	if !s.up || s.held {
		seat = nil
	}
	s.mu.Unlock()
	switch {
	case closed:
		return media.ErrClosed
	case digits == "" || len(digits) > 128 || strings.Trim(digits, "0123456789*#ABCDabcd,") != "":
		return fmt.Errorf("carriertest: playing DTMF %.40q: there must be 1 to 128 of 0-9 * # A-D and ','", digits)
	case seat == nil:
		return media.ErrNotConnected
	}
	if s.carrier.Name() == "twilio" {
		digits = strings.ReplaceAll(digits, ",", "wwww") // half a second each
	}
	return seat.Digits(digits)
}

// Restart implements media.Session: SDKs reconnect by themselves.
func (s *seated) Restart() error { return s.change(func() error { return nil }) }

// Renew implements media.Renewer. What the carrier refuses is not taken.
func (s *seated) Renew(credentials []byte) error {
	return s.change(func() error {
		if seat, ok := s.seat.(interface{ Renew([]byte) error }); ok {
			if err := seat.Renew(credentials); err != nil {
				return err
			}
		}
		s.cfg.Credentials = slices.Clone(credentials)
		return nil
	})
}

// Stats implements media.Session. There are none.
func (s *seated) Stats() media.Stats { return media.Stats{} }

// Close implements media.Session.
func (s *seated) Close() error {
	s.mu.Lock()
	runs := s.warmed
	s.closed, s.audio = true, false
	s.mu.Unlock()
	s.cancel()
	if runs {
		<-s.done
	}
	return nil
}

// run joins and leaves as is wanted, and tells what becomes of it.
func (s *seated) run() {
	defer close(s.done)
	defer s.leave()
	if s.late {
		s.cfg.Notify(media.Event{Kind: media.Connected})
	}
	var connected <-chan struct{}
	var gone <-chan error
	for {
		s.mu.Lock()
		bye := s.bye
		in := !s.late || s.audio && !s.held
		seat := s.seat
		first := s.up && s.audio && !s.told
		s.told = s.told || first
		credentials := s.cfg.Credentials
		s.mu.Unlock()
		switch {
		case bye:
			s.cfg.Notify(media.Event{Kind: media.Failed, Err: media.ErrBye})
			return
		case in && seat == nil:
			seat, err := s.carrier.Join(s.life, credentials)
			if err != nil {
				if s.life.Err() == nil {
					s.cfg.Notify(media.Event{Kind: media.Failed, Err: err})
				}
				return
			}
			s.take(seat)
			connected, gone = seat.Connected(), seat.Gone()
		case !in && seat != nil:
			s.leave()
			connected, gone = nil, nil
		}
		if first {
			s.cfg.Notify(media.Event{Kind: media.FirstMedia})
		}
		select {
		case <-s.life.Done():
			return
		case <-s.poke:
		case <-connected:
			connected = nil
			s.mu.Lock()
			s.up = true
			s.mu.Unlock()
			if !s.late {
				s.cfg.Notify(media.Event{Kind: media.Connected})
			}
		case err := <-gone:
			s.take(nil)
			switch {
			case err == nil:
				err = media.ErrBye
			case errors.Is(err, ErrPutOut): // the call's own signaling says why
				err = fmt.Errorf("%w: %w", media.ErrBye, err)
			}
			s.cfg.Notify(media.Event{Kind: media.Failed, Err: err})
			return
		}
	}
}

// take keeps the seat that the session has now; nil: none.
func (s *seated) take(seat Seat) {
	s.mu.Lock()
	s.seat, s.up = seat, false
	s.mu.Unlock()
}

// leave leaves the seat, if there is one.
func (s *seated) leave() {
	s.mu.Lock()
	seat := s.seat
	s.seat, s.up = nil, false
	s.mu.Unlock()
	if seat != nil {
		seat.Leave()
	}
}
