package exchange

import (
	"slices"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/ringtrip/ringtrip/signaling"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// line is one process's connection. What goes over it takes [Latency] of the process's own time, so that a process that
// is suspended hears nothing.
type line struct {
	x       *Exchange
	clock   Clock
	handler signaling.Handler
	open    bool // guarded by x.mu
	closed  bool // guarded by x.mu
}

// later runs f after the latency, unless the line was closed meanwhile.
func (l *line) later(f func()) {
	l.clock.AfterFunc(Latency, func() {
		l.x.mu.Lock()
		closed := l.closed
		l.x.mu.Unlock()
		if !closed {
			f()
		}
	})
}

// Open is part of [signaling.Connection].
func (l *line) Open() {
	x := l.x
	x.mu.Lock()
	defer x.mu.Unlock()
	if l.open || l.closed {
		return
	}
	l.open = true
	l.later(func() {
		hello := &v1.Hello{ServerTime: timestamppb.New(x.cfg.Now()), NextCallId: x.nextID()}
		x.mu.Lock()
		x.lines = append(x.lines, l)
		for _, c := range x.calls {
			if c.elsewhere == "" { // the others are none of this device's
				hello.Calls = append(hello.Calls, proto.Clone(c.view).(*v1.Call))
			}
		}
		x.mu.Unlock()
		l.handler.Hello(hello)
		l.handler.Online(true)
	})
}

// SetForeground is part of [signaling.Connection].
func (l *line) SetForeground(bool) {}

// Send is part of [signaling.Connection].
func (l *line) Send(msg proto.Message, _ signaling.SendOptions, done func(signaling.Result)) {
	msg = proto.Clone(msg)
	l.later(func() {
		res := l.x.take(l, msg)
		if done != nil {
			l.later(func() { done(res) })
		}
	})
}

// Close is part of [signaling.Connection].
func (l *line) Close() {
	l.x.mu.Lock()
	defer l.x.mu.Unlock()
	l.closed = true
	l.x.lines = slices.DeleteFunc(l.x.lines, func(other *line) bool { return other == l })
}
