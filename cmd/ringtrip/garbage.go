package main

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	// garbageRoom is how much garbage may gather before it is collected, in bytes, if the heap is small: what a server at
	// work has alive is some 10 MB, and with Go's own setting (as much garbage as is alive) the collector takes a tenth of
	// its processor time.
	garbageRoom = 128 << 20
	// minGarbage and maxGarbage bound what is set, in percent of what is alive.
	minGarbage, maxGarbage = 100, 400
	garbageTick            = time.Second
)

// tendGarbage sets how much garbage may gather, by what is alive, until ctx ends. It leaves everything to an operator who
// set GOGC or GOMEMLIMIT.
func tendGarbage(ctx context.Context) {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	set := maxGarbage
	before := debug.SetGCPercent(set)
	defer debug.SetGCPercent(before)
	tick := time.NewTicker(garbageTick)
	defer tick.Stop()
	alive := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		metrics.Read(alive)
		want := garbagePercent(alive[0].Value.Uint64())
		if want < set || want > set+set/8 { // setting it stops everything for a moment
			set = want
			debug.SetGCPercent(set)
		}
	}
}

// garbagePercent returns how much garbage may gather, in percent of the bytes that are alive.
func garbagePercent(alive uint64) int {
	return int(min(max(garbageRoom*100/max(alive, 1), minGarbage), maxGarbage))
}
