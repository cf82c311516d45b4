// Package nats is the bus between the nodes of a deployment, over core NATS: a message is a wake-up, at most once, and
// nothing of it is kept anywhere. Every node subscribes for one subject, its inbox, however many devices it holds.
//
// The NATS servers are either yours (Config.URL) or run inside the nodes (Config.Embedded). A node that is cut off from
// them goes on: its streams read the store at every ping, and when the bus is back all of them read at once.
//
// The package refuses to use JetStream, to wait for anyone, and to say that a message has arrived.
package nats

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/ringtrip/ringtrip/bus"
	"github.com/ringtrip/ringtrip/bus/local"
)

const (
	// queueLength is how many messages wait for the connection; what does not fit is lost.
	queueLength = 1 << 14
	// reconnectWait is how long the bus waits between tries to connect.
	reconnectWait = 250 * time.Millisecond
	// writeTimeout is how long the connection may take nothing before it counts as broken.
	writeTimeout = 2 * time.Second
	// reconnectBuffer is how much waits in a connection that is broken, in bytes.
	reconnectBuffer = 256 << 10
)

// Config says where the bus is.
type Config struct {
	// Node is this node's name for the others: letters, digits, '-' and '_', at most 64, and nobody else's.
	Node string
	// Prefix begins every subject, so that several deployments may share NATS servers. Default "ringtrip".
	Prefix string
	// URL lists NATS servers, as "nats://user:password@host:4222,nats://other:4222" or "tls://…".
	URL string
	// Credentials is a file with NATS credentials (a JWT and its seed); empty: none.
	Credentials string
	// Embedded runs a NATS server inside this process instead.
	Embedded *Embedded
	// Logger hears about lost connections; nil is silent.
	Logger *slog.Logger
}

// Stats counts what a bus did since it was opened.
type Stats struct {
	Connected bool   // to a NATS server
	Sent      uint64 // messages handed to NATS
	Received  uint64
	Dropped   uint64 // messages that this process could not send or take in time
}

// Bus implements [bus.Bus]. Open makes it.
type Bus struct {
	cfg     Config
	log     *slog.Logger
	here    *local.Bus
	conn    *nats.Conn
	server  *embedded // nil if the servers are not ours
	queue   chan message
	stop    chan struct{}
	stopped sync.Once
	all     sync.WaitGroup

	sent, received, dropped atomic.Uint64
}

type message struct{ node, topic string }

var _ bus.Bus = (*Bus)(nil)

var nodeName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// Open returns a bus that connects, and connects again for ever. It does not wait for a server that is not there yet;
// it returns an error that says what is wrong with cfg.
func Open(cfg Config) (*Bus, error) {
	if cfg.Prefix == "" {
		cfg.Prefix = "ringtrip"
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if !nodeName.MatchString(cfg.Node) {
		return nil, fmt.Errorf("bus/nats: the node's name is %.80q: give it one of letters, digits, '-' and '_', at most 64", cfg.Node)
	}
	if !nodeName.MatchString(cfg.Prefix) {
		return nil, fmt.Errorf("bus/nats: the prefix is %.80q: give it letters, digits, '-' and '_', at most 64", cfg.Prefix)
	}
	if (cfg.URL == "") == (cfg.Embedded == nil) {
		return nil, errors.New("bus/nats: give either the URL of NATS servers or peers for an embedded one")
	}
	if cfg.URL != "" {
		if err := checkURLs(cfg.URL); err != nil {
			return nil, fmt.Errorf("bus/nats: %w", err)
		}
	}
	b := &Bus{cfg: cfg, log: cfg.Logger, here: local.New(), queue: make(chan message, queueLength), stop: make(chan struct{})}
	options := b.options()
	if cfg.Embedded != nil {
		s, err := startEmbedded(cfg)
		if err != nil {
			return nil, err
		}
		b.server = s
		options = append(options, nats.InProcessServer(s.server), nats.UserInfo(routeUser, s.key))
	}
	if err := b.connect(options); err != nil {
		b.server.close()
		return nil, err
	}
	b.all.Go(b.send)
	return b, nil
}

func (b *Bus) options() []nats.Option {
	options := []nats.Option{
		nats.Name("ringtrip " + b.cfg.Node), nats.NoEcho(),
		nats.RetryOnFailedConnect(true), nats.MaxReconnects(-1), nats.IgnoreAuthErrorAbort(),
		nats.ReconnectWait(reconnectWait), nats.ReconnectJitter(reconnectWait, reconnectWait), nats.Timeout(2 * time.Second),
		nats.PingInterval(2 * time.Second), nats.MaxPingsOutstanding(2),
		nats.FlusherTimeout(writeTimeout), nats.ReconnectBufSize(reconnectBuffer),
		nats.ConnectHandler(func(*nats.Conn) { b.log.Info("the bus is connected") }),
		nats.ReconnectHandler(func(*nats.Conn) {
			b.log.Info("the bus is connected again")
			b.here.WakeAll() // what was published meanwhile is lost
		}),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			select {
			case <-b.stop:
			default:
				b.log.Warn("the bus is disconnected: streams go on from the store, a little later", "err", err)
			}
		}),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			b.log.Warn("the bus has trouble", "err", err)
			if errors.Is(err, nats.ErrSlowConsumer) {
				b.dropped.Add(1)
				b.here.WakeAll()
			}
		}),
	}
	if b.cfg.Credentials != "" {
		options = append(options, nats.UserCredentials(b.cfg.Credentials))
	}
	return options
}

func (b *Bus) connect(options []nats.Option) error {
	conn, err := nats.Connect(b.cfg.URL, options...)
	if err != nil {
		return fmt.Errorf("bus/nats: connecting: %w", err)
	}
	if _, err := conn.Subscribe(b.inbox(b.cfg.Node), b.receive); err != nil {
		conn.Close()
		return fmt.Errorf("bus/nats: subscribing for the inbox of %s: %w", b.cfg.Node, err)
	}
	b.conn = conn
	return nil
}

// inbox is the subject of a node.
func (b *Bus) inbox(node string) string { return b.cfg.Prefix + ".node." + node }

// receive takes one message from another node.
func (b *Bus) receive(m *nats.Msg) {
	if topic, ok := decode(m.Data); ok {
		b.received.Add(1)
		b.here.Publish(topic)
	}
}

// decode reads a message: it is a topic and nothing else.
func decode(data []byte) (topic string, ok bool) {
	if len(data) == 0 || len(data) > bus.MaxTopic {
		return "", false
	}
	return string(data), true
}

// Publish implements [bus.Bus]: what is for other nodes waits in a queue, and is lost if that is full.
func (b *Bus) Publish(topic string, nodes ...string) {
	if len(nodes) == 0 {
		b.here.Publish(topic)
		return
	}
	for _, node := range nodes {
		if node == b.cfg.Node {
			b.here.Publish(topic)
			continue
		}
		if len(topic) == 0 || len(topic) > bus.MaxTopic || !nodeName.MatchString(node) {
			continue
		}
		select {
		case <-b.stop:
			return
		default:
		}
		select {
		case b.queue <- message{node, topic}:
		default:
			b.dropped.Add(1)
		}
	}
}

// send hands what waits to the connection, which may block for as long as a write does.
func (b *Bus) send() {
	for {
		select {
		case <-b.stop:
			return
		case m := <-b.queue:
			if err := b.conn.Publish(b.inbox(m.node), []byte(m.topic)); err != nil {
				b.dropped.Add(1)
			} else {
				b.sent.Add(1)
			}
		}
	}
}

// Listen implements [bus.Bus].
func (b *Bus) Listen(ctx context.Context, topic string) (<-chan struct{}, error) {
	return b.here.Listen(ctx, topic)
}

// ListenFunc implements [bus.FuncListener].
func (b *Bus) ListenFunc(topic string, f func()) (stop func(), err error) {
	return b.here.ListenFunc(topic, f)
}

// Stats returns the counters of this moment.
func (b *Bus) Stats() Stats {
	return Stats{Connected: b.Connected(), Sent: b.sent.Load(), Received: b.received.Load(), Dropped: b.dropped.Load()}
}

// Connected reports whether there is a NATS server to speak to. Of an embedded one it says nothing about its peers:
// see [Bus.Peers].
func (b *Bus) Connected() bool { return b.conn.IsConnected() }

// Peers returns how many other nodes an embedded server is connected with; 0 if the servers are not ours.
func (b *Bus) Peers() int { return b.server.peers() }

// Close implements [bus.Bus]: it waits until nothing of the bus is left.
func (b *Bus) Close() error {
	b.stopped.Do(func() {
		close(b.stop)
		_ = b.here.Close()
		b.all.Wait()
		b.conn.Close()
		b.server.close()
	})
	return nil
}
