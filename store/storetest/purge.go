package storetest

import (
	"github.com/ringtrip/ringtrip/store"
)

var purgeTests = []test{
	{"ForgetsOldTombstones", purgeForgets},
	{"KeepsTheRest", purgeKeeps},
	{"Many", purgeMany},
}

func tombstone(id string, keepUntil int) store.Call {
	c := newCall(id)
	c.Live, c.KeepUntil = false, at(keepUntil)
	return c
}

func (b *bench) purge(now, want int) {
	b.Helper()
	if n := must[int](b, "Purge")(b.Purge(b.ctx(), at(now))); n != want {
		b.Errorf("Purge at %d s forgot %d calls, want %d", now, n, want)
	}
}

func purgeForgets(b *bench) {
	t := whole(tombstone("c1", 10))
	t.Call.Timer = at(20)
	b.commit(t)
	b.purge(10, 0) // before now, not at
	b.purge(11, 1)
	_, err := b.Call(b.ctx(), "c1")
	b.wantErr("Call", err, store.ErrNotFound)
	calls, seq, err := b.CallsOfDevice(b.ctx(), "app", "d1")
	if len(calls) != 0 || err != nil {
		b.Errorf("CallsOfDevice = %v, %v", ids(calls), err)
	}
	if seq != 2 {
		b.Errorf("the device's newest seq is %d, want 2 as before: its cursor must not be above what is to come", seq)
	}
	if events := must[[]store.Event](b, "EventsAfter")(b.EventsAfter(b.ctx(), "app", "d1", 0, 9)); len(events) != 0 {
		b.Errorf("%d events of a forgotten call", len(events))
	}
	if due := b.due(at(1000), 9, 0); len(due) != 0 {
		b.Errorf("a forgotten call has a timer")
	}
	// History and ledger are for later, and a webhook that is still tried tells of the end.
	if _, err := b.HistoryOfCall(b.ctx(), "c1"); err != nil {
		b.Errorf("HistoryOfCall: %v", err)
	}
	if entries := b.ledger("c1"); len(entries) != 2 {
		b.Errorf("%d ledger entries, want 2", len(entries))
	}
	if jobs := must[[]store.Job](b, "Claim")(b.Claim(b.ctx(), "webhook", at(1000), 9, 0)); len(jobs) != 1 {
		b.Errorf("%d webhook jobs, want 1: it is not done", len(jobs))
	}
	b.purge(1000, 0)
	b.put(newCall("c1")) // as new
}

func purgeKeeps(b *bench) {
	live := newCall("c1")
	live.KeepUntil = at(1) // means nothing yet
	b.put(live)
	b.commit(whole(tombstone("c2", 100)))
	b.commit(whole(tombstone("c3", 10)))
	b.purge(50, 1)
	calls, _, err := b.CallsOfDevice(b.ctx(), "app", "d1")
	if err != nil {
		b.Fatal(err)
	}
	b.same("calls that are left", ids(calls), []string{"c1", "c2"})
	events := must[[]store.Event](b, "EventsAfter")(b.EventsAfter(b.ctx(), "app", "d1", 0, 9))
	if len(events) != 2 || events[0].CallID != "c2" {
		b.Errorf("events that are left: %v, want the two of c2", events)
	}
	b.purge(0, 0) // time went backwards
}

func purgeMany(b *bench) {
	for i := range 300 {
		b.put(tombstone(name("c", i), i))
	}
	b.purge(200, 200)
	b.purge(1000, 100)
}
