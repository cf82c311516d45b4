package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/bus/local"
	"github.com/ringtrip/ringtrip/internal/rig"
	"github.com/ringtrip/ringtrip/server"
	"github.com/ringtrip/ringtrip/server/auth"
	"github.com/ringtrip/ringtrip/store"
	"github.com/ringtrip/ringtrip/store/sqlite"
)

// get returns the status and the text of a page.
func get(t *testing.T, url string) (int, string) {
	t.Helper()
	r, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r.StatusCode, string(b)
}

// TestOperations runs serve as an operator does: health, metrics, SIGHUP with good and bad files, SIGTERM.
func TestOperations(t *testing.T) {
	shop, bank := keyFile(t), filepath.Join(t.TempDir(), "bank.key")
	if err := os.WriteFile(bank, []byte("the bank's own secret of enough bytes"), 0o600); err != nil {
		t.Fatal(err)
	}
	one := fmt.Sprintf("apps:\n- id: shop\n  keys: [{file: %s}]\n", shop)
	config := yamlFile(t, one)
	c := serveChild(t, "--config", config, "--data", t.TempDir(), "--admin", "127.0.0.1:0")
	admin := regexp.MustCompile(`admin=(http://\S+)`).FindStringSubmatch(c.log.String())
	if admin == nil {
		t.Fatalf("serve does not say where its admin face is:\n%s", c.log.String())
	}
	for _, base := range []string{c.url, admin[1]} {
		for path, want := range map[string]string{"/healthz": "ok\n", "/readyz": "ready\n"} {
			if code, text := get(t, base+path); code != 200 || text != want {
				t.Errorf("%s%s: %d %q", base, path, code, text)
			}
		}
	}
	if code, _ := get(t, c.url+"/metrics"); code == 200 {
		t.Error("metrics are served to phones")
	}
	token := func(app, key string) string {
		return strings.TrimSpace(command(t, 0, "token", "--app", app, "--key", key, "--user", "u"))
	}
	register := func(app, key string) int {
		code, _ := c.post(token(app, key), "PhoneService/RegisterDevice", `{"deviceId":"d-`+app+`"}`)
		return code
	}
	if code := register("shop", shop); code != 200 {
		t.Errorf("registering at shop: %d", code)
	}
	if code := register("bank", bank); code != 401 {
		t.Errorf("registering at an app that is not there: %d, want 401", code)
	}
	if code, text := get(t, admin[1]+"/metrics"); code != 200 || !strings.Contains(text, `ringtrip_requests_total{code="ok",method="PhoneService/RegisterDevice",problem=""} 1`) || !strings.Contains(text, "go_goroutines") {
		t.Errorf("metrics: %d\n%s", code, text)
	}

	hangup := func(text string, says ...string) {
		t.Helper()
		if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := c.cmd.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		c.log.wait(t, says...)
	}
	hangup(one+fmt.Sprintf("- id: bank\n  keys: [{file: %s}]\npublic-url: https://x.example\n", bank), "the configuration was reloaded", "setting=PublicURL")
	if code := register("bank", bank); code != 200 {
		t.Errorf("registering at the app that was added: %d", code)
	}
	hangup("apps: [{id: shop, keys: [{file: /nonexistent/key}]}]", "not reloaded", "/nonexistent/key")
	hangup("aps: []", `did you mean`)
	if code := register("bank", bank); code != 200 {
		t.Errorf("after a bad configuration: %d, want all as it was", code)
	}

	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := c.cmd.Wait(); err != nil {
		t.Errorf("serve ended with %v\n%s", err, c.log.String())
	}
	c.log.wait(t, "drained")
}

// brokenStore is a store whose disk fails.
type brokenStore struct {
	store.Store
	err error
}

func (b *brokenStore) Check(context.Context) (time.Duration, error) { return 0, b.err }
func (b *brokenStore) Stats(context.Context) (store.Stats, error)   { return store.Stats{}, b.err }

// brokenBus is a bus that says how it is.
type brokenBus struct {
	*local.Bus
	err error
}

func (b *brokenBus) Ready() error { return b.err }

// TestReady: a node is ready if its store writes, its bus is connected and it does not drain; strangers get no reasons.
func TestReady(t *testing.T) {
	st, err := sqlite.Open(t.Context(), sqlite.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	b := &brokenBus{Bus: local.New()}
	defer b.Close()
	key, err := readKey("", keyFile(t))
	if err != nil {
		t.Fatal(err)
	}
	s, err := server.New(server.Config{Store: st, Bus: b, Apps: []server.App{{ID: "shop", Keys: []auth.Key{key}}}})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(h *health, details bool) (int, string) {
		r := httptest.NewRecorder()
		h.serve(http.NotFoundHandler(), details).ServeHTTP(r, httptest.NewRequest("GET", "/readyz", nil))
		return r.Code, strings.TrimSpace(r.Body.String())
	}
	if code, text := ask(newHealth(s, st, b), true); code != 200 {
		t.Errorf("a healthy node: %d %s", code, text)
	}
	for _, c := range []struct {
		says string
		h    *health
	}{
		{"no space left", newHealth(s, &brokenStore{st, errors.New("no space left on device")}, b)},
		{"cut off", newHealth(s, st, &brokenBus{b.Bus, errors.New("cut off")})},
	} {
		if code, text := ask(c.h, true); code != 503 || !strings.Contains(text, c.says) {
			t.Errorf("an operator gets %d %q, want 503 and %q", code, text, c.says)
		}
		if code, text := ask(c.h, false); code != 503 || text != "not ready" {
			t.Errorf("a stranger gets %d %q", code, text)
		}
	}
	s.Drain()
	if code, text := ask(newHealth(s, st, b), true); code != 503 || !strings.Contains(text, "draining") {
		t.Errorf("a draining node: %d %s", code, text)
	}
}

// TestDrainOrder: readiness goes first, then streams end while requests finish; the whole is bounded.
func TestDrainOrder(t *testing.T) {
	st, err := sqlite.Open(t.Context(), sqlite.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	b := local.New()
	defer b.Close()
	key, err := readKey("", keyFile(t))
	if err != nil {
		t.Fatal(err)
	}
	s, err := server.New(server.Config{Store: st, Bus: b, Apps: []server.App{{ID: "shop", Keys: []auth.Key{key}}}})
	if err != nil {
		t.Fatal(err)
	}
	listener, err := rig.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	under, finish := make(chan struct{}), make(chan struct{})
	slow := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(under)
		<-finish
		_, _ = io.WriteString(w, "finished")
	})
	h := newHealth(s, st, b)
	log := slog.New(slog.DiscardHandler)
	ctx, stop := context.WithCancel(t.Context())
	over := make(chan error, 1)
	web := rig.HTTPServer(h.beside(slow), log)
	closing := make(chan struct{})
	web.RegisterOnShutdown(func() { close(closing) })
	go func() {
		over <- service{server: s, health: h, http: web, listen: func(h *http.Server) error { return h.Serve(listener) }, timeout: time.Minute, log: log}.until(ctx)
	}()
	answer := make(chan string, 1)
	go func() {
		r, err := http.Get("http://" + listener.Addr().String() + "/slow")
		if err != nil {
			answer <- err.Error()
			return
		}
		defer r.Body.Close()
		text, _ := io.ReadAll(r.Body)
		answer <- string(text)
	}()
	<-under
	stop()
	<-closing // the drain waits for the request now
	if !s.Draining() || h.ready(t.Context()) == nil {
		t.Error("a node that waits for its last requests is not draining, or says that it is ready")
	}
	close(finish)
	if text := <-answer; text != "finished" {
		t.Errorf("the request under way got %q", text)
	}
	if err := <-over; err != nil {
		t.Error(err)
	}
}
