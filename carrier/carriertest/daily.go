package carriertest

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// DailyConfig is a Daily domain on this machine.
type DailyConfig struct {
	Domain, DomainID, APIKey, HMAC string // empty: made up; HMAC is base64
	// Breaker: webhooks are of Daily's retryType "circuit-breaker", its default: none is repeated, and after three failures in a
	// row no more are sent. False is "exponential".
	Breaker bool
	Retry   time.Duration // pause before a webhook is repeated, doubled each time; 0: 1 s
	Now     func() time.Time
}

// Daily is Daily as its documentation describes it: rooms are made by REST, live until they are deleted or expire, and let in
// who has a token (private ones) that was made by REST or signed with the API key. Webhooks are signed, with the time, and
// sent for all rooms of the domain. It has /v1/, /v1/rooms, /v1/meeting-tokens and /v1/webhooks.
//
// Not known from the documentation, and chosen here: the time in a signature is in milliseconds, a repeated webhook has the
// same time, a room that is deleted tells participant.left of who was in it and then meeting.ended.
type Daily struct {
	house
	Domain, DomainID, APIKey, HMAC string
	now                            func() time.Time
	private                        map[string]dailyRoom // guarded by house.mu

	hookMu sync.Mutex
	fails  int    // in a row
	state  string // of the webhook: "ACTIVE", "FAILED"
	hmac   string // guarded by hookMu
}

// dailyRoom are a room's settings.
type dailyRoom struct {
	Privacy string
	Exp     int64
	Eject   bool
}

var _ Emulator = (*Daily)(nil)

// NewDaily starts one.
func NewDaily(c DailyConfig) (*Daily, error) {
	if c.Domain == "" {
		c.Domain, c.DomainID, c.APIKey = "emulated", "30f866c3-9123-452a-8723-ff58322d09c5", "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	}
	if c.HMAC == "" {
		c.HMAC = base64.StdEncoding.EncodeToString([]byte("an emulated webhook's secret 000"))
	}
	if c.Retry == 0 {
		c.Retry = time.Second
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	d := &Daily{Domain: c.Domain, DomainID: c.DomainID, APIKey: c.APIKey, HMAC: c.HMAC, hmac: c.HMAC, now: c.Now, private: map[string]dailyRoom{}, state: "ACTIVE"}
	d.linger = -1
	d.onLose = func() { clear(d.private) }
	d.post = newPostbox(func(attempt, _ int) (time.Duration, bool) {
		if !c.Breaker {
			return c.Retry << attempt, attempt < 5
		}
		d.hookMu.Lock()
		defer d.hookMu.Unlock()
		if d.fails++; d.fails >= 3 {
			d.state = "FAILED"
		}
		return 0, false
	})
	d.post.took = func() {
		d.hookMu.Lock()
		defer d.hookMu.Unlock()
		d.fails = 0
	}
	d.onOpen = func(r *room) { d.tell("meeting.started", r, nil) }
	d.onEnd = func(r *room) { d.tell("meeting.ended", r, nil) }
	d.onJoin = func(s *RoomSeat) { d.tell("participant.joined", s.room, s) }
	d.onOut = func(s *RoomSeat, _ departure) { d.tell("participant.left", s.room, s) }
	if err := d.open(d.api()); err != nil {
		return nil, err
	}
	return d, nil
}

// Name implements Emulator.
func (d *Daily) Name() string { return "daily" }

// Join implements Emulator.
func (d *Daily) Join(_ context.Context, credentials []byte) (Seat, error) {
	var c struct{ URL, Token string }
	if err := json.Unmarshal(credentials, &c); err != nil || c.URL == "" {
		return nil, d.refuse(`daily: the credentials are not {"url":…,"token":…}`)
	}
	u, err := url.Parse(c.URL)
	if err != nil || u.Scheme != "https" || u.Host != d.Domain+".daily.co" {
		return nil, d.refuse("daily: %s is no room of this domain", c.URL)
	}
	name := strings.TrimPrefix(u.Path, "/")
	t, err := d.check(c.Token)
	if err != nil {
		return nil, d.refuse("daily: %w", err)
	}
	now := d.now()
	d.mu.Lock()
	room, there := d.private[name]
	session := fmt.Sprintf("session-%06d", d.next())
	d.mu.Unlock()
	switch {
	case t.Room != "" && t.Room != name:
		return nil, d.refuse("daily: the token is for room %q, not %q", t.Room, name)
	case there && room.Exp != 0 && now.Unix() >= room.Exp:
		return nil, d.refuse("daily: exp-room: room %q has expired", name)
	case there && room.Privacy == "private" && c.Token == "":
		return nil, d.refuse("daily: not allowed: room %q is private", name)
	}
	user := t.UserID
	if user == "" {
		user = session
	}
	s, err := d.enter(name, &RoomSeat{Identity: user, Session: session, Name: t.UserName}, false, now)
	if err != nil {
		return nil, fmt.Errorf("daily: %w", err)
	}
	end := time.Time{}
	if t.EjectAtExp {
		end = time.Unix(t.Exp, 0)
	}
	if e := s.Joined.Add(time.Duration(t.EjectAfter) * time.Second); t.EjectAfter > 0 && (end.IsZero() || e.Before(end)) {
		end = e
	}
	if !end.IsZero() {
		d.mu.Lock()
		if !s.out {
			s.end = time.AfterFunc(end.Sub(now), func() { d.leave(s, timeIsOver) })
		}
		d.mu.Unlock()
	}
	return s, nil
}

// dailyToken is a meeting token.
type dailyToken struct {
	Room       string `json:"r,omitempty"`
	DomainID   string `json:"d"`
	IssuedAt   int64  `json:"iat"`
	Exp        int64  `json:"exp,omitempty"`
	NotBefore  int64  `json:"nbf,omitempty"`
	UserID     string `json:"ud,omitempty"`
	UserName   string `json:"u,omitempty"`
	EjectAtExp bool   `json:"ejt,omitempty"`
	EjectAfter int64  `json:"eje,omitempty"`
	VideoOff   bool   `json:"vo,omitempty"`
}

// check reads a token; none is one that allows nothing.
func (d *Daily) check(token string) (t dailyToken, err error) {
	if token == "" {
		return t, nil
	}
	var head struct{ Alg string }
	text, sig, err := readJWT(token, &head, &t)
	now := d.now().Unix()
	switch {
	case err != nil:
		return t, fmt.Errorf("invalid-token: %w", err)
	case head.Alg != "HS256" || !isHS256(d.APIKey, text, sig):
		return t, errors.New("invalid-token: it is not signed with the API key")
	case t.DomainID != d.DomainID:
		return t, fmt.Errorf("invalid-token: domain %q", t.DomainID)
	case t.IssuedAt == 0:
		return t, errors.New("invalid-token: no iat")
	case t.Exp != 0 && now >= t.Exp:
		return t, errors.New("exp-token: it has expired")
	case now < t.NotBefore:
		return t, errors.New("nbf-token: it is not valid yet")
	case len(t.UserID) > 36:
		return t, fmt.Errorf("invalid-token: a user_id of %d characters", len(t.UserID))
	}
	return t, nil
}

// tell makes a webhook. The lock must be held.
func (d *Daily) tell(event string, r *room, s *RoomSeat) {
	at := d.now()
	sec := func(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }
	payload := map[string]any{"room": r.name, "meeting_id": r.id, "start_ts": sec(r.met)}
	switch {
	case s != nil:
		payload = map[string]any{"room": r.name, "user_id": s.Identity, "user_name": s.Name, "session_id": s.Session, "joined_at": sec(s.Joined),
			"will_eject_at": 0, "owner": false, "permissions": map[string]any{"hasPresence": true, "canSend": true, "canReceive": map[string]any{"base": true}}}
		if event == "participant.left" {
			payload["duration"] = at.Sub(s.Joined).Seconds()
		}
	case event == "meeting.ended":
		payload["end_ts"] = sec(at)
	}
	body, err := json.Marshal(map[string]any{"version": "1.1.0", "type": event, "id": fmt.Sprintf("evt-%06d", d.next()), "payload": payload, "event_ts": sec(at)})
	if err != nil {
		return
	}
	d.hookMu.Lock()
	failed, key := d.state == "FAILED", d.hmac
	d.hookMu.Unlock()
	if !failed {
		d.post.post(letter{key: r.name, make: func(int) (http.Header, []byte) { return dailyHeader(key, body, at), body }})
	}
}

func dailyHeader(key string, body []byte, at time.Time) http.Header {
	raw, _ := base64.StdEncoding.DecodeString(key)
	stamp := strconv.FormatInt(at.UnixMilli(), 10)
	h := http.Header{}
	h.Set("Content-Type", "application/json")
	h.Set("X-Webhook-Timestamp", stamp)
	h.Set("X-Webhook-Signature", base64.StdEncoding.EncodeToString(digest(sha256.New, raw, []byte(stamp+"."+string(body)))))
	return h
}
