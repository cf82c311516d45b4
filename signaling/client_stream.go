package signaling

import (
	"context"
	"errors"
	"fmt"
	"time"

	"connectrpc.com/connect"

	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

var (
	errReopen = errors.New("signaling: the stream is opened anew")
	errSilent = errors.New("signaling: the server has gone silent")
	errEnded  = errors.New("signaling: the server ended the stream")
	errRewind = errors.New("signaling: the server has forgotten events that were handled")
)

// run keeps the event stream open until Close.
func (c *Client) run() {
	failures, renewed := 0, false
	for c.ctx.Err() == nil {
		up, err := c.stream()
		if up > 0 {
			renewed = false
		}
		if up >= c.cfg.StableAfter {
			failures = 0
		}
		if c.ctx.Err() != nil || errors.Is(err, errReopen) {
			continue
		}
		if up > 0 && elsewhere(err) {
			c.log.Info("signaling: the server sends us elsewhere", "err", err, "up", up)
			failures = 0
			c.dropIdle()
			continue
		}
		delay := c.jitter(failures, c.cfg.BackoffMax)
		if connect.CodeOf(err) == connect.CodeUnauthenticated {
			if !renewed {
				renewed = true // a token may have expired: once, a new one is worth a try at once
				continue
			}
			delay = c.cfg.BackoffMax/2 + time.Duration(c.random()*float64(c.cfg.BackoffMax/2))
		}
		failures++
		c.log.Info("signaling: stream lost", "err", err, "up", up, "failures", failures, "again_in", delay)
		c.wait(delay)
	}
}

// stream opens the event stream and hands on what it brings until it ends. It returns how long it was up.
func (c *Client) stream() (up time.Duration, err error) {
	ctx, cancel := context.WithCancelCause(c.ctx)
	defer cancel(nil)
	c.mu.Lock()
	foreground := c.foreground
	c.reopen = cancel
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		c.reopen = nil
		c.mu.Unlock()
		if cause := context.Cause(ctx); cause != nil && err != nil {
			err = cause // why we ended it, rather than how that looked from inside
		}
	}()

	token, err := c.streamToken(ctx)
	if err != nil {
		return 0, err
	}
	watchdog := time.AfterFunc(c.cfg.Silence, func() { cancel(errSilent) })
	defer watchdog.Stop()
	req := connect.NewRequest(&v1.EventsRequest{DeviceId: c.cfg.DeviceID, Cursor: c.cursor, Foreground: foreground})
	authorize(req.Header(), token)
	stream, err := c.line.Events(ctx, req)
	if err != nil {
		return 0, c.streamLost(ctx, err, token)
	}
	defer stream.Close()

	var since time.Time // when Hello came
	defer func() {
		if !since.IsZero() {
			up = max(time.Since(since), 1)
			c.deliver(func() { c.cfg.Handler.Online(false) })
		}
	}()
	for stream.Receive() {
		watchdog.Stop() // a slow handler is not a silent server
		msg := stream.Msg()
		if hello := msg.GetHello(); hello != nil {
			if hello.GetCursor() < c.cursor {
				c.rewind(hello.GetCursor())
				return 0, errRewind
			}
			if !c.deliver(func() { c.cfg.Handler.Hello(hello) }) {
				return 0, c.ctx.Err()
			}
			if since.IsZero() {
				since = time.Now()
				c.deliver(func() { c.cfg.Handler.Online(true) })
				c.wake() // the network is back: requests need not wait any longer
			}
		} else if !c.event(msg) {
			return 0, c.ctx.Err()
		}
		watchdog.Reset(c.cfg.Silence)
	}
	if err := stream.Err(); err != nil {
		return 0, c.streamLost(ctx, err, token)
	}
	return 0, errEnded
}

// elsewhere reports whether the server ended the stream because its node goes, or cannot serve: another one does, now.
// A node that says so again before it said Hello is met with patience.
func elsewhere(err error) bool {
	switch failed(err).Problem {
	case "server_stopping", "node_cut_off":
		return true
	}
	return false
}

func (c *Client) streamToken(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Silence)
	defer cancel()
	return c.jwt.get(ctx)
}

// event hands on one event, unless it was handled before, and then moves the cursor. It reports false after Close.
func (c *Client) event(msg *v1.EventsResponse) bool {
	seq := msg.GetSeq()
	if seq != 0 && seq <= c.cursor {
		return true
	}
	return c.deliver(func() {
		switch e := msg.GetEvent().(type) {
		case *v1.EventsResponse_Call:
			c.cfg.Handler.Call(e.Call)
		case *v1.EventsResponse_Media:
			c.cfg.Handler.Media(e.Media)
		case *v1.EventsResponse_Group:
			if h, ok := c.cfg.Handler.(GroupHandler); ok {
				h.Group(e.Group)
			}
		}
		if seq != 0 {
			c.cursor = seq
			if c.cfg.SaveCursor != nil {
				c.cfg.SaveCursor(seq)
			}
		}
	})
}

// rewind takes the server's cursor for ours, which is from a life of the server that is gone (a database that
// was put back or lost): waiting for events above it would mean to miss those that come now.
func (c *Client) rewind(cursor uint64) {
	c.log.Warn("signaling: the server has forgotten events", "cursor", c.cursor, "server", cursor)
	c.cursor = cursor
	if c.cfg.SaveCursor != nil {
		c.deliver(func() { c.cfg.SaveCursor(cursor) })
	}
}

func (c *Client) streamLost(ctx context.Context, err error, token string) error {
	switch {
	case connect.CodeOf(err) == connect.CodeUnauthenticated:
		c.jwt.refuse(token)
	case errors.Is(context.Cause(ctx), errSilent):
		c.dropIdle()
	}
	return fmt.Errorf("signaling: receiving events: %w", err)
}
