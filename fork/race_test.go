//go:build race

package fork_test

// raceEnabled makes the searches smaller: they have one goroutine, and the race detector makes them ten times slower.
const raceEnabled = true
