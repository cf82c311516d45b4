package signaling

import (
	"context"
	"crypto/tls"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"connectrpc.com/connect"

	"github.com/ringtrip/ringtrip/signaling/ringtripv1/ringtripv1connect"
)

// ClientConfig says to whom a [Client] speaks, and how patiently. Only BaseURL, DeviceID and Handler are
// required; every duration has a default.
type ClientConfig struct {
	// BaseURL is the server's, as "https://calls.example.com".
	BaseURL string
	// HTTPClient carries the requests over HTTP/1.1 or 2; nil: one of the client's own, which Close closes. It must
	// not have a time-out of its own, for the event stream is one request that never ends; with HTTP/2 it should
	// ping (http.HTTP2Config), or else a connection that died silently holds up requests until the stream's Silence.
	HTTPClient connect.HTTPClient
	// StreamClient carries the event stream; nil: HTTPClient, but over HTTP/1.1 and a connection of its own if it is an
	// *http.Client with an *http.Transport. The server then keeps a connection and a small goroutine for a phone that
	// does nothing, a tenth of what a stream of HTTP/2 costs it; the phone has one connection more.
	StreamClient connect.HTTPClient
	// SharedConnection makes the stream go over HTTPClient as it is: with HTTP/2 on the connection of the requests. It is
	// for networks that let nothing but HTTP/2 through, or where each connection is dear.
	SharedConnection bool
	// Options are for the connect client, as interceptors or another encoding.
	Options []connect.ClientOption
	// DeviceID is this installation's.
	DeviceID string
	// Token returns the user's JWT. It is asked for one when there is none yet and when the server refused the
	// last one, and may block until ctx ends. nil: only requests that bring a token are authorised.
	Token func(ctx context.Context) (string, error)
	// Handler hears what comes by the event stream. It must not call Close.
	Handler Handler
	// Cursor is the last event that was handled in an earlier life: what SaveCursor was told last.
	Cursor uint64
	// SaveCursor (may be nil) is told the cursor after an event was handled. An event whose cursor was lost with the
	// process comes again.
	SaveCursor func(cursor uint64)
	// Rand is what waiting is jittered with; nil: a seed of its own. The client locks it.
	Rand *rand.Rand
	// Logger hears about lost streams and failed requests; nil is silent.
	Logger *slog.Logger

	// BackoffMin and BackoffMax bound the wait before the stream is opened again: a random part of BackoffMin,
	// doubled with each failure up to BackoffMax ("full jitter"). Default 100 ms and 10 s.
	BackoffMin, BackoffMax time.Duration
	// StableAfter is how long a stream must have been up for the next failure to count as the first. Default 10 s.
	StableAfter time.Duration
	// Silence is how long the stream may bring nothing before it counts as dead. Default 15 s: three times the
	// server's 5 s between pings.
	Silence time.Duration
	// RequestTimeout is how long one try of a request may take. Default 5 s.
	RequestTimeout time.Duration
	// RetryMax is BackoffMax for requests: people wait for them. Default 2 s.
	RetryMax time.Duration
	// SendFor is how long a request is tried whose SendOptions.Until is zero. Default 30 s.
	SendFor time.Duration
}

// maxMessage is the longest message that is taken from the server, in bytes: a Hello with hundreds of calls.
const maxMessage = 8 << 20

// Client is the [Connection] to a real server: an event stream that is opened again after every loss, from the
// last event that was handled, and a queue of requests for each call. Nothing that the server keeps for the
// device is lost, and nothing comes twice. It decides nothing about calls.
type Client struct {
	cfg  ClientConfig
	api  ringtripv1connect.PhoneServiceClient // for requests
	line ringtripv1connect.PhoneServiceClient // for the event stream
	log  *slog.Logger
	own  []*http.Transport // what is not the caller's
	turn chan struct{}     // full while a callback runs. A channel, so that waiting for it is visible to synctest
	jwt  tokens

	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	all    sync.WaitGroup

	mu         sync.Mutex // guards what follows; never held while a callback runs
	opened     bool
	closed     bool
	foreground bool
	reopen     context.CancelCauseFunc // ends the stream that is open or being opened; nil if there is none
	queues     map[string]*queue
	kick       chan struct{} // closed and made anew to end all waiting

	cursor uint64 // of the stream's goroutine alone

	randMu sync.Mutex
}

var _ Connection = (*Client)(nil)

// New returns a client that has done nothing yet: Open opens its stream, and Send works without.
func New(cfg ClientConfig) *Client {
	for _, d := range []struct {
		knob  *time.Duration
		value time.Duration
	}{
		{&cfg.BackoffMin, 100 * time.Millisecond},
		{&cfg.BackoffMax, 10 * time.Second},
		{&cfg.StableAfter, 10 * time.Second},
		{&cfg.Silence, 15 * time.Second},
		{&cfg.RequestTimeout, 5 * time.Second},
		{&cfg.RetryMax, 2 * time.Second},
		{&cfg.SendFor, 30 * time.Second},
	} {
		if *d.knob <= 0 {
			*d.knob = d.value
		}
	}
	c := &Client{
		cfg:    cfg,
		log:    cfg.Logger,
		turn:   make(chan struct{}, 1),
		queues: map[string]*queue{},
		kick:   make(chan struct{}),
		cursor: cfg.Cursor,
	}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	if c.cfg.HTTPClient == nil {
		own := ownTransport()
		c.own = append(c.own, own)
		c.cfg.HTTPClient = &http.Client{Transport: own}
	}
	if c.cfg.StreamClient == nil {
		c.cfg.StreamClient = c.cfg.HTTPClient
		if apart, transport := apart(c.cfg.HTTPClient); apart != nil && !c.cfg.SharedConnection {
			c.own = append(c.own, transport)
			c.cfg.StreamClient = apart
		}
	}
	c.jwt = tokens{fetch: cfg.Token, turn: make(chan struct{}, 1)}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	options := append([]connect.ClientOption{connect.WithReadMaxBytes(maxMessage)}, cfg.Options...)
	url := strings.TrimRight(cfg.BaseURL, "/")
	c.api = ringtripv1connect.NewPhoneServiceClient(c.cfg.HTTPClient, url, options...)
	c.line = ringtripv1connect.NewPhoneServiceClient(c.cfg.StreamClient, url, options...)
	return c
}

// ownTransport is Go's, with pings on HTTP/2: a phone changes networks, and requests must not wait on a
// connection that is dead without anyone having said so.
func ownTransport() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	// The server speaks every 5 s on an open stream, so that these pings are only sent when something is wrong.
	t.HTTP2 = &http.HTTP2Config{SendPingTimeout: 6 * time.Second, PingTimeout: 3 * time.Second}
	// The stream and the requests have a connection each: the second handshake takes up the first one's session.
	t.TLSClientConfig = &tls.Config{ClientSessionCache: tls.NewLRUClientSessionCache(8)}
	return t
}

// apart returns a client like h that speaks HTTP/1.1 only, and so has connections of its own, with its transport; nil if h
// is of a kind that can't be copied.
func apart(h connect.HTTPClient) (*http.Client, *http.Transport) {
	like, ok := h.(*http.Client)
	if !ok {
		return nil, nil
	}
	base := like.Transport
	if base == nil {
		base = http.DefaultTransport
	}
	transport, ok := base.(*http.Transport)
	if !ok {
		return nil, nil
	}
	own := transport.Clone()
	own.Protocols = new(http.Protocols)
	own.Protocols.SetHTTP1(true)
	own.ForceAttemptHTTP2 = false
	own.TLSNextProto = map[string]func(string, *tls.Conn) http.RoundTripper{} // the copy has the original's HTTP/2
	if own.TLSClientConfig != nil {
		own.TLSClientConfig.NextProtos = nil // so has what is offered to the server
	}
	client := *like
	client.Transport = own
	return &client, own
}

// Open implements [Connection]. On a stream that is open, or waits to be, it ends the waiting: a push says that the
// server can be reached now.
func (c *Client) Open() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.opened && !c.closed {
		c.wakeLocked()
	}
	if c.opened || c.closed {
		return
	}
	c.opened = true
	c.all.Go(c.run)
}

// SetForeground implements [Connection]. A change opens the stream anew, for the server is told when it opens;
// coming to the foreground also ends all waiting, for there is somebody to wait for it.
func (c *Client) SetForeground(on bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if on != c.foreground && c.reopen != nil {
		c.reopen(errReopen)
	}
	c.foreground = on
	if on {
		c.wakeLocked()
	}
}

// Close implements [Connection]. When it returns, no callback runs and none will. It must not be called from
// a callback, which it would wait for.
func (c *Client) Close() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.cancel()
	c.all.Wait()
	for _, own := range c.own {
		own.CloseIdleConnections()
	}
}

// deliver runs a callback when no other one runs, and reports whether it did: not after Close.
func (c *Client) deliver(callback func()) bool {
	select {
	case c.turn <- struct{}{}:
	case <-c.ctx.Done():
		return false
	}
	defer func() { <-c.turn }()
	if c.ctx.Err() != nil {
		return false
	}
	callback()
	return true
}

// wait waits for d, or until wake or Close.
func (c *Client) wait(d time.Duration) {
	c.mu.Lock()
	kick := c.kick
	c.mu.Unlock()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-kick:
	case <-c.ctx.Done():
	}
}

// wake ends all waiting.
func (c *Client) wake() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wakeLocked()
}

func (c *Client) wakeLocked() {
	close(c.kick)
	c.kick = make(chan struct{})
}

// jitter returns a random part of the time to wait after so many failures, at most most.
func (c *Client) jitter(failures int, most time.Duration) time.Duration {
	d := c.cfg.BackoffMin
	for range failures {
		if d >= most {
			break
		}
		d *= 2
	}
	return time.Duration(c.random() * float64(min(d, most)))
}

// random returns a number in (0, 1].
func (c *Client) random() float64 {
	if c.cfg.Rand == nil {
		return 1 - rand.Float64()
	}
	c.randMu.Lock()
	defer c.randMu.Unlock()
	return 1 - c.cfg.Rand.Float64()
}

// dropIdle closes the idle connections after a time-out: the next try had better not meet a dead one.
func (c *Client) dropIdle() {
	for _, client := range []connect.HTTPClient{c.cfg.HTTPClient, c.cfg.StreamClient} {
		if h, ok := client.(interface{ CloseIdleConnections() }); ok {
			h.CloseIdleConnections()
		}
	}
}
