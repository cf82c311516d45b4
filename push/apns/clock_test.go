package apns_test

import (
	"strings"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/push"
	"github.com/ringtrip/ringtrip/push/apns"
	"github.com/ringtrip/ringtrip/push/apnstest"
)

// skewed is a world whose APNs has a clock that is ahead of the sender's.
func skewed(t *testing.T, ahead time.Duration) *world {
	apple := &clock{t: time.Unix(1_800_000_000, 0)}
	w := newWorld(t, apnstest.Config{Now: apple.now}, nil)
	w.clock.add(-ahead)
	return w
}

func TestClockSkewIsTolerated(t *testing.T) {
	for _, ahead := range []time.Duration{-4 * time.Minute, 0, 4 * time.Minute} {
		w := skewed(t, ahead)
		if r := w.mustSend(w.push()); r.Attempts != 1 {
			t.Errorf("%v: %d attempts", ahead, r.Attempts)
		}
	}
}

// TestExpiredTokenIsMintedOnce: the sender's clock is 12 minutes behind and its token 50 minutes old; to APNs it is 62.
func TestExpiredTokenIsMintedOnce(t *testing.T) {
	w := skewed(t, 12*time.Minute)
	apple := &clock{t: time.Unix(1_800_000_000, 0)}
	for { // move both clocks to where the token is 50 minutes old
		_, issued, err := w.newSender(nil).Authorization()
		if err != nil {
			t.Fatal(err)
		}
		if w.clock.now().Sub(issued) == 50*time.Minute {
			break
		}
		w.clock.add(time.Minute)
		apple.add(time.Minute)
	}
	behind := w.clock.now()
	w = newWorld(t, apnstest.Config{Now: apple.now}, func(c *apns.Config) { c.Backoff = []time.Duration{} }) // a fresh token is no retry
	w.clock.add(behind.Sub(w.clock.now()))
	_, errs := w.burst(50)
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
	bearers := map[string]bool{}
	expired := 0
	for _, q := range w.srv.Requests() {
		bearers[q.Header.Get("Authorization")] = true
		if q.Reason == "ExpiredProviderToken" {
			expired++
		}
	}
	if len(bearers) != 2 {
		t.Errorf("%d different tokens, want the scheduled one and one more", len(bearers))
	}
	if expired == 0 {
		t.Error("the token did not expire: the test's clocks are wrong")
	}
	if n := w.srv.Connections(push.Production); n != 1 {
		t.Errorf("%d connections", n)
	}
}

// TestClockFarBehind: a clock that is hours behind can't be helped; the error says what to do.
func TestClockFarBehind(t *testing.T) {
	w := skewed(t, 3*time.Hour)
	e := w.refused(w.push())
	if e.Verdict != push.FixConfig || e.Reason != "ExpiredProviderToken" || !strings.Contains(e.Hint, "clock") {
		t.Errorf("%+v, want FixConfig and a word about the clock", e)
	}
	w = skewed(t, -3*time.Hour)
	e = w.refused(w.push())
	if e.Verdict != push.FixConfig || e.Reason != "InvalidProviderToken" || !strings.Contains(e.Hint, "clock") {
		t.Errorf("%+v, want FixConfig and a word about the clock", e)
	}
}
