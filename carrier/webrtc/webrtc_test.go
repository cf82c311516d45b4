package webrtc

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ringtrip/ringtrip/carrier"
	"github.com/ringtrip/ringtrip/carrier/carriertest"
)

var now = time.Unix(1700000000, 0)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestCredentials compares with what openssl makes: printf 1700086400:alice/phone | openssl dgst -sha1 -hmac north -binary | base64.
func TestCredentials(t *testing.T) {
	c, err := New(Config{
		Servers: []Server{{URLs: []string{"stun:stun.example.com"}}, {URLs: []string{"turn:old.example.com"}, Username: "u", Credential: carrier.NewSecret("p")}},
		TURN:    []TURN{{URLs: []string{"turn:turn.example.com?transport=udp", "turns:turn.example.com:443?transport=tcp"}, Secret: carrier.NewSecret("north")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.Credentials(carriertest.Example(now))
	want := `{"iceServers":[{"urls":["stun:stun.example.com"]},{"urls":["turn:old.example.com"],"username":"u","credential":"p"},` +
		`{"urls":["turn:turn.example.com?transport=udp","turns:turn.example.com:443?transport=tcp"],"username":"1700086400:alice/phone","credential":"4Z7GYAtc4YuJxYT1DnMkqNiGfHY="}]}`
	if err != nil || string(got) != want {
		t.Errorf("%s\ninstead of\n%s (%v)", got, want, err)
	}
	none, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := none.Credentials(carriertest.Example(now)); err != nil || string(got) != `{"iceServers":[]}` {
		t.Errorf("without servers: %s, %v", got, err)
	}
}

// TestWhole: what is minted opens the TURN server, for its time and no longer.
func TestWhole(t *testing.T) {
	e, err := carriertest.NewWebRTC(carriertest.WebRTCConfig{})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	c, err := New(Config{Servers: []Server{{URLs: []string{"stun:127.0.0.1:3478"}}}, TURN: []TURN{{URLs: []string{e.TURNURL()}, Secret: carrier.NewSecret(e.Secret)}}})
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	j := carriertest.Example(now)
	j.Now = time.Now()
	join := func(j carrier.Join) (carriertest.Seat, error) {
		raw, err := c.Credentials(j)
		if err != nil {
			return nil, err
		}
		return e.Join(ctx, raw)
	}
	alice, err := join(j)
	if err != nil {
		t.Fatal(err)
	}
	<-alice.Connected()
	bob := j
	bob.Caller, bob.Self = false, carrier.Party{User: "bob", Device: strings.Repeat("a long name of a device ", 20)}
	second, err := join(bob)
	if err != nil {
		t.Fatal(err)
	}
	if open := e.Open(); len(open) != 2 {
		t.Fatalf("open: %q", open)
	}
	alice.Leave()
	second.Leave()
	if err := <-alice.Gone(); err != nil || len(e.Open()) != 0 {
		t.Errorf("%v, open: %q", err, e.Open())
	}
	old := j
	old.Now = j.Now.Add(-25 * time.Hour)
	if _, err := join(old); err == nil {
		t.Error("a password whose time is over opens the TURN server")
	}
	raw, err := c.Credentials(j)
	if err != nil {
		t.Fatal(err)
	}
	for name, changed := range map[string]string{
		"another user":  strings.Replace(string(raw), "alice", "mallory", 1),
		"a longer time": strings.Replace(string(raw), `"username":"1`, `"username":"2`, 1),
		"no password":   strings.Replace(string(raw), `"credential"`, `"x"`, 1),
		"no list":       `{"iceServers":7}`,
		"http":          `{"iceServers":[{"urls":"http://example.com"}]}`,
	} {
		if _, err := e.Join(ctx, []byte(changed)); err == nil {
			t.Errorf("%s gets in", name)
		}
	}
	e.Outage(true)
	if _, err := join(j); !errors.Is(err, carriertest.ErrLost) {
		t.Errorf("at a server that is down: %v", err)
	}
}

// TestTimeIsOver: what the TURN server relays ends with the user name's time.
func TestTimeIsOver(t *testing.T) {
	until := time.Unix(1700000600, 0)
	e, err := carriertest.NewWebRTC(carriertest.WebRTCConfig{Now: func() time.Time { return until.Add(-time.Millisecond) }})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	name, password := mint(carrier.NewSecret(e.Secret), "alice/phone", until)
	raw, err := json.Marshal(map[string]any{"iceServers": []map[string]any{{"urls": e.TURNURL(), "username": name, "credential": password}}})
	if err != nil {
		t.Fatal(err)
	}
	seat, err := e.Join(context.Background(), raw)
	if err != nil {
		t.Fatal(err)
	}
	if err := <-seat.Gone(); !errors.Is(err, carriertest.ErrPutOut) {
		t.Error(err)
	}
}

func TestStrangers(t *testing.T) {
	c, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	j := carriertest.Example(now)
	j.Self.User = "mallory"
	if got, err := c.Credentials(j); !errors.Is(err, carrier.ErrNotInCall) || got != nil {
		t.Errorf("mallory gets %s, %v", got, err)
	}
	j = carriertest.Example(now)
	j.Call.State = carrier.Ended
	if got, err := c.Credentials(j); !errors.Is(err, carrier.ErrUnknownCall) || got != nil {
		t.Errorf("after the end: %s, %v", got, err)
	}
	d := carriertest.NewDesk(c, nil)
	if _, err := c.Webhook(context.Background(), &carrier.Request{Method: "POST", Now: time.Now()}, d); !errors.Is(err, carrier.ErrUnknownHook) || len(d.Told()) > 0 {
		t.Errorf("a webhook: %v", err)
	}
	if err := c.End(context.Background(), carriertest.Example(now).Call); err != nil {
		t.Error(err)
	}
	if tr := c.Traits(); !tr.PeerToPeer || tr.Rooms || tr.Watched || tr.AfterAnswer || tr.TokenLife != 24*time.Hour {
		t.Errorf("%+v", tr)
	}
}

func TestNewRefuses(t *testing.T) {
	stun := func(urls ...string) Config { return Config{Servers: []Server{{URLs: urls}}} }
	turn := func(urls ...string) Config { return Config{TURN: []TURN{{URLs: urls, Secret: carrier.NewSecret("s")}}} }
	for want, c := range map[string]Config{
		"a token life of 1s":             {TokenLife: time.Second},
		"17 ICE servers":                 {Servers: make([]Server, 17)},
		"ICE server 1: 0 urls":           stun(),
		`"http://x" does not begin`:      stun("http://x"),
		`"stun:x" does not begin`:        turn("stun:x"),
		`"turn://x" names no server`:     turn("turn://x"),
		`"turn:" names no server`:        turn("turn:"),
		`"turn:x:" names no server`:      turn("turn:x:"),
		`"turn:x:99999" names no server`: turn("turn:x:99999"),
		`"turn:a@x" names no server`:     turn("turn:a@x"),
		`"stun:x?transport=udp": after`:  stun("stun:x?transport=udp"),
		`"turn:x?transport=sctp": after`: turn("turn:x?transport=sctp"),
		"TURN server 1 has no secret":    {TURN: []TURN{{URLs: []string{"turn:x"}}}},
		"TURN server 1: 17 urls":         turn(make([]string, 17)...),
	} {
		if _, err := New(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; it should say %q", err, want)
		}
	}
	for _, u := range []string{"turn:x", "turns:[2001:db8::1]:443?transport=tcp", "turn:192.0.2.1:3478?transport=udp"} {
		if _, err := New(turn(u)); err != nil {
			t.Error(err)
		}
	}
}

func TestCheck(t *testing.T) {
	for n, c := range map[int]Config{
		0: {TURN: []TURN{{URLs: []string{"turn:x"}, Secret: carrier.NewSecret("a secret that is long enough")}}},
		1: {},
		2: {TURN: []TURN{{URLs: []string{"turn:x"}, Secret: carrier.NewSecret("short")}, {URLs: []string{"turn:x"}, Secret: carrier.NewSecret("a secret that is long enough ")}}},
		3: {Servers: []Server{{URLs: []string{"turn:x"}}, {URLs: []string{"turn:x"}, Username: "u", Credential: carrier.NewSecret("p")}, {URLs: []string{"turns:x"}}}},
	} {
		w, err := New(c)
		if err != nil {
			t.Fatal(err)
		}
		bad := 0
		for _, f := range w.Check() {
			if f.Severity != carrier.Fine {
				bad++
				if f.Fix == "" {
					t.Errorf("no advice: %+v", f)
				}
			}
			if strings.Contains(f.What+f.Fix, "long enough") {
				t.Errorf("a finding tells the secret: %+v", f)
			}
		}
		if bad != n {
			t.Errorf("%d findings, not %d: %+v", bad, n, w.Check())
		}
	}
}

func FuzzURL(f *testing.F) {
	for _, u := range []string{"turn:x", "stun:[::1]:1", "turns:x?transport=tcp", "turn:%zz", "turn:x:-1"} {
		f.Add(u)
	}
	f.Fuzz(func(t *testing.T, u string) {
		c, err := New(Config{TURN: []TURN{{URLs: []string{u}, Secret: carrier.NewSecret("s")}}})
		if err != nil {
			return
		}
		raw, err := c.Credentials(carriertest.Example(now))
		if err != nil || !json.Valid(raw) {
			t.Fatalf("%q: %s, %v", u, raw, err)
		}
	})
}
