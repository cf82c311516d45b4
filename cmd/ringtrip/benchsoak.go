package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// benchSoakCmd keeps a server at work for long and looks whether anything of it grows that should not.
type benchSoakCmd struct {
	For     time.Duration `help:"How long." default:"30m"`
	Rate    float64       `help:"Calls a second." default:"20"`
	Workers int           `help:"How many calls at once, at most." default:"32"`
	Every   time.Duration `help:"How often the server is looked at." default:"1m"`
	Data    string        `help:"Folder for the server's database; put it on the disk that you mean." placeholder:"DIR"`
	Serve   []string      `help:"Further flags of serve for the server." placeholder:"FLAG" sep:"none"`
	JSON    bool          `help:"Print JSON, for machines."`
}

// soaked is what the server had at a moment.
type soaked struct {
	At         float64 `json:"seconds"`
	Calls      int     `json:"calls"`
	RSS        float64 `json:"rss_bytes"`
	Heap       float64 `json:"heap_inuse_bytes"`
	Goroutines float64 `json:"goroutines"`
	Files      float64 `json:"open_files"`
}

// Run measures and prints a line each time it looks.
func (c *benchSoakCmd) Run(ctx context.Context, o out) (err error) {
	if c.Every <= 0 || c.For < 4*c.Every || c.Rate <= 0 {
		return errors.New("bench soak wants a --rate, and --for at least four times --every")
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	admin := free.Addr().String()
	_ = free.Close()
	s, err := startBenchServer(ctx, c.Data, append([]string{"--admin", admin}, c.Serve...)...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	b := &callsBench{
		cmd:    &benchCallsCmd{For: c.For, Workers: c.Workers, Rate: c.Rate, Devices: 3},
		server: s, took: map[string][]time.Duration{},
	}
	defer b.close()
	if err := b.connect(ctx); err != nil {
		return fmt.Errorf("connecting the phones: %w", err)
	}
	if !c.JSON {
		fmt.Fprintf(o, "ringtrip bench soak: %.0f whole calls a second for %s, server and generator on the same %d cores, %s\n\n%8s %9s %10s %10s %11s %7s\n",
			c.Rate, c.For, runtime.NumCPU(), runtime.Version(), "seconds", "calls", "RSS, MB", "heap, MB", "goroutines", "files")
	}
	var seen []soaked
	var report callsReport
	began := time.Now()
	work, stop := context.WithCancel(ctx)
	var all errgroup.Group
	all.Go(func() (err error) {
		defer stop()
		report, err = b.run(ctx)
		return err
	})
	all.Go(func() error {
		tick := time.NewTicker(c.Every)
		defer tick.Stop()
		for {
			select {
			case <-work.Done():
				return ctx.Err()
			case <-tick.C:
			}
			m, err := lookAt(ctx, admin)
			if err != nil {
				return fmt.Errorf("looking at the server: %w", err)
			}
			m.At = time.Since(began).Seconds()
			b.mu.Lock()
			m.Calls = b.calls
			b.mu.Unlock()
			seen = append(seen, m)
			if !c.JSON {
				fmt.Fprintf(o, "%8.0f %9d %10.1f %10.1f %11.0f %7.0f\n", m.At, m.Calls, m.RSS/1e6, m.Heap/1e6, m.Goroutines, m.Files)
			}
		}
	})
	if err := all.Wait(); err != nil {
		return err
	}
	if c.JSON {
		enc := json.NewEncoder(o)
		enc.SetIndent("", "  ")
		return enc.Encode(map[string]any{"samples": seen, "calls": report})
	}
	fmt.Fprintf(o, "\nfrom the second quarter to the last, on average: RSS %s, heap %s, goroutines %s, files %s\ndouble answers %d, failed calls %d %s\n\n",
		growth(seen, func(m soaked) float64 { return m.RSS }), growth(seen, func(m soaked) float64 { return m.Heap }),
		growth(seen, func(m soaked) float64 { return m.Goroutines }), growth(seen, func(m soaked) float64 { return m.Files }),
		report.Doubles, report.Failed, report.FirstFail)
	printFigures(o, report.Spans)
	return nil
}

// growth compares averages of the second and the last quarter: the first is the warming up.
func growth(all []soaked, of func(soaked) float64) string {
	quarter := len(all) / 4
	if quarter == 0 {
		return "unknown"
	}
	mean := func(part []soaked) float64 {
		sum := 0.0
		for _, m := range part {
			sum += of(m)
		}
		return sum / float64(len(part))
	}
	return fmt.Sprintf("%+.1f %%", (mean(all[len(all)-quarter:])/mean(all[quarter:2*quarter])-1)*100)
}

// lookAt reads what the server says of itself in /metrics.
func lookAt(ctx context.Context, admin string) (m soaked, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+admin+"/metrics", nil)
	if err != nil {
		return m, err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return m, err
	}
	defer answer.Body.Close()
	wanted := map[string]*float64{
		"process_resident_memory_bytes": &m.RSS, "go_memstats_heap_inuse_bytes": &m.Heap, "go_goroutines": &m.Goroutines, "process_open_fds": &m.Files,
	}
	lines := bufio.NewScanner(io.LimitReader(answer.Body, 8<<20))
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), " ")
		if to := wanted[name]; to != nil {
			if *to, err = strconv.ParseFloat(value, 64); err != nil {
				return m, fmt.Errorf("%s: %w", name, err)
			}
			delete(wanted, name)
		}
	}
	if len(wanted) > 0 {
		return m, fmt.Errorf("/metrics has none of %v: what a process costs is told on Linux only", wanted)
	}
	return m, lines.Err()
}
