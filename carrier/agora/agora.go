// Package agora is Agora as a carrier: a call's devices meet in a channel that has the call's id (or its group's) for its
// name. The server mints AccessToken2 tokens and hears from Agora's notifications (NCS) who has come and gone. Agora makes
// channels when the first one joins and ends them when the last one leaves: there is nothing to make, and nothing to end.
//
// Credentials are {"channel":"…","token":"…","uid":1}. The uid is made of the room, the user and the device, so that a device
// that comes back has its own, and has one bit for the side of the call ([UID]): 31 bits in all, for it is signed on some
// devices.
//
// The package refuses to put out users (Agora's kicking rules need keys of the whole account), to record, and to import
// Agora's code.
package agora

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/ringtrip/ringtrip/carrier"
)

// Name is the carrier's word.
const Name = "agora"

const (
	maxLife = 24 * time.Hour // Agora's own bound
	minLife = 2 * time.Minute
)

// Config is one Agora project.
type Config struct {
	// AppID is the project's, 32 hexadecimal digits.
	AppID string
	// Certificate is the project's primary or secondary certificate, 32 hexadecimal digits. It can be changed at any time: tokens
	// of the other one are good as long as it is enabled at Agora.
	Certificate carrier.Secret
	// Secrets are of Agora's notifications (NCS), as the console shows them; each is accepted. None: no notification is.
	Secrets []carrier.Secret
	// TokenLife is how long a device can be in the channel with one token, 2 minutes to 24 hours; 0: 24 hours. Agora puts out who
	// has not renewed it by then.
	TokenLife time.Duration
	// HookURL is where Agora's notifications come in; [Carrier.Check] looks at it, nothing else does.
	HookURL string
}

// Carrier is one Agora project. It is safe for concurrent use.
type Carrier struct {
	appID       string
	certificate carrier.Secret
	secrets     []carrier.Secret
	life        time.Duration
	hook        string
}

var _ carrier.Carrier = (*Carrier)(nil)

// New returns a carrier, or what is wrong with its settings.
func New(c Config) (*Carrier, error) {
	if !isHex32(c.AppID) {
		return nil, fmt.Errorf("agora: app_id is the 32 hexadecimal digits that Agora's console shows as App ID, not %.40q", c.AppID)
	}
	if !isHex32(c.Certificate.Reveal()) {
		return nil, errors.New("agora: certificate is the 32 hexadecimal digits that Agora's console shows as primary certificate; enable it there if it is not")
	}
	for i, s := range c.Secrets {
		if s.Empty() {
			return nil, fmt.Errorf("agora: secret %d of the notifications is empty", i+1)
		}
	}
	if c.TokenLife == 0 {
		c.TokenLife = maxLife
	}
	if c.TokenLife < minLife || c.TokenLife > maxLife {
		return nil, fmt.Errorf("agora: a token life of %s; it must be between %s and %s", c.TokenLife, minLife, maxLife)
	}
	return &Carrier{appID: c.AppID, certificate: c.Certificate, secrets: c.Secrets, life: c.TokenLife.Truncate(time.Second), hook: c.HookURL}, nil
}

func isHex32(s string) bool {
	return len(s) == 32 && strings.Trim(s, "0123456789abcdefABCDEF") == ""
}

// Name implements carrier.Carrier.
func (c *Carrier) Name() string { return Name }

// Traits implements carrier.Carrier.
func (c *Carrier) Traits() carrier.Traits {
	return carrier.Traits{Rooms: true, Watched: len(c.secrets) > 0, TokenLife: c.life}
}

// UID is a device's number in a room: 1 to 2^31-1, the same whenever it is asked for. The caller's is below 2^30 and the
// callee's is not, so that the two who talk never have the same; two devices of one side do with a chance of one in 2^30 (and
// then Agora puts out the first while it rings).
func UID(room, user, device string, caller bool) uint32 {
	h := sha256.New()
	for _, s := range []string{room, user, device} {
		var n [8]byte
		binary.LittleEndian.PutUint64(n[:], uint64(len(s)))
		h.Write(n[:])
		h.Write([]byte(s))
	}
	n := binary.LittleEndian.Uint32(h.Sum(nil)) & (calleeBit - 1)
	switch {
	case !caller:
		return n | calleeBit
	case n == 0: // which would mean any
		return 1
	}
	return n
}

const calleeBit = 1 << 30

// Credentials implements carrier.Carrier.
func (c *Carrier) Credentials(j carrier.Join) (json.RawMessage, error) {
	if err := j.Check(); err != nil {
		return nil, err
	}
	channel := j.Call.Room()
	if !isChannel(channel) {
		return nil, fmt.Errorf("agora: %.80q is no name of a channel: at most 64 letters, digits and signs of ASCII", channel)
	}
	uid, life := UID(channel, j.Self.User, j.Self.Device, j.Caller), uint32(c.life/time.Second)
	t := Token{AppID: c.appID, Issued: uint32(j.Now.Unix()), Expire: life, Salt: salt(), Services: []Service{{
		Type:       ServiceRTC,
		Privileges: map[uint16]uint32{JoinChannel: life, PublishAudio: life, PublishVideo: life, PublishData: life},
		Fields:     []string{channel, strconv.FormatUint(uint64(uid), 10)},
	}}}
	token, err := t.Build(c.certificate)
	if err != nil {
		return nil, err
	}
	return carrier.Compact(struct {
		Channel string `json:"channel"`
		Token   string `json:"token"`
		UID     uint32 `json:"uid"`
	}{channel, token, uid})
}

// salt is a random number of the range that Agora's own builder uses.
func salt() uint32 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return uint32(binary.LittleEndian.Uint64(b[:])%99999998) + 1
}

// isChannel reports whether Agora takes s for a channel's name.
func isChannel(s string) bool {
	const signs = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 !#$%&()+-:;<=.>?@[]^_{}|~,"
	return s != "" && len(s) <= 64 && strings.Trim(s, signs) == ""
}

// End implements carrier.Carrier. There is nothing to end: the channel is over when the devices, which hear of the end from
// ringtrip, have left it.
func (c *Carrier) End(context.Context, carrier.Call) error { return nil }

// Check implements carrier.Carrier.
func (c *Carrier) Check() []carrier.Finding {
	out := []carrier.Finding{carrier.CheckHook(c.hook)}
	if len(c.secrets) == 0 {
		out = append(out, carrier.Finding{Severity: carrier.Warning, What: "there is no secret for Agora's notifications, so the server does not notice when media is lost",
			Fix: "enable Notifications in Agora's console for the channel events 102 to 108 and set the secret that it shows"})
	}
	for i, s := range c.secrets {
		body := []byte(`{"eventType":101}`)
		r := carrier.Request{Body: body, Header: map[string][]string{headerV2: {sign2(body, s)}}}
		if err := c.verify(&r); err != nil {
			out = append(out, carrier.Finding{Severity: carrier.Wrong, What: fmt.Sprintf("a notification signed with secret %d is refused: %v", i+1, err), Fix: "check the secret"})
		}
		if text := s.Reveal(); strings.TrimSpace(text) != text {
			out = append(out, carrier.Finding{Severity: carrier.Wrong, What: fmt.Sprintf("secret %d begins or ends with a space", i+1), Fix: "remove it"})
		}
	}
	t := Token{AppID: c.appID, Issued: 1, Expire: 600, Salt: salt(), Services: []Service{{Type: ServiceRTC, Privileges: map[uint16]uint32{JoinChannel: 600}, Fields: []string{"test", ""}}}}
	text, err := t.Build(c.certificate)
	if err == nil {
		_, err = Parse(text, c.certificate)
	}
	if err != nil {
		out = append(out, carrier.Finding{Severity: carrier.Wrong, What: "no token can be made: " + err.Error(), Fix: "check app_id and certificate"})
	} else {
		out = append(out, carrier.Finding{What: "tokens are made for app " + c.appID})
	}
	return out
}
