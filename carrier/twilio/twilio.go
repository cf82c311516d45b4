// Package twilio is Twilio Programmable Voice as a carrier: app to app, from telephones and to telephones.
//
// Ringtrip rings, Twilio carries. The caller's device connects by Twilio's SDK with {"token","params":{"ringtrip_call":ID}};
// Twilio asks the hook "voice" what to do, which checks that the caller calls in that call and has Twilio dial the callee.
// A callee with the app is dialled as a client, whose invitation Twilio does not push but posts to the hook "notify" (Client
// Call Notification Webhook); the device whose answer has won gets it with {"token","notification":{…}} and accepts. A
// telephone that is called is dialled as a number. A telephone that calls one of the account's numbers comes in by "voice"
// too. The hooks "status" and "action" say what became of it all.
//
// Users are clients of Twilio by [Identity], for mobile SDKs allow letters, digits and underscores only.
//
// The package refuses to let Twilio push, to carry groups or video (Programmable Voice has neither for clients), to record,
// to speak or play anything, and to keep anything of a call. Twilio's form webhooks bear no time and no number that is used
// once: a webhook that comes again is harmless because whatever it says is true of the call or too late.
package twilio

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/ringtrip/ringtrip/carrier"
)

// Name is the carrier's word.
const Name = "twilio"

const (
	defaultAPI  = "https://api.twilio.com"
	defaultLife = time.Hour
	minLife     = 2 * time.Minute // a ring and its answer
	maxLife     = 24 * time.Hour  // Twilio refuses more (error 20104)

	// callParam is the custom parameter that names the call, in what a device connects with and in invitations.
	callParam = "ringtrip_call"
)

// Config is one account at Twilio, and one TwiML application of it.
type Config struct {
	AccountSID string // "AC…"
	// APIKey and APISecret sign access tokens and authenticate at Twilio's REST API. They are rotated by making a new key at
	// Twilio, changing both here, and removing the old one there when its last token has expired.
	APIKey    string // "SK…"
	APISecret carrier.Secret
	// AuthTokens sign webhooks: the account's, and while it is rotated its secondary one.
	AuthTokens []carrier.Secret
	// ApplicationSID is the TwiML application that devices connect to, "AP…". Its voice URL is HookURL + "/voice".
	ApplicationSID string
	// CallerID is the number that telephones see that are called, E.164; empty: none can be called.
	CallerID string
	// HookURL is the public URL of this carrier's hooks, "https://host/carriers/APP/twilio".
	HookURL string
	// Region is where the account processes calls, as "ie1"; empty: Twilio's default, us1. With one, API has to be that
	// region's, as "https://api.dublin.ie1.twilio.com", and keys and auth tokens are that region's.
	Region string
	// API is the base of the REST API; empty: "https://api.twilio.com".
	API string
	// TokenLife is how long a device may wait before it connects, 2 minutes to 24 hours; 0: an hour.
	TokenLife time.Duration
	// Client speaks to the REST API; nil: one with sane limits.
	Client *http.Client
}

// Carrier is one account at Twilio. It is safe for concurrent use.
type Carrier struct {
	conf Config
	hook string // HookURL without a slash at its end
	rest carrier.REST
}

var _ carrier.Carrier = (*Carrier)(nil)

// New returns the carrier for an account. The error lists all that is wrong with conf, without secrets.
func New(conf Config) (*Carrier, error) {
	var wrong []error
	complain := func(format string, args ...any) { wrong = append(wrong, fmt.Errorf("twilio: "+format, args...)) }
	for _, s := range []struct{ what, prefix, value string }{
		{"account SID", "AC", conf.AccountSID}, {"API key", "SK", conf.APIKey}, {"SID of the TwiML application", "AP", conf.ApplicationSID},
	} {
		if !isSID(s.prefix, s.value) {
			complain("the %s is %.40q; it is %s and 32 hexadecimal digits", s.what, s.value, s.prefix)
		}
	}
	if conf.APISecret.Empty() {
		complain("the secret of the API key is missing")
	}
	if len(conf.AuthTokens) == 0 {
		complain("the account's auth token is missing: webhooks could not be verified")
	}
	for _, t := range conf.AuthTokens {
		if t.Empty() {
			complain("an auth token is empty")
		}
	}
	if conf.CallerID != "" && !isE164(conf.CallerID) {
		complain("the caller's number is %.40q; write it as E.164, like +15551234567", conf.CallerID)
	}
	if u, err := url.Parse(conf.HookURL); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		complain("the hook URL %.200q is not like https://calls.example.com/carriers/APP/twilio", conf.HookURL)
	}
	if conf.API == "" {
		conf.API = defaultAPI
	}
	if u, err := url.Parse(conf.API); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil {
		complain("the API's URL %.200q is not like %s", conf.API, defaultAPI)
	}
	if conf.TokenLife == 0 {
		conf.TokenLife = defaultLife
	}
	if conf.TokenLife < minLife || conf.TokenLife > maxLife {
		complain("tokens can live %s to %s, not %s", minLife, maxLife, conf.TokenLife)
	}
	if len(wrong) > 0 {
		return nil, errors.Join(wrong...)
	}
	c := &Carrier{conf: conf, hook: strings.TrimRight(conf.HookURL, "/")}
	c.rest = carrier.REST{Base: strings.TrimRight(conf.API, "/"), Client: conf.Client,
		Auth: func(r *http.Request) { r.SetBasicAuth(conf.APIKey, conf.APISecret.Reveal()) }}
	return c, nil
}

// Name implements carrier.Carrier.
func (c *Carrier) Name() string { return Name }

// Traits implements carrier.Carrier.
func (c *Carrier) Traits() carrier.Traits {
	return carrier.Traits{AfterAnswer: true, PSTN: true, Watched: true, TokenLife: c.conf.TokenLife}
}

// credentials is what RingtripTwilio reads.
type credentials struct {
	Token        string            `json:"token"`
	Params       map[string]string `json:"params,omitempty"`
	Notification json.RawMessage   `json:"notification,omitempty"`
}

// Credentials implements carrier.Carrier: for the caller's device {"token","params"} to connect with, for the callee's
// {"token","notification"} to accept with, and none before Twilio's invitation has come.
func (c *Carrier) Credentials(j carrier.Join) (json.RawMessage, error) {
	if err := j.Check(); err != nil {
		return nil, fmt.Errorf("twilio: %w", err)
	}
	if !j.Caller && len(j.Invite) == 0 {
		return nil, nil
	}
	identity, err := Identity(j.Self.User)
	if err != nil {
		return nil, err
	}
	grant := VoiceGrant{}
	if j.Caller {
		grant.OutgoingApplicationSID = c.conf.ApplicationSID
	} else {
		grant.IncomingAllow = true
	}
	token, err := c.token(identity, grant, j.Now)
	if err != nil {
		return nil, err
	}
	out := credentials{Token: token}
	if j.Caller {
		out.Params = map[string]string{callParam: j.Call.ID}
	} else {
		out.Notification = j.Invite
	}
	return carrier.Compact(out)
}

func (c *Carrier) token(identity string, grant VoiceGrant, now time.Time) (string, error) {
	return AccessToken{AccountSID: c.conf.AccountSID, APIKey: c.conf.APIKey, APISecret: c.conf.APISecret, Region: c.conf.Region,
		Identity: identity, Voice: grant, IssuedAt: now, Life: c.conf.TokenLife}.Sign()
}

// isSID reports whether s is one of Twilio's ids: two letters and 32 hexadecimal digits.
func isSID(prefix, s string) bool {
	if len(s) != 34 || !strings.HasPrefix(s, prefix) {
		return false
	}
	for i := 2; i < len(s); i++ {
		if c := s[i]; !(c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F') {
			return false
		}
	}
	return true
}

// isE164 reports whether s is a telephone number as ITU-T E.164 writes it: a plus and at most 15 digits, no 0 first.
func isE164(s string) bool {
	if len(s) < 3 || len(s) > 16 || s[0] != '+' || s[1] == '0' {
		return false
	}
	for i := 1; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
