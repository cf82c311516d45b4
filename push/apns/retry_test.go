package apns_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/push"
	"github.com/ringtrip/ringtrip/push/apns"
	"github.com/ringtrip/ringtrip/push/apnstest"
)

func TestRetryWaits(t *testing.T) {
	w := newWorld(t, apnstest.Config{}, nil)
	w.srv.FailNext(4, 503, "ServiceUnavailable")
	r := w.mustSend(w.push())
	if r.Attempts != 5 {
		t.Errorf("%d attempts, want 5", r.Attempts)
	}
	close(w.slept)
	var slept []time.Duration
	for d := range w.slept {
		slept = append(slept, d)
	}
	if want := []time.Duration{0, 200 * time.Millisecond, time.Second, 3 * time.Second}; !slices.Equal(slept, want) {
		t.Errorf("waited %v before the retries, want %v", slept, want)
	}
}

func TestNoRetries(t *testing.T) {
	w := newWorld(t, apnstest.Config{}, func(c *apns.Config) { c.Backoff = []time.Duration{} })
	w.srv.FailNext(1, 503, "Shutdown")
	if e := w.refused(w.push()); e.Attempts != 1 || e.Status != 503 {
		t.Errorf("%+v, want one attempt", e)
	}
}

func TestUnregistered(t *testing.T) {
	w := newWorld(t, apnstest.Config{}, nil)
	at := time.UnixMilli(1_799_000_000_789)
	w.srv.Unregister(w.token, at)
	if e := w.refused(w.push()); e.Verdict != push.DropToken || e.Reason != "Unregistered" || !e.Timestamp.Equal(at) {
		t.Errorf("%+v, want DropToken since %v", e, at)
	}
}

func TestOtherEnvironment(t *testing.T) {
	w := newWorld(t, apnstest.Config{}, nil)
	p := w.push()
	p.Token = w.srv.IssueToken(bundle, push.Sandbox, func(d apnstest.Delivery) { w.got <- d })
	r := w.mustSend(p)
	if r.Environment != push.Sandbox || r.Attempts != 2 || r.UniqueID == "" || r.ID != p.ID {
		t.Errorf("receipt %+v, want sandbox, 2 attempts, a unique id", r)
	}
	if d := <-w.got; d.ID != p.ID || d.Environment != push.Sandbox {
		t.Errorf("delivered %+v", d)
	}
	p = w.push()
	p.Environment = push.Sandbox
	if r := w.mustSend(p); r.Environment != push.Production {
		t.Errorf("receipt %+v, want production", r)
	}
}

func TestNeitherEnvironment(t *testing.T) {
	w := newWorld(t, apnstest.Config{}, nil)
	p := w.push()
	p.Token = "00ff"
	if e := w.refused(p); e.Verdict != push.BadToken || e.Reason != "BadDeviceToken" || e.Attempts != 2 {
		t.Errorf("%+v, want BadToken after 2 attempts", e)
	}
	// The other environment can't say: the token must not be branded because of that.
	w.srv.Inject(apnstest.Fault{Action: apnstest.Refuse, Environment: push.Sandbox, Times: 9, Status: 503, Reason: "ServiceUnavailable"})
	if e := w.refused(p); e.Verdict != push.GiveUp || e.Reason != "BadDeviceToken" {
		t.Errorf("%+v, want GiveUp while the sandbox is down", e)
	}
	w.srv.ClearFaults()
	// A key that is limited to one environment knows all that can be known.
	w.srv.Inject(apnstest.Fault{Action: apnstest.Refuse, Environment: push.Sandbox, Times: 9, Status: 403, Reason: "BadEnvironmentKeyIdInToken"})
	if e := w.refused(p); e.Verdict != push.BadToken || e.Reason != "BadDeviceToken" {
		t.Errorf("%+v, want BadToken where the key is not for the sandbox", e)
	}
	// A token that died in the other environment is dead.
	w.srv.ClearFaults()
	dead := w.srv.IssueToken(bundle, push.Sandbox, nil)
	w.srv.Unregister(dead, time.UnixMilli(1_799_000_000_000))
	p.Token = dead
	if e := w.refused(p); e.Verdict != push.DropToken || e.Timestamp.IsZero() {
		t.Errorf("%+v, want DropToken", e)
	}
}

func TestDeadlinePassed(t *testing.T) {
	w := newWorld(t, apnstest.Config{}, nil)
	p := w.push()
	p.Deadline = w.clock.now()
	e := w.refused(p)
	if e.Verdict != push.GiveUp || e.Status != 0 || e.Reason != "deadline passed" || e.Attempts != 0 || !errors.Is(e, context.DeadlineExceeded) {
		t.Errorf("%+v", e)
	}
	if n := w.srv.Connections(push.Production); n != 0 {
		t.Errorf("%d connections for a dead ring", n)
	}
}

func TestNoAttemptAfterDeadline(t *testing.T) {
	w := newWorld(t, apnstest.Config{}, nil)
	w.srv.FailNext(1000, 503, "ServiceUnavailable")
	w.sender.SetSleep(func(_ context.Context, d time.Duration) error {
		w.clock.add(d)
		return nil
	})
	p := w.push()
	p.Deadline = w.clock.now().Add(time.Second) // room for the retries after 0 and 200 ms
	e := w.refused(p)
	if e.Status != 503 || e.Reason != "ServiceUnavailable" || e.Attempts != 3 {
		t.Errorf("%+v, want APNs' last word after 3 attempts", e)
	}
}

func TestDeadlineWhileWaiting(t *testing.T) {
	w := newWorld(t, apnstest.Config{}, nil)
	w.mustSend(w.push())
	w.srv.Inject(apnstest.Fault{Action: apnstest.Mute})
	p := w.push()
	p.Deadline = w.clock.now().Add(100 * time.Millisecond)
	if e := w.refused(p); e.Reason != "deadline passed" || e.Attempts > 1 || !errors.Is(e, context.DeadlineExceeded) {
		t.Errorf("%+v, want the deadline to cut the attempt", e)
	}
}

func TestCallerLeaves(t *testing.T) {
	asked := make(chan struct{}, 1)
	w := newWorld(t, apnstest.Config{OnRequest: func(apnstest.Request) { asked <- struct{}{} }}, nil)
	w.srv.Inject(apnstest.Fault{Action: apnstest.Mute})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() {
		_, err := w.sender.Send(ctx, w.push())
		done <- err
	}()
	<-asked
	cancel()
	err := <-done
	var e *push.Error
	if !errors.Is(err, context.Canceled) || !errors.As(err, &e) || e.Reason != "cancelled" {
		t.Errorf("%v, want a cancelled push", err)
	}
	w.mustSend(w.push())
	if n := w.srv.Connections(push.Production); n != 1 {
		t.Errorf("%d connections: a caller who leaves says nothing about the connection", n)
	}
}

func TestAnswerNeverComes(t *testing.T) {
	w := newWorld(t, apnstest.Config{}, func(c *apns.Config) { c.AttemptTimeout = 300 * time.Millisecond })
	w.mustSend(w.push())
	w.srv.Inject(apnstest.Fault{Action: apnstest.Mute})
	r := w.mustSend(w.push())
	if r.Attempts != 2 {
		t.Errorf("%d attempts, want 2", r.Attempts)
	}
	if n := w.srv.Connections(push.Production); n != 2 {
		t.Errorf("%d connections, want the silent one replaced", n)
	}
}

func TestKeyRefusedTripsBreaker(t *testing.T) {
	w := newWorld(t, apnstest.Config{}, nil)
	w.srv.FailNext(1000, 403, "InvalidProviderToken")
	for range 3 {
		if e := w.refused(w.push()); e.Attempts != 1 || e.Verdict != push.FixConfig {
			t.Fatalf("%+v", e)
		}
	}
	for range 10 {
		if e := w.refused(w.push()); e.Attempts != 0 || e.Verdict != push.FixConfig || e.Reason != "InvalidProviderToken" || e.Status != 403 {
			t.Fatalf("%+v, want the breaker's answer", e)
		}
	}
	if n := len(w.srv.Requests()); n != 3 {
		t.Errorf("%d requests, want 3", n)
	}
	w.clock.add(6 * time.Second)
	if e := w.refused(w.push()); e.Attempts != 1 {
		t.Errorf("%+v, want one push to try again", e)
	}
	if e := w.refused(w.push()); e.Attempts != 0 {
		t.Errorf("%+v, want only one", e)
	}
	w.clock.add(6 * time.Second)
	before := len(w.srv.Requests())
	w.burst(20)
	if n := len(w.srv.Requests()) - before; n != 1 {
		t.Errorf("%d of a burst tried again, want 1", n)
	}
	w.srv.ClearFaults()
	w.clock.add(6 * time.Second)
	w.mustSend(w.push())
	w.mustSend(w.push())
}
