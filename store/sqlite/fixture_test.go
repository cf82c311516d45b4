package sqlite

import (
	"bytes"
	"compress/gzip"
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/pressly/goose/v3"

	"github.com/ringtrip/ringtrip/store"
)

// writeFixture makes the fixture of today's schema. It is for the commit before a schema changes: what the old code
// made is what the new code has to read.
var writeFixture = flag.Bool("fixture", false, "write testdata/schema-N.db.gz, N being today's schema")

// oldMoment is when the fixtures' calls were.
func oldMoment(s int) time.Time {
	return time.Date(2026, 3, 1, 12, 0, s, 0, time.UTC)
}

// fillFixture puts into s what [checkFixture] finds again: a call that rings, one that was answered, a tombstone with
// its history and a webhook on its way, devices, and a cursor whose events are gone.
func fillFixture(ctx context.Context, s store.Store) error {
	var errs []error
	for i := range 3 {
		errs = append(errs, s.PutDevice(ctx, fixtureDevice(i)))
	}
	for _, t := range fixtureTransitions() {
		_, err := s.Commit(ctx, t)
		errs = append(errs, err)
	}
	return errors.Join(append(errs, s.TrimEvents(ctx, "app", "d0", 2))...)
}

func fixtureDevice(i int) store.Device {
	return store.Device{
		App: "app", ID: fmt.Sprint("d", i), User: []string{"alice", "bob", "bob"}[i], Name: "Bob’s iPhone", Platform: "ios",
		BundleID: "com.example.app", VoIPToken: fmt.Sprintf("%064x", i+1), Environment: 1, AppVersion: "1.2", OSVersion: "26.0",
		RegisteredAt: oldMoment(-90 + i), SeenAt: oldMoment(-60 + i),
	}
}

func fixtureTransitions() (all []store.Transition) {
	devices := []string{"d0", "d1", "d2"}
	for i, id := range []string{"ringing", "answered", "ended"} {
		for rev := range uint64(i + 1) {
			t := store.Transition{ExpectRev: rev, Call: store.Call{
				ID: id, App: "app", State: fmt.Appendf(nil, `{"%s":%d}`, id, rev+1), Live: rev < 2, Devices: devices, Users: []string{"alice", "bob"},
				Key: "key of " + id, CreatedAt: oldMoment(i),
			}}
			for _, d := range devices {
				t.Events = append(t.Events, store.Event{App: "app", Device: d, CallID: id, Payload: t.Call.State, At: oldMoment(i)})
			}
			t.Ledger = []store.LedgerEntry{{CallID: id, Stage: int32(rev + 1), Device: "d1", At: oldMoment(i), DeviceAt: oldMoment(i - 1), Reason: 2, Detail: "as told"}}
			switch rev {
			case 0:
				t.Call.Timer = oldMoment(45)
				t.Jobs = []store.Job{{ID: id + ".p0", CallID: id, Kind: "push", Payload: []byte(id), LeasedUntil: oldMoment(2)}}
			case 1:
				t.DropJobs = []string{id + ".p0"}
			case 2:
				t.Call.KeepUntil = oldMoment(1 << 20)
				t.Jobs = []store.Job{{ID: id + ".h0", CallID: id, Kind: "webhook", Payload: []byte(id), LeasedUntil: oldMoment(2), Tries: 1}}
				t.History = &store.Record{CallID: id, App: "app", Caller: "alice", CallerName: "Alice", CallerHandle: "+44 20 7946 0000", Callee: "bob", Video: true,
					Reason: 3, CreatedAt: oldMoment(i), AnsweredAt: oldMoment(5), EndedAt: oldMoment(9), AnsweredBy: "d1"}
			}
			all = append(all, t)
		}
	}
	return all
}

// checkFixture looks for all that [fillFixture] put in.
func checkFixture(t *testing.T, s store.Store) {
	t.Helper()
	ctx := t.Context()
	for i := range 3 {
		got, err := s.Device(ctx, "app", fmt.Sprint("d", i))
		same(t, "device", got, err, fixtureDevice(i))
	}
	last := map[string]store.Transition{}
	ledgers := map[string]int{}
	for _, tr := range fixtureTransitions() {
		tr.Call.Rev = tr.ExpectRev + 1
		last[tr.Call.ID] = tr
		ledgers[tr.Call.ID]++
	}
	for id, tr := range last {
		got, err := s.Call(ctx, id)
		same(t, "call", got, err, tr.Call)
		got, err = s.CallByKey(ctx, "app", "key of "+id)
		same(t, "call by key", got, err, tr.Call)
		entries, err := s.LedgerOf(ctx, id)
		if err != nil || len(entries) != ledgers[id] {
			t.Fatalf("ledger of %s: %v, %v", id, entries, err)
		}
		want := tr.Ledger[0]
		want.Seq = tr.Call.Rev
		same(t, "ledger entry", entries[len(entries)-1], nil, want)
	}
	record, err := s.HistoryOfCall(ctx, "ended")
	same(t, "history", record, err, *last["ended"].History)
	live, err := s.CallsOfUser(ctx, "app", "bob")
	if err != nil || len(live) != 2 {
		t.Errorf("bob's calls: %v, %v", live, err)
	}
	for i, device := range []string{"d0", "d1", "d2"} {
		calls, newest, err := s.CallsOfDevice(ctx, "app", device)
		if err != nil || len(calls) != 3 || newest != 6 {
			t.Errorf("calls of %s: %v up to %d, %v", device, calls, newest, err)
		}
		events, err := s.EventsAfter(ctx, "app", device, 0, 99)
		if want := []int{4, 6, 6}[i]; err != nil || len(events) != want || events[len(events)-1].Seq != 6 {
			t.Errorf("events of %s: %v, %v", device, events, err)
		}
	}
	for _, kind := range []string{"push", "webhook"} {
		want := last["ringing"].Jobs[0]
		if kind == "webhook" {
			want = last["ended"].Jobs[0]
		}
		jobs, err := s.Claim(ctx, kind, oldMoment(2), 9, 0)
		if err != nil || len(jobs) != 1 {
			t.Fatalf("%s jobs: %v, %v", kind, jobs, err)
		}
		same(t, kind, jobs[0], nil, want)
	}
	due, err := s.DueTimers(ctx, oldMoment(45), 9, 0)
	if err != nil || len(due) != 1 || due[0].ID != "ringing" {
		t.Errorf("timers: %v, %v", due, err)
	}
	// And it goes on: the seqs too.
	next := last["ringing"]
	next.ExpectRev = 1
	done, err := s.Commit(ctx, next)
	if err != nil || done.Rev != 2 || len(done.Seqs) != 3 || done.Seqs[0] != 7 {
		t.Errorf("going on: %+v, %v", done, err)
	}
}

func same(t *testing.T, what string, got any, err error, want any) {
	t.Helper()
	if g, w := fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", want); err != nil || g != w {
		t.Errorf("%s: %v\n got %s\nwant %s", what, err, g, w)
	}
}

func fixture(version int64) string {
	return filepath.Join("testdata", fmt.Sprintf("schema-%05d.db.gz", version))
}

// TestWriteFixture makes a fixture if it is asked to.
func TestWriteFixture(t *testing.T) {
	if !*writeFixture {
		t.Skip("run with -fixture before a schema changes")
	}
	dir := t.TempDir()
	s := open(t, Config{Dir: dir, Now: func() time.Time { return oldMoment(0) }})
	version := schemaVersion(t, s.Path())
	if err := fillFixture(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(s.Path())
	if err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	z, _ := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	_, _ = z.Write(raw)
	if err := errors.Join(z.Close(), os.WriteFile(fixture(version), packed.Bytes(), 0o644)); err != nil {
		t.Fatal(err)
	}
	t.Logf("wrote %s", fixture(version))
}

func schemaVersion(t *testing.T, path string) (version int64) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRow(`SELECT max(version_id) FROM goose_db_version`).Scan(&version); err != nil {
		t.Fatal(err)
	}
	return version
}

// Each schema that there ever was is opened by today's code, and everything is found. Fixtures were written by the code
// of their time; a schema without one is the newest fixture before it, migrated up to it.
func TestMigrations(t *testing.T) {
	names, err := fs.Glob(schema, "schema/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	var packed string
	written := int64(0)
	for version := int64(1); version <= int64(len(names)); version++ {
		if _, err := os.Stat(fixture(version)); err == nil {
			packed, written = fixture(version), version
		}
		t.Run(fmt.Sprintf("schema %d", version), func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, FileName)
			t.Logf("from what the code of schema %d wrote", written)
			writeFile(t, path, unpack(t, packed))
			migrateTo(t, path, version)
			if got := schemaVersion(t, path); got != version {
				t.Fatalf("the fixture is of schema %d, want %d", got, version)
			}
			s := open(t, Config{Dir: dir})
			defer s.Close()
			if got := schemaVersion(t, path); got != int64(len(names)) {
				t.Errorf("it is of schema %d when it is open, want %d", got, len(names))
			}
			checkFixture(t, s)
		})
	}
}

func unpack(t *testing.T, path string) string {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	z, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func migrateTo(t *testing.T, path string, version int64) {
	t.Helper()
	db, err := sql.Open("sqlite", dsn(path))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	files, err := fs.Sub(schema, "schema")
	if err != nil {
		t.Fatal(err)
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.UpTo(t.Context(), version); err != nil {
		t.Fatal(err)
	}
}

// Every table is dumped, or follows from others: whatever is stored moves along.
func TestEveryTableIsDumped(t *testing.T) {
	s := open(t, Config{})
	defer s.Close()
	tables, err := read(t.Context(), s, func(rows *sql.Rows) (name string, err error) { return name, rows.Scan(&name) },
		`SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`)
	if err != nil {
		t.Fatal(err)
	}
	known := slices.Clone(derived)
	for _, d := range dumped {
		known = append(known, d.table)
	}
	for _, name := range tables {
		if !slices.Contains(known, name) {
			t.Errorf("table %s is in no dump: add it to store.Row, to dumped and to loadRow in dump.go, and to storetest/dump.go", name)
		}
	}
}
