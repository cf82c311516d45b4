package sqlite

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ringtrip/ringtrip/store"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

func TestSmoke(t *testing.T) {
	ctx := context.Background()
	s, err := Open(ctx, Config{})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	t.Log(s.Path(), s.WriteLatency())
	c := store.Call{ID: "c1", App: "a", State: []byte("x"), Live: true, Devices: []string{"d1", "d2"}, Users: []string{"u"}, Key: "k", Timer: now, CreatedAt: now}
	done, err := s.Commit(ctx, store.Transition{Call: c, Jobs: []store.Job{{ID: "j", CallID: "c1", Kind: "push"}}, Events: []store.Event{{App: "a", Device: "d1", CallID: "c1"}, {App: "a", Device: "d1", CallID: "c1"}},
		Ledger: []store.LedgerEntry{{CallID: "c1", Stage: 1, At: now}}, History: &store.Record{CallID: "c1", App: "a", Caller: "u", Callee: "v", CreatedAt: now}})
	if err != nil || done.Rev != 1 || len(done.Seqs) != 2 || done.Seqs[1] != 2 {
		t.Fatal(done, err)
	}
	if _, err := s.Commit(ctx, store.Transition{Call: c}); !errors.Is(err, store.ErrConflict) {
		t.Fatal(err)
	}
	calls, seq, err := s.CallsOfDevice(ctx, "a", "d1")
	if err != nil || len(calls) != 1 || seq != 2 || calls[0].ID != "c1" || len(calls[0].Devices) != 2 {
		t.Fatal(calls, seq, err)
	}
	recs, next, err := s.HistoryOfUser(ctx, "a", "v", "", 1)
	if err != nil || len(recs) != 1 || next != "" {
		t.Fatal(recs, next, err)
	}
	due, err := s.DueTimers(ctx, now, 10, time.Second)
	if err != nil || len(due) != 1 {
		t.Fatal(due, err)
	}
	dir := s.Path()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Fatal("temp dir left")
	}
}
