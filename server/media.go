package server

import (
	"context"
	"sync"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/fork"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
	"github.com/ringtrip/ringtrip/store"
)

const (
	maxData = 64 << 10
	// A device may send mediaBurst messages about a call at once, and mediaRate a second in the long run: some rounds of
	// offer, answer and candidates with every leg.
	mediaBurst = 500
	mediaRate  = 5
)

// SendMedia implements PhoneService: it passes a message of a media session on to the far end's device.
func (s *Server) SendMedia(ctx context.Context, req *connect.Request[v1.SendMediaRequest]) (*connect.Response[v1.SendMediaResponse], error) {
	v, m := viewerOf(ctx), req.Msg.GetMessage()
	if m == nil {
		return nil, invalid("", "message is missing")
	}
	if err := checkMedia(m); err != nil {
		return nil, err
	}
	id, err := v.call(m.CallId)
	if err != nil {
		return nil, err
	}
	from, err := v.device(m.FromDevice)
	if err != nil {
		return nil, err
	}
	row, err := s.store.Call(ctx, id)
	if err == store.ErrNotFound {
		return nil, unknownCall(id)
	}
	if err != nil {
		return nil, s.failed("reading call "+id, err)
	}
	t, err := s.turn(row)
	if err != nil {
		return nil, s.failed("reading call "+id, err)
	}
	side, err := s.side(t, v, from)
	if err != nil {
		return nil, err
	}
	to, err := t.farEnd(side, m.ToDevice)
	if err != nil {
		return nil, err
	}
	if !s.media.take(id + "/" + from) {
		return nil, problem(connect.CodeResourceExhausted, "too_many_messages", "send fewer candidates, or wait", nil,
			"device %q sent more than %d media messages about call %s", from, mediaBurst, id)
	}
	passed := &v1.MediaMessage{CallId: id, FromDevice: from, ToDevice: to, Session: m.Session, Kind: m.Kind, Data: m.Data}
	payload, err := proto.Marshal(&v1.EventsResponse{Event: &v1.EventsResponse_Media{Media: passed}})
	if err != nil {
		return nil, invalid("", "the message cannot be written: %s", err)
	}
	e := store.Event{App: row.App, Device: to, CallID: id, Payload: payload, At: t.now}
	seqs, err := s.store.PutEvents(ctx, []store.Event{e})
	if err != nil {
		return nil, s.failed("storing a media message", err)
	}
	e.Seq = seqs[0]
	s.pass(e, nil, t.nodeOf(to))
	return connect.NewResponse(&v1.SendMediaResponse{}), nil
}

func checkMedia(m *v1.MediaMessage) error {
	if m.Kind <= v1.MediaKind_MEDIA_KIND_UNSPECIFIED || m.Kind > v1.MediaKind_MEDIA_KIND_BYE {
		return invalid("it is OFFER, ANSWER, CANDIDATE or BYE", "kind is %s", m.Kind)
	}
	if len(m.Data) > maxData {
		return invalid("", "data has %d bytes, more than %d", len(m.Data), maxData)
	}
	return checkText("session", m.Session, maxWord)
}

// farEnd returns the device that a side's media message goes to: the caller's for a leg, one of the legs' for the caller.
func (t *turn) farEnd(side int, to string) (string, error) {
	if side != callerSide {
		if t.overFor(side) {
			return "", t.overProblem(side)
		}
		if t.Fork.Alone {
			return "", problem(connect.CodeFailedPrecondition, "no_far_end", "sound in a group is a carrier's room's", t.view(side), "the caller is not in call %s of a group", t.row.ID)
		}
		if t.Fork.State == fork.Answered && t.Fork.Legs[side].Open() {
			return "", problem(connect.CodeFailedPrecondition, "not_answered", "media begins when the call has moved here", t.view(side), "call %s is answered on another device", t.row.ID)
		}
		if to != "" && to != t.CallerDevice.ID {
			return "", problem(connect.CodePermissionDenied, "wrong_device", "leave to_device empty", t.view(side), "media of call %s goes to the caller's device, not to %.64q", t.row.ID, to)
		}
		return t.CallerDevice.ID, nil
	}
	if t.overFor(side) {
		return "", t.overProblem(side)
	}
	leg, ok := t.sideOf(t.Callee.User, to)
	if !ok {
		return "", problem(connect.CodePermissionDenied, "wrong_device", "to_device is one of the legs' devices", t.view(side), "call %s has no leg to device %.64q", t.row.ID, to)
	}
	if l := t.Fork.Legs[leg]; l.State == fork.LegEnded && l.Reason != call.Unreachable {
		return "", problem(connect.CodeFailedPrecondition, "leg_ended", "close the session with this device", t.view(side), "the leg of call %s to device %q is over (%s)", t.row.ID, to, call.Reason(forCaller(l.Reason, t.s.app(t.row.App).BlockedAs)))
	}
	return to, nil
}

// budgets limit how many media messages a device sends about a call. They are this node's own, for they need not be exact.
type budgets struct {
	mu  sync.Mutex
	now func() time.Time
	all map[string]*budget
}

type budget struct {
	left float64
	at   time.Time
}

func newBudgets(now func() time.Time) *budgets {
	return &budgets{now: now, all: map[string]*budget{}}
}

// take takes one message out of a budget and reports whether it could.
func (b *budgets) take(name string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	one := b.all[name]
	if one == nil {
		one = &budget{left: mediaBurst, at: now}
		b.all[name] = one
	}
	one.fill(now)
	if one.left < 1 {
		return false
	}
	one.left--
	return true
}

func (one *budget) fill(now time.Time) {
	if d := now.Sub(one.at); d > 0 {
		one.left = min(mediaBurst, one.left+d.Seconds()*mediaRate)
	}
	one.at = now
}

// forget drops the budgets that are full again.
func (b *budgets) forget() {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	for name, one := range b.all {
		if one.fill(now); one.left >= mediaBurst {
			delete(b.all, name)
		}
	}
}
