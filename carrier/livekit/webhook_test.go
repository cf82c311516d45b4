package livekit

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/carrier"
	"github.com/ringtrip/ringtrip/carrier/carriertest"
)

var now = time.Unix(1700000000, 0)

// hook is a webhook as LiveKit signs it with the first key of c.
func hook(t testing.TB, c *Carrier, body string) *carrier.Request {
	t.Helper()
	sum := sha256.Sum256([]byte(body))
	token, err := c.sign(claims{SHA256: base64.StdEncoding.EncodeToString(sum[:])}, now, 5*time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	return &carrier.Request{Method: http.MethodPost, Header: http.Header{"Authorization": {token}, "Content-Type": {"application/webhook+json"}}, Body: []byte(body), Now: now}
}

const joined = `{"event":"participant_joined","createdAt":"1700000000","room":{"name":"` + callID + `","sid":"RM_1"},"participant":{"sid":"PA_1","identity":"alice/phone","joinedAt":"1699999999","joinedAtMs":"1699999999123"}}`

func TestWebhook(t *testing.T) {
	c := testCarrier(t)
	d := carriertest.ExampleDesk(c, "")
	for _, body := range []string{joined, joined, strings.NewReplacer("participant_joined", "participant_left", `"joinedAtMs"`, `"disconnectReason":"CLIENT_INITIATED","joinedAtMs"`).Replace(joined), joined} {
		if reply, err := c.Webhook(context.Background(), hook(t, c, body), d); err != nil || reply.Status != 0 {
			t.Fatalf("%v, %+v", err, reply)
		}
	}
	told := d.Told()
	want := carrier.Event{Kind: carrier.Joined, Call: callID, User: "alice", Device: "phone", At: now, Seq: 2 * 1699999999123, Source: "alice/phone", Detail: "LiveKit participant_joined PA_1 "}
	if len(told) != 4 || told[0].Kind != want.Kind || told[0].User != want.User || told[0].Device != want.Device || !told[0].At.Equal(want.At) ||
		told[0].Seq != want.Seq || told[0].Source != want.Source || told[0].Detail != want.Detail {
		t.Fatalf("told %+v", told)
	}
	if told[2].Kind != carrier.Left || told[2].Reason != call.HungUp || told[2].Seq != want.Seq+1 {
		t.Fatalf("told %+v", told[2])
	}
	if in := d.In(callID); len(in) != 0 {
		t.Fatalf("a joining that was repeated after the leaving brought %q back", in)
	}
}

// TestIgnored are webhooks that are LiveKit's and say nothing of a call's sides.
func TestIgnored(t *testing.T) {
	c := testCarrier(t)
	for _, body := range []string{
		`{"event":"room_started","room":{"name":"` + callID + `"}}`,
		`{"event":"track_published","room":{"name":"x"}}`,
		`{"event":"egress_ended","egressInfo":{}}`,
		`{"event":"what is still to come"}`,
		strings.Replace(joined, "alice/phone", "agent-AJ_123", 1),
	} {
		d := carriertest.ExampleDesk(c, "")
		if _, err := c.Webhook(context.Background(), hook(t, c, body), d); err != nil || len(d.Told()) != 0 {
			t.Errorf("%s: %v, told %v", body, err, d.Told())
		}
	}
}

func TestBadInput(t *testing.T) {
	c := testCarrier(t)
	other := testCarrier(t, Key{"APIkey123", carrier.NewSecret("another secret, of forty characters, 000")})
	named := testCarrier(t, Key{"APIother", carrier.NewSecret("secretsecretsecretsecretsecret12")})
	participant, err := c.sign(claims{Video: &grant{RoomJoin: true, Room: callID}, Sub: "mallory/m"}, now, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	type change func(*carrier.Request)
	set := func(name, value string) change { return func(r *carrier.Request) { r.Header.Set(name, value) } }
	unsigned := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + strings.Split(hook(t, c, joined).Header.Get("Authorization"), ".")[1] + "."
	for name, test := range map[string]struct {
		body string
		make change
		want error
	}{
		"another path":         {joined, func(r *carrier.Request) { r.Hook = "x" }, carrier.ErrUnknownHook},
		"GET":                  {joined, func(r *carrier.Request) { r.Method = http.MethodGet }, carrier.ErrMethod},
		"plain JSON":           {joined, set("Content-Type", "application/json"), carrier.ErrContentType},
		"no content type":      {joined, set("Content-Type", ""), carrier.ErrContentType},
		"no token":             {joined, set("Authorization", ""), carrier.ErrSignature},
		"no JWT":               {joined, set("Authorization", "Bearer"), carrier.ErrMalformed},
		"another secret":       {joined, set("Authorization", hook(t, other, joined).Header.Get("Authorization")), carrier.ErrSignature},
		"another key's id":     {joined, set("Authorization", hook(t, named, joined).Header.Get("Authorization")), carrier.ErrSignature},
		"a participant's":      {joined, set("Authorization", participant), carrier.ErrSignature},
		"algorithm none":       {joined, set("Authorization", unsigned), carrier.ErrSignature},
		"another body":         {joined, func(r *carrier.Request) { r.Body = append(r.Body, ' ') }, carrier.ErrSignature},
		"old":                  {joined, func(r *carrier.Request) { r.Now = now.Add(7 * time.Minute) }, carrier.ErrStale},
		"from the future":      {joined, func(r *carrier.Request) { r.Now = now.Add(-2 * time.Minute) }, carrier.ErrStale},
		"no JSON":              {"{", nil, carrier.ErrMalformed},
		"a list":               {"[]", nil, carrier.ErrMalformed},
		"a time that is none":  {strings.Replace(joined, `"1700000000"`, `"soon"`, 1), nil, carrier.ErrMalformed},
		"a call nobody knows":  {strings.ReplaceAll(joined, callID, "0199a000-0000-7000-8000-000000000002"), nil, carrier.ErrUnknownCall},
		"another app's room":   {strings.Replace(joined, callID, "standup", 1), nil, carrier.ErrUnknownCall},
		"who is not in a call": {strings.Replace(joined, "alice/phone", "mallory/m", 1), nil, carrier.ErrNotInCall},
	} {
		t.Run(name, func(t *testing.T) {
			r := hook(t, c, test.body)
			if test.make != nil {
				test.make(r)
			}
			d := carriertest.ExampleDesk(c, "")
			_, err := c.Webhook(context.Background(), r, d)
			if !errors.Is(err, test.want) || len(d.Told()) != 0 {
				t.Fatalf("%v instead of %v; told %v", err, test.want, d.Told())
			}
			if strings.Contains(err.Error(), "secretsecret") {
				t.Fatalf("the error tells the secret: %v", err)
			}
		})
	}
}

// TestRotation: with a new key before the old one, webhooks of both are taken, and the new one signs.
func TestRotation(t *testing.T) {
	old := Key{"APIold", carrier.NewSecret("the old secret, of thirty-two and more")}
	fresh := Key{"APInew", carrier.NewSecret("the new secret, of thirty-two and more")}
	both := testCarrier(t, fresh, old)
	for _, k := range []Key{old, fresh} {
		if _, err := both.Webhook(context.Background(), hook(t, testCarrier(t, k), joined), carriertest.ExampleDesk(both, "")); err != nil {
			t.Errorf("%s: %v", k.ID, err)
		}
	}
	if _, err := testCarrier(t, fresh).Webhook(context.Background(), hook(t, testCarrier(t, old), joined), carriertest.ExampleDesk(both, "")); !errors.Is(err, carrier.ErrSignature) {
		t.Errorf("the old key after its time: %v", err)
	}
}

// TestEndNeedsTheAPI: a 404 of something else than LiveKit's room service is no room that is gone.
func TestEndNeedsTheAPI(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	defer s.Close()
	c, err := New(Config{URL: "wss://example.livekit.cloud", API: s.URL, Keys: []Key{{"APIkey123", carrier.NewSecret("secretsecretsecretsecretsecret12")}}, Client: s.Client()})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.End(context.Background(), carrier.Call{ID: callID}); err == nil {
		t.Error("End succeeded at a server that is no LiveKit")
	}
}

func FuzzWebhook(f *testing.F) {
	f.Add([]byte(joined))
	f.Add([]byte(`{"event":"room_finished","room":{"name":"` + callID + `","creationTime":1700000000}}`))
	f.Add([]byte(`{"event":"participant_left","room":null,"participant":{"joinedAt":null,"attributes":{"ringtrip_call":"x"}}}`))
	c := testCarrier(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		d := carriertest.ExampleDesk(c, "")
		_, err := c.Webhook(context.Background(), hook(t, c, string(body)), d)
		for _, e := range d.Told() {
			if e.Call != callID || e.Kind == 0 || err != nil {
				t.Fatalf("told %+v, %v", e, err)
			}
		}
	})
}

func FuzzToken(f *testing.F) {
	c := testCarrier(f)
	f.Add(hook(f, c, joined).Header.Get("Authorization"))
	f.Add("a.b.c")
	f.Fuzz(func(t *testing.T, token string) {
		r := hook(t, c, joined)
		good := r.Header.Get("Authorization")
		r.Header = http.Header{"Authorization": {token}}
		if err := c.verify(r); err == nil && strings.NewReplacer("\r", "", "\n", "").Replace(token) != good { // base64 skips line breaks, headers have none
			t.Fatalf("%q verifies", token)
		}
	})
}

func FuzzIdentity(f *testing.F) {
	f.Add("bob@example.com/phone")
	f.Add("a%2Fb/%00")
	f.Fuzz(func(t *testing.T, identity string) {
		if user, device, err := ParseIdentity(identity); err == nil && Identity(user, device) != identity {
			t.Fatalf("%q is read as %q and %q", identity, user, device)
		}
	})
}
