//go:build unix

package postgres

import (
	"testing"

	"github.com/ringtrip/ringtrip/internal/pgtest"
	"github.com/ringtrip/ringtrip/store"
	"github.com/ringtrip/ringtrip/store/storetest"
)

// onDisk is a server with its data on the test's disk, which is small.
func onDisk(settings ...string) func(t *testing.T, dir string) storetest.Powered {
	return func(t *testing.T, dir string) storetest.Powered {
		s := pgtest.StartIn(t, dir, append([]string{"max_wal_size=64MB", "min_wal_size=32MB", "shared_buffers=16MB"}, settings...)...)
		return storetest.Powered{Place: s.URL("postgres"), Off: s.Quit}
	}
}

// What PostgreSQL acknowledged is there when the plug was pulled from under it.
func TestPulledPlug(t *testing.T) {
	pgtest.Need(t)
	storetest.PulledPlugOf(t, 512, onDisk(), func(url string) (store.Store, error) {
		return Open(t.Context(), Config{URL: url, Writers: 2})
	})
}

// With synchronous_commit=off acknowledged calls are lost: that is why Open refuses it.
func TestPulledPlugWithLess(t *testing.T) {
	pgtest.Need(t)
	storetest.PulledPlugLosesOf(t, 512, onDisk("synchronous_commit=off", "wal_writer_delay=1000ms"), func(url string) (store.Store, error) {
		return Open(t.Context(), Config{URL: url, Writers: 2, forgets: true})
	})
}
