// Package cluster starts real servers as processes, puts calls through them by light phones, hurts them (kill -9,
// SIGSTOP, cut connections), and then checks what they had promised against what there is: nothing acknowledged is
// lost, no call is answered twice, none rings for ever, everyone hears the end once. It is for tests and for
// `make torture`; it measures nothing.
package cluster

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// startTime is how long a process may take until it serves.
const startTime = 60 * time.Second

// Build builds the ringtrip command into dir and returns its path.
func Build(dir string) (string, error) {
	binary := filepath.Join(dir, "ringtrip")
	build := exec.Command("go", "build", "-o", binary, "github.com/ringtrip/ringtrip/cmd/ringtrip")
	if text, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building ringtrip: %w\n%s", err, text)
	}
	return binary, nil
}

// FreeAddr returns an address on this machine that nobody listens on at this moment.
func FreeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// Process is `ringtrip serve`, which is killed and started again at the same address. Its methods are not for several
// goroutines at once, but Serving is.
type Process struct {
	Name   string
	Binary string
	Args   []string // after "serve --listen ADDR"
	Env    []string // besides this process' own
	Addr   string

	cmd  *exec.Cmd
	log  tail
	done chan struct{} // closed when the process has ended and its output is read

	mu    sync.Mutex
	since time.Time // when it began to serve; zero: it does not
}

// Start starts the process and returns when it serves.
func (p *Process) Start() error {
	cmd := exec.Command(p.Binary, append([]string{"serve", "--listen", p.Addr}, p.Args...)...)
	cmd.Env = append(os.Environ(), p.Env...)
	cmd.SysProcAttr = attributes()
	read, write, err := os.Pipe()
	if err != nil {
		return err
	}
	cmd.Stdout, cmd.Stderr = write, write
	if err := cmd.Start(); err != nil {
		_ = read.Close()
		_ = write.Close()
		return err
	}
	_ = write.Close()
	p.cmd, p.done = cmd, make(chan struct{})
	up := make(chan struct{})
	go p.follow(cmd, read, up, p.done)
	late := time.NewTimer(startTime)
	defer late.Stop()
	select {
	case <-up:
		p.mu.Lock()
		p.since = time.Now()
		p.mu.Unlock()
		return nil
	case <-p.done:
		return fmt.Errorf("%s ended before it served:\n%s", p.Name, p.Log())
	case <-late.C:
		return errors.Join(fmt.Errorf("%s does not serve after %s:\n%s", p.Name, startTime, p.Log()), p.Kill())
	}
}

// follow reads what the process says until it ends.
func (p *Process) follow(cmd *exec.Cmd, out io.ReadCloser, up, done chan struct{}) {
	defer close(done)
	defer out.Close()
	in := bufio.NewScanner(out)
	in.Buffer(nil, 1<<20)
	for served := false; in.Scan(); {
		p.log.add(in.Bytes())
		if !served && bytes.Contains(in.Bytes(), []byte("serving ringtrip.v1")) {
			served = true
			close(up)
		}
	}
	_ = cmd.Wait()
	p.mu.Lock()
	p.since = time.Time{}
	p.mu.Unlock()
}

// Signal sends a signal.
func (p *Process) Signal(s os.Signal) error {
	if p.cmd == nil {
		return nil
	}
	return p.cmd.Process.Signal(s)
}

// Kill is kill -9. It returns when nothing of the process is left.
func (p *Process) Kill() error {
	if p.cmd == nil {
		return nil
	}
	err := p.cmd.Process.Kill()
	<-p.done
	p.cmd = nil
	if errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	return err
}

// Stop is SIGTERM: the process drains. It returns when nothing of it is left, which it bounds by d.
func (p *Process) Stop(d time.Duration) error {
	if p.cmd == nil {
		return nil
	}
	if err := p.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	late := time.NewTimer(d)
	defer late.Stop()
	select {
	case <-p.done:
		code := p.cmd.ProcessState.ExitCode()
		p.cmd = nil
		if code != 0 {
			return fmt.Errorf("%s ended with %d:\n%s", p.Name, code, p.Log())
		}
		return nil
	case <-late.C:
		return errors.Join(fmt.Errorf("%s does not end within %s:\n%s", p.Name, d, p.Log()), p.Kill())
	}
}

// Serving reports whether the process serves.
func (p *Process) Serving() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !p.since.IsZero()
}

// Log returns the last lines that the process said.
func (p *Process) Log() string { return p.log.String() }

// tail keeps the last lines of a log.
type tail struct {
	mu    sync.Mutex
	lines []string
}

func (l *tail) add(line []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, string(line))
	if n := len(l.lines) - 40; n > 0 {
		l.lines = l.lines[n:]
	}
}

func (l *tail) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.lines, "\n")
}
