//go:build unix

package cluster

import (
	"testing"

	"github.com/ringtrip/ringtrip/internal/pgtest"
)

func before(m *testing.M) int { return pgtest.Main{M: m}.Run() }

// database is an empty PostgreSQL database; the test is skipped if there is no PostgreSQL.
func database(t *testing.T) string { return pgtest.Database(t) }
