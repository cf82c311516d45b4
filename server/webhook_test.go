package server_test

import (
	"context"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"connectrpc.com/connect"

	"github.com/ringtrip/ringtrip/server"
	"github.com/ringtrip/ringtrip/server/webhook"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

const hookSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// backend is an app's backend with one endpoint, inside a bubble.
type backend struct {
	t      testing.TB
	check  *webhook.Verifier
	pipes  *pipes
	server *http.Server
	done   sync.WaitGroup

	mu     sync.Mutex
	taken  []webhook.Event // in the order in which they were taken
	tried  int
	answer func(e webhook.Event, try int) (status int, header http.Header) // nil: 204
	hold   func(e webhook.Event)
}

func newBackend(t testing.TB) *backend {
	b := &backend{t: t, check: must(webhook.NewVerifier(hookSecret)), pipes: listenPipes()}
	b.server = &http.Server{Handler: http.HandlerFunc(b.serve)}
	b.done.Go(func() { _ = b.server.Serve(b.pipes) })
	return b
}

func (b *backend) close() {
	_ = b.server.Close()
	b.done.Wait()
}

func (b *backend) serve(w http.ResponseWriter, r *http.Request) {
	e, err := b.check.Read(r)
	if err != nil {
		b.t.Errorf("the backend was sent %v", err)
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	b.mu.Lock()
	b.tried++
	answer, hold, try := b.answer, b.hold, b.tried
	b.mu.Unlock()
	if hold != nil {
		hold(e)
	}
	status := http.StatusNoContent
	if answer != nil {
		var header http.Header
		status, header = answer(e, try)
		for k, v := range header {
			w.Header()[k] = v
		}
	}
	if status >= 200 && status <= 299 {
		b.mu.Lock()
		b.taken = append(b.taken, e)
		b.mu.Unlock()
	}
	w.WriteHeader(status)
}

func (b *backend) will(answer func(e webhook.Event, try int) (int, http.Header)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.answer = answer
}

func (b *backend) events() []webhook.Event {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.taken)
}

func (b *backend) tries() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.tried
}

// said returns the types of the events about a call, with the leg's device and the reason.
func (b *backend) said(call string) (all []string) {
	for _, e := range b.events() {
		if e.Data.Call == nil || call != "" && e.Data.Call.ID != call {
			continue
		}
		text := string(e.Type)
		if l := e.Data.Leg; l != nil {
			text = strings.TrimSpace(text + " " + l.DeviceID + " " + l.Reason)
		} else if e.Type == webhook.CallEnded {
			text += " " + e.Data.Call.Reason
		}
		all = append(all, text)
	}
	return all
}

// hooked runs a test with backends by the endpoints' names.
func hooked(t *testing.T, names []string, set func(*server.Config), test func(t *testing.T, w *world, b map[string]*backend)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		all := map[string]*backend{}
		var endpoints []webhook.Endpoint
		for _, name := range names {
			all[name] = newBackend(t)
			defer all[name].close()
			endpoints = append(endpoints, webhook.Endpoint{
				ID: name, URL: "http://" + name + ".test/hook", Secrets: []webhook.Secret{must(webhook.ParseSecret(hookSecret))}, AllowPrivate: true,
			})
		}
		client := webhook.NewClient(webhook.ClientConfig{Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
			name, _, _ := strings.Cut(addr, ".")
			return all[name].pipes.dial(ctx, network, addr)
		}})
		w := newWorld(t, func(c *server.Config) {
			c.Apps[0].Webhooks = endpoints
			c.Webhooks = client
			if set != nil {
				set(c)
			}
		})
		test(t, w, all)
		w.halt()
		client.Close()
	})
}

// lazy makes a node look for what is due so seldom that days pass quickly in a test.
func lazy(c *server.Config) { c.Tick, c.PurgeInterval = time.Minute, time.Hour }

// A call's life as its backend hears it, in order, and to each endpoint what it wants.
func TestWebhooksOfACall(t *testing.T) {
	set := func(c *server.Config) { c.Apps[0].Webhooks[1].Types = []string{"call.ended", "device.*"} }
	hooked(t, []string{"all", "some"}, set, func(t *testing.T, w *world, b map[string]*backend) {
		synctest.Wait()
		a, p, pad := w.phone("alice", "a1", ""), w.phone("bob", "b1", voip(2)), w.phone("bob", "b2", voip(3))
		c := a.call("bob")
		synctest.Wait()
		p.rings(c.Id)
		pad.rings(c.Id)
		if _, err := p.answer(c.Id); err != nil {
			t.Fatal(err)
		}
		if _, err := a.end(c.Id, 0); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		got := b["all"].said(c.Id)
		slices.Sort(got[1:3]) // two pushes
		want := []string{"call.started", "leg.pushed b1", "leg.pushed b2", "leg.ringing b1", "call.ringing", "leg.ringing b2",
			"leg.ended b2 answered_elsewhere", "call.answered", "leg.ended b1 hungup", "call.ended hungup"}
		if !slices.Equal(got, want) {
			t.Errorf("the backend heard\n%q, want\n%q", got, want)
		}
		last, ids := uint64(0), map[string]bool{}
		for _, e := range b["all"].events() {
			if ids[e.ID] {
				t.Errorf("event %s came twice", e.ID)
			}
			if ids[e.ID] = true; strings.Contains(e.ID, ".") {
				t.Errorf("the event's id %q has a full stop", e.ID)
			}
			if e.Data.Call == nil {
				continue
			}
			if e.Sequence <= last {
				t.Errorf("%s has sequence %d after %d", e.Type, e.Sequence, last)
			}
			last = e.Sequence
			if e.App != app || e.Data.Call.Caller.UserID != "alice" || e.Data.Call.Callee.UserID != "bob" {
				t.Errorf("%s says %+v", e.Type, e.Data.Call)
			}
		}
		if got := b["some"].said(""); !slices.Equal(got, []string{"call.ended hungup"}) {
			t.Errorf("the other endpoint heard %q", got)
		}
		time.Sleep(10 * time.Second)
		devices := map[string]int{}
		for _, e := range b["some"].events() {
			if e.Type == webhook.DeviceRegistered {
				devices[e.Data.Device.ID]++
			}
		}
		if len(devices) != 3 || devices["b2"] != 1 {
			t.Errorf("registrations told: %v", devices)
		}
		if left := w.jobs(); len(left) > 0 {
			t.Errorf("jobs are left: %v", left)
		}
	})
}

// jobs returns the ids of all jobs of webhooks.
func (w *world) jobs() (ids []string) {
	w.t.Helper()
	for _, kind := range []string{"webhook:" + app + "/all", "webhook:" + app + "/some", "webhook:" + app + "/slow", "webhook.dead:" + app, "alert", "push"} {
		jobs, err := w.store.JobsOfKind(context.Background(), kind, "", 1000)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, j := range jobs {
			ids = append(ids, j.ID)
		}
	}
	return ids
}

// An endpoint that fails gets every event in the end, in order, and none that it took twice; its calls do not wait for
// each other, and the other endpoint is not held up.
func TestWebhooksToAFailingBackend(t *testing.T) {
	hooked(t, []string{"all", "slow"}, lazy, func(t *testing.T, w *world, b map[string]*backend) {
		synctest.Wait()
		a := w.phone("alice", "a1", "")
		w.phone("bob", "b1", voip(2))
		var bad string
		b["slow"].will(func(e webhook.Event, try int) (int, http.Header) {
			switch {
			case e.Data.Call == nil:
				return 200, nil
			case e.Data.Call.ID == bad && try%3 != 0:
				return []int{500, 302, 404, 503, 429}[try%5], http.Header{"Location": {"http://all.test/hook"}}
			}
			return 200, nil
		})
		c := a.call("bob")
		bad = c.Id
		if _, err := a.cancel(c.Id); err != nil {
			t.Fatal(err)
		}
		good := a.call("bob").Id
		if _, err := a.cancel(good); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		want := b["all"].said(bad)
		if len(want) < 4 || !slices.Contains(want, "call.missed") {
			t.Fatalf("the healthy endpoint heard %q", want)
		}
		if got := b["slow"].said(good); !slices.Equal(got, b["all"].said(good)) {
			t.Errorf("the call that its endpoint likes was held up: %q", got)
		}
		if got := b["slow"].said(bad); len(got) >= len(want) {
			t.Errorf("nothing failed: %q", got)
		}
		time.Sleep(71 * time.Hour)
		if got := b["slow"].said(bad); !slices.Equal(got, want) {
			t.Errorf("the failing endpoint heard\n%q, want\n%q", got, want)
		}
		if left := w.jobs(); len(left) > 0 {
			t.Errorf("jobs are left: %v", left)
		}
	})
}

// Retry-After is honoured, and an endpoint that hangs costs its time-out and no more.
func TestWebhooksWait(t *testing.T) {
	hooked(t, []string{"slow"}, nil, func(t *testing.T, w *world, b map[string]*backend) {
		synctest.Wait()
		a := w.phone("alice", "a1", "")
		w.phone("bob", "b1", voip(2))
		time.Sleep(10 * time.Second)
		first := b["slow"].tries()
		b["slow"].will(func(_ webhook.Event, try int) (int, http.Header) {
			if try == first+1 {
				return 503, http.Header{"Retry-After": {"1000"}}
			}
			return 200, nil
		})
		if _, err := a.cancel(a.call("bob").Id); err != nil {
			t.Fatal(err)
		}
		time.Sleep(990 * time.Second)
		if got := b["slow"].tries(); got != first+1 {
			t.Errorf("%d attempts before Retry-After was over", got-first)
		}
		time.Sleep(15 * time.Second)
		if got := b["slow"].said(""); len(got) < 3 {
			t.Errorf("after Retry-After it heard %q", got)
		}

		// It hangs: the connection is given up after the time-out.
		b["slow"].mu.Lock()
		b["slow"].answer = nil
		var hung atomic.Int32
		b["slow"].hold = func(webhook.Event) {
			if hung.Add(1) == 1 {
				time.Sleep(time.Minute) // answers late, when nobody listens any more
			}
		}
		b["slow"].mu.Unlock()
		id := a.call("bob").Id
		if _, err := a.cancel(id); err != nil {
			t.Fatal(err)
		}
		time.Sleep(30 * time.Second)
		if got := b["slow"].said(id); !slices.Contains(got, "call.missed") {
			t.Errorf("after a hang it heard %q", got)
		}
		time.Sleep(time.Minute)
	})
}

// dead lists the dead letters, page by page.
func (w *world) dead() (all []*v1.DeadWebhook) {
	w.t.Helper()
	for after := ""; ; {
		r, err := w.ops().ListDeadWebhooks(context.Background(), connect.NewRequest(&v1.ListDeadWebhooksRequest{Limit: 3, After: after}))
		if err != nil {
			w.t.Fatal(err)
		}
		all = append(all, r.Msg.Webhooks...)
		if after = r.Msg.NextPage; after == "" {
			return all
		}
	}
}

// A receiver that says 410 is told nothing any more, also by the next node, until somebody enables it.
func TestGoneWebhook(t *testing.T) {
	hooked(t, []string{"all", "some"}, nil, func(t *testing.T, w *world, b map[string]*backend) {
		synctest.Wait()
		ctx := context.Background()
		a := w.phone("alice", "a1", "")
		w.phone("bob", "b1", "")
		time.Sleep(10 * time.Second)
		b["all"].will(func(webhook.Event, int) (int, http.Header) { return 410, nil })
		id := a.call("bob").Id
		if _, err := a.cancel(id); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Second)
		tried := b["all"].tries()
		if dead := w.dead(); len(dead) != 4 {
			t.Errorf("dead are %v", dead)
		}
		w.restart()
		time.Sleep(time.Second)
		next := a.call("bob").Id
		if _, err := a.cancel(next); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Second)
		if got := b["all"].tries(); got != tried {
			t.Errorf("%d attempts at an endpoint that is gone", got-tried)
		}
		if got := b["some"].said(next); len(got) != 4 {
			t.Errorf("the other endpoint heard %q", got)
		}
		list, err := w.ops().ListWebhooks(ctx, connect.NewRequest(&v1.ListWebhooksRequest{}))
		if err != nil || list.Msg.Endpoints[0].DisabledAt == nil || list.Msg.Endpoints[1].DisabledAt != nil {
			t.Errorf("the endpoints are %v, %v", list, err)
		}
		b["all"].will(nil)
		if r, err := w.ops().EnableWebhook(ctx, connect.NewRequest(&v1.EnableWebhookRequest{Endpoint: "all"})); err != nil || !r.Msg.WasDisabled {
			t.Errorf("enabling: %v, %v", r, err)
		}
		if r, err := w.ops().EnableWebhook(ctx, connect.NewRequest(&v1.EnableWebhookRequest{Endpoint: "all"})); err != nil || r.Msg.WasDisabled {
			t.Errorf("enabling again: %v, %v", r, err)
		}
		last := a.call("bob").Id
		if _, err := a.cancel(last); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Second)
		if got := b["all"].said(""); len(got) != 4 {
			t.Errorf("after it was enabled it heard %q", got)
		}
	})
}

// A node stops in the middle of a delivery; the next one goes on, in order and without waiting for a lease.
func TestWebhooksAfterRestart(t *testing.T) {
	hooked(t, []string{"all"}, nil, func(t *testing.T, w *world, b map[string]*backend) {
		synctest.Wait()
		a := w.phone("alice", "a1", "")
		w.phone("bob", "b1", "")
		time.Sleep(10 * time.Second)
		b["all"].mu.Lock()
		b["all"].hold = func(e webhook.Event) {
			if e.Type == webhook.CallEnded {
				time.Sleep(5 * time.Second)
			}
		}
		b["all"].mu.Unlock()
		id := a.call("bob").Id
		if _, err := a.cancel(id); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		w.restart()
		time.Sleep(12 * time.Second)
		got := slices.Compact(b["all"].said(id)) // the one under way came twice
		want := []string{"call.started", "leg.ended b1 cancelled", "call.ended cancelled", "call.missed"}
		if !slices.Equal(got, want) {
			t.Errorf("the backend heard %q, want %q", got, want)
		}
	})
}
