// Package local is the bus inside one process. It loses nothing, and a Publish is heard before it returns. All nodes
// that share it are one to it: whom a Publish names does not matter.
package local

import (
	"context"
	"hash/maphash"
	"slices"
	"sync"

	"github.com/ringtrip/ringtrip/bus"
)

// shards is how many locks there are, so that many streams coming and going don't wait for each other.
const shards = 64

// Bus implements [bus.Bus]. New makes it.
type Bus struct {
	seed   maphash.Seed
	shards [shards]shard
}

type shard struct {
	mu     sync.RWMutex
	topics map[string][]*listener
	closed bool
}

// listener has either a channel or a function.
type listener struct {
	wake chan struct{}
	stop func() bool // takes back what waits for the listener's context; nil with a function
	call func()
}

var (
	_ bus.Bus          = (*Bus)(nil)
	_ bus.FuncListener = (*Bus)(nil)
)

// New returns a bus that nobody listens to yet.
func New() *Bus {
	b := &Bus{seed: maphash.MakeSeed()}
	for i := range b.shards {
		b.shards[i].topics = map[string][]*listener{}
	}
	return b
}

func (b *Bus) shard(topic string) *shard {
	return &b.shards[maphash.String(b.seed, topic)%shards]
}

// Publish implements [bus.Bus].
func (b *Bus) Publish(topic string, _ ...string) {
	s := b.shard(topic)
	s.mu.RLock()
	defer s.mu.RUnlock()
	wake(s.topics[topic])
}

// WakeAll wakes every listener of every topic: whoever feeds this bus from outside may have missed something.
func (b *Bus) WakeAll() {
	for i := range b.shards {
		s := &b.shards[i]
		s.mu.RLock()
		for _, listeners := range s.topics {
			wake(listeners)
		}
		s.mu.RUnlock()
	}
}

func wake(listeners []*listener) {
	for _, l := range listeners {
		if l.call != nil {
			l.call()
			continue
		}
		select {
		case l.wake <- struct{}{}:
		default: // it has not taken the last one yet, which stands for this one too
		}
	}
}

// Listen implements [bus.Bus].
func (b *Bus) Listen(ctx context.Context, topic string) (<-chan struct{}, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s := b.shard(topic)
	l := &listener{wake: make(chan struct{}, 1)}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, bus.ErrClosed
	}
	s.topics[topic] = append(s.topics[topic], l)
	l.stop = context.AfterFunc(ctx, func() { s.remove(topic, l) })
	return l.wake, nil
}

// ListenFunc implements [bus.FuncListener].
func (b *Bus) ListenFunc(topic string, f func()) (stop func(), err error) {
	s := b.shard(topic)
	l := &listener{call: f}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, bus.ErrClosed
	}
	s.topics[topic] = append(s.topics[topic], l)
	return func() { s.remove(topic, l) }, nil
}

func (s *shard) remove(topic string, l *listener) {
	s.mu.Lock()
	defer s.mu.Unlock()
	left := slices.DeleteFunc(s.topics[topic], func(one *listener) bool { return one == l })
	if len(left) == 0 {
		delete(s.topics, topic)
	} else {
		s.topics[topic] = left
	}
}

// Close implements [bus.Bus]. It may be called again.
func (b *Bus) Close() error {
	for i := range b.shards {
		s := &b.shards[i]
		s.mu.Lock()
		s.closed = true
		for _, listeners := range s.topics {
			for _, l := range listeners {
				if l.stop != nil {
					l.stop()
				}
			}
		}
		clear(s.topics)
		s.mu.Unlock()
	}
	return nil
}
