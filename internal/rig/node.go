package rig

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/ringtrip/ringtrip/bus/local"
	"github.com/ringtrip/ringtrip/carrier"
	"github.com/ringtrip/ringtrip/push"
	"github.com/ringtrip/ringtrip/push/apns"
	"github.com/ringtrip/ringtrip/push/apnstest"
	"github.com/ringtrip/ringtrip/server"
	"github.com/ringtrip/ringtrip/server/auth"
	"github.com/ringtrip/ringtrip/store/sqlite"
)

// The one app of a rig, and who signs for it at APNs.
const (
	App    = "demo"
	Bundle = "dev.ringtrip.demo"
	team   = "RINGTRIP01"
	keyID  = "DEMOKEY001"
)

// NodeConfig is how a node is made.
type NodeConfig struct {
	Listen      string        // address of the API and the page; empty: 127.0.0.1 and a free port
	Dir         string        // data folder; empty: a temporary one
	RingTimeout time.Duration // 0: the server's default
	ICEServers  []byte        // JSON; empty: none
	Logger      *slog.Logger  // nil: silent
	// Page serves everything that is not the API; nil: not found.
	Page http.Handler
	// OnPush is told of every request that the local APNs answered.
	OnPush func(apnstest.Request)
	// StoreAtAPNs makes the local APNs keep a push for a device that is offline, although it must not, and deliver
	// it late: the field reports that Apple sometimes does.
	StoreAtAPNs bool
	// Secret signs users' and action tokens; nil makes a new one. A node that goes on where another stopped has the
	// same.
	Secret []byte
	// Listener takes the place of Listen, and Push that of the local APNs.
	Listener net.Listener
	Push     push.Sender
	// Wrap, if set, stands before the API.
	Wrap func(http.Handler) http.Handler
	// AliveTimeout is the server's.
	AliveTimeout time.Duration
	// Carrier names the emulated carrier that carries all calls, one of [Carriers]; empty: the devices themselves. One that
	// has telephones has the number [Office] and lets users call numbers that begin with +1555.
	Carrier string
	// Carries, if set, carries all calls, and no emulator is started: for a virtual clock, on which no real network runs.
	Carries carrier.Carrier
	// MediaGrace is the server's.
	MediaGrace time.Duration
	// OnHook is told of every webhook of the carrier that was answered.
	OnHook func(Hook)
}

// Node is a ringing server with its store, and a local APNs that its pushes go to.
type Node struct {
	URL    string // base URL of the API
	Server *server.Server
	Store  *sqlite.Store
	APNs   *apnstest.Server
	Sender push.Sender
	// Account is at the carrier; nil: there is none.
	Account *Account

	key    auth.Key
	p8     []byte
	sender *apns.Sender
	bus    *local.Bus
	http   *http.Server
	cancel context.CancelFunc
	done   sync.WaitGroup
}

// NewNode starts a node. Close ends it.
func NewNode(ctx context.Context, cfg NodeConfig) (_ *Node, err error) {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Listen == "" {
		cfg.Listen = "127.0.0.1:0"
	}
	n := &Node{}
	ctx, n.cancel = context.WithCancel(ctx)
	defer func() {
		if err != nil {
			n.Close()
		}
	}()
	listener := cfg.Listener
	if listener == nil {
		if listener, err = Listen(cfg.Listen); err != nil {
			return nil, err
		}
	}
	defer func() {
		if err != nil {
			_ = listener.Close()
		}
	}()
	n.URL = "http://" + listener.Addr().String()

	secret := cfg.Secret
	if secret == nil {
		secret = NewSecret()
	}
	if n.key, err = auth.HS256("", secret); err != nil {
		return nil, err
	}
	if n.Store, err = sqlite.Open(ctx, sqlite.Config{Dir: cfg.Dir, Logger: cfg.Logger}); err != nil {
		return nil, err
	}
	n.bus = local.New()
	if n.Sender = cfg.Push; n.Sender == nil {
		if err = n.openAPNs(cfg); err != nil {
			return nil, err
		}
	}
	app := server.App{
		ID: App, Name: "ringtrip demo", Keys: []auth.Key{n.key},
		BundleIDs: []string{Bundle}, RingTimeout: cfg.RingTimeout, MediaGrace: cfg.MediaGrace,
	}
	public := ""
	if cfg.Carries != nil {
		app.Carriers, app.Carrier = []carrier.Carrier{cfg.Carries}, cfg.Carries.Name()
	}
	if cfg.Carrier != "" {
		if n.Account, err = openAccount(cfg.Carrier, n.URL); err != nil {
			return nil, err
		}
		n.Account.join(&app)
		public = n.URL // which webhooks are signed for
	}
	n.Server, err = server.New(server.Config{
		Store: n.Store, Bus: n.bus, NodeID: "demo", Logger: cfg.Logger, ICEServers: cfg.ICEServers, AliveTimeout: cfg.AliveTimeout,
		Apps: []server.App{app}, PublicURL: public,
		Push: func(string, string) push.Sender { return n.Sender },
	})
	if err != nil {
		return nil, err
	}
	api := n.Server.Handler()
	if cfg.Wrap != nil {
		api = cfg.Wrap(api)
	}
	mux := http.NewServeMux()
	mux.Handle("/ringtrip.v1.PhoneService/", api)
	mux.Handle("/ringtrip.v1.OpsService/", api)
	if n.Account != nil {
		hooks := api
		if cfg.OnHook != nil {
			hooks = hooked(api, cfg.OnHook)
		}
		mux.Handle("/carriers/", hooks)
	}
	if cfg.Page != nil {
		mux.Handle("/", cfg.Page)
	}
	n.http = HTTPServer(mux, cfg.Logger)
	n.done.Go(func() { _ = n.Server.Run(ctx) })
	n.done.Go(func() { _ = n.http.Serve(listener) })
	return n, nil
}

func (n *Node) openAPNs(cfg NodeConfig) (err error) {
	n.APNs = apnstest.New(apnstest.Config{OnRequest: cfg.OnPush, StoreDespiteZeroExpiration: cfg.StoreAtAPNs})
	p8, public := apnstest.GenerateKey()
	n.p8 = p8
	n.APNs.RegisterTeam(team, keyID, public)
	n.APNs.RegisterApp(Bundle, team)
	n.sender, err = apns.New(apns.Config{
		Key: p8, KeyID: keyID, TeamID: team, Logger: cfg.Logger,
		ProductionURL: n.APNs.URL(push.Production), SandboxURL: n.APNs.URL(push.Sandbox),
		TLS: &tls.Config{RootCAs: n.APNs.Roots()},
	})
	n.Sender = n.sender
	return err
}

// ProviderToken mints what authorises a push at the local APNs, for who sends one without the sender.
func (n *Node) ProviderToken() (string, error) {
	key, err := jwt.ParseECPrivateKeyFromPEM(n.p8)
	if err != nil {
		return "", err
	}
	token := jwt.NewWithClaims(jwt.SigningMethodES256, jwt.MapClaims{"iss": team, "iat": time.Now().Unix()})
	token.Header["kid"] = keyID
	return token.SignedString(key)
}

// Token mints a token for a user, or with scope ops for the backend, good for a day.
func (n *Node) Token(user, name string, scope auth.Scope) (string, error) {
	return n.TokenFor(user, name, scope, 24*time.Hour)
}

// TokenFor is Token for as long as is asked.
func (n *Node) TokenFor(user, name string, scope auth.Scope, good time.Duration) (string, error) {
	return auth.Mint(n.key, auth.Claims{App: App, User: user, Name: name, Scope: scope, Expires: time.Now().Add(good)})
}

// NewSecret returns a new secret for [NodeConfig].
func NewSecret() []byte {
	raw := make([]byte, 32)
	_, _ = rand.Read(raw)
	return []byte(hex.EncodeToString(raw))
}

// Kill ends the node as abruptly as one process can end a part of itself: connections break, nobody is told, and
// what is not committed is lost.
func (n *Node) Kill() {
	n.cancel()
	_ = n.http.Close()
	n.Close()
}

// Close ends the node and everything of it. It may be called on a node that was only half made.
func (n *Node) Close() {
	if n.Account != nil {
		n.Account.Close()
	}
	n.cancel()
	if n.Server != nil {
		n.Server.Close()
	}
	if n.http != nil {
		ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
		defer cancel()
		if n.http.Shutdown(ctx) != nil {
			_ = n.http.Close()
		}
	}
	n.done.Wait()
	if n.sender != nil {
		n.sender.Close()
	}
	if n.APNs != nil {
		n.APNs.Close()
	}
	if n.bus != nil {
		_ = n.bus.Close()
	}
	if n.Store != nil {
		_ = n.Store.Close()
	}
}

// Listen listens on a TCP address, and says what to do if it can't.
func Listen(addr string) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%s is in use by another program: stop it, or choose another address with --listen (127.0.0.1:0 takes any free port)", addr)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("this user may not listen on %s: choose a port above 1023 with --listen", addr)
	case err != nil:
		return nil, fmt.Errorf("listening on %q: %w; --listen wants host:port, as 127.0.0.1:8787", addr, err)
	}
	return l, nil
}

// HTTPServer returns a server for HTTP/1.1 and for HTTP/2, also without TLS (behind a proxy, on this machine).
func HTTPServer(h http.Handler, log *slog.Logger) *http.Server {
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(true)
	return &http.Server{
		Handler: h, Protocols: &protocols, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}
