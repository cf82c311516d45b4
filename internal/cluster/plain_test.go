package cluster

import "testing"

func before(m *testing.M) int { return m.Run() }
