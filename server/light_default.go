//go:build !linux

package server

import (
	"net"
	"time"
)

// boundSilence does nothing where there is no TCP_USER_TIMEOUT: the system's own patience holds.
func boundSilence(net.Conn, time.Duration) {}
