package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ringtrip/ringtrip/push/apnstest"
)

// benchPushCmd compares senders of pushes in one run.
type benchPushCmd struct {
	N       int    `help:"Pushes at 100 and 500 in flight; a tenth of it one after the other." default:"20000"`
	Rounds  int    `help:"How often everything is done; the senders take turns at going first, and medians are told." default:"5"`
	Peer    string `help:"The peer's program; without it, it is built from tools/peers/apns2 if this is a checkout and Go is there." placeholder:"FILE"`
	NoPeer  bool   `help:"Leave the peer out."`
	Profile string `help:"Folder for CPU profiles of ringtrip's sender." placeholder:"DIR"`
	JSON    bool   `help:"Print JSON, for machines."`
}

// The senders that are compared.
const (
	senderOurs = "ringtrip"
	senderPeer = "sideshow/apns2"
	senderBare = "net/http"
)

// pushTrial is one kind of run.
type pushTrial struct {
	Name     string `json:"name"`
	InFlight int    `json:"in_flight"`
	N        int    `json:"n"`
	Cold     bool   `json:"cold,omitempty"`
	GoAway   bool   `json:"goaway,omitempty"`
}

// pushFigure is what one run of a trial gave.
type pushFigure struct {
	Trial  string `json:"trial"`
	Sender string `json:"sender"`
	Round  int    `json:"round"`
	pushResult
	APNs        float64 `json:"apns_cpu_us"` // CPU of the local APNs, for each push; 0 where /proc is missing
	Connections int     `json:"connections"` // opened during the trial
	Lost        int     `json:"lost"`        // never processed by APNs
	Repeated    int     `json:"repeated"`    // processed more than once
}

// payload271 is a ring of 271 bytes.
var payload271 = func() string {
	const head, tail = `{"aps":{},"ringtrip":{"call":"019aa5e3-7c60-7000-8000-3a1f0c2b4d5e","name":"Alice Example","token":"`, `"}}`
	return head + strings.Repeat("t", 271-len(head)-len(tail)) + tail
}()

// Run measures and prints tables.
func (c *benchPushCmd) Run(ctx context.Context, o out) error {
	if c.N < 100 || c.Rounds < 1 {
		return errors.New("give --n of at least 100 and --rounds of at least 1")
	}
	dir, err := os.MkdirTemp("", "ringtrip-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	self, err := os.Executable()
	if err != nil {
		return err
	}
	peer, why := c.Peer, ""
	switch {
	case c.NoPeer:
		why = "--no-peer was given"
	case peer == "":
		peer, why = buildPeer(ctx, dir)
	}
	senders := map[string][]string{senderOurs: {self, "bench", "push-send", senderOurs}, senderBare: {self, "bench", "push-send", senderBare}}
	order := []string{senderOurs, senderBare}
	if why == "" {
		senders[senderPeer] = []string{peer}
		order = []string{senderOurs, senderPeer, senderBare}
	}
	b := &pushBench{ctx: ctx, dir: dir, senders: senders, profile: c.Profile}
	if err := b.start(self); err != nil {
		return err
	}
	defer b.stop()
	trials := []pushTrial{
		{Name: "1 in flight", InFlight: 1, N: c.N / 10},
		{Name: "100 in flight", InFlight: 100, N: c.N},
		{Name: "500 in flight", InFlight: 500, N: c.N},
		{Name: "cold burst", InFlight: 200, N: 200, Cold: true},
		{Name: "abrupt GOAWAY", InFlight: 200, N: 2000, GoAway: true},
	}
	for round := range c.Rounds {
		for _, t := range trials {
			for i := range order {
				sender := order[(i+round)%len(order)] // everybody is first in turn
				if err := b.run(t, sender, round); err != nil {
					return fmt.Errorf("%s, %s: %w", t.Name, sender, err)
				}
			}
		}
	}
	if c.JSON {
		enc := json.NewEncoder(o)
		enc.SetIndent("", "  ")
		return enc.Encode(b.figures)
	}
	fmt.Fprintf(o, "ringtrip bench push: medians of %d rounds; APNs and each sender in a process of its own, TLS over loopback, %d cores shared by both, %s %s/%s; payload %d bytes\n",
		c.Rounds, runtime.NumCPU(), runtime.Version(), runtime.GOOS, runtime.GOARCH, len(payload271))
	if why != "" {
		fmt.Fprintf(o, "\nTHE PEER sideshow/apns2 IS LEFT OUT: %s\n", why)
	}
	b.print(o, trials, order)
	return nil
}

// buildPeer builds tools/peers/apns2 of the checkout that the working directory is in, or says why it can't.
func buildPeer(ctx context.Context, dir string) (program, why string) {
	at, err := os.Getwd()
	if err != nil {
		return "", err.Error()
	}
	for {
		source := filepath.Join(at, "tools", "peers", "apns2")
		if _, err := os.Stat(filepath.Join(source, "go.mod")); err == nil {
			program = filepath.Join(dir, "apns2")
			cmd := exec.CommandContext(ctx, "go", "build", "-o", program, ".")
			cmd.Dir = source
			if text, err := cmd.CombinedOutput(); err != nil {
				return "", fmt.Sprintf("building it failed (%v): %s", err, bytes.TrimSpace(text))
			}
			return program, ""
		}
		up := filepath.Dir(at)
		if up == at {
			return "", "it is built from source, and this is not a checkout of ringtrip"
		}
		at = up
	}
}

// pushBench is a local APNs in a process of its own, and what was measured against it.
type pushBench struct {
	ctx     context.Context
	dir     string
	senders map[string][]string // command lines
	profile string

	apns    *exec.Cmd
	at      startInfo
	figures []pushFigure
}

// start starts the APNs.
func (b *pushBench) start(self string) error {
	b.apns = exec.CommandContext(b.ctx, self, "apns-test", "--json", "--quiet", "--dir", b.dir)
	b.apns.Stderr = os.Stderr
	b.apns.Cancel = func() error { return b.apns.Process.Signal(os.Interrupt) }
	stdout, err := b.apns.StdoutPipe()
	if err != nil {
		return err
	}
	if err := b.apns.Start(); err != nil {
		return err
	}
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &b.at)
	}
	if err != nil {
		b.stop()
		return fmt.Errorf("starting the local APNs: %w", err)
	}
	return nil
}

func (b *pushBench) stop() {
	_ = b.apns.Process.Signal(os.Interrupt) // if it ended by itself, all the better
	_ = b.apns.Wait()
}

// tell sends an order to the APNs.
func (b *pushBench) tell(method, path, body string, into any) error {
	r, err := http.NewRequestWithContext(b.ctx, method, b.at.Control+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	switch {
	case err != nil:
		return err
	case resp.StatusCode != http.StatusOK:
		return fmt.Errorf("the local APNs refused %s: %s", path, bytes.TrimSpace(text))
	case into == nil:
		return nil
	}
	return json.Unmarshal(text, into)
}

// run runs one trial with one sender.
func (b *pushBench) run(t pushTrial, sender string, round int) error {
	line := b.senders[sender]
	cmd := exec.CommandContext(b.ctx, line[0], line[1:]...) //nolint:gosec // our own program or the one given with --peer
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	f, err := b.converse(t, sender, round, stdin, bufio.NewReader(stdout))
	_ = stdin.Close() // a sender that still reads ends with that
	if werr := cmd.Wait(); err == nil {
		err = werr
	}
	if err == nil {
		b.figures = append(b.figures, f)
	}
	return err
}

// converse takes a sender's process through a trial.
func (b *pushBench) converse(t pushTrial, sender string, round int, in io.Writer, out *bufio.Reader) (pushFigure, error) {
	f := pushFigure{Trial: t.Name, Sender: sender, Round: round}
	o := pushOrder{
		URL: b.at.Production, CA: b.at.CA, Key: b.at.Key, KeyID: b.at.KeyID, Team: b.at.Team, BundleID: b.at.Apps[0], Token: b.at.Token,
		Payload: payload271, N: t.N, InFlight: t.InFlight, Cold: t.Cold,
	}
	if b.profile != "" && sender == senderOurs {
		o.Profile = filepath.Join(b.profile, strings.ReplaceAll(t.Name, " ", "-")+".pprof")
	}
	if err := json.NewEncoder(in).Encode(o); err != nil {
		return f, err
	}
	if _, err := out.ReadBytes('\n'); err != nil { // "ready"
		return f, fmt.Errorf("the sender did not become ready: %w", err)
	}
	if err := b.tell(http.MethodDelete, "/requests", "", nil); err != nil {
		return f, err
	}
	var before, after apnstest.Stats
	if err := b.tell(http.MethodGet, "/stats", "", &before); err != nil {
		return f, err
	}
	if t.GoAway {
		// The cut comes in the middle, when all are in flight.
		fault := fmt.Sprintf(`{"action":"goaway-cut","reason":"Shutdown","skip":%d}`, t.N/2)
		if err := b.tell(http.MethodPost, "/faults", fault, nil); err != nil {
			return f, err
		}
	}
	used := b.used()
	if _, err := io.WriteString(in, "go\n"); err != nil {
		return f, err
	}
	text, err := out.ReadBytes('\n')
	if err != nil {
		return f, fmt.Errorf("the sender did not finish: %w", err)
	}
	if err := json.Unmarshal(text, &f.pushResult); err != nil {
		return f, err
	}
	f.APNs = float64((b.used() - used).Microseconds()) / float64(t.N)
	if err := b.tell(http.MethodGet, "/stats", "", &after); err != nil {
		return f, err
	}
	f.Connections = after.Connections["production"] - before.Connections["production"]
	f.Lost, f.Repeated = t.N-after.IDs, after.Repeated
	return f, nil
}

// used is the CPU time of the local APNs so far, in steps of 10 ms, from Linux's /proc.
func (b *pushBench) used() time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", b.apns.Process.Pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), ") ") // the name of the program may hold spaces
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.Atoi(fields[11])   // proc(5): utime is field 14, state, which follows the name, is field 3
	system, _ := strconv.Atoi(fields[12]) // stime
	return time.Duration(user+system) * 10 * time.Millisecond
}

// median is the middle of what get gives for the runs of a trial by a sender.
func (b *pushBench) median(trial, sender string, get func(pushFigure) float64) float64 {
	var all []float64
	for _, f := range b.figures {
		if f.Trial == trial && f.Sender == sender {
			all = append(all, get(f))
		}
	}
	slices.Sort(all)
	if len(all) == 0 {
		return 0
	}
	return (all[(len(all)-1)/2] + all[len(all)/2]) / 2
}

// worst is the largest of them.
func (b *pushBench) worst(trial, sender string, get func(pushFigure) float64) float64 {
	w := 0.0
	for _, f := range b.figures {
		if f.Trial == trial && f.Sender == sender {
			w = max(w, get(f))
		}
	}
	return w
}

// print prints one table for throughput and one for trouble.
func (b *pushBench) print(o io.Writer, trials []pushTrial, order []string) {
	rate := func(n int) func(pushFigure) float64 {
		return func(f pushFigure) float64 { return float64(n) / f.Seconds }
	}
	fmt.Fprintf(o, "\n%-14s %-15s %10s %10s %9s %9s %9s %9s %9s\n", "", "", "pushes/s", "of apns2", "of bare", "p50 µs", "p99 µs", "CPU µs", "APNs µs")
	for _, t := range trials {
		if t.Cold || t.GoAway {
			continue
		}
		for _, s := range order {
			own := b.median(t.Name, s, rate(t.N))
			ratio := func(of string) string {
				if other := b.median(t.Name, of, rate(t.N)); other > 0 {
					return fmt.Sprintf("%.2f", own/other)
				}
				return "–"
			}
			fmt.Fprintf(o, "%-14s %-15s %10.0f %10s %9s %9.0f %9.0f %9.0f %9.0f\n", t.Name, s, own, ratio(senderPeer), ratio(senderBare),
				b.median(t.Name, s, func(f pushFigure) float64 { return f.P50 }),
				b.median(t.Name, s, func(f pushFigure) float64 { return f.P99 }),
				b.median(t.Name, s, func(f pushFigure) float64 { return f.CPU }),
				b.median(t.Name, s, func(f pushFigure) float64 { return f.APNs }))
		}
	}
	fmt.Fprintf(o, "\n%-14s %-15s %10s %12s %12s %8s %8s %8s\n", "(worst round)", "", "ms", "worst ms", "connections", "errors", "lost", "twice")
	for _, t := range trials {
		if !t.Cold && !t.GoAway {
			continue
		}
		for _, s := range order {
			ms := func(f pushFigure) float64 { return 1000 * f.Seconds }
			fmt.Fprintf(o, "%-14s %-15s %10.1f %12.1f %12.0f %8.0f %8.0f %8.0f\n", t.Name, s, b.median(t.Name, s, ms), b.worst(t.Name, s, ms),
				b.worst(t.Name, s, func(f pushFigure) float64 { return float64(f.Connections) }),
				b.worst(t.Name, s, func(f pushFigure) float64 { return float64(f.Errors) }),
				b.worst(t.Name, s, func(f pushFigure) float64 { return float64(f.Lost) }),
				b.worst(t.Name, s, func(f pushFigure) float64 { return float64(f.Repeated) }))
		}
	}
	fmt.Fprintf(o, "\nms is the median, the other columns are the worst round. errors: pushes that the caller was told to have failed; lost: pushes that APNs never processed;\ntwice: pushes that it processed again (with the same apns-id: the phone tells by the call's UUID). CPU is the sender's own and the local APNs', a push.\n")
}
