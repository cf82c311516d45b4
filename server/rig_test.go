package server_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"connectrpc.com/connect"
	"go.uber.org/goleak"

	"github.com/ringtrip/ringtrip/bus/local"
	"github.com/ringtrip/ringtrip/push"
	"github.com/ringtrip/ringtrip/server"
	"github.com/ringtrip/ringtrip/server/auth"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
	"github.com/ringtrip/ringtrip/signaling/ringtripv1/ringtripv1connect"
	"github.com/ringtrip/ringtrip/store"
	"github.com/ringtrip/ringtrip/store/sqlite"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		os.Exit(child(dir))
	}
	goleak.VerifyTestMain(m)
}

const (
	app    = "shop"
	bundle = "com.example.shop"
)

var key = must(auth.HS256("k1", []byte("a secret of the app that is long enough")))

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// pipes is a listener without a network, so that servers work inside a synctest bubble.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func listenPipes() *pipes { return &pipes{conns: make(chan net.Conn), done: make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}
func (p *pipes) Close() error   { p.once.Do(func() { close(p.done) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "pipe"} }
func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	here, there := net.Pipe()
	select {
	case p.conns <- there:
		return here, nil
	case <-p.done:
		return nil, errors.New("the server is gone")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// world is a store with one node after the other on it.
type world struct {
	t     testing.TB
	store store.Store
	dir   string
	apns  *apns
	set   func(*server.Config)
	http2 bool // what the devices speak; else HTTP/1.1
	*node
}

// node is one running server.
type node struct {
	s      *server.Server
	bus    *local.Bus
	http   *http.Server
	pipes  *pipes
	client *http.Client
	stop   context.CancelFunc
	done   sync.WaitGroup
}

// newWorld starts a node on a fresh store. Everything ends with the test.
func newWorld(t testing.TB, set func(*server.Config)) *world {
	t.Helper()
	return newWorldBy(t, false, set)
}

func newWorldBy(t testing.TB, http2 bool, set func(*server.Config)) *world {
	t.Helper()
	w := &world{t: t, apns: newAPNs(), set: set, dir: filepath.Join(t.TempDir(), "store"), http2: http2}
	w.openStore()
	w.run()
	t.Cleanup(func() {
		if w.node != nil {
			w.halt()
		}
		if err := w.store.Close(); err != nil {
			t.Errorf("closing the store: %v", err)
		}
	})
	return w
}

func (w *world) openStore() {
	st, err := sqlite.Open(context.Background(), sqlite.Config{Dir: w.dir})
	if err != nil {
		w.t.Fatal(err)
	}
	w.store = st
}

// run starts a node.
func (w *world) run() {
	w.t.Helper()
	n := &node{bus: local.New(), pipes: listenPipes()}
	cfg := server.Config{
		Store: w.store, Bus: n.bus, NodeID: "n1", Logger: slog.New(slog.NewTextHandler(testLog{w.t}, &slog.HandlerOptions{Level: slog.LevelWarn})),
		Apps: []server.App{{ID: app, Name: "Shop", Keys: []auth.Key{key}, BundleIDs: []string{bundle}},
			{ID: "other", Keys: []auth.Key{must(auth.HS256("", []byte("the other app's secret, 32 bytes and more")))}}},
		Push: func(_, b string) push.Sender {
			if b != bundle {
				return nil
			}
			return w.apns
		},
		PublicURL: "https://calls.example.com", ICEServers: []byte(`{"iceServers":[{"urls":"stun:stun.example.com"}]}`),
	}
	if w.set != nil {
		w.set(&cfg)
	}
	var err error
	if n.s, err = server.New(cfg); err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	n.stop = cancel
	n.http = &http.Server{Handler: n.s.Handler(), ErrorLog: slog.NewLogLogger(slog.DiscardHandler, 0)}
	n.http.Protocols = protocols(true, true)
	n.client = &http.Client{Transport: &http.Transport{DialContext: n.pipes.dial, MaxIdleConnsPerHost: 64, Protocols: protocols(!w.http2, w.http2)}}
	n.done.Go(func() { _ = n.s.Run(ctx) })
	n.done.Go(func() { _ = n.http.Serve(n.pipes) })
	w.node = n
}

// halt stops the node in good order.
func (w *world) halt() {
	w.stop()
	w.s.Close()
	if err := w.http.Shutdown(context.Background()); err != nil {
		w.t.Errorf("shutting down: %v", err)
	}
	w.client.CloseIdleConnections()
	w.done.Wait()
	_ = w.bus.Close()
	w.node = nil
}

// restart stops the node, opens the store anew and starts another node on it.
func (w *world) restart() {
	w.halt()
	if err := w.store.Close(); err != nil {
		w.t.Fatal(err)
	}
	w.openStore()
	w.run()
}

type testLog struct{ t testing.TB }

func (l testLog) Write(b []byte) (int, error) { l.t.Logf("%s", b); return len(b), nil }

var _ io.Writer = testLog{}

// inBubble runs a test with a world of its own in virtual time.
func inBubble(t *testing.T, set func(*server.Config), test func(t *testing.T, w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(t, newWorld(t, set)) })
}

// byBoth is inBubble once with a stream by HTTP/1.1, which has its connection for itself, and once by HTTP/2, whose handler
// waits: what a device hears must be the same.
func byBoth(t *testing.T, set func(*server.Config), test func(t *testing.T, w *world)) {
	t.Helper()
	for _, http2 := range []bool{false, true} {
		t.Run(fmt.Sprintf("HTTP2=%t", http2), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { test(t, newWorldBy(t, http2, set)) })
		})
	}
}

func protocols(http1, http2 bool) *http.Protocols {
	var p http.Protocols
	p.SetHTTP1(http1)
	p.SetUnencryptedHTTP2(http2)
	return &p
}

// token makes a user's token.
func token(user string) string {
	return mint(auth.Claims{App: app, User: user, Name: "Name of " + user})
}

func mint(c auth.Claims) string {
	if c.Expires.IsZero() {
		c.Expires = time.Now().Add(48 * time.Hour)
	}
	return must(auth.Mint(key, c))
}

// bearer puts a token on every request; "TOKEN for USER" names the user for whom a backend asks.
type bearer string

func (b bearer) put(h http.Header) {
	token, user, forUser := strings.Cut(string(b), " for ")
	h.Set("Authorization", "Bearer "+token)
	if forUser {
		h.Set(server.UserHeader, user)
	}
}

func (b bearer) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, r connect.AnyRequest) (connect.AnyResponse, error) {
		b.put(r.Header())
		return next(ctx, r)
	}
}
func (b bearer) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return func(ctx context.Context, spec connect.Spec) connect.StreamingClientConn {
		c := next(ctx, spec)
		b.put(c.RequestHeader())
		return c
	}
}
func (b bearer) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return next
}

// as returns a client that shows a token.
func (w *world) as(token string) ringtripv1connect.PhoneServiceClient {
	return ringtripv1connect.NewPhoneServiceClient(w.client, "http://ringtrip.test", connect.WithInterceptors(bearer(token)))
}

func (w *world) ops() ringtripv1connect.OpsServiceClient {
	return ringtripv1connect.NewOpsServiceClient(w.client, "http://ringtrip.test", connect.WithInterceptors(bearer(mint(auth.Claims{App: app, Scope: auth.Ops}))))
}

// phone is a device with a user's token, or with an action token.
type phone struct {
	w            *world
	user, device string
	token        string
}

// phone registers a device; with a push token unless voip is empty.
func (w *world) phone(user, device, voip string) *phone {
	w.t.Helper()
	p := &phone{w: w, user: user, device: device, token: token(user)}
	p.register(voip)
	return p
}

func (p *phone) register(voip string) {
	p.w.t.Helper()
	_, err := p.api().RegisterDevice(context.Background(), connect.NewRequest(&v1.RegisterDeviceRequest{
		DeviceId: p.device, Name: "The " + p.device, Platform: "ios", VoipToken: voip, Environment: v1.Environment_ENVIRONMENT_SANDBOX, BundleId: bundle,
	}))
	if err != nil {
		p.w.t.Fatalf("registering %s: %v", p.device, err)
	}
}

func (p *phone) api() ringtripv1connect.PhoneServiceClient { return p.w.as(p.token) }

func (p *phone) start(callee string, change ...func(*v1.StartRequest)) (*v1.Call, error) {
	r := &v1.StartRequest{DeviceId: p.device, Callee: callee}
	for _, f := range change {
		f(r)
	}
	res, err := p.api().Start(context.Background(), connect.NewRequest(r))
	if err != nil {
		return nil, err
	}
	if res.Msg.NextCallId == "" {
		p.w.t.Error("Start gave no next_call_id")
	}
	return res.Msg.Call, nil
}

// call starts a call that must succeed.
func (p *phone) call(callee string) *v1.Call {
	p.w.t.Helper()
	c, err := p.start(callee)
	if err != nil {
		p.w.t.Fatalf("%s calls %s: %v", p.user, callee, err)
	}
	return c
}

func (p *phone) answer(id string) (*v1.Call, error) {
	r, err := p.api().Answer(context.Background(), connect.NewRequest(&v1.AnswerRequest{CallId: id, DeviceId: p.device}))
	return msg(r, err, (*v1.AnswerResponse).GetCall)
}
func (p *phone) decline(id string, reason v1.EndReason, here bool) (*v1.Call, error) {
	r, err := p.api().Decline(context.Background(), connect.NewRequest(&v1.DeclineRequest{CallId: id, DeviceId: p.device, Reason: reason, ThisDevice: here}))
	return msg(r, err, (*v1.DeclineResponse).GetCall)
}
func (p *phone) cancel(id string) (*v1.Call, error) {
	r, err := p.api().Cancel(context.Background(), connect.NewRequest(&v1.CancelRequest{CallId: id, DeviceId: p.device}))
	return msg(r, err, (*v1.CancelResponse).GetCall)
}
func (p *phone) end(id string, reason v1.EndReason) (*v1.Call, error) {
	r, err := p.api().End(context.Background(), connect.NewRequest(&v1.EndRequest{CallId: id, DeviceId: p.device, Reason: reason}))
	return msg(r, err, (*v1.EndResponse).GetCall)
}
func (p *phone) hold(id string, on bool) (*v1.Call, error) {
	r, err := p.api().Hold(context.Background(), connect.NewRequest(&v1.HoldRequest{CallId: id, DeviceId: p.device, On: on}))
	return msg(r, err, (*v1.HoldResponse).GetCall)
}
func (p *phone) get(id string) (*v1.Call, error) {
	r, err := p.api().GetCall(context.Background(), connect.NewRequest(&v1.GetCallRequest{CallId: id, DeviceId: p.device}))
	return msg(r, err, (*v1.GetCallResponse).GetCall)
}
func (p *phone) ack(id string, marks ...*v1.Mark) (*v1.Call, error) {
	r, err := p.api().Ack(context.Background(), connect.NewRequest(&v1.AckRequest{CallId: id, DeviceId: p.device, Marks: marks}))
	return msg(r, err, (*v1.AckResponse).GetCall)
}
func (p *phone) send(id, to string, kind v1.MediaKind, data string) error {
	_, err := p.api().SendMedia(context.Background(), connect.NewRequest(&v1.SendMediaRequest{Message: &v1.MediaMessage{
		CallId: id, FromDevice: p.device, ToDevice: to, Session: "s1", Kind: kind, Data: data}}))
	return err
}

func (p *phone) rings(id string) {
	p.w.t.Helper()
	if _, err := p.ack(id, &v1.Mark{Stage: v1.Stage_STAGE_WOKE}, &v1.Mark{Stage: v1.Stage_STAGE_REPORTED}, &v1.Mark{Stage: v1.Stage_STAGE_RINGING}); err != nil {
		p.w.t.Fatalf("%s acks: %v", p.device, err)
	}
}

func msg[R any](r *connect.Response[R], err error, get func(*R) *v1.Call) (*v1.Call, error) {
	if err != nil {
		return nil, err
	}
	return get(r.Msg), nil
}

// problemOf returns the CallProblem of an error.
func problemOf(err error) *v1.CallProblem {
	if wire := (*connect.Error)(nil); errors.As(err, &wire) {
		for _, d := range wire.Details() {
			if v, err := d.Value(); err == nil {
				if p, ok := v.(*v1.CallProblem); ok {
					return p
				}
			}
		}
	}
	return nil
}

// wantProblem checks an error's codes.
func wantProblem(t testing.TB, what string, err error, code connect.Code, slug string) *v1.CallProblem {
	t.Helper()
	p := problemOf(err)
	if err == nil || connect.CodeOf(err) != code || p.GetCode() != slug {
		t.Errorf("%s: got %v (%s), want %s %s", what, err, p.GetCode(), code, slug)
	}
	return p
}

// stream is an open event stream whose events wait in a channel.
type stream struct {
	w      *world
	device string
	events chan *v1.EventsResponse
	hello  *v1.Hello
	end    context.CancelFunc
	err    error // valid once events is closed
}

// open opens the device's event stream and reads its Hello.
func (p *phone) open(cursor uint64, foreground bool) *stream {
	p.w.t.Helper()
	s := p.openRaw(cursor, foreground)
	e, ok := <-s.events
	if !ok {
		p.w.t.Fatalf("the stream of %s ended before its Hello: %v", p.device, s.err)
	}
	if s.hello = e.GetHello(); s.hello == nil {
		p.w.t.Fatalf("the first event of %s is no Hello: %v", p.device, e)
	}
	return s
}

func (p *phone) openRaw(cursor uint64, foreground bool) *stream {
	ctx, cancel := context.WithCancel(context.Background())
	s := &stream{w: p.w, device: p.device, events: make(chan *v1.EventsResponse, 4096), end: cancel}
	in, err := p.api().Events(ctx, connect.NewRequest(&v1.EventsRequest{DeviceId: p.device, Cursor: cursor, Foreground: foreground}))
	var done sync.WaitGroup
	done.Go(func() {
		defer close(s.events)
		if err != nil {
			s.err = err
			return
		}
		for in.Receive() {
			s.events <- in.Msg()
		}
		s.err = in.Err()
		_ = in.Close()
	})
	p.w.t.Cleanup(func() { cancel(); done.Wait() })
	return s
}

// next returns the next event that is no Ping.
func (s *stream) next() *v1.EventsResponse {
	s.w.t.Helper()
	for {
		select {
		case e, ok := <-s.events:
			if !ok {
				s.w.t.Fatalf("the stream of %s ended: %v", s.device, s.err)
			}
			if e.GetPing() == nil {
				return e
			}
		case <-time.After(5 * time.Minute): // virtual, in a bubble
			s.w.t.Fatalf("no event came to %s", s.device)
		}
	}
}

// call reads on until the call is as wanted.
func (s *stream) call(what string, is func(*v1.Call) bool) *v1.Call {
	s.w.t.Helper()
	for {
		if c := s.next().GetCall(); c != nil && is(c) {
			return c
		}
	}
}

func (s *stream) ended() *v1.Call {
	s.w.t.Helper()
	return s.call("ended", func(c *v1.Call) bool { return c.State == v1.CallState_CALL_STATE_ENDED })
}

// apns is a push service that does as it is told and tells what it got.
type apns struct {
	sent   chan push.Push
	mu     sync.Mutex
	answer func(ctx context.Context, p push.Push) (push.Receipt, error)
}

func newAPNs() *apns { return &apns{sent: make(chan push.Push, 4096)} }

func (a *apns) Send(ctx context.Context, p push.Push) (push.Receipt, error) {
	a.sent <- p
	a.mu.Lock()
	answer := a.answer
	a.mu.Unlock()
	if answer != nil {
		return answer(ctx, p)
	}
	return push.Receipt{ID: p.ID, Latency: 30 * time.Millisecond, Attempts: 1, Environment: p.Environment}, nil
}

func (a *apns) will(answer func(ctx context.Context, p push.Push) (push.Receipt, error)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.answer = answer
}

// ledger returns the stages of a call as "stage device".
func (w *world) ledger(id string) []string {
	w.t.Helper()
	r, err := w.ops().GetLedger(context.Background(), connect.NewRequest(&v1.GetLedgerRequest{CallId: id}))
	if err != nil {
		w.t.Fatalf("reading the ledger: %v", err)
	}
	var all []string
	for _, e := range r.Msg.Entries {
		text := fmt.Sprint(e.Stage.String()[len("STAGE_"):], " ", e.DeviceId)
		if e.Reason != 0 {
			text += " " + e.Reason.String()[len("END_REASON_"):]
		}
		all = append(all, text)
	}
	return all
}

func voip(n int) string { return fmt.Sprintf("%064x", n) }
