// Package daily is Daily as a carrier: a call's devices meet in a private room that has the call's id (or its group's) for
// its name. The server makes the room before the call rings, signs meeting tokens itself, and deletes the room when the call
// is over, which puts out who is still in it.
//
// Credentials are {"url":"https://example.daily.co/…","token":"…"}. A participant's user_id, for which Daily leaves 36
// characters, is made of the call, the side and the device ([UserID]).
//
// Daily says who has left a room, but not why; and ringtrip's adapter for iOS leaves it while a call is on hold, for Daily
// does not let CallKit have its audio session. So leaving is only noted, unless [Config.Watch] says that devices stay.
//
// The package refuses to record, to change the domain's settings, and to import Daily's code.
package daily

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/ringtrip/ringtrip/carrier"
)

// Name is the carrier's word.
const Name = "daily"

const (
	defaultLife = 24 * time.Hour
	minLife     = 2 * time.Minute
	maxLife     = 7 * 24 * time.Hour
)

// Config is one Daily domain.
type Config struct {
	// Domain is the account's name: "example" of "https://example.daily.co".
	Domain string
	// DomainID is its UUID, which GET https://api.daily.co/v1/ tells.
	DomainID string
	// APIKey signs tokens and opens the REST API.
	APIKey carrier.Secret
	// WebhookSecrets are the "hmac" of webhooks, base64; each is accepted. None: no webhook is.
	WebhookSecrets []carrier.Secret
	// TokenLife is for how long a device can join, and join again after a hold, 2 minutes to 7 days; 0: 24 hours. A room lives as
	// long after the call's ring, if nobody deletes it.
	TokenLife time.Duration
	// Watch says that devices stay in the room while a call is on hold, so that leaving it means that media is lost.
	Watch bool
	// HookURL is where Daily's webhooks come in; [Carrier.Check] looks at it, nothing else does.
	HookURL string
	// API is the base of the REST API; empty: "https://api.daily.co".
	API string
	// Client speaks to it; nil: one with sane limits.
	Client *http.Client
}

// Carrier is one Daily domain. It is safe for concurrent use.
type Carrier struct {
	domain, domainID string
	key              carrier.Secret
	secrets          []secret
	life             time.Duration
	watch            bool
	hook             string
	rest             carrier.REST
}

// secret is a webhook's secret, decoded.
type secret []byte

var (
	_ carrier.Carrier  = (*Carrier)(nil)
	_ carrier.Preparer = (*Carrier)(nil)
)

var (
	domainName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)
	uuid       = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
)

// New returns a carrier, or what is wrong with its settings.
func New(c Config) (*Carrier, error) {
	if !domainName.MatchString(c.Domain) {
		return nil, fmt.Errorf(`daily: domain is "example" of https://example.daily.co, not %.80q`, c.Domain)
	}
	if !uuid.MatchString(c.DomainID) {
		return nil, fmt.Errorf(`daily: domain_id is the UUID that "curl -H 'Authorization: Bearer KEY' https://api.daily.co/v1/" shows as domain_id, not %.80q`, c.DomainID)
	}
	if c.APIKey.Empty() {
		return nil, errors.New("daily: there is no api_key; Daily's dashboard has it under Developers")
	}
	out := &Carrier{domain: c.Domain, domainID: c.DomainID, key: c.APIKey, life: c.TokenLife, watch: c.Watch, hook: c.HookURL}
	for i, s := range c.WebhookSecrets {
		raw, err := base64.StdEncoding.DecodeString(s.Reveal())
		if err != nil || len(raw) == 0 {
			return nil, fmt.Errorf("daily: webhook secret %d is not the base64 that Daily answered as hmac when the webhook was made", i+1)
		}
		out.secrets = append(out.secrets, raw)
	}
	if out.life == 0 {
		out.life = defaultLife
	}
	if out.life < minLife || out.life > maxLife {
		return nil, fmt.Errorf("daily: a token life of %s; it must be between %s and %s", out.life, minLife, maxLife)
	}
	if c.API == "" {
		c.API = "https://api.daily.co"
	}
	if u, err := url.Parse(c.API); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, fmt.Errorf(`daily: api is the base of Daily's REST API, "https://api.daily.co", not %.80q`, c.API)
	}
	out.rest = carrier.REST{Base: strings.TrimSuffix(c.API, "/"), Client: c.Client, Auth: func(r *http.Request) {
		r.Header.Set("Authorization", "Bearer "+out.key.Reveal())
	}}
	return out, nil
}

// Name implements carrier.Carrier.
func (c *Carrier) Name() string { return Name }

// Traits implements carrier.Carrier.
func (c *Carrier) Traits() carrier.Traits {
	return carrier.Traits{Rooms: true, Watched: c.watch && len(c.secrets) > 0, TokenLife: c.life}
}

// Credentials implements carrier.Carrier.
func (c *Carrier) Credentials(j carrier.Join) (json.RawMessage, error) {
	t, err := c.claims(j)
	if err != nil {
		return nil, err
	}
	token, err := carrier.SignHS256(header{"HS256", "JWT"}, t, []byte(c.key.Reveal()))
	if err != nil {
		return nil, err
	}
	return carrier.Compact(struct {
		URL   string `json:"url"`
		Token string `json:"token"`
	}{"https://" + c.domain + ".daily.co/" + t.Room, token})
}

// Prepare implements carrier.Preparer: it makes the call's room, which is private and expires.
func (c *Carrier) Prepare(ctx context.Context, call carrier.Call) (string, error) {
	if !carrier.IsID(call.Room()) {
		return "", fmt.Errorf("daily: %.80q is no name of a room", call.Room())
	}
	ring := call.Deadline
	if ring.IsZero() {
		ring = time.Now()
	}
	type properties struct {
		Exp   int64 `json:"exp"`
		Eject bool  `json:"eject_at_room_exp"`
	}
	body, err := carrier.Compact(struct {
		Name       string     `json:"name"`
		Privacy    string     `json:"privacy"`
		Properties properties `json:"properties"`
	}{call.Room(), "private", properties{ring.Add(c.life).Unix(), true}})
	if err != nil {
		return "", err
	}
	_, err = c.rest.Do(ctx, http.MethodPost, "/v1/rooms", "application/json", body)
	if err == nil {
		return call.Room(), nil
	}
	var s *carrier.StatusError
	if !errors.As(err, &s) || s.Status != http.StatusBadRequest {
		return "", err
	}
	// Daily answers 400 for a room that is there, as that of a group or of a start that is repeated. Its words are not relied on:
	// the room is asked for.
	answer, failed := c.rest.Do(ctx, http.MethodGet, "/v1/rooms/"+call.Room(), "", nil)
	if failed != nil {
		return "", err
	}
	var room struct{ Privacy string }
	if json.Unmarshal(answer, &room) != nil || room.Privacy != "private" {
		return "", fmt.Errorf("daily: room %s is there and not private", call.Room())
	}
	return call.Room(), nil
}

// End implements carrier.Carrier: it deletes the room, and so puts out who is still in it.
func (c *Carrier) End(ctx context.Context, call carrier.Call) error {
	_, err := c.rest.Do(ctx, http.MethodDelete, "/v1/rooms/"+url.PathEscape(call.Room()), "", nil)
	if carrier.GoneBy(err, "error", "not-found") {
		return nil
	}
	return err
}
