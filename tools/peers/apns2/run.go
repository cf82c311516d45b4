package main

// The same file stands in cmd/ringtrip and in tools/peers/apns2, so that every sender is driven alike; a test compares
// them. It imports the standard library only.

import (
	"bufio"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// pushOrder is what a sender's process is told on its standard input, in JSON.
type pushOrder struct {
	URL      string `json:"url"` // base URL of the local APNs
	CA       string `json:"ca"`  // file with its authority's certificate
	Key      string `json:"key"` // .p8 file
	KeyID    string `json:"key_id"`
	Team     string `json:"team"`
	BundleID string `json:"bundle_id"`
	Token    string `json:"token"`
	Payload  string `json:"payload"`
	N        int    `json:"n"`         // how many pushes
	InFlight int    `json:"in_flight"` // how many at once
	Cold     bool   `json:"cold"`      // no push before
	Profile  string `json:"profile"`   // file for a CPU profile; empty: none
}

// pushResult is what it answers.
type pushResult struct {
	Seconds float64 `json:"seconds"`
	P50     float64 `json:"p50_us"`
	P99     float64 `json:"p99_us"`
	CPU     float64 `json:"cpu_us"` // of this process, for each push
	Errors  int     `json:"errors"` // pushes that the sender told its caller to have failed
	First   string  `json:"first"`  // the first error
}

// pushRunner drives a sender: it reads the order from in, warms up, says "ready" to out, waits for a line of in, sends, and
// writes the result. send sends one push with an apns-id and returns an error unless APNs took it; it is called from
// many goroutines.
func pushRunner(in io.Reader, out io.Writer, open func(pushOrder) (send func(id string) error, err error)) error {
	lines := bufio.NewReader(in)
	line, err := lines.ReadBytes('\n')
	if err != nil {
		return err
	}
	var o pushOrder
	if err := json.Unmarshal(line, &o); err != nil {
		return err
	}
	if o.N < 1 || o.InFlight < 1 {
		return errors.New("n and in_flight must be at least 1")
	}
	send, err := open(o)
	if err != nil {
		return err
	}
	if !o.Cold {
		if err := send(pushIDs(1)[0]); err != nil {
			return fmt.Errorf("the first push: %w", err)
		}
		warm := pushIDs(max(4*o.InFlight, 1000))
		if r := sendAll(warm, o.InFlight, send); r.Errors > 0 {
			return fmt.Errorf("warming up: %d errors, the first: %s", r.Errors, r.First)
		}
	}
	ids := pushIDs(o.N)
	fmt.Fprintln(out, "ready")
	if _, err := lines.ReadBytes('\n'); err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(sendAll(ids, o.InFlight, send))
}

// sendAll sends each id once, inFlight at a time.
func sendAll(ids []string, inFlight int, send func(string) error) pushResult {
	var r pushResult
	took := make([]time.Duration, len(ids))
	var next atomic.Int64
	var mu sync.Mutex
	var wg sync.WaitGroup
	cpu := cpuTime()
	began := time.Now()
	for range min(inFlight, len(ids)) {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for {
				i := int(next.Add(1)) - 1
				if i >= len(ids) {
					return
				}
				at := time.Now()
				err := send(ids[i])
				took[i] = time.Since(at)
				if err != nil {
					mu.Lock()
					if r.Errors++; r.Errors == 1 {
						r.First = err.Error()
					}
					mu.Unlock()
				}
			}
		}()
	}
	wg.Wait()
	r.Seconds = time.Since(began).Seconds()
	r.CPU = float64((cpuTime() - cpu).Microseconds()) / float64(len(ids))
	slices.Sort(took)
	r.P50 = float64(took[len(took)/2].Nanoseconds()) / 1000
	r.P99 = float64(took[len(took)*99/100].Nanoseconds()) / 1000
	return r
}

// pushIDs makes n UUIDs (version 4).
func pushIDs(n int) []string {
	ids := make([]string, n)
	for i := range ids {
		var b [16]byte
		_, _ = rand.Read(b[:]) // it does not fail
		b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
		ids[i] = fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
	}
	return ids
}

// cpuTime is what this process has used so far, user and system.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
