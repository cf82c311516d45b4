package webhook

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	maxAnswer  = 4 << 10 // of an answer's body: the rest is nobody's business
	maxDetail  = 200
	answerTime = time.Second      // for an answer's body, once its status is known
	maxWait    = 24 * time.Hour   // of a Retry-After
	idleTime   = 90 * time.Second // of a connection
)

// ClientConfig is how a client connects. The zero ClientConfig is right outside tests.
type ClientConfig struct {
	// TLS is for roots of trust of one's own; nil: the system's. Certificates are always verified.
	TLS *tls.Config
	// Dial replaces the way to the network, and with it the refusal of addresses that are not public; nil: none.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Now is the wall clock; nil: time.Now.
	Now func() time.Time
}

// Client posts events. It follows no redirect, uses no proxy of the environment (a proxy would dial where this client
// refuses to), verifies certificates, and never reads more than a little of an answer. It is safe for concurrent use.
type Client struct {
	anywhere, publicOnly *http.Client
	now                  func() time.Time
}

// NewClient returns a client.
func NewClient(cfg ClientConfig) *Client {
	c := &Client{now: cfg.Now}
	if c.now == nil {
		c.now = time.Now
	}
	open := &net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}
	closed := *open
	closed.Control = refusePrivate
	c.anywhere, c.publicOnly = newHTTP(cfg, open.DialContext), newHTTP(cfg, closed.DialContext)
	return c
}

func newHTTP(cfg ClientConfig, dial func(context.Context, string, string) (net.Conn, error)) *http.Client {
	if cfg.Dial != nil {
		dial = cfg.Dial
	}
	secure := &tls.Config{}
	if cfg.TLS != nil {
		secure = cfg.TLS.Clone()
	}
	secure.InsecureSkipVerify = false
	secure.MinVersion = max(secure.MinVersion, tls.VersionTLS12)
	return &http.Client{
		Transport: &http.Transport{
			DialContext: dial, TLSClientConfig: secure, ForceAttemptHTTP2: true, TLSHandshakeTimeout: 5 * time.Second,
			MaxIdleConns: 1024, MaxIdleConnsPerHost: 128, IdleConnTimeout: idleTime, MaxResponseHeaderBytes: 32 << 10,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// errPrivate is why a connection was not made.
var errPrivate = errors.New("the address is not on the public Internet, and the endpoint's allow_private is not set")

// refusePrivate is called with the address that is about to be connected to, after names were resolved: a name that
// resolves to something else a moment later helps nobody.
func refusePrivate(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil || !isPublic(at.Addr()) {
		return fmt.Errorf("%w: %s", errPrivate, address)
	}
	return nil
}

// Close closes idle connections.
func (c *Client) Close() {
	c.anywhere.CloseIdleConnections()
	c.publicOnly.CloseIdleConnections()
}

// Result is what came of one attempt.
type Result struct {
	Status     int           // HTTP status, 0 if there was no answer
	RetryAfter time.Duration // as the answer asked for, 0 if it did not; at most a day
	Took       time.Duration
	Detail     string // for people: what was wrong, and the beginning of what the receiver said
}

// Taken reports whether the receiver has the event: only a status of 2xx says so.
func (r Result) Taken() bool { return r.Status >= 200 && r.Status <= 299 }

// Gone reports whether the receiver wants no event any more (410).
func (r Result) Gone() bool { return r.Status == http.StatusGone }

// Deliver posts one event to e, which [Endpoint.Complete] must have accepted: once, no longer than e.Timeout. The body
// is sent and signed byte by byte as it is. It blocks until there is an answer, the time is over or ctx ends.
func (c *Client) Deliver(ctx context.Context, e Endpoint, id string, body []byte) Result {
	ctx, cancel := context.WithTimeout(ctx, e.Timeout)
	defer cancel()
	began := time.Now()
	at := c.now()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, e.URL, bytes.NewReader(body))
	if err != nil {
		return Result{Detail: cut(err.Error())}
	}
	var signatures []string
	for _, s := range e.Secrets {
		signatures = append(signatures, s.Sign(id, at, body))
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "ringtrip-webhook/"+strconv.Itoa(Version))
	req.Header.Set(HeaderID, id)
	req.Header.Set(HeaderTimestamp, strconv.FormatInt(at.Unix(), 10))
	req.Header.Set(HeaderSignature, strings.Join(signatures, " "))
	client := c.publicOnly
	if e.AllowPrivate {
		client = c.anywhere
	}
	res, err := client.Do(req)
	if err != nil {
		return Result{Took: time.Since(began), Detail: cut(why(ctx, e, err))}
	}
	// The status decides. The body may be cut off, endless or a lie: a little of it is read so that the connection can be
	// used again, and for people.
	stop := time.AfterFunc(answerTime, cancel)
	text, _ := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	stop.Stop()
	_ = res.Body.Close()
	r := Result{Status: res.StatusCode, Took: time.Since(began)}
	if r.Taken() {
		return r
	}
	r.RetryAfter = retryAfter(res.Header.Get("Retry-After"), c.now())
	r.Detail = res.Status
	if r.Status >= 300 && r.Status <= 399 {
		r.Detail += ": redirects are not followed, so put the new address into the configuration"
	} else if said := printable(text); said != "" {
		r.Detail += ": " + said
	}
	r.Detail = cut(r.Detail)
	return r
}

// why says in a few words why there was no answer.
func why(ctx context.Context, e Endpoint, err error) string {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Sprintf("no answer within %s", e.Timeout)
	}
	if inner := errors.Unwrap(err); inner != nil { // without "Post" and the URL, which may hold something private
		return inner.Error()
	}
	return err.Error()
}

// retryAfter reads seconds or a date, 0 if it is neither (RFC 9110 §10.2.3).
func retryAfter(text string, now time.Time) time.Duration {
	text = strings.TrimSpace(text)
	if seconds, err := strconv.ParseUint(text, 10, 32); err == nil {
		return min(time.Duration(seconds)*time.Second, maxWait)
	}
	if at, err := http.ParseTime(text); err == nil {
		return min(max(at.Sub(now), 0), maxWait)
	}
	return 0
}

// printable makes what a receiver said fit for a log line.
func printable(b []byte) string {
	return strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r == 0xfffd {
			return ' '
		}
		return r
	}, string(b))), " ")
}

func cut(s string) string {
	s = strings.ToValidUTF8(s, "?")
	if len(s) <= maxDetail {
		return s
	}
	return strings.ToValidUTF8(s[:maxDetail], "") + "…"
}
