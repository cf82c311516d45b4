//go:build !linux

package server

import (
	"net"
	"syscall"
	"time"
)

// boundSilence does nothing where there is no TCP_USER_TIMEOUT: the system's own patience holds.
func boundSilence(net.Conn, time.Duration) {}

// beneath returns nothing: the goroutine waits in tls.Conn.Read.
func beneath(net.Conn) syscall.RawConn { return nil }

func hasMore(uintptr) bool { return true }
