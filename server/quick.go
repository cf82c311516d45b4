package server

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	rpc "github.com/ringtrip/ringtrip/signaling/ringtripv1/ringtripv1connect"
)

// Nearly all requests of a deployment are short ones of phones, in protobuf by Connect. Connect answers requests of three
// protocols, in any encoding, past any interceptors, and what that takes is a fifth of what these cost. So they are read and
// answered here, as the protocol says (connectrpc.com/docs/protocol, "Unary-Request"), through the same gate to the same
// methods; all others, and whatever is unusual about one, are Connect's. The one difference: the details of an error have no
// "debug", which the protocol leaves free and which is for people who read JSON.

// maxQuick is how long the body of a quick request may be, in bytes: a phone's have some hundred.
const maxQuick = 16 << 10

// RequestWatcher is an interceptor of [Config.Interceptors] that only wants to hear of unary requests. Where all of them
// are, frequent requests are answered without going through them; they are told instead.
type RequestWatcher interface {
	connect.Interceptor
	// Answered is told of a unary request: its procedure, as "/ringtrip.v1.PhoneService/Start", how long it took, and the
	// error that it was answered with, nil if none. It must not block.
	Answered(procedure string, took time.Duration, err error)
}

// quick answers requests that are of the plainest kind, and leaves the rest to next.
type quick struct {
	s        *Server
	methods  map[string]quickMethod // by path
	watchers []RequestWatcher
	answer   http.Handler
	next     http.Handler
}

// quickMethod lets a method of the API answer a request of one type.
type quickMethod func(ctx context.Context, s *Server, procedure string, h http.Header, body []byte) (proto.Message, http.Header, error)

// quickly returns s's methods; next itself if somebody wants to see how requests are answered.
func (s *Server) quickly(next http.Handler) http.Handler {
	q := &quick{s: s, next: next}
	for _, in := range s.cfg.Interceptors {
		w, ok := in.(RequestWatcher)
		if !ok {
			return next
		}
		q.watchers = append(q.watchers, w)
	}
	q.answer = patience(http.HandlerFunc(q.serve), s.cfg.WriteTimeout, bodyTimeout)
	q.methods = map[string]quickMethod{
		rpc.PhoneServiceRegisterDeviceProcedure: quickOf(s.RegisterDevice),
		rpc.PhoneServiceStartProcedure:          quickOf(s.Start),
		rpc.PhoneServiceAckProcedure:            quickOf(s.Ack),
		rpc.PhoneServiceAnswerProcedure:         quickOf(s.Answer),
		rpc.PhoneServiceDeclineProcedure:        quickOf(s.Decline),
		rpc.PhoneServiceCancelProcedure:         quickOf(s.Cancel),
		rpc.PhoneServiceEndProcedure:            quickOf(s.End),
		rpc.PhoneServiceHoldProcedure:           quickOf(s.Hold),
		rpc.PhoneServiceSendMediaProcedure:      quickOf(s.SendMedia),
		rpc.PhoneServiceGetCallProcedure:        quickOf(s.GetCall),
		rpc.PhoneServiceGetCredentialsProcedure: quickOf(s.GetCredentials),
	}
	return q
}

func quickOf[Req, Res any, P interface {
	*Req
	proto.Message
}](method func(context.Context, *connect.Request[Req]) (*connect.Response[Res], error)) quickMethod {
	return func(ctx context.Context, s *Server, procedure string, h http.Header, body []byte) (proto.Message, http.Header, error) {
		msg := new(Req)
		if err := proto.Unmarshal(body, P(msg)); err != nil {
			return nil, nil, connect.NewError(connect.CodeInvalidArgument, fmt.Errorf("unmarshal message: unmarshal into %T: %w", msg, err))
		}
		if err := (fence{s}).problem(); err != nil {
			return nil, nil, err
		}
		ctx, err := s.gate.enterUnary(ctx, procedure, h, P(msg))
		if err != nil {
			return nil, nil, err
		}
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		res, err := method(ctx, connect.NewRequest(msg))
		if err != nil {
			return nil, nil, err
		}
		return any(res.Msg).(proto.Message), res.Header(), nil
	}
}

// ServeHTTP implements http.Handler.
func (q *quick) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if q.methods[r.URL.Path] == nil || !isQuick(r) {
		q.next.ServeHTTP(w, r)
		return
	}
	q.answer.ServeHTTP(w, r)
}

// isQuick reports whether a request is of the plainest kind: protobuf as it is, of a length that is known and not great.
func isQuick(r *http.Request) bool {
	if r.Method != http.MethodPost || r.ContentLength < 0 || r.ContentLength > maxQuick || r.URL.RawQuery != "" {
		return false
	}
	one := func(name string) (value string, ok bool) {
		all := r.Header[name]
		if len(all) > 0 {
			value = all[0]
		}
		return value, len(all) <= 1
	}
	kind, ok := one("Content-Type")
	if !ok || kind != "application/proto" {
		return false
	}
	if version, ok := one("Connect-Protocol-Version"); !ok || version != "" && version != "1" {
		return false
	}
	if encoding, ok := one("Content-Encoding"); !ok || encoding != "" && encoding != "identity" {
		return false
	}
	_, ok = timeoutOf(r.Header)
	return ok
}

// timeoutOf returns how long the client waits, zero if it does not say, and false if what it says makes no sense.
func timeoutOf(h http.Header) (time.Duration, bool) {
	all := h["Connect-Timeout-Ms"]
	if len(all) == 0 {
		return 0, true
	}
	ms, err := strconv.ParseUint(all[0], 10, 63)
	return time.Duration(ms) * time.Millisecond, len(all) == 1 && err == nil && len(all[0]) <= 10 && ms > 0
}

var bodies = sync.Pool{New: func() any { return new(bytes.Buffer) }}

func (q *quick) serve(w http.ResponseWriter, r *http.Request) {
	in, out := bodies.Get().(*bytes.Buffer), bodies.Get().(*bytes.Buffer)
	defer func() {
		for _, b := range []*bytes.Buffer{in, out} {
			if b.Cap() <= 4*maxQuick {
				b.Reset()
				bodies.Put(b)
			}
		}
	}()
	ctx := r.Context()
	if wait, _ := timeoutOf(r.Header); wait > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, wait)
		defer cancel()
	}
	begin := time.Now()
	in.Grow(int(r.ContentLength) + bytes.MinRead)
	if _, err := in.ReadFrom(io.LimitReader(r.Body, maxQuick+1)); err != nil || in.Len() > maxQuick {
		q.fail(w, connect.NewError(connect.CodeUnknown, errors.New("the request could not be read")), out)
		return
	}
	msg, header, err := q.do(ctx, r, in.Bytes())
	for _, watcher := range q.watchers {
		watcher.Answered(r.URL.Path, time.Since(begin), err)
	}
	if err != nil {
		q.fail(w, err, out)
		return
	}
	body, err := proto.MarshalOptions{}.MarshalAppend(out.AvailableBuffer(), msg)
	if err != nil {
		q.fail(w, connect.NewError(connect.CodeInternal, err), out)
		return
	}
	h := w.Header()
	merge(h, header)
	h["Content-Type"] = protoKind
	h["Accept-Encoding"] = gzipAccepted
	if len(body) >= minCompressed && acceptsGzip(r.Header) {
		var z bytes.Buffer
		if err := compress(&z, body); err == nil {
			h["Content-Encoding"], body = gzipAccepted, z.Bytes()
		}
	}
	send(w, http.StatusOK, body)
}

// These are the values of headers that are always the same. Nobody changes them.
var (
	protoKind    = []string{"application/proto"}
	jsonKind     = []string{"application/json"}
	gzipAccepted = []string{"gzip"}
)

// do carries the request out. What panics is the request's failure.
func (q *quick) do(ctx context.Context, r *http.Request, body []byte) (msg proto.Message, h http.Header, err error) {
	defer func() {
		if what := recover(); what == http.ErrAbortHandler {
			panic(what)
		} else if what != nil {
			msg, h, err = nil, nil, q.s.recover(ctx, connect.Spec{Procedure: r.URL.Path}, r.Header, what)
		}
	}()
	return q.methods[r.URL.Path](ctx, q.s, r.URL.Path, r.Header, body)
}

func send(w http.ResponseWriter, status int, body []byte) {
	w.Header()["Content-Length"] = []string{strconv.Itoa(len(body))}
	w.WriteHeader(status)
	_, _ = w.Write(body) // if it can't be written nobody is there to read it
}

func merge(into, from http.Header) {
	for name, values := range from {
		into[name] = append(into[name], values...)
	}
}

func acceptsGzip(h http.Header) bool {
	for _, values := range h["Accept-Encoding"] {
		for name := range strings.SplitSeq(values, ",") {
			if strings.TrimSpace(name) == "gzip" {
				return true
			}
		}
	}
	return false
}

// wireError is an error as Connect has it ("Error end-stream").
type wireError struct {
	Code    string       `json:"code"`
	Message string       `json:"message,omitempty"`
	Details []wireDetail `json:"details,omitempty"`
}

type wireDetail struct {
	Type  string `json:"type"`
	Value string `json:"value"`
}

func (q *quick) fail(w http.ResponseWriter, err error, out *bytes.Buffer) {
	wire := coded(err)
	body := wireError{Code: wire.Code().String(), Message: wire.Message()}
	for _, d := range wire.Details() {
		body.Details = append(body.Details, wireDetail{d.Type(), base64.RawStdEncoding.EncodeToString(d.Bytes())})
	}
	_ = json.NewEncoder(out).Encode(body) // strings can be written
	merge(w.Header(), wire.Meta())
	w.Header()["Content-Type"] = jsonKind
	w.Header()["Accept-Encoding"] = gzipAccepted
	send(w, statusOf(wire.Code()), bytes.TrimSuffix(out.Bytes(), []byte("\n")))
}

// coded returns an error as the wire has it.
func coded(err error) *connect.Error {
	wire := (*connect.Error)(nil)
	switch {
	case errors.As(err, &wire):
		return wire
	case errors.Is(err, context.Canceled):
		return connect.NewError(connect.CodeCanceled, err)
	case errors.Is(err, context.DeadlineExceeded):
		return connect.NewError(connect.CodeDeadlineExceeded, err)
	}
	return connect.NewError(connect.CodeUnknown, err)
}

// statusOf returns the status of HTTP that an error of the code has ("Error codes").
func statusOf(code connect.Code) int {
	switch code {
	case connect.CodeCanceled:
		return 499
	case connect.CodeInvalidArgument, connect.CodeFailedPrecondition, connect.CodeOutOfRange:
		return http.StatusBadRequest
	case connect.CodeDeadlineExceeded:
		return http.StatusGatewayTimeout
	case connect.CodeNotFound:
		return http.StatusNotFound
	case connect.CodeAlreadyExists, connect.CodeAborted:
		return http.StatusConflict
	case connect.CodePermissionDenied:
		return http.StatusForbidden
	case connect.CodeResourceExhausted:
		return http.StatusTooManyRequests
	case connect.CodeUnimplemented:
		return http.StatusNotImplemented
	case connect.CodeUnavailable:
		return http.StatusServiceUnavailable
	case connect.CodeUnauthenticated:
		return http.StatusUnauthorized
	case connect.CodeUnknown, connect.CodeInternal, connect.CodeDataLoss:
	}
	return http.StatusInternalServerError
}
