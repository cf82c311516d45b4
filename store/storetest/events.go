package storetest

import (
	"math"

	"github.com/ringtrip/ringtrip/store"
)

var eventTests = []test{
	{"SeqsGrowByOne", seqsGrow},
	{"EventsAfter", eventsAfter},
	{"TrimEvents", trimEvents},
	{"DeviceComesBack", deviceComesBack},
}

func (b *bench) putEvents(events ...store.Event) []uint64 {
	b.Helper()
	return must[[]uint64](b, "PutEvents")(b.PutEvents(b.ctx(), events))
}

func (b *bench) seqs(device string, after uint64, n int) []uint64 {
	b.Helper()
	var seqs []uint64
	for _, e := range must[[]store.Event](b, "EventsAfter")(b.EventsAfter(b.ctx(), "app", device, after, n)) {
		seqs = append(seqs, e.Seq)
	}
	return seqs
}

func seqsGrow(b *bench) {
	d1, d2 := store.Event{App: "app", Device: "d1", CallID: "c1", At: at(0)}, store.Event{App: "app", Device: "d2", CallID: "c1", At: at(0)}
	other := store.Event{App: "other", Device: "d1", CallID: "c1", At: at(0)}
	d1.Seq = 77 // means nothing: the store sets it
	b.same("by PutEvents", b.putEvents(d1, d2, d1, other), []uint64{1, 1, 2, 1})
	done := must[store.Committed](b, "Commit")(b.Commit(b.ctx(), store.Transition{Call: newCall("c1"), Events: []store.Event{d2, d1, d2}}))
	b.same("by Commit", done.Seqs, []uint64{2, 3, 3})
	b.same("by PutEvents again", b.putEvents(other, d1), []uint64{2, 4})
	if got := b.putEvents(); len(got) != 0 {
		b.Errorf("no events got seqs %v", got)
	}
	b.same("of d1", b.seqs("d1", 0, 99), []uint64{1, 2, 3, 4})
	b.same("of d2", b.seqs("d2", 0, 99), []uint64{1, 2, 3})
}

func eventsAfter(b *bench) {
	for i := range 10 {
		b.putEvents(store.Event{App: "app", Device: "d1", CallID: name("c", i), Payload: []byte{byte(i)}, At: at(-i)}) // a clock that runs backwards
	}
	b.same("all", b.seqs("d1", 0, 99), []uint64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
	b.same("some", b.seqs("d1", 4, 3), []uint64{5, 6, 7})
	for _, none := range [][2]int{{10, 9}, {11, 9}, {0, 0}, {0, -1}} {
		if got := b.seqs("d1", uint64(none[0]), none[1]); len(got) != 0 {
			b.Errorf("after %d, %d at most: %v", none[0], none[1], got)
		}
	}
	if got := b.seqs("d1", math.MaxUint64, 9); len(got) != 0 {
		b.Errorf("after the greatest cursor: %v", got)
	}
	if got := b.seqs("unknown", 0, 9); len(got) != 0 {
		b.Errorf("of an unknown device: %v", got)
	}
	got := must[[]store.Event](b, "EventsAfter")(b.EventsAfter(b.ctx(), "app", "d1", 7, 1))
	b.same("one", got, []store.Event{{App: "app", Device: "d1", Seq: 8, CallID: "c007", Payload: []byte{7}, At: at(-7)}})
}

func trimEvents(b *bench) {
	e := store.Event{App: "app", Device: "d1", CallID: "c1"}
	b.putEvents(e, e, e, e, store.Event{App: "app", Device: "d2"}, store.Event{App: "other", Device: "d1"})
	trim := func(app, device string, seq uint64) {
		b.Helper()
		if err := b.TrimEvents(b.ctx(), app, device, seq); err != nil {
			b.Fatal(err)
		}
	}
	trim("app", "d1", 2)
	trim("app", "d1", 1)
	trim("app", "unknown", 9)
	b.same("what is left", b.seqs("d1", 0, 9), []uint64{3, 4})
	b.same("of others", b.seqs("d2", 0, 9), []uint64{1})
	trim("app", "d1", math.MaxUint64)
	if got := b.seqs("d1", 0, 9); len(got) != 0 {
		b.Errorf("left: %v", got)
	}
	b.same("seqs go on", b.putEvents(e), []uint64{5})
	_, seq, err := b.CallsOfDevice(b.ctx(), "app", "d1")
	if seq != 5 || err != nil {
		b.Errorf("newest seq %d (%v), want 5", seq, err)
	}
}

// A device that was forgotten and comes back still has its old cursor.
func deviceComesBack(b *bench) {
	e := store.Event{App: "app", Device: "d1", CallID: "c1"}
	if err := b.PutDevice(b.ctx(), newDevice("d1")); err != nil {
		b.Fatal(err)
	}
	b.putEvents(e, e)
	if err := b.DeleteDevice(b.ctx(), "app", "d1"); err != nil {
		b.Fatal(err)
	}
	if got := b.seqs("d1", 0, 9); len(got) != 0 {
		b.Errorf("events of a deleted device: %v", got)
	}
	b.same("its next seq", b.putEvents(e), []uint64{3})
}
