package phone

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/iossim"
	"github.com/ringtrip/ringtrip/signaling"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

var (
	_ iossim.ProcessWatcher = (*app)(nil)
	_ iossim.NetworkWatcher = (*app)(nil)
)

func TestConfigErrors(t *testing.T) {
	s := newFakeSystem(false)
	full := Config{System: s, Media: brokenFactory{}, DeviceID: "d", Connect: func(signaling.Handler) signaling.Connection { return &fakeConn{s: s} }}
	for name, change := range map[string]func(*Config){
		"System": func(c *Config) { c.System = nil }, "Media": func(c *Config) { c.Media = nil },
		"Connect": func(c *Config) { c.Connect = nil }, "DeviceID": func(c *Config) { c.DeviceID = "" },
		"RingTimeout": func(c *Config) { c.RingTimeout = time.Minute },
	} {
		cfg := full
		change(&cfg)
		if _, err := New(cfg); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	p, err := New(full)
	if err != nil {
		t.Fatal(err)
	}
	p.Close()
	p.Close()
}

// TestProcessDies: nobody is told goodbye, and nothing of the process is left.
func TestProcessDies(t *testing.T) {
	r := newRig(t, false, nil)
	a := NewApp(func(callkit.System, callkit.LaunchOptions) (*Phone, error) { return r.p, nil }).(*app)
	a.DidFinishLaunching(r.s, callkit.LaunchOptions{})
	r.talk(1)
	a.ProcessSuspended(true)
	if !r.conn.suspended {
		t.Error("the connection was not frozen")
	}
	a.ProcessSuspended(false)
	sent := len(r.conn.sent)
	a.ProcessDied()
	a.ProcessDied()
	if !r.conn.closed {
		t.Error("the connection lives on")
	}
	for _, s := range r.media.Sessions() {
		if !s.Closed() {
			t.Error("a session lives on")
		}
	}
	r.s.advance(time.Hour)
	r.tell(r.over(1, call.HungUp))
	r.end(1)
	r.activate(true)
	if got := len(r.conn.sent); got != sent {
		t.Errorf("%d requests were sent by a dead process, the first: %v", got-sent, r.conn.sent[sent].msg)
	}
	if got := r.s.count("ended"); got != 0 {
		t.Error("a dead process spoke to the system")
	}
}

// TestKilledFromWithinAnEffect: a simulated iPhone may kill the process at any step.
func TestKilledFromWithinAnEffect(t *testing.T) {
	r := newRig(t, true, nil)
	r.s.onReport = r.p.Close
	b, _ := r.payload(1).MarshalPush()
	r.s.push.DidReceiveIncomingPush(nil, callkit.PushPayload{Dictionary: b}, callkit.PushTypeVoIP, func() {})
	r.s.run()
	r.want("report c1 Alice alice")
}

func TestAppWithoutEngine(t *testing.T) {
	s := newFakeSystem(false)
	a := NewApp(func(callkit.System, callkit.LaunchOptions) (*Phone, error) {
		return nil, errors.New("no configuration")
	}).(*app)
	a.DidFinishLaunching(s, callkit.LaunchOptions{Background: true})
	called := false
	s.push.DidReceiveIncomingPush(nil, callkit.PushPayload{Dictionary: []byte("{}")}, callkit.PushTypeVoIP, func() { called = true })
	if s.count("report ") != 1 || s.count("ended ") != 1 || !called {
		t.Errorf("it happened: %q", s.log)
	}
	a.ProcessDied()
	a.ProcessSuspended(true)
	a.NetworkChanged(true)
}

func TestNetworkChanged(t *testing.T) {
	r := newRig(t, false, nil)
	a := NewApp(func(callkit.System, callkit.LaunchOptions) (*Phone, error) { return r.p, nil }).(*app)
	a.DidFinishLaunching(r.s, callkit.LaunchOptions{})
	far := r.talk(1)
	r.media.Move()
	r.s.advance(time.Second)
	if st := r.state(1); st.Transport != call.Lost {
		t.Fatalf("the transport is %v", st.Transport)
	}
	r.s.take()
	a.NetworkChanged(true)
	r.s.advance(time.Second)
	if r.s.count("send media 1") != 1 {
		t.Errorf("no new offer: %q", r.s.log)
	}
	r.pass(far)
	r.s.advance(time.Second)
	if st := r.state(1); st.Transport != call.Up {
		t.Errorf("the transport is %v", st.Transport)
	}
}

func TestMediaMessages(t *testing.T) {
	r := newRig(t, false, nil)
	r.ring(1)
	r.s.advance(0)
	own := r.media.Session(id(1).String())
	r.conn.Media(&v1.MediaMessage{CallId: id(1).String(), FromDevice: "alice-1", Session: "another", Kind: v1.MediaKind_MEDIA_KIND_BYE})
	r.conn.Media(&v1.MediaMessage{CallId: id(1).String(), FromDevice: "alice-1", Session: "another", Kind: v1.MediaKind_MEDIA_KIND_OFFER, Data: "v=0"})
	r.conn.Media(&v1.MediaMessage{CallId: id(2).String(), Session: "x"})
	r.conn.Media(&v1.MediaMessage{CallId: "junk"})
	r.s.advance(time.Second)
	if own.Closed() || len(r.media.Sessions()) != 1 {
		t.Error("a message of another session had an effect")
	}
	r.s.take()
	r.tell(r.over(1, call.Cancelled))
	r.s.advance(time.Second)
	if r.s.count("send media 4") != 1 {
		t.Error("no bye to the far end")
	}
}

// TestNothingIsOfferedByAClosedSession: a call that ends before its session has said anything says nothing.
func TestNothingIsOfferedByAClosedSession(t *testing.T) {
	r := newRig(t, false, nil)
	r.push(r.payload(1), true)
	r.conn.last("AckRequest").answer(signaling.Result{Call: r.truth(1, v1.CallState_CALL_STATE_RINGING)})
	r.conn.Call(r.over(1, call.Cancelled))
	r.s.run()
	r.s.advance(time.Second)
	if got := r.s.count("send media"); got != 0 {
		t.Errorf("%d media messages of a call that is over", got)
	}
}
