package daily

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/carrier"
	"github.com/ringtrip/ringtrip/carrier/carriertest"
)

var now = time.Unix(1700000000, 0)

func watcher(t testing.TB, secrets ...string) *Carrier {
	t.Helper()
	if len(secrets) == 0 {
		secrets = []string{"IDadt240r5u4q8GyLNZeaseQQVR3cJhDe097gmp+iog="}
	}
	c := Config{Domain: "example", DomainID: "30f866c3-9123-452a-8723-ff58322d09c5", APIKey: carrier.NewSecret("the key"), Watch: true}
	for _, s := range secrets {
		c.WebhookSecrets = append(c.WebhookSecrets, carrier.NewSecret(s))
	}
	d, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func hook(c *Carrier, body, at string) *carrier.Request {
	h := http.Header{}
	h.Set("Content-Type", "application/json")
	h.Set(headerTime, at)
	h.Set(headerSignature, sign(at, []byte(body), c.secrets[0]))
	return &carrier.Request{Method: http.MethodPost, Header: h, Body: []byte(body), Now: now}
}

func body(event, user, device string, caller bool) string {
	id, _ := UserID(callID, user, device, caller)
	return fmt.Sprintf(`{"version":"1.1.0","type":%q,"id":"ptcpt-1","payload":{"room":%q,"user_id":%q,"user_name":"x","session_id":"s1","joined_at":1699999990.123,"duration":9},"event_ts":1699999999.5}`, event, callID, id)
}

func TestWebhook(t *testing.T) {
	c := watcher(t)
	for _, test := range []struct {
		body, callee string
		kind         carrier.EventKind
		user, device string
		seq          uint64
	}{
		{body("participant.joined", "alice", "phone", true), "", carrier.Joined, "alice", "phone", 2 * 1699999990123},
		{body("participant.left", "alice", "phone", true), "", carrier.Left, "alice", "phone", 2*1699999990123 + 1},
		{body("participant.joined", "bob", "pad", false), "", carrier.Joined, "bob", "", 2 * 1699999990123},
		{body("participant.left", "bob", "pad", false), "pad", carrier.Left, "bob", "pad", 2*1699999990123 + 1},
		{body("participant.left", "bob", "phone", false), "pad", carrier.Left, "bob", "another", 2*1699999990123 + 1},
		{`{"type":"meeting.ended","payload":{"room":"` + callID + `","start_ts":1699999980.5},"event_ts":1699999999.5}`, "", carrier.RoomEnded, "", "", 1699999980500},
		{`{"type":"meeting.ended","payload":{"room":"standup"}}`, "", 0, "", "", 0},
		{`{"type":"participant.joined","payload":{"room":"` + callID + `","user_id":"somebody else's"}}`, "", 0, "", "", 0},
		{`{"type":"recording.started"}`, "", 0, "", "", 0},
		{body("participant.joined", "alice", "before she moved", true), "", 0, "", "", 0},
		{body("participant.joined", "bob", "pad", false), "?", carrier.Joined, "bob", "pad", 2 * 1699999990123},
		{body("participant.joined", "bob", "watch", false), "?", 0, "", "", 0},
	} {
		for _, at := range []string{"1700000000", "1700000000000"} {
			d := carriertest.ExampleDesk(c, test.callee)
			if _, err := c.Webhook(context.Background(), hook(c, test.body, at), d); err != nil {
				t.Errorf("%s: %v", test.body, err)
			}
			told := d.Told()
			if test.kind == 0 {
				if len(told) > 0 {
					t.Errorf("%s: told %+v", test.body, told)
				}
				continue
			}
			if len(told) != 1 || told[0].Kind != test.kind || told[0].User != test.user || told[0].Seq != test.seq || told[0].At.UnixMilli() != 1699999999500 ||
				told[0].Device != test.device && (test.device != "another" || told[0].Device != told[0].Source) {
				t.Errorf("%s: told %+v", test.body, told)
			}
		}
	}
}

func TestBadInput(t *testing.T) {
	c := watcher(t)
	good := body("participant.joined", "alice", "phone", true)
	set := func(name, value string) func(*carrier.Request) {
		return func(r *carrier.Request) { r.Header.Set(name, value) }
	}
	for name, test := range map[string]struct {
		body      string
		make      func(*carrier.Request)
		want      error
		tolerated bool
	}{
		"another path":         {good, func(r *carrier.Request) { r.Hook = "x" }, carrier.ErrUnknownHook, false},
		"PUT":                  {good, func(r *carrier.Request) { r.Method = http.MethodPut }, carrier.ErrMethod, false},
		"a form":               {good, set("Content-Type", "application/x-www-form-urlencoded"), carrier.ErrContentType, false},
		"no signature":         {good, func(r *carrier.Request) { r.Header.Del(headerSignature) }, carrier.ErrSignature, false},
		"two signatures":       {good, func(r *carrier.Request) { r.Header.Add(headerSignature, "x") }, carrier.ErrSignature, false},
		"a wrong signature":    {good, set(headerSignature, "AAAA"), carrier.ErrSignature, false},
		"another time":         {good, set(headerTime, "1700000001"), carrier.ErrSignature, false},
		"another body":         {good, func(r *carrier.Request) { r.Body = append(r.Body, ' ') }, carrier.ErrSignature, false},
		"an unsigned test, +x": {`{"test":"test","type":"participant.left","payload":{"room":"` + callID + `"}}`, func(r *carrier.Request) { r.Header.Del(headerSignature) }, carrier.ErrSignature, false},
		"a time that is none":  {good, nil, carrier.ErrMalformed, false},
		"old":                  {good, func(r *carrier.Request) { r.Now = now.Add(31 * time.Minute) }, carrier.ErrStale, false},
		"from the future":      {good, func(r *carrier.Request) { r.Now = now.Add(-2 * time.Minute) }, carrier.ErrStale, false},
		"no JSON":              {"{", nil, carrier.ErrMalformed, false},
		"a call nobody knows":  {strings.ReplaceAll(good, "AZmgAAAAcACAAAAAAAAAAQ", "AZmgAAAAcACAAAAAAAAAAg"), nil, carrier.ErrUnknownCall, true},
		"an end nobody knows":  {`{"type":"meeting.ended","payload":{"room":"0199a000-0000-7000-8000-000000000002"}}`, nil, carrier.ErrUnknownCall, true},
		"in another's room":    {strings.Replace(good, callID, "0199a000-0000-7000-8000-000000000002", 1), nil, carrier.ErrNotInCall, true},
	} {
		t.Run(name, func(t *testing.T) {
			at := "1700000000"
			if name == "a time that is none" {
				at = "yesterday"
			}
			r := hook(c, test.body, at)
			if test.make != nil {
				test.make(r)
			}
			d := carriertest.ExampleDesk(c, "")
			_, err := c.Webhook(context.Background(), r, d)
			if !errors.Is(err, test.want) || len(d.Told()) != 0 || (carrier.Status(err) == 200) != test.tolerated || carrier.Why(err) == "internal" {
				t.Fatalf("%v (%d) instead of %v; told %v", err, carrier.Status(err), test.want, d.Told())
			}
		})
	}
	none := watcher(t)
	none.secrets = nil
	if _, err := none.Webhook(context.Background(), hook(c, good, "1700000000"), carriertest.ExampleDesk(c, "")); !errors.Is(err, carrier.ErrSignature) {
		t.Errorf("without a secret: %v", err)
	}
	both := watcher(t, "AAAA", "IDadt240r5u4q8GyLNZeaseQQVR3cJhDe097gmp+iog=")
	if _, err := both.Webhook(context.Background(), hook(c, good, "1700000000"), carriertest.ExampleDesk(c, "")); err != nil {
		t.Errorf("the old secret while both are set: %v", err)
	}
}

func FuzzWebhook(f *testing.F) {
	f.Add([]byte(body("participant.left", "alice", "phone", true)), "1700000000")
	f.Add([]byte(`{"type":"meeting.ended","payload":{"room":"`+callID+`","start_ts":1e300},"event_ts":-1e300}`), "1700000000000")
	f.Add([]byte(`{"test":"test"}`), "")
	c := watcher(f)
	f.Fuzz(func(t *testing.T, body []byte, at string) {
		d := carriertest.ExampleDesk(c, "")
		_, err := c.Webhook(context.Background(), hook(c, string(body), at), d)
		for _, e := range d.Told() {
			if e.Call != callID || e.Kind == 0 || err != nil {
				t.Fatalf("told %+v, %v", e, err)
			}
		}
	})
}
