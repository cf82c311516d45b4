package mediatest

import (
	"errors"
	"fmt"
	"time"

	"github.com/ringtrip/ringtrip/media"
)

var (
	// ErrAudioNotAllowed is returned by StartAudio of a fake outside of the window in which the system
	// lends the audio session ([FakeConfig.Allowed]). On iOS the audio unit fails to start then.
	ErrAudioNotAllowed = errors.New("mediatest: StartAudio outside of didActivate … didDeactivate")
	// ErrTransportLost is in the Failed event of a fake whose transport did not come (back) in time.
	ErrTransportLost = errors.New("mediatest: the transport did not come back")
)

// FakeConfig is how a Fake behaves.
type FakeConfig struct {
	// AfterFunc runs f once, d from now, never before it has returned. All that a fake does later, it does
	// through it, so on a virtual clock a fake starts no goroutine and is deterministic. Nil means the
	// wall clock (time.AfterFunc).
	AfterFunc func(d time.Duration, f func())
	// Net is the air in which the fake's sessions find the far ends; nil means one shared by the process.
	Net *Net
	// Content is what this device says into its microphone: a short tag that the far end hears. An empty
	// one is silence, which never is anybody's FirstMedia.
	Content string
	// Allowed tells whether the system lends the audio session now; nil means always. It is called from
	// within StartAudio.
	Allowed func() bool
	// ConnectDelay is how long the transport takes to connect once both ends know each other: 20 ms if 0.
	ConnectDelay time.Duration
	// SoundDelay is how long sound takes from one end's microphone to the other's decoder: 40 ms if 0.
	SoundDelay time.Duration
	// FailAfter is how long a lost transport is tried before it Failed: 25 s if 0.
	FailAfter time.Duration
}

// A Fake is a media.Factory in memory: an honest simulation of a media SDK, without network and sound.
// Its rules:
//
//   - Two ends exchange real offers, answers and candidates through Send, and connect [FakeConfig.ConnectDelay]
//     after the offerer has the answer and either end has a candidate of the other (the second is then
//     peer-reflexive). Messages that get lost, doubled, late or mixed up have the effect they have in WebRTC.
//   - Nothing is heard before both ends are connected and have started audio, while either is on hold, or
//     while the speaker is muted. What is heard is the other end's [FakeConfig.Content].
//   - Sound stops at once when the transport is lost; it comes back by itself unless the device moved to
//     another network ([Fake.Move]), which takes an ICE restart, and fails after FailAfter.
//   - StartAudio before Prepare or outside of the allowed window is refused and recorded as a violation, as
//     is Close from within Notify.
//
// It keeps no counters of packets: its Stats tell the candidates in use and the audio level only.
type Fake struct {
	cfg        FakeConfig
	net        *Net
	sessions   []*FakeSession // in the order they were made
	violations []string
	lost       bool // the device has no network
}

var _ media.Factory = (*Fake)(nil)

// NewFake returns a Fake for one device.
func NewFake(cfg FakeConfig) *Fake {
	if cfg.AfterFunc == nil {
		cfg.AfterFunc = func(d time.Duration, f func()) { time.AfterFunc(d, f) }
	}
	if cfg.Net == nil {
		cfg.Net = shared
	}
	if cfg.ConnectDelay == 0 {
		cfg.ConnectDelay = 20 * time.Millisecond
	}
	if cfg.SoundDelay == 0 {
		cfg.SoundDelay = 40 * time.Millisecond
	}
	if cfg.FailAfter == 0 {
		cfg.FailAfter = 25 * time.Second
	}
	return &Fake{cfg: cfg, net: cfg.Net}
}

// New returns a cold session. It refuses a Config without Send, Notify or Role, and an Offerer without a
// session name.
func (f *Fake) New(cfg media.Config) (media.Session, error) {
	if cfg.Send == nil || cfg.Notify == nil {
		return nil, errors.New("mediatest: Config.Send and Config.Notify must be set")
	}
	if cfg.Role != media.Offerer && cfg.Role != media.Answerer {
		return nil, fmt.Errorf("mediatest: Config.Role is %d; it must be Offerer or Answerer", cfg.Role)
	}
	if cfg.Role == media.Offerer && cfg.Session == "" {
		return nil, errors.New("mediatest: Config.Session is empty; the offerer names the session")
	}
	s := &FakeSession{fake: f, net: f.net, cfg: cfg, name: cfg.Session}
	f.net.mu.Lock()
	defer f.net.mu.Unlock()
	f.sessions = append(f.sessions, s)
	return s, nil
}

// Sessions returns all sessions that were made, oldest first, closed ones too.
func (f *Fake) Sessions() []*FakeSession {
	f.net.mu.Lock()
	defer f.net.mu.Unlock()
	return append([]*FakeSession(nil), f.sessions...)
}

// Session returns the newest session of a call, or nil.
func (f *Fake) Session(callID string) *FakeSession {
	f.net.mu.Lock()
	defer f.net.mu.Unlock()
	for i := len(f.sessions) - 1; i >= 0; i-- {
		if f.sessions[i].cfg.CallID == callID {
			return f.sessions[i]
		}
	}
	return nil
}

// Violations returns what was done against the rules so far, oldest first; a good app does nothing.
func (f *Fake) Violations() []string {
	f.net.mu.Lock()
	defer f.net.mu.Unlock()
	return append([]string(nil), f.violations...)
}

// Lose takes the device's network away: its connected sessions are disconnected at both ends.
func (f *Fake) Lose() { f.setNetwork(true, false) }

// Regain gives the device's network back.
func (f *Fake) Regain() { f.setNetwork(false, false) }

// Move moves the device to another network: its sessions are disconnected until an ICE restart
// ([media.Session.Restart], by either end) has gone through.
func (f *Fake) Move() { f.setNetwork(false, true) }

func (f *Fake) setNetwork(lost, moved bool) {
	f.net.mu.Lock()
	defer f.net.mu.Unlock()
	f.lost = lost
	for _, s := range f.sessions {
		s.moved = s.moved || moved
		s.update()
	}
}

// violate records v. f.net.mu must be held.
func (f *Fake) violate(s *FakeSession, v string) {
	f.violations = append(f.violations, fmt.Sprintf("call %s, session %s: %s", s.cfg.CallID, s.name, v))
}
