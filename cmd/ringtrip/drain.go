package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/ringtrip/ringtrip/server"
)

// service is a server with its faces, from its start to the end of its drain.
type service struct {
	server  *server.Server
	http    *http.Server
	listen  func(*http.Server) error
	health  *health    // nil: nobody asks
	admin   *adminFace // nil: none
	delay   time.Duration
	timeout time.Duration
	log     *slog.Logger
}

// until runs everything until ctx ends or something fails, and then drains: the node is not ready, its streams end so
// that devices connect elsewhere, requests under way finish, pushes under way finish or stay leased for another node.
func (r service) until(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	// Timers and pushes go on while the node drains.
	working, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	group.Go(func() error { return r.server.Run(working) })
	group.Go(func() error { tendGarbage(working); return nil })
	group.Go(func() error { return served(r.listen(r.http)) })
	if r.admin != nil {
		group.Go(func() error { return served(r.admin.http.Serve(r.admin.listener)) })
	}
	group.Go(func() error {
		<-ctx.Done()
		defer stop()
		err := r.drain(context.WithoutCancel(ctx))
		if r.admin != nil {
			return errors.Join(err, r.admin.http.Close())
		}
		return err
	})
	return group.Wait()
}

// served makes an orderly end of a listener no error.
func served(err error) error {
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// drain ends what the node has in hand, in order.
func (r service) drain(ctx context.Context) error {
	begin := time.Now()
	if r.health != nil {
		r.health.stopping.Store(true)
	}
	if r.delay > 0 {
		r.log.Info("draining: not ready from now on", "streams_end_in", r.delay)
		wait(ctx, r.delay)
	}
	had := r.server.Stats()
	r.server.Drain()
	last, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	err := r.http.Shutdown(last)
	if err != nil {
		err = r.http.Close()
	}
	if r.server.Idle(last) != nil {
		r.log.Warn("some pushes were not finished in time: they stay leased, and another node or the next start takes them over", "pushes", r.server.Stats().Pushes)
	}
	r.log.Info("drained", "streams", had.Streams, "took", time.Since(begin).Round(time.Millisecond))
	return err
}

// wait waits for d or until ctx ends.
func wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
