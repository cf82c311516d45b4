package observe_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"connectrpc.com/connect"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/ringtrip/ringtrip/push"
	"github.com/ringtrip/ringtrip/server"
	"github.com/ringtrip/ringtrip/server/observe"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// tracing starts tracing into memory.
func tracing(t *testing.T, ratio float64) (*observe.Tracing, *tracetest.InMemoryExporter, []connect.Interceptor) {
	t.Helper()
	spans := tracetest.NewInMemoryExporter()
	tr, err := observe.NewTracing(observe.TraceConfig{Exporter: spans, Ratio: ratio, Synchronous: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tr.Close(context.Background()) })
	in, err := tr.Interceptors()
	if err != nil {
		t.Fatal(err)
	}
	return tr, spans, in
}

// TestOneTrace makes one whole call: its requests, commits, push and leg are one tree, under the call itself.
func TestOneTrace(t *testing.T) {
	tr, spans, in := tracing(t, 1)
	w := newWorld(t, func(c *server.Config) { c.Observer, c.Interceptors = tr, in })
	id := w.call()
	wantTrace, wantRoot := observe.TraceOf(id)
	known := map[trace.SpanID]string{}
	names := map[string]int{}
	for _, s := range spans.GetSpans() {
		if s.SpanContext.TraceID() == wantTrace {
			known[s.SpanContext.SpanID()] = s.Name
			names[s.Name]++
		}
	}
	if known[wantRoot] != "call" {
		t.Errorf("the span of the whole call is %q", known[wantRoot])
	}
	for name, n := range map[string]int{"call": 1, "leg": 1, "push": 1, "store.commit": 6, "ringtrip.v1.PhoneService/Start": 1,
		"ringtrip.v1.PhoneService/Ack": 2, "ringtrip.v1.PhoneService/Answer": 1, "ringtrip.v1.PhoneService/End": 1} {
		if names[name] != n {
			t.Errorf("the trace has %d spans %s, want %d", names[name], name, n)
		}
	}
	var events []string
	for _, s := range spans.GetSpans() {
		if s.SpanContext.TraceID() != wantTrace {
			if s.Name != "ringtrip.v1.PhoneService/RegisterDevice" {
				t.Errorf("%s is not in the call's trace", s.Name)
			}
			continue
		}
		if s.Parent.IsValid() && known[s.Parent.SpanID()] == "" {
			t.Errorf("the parent of %s is not in the trace", s.Name)
		}
		if !s.Parent.IsValid() && s.Name != "call" {
			t.Errorf("%s has no parent", s.Name)
		}
		for _, e := range s.Events {
			events = append(events, e.Name)
		}
	}
	for _, stage := range []string{"started", "accepted", "woke", "reported", "ringing", "answered", "audio_active", "first_media", "call_ended"} {
		if !slices.Contains(events, stage) {
			t.Errorf("no span has the event %s: %v", stage, events)
		}
	}
}

// TestForeignTrace: the trace of a client is linked to, never joined; an id that is no call's is left alone.
func TestForeignTrace(t *testing.T) {
	tr, spans, in := tracing(t, 1)
	w := newWorld(t, func(c *server.Config) { c.Observer, c.Interceptors = tr, in })
	w.device("alice", "a1", "", "")
	w.device("bob", "b1", "", "")
	r := connect.NewRequest(&v1.StartRequest{DeviceId: "a1", Callee: "bob"})
	r.Header().Set("Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	id := must[v1.StartResponse](t)(w.as("alice").Start(t.Context(), r)).Call.Id
	if err := w.server.Idle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := w.as("alice").End(t.Context(), connect.NewRequest(&v1.EndRequest{DeviceId: "a1", CallId: "no id"})); err == nil {
		t.Error("ending no call succeeded")
	}
	want, _ := observe.TraceOf(id)
	for _, s := range spans.GetSpans() {
		if s.Name != "ringtrip.v1.PhoneService/Start" {
			continue
		}
		if s.SpanContext.TraceID() != want || len(s.Links) != 1 || s.Links[0].SpanContext.TraceID().String() != "0af7651916cd43dd8448eb211c80319c" {
			t.Errorf("Start is in trace %s with links %v", s.SpanContext.TraceID(), s.Links)
		}
	}
}

// TestSampling: a call is traced whole or not at all, and about as many as the ratio says.
func TestSampling(t *testing.T) {
	tr, spans, _ := tracing(t, 0.5)
	const n = 1000
	whole := 0
	for i := range n {
		spans.Reset()
		id := server.NewCallID(time.Now(), i%1024)
		_, done := tr.Pushing(t.Context(), server.PushStart{Call: id})
		done(push.Receipt{}, &push.Error{Reason: "Unregistered"})
		tr.Committed(t.Context(), server.Change{Call: id, CreatedAt: time.Now(), EndedAt: time.Now(), Ended: true, RingOver: []server.Fate{{}}})
		switch len(spans.GetSpans()) {
		case 0:
		case 4:
			whole++
		default:
			t.Fatalf("call %s has %d spans, want all 4 or none", id, len(spans.GetSpans()))
		}
	}
	if whole < n/2-100 || whole > n/2+100 {
		t.Errorf("%d of %d calls are traced, want about half", whole, n)
	}
	for _, ratio := range []float64{-1, 2} {
		if _, err := observe.NewTracing(observe.TraceConfig{Exporter: spans, Ratio: ratio}); err == nil {
			t.Errorf("the ratio %g was taken", ratio)
		}
	}
	if _, err := observe.NewTracing(observe.TraceConfig{}); err == nil {
		t.Error("no exporter was taken")
	}
}

// TestOTLP sends spans to a collector on this machine.
func TestOTLP(t *testing.T) {
	got := make(chan []byte, 1)
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		if r.URL.Path == "/v1/traces" {
			got <- b
		}
	}))
	defer collector.Close()
	for name, endpoint := range map[string]string{"by flag": collector.URL + "/v1/traces", "by environment": ""} {
		t.Run(name, func(t *testing.T) {
			if endpoint == "" {
				t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.URL)
			}
			exporter, err := observe.OTLP(t.Context(), endpoint)
			if err != nil {
				t.Fatal(err)
			}
			tr, err := observe.NewTracing(observe.TraceConfig{Exporter: exporter, Ratio: 1})
			if err != nil {
				t.Fatal(err)
			}
			tr.Committed(t.Context(), server.Change{Call: "c", App: "shop", CreatedAt: time.Now(), EndedAt: time.Now(), Ended: true})
			if err := tr.Close(context.Background()); err != nil {
				t.Fatal(err)
			}
			if b := <-got; !bytes.Contains(b, []byte("store.commit")) || !bytes.Contains(b, []byte("ringtrip.call_id")) {
				t.Errorf("the collector got %q", b)
			}
		})
	}
	http.DefaultClient.CloseIdleConnections()
}
