package archive_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ringtrip/ringtrip/store"
	"github.com/ringtrip/ringtrip/store/archive"
	"github.com/ringtrip/ringtrip/store/sqlite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t testing.TB) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), sqlite.Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// fill puts a few calls with all that belongs to them into s.
func fill(t testing.TB, s store.Store, calls int) {
	t.Helper()
	now := time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.UTC)
	for i := range calls {
		id := fmt.Sprint("c", i)
		_, err := s.Commit(t.Context(), store.Transition{
			Call: store.Call{ID: id, App: "app", State: []byte("<\"\x00\n"), Live: true, Devices: []string{"d1"}, Users: []string{"alice"}, Timer: now, CreatedAt: now},
			Jobs: []store.Job{{ID: id + ".p0", CallID: id, Kind: "push", LeasedUntil: now}}, Events: []store.Event{{App: "app", Device: "d1", CallID: id, At: now}},
			Ledger:  []store.LedgerEntry{{CallID: id, Stage: 1, At: now, Detail: "a line\nand another"}},
			History: &store.Record{CallID: id, App: "app", Caller: "alice", CreatedAt: now},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Settle(t.Context(), "secret", []byte{0, 1, 2}); err != nil {
		t.Fatal(err)
	}
}

func write(t testing.TB, s store.Dumper) []byte {
	t.Helper()
	var out bytes.Buffer
	if _, err := archive.Write(t.Context(), &out, s); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// read loads an archive into a fresh store.
func read(t testing.TB, from io.Reader) (*sqlite.Store, error) {
	t.Helper()
	to := open(t)
	r, err := archive.NewReader(from)
	if err != nil {
		return to, err
	}
	return to, to.Load(t.Context(), r.Next)
}

func sum(t testing.TB, s store.Dumper) archive.Sum {
	t.Helper()
	sum, err := archive.SumOf(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

func TestThereAndBack(t *testing.T) {
	from := open(t)
	fill(t, from, 20)
	text := write(t, from)
	if lines := bytes.Count(text, []byte("\n")); lines != 1+20*5+2+1 { // header; call, job, event, ledger, history; cursor and setting; end
		t.Errorf("%d lines", lines)
	}
	to, err := read(t, bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	was, is := sum(t, from), sum(t, to)
	if differs := was.Differs(is); differs != nil || is.Total() != 102 {
		t.Errorf("it differs: %v (%v)", differs, is)
	}
	if want := "20 calls, 20 jobs, 20 events, 20 history records, 20 ledger entries, 1 event cursor, 1 setting"; is.String() != want {
		t.Errorf("it holds %s, want %s", is, want)
	}
	r, err := archive.NewReader(bytes.NewReader(text))
	if err != nil || time.Since(r.At()) > time.Hour {
		t.Errorf("written at %v, %v", r.At(), err)
	}
}

// Whatever is changed or cut off: nothing is loaded.
func TestDamaged(t *testing.T) {
	from := open(t)
	fill(t, from, 3)
	text := string(write(t, from))
	lines := strings.SplitAfter(text, "\n")
	lines = lines[:len(lines)-1]
	without := func(i int) string { return strings.Join(slices.Delete(slices.Clone(lines), i, i+1), "") }
	for name, test := range map[string]struct {
		text string
		want error
	}{
		"empty":                  {"", archive.ErrFormat},
		"another file":           {"PGDMP\n", archive.ErrFormat},
		"another JSON":           {"{}\n", archive.ErrFormat},
		"header alone":           {lines[0], archive.ErrDamaged},
		"newer format":           {strings.Replace(text, `"version":1`, `"version":2`, 1), archive.ErrNewer},
		"a row is gone":          {without(3), archive.ErrDamaged},
		"the end is gone":        {without(len(lines) - 1), archive.ErrDamaged},
		"cut off":                {text[:len(text)/2], archive.ErrDamaged},
		"the last byte is gone":  {text[:len(text)-1], archive.ErrDamaged},
		"a byte is changed":      {strings.Replace(text, `"Stage":1`, `"Stage":2`, 1), archive.ErrDamaged},
		"the header is changed":  {strings.Replace(text, `"at":"20`, `"at":"21`, 1), archive.ErrDamaged},
		"rows change places":     {strings.Join(append(slices.Clone(lines[:2]), append([]string{lines[3], lines[2]}, lines[4:]...)...), ""), archive.ErrDamaged},
		"something follows":      {text + "{}\n", archive.ErrDamaged},
		"twice":                  {text + text, archive.ErrDamaged},
		"a row of another kind":  {strings.Join(append(slices.Clone(lines[:2]), append([]string{"{\"voicemail\":{}}\n"}, lines[2:]...)...), ""), archive.ErrNewer},
		"a field that is new":    {strings.Replace(text, `"Stage":1`, `"Stage":1,"Mood":2`, 1), archive.ErrNewer},
		"an endless line":        {lines[0] + strings.Repeat("x", 17<<20), archive.ErrDamaged},
		"not JSON in the middle": {strings.Join(append(slices.Clone(lines[:2]), append([]string{"hello\n"}, lines[2:]...)...), ""), archive.ErrDamaged},
	} {
		t.Run(name, func(t *testing.T) {
			to, err := read(t, strings.NewReader(test.text))
			if !errors.Is(err, test.want) {
				t.Errorf("error %v, want %v", err, test.want)
			}
			if n := sum(t, to).Total(); n != 0 {
				t.Errorf("%d rows were loaded", n)
			}
		})
	}
}

func TestDiffers(t *testing.T) {
	a, b := open(t), open(t)
	fill(t, a, 2)
	if differs := sum(t, a).Differs(sum(t, b)); len(differs) != 7 {
		t.Errorf("a full store and an empty one differ in %q", differs)
	}
	if got := sum(t, b).String(); got != "nothing" {
		t.Errorf("an empty store holds %s", got)
	}
	b, err := read(t, bytes.NewReader(write(t, a)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Claim(t.Context(), "push", time.Now(), 1, time.Hour); err != nil {
		t.Fatal(err)
	}
	if differs := sum(t, a).Differs(sum(t, b)); len(differs) != 1 || !strings.HasPrefix(differs[0], "job: 2 rows on both sides") {
		t.Errorf("they differ in %q, want the lease of one job", differs)
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

func TestWriteFails(t *testing.T) {
	s := open(t)
	fill(t, s, 200)
	if _, err := archive.Write(t.Context(), broken{}, s); !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("Write: %v", err)
	}
}

func FuzzReader(f *testing.F) {
	s := open(f)
	fill(f, s, 1)
	f.Add(write(f, s))
	f.Add([]byte("{\"ringtrip\":\"archive\",\"version\":1}\n{\"end\":{}}\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := archive.NewReader(bytes.NewReader(text))
		if err != nil {
			return
		}
		for {
			if _, err = r.Next(); err != nil {
				break
			}
		}
		if _, again := r.Next(); again != err {
			t.Errorf("first %v, then %v", err, again)
		}
		if errors.Is(err, io.EOF) && !bytes.Contains(text, []byte(`"end"`)) {
			t.Error("taken for whole without an end")
		}
	})
}
