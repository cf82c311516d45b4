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
	url := pgtest.Database(t)
	storetest.Run(t, func(t *testing.T) store.Store {
		s := open(t, Config{URL: url, Writers: 2})
		empty(t, url)
		return s
	})
}

// empty forgets everything in a database: making a fresh one takes longer than most tests.
func empty(t testing.TB, url string) {
	t.Helper()
	pgtest.Exec(t, url, `DELETE FROM call; DELETE FROM call_device; DELETE FROM call_user; DELETE FROM job; DELETE FROM event; DELETE FROM cursor;
		DELETE FROM ledger; DELETE FROM device; DELETE FROM history; DELETE FROM setting; DELETE FROM member`)
}
