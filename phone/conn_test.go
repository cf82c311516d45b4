package phone

import (
	"fmt"
	"strings"

	"google.golang.org/protobuf/proto"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/signaling"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// fakeConn is a signaling.Connection that keeps what is sent until the test answers it.
type fakeConn struct {
	signaling.Handler
	s          *fakeSystem
	opened     int
	foreground bool
	closed     bool
	suspended  bool
	sent       []*fakeRequest
	taken      int
}

type fakeRequest struct {
	msg    proto.Message
	opts   signaling.SendOptions
	answer func(signaling.Result)
}

func (c *fakeConn) Open()                 { c.opened++ }
func (c *fakeConn) SetForeground(on bool) { c.foreground = on }
func (c *fakeConn) Close()                { c.closed = true }

// ProcessSuspended is what a simulated iPhone freezes.
func (c *fakeConn) ProcessSuspended(on bool) { c.suspended = on }

func (c *fakeConn) Send(msg proto.Message, opts signaling.SendOptions, done func(signaling.Result)) {
	r := &fakeRequest{msg: msg, opts: opts, answer: func(signaling.Result) {}}
	if done != nil {
		r.answer = func(res signaling.Result) {
			r.answer = func(signaling.Result) {} // at most once
			if !c.closed {
				done(res)
			}
		}
	}
	c.sent = append(c.sent, r)
	c.s.note("send %s", describeRequest(msg, opts))
}

// last returns the newest request of the kind of msg, or nil.
func (c *fakeConn) last(kind string) *fakeRequest {
	for i := len(c.sent) - 1; i >= 0; i-- {
		if string(c.sent[i].msg.ProtoReflect().Descriptor().Name()) == kind {
			return c.sent[i]
		}
	}
	return nil
}

func (c *fakeConn) count(kind string) int {
	n := 0
	for _, r := range c.sent {
		if string(r.msg.ProtoReflect().Descriptor().Name()) == kind {
			n++
		}
	}
	return n
}

func describeRequest(msg proto.Message, opts signaling.SendOptions) string {
	text := ""
	switch m := msg.(type) {
	case *v1.StartRequest:
		text = "start " + strings.Join(append(m.Callees, m.Callee), " ")
		text = strings.TrimRight(text, " ")
		if m.Group != "" {
			text += " into the group"
		}
	case *v1.LeaveGroupRequest:
		text = "leave"
	case *v1.JoinGroupRequest:
		text = "join"
	case *v1.AckRequest:
		text = "ack"
		for _, mark := range m.Marks {
			text += " " + mark.Stage.String()[len("STAGE_"):]
		}
	case *v1.AnswerRequest:
		text = "answer"
	case *v1.DeclineRequest:
		text = "decline " + call.Reason(m.Reason).String()
		if m.ThisDevice {
			text += " here"
		}
	case *v1.CancelRequest:
		text = "cancel"
	case *v1.EndRequest:
		text = "end " + call.Reason(m.Reason).String()
	case *v1.HoldRequest:
		text = fmt.Sprintf("hold %v", m.On)
	case *v1.SendMediaRequest:
		text = fmt.Sprintf("media %d to=%q", m.Message.Kind, m.Message.ToDevice)
	}
	if opts.Token != "" {
		text += " with " + opts.Token
	}
	if opts.BestEffort {
		text += " if possible"
	}
	return text
}
