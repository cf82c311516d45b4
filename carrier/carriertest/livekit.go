package carriertest

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// LiveKitConfig is a LiveKit project on this machine.
type LiveKitConfig struct {
	Key, Secret string        // empty: made up
	Linger      time.Duration // how long a room stays when all have left; 0: LiveKit's 20 s
	Retry       time.Duration // pause before the first repetition of a webhook, doubled each time; 0: LiveKit's 1 s
	Now         func() time.Time
}

// LiveKit is a LiveKit server as its documentation describes it: rooms make themselves when somebody joins, who comes with
// an identity that is there puts the older one out, a room closes 20 s after the last one left. Webhooks are signed by a
// token with the body's hash, those of a room come one after the other, and one that is answered 5xx or 429 comes four times
// more. The room API has CreateRoom, DeleteRoom, ListRooms and RemoveParticipant.
//
// It is not known from the documentation whether who is in a room that is deleted is told of by "participant_left" before
// "room_finished"; here it is.
type LiveKit struct {
	house
	Key, Secret string
	now         func() time.Time
}

var _ Emulator = (*LiveKit)(nil)

// NewLiveKit starts one.
func NewLiveKit(c LiveKitConfig) (*LiveKit, error) {
	if c.Key == "" {
		c.Key, c.Secret = "APIemulated01", "an-emulated-secret-of-forty-characters-00"
	}
	if c.Linger == 0 {
		c.Linger = 20 * time.Second
	}
	if c.Retry == 0 {
		c.Retry = time.Second
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	l := &LiveKit{Key: c.Key, Secret: c.Secret, now: c.Now}
	l.linger = c.Linger
	l.post = newPostbox(func(attempt, status int) (time.Duration, bool) {
		return c.Retry << attempt, attempt < 4 && (status == 0 || status >= 500 || status == http.StatusTooManyRequests)
	})
	l.onOpen = func(r *room) { l.tell("room_started", r, nil, "") }
	l.onEnd = func(r *room) { l.tell("room_finished", r, nil, "") }
	l.onJoin = func(s *RoomSeat) {
		for _, o := range s.room.seats {
			if o != s && o.Identity == s.Identity {
				l.put(o, replaced)
				break
			}
		}
		l.tell("participant_joined", s.room, s, "")
	}
	l.onOut = func(s *RoomSeat, how departure) { l.tell("participant_left", s.room, s, livekitReasons[how]) }
	mux := http.NewServeMux()
	mux.HandleFunc("POST /twirp/livekit.RoomService/{method}", l.twirp)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		twirpError(w, http.StatusNotFound, "bad_route", "no such route")
	})
	if err := l.open(mux); err != nil {
		return nil, err
	}
	return l, nil
}

// Name implements Emulator.
func (l *LiveKit) Name() string { return "livekit" }

// SocketURL is where devices connect, "ws://127.0.0.1:1234".
func (l *LiveKit) SocketURL() string { return "ws" + strings.TrimPrefix(l.URL(), "http") }

var livekitReasons = map[departure]string{left: "CLIENT_INITIATED", lost: "CONNECTION_TIMEOUT", replaced: "DUPLICATE_IDENTITY", roomOver: "ROOM_DELETED",
	removed: "PARTICIPANT_REMOVED"}

// livekitToken are the claims of a token that LiveKit looks at.
type livekitToken struct {
	Iss        string            `json:"iss"`
	Sub        string            `json:"sub"`
	Name       string            `json:"name"`
	Exp        int64             `json:"exp"`
	Nbf        int64             `json:"nbf"`
	Attributes map[string]string `json:"attributes"`
	Video      struct {
		RoomJoin   bool   `json:"roomJoin"`
		RoomCreate bool   `json:"roomCreate"`
		RoomList   bool   `json:"roomList"`
		RoomAdmin  bool   `json:"roomAdmin"`
		Room       string `json:"room"`
	} `json:"video"`
}

// check reads a token as LiveKit does.
func (l *LiveKit) check(token string) (livekitToken, error) {
	var t livekitToken
	var head struct {
		Alg string `json:"alg"`
	}
	text, sig, err := readJWT(token, &head, &t)
	now := l.now().Unix()
	switch {
	case err != nil:
		return t, fmt.Errorf("invalid authorization token: %w", err)
	case head.Alg != "HS256":
		return t, fmt.Errorf("invalid authorization token: algorithm %q", head.Alg)
	case t.Iss != l.Key:
		return t, fmt.Errorf("invalid API key: %q", t.Iss)
	case !isHS256(l.Secret, text, sig):
		return t, errors.New("invalid token: error in cryptographic primitive")
	case t.Exp == 0 || now > t.Exp+60:
		return t, errors.New("invalid token: token is expired (exp)")
	case now < t.Nbf-60:
		return t, errors.New("invalid token: token not valid yet (nbf)")
	}
	return t, nil
}

// Join implements Emulator.
func (l *LiveKit) Join(_ context.Context, credentials []byte) (Seat, error) {
	var c struct {
		URL   string `json:"url"`
		Token string `json:"token"`
	}
	if err := json.Unmarshal(credentials, &c); err != nil || c.URL == "" || c.Token == "" {
		return nil, l.refuse(`livekit: the credentials are not {"url":…,"token":…}`)
	}
	if c.URL != l.SocketURL() {
		return nil, l.refuse("livekit: nobody answers at %s", c.URL)
	}
	t, err := l.check(c.Token)
	if err != nil {
		return nil, l.refuse("livekit: %w", err)
	}
	if !t.Video.RoomJoin || t.Video.Room == "" || t.Sub == "" {
		return nil, l.refuse("livekit: permission denied: the token joins no room, or nobody joins by it")
	}
	l.mu.Lock()
	session := fmt.Sprintf("PA_%06d", l.next())
	l.mu.Unlock()
	s, err := l.enter(t.Video.Room, &RoomSeat{Identity: t.Sub, Session: session, Name: t.Name, note: t.Attributes}, true, l.now())
	if err != nil {
		return nil, fmt.Errorf("livekit: %w", err)
	}
	return s, nil
}

// tell makes a webhook, in the JSON of protobuf: 64-bit integers are strings, what is empty is not there.
func (l *LiveKit) tell(event string, r *room, s *RoomSeat, reason string) {
	at := l.now()
	text := func(n int64) string { return fmt.Sprint(n) }
	m := map[string]any{
		"event": event, "id": fmt.Sprintf("EV_%06d", l.next()), "createdAt": text(at.Unix()),
		"room": map[string]any{"sid": r.id, "name": r.name, "emptyTimeout": 300, "departureTimeout": 20, "creationTime": text(r.made.Unix()),
			"creationTimeMs": text(r.made.UnixMilli()), "numParticipants": len(r.seats)},
	}
	if s != nil {
		p := map[string]any{"sid": s.Session, "identity": s.Identity, "joinedAt": text(s.Joined.Unix()), "joinedAtMs": text(s.Joined.UnixMilli()),
			"state": "ACTIVE", "permission": map[string]any{"canSubscribe": true, "canPublish": true}}
		if s.Name != "" {
			p["name"] = s.Name
		}
		if len(s.note) > 0 {
			p["attributes"] = s.note
		}
		if reason != "" {
			p["state"], p["disconnectReason"] = "DISCONNECTED", reason
		}
		m["participant"] = p
	}
	body, err := json.Marshal(m)
	if err != nil {
		return
	}
	l.post.post(letter{key: r.name, make: func(int) (http.Header, []byte) {
		return http.Header{"Authorization": {l.sign(body, at)}, "Content-Type": {"application/webhook+json"}, "User-Agent": {"livekit"}}, body
	}})
}

// sign makes the token of a webhook, as livekit/protocol does: good for five minutes.
func (l *LiveKit) sign(body []byte, at time.Time) string {
	sum := sha256.Sum256(body)
	claims := fmt.Sprintf(`{"exp":%d,"iss":%q,"nbf":%d,"sha256":%q}`, at.Add(5*time.Minute).Unix(), l.Key, at.Unix(), base64.StdEncoding.EncodeToString(sum[:]))
	return makeJWT(l.Secret, headHS256, []byte(claims))
}

// twirp is the room API.
func (l *LiveKit) twirp(w http.ResponseWriter, r *http.Request) {
	deny := func(status int, code, msg string) {
		_ = l.refuse("livekit: %s: %s: %s", r.PathValue("method"), code, msg)
		twirpError(w, status, code, msg)
	}
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		deny(http.StatusUnauthorized, "unauthenticated", "no authorization header")
		return
	}
	t, err := l.check(token)
	if err != nil {
		deny(http.StatusUnauthorized, "unauthenticated", err.Error())
		return
	}
	var in struct{ Name, Room, Identity string }
	body, err := io.ReadAll(r.Body)
	if err != nil || json.Unmarshal(body, &in) != nil {
		deny(http.StatusBadRequest, "malformed", "the json request could not be decoded")
		return
	}
	var out any = struct{}{}
	l.mu.Lock()
	defer l.mu.Unlock()
	allowed, found := true, true
	switch r.PathValue("method") {
	case "CreateRoom":
		if allowed = t.Video.RoomCreate; allowed && in.Name != "" {
			if l.rooms[in.Name] == nil {
				l.build(in.Name, l.now())
			}
			out = map[string]any{"name": in.Name, "sid": l.rooms[in.Name].id}
		}
	case "DeleteRoom":
		if allowed = t.Video.RoomCreate; allowed {
			if room := l.rooms[in.Room]; room != nil {
				l.close(room)
			} else {
				found = false
			}
		}
	case "RemoveParticipant":
		if allowed = t.Video.RoomAdmin && t.Video.Room == in.Room; allowed {
			found = l.remove(in.Room, in.Identity)
		}
	case "ListRooms":
		if allowed = t.Video.RoomList; allowed {
			rooms := []map[string]any{}
			for _, room := range l.rooms {
				rooms = append(rooms, map[string]any{"name": room.name, "sid": room.id, "numParticipants": len(room.seats)})
			}
			out = map[string]any{"rooms": rooms}
		}
	default:
		twirpError(w, http.StatusNotFound, "bad_route", "no handler for this method")
		return
	}
	switch {
	case !allowed:
		l.no = append(l.no, "livekit: permission denied for "+r.PathValue("method"))
		twirpError(w, http.StatusForbidden, "permission_denied", "permissions denied")
	case !found:
		twirpError(w, http.StatusNotFound, "not_found", "requested room does not exist")
	default:
		answer(w, http.StatusOK, out)
	}
}

// remove puts a participant out. The lock must be held.
func (l *LiveKit) remove(name, identity string) bool {
	if r := l.rooms[name]; r != nil {
		for _, s := range r.seats {
			if s.Identity == identity {
				l.put(s, removed)
				return true
			}
		}
	}
	return false
}

func twirpError(w http.ResponseWriter, status int, code, msg string) {
	answer(w, status, map[string]string{"code": code, "msg": msg})
}
