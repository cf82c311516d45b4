package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
	"github.com/ringtrip/ringtrip/signaling/ringtripv1/ringtripv1connect"
)

// benchIdleCmd connects phones that do nothing, each with a connection and an event stream of its own as real ones have,
// to a server in a process of its own, and tells what they cost it.
type benchIdleCmd struct {
	Phones []int         `help:"How many, one after the other." default:"1,10,100,1000,10000"`
	For    time.Duration `help:"How long each number is watched." default:"20s"`
	HTTP   []string      `name:"http" help:"What the event streams come by: 1 is HTTP/1.1, as phones do it, 2 is HTTP/2." enum:"1,2" default:"1,2"`
	TLS    bool          `name:"tls" help:"With TLS, and a certificate that is made for it."`
	Floors bool          `help:"Measure also what Go alone costs." default:"true" negatable:""`
	Data   string        `help:"Folder for the server's database." placeholder:"DIR"`
	Serve  []string      `help:"Further flags of serve for the server, as --serve=--store=postgres://…" placeholder:"FLAG" sep:"none"`
	JSON   bool          `help:"Print JSON, for machines."`
}

// idleFigures are what one number of phones costs.
type idleFigures struct {
	Phones       int     `json:"phones"`
	RSS          int64   `json:"server_rss_bytes"`
	PerPhone     float64 `json:"server_bytes_per_phone"` // beyond what the server without phones has
	CPU          float64 `json:"server_cpu_cores"`
	PerPhoneCPU  float64 `json:"server_cpu_us_per_phone_and_second"`
	Generator    int64   `json:"generator_rss_bytes"`
	GeneratorCPU float64 `json:"generator_cpu_cores"`
	Events       int64   `json:"events_seen"`
}

// Run measures and prints.
func (c *benchIdleCmd) Run(ctx context.Context, o out) (err error) {
	slices.Sort(c.Phones)
	if len(c.Phones) == 0 || c.Phones[0] < 1 {
		return errors.New("bench idle wants numbers of --phones, as 1,100,10000")
	}
	most := c.Phones[len(c.Phones)-1]
	if err := wantFiles(uint64(most) + 1000); err != nil {
		return fmt.Errorf("%d phones need as many open files in both processes: %w; raise ulimit -n, or take fewer --phones", most, err)
	}
	wire := "without TLS"
	var secure []string
	if c.TLS {
		wire = "with TLS"
		dir, err := os.MkdirTemp("", "ringtrip-bench-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		if secure, err = benchCertificate(dir); err != nil {
			return err
		}
	}
	if !c.JSON {
		fmt.Fprintf(o, "ringtrip bench idle: phones with an open event stream that do nothing, %s on loopback, server and phones on the same %d cores, %s\n",
			wire, runtime.NumCPU(), runtime.Version())
	}
	report := map[string][]idleFigures{}
	for _, kind := range []struct {
		http, name string
		start      func() (*benchServer, error) // nil: a floor
	}{
		{"1", "floor: a connection and a goroutine that reads from it, seven bytes every 5 s", nil},
		{"1", "ringtrip serve, HTTP/1.1", func() (*benchServer, error) { return startBenchServer(ctx, c.Data, append(secure, c.Serve...)...) }},
		{"2", "floor: Go's HTTP/2, a handler that writes seven bytes every 5 s", nil},
		{"2", "ringtrip serve, HTTP/2", func() (*benchServer, error) { return startBenchServer(ctx, c.Data, append(secure, c.Serve...)...) }},
	} {
		start := kind.start
		if start == nil {
			start = func() (*benchServer, error) {
				return startBench(ctx, func(s *benchServer, _ string) []string {
					return append([]string{"bench", "idle-floor", s.addr}, secure...)
				})
			}
		}
		if !slices.Contains(c.HTTP, kind.http) || kind.start == nil && !c.Floors {
			continue
		}
		if report[kind.name], err = c.measure(ctx, o, kind.name, kind.http, start); err != nil {
			return fmt.Errorf("%s: %w", kind.name, err)
		}
	}
	if c.JSON {
		enc := json.NewEncoder(o)
		enc.SetIndent("", "  ")
		return enc.Encode(report)
	}
	return nil
}

// measure is the curve of one server.
func (c *benchIdleCmd) measure(ctx context.Context, o out, name, version string, start func() (*benchServer, error)) (all []idleFigures, err error) {
	s, err := start()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	b := newIdleBench(s, version, c.TLS)
	defer b.close()
	empty, err := b.watch(ctx, 3*time.Second)
	if err != nil {
		return nil, err
	}
	if !c.JSON {
		fmt.Fprintf(o, "\n%s: %.1f MB resident without phones\n%8s %12s %14s %12s %20s %16s\n",
			name, float64(empty.RSS)/1e6, "phones", "server, MB", "kB a phone", "CPU, cores", "µs a phone and s", "generator, MB")
	}
	for _, n := range c.Phones {
		if err := b.grow(ctx, n); err != nil {
			return nil, fmt.Errorf("connecting %d phones: %w", n, err)
		}
		f, err := b.watch(ctx, c.For)
		if err != nil {
			return nil, err
		}
		f.PerPhone = float64(f.RSS-empty.RSS) / float64(n)
		f.PerPhoneCPU = f.CPU * 1e6 / float64(n)
		all = append(all, f)
		if !c.JSON {
			fmt.Fprintf(o, "%8d %12.1f %14.1f %12.3f %20.1f %16.1f\n", n, float64(f.RSS)/1e6, f.PerPhone/1e3, f.CPU, f.PerPhoneCPU, float64(f.Generator)/1e6)
		}
		if lost := b.lost.Load(); lost > 0 {
			return nil, fmt.Errorf("%d of %d phones lost their stream: %s", lost, n, b.why.Load())
		}
	}
	return all, nil
}

// idleBench holds the phones.
type idleBench struct {
	server *benchServer
	rpc    ringtripv1connect.PhoneServiceClient
	client *http.Transport
	tls    *tls.Config // nil: without
	idle   func(c net.Conn, authority string, p *lightPhone, each func(first bool)) error
	phones []net.Conn
	events atomic.Int64
	lost   atomic.Int64
	why    atomic.Value
	over   atomic.Bool
	all    sync.WaitGroup
}

func newIdleBench(s *benchServer, version string, secure bool) *idleBench {
	var only http.Protocols
	only.SetUnencryptedHTTP2(!secure)
	only.SetHTTP2(secure)
	b := &idleBench{server: s, idle: idle, client: &http.Transport{Protocols: &only}}
	next := "h2"
	if version == "1" {
		b.idle, next = idleLight, "http/1.1"
	}
	url := "http://" + s.addr
	if secure {
		url = "https://" + s.addr
		b.client.TLSClientConfig = &tls.Config{InsecureSkipVerify: true} // it is our own process that listens there
		b.tls = &tls.Config{InsecureSkipVerify: true, NextProtos: []string{next}}
	}
	b.why.Store("")
	b.rpc = ringtripv1connect.NewPhoneServiceClient(&http.Client{Transport: b.client}, url)
	return b
}

// dial connects a phone.
func (b *idleBench) dial(ctx context.Context, i int) (net.Conn, error) {
	// One address has some 28,000 ports to call from.
	from := &net.TCPAddr{IP: net.IPv4(127, 0, 0, byte(1+i/20_000))}
	dialer := net.Dialer{LocalAddr: from, Timeout: 30 * time.Second}
	c, err := dialer.DialContext(ctx, "tcp", b.server.addr)
	if err != nil || b.tls == nil {
		return c, err
	}
	return tls.Client(c, b.tls), nil
}

// grow connects phones until there are n.
func (b *idleBench) grow(ctx context.Context, n int) error {
	have := len(b.phones)
	b.phones = append(b.phones, make([]net.Conn, n-have)...)
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(32)
	for i := have; i < n; i++ {
		g.Go(func() error {
			user := fmt.Sprintf("idle-%d", i)
			token, err := b.server.token(user)
			if err != nil {
				return err
			}
			p := &lightPhone{id: user + "-phone", token: "Bearer " + token, rpc: b.rpc}
			if _, err := p.rpc.RegisterDevice(ctx, request(p, &v1.RegisterDeviceRequest{DeviceId: p.id, Platform: "linux"})); err != nil {
				return fmt.Errorf("registering: %w", err)
			}
			c, err := b.dial(ctx, i)
			if err != nil {
				return err
			}
			b.phones[i] = c
			hello := make(chan struct{})
			b.all.Go(func() {
				err := b.idle(c, b.server.addr, p, func(first bool) {
					if b.events.Add(1); first {
						close(hello)
					}
				})
				if !b.over.Load() {
					b.why.CompareAndSwap("", err.Error())
					b.lost.Add(1)
				}
			})
			select {
			case <-hello:
				return nil
			case <-time.After(time.Minute):
				return fmt.Errorf("the server did not greet a phone within a minute (%v)", b.why.Load())
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	}
	return g.Wait()
}

// watch lets time pass and tells what it cost; the memory is that of its end.
func (b *idleBench) watch(ctx context.Context, d time.Duration) (idleFigures, error) {
	var f idleFigures
	pid := b.server.cmd.Process.Pid
	was, err := costOf(pid)
	if err != nil {
		return f, err
	}
	ownWas, err := costOf(os.Getpid())
	if err != nil {
		return f, err
	}
	events := b.events.Load()
	select {
	case <-time.After(d):
	case <-ctx.Done():
		return f, ctx.Err()
	}
	is, err := costOf(pid)
	if err != nil {
		return f, err
	}
	own, err := costOf(os.Getpid())
	if err != nil {
		return f, err
	}
	return idleFigures{
		Phones: len(b.phones), RSS: is.rss, CPU: (is.cpu - was.cpu).Seconds() / d.Seconds(),
		Generator: own.rss, GeneratorCPU: (own.cpu - ownWas.cpu).Seconds() / d.Seconds(), Events: b.events.Load() - events,
	}, nil
}

func (b *idleBench) close() {
	b.over.Store(true)
	for _, c := range b.phones {
		if c != nil {
			_ = c.Close()
		}
	}
	b.all.Wait()
	b.client.CloseIdleConnections()
}
