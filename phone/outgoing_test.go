package phone

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/media"
	"github.com/ringtrip/ringtrip/media/mediatest"
	"github.com/ringtrip/ringtrip/signaling"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// dial has an outgoing call, number 200, on its way to carol, with the log empty.
func (r *rig) dial() callkit.UUID {
	r.t.Helper()
	r.hello()
	got, err := r.p.Start(StartRequest{Callee: "carol", Name: "Carol"})
	if err != nil {
		r.t.Fatal(err)
	}
	r.s.run()
	r.wantState(200, call.Dialing, call.NotEnded)
	r.reply("StartRequest", signaling.Result{Call: r.ours(200, v1.CallState_CALL_STATE_RINGING), NextCallID: id(201).String()})
	r.s.take()
	return got
}

// A leg is one of carol's devices.
type leg struct {
	media.Session
	fake   *mediatest.Fake
	device string
}

// leg lets one of carol's devices offer media.
func (r *rig) leg(device string) *leg {
	r.t.Helper()
	l := &leg{device: device}
	l.fake = mediatest.NewFake(mediatest.FakeConfig{
		AfterFunc: func(d time.Duration, f func()) { r.s.AfterFunc(d, f) }, Net: r.net, Content: device,
	})
	var err error
	l.Session, err = l.fake.New(media.Config{CallID: id(200).String(), Role: media.Offerer, Session: "s-" + device, Notify: func(media.Event) {},
		Send: func(m media.Message) {
			r.conn.Media(&v1.MediaMessage{CallId: id(200).String(), FromDevice: device, ToDevice: "dev", Session: m.Session, Kind: v1.MediaKind(m.Kind), Data: m.Data})
		}})
	if err != nil {
		r.t.Fatal(err)
	}
	if err := errors.Join(l.Prepare(), l.Warm()); err != nil {
		r.t.Fatal(err)
	}
	return l
}

// passTo gives the legs what we sent to them, until nothing new is said.
func (r *rig) passTo(legs ...*leg) {
	for range 10 {
		r.s.advance(50 * time.Millisecond)
		for ; r.conn.taken < len(r.conn.sent); r.conn.taken++ {
			q, ok := r.conn.sent[r.conn.taken].msg.(*v1.SendMediaRequest)
			if !ok {
				continue
			}
			for _, l := range legs {
				if l.device == q.Message.ToDevice {
					_ = l.Receive(media.Message{Session: q.Message.Session, Kind: media.MessageKind(q.Message.Kind), Data: q.Message.Data})
				}
			}
		}
	}
}

func TestOutgoingCallLife(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		r.hello()
		got, err := r.p.Start(StartRequest{Callee: "carol", Name: "Carol"})
		if err != nil || got != id(200) {
			t.Fatal(got, err)
		}
		r.s.run()
		r.want("request start c200", "category PlayAndRecord VoiceChat", "send start carol", "fulfill start c200", "connecting c200", "updated c200 holding=true")
		r.activate(true)
		r.reply("StartRequest", signaling.Result{Call: r.ours(200, v1.CallState_CALL_STATE_RINGING), NextCallID: id(201).String()})
		c := r.ours(200, v1.CallState_CALL_STATE_RINGING)
		c.Ringing = true
		r.tell(c)
		r.wantState(200, call.Alerting, call.NotEnded)

		one, two := r.leg("carol-1"), r.leg("carol-2")
		r.passTo(one, two)
		if st := r.state(200); st.Transport != call.Warming {
			t.Errorf("the transport is %v before anybody answered, want warming: no leg's is the call's", st.Transport)
		}
		sessions := r.media.Sessions()
		if len(sessions) != 2 || !sessions[0].Connected() || !sessions[1].Connected() {
			t.Fatal("both devices' transports should be warm")
		}
		c = r.ours(200, v1.CallState_CALL_STATE_ANSWERED)
		c.AnsweredBy, c.AnsweredByName = "carol-2", "Carol's iPad"
		_ = two.StartAudio()
		r.tell(c)
		r.passTo(one, two)
		r.wantState(200, call.Connected, call.NotEnded)
		r.want("connected c200")
		if !sessions[0].Closed() || sessions[1].Closed() {
			t.Error("the winner's session stays, the other one closes")
		}
		if !sessions[1].AudioRunning() || sessions[1].Hears() != "carol-2" {
			t.Errorf("audio runs %v, hears %q", sessions[1].AudioRunning(), sessions[1].Hears())
		}
		late := r.leg("carol-3")
		r.passTo(late)
		if len(r.media.Sessions()) != 2 {
			t.Error("a device that did not answer got a session")
		}
		if got := r.p.Calls()[0]; got.AnsweredBy != "Carol's iPad" || got.Name != "Carol" {
			t.Errorf("the app is shown %+v", got)
		}
		r.tell(func() *v1.Call {
			c := r.ours(200, v1.CallState_CALL_STATE_ENDED)
			c.Reason = v1.EndReason_END_REASON_HUNGUP
			return c
		}())
		r.want("ended c200 2")
		if !sessions[1].Closed() {
			t.Error("the session is open after the end")
		}
		r.activate(false)
		if !r.p.Snapshot().CanStart {
			t.Error("there is a next call ID, but CanStart is false")
		}
	})
}

func TestWinnerOffersAfterItsAnswer(t *testing.T) {
	r := newRig(t, false, nil)
	r.dial()
	r.activate(true)
	c := r.ours(200, v1.CallState_CALL_STATE_ANSWERED)
	c.AnsweredBy = "carol-1"
	r.tell(c)
	r.wantState(200, call.Connecting, call.NotEnded)
	one := r.leg("carol-1")
	_ = one.StartAudio()
	r.passTo(one)
	r.wantState(200, call.Connected, call.NotEnded)
	if got := r.media.Sessions()[0].Hears(); got != "carol-1" {
		t.Errorf("hears %q", got)
	}
}

func TestLegOffersAnew(t *testing.T) {
	r := newRig(t, false, nil)
	r.dial()
	one := r.leg("carol-1")
	r.passTo(one)
	first := r.media.Sessions()[0]
	first.Fail(errors.New("no route"))
	r.s.advance(0)
	if !first.Closed() {
		t.Fatal("a failed leg's session stays open")
	}
	r.wantState(200, call.Dialing, call.NotEnded)
	r.hold(200, true)
	r.perform(&callkit.SetMutedCallAction{Base: callkit.Base{CallUUID: id(200)}, Muted: true})
	again := &leg{device: "carol-1"}
	again.Session, _ = one.fake.New(media.Config{CallID: id(200).String(), Role: media.Offerer, Session: "s2", Notify: func(media.Event) {},
		Send: func(m media.Message) {
			r.conn.Media(&v1.MediaMessage{CallId: id(200).String(), FromDevice: "carol-1", Session: m.Session, Kind: v1.MediaKind(m.Kind), Data: m.Data})
		}})
	_ = errors.Join(again.Prepare(), again.Warm(), again.StartAudio())
	r.passTo(again)
	second := r.media.Session(id(200).String())
	if second == first || !second.Connected() {
		t.Fatal("the device's second offer was not taken")
	}
	_ = second.StartAudio()
	if second.Hears() != "" {
		t.Error("the new session does not know that the call is held")
	}
	r.hold(200, false)
	r.s.advance(time.Second)
	if second.Hears() != "carol-1" || one.fake.Session(id(200).String()).Hears() != "" {
		t.Error("the new session does not know that the call is muted")
	}
	for n := range 2 * maxSessions { // an enemy's devices
		r.conn.Media(&v1.MediaMessage{CallId: id(200).String(), FromDevice: string(rune('a' + n)), Session: "x", Kind: v1.MediaKind_MEDIA_KIND_OFFER, Data: "v=0"})
	}
	r.s.run()
	open := 0
	for _, s := range r.media.Sessions() {
		if !s.Closed() {
			open++
		}
	}
	if open > maxSessions {
		t.Errorf("%d sessions are open, want at most %d", open, maxSessions)
	}
}

func TestStartErrors(t *testing.T) {
	r := newRig(t, false, nil)
	start := func() error { _, err := r.p.Start(StartRequest{Callee: "carol"}); return err }
	if err := start(); !errors.Is(err, ErrNotConnected) {
		t.Errorf("before the server gave an ID: %v", err)
	}
	r.hello()
	if _, err := r.p.Start(StartRequest{}); !errors.Is(err, ErrNoCallee) {
		t.Error(err)
	}
	r.ring(1)
	if err := start(); !errors.Is(err, ErrOnCall) {
		t.Errorf("while a call rings: %v", err)
	}
	r.tell(r.over(1, call.Cancelled))
	r.s.refuseTx = callkit.ErrMaximumCallGroupsReached
	var failed error
	if _, err := r.p.Start(StartRequest{Callee: "carol", Failed: func(err error) { failed = err }}); err != nil {
		t.Fatal(err)
	}
	r.s.run()
	if !errors.Is(failed, callkit.ErrMaximumCallGroupsReached) {
		t.Errorf("Failed was told %v", failed)
	}
	if r.conn.last("StartRequest") != nil {
		t.Error("the server was told of a call that the system refused")
	}
	r.s.refuseTx = nil
	if err := start(); err != nil {
		t.Errorf("the ID was not given back: %v", err)
	}
	if err := start(); !errors.Is(err, ErrOnCall) {
		t.Error(err)
	}
	r.p.Close()
	if err := start(); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	if err := r.p.End(id(200)); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
}

func TestOutgoingEnds(t *testing.T) {
	for name, c := range map[string]struct {
		happens func(*rig)
		why     call.Reason
		want    []string
	}{
		"declined":   {func(r *rig) { r.tell(r.oursOver(call.Declined)) }, call.Declined, []string{"ended c200 2"}},
		"busy":       {func(r *rig) { r.tell(r.oursOver(call.Busy)) }, call.Busy, []string{"ended c200 3"}},
		"unanswered": {func(r *rig) { r.tell(r.oursOver(call.Unanswered)) }, call.Unanswered, []string{"ended c200 3"}},
		"replaced":   {func(r *rig) { r.tell(r.oursOver(call.Replaced)) }, call.Replaced, []string{"ended c200 4"}},
		"cancelled":  {func(r *rig) { r.end(200) }, call.Cancelled, []string{"send cancel", "fulfill end c200"}},
		"nobody says anything yet": {func(r *rig) { r.s.advance(47 * time.Second); r.wantState(200, call.Dialing, call.NotEnded); r.end(200) },
			call.Cancelled, []string{"send cancel", "fulfill end c200"}},
		"nobody says anything": {func(r *rig) { r.s.advance(time.Minute) }, call.Unanswered,
			[]string{"send cancel", "ended c200 3"}},
		"the call service dies": {func(r *rig) { r.s.provider.d.ProviderDidReset(&r.s.provider); r.s.run() }, call.Crashed, []string{"send cancel"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, false, nil)
			r.dial()
			c.happens(r)
			r.wantState(200, call.Ended, c.why)
			r.want(c.want...)
		})
	}
}

func (r *rig) oursOver(why call.Reason) *v1.Call {
	c := r.ours(200, v1.CallState_CALL_STATE_ENDED)
	c.Reason = v1.EndReason(why)
	return c
}

func TestStartThatTheServerRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		res  signaling.Result
		why  call.Reason
		want []string
	}{
		"unknown callee": {signaling.Result{Err: failure(connect.CodeNotFound)}, call.ServerEnded, []string{"ended c200 2"}},
		"blocked":        {signaling.Result{Problem: "blocked", Err: failure(connect.CodeFailedPrecondition)}, call.Blocked, []string{"ended c200 2"}},
		"network": {signaling.Result{Err: context.DeadlineExceeded}, call.Unreachable,
			[]string{"send cancel", "ended c200 1"}},
		"logged out": {signaling.Result{Err: failure(connect.CodeUnauthenticated)}, call.ServerEnded, []string{"ended c200 2"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, false, nil)
			r.hello()
			_, _ = r.p.Start(StartRequest{Callee: "carol"})
			r.s.run()
			r.s.take()
			r.reply("StartRequest", c.res)
			r.wantState(200, call.Ended, c.why)
			r.want(c.want...)
		})
	}
}

func TestCancelThatTheNetworkSwallowed(t *testing.T) {
	r := newRig(t, false, nil)
	r.dial()
	r.end(200)
	r.reply("CancelRequest", signaling.Result{Err: context.DeadlineExceeded})
	r.s.take()
	r.hello(r.ours(200, v1.CallState_CALL_STATE_RINGING))
	r.want("send cancel")
	r.reply("CancelRequest", signaling.Result{Call: r.oursOver(call.Cancelled)})
	r.hello(r.oursOver(call.Cancelled))
	r.want()
}

// TestOneCallOneID: an ID of the server is used once.
func TestOneCallOneID(t *testing.T) {
	r := newRig(t, false, nil)
	r.activate(true) // left from a call before
	r.hello()
	_, _ = r.p.Start(StartRequest{Callee: "carol"})
	r.s.run()
	r.reply("StartRequest", signaling.Result{Call: r.oursOver(call.Declined)})
	if _, err := r.p.Start(StartRequest{Callee: "carol"}); !errors.Is(err, ErrNotConnected) {
		t.Errorf("started again without a new ID: %v", err)
	}
}

func TestCallBackFromRecents(t *testing.T) {
	activity := func(video callkit.CallCapability) callkit.UserActivity {
		return callkit.UserActivity{ActivityType: "INStartCallIntent", Intent: &callkit.StartCallIntent{
			Contacts:       []callkit.Person{{Handle: callkit.Handle{Type: callkit.PhoneNumber, Value: "carol"}, DisplayName: "Carol"}},
			CallCapability: video,
		}}
	}
	t.Run("connected", func(t *testing.T) {
		both(t, func(t *testing.T, r *rig) {
			r.hello()
			r.s.app.ContinueUserActivity(activity(callkit.VideoCall))
			r.s.run()
			req := r.conn.last("StartRequest")
			if req == nil || req.msg.(*v1.StartRequest).Callee != "carol" || !req.msg.(*v1.StartRequest).Video {
				t.Fatalf("sent %v", req)
			}
		})
	})
	t.Run("the app was just launched", func(t *testing.T) {
		both(t, func(t *testing.T, r *rig) {
			r.s.app.ContinueUserActivity(activity(callkit.AudioCall))
			r.s.advance(time.Second)
			if r.conn.last("StartRequest") != nil {
				t.Fatal("called without an ID of the server")
			}
			r.hello()
			if r.conn.last("StartRequest") == nil {
				t.Error("not called once there was an ID")
			}
		})
	})
	t.Run("no server in sight", func(t *testing.T) {
		r := newRig(t, false, nil)
		r.s.app.ContinueUserActivity(activity(callkit.AudioCall))
		r.s.advance(callBackPatience)
		r.hello()
		if r.conn.last("StartRequest") != nil {
			t.Error("called somebody long after the user asked")
		}
	})
	t.Run("during a call with the same person, as the video button does", func(t *testing.T) {
		r := newRig(t, false, nil)
		r.talk(1)
		r.hello(r.truth(1, v1.CallState_CALL_STATE_ANSWERED))
		video := activity(callkit.VideoCall)
		video.Intent.Contacts[0].Handle.Value = "alice"
		r.s.app.ContinueUserActivity(video)
		r.s.run()
		if r.conn.last("StartRequest") != nil {
			t.Error("a second call was started")
		}
	})
	t.Run("nobody", func(t *testing.T) {
		r := newRig(t, false, nil)
		r.s.app.ContinueUserActivity(callkit.UserActivity{ActivityType: "INStartCallIntent"})
		r.s.app.ContinueUserActivity(callkit.UserActivity{Intent: &callkit.StartCallIntent{Contacts: []callkit.Person{{}}}})
		r.s.run()
		r.want()
	})
}

func TestRequestsOfTheApp(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		r.ring(1)
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Error(err)
			}
			r.s.run()
		}
		if err := r.p.Answer(id(9)); !errors.Is(err, ErrNoCall) {
			t.Error(err)
		}
		must(r.p.Answer(id(1)))
		r.want("request answer c1", "category PlayAndRecord VoiceChat", "send answer with tok")
		must(r.p.Answer(id(1)))
		r.want()
		r.reply("AnswerRequest", signaling.Result{Call: r.truth(1, v1.CallState_CALL_STATE_ANSWERED)})
		r.caller(1)
		r.s.advance(time.Second)
		r.s.take()
		must(r.p.SetMuted(id(1), true))
		must(r.p.SetMuted(id(1), true))
		r.want("request mute c1", "fulfill mute c1")
		must(r.p.SetHeld(id(1), true))
		r.want("request hold c1", "fulfill hold c1", "send hold true")
		must(r.p.SetHeld(id(1), true))
		r.want()
		must(r.p.SetHeld(id(1), false))
		must(r.p.PlayDTMF(id(1), "12"))
		must(r.p.PlayDTMF(id(1), ""))
		r.want("request hold c1", "fulfill hold c1", "send hold false", "request dtmf c1", "fulfill dtmf c1")
		must(r.p.SetSpeaker(true))
		r.want("speaker true")
		if _, ok := r.p.Stats(id(1)); !ok {
			t.Error("no stats")
		}
		if _, ok := r.p.Stats(id(9)); ok {
			t.Error("stats of nothing")
		}
		must(r.p.End(id(1)))
		r.want("request end c1", "send end hungup", "fulfill end c1")
	})
}

func TestGlare(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		r.dial()
		r.activate(true) // and it stays: the system does not bounce it
		p := r.payload(1)
		p.CallerName, p.Handle = "Carol", "carol"
		r.push(p, true) // carol calls us at the same moment
		if slices.ContainsFunc(r.s.log, func(s string) bool { return s == "send decline busy here with tok" }) {
			t.Error("said busy to the one whom we call")
		}
		r.wantState(1, call.Ringing, call.NotEnded)
		r.tell(r.oursOver(call.Replaced))
		r.wantState(200, call.Ended, call.Replaced)
		r.wantState(1, call.Ringing, call.NotEnded)
		r.answer(1)
		if !r.state(1).Audio {
			t.Error("the answered call does not know that the audio session is lent")
		}
	})
}

func TestForeignCallOfTheSameUser(t *testing.T) {
	r := newRig(t, false, nil)
	c := r.ours(7, v1.CallState_CALL_STATE_RINGING)
	c.CallerDevice = "my-other-phone"
	r.tell(c)
	r.want()
	if got := r.p.Calls(); len(got) != 0 {
		t.Errorf("took over %+v", got)
	}
	r.conn.Call(&v1.Call{Id: "nonsense"})
	r.conn.Call(nil)
	r.conn.Media(nil)
	r.conn.Hello(&v1.Hello{ServerTime: timestamppb.New(server)})
	r.s.run()
}
