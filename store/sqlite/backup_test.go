package sqlite

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ringtrip/ringtrip/store"
	"github.com/ringtrip/ringtrip/store/storetest"
)

// A backup that is made while calls are set up is restored to a state in which everything fits together, and that is
// no older than the backup.
func TestBackupUnderLoad(t *testing.T) {
	dir := t.TempDir()
	s := open(t, Config{Dir: dir})
	defer s.Close()
	secret, err := s.Settle(t.Context(), "action_secret", []byte("the secret"))
	if err != nil {
		t.Fatal(err)
	}
	work := storetest.StartWork(t, s, "w")
	for range 3 {
		work.Wait(150)
		said := work.Said()
		file := filepath.Join(t.TempDir(), "backup.db")
		info, err := Backup(t.Context(), dir, file)
		if err != nil {
			t.Fatal(err)
		}
		if stat, err := os.Stat(file); err != nil || stat.Mode().Perm() != 0o600 || stat.Size() != info.Size {
			t.Errorf("the file: %v, %v", stat, err)
		}
		if left, _ := filepath.Glob(file + "?*"); left != nil {
			t.Errorf("left beside it: %v", left)
		}
		other := t.TempDir()
		done, err := Restore(t.Context(), file, other, false)
		if err != nil || done.Info != info || done.Aside != "" {
			t.Fatalf("Restore: %+v, %v; the backup was %+v", done, err, info)
		}
		if info.Live+info.Tombstones < len(said) || info.Jobs == 0 || info.History == 0 || info.Ledger < len(said) || info.Opened.IsZero() {
			t.Errorf("of %d calls it holds: %s", len(said), info)
		}
		restored := open(t, Config{Dir: other})
		storetest.Whole(t, restored, said)
		if got, err := restored.Settle(t.Context(), "action_secret", nil); err != nil || string(got) != string(secret) {
			t.Errorf("the secret is %q, %v", got, err)
		}
		if err := restored.Close(); err != nil {
			t.Error(err)
		}
	}
	work.Stop()
	commit(t, s, store.Transition{Call: store.Call{ID: "after"}})
}

func TestRestoreSetsAside(t *testing.T) {
	dir := t.TempDir()
	s := open(t, Config{Dir: dir})
	commit(t, s, store.Transition{Call: store.Call{ID: "first"}})
	file := filepath.Join(t.TempDir(), "backup.db")
	if _, err := Backup(t.Context(), dir, file); err != nil {
		t.Fatal(err)
	}
	commit(t, s, store.Transition{Call: store.Call{ID: "second"}})
	if _, err := Restore(t.Context(), file, dir, true); !errors.Is(err, ErrInUse) {
		t.Errorf("Restore under a server: %v", err)
	}
	// It dies: its last commit is in the write-ahead log alone.
	kill(t, s)
	var opened *OpenError
	if _, err := Restore(t.Context(), file, dir, false); !errors.As(err, &opened) || !strings.Contains(opened.Hint, "--force") {
		t.Fatalf("Restore over a database: %v", err)
	}
	done, err := Restore(t.Context(), file, dir, true)
	if err != nil || done.Aside == "" {
		t.Fatalf("Restore: %+v, %v", done, err)
	}
	s = open(t, Config{Dir: dir})
	_, first := s.Call(t.Context(), "first")
	if _, second := s.Call(t.Context(), "second"); first != nil || !errors.Is(second, store.ErrNotFound) {
		t.Errorf("after the restore: first %v, second %v", first, second)
	}
	s.Close()
	// And back again.
	if _, err := Restore(t.Context(), done.Aside, dir, true); err != nil {
		t.Fatal(err)
	}
	s = open(t, Config{Dir: dir})
	defer s.Close()
	if _, err := s.Call(t.Context(), "second"); err != nil {
		t.Errorf("what was set aside lacks the last commit: %v", err)
	}
}

// kill leaves the folder as kill -9 would: the files are copied while the store is open, put back when it is closed.
func kill(t *testing.T, s *Store) {
	t.Helper()
	kept := map[string]string{}
	for _, part := range []string{"", "-wal"} {
		b, err := os.ReadFile(s.Path() + part)
		if err != nil {
			t.Fatal(err)
		}
		kept[s.Path()+part] = string(b)
	}
	if len(kept[s.Path()+"-wal"]) == 0 {
		t.Fatal("there is nothing in the write-ahead log")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for path, text := range kept {
		writeFile(t, path, text)
	}
}

// A damaged database is set aside with its log, as it is.
func TestRestoreOverDamage(t *testing.T) {
	dir := t.TempDir()
	s := open(t, Config{Dir: dir})
	commit(t, s, store.Transition{Call: store.Call{ID: "first"}})
	file := filepath.Join(t.TempDir(), "backup.db")
	if _, err := Backup(t.Context(), dir, file); err != nil {
		t.Fatal(err)
	}
	kill(t, s)
	const junk = "this was a database before the disk went bad, and more text so that it has a head"
	writeFile(t, s.Path(), junk)
	done, err := Restore(t.Context(), file, dir, true)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(done.Aside); err != nil || string(b) != junk {
		t.Errorf("set aside: %q, %v", b, err)
	}
	s = open(t, Config{Dir: dir})
	defer s.Close()
	if _, err := s.Call(t.Context(), "first"); err != nil {
		t.Error(err)
	}
}

func TestBackupErrors(t *testing.T) {
	dir, out := t.TempDir(), t.TempDir()
	file := filepath.Join(out, "backup.db")
	says := func(what string, err error, words ...string) {
		t.Helper()
		var opened *OpenError
		if !errors.As(err, &opened) || opened.Hint == "" {
			t.Errorf("%s: error %v has no hint", what, err)
			return
		}
		for _, word := range words {
			if !strings.Contains(err.Error(), word) {
				t.Errorf("%s: error %q does not say %q", what, err, word)
			}
		}
	}
	try := func(from, to string) error { _, err := Backup(t.Context(), from, to); return err }
	restore := func(from string) error { _, err := Restore(t.Context(), from, t.TempDir(), false); return err }
	says("nothing there", try(dir, file), "no database", dir)
	change(t, filepath.Join(mkdir(t, filepath.Join(out, "other")), FileName), `CREATE TABLE bookmark (url TEXT)`)
	says("another program's", try(filepath.Join(out, "other"), file), "another program")
	says("restoring another program's", restore(filepath.Join(out, "other", FileName)), "another program")
	open(t, Config{Dir: dir}).Close()
	says("no such folder", try(dir, filepath.Join(out, "no", "where")), "can't be written")
	writeFile(t, file, "precious")
	says("a file in the way", try(dir, file), "something already", file)
	says("no database at all", restore(file), "not an SQLite database", "Move it away")
	says("no file", restore(filepath.Join(out, "none")), "can't be read")
	if left, _ := filepath.Glob(filepath.Join(out, "*.partial")); left != nil {
		t.Errorf("left: %v", left)
	}

	good := filepath.Join(out, "good.db")
	if err := try(dir, good); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	for i := len(b) / 2; i < len(b)/2+9000; i++ {
		b[i] ^= 0x55
	}
	bad := filepath.Join(out, "bad.db")
	writeFile(t, bad, string(b))
	says("damaged", restore(bad), "damaged")
	writeFile(t, bad, string(b[:len(b)/2]))
	says("cut off", restore(bad), "damaged")
	change(t, good, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)`)
	says("newer", restore(good), "schema 9999", "newer ringtrip")
	writeFile(t, good+"-wal", "x")
	says("a copy of a folder in use", restore(good), "write-ahead log", "ringtrip backup")

	target := t.TempDir()
	if _, err := Restore(t.Context(), bad, target, false); err == nil {
		t.Error("a damaged backup was restored")
	}
	files, err := os.ReadDir(target)
	if err != nil || len(files) != 1 { // the lock
		t.Errorf("left of a restore that failed: %v, %v", files, err)
	}
}

// A backup of a schema that is old is restored, and migrated when it is opened.
func TestRestoreOldSchema(t *testing.T) {
	path := filepath.Join(t.TempDir(), "old.db")
	writeFile(t, path, unpack(t, fixture(1)))
	dir := t.TempDir()
	done, err := Restore(t.Context(), path, dir, false)
	if err != nil || done.Schema != 1 || done.Live != 2 || done.Tombstones != 1 || done.Devices != 3 || done.Jobs != 2 {
		t.Fatalf("Restore: %+v, %v", done, err)
	}
	s := open(t, Config{Dir: dir})
	defer s.Close()
	checkFixture(t, s)
}

// A backup is opened as it is, as a database of its own.
func TestBackupIsWhole(t *testing.T) {
	dir := t.TempDir()
	s := open(t, Config{Dir: dir})
	defer s.Close()
	if err := fillFixture(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), FileName)
	if _, err := Backup(t.Context(), dir, file); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var mode string
	if err := db.QueryRow(`PRAGMA journal_mode`).Scan(&mode); err != nil {
		t.Fatal(err)
	}
	t.Logf("a backup's journal mode is %s", mode)
	copied := open(t, Config{Dir: filepath.Dir(file)})
	defer copied.Close()
	checkFixture(t, copied)
}
