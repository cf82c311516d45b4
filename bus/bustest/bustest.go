// Package bustest is the conformance suite that every bus passes.
package bustest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/bus"
)

// patience is how long a wake-up may take before the bus counts as broken. Only a failing test waits for it.
const patience = 10 * time.Second

// Run checks a bus that open makes; it should be a healthy one, which loses nothing. open closes it by t.Cleanup
// if it must; Run closes what it opened.
func Run(t *testing.T, open func(t *testing.T) bus.Bus) {
	tests := []struct {
		name string
		test func(*testing.T, bus.Bus)
	}{
		{"EveryListenerWakes", everyListenerWakes},
		{"OtherTopicsDoNotWake", otherTopicsDoNotWake},
		{"WakeUpsMerge", wakeUpsMerge},
		{"ListeningEndsWithItsContext", listeningEnds},
		{"ClosedIsQuiet", closedIsQuiet},
		{"ManyAtOnce", manyAtOnce},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := open(t)
			test.test(t, b)
			if err := b.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
		})
	}
}

func listen(t *testing.T, ctx context.Context, b bus.Bus, topic string) <-chan struct{} {
	t.Helper()
	wake, err := b.Listen(ctx, topic)
	if err != nil {
		t.Fatalf("Listen(%q): %v", topic, err)
	}
	return wake
}

func wait(t *testing.T, wake <-chan struct{}) {
	t.Helper()
	select {
	case _, ok := <-wake:
		if !ok {
			t.Fatal("the channel was closed")
		}
	case <-time.After(patience):
		t.Fatal("nobody was woken")
	}
}

func everyListenerWakes(t *testing.T, b bus.Bus) {
	var all []<-chan struct{}
	for range 3 {
		all = append(all, listen(t, t.Context(), b, "a"))
	}
	for range 2 {
		b.Publish("a")
		for _, wake := range all {
			wait(t, wake)
		}
	}
}

func otherTopicsDoNotWake(t *testing.T, b bus.Bus) {
	a, other := listen(t, t.Context(), b, "a"), listen(t, t.Context(), b, "b")
	b.Publish("a")
	wait(t, a)
	b.Publish("b")
	wait(t, other)
	select {
	case <-a:
		t.Error("a Publish of b woke a listener of a")
	default:
	}
}

func wakeUpsMerge(t *testing.T, b bus.Bus) {
	slow := listen(t, t.Context(), b, "a")
	if cap(slow) != 1 {
		t.Errorf("the channel's capacity is %d, want 1", cap(slow))
	}
	for range 1000 {
		b.Publish("a") // must not block, though nobody reads
	}
	wait(t, slow)
}

func listeningEnds(t *testing.T, b bus.Bus) {
	ctx, cancel := context.WithCancel(t.Context())
	gone, here := listen(t, ctx, b, "a"), listen(t, t.Context(), b, "a")
	b.Publish("a")
	wait(t, gone)
	wait(t, here)
	cancel()
	b.Publish("a")
	wait(t, here)
	// gone may hear the one that met the cancel, but it is never closed.
	select {
	case _, ok := <-gone:
		if !ok {
			t.Error("the channel was closed")
		}
	default:
	}
	if _, err := b.Listen(ctx, "a"); !errors.Is(err, context.Canceled) {
		t.Errorf("Listen with an ended context: %v, want context.Canceled", err)
	}
}

func closedIsQuiet(t *testing.T, b bus.Bus) {
	wake := listen(t, t.Context(), b, "a")
	if err := b.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	b.Publish("a")
	select {
	case <-wake:
		t.Error("woken, or closed, after Close")
	default:
	}
	if _, err := b.Listen(t.Context(), "a"); !errors.Is(err, bus.ErrClosed) {
		t.Errorf("Listen after Close: %v, want bus.ErrClosed", err)
	}
}

func manyAtOnce(t *testing.T, b bus.Bus) {
	var wg sync.WaitGroup
	for i := range 32 {
		topic := fmt.Sprint("topic", i%4)
		wg.Go(func() {
			for range 50 {
				ctx, cancel := context.WithCancel(t.Context())
				wake, err := b.Listen(ctx, topic)
				if err != nil {
					t.Errorf("Listen: %v", err)
				}
				b.Publish(topic)
				select {
				case <-wake:
				case <-time.After(patience):
					t.Error("nobody was woken")
				}
				cancel()
			}
		})
	}
	wg.Wait()
}
