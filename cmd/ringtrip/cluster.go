package main

import (
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"github.com/ringtrip/ringtrip/bus"
	"github.com/ringtrip/ringtrip/bus/local"
	"github.com/ringtrip/ringtrip/bus/nats"
	"github.com/ringtrip/ringtrip/server/observe"
	"github.com/ringtrip/ringtrip/store"
)

// clusterFlags make a node one of several.
type clusterFlags struct {
	Node           string   `help:"This node's name, for the others and for logs; empty: the host's name. Letters, digits, - and _." placeholder:"NAME"`
	Bus            string   `help:"NATS servers that carry wake-ups between nodes, as nats://user:password@host:4222,nats://other:4222 or tls://…." placeholder:"URL"`
	BusCredentials string   `help:"File with NATS credentials." placeholder:"FILE"`
	BusPrefix      string   `help:"What the subjects on the bus begin with: one for each deployment that shares NATS servers." default:"ringtrip"`
	Peers          []string `help:"Instead of --bus: the other nodes' --peer-listen addresses. One that lives is enough." placeholder:"HOST:PORT"`
	PeerListen     string   `help:"Where the other nodes reach this one, host:port of a private network. It makes this node its own part of the bus." placeholder:"ADDR"`
	PeerAdvertise  string   `help:"The address that the other nodes are told, if it is not --peer-listen." placeholder:"ADDR"`
	PeerSecretFile string   `help:"File with the secret that all nodes share, at least 16 characters." placeholder:"FILE"`
	PeerCert       string   `help:"PEM file with this node's certificate, for TLS between nodes; checked on both sides." placeholder:"FILE"`
	PeerKey        string   `help:"PEM file with its key." placeholder:"FILE"`
	PeerCA         string   `help:"PEM file of the authority that signed all nodes' certificates." placeholder:"FILE"`
}

// membership is a node's place among the others.
type membership struct {
	id       string // of this run of the node
	bus      bus.Bus
	presence store.Presence // nil: the node is alone
}

// join makes the node one of those on st, or leaves it alone.
func (c *clusterFlags) join(st store.Store, log *slog.Logger) (*membership, error) {
	m := &membership{id: c.name()}
	if c.Bus == "" && c.PeerListen == "" {
		if len(c.Peers) > 0 || c.PeerSecretFile != "" || c.PeerCert != "" {
			return nil, errors.New("--peers and what belongs to it want --peer-listen: the address where the other nodes reach this one")
		}
		if _, many := st.(store.Presence); many {
			log.Warn("no --bus and no --peer-listen: this must be the only node on its store, or rings come seconds late")
		}
		m.bus = local.New()
		return m, nil
	}
	presence, ok := st.(store.Presence)
	if !ok {
		return nil, errors.New("--bus and --peer-listen are for several nodes, and they need a store that several may open: --store postgres://…")
	}
	m.presence = presence
	cfg := nats.Config{Node: m.id, Prefix: c.BusPrefix, URL: c.Bus, Credentials: c.BusCredentials, Logger: log}
	if c.PeerListen != "" {
		var err error
		if cfg.Embedded, err = c.embedded(); err != nil {
			return nil, err
		}
	}
	b, err := nats.Open(cfg)
	if err != nil {
		return nil, err
	}
	m.bus = b
	return m, nil
}

// watch adds the bus's figures to the metrics, if it is one between nodes.
func (m *membership) watch(metrics *observe.Metrics) {
	b, ok := m.bus.(*nats.Bus)
	if !ok {
		return
	}
	metrics.WatchBus(func() observe.Bus {
		now := b.Stats()
		return observe.Bus{Connected: now.Connected, Peers: b.Peers(), Sent: now.Sent, Received: now.Received, Dropped: now.Dropped}
	})
}

// name is a name of this run of the node: what a dead run left behind must not be taken for this one's.
func (c *clusterFlags) name() string {
	name := c.Node
	if name == "" {
		name, _ = os.Hostname()
	}
	name = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' {
			return r
		}
		return '-'
	}, name)
	return name[:min(len(name), 40)] + "-" + strings.ToLower(rand.Text()[:8])
}

func (c *clusterFlags) embedded() (*nats.Embedded, error) {
	e := &nats.Embedded{Listen: c.PeerListen, Advertise: c.PeerAdvertise, Peers: c.Peers}
	if c.PeerSecretFile == "" {
		return nil, errors.New("--peer-listen wants --peer-secret-file: all nodes share the secret, and strangers do not have it")
	}
	secret, err := os.ReadFile(c.PeerSecretFile)
	if err != nil {
		return nil, fmt.Errorf("reading the peers' secret: %w", err)
	}
	e.Secret = strings.TrimSpace(string(secret))
	if c.PeerCert == "" && c.PeerKey == "" && c.PeerCA == "" {
		return e, nil
	}
	pair, err := tls.LoadX509KeyPair(c.PeerCert, c.PeerKey)
	if err != nil {
		return nil, fmt.Errorf("reading --peer-cert and --peer-key: %w", err)
	}
	pem, err := os.ReadFile(c.PeerCA)
	if err != nil {
		return nil, fmt.Errorf("reading --peer-ca: %w", err)
	}
	authority := x509.NewCertPool()
	if !authority.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("--peer-ca: there is no certificate in %s", c.PeerCA)
	}
	e.TLS = &tls.Config{
		Certificates: []tls.Certificate{pair}, RootCAs: authority, ClientCAs: authority,
		ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: tls.VersionTLS13,
	}
	return e, nil
}
