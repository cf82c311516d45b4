package main

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"
	"time"

	"github.com/ringtrip/ringtrip/carrier"
	"github.com/ringtrip/ringtrip/carrier/agora"
	"github.com/ringtrip/ringtrip/carrier/daily"
	"github.com/ringtrip/ringtrip/carrier/livekit"
	"github.com/ringtrip/ringtrip/carrier/twilio"
	"github.com/ringtrip/ringtrip/carrier/vonage"
	"github.com/ringtrip/ringtrip/carrier/webrtc"
	"github.com/ringtrip/ringtrip/server"
)

// secretConfig says where a secret is, never the secret itself.
type secretConfig struct {
	File string `yaml:"file" help:"File with it."`
	Env  string `yaml:"env" help:"Instead of a file: the environment variable with it."`
}

// text returns the secret, without the line end that editors put behind it. Lines in a variable may be written as \n.
func (s secretConfig) text(what string) (string, error) {
	if (s.File == "") == (s.Env == "") {
		return "", fmt.Errorf("%s has a file or an env, one of the two", what)
	}
	text := ""
	if s.File != "" {
		b, err := os.ReadFile(s.File)
		if err != nil {
			return "", fmt.Errorf("reading %s: %w", what, err)
		}
		text = string(b)
	} else {
		var err error
		if text, err = environment(s.Env); err != nil {
			return "", fmt.Errorf("%s: %w", what, err)
		}
		text = strings.ReplaceAll(text, `\n`, "\n")
	}
	if text = strings.TrimSpace(text); text == "" {
		return "", fmt.Errorf("%s is empty", what)
	}
	return text, nil
}

// read returns the secret as carriers take it.
func (s secretConfig) read(what string) (carrier.Secret, error) {
	text, err := s.text(what)
	if err != nil {
		return carrier.Secret{}, err
	}
	return carrier.NewSecret(text), nil
}

// secrets reads several.
func secrets(what string, all []secretConfig) ([]carrier.Secret, error) {
	var out []carrier.Secret
	for _, s := range all {
		one, err := s.read(what)
		if err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, nil
}

// optional reads one that may be left out.
func (s secretConfig) optional(what string) (carrier.Secret, error) {
	if s == (secretConfig{}) {
		return carrier.Secret{}, nil
	}
	return s.read(what)
}

// carriersConfig are an app's accounts at carriers; those that are left out are not there.
type carriersConfig struct {
	Twilio      twilioConfig      `yaml:"twilio" help:"Twilio Voice; see docs/carriers/twilio.md."`
	Vonage      vonageConfig      `yaml:"vonage" help:"Vonage Voice; see docs/carriers/vonage.md."`
	VonageVideo vonageVideoConfig `yaml:"vonage-video" help:"Vonage Video, also as OpenTok; see docs/carriers/vonage.md."`
	LiveKit     livekitConfig     `yaml:"livekit" help:"LiveKit; see docs/carriers/livekit.md."`
	Agora       agoraConfig       `yaml:"agora" help:"Agora; see docs/carriers/agora.md."`
	Daily       dailyConfig       `yaml:"daily" help:"Daily; see docs/carriers/daily.md."`
	WebRTC      webrtcConfig      `yaml:"webrtc" help:"The devices between themselves, with TURN passwords of their own; see docs/carriers/webrtc.md."`
}

type twilioConfig struct {
	AccountSID     string         `yaml:"account-sid" help:"The account." example:"ACxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"`
	APIKey         string         `yaml:"api-key" help:"The API key that signs tokens." example:"SKxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"`
	APISecret      secretConfig   `yaml:"api-secret" help:"Its secret."`
	AuthTokens     []secretConfig `yaml:"auth-tokens" help:"What signs webhooks: the account's auth token, and while it changes the secondary one."`
	ApplicationSID string         `yaml:"application-sid" help:"The TwiML application, whose voice URL is PUBLIC-URL/carriers/APP/twilio/voice." example:"APxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"`
	CallerID       string         `yaml:"caller-id" help:"The number that called telephones are shown." example:"+15551234567"`
	Region         string         `yaml:"region" help:"Where the account processes calls; empty: us1." example:"ie1"`
	API            string         `yaml:"api" help:"Where its API is; empty: Twilio's." example:"https://api.dublin.ie1.twilio.com"`
	TokenLife      time.Duration  `yaml:"token-life" help:"How long a device may wait before it connects." example:"1h"`
}

func (c twilioConfig) carrier(hooks string) (carrier.Carrier, error) {
	secret, err := c.APISecret.read("api-secret")
	if err != nil {
		return nil, err
	}
	tokens, err := secrets("an auth token", c.AuthTokens)
	if err != nil {
		return nil, err
	}
	return made(twilio.New(twilio.Config{AccountSID: c.AccountSID, APIKey: c.APIKey, APISecret: secret, AuthTokens: tokens, ApplicationSID: c.ApplicationSID,
		CallerID: c.CallerID, HookURL: hooks, Region: c.Region, API: c.API, TokenLife: c.TokenLife}))
}

type vonageConfig struct {
	ApplicationID    string         `yaml:"application-id" help:"The application." example:"78d335fa-323d-0114-9c3d-d6f0d48968cf"`
	PrivateKey       secretConfig   `yaml:"private-key" help:"Its private key, PEM."`
	SignatureSecrets []secretConfig `yaml:"signature-secrets" help:"What signs webhooks: one, and while it changes the old one too."`
	APIKey           string         `yaml:"api-key" help:"The account's key; set, webhooks of another account are refused." example:"abcd1234"`
	CallerID         string         `yaml:"caller-id" help:"The number that called telephones are shown." example:"+15551234567"`
	RingbackURL      string         `yaml:"ringback-url" help:"An mp3 that whoever waits hears; empty: silence." example:"https://example.com/ringback.mp3"`
	Greeting         string         `yaml:"greeting" help:"Said to a telephone that calls, before it waits." example:"One moment, please."`
	UsersExist       bool           `yaml:"users-exist" help:"The app's backend makes the users at Vonage." example:"false"`
	RequireHash      bool           `yaml:"require-payload-hash" help:"Refuse webhooks by POST whose signature does not cover their body." example:"false"`
	TokenLife        time.Duration  `yaml:"token-life" help:"How long a device's token is good." example:"2h10m"`
	API              string         `yaml:"api" help:"Where its API is; empty: Vonage's." example:"https://api-eu.vonage.com"`
}

func (c vonageConfig) carrier(hooks string) (carrier.Carrier, error) {
	key, err := c.PrivateKey.read("private-key")
	if err != nil {
		return nil, err
	}
	signing, err := secrets("a signature secret", c.SignatureSecrets)
	if err != nil {
		return nil, err
	}
	return made(vonage.New(vonage.Config{Product: vonage.Voice, ApplicationID: c.ApplicationID, PrivateKey: key, SignatureSecrets: signing, APIKey: c.APIKey,
		CallerID: c.CallerID, RingbackURL: c.RingbackURL, Greeting: c.Greeting, UsersExist: c.UsersExist, RequirePayloadHash: c.RequireHash,
		TokenLife: c.TokenLife, HookURL: hooks, BaseURL: c.API}))
}

type vonageVideoConfig struct {
	ApplicationID    string         `yaml:"application-id" help:"The application; not with OpenTok." example:"78d335fa-323d-0114-9c3d-d6f0d48968cf"`
	PrivateKey       secretConfig   `yaml:"private-key" help:"Its private key, PEM; not with OpenTok."`
	SignatureSecrets []secretConfig `yaml:"signature-secrets" help:"What signs webhooks."`
	APIKey           string         `yaml:"api-key" help:"The account's key, or the OpenTok project's." example:"12345678"`
	APISecret        secretConfig   `yaml:"api-secret" help:"The OpenTok project's secret: then OpenTok is spoken."`
	Relayed          bool           `yaml:"relayed" help:"Let two devices send directly to each other if they can." example:"false"`
	RequireHash      bool           `yaml:"require-payload-hash" help:"Refuse webhooks by POST whose signature does not cover their body." example:"false"`
	TokenLife        time.Duration  `yaml:"token-life" help:"How long a device's token is good." example:"2h10m"`
	API              string         `yaml:"api" help:"Where its API is; empty: Vonage's." example:"https://video.api.vonage.com"`
}

func (c vonageVideoConfig) carrier(hooks string) (carrier.Carrier, error) {
	key, err := c.PrivateKey.optional("private-key")
	if err != nil {
		return nil, err
	}
	secret, err := c.APISecret.optional("api-secret")
	if err != nil {
		return nil, err
	}
	signing, err := secrets("a signature secret", c.SignatureSecrets)
	if err != nil {
		return nil, err
	}
	return made(vonage.New(vonage.Config{Product: vonage.Video, ApplicationID: c.ApplicationID, PrivateKey: key, SignatureSecrets: signing, APIKey: c.APIKey,
		APISecret: secret, Relayed: c.Relayed, RequirePayloadHash: c.RequireHash, TokenLife: c.TokenLife, HookURL: hooks, BaseURL: c.API}))
}

type livekitConfig struct {
	URL       string        `yaml:"url" help:"Where devices connect." example:"wss://example.livekit.cloud"`
	API       string        `yaml:"api" help:"Where its server API is; empty: url with https." example:"https://livekit.internal:7880"`
	Keys      []livekitKey  `yaml:"keys" help:"The first signs tokens, each may sign webhooks: two while they change."`
	TokenLife time.Duration `yaml:"token-life" help:"How long a device may wait before it joins." example:"10m"`
}

type livekitKey struct {
	ID     string       `yaml:"id" help:"The API key." example:"APIwLeah7g4fuLY"`
	Secret secretConfig `yaml:"secret" help:"Its secret."`
}

func (c livekitConfig) carrier(hooks string) (carrier.Carrier, error) {
	conf := livekit.Config{URL: c.URL, API: c.API, TokenLife: c.TokenLife, HookURL: hooks}
	for _, k := range c.Keys {
		secret, err := k.Secret.read("the secret of key " + k.ID)
		if err != nil {
			return nil, err
		}
		conf.Keys = append(conf.Keys, livekit.Key{ID: k.ID, Secret: secret})
	}
	return made(livekit.New(conf))
}

type agoraConfig struct {
	AppID       string         `yaml:"app-id" help:"The project's, 32 hexadecimal digits." example:"970CA35de60c44645bbae8a215061b33"`
	Certificate secretConfig   `yaml:"certificate" help:"The project's certificate."`
	Secrets     []secretConfig `yaml:"secrets" help:"Those of its notifications (NCS), as the console shows them; none: no notification is taken."`
	TokenLife   time.Duration  `yaml:"token-life" help:"How long a device can be in the channel with one token." example:"24h"`
}

func (c agoraConfig) carrier(hooks string) (carrier.Carrier, error) {
	certificate, err := c.Certificate.read("certificate")
	if err != nil {
		return nil, err
	}
	signing, err := secrets("a notification secret", c.Secrets)
	if err != nil {
		return nil, err
	}
	return made(agora.New(agora.Config{AppID: c.AppID, Certificate: certificate, Secrets: signing, TokenLife: c.TokenLife, HookURL: hooks}))
}

type dailyConfig struct {
	Domain         string         `yaml:"domain" help:"The account's name: example of https://example.daily.co." example:"example"`
	DomainID       string         `yaml:"domain-id" help:"Its UUID, which GET https://api.daily.co/v1/ tells." example:"11111111-2222-3333-4444-555555555555"`
	APIKey         secretConfig   `yaml:"api-key" help:"What signs tokens and opens the API."`
	WebhookSecrets []secretConfig `yaml:"webhook-secrets" help:"The hmac of its webhooks, base64; none: no webhook is taken."`
	TokenLife      time.Duration  `yaml:"token-life" help:"For how long a device can join." example:"24h"`
	Watch          bool           `yaml:"watch" help:"Devices stay in the room on hold, so that leaving it means that media is lost." example:"false"`
	API            string         `yaml:"api" help:"Where its API is; empty: Daily's." example:"https://api.daily.co"`
}

func (c dailyConfig) carrier(hooks string) (carrier.Carrier, error) {
	key, err := c.APIKey.read("api-key")
	if err != nil {
		return nil, err
	}
	signing, err := secrets("a webhook secret", c.WebhookSecrets)
	if err != nil {
		return nil, err
	}
	return made(daily.New(daily.Config{Domain: c.Domain, DomainID: c.DomainID, APIKey: key, WebhookSecrets: signing, TokenLife: c.TokenLife, Watch: c.Watch,
		HookURL: hooks, API: c.API}))
}

type webrtcConfig struct {
	Servers   []iceServer   `yaml:"servers" help:"STUN servers, and TURN servers whose password is always the same."`
	TURN      []turnServer  `yaml:"turn" help:"TURN servers that share a secret with this server (coturn's use-auth-secret): each device gets a password of its own."`
	TokenLife time.Duration `yaml:"token-life" help:"How long such a password is good: longer than the longest call." example:"24h"`
}

type iceServer struct {
	URLs       []string     `yaml:"urls" help:"Its URLs." example:"\"stun:stun.example.com\""`
	Username   string       `yaml:"username" help:"For TURN." example:"user"`
	Credential secretConfig `yaml:"credential" help:"For TURN."`
}

type turnServer struct {
	URLs   []string     `yaml:"urls" help:"Its URLs." example:"\"turn:turn.example.com:3478?transport=udp\""`
	Secret secretConfig `yaml:"secret" help:"The shared secret."`
}

func (c webrtcConfig) carrier(string) (carrier.Carrier, error) {
	conf := webrtc.Config{TokenLife: c.TokenLife}
	for _, s := range c.Servers {
		word, err := s.Credential.optional("a credential")
		if err != nil {
			return nil, err
		}
		conf.Servers = append(conf.Servers, webrtc.Server{URLs: s.URLs, Username: s.Username, Credential: word})
	}
	for _, s := range c.TURN {
		word, err := s.Secret.read("a TURN server's secret")
		if err != nil {
			return nil, err
		}
		conf.TURN = append(conf.TURN, webrtc.TURN{URLs: s.URLs, Secret: word})
	}
	return made(webrtc.New(conf))
}

// made is a leaf's result as an interface, whose nil is one.
func made[C carrier.Carrier](c C, err error) (carrier.Carrier, error) {
	if err != nil {
		return nil, err
	}
	return c, nil
}

// numberConfig is a number of a carrier.
type numberConfig struct {
	Number string `yaml:"number" help:"The number that is called." example:"+15551234567"`
	User   string `yaml:"user" help:"Who is rung." example:"bob"`
}

// telephonesConfig says which telephones may be called.
type telephonesConfig struct {
	Carrier  string   `yaml:"carrier" help:"Who calls them, twilio or vonage; empty: no telephone is called." example:"twilio"`
	Prefixes []string `yaml:"prefixes" help:"The beginnings of numbers that may be called. Who has a user's token can make calls that cost money." example:"\"+1\", \"+4930\""`
	CallerID string   `yaml:"caller-id" help:"The number that is shown; empty: the carrier's caller-id." example:"+15551234567"`
}

// a carrierEntry is one account of the configuration.
type carrierEntry struct {
	name string
	conf interface {
		carrier(hooks string) (carrier.Carrier, error)
	}
}

// set are the accounts that are not left out.
func (c carriersConfig) set() []carrierEntry {
	var all []carrierEntry
	for _, e := range []carrierEntry{{"twilio", c.Twilio}, {"vonage", c.Vonage}, {"vonage-video", c.VonageVideo}, {"livekit", c.LiveKit}, {"agora", c.Agora},
		{"daily", c.Daily}, {"webrtc", c.WebRTC}} {
		if !reflect.ValueOf(e.conf).IsZero() {
			all = append(all, e)
		}
	}
	return all
}

// hookURL is where a carrier of the app finds its webhooks; empty without a public URL.
func (a appConfig) hookURL(name string) string {
	if a.publicURL == "" {
		return ""
	}
	return strings.TrimSuffix(a.publicURL, "/") + "/carriers/" + a.ID + "/" + name
}

// carry puts what the configuration says about carriers into the app.
func (a appConfig) carry(out *server.App) error {
	for _, e := range a.Carriers.set() {
		if e.name != "webrtc" && a.publicURL == "" {
			return fmt.Errorf("the carrier %s: set public-url: the carrier calls this server there", e.name)
		}
		c, err := e.conf.carrier(a.hookURL(e.name))
		if err != nil {
			return fmt.Errorf("the carrier %s: %w", e.name, err)
		}
		out.Carriers = append(out.Carriers, c)
	}
	out.Carrier, out.MediaGrace = a.Carrier, a.MediaGrace
	for _, n := range a.Numbers {
		if out.Numbers == nil {
			out.Numbers = map[string]string{}
		}
		if _, twice := out.Numbers[n.Number]; twice {
			return fmt.Errorf("the number %s is there twice", n.Number)
		}
		out.Numbers[n.Number] = n.User
	}
	if t := a.Telephones; t.Carrier != "" {
		out.Telephones = &server.Telephones{Carrier: t.Carrier, Prefixes: t.Prefixes, CallerID: t.CallerID}
	} else if len(t.Prefixes) > 0 || t.CallerID != "" {
		return errors.New("telephones has no carrier: name the one that calls them, or take telephones out")
	}
	return nil
}

// carriers lets each carrier look at its own settings.
func (d *doctor) carriers(a appConfig) {
	for _, e := range a.Carriers.set() {
		what := "app " + a.ID + " " + e.name
		if e.name != "webrtc" && a.publicURL == "" {
			d.say(failure, what, "set public-url to where the carrier reaches this server", "there is no public url")
			continue
		}
		c, err := e.conf.carrier(a.hookURL(e.name))
		if err != nil {
			d.say(failure, what, "see docs/carriers/"+strings.TrimSuffix(e.name, "-video")+".md", "%s", err)
			continue
		}
		for _, f := range c.Check() {
			v := map[carrier.Severity]verdict{carrier.Fine: fine, carrier.Warning: warning, carrier.Wrong: failure}[f.Severity]
			d.say(v, what, f.Fix, "%s", f.What)
		}
		role := "carries no calls by itself: telephones, or as carrier says"
		if a.Carrier == e.name {
			role = "carries the calls between users"
		}
		d.say(fine, what, "", "%s", role)
	}
	if a.Carrier != "" && a.Carriers.named(a.Carrier) == nil {
		d.say(failure, "app "+a.ID+" carrier", "put it into carriers", "calls are to be carried by %q, which is not among the carriers", a.Carrier)
	}
}

// named returns the account of that name, nil if it is left out.
func (c carriersConfig) named(name string) *carrierEntry {
	for _, e := range c.set() {
		if e.name == name {
			return &e
		}
	}
	return nil
}
