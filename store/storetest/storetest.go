// Package storetest is the conformance suite that every store passes: [Run] checks each word of package store,
// also under concurrency, and [Crash] kills a process with kill -9 and looks whether everything that was
// acknowledged is there, whole. It knows nothing of any database.
package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/store"
)

// Run checks stores that open makes: empty ones, each used by one test, which closes it.
func Run(t *testing.T, open func(t *testing.T) store.Store) {
	for _, group := range []struct {
		name  string
		tests []test
	}{
		{"Calls", callTests},
		{"Timers", timerTests},
		{"Purge", purgeTests},
		{"Jobs", jobTests},
		{"Events", eventTests},
		{"Ledger", ledgerTests},
		{"Devices", deviceTests},
		{"History", historyTests},
		{"Retention", retentionTests},
		{"Settings", settingTests},
		{"Users", userTests},
		{"Races", raceTests},
		{"Ends", endTests},
		{"Health", healthTests},
	} {
		t.Run(group.name, func(t *testing.T) {
			for _, one := range group.tests {
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
		})
	}
	t.Run("Dump", func(t *testing.T) { dumpTests(t, open) })
	t.Run("Model", func(t *testing.T) { model(t, open) })
}

type test struct {
	name string
	run  func(b *bench)
}

// bench is a test with a store on it.
type bench struct {
	*testing.T
	store.Store
}

// ctx is what a test uses that does not test contexts.
func (b *bench) ctx() context.Context { return b.Context() }

// start is the suite's first moment. Its times are whole milliseconds, which every database can keep.
var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// at returns the moment n seconds after start.
func at(n int) time.Time { return start.Add(time.Duration(n) * time.Second) }

// newCall returns a live call of app "app" with devices d1 and d2 and users alice and bob.
func newCall(id string) store.Call {
	return store.Call{
		ID: id, App: "app", State: []byte("state of " + id), Live: true,
		Devices: []string{"d1", "d2"}, Users: []string{"alice", "bob"}, CreatedAt: start,
	}
}

// put commits a new call and returns it as it is then.
func (b *bench) put(c store.Call) store.Call {
	b.Helper()
	return b.commit(store.Transition{Call: c})
}

// commit commits t, which must succeed, and returns the call as it is then.
func (b *bench) commit(t store.Transition) store.Call {
	b.Helper()
	done, err := b.Commit(b.ctx(), t)
	if err != nil {
		b.Fatalf("Commit of %s from rev %d: %v", t.Call.ID, t.ExpectRev, err)
	}
	if done.Rev != t.ExpectRev+1 {
		b.Fatalf("Commit of %s from rev %d made rev %d", t.Call.ID, t.ExpectRev, done.Rev)
	}
	if len(done.Seqs) != len(t.Events) {
		b.Fatalf("Commit of %s gave %d seqs to %d events", t.Call.ID, len(done.Seqs), len(t.Events))
	}
	t.Call.Rev = done.Rev
	return t.Call
}

// must stops the test on an error.
func must[T any](b *bench, what string) func(T, error) T {
	b.Helper()
	return func(v T, err error) T {
		b.Helper()
		if err != nil {
			b.Fatalf("%s: %v", what, err)
		}
		return v
	}
}

// wantErr checks an error.
func (b *bench) wantErr(what string, err, want error) {
	b.Helper()
	if !errors.Is(err, want) {
		b.Errorf("%s: error %v, want %v", what, err, want)
	}
}

// same checks that got and want are equal, where nil and empty are the same and times are moments.
func (b *bench) same(what string, got, want any) {
	b.Helper()
	g, w := text(b, got), text(b, want)
	if g != w {
		b.Errorf("%s:\n got %s\nwant %s", what, g, w)
	}
}

func text(t testing.TB, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var plain any
	if err := json.Unmarshal(raw, &plain); err != nil {
		t.Fatal(err)
	}
	raw, err = json.MarshalIndent(normal(plain), "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// normal makes times UTC and takes away what is empty.
func normal(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			if value = normal(value); value == nil {
				delete(v, key)
			} else {
				v[key] = value
			}
		}
		return v
	case []any:
		if len(v) == 0 {
			return nil
		}
		for i := range v {
			v[i] = normal(v[i])
		}
		return v
	case string:
		if v == "" {
			return nil
		}
		if t, err := time.Parse(time.RFC3339Nano, v); err == nil {
			return t.UTC().Format(time.RFC3339Nano)
		}
	}
	return v
}

// ids returns the calls' ids, in order.
func ids(calls []store.Call) []string {
	var all []string
	for _, c := range calls {
		all = append(all, c.ID)
	}
	return all
}

func jobIDs(jobs []store.Job) []string {
	var all []string
	for _, j := range jobs {
		all = append(all, j.ID)
	}
	return all
}

func name(prefix string, n int) string { return fmt.Sprintf("%s%03d", prefix, n) }
