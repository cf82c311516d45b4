package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/ringtrip/ringtrip/internal/rig"
	"github.com/ringtrip/ringtrip/signaling/ringtripv1/ringtripv1connect"
)

// benchIdleFloorCmd is the least that a connected phone can cost in Go: a server of net/http whose handler writes a few
// bytes now and then, and one that keeps nothing but the connection. `bench idle` runs it in a process of its own.
type benchIdleFloorCmd struct {
	Listen  string `arg:"" help:"Address to listen on."`
	TLSCert string `name:"tls-cert" help:"PEM file with a certificate." placeholder:"FILE"`
	TLSKey  string `name:"tls-key" help:"PEM file with its key." placeholder:"FILE"`
}

// Run serves until ctx ends.
func (c *benchIdleFloorCmd) Run(ctx context.Context) error {
	bare := &bareConns{open: map[net.Conn]struct{}{}}
	go bare.write(ctx)
	mux := http.NewServeMux()
	mux.HandleFunc(ringtripv1connect.PhoneServiceRegisterDeviceProcedure, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/proto")
	})
	mux.HandleFunc(ringtripv1connect.PhoneServiceEventsProcedure, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if r.ProtoMajor == 1 {
			bare.take(w)
			return
		}
		tick := time.NewTicker(5 * time.Second)
		defer tick.Stop()
		for {
			if _, err := w.Write([]byte("\x00\x00\x00\x00\x02\x22\x00")); err != nil {
				return
			}
			w.(http.Flusher).Flush()
			select {
			case <-tick.C:
			case <-r.Context().Done():
				return
			case <-ctx.Done():
				return
			}
		}
	})
	listener, err := rig.Listen(c.Listen)
	if err != nil {
		return err
	}
	h := rig.HTTPServer(mux, slog.New(slog.DiscardHandler))
	stop := context.AfterFunc(ctx, func() { _ = h.Close() })
	defer stop()
	serve := h.Serve
	if c.TLSCert != "" {
		serve = func(l net.Listener) error { return h.ServeTLS(l, c.TLSCert, c.TLSKey) }
	}
	if err := serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// bareConns are connections that one goroutine each waits for, and one for all writes to.
type bareConns struct {
	mu   sync.Mutex
	open map[net.Conn]struct{}
}

// take takes a request's connection over.
func (b *bareConns) take(w http.ResponseWriter) {
	c, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	if _, err := io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Type: application/connect+proto\r\nTransfer-Encoding: chunked\r\n\r\n"+bareChunk); err != nil {
		_ = c.Close()
		return
	}
	b.mu.Lock()
	b.open[c] = struct{}{}
	b.mu.Unlock()
	go b.watch(c)
}

const bareChunk = "7\r\n\x00\x00\x00\x00\x02\x22\x00\r\n"

func (b *bareConns) watch(c net.Conn) {
	var one [1]byte
	_, _ = c.Read(one[:]) // whatever it is: the phone has nothing to say
	b.mu.Lock()
	delete(b.open, c)
	b.mu.Unlock()
	_ = c.Close()
}

func (b *bareConns) write(ctx context.Context) {
	tick := time.NewTicker(5 * time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		b.mu.Lock()
		for c := range b.open {
			_, _ = io.WriteString(c, bareChunk)
		}
		b.mu.Unlock()
	}
}
