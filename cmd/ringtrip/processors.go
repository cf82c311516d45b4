package main

import (
	"os"
	"runtime"
)

// spareProcessor lets one thread more run Go at a time than there are processors, until end is called, unless an operator
// set GOMAXPROCS. SQLite's only writer waits for the disk within system calls, several times a commit; when it comes back
// and each of Go's processors has work, it is put at the end of a queue that is looked at now and then, and everything
// waits for it. With one to spare the kernel decides, who favours those that waited: a tenth more calls at full load.
func spareProcessor() (end func()) {
	if os.Getenv("GOMAXPROCS") != "" {
		return func() {}
	}
	before := runtime.GOMAXPROCS(0)
	runtime.GOMAXPROCS(before + 1)
	return func() { runtime.GOMAXPROCS(before) }
}
