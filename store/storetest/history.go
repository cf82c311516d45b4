package storetest

import (
	"slices"

	"github.com/ringtrip/ringtrip/store"
)

var historyTests = []test{
	{"OfCall", historyOfCall},
	{"Pages", historyPages},
	{"Latest", historyLatest},
	{"BadMarks", historyBadMarks},
}

// record commits an ended call with a record.
func (b *bench) record(r store.Record) {
	b.Helper()
	r.App = "app"
	c := newCall(r.CallID)
	c.Live, c.KeepUntil = false, at(0)
	b.commit(store.Transition{Call: c, History: &r})
}

func historyOfCall(b *bench) {
	_, err := b.HistoryOfCall(b.ctx(), "c1")
	b.wantErr("an unknown call", err, store.ErrNotFound)
	r := store.Record{CallID: "c1", Caller: "alice", Callee: "bob", CreatedAt: at(0), EndedAt: at(9)} // never answered
	b.record(r)
	r.App = "app"
	b.same("record", must[store.Record](b, "HistoryOfCall")(b.HistoryOfCall(b.ctx(), "c1")), r)
	r.Reason, r.Callee, r.Group = 4, "carol", "c0"
	b.commit(store.Transition{Call: newCall("c1"), ExpectRev: 1, History: &r})
	b.same("the newer record", must[store.Record](b, "HistoryOfCall")(b.HistoryOfCall(b.ctx(), "c1")), r)
	if got, _, err := b.HistoryOfUser(b.ctx(), "app", "bob", "", 9); len(got) != 0 || err != nil {
		b.Errorf("bob's history is %v, %v", got, err)
	}
	for _, user := range []string{"alice", "carol"} {
		all, _, err := b.HistoryOfUser(b.ctx(), "app", user, "", 9)
		b.same("the history of "+user, must[[]store.Record](b, "HistoryOfUser")(all, err), []store.Record{r})
	}
	b.same("the latest", must[[]store.Record](b, "LatestHistory")(b.LatestHistory(b.ctx(), "app", 9)), []store.Record{r})
}

func historyPages(b *bench) {
	var want []string // newest first
	for i := range 25 {
		r := store.Record{CallID: name("c", (i*7)%25), Caller: "alice", Callee: "bob", CreatedAt: at(i / 3), EndedAt: at(100 - i)} // three of each moment
		switch i % 3 {
		case 1:
			r.Caller, r.Callee = "bob", "alice"
		case 2:
			r.Callee = "alice" // herself
		}
		b.record(r)
		want = append(want, r.CallID)
		b.record(store.Record{CallID: name("x", i), Caller: "carol", Callee: "dave", CreatedAt: at(i)})
	}
	for _, n := range []int{1, 2, 3, 7, 24, 25, 26, 1000} {
		var got []string
		mark := ""
		for page := 0; ; page++ {
			records, next, err := b.HistoryOfUser(b.ctx(), "app", "alice", mark, n)
			if err != nil {
				b.Fatal(err)
			}
			if len(records) > n || (next != "" && len(records) < n) || page > 25 {
				b.Fatalf("page %d of %d has %d records", page, n, len(records))
			}
			for i, r := range records {
				if i > 0 && r.CreatedAt.After(records[i-1].CreatedAt) {
					b.Errorf("record %s is newer than the one before", r.CallID)
				}
				got = append(got, r.CallID)
			}
			if mark = next; mark == "" {
				break
			}
			if page == 0 && n == 3 { // what comes meanwhile is not on later pages
				b.record(store.Record{CallID: "new", Caller: "alice", Callee: "bob", CreatedAt: at(1000)})
			}
		}
		if n == 7 { // from here on, the one that came is there
			want = append(want, "new")
		}
		all := slices.Sorted(slices.Values(got))
		if !slices.Equal(all, slices.Sorted(slices.Values(want))) {
			b.Errorf("pages of %d: got %v, want each of %v once", n, got, want)
		}
	}
	for _, user := range []string{"nobody", ""} {
		if got, next, err := b.HistoryOfUser(b.ctx(), "app", user, "", 9); len(got) != 0 || next != "" || err != nil {
			b.Errorf("history of %q: %v, %q, %v", user, got, next, err)
		}
	}
	if got, _, err := b.HistoryOfUser(b.ctx(), "other", "alice", "", 9); len(got) != 0 || err != nil {
		b.Errorf("history in another app: %v, %v", got, err)
	}
	for _, n := range []int{0, -1} {
		if got, _, err := b.HistoryOfUser(b.ctx(), "app", "alice", "", n); len(got) != 0 || err != nil {
			b.Errorf("%d records: %v, %v", n, got, err)
		}
	}
}

func historyLatest(b *bench) {
	for i := range 5 {
		b.record(store.Record{CallID: name("c", i), Caller: "alice", Callee: "bob", CreatedAt: at((i * 2) % 5)})
	}
	latest := func(app string, n int) (all []string) {
		b.Helper()
		for _, r := range must[[]store.Record](b, "LatestHistory")(b.LatestHistory(b.ctx(), app, n)) {
			all = append(all, r.CallID)
		}
		return all
	}
	b.same("newest first", latest("app", 3), []string{"c002", "c004", "c001"})
	for _, got := range [][]string{latest("other", 9), latest("app", 0), latest("app", -1)} {
		if len(got) != 0 {
			b.Errorf("got %v, want nothing", got)
		}
	}
}

func historyBadMarks(b *bench) {
	for _, mark := range []string{"x", ".", "1", "x.y", "99999999999999999999.c", "' OR 1 --"} {
		_, _, err := b.HistoryOfUser(b.ctx(), "app", "alice", mark, 9)
		b.wantErr("the page mark "+mark, err, store.ErrPageMark)
	}
}
