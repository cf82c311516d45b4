package apns_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ringtrip/ringtrip/push"
	"github.com/ringtrip/ringtrip/push/apns"
	"github.com/ringtrip/ringtrip/push/apnstest"
)

// gate is a clock's timers that run when the test says so.
type gate struct {
	mu    sync.Mutex
	fs    []func()
	armed chan struct{}
}

func newGate() *gate { return &gate{armed: make(chan struct{}, 10_000)} }

func (g *gate) after(_ time.Duration, f func()) func() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.fs = append(g.fs, f)
	g.armed <- struct{}{}
	return func() bool { return true }
}

// run runs everything that is waiting.
func (g *gate) run() {
	g.mu.Lock()
	fs := g.fs
	g.fs = nil
	g.mu.Unlock()
	for _, f := range fs {
		f()
	}
}

// TestFullConnectionGetsASecond: ten streams a connection, forty pushes whose answers are held back.
func TestFullConnectionGetsASecond(t *testing.T) {
	g := newGate()
	w := newWorld(t, apnstest.Config{MaxStreams: 10, AfterFunc: g.after}, nil)
	for range 3 {
		w.mustSend(w.push()) // the limit is known
	}
	w.srv.Inject(apnstest.Fault{Action: apnstest.DelayAnswer, Times: 40})
	var wg sync.WaitGroup
	for range 40 {
		wg.Go(func() {
			if _, err := w.sender.Send(context.Background(), w.push()); err != nil {
				t.Error(err)
			}
		})
	}
	// Ten on the first connection, then one on the second until it has its first success, which is held back too.
	for range 11 {
		<-g.armed
	}
	if n := w.srv.Connections(push.Production); n != 2 {
		t.Errorf("%d connections for 40 pushes at 10 streams, want 2 while the second is unproven", n)
	}
	released := 11
	g.run()
	for released < 40 {
		<-g.armed
		released++
		g.run()
	}
	wg.Wait()
	if n := w.srv.Connections(push.Production); n > 4 {
		t.Errorf("%d connections, at most 4 are allowed", n)
	}
	if n := len(w.srv.Requests()); n != 43 {
		t.Errorf("%d requests, want 43: nothing may be repeated", n)
	}
}

// TestFirstPushStalls: the first push of a new connection gets no answer, so the next ones get another connection.
func TestFirstPushStalls(t *testing.T) {
	asked := make(chan struct{}, 100)
	w := newWorld(t, apnstest.Config{OnRequest: func(apnstest.Request) { asked <- struct{}{} }}, nil)
	w.sender.SetPatience(20 * time.Millisecond)
	w.srv.Inject(apnstest.Fault{Action: apnstest.Mute})
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var wg sync.WaitGroup
	wg.Go(func() {
		if _, err := w.sender.Send(ctx, w.push()); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	<-asked
	w.mustSend(w.push())
	cancel()
	wg.Wait()
	if n := w.srv.Connections(push.Production); n < 2 {
		t.Errorf("%d connections, want a second one", n)
	}
}

// TestIdleConnectionLost: what APNs does to an idle connection costs the next push nothing.
func TestIdleConnectionLost(t *testing.T) {
	for name, harm := range map[string]func(*apnstest.Server){
		"cut":    func(s *apnstest.Server) { s.CutConnections(0) },
		"goaway": func(s *apnstest.Server) { s.GoAway(push.Production, "Shutdown") },
		"hold":   func(s *apnstest.Server) { s.GoAway(push.Production, "Shutdown") },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, apnstest.Config{HoldAfterGoAway: name == "hold"}, nil)
			for range 5 {
				w.mustSend(w.push())
				harm(w.srv)
			}
			w.mustSend(w.push())
			w.srv.Close() // waits for the deliveries
			close(w.got)
			n := 0
			for range w.got {
				n++
			}
			if n != 6 {
				t.Errorf("%d deliveries, want 6", n)
			}
		})
	}
}

func TestNobodyListens(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, apnstest.Config{}, func(c *apns.Config) { c.ProductionURL = "https://" + addr })
	e := w.refused(w.push())
	if e.Status != 0 || e.Reason != "cannot connect" || e.Verdict != push.GiveUp || e.Attempts != 13 || e.Err == nil {
		t.Errorf("%+v, want 13 attempts to connect", e)
	}
	close(w.slept)
	total := time.Duration(0)
	for d := range w.slept {
		total += d
	}
	if total < 25*time.Second || total > 30*time.Second {
		t.Errorf("given up after %v of waiting; a ring should outlive half a minute without network", total)
	}
}

func TestUntrustedServer(t *testing.T) {
	w := newWorld(t, apnstest.Config{}, func(c *apns.Config) { c.TLS = nil; c.Backoff = []time.Duration{} })
	if e := w.refused(w.push()); e.Reason != "cannot connect" || !errors.As(e, new(*tls.CertificateVerificationError)) {
		t.Errorf("%+v, want a certificate error", e)
	}
	if len(w.srv.Requests()) != 0 {
		t.Error("a push went to a server that nobody vouches for")
	}
}

// TestServerWithoutHTTP2: a proxy that speaks HTTP/1.1 only is an error, not a fallback.
func TestServerWithoutHTTP2(t *testing.T) {
	for name, protos := range map[string][]string{"http/1.1": {"http/1.1"}, "no ALPN": nil} {
		t.Run(name, func(t *testing.T) {
			srv := httptest.NewUnstartedServer(nil)
			srv.TLS = &tls.Config{NextProtos: protos}
			srv.Config.ErrorLog = log.New(io.Discard, "", 0) // the failed handshake is the point
			srv.StartTLS()
			defer srv.Close()
			w := newWorld(t, apnstest.Config{}, func(c *apns.Config) {
				c.ProductionURL = srv.URL
				c.TLS = srv.Client().Transport.(*http.Transport).TLSClientConfig
				c.Backoff = []time.Duration{}
			})
			if e := w.refused(w.push()); e.Reason != "cannot connect" {
				t.Errorf("%+v, want no connection", e)
			}
		})
	}
}

func TestCloseWhileSending(t *testing.T) {
	asked := make(chan struct{}, 100)
	w := newWorld(t, apnstest.Config{OnRequest: func(apnstest.Request) { asked <- struct{}{} }}, nil)
	w.srv.Inject(apnstest.Fault{Action: apnstest.Mute, Times: 100})
	errs := make(chan error)
	for range 20 { // one on the connection, the others wait for it
		go func() {
			_, err := w.sender.Send(context.Background(), w.push())
			errs <- err
		}()
	}
	<-asked
	w.sender.Close()
	for range 20 {
		var e *push.Error
		if err := <-errs; !errors.As(err, &e) || e.Reason != "sender closed" {
			t.Errorf("%v, want sender closed", err)
		}
	}
	if e := w.refused(w.push()); e.Reason != "sender closed" {
		t.Errorf("%+v, want sender closed", e)
	}
}

// TestBrownout: APNs answers 503 to everything; the pool must neither grow beyond its size nor reconnect without end.
func TestBrownout(t *testing.T) {
	w := newWorld(t, apnstest.Config{}, nil)
	w.mustSend(w.push())
	w.srv.FailNext(100_000, 503, "ServiceUnavailable")
	_, errs := w.burst(100)
	for _, err := range errs {
		var e *push.Error
		if !errors.As(err, &e) || e.Status != 503 || e.Verdict != push.GiveUp || e.Attempts != 5 {
			t.Fatalf("%v, want 503 after 5 attempts", err)
		}
	}
	if n := w.srv.Connections(push.Production); n > 4 {
		t.Errorf("%d connections during a brown-out, want at most 4", n)
	}
	w.srv.ClearFaults()
	_, errs = w.burst(100)
	if err := errors.Join(errs...); err != nil {
		t.Error(err)
	}
}

// TestCallersLeaveEverywhere: callers who leave while they wait, while they are served and after leave nothing behind.
func TestCallersLeaveEverywhere(t *testing.T) {
	asked := make(chan struct{}, 10_000)
	w := newWorld(t, apnstest.Config{MaxStreams: 5, OnRequest: func(apnstest.Request) { asked <- struct{}{} }}, nil)
	w.srv.Inject(apnstest.Fault{Action: apnstest.Mute, Skip: 20, Times: 4}) // one stream of five goes on
	var wg sync.WaitGroup
	var cancels []context.CancelFunc
	for i := range 200 {
		ctx, cancel := context.WithCancel(context.Background())
		cancels = append(cancels, cancel)
		wg.Go(func() {
			if i%4 == 0 { // these stay
				ctx = context.Background()
			}
			_, err := w.sender.Send(ctx, w.push())
			if err != nil && (i%4 == 0 || !errors.Is(err, context.Canceled)) {
				t.Errorf("push %d: %v", i, err)
			}
		})
	}
	for i, cancel := range cancels {
		if i%3 == 0 {
			<-asked
		}
		if i%4 != 0 {
			cancel()
		}
	}
	w.srv.ClearFaults()
	w.srv.CutConnections(0) // the mute ones that stay are sent again elsewhere
	wg.Wait()
	for _, cancel := range cancels {
		cancel()
	}
	if !w.sender.Idle() {
		t.Error("something is still reserved or waiting")
	}
	w.mustSend(w.push())
}

func TestOneConnectionIsEnough(t *testing.T) {
	w := newWorld(t, apnstest.Config{}, func(c *apns.Config) { c.MaxConnections = 1 })
	w.srv.FailNext(3, 500, "InternalServerError")
	if r := w.mustSend(w.push()); r.Attempts != 4 {
		t.Errorf("%d attempts, want 4", r.Attempts)
	}
	if n := w.srv.Connections(push.Production); n != 1 {
		t.Errorf("%d connections, want 1", n)
	}
}

// TestDialsAreSpaced: nobody listens; however many pushes there are, connecting is tried one at a time with pauses.
func TestDialsAreSpaced(t *testing.T) {
	w := newWorld(t, apnstest.Config{}, func(c *apns.Config) {
		c.ProductionURL = "https://127.0.0.1:1" // tcpmux: not in use
		c.Backoff = []time.Duration{0, 0}
	})
	var mu sync.Mutex
	var pauses []int
	w.sender.SetPause(func(failures int) time.Duration {
		mu.Lock()
		defer mu.Unlock()
		pauses = append(pauses, failures)
		return time.Millisecond
	})
	_, errs := w.burst(100)
	for _, err := range errs {
		var e *push.Error
		if !errors.As(err, &e) || e.Reason != "cannot connect" || e.Attempts != 3 {
			t.Fatalf("%v, want 3 attempts to connect", err)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if n := len(pauses); n < 3 || n > 60 || pauses[n-1] != n {
		t.Errorf("%d dials for 300 attempts, counted %v", n, pauses)
	}
}

func TestDialPause(t *testing.T) {
	for failures, want := range map[int]time.Duration{1: 100 * time.Millisecond, 2: 200 * time.Millisecond, 4: 800 * time.Millisecond, 7: 5 * time.Second, 1 << 40: 5 * time.Second} {
		if got := apns.DialPause(failures); got != want {
			t.Errorf("after %d failures %v, want %v", failures, got, want)
		}
	}
}

func TestSleep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		began := time.Now()
		if err := apns.Sleep(ctx, 0); err != nil || time.Since(began) != 0 {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		if err := apns.Sleep(ctx, 200*time.Millisecond); err != nil || time.Since(began) != 200*time.Millisecond {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		if err := apns.Sleep(ctx, time.Minute); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}

// TestOneThenMany: on a new connection the second push waits for the first one's success, the others for nothing.
func TestOneThenMany(t *testing.T) {
	g := newGate()
	w := newWorld(t, apnstest.Config{AfterFunc: g.after}, nil)
	w.srv.Inject(apnstest.Fault{Action: apnstest.DelayAnswer, Times: 10})
	done := make(chan []error)
	go func() {
		_, errs := w.burst(10)
		done <- errs
	}()
	<-g.armed
	if n := len(w.srv.Requests()); n != 1 {
		t.Errorf("%d pushes on a connection without a success", n)
	}
	g.run()
	for range 9 {
		<-g.armed // all at once: none of them is answered yet
	}
	g.run()
	if err := errors.Join(<-done...); err != nil {
		t.Error(err)
	}
	if n := w.srv.Connections(push.Production); n != 1 {
		t.Errorf("%d connections", n)
	}
}

// TestPauseIsKept: after a failed dial there is no other before its time.
func TestPauseIsKept(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	accepted := make(chan struct{}, 100)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			accepted <- struct{}{}
			_ = c.Close() // rude on purpose
		}
	}()
	w := newWorld(t, apnstest.Config{}, func(c *apns.Config) { c.ProductionURL = "https://" + l.Addr().String() })
	w.sender.SetPause(func(int) time.Duration { return time.Hour })
	p := w.push()
	p.Deadline = w.clock.now().Add(200 * time.Millisecond)
	if e := w.refused(p); e.Reason != "deadline passed" || e.Attempts > 1 {
		t.Errorf("%+v, want one attempt at most", e)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	<-ended
	if n := len(accepted); n > 1 {
		t.Errorf("%d dials within the pause, want 1", n)
	}
}

// TestSuccessForgivesFailures: pauses grow with failures in a row only.
func TestSuccessForgivesFailures(t *testing.T) {
	w := newWorld(t, apnstest.Config{}, nil)
	var mu sync.Mutex
	var failures []int
	w.sender.SetPause(func(n int) time.Duration {
		mu.Lock()
		defer mu.Unlock()
		failures = append(failures, n)
		return 0
	})
	for range 2 { // in the second round the first cut hits a connection that has proved itself: it counts for nothing
		w.srv.Inject(apnstest.Fault{Action: apnstest.CutBefore, Times: 2})
		w.mustSend(w.push())
	}
	mu.Lock()
	defer mu.Unlock()
	if !slices.Equal(failures, []int{1, 2, 1}) {
		t.Errorf("failures in a row %v, want 1 2 1", failures)
	}
}
