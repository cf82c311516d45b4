package server_test

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/carrier"
	"github.com/ringtrip/ringtrip/server"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// carrierWatch is an Observer that hears of carriers only.
type carrierWatch struct {
	watcher
	mu    sync.Mutex
	hooks []server.CarrierHook
	deeds []server.CarrierDeed
}

// CarrierHook implements server.CarrierObserver.
func (o *carrierWatch) CarrierHook(h server.CarrierHook) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.hooks = append(o.hooks, h)
}

// CarrierDeed implements server.CarrierObserver.
func (o *carrierWatch) CarrierDeed(d server.CarrierDeed) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.deeds = append(o.deeds, d)
}

// last returns what came of the last webhook.
func (o *carrierWatch) last() server.CarrierHook {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.hooks[len(o.hooks)-1]
}

// What is no webhook of the carrier's is refused with the right status, tells a forger nothing, is counted, and changes nothing.
func TestCarrierHooksRefused(t *testing.T) {
	f := newFake("roomy", rooms)
	seen := &carrierWatch{}
	inBubble(t, func(c *server.Config) { withCarrier(f)(c); c.Observer = seen }, func(t *testing.T, w *world) {
		a, b := w.phone("alice", "a1", ""), w.phone("bob", "b1", voip(2))
		w.phone("mallory", "m1", voip(9))
		id := a.call("bob").Id
		other := w.phone("carol", "c1", "")
		ended := other.call("mallory").Id
		must(other.cancel(ended))
		before := must(w.store.Call(t.Context(), id))
		event := func(e carrier.Event) fakeHook { return fakeHook{Event: &e} }
		nothing := func(*http.Request) {}
		for name, c := range map[string]struct {
			hook   string
			h      fakeHook
			change func(*http.Request)
			status int
			why    string
		}{
			"another password": {"event", event(carrier.Event{Kind: carrier.RoomEnded, Call: id}), func(r *http.Request) { r.Header.Set("Password", "x") }, 403, "signature"},
			"GET":              {"event", fakeHook{}, func(r *http.Request) { r.Method = http.MethodGet }, 405, "method"},
			"unknown hook":     {"nothing", fakeHook{}, nothing, 404, "unknown_hook"},
			"another carrier": {"event", fakeHook{}, func(r *http.Request) {
				r.URL.Path = strings.Replace(r.URL.Path, "roomy", "other", 1)
			}, 404, "unknown_hook"},
			"another app": {"event", fakeHook{}, func(r *http.Request) {
				r.URL.Path = strings.Replace(r.URL.Path, app, "other", 1)
			}, 404, "unknown_hook"},
			"no carrier":   {"event", fakeHook{}, func(r *http.Request) { r.URL.Path = "/carriers/" }, 404, "unknown_hook"},
			"too large":    {"event", fakeHook{Ask: strings.Repeat("x", 300<<10)}, nothing, 413, "too_large"},
			"compressed":   {"event", fakeHook{}, func(r *http.Request) { r.Header.Set("Content-Encoding", "gzip") }, 415, "content_type"},
			"unknown call": {"event", event(carrier.Event{Kind: carrier.Joined, Call: server.NewCallID(time.Now(), 0), User: "bob"}), nothing, 404, "unknown_call"},
			"no call":      {"event", event(carrier.Event{Kind: carrier.Joined, Call: "../../etc"}), nothing, 404, "unknown_call"},
			"not a side":   {"event", event(carrier.Event{Kind: carrier.Joined, Call: id, User: "mallory"}), nothing, 403, "not_in_call"},
			"no event":     {"event", event(carrier.Event{Call: id}), nothing, 400, "malformed"},
			"a panic":      {"panic", fakeHook{}, nothing, 500, "internal"},
			"ask":          {"ask", fakeHook{Ask: "x"}, nothing, 404, "unknown_call"},
			"ask by name":  {"askref", fakeHook{AskRef: "x"}, nothing, 404, "unknown_call"},
			"nameless":     {"incoming", fakeHook{Incoming: &carrier.Incoming{To: office}}, nothing, 400, "malformed"},
		} {
			status, body := w.hook("roomy", c.hook, c.h, c.change)
			if status != c.status || string(body) != http.StatusText(c.status)+"\n" {
				t.Errorf("%s: %d %q, want %d", name, status, body, c.status)
			}
			if got := seen.last(); got.Outcome != c.why {
				t.Errorf("%s: counted as %+v, want %s", name, got, c.why)
			}
		}
		if status, _ := w.hook("roomy", "event", event(carrier.Event{Kind: carrier.PhoneAnswered, Call: ended, At: time.Now()})); status != 200 {
			t.Errorf("an event of a call that is over: %d", status)
		}
		if after := must(w.store.Call(t.Context(), id)); after.Rev != before.Rev {
			t.Errorf("something changed: revision %d, was %d", after.Rev, before.Rev)
		}
		wantReason(t, "the other call", other, ended, v1.EndReason_END_REASON_CANCELLED)
		must(b.answer(id))
	})
}

// A carrier is shown the URL as it wrote it, with its query as it came.
func TestHookURL(t *testing.T) {
	inBubble(t, withCarrier(newFake("roomy", rooms)), func(t *testing.T, w *world) {
		_, body := w.hook("roomy", "url", fakeHook{}, func(r *http.Request) { r.URL.RawQuery = "b=%2F+x&a=1&a=2"; r.Host = "10.0.0.1:8787" })
		if want := "https://calls.example.com/carriers/shop/roomy/url?b=%2F+x&a=1&a=2"; string(body) != want {
			t.Errorf("the URL is %s, want %s", body, want)
		}
	})
}

// Who sends what is refused again and again is not listened to for a while; who is the carrier's is.
func TestHookForgersAreSlowed(t *testing.T) {
	inBubble(t, func(c *server.Config) {
		withCarrier(newFake("roomy", rooms))(c)
		c.Bounds = server.Bounds{PerAddress: server.Pace{PerSecond: 10, Burst: 50}}
	}, func(t *testing.T, w *world) {
		handler := w.s.Handler()
		from := func(address, password string) int {
			r := httptest.NewRequest(http.MethodPost, "/carriers/"+app+"/roomy/url", strings.NewReader("{}"))
			r.RemoteAddr = address + ":4711"
			r.Header.Set("Password", password)
			out := httptest.NewRecorder()
			handler.ServeHTTP(out, r)
			return out.Code
		}
		for range 200 {
			if got := from("192.0.2.1", "sesame"); got != 200 {
				t.Fatalf("the carrier is answered %d", got)
			}
		}
		var got []int
		for range 10 {
			got = append(got, from("192.0.2.2", "guess"))
		}
		if !slices.Contains(got, 429) || got[0] != 403 {
			t.Errorf("a forger is answered %v", got)
		}
		if got := from("192.0.2.1", "sesame"); got != 200 {
			t.Errorf("the carrier is answered %d", got)
		}
		time.Sleep(time.Minute)
		if got := from("192.0.2.2", "sesame"); got != 200 {
			t.Errorf("a minute later: %d", got)
		}
	})
}

// A telephone's answer and the app's cancel meet: one of them wins, and the carrier is told of an end that came last.
func TestCarrierHookMeetsCancel(t *testing.T) {
	f := newFake("bridge", bridge)
	inBubble(t, withCarrier(f), func(t *testing.T, w *world) {
		a := w.phone("alice", "a1", "")
		for range 20 {
			id := a.call("tel:+15551234567").Id
			var both sync.WaitGroup
			both.Go(func() {
				w.says("bridge", carrier.Event{Kind: carrier.PhoneAnswered, Call: id, Seq: 2, Source: "leg"})
			})
			both.Go(func() { _, _ = a.cancel(id) })
			both.Wait()
			got := must(a.get(id))
			answered := got.Reason == v1.EndReason_END_REASON_HUNGUP && got.AnsweredAt != nil
			cancelled := got.Reason == v1.EndReason_END_REASON_CANCELLED && got.AnsweredAt == nil
			if got.State != v1.CallState_CALL_STATE_ENDED || answered == cancelled {
				t.Fatalf("the call is %v", got)
			}
			for got := f.next(t); got != "end "+id; got = f.next(t) {
				// The one before answered after its cancel, and was ended again.
			}
		}
	})
}

// Whatever the order in which a call's webhooks come, and however often, the call rings once and ends as it ended.
func TestCarrierHooksShuffled(t *testing.T) {
	f := newFake("bridge", bridge)
	inBubble(t, withCarrier(f), func(t *testing.T, w *world) {
		a := w.phone("alice", "a1", "")
		r := rand.New(rand.NewPCG(1, 2))
		for round := range 20 {
			id := a.call("tel:+15551234567").Id
			all := []carrier.Event{
				{Kind: carrier.Noted, Call: id, Refs: map[string]string{"leg": "CA2"}, Seq: 1, Source: "CA1"},
				{Kind: carrier.PhoneRinging, Call: id, Seq: 1, Source: "CA2"},
				{Kind: carrier.PhoneEnded, Call: id, Reason: call.Busy, Seq: 2, Source: "CA2"},
			}
			all = append(all, all...)
			r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
			var sent sync.WaitGroup
			for _, e := range all {
				sent.Go(func() { w.says("bridge", e) })
			}
			sent.Wait()
			if got := must(a.get(id)); got.State != v1.CallState_CALL_STATE_ENDED || got.Reason != v1.EndReason_END_REASON_BUSY {
				t.Errorf("round %d: %v", round, got)
			}
		}
	})
}

// Many nodes' worth of the same telephone's call makes one call.
func TestCarrierRingsOnce(t *testing.T) {
	f := newFake("bridge", bridge)
	inBubble(t, withCarrier(f), func(t *testing.T, w *world) {
		w.phone("bob", "b1", voip(2))
		var mu sync.Mutex
		ids := map[string]bool{}
		var sent sync.WaitGroup
		for range 20 {
			sent.Go(func() {
				c := w.rang("bridge", carrier.Incoming{Ref: "CA1", From: carrier.Party{Phone: "+4930123456"}, To: office})
				mu.Lock()
				defer mu.Unlock()
				ids[c.ID] = true
			})
		}
		sent.Wait()
		synctest.Wait()
		if len(ids) != 1 || len(w.apns.sent) != 1 {
			t.Errorf("%d calls and %d pushes", len(ids), len(w.apns.sent))
		}
	})
}

// FuzzHook: whatever is posted to whatever hook, the server answers and goes on.
func FuzzHook(f *testing.F) {
	for _, h := range []fakeHook{{Ask: "x"}, {Event: &carrier.Event{Kind: carrier.Joined}}, {Incoming: &carrier.Incoming{Ref: "a", To: office}}} {
		f.Add("/carriers/shop/roomy/event?x", must(json.Marshal(h)))
	}
	f.Add("/carriers/shop/roomy/incoming", []byte(`{"Incoming":{"Ref":"\u0000","To":"user:bob","From":{"Phone":"+1","Name":"\u0007"}}}`))
	f.Add("/carriers//../roomy", []byte{})
	w := newWorld(f, func(c *server.Config) {
		withCarrier(newFake("roomy", rooms))(c)
		c.Logger = nil
	})
	w.phone("bob", "b1", "")
	f.Fuzz(func(t *testing.T, path string, body []byte) {
		req, err := http.NewRequest(http.MethodPost, "http://ringtrip.test/carriers/"+strings.TrimPrefix(path, "/carriers/"), bytes.NewReader(body))
		if err != nil {
			return
		}
		req.Header.Set("Password", "sesame")
		res, err := w.client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode == 500 && !strings.HasSuffix(req.URL.Path, "/panic") && !bytes.Contains(body, []byte("vent")) {
			t.Errorf("%s: %d", path, res.StatusCode)
		}
	})
}
