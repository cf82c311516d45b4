package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/ringtrip/ringtrip/internal/rig"
	"github.com/ringtrip/ringtrip/signaling/ringtripv1/ringtripv1connect"
)

// benchIdleFloorCmd is the least that a connected phone can cost in Go: a server of net/http whose handler writes a few
// bytes now and then. `bench idle` runs it in a process of its own.
type benchIdleFloorCmd struct {
	Listen string `arg:"" help:"Address to listen on."`
}

// Run serves until ctx ends.
func (c *benchIdleFloorCmd) Run(ctx context.Context) error {
	mux := http.NewServeMux()
	mux.HandleFunc(ringtripv1connect.PhoneServiceRegisterDeviceProcedure, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/proto")
	})
	mux.HandleFunc(ringtripv1connect.PhoneServiceEventsProcedure, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
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
	if err := h.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
