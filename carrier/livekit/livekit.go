// Package livekit is LiveKit as a carrier: a call's devices meet in a room that has the call's id (or its group's) for its
// name. The server mints access tokens, hears from webhooks who has come and gone, and deletes the room when the call is
// over. LiveKit makes rooms by itself when somebody joins.
//
// Credentials are {"url":"wss://…","token":"…"}. A participant's identity is the user and the device ([Identity]), so that
// one device is in a room once: LiveKit throws out the older one if an identity comes again.
//
// The package refuses to publish, record, or speak LiveKit's signalling, and imports none of its modules: an access token is
// a small JSON Web Token, and LiveKit's server API (Twirp) is JSON over HTTP.
package livekit

import (
	"context"
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
const Name = "livekit"

const (
	defaultLife = 10 * time.Minute
	minLife     = 2 * time.Minute // a ring and its answer
	maxLife     = 24 * time.Hour
	apiLife     = time.Minute // of the tokens that the server shows LiveKit
)

// Key is one of a project's API keys.
type Key struct {
	ID     string // as "APIwLeah7g4fuLY"
	Secret carrier.Secret
}

// Config is one LiveKit project.
type Config struct {
	// URL is where devices connect, as "wss://example.livekit.cloud".
	URL string
	// API is the base of the server API; empty: URL with https for wss.
	API string
	// Keys: the first signs tokens, each may sign webhooks. Two are there while they are rotated.
	Keys []Key
	// TokenLife is how long a device may wait before it joins, 2 minutes to 24 hours; 0: 10 minutes. Who has joined stays: LiveKit
	// renews the tokens of who is connected.
	TokenLife time.Duration
	// HookURL is where LiveKit's webhooks come in; [Carrier.Check] looks at it, nothing else does.
	HookURL string
	// Client speaks to the server API; nil: one with sane limits.
	Client *http.Client
}

// Carrier is one LiveKit project. It is safe for concurrent use.
type Carrier struct {
	url  string
	keys []Key
	life time.Duration
	hook string
	rest carrier.REST
}

var _ carrier.Carrier = (*Carrier)(nil)

// New returns a carrier, or what is wrong with its settings.
func New(c Config) (*Carrier, error) {
	u, err := url.Parse(c.URL)
	if err != nil || u.Host == "" || u.Scheme != "wss" && u.Scheme != "ws" {
		return nil, fmt.Errorf(`livekit: url is where devices connect and looks like "wss://example.livekit.cloud", not %.80q`, c.URL)
	}
	if c.API == "" {
		c.API = "http" + strings.TrimPrefix(c.URL, "ws") // wss: https
	}
	if u, err := url.Parse(c.API); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, fmt.Errorf(`livekit: api is the base of LiveKit's server API and looks like "https://example.livekit.cloud", not %.80q`, c.API)
	}
	if len(c.Keys) == 0 {
		return nil, errors.New("livekit: there is no API key; LiveKit Cloud has them under Settings, API keys, a server of your own in its config under keys")
	}
	for i, k := range c.Keys {
		if k.ID == "" || k.Secret.Empty() {
			return nil, fmt.Errorf("livekit: API key %d has no id or no secret", i+1)
		}
	}
	if c.TokenLife == 0 {
		c.TokenLife = defaultLife
	}
	if c.TokenLife < minLife || c.TokenLife > maxLife {
		return nil, fmt.Errorf("livekit: a token life of %s; it must be between %s and %s", c.TokenLife, minLife, maxLife)
	}
	return &Carrier{url: c.URL, keys: c.Keys, life: c.TokenLife, hook: c.HookURL, rest: carrier.REST{Base: strings.TrimSuffix(c.API, "/"), Client: c.Client}}, nil
}

// Name implements carrier.Carrier.
func (c *Carrier) Name() string { return Name }

// Traits implements carrier.Carrier.
func (c *Carrier) Traits() carrier.Traits {
	return carrier.Traits{Rooms: true, Watched: true, TokenLife: c.life}
}

// Credentials implements carrier.Carrier.
func (c *Carrier) Credentials(j carrier.Join) (json.RawMessage, error) {
	if err := j.Check(); err != nil {
		return nil, err
	}
	t := claims{
		Name:  j.Self.Name,
		Video: &grant{RoomJoin: true, Room: j.Call.Room(), CanPublish: true, CanSubscribe: true},
		Sub:   Identity(j.Self.User, j.Self.Device),
	}
	if j.Call.Group != "" { // the room is the group's: webhooks must tell whose part of it a participant is
		t.Attributes = map[string]string{callAttribute: j.Call.ID}
	}
	token, err := c.sign(t, j.Now, c.life)
	if err != nil {
		return nil, err
	}
	return carrier.Compact(struct {
		URL   string `json:"url"`
		Token string `json:"token"`
	}{c.url, token})
}

// End implements carrier.Carrier: it deletes the room, and so puts out who is still in it.
func (c *Carrier) End(ctx context.Context, call carrier.Call) error {
	body, err := carrier.Compact(map[string]string{"room": call.Room()})
	if err != nil {
		return err
	}
	token, err := c.sign(claims{Video: &grant{RoomCreate: true}}, time.Now(), apiLife)
	if err != nil {
		return err
	}
	api := c.rest
	api.Auth = func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
	_, err = api.Do(ctx, http.MethodPost, "/twirp/livekit.RoomService/DeleteRoom", "application/json", body)
	if carrier.GoneBy(err, "code", "not_found") {
		return nil
	}
	return err
}
