//go:build linux

package cluster

import "syscall"

// attributes make the process die with this one.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
