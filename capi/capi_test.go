//go:build cgo

package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"

	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
	"github.com/ringtrip/ringtrip/signaling/ringtripv1/ringtripv1connect"
)

// The tests are in C (testdata/*.c), for what they test is what C sees: they are compiled, linked with the library that is
// built for them, and run. Go's tests can't call the exported functions themselves.

// raceFlags build the library with the race detector, if this test is built with it.
var raceFlags []string

// folder holds what is built for all tests of this process.
var folder string

func TestMain(m *testing.M) {
	var err error
	if folder, err = os.MkdirTemp("", "ringtrip-capi"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(folder)
	os.Exit(code)
}

func run(t testing.TB, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=1", "GORACE=halt_on_error=1", "TSAN_OPTIONS=halt_on_error=1", "ASAN_OPTIONS=detect_leaks=0")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", filepath.Base(name), strings.Join(args, " "), err, out)
	}
	return string(out)
}

// archives are the libraries that were built, by the sanitizer that the compiler was told to use.
var archives = struct {
	sync.Mutex
	built map[string]string
}{built: make(map[string]string)}

// archive builds the library with the simulated iPhone and the tests' own functions, once. With the sanitizer for threads its
// C code says what Go's locks order; without, every lock of Go's would be a race.
func archive(t testing.TB, sanitizer string) string {
	t.Helper()
	archives.Lock()
	defer archives.Unlock()
	if sanitizer != "thread" {
		sanitizer = ""
	}
	if lib := archives.built[sanitizer]; lib != "" {
		return lib
	}
	lib := filepath.Join(folder, "libringtrip"+sanitizer+".a")
	args := slices.Concat([]string{"build", "-tags", "iossim,ringtrip_fault", "-buildmode=c-archive", "-o", lib}, raceFlags, []string{"."})
	cmd := exec.Command("go", args...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=1")
	if sanitizer != "" {
		cmd.Env = append(cmd.Env, "CGO_CFLAGS=-g -O1 -fsanitize="+sanitizer, "CGO_LDFLAGS=-fsanitize="+sanitizer)
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	archives.built[sanitizer] = lib
	return lib
}

// program compiles testdata/name.c with the app and the library, with a sanitizer or none.
func program(t testing.TB, name, sanitizer string) string {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("the linker's --wrap, which counts what is allocated, is GNU's")
	}
	lib := archive(t, sanitizer)
	var flags []string
	if sanitizer != "" {
		flags = []string{"-fsanitize=" + sanitizer, "-Wno-format-truncation"}
	}
	out := filepath.Join(t.TempDir(), name)
	cc := "cc"
	if s := os.Getenv("CC"); s != "" {
		cc = s
	}
	// The race detector's shadow memory wants a program at a fixed address.
	args := slices.Concat([]string{"-std=gnu11", "-O2", "-g", "-Wall", "-Wextra", "-Werror", "-no-pie"}, flags, []string{
		"-o", out, "testdata/" + name + ".c", "testdata/app.c", lib, "-lpthread", "-lm", "-ldl", "-Wl,--wrap=malloc,--wrap=calloc,--wrap=free"})
	run(t, cc, args...)
	return out
}

// figures reads the "name=number" of what a program printed.
func figures(t testing.TB, out string) map[string]float64 {
	t.Helper()
	all := make(map[string]float64)
	for _, m := range regexp.MustCompile(`(\w+)=([0-9.-]+)`).FindAllStringSubmatch(out, -1) {
		n, err := strconv.ParseFloat(m[2], 64)
		if err != nil {
			t.Fatalf("%s: %v", m[0], err)
		}
		all[m[1]] = n
	}
	return all
}

// nobody is a server's address where nobody listens.
func nobody(t testing.TB) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return "http://" + l.Addr().String()
}

// rounds is how often what is counted happens. Go's runtime allocates a little when it starts a thread, and frees it a moment
// later: so many strings of a difference mean nothing, and one in each round does.
const rounds = 8

func checkStrings(t *testing.T, out string, rounds float64) {
	t.Helper()
	n, ok := figures(t, out)["strings_left"]
	if !ok || n >= rounds || n <= -rounds {
		t.Errorf("strings are left, or freed twice, in each of %.0f rounds:\n%s", rounds, out)
	}
}

func TestFace(t *testing.T) {
	out := run(t, program(t, "face", ""), nobody(t), strconv.Itoa(rounds))
	checkStrings(t, out, rounds)
}

// TestFaceSanitized has the C side watched by the compiler's sanitizers: what the library does with the memory of others, and
// what threads see of each other.
func TestFaceSanitized(t *testing.T) {
	if len(raceFlags) > 0 {
		t.Skip("the race detector and the sanitizers exclude each other")
	}
	for _, s := range []string{"address,undefined", "thread"} {
		t.Run(s, func(t *testing.T) {
			empty := filepath.Join(t.TempDir(), "empty.c")
			if err := os.WriteFile(empty, []byte("int main(void) { return 0; }\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			if out, err := exec.Command("cc", "-fsanitize="+s, "-no-pie", "-o", empty+".out", empty).CombinedOutput(); err != nil {
				t.Skipf("this compiler lacks -fsanitize=%s: %s", s, out)
			}
			run(t, program(t, "face", s), nobody(t), "1")
		})
	}
}

// server answers everything that a phone says.
type server struct {
	ringtripv1connect.UnimplementedPhoneServiceHandler
}

func (server) RegisterDevice(context.Context, *connect.Request[v1.RegisterDeviceRequest]) (*connect.Response[v1.RegisterDeviceResponse], error) {
	return connect.NewResponse(&v1.RegisterDeviceResponse{}), nil
}

func (server) Ack(context.Context, *connect.Request[v1.AckRequest]) (*connect.Response[v1.AckResponse], error) {
	return connect.NewResponse(&v1.AckResponse{}), nil
}

func (server) Answer(context.Context, *connect.Request[v1.AnswerRequest]) (*connect.Response[v1.AnswerResponse], error) {
	return connect.NewResponse(&v1.AnswerResponse{}), nil
}

func (server) End(context.Context, *connect.Request[v1.EndRequest]) (*connect.Response[v1.EndResponse], error) {
	return connect.NewResponse(&v1.EndResponse{}), nil
}

func (server) Decline(context.Context, *connect.Request[v1.DeclineRequest]) (*connect.Response[v1.DeclineResponse], error) {
	return connect.NewResponse(&v1.DeclineResponse{}), nil
}

func serve(t testing.TB) string {
	mux := http.NewServeMux()
	mux.Handle(ringtripv1connect.NewPhoneServiceHandler(server{}))
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s.URL
}

// TestTenThousandCalls has a hundred phones take a hundred calls each through the C face, in the company of a server:
// nothing is left behind, and memory stays flat.
func TestTenThousandCalls(t *testing.T) {
	phones, calls := 100, 100
	if testing.Short() || len(raceFlags) > 0 {
		phones, calls = 20, 20
	}
	out := run(t, program(t, "calls", ""), serve(t), strconv.Itoa(phones), strconv.Itoa(calls))
	t.Log(strings.TrimSpace(out))
	f := figures(t, out)
	if f["calls"] != float64(phones*calls) || f["engines_left"] != 0 {
		t.Errorf("calls were lost, or engines are left: %s", out)
	}
	checkStrings(t, out, float64(phones))
	early, most := f["resident_kib_after_a_quarter"], f["resident_kib_at_most"]
	if early == 0 || most > 1.25*early+8<<10 {
		t.Errorf("memory grows: %.0f KiB after a quarter of the calls, %.0f KiB at most", early, most)
	}
}
