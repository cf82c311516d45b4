//go:build !unix

package main

// openFiles returns how many files this process may open, if the system has such a limit.
func openFiles() (uint64, bool) { return 0, false }
