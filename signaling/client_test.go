package signaling_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"connectrpc.com/connect"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/proto"

	"github.com/ringtrip/ringtrip/signaling"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// heard is a Handler that writes down what it hears, and checks that callbacks come one at a time.
type heard struct {
	t       *testing.T
	mu      *sync.Mutex // the world's
	running bool
	closed  bool

	hellos int
	seqs   []uint64
	online []bool
	onCall func() // may block
}

// callback runs note under the world's lock, and then block without it.
func (h *heard) callback(note, block func()) {
	h.mu.Lock()
	if h.running {
		h.t.Error("two callbacks at a time")
	}
	if h.closed {
		h.t.Error("a callback after Close")
	}
	h.running = true
	note()
	h.mu.Unlock()
	if block != nil {
		block()
	}
	h.mu.Lock()
	h.running = false
	h.mu.Unlock()
}

func (h *heard) Hello(*v1.Hello)        { h.callback(func() { h.hellos++ }, nil) }
func (h *heard) Call(c *v1.Call)        { h.callback(func() { h.seqs = append(h.seqs, c.Rev) }, h.onCall) }
func (h *heard) Media(*v1.MediaMessage) { h.callback(func() {}, nil) }
func (h *heard) Online(on bool)         { h.callback(func() { h.online = append(h.online, on) }, nil) }

// wantSeqs checks that exactly 1..n were heard, in order.
func (h *heard) wantSeqs(n int) {
	h.t.Helper()
	if len(h.seqs) != n {
		h.t.Fatalf("heard %d events, want %d: %v", len(h.seqs), n, h.seqs)
	}
	for i, seq := range h.seqs {
		if seq != uint64(i+1) {
			h.t.Fatalf("event %d has seq %d: %v", i+1, seq, h.seqs)
		}
	}
}

// world is a client, a server and the network between them, in a synctest bubble. The test has its lock except
// while time passes, so that it may look at everything and change everything.
type world struct {
	t      *testing.T
	mu     sync.Mutex
	net    *network
	server *server
	http   *http.Client
	heard  *heard
	client *signaling.Client
	stop   func() // stops the server
	saved  uint64 // the cursor
	tokens int    // how many were fetched
}

func inWorld(t *testing.T, by wire, cfg signaling.ClientConfig, test func(w *world)) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, net: newNetwork()}
		w.mu.Lock()
		w.server = newServer(&w.mu)
		w.heard = &heard{t: t, mu: &w.mu}
		w.stop = w.net.serve(t, w.server.handler())
		w.http = w.net.client(by != http1)
		cfg.SharedConnection = by == http2
		w.client = w.newClient(cfg)
		test(w)
		w.close()
		w.http.CloseIdleConnections()
		w.stop()
		w.after(2 * time.Hour) // the server's handlers, some of which sleep
		w.mu.Unlock()
	})
}

func (w *world) newClient(cfg signaling.ClientConfig) *signaling.Client {
	cfg.BaseURL, cfg.HTTPClient, cfg.DeviceID, cfg.Handler = "http://server", w.http, "d1", w.heard
	cfg.Rand = rand.New(rand.NewPCG(1, 2))
	cfg.SaveCursor = func(cursor uint64) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.saved = cursor
	}
	if cfg.Token == nil {
		cfg.Token = func(context.Context) (string, error) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.tokens++
			return fmt.Sprint("jwt", w.tokens), nil
		}
	}
	return signaling.New(cfg)
}

func (w *world) close() {
	w.mu.Unlock()
	w.client.Close()
	w.mu.Lock()
	w.heard.closed = true
}

// after lets d pass, and everything that follows from it happen.
func (w *world) after(d time.Duration) {
	w.mu.Unlock()
	time.Sleep(d) // the bubble's clock
	synctest.Wait()
	w.mu.Lock()
}

// wire is what a client's requests and its stream go by.
type wire string

const (
	http1 wire = "HTTP1"         // both by HTTP/1.1
	http2 wire = "HTTP2"         // both by one connection of HTTP/2
	mixed wire = "HTTP2 and own" // the stream by HTTP/1.1, with a connection of its own
)

func everyWire(t *testing.T, test func(t *testing.T, by wire)) {
	for _, by := range []wire{http1, http2, mixed} {
		t.Run(string(by), func(t *testing.T) { test(t, by) })
	}
}

func TestEventsComeOnceInOrderThroughLosses(t *testing.T) {
	everyWire(t, func(t *testing.T, by wire) {
		inWorld(t, by, signaling.ClientConfig{}, func(w *world) {
			w.server.overlap = 3
			w.client.Open()
			r := rand.New(rand.NewPCG(3, 4))
			total := 0
			for range 150 {
				n := r.IntN(5)
				w.server.emit(n)
				total += n
				if r.IntN(3) == 0 {
					w.net.cut() // perhaps in the middle of the batch
				}
				w.after(time.Duration(r.IntN(2000)) * time.Millisecond)
			}
			w.after(time.Minute)
			w.heard.wantSeqs(total)
			if w.saved != uint64(total) {
				t.Errorf("the cursor is %d, want %d", w.saved, total)
			}
			if w.heard.hellos < 20 {
				t.Errorf("only %d streams: nothing was lost on the way", w.heard.hellos)
			}
		})
	})
}

func TestCursorOutlivesTheProcess(t *testing.T) {
	inWorld(t, http1, signaling.ClientConfig{}, func(w *world) {
		w.client.Open()
		w.server.emit(5)
		w.after(time.Second)
		w.close()
		w.server.emit(5)
		w.heard.closed = false
		w.client = w.newClient(signaling.ClientConfig{Cursor: w.saved})
		w.client.Open()
		w.after(time.Second)
		w.heard.wantSeqs(10)
	})
}

// An event that was handled halfway when the process died must come again: the cursor moves afterwards.
func TestCursorMovesAfterTheHandler(t *testing.T) {
	inWorld(t, http1, signaling.ClientConfig{}, func(w *world) {
		w.heard.onCall = func() { time.Sleep(time.Second) }
		w.client.Open()
		w.server.emit(3)
		w.after(2500 * time.Millisecond)
		w.heard.wantSeqs(3)
		if w.saved != 2 {
			t.Errorf("the cursor is %d while event 3 is handled, want 2", w.saved)
		}
	})
}

func TestServerRestart(t *testing.T) {
	everyWire(t, func(t *testing.T, by wire) {
		inWorld(t, by, signaling.ClientConfig{}, func(w *world) {
			w.client.Open()
			w.client.Open() // does nothing more
			w.server.emit(2)
			w.after(time.Minute)
			w.stop()
			w.after(10 * time.Minute)
			w.server.emit(2)
			w.stop = w.net.serve(t, w.server.handler())
			w.after(10*time.Second + 100*time.Millisecond) // the longest wait
			w.heard.wantSeqs(4)
			if got := fmt.Sprint(w.heard.online); got != "[true false true]" {
				t.Errorf("Online was told %s", got)
			}
		})
	})
}

// A node that stops sends its devices elsewhere: they are there at once. If there is nowhere to go, they are patient.
func TestServerSendsElsewhere(t *testing.T) {
	inWorld(t, http2, signaling.ClientConfig{}, func(w *world) {
		away := connect.NewError(connect.CodeUnavailable, errors.New("the server is stopping"))
		detail, err := connect.NewErrorDetail(&v1.CallProblem{Code: "server_stopping"})
		if err != nil {
			t.Fatal(err)
		}
		away.AddDetail(detail)
		w.client.Open()
		w.after(time.Second) // too short for the next loss to count as the first
		for n := range 5 {
			if len(w.server.opened) != n+1 {
				t.Fatalf("it opened %d streams, want %d", len(w.server.opened), n+1)
			}
			w.server.goAway, w.server.once = away, true
			w.server.emit(0)
			w.after(0)
		}
		w.server.goAway, w.server.once = away, false
		w.server.emit(0)
		w.after(time.Minute)
		if n := len(w.server.opened) - 6; n < 5 || n > 40 {
			t.Errorf("in a minute without a node that takes it, it tried %d times", n)
		}
	})
}

func TestBackoffIsPatient(t *testing.T) {
	inWorld(t, http1, signaling.ClientConfig{}, func(w *world) {
		w.server.check = func(string) error { return connect.NewError(connect.CodeUnavailable, errors.New("full")) }
		w.client.Open()
		w.after(10 * time.Minute)
		// 10 s with full jitter is 5 s on average.
		if n := len(w.server.opened); n < 60 || n > 180 {
			t.Errorf("%d tries in 10 minutes", n)
		}
	})
}

func TestSilentServer(t *testing.T) {
	everyWire(t, func(t *testing.T, by wire) {
		inWorld(t, by, signaling.ClientConfig{}, func(w *world) {
			w.client.Open()
			w.after(time.Hour)
			if w.heard.hellos != 1 {
				t.Fatalf("%d streams in a quiet hour, want 1: pings keep it alive", w.heard.hellos)
			}
			w.net.freeze()
			w.after(20 * time.Second)
			w.server.emit(1)
			if got := fmt.Sprint(w.heard.online); got != "[true false]" {
				t.Errorf("Online was told %s", got)
			}
			w.net.melt()
			w.after(10 * time.Second)
			w.heard.wantSeqs(1)
		})
	})
}

func TestSlowHandlerIsNotSilence(t *testing.T) {
	inWorld(t, http1, signaling.ClientConfig{}, func(w *world) {
		w.heard.onCall = func() { time.Sleep(time.Minute) }
		w.client.Open()
		w.server.emit(2)
		w.after(5 * time.Minute)
		w.heard.wantSeqs(2)
		if w.heard.hellos != 1 {
			t.Errorf("%d streams, want 1", w.heard.hellos)
		}
	})
}

func TestForegroundOpensAnew(t *testing.T) {
	inWorld(t, http1, signaling.ClientConfig{}, func(w *world) {
		w.client.Open()
		w.after(time.Second)
		w.client.SetForeground(true)
		w.client.SetForeground(true)
		w.after(0)
		if n := len(w.server.opened); n != 2 || !w.server.opened[1].Foreground || w.server.opened[0].Foreground {
			t.Errorf("streams %v, want one in the background, then one in the foreground", w.server.opened)
		}
		// Who comes to the foreground does not wait for the backoff.
		w.stop()
		w.client.SetForeground(false)
		w.after(time.Hour)
		w.stop = w.net.serve(t, w.server.handler())
		before := w.heard.hellos
		w.client.SetForeground(true)
		w.after(0)
		if w.heard.hellos != before+1 {
			t.Error("coming to the foreground did not open the stream at once")
		}
	})
}

func TestTokenExpires(t *testing.T) {
	inWorld(t, http1, signaling.ClientConfig{}, func(w *world) {
		valid := "Bearer jwt1"
		w.server.check = func(token string) error {
			if token != valid {
				return connect.NewError(connect.CodeUnauthenticated, errors.New("expired"))
			}
			return nil
		}
		w.client.Open()
		w.server.emit(1)
		w.after(time.Minute)
		valid = "Bearer jwt2"
		w.net.cut()
		w.server.emit(1)
		w.after(time.Second)
		w.heard.wantSeqs(2)
		if w.tokens != 2 {
			t.Errorf("%d tokens were fetched, want 2", w.tokens)
		}
		// A request finds out by itself too.
		valid = "Bearer jwt3"
		r := w.send(&v1.EndRequest{CallId: "c"}, signaling.SendOptions{})
		w.after(0)
		if r := one(t, r); r.Err != nil || r.Call.GetId() != "c" || w.tokens != 3 {
			t.Errorf("answer %v after %d tokens", r, w.tokens)
		}
	})
}

func TestRefusedTokensDoNotHammer(t *testing.T) {
	inWorld(t, http1, signaling.ClientConfig{}, func(w *world) {
		w.server.check = func(string) error { return connect.NewError(connect.CodeUnauthenticated, errors.New("no")) }
		w.client.Open()
		w.after(10 * time.Minute)
		if n := len(w.server.opened); n < 30 || n > 122 || w.tokens > n {
			t.Errorf("%d tries with %d tokens in 10 minutes, want one in 5 to 10 s", n, w.tokens)
		}
		r := w.send(&v1.EndRequest{CallId: "c"}, signaling.SendOptions{})
		w.after(0)
		if err := one(t, r).Err; connect.CodeOf(err) != connect.CodeUnauthenticated {
			t.Errorf("Err = %v, want unauthenticated after a second token", err)
		}
	})
}

// A token that cannot be had is like a network that is away.
func TestTokenSourceFails(t *testing.T) {
	sick := atomic.Bool{}
	sick.Store(true)
	cfg := signaling.ClientConfig{Token: func(ctx context.Context) (string, error) {
		if sick.Load() {
			return "", errors.New("not logged in")
		}
		return "jwt", nil
	}}
	inWorld(t, http1, cfg, func(w *world) {
		w.client.Open()
		r := w.send(&v1.EndRequest{CallId: "c"}, signaling.SendOptions{})
		w.after(20 * time.Second)
		sick.Store(false)
		w.after(10 * time.Second)
		if r := one(t, r); r.Err != nil || w.heard.hellos != 1 {
			t.Errorf("answer %v after %d streams", r, w.heard.hellos)
		}
	})
}

// A server whose database was lost gives seqs from 1 again: what it says now must not be taken for old.
func TestServerThatForgot(t *testing.T) {
	inWorld(t, http1, signaling.ClientConfig{Cursor: 1000}, func(w *world) {
		w.server.emit(2)
		w.client.Open()
		w.after(time.Second)
		if w.saved != 2 || len(w.heard.seqs) != 0 {
			t.Errorf("cursor %d after %v, want the server's, 2", w.saved, w.heard.seqs)
		}
		w.server.emit(1)
		w.after(time.Second)
		if fmt.Sprint(w.heard.seqs) != "[3]" {
			t.Errorf("heard %v, want the one event since", w.heard.seqs)
		}
	})
}

func TestCloseInTheMiddle(t *testing.T) {
	for _, by := range []wire{http1, http2, mixed} {
		for ms := range 40 {
			inWorld(t, by, signaling.ClientConfig{}, func(w *world) {
				w.server.answer = func(proto.Message) error { time.Sleep(10 * time.Millisecond); return nil }
				w.heard.onCall = func() { time.Sleep(7 * time.Millisecond) }
				w.client.Open()
				w.server.emit(3)
				for i := range 6 {
					w.send(&v1.HoldRequest{CallId: fmt.Sprint(i % 3)}, signaling.SendOptions{})
				}
				w.after(time.Duration(ms) * time.Millisecond)
				w.close()
				w.send(&v1.HoldRequest{CallId: "late"}, signaling.SendOptions{})
				w.client.Open()
				w.client.SetForeground(true)
			})
		}
	}
}

// The stream goes by HTTP/1.1 and the requests by HTTP/2 where both are offered, and together if they are to.
func TestStreamHasItsOwnConnection(t *testing.T) {
	for shared, want := range map[bool]string{false: "HTTP/1.1", true: "HTTP/2.0"} {
		proto := make(chan [2]string, 16)
		s := newServer(new(sync.Mutex))
		h := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			proto <- [2]string{r.URL.Path, r.Proto}
			s.handler().ServeHTTP(w, r)
		}))
		h.EnableHTTP2 = true
		h.StartTLS()
		online := make(chan bool, 4)
		c := signaling.New(signaling.ClientConfig{BaseURL: h.URL, HTTPClient: h.Client(), DeviceID: "d1", Handler: onlineOnly(online), SharedConnection: shared})
		answered := make(chan signaling.Result, 1)
		ask := func() {
			c.Send(&v1.HoldRequest{CallId: "c"}, signaling.SendOptions{}, func(r signaling.Result) { answered <- r })
			if r := <-answered; r.Err != nil {
				t.Error(r.Err)
			}
			if got := <-proto; got[1] != "HTTP/2.0" {
				t.Errorf("the request came by %v", got)
			}
		}
		ask()
		c.Open()
		<-online
		if got := <-proto; got[1] != want {
			t.Errorf("shared=%t: the stream came by %v, want %s", shared, got, want)
		}
		ask()
		c.Close()
		h.CloseClientConnections()
		h.Close()
	}
}

// onlineOnly is a Handler that only tells when it is online.
type onlineOnly chan bool

func (onlineOnly) Hello(*v1.Hello)        {}
func (onlineOnly) Call(*v1.Call)          {}
func (onlineOnly) Media(*v1.MediaMessage) {}
func (o onlineOnly) Online(on bool)       { o <- on }
