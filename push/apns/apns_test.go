package apns_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/goleak"

	"github.com/ringtrip/ringtrip/push"
	"github.com/ringtrip/ringtrip/push/apns"
	"github.com/ringtrip/ringtrip/push/apnstest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	team   = "TEAM123456"
	keyID  = "KEY1234567"
	bundle = "com.example.phone"
)

// clock is a clock that stands still unless moved.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// world is an APNs, a sender and one phone.
type world struct {
	t      testing.TB
	srv    *apnstest.Server
	sender *apns.Sender
	clock  *clock
	token  string
	got    chan apnstest.Delivery
	p8     []byte
	slept  chan time.Duration
}

// newWorld starts everything; the clocks of both sides stand still, retries do not wait.
func newWorld(t testing.TB, sc apnstest.Config, change func(*apns.Config)) *world {
	t.Helper()
	w := &world{
		t:     t,
		clock: &clock{t: time.Unix(1_800_000_000, 0)},
		got:   make(chan apnstest.Delivery, 10_000),
		slept: make(chan time.Duration, 10_000),
	}
	if sc.Now == nil {
		sc.Now = w.clock.now
	}
	w.srv = apnstest.New(sc)
	t.Cleanup(w.srv.Close)
	p8, pub := apnstest.GenerateKey()
	w.p8 = p8
	w.srv.RegisterTeam(team, keyID, pub)
	w.srv.RegisterApp(bundle, team)
	w.token = w.srv.IssueToken(bundle, push.Production, func(d apnstest.Delivery) { w.got <- d })
	w.sender = w.newSender(change)
	return w
}

func (w *world) newSender(change func(*apns.Config)) *apns.Sender {
	w.t.Helper()
	cfg := apns.Config{
		Key: w.p8, KeyID: keyID, TeamID: team,
		ProductionURL: w.srv.URL(push.Production),
		SandboxURL:    w.srv.URL(push.Sandbox),
		TLS:           &tls.Config{RootCAs: w.srv.Roots()},
		Now:           w.clock.now,
	}
	if change != nil {
		change(&cfg)
	}
	s, err := apns.New(cfg)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(s.Close)
	s.SetSleep(func(ctx context.Context, d time.Duration) error {
		w.slept <- d
		return ctx.Err()
	})
	s.SetPause(func(int) time.Duration { return 0 })
	s.SetPatience(time.Minute) // no second connection because this machine is slow
	return s
}

func (w *world) push() push.Push {
	return push.Push{
		ID: uuid.NewString(), BundleID: bundle, Token: w.token, Environment: push.Production,
		Payload: []byte(`{"aps":{},"call":"c1"}`), Deadline: w.clock.now().Add(45 * time.Second),
	}
}

func (w *world) mustSend(p push.Push) push.Receipt {
	w.t.Helper()
	r, err := w.sender.Send(context.Background(), p)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// refused sends p and returns the error that must come.
func (w *world) refused(p push.Push) *push.Error {
	w.t.Helper()
	_, err := w.sender.Send(context.Background(), p)
	var e *push.Error
	if !errors.As(err, &e) {
		w.t.Fatalf("Send returned %v, want a *push.Error", err)
	}
	return e
}

// burst sends n pushes at once and returns them and their errors.
func (w *world) burst(n int) ([]push.Push, []error) {
	pushes, errs := make([]push.Push, n), make([]error, n)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range n {
		pushes[i] = w.push()
		wg.Go(func() {
			<-start
			_, errs[i] = w.sender.Send(context.Background(), pushes[i])
		})
	}
	close(start)
	wg.Wait()
	return pushes, errs
}

func TestSendHeaders(t *testing.T) {
	w := newWorld(t, apnstest.Config{}, nil)
	p := w.push()
	p.CollapseID = "call-1"
	p.Token = strings.ToUpper(p.Token)
	r := w.mustSend(p)
	if r.ID != p.ID || r.Attempts != 1 || r.Environment != push.Production || r.UniqueID != "" {
		t.Errorf("receipt %+v", r)
	}
	d := <-w.got
	if d.ID != p.ID || string(d.Payload) != string(p.Payload) || d.BundleID != bundle || d.Late {
		t.Errorf("delivered %+v", d)
	}
	reqs := w.srv.Requests()
	if len(reqs) != 1 {
		t.Fatalf("%d requests, want 1", len(reqs))
	}
	q := reqs[0]
	want := map[string]string{
		"Apns-Topic": bundle + ".voip", "Apns-Push-Type": "voip", "Apns-Priority": "10", "Apns-Expiration": "0",
		"Apns-Id": p.ID, "Apns-Collapse-Id": "call-1",
	}
	for name, v := range want {
		if got := q.Header[name]; len(got) != 1 || got[0] != v {
			t.Errorf("%s = %q, want %q once", name, got, v)
		}
	}
	if !strings.HasPrefix(q.Header.Get("Authorization"), "bearer ey") {
		t.Errorf("authorization = %q", q.Header.Get("Authorization"))
	}
	if q.Path != "/3/device/"+w.token || q.Method != "POST" {
		t.Errorf("%s %s", q.Method, q.Path)
	}
	p.ID, p.CollapseID = uuid.NewString(), ""
	w.mustSend(p)
	if q := w.srv.Requests()[1]; q.Header["Apns-Collapse-Id"] != nil {
		t.Errorf("an empty collapse id was sent: %q", q.Header["Apns-Collapse-Id"])
	}
}

func TestColdBurstUsesOneConnection(t *testing.T) {
	for _, late := range []bool{false, true} {
		t.Run(fmt.Sprintf("late settings %v", late), func(t *testing.T) {
			w := newWorld(t, apnstest.Config{LateSettings: late}, nil)
			_, errs := w.burst(200)
			for _, err := range errs {
				if err != nil {
					t.Fatal(err)
				}
			}
			if n := w.srv.Connections(push.Production); n != 1 {
				t.Errorf("%d connections for a cold burst of 200, want 1", n)
			}
			if n := len(w.srv.Requests()); n != 200 {
				t.Errorf("%d requests, want 200: none may be repeated", n)
			}
		})
	}
}

func TestCutMidBurstLosesNothing(t *testing.T) {
	for _, action := range []apnstest.Action{apnstest.CutBefore, apnstest.CutAfter, apnstest.GoAwayAfter, apnstest.GoAwayBefore, apnstest.ResetBefore, apnstest.ResetAfter} {
		t.Run(fmt.Sprint(action), func(t *testing.T) {
			w := newWorld(t, apnstest.Config{}, nil)
			w.srv.Inject(apnstest.Fault{Action: action, Skip: 90, Reason: "Shutdown"})
			pushes, errs := w.burst(200)
			for i, err := range errs {
				if err != nil {
					t.Fatalf("push %d: %v", i, err)
				}
			}
			w.srv.Close() // waits for the deliveries
			close(w.got)
			seen := map[string]int{}
			for d := range w.got {
				seen[d.ID]++
			}
			for _, p := range pushes {
				if seen[p.ID] == 0 {
					t.Errorf("push %s was lost", p.ID)
				}
			}
			if len(seen) != 200 {
				t.Errorf("%d different apns-ids, want 200: a retry must keep its id", len(seen))
			}
		})
	}
}
