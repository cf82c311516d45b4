package store

import (
	"context"
	"time"
)

// Health is what a [Store] may implement besides, so that operations can look into it. Both methods may be called at
// any time, by many at once, and return [ErrClosed] after Close.
type Health interface {
	// Check makes one durable write, of a row of its own that nobody reads, in the way of every other commit, and
	// returns how long it took. A node whose Check fails is not ready for calls.
	Check(ctx context.Context) (time.Duration, error)
	// Stats returns what there is and what was done. It must be cheap enough for once every few seconds.
	Stats(ctx context.Context) (Stats, error)
}

// Stats are figures about a store.
type Stats struct {
	LiveCalls int            // in the database, of all apps
	Jobs      map[string]int // in the database, by kind, leased or not; kinds without jobs may be missing
	Queue     int            // writes that wait in this process
	// Writes and Transactions count since this process opened the store. Writes by transaction is the size of a group.
	Writes, Transactions uint64
}
