package livekit

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/ringtrip/ringtrip/carrier"
)

// callAttribute is the participant's attribute that names the call, where the room's name does not.
const callAttribute = "ringtrip_call"

// header is what livekit-server-sdk writes.
type header struct {
	Alg string `json:"alg"`
}

// claims are those of an access token, in the order in which livekit-server-sdk writes them.
type claims struct {
	Name       string            `json:"name,omitempty"`
	Video      *grant            `json:"video,omitempty"`
	Attributes map[string]string `json:"attributes,omitempty"`
	SHA256     string            `json:"sha256,omitempty"`
	Iss        string            `json:"iss"`
	Exp        int64             `json:"exp"`
	Nbf        int64             `json:"nbf"`
	Sub        string            `json:"sub,omitempty"`
}

// grant is what the bearer of a token may do. A participant can not change its attributes unless it is granted to.
type grant struct {
	RoomCreate   bool   `json:"roomCreate,omitempty"`
	RoomJoin     bool   `json:"roomJoin,omitempty"`
	Room         string `json:"room,omitempty"`
	CanPublish   bool   `json:"canPublish,omitempty"`
	CanSubscribe bool   `json:"canSubscribe,omitempty"`
}

// sign completes a token and signs it with the first key.
func (c *Carrier) sign(t claims, now time.Time, life time.Duration) (string, error) {
	key := c.keys[0]
	t.Iss, t.Nbf, t.Exp = key.ID, now.Unix(), now.Add(life).Unix()
	return carrier.SignHS256(header{Alg: "HS256"}, t, []byte(key.Secret.Reveal()))
}

// Identity is what a device is called at LiveKit: the user and the device, each escaped as a segment of a path, with a slash
// between them. [ParseIdentity] reads it back.
func Identity(user, device string) string {
	return url.PathEscape(user) + "/" + url.PathEscape(device)
}

// ParseIdentity returns the user and the device of an identity, or [carrier.ErrNotInCall] if [Identity] made no such one:
// somebody else is in the room, as an agent or a recorder.
func ParseIdentity(identity string) (user, device string, err error) {
	u, d, ok := strings.Cut(identity, "/")
	user, err1 := url.PathUnescape(u)
	device, err2 := url.PathUnescape(d)
	if !ok || err1 != nil || err2 != nil || user == "" || Identity(user, device) != identity {
		return "", "", fmt.Errorf("%w: the participant %.60q", carrier.ErrNotInCall, identity)
	}
	return user, device, nil
}
