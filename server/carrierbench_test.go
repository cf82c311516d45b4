package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/carrier"
	"github.com/ringtrip/ringtrip/push"
	"github.com/ringtrip/ringtrip/server"
)

// hookRate is how many webhooks a second the benchmark sends, whatever becomes of them.
const hookRate = 1000

// BenchmarkCarrierHooks sends the webhooks of telephones that call in, and give up, to one server on a store of its own, a
// thousand a second: each three times, shuffled among all of their stage. Afterwards each telephone has made one call, which was pushed
// once and was cancelled. It tells how long the answers took: go test ./server -run '^$' -bench CarrierHooks -benchtime 30000x
func BenchmarkCarrierHooks(b *testing.B) {
	f := newFake("bridge", bridge)
	w := newWorld(b, func(c *server.Config) {
		withCarrier(f)(c)
		c.Logger = nil
	})
	w.phone("bob", "b1", voip(2))
	w.apns.sent = make(chan push.Push, b.N+16)
	s := httptest.NewServer(w.s.Handler())
	defer s.Close()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 512}}
	defer client.CloseIdleConnections()
	post := func(hook string, h fakeHook) carrier.Call {
		req, err := http.NewRequest(http.MethodPost, s.URL+"/carriers/"+app+"/bridge/"+hook, bytes.NewReader(must(json.Marshal(h))))
		if err != nil {
			b.Fatal(err)
		}
		req.Header.Set("Password", "sesame")
		res, err := client.Do(req)
		if err != nil {
			b.Error(err)
			return carrier.Call{}
		}
		defer res.Body.Close()
		text, err := io.ReadAll(res.Body)
		if err != nil || res.StatusCode != http.StatusOK {
			b.Errorf("%s: %d %s, %v", hook, res.StatusCode, text, err)
		}
		var c carrier.Call
		_ = json.Unmarshal(text, &c) // an event's answer has none
		return c
	}
	const events, times = 4, 3 // webhooks of a call, and how often each comes
	calls := max(1, b.N/(events*times))
	var mu sync.Mutex
	var took []time.Duration
	ids := make([]string, calls)
	stage := func(n int, send func(i int)) {
		all := make([]int, 0, n*times)
		for i := range n {
			for range times {
				all = append(all, i)
			}
		}
		rand.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		var sent sync.WaitGroup
		begin := time.Now()
		for k, i := range all {
			time.Sleep(time.Until(begin.Add(time.Duration(k) * time.Second / hookRate)))
			sent.Go(func() {
				at := time.Now()
				send(i)
				mu.Lock()
				defer mu.Unlock()
				took = append(took, time.Since(at))
			})
		}
		sent.Wait()
	}
	number := func(i int) string { return fmt.Sprintf("+4930%07d", i) }
	b.ResetTimer()
	begin := time.Now()
	// In batches, so that few calls ring at a time, as they would.
	const batch = 250
	for first := 0; first < calls; first += batch {
		n := min(batch, calls-first)
		stage(n, func(i int) {
			i += first
			c := post("incoming", fakeHook{Incoming: &carrier.Incoming{Ref: fmt.Sprint("CA", i), From: carrier.Party{Phone: number(i)}, To: office}})
			mu.Lock()
			defer mu.Unlock()
			if ids[i] != "" && ids[i] != c.ID {
				b.Errorf("telephone %d made the calls %s and %s", i, ids[i], c.ID)
			}
			ids[i] = c.ID
		})
		stage(n*(events-1), func(k int) {
			i := first + k/(events-1)
			e := carrier.Event{Call: ids[i], Seq: uint64(1 + k%(events-1)), Source: fmt.Sprint("CA", i)}
			switch k % (events - 1) {
			case 0:
				e.Kind, e.Refs = carrier.Noted, map[string]string{"leg": fmt.Sprint("CB", i)}
			case 1:
				e.Kind, e.Invite = carrier.Invited, json.RawMessage(`{"twi_call_sid":"CB"}`)
			case 2:
				e.Kind, e.Reason = carrier.PhoneEnded, call.HungUp
			}
			post("event", fakeHook{Event: &e})
		})
	}
	b.StopTimer()
	elapsed := time.Since(begin)
	seen := map[string]bool{}
	for i, id := range ids {
		r, err := w.store.HistoryOfCall(context.Background(), id)
		if err != nil || call.Reason(r.Reason) != call.Cancelled || r.Caller != "tel:"+number(i) || seen[id] {
			b.Errorf("telephone %d: %+v, %v", i, r, err)
		}
		seen[id] = true
	}
	pushed := map[string]int{}
	for len(w.apns.sent) > 0 {
		pushed[(<-w.apns.sent).CollapseID]++
	}
	for id, n := range pushed {
		if n != 1 {
			b.Errorf("call %s was pushed %d times", id, n)
		}
	}
	slices.Sort(took)
	b.ReportMetric(float64(len(took))/elapsed.Seconds(), "hooks/s")
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
	b.ReportMetric(float64(len(pushed)), "pushes")
}
