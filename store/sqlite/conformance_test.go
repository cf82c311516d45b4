package sqlite

import (
	"testing"

	"github.com/ringtrip/ringtrip/store"
	"github.com/ringtrip/ringtrip/store/storetest"
)

func TestConformance(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Store { return open(t, Config{}) })
}

func TestCrash(t *testing.T) {
	storetest.Crash(t, func(dir string) (store.Store, error) {
		return Open(t.Context(), Config{Dir: dir})
	})
}
