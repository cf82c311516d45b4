package observe

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/ringtrip/ringtrip/push"
	"github.com/ringtrip/ringtrip/server"
	"github.com/ringtrip/ringtrip/store"
)

// TraceConfig says where traces go.
type TraceConfig struct {
	// Exporter gets the spans: [OTLP] in production. Required.
	Exporter sdktrace.SpanExporter
	// Ratio of calls that are traced, 0-1. A call is traced by all nodes or by none.
	Ratio float64
	// Node, Version name this process in its spans.
	Node, Version string
	// Shard is in the ids of the calls that are given one here: see [server.Config].
	Shard int
	// Synchronous exports each span as it ends, for tests.
	Synchronous bool
}

// OTLP returns an exporter by OTLP over HTTP: to endpoint, a URL as "http://localhost:4318", or, if that is empty, to
// where OpenTelemetry's own variables say (OTEL_EXPORTER_OTLP_ENDPOINT and the others, which hold headers and
// certificates, too). It opens no connection before there is something to send.
func OTLP(ctx context.Context, endpoint string) (sdktrace.SpanExporter, error) {
	var options []otlptracehttp.Option
	if endpoint != "" {
		options = append(options, otlptracehttp.WithEndpointURL(endpoint))
	}
	return otlptracehttp.New(ctx, options...)
}

// Tracing makes one trace of every call: what phones and backends ask, commits, pushes, legs, and the whole call as its
// root. It implements [server.Observer].
//
// The trace's id is made from the call's id ([TraceOf]), so no context has to travel: a push carries nothing, yet the
// acks of the phone that it woke are in the same trace, on whichever node they arrive. Event streams live for hours and
// are not traced.
type Tracing struct {
	provider *sdktrace.TracerProvider
	tracer   trace.Tracer
	shard    int
}

var _ server.Observer = (*Tracing)(nil)

// NewTracing starts tracing. [Tracing.Close] sends what waits.
func NewTracing(cfg TraceConfig) (*Tracing, error) {
	if cfg.Exporter == nil {
		return nil, errors.New("observe: TraceConfig.Exporter is missing")
	}
	if cfg.Ratio < 0 || cfg.Ratio > 1 {
		return nil, fmt.Errorf("observe: the ratio of traced calls is %g: it must be 0-1", cfg.Ratio)
	}
	about, err := resource.New(context.Background(),
		resource.WithAttributes(attribute.String("service.name", "ringtrip"), attribute.String("service.version", cfg.Version), attribute.String("service.instance.id", cfg.Node)),
		resource.WithFromEnv())
	if err != nil {
		return nil, fmt.Errorf("observe: reading OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	how := sdktrace.WithBatcher
	if cfg.Synchronous {
		how = func(e sdktrace.SpanExporter, _ ...sdktrace.BatchSpanProcessorOption) sdktrace.TracerProviderOption {
			return sdktrace.WithSyncer(e)
		}
	}
	t := &Tracing{shard: cfg.Shard, provider: sdktrace.NewTracerProvider(how(clean{cfg.Exporter}), sdktrace.WithResource(about),
		// By the trace's id alone, never by what a client claims: so all nodes decide alike.
		sdktrace.WithSampler(sdktrace.TraceIDRatioBased(cfg.Ratio)), sdktrace.WithIDGenerator(ids{}))}
	t.tracer = t.provider.Tracer("github.com/ringtrip/ringtrip/server")
	return t, nil
}

// Close sends what waits and stops. It may block as long as ctx allows.
func (t *Tracing) Close(ctx context.Context) error { return t.provider.Shutdown(ctx) }

// TraceOf returns the trace of a call and the span that stands for the whole call: the first 16 and the next 8 bytes of
// the SHA-256 of the call's id in lower case. An app that traces by itself may put its own spans there.
func TraceOf(call string) (trace.TraceID, trace.SpanID) {
	sum := sha256.Sum256([]byte(call))
	return trace.TraceID(sum[:16]), trace.SpanID(sum[16:24])
}

// root is the context in which a call's spans begin that no request made.
func root(ctx context.Context, call string) context.Context {
	id, span := TraceOf(call)
	return trace.ContextWithRemoteSpanContext(ctx, trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: id, SpanID: span, TraceFlags: trace.FlagsSampled, Remote: true,
	}))
}

// ids makes random ids, and those of TraceOf for the span of a whole call.
type ids struct{}

type wholeCall struct{}

// NewIDs implements sdktrace.IDGenerator.
func (ids) NewIDs(ctx context.Context) (id trace.TraceID, span trace.SpanID) {
	if call, ok := ctx.Value(wholeCall{}).(string); ok {
		return TraceOf(call)
	}
	_, _ = rand.Read(id[:])
	_, _ = rand.Read(span[:])
	return id, span
}

// NewSpanID implements sdktrace.IDGenerator.
func (ids) NewSpanID(context.Context, trace.TraceID) (span trace.SpanID) {
	_, _ = rand.Read(span[:])
	return span
}

// Committed implements [server.Observer].
func (t *Tracing) Committed(ctx context.Context, c server.Change) {
	if id, _ := TraceOf(c.Call); trace.SpanContextFromContext(ctx).TraceID() != id {
		ctx = root(ctx, c.Call) // a timer, what came of a push, or another call that the request made
	}
	now := time.Now()
	_, commit := t.tracer.Start(ctx, "store.commit", trace.WithTimestamp(now.Add(-c.Took)), trace.WithAttributes(about(c.App, c.Call)...))
	for _, s := range c.Stages {
		of := []attribute.KeyValue{attribute.String("ringtrip.device_id", s.Device.ID)}
		if !s.DeviceAt.IsZero() {
			of = append(of, attribute.String("ringtrip.device_time", s.DeviceAt.UTC().Format(time.RFC3339Nano)))
		}
		if s.Reason != 0 {
			of = append(of, attribute.String("ringtrip.reason", s.Reason.String()))
		}
		commit.AddEvent(StageWord(s.Stage), trace.WithTimestamp(s.At), trace.WithAttributes(of...))
	}
	if c.Err != nil {
		commit.RecordError(c.Err)
		if !errors.Is(c.Err, store.ErrConflict) { // a lost race is tried again: no error
			commit.SetStatus(codes.Error, "the store failed")
		}
	}
	commit.End(trace.WithTimestamp(now))
	if c.Err == nil {
		t.over(c, now)
	}
}

// over makes the spans of what a commit ended.
func (t *Tracing) over(c server.Change, now time.Time) {
	for _, f := range c.RingOver {
		_, leg := t.tracer.Start(root(context.Background(), c.Call), "leg", trace.WithTimestamp(c.CreatedAt), trace.WithAttributes(append(about(c.App, c.Call),
			attribute.String("ringtrip.device_id", f.Device.ID), attribute.Bool("ringtrip.rang", f.Rang), attribute.String("ringtrip.not_rung", f.NotRung),
			attribute.String("ringtrip.app_version", f.Device.AppVersion), attribute.String("ringtrip.os", system(f.Device)))...))
		leg.End(trace.WithTimestamp(now))
	}
	if c.Ended {
		ctx := context.WithValue(context.Background(), wholeCall{}, c.Call)
		_, whole := t.tracer.Start(ctx, "call", trace.WithNewRoot(), trace.WithTimestamp(c.CreatedAt), trace.WithAttributes(append(about(c.App, c.Call),
			attribute.String("ringtrip.reason", c.Reason.String()), attribute.Bool("ringtrip.answered", !c.AnsweredAt.IsZero()))...))
		whole.End(trace.WithTimestamp(c.EndedAt))
	}
}

func about(app, call string) []attribute.KeyValue {
	return []attribute.KeyValue{attribute.String("ringtrip.app", app), attribute.String("ringtrip.call_id", call)}
}

// Pushing implements [server.Observer].
func (t *Tracing) Pushing(ctx context.Context, p server.PushStart) (context.Context, func(push.Receipt, error)) {
	ctx, span := t.tracer.Start(root(ctx, p.Call), "push", trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(append(about(p.App, p.Call),
		attribute.String("ringtrip.device_id", p.Device.ID), attribute.String("ringtrip.bundle_id", p.BundleID), attribute.String("ringtrip.environment", p.Environment.String()))...))
	return ctx, func(r push.Receipt, err error) {
		attempts := r.Attempts
		if why := (*push.Error)(nil); errors.As(err, &why) {
			attempts = why.Attempts
			span.SetAttributes(attribute.Int("ringtrip.apns_status", why.Status), attribute.String("ringtrip.apns_reason", why.Reason))
			span.SetStatus(codes.Error, why.Reason)
		} else if err != nil {
			span.SetStatus(codes.Error, err.Error())
		} else {
			span.SetAttributes(attribute.String("ringtrip.apns_id", r.ID))
		}
		span.SetAttributes(attribute.Int("ringtrip.attempts", attempts))
		span.End()
	}
}
