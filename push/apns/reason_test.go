package apns_test

import (
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/push"
	"github.com/ringtrip/ringtrip/push/apns"
	"github.com/ringtrip/ringtrip/push/apnstest"
)

// TestEveryReason has APNs give each reason of the table, over the wire, forever.
func TestEveryReason(t *testing.T) {
	died := time.UnixMilli(1_799_999_123_456)
	for _, r := range apns.Reactions() {
		t.Run(r.Reason, func(t *testing.T) {
			w := newWorld(t, apnstest.Config{}, nil)
			w.clock.add(6 * time.Minute)
			w.mustSend(w.push()) // the connection is good
			f := apnstest.Fault{Action: apnstest.Refuse, Times: 1000, Status: r.Status, Reason: r.Reason}
			if r.Status == 410 {
				f.Timestamp = died
			}
			w.srv.Inject(f)
			w.clock.add(48 * time.Minute) // the provider token is old enough to be minted again
			p := w.push()
			e := w.refused(p)
			if e.Status != r.Status || e.Reason != r.Reason || e.Verdict != r.Verdict || e.Hint == "" {
				t.Errorf("error %+v, want status %d reason %s verdict %d and a hint", e, r.Status, r.Reason, r.Verdict)
			}
			want := 1
			switch {
			case r.Elsewhere:
				want = 5
			case r.Remint, r.OtherWorld, r.Reason == "TopicDisallowed": // asked again on a new connection
				want = 2
			}
			reqs := w.srv.Requests()[1:]
			if e.Attempts != want || len(reqs) != want {
				t.Errorf("%d attempts, %d requests, want %d", e.Attempts, len(reqs), want)
			}
			for i, q := range reqs {
				if q.Header.Get("Apns-Id") != p.ID {
					t.Errorf("request %d has apns-id %q, want %q on every retry", i, q.Header.Get("Apns-Id"), p.ID)
				}
				if r.Elsewhere && i > 0 && q.Connection == reqs[i-1].Connection {
					t.Errorf("retry %d went out on connection %d again", i, q.Connection)
				}
			}
			if r.Remint && reqs[0].Header.Get("Authorization") == reqs[1].Header.Get("Authorization") {
				t.Error("the retry used the expired token")
			}
			if r.OtherWorld && reqs[1].Environment != push.Sandbox {
				t.Error("the second attempt was not in the sandbox")
			}
			if (e.Verdict == push.DropToken) != e.Timestamp.Equal(died) {
				t.Errorf("timestamp %v with verdict %d", e.Timestamp, e.Verdict)
			}
			w.srv.ClearFaults()
			w.mustSend(w.push()) // no refusal spoils the sender
			log := w.srv.Requests()
			next := log[len(log)-1].Connection
			for _, q := range reqs {
				if r.Replace && q.Connection == next {
					t.Errorf("connection %d is still in use", next)
				}
			}
			if r.Reason == "TopicDisallowed" && reqs[0].Connection == reqs[1].Connection {
				t.Error("an old connection was asked twice about a topic")
			}
			if !r.Replace && !r.Elsewhere && r.Reason != "TopicDisallowed" && w.srv.Connections(push.Production) != 1 {
				t.Error("the connection was replaced for nothing")
			}
		})
	}
}

// TestTableCoversApple checks the table against Apple's catalogue, typed off independently.
func TestTableCoversApple(t *testing.T) {
	catalogue := map[int][]string{
		400: {"BadCollapseId", "BadDeviceToken", "BadExpirationDate", "BadMessageId", "BadPriority", "BadTopic", "DeviceTokenNotForTopic", "DuplicateHeaders", "IdleTimeout", "InvalidPushType", "MissingDeviceToken", "MissingTopic", "PayloadEmpty", "TopicDisallowed"},
		403: {"BadCertificate", "BadCertificateEnvironment", "ExpiredProviderToken", "Forbidden", "InvalidProviderToken", "MissingProviderToken", "UnrelatedKeyIdInToken", "BadEnvironmentKeyIdInToken", "BadEnvironmentKeyInToken"},
		404: {"BadPath"},
		405: {"MethodNotAllowed"},
		410: {"ExpiredToken", "Unregistered"},
		413: {"PayloadTooLarge"},
		429: {"TooManyProviderTokenUpdates", "TooManyRequests"},
		500: {"InternalServerError"},
		503: {"ServiceUnavailable", "Shutdown"},
	}
	table := map[string]int{}
	for _, r := range apns.Reactions() {
		if _, twice := table[r.Reason]; twice {
			t.Errorf("%s is in the table twice", r.Reason)
		}
		table[r.Reason] = r.Status
	}
	n := 0
	for status, reasons := range catalogue {
		for _, reason := range reasons {
			n++
			if table[reason] != status {
				t.Errorf("%s has status %d in the table, want %d", reason, table[reason], status)
			}
		}
	}
	if n != len(table) {
		t.Errorf("the table has %d reasons, the catalogue %d", len(table), n)
	}
}

func TestUnknownReasons(t *testing.T) {
	for _, c := range []struct {
		status   int
		reason   string
		verdict  push.Verdict
		attempts int
	}{
		{400, "SomethingNew", push.GiveUp, 1},
		{403, "NewKeyTrouble", push.FixConfig, 1},
		{410, "GoneForGood", push.DropToken, 1},
		{418, "", push.GiveUp, 1},
		{429, "SlowDown", push.GiveUp, 1},
		{500, "", push.GiveUp, 5},
		{502, "Gateway", push.GiveUp, 5},
		{302, "", push.GiveUp, 1},
	} {
		w := newWorld(t, apnstest.Config{}, nil)
		w.srv.FailNext(1000, c.status, c.reason)
		e := w.refused(w.push())
		want := c.reason
		if want == "" {
			want = "unknown"
		}
		if e.Verdict != c.verdict || e.Attempts != c.attempts || e.Reason != want || e.Status != c.status || e.Hint == "" {
			t.Errorf("%d %s: %+v, want verdict %d after %d attempts", c.status, c.reason, e, c.verdict, c.attempts)
		}
		if !e.Timestamp.IsZero() {
			t.Errorf("%d %s: timestamp %v out of nothing", c.status, c.reason, e.Timestamp)
		}
	}
}
