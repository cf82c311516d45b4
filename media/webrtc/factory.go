package webrtc

import (
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/interceptor/pkg/report"
	pion "github.com/pion/webrtc/v4"

	"github.com/ringtrip/ringtrip/media"
	"github.com/ringtrip/ringtrip/media/audio"
)

// mimeEvent is DTMF, RFC 4733. pion does not register it by itself.
const mimeEvent = "audio/telephone-event"

// Config is what all sessions of a Factory have in common. The zero Config works: it is silent and hears
// nothing.
type Config struct {
	// Audio returns the microphone and the loudspeaker of a call. It is called once a session, from within
	// the first StartAudio, which returns its error. A nil Source is silence, a nil Sink hears nothing; if
	// they are io.Closers, the session closes them when it is closed. Nil means silence for every call.
	Audio func(media.Config) (audio.Source, audio.Sink, error)
	// Loopback offers 127.0.0.1 and ::1 to the far end: for two ends on one machine.
	Loopback bool
	// Interfaces and Addresses choose what is offered to the far end; nil means all.
	Interfaces func(name string) bool
	Addresses  func(net.IP) bool
	// RelayOnly goes through the TURN servers of the credentials alone, so that the far end does not learn
	// this end's address.
	RelayOnly bool
	// Disconnected is how long the far end may say nothing before Disconnected (5 s if 0), and Failed how
	// much longer before Failed (25 s if 0). KeepAlive is how often the path is checked (2 s if 0).
	Disconnected, Failed, KeepAlive time.Duration
	// NewCodec makes a session's codec; nil means [NewOpus].
	NewCodec func() (Codec, error)
	// tune changes what pion is set to, for tests.
	tune func(*pion.SettingEngine)
	// Logger gets what the session notes, and at level debug what pion does; nil means nobody.
	Logger *slog.Logger
}

// A Factory makes sessions. It is safe for concurrent use.
type Factory struct {
	cfg Config
	api *pion.API
}

var _ media.Factory = (*Factory)(nil)

// NewFactory returns a Factory. It opens nothing.
func NewFactory(cfg Config) (*Factory, error) {
	if cfg.Disconnected < 0 || cfg.Failed < 0 || cfg.KeepAlive < 0 {
		return nil, errors.New("webrtc: Config: a time-out is negative")
	}
	if cfg.Disconnected == 0 {
		cfg.Disconnected = 5 * time.Second
	}
	if cfg.Failed == 0 {
		cfg.Failed = 25 * time.Second
	}
	if cfg.KeepAlive == 0 {
		cfg.KeepAlive = 2 * time.Second
	}
	if cfg.NewCodec == nil {
		cfg.NewCodec = NewOpus
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	codecs, err := codecs()
	if err != nil {
		return nil, err
	}
	interceptors, err := reports()
	if err != nil {
		return nil, err
	}
	api := pion.NewAPI(pion.WithMediaEngine(codecs), pion.WithInterceptorRegistry(interceptors), pion.WithSettingEngine(settings(cfg)))
	return &Factory{cfg, api}, nil
}

// codecs returns the codecs we speak: Opus, and telephone events at the clock of Opus and at the 8 kHz that
// browsers use.
func codecs() (*pion.MediaEngine, error) {
	m := &pion.MediaEngine{}
	for _, c := range []pion.RTPCodecParameters{
		{PayloadType: 111, RTPCodecCapability: pion.RTPCodecCapability{
			MimeType: pion.MimeTypeOpus, ClockRate: 48000, Channels: 2, SDPFmtpLine: "minptime=10;useinbandfec=1"}},
		{PayloadType: 110, RTPCodecCapability: pion.RTPCodecCapability{MimeType: mimeEvent, ClockRate: 48000, SDPFmtpLine: "0-15"}},
		{PayloadType: 126, RTPCodecCapability: pion.RTPCodecCapability{MimeType: mimeEvent, ClockRate: 8000, SDPFmtpLine: "0-15"}},
	} {
		if err := m.RegisterCodec(c, pion.RTPCodecTypeAudio); err != nil {
			return nil, fmt.Errorf("registering codec %s: %w", c.MimeType, err)
		}
	}
	return m, nil
}

// reports returns the interceptors we need: RTCP reports, which browsers compute their statistics from.
func reports() (*interceptor.Registry, error) {
	r := &interceptor.Registry{}
	receiver, err := report.NewReceiverInterceptor()
	if err != nil {
		return nil, fmt.Errorf("making RTCP receiver reports: %w", err)
	}
	sender, err := report.NewSenderInterceptor()
	if err != nil {
		return nil, fmt.Errorf("making RTCP sender reports: %w", err)
	}
	r.Add(receiver)
	r.Add(sender)
	return r, nil
}

func settings(cfg Config) pion.SettingEngine {
	var s pion.SettingEngine
	s.LoggerFactory = loggers{cfg.Logger}
	s.SetIncludeLoopbackCandidate(cfg.Loopback)
	s.SetInterfaceFilter(cfg.Interfaces)
	s.SetIPFilter(cfg.Addresses)
	// Browsers hide their addresses behind mDNS names. We need not resolve them: the browser sends to us, and
	// is known from then on as a peer-reflexive candidate. So no multicast socket is opened, which iOS would
	// want an entitlement for.
	s.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	// Take the first path that works. By default pion waits up to 2 s for a better one than a relay, and 1 s
	// for a better one than a browser behind mDNS.
	s.SetHostAcceptanceMinWait(0)
	s.SetSrflxAcceptanceMinWait(0)
	s.SetPrflxAcceptanceMinWait(0)
	s.SetRelayAcceptanceMinWait(0)
	s.SetICETimeouts(cfg.Disconnected, cfg.Failed, cfg.KeepAlive)
	if cfg.tune != nil {
		cfg.tune(&s)
	}
	return s
}

// New returns a cold session: no socket is open and no goroutine runs. It refuses a Config without Send,
// Notify or Role, an Offerer without a session name, and Credentials it can't read.
func (f *Factory) New(cfg media.Config) (media.Session, error) {
	if cfg.Send == nil || cfg.Notify == nil {
		return nil, errors.New("webrtc: Config.Send and Config.Notify must be set")
	}
	if cfg.Role != media.Offerer && cfg.Role != media.Answerer {
		return nil, fmt.Errorf("webrtc: Config.Role is %d; it must be Offerer or Answerer", cfg.Role)
	}
	if cfg.Role == media.Offerer && cfg.Session == "" {
		return nil, errors.New("webrtc: Config.Session is empty; the offerer names the session")
	}
	servers, err := parseCredentials(cfg.Credentials)
	if err != nil {
		return nil, err
	}
	s := &Session{
		factory: f, cfg: cfg, servers: servers, name: cfg.Session,
		log: f.cfg.Logger.With("call", cfg.CallID, "session", cfg.Session),
	}
	s.pump.track, s.pump.play = &s.track, &s.play
	// RFC 3550 §5.1: both begin anywhere.
	s.pump.base, s.track.seq = rand.Uint32(), uint16(rand.Uint32())
	s.pump.first = func() { s.notify(media.Event{Kind: media.FirstMedia}) }
	return s, nil
}
