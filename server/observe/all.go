package observe

import (
	"context"

	"github.com/ringtrip/ringtrip/push"
	"github.com/ringtrip/ringtrip/server"
)

// All is an Observer that passes everything on to all of them, in order.
func All(observers ...server.Observer) server.Observer { return all(observers) }

// all are several Observers as one.
type all []server.Observer

// Committed implements [server.Observer].
func (a all) Committed(ctx context.Context, c server.Change) {
	for _, o := range a {
		o.Committed(ctx, c)
	}
}

// Pushing implements [server.Observer].
func (a all) Pushing(ctx context.Context, p server.PushStart) (context.Context, func(push.Receipt, error)) {
	var dones []func(push.Receipt, error)
	for _, o := range a {
		var done func(push.Receipt, error)
		ctx, done = o.Pushing(ctx, p)
		dones = append(dones, done)
	}
	return ctx, func(r push.Receipt, err error) {
		for _, done := range dones {
			done(r, err)
		}
	}
}
