package carriertest

import (
	"bytes"
	"compress/zlib"
	"context"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // Agora's first signature
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// AgoraConfig is an Agora project on this machine.
type AgoraConfig struct {
	AppID, Certificate string        // 32 hexadecimal digits each; empty: made up
	Secret             string        // of notifications; empty: made up
	Retry              time.Duration // pause before a notification is repeated; 0: 1 s
	Now                func() time.Time
}

// Agora is Agora's real-time network as its documentation describes it: a channel is there as long as somebody is in it; who
// comes with a uid that is there puts out the older one; who does not renew a token is put out when it expires. Notifications
// (product 1, in the communication profile: 101, 102, 107, 108) are signed twice, HMAC-SHA1 and HMAC-SHA256 of the body, and
// come three times more if they are not answered 200 within 10 s, each time with the same noticeId and a new notifyMs.
//
// How long the pauses between these repetitions are is not documented. There is no REST API: ringtrip uses none.
type Agora struct {
	house
	AppID, Certificate, Secret string
	now                        func() time.Time
	seq                        uint64 // the last clientSeq; guarded by mu
}

var _ Emulator = (*Agora)(nil)

// NewAgora starts one.
func NewAgora(c AgoraConfig) (*Agora, error) {
	if c.AppID == "" {
		c.AppID, c.Certificate = "0123456789abcdef0123456789ABCDEF", "fedcba9876543210fedcba9876543210"
	}
	if c.Secret == "" {
		c.Secret = "notify-01"
	}
	if c.Retry == 0 {
		c.Retry = time.Second
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	a := &Agora{AppID: c.AppID, Certificate: c.Certificate, Secret: c.Secret, now: c.Now}
	a.post = newPostbox(func(attempt, _ int) (time.Duration, bool) { return c.Retry, attempt < 3 })
	a.onOpen = func(r *room) { a.tell(101, r, nil, 0) }
	a.onEnd = func(r *room) { a.tell(102, r, nil, 0) }
	a.onJoin = func(s *RoomSeat) {
		for _, o := range s.room.seats {
			if o != s && o.Identity == s.Identity {
				a.put(o, replaced)
				break
			}
		}
		a.tell(107, s.room, s, 0)
	}
	a.onOut = func(s *RoomSeat, how departure) {
		a.tell(108, s.room, s, map[departure]int{left: 1, lost: 2, replaced: 5, timeIsOver: 3}[how])
	}
	if err := a.open(http.NotFoundHandler()); err != nil {
		return nil, err
	}
	return a, nil
}

// Name implements Emulator.
func (a *Agora) Name() string { return "agora" }

// agoraCredentials are what the SDK is given.
type agoraCredentials struct {
	Channel string `json:"channel"`
	Token   string `json:"token"`
	UID     uint32 `json:"uid"`
}

// Join implements Emulator.
func (a *Agora) Join(_ context.Context, credentials []byte) (Seat, error) {
	var c agoraCredentials
	if err := json.Unmarshal(credentials, &c); err != nil || c.Channel == "" || c.Token == "" {
		return nil, a.refuse(`agora: the credentials are not {"channel":…,"token":…,"uid":…}`)
	}
	if len(c.Channel) > 64 {
		return nil, a.refuse("agora: ERR_INVALID_CHANNEL_NAME: %q", c.Channel)
	}
	until, err := a.check(c.Token, c.Channel, c.UID)
	if err != nil {
		return nil, a.refuse("agora: ERR_INVALID_TOKEN: %w", err)
	}
	s := &RoomSeat{Identity: strconv.FormatUint(uint64(c.UID), 10)}
	s.renew = func(credentials []byte) error { return a.renew(s, c, credentials) }
	if s, err = a.enter(c.Channel, s, true, a.now()); err != nil {
		return nil, fmt.Errorf("agora: %w", err)
	}
	a.stays(s, until)
	return s, nil
}

// renew takes a new token for a connection, which has to be for the channel and the uid by which it is in.
func (a *Agora) renew(s *RoomSeat, in agoraCredentials, credentials []byte) error {
	var c agoraCredentials
	if err := json.Unmarshal(credentials, &c); err != nil || c.Token == "" {
		return a.refuse("agora: ERR_INVALID_TOKEN: there is none")
	}
	until, err := a.check(c.Token, in.Channel, in.UID)
	if err != nil {
		return a.refuse("agora: ERR_INVALID_TOKEN: %w", err)
	}
	a.stays(s, until)
	return nil
}

// stays lets who is in a channel be in it until then.
func (a *Agora) stays(s *RoomSeat, until time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if s.out {
		return
	}
	if s.end != nil {
		s.end.Stop()
	}
	s.until = until
	var end *time.Timer
	end = time.AfterFunc(until.Sub(a.now()), func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		if s.end == end { // else it was renewed in the same moment
			a.put(s, timeIsOver)
		}
	})
	s.end = end
}

// check reads a token, by the format's own description, and says until when it is good.
func (a *Agora) check(token, channel string, uid uint32) (time.Time, error) {
	packed, ok := strings.CutPrefix(token, "007")
	raw, err := base64.StdEncoding.DecodeString(packed)
	if !ok || err != nil {
		return time.Time{}, errors.New("no AccessToken2")
	}
	z, err := zlib.NewReader(bytes.NewReader(raw))
	if err != nil {
		return time.Time{}, fmt.Errorf("unpacking: %w", err)
	}
	plain, err := io.ReadAll(io.LimitReader(z, 64<<10))
	if err != nil {
		return time.Time{}, fmt.Errorf("unpacking: %w", err)
	}
	in := bytes.NewReader(plain)
	fail := errors.New("cut off")
	text := func() string {
		var n uint16
		if binary.Read(in, binary.LittleEndian, &n) != nil || int(n) > in.Len() {
			return ""
		}
		b := make([]byte, n)
		_, _ = io.ReadFull(in, b)
		return string(b)
	}
	signature := text()
	signed := plain[len(plain)-in.Len():]
	app := text()
	var head struct{ Issued, Expire, Salt uint32 }
	var services uint16
	if binary.Read(in, binary.LittleEndian, &head) != nil || binary.Read(in, binary.LittleEndian, &services) != nil {
		return time.Time{}, fail
	}
	le := func(n uint32) []byte { return binary.LittleEndian.AppendUint32(nil, n) }
	key := digest(sha256.New, le(head.Salt), digest(sha256.New, le(head.Issued), []byte(a.Certificate)))
	now := a.now().Unix()
	switch {
	case app != a.AppID:
		return time.Time{}, fmt.Errorf("app %q is not this one", app)
	case !hmac.Equal([]byte(signature), digest(sha256.New, key, signed)):
		return time.Time{}, errors.New("the signature is another certificate's")
	case now >= int64(head.Issued)+int64(head.Expire):
		return time.Time{}, errors.New("ERR_TOKEN_EXPIRED")
	case head.Expire > 86400:
		return time.Time{}, errors.New("good for more than 24 hours")
	case services != 1:
		return time.Time{}, fmt.Errorf("%d services", services)
	}
	var kind, privileges uint16
	if binary.Read(in, binary.LittleEndian, &kind) != nil || binary.Read(in, binary.LittleEndian, &privileges) != nil || kind != 1 {
		return time.Time{}, errors.New("not for RTC")
	}
	may := map[uint16]uint32{}
	for range privileges {
		var p struct {
			What  uint16
			Until uint32
		}
		if binary.Read(in, binary.LittleEndian, &p) != nil {
			return time.Time{}, fail
		}
		may[p.What] = p.Until
	}
	forChannel, forUID := text(), text()
	switch {
	case in.Len() > 0:
		return time.Time{}, errors.New("something follows")
	case forChannel != channel:
		return time.Time{}, fmt.Errorf("for channel %q, not %q", forChannel, channel)
	case forUID != "" && forUID != strconv.FormatUint(uint64(uid), 10):
		return time.Time{}, fmt.Errorf("for uid %q, not %d", forUID, uid)
	case now >= int64(head.Issued)+int64(may[1]):
		return time.Time{}, errors.New("no privilege to join the channel, or no more")
	}
	return time.Unix(int64(head.Issued)+int64(head.Expire), 0), nil
}

// tell makes a notification. The lock must be held.
func (a *Agora) tell(event int, r *room, s *RoomSeat, reason int) {
	at, n := a.now(), a.next()
	payload := map[string]any{"channelName": r.name, "ts": at.Unix()}
	if s != nil {
		a.seq = max(a.seq+1, uint64(at.UnixMilli()))
		uid, _ := strconv.ParseUint(s.Identity, 10, 32)
		payload["uid"], payload["platform"], payload["clientSeq"] = uid, 2, a.seq
		if reason != 0 {
			payload["reason"], payload["duration"] = reason, int64(at.Sub(s.Joined)/time.Second)
		}
	}
	a.post.post(letter{key: r.name, make: func(attempt int) (http.Header, []byte) {
		sent := at
		if attempt > 0 {
			sent = a.now()
		}
		body, err := json.Marshal(map[string]any{"sid": r.id, "noticeId": fmt.Sprintf("%d:%d:%d", 2000000000+n, n, event), "productId": 1,
			"eventType": event, "notifyMs": sent.UnixMilli(), "payload": payload})
		if err != nil {
			return nil, nil
		}
		return a.header(body), body
	}})
}

// header has both signatures.
func (a *Agora) header(body []byte) http.Header {
	h := http.Header{}
	h.Set("Content-Type", "Application/json")
	h.Set("Agora-Signature", hex.EncodeToString(digest(sha1.New, []byte(a.Secret), body)))
	h.Set("Agora-Signature-V2", hex.EncodeToString(digest(sha256.New, []byte(a.Secret), body)))
	return h
}
