package observe

import (
	"context"
	"errors"
	"strings"
	"time"

	"connectrpc.com/connect"

	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// Interceptor counts requests; it belongs into [server.Config.Interceptors].
func (m *Metrics) Interceptor() connect.Interceptor { return counting{m} }

type counting struct{ m *Metrics }

// WrapUnary implements connect.Interceptor.
func (c counting) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
		begin := time.Now()
		res, err := next(ctx, req)
		c.count(req.Spec(), err)
		c.m.answering.WithLabelValues(methodOf(req.Spec())).Observe(time.Since(begin).Seconds())
		return res, err
	}
}

// WrapStreamingHandler implements connect.Interceptor.
func (c counting) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return func(ctx context.Context, conn connect.StreamingHandlerConn) error {
		err := next(ctx, conn)
		c.count(conn.Spec(), err)
		return err
	}
}

// WrapStreamingClient implements connect.Interceptor; this is no client.
func (c counting) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return next
}

func (c counting) count(spec connect.Spec, err error) {
	code, problem := "ok", ""
	if err != nil {
		code = connect.CodeOf(err).String()
		problem = problemOf(err)
	}
	c.m.requests.WithLabelValues(methodOf(spec), code, problem).Inc()
}

// methodOf is "PhoneService/Start".
func methodOf(spec connect.Spec) string {
	return strings.TrimPrefix(strings.TrimPrefix(spec.Procedure, "/"), "ringtrip.v1.")
}

// problemOf returns the code of an error's CallProblem, which is one of the server's own words.
func problemOf(err error) string {
	wire := (*connect.Error)(nil)
	if !errors.As(err, &wire) {
		return ""
	}
	for _, d := range wire.Details() {
		if v, err := d.Value(); err == nil {
			if p, ok := v.(*v1.CallProblem); ok {
				return p.Code
			}
		}
	}
	return ""
}
