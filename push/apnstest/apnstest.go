// Package apnstest is a local Apple Push Notification service on 127.0.0.1, for tests and demos of whoever sends pushes.
// It listens with TLS and speaks HTTP/2 only, once per environment, and refuses with Apple's own statuses and reasons
// what Apple would refuse. A push that it takes is handed to the device's deliver function: that is how a simulated
// iPhone gets its pushes.
//
// The rules it keeps:
//
//   - POST /3/device/<hex token>; anything else is BadPath, MethodNotAllowed or MissingDeviceToken. A header given
//     twice is DuplicateHeaders.
//   - The provider token is an ES256 JWT of a registered team and key, issued at most an hour ago
//     (ExpiredProviderToken) and not in the future beyond a leeway (InvalidProviderToken).
//   - A connection belongs to the key of its first push (UnrelatedKeyIdInToken). Its token may change, but not twice
//     within 20 minutes: then the connection answers TooManyProviderTokenUpdates for 20 minutes.
//   - The topic is a registered app of that team plus what the push type asks for, as ".voip"; the types are alert,
//     background, complication, fileprovider, liveactivity, location, pushtotalk and voip; priority 10, 5, 1 or none,
//     with background not 10; expiration is seconds since 1970; apns-id is a UUID; apns-collapse-id at most 64 bytes;
//     payload 1 to 4096 bytes, with voip 5120.
//   - A device token is valid in one environment (BadDeviceToken in the other), for one topic (DeviceTokenNotForTopic),
//     until it is unregistered (410 with the time in milliseconds).
//   - A connection may open one stream until its first accepted push, then [Config.MaxStreams]; who opens more gets
//     GOAWAY "Maximum active streams violated".
//   - A device that is offline loses a push with expiration 0. With a later expiration, or none, the newest push of
//     each app is stored until it expires and delivered late.
//   - apns-id is echoed; apns-unique-id is answered in the sandbox only.
//
// What it does not know, because Apple does not say or because no one needs it here: the push types mdm, controls and
// widgets, client certificates, broadcast channels, per-device rate limits, and how Apple treats a payload that is not JSON (here:
// PayloadEmpty), a token from the future (here: InvalidProviderToken) or the same apns-id twice (here: two pushes; the
// device tells them apart by the call's UUID). The order of the checks is a guess where a request breaks two rules.
// Answers are under 200 bytes and are sent without regard to the client's flow-control window.
//
// Every fault comes on demand and in a fixed order ([Server.Inject]); nothing here is random except keys and, unless
// [Config.Rand] is set, device tokens.
package apnstest

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/ringtrip/ringtrip/push"
)

// Config is what a test may choose. The zero Config behaves like Apple.
type Config struct {
	// Now is the clock for token ages, expirations and the log; nil means time.Now.
	Now func() time.Time
	// AfterFunc runs f once after d and returns a function that prevents it; it serves the delays of [Fault].
	// Nil means time.AfterFunc.
	AfterFunc func(d time.Duration, f func()) (stop func() bool)
	// Rand gives the bytes of device tokens; nil means crypto/rand.
	Rand io.Reader
	// MaxStreams is the concurrency of a connection after its first accepted push; 0 means 1000.
	MaxStreams uint32
	// FirstStreams is the concurrency before the first accepted push; 0 means 1, as Apple does.
	FirstStreams uint32
	// LateSettings announces MaxStreams with the second accepted push instead of the first.
	LateSettings bool
	// ShrinkOnRefusal brings a connection back to FirstStreams with each refused push, until the next accepted one, as
	// Apple was seen to do (openradar 27870881).
	ShrinkOnRefusal bool
	// TolerateOverrun refuses a stream beyond the limit (RST_STREAM) instead of the whole connection (GOAWAY).
	TolerateOverrun bool
	// MaxRefusals is how many refused pushes a connection may bring before it is shut down, 410 not counted; 0 means any
	// number. Apple says that too many errors cost the connection, not how many: here it is a GOAWAY without debug data.
	MaxRefusals int
	// BindTopics has a connection know only the apps that were registered before its first push: newer ones are
	// TopicDisallowed on it.
	BindTopics bool
	// AdmitAll takes a device token that was never issued for an online device of the environment and topic that it is
	// first pushed to, instead of BadDeviceToken, and an unknown app for one of the team.
	AdmitAll bool
	// DeviceLimit is how many pushes a device may get in DeviceWindow before it is answered TooManyRequests; 0 means any
	// number, a DeviceWindow of 0 one minute.
	DeviceLimit  int
	DeviceWindow time.Duration
	// Latency is how long each answer takes.
	Latency time.Duration
	// ProductionAddr and SandboxAddr are where to listen, as "127.0.0.1:2197"; empty means a free port of 127.0.0.1.
	ProductionAddr, SandboxAddr string
	// HoldAfterGoAway leaves a connection open after GOAWAY when nothing is in flight: closing it is the client's business.
	HoldAfterGoAway bool
	// Leeway is how far in the future a provider token may be issued; 0 means one minute.
	Leeway time.Duration
	// StoreDespiteZeroExpiration keeps one push per app for an offline device even if its expiration is 0, and
	// delivers it late: the field reports that Apple sometimes does.
	StoreDespiteZeroExpiration bool
	// OnRequest, if set, gets every request as it enters the log, after it was decided and before it is answered, on the
	// goroutine of its connection: requests of one connection come in order. It must return soon.
	OnRequest func(Request)
	// OnNotice, if set, gets what happens to connections beside requests. It must return soon and call no methods of the
	// server; notices of one connection come in order.
	OnNotice func(Notice)
	// LogSize is how many requests [Server.Requests] remembers, newest last; 0 means 100000.
	LogSize int
}

// Server is the local APNs. Its methods are safe for concurrent use.
type Server struct {
	cfg   Config
	roots *x509.CertPool
	ca    []byte // the authority's certificate, PEM
	addr  map[push.Environment]string

	mu       sync.Mutex // guards everything below; a conn's mu may be held when taking it, never the reverse
	closed   bool
	nextConn int
	nextID   uint64
	conns    map[*conn]struct{}
	opened   map[push.Environment]int
	keys     map[string]teamKey // by key ID
	apps     map[string]string  // bundle ID to team
	appsSeen int                // how many were ever registered
	appSince map[string]int     // appsSeen when an app was registered
	devices  map[string]*device // by token
	faults   []*Fault
	log      []Request
	timers   map[*timer]struct{}

	listeners []net.Listener
	wg        sync.WaitGroup
}

// New is [Listen] that panics if it can't listen, as httptest does.
func New(cfg Config) *Server {
	s, err := Listen(cfg)
	if err != nil {
		panic(err.Error())
	}
	return s
}

// Listen starts a server on two ports, one per environment. The caller closes it.
func Listen(cfg Config) (*Server, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.AfterFunc == nil {
		cfg.AfterFunc = func(d time.Duration, f func()) func() bool { return time.AfterFunc(d, f).Stop }
	}
	if cfg.Rand == nil {
		cfg.Rand = rand.Reader
	}
	if cfg.MaxStreams == 0 {
		cfg.MaxStreams = 1000
	}
	if cfg.FirstStreams == 0 {
		cfg.FirstStreams = 1
	}
	if cfg.Leeway == 0 {
		cfg.Leeway = time.Minute
	}
	if cfg.LogSize == 0 {
		cfg.LogSize = 100_000
	}
	if cfg.DeviceWindow == 0 {
		cfg.DeviceWindow = time.Minute
	}
	cert, ca, err := selfSigned()
	if err != nil {
		return nil, fmt.Errorf("apnstest: making a certificate: %w", err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	s := &Server{
		cfg:     cfg,
		roots:   roots,
		ca:      ca,
		addr:    map[push.Environment]string{},
		conns:   map[*conn]struct{}{},
		opened:  map[push.Environment]int{},
		keys:    map[string]teamKey{},
		apps:    map[string]string{},
		devices: map[string]*device{},

		appSince: map[string]int{},
		timers:   map[*timer]struct{}{},
	}
	tlsConfig := &tls.Config{
		Certificates: []tls.Certificate{cert},
		NextProtos:   []string{"h2"},
		MinVersion:   tls.VersionTLS12,
	}
	for i, env := range []push.Environment{push.Production, push.Sandbox} {
		l, err := net.Listen("tcp", cmp.Or([]string{cfg.ProductionAddr, cfg.SandboxAddr}[i], "127.0.0.1:0"))
		if err != nil {
			s.Close()
			return nil, fmt.Errorf("apnstest: the %s APNs can't listen: %w", env, err)
		}
		s.addr[env] = l.Addr().String()
		s.listeners = append(s.listeners, l)
		s.wg.Go(func() { s.accept(l, env, tlsConfig) })
	}
	return s, nil
}

// URL is the base URL of an environment, as "https://127.0.0.1:40001"; empty for an unknown environment.
func (s *Server) URL(env push.Environment) string {
	addr, ok := s.addr[env]
	if !ok {
		return ""
	}
	return "https://" + addr
}

// Roots is the pool with the authority that signed the server's certificate: the RootCAs of a client's tls.Config.
func (s *Server) Roots() *x509.CertPool { return s.roots }

// CA is the certificate of that authority in PEM, for clients in other processes.
func (s *Server) CA() []byte { return bytes.Clone(s.ca) }

// Connections says how many connections an environment has accepted since the start, closed ones included.
func (s *Server) Connections(env push.Environment) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.opened[env]
}

// Close cuts every connection, drops what is delayed, and waits until the deliveries already begun or queued have
// returned. It must not be called from a deliver function.
func (s *Server) Close() {
	s.mu.Lock()
	s.closed = true
	conns := s.connsLocked(0)
	for t := range s.timers {
		t.stop()
	}
	clear(s.timers)
	s.mu.Unlock()
	for _, l := range s.listeners {
		_ = l.Close() // nothing to do about a listener that does not close
	}
	for _, c := range conns {
		c.cut()
	}
	s.wg.Wait()
}

// accept serves one environment until its listener closes.
func (s *Server) accept(l net.Listener, env push.Environment, cfg *tls.Config) {
	for {
		nc, err := l.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		if s.closed {
			s.mu.Unlock()
			_ = nc.Close() // the server is closing
			return
		}
		s.nextConn++
		s.opened[env]++
		c := newConn(s, s.nextConn, env, nc, cfg)
		s.conns[c] = struct{}{}
		s.wg.Go(func() {
			c.serve()
			s.mu.Lock()
			delete(s.conns, c)
			s.mu.Unlock()
		})
		s.mu.Unlock()
	}
}

// connsLocked lists the open connections of an environment, of all if env is 0. s.mu must be held.
func (s *Server) connsLocked(env push.Environment) []*conn {
	var conns []*conn
	for c := range s.conns {
		if env == 0 || c.env == env {
			conns = append(conns, c)
		}
	}
	return conns
}

// timer is one delayed act. It is known to the server, so that Close can prevent it.
type timer struct{ stop func() bool }

// afterLocked runs f after d unless the server closes first. s.mu must be held; f runs without it.
func (s *Server) afterLocked(d time.Duration, f func()) {
	if s.closed {
		return
	}
	t := &timer{}
	t.stop = s.cfg.AfterFunc(d, func() {
		s.mu.Lock()
		_, live := s.timers[t]
		delete(s.timers, t)
		if live && !s.closed {
			s.wg.Add(1) // Close has not begun to wait: closed is set under mu
			defer s.wg.Done()
		}
		closed := s.closed
		s.mu.Unlock()
		if live && !closed {
			f()
		}
	})
	s.timers[t] = struct{}{}
}
