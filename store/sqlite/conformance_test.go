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

func TestPulledPlug(t *testing.T) {
	storetest.PulledPlug(t, func(dir string) (store.Store, error) {
		return Open(t.Context(), Config{Dir: dir})
	})
}

// With synchronous=NORMAL, as many advise, acknowledged calls are lost: there is no knob for it.
func TestPulledPlugWithLess(t *testing.T) {
	storetest.PulledPlugLoses(t, func(dir string) (store.Store, error) {
		return Open(t.Context(), Config{Dir: dir, synchronous: "normal"})
	})
}
