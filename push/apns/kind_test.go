package apns_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ringtrip/ringtrip/push"
	"github.com/ringtrip/ringtrip/push/apnstest"
)

// alert is an alert to a new phone of the world.
func (w *world) alert() push.Push {
	p := w.push()
	p.Kind = push.Alert
	p.Token = w.srv.IssueAlertToken(bundle, push.Production, func(d apnstest.Delivery) { w.got <- d })
	p.Payload = []byte(`{"aps":{"alert":{"title-loc-key":"MISSED"}}}`)
	return p
}

func TestAlert(t *testing.T) {
	w := newWorld(t, apnstest.Config{}, nil)
	p := w.alert()
	p.CollapseID = "missed-alice"
	p.Expires = w.clock.now().Add(time.Hour)
	if r := w.mustSend(p); r.ID != p.ID || r.Attempts != 1 {
		t.Errorf("receipt %+v", r)
	}
	if d := <-w.got; d.PushType != "alert" || d.BundleID != bundle || d.CollapseID != "missed-alice" || d.ID != p.ID {
		t.Errorf("delivered %+v", d)
	}
	q := w.srv.Requests()[0]
	for name, want := range map[string]string{
		"Apns-Topic": bundle, "Apns-Push-Type": "alert", "Apns-Priority": "10", "Apns-Collapse-Id": "missed-alice",
		"Apns-Expiration": strconv.FormatInt(p.Expires.Unix(), 10),
	} {
		if got := q.Header[name]; len(got) != 1 || got[0] != want {
			t.Errorf("%s = %q, want %q once", name, got, want)
		}
	}
	p.ID, p.Expires = uuid.NewString(), time.Time{}
	w.mustSend(p)
	if got := w.srv.Requests()[1].Header.Get("Apns-Expiration"); got != "0" {
		t.Errorf("apns-expiration %q without Expires, want 0", got)
	}
}

// TestAlertWaitsForPhone: an alert with a later expiration reaches a phone that comes online before it; a VoIP push does not.
func TestAlertWaitsForPhone(t *testing.T) {
	w := newWorld(t, apnstest.Config{}, nil)
	p := w.alert()
	p.Expires = w.clock.now().Add(time.Hour)
	w.srv.SetOnline(p.Token, false)
	w.srv.SetOnline(w.token, false)
	w.mustSend(p)
	w.mustSend(w.push())
	w.clock.add(59 * time.Minute)
	w.srv.SetOnline(p.Token, true)
	w.srv.SetOnline(w.token, true)
	w.srv.Close()
	close(w.got)
	n := 0
	for d := range w.got {
		n++
		if d.ID != p.ID || !d.Late {
			t.Errorf("delivered %+v", d)
		}
	}
	if n != 1 {
		t.Errorf("%d deliveries, want the alert only", n)
	}
}

// TestTokensOfKindsDiffer: a VoIP token takes no alerts and the reverse.
func TestTokensOfKindsDiffer(t *testing.T) {
	w := newWorld(t, apnstest.Config{}, nil)
	p := w.push()
	p.Kind = push.Alert
	if e := w.refused(p); e.Reason != "DeviceTokenNotForTopic" {
		t.Errorf("%+v", e)
	}
	p = w.alert()
	p.Kind = push.VoIP
	if e := w.refused(p); e.Reason != "DeviceTokenNotForTopic" {
		t.Errorf("%+v", e)
	}
}

func TestKindsAreChecked(t *testing.T) {
	w := newWorld(t, apnstest.Config{}, nil)
	for name, c := range map[string]struct {
		reason string
		change func(*push.Push)
	}{
		"kind":                  {"bad kind", func(p *push.Push) { p.Kind = 2 }},
		"VoIP expiration":       {"bad expiration", func(p *push.Push) { p.Expires = w.clock.now().Add(time.Hour) }},
		"expiration in 1969":    {"bad expiration", func(p *push.Push) { p.Kind, p.Expires = push.Alert, time.Unix(-1, 0) }},
		"long alert":            {"payload too long", func(p *push.Push) { p.Kind, p.Payload = push.Alert, sized(4097) }},
		"long alert and small":  {"payload too long", func(p *push.Push) { p.Kind, p.Payload, p.Small = push.Alert, sized(4097), sized(4097) }},
		"small is not JSON":     {"payload is not JSON", func(p *push.Push) { p.Small = []byte("c1") }},
		"payload is white":      {"payload empty", func(p *push.Push) { p.Payload = []byte(" \n") }},
		"small VoIP is no help": {"payload too long", func(p *push.Push) { p.Small = sized(5121) }},
	} {
		p := w.push()
		c.change(&p)
		if e := w.refused(p); e.Reason != c.reason || e.Attempts != 0 || e.Hint == "" {
			t.Errorf("%s: %+v, want %q", name, e, c.reason)
		}
	}
	p := w.alert()
	p.Payload = sized(4096)
	w.mustSend(p)
}

// TestSmallPayload: a payload that is too long, here or to APNs, is replaced by the small one, once.
func TestSmallPayload(t *testing.T) {
	w := newWorld(t, apnstest.Config{}, nil)
	small := []byte(`{"call":"c1"}`)
	p := w.push()
	p.Payload, p.Small = sized(5121), small
	if r := w.mustSend(p); !r.Small || r.Attempts != 1 {
		t.Errorf("receipt %+v, want the small payload at once", r)
	}
	if d := <-w.got; string(d.Payload) != string(small) {
		t.Errorf("delivered %s", d.Payload)
	}

	p = w.push()
	p.Small = small
	if r := w.mustSend(p); r.Small {
		t.Errorf("receipt %+v: nothing was too long", r)
	}
	if d := <-w.got; string(d.Payload) != string(p.Payload) {
		t.Errorf("delivered %s", d.Payload)
	}

	p.ID = uuid.NewString()
	w.srv.FailNext(1, 413, "PayloadTooLarge")
	if r := w.mustSend(p); !r.Small || r.Attempts != 2 {
		t.Errorf("receipt %+v, want the small payload after 413", r)
	}
	d := <-w.got
	if string(d.Payload) != string(small) || d.ID != p.ID {
		t.Errorf("delivered %+v", d)
	}

	w.srv.FailNext(2, 413, "PayloadTooLarge")
	if e := w.refused(p); e.Attempts != 2 || e.Reason != "PayloadTooLarge" || e.Verdict != push.GiveUp {
		t.Errorf("%+v, want two attempts", e)
	}

	// Both at once: the token is of the other environment and the payload too long there.
	p = w.push()
	p.Small = small
	p.Token = w.srv.IssueToken(bundle, push.Sandbox, nil)
	w.srv.Inject(apnstest.Fault{Action: apnstest.Refuse, Environment: push.Sandbox, Status: 413, Reason: "PayloadTooLarge"})
	if r := w.mustSend(p); !r.Small || r.Environment != push.Sandbox {
		t.Errorf("receipt %+v", r)
	}
}
