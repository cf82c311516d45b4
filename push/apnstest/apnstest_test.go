package apnstest_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/tls"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"go.uber.org/goleak"

	"github.com/ringtrip/ringtrip/push"
	"github.com/ringtrip/ringtrip/push/apnstest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	team    = "TEAM123456"
	keyID   = "KEY1234567"
	bundle  = "com.example.phone"
	pushID  = "eabeae54-14a8-4d5a-b2ab-67aaaa6da4cc"
	payload = `{"aps":{}}`
)

// lab is a server and a plain HTTP/2 client with a key.
type lab struct {
	t      testing.TB
	srv    *apnstest.Server
	key    *ecdsa.PrivateKey
	client *http.Transport
	token  string
	got    chan apnstest.Delivery

	mu      sync.Mutex
	now     time.Time
	bearers map[int64]string // by iat: one signs differently each time, and that counts as another token
}

func newLab(t testing.TB, cfg apnstest.Config) *lab {
	t.Helper()
	l := &lab{t: t, now: time.Unix(1_800_000_000, 0), got: make(chan apnstest.Delivery, 1000), bearers: map[int64]string{}}
	if cfg.Now == nil {
		cfg.Now = l.time
	}
	l.srv = apnstest.New(cfg)
	t.Cleanup(l.srv.Close)
	p8, pub := apnstest.GenerateKey()
	key, err := jwt.ParseECPrivateKeyFromPEM(p8)
	if err != nil {
		t.Fatal(err)
	}
	l.key = key
	l.srv.RegisterTeam(team, keyID, pub)
	l.srv.RegisterApp(bundle, team)
	l.token = l.srv.IssueToken(bundle, push.Production, func(d apnstest.Delivery) { l.got <- d })
	l.client = l.newClient()
	return l
}

func (l *lab) newClient() *http.Transport {
	var protocols http.Protocols
	protocols.SetHTTP2(true)
	c := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: l.srv.Roots()}, Protocols: &protocols, DisableCompression: true}
	l.t.Cleanup(c.CloseIdleConnections)
	return c
}

func (l *lab) time() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.now
}

func (l *lab) advance(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.now = l.now.Add(d)
}

// sign makes a provider token with another implementation of JWT than the server's.
func (l *lab) sign(kid string, claims jwt.MapClaims) string {
	tok := jwt.NewWithClaims(jwt.SigningMethodES256, claims)
	if kid != "" {
		tok.Header["kid"] = kid
	}
	raw, err := tok.SignedString(l.key)
	if err != nil {
		l.t.Fatal(err)
	}
	return raw
}

// bearer is a good provider token, issued so long ago.
func (l *lab) bearer(age time.Duration) string {
	iat := l.time().Add(-age).Unix()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.bearers[iat] == "" {
		l.bearers[iat] = "bearer " + l.sign(keyID, jwt.MapClaims{"iss": team, "iat": iat})
	}
	return l.bearers[iat]
}

// request is a push that a test may spoil.
type request struct {
	env    push.Environment
	method string
	path   string
	header http.Header
	body   string
}

func (l *lab) request() *request {
	return &request{
		env: push.Production, method: "POST", path: "/3/device/" + l.token, body: payload,
		header: http.Header{
			"Authorization": {l.bearer(time.Minute)}, "Apns-Id": {pushID}, "Apns-Topic": {bundle + ".voip"},
			"Apns-Push-Type": {"voip"}, "Apns-Priority": {"10"}, "Apns-Expiration": {"0"},
		},
	}
}

// reply is what came back.
type reply struct {
	status    int
	reason    string
	timestamp int64
	header    http.Header
}

func (l *lab) do(r *request) (reply, error) {
	req, err := http.NewRequest(r.method, l.srv.URL(r.env)+r.path, strings.NewReader(r.body))
	if err != nil {
		l.t.Fatal(err)
	}
	req.Header = r.header
	resp, err := l.client.RoundTrip(req)
	if err != nil {
		return reply{}, err
	}
	body, err := io.ReadAll(resp.Body)
	if cerr := resp.Body.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return reply{}, err
	}
	out := reply{status: resp.StatusCode, header: resp.Header}
	var v struct {
		Reason    string
		Timestamp int64
	}
	if len(body) > 0 {
		if err := json.NewDecoder(bytes.NewReader(body)).Decode(&v); err != nil {
			return reply{}, err
		}
	}
	out.reason, out.timestamp = v.Reason, v.Timestamp
	return out, nil
}

func (l *lab) must(r *request) reply {
	l.t.Helper()
	out, err := l.do(r)
	if err != nil {
		l.t.Fatal(err)
	}
	return out
}

// want sends r and checks the answer.
func (l *lab) want(name string, r *request, status int, reason string) {
	l.t.Helper()
	if out := l.must(r); out.status != status || out.reason != reason {
		l.t.Errorf("%s: %d %s, want %d %s", name, out.status, out.reason, status, reason)
	}
}

func TestRules(t *testing.T) {
	set := func(name, value string) func(*lab, *request) {
		return func(_ *lab, r *request) { r.header[name] = []string{value} }
	}
	del := func(name string) func(*lab, *request) {
		return func(_ *lab, r *request) { delete(r.header, name) }
	}
	claims := func(kid string, c jwt.MapClaims) func(*lab, *request) {
		return func(l *lab, r *request) { r.header.Set("Authorization", "bearer "+l.sign(kid, c)) }
	}
	const iat = 1_800_000_000 - 60
	for _, c := range []struct {
		name   string
		spoil  func(*lab, *request)
		status int
		reason string
	}{
		{"good", func(*lab, *request) {}, 200, ""},
		{"upper-case token", func(l *lab, r *request) { r.path = "/3/device/" + strings.ToUpper(l.token) }, 200, ""},
		{"upper-case scheme", func(l *lab, r *request) { r.header.Set("Authorization", "B"+l.bearer(0)[1:]) }, 200, ""},
		{"path", func(_ *lab, r *request) { r.path = "/2/device/00" }, 404, "BadPath"},
		{"path below the token", func(_ *lab, r *request) { r.path += "/x" }, 404, "BadPath"},
		{"query", func(_ *lab, r *request) { r.path += "?a=b" }, 404, "BadPath"},
		{"method", func(_ *lab, r *request) { r.method = "PUT" }, 405, "MethodNotAllowed"},
		{"no token", func(_ *lab, r *request) { r.path = "/3/device/" }, 400, "MissingDeviceToken"},
		{"unknown token", func(_ *lab, r *request) { r.path = "/3/device/00ff" }, 400, "BadDeviceToken"},
		{"token not hex", func(_ *lab, r *request) { r.path = "/3/device/zz" }, 400, "BadDeviceToken"},
		{"other environment", func(_ *lab, r *request) { r.env = push.Sandbox }, 400, "BadDeviceToken"},
		{"twice", func(_ *lab, r *request) { r.header["Apns-Priority"] = []string{"10", "5"} }, 400, "DuplicateHeaders"},
		{"no authorization", del("Authorization"), 403, "MissingProviderToken"},
		{"basic", set("Authorization", "Basic abc"), 403, "InvalidProviderToken"},
		{"not a JWT", set("Authorization", "bearer abc"), 403, "InvalidProviderToken"},
		{"no kid", claims("", jwt.MapClaims{"iss": team, "iat": iat}), 403, "InvalidProviderToken"},
		{"other kid", claims("KEY0000000", jwt.MapClaims{"iss": team, "iat": iat}), 403, "InvalidProviderToken"},
		{"other team", claims(keyID, jwt.MapClaims{"iss": "TEAM000000", "iat": iat}), 403, "InvalidProviderToken"},
		{"no iat", claims(keyID, jwt.MapClaims{"iss": team}), 403, "InvalidProviderToken"},
		{"iat a string", claims(keyID, jwt.MapClaims{"iss": team, "iat": "now"}), 403, "InvalidProviderToken"},
		{"iat huge", claims(keyID, jwt.MapClaims{"iss": team, "iat": 1e300}), 403, "InvalidProviderToken"},
		{"future", func(l *lab, r *request) { r.header.Set("Authorization", l.bearer(-2*time.Minute)) }, 403, "InvalidProviderToken"},
		{"within the leeway", func(l *lab, r *request) { r.header.Set("Authorization", l.bearer(-30*time.Second)) }, 200, ""},
		{"an hour", func(l *lab, r *request) { r.header.Set("Authorization", l.bearer(time.Hour)) }, 200, ""},
		{"over an hour", func(l *lab, r *request) { r.header.Set("Authorization", l.bearer(time.Hour+time.Second)) }, 403, "ExpiredProviderToken"},
		{"tampered", func(l *lab, r *request) {
			b := []byte(l.bearer(0))
			b[len(b)-10] ^= 1
			r.header.Set("Authorization", string(b))
		}, 403, "InvalidProviderToken"},
		{"HS256", func(l *lab, r *request) {
			tok := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{"iss": team, "iat": iat})
			tok.Header["kid"] = keyID
			raw, _ := tok.SignedString([]byte("secret"))
			r.header.Set("Authorization", "bearer "+raw)
		}, 403, "InvalidProviderToken"},
		{"no topic", del("Apns-Topic"), 400, "MissingTopic"},
		{"topic without .voip", set("Apns-Topic", bundle), 400, "BadTopic"},
		{"alert with a VoIP topic", set("Apns-Push-Type", "alert"), 400, "BadTopic"},
		{"background at once", set("Apns-Push-Type", "background"), 400, "BadPriority"},
		{"unknown app", set("Apns-Topic", "com.example.other.voip"), 400, "BadTopic"},
		{"app of another team", func(l *lab, r *request) {
			l.srv.RegisterApp("com.other.app", "TEAM000000")
			r.header.Set("Apns-Topic", "com.other.app.voip")
		}, 400, "TopicDisallowed"},
		{"token of another app", func(l *lab, r *request) {
			l.srv.RegisterApp("com.example.two", team)
			r.header.Set("Apns-Topic", "com.example.two.voip")
		}, 400, "DeviceTokenNotForTopic"},
		{"no push type", del("Apns-Push-Type"), 400, "InvalidPushType"},
		{"push type", set("Apns-Push-Type", "ring"), 400, "InvalidPushType"},
		{"no priority", del("Apns-Priority"), 200, ""},
		{"priority", set("Apns-Priority", "11"), 400, "BadPriority"},
		{"no expiration", del("Apns-Expiration"), 200, ""},
		{"expiration", set("Apns-Expiration", "soon"), 400, "BadExpirationDate"},
		{"negative expiration", set("Apns-Expiration", "-1"), 400, "BadExpirationDate"},
		{"expiration in 1970", set("Apns-Expiration", "300"), 200, ""}, // the device is online, so it gets it all the same
		{"apns-id", set("Apns-Id", "1"), 400, "BadMessageId"},
		{"long collapse id", set("Apns-Collapse-Id", strings.Repeat("x", 65)), 400, "BadCollapseId"},
		{"collapse id", set("Apns-Collapse-Id", strings.Repeat("x", 64)), 200, ""},
		{"no payload", func(_ *lab, r *request) { r.body = "" }, 400, "PayloadEmpty"},
		{"payload not JSON", func(_ *lab, r *request) { r.body = "ring" }, 400, "PayloadEmpty"},
		{"5120 bytes", func(_ *lab, r *request) { r.body = `"` + strings.Repeat("x", 5118) + `"` }, 200, ""},
		{"5121 bytes", func(_ *lab, r *request) { r.body = `"` + strings.Repeat("x", 5119) + `"` }, 413, "PayloadTooLarge"},
		{"200 kB", func(_ *lab, r *request) { r.body = strings.Repeat("x", 200_000) }, 413, "PayloadTooLarge"},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newLab(t, apnstest.Config{})
			r := l.request()
			c.spoil(l, r)
			out := l.must(r)
			if out.status != c.status || out.reason != c.reason {
				t.Errorf("%d %s, want %d %s", out.status, out.reason, c.status, c.reason)
			}
			if id := out.header.Get("apns-id"); id == "" || r.header.Get("Apns-Id") == pushID && id != pushID {
				t.Errorf("apns-id %q", id)
			}
			log := l.srv.Requests()
			if len(log) != 1 || log[0].Status != c.status || log[0].Reason != c.reason || log[0].Decision == "" {
				t.Errorf("log %+v", log)
			}
			l.srv.Close()
			if n := len(l.got); (n == 1) != (c.status == 200) {
				t.Errorf("%d deliveries with status %d", n, out.status)
			}
		})
	}
}

func TestUniqueIDInTheSandboxOnly(t *testing.T) {
	l := newLab(t, apnstest.Config{})
	if out := l.must(l.request()); out.header.Get("apns-unique-id") != "" {
		t.Error("apns-unique-id in production")
	}
	r := l.request()
	r.env = push.Sandbox
	r.path = "/3/device/" + l.srv.IssueToken(bundle, push.Sandbox, nil)
	out := l.must(r)
	if log := l.srv.Requests(); out.header.Get("apns-unique-id") == "" || log[1].UniqueID != out.header.Get("apns-unique-id") {
		t.Errorf("apns-unique-id %q", out.header.Get("apns-unique-id"))
	}
}

func TestUnregister(t *testing.T) {
	l := newLab(t, apnstest.Config{})
	l.srv.Unregister(l.token, time.UnixMilli(1_799_999_999_123))
	out := l.must(l.request())
	if out.status != 410 || out.reason != "Unregistered" || out.timestamp != 1_799_999_999_123 {
		t.Errorf("%+v", out)
	}
	l.srv.Unregister("00", time.Time{}) // unknown: nothing happens
}

func TestTokenUpdates(t *testing.T) {
	l := newLab(t, apnstest.Config{})
	with := func(age time.Duration) *request {
		r := l.request()
		r.header.Set("Authorization", l.bearer(age))
		return r
	}
	l.want("first", with(30*time.Minute), 200, "")
	l.want("first update", with(20*time.Minute), 200, "")
	l.want("second update at once", with(10*time.Minute), 429, "TooManyProviderTokenUpdates")
	l.want("the connection is of no use now", with(20*time.Minute), 429, "TooManyProviderTokenUpdates")
	l.client = l.newClient() // closing idle ones may come before the last answer is put away
	l.want("a new connection is", with(10*time.Minute), 200, "")
	l.advance(21 * time.Minute)
	l.want("update after 21 minutes", with(0), 200, "")
	l.advance(21 * time.Minute)
	l.want("and again", with(0), 200, "")
}

func TestKeyBindsTheConnection(t *testing.T) {
	l := newLab(t, apnstest.Config{})
	l.srv.RegisterTeam(team, "KEY7654321", &l.key.PublicKey)
	l.want("first key", l.request(), 200, "")
	r := l.request()
	r.header.Set("Authorization", "bearer "+l.sign("KEY7654321", jwt.MapClaims{"iss": team, "iat": l.time().Unix()}))
	l.want("second key", r, 403, "UnrelatedKeyIdInToken")
	l.client = l.newClient() // closing idle ones may come before the last answer is put away
	l.want("second key, new connection", r, 200, "")
}
