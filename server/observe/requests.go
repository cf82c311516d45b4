package observe

import (
	"context"
	"errors"
	"strings"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/ringtrip/ringtrip/server"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// Interceptor counts requests; it belongs into [server.Config.Interceptors].
func (m *Metrics) Interceptor() connect.Interceptor { return counting{m} }

type counting struct{ m *Metrics }

var _ server.RequestWatcher = counting{}

// Answered implements server.RequestWatcher.
func (c counting) Answered(procedure string, took time.Duration, err error) {
	c.count(procedure, err)
	c.m.answering.WithLabelValues(methodOf(procedure)).Observe(took.Seconds())
}

// WrapUnary implements connect.Interceptor.
func (c counting) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
		begin := time.Now()
		res, err := next(ctx, req)
		c.Answered(req.Spec().Procedure, time.Since(begin), err)
		return res, err
	}
}

// WrapStreamingHandler implements connect.Interceptor.
func (c counting) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return func(ctx context.Context, conn connect.StreamingHandlerConn) error {
		err := next(ctx, conn)
		c.count(conn.Spec().Procedure, err)
		return err
	}
}

// WrapStreamingClient implements connect.Interceptor; this is no client.
func (c counting) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return next
}

func (c counting) count(procedure string, err error) {
	code, problem := "ok", ""
	if err != nil {
		code = connect.CodeOf(err).String()
		problem = problemOf(err)
	}
	c.m.requests.WithLabelValues(methodOf(procedure), code, problem).Inc()
}

// methodOf is "PhoneService/Start".
func methodOf(procedure string) string {
	return strings.TrimPrefix(strings.TrimPrefix(procedure, "/"), "ringtrip.v1.")
}

// problemOf returns the code of an error's CallProblem, which is one of the server's own words.
func problemOf(err error) string {
	wire := (*connect.Error)(nil)
	if !errors.As(err, &wire) {
		return ""
	}
	for _, d := range wire.Details() {
		if d.Type() == callProblem {
			return firstText(d.Bytes())
		}
	}
	return ""
}

var callProblem = string((*v1.CallProblem)(nil).ProtoReflect().Descriptor().FullName())

// firstText returns field 1 of a message, which is a text. A CallProblem has its code there, and before the whole call.
func firstText(message []byte) string {
	for len(message) > 0 {
		number, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			return ""
		}
		if number == 1 && kind == protowire.BytesType {
			text, _ := protowire.ConsumeString(message[n:])
			return text
		}
		size := protowire.ConsumeFieldValue(number, kind, message[n:])
		if size < 0 {
			return ""
		}
		message = message[n+size:]
	}
	return ""
}
