package signaling

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// bestEffortTimeout is how long a ledger mark may hold up the requests behind it.
const bestEffortTimeout = 2 * time.Second

// A queue is the requests about one call, or its media messages, that wait or are under way, in order.
type queue struct {
	waiting []*request
}

type request struct {
	msg  proto.Message
	opts SendOptions
	done func(Result)
}

// Send implements [Connection]. Besides the requests that Connection names it takes RegisterDeviceRequest,
// UnregisterDeviceRequest and GetCallRequest. Each is tried at least once; one that is BestEffort or media is
// dropped instead if its Until passed before its turn came.
func (c *Client) Send(msg proto.Message, opts SendOptions, done func(Result)) {
	r := &request{msg: proto.Clone(msg), opts: opts, done: done}
	if r.opts.Until.IsZero() {
		r.opts.Until = time.Now().Add(c.cfg.SendFor)
	}
	if start, ok := r.msg.(*v1.StartRequest); ok && start.GetCallId() == "" && start.GetIdempotencyKey() == "" {
		// Trying again must not call twice.
		start.IdempotencyKey = fmt.Sprintf("%016x", uint64(c.random()*math.MaxUint64))
	}
	key := about(r.msg)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return
	}
	q := c.queues[key]
	if q == nil {
		q = &queue{}
		c.queues[key] = q
		c.all.Go(func() { c.drain(key, q) })
	}
	q.waiting = append(q.waiting, r)
}

// about names the queue that a request belongs to.
func about(msg proto.Message) string {
	switch m := msg.(type) {
	case *v1.StartRequest:
		if m.GetCallId() == "" {
			return "start " + m.GetIdempotencyKey()
		}
		return m.GetCallId()
	case *v1.JoinGroupRequest:
		if m.GetCallId() == "" {
			return m.GetGroup()
		}
		return m.GetCallId()
	case *v1.LeaveGroupRequest:
		return m.GetGroup() // not before the start of its first call, whose id it is
	case *v1.SendMediaRequest:
		// An answer must not wait for a dozen candidates.
		return "media " + m.GetMessage().GetCallId()
	case *v1.GetCredentialsRequest:
		return "credentials " + m.GetCallId() // a hang-up must not wait for what the server has to sign
	case interface{ GetCallId() string }:
		return m.GetCallId()
	}
	return "device"
}

// drain sends the requests of one queue, one after the other, until there is none left.
func (c *Client) drain(key string, q *queue) {
	for {
		c.mu.Lock()
		if len(q.waiting) == 0 || c.closed {
			delete(c.queues, key)
			c.mu.Unlock()
			return
		}
		r := q.waiting[0]
		q.waiting[0] = nil
		q.waiting = q.waiting[1:]
		c.mu.Unlock()

		result := c.send(r)
		if r.done != nil {
			c.deliver(func() { r.done(result) })
		}
	}
}

// send tries r until there is an answer, or until it is too late.
func (c *Client) send(r *request) Result {
	if r.mayExpire() && !time.Now().Before(r.opts.Until) {
		return Result{Err: context.DeadlineExceeded}
	}
	renewed := false
	for failures := 0; ; failures++ {
		result, token := c.try(r)
		if result.Err == nil || r.opts.BestEffort || c.ctx.Err() != nil {
			return result
		}
		if connect.CodeOf(result.Err) == connect.CodeUnauthenticated && r.opts.Token == "" {
			c.jwt.refuse(token)
			if renewed || c.cfg.Token == nil {
				return result
			}
			renewed = true
			continue
		}
		if !passing(result.Err) {
			return result
		}
		delay := c.jitter(failures, c.cfg.RetryMax)
		if !time.Now().Add(delay).Before(r.opts.Until) {
			return result
		}
		c.log.Info("signaling: request failed", "request", r.msg.ProtoReflect().Descriptor().Name(), "err", result.Err, "again_in", delay)
		c.wait(delay)
	}
}

func (r *request) mayExpire() bool {
	_, media := r.msg.(*v1.SendMediaRequest)
	return media || r.opts.BestEffort
}

// try sends r once. It returns the token that it used.
func (c *Client) try(r *request) (Result, string) {
	timeout := c.cfg.RequestTimeout
	if r.opts.BestEffort {
		timeout = min(timeout, bestEffortTimeout)
	}
	ctx, cancel := context.WithTimeout(c.ctx, timeout)
	defer cancel()
	token := r.opts.Token
	if token == "" {
		var err error
		if token, err = c.jwt.get(ctx); err != nil {
			return Result{Err: err}, ""
		}
	}
	answer, err := c.invoke(ctx, r.msg, token)
	if err != nil {
		if ctx.Err() != nil && c.ctx.Err() == nil {
			c.dropIdle()
		}
		return failed(err), token
	}
	result := Result{Answer: answer}
	if a, ok := answer.(interface{ GetCall() *v1.Call }); ok {
		result.Call = a.GetCall()
	}
	if a, ok := answer.(interface{ GetNextCallId() string }); ok {
		result.NextCallID = a.GetNextCallId()
	}
	return result, token
}

// failed reads what the server says about the call in its error.
func failed(err error) Result {
	result := Result{Err: err}
	var e *connect.Error
	if !errors.As(err, &e) {
		return result
	}
	for _, detail := range e.Details() {
		value, err := detail.Value()
		if err != nil {
			continue // of a newer server
		}
		if problem, ok := value.(*v1.CallProblem); ok {
			result.Call, result.Problem = problem.GetCall(), problem.GetCode()
		}
	}
	return result
}

// passing reports whether err may be gone at the next try.
func passing(err error) bool {
	code := connect.CodeOf(err)
	switch code {
	case connect.CodeUnavailable, connect.CodeResourceExhausted, connect.CodeDeadlineExceeded:
		return true
	case connect.CodeUnknown, connect.CodeInternal, connect.CodeCanceled, connect.CodeDataLoss:
		// The server's own word is final; otherwise it is the network's or a proxy's.
		return !connect.IsWireError(err)
	}
	return false
}

// invoke calls the server.
func (c *Client) invoke(ctx context.Context, msg proto.Message, token string) (proto.Message, error) {
	switch m := msg.(type) {
	case *v1.StartRequest:
		return unary(ctx, c.api.Start, m, token)
	case *v1.AckRequest:
		return unary(ctx, c.api.Ack, m, token)
	case *v1.AnswerRequest:
		return unary(ctx, c.api.Answer, m, token)
	case *v1.DeclineRequest:
		return unary(ctx, c.api.Decline, m, token)
	case *v1.CancelRequest:
		return unary(ctx, c.api.Cancel, m, token)
	case *v1.EndRequest:
		return unary(ctx, c.api.End, m, token)
	case *v1.MoveRequest:
		return unary(ctx, c.api.Move, m, token)
	case *v1.OfferMoveRequest:
		return unary(ctx, c.api.OfferMove, m, token)
	case *v1.WithdrawMoveRequest:
		return unary(ctx, c.api.WithdrawMove, m, token)
	case *v1.JoinGroupRequest:
		return unary(ctx, c.api.JoinGroup, m, token)
	case *v1.LeaveGroupRequest:
		return unary(ctx, c.api.LeaveGroup, m, token)
	case *v1.HoldRequest:
		return unary(ctx, c.api.Hold, m, token)
	case *v1.GetGroupRequest:
		return unary(ctx, c.api.GetGroup, m, token)
	case *v1.GetCredentialsRequest:
		return unary(ctx, c.api.GetCredentials, m, token)
	case *v1.ListLiveRequest:
		return unary(ctx, c.api.ListLive, m, token)
	case *v1.SendMediaRequest:
		return unary(ctx, c.api.SendMedia, m, token)
	case *v1.GetCallRequest:
		return unary(ctx, c.api.GetCall, m, token)
	case *v1.RegisterDeviceRequest:
		return unary(ctx, c.api.RegisterDevice, m, token)
	case *v1.UnregisterDeviceRequest:
		return unary(ctx, c.api.UnregisterDevice, m, token)
	}
	return nil, connect.NewError(connect.CodeUnimplemented, fmt.Errorf("signaling: %T can't be sent", msg))
}

func unary[Req, Res any](ctx context.Context, call func(context.Context, *connect.Request[Req]) (*connect.Response[Res], error),
	msg *Req, token string) (proto.Message, error) {
	req := connect.NewRequest(msg)
	authorize(req.Header(), token)
	res, err := call(ctx, req)
	if err != nil {
		return nil, err
	}
	answer, _ := any(res.Msg).(proto.Message)
	return answer, nil
}

func authorize(h http.Header, token string) {
	if token != "" {
		h.Set("Authorization", "Bearer "+token)
	}
}
