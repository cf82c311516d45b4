//go:build unix

package cluster

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// deployment is three nodes on one database. Between each of them and the database there is a proxy, and so there is
// between them and the bus if that is a NATS server beside.
type deployment struct {
	nodes []*Process
	db    []*Proxy
	bus   []*Proxy // nil: the nodes are their own bus
}

func (d *deployment) addrs() (all []string) {
	for _, n := range d.nodes {
		all = append(all, n.Addr)
	}
	return all
}

// three starts three nodes whose bus is embedded, or beside.
func three(t *testing.T, beside bool) *deployment {
	t.Helper()
	db, err := url.Parse(database(t))
	if err != nil {
		t.Fatal(err)
	}
	key, shared := keyFile(t), filepath.Join(t.TempDir(), "peers.secret")
	if err := os.WriteFile(shared, []byte("what the three nodes share"), 0o600); err != nil {
		t.Fatal(err)
	}
	d := &deployment{}
	pushes := apns(t)
	var peers, buses []string
	for range 3 {
		d.db = append(d.db, proxy(t, db.Host))
		peers = append(peers, free(t))
	}
	if beside {
		s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, NoSigs: true, NoLog: true})
		if err != nil {
			t.Fatal(err)
		}
		s.Start()
		t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
		for range 3 {
			p := proxy(t, s.Addr().String())
			d.bus = append(d.bus, p)
			buses = append(buses, "nats://"+p.Addr())
		}
	}
	for n := range 3 {
		mine := *db
		mine.Host = d.db[n].Addr()
		p := &Process{Name: fmt.Sprint("node ", n+1), Binary: binary, Addr: free(t), Args: []string{
			"--key", key, "--ring-timeout", RingTime.String(), "--node", fmt.Sprint("n", n+1), "--store", mine.String(),
		}}
		p.Args = append(p.Args, pushes...)
		if beside {
			p.Args = append(p.Args, "--bus", buses[n])
		} else {
			p.Args = append(p.Args, "--peer-listen", peers[n], "--peers", strings.Join(peers, ","), "--peer-secret-file", shared)
		}
		d.nodes = append(d.nodes, p)
		p.start(t)
		t.Cleanup(func() {
			_ = p.Signal(syscall.SIGCONT)
			_ = p.Kill()
		})
	}
	return d
}

func proxy(t *testing.T, to string) *Proxy {
	t.Helper()
	p, err := NewProxy(to)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

func free(t *testing.T) string {
	t.Helper()
	addr, err := FreeAddr()
	if err != nil {
		t.Fatal(err)
	}
	return addr
}

// ready reports what a node says of itself.
func ready(p *Process) bool {
	client := &http.Client{Timeout: 3 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	r, err := client.Get("http://" + p.Addr + "/readyz")
	if err != nil {
		return false
	}
	_ = r.Body.Close()
	return r.StatusCode == http.StatusOK
}

// becomes waits until a node is ready or not.
func becomes(t *testing.T, p *Process, want bool, within time.Duration) {
	t.Helper()
	begin := time.Now()
	for ready(p) != want {
		if time.Since(begin) > within {
			t.Fatalf("%s is not ready=%v after %s:\n%s", p.Name, want, within, p.Log())
		}
		wait(50 * time.Millisecond)
	}
	t.Logf("%s is ready=%v after %s", p.Name, want, time.Since(begin).Round(time.Millisecond))
}

// Nodes among three are killed under load, one after the other.
func TestTortureOfThree(t *testing.T) {
	d := three(t, false)
	w := worldOf(t, WorldConfig{Groups: 6, Pushes: true}, d.addrs()...)
	w.Begin()
	r := rand.New(rand.NewPCG(*seed, 3))
	begin := time.Now()
	for n := range *nodeKills {
		under(t, w, 1+r.IntN(10), 2*time.Second)
		wait(time.Duration(r.Int64N(int64(300 * time.Millisecond))))
		p := d.nodes[r.IntN(3)]
		p.kill(t)
		wait(time.Duration(r.Int64N(int64(500 * time.Millisecond))))
		p.start(t)
		if (n+1)%20 == 0 {
			t.Logf("%d kills, %d calls", n+1, w.Calls())
		}
	}
	took := time.Since(begin)
	v := verdict(t, w)
	t.Logf("kill -9 of a node among three: %d in %s\n%s", *nodeKills, took.Round(time.Second), v)
	if v.Wrong() {
		t.Error("promises were broken")
	}
}

// Everything else that can happen to a node, under load: it is stopped for a while and goes on, it is cut off from the
// database, from the bus, and all nodes are restarted in turn.
func TestTroubleOfThree(t *testing.T) {
	d := three(t, true)
	w := world(t, 6, d.addrs()...)
	w.Begin()
	some := func(n int) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := w.Await(ctx, w.Calls()+n); err != nil {
			t.Fatalf("there is no progress: %v", err)
		}
	}
	some(20)

	if err := d.nodes[0].Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	wait(4 * time.Second) // long enough to be taken for dead
	if err := d.nodes[0].Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	some(20)
	t.Logf("a node slept and goes on: %d calls", w.Calls())

	d.db[1].Cut()
	becomes(t, d.nodes[1], false, 10*time.Second)
	some(20)
	d.db[1].Heal()
	becomes(t, d.nodes[1], true, 30*time.Second)
	some(20)
	t.Logf("a node was cut off from the database: %d calls", w.Calls())

	d.bus[2].Cut()
	some(20)
	if !ready(d.nodes[2]) {
		t.Error("a node without the bus is not ready, though it can do everything, a little later")
	}
	d.bus[2].Heal()
	some(20)
	t.Logf("a node was cut off from the bus: %d calls", w.Calls())

	for _, p := range d.nodes {
		if err := p.Stop(20 * time.Second); err != nil {
			t.Error(err)
		}
		some(5)
		p.start(t)
	}
	some(20)
	v := verdict(t, w)
	t.Logf("trouble of three nodes\n%s", v)
	if v.Wrong() {
		t.Error("promises were broken")
	}
}

// The ring timers of a node that died fire elsewhere within two seconds.
func TestTimersOfADeadNode(t *testing.T) {
	d := three(t, false)
	w := worldOf(t, WorldConfig{Groups: 4, OnlyRing: true}, d.addrs()...)
	w.Begin()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := w.Await(ctx, 24); err != nil {
		t.Fatal(err)
	}
	d.nodes[0].kill(t)
	w.Finish()
	wait(RingTime - 200*time.Millisecond) // until they are just about to fire
	d.nodes[1].kill(t)
	v, err := w.Check(20 * time.Second)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("two of three nodes are dead\n%s", v)
	if v.Wrong() || v.RingOuts < 20 {
		t.Error("promises were broken")
	}
	if v.Latest > 2*time.Second {
		t.Errorf("a ring ended %s after its deadline", v.Latest)
	}
}
