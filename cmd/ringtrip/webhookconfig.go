package main

import (
	"cmp"
	"fmt"
	"time"

	"github.com/ringtrip/ringtrip/server"
	"github.com/ringtrip/ringtrip/server/webhook"
)

// webhookConfig is one endpoint of an app's backend.
type webhookConfig struct {
	ID           string          `yaml:"id" help:"Its name, 1-32 of a-z, 0-9 and -; what waits for it is found by it, so it stays when the URL changes." example:"main"`
	URL          string          `yaml:"url" help:"Where events are posted to." example:"https://backend.example.com/ringtrip"`
	Secrets      []webhookSecret `yaml:"secrets" help:"What signs them: one normally, the new and the old one while they change. ringtrip webhook secret makes one."`
	Types        []string        `yaml:"types" help:"The types wanted; none: all." example:"call.*, device.token_dropped"`
	AllowPrivate bool            `yaml:"allow-private" help:"Allow http, and addresses that are not on the public Internet." example:"false"`
	InFlight     int             `yaml:"in-flight" help:"Requests under way at once, 1 to 1000." example:"16"`
	Timeout      time.Duration   `yaml:"timeout" help:"How long one attempt may take." example:"10s"`
}

// webhookSecret says where a secret is, never the secret itself.
type webhookSecret struct {
	File string `yaml:"file" help:"File with the secret (whsec_… or whsk_…)." example:"/etc/ringtrip/webhook.secret"`
	Env  string `yaml:"env" help:"Instead of a file: the environment variable with it." example:"WEBHOOK_SECRET"`
}

// missedCallConfig is how missed calls show on phones.
type missedCallConfig struct {
	On                 bool          `yaml:"on" help:"Tell phones of missed calls by an ordinary notification." example:"false"`
	TitleLocKey        string        `yaml:"title-loc-key" help:"Key of the title in the app's Localizable.strings; its argument is the caller's name." example:"MISSED_CALL_TITLE"`
	BodyLocKey         string        `yaml:"body-loc-key" help:"Key of the text; without it the title is the caller's name and the text is body." example:"MISSED_CALL_BODY"`
	Body               string        `yaml:"body" help:"The text without body-loc-key." example:"Missed call"`
	Sound              string        `yaml:"sound" help:"default, or a sound of the app; empty: none." example:"default"`
	Category           string        `yaml:"category" help:"The category of its actions in the app." example:"MISSED_CALL"`
	Keep               time.Duration `yaml:"keep" help:"How long APNs keeps it for a phone that is off." example:"24h"`
	OnlyUnreached      bool          `yaml:"only-unreached" help:"Not to phones that rang: the app tells of it there." example:"false"`
	DuringDoNotDisturb bool          `yaml:"during-do-not-disturb" help:"Also of calls that a Focus or quiet hours kept from ringing." example:"false"`
	CollapseByCaller   bool          `yaml:"collapse-by-caller" help:"A later missed call of the same caller takes the place of the earlier one." example:"false"`
}

// endpoint reads the secrets of an endpoint.
func (c webhookConfig) endpoint() (webhook.Endpoint, error) {
	e := webhook.Endpoint{ID: c.ID, URL: c.URL, Types: c.Types, AllowPrivate: c.AllowPrivate, InFlight: c.InFlight, Timeout: c.Timeout}
	for _, s := range c.Secrets {
		key, err := s.secret()
		if err != nil {
			return e, fmt.Errorf("the webhook endpoint %q: %w", c.ID, err)
		}
		e.Secrets = append(e.Secrets, key)
	}
	return e, e.Complete()
}

func (s webhookSecret) secret() (webhook.Secret, error) {
	text, err := secretConfig(s).text("its secret")
	if err != nil {
		return webhook.Secret{}, err
	}
	key, err := webhook.ParseSecret(text)
	if err != nil {
		return webhook.Secret{}, fmt.Errorf("%s: %w", cmp.Or(s.File, "$"+s.Env), err)
	}
	return key, nil
}

// tell puts what the configuration says about webhooks and missed calls into the app.
func (a appConfig) tell(out *server.App) error {
	for _, w := range a.Webhooks {
		e, err := w.endpoint()
		if err != nil {
			return err
		}
		out.Webhooks = append(out.Webhooks, e)
	}
	if m := a.MissedCall; m.On {
		out.MissedCall = &server.MissedCallAlert{
			TitleLocKey: m.TitleLocKey, BodyLocKey: m.BodyLocKey, Body: m.Body, Sound: m.Sound, Category: m.Category, Keep: m.Keep,
			OnlyUnreached: m.OnlyUnreached, DuringDoNotDisturb: m.DuringDoNotDisturb, CollapseByCaller: m.CollapseByCaller,
		}
	}
	return nil
}
