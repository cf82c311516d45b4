package nats

import (
	"crypto/rand"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// routeUser is the name by which embedded servers sign in with each other; the secret is the password.
const routeUser = "ringtrip"

// startStep is how often a starting server is asked whether it has failed.
const startStep = 50 * time.Millisecond

// Embedded is a NATS server inside this process, which knows no clients but this process and no storage. The servers of
// a deployment find each other by their peers: naming one that lives is enough, for they tell of the others.
type Embedded struct {
	// Listen is where the other nodes reach this one, host:port. Port 0 takes any free one, for tests.
	Listen string
	// Advertise is the address that the others are told, if it is not Listen's.
	Advertise string
	// Peers are the other nodes' addresses, host:port; this node's own among them is fine.
	Peers []string
	// Secret is what all nodes of the deployment know, at least 16 characters. Without TLS it crosses the network as it
	// is: keep such a network private.
	Secret string
	// TLS encrypts what goes between nodes and must check both ends' certificates; nil: plain TCP.
	TLS *tls.Config
}

type embedded struct {
	server *server.Server
	key    string // that this process alone knows
}

func startEmbedded(cfg Config) (*embedded, error) {
	o, err := cfg.Embedded.options(cfg.Node, cfg.Prefix)
	if err != nil {
		return nil, fmt.Errorf("bus/nats: %w", err)
	}
	raw := make([]byte, 16)
	_, _ = rand.Read(raw)
	o.Username, o.Password = routeUser, hex.EncodeToString(raw)
	s, err := server.NewServer(o)
	if err != nil {
		return nil, fmt.Errorf("bus/nats: preparing the embedded server: %w", err)
	}
	trouble := &serverLog{log: cfg.Logger, fatal: make(chan string, 1)}
	s.SetLogger(trouble, false, false)
	s.Start()
	e := &embedded{s, o.Password}
	why := "it did not start within 5 s"
	for range 100 {
		if s.ReadyForConnections(startStep) {
			return e, nil
		}
		select {
		case why = <-trouble.fatal:
		default:
			continue
		}
		break
	}
	e.close()
	return nil, fmt.Errorf("bus/nats: starting the embedded server on %s: %s", cfg.Embedded.Listen, why)
}

// options are those of a server for nobody but its own process and its peers.
func (e *Embedded) options(node, prefix string) (*server.Options, error) {
	host, port, err := hostPort(e.Listen)
	if err != nil {
		return nil, fmt.Errorf("the address for peers: %w", err)
	}
	if len(e.Secret) < 16 {
		return nil, errors.New("the peers' secret must have at least 16 characters: all nodes share it")
	}
	o := &server.Options{
		// A server that listens to no clients makes no routes either (v2.15.2, StartRouting), so it listens on this
		// machine alone, for a password that nobody is told.
		ServerName: node, Host: "127.0.0.1", Port: server.RANDOM_PORT, NoSigs: true, NoSystemAccount: true,
		MaxPayload: 4 << 10, PingInterval: 2 * time.Second, MaxPingsOut: 2,
		Cluster: server.ClusterOpts{
			Name: prefix, Host: host, Port: port, Advertise: e.Advertise, Username: routeUser, Password: e.Secret, AuthTimeout: 5,
			TLSConfig: e.TLS, TLSTimeout: 5, PingInterval: 2 * time.Second, MaxPingsOut: 2,
			PoolSize: -1, // one connection between two nodes is plenty for wake-ups
		},
	}
	if port == 0 {
		o.Cluster.Port = server.RANDOM_PORT
	}
	for _, peer := range e.Peers {
		if _, _, err := hostPort(peer); err != nil {
			return nil, fmt.Errorf("a peer: %w", err)
		}
		o.Routes = append(o.Routes, &url.URL{Scheme: "nats-route", User: url.UserPassword(routeUser, e.Secret), Host: peer})
	}
	return o, nil
}

func hostPort(address string) (string, int, error) {
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		return "", 0, fmt.Errorf("%q is not host:port: %w", address, err)
	}
	port, err := strconv.Atoi(text)
	if err != nil || port < 0 || port > 65535 {
		return "", 0, fmt.Errorf("%q is not host:port: the port must be 0-65535", address)
	}
	return host, port, nil
}

func (e *embedded) address() string { return e.server.ClusterAddr().String() }

func (e *embedded) peers() int {
	if e == nil {
		return 0
	}
	return e.server.NumRoutes()
}

func (e *embedded) close() {
	if e != nil {
		e.server.Shutdown()
		e.server.WaitForShutdown()
	}
}

// serverLog passes what the embedded server says to the node's log.
type serverLog struct {
	log   *slog.Logger
	fatal chan string
}

func (l *serverLog) Noticef(format string, v ...any) {
	l.log.Debug("bus: " + fmt.Sprintf(format, v...))
}
func (l *serverLog) Warnf(format string, v ...any)  { l.log.Warn("bus: " + fmt.Sprintf(format, v...)) }
func (l *serverLog) Errorf(format string, v ...any) { l.log.Warn("bus: " + fmt.Sprintf(format, v...)) }
func (l *serverLog) Debugf(string, ...any)          {}
func (l *serverLog) Tracef(string, ...any)          {}

// Fatalf keeps what the server would have ended the process for: Open tells it.
func (l *serverLog) Fatalf(format string, v ...any) {
	select {
	case l.fatal <- fmt.Sprintf(format, v...):
	default:
	}
}

// checkURLs says what is wrong with a list of URLs, without the passwords in it: NATS' own error repeats them.
func checkURLs(urls string) error {
	for text := range strings.SplitSeq(urls, ",") {
		u, err := url.Parse(strings.TrimSpace(text))
		if err != nil || u.Host == "" || u.Scheme != "nats" && u.Scheme != "tls" && u.Scheme != "ws" && u.Scheme != "wss" {
			return errors.New("the URL of a NATS server must be like nats://user:password@host:4222 or tls://host:4222")
		}
	}
	return nil
}
