package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"log/slog"

	"github.com/ringtrip/ringtrip/bus"
	"github.com/ringtrip/ringtrip/internal/rig"
	"github.com/ringtrip/ringtrip/server"
	"github.com/ringtrip/ringtrip/server/observe"
	"github.com/ringtrip/ringtrip/store"
)

const (
	// checkEvery bounds how often a readiness probe, which anyone may ask for, writes to the store.
	checkEvery = time.Second
	// checkTime is how long the store may take for it.
	checkTime = 2 * time.Second
)

// health says whether a node is alive and whether it is ready for work.
type health struct {
	server   *server.Server
	store    store.Store
	bus      bus.Bus
	stopping atomic.Bool
	warnings func() []string // what operators are told though the node is ready; nil: nothing

	mu   sync.Mutex
	at   time.Time // of the last check of the store
	last error
}

func newHealth(s *server.Server, st store.Store, b bus.Bus) *health {
	return &health{server: s, store: st, bus: b}
}

// ready returns nil if the node may be given work: it is not stopping, the store takes a durable write, and the bus,
// if it can say, is connected.
func (h *health) ready(ctx context.Context) error {
	if h.stopping.Load() || h.server.Draining() {
		return server.ErrDraining
	}
	if h.server.CutOff() {
		return errors.New("this node does not reach its store")
	}
	if err := h.storeWrites(ctx); err != nil {
		return fmt.Errorf("the store does not take writes: %w", err)
	}
	if b, ok := h.bus.(interface{ Ready() error }); ok {
		if err := b.Ready(); err != nil {
			return fmt.Errorf("the bus: %w", err)
		}
	}
	return nil
}

// storeWrites makes a durable write, unless one was made a moment ago.
func (h *health) storeWrites(ctx context.Context) error {
	checks, ok := h.store.(store.Health)
	if !ok {
		return nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.at.IsZero() && time.Since(h.at) < checkEvery {
		return h.last
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), checkTime)
	defer cancel()
	_, h.last = checks.Check(ctx)
	h.at = time.Now()
	return h.last
}

// beside serves /healthz and /readyz, and everything else by next. It tells strangers no more than ok or not.
func (h *health) beside(next http.Handler) http.Handler { return h.serve(next, false) }

func (h *health) serve(next http.Handler, details bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/healthz": // alive: it answers
			say(w, http.StatusOK, "ok")
		case "/readyz":
			err := h.ready(r.Context())
			switch {
			case err == nil:
				text := "ready"
				if details && h.warnings != nil {
					text = strings.Join(append([]string{text}, h.warnings()...), "\nwarning: ")
				}
				say(w, http.StatusOK, text)
			case details:
				say(w, http.StatusServiceUnavailable, "not ready: "+err.Error())
			default:
				say(w, http.StatusServiceUnavailable, "not ready")
			}
		default:
			next.ServeHTTP(w, r)
		}
	})
}

func say(w http.ResponseWriter, code int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	_, _ = fmt.Fprintln(w, text)
}

// adminFace is what operators see: metrics, health with reasons, profiles.
type adminFace struct {
	http     *http.Server
	listener net.Listener
}

// admin listens for operators; nil if nobody asked for it.
func (c *serveCmd) admin(log *slog.Logger, h *health, m *observe.Metrics) (*adminFace, error) {
	if c.Admin == "" {
		return nil, nil
	}
	addr := c.Admin
	if strings.HasPrefix(addr, ":") {
		addr = "127.0.0.1" + addr // who wants it on every interface says so: 0.0.0.0:PORT
	}
	listener, err := rig.Listen(addr)
	if err != nil {
		return nil, fmt.Errorf("--admin: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("/metrics", m.Handler())
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	log.Info("metrics and health", "admin", "http://"+listener.Addr().String())
	return &adminFace{http: rig.HTTPServer(h.serve(mux, true), log), listener: listener}, nil
}
