package sqlite

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/ringtrip/ringtrip/store"
)

// What may wait goes after what came later but may not, yet is not passed over for ever.
func TestLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, Config{})
		defer s.Close()
		release := stall(t, s)
		var mu sync.Mutex
		var order []string
		var all sync.WaitGroup
		put := func(ctx context.Context, name string) {
			all.Go(func() {
				err := s.write(ctx, func(*tx) error {
					mu.Lock()
					defer mu.Unlock()
					order = append(order, name)
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			})
			synctest.Wait()
		}
		put(store.Later(t.Context()), "later")
		put(t.Context(), "now")
		release()
		all.Wait()
		if got := fmt.Sprint(order); got != "[now later]" {
			t.Errorf("they were written as %s", got)
		}

		// A store that is never at rest: each write brings the next.
		release = stall(t, s)
		put(store.Later(t.Context()), "patient")
		n, patient := 0, make(chan int, 1)
		var next func()
		next = func() {
			all.Go(func() {
				_ = s.write(t.Context(), func(*tx) error {
					mu.Lock()
					defer mu.Unlock()
					n++
					for _, name := range order {
						if name == "patient" {
							patient <- n
							return nil
						}
					}
					next()
					for len(s.writer.queue) == 0 { // the next one waits before this one is over
						mu.Unlock()
						runtime.Gosched()
						mu.Lock()
					}
					return nil
				})
			})
		}
		next()
		synctest.Wait()
		release()
		if at := <-patient; at < passOver-1 || at > passOver+2 {
			t.Errorf("it was written after %d others, want about %d", at, passOver)
		}
		all.Wait()
	})
}
