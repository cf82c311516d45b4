package main

import (
	"runtime"
	"testing"
)

// An operator's setting is left alone, and ours is gone when the server is.
func TestSpareProcessor(t *testing.T) {
	before := runtime.GOMAXPROCS(0)
	for _, c := range []struct {
		set  string
		more int
	}{{"", 1}, {"2", 0}} {
		t.Setenv("GOMAXPROCS", c.set)
		end := spareProcessor()
		if got := runtime.GOMAXPROCS(0); got != before+c.more {
			t.Errorf("with GOMAXPROCS=%q it is %d, not %d", c.set, got, before+c.more)
		}
		if end(); runtime.GOMAXPROCS(0) != before {
			t.Errorf("afterwards it is %d, not %d", runtime.GOMAXPROCS(0), before)
		}
	}
}
