package server_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"

	"github.com/ringtrip/ringtrip/server"
	"github.com/ringtrip/ringtrip/server/auth"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// ask posts a JSON request as if it came from an address.
func ask(w *world, from, token string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("POST", "/ringtrip.v1.PhoneService/ListHistory", strings.NewReader("{}"))
	r.RemoteAddr = from
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+token)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	out := httptest.NewRecorder()
	w.s.Handler().ServeHTTP(out, r)
	return out
}

func TestAddressLimit(t *testing.T) {
	inBubble(t, func(c *server.Config) {
		c.Bounds = server.Bounds{PerAddress: server.Pace{PerSecond: 1, Burst: 20}, TrustProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}
	}, func(t *testing.T, w *world) {
		const from = "203.0.113.7:1"
		for i := range 20 {
			if r := ask(w, from, token("bob")); r.Code != 200 {
				t.Fatalf("request %d: %d %s", i, r.Code, r.Body)
			}
		}
		r := ask(w, from, token("bob"))
		if r.Code != http.StatusTooManyRequests || r.Header().Get("Retry-After") != "1" || !strings.Contains(r.Body.String(), "resource_exhausted") {
			t.Errorf("too many: %d %v %s", r.Code, r.Header(), r.Body)
		}
		if r := ask(w, "198.51.100.1:1", token("bob")); r.Code != 200 {
			t.Errorf("from elsewhere: %d", r.Code)
		}
		for i := range 100 {
			if r := ask(w, "127.0.0.1:1", token("bob")); r.Code != 200 {
				t.Fatalf("loopback request %d: %d", i, r.Code)
			}
		}
		time.Sleep(3 * time.Second)
		if r := ask(w, from, token("bob"), "X-Forwarded-For", "1.1.1.1"); r.Code != 200 {
			t.Errorf("after a pause: %d", r.Code)
		}
		// Guessing tokens costs more than asking; a client behind our proxy is not the proxy.
		for i := range 3 {
			want := 401
			if i == 2 {
				want = 429
			}
			if r := ask(w, "10.0.0.1:1", "guess", "X-Forwarded-For", "198.51.100.9"); r.Code != want {
				t.Errorf("guess %d: %d, want %d", i, r.Code, want)
			}
		}
		if r := ask(w, "10.0.0.1:1", token("bob"), "X-Forwarded-For", "198.51.100.10"); r.Code != 200 {
			t.Errorf("the guesser's neighbour: %d", r.Code)
		}
	})
}

func TestUserLimit(t *testing.T) {
	inBubble(t, func(c *server.Config) { c.Bounds.PerUser = server.Pace{PerSecond: 1, Burst: 10} }, func(t *testing.T, w *world) {
		list := func(token string) error {
			_, err := w.as(token).ListHistory(context.Background(), connect.NewRequest(&v1.ListHistoryRequest{}))
			return err
		}
		for range 10 {
			if err := list(token("bob")); err != nil {
				t.Fatal(err)
			}
		}
		err := list(token("bob"))
		wantProblem(t, "the eleventh", err, connect.CodeResourceExhausted, "rate_limited_user")
		if wire, ok := err.(*connect.Error); !ok || wire.Meta().Get("Retry-After") != "1" {
			t.Errorf("no Retry-After: %v", err)
		}
		if err := list(token("alice")); err != nil {
			t.Errorf("another user: %v", err)
		}
		time.Sleep(2 * time.Second)
		if err := list(token("bob")); err != nil {
			t.Errorf("later: %v", err)
		}
	})
}

func TestLimitsAreChecked(t *testing.T) {
	for _, r := range []server.Pace{{PerSecond: -1, Burst: 10}, {PerSecond: 1}, {Burst: 10}, {PerSecond: 1, Burst: 1}} {
		w := newWorld(t, nil)
		cfg := server.Config{Store: w.store, Bus: w.bus, Apps: []server.App{{ID: app, Keys: []auth.Key{key}}}, Bounds: server.Bounds{PerUser: r}}
		if _, err := server.New(cfg); err == nil {
			t.Errorf("%+v was taken", r)
		}
	}
}

// A request that never comes to its end is given up, and one that is over in time may be answered for hours.
func TestDrippingRequest(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		conn, err := w.pipes.dial(context.Background(), "", "")
		if err != nil {
			t.Fatal(err)
		}
		dripping := make(chan struct{})
		defer func() { conn.Close(); <-dripping }()
		begin := time.Now()
		fmt.Fprintf(conn, "POST /ringtrip.v1.PhoneService/ListHistory HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAuthorization: Bearer %s\r\nContent-Length: 1000\r\n\r\n{", token("bob"))
		go func() {
			defer close(dripping)
			for {
				time.Sleep(5 * time.Second)
				if _, err := conn.Write([]byte(" ")); err != nil {
					return
				}
			}
		}()
		r, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if took := time.Since(begin); took < 25*time.Second || took > 40*time.Second {
			t.Errorf("it ended after %s", took)
		}
		if err == nil {
			if r.Body.Close(); r.StatusCode < 400 {
				t.Errorf("it was answered with %s", r.Status)
			}
		}
	})
}
