package sqlite

import (
	"bytes"
	"database/sql"
	"fmt"
	"os"
	"testing"

	"github.com/ringtrip/ringtrip/store"
)

// A reader that does not let go makes the write-ahead log grow; when it lets go, the log is started over.
func TestWALIsBounded(t *testing.T) {
	s := open(t, Config{})
	defer s.Close()
	s.writer.walLimit = 1 << 20 // before anything is written after the check of Open
	rows, err := s.readDB.QueryContext(t.Context(), `SELECT 1 FROM cursor UNION ALL SELECT 2 UNION ALL SELECT 3`)
	if err != nil || !rows.Next() {
		t.Fatal(err)
	}
	rev := uint64(0)
	some := func() int64 {
		for range 1024 {
			commit(t, s, store.Transition{Call: store.Call{ID: "c1", State: bytes.Repeat([]byte{byte(rev)}, 16<<10)}, ExpectRev: rev})
			rev++
		}
		info, err := os.Stat(s.path + "-wal")
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	held := some()
	if held < 6<<20 {
		t.Fatalf("the log has %d bytes though a reader holds it: the test proves nothing", held)
	}
	if err := rows.Close(); err != nil {
		t.Fatal(err)
	}
	if free := some(); free > held/2 {
		t.Errorf("the log has %d bytes, and %d when nobody holds it: it was not started over", held, free)
	}
	if c, err := s.Call(t.Context(), "c1"); err != nil || c.Rev != rev {
		t.Errorf("the call is at rev %d, want %d (%v)", c.Rev, rev, err)
	}
}

// The checkpointer copies the log into the database while the writer goes on, and the log is started over long before its
// limit.
func TestWALIsStartedOverWhileWritesGoOn(t *testing.T) {
	s := open(t, Config{})
	defer s.Close()
	s.writer.walLimit = 1 << 40 // nothing but the checkpointer
	db, err := sql.Open("sqlite", dsn(s.path))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	pages := func() (n int) {
		if err := db.QueryRow("PRAGMA wal_checkpoint(NOOP)").Scan(new(int), &n, new(int)); err != nil {
			t.Fatal(err)
		}
		return n
	}
	rev := uint64(0)
	for most, now := 0, 0; now >= most; now = pages() {
		if most = max(most, now); most > 16*walSoft {
			t.Fatalf("the log has %d pages and was never started over", most)
		}
		for range 32 {
			commit(t, s, store.Transition{Call: store.Call{ID: fmt.Sprint("c", rev%8), State: bytes.Repeat([]byte{byte(rev)}, 60<<10)}, ExpectRev: rev / 8})
			rev++
		}
	}
	for i := range uint64(8) {
		c, err := s.Call(t.Context(), fmt.Sprint("c", i))
		if err != nil || c.Rev != (rev+7-i)/8 || len(c.State) != 60<<10 || c.State[len(c.State)-1] != byte((c.Rev-1)*8+i) {
			t.Errorf("call c%d is at rev %d with %d bytes (%v), after %d commits", i, c.Rev, len(c.State), err, rev)
		}
	}
}
