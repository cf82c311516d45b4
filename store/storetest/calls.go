package storetest

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/ringtrip/ringtrip/store"
)

var callTests = []test{
	{"CommitKeepsEverything", commitKeepsEverything},
	{"CommitReplacesTheRow", commitReplacesTheRow},
	{"ConflictChangesNothing", conflictChangesNothing},
	{"UnknownCall", unknownCall},
	{"Keys", keys},
	{"CallsOfDevice", callsOfDevice},
	{"CallsOfUser", callsOfUser},
	{"LiveCalls", liveCalls},
	{"BigState", bigState},
	{"OddText", oddText},
	{"TextThatIsNoText", textThatIsNoText},
}

// whole is a transition with everything in it.
func whole(c store.Call) store.Transition {
	return store.Transition{
		Call: c,
		Jobs: []store.Job{
			{ID: c.ID + ".p0", CallID: c.ID, Kind: "push", Payload: []byte("ring"), LeasedUntil: at(2)},
			{ID: c.ID + ".h0", CallID: c.ID, Kind: "webhook", Payload: []byte{0, 255}, LeasedUntil: at(2), Tries: 3},
		},
		Events: []store.Event{
			{App: "app", Device: "d1", CallID: c.ID, Payload: []byte("one"), At: at(1)},
			{App: "app", Device: "d2", CallID: c.ID, Payload: []byte("two"), At: at(1)},
			{App: "app", Device: "d1", CallID: c.ID, Payload: []byte("three"), At: at(1)},
		},
		Ledger: []store.LedgerEntry{
			{CallID: c.ID, Stage: 1, At: at(1), Detail: "started"},
			{CallID: c.ID, Stage: 5, Device: "d1", At: at(1), DeviceAt: at(0), Reason: 7, Detail: "woke"},
		},
		History: &store.Record{
			CallID: c.ID, App: "app", Caller: "alice", CallerName: "Alice", CallerHandle: "+1", Callee: "bob", Video: true,
			Reason: 5, CreatedAt: at(0), AnsweredAt: at(1), EndedAt: at(2), AnsweredBy: "d1", Group: "c0",
		},
	}
}

func commitKeepsEverything(b *bench) {
	c := newCall("c1")
	c.Key, c.Timer, c.KeepUntil, c.CreatedAt = "key", at(45), at(100), at(0)
	t := whole(c)
	done := must[store.Committed](b, "Commit")(b.Commit(b.ctx(), t))
	b.same("Committed", done, store.Committed{Rev: 1, Seqs: []uint64{1, 1, 2}})

	c.Rev = 1
	b.same("Call", must[store.Call](b, "Call")(b.Call(b.ctx(), "c1")), c)
	b.same("CallByKey", must[store.Call](b, "CallByKey")(b.CallByKey(b.ctx(), "app", "key")), c)
	t.Events[0].Seq, t.Events[1].Seq, t.Events[2].Seq = 1, 1, 2
	b.same("events of d1", must[[]store.Event](b, "EventsAfter")(b.EventsAfter(b.ctx(), "app", "d1", 0, 10)), []store.Event{t.Events[0], t.Events[2]})
	b.same("events of d2", must[[]store.Event](b, "EventsAfter")(b.EventsAfter(b.ctx(), "app", "d2", 0, 10)), t.Events[1:2])
	t.Ledger[0].Seq, t.Ledger[1].Seq = 1, 2
	b.same("ledger", b.ledger("c1"), t.Ledger)
	b.same("history", must[store.Record](b, "HistoryOfCall")(b.HistoryOfCall(b.ctx(), "c1")), *t.History)
	for _, j := range t.Jobs {
		j.LeasedUntil = at(12)
		b.same(j.Kind+" jobs", must[[]store.Job](b, "Claim")(b.Claim(b.ctx(), j.Kind, at(2), 10, 10*time.Second)), []store.Job{j})
	}
}

func commitReplacesTheRow(b *bench) {
	c := newCall("c1")
	c.Key, c.Timer, c.KeepUntil = "key", at(45), at(100)
	c = b.put(c)
	c.State, c.Live, c.Devices, c.Users = []byte("new"), true, []string{"d2", "d3"}, []string{"carol"}
	c.Timer, c.KeepUntil, c.Key = time.Time{}, at(200), "other"
	c = b.commit(store.Transition{Call: c, ExpectRev: 1})
	b.same("Call", must[store.Call](b, "Call")(b.Call(b.ctx(), "c1")), c)
	for device, want := range map[string][]string{"d1": nil, "d2": {"c1"}, "d3": {"c1"}} {
		calls, _, err := b.CallsOfDevice(b.ctx(), "app", device)
		if err != nil {
			b.Fatal(err)
		}
		b.same("calls of "+device, ids(calls), want)
	}
	for user, want := range map[string][]string{"alice": nil, "bob": nil, "carol": {"c1"}} {
		b.same("calls of "+user, ids(must[[]store.Call](b, "CallsOfUser")(b.CallsOfUser(b.ctx(), "app", user))), want)
	}
	if next := must[time.Time](b, "NextTimer")(b.NextTimer(b.ctx())); !next.IsZero() {
		b.Errorf("NextTimer = %v after the timer was taken back", next)
	}
	_, err := b.CallByKey(b.ctx(), "app", "key")
	b.wantErr("CallByKey of the old key", err, store.ErrNotFound)
	for rev := uint64(2); rev < 5; rev++ {
		c = b.commit(store.Transition{Call: c, ExpectRev: rev})
	}
	if got := must[store.Call](b, "Call")(b.Call(b.ctx(), "c1")); got.Rev != 5 {
		b.Errorf("rev %d after five commits", got.Rev)
	}
}

func conflictChangesNothing(b *bench) {
	c := b.commit(whole(newCall("c1")))
	c = b.commit(store.Transition{Call: c, ExpectRev: 1})
	keyed := newCall("c2")
	keyed.Key = "key"
	b.put(keyed)
	again := newCall("c3")
	again.Key = "key"
	for what, t := range map[string]store.Transition{
		"an old rev":                 {Call: c, ExpectRev: 1},
		"a rev of the future":        {Call: c, ExpectRev: 3},
		"the greatest rev":           {Call: c, ExpectRev: math.MaxUint64},
		"making it again":            {Call: c},
		"changing an unknown call":   {Call: newCall("c9"), ExpectRev: 1},
		"a key that is taken":        {Call: again},
		"changing to a taken key":    {Call: store.Call{ID: "c1", App: "app", Key: "key"}, ExpectRev: 2},
		"making it again by its key": {Call: keyed},
	} {
		t.Call.State, t.Call.Devices = []byte("wrong"), []string{"d9"}
		t.Events = []store.Event{{App: "app", Device: "d9", CallID: t.Call.ID}}
		t.Jobs = []store.Job{{ID: "j9", CallID: t.Call.ID, Kind: "wrong"}}
		t.DropJobs = []string{"c1.p0"}
		t.Ledger = []store.LedgerEntry{{CallID: "c1", Stage: 99}}
		t.History = &store.Record{CallID: "h9", App: "app", Caller: "alice"}
		_, err := b.Commit(b.ctx(), t)
		b.wantErr(what, err, store.ErrConflict)
	}
	b.same("the call", must[store.Call](b, "Call")(b.Call(b.ctx(), "c1")), c)
	calls, seq, err := b.CallsOfDevice(b.ctx(), "app", "d9")
	if len(calls) != 0 || seq != 0 || err != nil {
		b.Errorf("d9 has calls %v and seq %d (%v)", calls, seq, err)
	}
	if jobs := must[[]store.Job](b, "Claim")(b.Claim(b.ctx(), "wrong", at(1000), 9, 0)); len(jobs) != 0 {
		b.Errorf("a job came out of a conflict: %v", jobs)
	}
	if jobs := must[[]store.Job](b, "Claim")(b.Claim(b.ctx(), "push", at(1000), 9, 0)); len(jobs) != 1 {
		b.Errorf("a conflict dropped a job: %v are left", jobs)
	}
	if entries := b.ledger("c1"); len(entries) != 2 {
		b.Errorf("%d ledger entries, want 2", len(entries))
	}
	_, err = b.HistoryOfCall(b.ctx(), "h9")
	b.wantErr("history of a conflict", err, store.ErrNotFound)
	for _, id := range []string{"c3", "c9"} {
		_, err := b.Call(b.ctx(), id)
		b.wantErr("a call of a conflict", err, store.ErrNotFound)
	}
}

func unknownCall(b *bench) {
	_, err := b.Call(b.ctx(), "c1")
	b.wantErr("Call", err, store.ErrNotFound)
	_, err = b.Call(b.ctx(), "")
	b.wantErr("Call without an id", err, store.ErrNotFound)
	_, err = b.CallByKey(b.ctx(), "app", "key")
	b.wantErr("CallByKey", err, store.ErrNotFound)
	calls, seq, err := b.CallsOfDevice(b.ctx(), "app", "d1")
	if len(calls) != 0 || seq != 0 || err != nil {
		b.Errorf("CallsOfDevice = %v, %d, %v", calls, seq, err)
	}
	if calls := must[[]store.Call](b, "CallsOfUser")(b.CallsOfUser(b.ctx(), "app", "alice")); len(calls) != 0 {
		b.Errorf("CallsOfUser = %v", calls)
	}
	if calls := must[[]store.Call](b, "LiveCalls")(b.LiveCalls(b.ctx(), "app", 9)); len(calls) != 0 {
		b.Errorf("LiveCalls = %v", calls)
	}
}

func keys(b *bench) {
	c := newCall("c1")
	c.Key = "key"
	c = b.put(c)
	elsewhere := newCall("c2")
	elsewhere.App, elsewhere.Key = "other", "key"
	b.put(elsewhere)
	b.put(newCall("c3")) // no key
	b.put(newCall("c4")) // no key either
	_, err := b.CallByKey(b.ctx(), "app", "")
	b.wantErr("CallByKey without a key", err, store.ErrNotFound)
	b.same("the call of the other app", must[store.Call](b, "CallByKey")(b.CallByKey(b.ctx(), "other", "key")).ID, "c2")

	// The key holds as long as the tombstone does: a retry of the start that comes late must find the call.
	c.Live, c.KeepUntil = false, at(10)
	b.commit(store.Transition{Call: c, ExpectRev: 1})
	b.same("the tombstone", must[store.Call](b, "CallByKey")(b.CallByKey(b.ctx(), "app", "key")).ID, "c1")
	again := newCall("c5")
	again.Key = "key"
	_, err = b.Commit(b.ctx(), store.Transition{Call: again})
	b.wantErr("the key of a tombstone", err, store.ErrConflict)
	if n := must[int](b, "Purge")(b.Purge(b.ctx(), at(11))); n != 1 {
		b.Fatalf("Purge forgot %d calls, want 1", n)
	}
	b.put(again)
}

func callsOfDevice(b *bench) {
	for i, id := range []string{"c3", "c1", "c2"} { // not in the order of their ids
		c := newCall(id)
		c.CreatedAt = at(i)
		b.put(c)
	}
	other := newCall("c4")
	other.Devices = []string{"d2", "d3", "d3"}
	b.put(other)
	elsewhere := newCall("c5")
	elsewhere.App = "other"
	b.put(elsewhere)
	ended := newCall("c6")
	ended.Live, ended.CreatedAt = false, at(9)
	ended.KeepUntil = at(1000)
	b.put(ended)
	must[[]uint64](b, "PutEvents")(b.PutEvents(b.ctx(), []store.Event{{App: "app", Device: "d1"}, {App: "app", Device: "d1"}, {App: "other", Device: "d1"}}))

	calls, seq, err := b.CallsOfDevice(b.ctx(), "app", "d1")
	if err != nil {
		b.Fatal(err)
	}
	b.same("calls of d1, oldest first, with tombstones", ids(calls), []string{"c3", "c1", "c2", "c6"})
	if seq != 2 {
		b.Errorf("newest seq %d, want 2", seq)
	}
	calls, seq, err = b.CallsOfDevice(b.ctx(), "app", "d3")
	if err != nil || seq != 0 {
		b.Fatal(seq, err)
	}
	b.same("calls of d3, once", ids(calls), []string{"c4"})
}

func callsOfUser(b *bench) {
	for i, id := range []string{"c3", "c1", "c2"} {
		c := newCall(id)
		c.CreatedAt = at(i)
		b.put(c)
	}
	self := newCall("c4")
	self.Users, self.CreatedAt = []string{"alice", "alice"}, at(8)
	b.put(self)
	elsewhere := newCall("c5")
	elsewhere.App = "other"
	b.put(elsewhere)
	calls := must[[]store.Call](b, "CallsOfUser")(b.CallsOfUser(b.ctx(), "app", "alice"))
	b.same("calls of alice, oldest first", ids(calls), []string{"c3", "c1", "c2", "c4"})
	b.same("users", calls[3].Users, []string{"alice", "alice"})
	ended := calls[1]
	ended.Live = false
	b.commit(store.Transition{Call: ended, ExpectRev: 1})
	calls = must[[]store.Call](b, "CallsOfUser")(b.CallsOfUser(b.ctx(), "app", "alice"))
	b.same("live calls of alice", ids(calls), []string{"c3", "c2", "c4"})
	ended.Live = true // nobody does so, but the row is the truth
	b.commit(store.Transition{Call: ended, ExpectRev: 2})
	calls = must[[]store.Call](b, "CallsOfUser")(b.CallsOfUser(b.ctx(), "app", "alice"))
	b.same("live calls of alice", ids(calls), []string{"c3", "c1", "c2", "c4"})
}

func liveCalls(b *bench) {
	for i, id := range []string{"c3", "c1", "c2", "c4"} {
		c := newCall(id)
		c.CreatedAt, c.Live = at(i), id != "c1"
		b.put(c)
	}
	elsewhere := newCall("c5")
	elsewhere.App = "other"
	b.put(elsewhere)
	for n, want := range map[int][]string{9: {"c4", "c2", "c3"}, 2: {"c4", "c2"}, 0: nil, -1: nil} {
		b.same("live calls, newest first", ids(must[[]store.Call](b, "LiveCalls")(b.LiveCalls(b.ctx(), "app", n))), want)
	}
}

func bigState(b *bench) {
	c := newCall("c1")
	c.State = bytes.Repeat([]byte{0, 1, 254, 255}, store.MaxState/4)
	b.put(c)
	if got := must[store.Call](b, "Call")(b.Call(b.ctx(), "c1")); !bytes.Equal(got.State, c.State) {
		b.Error("a state of 64 KiB came back changed")
	}
	c.ID, c.State = "c2", append(c.State, 0)
	_, err := b.Commit(b.ctx(), store.Transition{Call: c})
	b.wantErr("a state that is too big", err, store.ErrTooBig)
	_, err = b.Call(b.ctx(), "c2")
	b.wantErr("the call with it", err, store.ErrNotFound)
	c.State = nil
	b.put(c)
	if got := must[store.Call](b, "Call")(b.Call(b.ctx(), "c2")); len(got.State) != 0 {
		b.Errorf("an empty state came back as %q", got.State)
	}
	big := bytes.Repeat([]byte("x"), 1<<20)
	must[[]uint64](b, "PutEvents")(b.PutEvents(b.ctx(), []store.Event{{App: "app", Device: "d1", Payload: big}}))
	if got := must[[]store.Event](b, "EventsAfter")(b.EventsAfter(b.ctx(), "app", "d1", 0, 1)); !bytes.Equal(got[0].Payload, big) {
		b.Error("an event of 1 MiB came back changed")
	}
}

func oddText(b *bench) {
	texts := []string{"'; DROP TABLE call; --", `"`, `\`, "%", "_", "ä李", "a,b", "[]", "null", " ", "?1", strings.Repeat("x", 4000)}
	for i, text := range texts {
		c := newCall(name("c", i) + text)
		c.App, c.Key, c.Devices, c.Users = text, text, []string{text, text + "2"}, []string{text}
		c = b.put(c)
		b.same("call", must[store.Call](b, "CallByKey")(b.CallByKey(b.ctx(), text, text)), c)
		calls, _, err := b.CallsOfDevice(b.ctx(), text, text)
		if err != nil || !slices.Equal(ids(calls), []string{c.ID}) {
			b.Errorf("CallsOfDevice(%.40q) = %v, %v", text, calls, err)
		}
		b.same("calls of the user", ids(must[[]store.Call](b, "CallsOfUser")(b.CallsOfUser(b.ctx(), text, text))), []string{c.ID})
	}
}

// Names that no database needs to keep as they are, from a client that is wrong or worse, must not make a call that
// can't go on, nor harm other calls.
func textThatIsNoText(b *bench) {
	for i, odd := range []string{"\x00", "a\x00b", "\xff\xfe", "\xed\xa0\x80"} {
		c := newCall(name("c", i))
		c.Devices, c.Users, c.Key = []string{odd, "d1"}, []string{odd, "alice"}, odd
		t := whole(c)
		t.Ledger[0].Detail = odd
		t.History.CallerName, t.History.CallerHandle = odd, odd
		c = b.commit(t)
		if got := must[store.Call](b, "CallByKey")(b.CallByKey(b.ctx(), "app", odd)); got.ID != c.ID {
			b.Errorf("the call of key %q is %s", odd, got.ID)
		}
		c.Live, c.Key = false, ""
		b.commit(store.Transition{Call: c, ExpectRev: 1, History: t.History})
		if _, err := b.EventsAfter(b.ctx(), odd, odd, 0, 9); err != nil {
			b.Errorf("EventsAfter of %q: %v", odd, err)
		}
		d := newDevice(name("d", i))
		d.Name, d.AppVersion, d.OSVersion = odd, odd, odd
		b.putDevice(d)
	}
	b.same("calls of d1", len(must[[]store.Call](b, "CallsOfUser")(b.CallsOfUser(b.ctx(), "app", "alice"))), 0)
}
