package observe

import (
	"context"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/ringtrip/ringtrip/internal/scrub"
)

// clean is an exporter that takes secrets out of spans, as the log's handler does out of records: errors of libraries
// repeat URLs, and a URL of APNs ends with a push token.
type clean struct{ sdktrace.SpanExporter }

// ExportSpans implements [sdktrace.SpanExporter].
func (c clean) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	washed := make([]sdktrace.ReadOnlySpan, len(spans))
	for i, s := range spans {
		washed[i] = cleanSpan{s}
	}
	return c.SpanExporter.ExportSpans(ctx, washed)
}

// cleanSpan is a span as it may be seen.
type cleanSpan struct{ sdktrace.ReadOnlySpan }

// Name implements [sdktrace.ReadOnlySpan].
func (s cleanSpan) Name() string { return scrub.Text(s.ReadOnlySpan.Name()) }

// Attributes implements [sdktrace.ReadOnlySpan].
func (s cleanSpan) Attributes() []attribute.KeyValue { return wash(s.ReadOnlySpan.Attributes()) }

// Status implements [sdktrace.ReadOnlySpan].
func (s cleanSpan) Status() sdktrace.Status {
	now := s.ReadOnlySpan.Status()
	now.Description = scrub.Text(now.Description)
	return now
}

// Events implements [sdktrace.ReadOnlySpan].
func (s cleanSpan) Events() []sdktrace.Event {
	all := append([]sdktrace.Event(nil), s.ReadOnlySpan.Events()...)
	for i := range all {
		all[i].Name, all[i].Attributes = scrub.Text(all[i].Name), wash(all[i].Attributes)
	}
	return all
}

// Links implements [sdktrace.ReadOnlySpan].
func (s cleanSpan) Links() []sdktrace.Link {
	all := append([]sdktrace.Link(nil), s.ReadOnlySpan.Links()...)
	for i := range all {
		all[i].Attributes = wash(all[i].Attributes)
	}
	return all
}

// wash returns attributes without secrets. The last part of a key is its name: "rpc.request.metadata.authorization".
func wash(all []attribute.KeyValue) []attribute.KeyValue {
	washed := append([]attribute.KeyValue(nil), all...)
	for i, a := range washed {
		name := string(a.Key)
		name = name[strings.LastIndexByte(name, '.')+1:]
		switch a.Value.Type() {
		case attribute.STRING:
			washed[i].Value = attribute.StringValue(scrub.Value(name, a.Value.AsString()))
		case attribute.STRINGSLICE:
			texts := append([]string(nil), a.Value.AsStringSlice()...)
			for n := range texts {
				texts[n] = scrub.Value(name, texts[n])
			}
			washed[i].Value = attribute.StringSliceValue(texts)
		}
	}
	return washed
}
