package server_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ringtrip/ringtrip/server/webhook"
	"github.com/ringtrip/ringtrip/store"
)

// A node claims ahead of what it can send. When it stops, what it claimed and did not send is there for the next one at
// once, without the leases having to run out; nothing is lost, and only what was under way may come twice.
func TestAheadIsHandedBack(t *testing.T) {
	hooked(t, []string{"all"}, nil, func(t *testing.T, w *world, b map[string]*backend) {
		synctest.Wait()
		backend := b["all"]
		backend.mu.Lock()
		backend.hold = func(webhook.Event) { time.Sleep(100 * time.Millisecond) }
		backend.mu.Unlock()
		const events = 600
		var jobs []store.Job
		for n := range events {
			line := fmt.Sprintf(`{"id":"e%d","type":"call.ended","version":1,"timestamp":%q,"app":%q,"data":{}}`+"\n", n, time.Now().Format(time.RFC3339), app)
			jobs = append(jobs, store.Job{ID: fmt.Sprintf("job%04d", n), Kind: "webhook:" + app + "/all", Payload: []byte(line), LeasedUntil: time.Now()})
		}
		if err := w.store.PutJobs(context.Background(), jobs); err != nil {
			t.Fatal(err)
		}
		time.Sleep(6*time.Second + 50*time.Millisecond) // the node looks every 5 s
		before := len(backend.events())
		if before < 16 || before > events-100 {
			t.Fatalf("%d of %d events went out before the node stops: nothing is proved", before, events)
		}
		w.restart()
		time.Sleep(events / 16 * 120 * time.Millisecond) // far below the lease of 25 s
		seen := map[string]int{}
		for _, e := range backend.events() {
			seen[e.ID]++
		}
		again := 0
		for _, n := range seen {
			again += n - 1
		}
		if len(seen) != events || again > 32 {
			t.Errorf("of %d events %d came, %d of them again; %d jobs are left", events, len(seen), again, len(w.jobs()))
		}
		time.Sleep(time.Second)
		if left := w.jobs(); len(left) > 0 {
			t.Errorf("jobs are left: %v", left)
		}
	})
}
