package daily

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ringtrip/ringtrip/carrier"
	"github.com/ringtrip/ringtrip/carrier/carriertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// pair is a carrier and its emulator.
func pair(t *testing.T, breaker, watch bool) (*Carrier, *carriertest.Daily) {
	t.Helper()
	e, err := carriertest.NewDaily(carriertest.DailyConfig{Retry: time.Millisecond, Breaker: breaker})
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(client.CloseIdleConnections)
	c, err := New(Config{Domain: e.Domain, DomainID: e.DomainID, APIKey: carrier.NewSecret(e.APIKey), WebhookSecrets: []carrier.Secret{carrier.NewSecret(e.HMAC)},
		Watch: watch, API: e.URL(), Client: client, HookURL: "https://calls.example.com/carriers/app/daily"})
	if err != nil {
		t.Fatal(err)
	}
	return c, e
}

func TestRooms(t *testing.T) {
	carriertest.Rooms(t, func(t *testing.T) carriertest.RoomStage {
		c, e := pair(t, false, true)
		return carriertest.RoomStage{Carrier: c, Emulator: e, Mute: true}
	})
}

const callID = carriertest.CallID

// TestExample reads the token of Daily's documentation; its secret is not published.
func TestExample(t *testing.T) {
	const text = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJuYmYiOjE1NDg3MjE1NjksImV4cCI6MTg2NDA4MTUzOCwiciI6ImhlbGxvIiwibyI6dHJ1ZSwic3MiOnRydWUsImVyIjoibG9jYWwiLCJkIjoiMjVkZjUwNTctZWYwZC00ZDk3LWJkZTYtMGNmMjg3Mjc2Y2JiIiwiaWF0IjoxNTQ4NzIxODMxfQ.mvVciAengBR4xCblhFpo4mKYftQv1skYO4Y6IKr9Zgo"
	parts := strings.Split(text, ".")
	head, err := base64.RawURLEncoding.DecodeString(parts[0])
	if err != nil {
		t.Fatal(err)
	}
	mine, err := carrier.Compact(header{"HS256", "JWT"})
	if err != nil || string(mine) != string(head) {
		t.Errorf("the header is %s, Daily's %s (%v)", mine, head, err)
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	var c claims
	if err != nil || json.Unmarshal(raw, &c) != nil || c.Room != "hello" || c.DomainID != "25df5057-ef0d-4d97-bde6-0cf287276cbb" || c.IssuedAt != 1548721831 || c.Exp != 1864081538 {
		t.Errorf("%+v, %v", c, err)
	}
}

// TestToken holds the claims and what devices are called: those that are in a call while the server is updated must not become others.
func TestToken(t *testing.T) {
	c, e := pair(t, false, false)
	defer e.Close()
	j := carriertest.Example(time.Now())
	j.Now = time.Unix(1700000000, 0)
	raw, err := c.Credentials(j)
	if err != nil {
		t.Fatal(err)
	}
	var got struct{ URL, Token string }
	if err := json.Unmarshal(raw, &got); err != nil || got.URL != "https://emulated.daily.co/"+callID {
		t.Fatalf("%v, %s", err, raw)
	}
	claims, err := base64.RawURLEncoding.DecodeString(strings.Split(got.Token, ".")[1])
	want := `{"r":"` + callID + `","iat":1700000000,"d":"30f866c3-9123-452a-8723-ff58322d09c5","exp":1700086400,"ud":"AZmgAAAAcACAAAAAAAAAAQaFTjB3gaRGTh7","u":"Alice","vo":true}`
	if err != nil || string(claims) != want {
		t.Errorf("%s\ninstead of\n%s (%v)", claims, want, err)
	}
}

func TestUserID(t *testing.T) {
	for _, caller := range []bool{true, false} {
		id, err := UserID(callID, "alice", "phone", caller)
		if err != nil || len(id) > 36 {
			t.Fatalf("%q, %v", id, err)
		}
		if call, was, ok := parseUserID(id); !ok || call != callID || was != caller {
			t.Errorf("%q comes back as %q, %v, %v", id, call, was, ok)
		}
	}
	a, _ := UserID(callID, "al", "icephone", true)
	b, _ := UserID(callID, "alice", "phone", true)
	if a == b {
		t.Error("the border between user and device is lost")
	}
	if _, err := UserID("standup", "alice", "phone", true); err == nil {
		t.Error("a call without a UUID has a user_id")
	}
	for _, id := range []string{"", "alice", strings.Repeat("a", 35), strings.Repeat("!", 22) + "a" + strings.Repeat("A", 12), "AZmgAAAAcACAAAAAAAAAAQcaaaaaaaaaaaa"} {
		if call, _, ok := parseUserID(id); ok && id != strings.Repeat("a", 35) {
			t.Errorf("%q is of call %q", id, call)
		}
	}
}

func TestMeetingToken(t *testing.T) {
	c, e := pair(t, false, false)
	defer e.Close()
	j := carriertest.Example(time.Now())
	if _, err := c.Prepare(context.Background(), j.Call); err != nil {
		t.Fatal(err)
	}
	token, err := c.MeetingToken(context.Background(), j)
	if err != nil {
		t.Fatal(err)
	}
	seat, err := e.Join(context.Background(), []byte(`{"url":"https://emulated.daily.co/`+callID+`","token":"`+token+`"}`))
	if err != nil {
		t.Fatal(err)
	}
	if id, _ := UserID(callID, "alice", "phone", true); seat.(*carriertest.RoomSeat).Identity != id {
		t.Errorf("joined as %q", seat.(*carriertest.RoomSeat).Identity)
	}
	j.Self.User = "mallory"
	if _, err := c.MeetingToken(context.Background(), j); !errors.Is(err, carrier.ErrNotInCall) {
		t.Errorf("a token for mallory: %v", err)
	}
	c.key = carrier.NewSecret("another")
	j.Self.User = "alice"
	if _, err := c.MeetingToken(context.Background(), j); err == nil || strings.Contains(err.Error(), "another") {
		t.Errorf("with another key: %v", err)
	}
}

// TestRoomIsPrivate: nobody gets in without a token, or with one for another room; the room expires.
func TestRoomIsPrivate(t *testing.T) {
	c, e := pair(t, false, false)
	defer e.Close()
	j := carriertest.Example(time.Now())
	if _, err := e.Join(context.Background(), []byte(`{"url":"https://emulated.daily.co/`+callID+`"}`)); err == nil {
		t.Error("a room that is not there was joined")
	}
	if _, err := c.Prepare(context.Background(), j.Call); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Join(context.Background(), []byte(`{"url":"https://emulated.daily.co/`+callID+`"}`)); err == nil {
		t.Error("joined without a token")
	}
	other := j
	other.Call.ID = "0199a000-0000-7000-8000-000000000002"
	raw, err := c.Credentials(other)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Join(context.Background(), []byte(strings.Replace(string(raw), other.Call.ID, callID, 1))); err == nil {
		t.Error("joined with another room's token")
	}
}

// TestPublicRoomIsNotTaken: a room of the name that somebody made, open to all, is no room for a call.
func TestPublicRoomIsNotTaken(t *testing.T) {
	c, e := pair(t, false, false)
	defer e.Close()
	if _, err := c.rest.Do(context.Background(), http.MethodPost, "/v1/rooms", "application/json", []byte(`{"name":"`+callID+`"}`)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Prepare(context.Background(), carriertest.Example(time.Now()).Call); err == nil || !strings.Contains(err.Error(), "not private") {
		t.Errorf("%v", err)
	}
	if _, err := c.Prepare(context.Background(), carrier.Call{ID: "a room"}); err == nil {
		t.Error("a room of any name")
	}
}

// TestGroup: the calls of a group share a room, which is prepared once more for each and ends once.
func TestGroup(t *testing.T) {
	c, e := pair(t, false, false)
	defer e.Close()
	call := carriertest.Example(time.Now()).Call
	call.Group = "0199a000-0000-7000-8000-0000000000aa"
	for range 2 {
		if ref, err := c.Prepare(context.Background(), call); err != nil || ref != call.Group || len(e.Open()) != 1 {
			t.Fatalf("%q, %v; open: %q", ref, err, e.Open())
		}
		call.ID = "0199a000-0000-7000-8000-000000000002"
	}
	call.State = carrier.Ended
	if err := c.End(context.Background(), call); err != nil || len(e.Open()) != 0 {
		t.Errorf("%v, %q", err, e.Open())
	}
}

// TestEndNeedsTheAPI: a 404 of something else than Daily's API is no room that is gone.
func TestEndNeedsTheAPI(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	defer s.Close()
	c, e := pair(t, false, false)
	e.Close()
	c.rest.Base, c.rest.Client = s.URL, s.Client()
	if err := c.End(context.Background(), carriertest.Example(time.Now()).Call); err == nil {
		t.Error("End succeeded at a server that is no Daily")
	}
}

// TestMakingTheWebhook is what an operator does: POST /v1/webhooks makes Daily test the hook, unsigned, and with the breaker
// not even a stream of webhooks of others' rooms turns it off.
func TestMakingTheWebhook(t *testing.T) {
	c, e := pair(t, true, false)
	defer e.Close()
	d := carriertest.NewDesk(c, nil)
	s := httptest.NewServer(d)
	defer s.Close()
	ctx := context.Background()
	if _, err := c.rest.Do(ctx, http.MethodPost, "/v1/webhooks", "application/json", []byte(`{"url":"`+s.URL+`/nowhere"}`)); err != nil {
		t.Fatal(err) // the desk takes every path
	}
	if _, err := c.rest.Do(ctx, http.MethodPost, "/v1/webhooks", "application/json", []byte(`{"url":"`+s.URL+`/carriers/app/daily/x"}`)); err == nil {
		t.Fatal("a hook that answers 404 was taken")
	}
	if _, err := c.rest.Do(ctx, http.MethodPost, "/v1/webhooks", "application/json", []byte(`{"url":"`+s.URL+`/carriers/app/daily"}`)); err != nil {
		t.Fatal(err)
	}
	for _, room := range []string{"standup", "retro", callID} { // of another product, and of a call that is long over
		if _, err := c.rest.Do(ctx, http.MethodPost, "/v1/rooms", "application/json", []byte(`{"name":"`+room+`"}`)); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			seat, err := e.Join(ctx, []byte(`{"url":"https://emulated.daily.co/`+room+`"}`))
			if err != nil {
				t.Fatal(err)
			}
			seat.Leave()
		}
	}
	if err := e.Idle(ctx); err != nil {
		t.Fatal(err)
	}
	answer, err := c.rest.Do(ctx, http.MethodGet, "/v1/webhooks", "", nil)
	if err != nil || !strings.Contains(string(answer), "ACTIVE") || len(e.Undelivered()) > 0 || len(d.Told()) > 0 {
		t.Errorf("%v: the webhook is %s; not taken: %q; told %v", err, answer, e.Undelivered(), d.Told())
	}
}

// TestHold: without Watch, who leaves the room, as the adapter does on hold, is only noted.
func TestHold(t *testing.T) {
	c, e := pair(t, false, false)
	defer e.Close()
	if c.Traits().Watched {
		t.Error("watched")
	}
	d := carriertest.NewDesk(c, nil)
	s := httptest.NewServer(d)
	defer s.Close()
	e.Hooks(s.URL + "/carriers/app/daily")
	j := carriertest.Example(time.Now())
	d.Put(j.Call)
	if _, err := c.Prepare(context.Background(), j.Call); err != nil {
		t.Fatal(err)
	}
	raw, err := c.Credentials(j)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		seat, err := e.Join(context.Background(), raw)
		if err != nil {
			t.Fatal(err)
		}
		seat.Leave()
	}
	if err := e.Idle(context.Background()); err != nil {
		t.Fatal(err)
	}
	var kinds []carrier.EventKind
	for _, e := range d.Told() {
		kinds = append(kinds, e.Kind)
	}
	if !slices.Equal(kinds, []carrier.EventKind{carrier.Joined, carrier.Noted, carrier.Noted, carrier.Joined, carrier.Noted, carrier.Noted}) || len(d.Refused()) > 0 {
		t.Errorf("told %v, refused %q", kinds, d.Refused())
	}
}

func TestNewRefuses(t *testing.T) {
	good := Config{Domain: "example", DomainID: "30f866c3-9123-452a-8723-ff58322d09c5", APIKey: carrier.NewSecret("the key")}
	for want, change := range map[string]func(*Config){
		"domain is":            func(c *Config) { c.Domain = "https://example.daily.co" },
		"domain_id is":         func(c *Config) { c.DomainID = "example" },
		"there is no api_key":  func(c *Config) { c.APIKey = carrier.Secret{} },
		"webhook secret 1":     func(c *Config) { c.WebhookSecrets = []carrier.Secret{carrier.NewSecret("not base64!")} },
		"a token life of 1s":   func(c *Config) { c.TokenLife = time.Second },
		"api is the base":      func(c *Config) { c.API = "api.daily.co" },
		"webhook secret 2 is ": func(c *Config) { c.WebhookSecrets = []carrier.Secret{carrier.NewSecret("AAAA"), {}} },
	} {
		c := good
		change(&c)
		if _, err := New(c); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "not base64!") {
			t.Errorf("%v; it should say %q", err, want)
		}
	}
	if _, err := New(good); err != nil {
		t.Error(err)
	}
}

func TestCheck(t *testing.T) {
	c, e := pair(t, false, false)
	defer e.Close()
	for _, f := range c.Check() {
		if f.Severity != carrier.Fine || strings.Contains(f.What, e.APIKey) {
			t.Errorf("%+v", f)
		}
	}
	c.secrets, c.hook, c.key = nil, "ftp://x", carrier.NewSecret("short")
	n := 0
	for _, f := range c.Check() {
		if f.Severity != carrier.Fine {
			n++
		}
	}
	if n != 3 {
		t.Errorf("%d findings, not 3", n)
	}
}
