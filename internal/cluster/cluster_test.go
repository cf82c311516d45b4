package cluster

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ringtrip/ringtrip/push"
	"github.com/ringtrip/ringtrip/push/apnstest"
)

var (
	kills     = flag.Int("kills", 15, "how often the single server is killed")
	nodeKills = flag.Int("node-kills", 4, "how often a node among three is killed")
	seed      = flag.Uint64("seed", 1, "of what is random")
)

// binary is the ringtrip command.
var binary string

func TestMain(m *testing.M) {
	flag.Parse()
	dir, err := os.MkdirTemp("", "ringtrip-cluster")
	if err == nil {
		binary, err = Build(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	goleak.VerifyTestMain(tests{m, dir})
}

// tests runs the tests and removes the binary.
type tests struct {
	m   *testing.M
	dir string
}

func (t tests) Run() int {
	defer os.RemoveAll(t.dir)
	return before(t.m)
}

const secret = "0123456789abcdef0123456789abcdef"

func keyFile(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "app.key")
	if err := os.WriteFile(file, []byte(secret), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// single is one server on SQLite.
func single(t *testing.T, args ...string) *Process {
	t.Helper()
	addr, err := FreeAddr()
	if err != nil {
		t.Fatal(err)
	}
	p := &Process{Name: "the server", Binary: binary, Addr: addr, Args: append([]string{
		"--key", keyFile(t), "--data", filepath.Join(t.TempDir(), "data"), "--ring-timeout", RingTime.String(),
	}, args...)}
	p.start(t)
	t.Cleanup(func() { _ = p.Kill() })
	return p
}

// apns starts a local APNs and returns the settings of a server that pushes to it.
func apns(t *testing.T) []string {
	t.Helper()
	s := apnstest.New(apnstest.Config{AdmitAll: true, Latency: 100 * time.Millisecond}) // so that servers die over pushes
	t.Cleanup(s.Close)
	p8, public := apnstest.GenerateKey()
	s.RegisterTeam("TEAM123456", "KEY1234567", public)
	s.RegisterApp(Bundle, "TEAM123456")
	dir := t.TempDir()
	key, ca := filepath.Join(dir, "key.p8"), filepath.Join(dir, "ca.pem")
	for file, text := range map[string][]byte{key: p8, ca: s.CA()} {
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return []string{"--apns-key", key, "--apns-key-id", "KEY1234567", "--apns-team", "TEAM123456", "--apns-ca", ca,
		"--apns-production-url", s.URL(push.Production), "--apns-sandbox-url", s.URL(push.Sandbox)}
}

func (p *Process) start(t *testing.T) {
	t.Helper()
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
}

func (p *Process) kill(t *testing.T) {
	t.Helper()
	if !p.Serving() {
		t.Fatalf("%s ended by itself:\n%s", p.Name, p.Log())
	}
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
}

func world(t *testing.T, groups int, addrs ...string) *World {
	t.Helper()
	return worldOf(t, WorldConfig{Groups: groups}, addrs...)
}

func worldOf(t *testing.T, cfg WorldConfig, addrs ...string) *World {
	t.Helper()
	cfg.Balancer, cfg.App, cfg.Secret, cfg.Devices, cfg.Seed = NewBalancer(addrs...), "app", []byte(secret), 2, *seed
	w, err := NewWorld(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	return w
}

// verdict ends the calls and checks them.
func verdict(t *testing.T, w *World) *Verdict {
	t.Helper()
	w.Finish()
	v, err := w.Check(30 * time.Second)
	if err != nil {
		t.Fatal(err)
	}
	if v.Calls == 0 || v.Answers == 0 || v.Ends == 0 {
		t.Errorf("nothing was proved: %+v", v)
	}
	return v
}

// The single server is killed in the middle of everything, again and again.
func TestTortureOfOne(t *testing.T) {
	p := single(t, apns(t)...)
	w := worldOf(t, WorldConfig{Groups: 8, Pushes: true}, p.Addr)
	w.Begin()
	r := rand.New(rand.NewPCG(*seed, 7))
	begin := time.Now()
	var up, down time.Duration
	for n := range *kills {
		under(t, w, r.IntN(6), time.Second)
		wait(time.Duration(r.Int64N(int64(50 * time.Millisecond))))
		p.kill(t)
		from := time.Now()
		p.start(t)
		down += time.Since(from)
		if (n+1)%100 == 0 {
			t.Logf("%d kills, %d calls", n+1, w.Calls())
		}
	}
	up = time.Since(begin)
	v := verdict(t, w)
	t.Logf("kill -9 of the single server: %d in %s, up again after %s on average\n%s", *kills, up.Round(time.Second), (down / time.Duration(max(*kills, 1))).Round(time.Millisecond), v)
	if v.Wrong() {
		t.Error("promises were broken")
	}
}

// under returns when so many more calls were begun, or after a while: a server that is killed before it could do anything
// proves little.
func under(t *testing.T, w *World, calls int, most time.Duration) {
	ctx, cancel := context.WithTimeout(t.Context(), most)
	defer cancel()
	_ = w.Await(ctx, w.Calls()+calls)
}

// wait lets real processes work for a random while: their own time is what is tested.
func wait(d time.Duration) { <-time.After(d) }

// A check that can't fail proves nothing: faults that are planted are found.
func TestPlantedFaultsAreFound(t *testing.T) {
	for fault, found := range map[string]func(*Verdict) []string{
		"ack-before-commit": func(v *Verdict) []string { return slices.Concat(v.Doubles, v.Lost, v.Deaf) },
		"no-timers":         func(v *Verdict) []string { return v.Eternal },
		"no-events":         func(v *Verdict) []string { return v.Deaf },
		"no-jobs":           func(v *Verdict) []string { return v.Unpushed },
	} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			p := single(t, append(apns(t), "--plant-fault", fault)...)
			onlyRing := fault == "no-jobs" || fault == "no-timers"
			w := worldOf(t, WorldConfig{Groups: 4, Pushes: true, OnlyRing: onlyRing, Patience: time.Second}, p.Addr)
			w.Begin()
			const many = time.Minute // what shows a fault is how many calls it had, not for how long
			under(t, w, 4, many)
			for range map[string]int{"no-jobs": 5, "ack-before-commit": 2}[fault] {
				under(t, w, 4, many)
				p.kill(t)
				p.start(t)
			}
			if fault != "no-events" { // with that one a call takes for ever
				under(t, w, 4, many)
			}
			if fault == "ack-before-commit" {
				p.kill(t)
				p.Args = p.Args[:len(p.Args)-2]
				p.start(t)
			}
			w.Finish()
			v, err := w.Check(8 * time.Second)
			if err != nil {
				t.Fatal(err)
			}
			if len(found(v)) == 0 {
				t.Errorf("it was not found:\n%s", v)
			}
			t.Logf("%s", strings.SplitN(v.String(), "\n  ", 2)[0])
		})
	}
}
