package apns_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	"time"

	"github.com/ringtrip/ringtrip/push"
	"github.com/ringtrip/ringtrip/push/apns"
	"github.com/ringtrip/ringtrip/push/apnstest"
)

// TestNewTopicNeedsNewConnection: an app that was added after a connection's first push is asked about on a new connection,
// once, however many pushes there are; a topic that is wrong stays refused without a connection for each push.
func TestNewTopicNeedsNewConnection(t *testing.T) {
	w := newWorld(t, apnstest.Config{BindTopics: true}, nil)
	w.mustSend(w.push())
	const added = "com.example.added"
	w.srv.RegisterApp(added, team)
	token := w.srv.IssueToken(added, push.Production, nil)
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			p := w.push()
			p.BundleID, p.Token = added, token
			if _, err := w.sender.Send(context.Background(), p); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := w.srv.Connections(push.Production); n != 2 {
		t.Errorf("%d connections, want the old one and a new one", n)
	}
	w.mustSend(w.push())

	w.srv.RegisterApp("org.example.foreign", "OTHERTEAM1")
	for range 5 {
		p := w.push()
		p.BundleID = "org.example.foreign"
		if e := w.refused(p); e.Reason != "TopicDisallowed" || e.Verdict != push.FixConfig {
			t.Errorf("%+v", e)
		}
	}
	if n := w.srv.Connections(push.Production); n != 3 {
		t.Errorf("%d connections, want one more for a topic that no connection knows", n)
	}
}

// TestAlarms: a person is told once a minute what has to be put right, and of nothing else.
func TestAlarms(t *testing.T) {
	var mu sync.Mutex
	var raised []string
	w := newWorld(t, apnstest.Config{}, func(c *apns.Config) {
		c.OnAlarm = func(env push.Environment, e push.Error) {
			mu.Lock()
			defer mu.Unlock()
			raised = append(raised, env.String()+" "+e.Reason)
			if e.Hint == "" {
				t.Errorf("%+v has no hint", e)
			}
		}
	})
	w.srv.FailNext(1, 503, "Shutdown")
	w.mustSend(w.push())
	w.srv.FailNext(1, 429, "TooManyRequests")
	w.refused(w.push())
	w.srv.FailNext(1, 429, "TooManyProviderTokenUpdates")
	w.mustSend(w.push())
	w.srv.FailNext(1000, 403, "InvalidProviderToken")
	for range 10 {
		w.refused(w.push())
	}
	w.clock.add(time.Minute)
	w.refused(w.push())
	mu.Lock()
	defer mu.Unlock()
	want := []string{"production TooManyProviderTokenUpdates", "production InvalidProviderToken", "production InvalidProviderToken"}
	if !slices.Equal(raised, want) {
		t.Errorf("alarms %q, want %q", raised, want)
	}
}

// TestResetHarmsOneStream: RST_STREAM is about one push; the connection goes on unless it happens again and again.
func TestResetHarmsOneStream(t *testing.T) {
	w := newWorld(t, apnstest.Config{}, nil)
	w.mustSend(w.push())
	for range 2 {
		w.srv.Inject(apnstest.Fault{Action: apnstest.ResetBefore})
		if r := w.mustSend(w.push()); r.Attempts != 2 {
			t.Errorf("%d attempts, want 2", r.Attempts)
		}
		w.mustSend(w.push())
	}
	if n := w.srv.Connections(push.Production); n != 2 {
		t.Errorf("%d connections, want the first and the one for the retries", n)
	}
	log := w.srv.Requests()
	for i, q := range log[:len(log)-1] {
		if next := log[i+1]; q.Status == 0 && (next.Connection == q.Connection || next.Header.Get("Apns-Id") != q.Header.Get("Apns-Id")) {
			t.Errorf("request %d was reset and followed by %+v, want its retry elsewhere", i, next)
		}
	}
}

// TestConnectionIsKept: what APNs closes is opened again before the next push, but not if APNs refuses connections.
func TestConnectionIsKept(t *testing.T) {
	connected := make(chan struct{}, 100)
	w := newWorld(t, apnstest.Config{OnNotice: func(n apnstest.Notice) {
		if n.Text == "connected" {
			connected <- struct{}{}
		}
	}}, nil)
	w.mustSend(w.push())
	<-connected
	for range 3 {
		w.srv.CutConnections(push.Production)
		<-connected // without a push
		w.mustSend(w.push())
	}
	if n := len(w.srv.Requests()); n != 4 {
		t.Errorf("%d requests, want 4", n)
	}
	if n := w.srv.Connections(push.Sandbox); n != 0 {
		t.Errorf("%d connections to an environment that nobody pushes to", n)
	}
}

func TestSeveralConnectionsAreKept(t *testing.T) {
	connected := make(chan struct{}, 100)
	w := newWorld(t, apnstest.Config{OnNotice: func(n apnstest.Notice) {
		if n.Text == "connected" {
			connected <- struct{}{}
		}
	}}, func(c *apns.Config) { c.KeepConnections = 2 })
	w.mustSend(w.push())
	w.srv.FailNext(1, 503, "ServiceUnavailable") // a retry needs the second
	w.mustSend(w.push())
	<-connected
	<-connected
	w.srv.CutConnections(push.Production)
	<-connected
	<-connected // both again
	w.mustSend(w.push())
}

// TestPoliteClient: the local APNs, which tells what Apple advises against, has nothing to tell.
func TestPoliteClient(t *testing.T) {
	var mu sync.Mutex
	var notices []string
	w := newWorld(t, apnstest.Config{ShrinkOnRefusal: true, OnNotice: func(n apnstest.Notice) {
		mu.Lock()
		defer mu.Unlock()
		notices = append(notices, n.Text)
	}}, nil)
	w.burst(100)
	bad := w.push()
	bad.Token = "00ff"
	var wg sync.WaitGroup
	for i := range 200 {
		wg.Go(func() {
			p := w.push()
			if i%20 == 0 {
				p.Token = bad.Token
			}
			_, _ = w.sender.Send(context.Background(), p)
		})
	}
	wg.Wait()
	w.burst(100)
	mu.Lock()
	defer mu.Unlock()
	for _, n := range notices {
		if strings.Contains(n, "PRIORITY") || strings.Contains(n, "priority") || strings.Contains(n, "PING") || strings.Contains(n, "GOAWAY") {
			t.Errorf("noticed %q", n)
		}
	}
}

// TestAbruptEndLosesNothing: every kind of end of a connection, in the middle of two hundred pushes, loses none.
func TestAbruptEndLosesNothing(t *testing.T) {
	for name, f := range map[string]apnstest.Fault{
		"goaway and cut":       {Action: apnstest.GoAwayCut, Reason: "Shutdown"},
		"cut after the answer": {Action: apnstest.CutAnswered},
		"cut again and again":  {Action: apnstest.GoAwayCut, Reason: "Shutdown", Every: 60, Times: 3},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, apnstest.Config{}, nil)
			f.Skip = 50
			w.srv.Inject(f)
			pushes, errs := w.burst(200)
			for i, err := range errs {
				if err != nil {
					t.Errorf("push %d: %v", i, err)
				}
			}
			w.srv.Close()
			close(w.got)
			seen := map[string]bool{}
			for d := range w.got {
				seen[d.ID] = true
			}
			for _, p := range pushes {
				if !seen[p.ID] {
					t.Errorf("push %s was lost", p.ID)
				}
			}
		})
	}
}
