package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/ringtrip/ringtrip/carrier"
)

const (
	// carriersPath is below what carriers' webhooks are taken.
	carriersPath = "/carriers/"
	maxHook      = 256 << 10 // bytes of a webhook's body
	hookTime     = 10 * time.Second
	// maxHooks is how many webhooks are worked on at once on a node; further ones wait for hookWait.
	maxHooks = 256
	hookWait = 2 * time.Second
)

// serveCarrier takes the webhooks of the apps' carriers: PUBLIC_URL/carriers/APP/NAME/HOOK. What is refused is told with
// a status and nothing else, so that who forges learns nothing; the log and the metrics know why.
func (s *Server) serveCarrier(w http.ResponseWriter, r *http.Request) {
	begin := time.Now()
	said := CarrierHook{Outcome: "ok"}
	defer func() {
		said.Took = time.Since(begin)
		s.carrierSaid(said)
	}()
	refuse := func(status int, outcome string) {
		said.Outcome = outcome
		if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
			w.Header().Set("Retry-After", "1")
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, http.StatusText(status)+"\n") // if nobody is there to read it, nobody needs it
	}
	app, name, hook, ok := hookOf(r.URL.Path)
	by := s.carrier(app, name)
	if !ok || by == nil {
		refuse(http.StatusNotFound, carrier.Why(carrier.ErrUnknownHook))
		return
	}
	said.App, said.Carrier = app, name
	if s.CutOff() {
		refuse(http.StatusServiceUnavailable, "overloaded")
		return
	}
	// Carriers have few addresses and much to say, so they are not counted with everybody else. Who was refused is.
	address := clientKey(r, s.cfg.Bounds.TrustProxies)
	if s.byHook.short(address) {
		refuse(http.StatusTooManyRequests, "rate_limited")
		return
	}
	select {
	case s.hooks <- struct{}{}:
	case <-time.After(hookWait):
		refuse(http.StatusServiceUnavailable, "overloaded")
		return
	case <-r.Context().Done():
		refuse(http.StatusServiceUnavailable, "overloaded")
		return
	}
	defer func() { <-s.hooks }()
	reply, err := s.takeHook(r, by, app, name, hook)
	if err != nil {
		s.log.Warn("a carrier's webhook was refused", "app", app, "carrier", name, "hook", hook, "method", r.Method, "from", address, "err", err)
		if errors.Is(err, carrier.ErrSignature) || errors.Is(err, carrier.ErrStale) || errors.Is(err, carrier.ErrMalformed) {
			s.byHook.take(address, refusedCost, true)
		}
		refuse(carrier.Status(err), carrier.Why(err))
		return
	}
	if reply.ContentType != "" {
		w.Header().Set("Content-Type", reply.ContentType)
	} else if len(reply.Body) == 0 {
		w.Header()["Content-Type"] = nil
	}
	w.Header().Set("Cache-Control", "no-store")
	if reply.Status == 0 {
		reply.Status = http.StatusOK
	}
	w.WriteHeader(reply.Status)
	_, _ = w.Write(reply.Body) // if nobody is there to read it, the carrier asks again
}

// hookOf reads a webhook's path.
func hookOf(path string) (app, name, hook string, ok bool) {
	rest, ok := strings.CutPrefix(path, carriersPath)
	app, rest, ok2 := strings.Cut(rest, "/")
	name, hook, _ = strings.Cut(rest, "/")
	return app, name, hook, ok && ok2 && app != "" && name != ""
}

// takeHook reads a webhook and lets the carrier check and understand it.
func (s *Server) takeHook(r *http.Request, by carrier.Carrier, app, name, hook string) (reply carrier.Reply, err error) {
	if r.Header.Get("Content-Encoding") != "" {
		return reply, fmt.Errorf("%w: it is compressed", carrier.ErrContentType)
	}
	if r.ContentLength > maxHook {
		return reply, carrier.ErrTooLarge
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxHook+1))
	if err != nil {
		return reply, fmt.Errorf("%w: reading it failed", carrier.ErrMalformed)
	}
	if len(body) > maxHook {
		return reply, carrier.ErrTooLarge
	}
	public, err := s.publicURL(r)
	if err != nil {
		return reply, fmt.Errorf("%w: its URL", carrier.ErrMalformed)
	}
	// What a webhook says is stored though its sender goes away meanwhile.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), hookTime)
	defer cancel()
	defer func() {
		if what := recover(); what != nil {
			s.log.Error("a carrier's webhook panicked", "app", app, "carrier", name, "hook", hook, "panic", what, "stack", stack())
			reply, err = carrier.Reply{}, errors.New("it panicked")
		}
	}()
	req := &carrier.Request{Method: r.Method, URL: public, Hook: hook, Header: r.Header, Body: body, Now: s.now()}
	return by.Webhook(ctx, req, &reception{s: s, app: app, name: name})
}

// publicURL is the URL of a request as the client wrote it, whatever proxies made of its host.
func (s *Server) publicURL(r *http.Request) (*url.URL, error) {
	base := strings.TrimSuffix(s.cfg.PublicURL, "/")
	if base == "" {
		base = "http://" + r.Host
		if r.TLS != nil {
			base = "https://" + r.Host
		}
	}
	text := base + r.URL.EscapedPath()
	if r.URL.RawQuery != "" || r.URL.ForceQuery {
		text += "?" + r.URL.RawQuery
	}
	return url.Parse(text)
}
