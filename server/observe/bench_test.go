package observe_test

import (
	"context"
	"testing"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/push"
	"github.com/ringtrip/ringtrip/server"
	"github.com/ringtrip/ringtrip/server/observe"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// nowhere takes spans and keeps none.
type nowhere struct{}

func (nowhere) ExportSpans(_ context.Context, spans []sdktrace.ReadOnlySpan) error {
	for _, s := range spans { // as one that sends them
		_, _, _, _ = s.Name(), s.Attributes(), s.Events(), s.Status()
	}
	return nil
}
func (nowhere) Shutdown(context.Context) error { return nil }

// oneCall tells an Observer of one call to one phone: six commits and a push.
func oneCall(o server.Observer, id string, began time.Time) {
	ctx := context.Background()
	device := server.Device{ID: "bob-1", Platform: "ios", AppVersion: "2.4.1", OSVersion: "18.1"}
	commit := func(change server.Change, stages ...v1.Stage) {
		change.App, change.Call, change.CreatedAt, change.Took, change.Events = "shop", id, began, 300*time.Microsecond, 2
		for _, s := range stages {
			change.Stages = append(change.Stages, server.Stage{Stage: s, Device: device, At: began.Add(time.Second)})
		}
		o.Committed(ctx, change)
	}
	_, done := o.Pushing(ctx, server.PushStart{App: "shop", Call: id, BundleID: "com.example.shop", Device: device, CreatedAt: began, Environment: push.Production})
	commit(server.Change{}, v1.Stage_STAGE_STARTED)
	done(push.Receipt{ID: id, Attempts: 1, Latency: 40 * time.Millisecond, Environment: push.Production}, nil)
	commit(server.Change{}, v1.Stage_STAGE_ACCEPTED)
	commit(server.Change{}, v1.Stage_STAGE_WOKE, v1.Stage_STAGE_REPORTED, v1.Stage_STAGE_RINGING)
	answered := began.Add(3 * time.Second)
	commit(server.Change{AnsweredAt: answered, RingOver: []server.Fate{{Device: device, Rang: true}}}, v1.Stage_STAGE_ANSWERED)
	commit(server.Change{AnsweredAt: answered}, v1.Stage_STAGE_MEDIA_CONNECTED, v1.Stage_STAGE_AUDIO_ACTIVE, v1.Stage_STAGE_FIRST_MEDIA)
	commit(server.Change{AnsweredAt: answered, Ended: true, EndedAt: answered.Add(time.Minute), Reason: call.HungUp}, v1.Stage_STAGE_ENDED, v1.Stage_STAGE_CALL_ENDED)
}

// BenchmarkObserver is what watching costs a call: an operation is one whole call, without its requests' spans.
func BenchmarkObserver(b *testing.B) {
	traced := func(ratio float64) server.Observer {
		t, err := observe.NewTracing(observe.TraceConfig{Exporter: nowhere{}, Ratio: ratio})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = t.Close(context.Background()) })
		return t
	}
	for _, c := range []struct {
		name string
		o    server.Observer
	}{
		{"metrics", observe.NewMetrics("")},
		{"traces", traced(1)},
		{"traces-of-1-percent", traced(.01)},
		{"both", observe.All(observe.NewMetrics(""), traced(1))},
	} {
		b.Run(c.name, func(b *testing.B) {
			began := time.Now()
			ids := make([]string, 1024)
			for i := range ids {
				ids[i] = time.Unix(int64(i), 0).UTC().Format("20060102-1504-7405-8005-060708090a0b")
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				oneCall(c.o, ids[i%len(ids)], began)
			}
		})
	}
}
