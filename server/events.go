package server

import (
	"context"
	"errors"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	"github.com/ringtrip/ringtrip/fork"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
	"github.com/ringtrip/ringtrip/store"
)

// eventBatch is how many events are read at once.
const eventBatch = 128

// Events implements PhoneService: it streams what concerns a device. What is decided about a stream, until its Hello is
// written, is decided here, whatever it came by; a [line] serves it from then on.
func (s *Server) Events(ctx context.Context, req *connect.Request[v1.EventsRequest], out *connect.ServerStream[v1.EventsResponse]) error {
	v := viewerOf(ctx)
	var d store.Device
	if err := apart(func() (err error) { d, err = s.ownDevice(ctx, v, req.Msg.DeviceId); return err }); err != nil {
		return err
	}
	p := &parked{out: out, done: make(chan struct{})}
	l := &line{s: s, app: v.App, user: v.User, device: d.ID, out: p}
	l.here = openStream{topic: topic(v.App, d.ID), foreground: req.Msg.Foreground, server: l}
	if err := apart(func() error { return l.enter(ctx, deviceOf(d), req.Msg.Cursor) }); err != nil {
		return err
	}
	if door := doorOf(ctx); door != nil {
		door.line = l // it goes on without this goroutine
		return nil
	}
	l.begin()
	select {
	case <-p.done:
	case <-ctx.Done():
		l.stir(dueGone)
		<-p.done
		if p.err == nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return s.failed("streaming events", ctx.Err()) // the device set itself a limit, and is still there
		}
	}
	return p.err
}

// parked is the way to a device by a stream of net/http, whose handler's goroutine waits until it is over.
type parked struct {
	out  *connect.ServerStream[v1.EventsResponse]
	done chan struct{}
	err  error // valid once done is closed
}

func (p *parked) send(r *v1.EventsResponse) error { return p.out.Send(r) }
func (p *parked) hurry()                          {}
func (p *parked) end(err error) {
	p.err = err
	close(p.done)
}

// apart does something on a goroutine of its own and waits for it. A stream waits for hours with the stack that it has
// once needed; what goes deep, as a query does, had better leave its stack behind.
func apart(f func() error) error {
	done := make(chan error, 1)
	go func() { done <- f() }()
	return <-done
}

// open says Hello. A call that rings for the device's user learns first that it is here.
func (l *line) open(ctx context.Context, here device, cursor uint64) error {
	if err := l.wake(ctx, here); err != nil {
		return err
	}
	rows, newest, err := l.s.store.CallsOfDevice(ctx, l.app, l.device)
	if err != nil {
		return err
	}
	if cursor > newest {
		cursor = 0 // the device's cursor is of another time: it gets all that there is
	}
	if cursor > 0 {
		if err := l.s.store.TrimEvents(ctx, l.app, l.device, cursor); err != nil {
			return err
		}
	}
	l.cursor = cursor
	now := l.s.now()
	hello := &v1.Hello{ServerTime: stamp(now), NextCallId: l.s.nextCallID(), Cursor: newest}
	for _, row := range rows {
		t, err := l.s.turn(row)
		if err != nil {
			return err
		}
		side, ok := t.sideOf(l.user, l.device)
		if !ok || !row.Live && row.KeepUntil.Before(now) {
			continue
		}
		c := t.view(side)
		hello.Calls = append(hello.Calls, c)
		l.follow(c)
	}
	return l.send(&v1.EventsResponse{Event: &v1.EventsResponse_Hello{Hello: hello}})
}

// wake tells the ringing calls of the user that the device is here; a call that does not ring on it yet does so now.
func (l *line) wake(ctx context.Context, here device) error {
	rows, err := l.s.store.CallsOfUser(ctx, l.app, l.user)
	if err != nil {
		return err
	}
	for _, row := range rows {
		_, err := l.s.change(ctx, row.ID, func(t *turn) error {
			if t.Callee.User == l.user && t.Fork.State == fork.Ringing {
				t.arrived(here, true)
			} else if side, ok := t.sideOf(l.user, l.device); ok && side >= 0 && t.Fork.State == fork.Answered {
				t.step(fork.Event{Kind: fork.Wake, Leg: int8(side)}) // if the call is offered to it
			}
			t.isAt(l.user, l.device, here.Node)
			return nil
		})
		if err != nil && connect.CodeOf(err) != connect.CodeNotFound {
			return err
		}
	}
	return nil
}

// arrived takes down that a device of the callee connected while the call rings: it opened its stream, or registered.
func (t *turn) arrived(d device, streamed bool) {
	side, ok := t.sideOf(t.Callee.User, d.ID)
	if !ok {
		if t.legOf(d.ID) >= 0 {
			return // its turn has not come
		}
		next, free := t.Fork.NextLeg()
		if !free || int(next) != len(t.Legs) {
			return
		}
		side = len(t.Legs)
		t.Legs = append(t.Legs, leg{device: d, Streamed: streamed})
		t.step(fork.Event{Kind: fork.Join, Leg: next})
	} else {
		t.step(fork.Event{Kind: fork.Wake, Leg: int8(side)})
	}
	if t.changed && streamed {
		t.note(v1.Stage_STAGE_STREAMED, side, 0, "its stream opened while the call rang")
	}
}

// empty sends what was handed over. Commits that crossed may have been handed over in another order than their seqs', and
// the store then has what is missing.
func (l *line) empty(ctx context.Context) error {
	events, more := l.here.inbox.take()
	for _, e := range events {
		switch {
		case e.Seq <= l.cursor: // it was read from the store
		case e.Seq == l.cursor+1:
			if err := l.pass(e); err != nil {
				return err
			}
		default:
			more = true
		}
	}
	if more {
		return l.drain(ctx)
	}
	return nil
}

// ended is the end of a stream that another one replaced, or whose device or node is gone.
func (l *line) ended(why string) error {
	switch why {
	case "server_stopping":
		return stopping()
	case "node_cut_off":
		return problem(connect.CodeUnavailable, why, "connect again: another node answers", nil, "this node does not reach its store")
	}
	return problem(connect.CodeAborted, why, "one stream a device: do not open it again", nil, "the event stream of device %q is over", l.device)
}

// stopping tells a device that it is welcome elsewhere, at once.
func stopping() error {
	return problem(connect.CodeUnavailable, "server_stopping", "connect again", nil, "the server is stopping")
}

// drain sends all events that the device does not have yet.
func (l *line) drain(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, commitTime) // a store that says nothing: the device does better elsewhere
	defer cancel()
	for {
		events, err := l.s.store.EventsAfter(ctx, l.app, l.device, l.cursor, eventBatch)
		if err != nil {
			return err
		}
		for _, e := range events {
			if err := l.pass(handed{Event: e}); err != nil {
				return err
			}
		}
		if len(events) < eventBatch {
			return nil
		}
	}
}

// pass sends one stored event.
func (l *line) pass(e handed) error {
	r := e.message
	if r == nil {
		r = &v1.EventsResponse{}
		if err := proto.Unmarshal(e.Payload, r); err != nil {
			// Skipping it beats a stream that can never go on: the next event of the call has the whole truth.
			l.s.log.Error("a stored event cannot be read", "device", l.device, "seq", e.Seq, "err", err)
			l.cursor = e.Seq
			return nil
		}
	}
	r.Seq = e.Seq
	if c := r.GetCall(); c != nil {
		l.follow(c)
	}
	if err := l.send(r); err != nil {
		return err
	}
	l.cursor = e.Seq
	return nil
}

// send sends one event. An error is the wire's: the device is gone, or takes nothing.
func (l *line) send(r *v1.EventsResponse) error {
	if err := l.out.send(r); err != nil {
		return problem(connect.CodeUnavailable, "stream_broken", "connect again", nil, "the event stream of device %q broke: %s", l.device, err)
	}
	return nil
}

// follow remembers which answered calls the device is in.
func (l *line) follow(c *v1.Call) {
	if c.State == v1.CallState_CALL_STATE_ANSWERED {
		if l.live == nil {
			l.live = map[string]struct{}{}
		}
		l.live[c.Id] = struct{}{}
	} else {
		delete(l.live, c.Id)
	}
}

// ping shows the device that the stream lives, and its calls that the device does.
func (l *line) ping(ctx context.Context) error {
	now := l.s.now()
	if err := l.send(&v1.EventsResponse{Event: &v1.EventsResponse_Ping{Ping: &v1.Ping{ServerTime: stamp(now)}}}); err != nil {
		return err
	}
	if now.Sub(l.heard).Abs() < l.s.cfg.AliveTimeout/4 {
		return nil
	}
	l.heard = now
	for id := range l.live {
		if err := l.s.heard(ctx, id); err != nil && ctx.Err() == nil {
			l.s.log.Warn("noting that a device is in a call failed", "call", id, "device", l.device, "err", err)
		}
	}
	return nil
}
