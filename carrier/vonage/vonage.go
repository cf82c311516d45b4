// Package vonage lets Vonage carry calls, by either of two products, chosen by [Config.Product].
//
// Voice ("vonage"): a device joins by the Client SDK for voice, serverCall, with a JWT of its user; Vonage asks our answer
// hook what to do with it, and the parties meet in a conversation named by the call's id. A telephone that calls a number
// of the application waits in that conversation; one that is called is connected to the caller's leg. Ringtrip rings:
// Vonage's own calls between apps, and its pushes, are not used.
//
// Video ("vonage-video"): a session is made for the call by REST, and every device gets a token for it, by the unified API
// (RS256, application id and private key) or the older OpenTok API (HS256, project key and secret). They are two carriers
// with two names because an app may have both: calls with telephones by the one, groups and video by the other, and the
// name is in URLs, settings and stored calls.
//
// Credentials are, for voice, {"jwt","context":{"to","ringtrip_call","ringtrip_device"}}, and for video
// {"session_id","token","application_id"} or, with OpenTok, {"session_id","token","api_key"}.
//
// The package refuses to remember calls: what it must find again is in the names that it gives (a conversation's, a
// URL's), in a token's data, or in carrier.Call.Refs. It writes from public documentation; what that leaves open is said
// in docs/carriers/vonage.md.
package vonage

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/ringtrip/ringtrip/carrier"
)

// Product is which of Vonage's products carries.
type Product string

// The products.
const (
	Voice Product = "voice"
	Video Product = "video"
)

const (
	voiceURL   = "https://api.nexmo.com"
	videoURL   = "https://video.api.vonage.com"
	openTokURL = "https://api.opentok.com"

	// defaultLife is longer than the longest call of Vonage Voice (7,200 s): without a good token an SDK that has lost its
	// connection does not get it back.
	defaultLife   = 2*time.Hour + 10*time.Minute
	maxLife       = 24 * time.Hour
	minLife       = 5 * time.Minute
	adminLife     = 3 * time.Minute
	defaultMaxAge = 5 * time.Minute
)

// Config is one application at Vonage, or one OpenTok project.
type Config struct {
	Product Product

	ApplicationID string         // a UUID
	PrivateKey    carrier.Secret // PEM, of the application; signs users' tokens and our requests
	// SignatureSecrets sign Vonage's webhooks (HS256); any of them is accepted, so that a new one can be added before the
	// old one is gone.
	SignatureSecrets []carrier.Secret
	// APIKey is the account's key; if set, webhooks of another account are refused. With OpenTok the project's key.
	APIKey string
	// APISecret is the secret of an OpenTok project; set, Video speaks the older API. Voice does not use it.
	APISecret carrier.Secret

	// CallerID is a number of the application, E.164, that telephones are called from unless carrier.Call.CallerID says another;
	// if neither does, none is called.
	CallerID string
	// RingbackURL is an mp3 that whoever waits hears until the other side comes; empty: silence.
	RingbackURL string
	// Greeting is said to a telephone that calls, before it waits; empty: nothing.
	Greeting string
	// UsersExist says that the app's backend makes the users at Vonage, by [UserName]. False: the carrier makes those it meets.
	UsersExist bool
	// Relayed lets two devices send video directly to each other if they can, in calls that are no group's.
	Relayed bool

	// RequirePayloadHash refuses webhooks by POST whose token does not say the hash of their body.
	RequirePayloadHash bool
	MaxAge             time.Duration // how old a webhook may be; 0: 5 min
	TokenLife          time.Duration // of a device's token; 0: 2 h 10 min; 5 min to 24 h
	HookURL            string        // public URL below which Vonage finds our hooks, "https://host/carriers/APP/NAME"
	BaseURL            string        // of the REST API; empty: Vonage's
	Client             *http.Client  // nil: one with sane limits
}

// Carrier is the account. It is safe for concurrent use.
type Carrier struct {
	cfg  Config
	key  *rsa.PrivateKey // nil with OpenTok
	rest *carrier.REST

	users    memory[struct{}]       // that are known to exist at Vonage, by name
	over     memory[struct{}]       // telephones' legs that were over before anybody heard of them
	whose    memory[connectionData] // connections of video
	calls    memory[string]         // sessions of video: a call of theirs
	sessions *sessions

	now func() time.Time
	id  func() string // of tokens: a UUID
}

var (
	_ carrier.Carrier  = (*Carrier)(nil)
	_ carrier.Preparer = (*Carrier)(nil)
)

// New returns the carrier, or what is wrong with its settings.
func New(cfg Config) (*Carrier, error) {
	c := &Carrier{cfg: cfg, sessions: newSessions(), now: time.Now, id: newID}
	if err := c.cfg.settle(); err != nil {
		return nil, fmt.Errorf("vonage: %w", err)
	}
	if !c.cfg.openTok() {
		key, err := parseKey(c.cfg.PrivateKey)
		if err != nil {
			return nil, fmt.Errorf("vonage: the private key: %w", err)
		}
		c.key = key
	}
	c.rest = &carrier.REST{Base: c.cfg.BaseURL, Client: c.cfg.Client, Auth: c.authorize}
	return c, nil
}

// settle fills in what is left out and checks the rest.
func (c *Config) settle() error {
	base := map[Product]string{Voice: voiceURL, Video: videoURL}[c.Product]
	if base == "" {
		return fmt.Errorf("product %q is neither %q nor %q", c.Product, Voice, Video)
	}
	if c.openTok() {
		base = openTokURL
		if c.APIKey == "" {
			return fmt.Errorf("an API secret without its API key")
		}
	} else if !isUUID(c.ApplicationID) {
		return fmt.Errorf("application id %.60q is no UUID, as the dashboard shows it", c.ApplicationID)
	}
	if c.BaseURL == "" {
		c.BaseURL = base
	}
	c.BaseURL, c.HookURL = strings.TrimSuffix(c.BaseURL, "/"), strings.TrimSuffix(c.HookURL, "/")
	if c.MaxAge == 0 {
		c.MaxAge = defaultMaxAge
	}
	if c.MaxAge < 0 {
		return fmt.Errorf("maximum age %s of webhooks is negative", c.MaxAge)
	}
	if c.TokenLife == 0 {
		c.TokenLife = defaultLife
	}
	if c.TokenLife < minLife || c.TokenLife > maxLife {
		return fmt.Errorf("token life %s is not between %s and %s", c.TokenLife, minLife, maxLife)
	}
	for i, s := range c.SignatureSecrets {
		if s.Empty() {
			return fmt.Errorf("signature secret %d is empty", i+1)
		}
	}
	if c.CallerID != "" && !isE164(c.CallerID) {
		return fmt.Errorf("caller id %.40q is no number like +15551234567", c.CallerID)
	}
	return nil
}

func (c *Config) openTok() bool { return c.Product == Video && !c.APISecret.Empty() }

// Name implements carrier.Carrier.
func (c *Carrier) Name() string {
	if c.cfg.Product == Video {
		return "vonage-video"
	}
	return "vonage"
}

// String and GoString keep the key out of logs.
func (c *Carrier) String() string { return c.Name() + " " + c.cfg.ApplicationID }

// GoString implements fmt.GoStringer.
func (c *Carrier) GoString() string { return c.String() }

// Traits implements carrier.Carrier.
func (c *Carrier) Traits() carrier.Traits {
	t := carrier.Traits{Watched: len(c.cfg.SignatureSecrets) > 0, TokenLife: c.cfg.TokenLife}
	if c.cfg.Product == Video {
		t.Rooms = true
	} else {
		t.AfterAnswer, t.PSTN = true, true
	}
	return t
}

// Prepare implements carrier.Preparer. For voice it sees to it that the call's users exist at Vonage, for video it makes a
// session.
func (c *Carrier) Prepare(ctx context.Context, call carrier.Call) (string, error) {
	if c.cfg.Product == Video {
		return c.prepareSession(ctx, call)
	}
	var wg sync.WaitGroup
	var errs [2]error
	for i, p := range []carrier.Party{call.Caller, call.Callee} {
		if p.Phone == "" {
			wg.Go(func() { errs[i] = c.ensureUser(ctx, p) })
		}
	}
	wg.Wait()
	return "", errors.Join(errs[:]...)
}

// Credentials implements carrier.Carrier.
func (c *Carrier) Credentials(j carrier.Join) (json.RawMessage, error) {
	if err := j.Check(); err != nil {
		return nil, err
	}
	if c.cfg.Product == Video {
		return c.videoCredentials(j)
	}
	return c.voiceCredentials(j)
}

// End implements carrier.Carrier.
func (c *Carrier) End(ctx context.Context, call carrier.Call) error {
	if c.cfg.Product == Video {
		return c.endSession(ctx, call)
	}
	return c.endLegs(ctx, call)
}

// newID returns a random UUID (version 4).
func newID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

func isUUID(s string) bool { return carrier.IsID(strings.ToLower(s)) }

// isE164 reports whether s is a telephone number as ITU-T E.164 has it: "+", and up to 15 digits that begin with no 0.
func isE164(s string) bool {
	if len(s) < 3 || len(s) > 16 || s[0] != '+' || s[1] == '0' {
		return false
	}
	return allDigits(s[1:])
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
