package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/store"
	"github.com/ringtrip/ringtrip/store/storetest"
)

func TestOpenMakesTheFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b c?d%20#e")
	var log strings.Builder
	s := open(t, Config{Dir: dir, Logger: slog.New(slog.NewTextHandler(&log, nil)), Now: func() time.Time { return time.Unix(7, 0) }})
	if s.Path() != filepath.Join(dir, FileName) || s.WriteLatency() <= 0 {
		t.Errorf("path %s, write latency %v", s.Path(), s.WriteLatency())
	}
	if !strings.Contains(log.String(), s.Path()) || !strings.Contains(log.String(), "durable_write=") {
		t.Errorf("the log says %q", log.String())
	}
	commit(t, s, store.Transition{Call: store.Call{ID: "c1"}})
	for range 2 {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}
	if info, err := os.Stat(s.Path()); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("who may read it: %v, %v", info.Mode(), err)
	}
	// What is left is one whole file (and the lock), which can be copied.
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 2 {
		t.Errorf("left: %v, %v", files, err)
	}
	s = open(t, Config{Dir: dir})
	defer s.Close()
	if c, err := s.Call(t.Context(), "c1"); err != nil || c.Rev != 1 {
		t.Errorf("the call of an earlier life: %+v, %v", c, err)
	}
}

func TestTemporaryStoreIsRemoved(t *testing.T) {
	s := open(t, Config{})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Dir(s.Path())); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder is still there (%v)", err)
	}
}

// Every error says where, what and what to do.
func TestOpenErrors(t *testing.T) {
	for _, test := range []struct {
		name  string
		spoil func(t *testing.T, dir string)
		want  error    // may be nil
		says  []string // besides the path and a hint
	}{
		{"folder is a file", func(t *testing.T, dir string) { writeFile(t, dir, "hello") }, nil, []string{"it is a file"}},
		{"parent is a file", func(t *testing.T, dir string) { writeFile(t, filepath.Dir(dir), "hello") }, nil, []string{"can't be made"}},
		{"not a database", func(t *testing.T, dir string) {
			writeFile(t, filepath.Join(mkdir(t, dir), FileName), "PGDMP and more of a dump of another kind of database")
		}, ErrNotOurs, []string{"not an SQLite database", "Move it away"}},
		{"short file", func(t *testing.T, dir string) { writeFile(t, filepath.Join(mkdir(t, dir), FileName), "x") }, ErrNotOurs, nil},
		{"database is a folder", func(t *testing.T, dir string) { mkdir(t, filepath.Join(dir, FileName)) }, nil, []string{"can't be opened for writing"}},
		{"another program's database", func(t *testing.T, dir string) {
			change(t, filepath.Join(mkdir(t, dir), FileName), `CREATE TABLE bookmark (url TEXT)`)
		}, ErrNotOurs, []string{"another program"}},
		{"newer schema", func(t *testing.T, dir string) {
			open(t, Config{Dir: dir}).Close()
			change(t, filepath.Join(dir, FileName), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)`)
		}, ErrNewer, []string{"schema 9999", "newer ringtrip"}},
		{"damaged", func(t *testing.T, dir string) {
			open(t, Config{Dir: dir}).Close()
			path := filepath.Join(dir, FileName)
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for i := 100; i < len(b); i++ {
				b[i] = 0xaa
			}
			writeFile(t, path, string(b))
		}, nil, []string{"damaged"}},
		{"in use", func(t *testing.T, dir string) { t.Cleanup(hold(t, dir)) }, ErrInUse, []string{"another ringtrip", "process", "Stop that one"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "x", "data")
			if err := os.MkdirAll(filepath.Dir(filepath.Dir(dir)), 0o700); err != nil {
				t.Fatal(err)
			}
			if test.name != "parent is a file" {
				mkdir(t, filepath.Dir(dir))
			}
			test.spoil(t, dir)
			s, err := Open(t.Context(), Config{Dir: dir})
			if err == nil {
				s.Close()
				t.Fatal("it was opened")
			}
			var opened *OpenError
			if !errors.As(err, &opened) || opened.Hint == "" || !strings.HasPrefix(opened.Path, dir) {
				t.Fatalf("error %#v has no path in %s or no hint", err, dir)
			}
			if test.want != nil && !errors.Is(err, test.want) {
				t.Errorf("error %v is not %v", err, test.want)
			}
			for _, says := range append(test.says, dir, opened.Hint) {
				if !strings.Contains(err.Error(), says) {
					t.Errorf("error %q does not say %q", err, says)
				}
			}
		})
	}
}

func TestOpenReadOnlyFolder(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root may write everywhere")
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	_, err := Open(t.Context(), Config{Dir: dir})
	if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("user id %d", os.Getuid())) {
		t.Errorf("Open: %v", err)
	}
}

func TestSlowDisk(t *testing.T) {
	for latency, warns := range map[time.Duration]bool{slowWrite: false, slowWrite + 1: true, 0: false, time.Second: true} {
		var log strings.Builder
		s := &Store{log: slog.New(slog.NewTextHandler(&log, nil)), path: "/data/ringtrip.db", latency: latency}
		s.warnIfSlow()
		if got := strings.Contains(log.String(), "level=WARN"); got != warns || warns && !strings.Contains(log.String(), "local SSD") {
			t.Errorf("at %v the log says %q", latency, log.String())
		}
	}
}

// A small database is looked through when it is opened: damage that no start would meet otherwise.
func TestDamageInside(t *testing.T) {
	dir := t.TempDir()
	s := open(t, Config{Dir: dir})
	for i := range 200 {
		commit(t, s, store.Transition{Call: store.Call{ID: fmt.Sprint("c", i), State: make([]byte, 500)}})
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(s.Path())
	if err != nil {
		t.Fatal(err)
	}
	for i := len(b) - 3*4096; i < len(b)-2*4096; i++ {
		b[i] = 0xaa
	}
	writeFile(t, s.Path(), string(b))
	_, err = Open(t.Context(), Config{Dir: dir})
	var opened *OpenError
	if !errors.As(err, &opened) || !strings.Contains(err.Error(), "damaged") || !strings.Contains(opened.Hint, "backup") {
		t.Errorf("Open: %v", err)
	}
}

// A disk that is full, and one that can't be written: clear errors, nothing lost, and life goes on when there is room.
func TestFullAndReadOnlyDisk(t *testing.T) {
	storetest.OnDisk(t, 16, func(t *testing.T, d *storetest.Disk) {
		dir := filepath.Join(d.Dir, "data")
		s := open(t, Config{Dir: dir})
		commit(t, s, store.Transition{Call: store.Call{ID: "first"}})
		filler := filepath.Join(d.Dir, "filler")
		fill := func() {
			f, err := os.Create(filler)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			for err == nil { // first in pieces, then to the last byte
				_, err = f.Write(make([]byte, 1<<16))
			}
			for err = nil; err == nil; {
				_, err = f.Write(make([]byte, 512))
			}
			if err := f.Sync(); err != nil && !strings.Contains(err.Error(), "no space") {
				t.Fatal(err)
			}
		}
		fill()
		acknowledged := 0
		var full error
		for full == nil && acknowledged < 1000 {
			_, full = s.Commit(t.Context(), store.Transition{Call: store.Call{ID: fmt.Sprint("c", acknowledged), State: make([]byte, 9000)}})
			if full == nil {
				acknowledged++
			}
		}
		if full == nil || !strings.Contains(full.Error(), "full") {
			t.Fatalf("on a full disk %d commits were taken, then: %v", acknowledged, full)
		}
		if _, err := s.Call(t.Context(), "first"); err != nil {
			t.Errorf("reading on a full disk: %v", err)
		}
		if err := os.Remove(filler); err != nil {
			t.Fatal(err)
		}
		commit(t, s, store.Transition{Call: store.Call{ID: "after"}})
		check := func(s *Store) {
			t.Helper()
			for i := range acknowledged {
				if _, err := s.Call(t.Context(), fmt.Sprint("c", i)); err != nil {
					t.Errorf("acknowledged call %d of %d: %v", i, acknowledged, err)
				}
			}
			if _, err := s.Call(t.Context(), fmt.Sprint("c", acknowledged)); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("the call that was refused: %v", err)
			}
		}
		check(s)
		if err := s.Close(); err != nil {
			t.Error(err)
		}

		fill()
		if _, err := Open(t.Context(), Config{Dir: filepath.Join(d.Dir, "new")}); err == nil || !strings.Contains(err.Error(), "full") && !strings.Contains(err.Error(), "no space") {
			t.Errorf("a new store on a full disk: %v", err)
		}
		if _, err := Backup(t.Context(), dir, filepath.Join(d.Dir, "backup.db")); err == nil || !strings.Contains(err.Error(), "backup.db") {
			t.Errorf("a backup to a full disk: %v", err)
		}
		if err := os.Remove(filler); err != nil {
			t.Fatal(err)
		}
		s = open(t, Config{Dir: dir})
		check(s)
		if err := s.Close(); err != nil {
			t.Error(err)
		}

		d.Unmount()
		d.Mount("ro")
		_, err := Open(t.Context(), Config{Dir: dir})
		var opened *OpenError
		if !errors.As(err, &opened) || !strings.Contains(err.Error(), "can't be written") || !strings.Contains(err.Error(), "read-only file system") {
			t.Errorf("a disk that is mounted read-only: %v", err)
		}
		_, err = Open(t.Context(), Config{Dir: filepath.Join(d.Dir, "other")})
		if !errors.As(err, &opened) || !strings.Contains(err.Error(), "can't be made") {
			t.Errorf("a folder that would have to be made there: %v", err)
		}
	})
}

func TestOpenCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	dir := t.TempDir()
	if _, err := Open(ctx, Config{Dir: dir}); !errors.Is(err, context.Canceled) {
		t.Errorf("Open: %v", err)
	}
	open(t, Config{Dir: dir}).Close() // nothing is held
}

// TestHolder is the other process of hold.
func TestHolder(t *testing.T) {
	dir := os.Getenv("RINGTRIP_SQLITE_HOLD")
	if dir == "" {
		t.Skip("the other half of TestOpenErrors/in_use")
	}
	open(t, Config{Dir: dir})
	fmt.Println("open")
	select {}
}

// hold lets another process open the store, and returns what ends it.
func hold(t *testing.T, dir string) func() {
	child := exec.Command(os.Args[0], "-test.run=^TestHolder$")
	child.Env = append(os.Environ(), "RINGTRIP_SQLITE_HOLD="+dir)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 5)); err != nil {
		t.Fatal(err)
	}
	return func() {
		child.Process.Kill()
		child.Wait()
	}
}

func TestLockIsFreedByDeath(t *testing.T) {
	dir := t.TempDir()
	for range 2 {
		hold(t, dir)()
	}
	open(t, Config{Dir: dir}).Close()
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func mkdir(t *testing.T, dir string) string {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

func change(t *testing.T, path, query string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(query); err != nil {
		t.Fatal(err)
	}
}
