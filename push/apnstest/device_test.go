package apnstest_test

import (
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/push"
	"github.com/ringtrip/ringtrip/push/apnstest"
)

// numbered is a request whose apns-id ends in n.
func (l *lab) numbered(n int) *request {
	r := l.request()
	r.header.Set("Apns-Id", id(n))
	return r
}

func id(n int) string { return fmt.Sprintf("eabeae54-14a8-4d5a-b2ab-%012d", n) }

// expiring sets the expiration of a request to d from now.
func (l *lab) expiring(r *request, d time.Duration) *request {
	r.header.Set("Apns-Expiration", strconv.FormatInt(l.time().Add(d).Unix(), 10))
	return r
}

// deliveries closes the server and lists what arrived, as "1", or "1 late".
func (l *lab) deliveries() []string {
	l.srv.Close()
	close(l.got)
	var all []string
	for d := range l.got {
		n, _ := strconv.Atoi(d.ID[len(d.ID)-12:])
		s := strconv.Itoa(n)
		if d.Late {
			s += " late"
		}
		all = append(all, s)
	}
	return all
}

func (l *lab) wantDeliveries(want ...string) {
	l.t.Helper()
	if got := l.deliveries(); fmt.Sprint(got) != fmt.Sprint(want) {
		l.t.Errorf("delivered %v, want %v", got, want)
	}
}

func TestDeliveryIsWhole(t *testing.T) {
	l := newLab(t, apnstest.Config{})
	l.must(l.request())
	d := <-l.got
	if d.Token != l.token || d.BundleID != bundle || d.Environment != push.Production || d.ID != pushID ||
		string(d.Payload) != payload || !d.ReceivedAt.Equal(l.time()) || d.Late {
		t.Errorf("%+v", d)
	}
}

func TestOfflineDrops(t *testing.T) {
	l := newLab(t, apnstest.Config{})
	l.srv.SetOnline(l.token, false)
	l.want("expiration 0", l.numbered(1), 200, "")
	l.srv.SetOnline(l.token, true)
	l.want("online again", l.numbered(2), 200, "")
	l.wantDeliveries("2")
}

func TestOfflineStoresOne(t *testing.T) {
	l := newLab(t, apnstest.Config{})
	l.srv.SetOnline(l.token, false)
	l.want("first", l.expiring(l.numbered(1), time.Hour), 200, "")
	l.want("second", l.expiring(l.numbered(2), time.Hour), 200, "")
	l.want("expiration 0 does not replace it", l.numbered(3), 200, "")
	l.want("expired already", l.expiring(l.numbered(4), -time.Second), 200, "")
	l.srv.SetOnline(l.token, true)
	l.srv.SetOnline(l.token, true) // once is enough
	l.want("online again", l.numbered(5), 200, "")
	l.wantDeliveries("2 late", "5")
}

func TestStoredExpires(t *testing.T) {
	l := newLab(t, apnstest.Config{})
	l.srv.SetOnline(l.token, false)
	l.want("a minute", l.expiring(l.numbered(1), time.Minute), 200, "")
	l.advance(time.Minute)
	l.srv.SetOnline(l.token, true)
	l.srv.SetOnline(l.token, false)
	r := l.numbered(2)
	delete(r.header, "Apns-Expiration") // Apple's own policy: kept
	l.want("no expiration", r, 200, "")
	l.advance(24 * time.Hour)
	l.srv.SetOnline(l.token, true)
	l.wantDeliveries("2 late")
}

func TestUnregisterForgetsStored(t *testing.T) {
	l := newLab(t, apnstest.Config{})
	l.srv.SetOnline(l.token, false)
	l.want("stored", l.expiring(l.numbered(1), time.Hour), 200, "")
	l.srv.Unregister(l.token, time.Time{})
	l.srv.SetOnline(l.token, true)
	l.wantDeliveries()
}

func TestStoreDespiteZeroExpiration(t *testing.T) {
	l := newLab(t, apnstest.Config{StoreDespiteZeroExpiration: true})
	l.srv.SetOnline(l.token, false)
	l.want("first", l.numbered(1), 200, "")
	l.want("second", l.numbered(2), 200, "")
	l.advance(time.Hour)
	l.srv.SetOnline(l.token, true)
	l.wantDeliveries("2 late")
}

func TestDeliveryFaults(t *testing.T) {
	for _, c := range []struct {
		action apnstest.Action
		want   []string
	}{
		{apnstest.LoseDelivery, []string{"1", "3", "4"}},
		{apnstest.RepeatDelivery, []string{"1", "2", "2", "3", "4"}},
		{apnstest.SwapDelivery, []string{"1", "3", "2", "4"}},
	} {
		l := newLab(t, apnstest.Config{})
		l.srv.Inject(apnstest.Fault{Action: c.action, Token: l.token, Skip: 1})
		other := l.srv.IssueToken(bundle, push.Production, nil)
		for n := 1; n <= 4; n++ {
			l.want("push", l.numbered(n), 200, "")
			r := l.numbered(n + 100)
			r.path = "/3/device/" + other // another device's pushes do not use the fault up
			l.want("push to another", r, 200, "")
		}
		l.wantDeliveries(c.want...)
	}
}

// hand is a clock's timers, run by hand.
type hand struct {
	mu    sync.Mutex
	fs    []func()
	armed chan struct{}
}

func newHand() *hand { return &hand{armed: make(chan struct{}, 100)} }

func (h *hand) after(_ time.Duration, f func()) func() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.fs = append(h.fs, f)
	h.armed <- struct{}{}
	return func() bool { return true }
}

func (h *hand) run() {
	h.mu.Lock()
	fs := h.fs
	h.fs = nil
	h.mu.Unlock()
	for _, f := range fs {
		f()
	}
}

func TestDelayedDelivery(t *testing.T) {
	h := newHand()
	l := newLab(t, apnstest.Config{AfterFunc: h.after})
	l.srv.Inject(apnstest.Fault{Action: apnstest.DelayDelivery, Delay: time.Minute})
	l.want("delayed", l.numbered(1), 200, "")
	l.want("at once", l.numbered(2), 200, "")
	h.run()
	l.srv.Inject(apnstest.Fault{Action: apnstest.DelayDelivery, Delay: time.Minute})
	l.want("delayed beyond the end", l.numbered(3), 200, "")
	l.wantDeliveries("2", "1")
	h.run() // after Close: nothing may happen
}

func TestDelayedAnswer(t *testing.T) {
	h := newHand()
	l := newLab(t, apnstest.Config{AfterFunc: h.after})
	l.srv.Inject(apnstest.Fault{Action: apnstest.DelayAnswer, Delay: time.Minute})
	done := make(chan reply)
	go func() { done <- l.must(l.numbered(1)) }()
	<-l.got // delivered, although not answered
	select {
	case out := <-done:
		t.Errorf("answered %d before its time", out.status)
	default:
	}
	<-h.armed
	h.run()
	if out := <-done; out.status != 200 {
		t.Errorf("%+v", out)
	}
}

// TestDeliverMayCallTheServer: a phone may unregister itself while it gets a push.
func TestDeliverMayCallTheServer(t *testing.T) {
	l := newLab(t, apnstest.Config{})
	done := make(chan struct{})
	var token string
	token = l.srv.IssueToken(bundle, push.Production, func(apnstest.Delivery) {
		l.srv.Unregister(token, time.Time{})
		l.srv.Requests()
		close(done)
	})
	r := l.request()
	r.path = "/3/device/" + token
	l.want("first", r, 200, "")
	<-done
	l.want("second", r, 410, "Unregistered")
}

// TestOrder: a slow phone still gets its pushes in order, and does not slow others down.
func TestOrder(t *testing.T) {
	l := newLab(t, apnstest.Config{})
	block := make(chan struct{})
	slow := l.srv.IssueToken(bundle, push.Production, func(apnstest.Delivery) { <-block })
	r := l.request()
	r.path = "/3/device/" + slow
	l.want("to the slow one", r, 200, "")
	var want []string
	for n := 1; n <= 50; n++ {
		l.want("push", l.numbered(n), 200, "")
		want = append(want, strconv.Itoa(n))
	}
	close(block)
	l.wantDeliveries(want...)
}

func TestSameRandSameTokens(t *testing.T) {
	tokens := func() (all []string) {
		l := newLab(t, apnstest.Config{Rand: zeros{}})
		for range 3 {
			all = append(all, l.srv.IssueToken(bundle, push.Sandbox, nil))
		}
		return all
	}
	a, b := tokens(), tokens()
	if fmt.Sprint(a) != fmt.Sprint(b) || len(a[0]) != 64 {
		t.Errorf("%v and %v", a, b)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }
