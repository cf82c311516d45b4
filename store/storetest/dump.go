package storetest

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/store"
)

// dumpTests tests a store that is a [store.Dumper] and a [store.Loader].
func dumpTests(t *testing.T, open func(t *testing.T) store.Store) {
	type both interface {
		store.Store
		store.Dumper
		store.Loader
	}
	for _, one := range []struct {
		name string
		run  func(t *testing.T, from, to *bench)
	}{
		{"EveryField", dumpEveryField},
		{"LifeGoesOn", dumpLifeGoesOn},
		{"OneMoment", dumpOneMoment},
		{"WholeOrNotAtAll", loadIsWhole},
		{"NotEmpty", loadNotEmpty},
		{"Ends", dumpEnds},
	} {
		t.Run(one.name, func(t *testing.T) {
			s := open(t)
			defer s.Close()
			if _, ok := s.(both); !ok {
				t.Skip("this store is no store.Dumper and store.Loader: `ringtrip migrate` can't move it")
			}
			t.Run("Other", func(t *testing.T) { // a test of its own, so that it gets a store of its own
				from, to := &bench{T: t, Store: s}, &bench{T: t, Store: open(t)}
				defer to.Close()
				one.run(t, from, to)
			})
		})
	}
}

// dump returns all rows.
func (b *bench) dump() (all []store.Row) {
	b.Helper()
	if err := b.Store.(store.Dumper).Dump(b.ctx(), func(r store.Row) error { all = append(all, r); return nil }); err != nil {
		b.Fatalf("Dump: %v", err)
	}
	return all
}

// load loads rows, then fails with last unless it is nil.
func (b *bench) load(rows []store.Row, last error) error {
	return b.Store.(store.Loader).Load(b.ctx(), func() (store.Row, error) {
		if len(rows) == 0 {
			if last != nil {
				return store.Row{}, last
			}
			return store.Row{}, io.EOF
		}
		r := rows[0]
		rows = rows[1:]
		return r, nil
	})
}

// sameRows compares what two stores hold, whatever the order within a kind.
func (b *bench) sameRows(what string, got, want []store.Row) {
	b.Helper()
	texts := func(rows []store.Row) (all []string) {
		for _, r := range rows {
			if r.Ledger != nil {
				entry := *r.Ledger
				entry.Seq = 0
				r.Ledger = &entry
			}
			all = append(all, text(b, r))
		}
		slices.Sort(all)
		return all
	}
	g, w := texts(got), texts(want)
	if slices.Equal(g, w) {
		return
	}
	for _, one := range w {
		if !slices.Contains(g, one) {
			b.Errorf("%s: missing %s", what, one)
		}
	}
	for _, one := range g {
		if !slices.Contains(w, one) {
			b.Errorf("%s: too much %s", what, one)
		}
	}
	if len(g) != len(w) {
		b.Errorf("%s: %d rows, want %d", what, len(g), len(w))
	}
}

// filled returns a T of which no field is zero, so that a field that a store forgets is seen, also one that is new.
func filled[T any](n int) *T {
	var v T
	s := reflect.ValueOf(&v).Elem()
	for i := range s.NumField() {
		switch f := s.Field(i).Addr().Interface().(type) {
		case *string:
			*f = fmt.Sprintf("%s %d", s.Type().Field(i).Name, n)
		case *[]byte:
			*f = []byte{0, 0xff, '\'', '\\', byte(n)}
		case *[]string:
			*f = []string{fmt.Sprint("a", n), "b"}
		case *bool:
			*f = true
		case *time.Time:
			*f = at(i + 100*n)
		default:
			switch f := s.Field(i); f.Kind() {
			case reflect.Uint64, reflect.Uint8:
				f.SetUint(uint64(i + n + 1))
			case reflect.Int, reflect.Int32:
				f.SetInt(int64(i + n + 1))
			default:
				panic("a field of a new type: " + s.Type().Field(i).Name)
			}
		}
	}
	return &v
}

// filledRows is n rows of each kind.
func filledRows(n int) (all []store.Row) {
	for i := range reflect.TypeFor[store.Row]().NumField() {
		for j := range n {
			var r store.Row
			switch f := reflect.ValueOf(&r).Elem().Field(i).Addr().Interface().(type) {
			case **store.Setting:
				*f = filled[store.Setting](j)
			case **store.Device:
				*f = filled[store.Device](j)
			case **store.Cursor:
				*f = filled[store.Cursor](j)
			case **store.Call:
				*f = filled[store.Call](j)
			case **store.Job:
				*f = filled[store.Job](j)
				(*f).Append = false
			case **store.Event:
				*f = filled[store.Event](j)
			case **store.LedgerEntry:
				*f = filled[store.LedgerEntry](j)
			case **store.Record:
				*f = filled[store.Record](j)
			case **store.User:
				*f = filled[store.User](j)
			default:
				panic("a kind of row that this test does not know: " + reflect.TypeFor[store.Row]().Field(i).Name)
			}
			all = append(all, r)
		}
	}
	return all
}

func dumpEveryField(t *testing.T, from, to *bench) {
	rows := filledRows(3)
	if err := from.load(rows, nil); err != nil {
		t.Fatalf("Load: %v", err)
	}
	dumped := from.dump()
	from.sameRows("what was loaded", dumped, rows)
	if err := to.load(dumped, nil); err != nil {
		t.Fatalf("Load: %v", err)
	}
	to.sameRows("the other store", to.dump(), rows)
	for _, row := range rows {
		if row.Setting != nil {
			got := must[[]byte](to, "Settle")(to.Settle(to.ctx(), row.Setting.Name, nil))
			to.same("setting", got, row.Setting.Value)
		}
		if row.Device != nil {
			to.same("device", must[store.Device](to, "Device")(to.Device(to.ctx(), row.Device.App, row.Device.ID)), *row.Device)
		}
	}
}

func dumpLifeGoesOn(t *testing.T, from, to *bench) {
	ended := whole(tombstone("ended", 50))
	ended.Call.Key = "the key"
	from.commit(ended)
	live := newCall("live")
	live.Timer = at(45)
	job := store.Job{ID: "live.p0", CallID: "live", Kind: "alert", Payload: []byte("x"), LeasedUntil: at(2)}
	from.commit(store.Transition{Call: live, Jobs: []store.Job{job}, Events: []store.Event{{App: "app", Device: "d1", CallID: "live", At: at(1)}},
		Ledger: []store.LedgerEntry{{CallID: "live", Stage: 1, At: at(0)}, {CallID: "live", Stage: 2, At: at(1)}}})
	d := newDevice("d1")
	d.VoIPToken = "aa"
	if err := from.PutDevice(from.ctx(), d); err != nil {
		t.Fatal(err)
	}
	if err := to.load(from.dump(), nil); err != nil {
		t.Fatalf("Load: %v", err)
	}
	_, newest, err := from.CallsOfDevice(from.ctx(), "app", "d1")
	if err != nil {
		t.Fatal(err)
	}
	calls, seq, err := to.CallsOfDevice(to.ctx(), "app", "d1")
	if err != nil || seq != newest {
		t.Errorf("the newest seq is %d, want %d (%v)", seq, newest, err)
	}
	to.same("the device's calls", len(calls), 2)
	to.same("the user's calls", ids(must[[]store.Call](to, "CallsOfUser")(to.CallsOfUser(to.ctx(), "app", "alice"))), []string{"live"})
	to.same("by key", must[store.Call](to, "CallByKey")(to.CallByKey(to.ctx(), "app", "the key")).ID, "ended")
	_, err = to.Commit(to.ctx(), store.Transition{Call: store.Call{ID: "again", App: "app", Key: "the key"}})
	to.wantErr("a start that was answered before", err, store.ErrConflict)
	_, err = to.Commit(to.ctx(), store.Transition{Call: live, ExpectRev: 3})
	to.wantErr("a commit on a wrong rev", err, store.ErrConflict)
	to.same("job", to.claim("alert", at(2), 9, time.Second), []store.Job{{ID: job.ID, CallID: job.CallID, Kind: job.Kind, Payload: job.Payload, LeasedUntil: at(3)}})
	to.same("timer", ids(to.due(at(45), 9, time.Second)), []string{"live"})
	live.Timer = time.Time{}
	done := must[store.Committed](to, "Commit")(to.Commit(to.ctx(), store.Transition{Call: live, ExpectRev: 1,
		Events: []store.Event{{App: "app", Device: "d1", CallID: "live", At: at(2)}}, Ledger: []store.LedgerEntry{{CallID: "live", Stage: 3, At: at(3)}}}))
	if done.Rev != 2 || len(done.Seqs) != 1 || done.Seqs[0] != newest+1 {
		t.Errorf("the next commit made %+v, want rev 2 and seq %d", done, newest+1)
	}
	for i, e := range to.ledger("live") {
		if e.Stage != int32(i+1) {
			t.Errorf("ledger entry %d is stage %d", i+1, e.Stage)
		}
	}
	to.purge(51, 1)
	to.trims("TrimLedger", to.TrimLedger, at(1000), 9, 1) // of the tombstone
	d.ID = "d9"
	if err := to.PutDevice(to.ctx(), d); err != nil {
		t.Fatal(err)
	}
	to.same("the token's old device", to.device("d1").VoIPToken, "")
}

// dumpOneMoment dumps while calls are set up, and checks that what was dumped fits together.
func dumpOneMoment(t *testing.T, from, to *bench) {
	work := StartWork(t, from.Store, "w")
	work.Wait(200)
	said := work.Said()
	rows := from.dump()
	work.Stop()
	if err := to.load(rows, nil); err != nil {
		t.Fatalf("Load: %v", err)
	}
	Whole(t, to.Store, said)
}

func loadIsWhole(t *testing.T, from, to *bench) {
	from.commit(whole(newCall("c1")))
	rows := from.dump()
	broken := errors.New("broken")
	twice := slices.Concat(rows, rows)
	for what, one := range map[string]struct {
		err  error
		want error
	}{
		"the stream breaks":                     {to.load(rows, broken), broken},
		"the stream breaks with a word of ours": {to.load(rows, store.ErrConflict), store.ErrConflict},
		"and another":                           {to.load(rows, store.ErrNotFound), store.ErrNotFound},
		"each row comes twice":                  {to.load(twice, nil), nil},
		"a row is empty":                        {to.load(append(slices.Clone(rows), store.Row{}), nil), nil},
	} {
		if one.err == nil || one.want != nil && !errors.Is(one.err, one.want) {
			t.Errorf("%s: error %v, want %v", what, one.err, one.want)
		}
	}
	if left := to.dump(); len(left) != 0 {
		t.Errorf("%d rows are left of loads that failed", len(left))
	}
	to.put(newCall("other"))
	if err := from.load(nil, nil); !errors.Is(err, store.ErrNotEmpty) {
		t.Errorf("Load of nothing into a store that has something: %v", err)
	}
}

func loadNotEmpty(t *testing.T, from, to *bench) {
	if _, err := to.Settle(to.ctx(), "Name 0", []byte("older")); err != nil {
		t.Fatal(err)
	}
	rows := filledRows(1)
	if err := to.load(rows, nil); err != nil {
		t.Fatalf("settings alone are in the way: %v", err)
	}
	to.sameRows("after it", to.dump(), rows) // and are replaced
	asked := false
	err := to.Store.(store.Loader).Load(to.ctx(), func() (store.Row, error) { asked = true; return store.Row{}, io.EOF })
	if !errors.Is(err, store.ErrNotEmpty) || asked {
		t.Errorf("Load into a store that has something: %v; it asked for rows: %v", err, asked)
	}
	// Each kind by itself is something.
	if err := from.load([]store.Row{{Cursor: &store.Cursor{App: "app", Device: "d", Seq: 1}}}, nil); err != nil {
		t.Fatal(err)
	}
	if err := from.load(rows, nil); !errors.Is(err, store.ErrNotEmpty) {
		t.Errorf("Load beside a cursor: %v", err)
	}
}

func dumpEnds(t *testing.T, from, to *bench) {
	for i := range 20 {
		from.put(newCall(name("c", i)))
	}
	broken := errors.New("broken")
	n := 0
	err := from.Store.(store.Dumper).Dump(from.ctx(), func(store.Row) error {
		if n++; n == 3 {
			return broken
		}
		return nil
	})
	if !errors.Is(err, broken) || n != 3 {
		t.Errorf("Dump whose yield fails at row 3: %v after %d rows", err, n)
	}
	from.put(newCall("after"))
	if err := from.Close(); err != nil {
		t.Fatal(err)
	}
	from.wantErr("Dump of a closed store", from.Store.(store.Dumper).Dump(from.ctx(), func(store.Row) error { return nil }), store.ErrClosed)
	from.wantErr("Load of a closed store", from.load(nil, nil), store.ErrClosed)
}

// Work is calls that are set up as fast as a store takes them, each of whose commits is known: see [StartWork].
type Work struct {
	mu      sync.Mutex
	changed *sync.Cond
	said    map[string]uint64
	commits int
	over    bool
	all     sync.WaitGroup
}

// StartWork sets up calls in s until the work is stopped, also at the test's end. name makes their ids; it must be
// another one each time. [Whole] tells whether a store holds what was acknowledged.
func StartWork(t *testing.T, s store.Store, name string) *Work {
	w := &Work{said: map[string]uint64{}}
	w.changed = sync.NewCond(&w.mu)
	for n := range 4 {
		w.all.Go(func() {
			for i := 0; ; i++ {
				id := fmt.Sprintf("%s.w%d.c%d", name, n, i)
				for rev := uint64(crashCreated); rev <= crashEnded; rev++ {
					if w.done() {
						return
					}
					if _, err := s.Commit(t.Context(), crashStep(id, rev)); err != nil {
						if !w.done() {
							t.Errorf("Commit: %v", err)
						}
						return
					}
					w.say(id, rev)
				}
			}
		})
	}
	t.Cleanup(w.Stop)
	return w
}

func (w *Work) done() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.over
}

func (w *Work) say(id string, rev uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.said[id] = rev
	w.commits++
	w.changed.Broadcast()
}

// Wait returns when n more commits were acknowledged.
func (w *Work) Wait(n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for until := w.commits + n; w.commits < until && !w.over; {
		w.changed.Wait()
	}
}

// Said returns what has been acknowledged so far: the rev of each call.
func (w *Work) Said() map[string]uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	said := map[string]uint64{}
	for id, rev := range w.said {
		said[id] = rev
	}
	return said
}

// Stop ends the work and returns when none of it goes on. It may be called again.
func (w *Work) Stop() {
	w.mu.Lock()
	w.over = true
	w.changed.Broadcast()
	w.mu.Unlock()
	w.all.Wait()
}

// Whole checks that a store, a copy of one that [Work] went on in, holds each call at the rev that said has or a later
// one, with all the jobs, events, ledger entries and history that belong to that rev and no others.
func Whole(t *testing.T, s store.Store, acknowledged map[string]uint64) {
	t.Helper()
	(&audit{bench: &bench{T: t, Store: s}, said: &said{revs: acknowledged, tokens: map[string]int{}}, copied: true}).run()
}
