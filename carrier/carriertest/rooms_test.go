package carriertest

import (
	"bytes"
	"compress/zlib"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// hooked is a server that hands on what webhooks say, and answers with the next of its statuses, then with 200.
type hooked struct {
	mu       sync.Mutex
	statuses []int
	bodies   chan map[string]any
}

func (h *hooked) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var body map[string]any
	if json.NewDecoder(r.Body).Decode(&body) == nil {
		h.bodies <- body
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	status := http.StatusOK
	if len(h.statuses) > 0 {
		status, h.statuses = h.statuses[0], h.statuses[1:]
	}
	w.WriteHeader(status)
}

// expect waits for webhooks of these events, in this order, and returns them.
func (h *hooked) expect(t *testing.T, field string, want ...string) []map[string]any {
	t.Helper()
	var all []map[string]any
	for _, w := range want {
		body := <-h.bodies
		if got := fmt.Sprint(body[field]); got != w {
			t.Fatalf("webhook %d is %s, not %s", len(all)+1, got, w)
		}
		all = append(all, body)
	}
	return all
}

// listen starts a server for the emulator's webhooks.
func listen(t *testing.T, e Emulator, statuses ...int) *hooked {
	t.Helper()
	h := &hooked{statuses: statuses, bodies: make(chan map[string]any, 100)}
	s := httptest.NewServer(h)
	t.Cleanup(func() { e.Close(); s.Close() })
	e.Hooks(s.URL)
	return h
}

func idle(t *testing.T, e Emulator) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := e.Idle(ctx); err != nil {
		t.Fatal(err)
	}
}

// jwt is a token of HS256 with any header and claims.
func jwt(key, head string, claims any) string {
	body, _ := json.Marshal(claims)
	return makeJWT(key, head, body)
}

func newLiveKit(t *testing.T, c LiveKitConfig) *LiveKit {
	t.Helper()
	l, err := NewLiveKit(c)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// access is a token for a room, with changes.
func (l *LiveKit) access(identity string, change func(claims map[string]any)) []byte {
	claims := map[string]any{"iss": l.Key, "sub": identity, "nbf": time.Now().Unix(), "exp": time.Now().Unix() + 60, "video": map[string]any{"roomJoin": true, "room": "r"}}
	if change != nil {
		change(claims)
	}
	return fmt.Appendf(nil, `{"url":%q,"token":%q}`, l.SocketURL(), jwt(l.Secret, `{"alg":"HS256"}`, claims))
}

func TestLiveKitRefuses(t *testing.T) {
	l := newLiveKit(t, LiveKitConfig{Linger: time.Hour})
	defer l.Close()
	set := func(name string, value any) func(map[string]any) { return func(c map[string]any) { c[name] = value } }
	other := &LiveKit{Key: l.Key, Secret: "another secret"}
	other.url = l.url
	for want, credentials := range map[string][]byte{
		"the credentials are not":           []byte(`{"url":7}`),
		"nobody answers":                    bytes.Replace(l.access("a", nil), []byte("ws://127"), []byte("ws://128"), 1),
		"it is no JWT":                      fmt.Appendf(nil, `{"url":%q,"token":"x"}`, l.SocketURL()),
		"error in cryptographic":            other.access("a", nil),
		"invalid API key":                   l.access("a", set("iss", "APIother")),
		"token is expired":                  l.access("a", set("exp", time.Now().Unix()-120)),
		"is expired (exp)":                  l.access("a", set("exp", 0)),
		"not valid yet":                     l.access("a", set("nbf", time.Now().Unix()+120)),
		"permission denied":                 l.access("a", set("video", map[string]any{"room": "r"})),
		"the token joins no room, or nobod": l.access("", nil),
		`algorithm "none"`:                  fmt.Appendf(nil, `{"url":%q,"token":%q}`, l.SocketURL(), jwt(l.Secret, `{"alg":"none"}`, map[string]any{"iss": l.Key})),
	} {
		if _, err := l.Join(context.Background(), credentials); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; it should say %q", err, want)
		}
	}
	if n := len(l.Refused()); n != 11 || len(l.Open()) != 0 {
		t.Errorf("%d refused; open: %q", n, l.Open())
	}
}

// TestLiveKitRoom: who comes again puts the older one out, the room closes after the last one, webhooks come in order, and
// again after a temporary failure.
func TestLiveKitRoom(t *testing.T) {
	l := newLiveKit(t, LiveKitConfig{Linger: time.Millisecond, Retry: time.Millisecond})
	h := listen(t, l, 500, 429)
	join := func() *RoomSeat {
		s, err := l.Join(context.Background(), l.access("alice/phone", nil))
		if err != nil {
			t.Fatal(err)
		}
		return s.(*RoomSeat)
	}
	first := join()
	second := join()
	if err := <-first.Gone(); !errors.Is(err, ErrPutOut) {
		t.Errorf("the older one hears %v", err)
	}
	first.Leave() // too late, nothing follows
	second.Leave()
	if err := <-second.Gone(); err != nil {
		t.Error(err)
	}
	all := h.expect(t, "event", "room_started", "room_started", "room_started", "participant_joined", "participant_left", "participant_joined", "participant_left", "room_finished")
	if all[0]["id"] != all[2]["id"] || all[4]["participant"].(map[string]any)["disconnectReason"] != "DUPLICATE_IDENTITY" {
		t.Errorf("%v", all)
	}
	if err := first.Digits("1"); !errors.Is(err, ErrNoDigits) {
		t.Error(err)
	}
}

// TestLiveKitGivesUp: a webhook that is refused for good is not repeated, one that fails comes four times more.
func TestLiveKitGivesUp(t *testing.T) {
	l := newLiveKit(t, LiveKitConfig{Linger: time.Hour, Retry: time.Microsecond})
	h := listen(t, l, 404, 500, 500, 500, 500, 500)
	if _, err := l.Join(context.Background(), l.access("a", nil)); err != nil {
		t.Fatal(err)
	}
	idle(t, l)
	h.expect(t, "event", "room_started", "participant_joined", "participant_joined", "participant_joined", "participant_joined", "participant_joined")
	if got := l.Undelivered(); len(got) != 2 || len(h.bodies) != 0 {
		t.Errorf("given up: %q; %d more", got, len(h.bodies))
	}
}

func TestLiveKitAPI(t *testing.T) {
	l := newLiveKit(t, LiveKitConfig{Linger: time.Hour})
	defer l.Close()
	seat, err := l.Join(context.Background(), l.access("a/b", nil))
	if err != nil {
		t.Fatal(err)
	}
	token := func(video map[string]any) string {
		return "Bearer " + jwt(l.Secret, `{"alg":"HS256"}`, map[string]any{"iss": l.Key, "exp": time.Now().Unix() + 60, "video": video})
	}
	all := map[string]any{"roomCreate": true, "roomList": true, "roomAdmin": true, "room": "r"}
	for _, c := range []struct {
		method, auth, body string
		status             int
		says               string
	}{
		{"ListRooms", "", `{}`, 401, "unauthenticated"},
		{"ListRooms", "Bearer x", `{}`, 401, "unauthenticated"},
		{"ListRooms", token(map[string]any{"roomJoin": true}), `{}`, 403, "permission_denied"},
		{"ListRooms", token(all), `{}`, 200, `"numParticipants":1`},
		{"ListRooms", token(all), `{`, 400, "malformed"},
		{"CreateRoom", token(all), `{"name":"new"}`, 200, `"sid"`},
		{"RemoveParticipant", token(all), `{"room":"r","identity":"nobody"}`, 404, "not_found"},
		{"RemoveParticipant", token(all), `{"room":"r","identity":"a/b"}`, 200, "{}"},
		{"DeleteRoom", token(all), `{"room":"new"}`, 200, "{}"},
		{"DeleteRoom", token(all), `{"room":"new"}`, 404, "not_found"},
		{"MakeCoffee", token(all), `{}`, 404, "bad_route"},
	} {
		status, answer := ask(t, "POST", l.URL()+"/twirp/livekit.RoomService/"+c.method, c.auth, c.body)
		if status != c.status || !strings.Contains(answer, c.says) {
			t.Errorf("%s %s: %d %s instead of %d %s", c.method, c.body, status, answer, c.status, c.says)
		}
	}
	if err := <-seat.Gone(); !errors.Is(err, ErrPutOut) {
		t.Error(err)
	}
}

func ask(t *testing.T, method, url, auth, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if auth != "" {
		r.Header.Set("Authorization", auth)
	}
	r.Header.Set("Content-Type", "application/json")
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(answer)
}

// access is a token of Agora's, by the format's description.
func (a *Agora) access(issued, expire, join uint32, channel, uid string) string {
	text := func(b []byte, s string) []byte {
		return append(binary.LittleEndian.AppendUint16(b, uint16(len(s))), s...)
	}
	u32 := func(n uint32) []byte { return binary.LittleEndian.AppendUint32(nil, n) }
	body := slices.Concat(text(nil, a.AppID), u32(issued), u32(expire), u32(7), []byte{1, 0, 1, 0, 1, 0, 1, 0}, u32(join))
	body = text(text(body, channel), uid)
	key := digest(sha256.New, u32(7), digest(sha256.New, u32(issued), []byte(a.Certificate)))
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	_, _ = z.Write(append(text(nil, string(digest(sha256.New, key, body))), body...))
	_ = z.Close()
	return "007" + base64.StdEncoding.EncodeToString(b.Bytes())
}

func TestAgoraRefuses(t *testing.T) {
	a, err := NewAgora(AgoraConfig{})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	now := uint32(time.Now().Unix())
	other, stranger := &Agora{AppID: strings.Repeat("0", 32), Certificate: a.Certificate}, &Agora{AppID: a.AppID, Certificate: strings.Repeat("0", 32)}
	for want, token := range map[string]string{
		"no AccessToken2":           "006",
		"unpacking":                 "007AAAA",
		"app \"000":                 other.access(now, 60, 60, "c", "7"),
		"another certificate's":     stranger.access(now, 60, 60, "c", "7"),
		"ERR_TOKEN_EXPIRED":         a.access(now-60, 60, 600, "c", "7"),
		"more than 24 hours":        a.access(now, 86401, 60, "c", "7"),
		"for channel \"d\"":         a.access(now, 60, 60, "d", "7"),
		"for uid \"8\"":             a.access(now, 60, 60, "c", "8"),
		"no privilege to join":      a.access(now-30, 60, 30, "c", "7"),
		"the credentials are not {": "",
	} {
		if _, err := a.Join(context.Background(), fmt.Appendf(nil, `{"channel":"c","token":%q,"uid":7}`, token)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; it should say %q", err, want)
		}
	}
	if _, err := a.Join(context.Background(), fmt.Appendf(nil, `{"channel":"c","token":%q,"uid":7}`, a.access(now, 60, 60, "c", ""))); err != nil {
		t.Errorf("a token for any uid: %v", err)
	}
}

// TestAgoraNotices: they are repeated three times with the same noticeId and a new time; a token that is over puts out.
func TestAgoraNotices(t *testing.T) {
	var mu sync.Mutex
	clock := time.Unix(1700000059, 999e6)
	a, err := NewAgora(AgoraConfig{Retry: time.Microsecond, Now: func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		clock = clock.Add(time.Microsecond)
		return clock
	}})
	if err != nil {
		t.Fatal(err)
	}
	h := listen(t, a, 500, 404, 302, 500)
	seat, err := a.Join(context.Background(), fmt.Appendf(nil, `{"channel":"c","token":%q,"uid":7}`, a.access(1700000000, 60, 60, "c", "7")))
	if err != nil {
		t.Fatal(err)
	}
	if err := <-seat.Gone(); !errors.Is(err, ErrPutOut) {
		t.Errorf("the device hears %v", err)
	}
	all := h.expect(t, "eventType", "101", "101", "101", "101", "107", "108", "102")
	if all[0]["noticeId"] != all[3]["noticeId"] || all[4]["payload"].(map[string]any)["uid"] != 7.0 || all[5]["payload"].(map[string]any)["reason"] != 3.0 {
		t.Errorf("%v", all)
	}
	idle(t, a)
	if got := a.Undelivered(); len(got) != 1 || len(a.Open()) != 0 {
		t.Errorf("given up: %q; open: %q", got, a.Open())
	}
}

func newDaily(t *testing.T, c DailyConfig) *Daily {
	t.Helper()
	d, err := NewDaily(c)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// make makes a room.
func (d *Daily) make(t *testing.T, body string) (int, string) {
	t.Helper()
	return ask(t, "POST", d.URL()+"/v1/rooms", "Bearer "+d.APIKey, body)
}

func (d *Daily) enterBy(t *testing.T, room string, claims map[string]any) (Seat, error) {
	t.Helper()
	token := ""
	if claims != nil {
		token = jwt(d.APIKey, `{"alg":"HS256","typ":"JWT"}`, claims)
	}
	return d.Join(context.Background(), fmt.Appendf(nil, `{"url":"https://%s.daily.co/%s","token":%q}`, d.Domain, room, token))
}

func TestDailyRefuses(t *testing.T) {
	d := newDaily(t, DailyConfig{})
	defer d.Close()
	for body, want := range map[string]string{
		`{"name":"a b"}`:                       "invalid characters",
		`{"name":"a","privacy":"secret"}`:      "public or private",
		`{"name":"a","properties":{"exp":1}}`:  "in the past",
		`{"name":"a","properties":{"exq":1}}`:  "unknown field",
		`{"name":"a","privacy":"private"`:      "EOF",
		`{"name":"room","privacy":"private"} `: "",
	} {
		status, answer := d.make(t, body)
		if want == "" != (status == 200) || !strings.Contains(answer, want) {
			t.Errorf("%s: %d %s", body, status, answer)
		}
	}
	if status, answer := d.make(t, `{"name":"room"}`); status != 400 || !strings.Contains(answer, "already exists") {
		t.Errorf("the same room again: %d %s", status, answer)
	}
	if status, _ := ask(t, "GET", d.URL()+"/v1/", "Bearer x", ""); status != 401 {
		t.Errorf("with another key: %d", status)
	}
	if status, answer := ask(t, "GET", d.URL()+"/v1/", "Bearer "+d.APIKey, ""); status != 200 || !strings.Contains(answer, d.DomainID) {
		t.Errorf("the domain: %d %s", status, answer)
	}
	now := time.Now().Unix()
	good := func(change string, value any) map[string]any {
		c := map[string]any{"r": "room", "d": d.DomainID, "iat": now, "exp": now + 60, change: value}
		return c
	}
	for want, claims := range map[string]map[string]any{
		"is private":       nil,
		"for room":         good("r", "other"),
		"domain":           good("d", "x"),
		"no iat":           good("iat", 0),
		"it has expired":   good("exp", now),
		"not valid yet":    good("nbf", now+60),
		"37 characters":    good("ud", strings.Repeat("x", 37)),
		"it cannot be rea": good("iat", "now"),
	} {
		if _, err := d.enterBy(t, "room", claims); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; it should say %q", err, want)
		}
	}
	if _, err := d.Join(context.Background(), fmt.Appendf(nil, `{"url":"https://emulated.daily.co/room","token":%q}`, jwt("another", `{"alg":"HS256"}`, good("x", 1)))); err == nil {
		t.Error("a token signed with another key lets in")
	}
	if _, err := d.enterBy(t, "room", good("x", 1)); err != nil {
		t.Error(err)
	}
}

// TestDailyTime: a room that expires puts out who is to be ejected, and a token's time too.
func TestDailyTime(t *testing.T) {
	until := time.Unix(1700000600, 0)
	var before atomic.Int64
	before.Store(int64(50 * time.Millisecond))
	d := newDaily(t, DailyConfig{Now: func() time.Time { return until.Add(-time.Duration(before.Load())) }})
	h := listen(t, d)
	var stays Seat
	for stays == nil { // until who joins is quicker than the room's end
		if status, answer := d.make(t, `{"name":"room","privacy":"private","properties":{"exp":1700000600,"eject_at_room_exp":true}}`); status != 200 {
			t.Fatal(answer)
		}
		var err error
		if stays, err = d.enterBy(t, "room", map[string]any{"r": "room", "d": d.DomainID, "iat": 1700000000, "exp": 1700000600}); err != nil {
			if len(d.Open()) > 0 || before.Load() > int64(time.Minute) {
				t.Fatal(err)
			}
			stays = nil
			before.Store(2 * before.Load())
		}
	}
	if err := <-stays.Gone(); err != nil {
		t.Errorf("at the end of the room: %v", err)
	}
	h.expect(t, "type", "meeting.started", "participant.joined", "participant.left", "meeting.ended")
	if _, err := d.enterBy(t, "room", map[string]any{"r": "room", "d": d.DomainID, "iat": 1700000000, "exp": 1700000600}); err == nil {
		t.Error("the room is still there")
	}
	if status, answer := d.make(t, `{"name":"other","properties":{"exp":1700000601}}`); status != 200 {
		t.Fatal(answer)
	}
	seat, err := d.enterBy(t, "other", map[string]any{"r": "other", "d": d.DomainID, "iat": 1700000000, "exp": 1700000600, "ejt": true})
	if err != nil {
		t.Fatal(err)
	}
	if err := <-seat.Gone(); !errors.Is(err, ErrPutOut) {
		t.Errorf("at the end of the token: %v", err)
	}
}

// TestDailyBreaker: after three failures in a row no webhook is sent any more.
func TestDailyBreaker(t *testing.T) {
	d := newDaily(t, DailyConfig{Breaker: true})
	h := listen(t, d, 500, 500, 200, 404, 404, 404)
	d.make(t, `{"name":"room"}`)
	for range 4 {
		s, err := d.enterBy(t, "room", nil)
		if err != nil {
			t.Fatal(err)
		}
		s.Leave()
		idle(t, d)
	}
	if n := len(h.bodies); n < 6 || n > 8 { // of each visit four; of the second one two may be on their way when it turns off
		t.Errorf("%d webhooks came", n)
	}
	if _, answer := ask(t, "GET", d.URL()+"/v1/webhooks", "Bearer "+d.APIKey, ""); !strings.Contains(answer, "FAILED") {
		t.Errorf("the webhook is %s", answer)
	}
}
