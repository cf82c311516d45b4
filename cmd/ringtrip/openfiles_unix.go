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

// wantFiles lets this process and those that it starts open n files.
func wantFiles(n uint64) error {
	var r syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &r); err != nil {
		return err
	}
	if uint64(r.Cur) >= n {
		return nil
	}
	r.Cur, r.Max = n, max(n, r.Max)
	return syscall.Setrlimit(syscall.RLIMIT_NOFILE, &r)
}
