//go:build unix

package postgres

import (
	"testing"

	"github.com/ringtrip/ringtrip/internal/pgtest"
	"github.com/ringtrip/ringtrip/store"
	"github.com/ringtrip/ringtrip/store/storetest"
)

func TestPresence(t *testing.T) {
	storetest.RunPresence(t, func(t *testing.T) store.Presence {
		s := open(t, Config{URL: pgtest.Database(t)})
		t.Cleanup(func() { _ = s.Close() })
		return s
	})
}
