package server

import (
	"crypto/tls"
	"net"
	"syscall"
	"time"
)

// tcpUserTimeout is TCP_USER_TIMEOUT of tcp(7).
const tcpUserTimeout = 18

// boundSilence makes the system give the connection up when what was sent was not acknowledged for d: a device that left
// its network without a word would otherwise count as connected for a quarter of an hour.
func boundSilence(conn net.Conn, d time.Duration) {
	if t, ok := conn.(*tls.Conn); ok {
		conn = t.NetConn()
	}
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) { // without it the connection is as others are
		_ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, tcpUserTimeout, int(d.Milliseconds()))
	})
}

// beneath returns what lies under TLS, nil if that is nothing to wait for. A goroutine that waits there needs half the
// stack of one that waits in tls.Conn.Read.
func beneath(conn net.Conn) syscall.RawConn {
	secure, ok := conn.(*tls.Conn)
	if !ok {
		return nil
	}
	tcp, ok := secure.NetConn().(*net.TCPConn)
	if !ok {
		return nil
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return nil
	}
	return raw
}

// hasMore reports whether there is something to read, the end included, and leaves it there.
func hasMore(fd uintptr) bool {
	var one [1]byte
	for {
		_, _, err := syscall.Recvfrom(int(fd), one[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		if err != syscall.EINTR {
			return err != syscall.EAGAIN
		}
	}
}
