//go:build unix

// Package pgtest starts a real PostgreSQL for tests, from Debian's package: in a temporary folder, on a port of
// its own, as an unprivileged user when the test is root (PostgreSQL refuses root). Nothing of it outlives the
// test's process, also when that is killed. It never looks at a cluster that the machine has already, and it
// weakens nothing: fsync is on, as in production.
//
// Where there is no PostgreSQL, tests are skipped and say what to install.
package pgtest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// superuser is the database's. Only programs on this machine reach the server, and it trusts them.
const superuser = "ringtrip"

// Server is a PostgreSQL that runs, or ran.
type Server struct {
	dir  string // holds data/ and the socket
	bin  string
	port int
	cred *syscall.Credential // nil: as the test itself

	mu      sync.Mutex
	run     *running // nil: stopped
	options []string
}

// running is one life of the server.
type running struct {
	cmd   *exec.Cmd
	leash io.Closer     // the server ends when it is closed, also by the death of this process
	log   *logTail      // what the server says
	ended chan struct{} // closed when it has ended
}

var (
	databases atomic.Int64
	shared    struct {
		sync.Mutex
		server *Server
		err    error
	}
)

// Database returns the URL of a fresh, empty database on a server that all tests of this binary share, which is
// started at first use; TestMain must run its tests by [Main]. It skips the test if there is no PostgreSQL.
func Database(t testing.TB) string {
	t.Helper()
	shared.Lock()
	if shared.server == nil && shared.err == nil {
		shared.server, shared.err = start()
	}
	s, err := shared.server, shared.err
	shared.Unlock()
	check(t, err)
	return s.Database(t)
}

// Main runs a test binary's tests and stops the server of [Database] at their end. It is what goleak wants to run:
//
//	func TestMain(m *testing.M) { goleak.VerifyTestMain(pgtest.Main{m}) }
type Main struct{ *testing.M }

// Run implements goleak.TestingM.
func (m Main) Run() int {
	defer func() {
		shared.Lock()
		defer shared.Unlock()
		if shared.server != nil {
			shared.server.remove()
			shared.server = nil
		}
	}()
	return m.M.Run()
}

// Start starts a server of the test's own, with further settings as "name=value", and stops it at the test's end.
// It is for tests that kill it. It skips the test if there is no PostgreSQL.
func Start(t testing.TB, settings ...string) *Server {
	t.Helper()
	s, err := start(settings...)
	check(t, err)
	t.Cleanup(s.remove)
	return s
}

// Need skips the test if there is no PostgreSQL.
func Need(t testing.TB) {
	t.Helper()
	if _, ok := Bin(); !ok {
		check(t, errNone)
	}
}

// StartIn starts a server whose data is in a folder of the test's, as one of before left it there, with further settings as
// "name=value". The folder is not removed. It is for tests of what is left on a disk. It skips the test if there is no
// PostgreSQL. A server may be started where it may not be let in otherwise: the folders above, up to that for temporary
// files, are opened to its user.
func StartIn(t testing.TB, dir string, settings ...string) *Server {
	t.Helper()
	s, err := startIn(dir, settings...)
	check(t, err)
	t.Cleanup(s.Quit)
	return s
}

func startIn(dir string, settings ...string) (*Server, error) {
	bin, ok := Bin()
	if !ok {
		return nil, errNone
	}
	s := &Server{bin: bin, dir: dir}
	var err error
	if s.cred, err = unprivileged(); err != nil {
		return nil, err
	}
	_, none := os.Stat(s.data())
	if errors.Is(none, os.ErrNotExist) {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, err
		}
		for up := filepath.Dir(dir); s.cred != nil && len(up) > len(os.TempDir()); up = filepath.Dir(up) {
			if err := os.Chmod(up, 0o711); err != nil {
				return nil, err
			}
		}
	}
	if s.cred != nil {
		if err := os.Chown(s.dir, int(s.cred.Uid), int(s.cred.Gid)); err != nil {
			return nil, err
		}
	}
	if none != nil {
		if err := s.init(); err != nil {
			return nil, err
		}
	}
	return s, s.begin(settings)
}

// Quit ends the server at once (immediate shutdown, which writes nothing more), also one whose disk is gone. It returns when
// all of its processes have ended.
func (s *Server) Quit() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.run != nil {
		s.run.leash.Close()
		<-s.run.ended
		s.run = nil
	}
}

var errNone = errors.New("there is no PostgreSQL here")

func check(t testing.TB, err error) {
	t.Helper()
	if errors.Is(err, errNone) {
		t.Skip("NOT TESTED: there is no PostgreSQL on this machine. Run `make tools`, or install Debian's package postgresql (14 or later)")
	}
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
}

// Bin returns the folder of the newest PostgreSQL's programs, or false.
func Bin() (string, bool) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	slices.SortFunc(found, func(a, b string) int { return version(b) - version(a) })
	for _, dir := range found {
		if _, err := os.Stat(filepath.Join(dir, "initdb")); err == nil {
			return dir, true
		}
	}
	if path, err := exec.LookPath("initdb"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil {
			return filepath.Dir(path), true
		}
	}
	return "", false
}

func version(bin string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(bin)))
	return n
}

func start(settings ...string) (_ *Server, err error) {
	bin, ok := Bin()
	if !ok {
		return nil, errNone
	}
	s := &Server{bin: bin}
	if s.cred, err = unprivileged(); err != nil {
		return nil, err
	}
	if s.dir, err = os.MkdirTemp("", "ringtrip-pg-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			s.remove()
		}
	}()
	if s.cred != nil {
		if err := os.Chown(s.dir, int(s.cred.Uid), int(s.cred.Gid)); err != nil {
			return nil, err
		}
	}
	if err := s.init("--no-sync"); err != nil {
		return nil, err
	}
	return s, s.begin(settings)
}

// init makes the folder of data.
func (s *Server) init(options ...string) error {
	args := append(options, "--auth=trust", "--encoding=UTF8", "--locale=C", "--username="+superuser, s.data())
	initdb := exec.Command(filepath.Join(s.bin, "initdb"), args...)
	initdb.Dir, initdb.SysProcAttr = s.dir, s.attributes()
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return nil
}

// begin starts the server for the first time, on a port of its own.
func (s *Server) begin(settings []string) (err error) {
	for name, value := range map[string]string{
		"listen_addresses":        "127.0.0.1",
		"unix_socket_directories": s.dir,
		"max_connections":         "100",
		"shared_buffers":          "64MB",
		"lc_messages":             "C",
		"log_line_prefix":         "%p ",
	} {
		s.options = append(s.options, "-c", name+"="+value)
	}
	for _, setting := range settings {
		s.options = append(s.options, "-c", setting)
	}
	// Another process may take the port between finding and using it; the next try has another.
	for try := 0; ; try++ {
		if s.port, err = freePort(); err != nil {
			return err
		}
		if err = s.start(); err == nil || try == 4 {
			return err
		}
	}
}

func freePort() (int, error) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

func (s *Server) attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Credential: s.cred} }

// leash starts the server, waits until its standard input ends, which the death of the test does too, and takes
// the server along: SIGQUIT is PostgreSQL's immediate shutdown, SIGINT the fast one.
const leash = `
exec 3<&0
"$@" </dev/null 3<&- &
pid=$!
(read -r how <&3; kill -${how:-QUIT} $pid 2>/dev/null) &
reader=$!
exec 3<&-
wait $pid
kill $reader 2>/dev/null
`

// start starts the server and returns when it takes connections.
func (s *Server) start() error {
	args := append([]string{"-c", leash, "leash", filepath.Join(s.bin, "postgres"), "-D", s.data(), "-p", strconv.Itoa(s.port)}, s.options...)
	cmd := exec.Command("/bin/sh", args...)
	cmd.Dir, cmd.SysProcAttr = s.dir, s.attributes()
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	r := &running{cmd: cmd, leash: stdin, log: &logTail{}, ended: make(chan struct{})}
	ready := make(chan struct{})
	go func() {
		defer close(r.ended)
		r.log.follow(stderr, ready)
		cmd.Wait()
	}()
	select {
	case <-ready:
		s.run = r
		return nil
	case <-r.ended:
		return fmt.Errorf("the server ended before it was ready:\n%s", r.log)
	}
}

// logTail keeps the last lines of what the server says.
type logTail struct {
	mu    sync.Mutex
	lines []string
}

func (l *logTail) follow(r io.Reader, ready chan struct{}) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		l.mu.Lock()
		l.lines = append(l.lines, lines.Text())
		l.lines = l.lines[max(0, len(l.lines)-200):]
		l.mu.Unlock()
		if ready != nil && strings.HasSuffix(lines.Text(), "database system is ready to accept connections") {
			close(ready)
			ready = nil
		}
	}
	_, _ = io.Copy(io.Discard, r)
}

// String returns the lines.
func (l *logTail) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.lines, "\n")
}

// Stop stops the server as an administrator does (fast shutdown), and returns when it has ended.
func (s *Server) Stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stop()
}

func (s *Server) stop() {
	if s.run == nil {
		return
	}
	if w, ok := s.run.leash.(io.Writer); ok {
		_, _ = io.WriteString(w, "INT\n")
	}
	<-s.run.ended
	s.run.leash.Close()
	s.run = nil
}

// Kill9 kills every process of the server with kill -9, as the kernel does when memory runs out.
func (s *Server) Kill9(t testing.TB) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.run == nil {
		return
	}
	postmaster, err := s.postmaster()
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	pids := append([]int{postmaster}, children(postmaster)...)
	for _, pid := range pids {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	<-s.run.ended // its log's pipe is held by every process of it
	s.run.leash.Close()
	s.run = nil
}

func (s *Server) postmaster() (int, error) {
	text, err := os.ReadFile(filepath.Join(s.data(), "postmaster.pid"))
	if err != nil {
		return 0, err
	}
	first, _, _ := strings.Cut(string(text), "\n")
	return strconv.Atoi(strings.TrimSpace(first))
}

// children returns the processes whose parent is pid.
func children(pid int) (all []int) {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range stats {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended
		}
		_, rest, _ := strings.Cut(string(text), ") ") // its name may contain anything
		fields := strings.Fields(rest)
		if len(fields) > 1 && fields[1] == strconv.Itoa(pid) {
			if child, err := strconv.Atoi(filepath.Base(filepath.Dir(file))); err == nil {
				all = append(all, child)
			}
		}
	}
	return all
}

// Start starts the server again, on the same port with the same data. It returns when it takes connections.
func (s *Server) Start(t testing.TB) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.run != nil {
		return
	}
	if err := s.start(); err != nil {
		t.Fatalf("pgtest: %v", err)
	}
}

// Restart stops the server as an administrator does and starts it again.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	s.Stop()
	s.Start(t)
}

// Log returns the last lines that the server said.
func (s *Server) Log() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.run == nil {
		return ""
	}
	return s.run.log.String()
}

// Addr returns where the server listens, as 127.0.0.1:port: for a proxy in front of it.
func (s *Server) Addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)) }

// URL returns the URL of a database.
func (s *Server) URL(database string) string {
	return fmt.Sprintf("postgres://%s@%s/%s?sslmode=disable", superuser, s.Addr(), database)
}

func (s *Server) runs() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.run != nil
}

// Database makes a fresh, empty database and returns its URL. It is dropped at the test's end.
func (s *Server) Database(t testing.TB) string {
	t.Helper()
	name := fmt.Sprintf("t%d", databases.Add(1))
	Exec(t, s.URL("postgres"), "CREATE DATABASE "+name)
	t.Cleanup(func() {
		if s.runs() {
			Exec(t, s.URL("postgres"), "DROP DATABASE "+name+" WITH (FORCE)")
		}
	})
	return s.URL(name)
}

// Exec carries out a statement in the database at url, on a connection of its own.
func Exec(t testing.TB, url, statement string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatalf("pgtest: connecting to %s: %v", url, err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, statement); err != nil {
		t.Fatalf("pgtest: %s: %v", statement, err)
	}
}

// remove stops the server at once and removes what it has on the disk.
func (s *Server) remove() {
	s.Quit()
	os.RemoveAll(s.dir)
}
