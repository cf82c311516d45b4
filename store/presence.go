package store

import (
	"context"
	"time"
)

// Presence says which node holds which device's event stream, and which nodes live. It is optional: a store that
// several nodes may open has it.
//
// It is where to look, not what is true: a row that is wrong costs a push too many or a wake-up that comes a few seconds
// late, never a ring. So its writes need not wait for those of calls, but what it acknowledged is there for every
// node's next read.
type Presence interface {
	// Attach notes that the device's stream is now s. It returns the one whose place it took: its Node is empty if there
	// was none or it has left. s.LeftAt does not count.
	Attach(ctx context.Context, s Stream) (before Stream, err error)
	// Detach notes that the stream of that ID left at s.LeftAt: the device's row keeps the moment and has no Node. If the
	// device has another stream by now, nothing happens.
	Detach(ctx context.Context, s Stream) error
	// StreamsOf returns what is known of the streams of devices, in any order; nothing of those that never had one.
	StreamsOf(ctx context.Context, app string, devices []string) ([]Stream, error)
	// Beat counts a node's heartbeat: its row is made with Beat 1, then grows by one. It returns all nodes, in any order.
	Beat(ctx context.Context, node string) ([]Node, error)
	// RemoveNode forgets a node: its streams left at that moment. An unknown one is fine.
	RemoveNode(ctx context.Context, node string, at time.Time) error
}

// Stream is a device's event stream as others see it.
type Stream struct {
	App        string
	Device     string
	Node       string // empty: it has left
	ID         string // of this stream and no other
	Foreground bool
	LeftAt     time.Time // zero unless Node is empty
}

// Node is one running server.
type Node struct {
	ID string
	// Beat grows by one with each heartbeat. Whoever sees it stand still by its own clock knows that the node is gone: no
	// two clocks are compared.
	Beat uint64
}
