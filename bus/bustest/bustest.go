// Package bustest is the conformance suite that every bus passes.
package bustest

import (
	"context"
	"errors"
	"fmt"
	"strings"
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
		{"FunctionsAreCalled", functionsAreCalled},
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

// functionsAreCalled checks a bus that is a [bus.FuncListener] too.
func functionsAreCalled(t *testing.T, b bus.Bus) {
	f, ok := b.(bus.FuncListener)
	if !ok {
		t.Skip("this bus fills channels only")
	}
	called := make(chan struct{}, 1)
	note := func() {
		select {
		case called <- struct{}{}:
		default:
		}
	}
	stop, err := f.ListenFunc("a", note)
	if err != nil {
		t.Fatalf("ListenFunc: %v", err)
	}
	never, err := f.ListenFunc("b", func() { t.Error("a Publish of a called who listens for b") })
	if err != nil {
		t.Fatalf("ListenFunc: %v", err)
	}
	defer never()
	other := listen(t, t.Context(), b, "a")
	b.Publish("a")
	wait(t, called)
	wait(t, other)
	stop()
	stop() // may be called again
	b.Publish("a")
	wait(t, other)
	select {
	case <-called: // the one that met stop
	default:
	}
	b.Publish("a")
	wait(t, other)
	select {
	case <-called:
		t.Error("called after stop")
	default:
	}
	if err := b.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	if _, err := f.ListenFunc("a", note); !errors.Is(err, bus.ErrClosed) {
		t.Errorf("ListenFunc after Close: %v, want bus.ErrClosed", err)
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

// RunNodes checks several buses that reach each other: open returns one for each name, healthy and connected. It closes
// them by t.Cleanup if it must; RunNodes closes what it opened.
func RunNodes(t *testing.T, open func(t *testing.T, names ...string) []bus.Bus) {
	t.Run("NamedNodesWake", func(t *testing.T) {
		all := open(t, "n1", "n2", "n3")
		defer closeAll(t, all)
		var wakes []<-chan struct{}
		for _, b := range all {
			wakes = append(wakes, listen(t, t.Context(), b, "a"))
		}
		reach(t, all, "n1", "n2", "n3")
		for _, wake := range wakes {
			drained(wake)
		}
		all[0].Publish("a", "n2", "nobody", "n3", "")
		wait(t, wakes[1])
		wait(t, wakes[2])
		quiet(t, wakes[0], "was not named")
		all[0].Publish("a", "n1")
		wait(t, wakes[0])
		all[1].Publish("a")
		wait(t, wakes[1])
		all[2].Publish("b", "n1", "n2")
		all[2].Publish("a", "n1")
		wait(t, wakes[0])
		quiet(t, wakes[1], "listens for another topic")
	})
	t.Run("TopicsAreAnyText", func(t *testing.T) {
		all := open(t, "n1", "n2")
		defer closeAll(t, all)
		reach(t, all, "n1", "n2")
		for _, topic := range []string{"app/device", "a b", "käse/\x00\n*>.", strings.Repeat("x", bus.MaxTopic)} {
			wake := listen(t, t.Context(), all[1], topic)
			all[0].Publish(topic, "n2")
			wait(t, wake)
		}
		long := listen(t, t.Context(), all[1], strings.Repeat("x", bus.MaxTopic+1))
		all[0].Publish(strings.Repeat("x", bus.MaxTopic+1), "n2") // may be lost, must not hurt
		reach(t, all, "n1", "n2")
		drained(long)
	})
	t.Run("OneNodeLeaves", func(t *testing.T) {
		all := open(t, "n1", "n2", "n3")
		reach(t, all, "n1", "n2", "n3")
		if err := all[1].Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
		wake := listen(t, t.Context(), all[2], "a")
		all[0].Publish("a", "n2", "n3")
		wait(t, wake)
		all[1].Publish("a", "n3")
		all[2].Publish("b", "n2")
		quiet(t, wake, "only a closed bus published")
		closeAll(t, []bus.Bus{all[0], all[2]})
	})
	t.Run("ManyAtOnce", func(t *testing.T) {
		names := []string{"n1", "n2", "n3"}
		all := open(t, names...)
		defer closeAll(t, all)
		reach(t, all, names...)
		var wg sync.WaitGroup
		for i := range 24 {
			wg.Go(func() {
				for k := range 30 {
					ctx, cancel := context.WithCancel(t.Context())
					topic := fmt.Sprint("topic", i)
					wake := listen(t, ctx, all[(i+k)%3], topic)
					all[i%3].Publish(topic, names[(i+k)%3])
					wait(t, wake)
					cancel()
				}
			})
		}
		wg.Wait()
	})
}

// reach waits until each bus reaches every other: routes between nodes are made in their own time.
func reach(t *testing.T, all []bus.Bus, names ...string) {
	t.Helper()
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	late := time.After(patience)
	for i, from := range all {
		for k, to := range all {
			topic := fmt.Sprint("reach ", i, k)
			wake := listen(t, t.Context(), to, topic)
			for done := false; !done; {
				from.Publish(topic, names[k])
				select {
				case <-wake:
					done = true
				case <-again.C:
				case <-late:
					t.Fatalf("%s does not reach %s", names[i], names[k])
				}
			}
		}
	}
}

func closeAll(t *testing.T, all []bus.Bus) {
	t.Helper()
	for _, b := range all {
		if err := b.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}
}

func drained(wake <-chan struct{}) {
	select {
	case <-wake:
	default:
	}
}

func quiet(t *testing.T, wake <-chan struct{}, why string) {
	t.Helper()
	select {
	case <-wake:
		t.Errorf("a listener woke that %s", why)
	default:
	}
}
