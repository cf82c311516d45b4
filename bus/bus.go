// Package bus wakes the node that holds a device's event stream. It carries no truth and may lose messages:
// the truth is in the store, and a stream that missed a wake-up reads it a little later. It has no behaviour:
// bus/local works inside one process.
package bus

import (
	"context"
	"errors"
)

// ErrClosed says that the bus was closed.
var ErrClosed = errors.New("bus: closed")

// Bus tells whoever listens for a topic that there is something new to read. It is safe for concurrent use.
type Bus interface {
	// Publish wakes every listener of topic, on all nodes. It must not block; it may lose.
	Publish(topic string)
	// Listen returns a channel of capacity one that gets a value after each Publish of topic (several may become
	// one), until ctx ends. It never closes the channel. After Close it returns [ErrClosed].
	Listen(ctx context.Context, topic string) (<-chan struct{}, error)
	// Close ends all listening; Publish does nothing afterwards.
	Close() error
}
