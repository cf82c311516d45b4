package sqlite

import (
	"bytes"
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
		for range 4 * walEvery {
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
	if held < 6<<20 { // SQLite itself starts it over at 4 MB, if it may
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
