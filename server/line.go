package server

import (
	"context"
	"sync"
	"time"

	"connectrpc.com/connect"

	"github.com/ringtrip/ringtrip/bus"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// due is what a line has to do, as bits.
type due uint8

const (
	dueInbox     due = 1 << iota // this node committed something for it
	dueWake                      // somebody may have: the store is read
	duePing                      // the device is to see that the stream lives
	dueElsewhere                 // another node thinks that the stream is over
	dueExpired                   // its token is no longer good
	dueOver                      // it has to end: see openStream.reason
	dueGone                      // the device is gone
)

// wire is the way to a device. Its methods are called by one goroutine at a time, but hurry.
type wire interface {
	// send sends one event. It blocks as long as the device takes nothing, but not for ever.
	send(r *v1.EventsResponse) error
	// hurry says that who still takes nothing need not be waited for much longer.
	hurry()
	// end is the last word: why the stream is over, nil if nobody is there to hear it.
	end(err error)
}

// line is one open event stream. It costs no goroutine while there is nothing to do: what happens stirs it, and a goroutine
// works off what is due. It makes no difference to it what the device is connected by.
type line struct {
	s                 *Server
	app, user, device string
	here              openStream
	at                *attachment // nil if this node is alone
	admitted          *admitted   // what it was let in by, if that is the line's to give back
	unlisten          [2]func()   // of the bus
	out               wire

	// These are of the goroutine that works.
	cursor uint64              // seq of the last event sent
	live   map[string]struct{} // the answered calls that the device is in
	heard  time.Time           // when they were last told that it is here

	mu    sync.Mutex
	due   due
	began bool // Hello is out
	busy  bool // a goroutine works
	over  bool
	why   error // for dueExpired

	beat beat // the pulse's
}

// enter makes the line known, and says Hello. If it returns an error, the line is over.
func (l *line) enter(ctx context.Context, d device, cursor uint64) (err error) {
	entered := false
	defer func() {
		if err != nil {
			l.clear(ctx, entered)
		}
	}()
	// Listening begins before reading, so that nothing falls in between.
	if l.unlisten[0], err = l.s.hear(l.here.topic, func() { l.stir(dueWake) }); err != nil {
		return l.s.failed("listening for events", err)
	}
	if entered = l.s.streams.enter(&l.here); !entered {
		return stopping()
	}
	l.at, err = l.s.attach(ctx, l.app, l.device, l.here.foreground, func(topic string) (err error) {
		l.unlisten[1], err = l.s.hear(topic, func() { l.stir(dueElsewhere) })
		return err
	})
	if err != nil {
		return l.s.failed("noting where the event stream is", err)
	}
	d.Node = l.s.nodeName()
	return l.s.failed("opening the event stream", l.open(ctx, d, cursor))
}

// hear calls f whenever somebody publishes topic.
func (s *Server) hear(topic string, f func()) (stop func(), err error) {
	if b, ok := s.bus.(bus.FuncListener); ok {
		return b.ListenFunc(topic, f)
	}
	ctx, cancel := context.WithCancel(context.Background())
	wake, err := s.bus.Listen(ctx, topic)
	if err != nil {
		cancel()
		return nil, err
	}
	var listening sync.WaitGroup
	listening.Go(func() {
		for {
			select {
			case <-wake:
				f()
			case <-ctx.Done():
				return
			}
		}
	})
	return func() { cancel(); listening.Wait() }, nil
}

// begin lets the line do what is due, from now on: at first to send what the device has not got yet.
func (l *line) begin() {
	l.mu.Lock()
	l.began = true
	l.mu.Unlock()
	l.s.pulse.add(l)
	l.stir(dueWake)
}

// stir tells the line what is due. It does not block.
func (l *line) stir(d due) {
	l.mu.Lock()
	l.due |= d
	work := l.began && !l.busy && !l.over
	l.busy = l.busy || work
	hurry := l.busy && d&dueOver != 0
	l.mu.Unlock()
	if hurry {
		l.out.hurry()
	}
	if work {
		go l.work()
	}
}

// expire ends the line because its token is no longer good.
func (l *line) expire(why error) {
	l.mu.Lock()
	l.why = why
	l.mu.Unlock()
	l.stir(dueExpired)
}

// work does what is due until nothing is.
func (l *line) work() {
	defer func() {
		if what := recover(); what != nil {
			l.finish(l.s.recover(context.Background(), connect.Spec{Procedure: "Events"}, nil, what))
		}
	}()
	for {
		l.mu.Lock()
		d := l.due
		l.due = 0
		l.busy = d != 0
		l.mu.Unlock()
		if d == 0 {
			return
		}
		if over, err := l.do(d); over {
			l.finish(err)
			return
		}
	}
}

// do does what is due, and reports whether the line is over, and why. What this node commits is handed over; the store is
// read for the rest: at the beginning, after a gap, and when another node may have committed something.
func (l *line) do(d due) (over bool, err error) {
	// A line is nobody's request. Whatever it asks the store is bounded by itself.
	ctx := context.Background()
	switch {
	case d&dueGone != 0:
		return true, nil
	case d&dueExpired != 0:
		l.mu.Lock()
		defer l.mu.Unlock()
		return true, l.why
	case d&dueOver != 0:
		return true, l.ended(l.here.reason())
	}
	if d&dueElsewhere != 0 {
		why, err := l.at.verify(ctx)
		if err != nil {
			return true, l.s.failed("reading where the event stream is", err)
		}
		if why != "" {
			return true, l.ended(why)
		}
	}
	if d&dueInbox != 0 {
		err = l.empty(ctx)
	}
	if err == nil && d&duePing != 0 {
		err = l.ping(ctx)
		if l.s.cfg.Presence != nil { // for what the bus lost: a node that is alone hands everything over
			d |= dueWake
		}
	}
	if err == nil && d&dueWake != 0 {
		err = l.drain(ctx)
	}
	return err != nil, l.s.failed("reading events", err)
}

// finish ends the line. Nothing works for it afterwards.
func (l *line) finish(why error) {
	l.mu.Lock()
	was := l.over
	l.over = true
	l.mu.Unlock()
	if was {
		return // it failed while it ended
	}
	l.s.pulse.remove(l)
	l.out.end(why)
	l.clear(context.Background(), true)
}

// clear takes the line out of everything that knows it.
func (l *line) clear(ctx context.Context, entered bool) {
	for _, stop := range l.unlisten {
		if stop != nil {
			stop()
		}
	}
	if l.admitted != nil {
		l.s.gate.leave(l.admitted)
	}
	if entered {
		l.here.leave()
		l.at.detach(ctx)
		l.s.streams.lines.Done()
	}
}
