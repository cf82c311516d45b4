package main

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/ringtrip/ringtrip/push"
	"github.com/ringtrip/ringtrip/push/apns"
	"github.com/ringtrip/ringtrip/server"
	"github.com/ringtrip/ringtrip/server/auth"
)

// appConfig is one app of the configuration's list. Its help tags become the comments of the example.
type appConfig struct {
	ID          string        `yaml:"id" help:"The issuer (iss) of its users' tokens." example:"shop"`
	Name        string        `yaml:"name" help:"For people." example:"Shop"`
	Keys        []keyConfig   `yaml:"keys" help:"What the app's backend signs tokens with: several while keys change. A secret (HS256), or a public key in PEM (ES256, EdDSA)."`
	APIKeys     []string      `yaml:"api-keys" help:"API keys of the app's backend, each as the line that ringtrip key new prints for the configuration: only a hash of the key."`
	Audience    string        `yaml:"audience" help:"Audience (aud) that tokens must name; empty: any." example:"ringtrip"`
	BundleIDs   []string      `yaml:"bundle-ids" help:"Bundle ids that may register push tokens; none: any." example:"com.example.shop"`
	RingTimeout time.Duration `yaml:"ring-timeout" help:"How long a call rings, 5s to 58s." example:"45s"`
	APNs        []apnsConfig  `yaml:"apns" help:"Who pushes to its phones: a key and team each; without one, phones that are not connected do not ring."`

	Webhooks   []webhookConfig  `yaml:"webhooks" help:"Where its backend is told of calls, legs and devices; see docs/webhooks.md."`
	MissedCall missedCallConfig `yaml:"missed-call" help:"How missed calls show on its phones."`

	Carrier    string           `yaml:"carrier" help:"Which of its carriers has the media of calls between users; empty: the devices between themselves, with --ice." example:"livekit"`
	Carriers   carriersConfig   `yaml:"carriers" help:"Its accounts at carriers, each only if it has one. Their webhooks come to PUBLIC-URL/carriers/APP/NAME/."`
	Numbers    []numberConfig   `yaml:"numbers" help:"Whom telephones ring that call the numbers of its carriers."`
	Telephones telephonesConfig `yaml:"telephones" help:"Which telephones its users may call."`
	MediaGrace time.Duration    `yaml:"media-grace" help:"How long an answered call goes on when a carrier says that a side has lost its media; below 0: for ever." example:"30s"`

	publicURL string // of the deployment
}

// keyConfig says where a key is: never the key itself, so that a configuration can be shown around.
type keyConfig struct {
	ID   string `yaml:"id" help:"Key id (kid); may be empty if there is one key." example:"2026-11"`
	File string `yaml:"file" help:"File with the key." example:"/etc/ringtrip/shop.key"`
	Env  string `yaml:"env" help:"Instead of a file: the environment variable with the key." example:"SHOP_KEY"`
}

// apnsConfig is one provider key for APNs.
type apnsConfig struct {
	KeyFile       string   `yaml:"key-file" help:"The AuthKey_XXXXXXXXXX.p8 file." example:"/etc/ringtrip/AuthKey_ABC123DEFG.p8"`
	KeyEnv        string   `yaml:"key-env" help:"Instead of a file: the environment variable with its content." example:"APNS_KEY"`
	KeyID         string   `yaml:"key-id" help:"The key's id, ten letters and digits." example:"ABC123DEFG"`
	Team          string   `yaml:"team" help:"The Apple team's id, ten letters and digits." example:"TEAM123456"`
	BundleIDs     []string `yaml:"bundle-ids" help:"The bundle ids that it pushes to; none: all that no other entry names." example:"com.example.shop"`
	ProductionURL string   `yaml:"production-url" help:"Where APNs is; empty: Apple's. For ringtrip apns-test." example:"https://127.0.0.1:8443"`
	SandboxURL    string   `yaml:"sandbox-url" help:"The same for development builds." example:"https://127.0.0.1:8444"`
	CAFile        string   `yaml:"ca-file" help:"PEM file of the authority that signed APNs' certificate; empty: the system's." example:"apns-test.pem"`
}

// apps returns the apps of the configuration file, or the one of the flags.
func (c *serveCmd) apps() ([]appConfig, error) {
	file, err := configOf(c.Config)
	if err != nil {
		return nil, err
	}
	if file != nil && len(file.apps) > 0 {
		if c.Key != "" || c.ApnsKey != "" {
			return nil, fmt.Errorf("%s has apps, and --key or --apns-key name another one: put that into the list, or take the list out", c.Config)
		}
		for i := range file.apps {
			file.apps[i].publicURL = c.PublicURL
		}
		return file.apps, nil
	}
	if c.Key == "" {
		return nil, errors.New("there is no app: name the key of one with --key FILE, or list apps in a file for --config (ringtrip config example prints one)")
	}
	one := appConfig{ID: c.App, Keys: []keyConfig{{ID: c.KeyID, File: c.Key}}, Audience: c.Audience, BundleIDs: c.Bundle, RingTimeout: c.RingTimeout, publicURL: c.PublicURL}
	if c.ApnsKey != "" {
		one.APNs = []apnsConfig{{KeyFile: c.ApnsKey, KeyID: c.ApnsKeyID, Team: c.ApnsTeam,
			ProductionURL: c.ApnsProductionURL, SandboxURL: c.ApnsSandboxURL, CAFile: c.ApnsCA}}
	}
	if c.Webhook != "" {
		one.Webhooks = []webhookConfig{{ID: "main", URL: c.Webhook, Secrets: []webhookSecret{{File: c.WebhookSecret}}, AllowPrivate: c.WebhookPrivate}}
	}
	one.MissedCall.On = c.MissedCalls
	return []appConfig{one}, nil
}

// built are apps with their keys read, and their senders.
type built struct {
	apps    []server.App
	senders []namedSender
}

// namedSender pushes to some bundle ids of an app.
type namedSender struct {
	app     string
	bundles []string // none: all that no other names
	team    string
	*apns.Sender
}

// onAlarm hears what a person has to put right of an app's pushes: see [apns.Config.OnAlarm].
type onAlarm func(app string, env push.Environment, e push.Error)

// build reads every file that apps name and makes their senders, which open no connection. Nil log or alarm: none.
func (c *serveCmd) build(apps []appConfig, log *slog.Logger, alarm onAlarm) (_ *built, err error) {
	b := &built{}
	defer func() {
		if err != nil {
			b.close()
		}
	}()
	for _, a := range apps {
		if a.ID == "" {
			return b, errors.New("an app has no id")
		}
		app, err := a.app()
		if err != nil {
			return b, fmt.Errorf("app %q: %w", a.ID, err)
		}
		b.apps = append(b.apps, app)
		for _, p := range a.APNs {
			s, err := p.sender(log, func(env push.Environment, e push.Error) {
				if alarm != nil {
					alarm(a.ID, env, e)
				}
			})
			if err != nil {
				return b, fmt.Errorf("app %q: %w", a.ID, err)
			}
			b.senders = append(b.senders, namedSender{app: a.ID, bundles: p.BundleIDs, team: p.Team, Sender: s})
		}
	}
	return b, nil
}

// use sets the secret for action tokens, which is the deployment's.
func (b *built) use(secret []byte) {
	for i := range b.apps {
		b.apps[i].ActionSecret = secret
	}
}

func (b *built) close() {
	for _, s := range b.senders {
		s.Close()
	}
}

// sender returns who pushes to a bundle id of an app, nil if nobody does.
func (b *built) sender(app, bundle string) push.Sender {
	var all push.Sender
	for _, s := range b.senders {
		if s.app != app {
			continue
		}
		if slices.Contains(s.bundles, bundle) {
			return s.Sender
		}
		if len(s.bundles) == 0 && all == nil {
			all = s.Sender
		}
	}
	return all
}

// app reads the keys of an app.
func (a appConfig) app() (server.App, error) {
	out := server.App{ID: a.ID, Name: a.Name, Audience: a.Audience, BundleIDs: a.BundleIDs, RingTimeout: a.RingTimeout}
	for _, k := range a.Keys {
		key, err := k.key()
		if err != nil {
			return out, err
		}
		out.Keys = append(out.Keys, key)
	}
	for _, line := range a.APIKeys {
		key, err := auth.ParseAPIKey(line)
		if err != nil {
			return out, err
		}
		out.APIKeys = append(out.APIKeys, key)
	}
	if err := a.carry(&out); err != nil {
		return out, err
	}
	return out, a.tell(&out)
}

func (k keyConfig) key() (auth.Key, error) {
	if (k.File == "") == (k.Env == "") {
		return auth.Key{}, errors.New("each of its keys has a file or an env, one of the two")
	}
	if k.File != "" {
		return readKey(k.ID, k.File)
	}
	text, err := environment(k.Env)
	if err != nil {
		return auth.Key{}, err
	}
	return parseKey(k.ID, "$"+k.Env, text)
}

// environment returns a variable that must be set.
func environment(name string) (string, error) {
	text, ok := os.LookupEnv(name)
	if !ok {
		return "", fmt.Errorf("the environment variable %s is not set", name)
	}
	return text, nil
}

// p8 reads the provider key.
func (p apnsConfig) p8() ([]byte, error) {
	if (p.KeyFile == "") == (p.KeyEnv == "") {
		return nil, errors.New("each entry of apns has a key-file or a key-env, one of the two")
	}
	if p.KeyEnv != "" {
		text, err := environment(p.KeyEnv)
		// Variables are often one line: \n stands for line ends then.
		return []byte(strings.ReplaceAll(text, `\n`, "\n")), err
	}
	b, err := os.ReadFile(p.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("reading the APNs key: %w", err)
	}
	return b, nil
}

// tls returns what connections to APNs trust; nil: the system's roots.
func (p apnsConfig) tls() (*tls.Config, error) {
	if p.CAFile == "" {
		return nil, nil
	}
	text, err := os.ReadFile(p.CAFile)
	if err != nil {
		return nil, fmt.Errorf("reading the authority of APNs: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s has no certificate in PEM", p.CAFile)
	}
	return &tls.Config{RootCAs: roots}, nil
}

func (p apnsConfig) sender(log *slog.Logger, alarm func(push.Environment, push.Error)) (*apns.Sender, error) {
	key, err := p.p8()
	if err != nil {
		return nil, err
	}
	trust, err := p.tls()
	if err != nil {
		return nil, err
	}
	s, err := apns.New(apns.Config{Key: key, KeyID: p.KeyID, TeamID: p.Team, ProductionURL: p.ProductionURL, SandboxURL: p.SandboxURL, TLS: trust, Logger: log, OnAlarm: alarm})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", cmp.Or(p.KeyFile, "$"+p.KeyEnv), err)
	}
	return s, nil
}
