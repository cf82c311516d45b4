//go:build !unix

package main

// openFiles returns how many files this process may open, if the system has such a limit.
func openFiles() (uint64, bool) { return 0, false }

// wantFiles does nothing where there is no such limit.
func wantFiles(uint64) error { return nil }
