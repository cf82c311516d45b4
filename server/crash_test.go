package server_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/google/uuid"

	"github.com/ringtrip/ringtrip/bus/local"
	"github.com/ringtrip/ringtrip/push"
	"github.com/ringtrip/ringtrip/server"
	"github.com/ringtrip/ringtrip/server/auth"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
	"github.com/ringtrip/ringtrip/store/sqlite"
)

// childDir is the environment variable that makes the test binary a server on the store in that folder.
const childDir = "RINGTRIP_TEST_CHILD"

// printer is a push service that only says on standard output what it was given.
type printer struct{}

func (printer) Send(_ context.Context, p push.Push) (push.Receipt, error) {
	fmt.Println("push", p.CollapseID, p.Token) // one write: whole or not at all
	return push.Receipt{ID: p.ID, Environment: p.Environment}, nil
}

// child serves until it is killed.
func child(dir string) int {
	st, err := sqlite.Open(context.Background(), sqlite.Config{Dir: dir})
	if err != nil {
		fmt.Println("failed", err)
		return 1
	}
	s, err := server.New(server.Config{
		Store: st, Bus: local.New(), Logger: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})),
		Apps: []server.App{{ID: app, Keys: []auth.Key{key}, RingTimeout: 5 * time.Second, Webhooks: childHooks()}},
		Push: func(string, string) push.Sender { return printer{} }, PushLease: 500 * time.Millisecond, Tick: 100 * time.Millisecond,
	})
	if err != nil {
		fmt.Println("failed", err)
		return 1
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println("failed", err)
		return 1
	}
	fmt.Println("listening", l.Addr())
	go func() { _ = s.Run(context.Background()) }()
	fmt.Println("failed", http.Serve(l, s.Handler()))
	return 1
}

// victim is a server process that is killed and started again.
type victim struct {
	t     *testing.T
	dir   string
	addr  atomic.Pointer[string]
	cmd   *exec.Cmd
	lines sync.WaitGroup

	mu     sync.Mutex
	pushed map[string]map[string]bool // call -> token
}

func (v *victim) start() {
	v.t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childDir+"="+v.dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		v.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		v.t.Fatal(err)
	}
	v.cmd = cmd
	up := make(chan string, 1)
	v.lines.Go(func() {
		for in := bufio.NewScanner(out); in.Scan(); {
			word := strings.Fields(in.Text())
			switch {
			case len(word) == 2 && word[0] == "listening":
				up <- word[1]
			case len(word) == 3 && word[0] == "push":
				v.mu.Lock()
				if v.pushed[word[1]] == nil {
					v.pushed[word[1]] = map[string]bool{}
				}
				v.pushed[word[1]][word[2]] = true
				v.mu.Unlock()
			case len(word) > 0 && word[0] == "failed":
				v.t.Error(in.Text())
			}
		}
		close(up)
	})
	addr, ok := <-up
	if !ok {
		v.t.Fatal("the server did not start")
	}
	v.addr.Store(&addr)
}

func (v *victim) kill() {
	_ = v.cmd.Process.Kill() // SIGKILL
	v.lines.Wait()
	_ = v.cmd.Wait()
}

// torment kills the server and starts it again, n times. Each life lasts until some of the callers' calls were answered in
// it, however slow the machine is, and then up to more.
func (v *victim) torment(c *crowd, n, answered int, more time.Duration) {
	v.t.Helper()
	for range n {
		for len(c.won) > 0 {
			<-c.won
		}
		for range answered {
			select {
			case <-c.won:
			case <-time.After(2 * time.Minute):
				v.t.Fatal("no call was answered for two minutes")
			}
		}
		<-time.After(rand.N(more))
		v.kill()
		v.start()
	}
}

// crowd is callers who make one call after the other.
type crowd struct {
	facts sync.Map      // call id -> fact
	won   chan struct{} // a call was answered
	stop  chan struct{}
	all   sync.WaitGroup
}

func callers(t *testing.T, n int, seed uint64, a, b, pad *phone) *crowd {
	c := &crowd{won: make(chan struct{}, 1<<10), stop: make(chan struct{})}
	for i := range n {
		c.all.Go(func() {
			r := rand.New(rand.NewPCG(uint64(i), seed))
			for {
				select {
				case <-c.stop:
					return
				default:
				}
				f := live(t, r, a, b, pad)
				c.facts.Store(f.id, f)
				if f.winner == "" {
					continue
				}
				select {
				case c.won <- struct{}{}:
				default: // enough for now
				}
			}
		})
	}
	return c
}

// finish lets the callers end their last calls.
func (c *crowd) finish() {
	close(c.stop)
	c.all.Wait()
}

// fact is what the server acknowledged of one call.
type fact struct {
	id       string
	winner   string       // the device whose answer was acknowledged
	reason   v1.EndReason // of an acknowledged end; 0: none was asked for
	answered bool         // an answer was asked for
}

// The server is killed in the middle of everything, again and again. What it acknowledged holds, everybody was pushed to,
// and no call rings for ever.
func TestKill9(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes ten seconds of real time")
	}
	v := &victim{t: t, dir: filepath.Join(t.TempDir(), "store"), pushed: map[string]map[string]bool{}}
	v.start()
	defer func() { v.kill() }()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "tcp", *v.addr.Load())
	}}}
	defer client.CloseIdleConnections()
	w := &world{t: t, node: &node{client: client}}
	a, b, pad := w.phone("alice", "a1", ""), w.phone("bob", "b1", voip(2)), w.phone("bob", "b2", voip(3))

	c := callers(t, 4, 1, a, b, pad)
	const kills = 6
	v.torment(c, kills, 3, 500*time.Millisecond)
	c.finish()

	// The last rings run out; the caller's stream tells when the last one has.
	line := a.open(0, true)
	ringing := map[string]bool{}
	for _, c := range line.hello.Calls {
		if c.State == v1.CallState_CALL_STATE_RINGING {
			ringing[c.Id] = true
		}
	}
	rang := len(ringing)
	for len(ringing) > 0 {
		if c := line.next().GetCall(); c != nil && c.State != v1.CallState_CALL_STATE_RINGING {
			delete(ringing, c.Id)
		}
	}
	calls, wins := 0, 0
	c.facts.Range(func(_, value any) bool {
		f := value.(fact)
		calls++
		got, err := a.get(f.id)
		switch {
		case err != nil:
			t.Errorf("call %s is lost: %v", f.id, err)
		case f.winner != "" && got.AnsweredBy != f.winner:
			t.Errorf("call %s was answered by %s and now is %v", f.id, f.winner, got)
		case f.reason != 0 && got.Reason != f.reason:
			t.Errorf("call %s ended as %s and now is %v", f.id, f.reason, got)
		case got.State == v1.CallState_CALL_STATE_RINGING:
			t.Errorf("call %s rings for ever", f.id)
		case !f.answered && f.reason == 0 && got.Reason != v1.EndReason_END_REASON_UNANSWERED:
			t.Errorf("call %s that nobody touched is %v", f.id, got)
		}
		if f.winner != "" {
			wins++
		}
		v.mu.Lock()
		defer v.mu.Unlock()
		if got.GetReason() == v1.EndReason_END_REASON_UNANSWERED && len(v.pushed[f.id]) != 2 {
			t.Errorf("call %s rang out and was pushed to %d of 2 devices", f.id, len(v.pushed[f.id]))
		}
		return true
	})
	if calls == 0 || wins == 0 {
		t.Errorf("nothing was proved: %d calls, %d answers", calls, wins)
	}
	t.Logf("%d calls, %d answers, %d rings that ran out at the end, %d kills", calls, wins, rang, kills)
}

// live is the life of one call whose requests are repeated until the server says something.
func live(t *testing.T, r *rand.Rand, a, b, pad *phone) fact {
	f := fact{id: uuid.Must(uuid.NewV7()).String()}
	if _, err := insist(func() (*v1.Call, error) { return a.start("bob", func(m *v1.StartRequest) { m.CallId = f.id }) }); err != nil {
		if connect.CodeOf(err) == connect.CodeResourceExhausted { // too many ring: wait for some to run out
			<-time.After(10 * time.Millisecond)
			return live(t, r, a, b, pad)
		}
		t.Errorf("start: %v", err)
		return f
	}
	switch r.IntN(20) {
	case 0: // let it ring
	case 1, 2, 3, 4:
		c, err := insist(func() (*v1.Call, error) { return a.cancel(f.id) })
		f.reason = ended(t, c, err)
	default:
		f.answered = true
		var one, two *v1.Call
		var race sync.WaitGroup
		race.Go(func() { one, _ = insist(func() (*v1.Call, error) { return b.answer(f.id) }) })
		race.Go(func() { two, _ = insist(func() (*v1.Call, error) { return pad.answer(f.id) }) })
		race.Wait()
		switch {
		case one != nil && two != nil:
			t.Errorf("call %s was answered twice", f.id)
		case one != nil:
			f.winner = "b1"
		case two != nil:
			f.winner = "b2"
		}
		c, err := insist(func() (*v1.Call, error) { return a.end(f.id, 0) })
		f.reason = ended(t, c, err)
	}
	return f
}

// ended returns the reason that the server acknowledged; an end that was heard before the kill is told as a problem.
func ended(t *testing.T, c *v1.Call, err error) v1.EndReason {
	if p := problemOf(err); p.GetCode() == "already_ended" {
		return p.Call.Reason
	}
	if err != nil {
		t.Errorf("end: %v", err)
	}
	return c.GetReason()
}

// insist repeats a request while there is no server.
func insist(do func() (*v1.Call, error)) (*v1.Call, error) {
	for {
		c, err := do()
		if wire := (*connect.Error)(nil); err == nil || errors.As(err, &wire) && len(wire.Details()) > 0 && wire.Code() != connect.CodeUnavailable {
			return c, err
		}
		<-time.After(5 * time.Millisecond)
	}
}
