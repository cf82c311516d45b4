package server_test

import (
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ringtrip/ringtrip/server"
	"github.com/ringtrip/ringtrip/server/webhook"
)

// mailWatch is an Observer that hears of webhooks only.
type mailWatch struct {
	silent
	mu  sync.Mutex
	all []server.Delivery
}

var _ server.DeliveryObserver = (*mailWatch)(nil)

// Delivered implements server.DeliveryObserver.
func (m *mailWatch) Delivered(d server.Delivery) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.all = append(m.all, d)
}

// about returns what was told of events of a type since the last time.
func (m *mailWatch) about(kind webhook.Type) (all []server.Delivery) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, d := range m.all {
		if d.Type == kind {
			all = append(all, d)
		}
	}
	m.all = nil
	return all
}

// An Observer hears of each attempt what came of it, and once of an event that was given up.
func TestDeliveriesObserved(t *testing.T) {
	seen := &mailWatch{}
	hooked(t, []string{"all"}, func(c *server.Config) { lazy(c); c.Observer = seen }, func(t *testing.T, w *world, b map[string]*backend) {
		synctest.Wait()
		w.phone("bob", "b1", voip(2))
		// missed tells of a call.missed to which the backend says status so many times, and waits.
		missed := func(status, times int, wait time.Duration) []server.Delivery {
			said := 0
			b["all"].will(func(e webhook.Event, _ int) (int, http.Header) {
				if e.Type != webhook.CallMissed || said == times {
					return 204, nil
				}
				said++
				return status, nil
			})
			a := w.phone("alice", "a1", "") // each time, for days pass and her token expires
			if _, err := a.cancel(a.call("bob").Id); err != nil {
				t.Fatal(err)
			}
			time.Sleep(wait)
			all := seen.about(webhook.CallMissed)
			for _, d := range all {
				if d.App != app || d.Endpoint != "all" || d.Age < 0 || d.Dead && d.Status != 0 {
					t.Errorf("told of %+v", d)
				}
			}
			return all
		}
		all := missed(500, 1, time.Hour)
		if len(all) != 2 || all[0].Taken || !all[0].Again || all[0].Status != 500 || all[0].Tries != 1 ||
			!all[1].Taken || all[1].Again || all[1].Status != 204 || all[1].Tries != 2 || all[1].Age <= all[0].Age {
			t.Errorf("of an event that was taken at the second attempt: %+v", all)
		}
		all = missed(500, 1000, 100*time.Hour)
		if len(all) < 10 {
			t.Fatalf("of an event that was never taken: %+v", all)
		}
		last := len(all) - 2 // attempts before it are followed by another one
		for i, d := range all[:last+1] {
			if d.Taken || d.Dead || d.Again != (i < last) || d.Status != 500 || d.Tries != i+1 {
				t.Errorf("attempt %d of %d was %+v", i+1, last+1, d)
			}
		}
		if d := all[last+1]; !d.Dead || d.Taken || d.Again || d.Age < webhook.MaxAge {
			t.Errorf("at last it was %+v", d)
		}
		all = missed(410, 1, time.Hour)
		if len(all) != 2 || all[0].Again || all[0].Taken || all[0].Status != 410 || !all[1].Dead {
			t.Errorf("of an event that the endpoint wanted no more: %+v", all)
		}
	})
}
