package vonage

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/carrier"
	"github.com/ringtrip/ringtrip/carrier/carriertest"
)

const testLeg = "aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab"

// webhook makes a webhook as Vonage would at testNow; change then spoils it.
type webhook struct {
	method, hook, query, body, contentType string
	alg, secret                            string
	claims                                 map[string]any
}

func post(hook, body string) *webhook {
	return &webhook{method: http.MethodPost, hook: hook, body: body, contentType: "application/json", alg: "HS256", secret: testSecret,
		claims: map[string]any{"iat": testNow.Unix(), "jti": "j", "iss": "Vonage", "api_key": "abcd1234", "application_id": testApp, "payload_hash": hashOf([]byte(body))}}
}

func get(hook, query string) *webhook {
	w := post(hook, "")
	w.method, w.query, w.contentType = http.MethodGet, query, ""
	delete(w.claims, "payload_hash")
	return w
}

func (w *webhook) with(change func(*webhook)) *webhook { change(w); return w }

func (w *webhook) token() string {
	h, _ := json.Marshal(map[string]string{"alg": w.alg, "typ": "JWT"})
	c, _ := json.Marshal(w.claims)
	text := base64.RawURLEncoding.EncodeToString(h) + "." + base64.RawURLEncoding.EncodeToString(c)
	if w.alg == "none" {
		return text + "."
	}
	m := hmac.New(sha256.New, []byte(w.secret))
	m.Write([]byte(text))
	return text + "." + base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}

func (w *webhook) request() *carrier.Request {
	r := &carrier.Request{Method: w.method, URL: &url.URL{Scheme: "https", Host: "calls.example.com", Path: "/carriers/app/vonage/" + w.hook, RawQuery: w.query},
		Hook: w.hook, Header: http.Header{"Authorization": {"Bearer " + w.token()}}, Body: []byte(w.body), Now: testNow}
	if w.contentType != "" {
		r.Header.Set("Content-Type", w.contentType)
	}
	return r
}

func publicPEM(t *testing.T, c *Carrier) string {
	b, err := x509.MarshalPKIXPublicKey(&c.key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: b}))
}

func deviceQuery(from, id string) string {
	return url.Values{"to": {id}, "from_user": {from}, "uuid": {testLeg}, "conversation_uuid": {"CON-1"}, "custom_data": {`{"ringtrip_call":"` + id + `","ringtrip_device":"d1"}`}}.Encode()
}

// TestForged: what is not Vonage's is refused before the desk hears of it.
func TestForged(t *testing.T) {
	c := newTest(t, "j", func(c *Config) { c.APIKey, c.RequirePayloadHash = "abcd1234", true })
	const event = `{"status":"answered","uuid":"` + testLeg + `","to":"0199a000-0000-7000-8000-000000000001","from":"alice"}`
	answer := deviceQuery("alice", testID(1))
	for name, test := range map[string]struct {
		w    *webhook
		want error
	}{
		"no such hook":               {post("voice", event), carrier.ErrUnknownHook},
		"video's hook":               {post("session", event), carrier.ErrUnknownHook},
		"PUT":                        {post("event", event).with(func(w *webhook) { w.method = http.MethodPut }), carrier.ErrMethod},
		"form":                       {post("event", event).with(func(w *webhook) { w.contentType = "application/x-www-form-urlencoded" }), carrier.ErrContentType},
		"no content type":            {post("event", event).with(func(w *webhook) { w.contentType = "" }), carrier.ErrContentType},
		"another secret":             {post("event", event).with(func(w *webhook) { w.secret = "another" }), carrier.ErrSignature},
		"an empty secret":            {post("event", event).with(func(w *webhook) { w.secret = "" }), carrier.ErrSignature},
		"another secret, GET":        {get("answer", answer).with(func(w *webhook) { w.secret = "another" }), carrier.ErrSignature},
		"alg none":                   {post("event", event).with(func(w *webhook) { w.alg = "none" }), carrier.ErrSignature},
		"alg RS256, HMAC by pub key": {post("event", event).with(func(w *webhook) { w.alg, w.secret = "RS256", publicPEM(t, c) }), carrier.ErrSignature},
		"alg HS256, HMAC by pub key": {post("event", event).with(func(w *webhook) { w.secret = publicPEM(t, c) }), carrier.ErrSignature},
		"alg HS512":                  {post("event", event).with(func(w *webhook) { w.alg = "HS512" }), carrier.ErrSignature},
		"alg hs256":                  {post("event", event).with(func(w *webhook) { w.alg = "hs256" }), carrier.ErrSignature},
		"another body":               {post("event", event).with(func(w *webhook) { w.body = strings.Replace(event, "alice", "mallory", 1) }), carrier.ErrSignature},
		"no hash":                    {post("event", event).with(func(w *webhook) { delete(w.claims, "payload_hash") }), carrier.ErrSignature},
		"another query":              {get("answer", answer).with(func(w *webhook) { w.claims["payload_hash"] = hashOf(queryJSON("to=1")) }), carrier.ErrSignature},
		"another application":        {post("event", event).with(func(w *webhook) { w.claims["application_id"] = "68d335fa-323d-0114-9c3d-d6f0d48968cf" }), carrier.ErrSignature},
		"another account":            {post("event", event).with(func(w *webhook) { w.claims["api_key"] = "dcba4321" }), carrier.ErrSignature},
		"old":                        {post("event", event).with(func(w *webhook) { w.claims["iat"] = testNow.Add(-7 * time.Minute).Unix() }), carrier.ErrStale},
		"from the future":            {post("event", event).with(func(w *webhook) { w.claims["iat"] = testNow.Add(7 * time.Minute).Unix() }), carrier.ErrStale},
		"without a time":             {post("event", event).with(func(w *webhook) { delete(w.claims, "iat") }), carrier.ErrStale},
		"expired":                    {post("event", event).with(func(w *webhook) { w.claims["exp"] = testNow.Add(-2 * time.Minute).Unix() }), carrier.ErrStale},
		"no JSON":                    {post("event", `status=answered`), carrier.ErrMalformed},
		"an array":                   {post("event", `[]`), carrier.ErrMalformed},
		"null":                       {post("event", `null`), carrier.ErrMalformed},
		"bad query":                  {get("answer", "to=%zz"), carrier.ErrMalformed},
		"answer without a leg":       {get("answer", "to=15550001111&from=1555"), carrier.ErrMalformed},
		"answer with a path as leg":  {get("answer", "to=15550001111&from=1555&uuid=../../users"), carrier.ErrMalformed},
		"event without a leg":        {post("event", `{"status":"completed"}`), carrier.ErrMalformed},
		"no call named":              {get("answer", "from_user=alice&to=x&uuid="+testLeg), carrier.ErrUnknownCall},
		"no number called":           {get("answer", "from=15550009999&uuid="+testLeg), carrier.ErrUnknownNumber},
		"phone event of no call":     {post("phone", `{"status":"ringing","uuid":"`+testLeg+`"}`), carrier.ErrUnknownCall},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := c.Webhook(t.Context(), test.w.request(), untouched{t}); !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			} else if strings.Contains(err.Error(), testSecret) {
				t.Errorf("the error tells the secret: %v", err)
			}
		})
	}
	for name, header := range map[string]string{"none": "", "basic": "Basic YTpi", "no dots": "Bearer x", "huge": "Bearer " + strings.Repeat("a.", 20<<10)} {
		t.Run("header "+name, func(t *testing.T) {
			r := post("event", event).request()
			r.Header.Set("Authorization", header)
			if _, err := c.Webhook(t.Context(), r, untouched{t}); carrier.Status(err)/100 != 4 {
				t.Errorf("got %v", err)
			}
		})
	}
	t.Run("no secret set", func(t *testing.T) {
		c := newTest(t, "j", func(c *Config) { c.SignatureSecrets = nil })
		r := post("event", event).with(func(w *webhook) { w.secret = "" }).request()
		if _, err := c.Webhook(t.Context(), r, untouched{t}); !errors.Is(err, carrier.ErrSignature) {
			t.Errorf("got %v", err)
		}
	})
}

// TestStrangers: what is Vonage's, but of a call, user or number that it must not touch, changes nothing.
func TestStrangers(t *testing.T) {
	phone := func(call, to, status string) *webhook {
		return post("phone", fmt.Sprintf(`{"status":%q,"uuid":%q,"to":%q,"direction":"outbound"}`, status, testLeg, to)).with(func(w *webhook) { w.query = "call=" + call })
	}
	event := func(from, to, status string) *webhook {
		return post("event", fmt.Sprintf(`{"status":%q,"uuid":%q,"from":%q,"to":%q,"direction":"inbound"}`, status, testLeg, from, to))
	}
	for name, test := range map[string]struct {
		w    *webhook
		want error
	}{
		"unknown call":              {get("answer", deviceQuery("alice", testID(99))), carrier.ErrUnknownCall},
		"not in the call":           {get("answer", deviceQuery("mallory", testID(1))), carrier.ErrNotInCall},
		"a name that is nobody's":   {get("answer", deviceQuery("a_", testID(1))), carrier.ErrNotInCall},
		"callee before the answer":  {get("answer", deviceQuery("bob", testID(1))), carrier.ErrNotInCall},
		"call that is over":         {get("answer", deviceQuery("alice", testID(2))), carrier.ErrUnknownCall},
		"a telephone as a user":     {get("answer", deviceQuery(UserName("tel:+15550009999"), testID(3))), carrier.ErrNotInCall},
		"second leg to a telephone": {get("answer", deviceQuery("alice", testID(3))), carrier.ErrRefused},
		"unknown number":            {get("answer", "from=15550009999&to=15550002222&uuid="+testLeg), carrier.ErrUnknownNumber},
		"number that refuses":       {get("answer", "from=15550009999&to=15550003333&uuid="+testLeg), carrier.ErrRefused},
		"event of an unknown call":  {event("alice", testID(99), "completed"), carrier.ErrUnknownCall},
		"event of a stranger":       {event("mallory", testID(1), "completed"), carrier.ErrNotInCall},
		"event of an unknown phone": {event("15550009999", "15550001111", "completed"), carrier.ErrUnknownCall},
		"phone of an unknown call":  {phone(testID(99), "15550009999", "completed"), carrier.ErrUnknownCall},
		"phone of a call without":   {phone(testID(1), "15550009999", "completed"), carrier.ErrNotInCall},
		"another phone":             {phone(testID(3), "15550008888", "completed"), carrier.ErrNotInCall},
	} {
		t.Run(name, func(t *testing.T) {
			c := newTest(t, "j", nil)
			d := newDesk(t, c)
			d.Numbers["+15550003333"] = "refuses"
			alice, bob := carrier.Party{User: "alice"}, carrier.Party{User: "bob"}
			d.Start(alice, bob)
			d.End(d.Start(alice, bob).ID, 1)
			third := d.Start(alice, carrier.Party{User: "tel:+15550009999", Phone: "+15550009999"})
			d.Change(third.ID, func(c *carrier.Call) { c.Refs = map[string]string{"caller": "another"} })
			if _, err := c.Webhook(t.Context(), test.w.request(), d); !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
			if len(d.Told()) > 0 || d.Held(testID(1)).State != carrier.Ringing || d.Held(testID(3)).State != carrier.Ringing || len(d.Calls()) != 3 {
				t.Errorf("something changed: told %+v", d.Told())
			}
		})
	}
}

// TestCallerID: the app's number goes before the account's, and without one no telephone is called.
func TestCallerID(t *testing.T) {
	for _, test := range []struct{ app, account, want string }{
		{"+15550002222", "+15550001111", `"from":"15550002222"`}, {"", "+15550001111", `"from":"15550001111"`}, {"", "", ""},
	} {
		c := newTest(t, "j", func(c *Config) { c.CallerID = test.account })
		d := carriertest.NewExchange(t, c, func() time.Time { return testNow })
		id := d.Start(carrier.Party{User: "alice"}, carrier.Party{User: "tel:+15550009999", Phone: "+15550009999"}).ID
		d.Change(id, func(c *carrier.Call) { c.CallerID = test.app })
		reply, err := c.Webhook(t.Context(), get("answer", deviceQuery("alice", id)).request(), d)
		if test.want == "" {
			if !errors.Is(err, carrier.ErrRefused) || len(d.Told()) > 0 {
				t.Errorf("got %v; told %+v", err, d.Told())
			}
			continue
		}
		if err != nil || !strings.Contains(string(reply.Body), test.want) || !strings.Contains(string(reply.Body), `"timeout":45`) ||
			!strings.Contains(string(reply.Body), `"eventUrl":["https://calls.example.com/carriers/app/vonage/phone?call=`+id+`"]`) {
			t.Errorf("got %s, %v, want %s", reply.Body, err, test.want)
		}
	}
}

// TestAccepted: the ways in which Vonage's own may come.
func TestAccepted(t *testing.T) {
	c := newTest(t, "j", func(c *Config) {
		c.SignatureSecrets = append([]carrier.Secret{carrier.NewSecret("a new one that nobody uses yet...")}, c.SignatureSecrets...)
	})
	query := deviceQuery("alice", testID(1))
	body := `{"from_user": "alice", "uuid": "` + testLeg + `", "custom_data": {"ringtrip_call": "` + testID(1) + `"}}`
	for name, w := range map[string]*webhook{
		"GET":                         get("answer", query),
		"GET with the query's hash":   get("answer", query).with(func(w *webhook) { w.claims["payload_hash"] = hashOf(queryJSON(query)) }),
		"GET with an empty body's":    get("answer", query).with(func(w *webhook) { w.claims["payload_hash"] = hashOf(nil) }),
		"POST":                        post("answer", body),
		"POST with the compact hash":  post("answer", body).with(func(w *webhook) { w.claims["payload_hash"] = hashOf([]byte(strings.ReplaceAll(body, " ", ""))) }),
		"POST without a hash":         post("answer", body).with(func(w *webhook) { delete(w.claims, "payload_hash") }),
		"POST, the hash in uppercase": post("answer", body).with(func(w *webhook) { w.claims["payload_hash"] = strings.ToUpper(hashOf([]byte(body))) }),
		"the call in to":              get("answer", url.Values{"to": {testID(1)}, "from_user": {"alice"}, "uuid": {testLeg}}.Encode()),
		"charset":                     post("answer", body).with(func(w *webhook) { w.contentType = "application/json; charset=utf-8" }),
		"fallback":                    get("fallback", query),
		"a dashless leg":              get("answer", strings.ReplaceAll(query, testLeg, strings.ReplaceAll(testLeg, "-", ""))),
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, c)
			d.Start(carrier.Party{User: "alice"}, carrier.Party{User: "bob"})
			reply, err := c.Webhook(t.Context(), w.request(), d)
			if err != nil {
				t.Fatal(err)
			}
			want := `[{"action":"conversation","name":"` + testID(1) + `","startOnEnter":false,"endOnExit":false}]`
			if string(reply.Body) != want || reply.ContentType != "application/json" {
				t.Errorf("got %s %s, want %s", reply.ContentType, reply.Body, want)
			}
			if told := d.Told(); len(told) != 1 || told[0].Kind != carrier.Joined || told[0].User != "alice" {
				t.Errorf("told %+v", told)
			}
		})
	}
}
