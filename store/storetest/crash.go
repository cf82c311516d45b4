package storetest

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/store"
)

var crashFor = flag.Duration("crash", 4*time.Second, "how long the kill -9 test of a store goes on")

// crashDir tells a test binary that it is the child of Crash, and where the store is.
const crashDir = "RINGTRIP_STORETEST_CRASH"

// Crash runs the test's own binary as a child that sets up calls as fast as it can and says what was
// acknowledged, kills it with kill -9 at a random moment, opens the store again and checks that everything
// acknowledged is there and nothing is there by half; again and again for as long as the flag -crash says.
//
// It must be the whole of a top-level test, for the child is started to run the test of the same name. open
// opens the store in dir, where a life before may have left one.
func Crash(t *testing.T, open func(dir string) (store.Store, error)) {
	if dir := os.Getenv(crashDir); dir != "" {
		crashChild(t, dir, open)
		return
	}
	if testing.Short() {
		t.Skip("kill -9 takes seconds")
	}
	dir := t.TempDir()
	said := &said{revs: map[string]uint64{}, tokens: map[string]int{}}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	end := time.Now().Add(*crashFor)
	rounds, reopened := 0, time.Duration(0)
	for ; rounds < 2 || time.Now().Before(end); rounds++ {
		killChild(t, dir, rounds, time.Duration(20+r.IntN(400))*time.Millisecond, said)
		began := time.Now()
		s, err := open(dir)
		if err != nil {
			t.Fatalf("opening after kill -9 number %d: %v", rounds+1, err)
		}
		reopened = max(reopened, time.Since(began))
		(&audit{bench: &bench{T: t, Store: s}, said: said, round: rounds}).run()
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
		if t.Failed() {
			t.Fatalf("after kill -9 number %d", rounds+1)
		}
	}
	t.Logf("%d times kill -9, %d calls and %d commits acknowledged, nothing lost; open again after %v at most",
		rounds, len(said.revs), said.commits, reopened)
}

// said is what children said was acknowledged.
type said struct {
	revs    map[string]uint64 // by call id
	tokens  map[string]int    // the last token's number, by device id
	commits int
}

// killChild starts a child, lets it live for a while, kills it and notes what it said.
func killChild(t *testing.T, dir string, round int, life time.Duration, said *said) {
	t.Helper()
	child := runChild(t, dir, round, life, said, os.Stderr, func(p *os.Process) { _ = p.Kill() })
	if status := child.ProcessState.String(); !strings.Contains(status, "killed") {
		t.Fatalf("the child was not killed, it ended: %s", status)
	}
}

// runChild starts a child, lets it live for a while from its first word on, ends it and notes what it said.
func runChild(t *testing.T, dir string, round int, life time.Duration, said *said, stderr io.Writer, end func(*os.Process)) *exec.Cmd {
	t.Helper()
	child := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.count=1")
	child.Env = append(os.Environ(), crashDir+"="+dir, fmt.Sprintf("%s_ROUND=%d", crashDir, round))
	child.Stderr = stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	var ended chan struct{}
	for {
		// What the child has written stays in the pipe when it is dead: acknowledged is acknowledged.
		line, err := lines.ReadString('\n')
		if err != nil {
			if !errors.Is(err, io.EOF) {
				t.Fatal(err)
			}
			break
		}
		if ended == nil { // it lives from its first word on, however slow the machine is
			ended = make(chan struct{})
			time.AfterFunc(life, func() { defer close(ended); end(child.Process) })
		}
		said.note(t, strings.Fields(line))
	}
	if ended == nil {
		t.Fatalf("the child died before it said anything: %v", child.Wait())
	}
	<-ended
	_ = child.Wait()
	return child
}

func (s *said) note(t *testing.T, line []string) {
	if len(line) != 3 {
		t.Fatalf("the child says %q", line)
	}
	n, err := strconv.Atoi(line[2])
	if err != nil {
		t.Fatalf("the child says %q", line)
	}
	switch line[0] {
	case "call":
		if uint64(n) != s.revs[line[1]]+1 {
			t.Fatalf("call %s went from rev %d to %d", line[1], s.revs[line[1]], n)
		}
		s.revs[line[1]] = uint64(n)
		s.commits++
	case "device":
		s.tokens[line[1]] = n
	default:
		t.Fatalf("the child says %q", line)
	}
}

// The life of each call that the child sets up. Rev is how far it has come.
const (
	crashCreated  = 1 // job p0 and the timer are there
	crashRinging  = 2
	crashAnswered = 3 // p0 and the timer are gone
	crashEnded    = 4 // a tombstone; job h0 and history are there
)

// crashDevices share all calls, so that their cursors race.
var crashDevices = []string{"d0", "d1", "d2"}

// crashStep is the transition that brings a call to rev.
func crashStep(id string, rev uint64) store.Transition {
	t := store.Transition{Call: newCall(id), ExpectRev: rev - 1}
	t.Call.State = crashState(id, rev)
	t.Call.Devices = crashDevices
	t.Call.Live = rev < crashEnded
	t.Call.KeepUntil = at(1 << 20)
	if rev < crashAnswered {
		t.Call.Timer = at(45)
	}
	for _, d := range crashDevices {
		t.Events = append(t.Events, store.Event{App: "app", Device: d, CallID: id, Payload: crashState(id, rev), At: at(int(rev))})
	}
	t.Ledger = []store.LedgerEntry{{CallID: id, Stage: int32(rev), At: at(int(rev))}, {CallID: id, Stage: int32(rev), Device: "d0", At: at(int(rev))}}
	switch rev {
	case crashCreated:
		t.Jobs = []store.Job{{ID: id + ".p0", CallID: id, Kind: "push", Payload: []byte(id), LeasedUntil: at(2)}}
	case crashAnswered:
		t.DropJobs = []string{id + ".p0"}
	case crashEnded:
		t.Jobs = []store.Job{{ID: id + ".h0", CallID: id, Kind: "webhook", Payload: []byte(id), LeasedUntil: at(2)}}
		t.History = &store.Record{CallID: id, App: "app", Caller: "alice", Callee: "bob", CreatedAt: at(0), EndedAt: at(4)}
	}
	return t
}

// crashState is long enough to be spread over pages.
func crashState(id string, rev uint64) []byte {
	return []byte(strings.Repeat(fmt.Sprintf("%s#%d ", id, rev), 10+len(id)*int(rev)))
}

// crashChild works until it is killed.
func crashChild(t *testing.T, dir string, open func(dir string) (store.Store, error)) {
	s, err := open(dir)
	if err != nil {
		t.Fatalf("child: %v", err)
	}
	round := os.Getenv(crashDir + "_ROUND")
	ctx := context.Background()
	for w := range 8 {
		go func() {
			for i := 0; ; i++ {
				id := fmt.Sprintf("r%s.w%d.c%d", round, w, i)
				last := uint64(crashEnded)
				if i%5 == 0 {
					last = crashRinging // nobody answers
				}
				for rev := uint64(crashCreated); rev <= last; rev++ {
					done, err := s.Commit(ctx, crashStep(id, rev))
					if err != nil || done.Rev != rev {
						fmt.Fprintln(os.Stderr, "child: commit:", done.Rev, err)
						os.Exit(1)
					}
					// One write, at once: whoever reads it knows that the commit was acknowledged before.
					fmt.Fprintf(os.Stdout, "call %s %d\n", id, rev)
				}
				d := newDevice(fmt.Sprintf("r%s.w%d", round, w))
				d.VoIPToken, d.RegisteredAt = fmt.Sprintf("%s.%d", d.ID, i), at(i)
				if err := s.PutDevice(ctx, d); err != nil {
					fmt.Fprintln(os.Stderr, "child: device:", err)
					os.Exit(1)
				}
				fmt.Fprintf(os.Stdout, "device %s %d\n", d.ID, i)
			}
		}()
	}
	select {} // stdout is a pipe: a dead parent ends us by SIGPIPE
}

// audit compares the store with what was said, and with itself.
type audit struct {
	*bench
	said   *said
	round  int
	copied bool // from a store that went on: more may be here than was said
}

func (a *audit) run() {
	calls, newest, err := a.CallsOfDevice(a.ctx(), "app", crashDevices[0])
	if err != nil {
		a.Fatal(err)
	}
	here := map[string]store.Call{}
	sum := uint64(0)
	for _, c := range calls {
		here[c.ID] = c
		sum += c.Rev
	}
	for id, rev := range a.said.revs {
		if here[id].Rev < rev {
			a.Errorf("call %s: rev %d was acknowledged, rev %d is here", id, rev, here[id].Rev)
		}
	}
	jobs := map[string]bool{}
	for _, kind := range []string{"push", "webhook"} {
		for _, j := range a.claim(kind, at(1<<20+a.round), 1<<30, time.Millisecond) {
			if string(j.Payload) != j.CallID || jobs[j.ID] {
				a.Errorf("job %+v", j)
			}
			jobs[j.ID] = true
		}
	}
	timers := map[string]bool{}
	for _, c := range a.due(at(1<<20+a.round), 1<<30, time.Millisecond) {
		timers[c.ID] = true
	}
	for _, c := range calls {
		a.call(c, jobs, timers)
	}
	for _, d := range crashDevices {
		a.events(d, here, sum)
	}
	if newest != sum {
		a.Errorf("the newest seq is %d, %d events were sent", newest, sum)
	}
	for id, n := range a.said.tokens {
		d := a.device(id)
		token, err := strconv.Atoi(filepath.Ext(d.VoIPToken)[1:])
		if err != nil || token < n || token > n+1 || !d.RegisteredAt.Equal(at(token)) {
			a.Errorf("device %s: token %d was acknowledged, it has %+v", id, n, d)
		}
		a.said.tokens[id] = token // that life is over
	}
}

// call checks that a call is whole at whatever rev it is.
func (a *audit) call(c store.Call, jobs, timers map[string]bool) {
	if said := a.said.revs[c.ID]; c.Rev > said+1 && !a.copied {
		a.Errorf("call %s: rev %d is here, but only %d was ever asked for", c.ID, c.Rev, said+1)
	}
	a.said.revs[c.ID] = c.Rev // so that the next audit holds it to it
	want := crashStep(c.ID, c.Rev).Call
	want.Rev = c.Rev
	if !want.Timer.IsZero() {
		want.Timer = c.Timer // leased by audits
	}
	if text(a, c) != text(a, want) {
		a.same("call "+c.ID, c, want)
	}
	if entries := a.ledger(c.ID); len(entries) != 2*int(c.Rev) || entries[len(entries)-1].Stage != int32(c.Rev) {
		a.Errorf("call %s at rev %d has %d ledger entries", c.ID, c.Rev, len(entries))
	}
	_, err := a.HistoryOfCall(a.ctx(), c.ID)
	for what, have := range map[string][2]bool{
		"push job":    {jobs[c.ID+".p0"], c.Rev < crashAnswered},
		"webhook job": {jobs[c.ID+".h0"], c.Rev == crashEnded},
		"timer":       {timers[c.ID], c.Rev < crashAnswered},
		"history":     {err == nil, c.Rev == crashEnded},
	} {
		if have[0] != have[1] {
			a.Errorf("call %s at rev %d: has a %s: %v, want %v", c.ID, c.Rev, what, have[0], have[1])
		}
	}
}

// events checks that the device has one event for each rev of each call, without a gap.
func (a *audit) events(device string, here map[string]store.Call, sum uint64) {
	events := must[[]store.Event](a.bench, "EventsAfter")(a.EventsAfter(a.ctx(), "app", device, 0, 1<<30))
	if uint64(len(events)) != sum {
		a.Errorf("device %s has %d events, %d were sent", device, len(events), sum)
	}
	revs := map[string]uint64{}
	for i, e := range events {
		if e.Seq != uint64(i+1) {
			a.Fatalf("device %s: event %d has seq %d", device, i+1, e.Seq)
		}
		revs[e.CallID]++
		if string(e.Payload) != string(crashState(e.CallID, revs[e.CallID])) || revs[e.CallID] > here[e.CallID].Rev {
			a.Errorf("device %s: event %d is not rev %d of call %s", device, e.Seq, revs[e.CallID], e.CallID)
		}
	}
}
