package server

import (
	"net"
	"syscall"
	"testing"
	"time"
)

// A connection whose far end acknowledges nothing is given up in time.
func TestBoundSilence(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	boundSilence(c, 15*time.Second)
	raw, err := c.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var got int
	if err := raw.Control(func(fd uintptr) { got, err = syscall.GetsockoptInt(int(fd), syscall.IPPROTO_TCP, tcpUserTimeout) }); err != nil || got != 15_000 {
		t.Errorf("TCP_USER_TIMEOUT is %d ms, %v", got, err)
	}
	here, there := net.Pipe() // has no such thing
	defer there.Close()
	defer here.Close()
	boundSilence(here, time.Second)
}
