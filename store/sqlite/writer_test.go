package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/ringtrip/ringtrip/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t testing.TB, cfg Config) *Store {
	t.Helper()
	s, err := Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func commit(t testing.TB, s *Store, tr store.Transition) {
	t.Helper()
	if _, err := s.Commit(t.Context(), tr); err != nil {
		t.Fatal(err)
	}
}

// stall keeps the writer busy until the function that it returns is called. What is written meanwhile makes
// one batch.
func stall(t *testing.T, s *Store) (release func()) {
	began, end, ended := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		var once sync.Once
		err := s.write(context.Background(), func(*tx) error {
			once.Do(func() { close(began) })
			<-end
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}()
	<-began
	return func() { close(end); <-ended }
}

// waiting starts n writes by do, and returns when all are in the queue.
func waiting(s *Store, n int, do func(i int)) *sync.WaitGroup {
	var wg sync.WaitGroup
	for i := range n {
		before := len(s.writer.queue)
		wg.Go(func() { do(i) })
		synctest.Wait()
		if len(s.writer.queue) != before+1 {
			panic("it is not in the queue")
		}
	}
	return &wg
}

func TestGroupCommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, Config{})
		defer s.Close()
		release := stall(t, s)
		batches, writes := s.writer.batches.Load(), s.writer.writes.Load()
		wg := waiting(s, maxBatch+10, func(i int) {
			if _, err := s.Commit(t.Context(), store.Transition{Call: store.Call{ID: fmt.Sprint("c", i%200)}}); (err == nil) != (i < 200) {
				t.Errorf("commit %d: %v", i, err) // the rest are conflicts, which must not spoil the batch
			}
		})
		release()
		wg.Wait()
		if b, w := s.writer.batches.Load()-batches, s.writer.writes.Load()-writes; b != 3 || w != maxBatch+11 {
			t.Errorf("%d writes in %d transactions, want %d in 3", w, b, maxBatch+11)
		}
	})
}

// One write that fails halfway takes nothing with it, and leaves nothing.
func TestSpoiledBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, Config{})
		defer s.Close()
		release := stall(t, s)
		broken := errors.New("broken")
		wg := waiting(s, 9, func(i int) {
			if i == 4 {
				err := s.write(t.Context(), func(tx *tx) error {
					if err := putCall(tx, store.Call{ID: "half"}, 0); err != nil {
						t.Error(err)
					}
					return broken
				})
				if !errors.Is(err, broken) {
					t.Errorf("the broken write: %v", err)
				}
				return
			}
			done, err := s.Commit(t.Context(), store.Transition{Call: store.Call{ID: fmt.Sprint("c", i)}, Events: []store.Event{{Device: "d"}, {Device: "d"}}})
			if err != nil || len(done.Seqs) != 2 {
				t.Errorf("commit %d: %v, %v", i, done, err)
			}
		})
		release()
		wg.Wait()
		if _, err := s.Call(t.Context(), "half"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("the half write's call: %v", err)
		}
		calls, err := s.LiveCalls(t.Context(), "", 99)
		if err != nil || len(calls) != 0 {
			t.Errorf("%v %v", calls, err)
		}
		if events, err := s.EventsAfter(t.Context(), "", "d", 0, 99); err != nil || len(events) != 16 || events[15].Seq != 16 {
			t.Errorf("%d events (%v), want 16 without a gap", len(events), err)
		}
	})
}

// A context that ends in the queue means that nothing was done; one that ends later does not hide the truth.
func TestContextInTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, Config{})
		defer s.Close()
		release := stall(t, s)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		wg := waiting(s, 1, func(int) {
			if _, err := s.Commit(ctx, store.Transition{Call: store.Call{ID: "c1"}}); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("Commit: %v", err)
			}
		})
		wg.Wait() // returns before the writer looks at it
		release()
		commit(t, s, store.Transition{Call: store.Call{ID: "c2"}})
		if _, err := s.Call(t.Context(), "c1"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("the call of a commit that was given up: %v", err)
		}

		ctx, cancel = context.WithCancel(t.Context())
		err := s.write(ctx, func(tx *tx) error {
			cancel()
			return putCall(tx, store.Call{ID: "c3"}, 0)
		})
		if err != nil {
			t.Errorf("a write that was under way: %v", err)
		}
	})
}

func TestFullQueueBlocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, Config{})
		release := stall(t, s)
		wg := waiting(s, maxQueue, func(i int) {
			if err := s.Done(t.Context(), "j"); err != nil {
				t.Error(err)
			}
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := s.Done(ctx, "j"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("with a full queue: %v", err)
		}
		release()
		wg.Wait()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestCloseDrains(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		s := open(t, Config{Dir: dir})
		release := stall(t, s)
		wg := waiting(s, 20, func(i int) { commit(t, s, store.Transition{Call: store.Call{ID: fmt.Sprint("c", i)}}) })
		wg.Go(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		if err := s.Done(t.Context(), "j"); !errors.Is(err, store.ErrClosed) {
			t.Errorf("a write while it closes: %v", err)
		}
		release()
		wg.Wait()
		s = open(t, Config{Dir: dir})
		defer s.Close()
		for i := range 20 {
			if _, err := s.Call(t.Context(), fmt.Sprint("c", i)); err != nil {
				t.Errorf("commit %d, which waited when Close was called: %v", i, err)
			}
		}
	})
}

// Readers don't wait for the writer.
func TestReadersDoNotWait(t *testing.T) {
	s := open(t, Config{})
	defer s.Close()
	commit(t, s, store.Transition{Call: store.Call{ID: "c1", State: []byte("old")}})
	inside, end := make(chan struct{}), make(chan struct{})
	var once sync.Once
	var wg sync.WaitGroup
	wg.Go(func() {
		err := s.write(t.Context(), func(tx *tx) error {
			err := putCall(tx, store.Call{ID: "c1", State: []byte("new")}, 1)
			once.Do(func() { close(inside) })
			<-end
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
	<-inside
	if c, err := s.Call(t.Context(), "c1"); err != nil || string(c.State) != "old" {
		t.Errorf("during a transaction: %s, %v", c.State, err)
	}
	close(end)
	wg.Wait()
	if c, err := s.Call(t.Context(), "c1"); err != nil || string(c.State) != "new" {
		t.Errorf("after it: %s, %v", c.State, err)
	}
}

// The hot queries use an index: none reads a whole table.
func TestQueriesUseIndexes(t *testing.T) {
	s := open(t, Config{})
	defer s.Close()
	for name, call := range map[string]func() error{
		"CallByKey":     func() error { _, err := s.CallByKey(t.Context(), "a", "k"); return err },
		"CallsOfDevice": func() error { _, _, err := s.CallsOfDevice(t.Context(), "a", "d"); return err },
		"CallsOfUser":   func() error { _, err := s.CallsOfUser(t.Context(), "a", "u"); return err },
		"LiveCalls":     func() error { _, err := s.LiveCalls(t.Context(), "a", 1); return err },
		"NextTimer":     func() error { _, err := s.NextTimer(t.Context()); return err },
		"EventsAfter":   func() error { _, err := s.EventsAfter(t.Context(), "a", "d", 0, 1); return err },
		"LedgerOf":      func() error { _, err := s.LedgerOf(t.Context(), "c"); return err },
		"DevicesOfUser": func() error { _, err := s.DevicesOfUser(t.Context(), "a", "u"); return err },
		"HistoryOfUser": func() error { _, _, err := s.HistoryOfUser(t.Context(), "a", "u", "", 1); return err },
		"LatestHistory": func() error { _, err := s.LatestHistory(t.Context(), "a", 1); return err },
		"DueTimers":     func() error { _, err := s.DueTimers(t.Context(), time.Now(), 1, 0); return err },
		"Claim":         func() error { _, err := s.Claim(t.Context(), "k", time.Now(), 1, 0); return err },
		"Purge":         func() error { _, err := s.Purge(t.Context(), time.Now()); return err },
		"TrimEvents":    func() error { return s.TrimEvents(t.Context(), "a", "d", 1) },
		"DropToken":     func() error { _, err := s.DropToken(t.Context(), "t", time.Now()); return err },
		"PutDevice":     func() error { return s.PutDevice(t.Context(), store.Device{ID: "d", VoIPToken: "t"}) },
		"Done":          func() error { return s.Done(t.Context(), "j") },
		"Commit": func() error {
			_, err := s.Commit(t.Context(), store.Transition{Call: store.Call{ID: "c", Key: "k"}, Events: []store.Event{{}}, DropJobs: []string{"j"}, Ledger: []store.LedgerEntry{{CallID: "c"}}})
			return err
		},
	} {
		if err := call(); err != nil && !errors.Is(err, store.ErrNotFound) {
			t.Fatalf("%s: %v", name, err)
		}
	}
	var queries []string
	for q := range s.readers {
		queries = append(queries, q)
	}
	if err := s.write(t.Context(), func(tx *tx) error {
		for q := range tx.stmts {
			queries = append(queries, q)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for _, q := range queries {
		if q == "BEGIN IMMEDIATE" || q == "COMMIT" || q == "ROLLBACK" {
			continue
		}
		plan, err := read(t.Context(), s, scanPlan, "EXPLAIN QUERY PLAN "+q, make([]any, parameters(q))...)
		if err != nil {
			t.Fatalf("%s: %v", q, err)
		}
		for _, step := range plan {
			if strings.HasPrefix(step, "SCAN ") && !allowed[step] {
				t.Errorf("%s\n\treads everything: %s", q, step)
			}
		}
	}
	if len(queries) < 25 {
		t.Errorf("only %d queries were looked at", len(queries))
	}
}

// allowed are steps that read what is small by itself: an index from its beginning up to LIMIT, and results.
var allowed = map[string]bool{
	"SCAN CONSTANT ROW":                         true,
	"SCAN (subquery-5)":                         true, // CallsOfDevice: the device's own calls
	"SCAN call USING COVERING INDEX call_timer": true, // NextTimer: LIMIT 1
}

func scanPlan(rows *sql.Rows) (step string, err error) {
	var a, b, c int
	return step, rows.Scan(&a, &b, &c, &step)
}

// parameters counts the parameters of a query.
func parameters(q string) int {
	most, plain := 0, 0
	for _, m := range regexp.MustCompile(`\?(\d*)`).FindAllStringSubmatch(q, -1) {
		if n, err := strconv.Atoi(m[1]); err == nil {
			most = max(most, n)
		} else {
			plain++
		}
	}
	return max(most, plain)
}
