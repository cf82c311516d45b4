//go:build unix

package postgres

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/internal/pgtest"
	"github.com/ringtrip/ringtrip/store"
)

// seqsOf are the seqs of the events that a device does not have yet.
func seqsOf(t *testing.T, s *Store, device string) (seqs []uint64) {
	t.Helper()
	events, err := s.EventsAfter(t.Context(), "app", device, 0, 99)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		if want := "to " + device; string(e.Payload) != want || e.CallID != "c" || e.App != "app" || e.Device != device {
			t.Errorf("event %+v is not %q", e, want)
		}
		seqs = append(seqs, e.Seq)
	}
	return seqs
}

func told(devices ...string) (all []store.Event) {
	for _, d := range devices {
		all = append(all, store.Event{App: "app", Device: d, CallID: "c", Payload: []byte("to " + d), At: time.Unix(5, 0)})
	}
	return all
}

// rows counts the rows of a table.
func rows(t *testing.T, s *Store, table string) (n int) {
	t.Helper()
	if err := s.pool.QueryRow(t.Context(), `SELECT count(*) FROM `+table).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// What a commit tells of its call is one row, from which each device reads its own, and from which it can be taken one by one.
func TestPackedEvents(t *testing.T) {
	s := open(t, Config{URL: pgtest.Database(t)})
	defer s.Close()
	c := store.Call{ID: "c", App: "app", Live: true, Devices: []string{"a", "b"}, Users: []string{"u", "v"}}
	commit := func(events ...store.Event) []uint64 {
		t.Helper()
		done, err := s.Commit(t.Context(), store.Transition{Call: c, ExpectRev: c.Rev, Events: events})
		if err != nil {
			t.Fatal(err)
		}
		c.Rev = done.Rev
		return done.Seqs
	}
	has := func(device string, want ...uint64) {
		t.Helper()
		if got := seqsOf(t, s, device); !slices.Equal(got, want) {
			t.Errorf("%s has %v, not %v", device, got, want)
		}
	}
	if seqs := commit(told("a", "b", "a", "x")...); !slices.Equal(seqs, []uint64{1, 1, 2, 1}) { // x is not in the call
		t.Errorf("the first commit gave %v", seqs)
	}
	commit(told("b", "a")...)
	if packed, single := rows(t, s, "told"), rows(t, s, "event"); packed != 2 || single != 2 {
		t.Errorf("there are %d packed rows and %d single ones", packed, single)
	}
	has("a", 1, 2, 3)
	has("b", 1, 2)
	has("x", 1)
	if some, err := s.EventsAfter(t.Context(), "app", "a", 1, 1); err != nil || len(some) != 1 || some[0].Seq != 2 {
		t.Errorf("after 1, one of them: %+v, %v", some, err)
	}
	trim := func(device string, seq uint64) {
		t.Helper()
		if err := s.TrimEvents(t.Context(), "app", device, seq); err != nil {
			t.Fatal(err)
		}
	}
	trim("a", 2)
	trim("b", 77) // which it can't have
	has("a", 3)
	has("b")
	commit(told("a", "b")...)
	has("b", 3)
	c.Devices = []string{"b"} // a has left, and still has to be told
	commit(told("b")...)
	has("a", 3, 4)
	has("b", 3, 4)
	if packed := rows(t, s, "told"); packed != 1 {
		t.Errorf("there are %d packed rows", packed)
	}
	if err := s.DeleteDevice(t.Context(), "app", "b"); err != nil {
		t.Fatal(err)
	}
	has("b")
	commit(told("b")...)
	has("b", 5)
	if n := rows(t, s, "call_user"); n != 2 {
		t.Errorf("the call has %d users", n)
	}
	c.Live, c.KeepUntil = false, time.Unix(9, 0)
	commit()
	if n := rows(t, s, "call_user"); n != 0 {
		t.Errorf("the call that ended has %d users", n)
	}
	if n, err := s.Purge(t.Context(), time.Unix(10, 0)); n != 1 || err != nil {
		t.Errorf("purged %d, %v", n, err)
	}
	for _, d := range []string{"a", "b", "x"} {
		has(d)
	}
	for _, table := range []string{"told", "event", "call_device", "call_user"} {
		if n := rows(t, s, table); n != 0 {
			t.Errorf("%d rows of %s stay", n, table)
		}
	}
}

// What a writer remembers of a call does not count when another node has changed it, or made it anew.
func TestMemoIsNoTruth(t *testing.T) {
	url := pgtest.Database(t)
	one, other := open(t, Config{URL: url}), open(t, Config{URL: url})
	defer one.Close()
	defer other.Close()
	commit := func(s *Store, rev uint64, live bool, devices, users []string) error {
		_, err := s.Commit(t.Context(), store.Transition{Call: store.Call{ID: "c", App: "app", Live: live, Devices: devices, Users: users, KeepUntil: time.Unix(1, 0)}, ExpectRev: rev})
		return err
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(commit(one, 0, true, []string{"a"}, []string{"u"}))
	must(commit(other, 1, true, []string{"b"}, []string{"v"}))
	if err := commit(one, 1, true, []string{"a"}, []string{"u"}); !errors.Is(err, store.ErrConflict) {
		t.Errorf("on a rev that has gone: %v", err)
	}
	must(commit(one, 2, true, []string{"a"}, []string{"u"}))
	calls, _, err := one.CallsOfDevice(t.Context(), "app", "b")
	if err != nil || len(calls) != 0 {
		t.Errorf("b has %+v, %v", calls, err)
	}
	must(commit(other, 3, false, []string{"a"}, []string{"u"}))
	_, err = other.Purge(t.Context(), time.Unix(2, 0))
	must(err)
	for rev := range uint64(3) {
		must(commit(other, rev, true, []string{"b"}, []string{"v"}))
	}
	for err = store.ErrConflict; errors.Is(err, store.ErrConflict); {
		err = commit(one, 3, true, []string{"a"}, []string{"u"}) // as it remembers it
	}
	must(err)
	of, err := one.CallsOfUser(t.Context(), "app", "u")
	if err != nil || len(of) != 1 || of[0].Rev != 4 || rows(t, one, "call_user") != 1 || rows(t, one, "call_device") != 1 {
		t.Errorf("u has %+v, %v", of, err)
	}
}

// While a node lives that was made before rows were packed, none are.
func TestNodeThatReadsNoPacks(t *testing.T) {
	url := pgtest.Database(t)
	open(t, Config{URL: url}).Close()
	pgtest.Exec(t, url, `INSERT INTO node (id, beat) VALUES ('old', 7)`)
	s := open(t, Config{URL: url})
	defer s.Close()
	commit := func(rev uint64) {
		t.Helper()
		if _, err := s.Commit(t.Context(), store.Transition{Call: store.Call{ID: "c", App: "app", Live: true, Devices: []string{"a", "b"}}, ExpectRev: rev,
			Events: told("a", "b"), Ledger: []store.LedgerEntry{{CallID: "c", Stage: 1}, {CallID: "c", Stage: 2}}}); err != nil {
			t.Fatal(err)
		}
	}
	count := func(event, told, ledger int) {
		t.Helper()
		if e, p, l := rows(t, s, "event"), rows(t, s, "told"), rows(t, s, "ledger"); e != event || p != told || l != ledger {
			t.Errorf("there are %d, %d and %d rows, not %d, %d and %d", e, p, l, event, told, ledger)
		}
		if got, err := s.LedgerOf(t.Context(), "c"); err != nil || len(got) != 2*len(seqsOf(t, s, "a")) {
			t.Errorf("the ledger is %+v, %v", got, err)
		}
	}
	commit(0)
	count(2, 0, 2)
	if _, err := s.Beat(t.Context(), "new"); err != nil {
		t.Fatal(err)
	}
	commit(1)
	count(4, 0, 4)
	if err := s.RemoveNode(t.Context(), "old", time.Now()); err != nil {
		t.Fatal(err)
	}
	nodes, err := s.Beat(t.Context(), "new")
	if err != nil || len(nodes) != 1 || nodes[0] != (store.Node{ID: "new", Beat: 2}) {
		t.Errorf("the nodes are %+v, %v", nodes, err)
	}
	commit(2)
	count(4, 1, 5)
}

// One read that fails in a pipeline, or that nobody waits for any more, is no harm to the others.
func TestSharedReads(t *testing.T) {
	s := open(t, Config{URL: pgtest.Database(t)})
	defer s.Close()
	if _, err := s.Commit(t.Context(), store.Transition{Call: store.Call{ID: "c", App: "app"}}); err != nil {
		t.Fatal(err)
	}
	wait := func() *sharedRead {
		t.Helper()
		r := s.reads.enter(func() *sharedRead { return &sharedRead{} })
		if r != nil {
			t.Fatal("there is no room for a read")
		}
		return r
	}
	for range s.reads.limit {
		wait()
	}
	gone, cancel := context.WithCancel(t.Context())
	answers := make(chan error)
	go func() {
		_, err := quickOne(gone, s, scanCall, `SELECT `+callColumns+` FROM call c WHERE c.id = $1`, "c")
		answers <- err
	}()
	cancel()
	if err := <-answers; err != context.Canceled {
		t.Errorf("a read whose caller goes: %v", err)
	}
	go func() {
		_, err := quickOne(t.Context(), s, scanCall, `SELECT `+callColumns+`, 1/0 FROM call c WHERE c.id = $1`, "c")
		answers <- err
	}()
	for range 2 * maxShared {
		go func() {
			c, err := s.Call(t.Context(), "c")
			if err == nil && c.ID != "c" {
				t.Errorf("it is %+v", c)
			}
			answers <- err
		}()
	}
	for range s.reads.limit {
		s.reads.leave(s)
	}
	failed := 0
	for range 2*maxShared + 1 {
		if err := <-answers; err != nil {
			failed++
		}
	}
	if failed != 1 {
		t.Errorf("%d reads failed, and one was wrong", failed)
	}
	// Where the pipelines do not move, a read goes by itself.
	for range s.reads.limit {
		wait()
	}
	if c, err := s.Call(t.Context(), "c"); err != nil || c.ID != "c" {
		t.Errorf("by itself: %+v, %v", c, err)
	}
	for range s.reads.limit {
		s.reads.leave(s)
	}
	s.reads.all.Wait()
	if s.reads.busy != 0 || len(s.reads.waiting) != 0 {
		t.Errorf("%d under way, %d wait", s.reads.busy, len(s.reads.waiting))
	}
}
