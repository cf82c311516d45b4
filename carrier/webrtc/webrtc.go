// Package webrtc is the devices themselves as a carrier: media goes between them, by an offer and an answer that ringtrip
// brings from one to the other, and over a TURN server where the networks do not let them meet.
//
// Credentials are {"iceServers":[…]}, as browsers and libwebrtc take them: servers that are the same for all, and TURN servers
// whose user name and password are minted for each device and expire, by the scheme that coturn calls the TURN REST API
// (draft-uberti-behave-turn-rest): the user name is the end of its time, a colon and who it is for, the password the base64
// of the HMAC-SHA1 of the user name.
//
// The package refuses to relay anything, to speak STUN, and to have webhooks: nobody watches, so only the devices notice
// when media is lost.
package webrtc

import (
	"context"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // what TURN servers of this scheme have
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/ringtrip/ringtrip/carrier"
)

// Name is the carrier's word.
const Name = "webrtc"

const (
	defaultLife = 24 * time.Hour
	minLife     = 2 * time.Minute
	maxLife     = 7 * 24 * time.Hour
	maxServers  = 16 // as media/webrtc takes them
	maxURLs     = 16
	maxName     = 256 // of whom a TURN user name is for; the protocol ends at 512 bytes
)

// Server is an ICE server whose credentials, if any, are the same for all devices.
type Server struct {
	URLs       []string
	Username   string
	Credential carrier.Secret
}

// TURN is a TURN server that shares a secret with us, as coturn does with "use-auth-secret".
type TURN struct {
	URLs   []string // "turn:turn.example.com:3478?transport=udp", "turns:turn.example.com:443?transport=tcp"
	Secret carrier.Secret
}

// Config is where devices find a way to each other. The zero Config has no server: good enough for devices in one network.
type Config struct {
	Servers []Server
	TURN    []TURN
	// TokenLife is how long a minted password is good, 2 minutes to 7 days; 0: 24 hours. A TURN server refuses to prolong what it
	// relays when it is over, so the engine brings a new one before.
	TokenLife time.Duration
}

// Carrier is one set of ICE servers. It is safe for concurrent use.
type Carrier struct {
	servers []Server
	turn    []TURN
	life    time.Duration
}

var _ carrier.Carrier = (*Carrier)(nil)

// New returns a carrier, or what is wrong with its settings.
func New(c Config) (*Carrier, error) {
	if c.TokenLife == 0 {
		c.TokenLife = defaultLife
	}
	if c.TokenLife < minLife || c.TokenLife > maxLife {
		return nil, fmt.Errorf("webrtc: a token life of %s; it must be between %s and %s", c.TokenLife, minLife, maxLife)
	}
	if n := len(c.Servers) + len(c.TURN); n > maxServers {
		return nil, fmt.Errorf("webrtc: %d ICE servers; devices take %d, and slow down with more than a few", n, maxServers)
	}
	for i, s := range c.Servers {
		if err := checkURLs(s.URLs, false); err != nil {
			return nil, fmt.Errorf("webrtc: ICE server %d: %w", i+1, err)
		}
	}
	for i, s := range c.TURN {
		if err := checkURLs(s.URLs, true); err != nil {
			return nil, fmt.Errorf("webrtc: TURN server %d: %w", i+1, err)
		}
		if s.Secret.Empty() {
			return nil, fmt.Errorf("webrtc: TURN server %d has no secret; it is coturn's static-auth-secret", i+1)
		}
	}
	return &Carrier{servers: c.Servers, turn: c.TURN, life: c.TokenLife}, nil
}

// checkURLs refuses what is no STUN or TURN URI (RFC 7064, RFC 7065).
func checkURLs(all []string, relay bool) error {
	if len(all) == 0 || len(all) > maxURLs {
		return fmt.Errorf("%d urls; it must have 1 to %d", len(all), maxURLs)
	}
	for _, s := range all {
		scheme, rest, _ := strings.Cut(s, ":")
		host, query, asked := strings.Cut(rest, "?")
		turn := scheme == "turn" || scheme == "turns"
		switch {
		case !turn && (relay || scheme != "stun" && scheme != "stuns"):
			return fmt.Errorf(`%.100q does not begin with "turn:" or "turns:"%s`, s, map[bool]string{false: `, "stun:" or "stuns:"`}[relay])
		case !isHost(host):
			return fmt.Errorf(`%.100q names no server, as "turn:turn.example.com:3478" does (without //)`, s)
		case asked && (!turn || query != "transport=udp" && query != "transport=tcp"):
			return fmt.Errorf(`%.100q: after the question mark only "transport=udp" and "transport=tcp" are known, and only of TURN`, s)
		}
	}
	return nil
}

// isHost reports whether s is a host with or without a port.
func isHost(s string) bool {
	u, err := url.Parse("x://" + s)
	if err != nil || u.Host != s || u.Hostname() == "" {
		return false
	}
	if u.Port() == "" {
		return !strings.HasSuffix(s, ":")
	}
	n, err := strconv.Atoi(u.Port())
	return err == nil && n > 0 && n < 1<<16
}

// Name implements carrier.Carrier.
func (c *Carrier) Name() string { return Name }

// Traits implements carrier.Carrier.
func (c *Carrier) Traits() carrier.Traits {
	return carrier.Traits{PeerToPeer: true, TokenLife: c.life}
}

// iceServer is W3C's RTCIceServer.
type iceServer struct {
	URLs       []string `json:"urls"`
	Username   string   `json:"username,omitempty"`
	Credential string   `json:"credential,omitempty"`
}

// Credentials implements carrier.Carrier.
func (c *Carrier) Credentials(j carrier.Join) (json.RawMessage, error) {
	if err := j.Check(); err != nil {
		return nil, err
	}
	list := make([]iceServer, 0, len(c.servers)+len(c.turn))
	for _, s := range c.servers {
		list = append(list, iceServer{s.URLs, s.Username, s.Credential.Reveal()})
	}
	for _, s := range c.turn {
		name, password := mint(s.Secret, whom(j.Self.User, j.Self.Device), j.Now.Add(c.life))
		list = append(list, iceServer{s.URLs, name, password})
	}
	return carrier.Compact(map[string][]iceServer{"iceServers": list})
}

// mint returns a TURN user name and its password.
func mint(secret carrier.Secret, who string, until time.Time) (name, password string) {
	name = strconv.FormatInt(until.Unix(), 10) + ":" + who
	m := hmac.New(sha1.New, []byte(secret.Reveal()))
	m.Write([]byte(name))
	return name, base64.StdEncoding.EncodeToString(m.Sum(nil))
}

// whom is what a TURN server's log shows of a device: the user and the device, escaped, or a hash if they are long.
func whom(user, device string) string {
	who := url.QueryEscape(user) + "/" + url.QueryEscape(device)
	if len(who) > maxName {
		sum := sha256.Sum256([]byte(who))
		return hex.EncodeToString(sum[:])
	}
	return who
}

// Webhook implements carrier.Carrier: there is none.
func (c *Carrier) Webhook(context.Context, *carrier.Request, carrier.Desk) (carrier.Reply, error) {
	return carrier.Reply{}, fmt.Errorf("%w: nobody sends any for media between devices", carrier.ErrUnknownHook)
}

// End implements carrier.Carrier: there is nothing to end.
func (c *Carrier) End(context.Context, carrier.Call) error { return nil }

// Check implements carrier.Carrier.
func (c *Carrier) Check() []carrier.Finding {
	var out []carrier.Finding
	relays := len(c.turn)
	for i, s := range c.servers {
		for _, u := range s.URLs {
			if !strings.HasPrefix(u, "turn") {
				continue
			}
			relays++
			if s.Username == "" || s.Credential.Empty() {
				out = append(out, carrier.Finding{Severity: carrier.Wrong, What: fmt.Sprintf("ICE server %d is a TURN server without user name and password", i+1),
					Fix: "set both, or better: a secret that it shares, so that every device gets its own"})
			} else {
				out = append(out, carrier.Finding{Severity: carrier.Warning, What: fmt.Sprintf("ICE server %d has one password for all devices, for ever", i+1),
					Fix: "let it share a secret (coturn: use-auth-secret, static-auth-secret)"})
			}
			break
		}
	}
	for i, s := range c.turn {
		text := s.Secret.Reveal()
		switch {
		case strings.TrimSpace(text) != text:
			out = append(out, carrier.Finding{Severity: carrier.Wrong, What: fmt.Sprintf("the secret of TURN server %d begins or ends with a space", i+1), Fix: "remove it"})
		case len(text) < 16:
			out = append(out, carrier.Finding{Severity: carrier.Warning, What: fmt.Sprintf("the secret of TURN server %d has %d characters", i+1, len(text)),
				Fix: "make it longer: who guesses it relays at your expense"})
		default:
			out = append(out, carrier.Finding{What: fmt.Sprintf("passwords are minted for TURN server %d, good for %s", i+1, c.life)})
		}
	}
	if relays == 0 {
		out = append(out, carrier.Finding{Severity: carrier.Warning, What: "there is no TURN server: devices whose networks let nothing through have no media",
			Fix: "run one, as coturn, and name it here"})
	}
	return out
}
