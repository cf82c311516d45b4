//go:build unix

package main

import "syscall"

// openFiles returns how many files this process may open. Go raises the soft limit to the hard one at the start.
func openFiles() (uint64, bool) {
	var r syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &r) != nil {
		return 0, false
	}
	return uint64(r.Cur), true
}
