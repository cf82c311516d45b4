package server_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/carrier"
	"github.com/ringtrip/ringtrip/server"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// A carrier's keys are exchanged while the server runs and a call is up: from then on credentials are the new one's, also for the call
// that began before, webhooks with the old secret are refused, and who ends the call at the carrier has the new keys.
func TestCarrierKeysChange(t *testing.T) {
	before, after := newFake("roomy", rooms), newFake("roomy", rooms)
	after.word = "new sesame"
	for f, by := range map[*fake]string{before: "old key", after: "new key"} {
		f.mint = func(carrier.Join) (json.RawMessage, error) { return json.Marshal(by) }
	}
	var apps []server.App
	inBubble(t, func(c *server.Config) { withCarrier(before)(c); apps = append(apps, c.Apps...) }, func(t *testing.T, w *world) {
		after.begin()
		a, b := w.phone("alice", "a1", ""), w.phone("bob", "b1", voip(2))
		id := a.call("bob").Id
		if got := creds(must(b.answer(id))); got != `"old key"` {
			t.Errorf("before, credentials are by %s", got)
		}
		w.says("roomy", carrier.Event{Kind: carrier.Joined, Call: id, User: "bob", Device: "b1", At: time.Now()})

		apps[0].Carriers = []carrier.Carrier{after}
		if err := w.s.SetApps(apps); err != nil {
			t.Fatal(err)
		}
		if got := creds(must(b.get(id))); got != `"new key"` {
			t.Errorf("after, credentials are by %s", got)
		}
		left := fakeHook{Event: &carrier.Event{Kind: carrier.Left, Call: id, User: "bob", Device: "b1", At: time.Now()}}
		if status, _ := w.hook("roomy", "event", left); status != http.StatusForbidden {
			t.Errorf("a webhook with the old secret is answered %d", status)
		}
		if status, _ := w.hook("roomy", "event", left, func(r *http.Request) { r.Header.Set("Password", after.word) }); status != http.StatusOK {
			t.Errorf("a webhook with the new secret is answered %d", status)
		}
		must(a.end(id, v1.EndReason_END_REASON_HUNGUP))
		if got := after.next(t); got != "end "+id {
			t.Errorf("the carrier with the new keys was asked %q", got)
		}
		before.idle(t)
	})
}
