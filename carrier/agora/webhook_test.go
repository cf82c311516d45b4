package agora

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/carrier"
	"github.com/ringtrip/ringtrip/carrier/carriertest"
)

// TestSignatures are the examples of Agora's documentation.
func TestSignatures(t *testing.T) {
	for _, v := range [][3]string{
		{`{"eventType":10,"noticeId":"4eb720f0-8da7-11e9-a43e-53f411c2761f","notifyMs":1560408533119,"payload":{"a":"1","b":2},"productId":1}`,
			"5a3bb6a6d9fad2ea9ae3fb707a14c9d7f3136df1", "de96da5acf03b0021ac3b4fa2225e7ae6f3533a30d50bb02c08ea4fa748bda24"},
		{`{"eventMs":1560408533119,"eventType":10,"noticeId":"4eb720f0-8da7-11e9-a43e-53f411c2761f","notifyMs":1560408533119,"payload":{"a":"1","b":2},"productId":1}`,
			"033c62f40f687675f17f0f41f91a40c71c0f134c", "6d3320c60b11101395b7fc8f9068748808a0aa1bfa064438e39d1bc2c7d74d99"},
	} {
		c := testCarrier(t)
		for _, h := range []http.Header{{headerV1: {v[1]}}, {headerV2: {v[2]}}, {headerV1: {v[1]}, headerV2: {v[2]}}, {headerV1: {"wrong"}, headerV2: {v[2]}}} {
			if err := c.verify(&carrier.Request{Header: h, Body: []byte(v[0])}); err != nil {
				t.Errorf("%v: %v", h, err)
			}
		}
		for _, h := range []http.Header{{}, {headerV1: {v[2]}}, {headerV2: {v[1]}}, {headerV1: {v[1]}, headerV2: {"wrong"}}, {headerV1: {v[1]}, headerV2: {""}},
			{headerV1: {v[1], v[1]}}} {
			if err := c.verify(&carrier.Request{Header: h, Body: []byte(v[0])}); !errors.Is(err, carrier.ErrSignature) {
				t.Errorf("%v: %v", h, err)
			}
		}
	}
}

func hook(body string) *carrier.Request {
	h := http.Header{}
	h.Set("Content-Type", "Application/json")
	h.Set(headerV1, sign1([]byte(body), carrier.NewSecret("secret")))
	h.Set(headerV2, sign2([]byte(body), carrier.NewSecret("secret")))
	return &carrier.Request{Method: http.MethodPost, Header: h, Body: []byte(body), Now: now}
}

func body(event int, uid uint32, seq uint64, more string) string {
	return fmt.Sprintf(`{"sid":"C866467GVJJ54687","noticeId":"2000001428:4330:107","productId":1,"eventType":%d,"notifyMs":1700000000123,`+
		`"payload":{"channelName":%q,"ts":1699999999,"uid":%d,"clientSeq":%d,"platform":2%s}}`, event, callID, uid, seq, more)
}

func TestWebhook(t *testing.T) {
	c := testCarrier(t)
	alice, pad, phone := UID(callID, "alice", "phone", true), UID(callID, "bob", "pad", false), UID(callID, "bob", "phone", false)
	for _, test := range []struct {
		body         string
		callee       string // the device that answered
		kind         carrier.EventKind
		user, device string
		reason       call.Reason
	}{
		{body(107, alice, 5, ""), "", carrier.Joined, "alice", "phone", 0},
		{body(103, alice, 5, ""), "", carrier.Joined, "alice", "phone", 0},
		{body(105, pad, 5, ""), "", carrier.Joined, "bob", "", 0},
		{body(108, pad, 5, `,"reason":1,"duration":3`), "pad", carrier.Left, "bob", "pad", call.HungUp},
		{body(104, phone, 5, `,"reason":2`), "pad", carrier.Left, "bob", fmt.Sprintf("uid %d", phone), call.MediaFailed},
		{body(106, alice, 5, `,"reason":10`), "pad", carrier.Left, "alice", "phone", call.MediaFailed},
		{body(102, 0, 0, ""), "pad", carrier.RoomEnded, "", "", 0},
		{body(107, alice+1, 5, ""), "pad", 0, "", "", 0},    // the caller has one device
		{body(107, 4000000000, 5, ""), "pad", 0, "", "", 0}, // a recorder's
		{body(107, pad, 5, ""), "?", carrier.Joined, "bob", "pad", 0},
		{body(107, UID(callID, "bob", "watch", false), 5, ""), "?", 0, "", "", 0},
		{body(101, 0, 0, ""), "", 0, "", "", 0},                // the channel was made
		{body(111, alice, 5, ""), "", 0, "", "", 0},            // another role
		{`{"productId":17,"eventType":103}`, "", 0, "", "", 0}, // another product
		{`{"productId":1,"eventType":107,"notifyMs":1,"payload":{"channelName":"test_webhook"}}`, "", 0, "", "", 0},
	} {
		d := carriertest.ExampleDesk(c, test.callee)
		reply, err := c.Webhook(context.Background(), hook(test.body), d)
		if err != nil || string(reply.Body) != "{}" || reply.ContentType != "application/json" {
			t.Errorf("%s: %v, %+v", test.body, err, reply)
			continue
		}
		told := d.Told()
		if test.kind == 0 {
			if len(told) != 0 {
				t.Errorf("%s: told %+v", test.body, told)
			}
			continue
		}
		if len(told) != 1 || told[0].Kind != test.kind || told[0].User != test.user || told[0].Device != test.device || told[0].Reason != test.reason || told[0].At.Unix() != 1699999999 {
			t.Errorf("%s: told %+v", test.body, told)
		}
	}
}

func TestBadInput(t *testing.T) {
	c := testCarrier(t)
	good := body(107, UID(callID, "alice", "phone", true), 5, "")
	for name, test := range map[string]struct {
		body string
		make func(*carrier.Request)
		want error
	}{
		"another path":        {good, func(r *carrier.Request) { r.Hook = "x" }, carrier.ErrUnknownHook},
		"GET":                 {good, func(r *carrier.Request) { r.Method = http.MethodGet }, carrier.ErrMethod},
		"a form":              {good, func(r *carrier.Request) { r.Header.Set("Content-Type", "application/x-www-form-urlencoded") }, carrier.ErrContentType},
		"no signature":        {good, func(r *carrier.Request) { r.Header.Del(headerV1); r.Header.Del(headerV2) }, carrier.ErrSignature},
		"a wrong second one":  {good, func(r *carrier.Request) { r.Header.Set(headerV2, strings.Repeat("0", 64)) }, carrier.ErrSignature},
		"another body":        {good, func(r *carrier.Request) { r.Body = append(r.Body, ' ') }, carrier.ErrSignature},
		"old":                 {good, func(r *carrier.Request) { r.Now = now.Add(11 * time.Minute) }, carrier.ErrStale},
		"from the future":     {good, func(r *carrier.Request) { r.Now = now.Add(-2 * time.Minute) }, carrier.ErrStale},
		"no JSON":             {"{", nil, carrier.ErrMalformed},
		"a uid that is none":  {strings.Replace(good, `"uid":`, `"uid":-`, 1), nil, carrier.ErrMalformed},
		"a call nobody knows": {strings.Replace(good, callID, "0199a000-0000-7000-8000-000000000002", 1), nil, carrier.ErrUnknownCall},
		"another app's":       {strings.Replace(good, callID, "standup", 1), nil, carrier.ErrUnknownCall},
		"an end nobody knows": {strings.Replace(body(102, 0, 0, ""), callID, "0199a000-0000-7000-8000-000000000002", 1), nil, carrier.ErrUnknownCall},
	} {
		t.Run(name, func(t *testing.T) {
			r := hook(test.body)
			if test.make != nil {
				test.make(r)
			}
			d := carriertest.ExampleDesk(c, "")
			if _, err := c.Webhook(context.Background(), r, d); !errors.Is(err, test.want) || len(d.Told()) != 0 {
				t.Fatalf("%v instead of %v; told %v", err, test.want, d.Told())
			}
		})
	}
	none := testCarrier(t)
	none.secrets = nil
	if _, err := none.Webhook(context.Background(), hook(good), carriertest.ExampleDesk(none, "")); !errors.Is(err, carrier.ErrSignature) {
		t.Errorf("without a secret: %v", err)
	}
	if _, err := testCarrier(t, "new", "secret").Webhook(context.Background(), hook(good), carriertest.ExampleDesk(c, "")); err != nil {
		t.Errorf("the old secret while both are set: %v", err)
	}
}

func FuzzWebhook(f *testing.F) {
	f.Add([]byte(body(107, UID(callID, "alice", "phone", true), 5, "")))
	f.Add([]byte(body(102, 0, 0, "")))
	f.Add([]byte(`{"payload":null}`))
	c := testCarrier(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		d := carriertest.ExampleDesk(c, "")
		_, err := c.Webhook(context.Background(), hook(string(body)), d)
		for _, e := range d.Told() {
			if e.Call != callID || e.Kind == 0 || err != nil {
				t.Fatalf("told %+v, %v", e, err)
			}
		}
	})
}
