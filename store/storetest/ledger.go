package storetest

import (
	"github.com/ringtrip/ringtrip/store"
)

var ledgerTests = []test{{"Entries", ledgerEntries}}

func (b *bench) ledger(call string) []store.LedgerEntry {
	b.Helper()
	return must[[]store.LedgerEntry](b, "LedgerOf")(b.LedgerOf(b.ctx(), call))
}

func ledgerEntries(b *bench) {
	if got := b.ledger("c1"); len(got) != 0 {
		b.Errorf("entries of an unknown call: %v", got)
	}
	one := store.LedgerEntry{CallID: "c1", Stage: 5, Device: "d1", At: at(9), DeviceAt: at(8), Reason: 3, Detail: "x"}
	two := store.LedgerEntry{CallID: "c1", Stage: 2, At: at(1)} // earlier, but told later
	other := store.LedgerEntry{CallID: "c2", Stage: 1, At: at(2)}
	for _, entries := range [][]store.LedgerEntry{{one, other, two}, nil, {two}} { // also before the call is there
		if err := b.AppendLedger(b.ctx(), entries); err != nil {
			b.Fatal(err)
		}
	}
	b.commit(store.Transition{Call: newCall("c1"), Ledger: []store.LedgerEntry{one}})
	want := []store.LedgerEntry{one, two, two, one}
	got := b.ledger("c1")
	var last uint64
	for i := range got {
		if got[i].Seq <= last {
			b.Errorf("seq %d after %d", got[i].Seq, last)
		}
		last = got[i].Seq
		got[i].Seq = 0
	}
	b.same("entries in the order they were told", got, want)
	if got := b.ledger("c2"); len(got) != 1 {
		b.Errorf("%d entries of c2, want 1", len(got))
	}
}
