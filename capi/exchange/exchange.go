// Package exchange is a server in memory for one device on a virtual clock, so that an app that was built on the engine
// can be tested on the simulated iPhone without a network: it answers what the engine asks as ringtrip's server does, and
// the far end of each call does what a script says.
//
// It is for tests only: one device, no fork, no tokens, no store. Package server is the server.
package exchange

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/signaling"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// Latency is how long a message travels, either way.
const Latency = 20 * time.Millisecond

// ringFor is how long a call rings.
const ringFor = 45 * time.Second

// Config is what an exchange is made from. Both must be set.
type Config struct {
	Now  func() time.Time     // the server's clock
	Push func(payload []byte) // delivers a VoIP push to the device
}

// An Exchange is a server with one device. Its methods are for one goroutine at a time, and what they cause comes
// through the clocks of the lines.
type Exchange struct {
	cfg Config

	mu    sync.Mutex // guards what follows; not held while a handler runs
	calls []*call
	lines []*line // of processes that were not seen to die
	next  int     // number of the next call that the device may start
	said  []string
	known *v1.RegisterDeviceRequest // the device, as it registered last; nil: it did not
}

// call is the truth about one call.
type call struct {
	name      string // u1
	view      *v1.Call
	outgoing  bool
	far       string
	elsewhere string // the name of another device of ours that has it
}

// New makes an exchange.
func New(c Config) *Exchange { return &Exchange{cfg: c, next: 51} }

// Name is the call ID that scripts call u1 to u99. Those that the device starts are u51 and so on.
func Name(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", n) }

// Clock is the part of a [callkit.System] that a line needs.
type Clock interface {
	AfterFunc(time.Duration, func()) callkit.Timer
}

// Connect makes the line of one process to the exchange.
func (x *Exchange) Connect(c Clock, h signaling.Handler) signaling.Connection {
	return &line{x: x, clock: c, handler: h}
}

// Register takes a registration, and returns what it is answered with.
func (x *Exchange) Register(r *v1.RegisterDeviceRequest) *v1.RegisterDeviceResponse {
	x.mu.Lock()
	x.known = proto.Clone(r).(*v1.RegisterDeviceRequest)
	x.mu.Unlock()
	return &v1.RegisterDeviceResponse{ServerTime: timestamppb.New(x.cfg.Now()), NextCallId: x.nextID()}
}

// Said is what the device said so far, one request a line, with the names of calls.
func (x *Exchange) Said() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return strings.Join(x.said, "\n")
}

// Known is what the device registered with last: its alert token and its public sealing key, in hexadecimal digits.
func (x *Exchange) Known() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return fmt.Sprintf("alert=%s seal=%x", x.known.GetAlertToken(), x.known.GetSealKey())
}

func (x *Exchange) nextID() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.next++
	return Name(x.next - 1)
}

func (x *Exchange) find(id string) *call {
	i := slices.IndexFunc(x.calls, func(c *call) bool { return c.view.Id == id || c.name == id })
	if i < 0 {
		return nil
	}
	return x.calls[i]
}

// tell tells all lines the truth about a call. The lock must be held.
func (x *Exchange) tell(c *call) {
	c.view.Rev++
	view := proto.Clone(c.view).(*v1.Call)
	for _, l := range x.lines {
		l.later(func() { l.handler.Call(view) })
	}
}

// end ends a call, once. The lock must be held.
func (x *Exchange) end(c *call, why v1.EndReason) {
	if c.view.State == v1.CallState_CALL_STATE_ENDED {
		return
	}
	c.view.State, c.view.Reason, c.view.EndedAt = v1.CallState_CALL_STATE_ENDED, why, timestamppb.New(x.cfg.Now())
	x.tell(c)
}

// take answers a request.
func (x *Exchange) take(l *line, msg proto.Message) signaling.Result {
	x.mu.Lock()
	defer x.mu.Unlock()
	switch m := msg.(type) {
	case *v1.SendMediaRequest:
		return signaling.Result{}
	case *v1.JoinGroupRequest:
		return x.join(m)
	case *v1.LeaveGroupRequest:
		return x.leave(m)
	case *v1.StartRequest:
		if len(m.Callees) > 0 || m.Group != "" {
			return x.startGroup(m)
		}
		c := x.add(m.CallId, m.Callee, true, m.Video)
		x.said = append(x.said, fmt.Sprintf("start %s %s", c.name, m.Callee))
		x.tell(c)
		x.next++
		return signaling.Result{Call: proto.Clone(c.view).(*v1.Call), NextCallID: Name(x.next - 1)}
	}
	if answer := x.ask(msg); answer != nil {
		return *answer
	}
	id := msg.(interface{ GetCallId() string }).GetCallId()
	c := x.find(id)
	if c == nil {
		return signaling.Result{Err: errors.New("exchange: there is no such call"), Problem: "unknown_call"}
	}
	over := c.view.State == v1.CallState_CALL_STATE_ENDED
	switch m := msg.(type) {
	case *v1.AckRequest:
		for _, mark := range m.Marks {
			if mark.Stage == v1.Stage_STAGE_RINGING && !over && !c.view.Ringing {
				x.said = append(x.said, "ringing "+c.name)
				c.view.Ringing = true
				x.tell(c)
			}
		}
	case *v1.AnswerRequest:
		x.said = append(x.said, "answer "+c.name)
		if over {
			return signaling.Result{Call: proto.Clone(c.view).(*v1.Call), Err: errors.New("exchange: the call is over"), Problem: "already_ended"}
		}
		x.answered(c, m.DeviceId)
	case *v1.DeclineRequest:
		x.said = append(x.said, fmt.Sprintf("decline %s %s", c.name, reason(m.Reason)))
		x.end(c, m.Reason)
	case *v1.CancelRequest:
		x.said = append(x.said, "cancel "+c.name)
		x.end(c, v1.EndReason_END_REASON_CANCELLED)
	case *v1.EndRequest:
		x.said = append(x.said, fmt.Sprintf("end %s %s", c.name, reason(m.Reason)))
		x.end(c, m.Reason)
	case *v1.MoveRequest:
		x.move(c, m.DeviceId)
	case *v1.OfferMoveRequest:
		x.offer(c, m.ToDevice)
	case *v1.WithdrawMoveRequest:
		x.offer(c, "")
	case *v1.HoldRequest:
		x.said = append(x.said, fmt.Sprintf("hold %s %v", c.name, m.On))
		c.view.Held = m.On
		x.tell(c)
	}
	return signaling.Result{Call: proto.Clone(c.view).(*v1.Call)}
}

func (x *Exchange) answered(c *call, device string) {
	c.view.State, c.view.AnsweredBy, c.view.AnsweredAt = v1.CallState_CALL_STATE_ANSWERED, device, timestamppb.New(x.cfg.Now())
	x.tell(c)
}

// add makes a call. The lock must be held.
func (x *Exchange) add(id, far string, outgoing, video bool) *call {
	now := x.cfg.Now()
	c := &call{far: far, outgoing: outgoing, view: &v1.Call{
		Id: id, State: v1.CallState_CALL_STATE_RINGING, Role: v1.Role_ROLE_CALLEE, Video: video,
		Caller: &v1.Party{UserId: far, Name: far}, Callee: &v1.Party{UserId: "us", Name: "us"},
		CreatedAt: timestamppb.New(now), RingDeadline: timestamppb.New(now.Add(ringFor)),
	}}
	if outgoing {
		c.view.Role = v1.Role_ROLE_CALLER
		c.view.Caller, c.view.Callee = c.view.Callee, c.view.Caller
	}
	c.name = nameOf(id)
	x.calls = append(x.calls, c)
	return c
}

func reason(r v1.EndReason) string {
	return strings.ToLower(strings.TrimPrefix(r.String(), "END_REASON_"))
}
