package server_test

import (
	"context"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/server/webhook"
)

// childHook is the environment variable with the URL that a child of this test binary tells of calls.
const childHook = "RINGTRIP_TEST_HOOK"

func childHooks() []webhook.Endpoint {
	url := os.Getenv(childHook)
	if url == "" {
		return nil
	}
	return []webhook.Endpoint{{ID: "main", URL: url, AllowPrivate: true, Timeout: 500 * time.Millisecond, Secrets: []webhook.Secret{must(webhook.ParseSecret(hookSecret))}}}
}

// witness is a backend that takes down what it was told, and fails now and then.
type witness struct {
	t     *testing.T
	check *webhook.Verifier
	mu    sync.Mutex
	last  map[string]uint64 // by call: the highest sequence
	seen  map[string]bool   // by event
	types map[string]map[webhook.Type]bool
	again int
	// failed are the events that it refused, each once.
	failed map[string]bool
	ended  chan struct{} // rings when a call has ended
}

func (b *witness) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e, err := b.check.Read(r)
	if err != nil {
		if r.Context().Err() == nil { // else it was killed over it
			b.t.Errorf("the backend was sent %v", err)
		}
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.failed[e.ID] && len(b.failed) < 10 && rand.IntN(10) == 0 { // 5 s pass until it is tried again
		b.failed[e.ID] = true
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	c := e.Data.Call
	if b.seen[e.ID] {
		b.again++
	} else if c != nil {
		if e.Sequence <= b.last[c.ID] {
			b.t.Errorf("call %s: %s with sequence %d came after %d", c.ID, e.Type, e.Sequence, b.last[c.ID])
		}
		b.last[c.ID] = e.Sequence
		if b.types[c.ID] == nil {
			b.types[c.ID] = map[webhook.Type]bool{}
		}
		b.types[c.ID][e.Type] = true
	}
	b.seen[e.ID] = true
	if e.Type == webhook.CallEnded {
		select {
		case b.ended <- struct{}{}:
		default:
		}
	}
	w.WriteHeader(http.StatusNoContent)
}

// The server is killed in the middle of everything while its backend fails now and then. Of every call that was
// acknowledged the backend hears that it started and that it ended, in order.
func TestWebhooksSurviveKill9(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes a quarter of a minute of real time")
	}
	b := &witness{t: t, check: must(webhook.NewVerifier(hookSecret)), last: map[string]uint64{}, seen: map[string]bool{}, failed: map[string]bool{},
		types: map[string]map[webhook.Type]bool{}, ended: make(chan struct{}, 1)}
	backend := httptest.NewServer(b)
	defer backend.Close()
	t.Setenv(childHook, backend.URL)
	v := &victim{t: t, dir: filepath.Join(t.TempDir(), "store"), pushed: map[string]map[string]bool{}}
	v.start()
	defer func() { v.kill() }()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "tcp", *v.addr.Load())
	}}}
	defer client.CloseIdleConnections()
	w := &world{t: t, node: &node{client: client}}
	alice, bob, pad := w.phone("alice", "a1", ""), w.phone("bob", "b1", voip(2)), w.phone("bob", "b2", voip(3))

	c := callers(t, 2, 7, alice, bob, pad)
	v.torment(c, 4, 3, 400*time.Millisecond)
	c.finish()
	missing := func() (n int, one string) {
		b.mu.Lock()
		defer b.mu.Unlock()
		c.facts.Range(func(id, _ any) bool {
			if told := b.types[id.(string)]; !told[webhook.CallStarted] || !told[webhook.CallEnded] {
				n, one = n+1, id.(string)
			}
			return true
		})
		return n, one
	}
	deadline := time.After(3 * time.Minute)
	for {
		n, one := missing()
		if n == 0 {
			break
		}
		select {
		case <-b.ended:
		case <-deadline:
			t.Fatalf("of %d calls the backend did not hear all, as %s", n, one)
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	calls := 0
	c.facts.Range(func(id, value any) bool {
		calls++
		if f := value.(fact); f.winner != "" && !b.types[f.id][webhook.CallAnswered] {
			t.Errorf("that call %s was answered was not told", f.id)
		}
		return true
	})
	if calls < 10 {
		t.Errorf("nothing was proved: %d calls", calls)
	}
	t.Logf("%d calls, %d events, %d of them told again, 4 kills", calls, len(b.seen), b.again)
}
