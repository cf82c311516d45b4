package main

import (
	"context"
	"runtime/debug"
	"testing"
)

func TestGarbagePercent(t *testing.T) {
	for alive, want := range map[uint64]int{0: 400, 10 << 20: 400, 32 << 20: 400, 64 << 20: 200, 128 << 20: 100, 4 << 30: 100} {
		if got := garbagePercent(alive); got != want {
			t.Errorf("with %d bytes alive it is %d, want %d", alive, got, want)
		}
	}
}

// An operator's setting is left alone, and ours is gone when the server is.
func TestTendGarbage(t *testing.T) {
	before := debug.SetGCPercent(100)
	defer debug.SetGCPercent(before)
	over, end := context.WithCancel(context.Background())
	end()
	for _, variable := range []string{"GOGC", "GOMEMLIMIT", "NONE"} {
		t.Run(variable, func(t *testing.T) {
			t.Setenv("GOGC", "")
			t.Setenv("GOMEMLIMIT", "")
			t.Setenv(variable, "50")
			tendGarbage(over)
			if got := debug.SetGCPercent(100); got != 100 {
				t.Errorf("it is %d afterwards", got)
			}
		})
	}
}
