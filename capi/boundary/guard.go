package boundary

import (
	"fmt"
	"log/slog"
	"runtime/debug"

	"google.golang.org/protobuf/proto"

	"github.com/ringtrip/ringtrip/media"
	"github.com/ringtrip/ringtrip/signaling"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// guard runs engine code on a goroutine of ours: a panic there would end the app, so it becomes a line in the log. The
// engine gives its locks back when it panics, and goes on.
func (e *Engine) guard(where string, f func()) {
	defer func() {
		if r := recover(); r != nil {
			e.say(Out{Log: &Log{slog.LevelError.String(), fmt.Sprintf("boundary: panic in %s: %v\n%s", where, r, debug.Stack())}})
		}
	}()
	f()
}

// guardedHandler is what the server's stream is heard by.
type guardedHandler struct {
	e *Engine
	h signaling.Handler
}

func (g guardedHandler) Hello(m *v1.Hello)        { g.e.guard("hello", func() { g.h.Hello(m) }) }
func (g guardedHandler) Call(m *v1.Call)          { g.e.guard("call", func() { g.h.Call(m) }) }
func (g guardedHandler) Media(m *v1.MediaMessage) { g.e.guard("media", func() { g.h.Media(m) }) }
func (g guardedHandler) Online(on bool)           { g.e.guard("online", func() { g.h.Online(on) }) }

// Group is part of [signaling.GroupHandler].
func (g guardedHandler) Group(m *v1.GroupChanged) {
	if h, ok := g.h.(signaling.GroupHandler); ok {
		g.e.guard("group", func() { h.Group(m) })
	}
}

// guardedConnection guards what the server's answers set off.
type guardedConnection struct {
	signaling.Connection
	e *Engine
}

// Send is part of [signaling.Connection].
func (g guardedConnection) Send(m proto.Message, o signaling.SendOptions, done func(signaling.Result)) {
	if done != nil {
		then := done
		done = func(r signaling.Result) { g.e.guard("answer", func() { then(r) }) }
	}
	g.Connection.Send(m, o, done)
}

// guardedMedia guards what media sessions set off.
type guardedMedia struct {
	media.Factory
	e *Engine
}

// New is part of [media.Factory].
func (g guardedMedia) New(c media.Config) (media.Session, error) {
	if send := c.Send; send != nil {
		c.Send = func(m media.Message) { g.e.guard("media message", func() { send(m) }) }
	}
	if notify := c.Notify; notify != nil {
		c.Notify = func(m media.Event) { g.e.guard("media event", func() { notify(m) }) }
	}
	return g.Factory.New(c)
}

// guardedMixer is guardedMedia that can mix.
type guardedMixer struct {
	guardedMedia
	mixer media.Mixer
}

// Mix is part of [media.Mixer].
func (g guardedMixer) Mix(s media.Session, group string) error { return g.mixer.Mix(s, group) }
