package sqlite

import (
	"testing"

	"github.com/ringtrip/ringtrip/store"
	"github.com/ringtrip/ringtrip/store/storetest"
)

func open(t testing.TB, cfg Config) *Store {
	t.Helper()
	s, err := Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestConformance(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Store { return open(t, Config{}) })
}

func TestCrash(t *testing.T) {
	storetest.Crash(t, func(dir string) (store.Store, error) {
		return Open(t.Context(), Config{Dir: dir})
	})
}
