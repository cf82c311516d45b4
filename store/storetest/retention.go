package storetest

import (
	"bytes"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/ringtrip/ringtrip/store"
)

var retentionTests = []test{
	{"History", trimHistory},
	{"Ledger", trimLedger},
	{"LedgerOfLiveCalls", trimLedgerKeeps},
	{"Jobs", trimJobs},
	{"Bounded", trimBounded},
}

type trim func(context.Context, time.Time, int) (int, error)

// trims trims once and checks how many went.
func (b *bench) trims(what string, do trim, before time.Time, n, want int) {
	b.Helper()
	if got := must[int](b, what)(do(b.ctx(), before, n)); got != want {
		b.Errorf("%s before %v, %d at most, forgot %d, want %d", what, before, n, got, want)
	}
}

func trimHistory(b *bench) {
	for i := range 6 {
		b.record(store.Record{CallID: name("c", i), Caller: "alice", Callee: "bob", CreatedAt: at(i), EndedAt: at(100 - i)})
	}
	other := newCall("x")
	other.App = "other"
	b.commit(store.Transition{Call: other, History: &store.Record{CallID: "x", App: "other", Caller: "alice", CreatedAt: at(1)}})
	for _, n := range []int{0, -1} {
		b.trims("TrimHistory", b.TrimHistory, at(100), n, 0)
	}
	b.trims("TrimHistory", b.TrimHistory, at(0), 9, 0) // before, not at
	b.trims("TrimHistory", b.TrimHistory, at(-1000), 9, 0)
	b.trims("TrimHistory", b.TrimHistory, at(3), 9, 4)
	_, err := b.HistoryOfCall(b.ctx(), "x")
	b.wantErr("another app's old record", err, store.ErrNotFound)
	var left []string
	page, mark, err := b.HistoryOfUser(b.ctx(), "app", "bob", "", 9)
	if err != nil || mark != "" {
		b.Errorf("HistoryOfUser: mark %q, %v", mark, err)
	}
	for _, r := range page {
		left = append(left, r.CallID)
	}
	b.same("what is left", left, []string{"c005", "c004", "c003"})
	if _, err := b.Call(b.ctx(), "c000"); err != nil {
		b.Errorf("the call itself: %v", err) // its tombstone is another matter
	}
}

func trimLedger(b *bench) {
	entry := func(id string, second int) store.LedgerEntry {
		return store.LedgerEntry{CallID: id, Stage: 1, At: at(second)}
	}
	for _, entries := range [][]store.LedgerEntry{
		{entry("old", 1), entry("old", 2), entry("old", 500)}, // its first entry counts, and all of it goes
		{entry("new", 10), entry("new", 1)},                   // first told, not earliest
		{entry("edge", 5)},
		{entry("old", 600)},
	} {
		if err := b.AppendLedger(b.ctx(), entries); err != nil {
			b.Fatal(err)
		}
	}
	b.trims("TrimLedger", b.TrimLedger, at(5), 9, 1)
	for id, want := range map[string]int{"old": 0, "new": 2, "edge": 1} {
		if got := b.ledger(id); len(got) != want {
			b.Errorf("%d entries of %s are left, want %d", len(got), id, want)
		}
	}
	b.trims("TrimLedger", b.TrimLedger, at(1000), 9, 2)
	b.trims("TrimLedger", b.TrimLedger, at(1000), 9, 0)
	if err := b.AppendLedger(b.ctx(), []store.LedgerEntry{entry("old", 700)}); err != nil {
		b.Fatal(err)
	}
	if got := b.ledger("old"); len(got) != 1 {
		b.Errorf("%d entries after it was trimmed and went on, want 1", len(got))
	}
	b.trims("TrimLedger", b.TrimLedger, at(1000), 9, 1)
}

func trimLedgerKeeps(b *bench) {
	entry := func(id string) []store.LedgerEntry { return []store.LedgerEntry{{CallID: id, Stage: 1, At: at(0)}} }
	b.commit(store.Transition{Call: newCall("live"), Ledger: entry("live")})
	b.commit(store.Transition{Call: tombstone("ended", 10), Ledger: entry("ended")})
	b.trims("TrimLedger", b.TrimLedger, at(1000), 9, 0)
	b.purge(11, 1)
	b.trims("TrimLedger", b.TrimLedger, at(1000), 9, 1)
	if got := b.ledger("live"); len(got) != 1 {
		b.Errorf("%d entries of a live call, want 1", len(got))
	}
}

func trimJobs(b *bench) {
	t := store.Transition{Call: newCall("c1")}
	for i, kind := range []string{"push", "webhook", "of another version"} {
		for j := range 2 {
			t.Jobs = append(t.Jobs, store.Job{ID: name(kind, j), CallID: "c1", Kind: kind, LeasedUntil: at(10*i + j)})
		}
	}
	b.commit(t)
	b.trims("TrimJobs", b.TrimJobs, at(0), 9, 0)
	b.trims("TrimJobs", b.TrimJobs, at(11), 9, 3) // both pushes, one webhook
	if err := b.Retry(b.ctx(), name("webhook", 1), at(500)); err != nil {
		b.Fatal(err)
	}
	b.trims("TrimJobs", b.TrimJobs, at(500), 9, 2)
	b.same("the one that is still tried", jobIDs(b.claim("webhook", at(500), 9, time.Second)), []string{name("webhook", 1)})
	b.wantErr("Retry of one that was trimmed", b.Retry(b.ctx(), name("push", 0), at(1)), store.ErrNotFound)
}

// trimBounded looks whether a large trim comes in pieces, each whole, that end.
func trimBounded(b *bench) {
	for i := range 50 {
		t := store.Transition{Call: tombstone(name("c", i), 0), History: &store.Record{CallID: name("c", i), App: name("app", i%3), CreatedAt: at(i)}}
		t.Call.App = t.History.App
		t.Jobs = []store.Job{{ID: name("j", i), CallID: t.Call.ID, Kind: name("kind", i%3), LeasedUntil: at(i)}}
		for range 3 {
			t.Ledger = append(t.Ledger, store.LedgerEntry{CallID: t.Call.ID, At: at(i)})
		}
		b.commit(t)
	}
	b.purge(1, 50)
	for what, do := range map[string]trim{"TrimHistory": b.TrimHistory, "TrimLedger": b.TrimLedger, "TrimJobs": b.TrimJobs} {
		var got []int
		for len(got) < 9 {
			n := must[int](b, what)(do(b.ctx(), at(45), 20))
			if got = append(got, n); n < 20 {
				break
			}
		}
		if !slices.Equal(got, []int{20, 20, 5}) {
			b.Errorf("%s in pieces of 20: %v, want 20, 20, 5", what, got)
		}
	}
}

var settingTests = []test{
	{"Settle", settle},
	{"Race", settleRace},
}

func settle(b *bench) {
	for i, one := range []struct {
		value string
		want  string
	}{{"", ""}, {"first", "first"}, {"second", "first"}, {"", "first"}} {
		got := must[[]byte](b, "Settle")(b.Settle(b.ctx(), "secret", []byte(one.value)))
		if string(got) != one.want {
			b.Errorf("Settle number %d with %q = %q, want %q", i+1, one.value, got, one.want)
		}
	}
	binary := []byte{0, 0xff, 0xfe, '\'', 0}
	if got := must[[]byte](b, "Settle")(b.Settle(b.ctx(), "binary", binary)); !bytes.Equal(got, binary) {
		b.Errorf("settled %x, want %x", got, binary)
	}
	if got := must[[]byte](b, "Settle")(b.Settle(b.ctx(), "binary", nil)); !bytes.Equal(got, binary) {
		b.Errorf("stored %x, want %x", got, binary)
	}
}

// settleRace is several nodes at their first start.
func settleRace(b *bench) {
	var all sync.WaitGroup
	got := make([]string, 16)
	for i := range got {
		all.Go(func() {
			v, err := b.Settle(b.ctx(), "secret", []byte(name("mine", i)))
			if err != nil {
				b.Errorf("Settle: %v", err)
			}
			got[i] = string(v)
		})
	}
	all.Wait()
	if one := slices.Compact(slices.Clone(got)); len(one) != 1 || one[0] == "" {
		b.Errorf("settled on %q, want one value", got)
	}
}
