package sqlite

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"reflect"
	"testing"

	"github.com/ringtrip/ringtrip/store"
)

// Packed events of a call that loses a device are still its device's, and its seqs go on after they are forgotten.
func TestDeviceLeavesCall(t *testing.T) {
	s := open(t, Config{})
	defer s.Close()
	c := store.Call{ID: "c1", App: "app", Live: true, Devices: []string{"d1", "d2"}}
	told := func(devices ...string) (all []store.Event) {
		for _, d := range devices {
			all = append(all, store.Event{App: "app", Device: d, CallID: "c1", Payload: []byte(d), At: oldMoment(1)})
		}
		return all
	}
	commit(t, s, store.Transition{Call: c, Events: told("d1", "d2", "d1", "elsewhere")})
	c.Devices = []string{"d2"}
	commit(t, s, store.Transition{Call: c, ExpectRev: 1, Events: told("d1", "d2")})
	for device, want := range map[string]int{"d1": 3, "d2": 2, "elsewhere": 1} {
		events, err := s.EventsAfter(t.Context(), "app", device, 0, 9)
		if err != nil || len(events) != want || string(events[0].Payload) != device || events[want-1].Seq != uint64(want) {
			t.Errorf("events of %s: %v, %v", device, events, err)
		}
	}
	if err := s.TrimEvents(t.Context(), "app", "d2", 1); err != nil {
		t.Fatal(err)
	}
	if events, err := s.EventsAfter(t.Context(), "app", "d2", 0, 9); err != nil || len(events) != 1 || events[0].Seq != 2 {
		t.Errorf("after trimming: %v, %v", events, err)
	}
	c.Live, c.KeepUntil = false, oldMoment(2)
	commit(t, s, store.Transition{Call: c, ExpectRev: 2, Events: told("d2")})
	if n, err := s.Purge(t.Context(), oldMoment(3)); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	s.writer.tx.memo.clear() // nothing is written now
	for device, want := range map[string]uint64{"d1": 4, "d2": 4, "elsewhere": 2} {
		if events, err := s.EventsAfter(t.Context(), "app", device, 0, 9); err != nil || len(events) != 0 {
			t.Errorf("events of %s are left: %v, %v", device, events, err)
		}
		if seqs, err := s.PutEvents(t.Context(), told(device)); err != nil || seqs[0] != want {
			t.Errorf("the next seq of %s is %v, %v, want %d", device, seqs, err, want)
		}
	}
}

// What was packed is found again by a store that is opened anew, and by the next seq.
func TestPackedAcrossOpen(t *testing.T) {
	dir := t.TempDir()
	s := open(t, Config{Dir: dir})
	c := store.Call{ID: "c1", App: "app", Live: true, Devices: []string{"d1"}}
	e := store.Event{App: "app", Device: "d1", CallID: "c1", Payload: []byte{1, 0, 2}}
	long := []store.LedgerEntry{
		{CallID: "c1", Stage: 1, At: oldMoment(1)},
		{CallID: "c1", Stage: 2, Device: `d"1\ü`, At: oldMoment(2), DeviceAt: oldMoment(3), Reason: 255, Detail: "<a>\n\"ü\" & \\"},
		{CallID: "c1", Stage: -3},
	}
	commit(t, s, store.Transition{Call: c, Events: []store.Event{e, e, e}, Ledger: long})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, Config{Dir: dir})
	defer s.Close()
	if _, newest, err := s.CallsOfDevice(t.Context(), "app", "d1"); newest != 3 || err != nil {
		t.Errorf("the newest seq is %d, %v", newest, err)
	}
	commit(t, s, store.Transition{Call: c, ExpectRev: 1, Events: []store.Event{e}, Ledger: long[:1]})
	events, err := s.EventsAfter(t.Context(), "app", "d1", 2, 9)
	if err != nil || len(events) != 2 || events[1].Seq != 4 || !bytes.Equal(events[0].Payload, e.Payload) || !events[0].At.IsZero() {
		t.Errorf("events: %v, %v", events, err)
	}
	got, err := s.LedgerOf(t.Context(), "c1")
	want := append(append([]store.LedgerEntry(nil), long...), long[0])
	for i := range want {
		want[i].Seq = uint64(i + 1)
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("ledger: %v\n got %+v\nwant %+v", err, got, want)
	}
}

// A transaction that comes to nothing leaves nothing behind in the memo.
func TestMemoAfterRollback(t *testing.T) {
	s := open(t, Config{})
	defer s.Close()
	c := store.Call{ID: "c1", App: "app", Live: true, Devices: []string{"d1"}}
	tr := store.Transition{Call: c, Events: []store.Event{{App: "app", Device: "d1", CallID: "c1"}}, Ledger: []store.LedgerEntry{{CallID: "c1"}}}
	commit(t, s, tr)
	broken := errors.New("broken")
	tr.ExpectRev = 1
	err := s.write(t.Context(), func(tx *tx) error {
		if err := putCall(tx, tr.Call, 1); err != nil {
			return err
		}
		if _, err := putEvents(tx, tr.Call, tr.Events); err != nil {
			return err
		}
		if err := putLedger(tx, tr.Ledger); err != nil {
			return err
		}
		return broken
	})
	if !errors.Is(err, broken) {
		t.Fatal(err)
	}
	done, err := s.Commit(t.Context(), tr)
	if err != nil || done.Rev != 2 || done.Seqs[0] != 2 {
		t.Errorf("the next commit is %+v, %v", done, err)
	}
	if all, err := s.LedgerOf(t.Context(), "c1"); err != nil || len(all) != 2 || all[1].Seq != 2 {
		t.Errorf("the ledger is %+v, %v", all, err)
	}
}

// Whatever stands in the table: events or an error, never a panic; and what was packed comes out as it went in.
func FuzzUnpackEvents(f *testing.F) {
	f.Add([]byte{}, "d1", uint64(1), int64(1), []byte("payload"))
	f.Add(packEvent(nil, store.Event{Device: "d1", Seq: 3, At: oldMoment(1), Payload: []byte("x")}), "", uint64(math.MaxUint64), int64(math.MinInt64), []byte{})
	f.Add([]byte{toldFormat, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1}, "ü", uint64(0), int64(-1), []byte{0})
	f.Fuzz(func(t *testing.T, b []byte, device string, seq uint64, at int64, payload []byte) {
		_, _ = unpackEvents("app", "c1", b)
		e := store.Event{App: "app", CallID: "c1", Device: device, Seq: seq, Payload: payload}
		if err := (*instant)(&e.At).Scan(at); err != nil {
			t.Fatal(err)
		}
		got, err := unpackEvents("app", "c1", packEvent(packEvent(nil, e), e))
		if want := fmt.Sprint([]store.Event{e, e}); err != nil || fmt.Sprint(got) != want {
			t.Errorf("packed: %v, %v, want %s", got, err, want)
		}
	})
}
