package phone

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/media"
	"github.com/ringtrip/ringtrip/media/mediatest"
	"github.com/ringtrip/ringtrip/signaling"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// A rig is one engine with everything around it in the test's hands.
type rig struct {
	t     *testing.T
	s     *fakeSystem
	conn  *fakeConn
	media *mediatest.Fake
	net   *mediatest.Net
	p     *Phone
	marks []v1.Stage
	regs  []*v1.RegisterDeviceRequest
	reg   func(*v1.RegisterDeviceResponse, error)
	snaps []Snapshot
	rev   uint64
}

var server = time.Date(2026, 1, 1, 9, 0, 0, 0, time.UTC) // the server's clock when the test begins

func id(n byte) callkit.UUID { return callkit.UUID{0: 1, 6: 0x70, 8: 0x80, 15: n} }

// both runs a test with a system that calls back at once and with one that does so later.
func both(t *testing.T, f func(*testing.T, *rig)) {
	for name, sync := range map[string]bool{"sync": true, "async": false} {
		t.Run(name, func(t *testing.T) { f(t, newRig(t, sync, nil)) })
	}
}

func newRig(t *testing.T, sync bool, change func(*Config, *rig)) *rig {
	r := &rig{t: t, s: newFakeSystem(sync)}
	r.boot(change)
	return r
}

// boot starts a process on the rig's system.
func (r *rig) boot(change func(*Config, *rig)) {
	r.t.Helper()
	s := r.s
	r.net = mediatest.NewNet()
	r.media = mediatest.NewFake(mediatest.FakeConfig{
		AfterFunc: func(d time.Duration, f func()) { s.AfterFunc(d, f) }, Net: r.net, Content: "us",
	})
	cfg := Config{
		System: s, Media: r.media, DeviceID: "dev", DeviceName: "Bob's iPhone", BundleID: "com.example.app",
		Connect: func(h signaling.Handler) signaling.Connection {
			r.conn = &fakeConn{Handler: h, s: s}
			return r.conn
		},
		Register: func(_ context.Context, req *v1.RegisterDeviceRequest, done func(*v1.RegisterDeviceResponse, error)) {
			r.regs = append(r.regs, req)
			r.reg = done
		},
		OnMark:   func(m Mark) { r.marks = append(r.marks, m.Stage) },
		OnChange: func(s Snapshot) { r.snaps = append(r.snaps, s) },
		Logger:   slog.New(slog.DiscardHandler),
	}
	if change != nil {
		change(&cfg, r)
	}
	p, err := New(cfg)
	if err != nil {
		r.t.Fatal(err)
	}
	r.p = p
	r.t.Cleanup(p.Close)
	s.run()
	s.take()
}

// now is the server's clock, which the device's clock need not agree with.
func (r *rig) now() time.Time { return r.s.clock }

func (r *rig) payload(n byte) signaling.Payload {
	return signaling.Payload{
		CallID: id(n), CallerName: "Alice", Handle: "alice", HandleType: callkit.Generic,
		SentAt: r.now().UnixMilli(), ExpiresAt: r.now().Add(45 * time.Second).UnixMilli(), Token: "tok",
	}
}

// push delivers p as iOS 26.4 does, and runs what follows. The report must have been made when the delegate returns.
func (r *rig) push(p signaling.Payload, must bool) {
	r.t.Helper()
	b, err := p.MarshalPush()
	if err != nil {
		r.t.Fatal(err)
	}
	r.pushBytes(b, must)
	r.s.run()
}

func (r *rig) pushBytes(b []byte, must bool) {
	r.t.Helper()
	before := r.s.count("report ")
	completed := 0
	r.s.push.(callkit.VoIPPushDelegate).DidReceiveIncomingVoIPPush(nil, callkit.PushPayload{Type: callkit.PushTypeVoIP, Dictionary: b},
		callkit.VoIPPushMetadata{MustReport: must}, func() { completed++ })
	if must && r.s.count("report ") == before {
		r.t.Error("the push delegate returned without a report")
	}
	r.s.run()
	if completed != 1 && !r.s.mute {
		r.t.Errorf("the push's completion was called %d times", completed)
	}
}

// truth returns the server's word about a call to us.
func (r *rig) truth(n byte, state v1.CallState) *v1.Call {
	r.rev++
	return &v1.Call{
		Id: id(n).String(), Rev: r.rev, State: state, Role: v1.Role_ROLE_CALLEE,
		Caller:    &v1.Party{UserId: "alice", Name: "Alice"},
		CreatedAt: timestamppb.New(r.now()), RingDeadline: timestamppb.New(r.now().Add(45 * time.Second)),
		CallerDevice: "alice-1",
	}
}

func (r *rig) over(n byte, why call.Reason) *v1.Call {
	c := r.truth(n, v1.CallState_CALL_STATE_ENDED)
	c.Reason = v1.EndReason(why)
	return c
}

// ours returns the server's word about a call that we made.
func (r *rig) ours(n byte, state v1.CallState) *v1.Call {
	c := r.truth(n, state)
	c.Role, c.CallerDevice, c.Callee = v1.Role_ROLE_CALLER, "dev", &v1.Party{UserId: "carol"}
	return c
}

func (r *rig) tell(c *v1.Call) {
	r.conn.Call(c)
	r.s.run()
}

func (r *rig) hello(calls ...*v1.Call) {
	r.conn.Hello(&v1.Hello{ServerTime: timestamppb.New(r.now()), Calls: calls, NextCallId: id(200).String()})
	r.s.run()
}

// reply answers the newest request of a kind.
func (r *rig) reply(kind string, res signaling.Result) {
	r.t.Helper()
	q := r.conn.last(kind)
	if q == nil {
		r.t.Fatalf("no %s was sent", kind)
	}
	q.answer(res)
	r.s.run()
}

func (r *rig) perform(a callkit.Action) *fakeSettler {
	x := r.s.perform(a)
	r.s.run()
	return x
}

func (r *rig) answer(n byte) *fakeSettler {
	return r.perform(&callkit.AnswerCallAction{Base: callkit.Base{CallUUID: id(n)}})
}

func (r *rig) end(n byte) *fakeSettler {
	return r.perform(&callkit.EndCallAction{Base: callkit.Base{CallUUID: id(n)}})
}

func (r *rig) hold(n byte, on bool) *fakeSettler {
	return r.perform(&callkit.SetHeldCallAction{Base: callkit.Base{CallUUID: id(n)}, OnHold: on})
}

func (r *rig) activate(on bool) {
	r.s.activate(on)
	r.s.run()
}

// want compares what the system was told and what was sent since the last time, marks and media aside.
func (r *rig) want(want ...string) {
	r.t.Helper()
	got := slices.DeleteFunc(r.s.take(), func(line string) bool {
		return strings.HasSuffix(line, "if possible") || strings.HasPrefix(line, "send media")
	})
	if !slices.Equal(got, want) {
		r.t.Errorf("it happened:\n  %s\nwant:\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// state returns the machine's state of a call.
func (r *rig) state(n byte) call.Call {
	r.t.Helper()
	r.p.mu.Lock()
	defer r.p.mu.Unlock()
	l := r.p.find(id(n))
	if l == nil {
		return call.Call{}
	}
	return l.state
}

func (r *rig) wantState(n byte, s call.State, why call.Reason) {
	r.t.Helper()
	if got := r.state(n); got.State != s || got.Reason != why {
		r.t.Errorf("the call is %v %v, want %v %v", got.State, got.Reason, s, why)
	}
}

// far is the media session at the other end.
func (r *rig) far(role media.Role, name string, to func(media.Message)) media.Session {
	r.t.Helper()
	f := mediatest.NewFake(mediatest.FakeConfig{
		AfterFunc: func(d time.Duration, f func()) { r.s.AfterFunc(d, f) }, Net: r.net, Content: "them",
	})
	s, err := f.New(media.Config{Role: role, Session: name, Send: to, Notify: func(media.Event) {}})
	if err != nil {
		r.t.Fatal(err)
	}
	if err := errors.Join(s.Prepare(), s.Warm(), s.StartAudio()); err != nil {
		r.t.Fatal(err)
	}
	return s
}

// caller connects a far caller to our session of a call, as the server would pass messages on.
func (r *rig) caller(n byte) media.Session {
	r.t.Helper()
	far := r.far(media.Answerer, "", func(m media.Message) {
		r.conn.Media(&v1.MediaMessage{CallId: id(n).String(), FromDevice: "alice-1", Session: m.Session, Kind: v1.MediaKind(m.Kind), Data: m.Data})
	})
	r.s.advance(0)
	r.pass(far)
	return far
}

// pass gives the far end what we sent so far.
func (r *rig) pass(far media.Session) {
	for ; r.conn.taken < len(r.conn.sent); r.conn.taken++ {
		if q, ok := r.conn.sent[r.conn.taken].msg.(*v1.SendMediaRequest); ok {
			_ = far.Receive(media.Message{Session: q.Message.Session, Kind: media.MessageKind(q.Message.Kind), Data: q.Message.Data})
		}
	}
}

// ring has call n ringing here, known to the server, with the log empty.
func (r *rig) ring(n byte) {
	r.t.Helper()
	r.push(r.payload(n), true)
	c := r.truth(n, v1.CallState_CALL_STATE_RINGING)
	r.reply("AckRequest", signaling.Result{Call: c})
	r.wantState(n, call.Ringing, call.NotEnded)
	r.s.take()
}

// talk has call n answered, connected and heard.
func (r *rig) talk(n byte) media.Session {
	r.t.Helper()
	r.ring(n)
	far := r.caller(n)
	r.s.advance(time.Second)
	r.answer(n)
	r.reply("AnswerRequest", signaling.Result{Call: r.truth(n, v1.CallState_CALL_STATE_ANSWERED)})
	r.activate(true)
	r.s.advance(time.Second)
	r.wantState(n, call.Connected, call.NotEnded)
	r.s.take()
	return far
}
