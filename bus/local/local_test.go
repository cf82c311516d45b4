package local

import (
	"context"
	"testing"
	"testing/synctest"

	"go.uber.org/goleak"

	"github.com/ringtrip/ringtrip/bus"
	"github.com/ringtrip/ringtrip/bus/bustest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestConformance(t *testing.T) {
	bustest.Run(t, func(*testing.T) bus.Bus { return New() })
}

// What listened is forgotten: a server lives long, and devices come and go.
func TestNothingIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New()
		ctx, cancel := context.WithCancel(t.Context())
		for _, topic := range []string{"a", "a", "b"} {
			if _, err := b.Listen(ctx, topic); err != nil {
				t.Fatal(err)
			}
		}
		cancel()
		synctest.Wait()
		for i := range b.shards {
			if n := len(b.shards[i].topics); n != 0 {
				t.Errorf("shard %d still has %d topics", i, n)
			}
		}
	})
}

func BenchmarkPublish(b *testing.B) {
	bus := New()
	defer bus.Close()
	if _, err := bus.Listen(b.Context(), "a"); err != nil {
		b.Fatal(err)
	}
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			bus.Publish("a")
		}
	})
}
