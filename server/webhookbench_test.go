package server_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/server"
	"github.com/ringtrip/ringtrip/server/webhook"
	"github.com/ringtrip/ringtrip/store"
)

// inFlight is how many requests are under way in both benchmarks.
const inFlight = 64

// sink is a receiver on this machine that takes everything and rings when it has had n.
func sink(b *testing.B, n int) (url string, all chan struct{}) {
	var had atomic.Int64
	all = make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusNoContent)
		if had.Add(1) == int64(n) {
			close(all)
		}
	}))
	b.Cleanup(s.Close)
	return s.URL, all
}

var benchBody = []byte(strings.Replace(`{"id":"%","type":"call.ended","version":1,"timestamp":"2999-03-01T12:00:00Z","app":"shop","sequence":449,"data":{"call":{"id":"%","state":"ended","caller":{"user_id":"alice","name":"Alice","handle":"alice"},"callee":{"user_id":"bob","handle":"bob"},"video":false,"reason":"hungup","created_at":"2026-03-01T12:00:00Z","ring_deadline":"2026-03-01T12:00:45Z"}}}`, "%", "019caa1f-8e00-7c3a-9d1b-4f0b6f0e2a11", 2))

// BenchmarkWebhooks is the way of an event from the store to a receiver on this machine: claimed, signed, posted, and
// taken off the durable queue (SQLite with fsync). BenchmarkBarePosts is its floor.
func BenchmarkWebhooks(b *testing.B) {
	url, all := sink(b, b.N)
	w := newWorld(b, func(c *server.Config) {
		c.Apps[0].Webhooks = []webhook.Endpoint{{ID: "all", URL: url, AllowPrivate: true, InFlight: inFlight, Secrets: []webhook.Secret{must(webhook.ParseSecret(hookSecret))}}}
	})
	var jobs []store.Job
	for n := range b.N {
		jobs = append(jobs, store.Job{ID: fmt.Sprintf("job%09d", n), Kind: "webhook:" + app + "/all", Payload: append(bytes.Clone(benchBody), '\n'), LeasedUntil: time.Now()})
	}
	if err := w.store.PutJobs(context.Background(), jobs); err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	w.restart() // the new node begins with a look at what waits
	<-all
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "webhooks/s")
}

// BenchmarkBarePosts posts the same bytes by net/http alone.
func BenchmarkBarePosts(b *testing.B) {
	url, all := sink(b, b.N)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: inFlight}}
	defer client.CloseIdleConnections()
	var next atomic.Int64
	var workers sync.WaitGroup
	b.ResetTimer()
	for range inFlight {
		workers.Go(func() {
			for next.Add(1) <= int64(b.N) {
				r, err := client.Post(url, "application/json", bytes.NewReader(benchBody))
				if err != nil {
					b.Error(err)
					return
				}
				_, _ = io.Copy(io.Discard, r.Body)
				_ = r.Body.Close()
			}
		})
	}
	<-all
	workers.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "posts/s")
}

// BenchmarkRingInAStorm is how long it takes from a caller's request to the push, when nothing else is to do and while a
// backlog of webhooks goes out as fast as it can. An operation is one call.
func BenchmarkRingInAStorm(b *testing.B) {
	for _, storm := range []bool{false, true} {
		name := "quiet"
		if storm {
			name = "storm"
		}
		b.Run(name, func(b *testing.B) {
			url, _ := sink(b, -1)
			w := newWorld(b, func(c *server.Config) {
				c.Apps[0].Webhooks = []webhook.Endpoint{{ID: "all", URL: url, AllowPrivate: true, InFlight: inFlight, Secrets: []webhook.Secret{must(webhook.ParseSecret(hookSecret))}}}
			})
			a := w.phone("alice", "a1", "")
			w.phone("bob", "b1", voip(2))
			kind := "webhook:" + app + "/all"
			if storm {
				var jobs []store.Job
				for n := range 200*b.N + 4000 { // more than go out meanwhile
					jobs = append(jobs, store.Job{ID: fmt.Sprintf("job%09d", n), Kind: kind, Payload: append(bytes.Clone(benchBody), '\n'), LeasedUntil: time.Now()})
				}
				if err := w.store.PutJobs(context.Background(), jobs); err != nil {
					b.Fatal(err)
				}
				w.restart()
			}
			var took []time.Duration
			b.ResetTimer()
			for range b.N {
				began := time.Now()
				c := a.call("bob")
				<-w.apns.sent
				took = append(took, time.Since(began))
				if _, err := a.cancel(c.Id); err != nil {
					b.Fatal(err)
				}
			}
			b.StopTimer()
			if left, err := w.store.JobsOfKind(context.Background(), kind, "job", 2); storm && (err != nil || len(left) < 2) {
				b.Errorf("the storm was over too soon (%v)", err)
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
			b.ReportMetric(0, "ns/op")
		})
	}
}
