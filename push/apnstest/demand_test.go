package apnstest_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/http2"

	"github.com/ringtrip/ringtrip/push"
	"github.com/ringtrip/ringtrip/push/apnstest"
)

// TestGoAwayCut: GOAWAY promises an answer, with Apple's reason, and the connection ends without it; the push was processed.
func TestGoAwayCut(t *testing.T) {
	l := newLab(t, apnstest.Config{})
	l.srv.Inject(apnstest.Fault{Action: apnstest.GoAwayCut, Reason: "Shutdown"})
	w := l.dial()
	w.limit()
	r := l.request()
	w.open(1, r)
	w.body(1, r)
	if g, ok := w.next(true).(*http2.GoAwayFrame); !ok || g.LastStreamID != 1 || string(g.DebugData()) != `{"reason":"Shutdown"}` {
		t.Fatalf("%v, want GOAWAY that promises stream 1", g)
	}
	if f, err := w.fr.ReadFrame(); err == nil {
		t.Errorf("%v after the end", f)
	}
	if d := <-l.got; d.ID != pushID {
		t.Errorf("delivered %+v", d)
	}
}

func TestCutAnswered(t *testing.T) {
	l := newLab(t, apnstest.Config{})
	l.srv.Inject(apnstest.Fault{Action: apnstest.CutAnswered})
	w := l.dial()
	w.limit()
	r := l.request()
	w.open(1, r)
	w.body(1, r)
	w.limit()
	if h, ok := w.next(true).(*http2.MetaHeadersFrame); !ok || h.PseudoValue("status") != "200" {
		t.Fatalf("%v, want the answer", h)
	}
	if f, err := w.fr.ReadFrame(); err == nil {
		t.Errorf("%v after the end", f)
	}
}

func TestEveryAndForEver(t *testing.T) {
	l := newLab(t, apnstest.Config{})
	l.srv.Inject(apnstest.Fault{Action: apnstest.Refuse, Status: 500, Reason: "InternalServerError", Skip: 1, Every: 3, Times: -1})
	var hit []int
	for i := range 10 {
		if l.must(l.request()).status == 500 {
			hit = append(hit, i)
		}
	}
	if !slices.Equal(hit, []int{3, 6, 9}) {
		t.Errorf("hit %v, want each third after the first", hit)
	}
}

// TestShrinkOnRefusal: openradar 27870881; a client that obeys is never punished for what it could not know.
func TestShrinkOnRefusal(t *testing.T) {
	l := newLab(t, apnstest.Config{ShrinkOnRefusal: true})
	w := l.dial()
	w.limit()
	good, bad := l.request(), l.request()
	bad.path = "/3/device/00ff"
	w.open(1, good)
	w.body(1, good)
	if n := w.limit(); n != 1000 {
		t.Fatalf("%d streams after the first success", n)
	}
	w.next(true) // 200
	w.open(3, bad)
	w.body(3, bad)
	if s, ok := w.next(false).(*http2.SettingsFrame); !ok {
		t.Fatal("no new limit after a refusal")
	} else if n, _ := s.Value(http2.SettingMaxConcurrentStreams); n != 1 {
		t.Fatalf("%d streams after a refusal, want 1", n)
	}
	w.next(true) // 400
	w.next(true) // its reason
	w.open(5, good)
	w.open(7, good) // not acknowledged: refused, not punished
	if f, ok := w.next(true).(*http2.RSTStreamFrame); !ok || f.StreamID != 7 {
		t.Fatalf("%v, want REFUSED_STREAM", f)
	}
	w.body(5, good)
	if n := w.limit(); n != 1000 {
		t.Fatalf("%d streams after the next success, want 1000", n)
	}
}

func TestTolerateOverrun(t *testing.T) {
	l := newLab(t, apnstest.Config{TolerateOverrun: true})
	w := l.dial()
	w.limit()
	r := l.request()
	w.open(1, r)
	w.open(3, r)
	if f, ok := w.next(true).(*http2.RSTStreamFrame); !ok || f.StreamID != 3 {
		t.Fatalf("%v, want only the stream refused", f)
	}
}

func TestMaxRefusals(t *testing.T) {
	var mu sync.Mutex
	var notices []string
	closed := make(chan struct{}, 8) // the connection's end is noticed when it has ended, maybe after its client has another one
	l := newLab(t, apnstest.Config{MaxRefusals: 3, OnNotice: func(n apnstest.Notice) {
		mu.Lock()
		defer mu.Unlock()
		notices = append(notices, n.Text)
		if strings.Contains(n.Text, "closed after 0 accepted and 3 refused") {
			closed <- struct{}{}
		}
	}})
	r := l.request()
	r.path = "/3/device/00ff"
	for range 4 {
		l.want("bad token", r, 400, "BadDeviceToken")
	}
	if n := l.srv.Connections(push.Production); n != 2 {
		t.Errorf("%d connections after four refusals, want 2", n)
	}
	dead := l.request()
	dead.path = "/3/device/" + l.srv.IssueToken(bundle, push.Production, nil)
	l.srv.Unregister(strings.TrimPrefix(dead.path, "/3/device/"), time.Time{})
	for range 4 {
		l.want("dead token", dead, 410, "Unregistered")
	}
	if n := l.srv.Connections(push.Production); n != 2 {
		t.Errorf("%d connections: 410 counts for nothing", n)
	}
	select {
	case <-closed:
	case <-time.After(10 * time.Second):
		t.Error("nobody noticed that the first connection was closed after 0 accepted and 3 refused")
	}
	mu.Lock()
	defer mu.Unlock()
	if all := strings.Join(notices, "; "); !strings.Contains(all, "connected") || !strings.Contains(all, "GOAWAY NO_ERROR") {
		t.Errorf("notices %s", all)
	}
}

func TestDeviceLimit(t *testing.T) {
	l := newLab(t, apnstest.Config{DeviceLimit: 2})
	other := l.request()
	other.path = "/3/device/" + l.srv.IssueToken(bundle, push.Production, nil)
	l.want("first", l.request(), 200, "")
	l.want("second", l.request(), 200, "")
	l.want("third", l.request(), 429, "TooManyRequests")
	l.want("another device", other, 200, "")
	l.advance(time.Minute)
	l.want("a minute later", l.request(), 200, "")
}

func TestLimitedKeys(t *testing.T) {
	l := newLab(t, apnstest.Config{})
	l.srv.RegisterApp("com.example.other", team)
	other := l.request()
	other.header.Set("Apns-Topic", "com.example.other.voip")
	other.path = "/3/device/" + l.srv.IssueToken("com.example.other", push.Production, nil)
	l.srv.LimitKey(keyID, push.Production, bundle+".voip")
	l.want("its topic", l.request(), 200, "")
	l.want("another topic", other, 400, "TopicDisallowed")
	sandbox := l.request()
	sandbox.env = push.Sandbox
	l.want("the other environment", sandbox, 403, "BadEnvironmentKeyIdInToken")
	l.srv.LimitKey("unknown", push.Sandbox)
	l.srv.LimitKey(keyID, 0)
	l.want("no limit", other, 200, "")
}

// TestBindTopics: a connection does not know an app that was registered after its first push; a new one does.
func TestBindTopics(t *testing.T) {
	l := newLab(t, apnstest.Config{BindTopics: true})
	l.want("first", l.request(), 200, "")
	l.srv.RegisterApp("com.example.new", team)
	r := l.request()
	r.header.Set("Apns-Topic", "com.example.new.voip")
	r.path = "/3/device/" + l.srv.IssueToken("com.example.new", push.Production, nil)
	l.want("on the old connection", r, 400, "TopicDisallowed")
	l.client = l.newClient()
	l.want("on a new one", r, 200, "")
}

func TestAdmitAll(t *testing.T) {
	l := newLab(t, apnstest.Config{AdmitAll: true})
	r := l.request()
	r.path = "/3/device/00ff"
	r.header.Set("Apns-Topic", "org.example.never.seen.voip")
	l.want("an unknown device of an unknown app", r, 200, "")
	r.header.Set("Apns-Topic", bundle+".voip")
	l.want("the same device, another app", r, 400, "DeviceTokenNotForTopic")
	r.env = push.Sandbox
	l.want("the same device, another environment", r, 400, "BadDeviceToken")
}

// TestLatency: each answer takes its time, which is a timer of the server's.
func TestLatency(t *testing.T) {
	var mu sync.Mutex
	var waits []time.Duration
	l := newLab(t, apnstest.Config{Latency: 80 * time.Millisecond, AfterFunc: func(d time.Duration, f func()) func() bool {
		mu.Lock()
		waits = append(waits, d)
		mu.Unlock()
		go f()
		return func() bool { return true }
	}})
	l.want("slow", l.request(), 200, "")
	mu.Lock()
	defer mu.Unlock()
	if !slices.Equal(waits, []time.Duration{80 * time.Millisecond}) {
		t.Errorf("waited %v", waits)
	}
}

// TestAbort: everything in flight gets GOAWAY and no answer.
func TestAbort(t *testing.T) {
	l := newLab(t, apnstest.Config{})
	w := l.dial()
	w.limit()
	l.srv.Inject(apnstest.Fault{Action: apnstest.Mute})
	r := l.request()
	w.open(1, r)
	w.body(1, r)
	w.ok(0, w.fr.WritePing(false, [8]byte{1})) // its answer says that the server has read the rest
	w.next(true)
	l.srv.Abort(push.Production, "Shutdown")
	if f, err := w.fr.ReadFrame(); err == nil { // the RST may overtake it
		if g, ok := f.(*http2.GoAwayFrame); !ok || string(g.DebugData()) != `{"reason":"Shutdown"}` {
			t.Errorf("%v, want GOAWAY", f)
		}
		if _, err := w.fr.ReadFrame(); err == nil {
			t.Error("the connection did not end")
		}
	}
	l.want("afterwards", l.request(), 200, "")
}

// TestAdviceIsNoticed: what Apple asks clients not to do is told.
func TestAdviceIsNoticed(t *testing.T) {
	notices := make(chan string, 10)
	l := newLab(t, apnstest.Config{OnNotice: func(n apnstest.Notice) { notices <- n.Text }})
	w := l.dial()
	w.limit()
	w.ok(0, w.fr.WritePriority(1, http2.PriorityParam{Weight: 3}))
	w.ok(0, w.fr.WritePing(false, [8]byte{1}))
	w.next(true)
	for _, want := range []string{"connected", "PRIORITY frame", "PING after 0s"} {
		if got := <-notices; !strings.HasPrefix(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestListenInUse(t *testing.T) {
	l := newLab(t, apnstest.Config{})
	_, err := apnstest.Listen(apnstest.Config{SandboxAddr: strings.TrimPrefix(l.srv.URL(push.Production), "https://")})
	if err == nil || !strings.Contains(err.Error(), "sandbox") {
		t.Errorf("%v, want an error about the sandbox's address", err)
	}
}

func TestPublicKey(t *testing.T) {
	p8, want := apnstest.GenerateKey()
	got, err := apnstest.PublicKey(p8)
	if err != nil || !got.Equal(want) {
		t.Errorf("%v", err)
	}
	for _, bad := range []string{"", "x", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"} {
		if _, err := apnstest.PublicKey([]byte(bad)); err == nil {
			t.Errorf("%q is taken for a key", bad)
		}
	}
}
