//go:build unix

package postgres

import (
	"sync"
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
	storetest.Run(t, func(t *testing.T) store.Store { return open(t, Config{URL: database(t)}) })
}

// databases are those that a test has already.
var databases sync.Map // t.Name(): URL

// database returns the URL of an empty database: a fresh one, or the one that the test had before, emptied, for
// making one takes longer than most tests.
func database(t testing.TB) string {
	t.Helper()
	if url, ok := databases.Load(t.Name()); ok {
		pgtest.Exec(t, url.(string), `TRUNCATE call, call_device, call_user, job, event, cursor, ledger, device, history, writer, setting, member RESTART IDENTITY`)
		return url.(string)
	}
	url := pgtest.Database(t)
	databases.Store(t.Name(), url)
	t.Cleanup(func() { databases.Delete(t.Name()) })
	return url
}
