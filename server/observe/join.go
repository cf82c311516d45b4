package observe

import (
	"context"
	"fmt"
	"strings"
	"time"

	"connectrpc.com/connect"
	"connectrpc.com/otelconnect"
	"github.com/google/uuid"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/ringtrip/ringtrip/server"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// w3c reads and writes the header traceparent (W3C Trace Context).
var w3c = propagation.TraceContext{}

// Interceptors make spans of requests, in the trace of the call that they are about. They belong first into
// [server.Config.Interceptors].
func (t *Tracing) Interceptors() ([]connect.Interceptor, error) {
	spans, err := otelconnect.NewInterceptor(
		otelconnect.WithTracerProvider(t.provider), otelconnect.WithPropagator(w3c), otelconnect.WithTrustRemote(), otelconnect.WithoutMetrics(),
		otelconnect.WithFilter(func(_ context.Context, spec connect.Spec) bool { return spec.StreamType == connect.StreamTypeUnary }),
	)
	if err != nil {
		return nil, fmt.Errorf("observe: %w", err)
	}
	return []connect.Interceptor{connect.UnaryInterceptorFunc(t.join), spans, connect.UnaryInterceptorFunc(mark)}, nil
}

// callers is what the caller's own trace was, for a link.
type callers struct{}

// join puts a request about a call into that call's trace; the trace that its sender was in becomes a link.
func (t *Tracing) join(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
		if start, ok := req.Any().(*v1.StartRequest); ok && start.CallId == "" {
			start.CallId = server.NewCallID(time.Now(), t.shard) // so that the trace is known before the call is
		}
		call := callOf(req.Any())
		if call == "" {
			return next(ctx, req)
		}
		if theirs := trace.SpanContextFromContext(w3c.Extract(context.Background(), propagation.HeaderCarrier(req.Header()))); theirs.IsValid() {
			ctx = context.WithValue(ctx, callers{}, theirs)
		}
		w3c.Inject(root(context.Background(), call), propagation.HeaderCarrier(req.Header()))
		return next(ctx, req)
	}
}

// mark says in a request's span which call it was about, and links to the caller's trace.
func mark(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
		span := trace.SpanFromContext(ctx)
		if call := callOf(req.Any()); call != "" {
			span.SetAttributes(about("", call)[1])
		}
		if theirs, ok := ctx.Value(callers{}).(trace.SpanContext); ok {
			span.AddLink(trace.Link{SpanContext: theirs})
		}
		return next(ctx, req)
	}
}

// callOf returns the id of the call that a request is about, in lower case; empty if it is about none.
func callOf(msg any) string {
	if m, ok := msg.(*v1.SendMediaRequest); ok {
		msg = m.GetMessage()
	}
	m, ok := msg.(interface{ GetCallId() string })
	if !ok || uuid.Validate(m.GetCallId()) != nil || len(m.GetCallId()) != 36 {
		return ""
	}
	return strings.ToLower(m.GetCallId())
}
