package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"sync"
	"time"

	"connectrpc.com/connect"
	"golang.org/x/sync/errgroup"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
	"github.com/ringtrip/ringtrip/signaling/ringtripv1/ringtripv1connect"
)

// benchCallsCmd puts whole calls through the API of a server in a process of its own: start, the ring on every device of
// the callee, their acks, a race of their answers, the end, and every device told of it. The devices are connected, so
// that no push is sent; `bench push` measures those.
type benchCallsCmd struct {
	For     time.Duration `help:"How long." default:"10s"`
	Workers int           `help:"How many calls at once." default:"64"`
	Rate    float64       `help:"Calls a second to be started whatever becomes of those before; 0: as many as go."`
	Devices int           `help:"Devices of the callee, 1 to 8." default:"3"`
	Data    string        `help:"Folder for the server's database; put it on the disk that you mean." placeholder:"DIR"`
	HTTP    int           `name:"http" help:"1: requests over HTTP/1.1 connections that are kept alive, as proxies have them; 2: over HTTP/2." enum:"1,2" default:"1"`
	Serve   []string      `help:"Further flags of serve for the server, as --serve=--store=postgres://…" placeholder:"FLAG" sep:"none"`
	JSON    bool          `help:"Print JSON, for machines."`
	Profile string        `hidden:"" help:"File for a CPU profile of the generator."`
}

// callsReport is what bench calls tells.
type callsReport struct {
	Calls     int       `json:"calls"`
	Seconds   float64   `json:"seconds"`
	PerSecond float64   `json:"calls_per_second"`
	Doubles   int       `json:"double_answers"`
	Failed    int       `json:"failed"`
	FirstFail string    `json:"first_failure,omitempty"`
	Server    float64   `json:"server_cpu_ms_per_call"`
	Generator float64   `json:"generator_cpu_ms_per_call"`
	RSS       int64     `json:"server_rss_bytes"`
	Spans     []figures `json:"spans"`
}

// Run measures and prints.
func (c *benchCallsCmd) Run(ctx context.Context, o out) (err error) {
	if c.Devices < 1 || c.Devices > 8 || c.Workers < 1 {
		return errors.New("bench calls wants 1 to 8 --devices and at least one of --workers")
	}
	defer debug.SetGCPercent(debug.SetGCPercent(maxGarbage)) // as the server has it
	// 64 users make all the calls: the pace of one would be the limit.
	s, err := startBenchServer(ctx, c.Data, append([]string{"--limit-user=0"}, c.Serve...)...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	b := &callsBench{cmd: c, server: s, took: map[string][]time.Duration{}}
	defer b.close()
	if err := b.connect(ctx); err != nil {
		return fmt.Errorf("connecting the phones: %w", err)
	}
	if c.Profile != "" {
		f, err := os.Create(c.Profile)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	r, err := b.run(ctx)
	if err != nil {
		return err
	}
	if c.JSON {
		enc := json.NewEncoder(o)
		enc.SetIndent("", "  ")
		return enc.Encode(r)
	}
	r.print(o, c)
	return nil
}

func (r callsReport) print(o out, c *benchCallsCmd) {
	fmt.Fprintf(o, "ringtrip bench calls: %d at once, %d devices each, server and generator on the same %d cores, requests over HTTP/%s and event streams over HTTP/1.1 on loopback, %s\n\n",
		c.Workers, c.Devices, runtime.NumCPU(), map[int]string{1: "1.1", 2: "2"}[c.HTTP], runtime.Version())
	fmt.Fprintf(o, "whole calls          %10d in %.1f s\n", r.Calls, r.Seconds)
	fmt.Fprintf(o, "calls a second       %10.0f", r.PerSecond)
	if c.Rate > 0 {
		fmt.Fprintf(o, "  of %.0f offered", c.Rate)
	}
	fmt.Fprintf(o, "\nserver, CPU a call   %10.2f ms\n", r.Server)
	fmt.Fprintf(o, "generator, CPU a call%10.2f ms\n", r.Generator)
	fmt.Fprintf(o, "server, resident     %10.0f MB\n", float64(r.RSS)/1e6)
	fmt.Fprintf(o, "double answers       %10d\nfailed calls         %10d  %s\n\n", r.Doubles, r.Failed, r.FirstFail)
	printFigures(o, r.Spans)
}

// spans of a whole call.
const (
	spanOffered = "start → told to a device"
	spanAcked   = "start → reported, acked"
	spanWon     = "answer → winner knows"
	spanKnown   = "answer → caller's stream says so"
	spanOver    = "end → all devices know"
)

type callsBench struct {
	cmd     *benchCallsCmd
	server  *benchServer
	workers []*callWorker
	streams errgroup.Group
	cancel  context.CancelFunc
	open    []net.Conn
	ways    []way

	mu      sync.Mutex
	took    map[string][]time.Duration
	calls   int
	doubles int
	failed  int
	first   string
}

// lightPhone is a device that only speaks the wire: an open event stream, and requests.
type lightPhone struct {
	id     string
	token  string
	rpc    ringtripv1connect.PhoneServiceClient // bench idle's
	way    way
	events chan glimpse
}

// callWorker makes one call after the other from a caller of its own to a callee of its own.
type callWorker struct {
	caller  *lightPhone
	callees []*lightPhone
}

// lanePhones is how many phones share connections for their requests, as a proxy's do: one by HTTP/2, by HTTP/1.1 as many as
// there are requests at a time. Each has a connection of its own for its event stream, as real ones have.
const lanePhones = 64

func (b *callsBench) connect(ctx context.Context) error {
	ctx, b.cancel = context.WithCancel(ctx)
	left := 0
	for i := range b.cmd.Workers {
		w := &callWorker{}
		for d := range b.cmd.Devices + 1 {
			if left--; left < 0 {
				l, err := b.way()
				if err != nil {
					return err
				}
				b.ways, left = append(b.ways, l), lanePhones-1
			}
			user := fmt.Sprintf("callee-%d", i)
			if d == 0 {
				user = fmt.Sprintf("caller-%d", i)
			}
			p, err := b.phone(ctx, b.ways[len(b.ways)-1], user, fmt.Sprintf("%s-%d", user, d))
			if err != nil {
				return err
			}
			if d == 0 {
				w.caller = p
			} else {
				w.callees = append(w.callees, p)
			}
		}
		b.workers = append(b.workers, w)
	}
	return nil
}

// way is what requests of phones go by.
type way interface {
	do(ctx context.Context, procedure, token string, req, res proto.Message) error
	close()
}

func (b *callsBench) way() (way, error) {
	if b.cmd.HTTP == 1 {
		return &pool{authority: b.server.addr}, nil
	}
	return dialLane(b.server.addr)
}

// phone registers a device and opens its stream; it returns when Hello has come.
func (b *callsBench) phone(ctx context.Context, l way, user, id string) (*lightPhone, error) {
	token, err := b.server.token(user)
	if err != nil {
		return nil, err
	}
	p := &lightPhone{id: id, token: "Bearer " + token, way: l, events: make(chan glimpse, 64)}
	if err := p.ask(ctx, ringtripv1connect.PhoneServiceRegisterDeviceProcedure, &v1.RegisterDeviceRequest{DeviceId: id, Platform: "linux"}, &v1.RegisterDeviceResponse{}); err != nil {
		return nil, err
	}
	conn, err := net.Dial("tcp", b.server.addr)
	if err != nil {
		return nil, err
	}
	b.open = append(b.open, conn)
	hello := make(chan error, 1)
	b.streams.Go(func() error {
		err := listen(conn, b.server.addr, p, func(g glimpse) {
			if g.hello {
				hello <- nil
			}
			if g.call != "" {
				select {
				case p.events <- g:
				case <-ctx.Done():
				}
			}
		})
		select {
		case hello <- err:
		default:
		}
		return nil
	})
	if err := <-hello; err != nil {
		return nil, fmt.Errorf("the event stream of %s did not begin with Hello: %w", id, err)
	}
	return p, nil
}

// ask makes a request of the phone's. res may be nil: what is answered does not matter then.
func (p *lightPhone) ask(ctx context.Context, procedure string, req, res proto.Message) error {
	return p.way.do(ctx, procedure, p.token, req, res)
}

func (b *callsBench) close() {
	if b.cancel != nil {
		b.cancel()
	}
	for _, c := range b.open {
		_ = c.Close()
	}
	_ = b.streams.Wait()
	for _, l := range b.ways {
		l.close()
	}
}

// request is a request of a phone by [connect].
func request[T any](p *lightPhone, m *T) *connect.Request[T] {
	r := connect.NewRequest(m)
	r.Header().Set("Authorization", p.token)
	return r
}

func (b *callsBench) run(ctx context.Context) (callsReport, error) {
	pid := b.server.cmd.Process.Pid
	serverWas, err := costOf(pid)
	if err != nil {
		return callsReport{}, err
	}
	ownWas, err := costOf(os.Getpid())
	if err != nil {
		return callsReport{}, err
	}
	began := time.Now()
	offers := make(chan time.Time)
	var all errgroup.Group
	all.Go(func() error {
		defer close(offers)
		b.offer(ctx, began, offers)
		return nil
	})
	for _, w := range b.workers {
		all.Go(func() error {
			for due := range offers {
				if err := b.call(ctx, w, due); err != nil {
					if ctx.Err() != nil {
						return ctx.Err()
					}
					b.fail(err)
				}
			}
			return nil
		})
	}
	if err := all.Wait(); err != nil {
		return callsReport{}, err
	}
	took := time.Since(began)
	server, err := costOf(pid)
	if err != nil {
		return callsReport{}, err
	}
	own, err := costOf(os.Getpid())
	if err != nil {
		return callsReport{}, err
	}
	n := float64(max(1, b.calls))
	r := callsReport{
		Calls: b.calls, Seconds: took.Seconds(), PerSecond: n / took.Seconds(), Doubles: b.doubles, Failed: b.failed, FirstFail: b.first,
		Server:    (server.cpu - serverWas.cpu).Seconds() * 1000 / n,
		Generator: (own.cpu - ownWas.cpu).Seconds() * 1000 / n,
		RSS:       server.rss,
	}
	for _, span := range []string{spanOffered, spanAcked, spanWon, spanKnown, spanOver} {
		if len(b.took[span]) > 0 {
			r.Spans = append(r.Spans, figuresOf(span, b.took[span]))
		}
	}
	if b.calls == 0 {
		return r, fmt.Errorf("not one call went through: %s", b.first)
	}
	return r, nil
}

// offer hands out when calls are due: at the rate, measured from when they were due and not from when somebody was free,
// or at once to whoever is free.
func (b *callsBench) offer(ctx context.Context, began time.Time, offers chan<- time.Time) {
	for n := 0; time.Since(began) < b.cmd.For; n++ {
		due := time.Now()
		if b.cmd.Rate > 0 {
			due = began.Add(time.Duration(float64(n) / b.cmd.Rate * float64(time.Second)))
			select {
			case <-time.After(time.Until(due)):
			case <-ctx.Done():
				return
			}
		}
		select {
		case offers <- due:
		case <-ctx.Done():
			return
		}
	}
}

func (b *callsBench) fail(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.failed++; b.first == "" {
		b.first = err.Error()
	}
}

// call is one whole call.
func (b *callsBench) call(ctx context.Context, w *callWorker, due time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	if b.cmd.Rate == 0 {
		due = time.Now()
	}
	callee := w.callees[0].id[:len(w.callees[0].id)-2]
	var started v1.StartResponse
	err := w.caller.ask(ctx, ringtripv1connect.PhoneServiceStartProcedure, &v1.StartRequest{DeviceId: w.caller.id, Callee: callee}, &started)
	if err != nil {
		return fmt.Errorf("start: %w", err)
	}
	id := started.Call.Id
	var phones errgroup.Group
	var mu sync.Mutex
	winners := 0
	took := make([]map[string]time.Duration, len(w.callees))
	answered := make([]time.Time, len(w.callees))
	for i, p := range w.callees {
		took[i] = map[string]time.Duration{}
		phones.Go(func() error {
			if err := p.await(ctx, id, v1.CallState_CALL_STATE_RINGING); err != nil {
				return err
			}
			took[i][spanOffered] = time.Since(due)
			now := timestamppb.Now()
			marks := []*v1.Mark{{Stage: v1.Stage_STAGE_WOKE, At: now}, {Stage: v1.Stage_STAGE_REPORTED, At: now}, {Stage: v1.Stage_STAGE_RINGING, At: now}}
			if err := p.ask(ctx, ringtripv1connect.PhoneServiceAckProcedure, &v1.AckRequest{CallId: id, DeviceId: p.id, Marks: marks}, nil); err != nil {
				return fmt.Errorf("ack: %w", err)
			}
			took[i][spanAcked] = time.Since(due)
			answered[i] = time.Now()
			err := p.ask(ctx, ringtripv1connect.PhoneServiceAnswerProcedure, &v1.AnswerRequest{CallId: id, DeviceId: p.id}, nil)
			if err == nil {
				took[i][spanWon] = time.Since(answered[i])
				mu.Lock()
				winners++
				mu.Unlock()
				return nil
			}
			answered[i] = time.Time{}
			if connect.CodeOf(err) != connect.CodeFailedPrecondition {
				return fmt.Errorf("answer: %w", err)
			}
			return nil
		})
	}
	if err := phones.Wait(); err != nil {
		return err
	}
	if err := w.caller.await(ctx, id, v1.CallState_CALL_STATE_ANSWERED); err != nil {
		return err
	}
	known := time.Now()
	ended := time.Now()
	if err := w.caller.ask(ctx, ringtripv1connect.PhoneServiceEndProcedure, &v1.EndRequest{CallId: id, DeviceId: w.caller.id}, nil); err != nil {
		return fmt.Errorf("end: %w", err)
	}
	for _, p := range append([]*lightPhone{w.caller}, w.callees...) {
		if err := p.await(ctx, id, v1.CallState_CALL_STATE_ENDED); err != nil {
			return err
		}
	}
	over := time.Since(ended)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.calls++
	if winners != 1 {
		b.doubles++
	}
	for i, t := range took {
		for span, d := range t {
			b.took[span] = append(b.took[span], d)
		}
		if !answered[i].IsZero() {
			b.took[spanKnown] = append(b.took[spanKnown], known.Sub(answered[i]))
		}
	}
	b.took[spanOver] = append(b.took[spanOver], over)
	return nil
}

// await takes events until the call is in the state.
func (p *lightPhone) await(ctx context.Context, id string, state v1.CallState) error {
	for {
		select {
		case g := <-p.events:
			if g.call == id && g.state == state {
				return nil
			}
		case <-ctx.Done():
			return fmt.Errorf("%s was not told that call %s is %s: %w", p.id, id, state, ctx.Err())
		}
	}
}
