package observe_test

import (
	"context"
	"fmt"
	"io"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/push"
	"github.com/ringtrip/ringtrip/server"
	"github.com/ringtrip/ringtrip/server/observe"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
	"github.com/ringtrip/ringtrip/store"
)

// scrape returns the metrics as a scraper gets them.
func scrape(t *testing.T, m *observe.Metrics) string {
	t.Helper()
	r := httptest.NewRecorder()
	m.Handler().ServeHTTP(r, httptest.NewRequest("GET", "/metrics", nil))
	b, err := io.ReadAll(r.Body)
	if err != nil || r.Code != 200 {
		t.Fatalf("/metrics: %d, %v", r.Code, err)
	}
	return string(b)
}

func wantLines(t *testing.T, text string, lines ...string) {
	t.Helper()
	have := map[string]bool{}
	for l := range strings.Lines(text) {
		have[strings.TrimSpace(l)] = true
	}
	for _, l := range lines {
		if !have[l] {
			t.Errorf("the metrics lack %q", l)
		}
	}
	if t.Failed() {
		for l := range strings.Lines(text) {
			if strings.HasPrefix(l, "ringtrip_") && !strings.Contains(l, "_bucket") {
				t.Log(strings.TrimSpace(l))
			}
		}
	}
}

// TestOneCall makes one whole call, and a request that fails, and looks at every metric.
func TestOneCall(t *testing.T) {
	m := observe.NewMetrics("v1.2.3")
	w := newWorld(t, func(c *server.Config) {
		c.Observer, c.Interceptors = m, []connect.Interceptor{m.Interceptor()}
	})
	m.Watch(w.server, w.store)
	w.call()
	_, err := w.as("alice").Start(t.Context(), connect.NewRequest(&v1.StartRequest{DeviceId: "a1", Callee: "nobody"}))
	if connect.CodeOf(err) != connect.CodeNotFound {
		t.Fatalf("calling nobody: %v", err)
	}
	wantLines(t, scrape(t, m),
		`ringtrip_build_info{version="v1.2.3"} 1`,
		`ringtrip_calls_started_total{app="shop"} 1`,
		`ringtrip_calls_ended_total{app="shop",reason="hungup"} 1`,
		`ringtrip_legs_total{app="shop",app_version="1.1",os="ios 18",outcome="rang"} 1`,
		`ringtrip_pushes_total{app="shop",environment="sandbox",reason="accepted"} 1`,
		`ringtrip_push_attempts_total{app="shop"} 1`,
		`ringtrip_push_seconds_count{app="shop"} 1`,
		`ringtrip_stage_seconds_count{app="shop",stage="accepted"} 1`,
		`ringtrip_stage_seconds_count{app="shop",stage="woke"} 1`,
		`ringtrip_stage_seconds_count{app="shop",stage="reported"} 1`,
		`ringtrip_stage_seconds_count{app="shop",stage="ringing"} 1`,
		`ringtrip_stage_seconds_count{app="shop",stage="answered"} 1`,
		`ringtrip_stage_seconds_count{app="shop",stage="audio_active"} 1`,
		`ringtrip_stage_seconds_count{app="shop",stage="first_media"} 1`,
		`ringtrip_store_commits_total{result="ok"} 6`,
		`ringtrip_store_commit_seconds_count 6`,
		`ringtrip_requests_total{code="ok",method="PhoneService/Answer",problem=""} 1`,
		`ringtrip_requests_total{code="not_found",method="PhoneService/Start",problem="unknown_callee"} 1`,
		`ringtrip_request_seconds_count{method="PhoneService/Start"} 2`,
		`ringtrip_streams_open 0`, `ringtrip_pushes_pending 0`, `ringtrip_draining 0`,
		`ringtrip_calls_live 0`, `ringtrip_store_queue 0`, `ringtrip_store_up 1`,
	)
	w.server.Drain()
	wantLines(t, scrape(t, m), `ringtrip_draining 1`)
}

// TestNotRung holds every reason for which a leg does not ring against the counter.
func TestNotRung(t *testing.T) {
	m := observe.NewMetrics("")
	for reason := range server.NotRungReasons {
		m.Committed(t.Context(), server.Change{App: "shop", RingOver: []server.Fate{{NotRung: reason}}})
	}
	text := scrape(t, m)
	for reason := range server.NotRungReasons {
		wantLines(t, text, fmt.Sprintf(`ringtrip_legs_total{app="shop",app_version="unknown",os="unknown",outcome=%q} 1`, reason))
	}
}

// TestFewSeries lets devices and APNs say thousands of things: the number of series stays small.
func TestFewSeries(t *testing.T) {
	m := observe.NewMetrics("")
	for i := range 5000 {
		m.Committed(t.Context(), server.Change{App: "shop", RingOver: []server.Fate{{Rang: true, Device: server.Device{
			Platform: fmt.Sprint("os", i%70), AppVersion: fmt.Sprint("1.", i), OSVersion: "\xff" + fmt.Sprint(i),
		}}}})
		_, done := m.Pushing(t.Context(), server.PushStart{App: "shop", Environment: push.Production})
		done(push.Receipt{}, &push.Error{Reason: fmt.Sprint("Reason", i)})
	}
	legs, pushes := 0, 0
	for l := range strings.Lines(scrape(t, m)) {
		if strings.HasPrefix(l, "ringtrip_legs_total") {
			legs++
		}
		if strings.HasPrefix(l, "ringtrip_pushes_total") {
			pushes++
		}
	}
	if legs > 21*21 || legs < 21 || pushes != 65 {
		t.Errorf("%d series of legs, at most 441 are allowed; %d of pushes, want 65", legs, pushes)
	}
}

// TestTrouble counts what does not go well.
func TestTrouble(t *testing.T) {
	m := observe.NewMetrics("")
	now := time.Now()
	m.Committed(t.Context(), server.Change{App: "shop", Err: fmt.Errorf("x: %w", store.ErrConflict), Ended: true})
	m.Committed(t.Context(), server.Change{App: "shop", Err: context.DeadlineExceeded, Ended: true})
	// Media that connects before the answer, and a clock that went back, are no latency.
	m.Committed(t.Context(), server.Change{App: "shop", CreatedAt: now, Stages: []server.Stage{
		{Stage: v1.Stage_STAGE_MEDIA_CONNECTED, At: now}, {Stage: v1.Stage_STAGE_WOKE, At: now.Add(-time.Second)},
	}})
	m.Committed(t.Context(), server.Change{App: "shop", Ended: true, Reason: call.Unanswered})
	_, done := m.Pushing(t.Context(), server.PushStart{App: "shop", Environment: push.Production})
	done(push.Receipt{}, &push.Error{Status: 410, Reason: "Unregistered", Attempts: 2})
	_, done = m.Pushing(t.Context(), server.PushStart{App: "shop", Environment: push.Production})
	done(push.Receipt{}, context.Canceled)
	text := scrape(t, m)
	wantLines(t, text,
		`ringtrip_store_commits_total{result="conflict"} 1`,
		`ringtrip_store_commits_total{result="failed"} 1`,
		`ringtrip_store_commits_total{result="ok"} 2`,
		`ringtrip_calls_ended_total{app="shop",reason="unanswered"} 1`,
		`ringtrip_pushes_total{app="shop",environment="production",reason="Unregistered"} 1`,
		`ringtrip_pushes_total{app="shop",environment="production",reason="no_answer"} 1`,
		`ringtrip_push_attempts_total{app="shop"} 2`,
	)
	if strings.Contains(text, "ringtrip_stage_seconds_count") {
		t.Error("stages without a latency have one")
	}
}
