package observe_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/push"
	"github.com/ringtrip/ringtrip/server"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// TestSpansHoldNoSecrets puts secrets where errors and devices may bring them: none leaves in a span.
func TestSpansHoldNoSecrets(t *testing.T) {
	tr, spans, _ := tracing(t, 1)
	token := strings.Repeat("0123456789abcdef", 4)
	secrets := []string{token, "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJzaG9wIn0.MARKED", "rtk_abcdEFGH_MARKEDMARKEDMARKED", "whsec_MARKED/MARKED="}
	for _, secret := range secrets {
		failure := errors.New("Post https://api.push.apple.com/3/device/" + secret + ": EOF")
		tr.Committed(t.Context(), server.Change{App: secret, Call: "c1", CreatedAt: time.Now(), Err: failure,
			Stages: []server.Stage{{Stage: v1.Stage_STAGE_WOKE, Device: server.Device{ID: secret}, At: time.Now()}}})
		tr.Committed(t.Context(), server.Change{App: "shop", Call: "c1", CreatedAt: time.Now(), Ended: true, EndedAt: time.Now(),
			RingOver: []server.Fate{{Device: server.Device{ID: "b1", AppVersion: secret}}}})
		_, done := tr.Pushing(t.Context(), server.PushStart{App: "shop", Call: "c1", BundleID: secret})
		done(push.Receipt{}, failure)
		_, done = tr.Pushing(t.Context(), server.PushStart{App: "shop", Call: "c1"})
		done(push.Receipt{}, &push.Error{Status: 400, Reason: secret})
	}
	all, n := fmt.Sprintf("%+v", spans.GetSpans()), 0
	for _, s := range spans.GetSpans() {
		for _, a := range s.Attributes {
			all += fmt.Sprintf("\n%s=%s", a.Key, a.Value.String())
		}
		for _, e := range s.Events {
			for _, a := range e.Attributes {
				all += fmt.Sprintf("\n%s=%s", a.Key, a.Value.String())
			}
		}
		if s.Status.Description != "" {
			n++
		}
		all += "\n" + s.Status.Description
	}
	for _, secret := range append(secrets, "MARKED") {
		if strings.Contains(all, secret) {
			t.Errorf("%q is in a span", secret)
		}
	}
	// What is no secret stays.
	for _, want := range []string{"[redacted]", "api.push.apple.com/3/device/", "ringtrip.call_id=c1", "ringtrip.device_id=b1"} {
		if !strings.Contains(all, want) {
			t.Errorf("the spans do not have %q", want)
		}
	}
	if n == 0 {
		t.Error("no span says what failed")
	}
}
