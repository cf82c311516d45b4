package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/ringtrip/ringtrip/server/auth"
)

// benchServer is `ringtrip serve` in a process of its own, as those see it who put a load on it: what it costs can then
// be told from what the load costs.
type benchServer struct {
	addr string
	key  auth.Key
	cmd  *exec.Cmd
	said tail
	done chan error
	dir  string // made by us, to be removed
}

// startBenchServer starts a server with its data in dir (empty: a folder that is removed afterwards) and further flags
// of serve, and waits until it takes connections.
func startBenchServer(ctx context.Context, dir string, flags ...string) (*benchServer, error) {
	return startBench(ctx, func(s *benchServer, keyFile string) []string {
		if dir == "" {
			dir = filepath.Join(s.dir, "data")
		}
		return append([]string{"serve", "--listen", s.addr, "--data", dir, "--key", keyFile}, flags...)
	})
}

// startBench starts this program with arguments that are made when its address and its app's key are known.
func startBench(ctx context.Context, args func(s *benchServer, keyFile string) []string) (*benchServer, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	s := &benchServer{done: make(chan error, 1)}
	if s.dir, err = os.MkdirTemp("", "ringtrip-bench-"); err != nil {
		return nil, err
	}
	secret := make([]byte, 32)
	_, _ = rand.Read(secret)
	text := []byte(hex.EncodeToString(secret))
	keyFile := filepath.Join(s.dir, "app.key")
	if err := os.WriteFile(keyFile, text, 0o600); err != nil {
		return nil, err
	}
	if s.key, err = auth.HS256("", text); err != nil {
		return nil, err
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s.addr = free.Addr().String()
	_ = free.Close()
	s.cmd = exec.CommandContext(ctx, self, args(s, keyFile)...)
	s.cmd.Stdout, s.cmd.Stderr = &s.said, &s.said
	s.cmd.Cancel = func() error { return s.cmd.Process.Signal(syscall.SIGTERM) }
	s.cmd.WaitDelay = 10 * time.Second
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	go func() { s.done <- s.cmd.Wait() }()
	for {
		c, err := net.DialTimeout("tcp", s.addr, time.Second)
		if err == nil {
			_ = c.Close()
			return s, nil
		}
		select {
		case err := <-s.done:
			_ = os.RemoveAll(s.dir)
			return nil, fmt.Errorf("the server did not start (%v); it said:\n%s", err, s.said.String())
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// stop ends the server as an operator would, and says what it complained of, if it did.
func (s *benchServer) stop() error {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	err := <-s.done
	_ = os.RemoveAll(s.dir)
	if err != nil {
		return fmt.Errorf("the server ended badly (%w); it said last:\n%s", err, s.said.String())
	}
	return nil
}

// token is a user's.
func (s *benchServer) token(user string) (string, error) {
	return auth.Mint(s.key, auth.Claims{App: "app", User: user, Expires: time.Now().Add(12 * time.Hour)})
}

// tail keeps the last of what is written to it.
type tail struct {
	mu   sync.Mutex
	text []byte
}

// Write is part of io.Writer; it never fails.
func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.text = append(t.text, b...); len(t.text) > 4<<10 {
		t.text = bytes.Clone(t.text[len(t.text)-4<<10:])
	}
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.text)
}

// cost is what a process has used.
type cost struct {
	cpu time.Duration // of all its threads, in user and system
	rss int64         // bytes resident now
}

// costOf reads what a process has used from /proc, which only Linux has.
func costOf(pid int) (cost, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return cost{}, fmt.Errorf("what a process costs is read from /proc, as Linux has it: %w", err)
	}
	// proc(5): the second field is a name in parentheses that may hold anything; utime and stime are 14 and 15, in 1/100 s,
	// rss is 24, in pages.
	rest := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(rest) < 22 {
		return cost{}, fmt.Errorf("/proc/%d/stat is not as proc(5) says", pid)
	}
	number := func(field int) int64 { n, _ := strconv.ParseInt(rest[field-3], 10, 64); return n }
	return cost{
		cpu: time.Duration(number(14)+number(15)) * 10 * time.Millisecond,
		rss: number(24) * int64(os.Getpagesize()),
	}, nil
}
