// Package server is the registrar and the ringing of ringtrip: devices and their push tokens, calls that ring on all
// of a user's devices, exactly one answer, cancel, time-outs, history, and the ledger that says why a phone did or did
// not ring. It speaks ringtrip.v1 (proto/) by Connect, gRPC and JSON.
//
// It decides nothing about a call that package fork does not decide: every change reads the call, asks [fork.Step],
// and stores the new state together with all that follows from it in one commit. Nobody is told anything before that
// commit. A node owns nothing: any node of a deployment can change any call, and what a dead node left (timers,
// pushes) another one takes over.
//
// The package refuses to keep state of its own besides the open streams, to sign users in (their tokens come from the
// app's backend), and to look into media messages.
package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"connectrpc.com/connect"

	"github.com/ringtrip/ringtrip/bus"
	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/carrier"
	"github.com/ringtrip/ringtrip/internal/recent"
	"github.com/ringtrip/ringtrip/push"
	"github.com/ringtrip/ringtrip/server/auth"
	"github.com/ringtrip/ringtrip/server/webhook"
	"github.com/ringtrip/ringtrip/signaling/ringtripv1/ringtripv1connect"
	"github.com/ringtrip/ringtrip/store"
)

// App is one app of a deployment. Users, devices and calls of different apps never meet.
type App struct {
	ID   string
	Name string // for people
	// Keys, APIKeys, Audience and ActionSecret say whose tokens and API keys are taken: see [auth.App].
	Keys         []auth.Key
	APIKeys      []auth.APIKey
	Audience     string
	ActionSecret []byte
	// BundleIDs are the apps' bundle ids that may register tokens; empty: any.
	BundleIDs []string
	// RingTimeout is how long a call rings, 5-58 s (the system's own limit is 60 s); 0 is 45 s.
	RingTimeout time.Duration
	// Webhooks are where the app's backend is told of calls, legs and devices; see package webhook.
	Webhooks []webhook.Endpoint
	// MissedCall makes missed calls show on the phones of the callee as ordinary notifications; nil: none.
	MissedCall *MissedCallAlert
	// RingPlan is the order in which a callee's devices ring if the caller asks for none; zero: all at once.
	RingPlan RingPlan
	// DeclineHere makes a plain decline stop only the device on which the user declined; the others go on ringing. Without
	// it a decline is for all devices, as users of phones expect.
	DeclineHere bool
	// BlockedAs is what a caller is told whom the callee blocks: [call.Declined] (if zero: nobody learns from it that he is
	// blocked), [call.Unanswered], or honestly [call.Blocked]. It is told at once, so that an attentive caller can tell it
	// from a call that rang. The callee's history says blocked in any case.
	BlockedAs call.Reason
	// Limits keep callers from ringing too much; zero: none.
	Limits Limits
	// Carriers are the accounts at carriers that the app's calls can have their media from. Their webhooks are taken at
	// PUBLIC_URL/carriers/APP/NAME/.
	Carriers []carrier.Carrier
	// Carrier names the one of Carriers that carries calls between users; empty: their devices make media between
	// themselves (WebRTC), with [Config.ICEServers].
	Carrier string
	// Numbers say whom a telephone rings that calls a number of a carrier: E.164 -> user id.
	Numbers map[string]string
	// Telephones lets users call telephones; nil: they cannot.
	Telephones *Telephones
	// MediaGrace is how long an answered call goes on when a carrier says that a side has lost its media, before it ends
	// with media_failed: 1 s-1 h; 0 is 30 s, below 0 it never ends for that.
	MediaGrace time.Duration
}

// Config is how a server is made. The zero durations are the defaults that the comments name.
type Config struct {
	Store store.Store // required; stays the caller's to close
	Bus   bus.Bus     // required; stays the caller's to close
	Apps  []App       // at least one

	// Push returns who delivers the VoIP pushes of an app's bundle id, nil if nobody does. It must not block.
	Push func(app, bundleID string) push.Sender

	// PublicURL is where phones reach this deployment, "https://host": it goes into pushes. Empty: the phone's own setting.
	PublicURL string
	// ICEServers is the JSON that WebRTC media sessions get: {"iceServers":[…]}. Empty: none.
	ICEServers json.RawMessage

	// Leeway is how far the clocks of the apps' backends and of this server may be apart, up to [auth.MaxLeeway]; 0 is
	// [auth.Leeway].
	Leeway time.Duration
	// Webhooks delivers to the apps' endpoints; nil: one with default settings.
	Webhooks *webhook.Client
	// Bounds bound what one client can ask for; the zero Bounds do not.
	Bounds Bounds
	// Observer hears what the server does; nil: nobody does.
	Observer Observer
	// Interceptors see every request before anything of the server does, the first one first: for metrics and traces. Those
	// that only count are better a [RequestWatcher].
	Interceptors []connect.Interceptor

	// NodeID names this run of this node, as others find it: in a deployment of several nodes nobody else has it, nor has
	// this node after its next start. Alone it is for logs.
	NodeID string
	// Presence says which node holds which stream, for several nodes on one Store; nil: this node is alone.
	Presence store.Presence
	Logger   *slog.Logger
	Now      func() time.Time // the wall clock; nil: time.Now

	Shard         int           // the shard in the ids of new calls, 0-1023
	PingInterval  time.Duration // of event streams, and how late a stream reads what the bus lost: 5 s
	Tombstone     time.Duration // how long an ended call is kept after its ring deadline or its end, whichever is later: 60 s
	AliveTimeout  time.Duration // an answered call that no end was heard of for so long is over: 2 min
	StreamGrace   time.Duration // a device that was offered a call by its stream and says nothing is pushed to after: 2 s
	PushLease     time.Duration // how long a push is this node's before another one may take it over: 2 s
	Tick          time.Duration // how often timers and left-over pushes are looked for: 1 s
	PurgeInterval time.Duration // how often tombstones are cleared away: 30 s
	WriteTimeout  time.Duration // a stream whose reader takes nothing for so long ends: 15 s

	// How long what is over is kept, by age: records of history 90 days, ledgers 30 days, jobs that nobody has claimed
	// 30 days. Forever (or anything below 0) keeps it for ever.
	KeepHistory time.Duration
	KeepLedger  time.Duration
	KeepJobs    time.Duration
}

// Forever is for the Keep fields of [Config].
const Forever time.Duration = -1

// Server is one node. Its methods are safe for concurrent use.
type Server struct {
	cfg      Config
	apps     atomic.Pointer[map[string]App] // by id; see [Server.SetApps]
	verifier *auth.Verifier
	store    store.Store
	bus      bus.Bus
	log      *slog.Logger
	now      func() time.Time

	gate              *gate
	byAddress, byUser *paces                         // count requests
	byHook            *paces                         // counts refused webhooks of carriers
	hooks             chan struct{}                  // a place for each that is worked on
	minted            *recent.Cache[mintKey, minted] // credentials by what they depend on
	contractors       *contractors
	streams           *streams
	pulse             *pulse
	media             *budgets
	desk              *desk
	limits            *limiter
	pushes            chan store.Job
	mail              *mail
	alerts            chan struct{} // rings when there may be missed calls to tell of
	newsTold          chan string   // jobs of groups that were told

	neighbours neighbours

	inFlight sync.Map // job id -> struct{}
	// listening is since when devices could be heard of without a gap: Unix nanoseconds of the wall clock.
	listening atomic.Int64
	// asked is when somebody asked for something last, in the same way: what has time goes slower meanwhile.
	asked   atomic.Int64
	closing chan struct{}
	close   sync.Once
	drainState
}

var (
	_ ringtripv1connect.PhoneServiceHandler = (*Server)(nil)
	_ ringtripv1connect.OpsServiceHandler   = (*Server)(nil)
)

// New returns a server that serves once its Handler is mounted and that rings in time once it [Server.Run]s. It returns
// an error that says what is wrong with cfg.
func New(cfg Config) (*Server, error) {
	if err := cfg.complete(); err != nil {
		return nil, fmt.Errorf("server: %w", err)
	}
	s := &Server{
		cfg:     cfg,
		store:   cfg.Store,
		bus:     cfg.Bus,
		log:     cfg.Logger.With("node", cfg.NodeID),
		now:     cfg.Now,
		streams: newStreams(cfg.Now),
		media:   newBudgets(cfg.Now),
		limits:  newLimiter(cfg.Now),
		pushes:  make(chan store.Job, pushQueue),
		closing: make(chan struct{}),
	}
	s.newsTold = make(chan string, maxTold)
	s.hooks, s.minted = make(chan struct{}, maxHooks), recent.New[mintKey, minted](maxMinted)
	s.contractors = &contractors{s: s, all: map[string]*contractor{}}
	s.pulse = newPulse(cfg.PingInterval)
	s.listening.Store(cfg.Now().UnixNano())
	s.mail = &mail{s: s, men: map[string]*postman{}, off: map[string]bool{}}
	s.alerts = make(chan struct{}, 1)
	_, shared := cfg.Store.(store.Presence) // whatever the operator says: it could be somebody else's as well
	s.desk = newDesk(cfg.Presence == nil && !shared)
	s.gate = newGate(s)
	s.byHook = newPaces(cfg.Bounds.PerAddress, cfg.Now)
	s.byAddress, s.byUser = newPaces(cfg.Bounds.PerAddress, cfg.Now), newPaces(cfg.Bounds.PerUser, cfg.Now)
	s.apps.Store(byID(cfg.Apps))
	var err error
	if s.verifier, err = auth.NewVerifier(cfg.Now, known(cfg.Apps)...); err != nil {
		return nil, err
	}
	if cfg.Leeway != 0 {
		if err := s.verifier.SetLeeway(cfg.Leeway); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (c *Config) complete() error {
	if c.Store == nil || c.Bus == nil {
		return errors.New("a server needs a Store and a Bus")
	}
	var err error
	if c.Apps, err = completeApps(c.Apps); err != nil {
		return err
	}
	if c.PublicURL != "" {
		if u, err := url.Parse(c.PublicURL); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || len(c.PublicURL) > 256 {
			return fmt.Errorf("the public URL %.256q is not like https://calls.example.com", c.PublicURL)
		}
	}
	if len(c.ICEServers) > 0 {
		var shape struct {
			Servers []json.RawMessage `json:"iceServers"`
		}
		if err := json.Unmarshal(c.ICEServers, &shape); err != nil || len(c.ICEServers) > 8<<10 {
			return fmt.Errorf(`ICEServers must be JSON like {"iceServers":[{"urls":"stun:stun.example.com"}]} of at most 8 KiB (%w)`, err)
		}
	}
	if err := c.Bounds.check(); err != nil {
		return err
	}
	if c.Shard < 0 || c.Shard > maxShard {
		return fmt.Errorf("the shard %d is not 0-%d", c.Shard, maxShard)
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Webhooks == nil {
		c.Webhooks = webhook.NewClient(webhook.ClientConfig{Now: c.Now})
	}
	if c.Push == nil {
		c.Push = func(string, string) push.Sender { return nil }
	}
	if c.Observer == nil {
		c.Observer = blind{}
	}
	if c.NodeID == "" {
		c.NodeID = "node"
	}
	orDefault(&c.KeepHistory, 90*24*time.Hour)
	orDefault(&c.KeepLedger, 30*24*time.Hour)
	orDefault(&c.KeepJobs, 30*24*time.Hour)
	for d, otherwise := range map[*time.Duration]time.Duration{
		&c.PingInterval:  5 * time.Second,
		&c.Tombstone:     time.Minute,
		&c.AliveTimeout:  2 * time.Minute,
		&c.StreamGrace:   2 * time.Second,
		&c.PushLease:     2 * time.Second,
		&c.Tick:          time.Second,
		&c.PurgeInterval: 30 * time.Second,
		&c.WriteTimeout:  15 * time.Second,
	} {
		orDefault(d, otherwise)
		if *d < 0 {
			return fmt.Errorf("a duration is negative (%s)", *d)
		}
	}
	return nil
}

func orDefault(d *time.Duration, otherwise time.Duration) {
	if *d == 0 {
		*d = otherwise
	}
}

const (
	maxMessage = 512 << 10 // one request after decompression: 64 KiB of media, escaped as JSON at worst
	maxBody    = 1 << 20   // one request's body as it comes
	// minCompressed is how long a message must be to be compressed, in bytes: a call as a device sees it has some hundred, and
	// gzip then costs more than the whole rest of the request.
	minCompressed = 4 << 10
	// bodyTimeout is how long a request may take to come: at least 35 kB/s of the longest, or who sends it drips.
	bodyTimeout = 30 * time.Second
)

// Handler returns both services, and takes the webhooks of the apps' carriers, ready to be mounted at the root of a server that speaks HTTP/1.1 and HTTP/2. An event
// stream that a device opens by Connect over HTTP/1.1 takes its connection out of the hands of the http.Server
// (http.Hijacker), so that a device that is only connected costs little; a middleware that hides the hijacker makes it an
// ordinary, dearer response.
func (s *Server) Handler() http.Handler {
	options := connect.WithHandlerOptions(
		connect.WithInterceptors(append(slices.Clone(s.cfg.Interceptors), fence{s}, s.gate)...),
		connect.WithReadMaxBytes(maxMessage),
		connect.WithCompressMinBytes(minCompressed),
		connect.WithRecover(s.recover),
	)
	mux := http.NewServeMux()
	mux.Handle(ringtripv1connect.NewPhoneServiceHandler(s, options))
	mux.Handle(ringtripv1connect.NewOpsServiceHandler(s, options))
	mux.HandleFunc(carriersPath, s.serveCarrier)
	return roomy(s.limited(s.light(s.quickly(http.MaxBytesHandler(patience(mux, s.cfg.WriteTimeout, bodyTimeout), maxBody)))))
}

func (s *Server) recover(_ context.Context, spec connect.Spec, _ http.Header, what any) error {
	s.log.Error("a request panicked", "procedure", spec.Procedure, "panic", what, "stack", stack())
	return problem(connect.CodeInternal, "internal", "look into the server's log", nil, "the server failed on this request")
}

// Run fires timers, sends pushes, delivers webhooks and clears away what is over, until ctx ends; then it ends the event
// streams and returns nil when nothing of it is left. Pushes that it could not finish are taken over by another node, or by the
// next start. It must run once.
func (s *Server) Run(ctx context.Context) error {
	var all sync.WaitGroup
	all.Go(func() { s.runTimers(ctx) })
	all.Go(func() { s.runClaims(ctx) })
	all.Go(func() { s.runPurge(ctx) })
	all.Go(func() { s.runBeats(ctx) })
	all.Go(func() { s.runAlerts(ctx) })
	all.Go(func() { s.runNews(ctx) })
	all.Go(func() { s.mail.run(ctx) })
	all.Go(func() { s.contractors.run(ctx) })
	for range pushWorkers {
		all.Go(func() { s.runPushes(ctx) })
	}
	all.Wait()
	s.Close()
	s.streams.lines.Wait()
	return nil
}

// Close ends all event streams, so that their devices connect again, elsewhere or later. It does not wait for them:
// [Server.Run] does. http.Server.Shutdown waits only for those over HTTP/2, for it knows of no others. It may be called
// more than once.
func (s *Server) Close() {
	s.close.Do(func() {
		close(s.closing)
		s.streams.close()
	})
}
