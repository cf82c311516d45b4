//go:build unix

package postgres

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/ringtrip/ringtrip/internal/pgtest"
	"github.com/ringtrip/ringtrip/store"
	"github.com/ringtrip/ringtrip/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(pgtest.Main{M: m}) }

func open(t testing.TB, cfg Config) *Store {
	t.Helper()
	s, err := Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestConformance(t *testing.T) {
	// Two databases are enough: one for each store that a test has open at once.
	type place struct {
		url string
		in  *Store // who has it, or had it
	}
	places := []*place{{url: pgtest.Database(t)}, {url: pgtest.Database(t)}}
	storetest.Run(t, func(t *testing.T) store.Store {
		for _, p := range places {
			if p.in == nil || p.in.over() {
				p.in = open(t, Config{URL: p.url, Writers: 2})
				empty(t, p.url)
				return p.in
			}
		}
		t.Fatal("three stores at once")
		return nil
	})
}

// over says that the store was closed.
func (s *Store) over() bool {
	s.closing.RLock()
	defer s.closing.RUnlock()
	return s.closed
}

// empty forgets everything in a database: making a fresh one takes longer than most tests.
func empty(t testing.TB, url string) {
	t.Helper()
	pgtest.Exec(t, url, `DELETE FROM call; DELETE FROM call_device; DELETE FROM call_user; DELETE FROM job; DELETE FROM event; DELETE FROM told; DELETE FROM trimmed; DELETE FROM cursor;
		DELETE FROM ledger; DELETE FROM device; DELETE FROM history; DELETE FROM setting; DELETE FROM member`)
}
