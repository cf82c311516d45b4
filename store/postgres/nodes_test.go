//go:build unix

package postgres

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/internal/pgtest"
	"github.com/ringtrip/ringtrip/store"
	"github.com/ringtrip/ringtrip/store/storetest"
)

// nodes is two stores over one database. What races uses goes to one and the other by turns.
type nodes struct {
	*Store
	other *Store
	turn  atomic.Int64
}

func (n *nodes) one() *Store {
	if n.turn.Add(1)%2 == 0 {
		return n.Store
	}
	return n.other
}

func (n *nodes) Commit(ctx context.Context, t store.Transition) (store.Committed, error) {
	return n.one().Commit(ctx, t)
}
func (n *nodes) Call(ctx context.Context, id string) (store.Call, error) {
	return n.one().Call(ctx, id)
}
func (n *nodes) CallsOfDevice(ctx context.Context, app, device string) ([]store.Call, uint64, error) {
	return n.one().CallsOfDevice(ctx, app, device)
}
func (n *nodes) DueTimers(ctx context.Context, now time.Time, count int, lease time.Duration) ([]store.Call, error) {
	return n.one().DueTimers(ctx, now, count, lease)
}
func (n *nodes) Claim(ctx context.Context, kind string, now time.Time, count int, lease time.Duration) ([]store.Job, error) {
	return n.one().Claim(ctx, kind, now, count, lease)
}
func (n *nodes) PutEvents(ctx context.Context, events []store.Event) ([]uint64, error) {
	return n.one().PutEvents(ctx, events)
}
func (n *nodes) TrimEvents(ctx context.Context, app, device string, seq uint64) error {
	return n.one().TrimEvents(ctx, app, device, seq)
}
func (n *nodes) EventsAfter(ctx context.Context, app, device string, after uint64, count int) ([]store.Event, error) {
	return n.one().EventsAfter(ctx, app, device, after, count)
}
func (n *nodes) PutDevice(ctx context.Context, d store.Device) error {
	return n.one().PutDevice(ctx, d)
}
func (n *nodes) Close() error {
	err := n.other.Close()
	return errors.Join(err, n.Store.Close())
}

// Two nodes over one database are as one store: races between them have one winner, timers and jobs are claimed by
// one of them, and a device's events have no gap.
func TestTwoNodes(t *testing.T) {
	url := pgtest.Database(t)
	storetest.Races(t, func(t *testing.T) store.Store {
		n := &nodes{Store: open(t, Config{URL: url, Writers: 2}), other: open(t, Config{URL: url, Writers: 2})}
		empty(t, url)
		return n
	})
}

// crashURL tells the child of TestCrash where the database is: Crash itself only knows folders.
const crashURL = "RINGTRIP_POSTGRES_CRASH"

func TestCrash(t *testing.T) {
	if os.Getenv(crashURL) == "" {
		t.Setenv(crashURL, pgtest.Database(t))
	}
	storetest.Crash(t, func(string) (store.Store, error) {
		// The database may still be carrying out what the child asked for last: the audit looks at what is, not at what becomes.
		pgtest.Exec(t, os.Getenv(crashURL), `SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`)
		return Open(t.Context(), Config{URL: os.Getenv(crashURL), Writers: 2})
	})
}

// PostgreSQL is killed with kill -9, and restarted by an administrator, while two nodes commit. Nothing that was
// acknowledged is lost, and no batch whose connection was lost is carried out twice.
func TestOutage(t *testing.T) {
	if testing.Short() {
		t.Skip("kill -9 takes seconds")
	}
	server := pgtest.Start(t)
	url := server.Database(t)
	one, two := open(t, Config{URL: url, Writers: 2}), open(t, Config{URL: url, Writers: 2})
	defer one.Close()
	defer two.Close()
	storetest.Outage(t, []store.Store{one, two}, 3, func(round int) {
		if round%2 == 0 {
			server.Kill9(t)
			server.Start(t)
			return
		}
		server.Restart(t)
	})
}

// Several nodes may start at once on a database that has no tables yet.
func TestOpenAtOnce(t *testing.T) {
	url := pgtest.Database(t)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			s, err := Open(t.Context(), Config{URL: url, Writers: 1})
			if err != nil {
				t.Error(err)
				return
			}
			s.Close()
		})
	}
	wg.Wait()
}

// A writer whose row is gone, or whose epoch is another's, commits nothing by mistake.
func TestFence(t *testing.T) {
	url := pgtest.Database(t)
	s := open(t, Config{URL: url, Writers: 1})
	defer s.Close()
	put := func(id string) error {
		_, err := s.Commit(t.Context(), store.Transition{Call: store.Call{ID: id, Live: true}, Events: []store.Event{{App: "a", Device: "d", CallID: id}}})
		return err
	}
	if err := put("c1"); err != nil {
		t.Fatal(err)
	}
	// As if this writer had come back on another connection while a batch of the old one was still on its way.
	pgtest.Exec(t, url, `UPDATE writer SET epoch = epoch + 1`)
	err := put("c2")
	if err == nil || !strings.Contains(err.Error(), "fenced") {
		t.Errorf("a batch of an old epoch: %v", err)
	}
	if _, err := s.Call(t.Context(), "c2"); err == nil {
		t.Error("it was committed all the same")
	}
}

// Connections that are cut in the middle of commits lose nothing and do nothing twice: the one thing that tells
// is the event that each commit stores.
func TestConnectionsAreCut(t *testing.T) {
	url := pgtest.Database(t)
	s, other := open(t, Config{URL: url, Writers: 2}), open(t, Config{URL: url, Writers: 2})
	defer s.Close()
	defer other.Close()
	storetest.Outage(t, []store.Store{s, other}, 5, func(int) {
		pgtest.Exec(t, url, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`)
	})
}

// The connection is lost right after a batch was committed, before its results came: the writer finds them out. Lost
// before, the batch is to be sent again.
func TestOutcomeIsFoundOut(t *testing.T) {
	s := open(t, Config{URL: pgtest.Database(t), Writers: 1})
	defer s.Close()
	for _, id := range []string{"old", "other"} {
		if _, err := s.Commit(t.Context(), store.Transition{Call: store.Call{ID: id}}); err != nil {
			t.Fatal(err)
		}
	}
	w, err := newWriter(t.Context(), s, s.pool.Config().ConnConfig)
	if err != nil {
		t.Fatal(err)
	}
	defer w.drop()
	event := func(device string) store.Event {
		return store.Event{App: "a", Device: device, CallID: "c1", Payload: []byte("x")}
	}
	fresh := func() []*write {
		return []*write{
			{cas: true, t: store.Transition{Call: store.Call{ID: "c1"}, Events: []store.Event{event("d1"), event("d2"), event("d1")}}, stamp: 11, done: make(chan struct{})},
			{cas: true, t: store.Transition{Call: store.Call{ID: "other"}, Events: []store.Event{event("d1")}}, stamp: 12, done: make(chan struct{})}, // loses
			{cas: true, t: store.Transition{Call: store.Call{ID: "old"}, ExpectRev: 1}, stamp: 13, done: make(chan struct{})},
			{t: store.Transition{Events: []store.Event{event("d1")}}, stamp: 14, done: make(chan struct{})},
		}
	}
	for _, sent := range []bool{false, true} {
		batch := fresh()
		var results []result
		if sent {
			if results, err = w.send(batch); err != nil {
				t.Fatal(err)
			}
		} else {
			w.batch++
		}
		w.drop()
		if again := w.reconnect(batch, true); again == sent {
			t.Fatalf("sent %v, to be sent again %v", sent, again)
		}
		for i, r := range results {
			<-batch[i].done
			if one := batch[i]; one.err != r.err || !slices.Equal(one.out.Seqs, r.out.Seqs) || one.err == nil && one.out.Rev != r.out.Rev {
				t.Errorf("write %d: the outcome was %+v, %v; found out: %+v, %v", i, r.out, r.err, one.out, one.err)
			}
		}
	}
	// Its call was changed again since, and it left nothing else: then nobody can tell.
	batch := fresh()[2:3]
	batch[0].t.ExpectRev = 2
	if _, err := w.send(batch); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Commit(t.Context(), store.Transition{Call: store.Call{ID: "old"}, ExpectRev: 3}); err != nil {
		t.Fatal(err)
	}
	w.drop()
	if w.reconnect(batch, true); !errors.Is(batch[0].err, errOutcome) {
		t.Errorf("an outcome that can't be told: %v", batch[0].err)
	}
	// A batch that was given up may have been committed. That says nothing of the next one.
	batch = fresh()[3:]
	if _, err := w.send(batch); err != nil {
		t.Fatal(err)
	}
	w.drop()
	next := fresh()[3:]
	next[0].stamp = 15
	if w.carryOut(next); next[0].err != nil || len(next[0].out.Seqs) != 1 {
		t.Errorf("the next batch: %+v, %v", next[0].out, next[0].err)
	}
	events, err := s.EventsAfter(t.Context(), "a", "d1", 0, 99)
	if err != nil || len(events) == 0 || events[len(events)-1].Seq != next[0].out.Seqs[0] {
		t.Errorf("it was not done: %v, %v", events, err)
	}
}

// Connections to a server that has become a standby are left for new ones, which find the one that takes writes.
func TestStandbyIsLeft(t *testing.T) {
	s := open(t, Config{URL: pgtest.Database(t), Writers: 1, MaxConns: 1})
	defer s.Close()
	// As a server does when it is demoted. The writer waits for its queue, so its connection is ours.
	const demote = `SET default_transaction_read_only = on`
	if _, err := s.writers[0].conn.Exec(t.Context(), demote); err != nil {
		t.Fatal(err)
	}
	if _, err := s.pool.Exec(t.Context(), demote); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Commit(t.Context(), store.Transition{Call: store.Call{ID: "c1"}}); err != nil {
		t.Error(err)
	}
	if err := s.PutDevice(t.Context(), store.Device{App: "a", ID: "d"}); err != nil {
		t.Error(err)
	}
}
