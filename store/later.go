package store

import "context"

type later struct{}

// Later returns a context for what may wait: a store that has to choose does first what is asked without it. It is for work
// that no person waits for, as webhooks, so that a storm of it does not slow calls. What waits is not put off for ever, and
// nothing else of it changes. A store may ignore it.
func Later(ctx context.Context) context.Context { return context.WithValue(ctx, later{}, true) }

// MayWait reports whether ctx was made by [Later].
func MayWait(ctx context.Context) bool { return ctx.Value(later{}) != nil }
