//go:build !unix

package cluster

import "testing"

func before(m *testing.M) int { return m.Run() }

func database(t *testing.T) string {
	t.Skip("the tests start PostgreSQL on Unix only")
	return ""
}
