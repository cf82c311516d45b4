package carriertest

import (
	"context"
	"crypto/sha1" //nolint:gosec // what the scheme has
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// WebRTCConfig is a TURN server on this machine, as far as its credentials go.
type WebRTCConfig struct {
	Secret string // shared, coturn's static-auth-secret; empty: made up
	Now    func() time.Time
}

// WebRTC is what devices meet over when media goes between them: it reads ICE servers as a browser does, and lets in who has
// a user name and a password that a TURN server with a shared secret (coturn's use-auth-secret) takes; what it relays ends
// when the user name's time is over. It has no API and sends no webhooks, and it relays no media: whoever has joined is
// connected.
type WebRTC struct {
	house
	Secret string
	now    func() time.Time
}

var _ Emulator = (*WebRTC)(nil)

// NewWebRTC starts one.
func NewWebRTC(c WebRTCConfig) (*WebRTC, error) {
	if c.Secret == "" {
		c.Secret = "an-emulated-static-auth-secret"
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	w := &WebRTC{Secret: c.Secret, now: c.Now}
	w.post = newPostbox(func(int, int) (time.Duration, bool) { return 0, false })
	w.onOpen, w.onEnd = func(*room) {}, func(*room) {}
	w.onJoin, w.onOut = func(*RoomSeat) {}, func(*RoomSeat, departure) {}
	if err := w.open(http.NotFoundHandler()); err != nil {
		return nil, err
	}
	return w, nil
}

// Name implements Emulator.
func (w *WebRTC) Name() string { return "webrtc" }

// TURNURL is its address for settings.
func (w *WebRTC) TURNURL() string {
	return "turn:" + strings.TrimPrefix(w.URL(), "http://") + "?transport=tcp"
}

// Join implements Emulator. Credentials without this TURN server join too: the devices meet without a relay, and nothing is
// open here.
func (w *WebRTC) Join(_ context.Context, credentials []byte) (Seat, error) {
	var c struct {
		ICEServers *[]struct {
			URLs       json.RawMessage `json:"urls"`
			Username   *string         `json:"username"`
			Credential *string         `json:"credential"`
		} `json:"iceServers"`
	}
	if err := json.Unmarshal(credentials, &c); err != nil || c.ICEServers == nil {
		return nil, w.refuse(`webrtc: the credentials are not {"iceServers":[…]}`)
	}
	name, until := "direct", time.Time{}
	for i, s := range *c.ICEServers {
		urls := []string{""}
		if json.Unmarshal(s.URLs, &urls[0]) != nil && json.Unmarshal(s.URLs, &urls) != nil {
			return nil, w.refuse("webrtc: server %d: urls is neither a text nor a list of them", i+1)
		}
		for _, u := range urls {
			scheme, _, _ := strings.Cut(u, ":")
			switch {
			case scheme != "stun" && scheme != "stuns" && scheme != "turn" && scheme != "turns":
				return nil, w.refuse("webrtc: SyntaxError: %q is no ICE server URL", u)
			case strings.HasPrefix(scheme, "turn") && (s.Username == nil || s.Credential == nil):
				return nil, w.refuse("webrtc: InvalidAccessError: TURN server %q without username or credential", u)
			case u != w.TURNURL():
				continue
			}
			end, err := w.check(*s.Username, *s.Credential)
			if err != nil {
				return nil, w.refuse("webrtc: TURN error 401: %w", err)
			}
			_, who, _ := strings.Cut(*s.Username, ":")
			name, until = "relay for "+who, end
		}
	}
	s, err := w.enter(name, &RoomSeat{Identity: name}, true, w.now())
	if err != nil {
		return nil, fmt.Errorf("webrtc: %w", err)
	}
	if !until.IsZero() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if !s.out {
			s.end = time.AfterFunc(until.Sub(w.now()), func() { w.leave(s, timeIsOver) })
		}
	}
	return s, nil
}

// check is coturn's: the user name begins with the end of its time, the password is its HMAC.
func (w *WebRTC) check(name, password string) (time.Time, error) {
	stamp, _, _ := strings.Cut(name, ":")
	until, err := strconv.ParseInt(stamp, 10, 64)
	switch {
	case err != nil:
		return time.Time{}, fmt.Errorf("user name %q does not begin with a time", name)
	case len(name) > 512:
		return time.Time{}, fmt.Errorf("a user name of %d bytes", len(name))
	case password != base64.StdEncoding.EncodeToString(digest(sha1.New, []byte(w.Secret), []byte(name))):
		return time.Time{}, fmt.Errorf("wrong password for user %q", name)
	case w.now().Unix() >= until:
		return time.Time{}, fmt.Errorf("the time of user %q is over", name)
	}
	return time.Unix(until, 0), nil
}
