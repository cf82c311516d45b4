package phone

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/iossim"
	"github.com/ringtrip/ringtrip/media/mediatest"
	"github.com/ringtrip/ringtrip/signaling"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// A town is simulated iPhones with the engine in their app, and an exchange between them, on one virtual clock.
type town struct {
	t       *testing.T
	w       *iossim.World
	net     *mediatest.Net
	homes   []*home
	calls   []*townCall
	ids     byte
	latency time.Duration
}

// A home is one user's one phone.
type home struct {
	town    *town
	user    string
	phone   *iossim.Phone
	journal *MemoryJournal
	media   *mediatest.Fake
	engine  *Phone
	conn    *townConn // of the newest process
	token   string
	push    bool // pushes are sent
	cfg     func(*Config)
}

// A townCall is the exchange's truth about one call. One callee, one device: the fork is another package's business.
type townCall struct {
	id, from, to string
	rev          uint64
	state        v1.CallState
	reason       v1.EndReason
	ringing      bool
	held         map[string]bool
	created      time.Time
	heard        []string // what was said about it
}

const bundle = "com.example.app"

func newTown(t *testing.T, knobs func(*iossim.Knobs)) *town {
	k := iossim.DefaultKnobs()
	k.SkipActivateIfActive = "always" // an app that calls SetActive gets no sound
	if knobs != nil {
		knobs(&k)
	}
	tn := &town{t: t, w: iossim.NewWorld(iossim.Config{Seed: 1, Knobs: k}), net: mediatest.NewNet(), latency: 20 * time.Millisecond}
	t.Cleanup(func() {
		if t.Failed() || testing.Verbose() {
			t.Log("\n" + tn.w.Log())
		}
		tn.w.Close()
	})
	return tn
}

func (tn *town) move(user string, cfg func(*Config)) *home {
	tn.t.Helper()
	h := &home{town: tn, user: user, journal: new(MemoryJournal), push: true, cfg: cfg}
	var err error
	if h.phone, err = tn.w.NewPhone(iossim.PhoneConfig{Name: user}); err != nil {
		tn.t.Fatal(err)
	}
	if err := h.phone.Install(iossim.AppConfig{BundleID: bundle, New: func() callkit.App { return NewApp(h.start) }}); err != nil {
		tn.t.Fatal(err)
	}
	tn.homes = append(tn.homes, h)
	tn.must(h.phone.OpenApp(bundle)) // once, to be registered
	tn.w.Run(time.Second)
	tn.must(h.phone.Home())
	tn.must(h.phone.Lock())
	tn.w.Run(time.Second)
	return h
}

func (tn *town) must(err error) {
	tn.t.Helper()
	if err != nil {
		tn.t.Fatal(err)
	}
	tn.w.Settle()
}

// later runs f when a message has travelled, unless the sender has died by then (its packets were not out).
func (tn *town) later(from *townConn, f func()) {
	from.sys.AfterFunc(tn.latency, func() {
		if !from.closed && from.home.phone.Online() {
			f()
		}
	})
}

func (h *home) start(sys callkit.System, _ callkit.LaunchOptions) (*Phone, error) {
	p := sys.(*iossim.Process)
	h.media = mediatest.NewFake(mediatest.FakeConfig{
		AfterFunc: func(d time.Duration, f func()) { sys.AfterFunc(d, f) }, Net: h.town.net, Content: h.user,
		Allowed: func() bool { return (h.phone.AudioActiveFor(bundle) || h.phone.AudioLentTo(bundle)) && p.Alive() },
	})
	cfg := Config{
		System: sys, Media: h.media, Journal: h.journal, DeviceID: h.user + "-1", DeviceName: h.user, BundleID: bundle,
		Connect: func(handler signaling.Handler) signaling.Connection {
			h.conn = &townConn{home: h, Handler: handler, sys: sys}
			return h.conn
		},
		Register: func(_ context.Context, req *v1.RegisterDeviceRequest, done func(*v1.RegisterDeviceResponse, error)) {
			h.token = req.VoipToken
			done(&v1.RegisterDeviceResponse{ServerTime: timestamppb.New(h.town.w.Now()), NextCallId: h.town.nextID()}, nil)
		},
	}
	if h.cfg != nil {
		h.cfg(&cfg)
	}
	var err error
	h.engine, err = New(cfg)
	return h.engine, err
}

func (tn *town) nextID() string {
	tn.ids++
	return callkit.UUID{0: 0x11, 6: 0x70, 8: 0x80, 15: tn.ids}.String()
}

// A townConn is one process's line to the exchange.
type townConn struct {
	signaling.Handler
	home   *home
	sys    callkit.System
	open   bool
	closed bool
}

func (c *townConn) SetForeground(bool) {}
func (c *townConn) Close()             { c.closed = true }
func (c *townConn) Open() {
	if c.open {
		return
	}
	c.open = true
	tn := c.home.town
	tn.later(c, func() {
		hello := &v1.Hello{ServerTime: timestamppb.New(tn.w.Now()), NextCallId: tn.nextID()}
		for _, tc := range tn.calls {
			if tc.from == c.home.user || tc.to == c.home.user {
				hello.Calls = append(hello.Calls, tc.view(c.home.user))
			}
		}
		c.Hello(hello)
		c.Online(true)
	})
}

func (c *townConn) Send(msg proto.Message, _ signaling.SendOptions, done func(signaling.Result)) {
	tn := c.home.town
	msg = proto.Clone(msg)
	tn.later(c, func() {
		res := tn.take(c, msg)
		if done != nil {
			tn.later(c, func() { done(res) })
		}
	})
}

func (tn *town) home(user string) *home {
	for _, h := range tn.homes {
		if h.user == user {
			return h
		}
	}
	return nil
}

func (tc *townCall) view(user string) *v1.Call {
	c := &v1.Call{
		Id: tc.id, Rev: tc.rev, State: tc.state, Reason: tc.reason, Ringing: tc.ringing, Role: v1.Role_ROLE_CALLEE,
		Caller: &v1.Party{UserId: tc.from, Name: tc.from}, Callee: &v1.Party{UserId: tc.to, Name: tc.to}, CallerDevice: tc.from + "-1",
		CreatedAt: timestamppb.New(tc.created), RingDeadline: timestamppb.New(tc.created.Add(45 * time.Second)),
	}
	other := tc.from
	if user == tc.from {
		c.Role, other = v1.Role_ROLE_CALLER, tc.to
	}
	if tc.state == v1.CallState_CALL_STATE_ANSWERED {
		c.AnsweredBy = tc.to + "-1"
	}
	c.RemoteHeld, c.Held = tc.held[other], tc.held[user]
	return c
}

// change tells both sides what is new.
func (tn *town) change(tc *townCall) {
	tc.rev++
	for _, user := range []string{tc.from, tc.to} {
		if h := tn.home(user); h != nil && h.conn != nil && h.conn.open {
			c := h.conn
			view := tc.view(user)
			tn.later(c, func() { c.Call(view) })
		}
	}
}

func (tn *town) end(tc *townCall, why v1.EndReason) {
	if tc.state != v1.CallState_CALL_STATE_ENDED {
		tc.state, tc.reason = v1.CallState_CALL_STATE_ENDED, why
		tn.change(tc)
	}
}

// start makes a call as if somebody's app had asked for it.
func (tn *town) start(id, from, to string) *townCall {
	tc := &townCall{id: id, from: from, to: to, state: v1.CallState_CALL_STATE_RINGING, created: tn.w.Now(), held: map[string]bool{}}
	tn.calls = append(tn.calls, tc)
	tn.change(tc)
	if h := tn.home(to); h.push {
		h.deliver(tc)
	}
	return tc
}

func (h *home) deliver(tc *townCall, options ...iossim.PushOption) {
	callID, _ := callkit.ParseUUID(tc.id)
	b, err := signaling.Payload{
		CallID: callID, CallerName: tc.from, Handle: tc.from, HandleType: callkit.Generic, Token: "tok",
		SentAt: tc.created.UnixMilli(), ExpiresAt: tc.created.Add(45 * time.Second).UnixMilli(),
	}.MarshalPush()
	if err != nil {
		h.town.t.Fatal(err)
	}
	h.phone.DeliverPush(bundle, b, options...)
}

// take is the exchange's answer to one request.
func (tn *town) take(c *townConn, msg proto.Message) signaling.Result {
	user := c.home.user
	if m, ok := msg.(*v1.SendMediaRequest); ok {
		for _, tc := range tn.calls {
			if tc.id != m.Message.CallId {
				continue
			}
			other := tc.from
			if user == tc.from {
				other = tc.to
			}
			if h := tn.home(other); h != nil && h.conn.open {
				conn := h.conn
				tn.later(conn, func() { conn.Media(m.Message) })
			}
		}
		return signaling.Result{}
	}
	if m, ok := msg.(*v1.StartRequest); ok {
		tc := tn.start(m.CallId, user, m.Callee)
		return signaling.Result{Call: tc.view(user), NextCallID: tn.nextID()}
	}
	id := msg.(interface{ GetCallId() string }).GetCallId()
	i := slices.IndexFunc(tn.calls, func(tc *townCall) bool { return tc.id == id })
	if i < 0 {
		return signaling.Result{Err: fmt.Errorf("no such call"), Problem: "unknown_call"}
	}
	tc := tn.calls[i]
	over := tc.state == v1.CallState_CALL_STATE_ENDED
	tc.heard = append(tc.heard, user+" "+describeRequest(msg, signaling.SendOptions{}))
	switch m := msg.(type) {
	case *v1.AckRequest:
		for _, mark := range m.Marks {
			if mark.Stage == v1.Stage_STAGE_RINGING && !over {
				tc.ringing = true
				tn.change(tc)
			}
		}
	case *v1.AnswerRequest:
		if over {
			return signaling.Result{Call: tc.view(user), Err: fmt.Errorf("over"), Problem: "already_ended"}
		}
		tc.state = v1.CallState_CALL_STATE_ANSWERED
		tn.change(tc)
	case *v1.DeclineRequest:
		tn.end(tc, m.Reason)
	case *v1.CancelRequest:
		tn.end(tc, v1.EndReason_END_REASON_CANCELLED)
	case *v1.EndRequest:
		tn.end(tc, m.Reason)
	case *v1.HoldRequest:
		tc.held[user] = m.On
		tn.change(tc)
	}
	return signaling.Result{Call: tc.view(user)}
}

func (h *home) screen() iossim.ScreenKind { return h.phone.Screen().Kind }

func (h *home) wantScreen(want iossim.ScreenKind) {
	h.town.t.Helper()
	if got := h.screen(); got != want {
		h.town.t.Errorf("%s's screen shows %s, want %s", h.user, got, want)
	}
}

// hears returns what the newest session of h hears.
func (h *home) hears() string {
	if h.media == nil {
		return ""
	}
	s := h.media.Sessions()
	if len(s) == 0 {
		return ""
	}
	return s[len(s)-1].Hears()
}

func (h *home) noViolations() {
	h.town.t.Helper()
	if v := h.media.Violations(); v != nil {
		h.town.t.Errorf("%s's media: %v", h.user, v)
	}
	if n := h.phone.Strikes(bundle); n != 0 {
		h.town.t.Errorf("%s's app got %d strikes", h.user, n)
	}
}

func TestSimulatedCallFromPhoneToPhone(t *testing.T) {
	tn := newTown(t, nil)
	alice, bob := tn.move("alice", nil), tn.move("bob", nil)
	bob.phone.Kill(bundle, "memory")
	tn.w.Run(time.Second)

	tn.must(alice.phone.Unlock())
	tn.must(alice.phone.OpenApp(bundle))
	tn.w.Run(time.Second)
	if _, err := alice.engine.Start(StartRequest{Callee: "bob"}); err != nil {
		t.Fatal(err)
	}
	tn.w.Run(3 * time.Second)
	bob.wantScreen(iossim.ScreenIncomingFull)
	if c := alice.engine.Calls(); len(c) != 1 || c[0].State != call.Alerting {
		t.Errorf("alice's call is %+v", c)
	}
	tn.must(bob.phone.Answer())
	tn.w.Run(time.Second)
	bob.wantScreen(iossim.ScreenInCall)
	if alice.hears() != "bob" || bob.hears() != "alice" {
		t.Fatalf("alice hears %q, bob hears %q", alice.hears(), bob.hears())
	}

	tn.must(bob.phone.Mute(true))
	tn.w.Run(time.Second)
	if alice.hears() != "" || bob.hears() != "alice" {
		t.Errorf("muted: alice hears %q, bob hears %q", alice.hears(), bob.hears())
	}
	tn.must(bob.phone.Mute(false))
	tn.must(bob.phone.Hold(true))
	tn.w.Run(time.Second)
	if alice.hears() != "" || bob.hears() != "" {
		t.Errorf("held: alice hears %q, bob hears %q", alice.hears(), bob.hears())
	}
	if c := alice.engine.Calls(); !c[0].RemoteHeld {
		t.Error("alice does not know that bob holds")
	}
	tn.must(bob.phone.Hold(false))
	tn.w.Run(time.Second)
	if alice.hears() != "bob" || bob.hears() != "alice" {
		t.Errorf("resumed: alice hears %q, bob hears %q", alice.hears(), bob.hears())
	}
	tn.must(bob.phone.Keys("42"))
	tn.w.Run(time.Second)

	tn.must(bob.phone.End())
	tn.w.Run(2 * time.Second)
	if c := alice.phone.Screen().Call; c != nil {
		t.Errorf("alice's screen still has a call: %+v", c)
	}
	if tc := tn.calls[0]; tc.reason != v1.EndReason_END_REASON_HUNGUP {
		t.Errorf("the call ended with %v", tc.reason)
	}
	alice.noViolations()
	bob.noViolations()
	for _, s := range append(alice.media.Sessions(), bob.media.Sessions()...) {
		if !s.Closed() {
			t.Error("a session is still open")
		}
	}
}
