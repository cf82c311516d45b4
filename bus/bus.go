// Package bus wakes the node that holds a device's event stream. It carries no truth and may lose messages:
// the truth is in the store, and a stream that missed a wake-up reads it a little later. It has no behaviour:
// bus/local works inside one process, bus/nats between the nodes of a deployment.
package bus

import (
	"context"
	"errors"
)

// ErrClosed says that the bus was closed.
var ErrClosed = errors.New("bus: closed")

// MaxTopic is the longest topic that goes from node to node, in bytes. A longer one is lost.
const MaxTopic = 1 << 10

// Bus tells whoever listens for a topic that there is something new to read. It is safe for concurrent use.
//
// A topic belongs to a device, but nobody subscribes for a device on the network: every node has one inbox, and who
// publishes says which nodes hold the device's stream. That is what keeps a hundred thousand devices on a node cheap.
type Bus interface {
	// Publish wakes every listener of topic at the named nodes. Without a name it wakes those of this node. A name
	// that is no node's, or a dead one's, is fine. It must not block; it may lose.
	Publish(topic string, nodes ...string)
	// Listen returns a channel of capacity one that gets a value after each Publish of topic (several may become
	// one) and whenever the bus may have lost one, until ctx ends. It never closes the channel. After Close it
	// returns [ErrClosed].
	Listen(ctx context.Context, topic string) (<-chan struct{}, error)
	// Close ends all listening; Publish does nothing afterwards. It may be called again.
	Close() error
}

// FuncListener is what a [Bus] may be besides: one that calls a function instead of filling a channel, so that a node
// needs no goroutine for each device that waits.
type FuncListener interface {
	// ListenFunc calls f after each Publish of topic (several may become one) and whenever the bus may have lost one,
	// until stop is called. f must not block, nor use the bus. It may run once more while stop returns. After Close
	// ListenFunc returns [ErrClosed]. stop may be called again.
	ListenFunc(topic string, f func()) (stop func(), err error)
}
