package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/store"
)

// Races runs the tests of concurrency alone, for stores that are made in more than one way: by several nodes over
// one database, say.
func Races(t *testing.T, open func(t *testing.T) store.Store) {
	for _, one := range raceTests {
		t.Run(one.name, func(t *testing.T) {
			s := open(t)
			defer func() {
				if err := s.Close(); err != nil {
					t.Errorf("Close: %v", err)
				}
			}()
			one.run(&bench{T: t, Store: s})
		})
	}
}

// Outage sets up calls as fast as it can on stores that share one database while disturb kills the database, brings
// it back and returns; rounds times. It checks that every store goes on by itself, that what was acknowledged is
// there, and that nothing is there twice or by half. A commit may fail only in a way that says so: then the call is
// read again, as a server does. The database must be empty before.
func Outage(t *testing.T, stores []store.Store, rounds int, disturb func(round int)) {
	l := &outage{T: t, said: &said{revs: map[string]uint64{}, tokens: map[string]int{}}, acked: make(chan struct{}, 1)}
	var stop atomic.Bool
	var wg sync.WaitGroup
	for w := range 4 * len(stores) {
		wg.Go(func() {
			for i := 0; !stop.Load() && !t.Failed(); i++ {
				l.life(stores[w%len(stores)], fmt.Sprintf("w%d.c%d", w, i), i)
			}
		})
	}
	for round := range rounds {
		l.wait(100)
		disturb(round)
	}
	l.wait(100) // it goes on
	stop.Store(true)
	wg.Wait()
	(&audit{bench: &bench{T: t, Store: stores[0]}, said: l.said}).run()
	t.Logf("%d outages, %d calls, %d commits acknowledged, %d whose outcome had to be looked up; nothing lost, nothing twice",
		rounds, len(l.said.revs), l.said.commits, l.unsure)
}

type outage struct {
	*testing.T
	mu     sync.Mutex
	said   *said
	unsure int
	acked  chan struct{}
}

// wait returns when so many commits more were acknowledged.
func (l *outage) wait(n int) {
	for range n {
		select {
		case <-l.acked:
		case <-time.After(time.Minute):
			l.Fatalf("nothing was acknowledged for a minute")
		}
	}
}

// life is the life of one call.
func (l *outage) life(s store.Store, id string, i int) {
	last := uint64(crashEnded)
	if i%5 == 0 {
		last = crashRinging // nobody answers
	}
	for rev := uint64(crashCreated); rev <= last; rev++ {
		_, err := s.Commit(context.Background(), crashStep(id, rev))
		if err != nil {
			now, readErr := s.Call(context.Background(), id)
			if readErr != nil && !errors.Is(readErr, store.ErrNotFound) {
				l.Errorf("Commit: %v; then Call: %v", err, readErr)
				return
			}
			// Nobody else changes this call: a conflict says that the commit was carried out twice, or lied.
			if errors.Is(err, store.ErrConflict) {
				l.Errorf("Commit of rev %d of %s: %v, there is rev %d", rev, id, err, now.Rev)
				return
			}
			l.mu.Lock()
			l.unsure++
			l.mu.Unlock()
			if now.Rev < rev {
				rev--
				continue
			}
		}
		l.mu.Lock()
		l.said.revs[id] = rev
		l.said.commits++
		l.mu.Unlock()
		select {
		case l.acked <- struct{}{}:
		default:
		}
	}
}
