package phone

import (
	"context"
	"fmt"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/iossim"
	"github.com/ringtrip/ringtrip/iossim/verdict"
	"github.com/ringtrip/ringtrip/media"
	"github.com/ringtrip/ringtrip/signaling"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// The engine, judged from outside by the conformance kit that judges anyone's app.
func TestVerdict(t *testing.T) {
	verdict.Test(t, func() verdict.Subject { return &subject{calls: map[string]*v1.Call{}} })
}

// A subject is an app on the engine, its disk, and what its server knows.
type subject struct {
	journal MemoryJournal
	calls   map[string]*v1.Call
	order   []string
	ids     byte
	engine  *Phone
}

// Push is the payload as the server makes it.
func (s *subject) Push(c verdict.Call) []byte {
	s.incoming(c)
	b, err := signaling.Payload{
		CallID: c.ID, CallerName: c.Name, Handle: c.Handle, HandleType: callkit.Generic, Token: "tok", Video: c.Video,
		SentAt: c.Sent.UnixMilli(), ExpiresAt: c.Expires.UnixMilli(),
	}.MarshalPush()
	if err != nil {
		panic(err)
	}
	return b
}

// incoming puts a call to us on the server's books.
func (s *subject) incoming(c verdict.Call) {
	if s.calls[c.ID.String()] == nil {
		s.add(&v1.Call{
			Id: c.ID.String(), Role: v1.Role_ROLE_CALLEE, Video: c.Video, Caller: &v1.Party{UserId: c.Handle, Handle: c.Handle, Name: c.Name},
			Callee: &v1.Party{UserId: "us"}, CreatedAt: timestamppb.New(c.Sent), RingDeadline: timestamppb.New(c.Expires),
		})
	}
}

func (s *subject) add(c *v1.Call) {
	c.Rev, c.State = 1, v1.CallState_CALL_STATE_RINGING
	s.calls[c.Id] = c
	s.order = append(s.order, c.Id)
}

func (s *subject) set(c *v1.Call, state v1.CallState, why v1.EndReason) {
	if c.State != v1.CallState_CALL_STATE_ENDED {
		c.Rev++
		c.State, c.Reason = state, why
	}
}

func (s *subject) nextID() string {
	s.ids++
	return callkit.UUID{0: 0x11, 6: 0x70, 8: 0x80, 15: s.ids}.String()
}

// New is the app's code in a new process, with buttons.
func (s *subject) New(line *verdict.Line) callkit.App {
	s.engine = nil
	return &judged{app: NewApp(func(sys callkit.System, _ callkit.LaunchOptions) (*Phone, error) {
		var err error
		s.engine, err = New(Config{
			System: sys, OSVersion: sys.(*iossim.Process).Phone().Knobs().OS.String(), Media: &lineMedia{line}, Journal: &s.journal, DeviceID: "us-1", BundleID: verdict.BundleID,
			Connect: func(h signaling.Handler) signaling.Connection {
				return &lineConn{Handler: h, s: s, line: line, sys: sys}
			},
			Register: func(_ context.Context, _ *v1.RegisterDeviceRequest, done func(*v1.RegisterDeviceResponse, error)) {
				done(&v1.RegisterDeviceResponse{ServerTime: timestamppb.New(sys.Now()), NextCallId: s.nextID()}, nil)
			},
		})
		return s.engine, err
	}).(*app), s: s}
}

type judged struct {
	*app
	s *subject
}

func (j *judged) Dial(handle string)                { _, _ = j.s.engine.Start(StartRequest{Callee: handle}) }
func (j *judged) HangUp(id callkit.UUID)            { _ = j.s.engine.End(id) }
func (j *judged) Merge(a, b callkit.UUID)           { _ = j.s.engine.Merge(a, b) }
func (j *judged) SetMuted(id callkit.UUID, on bool) { _ = j.s.engine.SetMuted(id, on) }
func (j *judged) CanResume(id callkit.UUID) (can bool) {
	for _, c := range j.s.engine.Calls() {
		can = can || c.ID == id && c.CanResume
	}
	return can
}

// lineConn is the engine's connection on the kit's line.
type lineConn struct {
	signaling.Handler
	s    *subject
	line *verdict.Line
	sys  callkit.System
}

func (c *lineConn) SetForeground(bool) {}
func (c *lineConn) Close()             {}
func (c *lineConn) Open()              { c.line.Open(c.hear) }

// hear turns the kit's news into the server's truth.
func (c *lineConn) hear(m verdict.Message) {
	call := c.s.calls[m.ID.String()]
	switch {
	case m.News == verdict.Connected:
		hello := &v1.Hello{ServerTime: timestamppb.New(c.sys.Now()), NextCallId: c.s.nextID()}
		for _, id := range c.s.order {
			hello.Calls = append(hello.Calls, proto.CloneOf(c.s.calls[id]))
		}
		c.Hello(hello)
		c.Online(true)
		return
	case m.News == verdict.Invited:
		c.s.incoming(m.Call)
		call = c.s.calls[m.ID.String()]
	case call == nil:
		return
	case m.News == verdict.Answered:
		c.s.set(call, v1.CallState_CALL_STATE_ANSWERED, 0)
		call.AnsweredBy = "them-1"
		c.Media(&v1.MediaMessage{CallId: call.Id, FromDevice: "them-1", Session: "s", Kind: v1.MediaKind(media.Offer), Data: "offer"})
	case m.News == verdict.AnsweredElsewhere:
		c.s.set(call, v1.CallState_CALL_STATE_ENDED, v1.EndReason_END_REASON_ANSWERED_ELSEWHERE)
	case m.News == verdict.DeclinedElsewhere:
		c.s.set(call, v1.CallState_CALL_STATE_ENDED, v1.EndReason_END_REASON_DECLINED_ELSEWHERE)
	case m.News == verdict.Cancelled:
		c.s.set(call, v1.CallState_CALL_STATE_ENDED, v1.EndReason_END_REASON_CANCELLED)
	case m.News == verdict.HungUp:
		c.s.set(call, v1.CallState_CALL_STATE_ENDED, v1.EndReason_END_REASON_HUNGUP)
	}
	c.Call(proto.CloneOf(call))
}

// Send says on the line what the kit has words for; the rest is answered without it.
func (c *lineConn) Send(msg proto.Message, _ signaling.SendOptions, done func(signaling.Result)) {
	if m, ok := msg.(*v1.StartRequest); ok {
		c.s.add(&v1.Call{Id: m.CallId, Role: v1.Role_ROLE_CALLER, CallerDevice: "us-1", Caller: &v1.Party{UserId: "us"},
			Callee: &v1.Party{UserId: m.Callee}, CreatedAt: timestamppb.New(c.sys.Now()), RingDeadline: timestamppb.New(c.sys.Now().Add(45 * time.Second))})
		id, _ := callkit.ParseUUID(m.CallId)
		c.line.Start(id, m.Callee, c.answer(m.CallId, done))
		return
	}
	if _, ok := msg.(*v1.SendMediaRequest); ok {
		c.sys.AfterFunc(50*time.Millisecond, c.answer("", done))
		return
	}
	name := msg.(interface{ GetCallId() string }).GetCallId()
	id, _ := callkit.ParseUUID(name)
	call := c.s.calls[name]
	answer := c.answer(name, done)
	say := func(w verdict.Word, state v1.CallState, why v1.EndReason) {
		c.line.Say(id, w, func() {
			if call != nil {
				c.s.set(call, state, why)
			}
			answer()
		})
	}
	const ended = v1.CallState_CALL_STATE_ENDED
	switch m := msg.(type) {
	case *v1.AnswerRequest:
		if call != nil {
			call.AnsweredBy = "us-1"
		}
		say(verdict.SayAnswered, v1.CallState_CALL_STATE_ANSWERED, 0)
	case *v1.DeclineRequest:
		say(word(m.Reason), ended, m.Reason)
	case *v1.CancelRequest:
		say(verdict.SayHungUp, ended, v1.EndReason_END_REASON_CANCELLED)
	case *v1.EndRequest:
		say(word(m.Reason), ended, m.Reason)
	default:
		c.sys.AfterFunc(50*time.Millisecond, answer)
	}
}

// answer is the server's answer to a request about a call.
func (c *lineConn) answer(id string, done func(signaling.Result)) func() {
	return func() {
		if done == nil {
			return
		}
		r := signaling.Result{NextCallID: c.s.nextID()}
		if call := c.s.calls[id]; call != nil {
			r.Call = proto.CloneOf(call)
		} else if id != "" {
			r.Err, r.Problem = fmt.Errorf("no call %s", id), "unknown_call"
		}
		done(r)
	}
}

// word is what the kit calls a reason.
func word(r v1.EndReason) verdict.Word {
	switch r {
	case v1.EndReason_END_REASON_DECLINED:
		return verdict.SayDeclined
	case v1.EndReason_END_REASON_HUNGUP, v1.EndReason_END_REASON_CANCELLED:
		return verdict.SayHungUp
	case v1.EndReason_END_REASON_MEDIA_FAILED, v1.EndReason_END_REASON_CRASHED, v1.EndReason_END_REASON_UNREACHABLE:
		return verdict.SayFailed
	}
	return verdict.SayUnanswered
}

// lineMedia makes sessions on the kit's line.
type lineMedia struct{ line *verdict.Line }

func (f *lineMedia) New(c media.Config) (media.Session, error) {
	id, err := callkit.ParseUUID(c.CallID)
	return &lineSession{line: f.line, id: id, cfg: c}, err
}

// Mix has nothing to do: the kit hears each call by itself.
func (f *lineMedia) Mix(media.Session, string) error { return nil }

var _ media.Mixer = (*lineMedia)(nil)

type lineSession struct {
	line *verdict.Line
	id   callkit.UUID
	cfg  media.Config
}

func (s *lineSession) Prepare() error { return nil }
func (s *lineSession) Warm() error {
	s.line.Connect(s.id, func() { s.cfg.Notify(media.Event{Kind: media.Connected}) })
	return nil
}
func (s *lineSession) Receive(media.Message) error { return nil }
func (s *lineSession) StartAudio() error           { return s.line.StartAudio(s.id) }
func (s *lineSession) StopAudio()                  { s.line.StopAudio(s.id) }
func (s *lineSession) SetMuted(on bool)            { s.line.Mute(s.id, on) }
func (s *lineSession) SetHeld(on bool)             { s.line.Hold(s.id, on) }
func (s *lineSession) PlayDTMF(string) error       { return nil }
func (s *lineSession) Restart() error              { return nil }
func (s *lineSession) Stats() media.Stats          { return media.Stats{} }
func (s *lineSession) Close() error                { s.line.Close(s.id); return nil }
