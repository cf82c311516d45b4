package daily

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/ringtrip/ringtrip/carrier"
)

type header struct {
	Alg string `json:"alg"`
	Typ string `json:"typ"`
}

// claims are a self-signed meeting token, in Daily's short words (docs.daily.co, "Self-signing meeting tokens"). Without
// "exp" a token is good for ever, and without "r" for every room.
type claims struct {
	Room     string `json:"r"`
	IssuedAt int64  `json:"iat"`
	DomainID string `json:"d"`
	Exp      int64  `json:"exp"`
	UserID   string `json:"ud"`
	UserName string `json:"u,omitempty"`
	VideoOff bool   `json:"vo,omitempty"`
}

func (c *Carrier) claims(j carrier.Join) (claims, error) {
	if err := j.Check(); err != nil {
		return claims{}, err
	}
	id, err := UserID(j.Call.ID, j.Self.User, j.Self.Device, j.Caller)
	if err != nil {
		return claims{}, err
	}
	return claims{
		Room: j.Call.Room(), IssuedAt: j.Now.Unix(), DomainID: c.domainID, Exp: j.Now.Add(c.life).Unix(),
		UserID: id, UserName: j.Self.Name, VideoOff: !j.Call.Video,
	}, nil
}

// MeetingToken asks Daily's REST API for the token that [Carrier.Credentials] would sign. It is for those whose API key may
// not sign, and to try the key; the server does not call it. It blocks on the network until ctx ends.
func (c *Carrier) MeetingToken(ctx context.Context, j carrier.Join) (string, error) {
	t, err := c.claims(j)
	if err != nil {
		return "", err
	}
	type properties struct {
		Room     string `json:"room_name"`
		Exp      int64  `json:"exp"`
		UserID   string `json:"user_id"`
		UserName string `json:"user_name,omitempty"`
		VideoOff bool   `json:"start_video_off,omitempty"`
	}
	body, err := carrier.Compact(map[string]properties{"properties": {t.Room, t.Exp, t.UserID, t.UserName, t.VideoOff}})
	if err != nil {
		return "", err
	}
	answer, err := c.rest.Do(ctx, http.MethodPost, "/v1/meeting-tokens", "application/json", body)
	if err != nil {
		return "", err
	}
	var out struct{ Token string }
	if err := json.Unmarshal(answer, &out); err != nil || out.Token == "" {
		return "", fmt.Errorf("daily: the answer to POST /v1/meeting-tokens has no token")
	}
	return out.Token, nil
}

// The sides of a call in a user_id.
const (
	callerMark = 'a'
	calleeMark = 'b'
)

// UserID is what a device is called at Daily: 22 characters for the call's UUID, one for its side, 12 for 72 bits of a hash
// of the user and the device. Daily takes 36. It is an error if call is no UUID in lower case.
func UserID(call, user, device string, caller bool) (string, error) {
	raw, err := hex.DecodeString(strings.ReplaceAll(call, "-", ""))
	if !carrier.IsID(call) || err != nil {
		return "", fmt.Errorf("daily: %.80q is no id of a call", call)
	}
	h := sha256.New()
	for _, s := range []string{user, device} {
		h.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(s))))
		h.Write([]byte(s))
	}
	mark := string(rune(calleeMark))
	if caller {
		mark = string(rune(callerMark))
	}
	return base64.RawURLEncoding.EncodeToString(raw) + mark + base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:9]), nil
}

// parseUserID returns the call of a user_id and its side; false: [UserID] made no such one.
func parseUserID(id string) (call string, caller, ok bool) {
	if len(id) != 35 || id[22] != callerMark && id[22] != calleeMark {
		return "", false, false
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(id[:22])
	if err != nil || len(raw) != 16 {
		return "", false, false
	}
	x := hex.EncodeToString(raw)
	return strings.Join([]string{x[:8], x[8:12], x[12:16], x[16:20], x[20:]}, "-"), id[22] == callerMark, true
}
