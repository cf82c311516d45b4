package carriertest_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/carrier"
	"github.com/ringtrip/ringtrip/carrier/agora"
	"github.com/ringtrip/ringtrip/carrier/carriertest"
	"github.com/ringtrip/ringtrip/carrier/daily"
	"github.com/ringtrip/ringtrip/carrier/livekit"
	"github.com/ringtrip/ringtrip/carrier/twilio"
	"github.com/ringtrip/ringtrip/carrier/vonage"
	"github.com/ringtrip/ringtrip/carrier/webrtc"
)

// stages are the accounts that carriers are tried with, each beside the emulator that has it.
var stages = map[string]func(t *testing.T, hooks string, client *http.Client) carriertest.Stage{
	"livekit": func(t *testing.T, hooks string, client *http.Client) carriertest.Stage {
		e := must(carriertest.NewLiveKit(carriertest.LiveKitConfig{Linger: 10 * time.Millisecond, Retry: time.Millisecond}))(t)
		with := func(secret, hooks string) carrier.Carrier {
			return must(livekit.New(livekit.Config{URL: e.SocketURL(), Keys: []livekit.Key{{ID: e.Key, Secret: carrier.NewSecret(secret)}}, HookURL: hooks, Client: client}))(t)
		}
		return carriertest.Stage{Carrier: with(e.Secret, hooks), Emulator: e, Stranger: with(strings.Repeat("another-secret-", 3), hooks),
			Bad: []carrier.Carrier{with("short", hooks), with(e.Secret, "")}, Secrets: []string{e.Secret}}
	},
	"agora": func(t *testing.T, hooks string, _ *http.Client) carriertest.Stage {
		e := must(carriertest.NewAgora(carriertest.AgoraConfig{Retry: time.Millisecond}))(t)
		with := func(certificate, secret, hooks string) carrier.Carrier {
			c := agora.Config{AppID: e.AppID, Certificate: carrier.NewSecret(certificate), HookURL: hooks}
			if secret != "" {
				c.Secrets = []carrier.Secret{carrier.NewSecret(secret)}
			}
			return must(agora.New(c))(t)
		}
		return carriertest.Stage{Carrier: with(e.Certificate, e.Secret, hooks), Emulator: e, Stranger: with(strings.Repeat("0", 32), "another secret", hooks), Stays: true,
			Bad: []carrier.Carrier{with(e.Certificate, "", hooks), with(e.Certificate, e.Secret, "")}, Secrets: []string{e.Certificate, e.Secret}}
	},
	"daily": func(t *testing.T, hooks string, client *http.Client) carriertest.Stage {
		e := must(carriertest.NewDaily(carriertest.DailyConfig{Retry: time.Millisecond}))(t)
		with := func(key, secret, hooks string) carrier.Carrier {
			c := daily.Config{Domain: e.Domain, DomainID: e.DomainID, APIKey: carrier.NewSecret(key), Watch: true, HookURL: hooks, API: e.URL(), Client: client}
			if secret != "" {
				c.WebhookSecrets = []carrier.Secret{carrier.NewSecret(secret)}
			}
			return must(daily.New(c))(t)
		}
		return carriertest.Stage{Carrier: with(e.APIKey, e.HMAC, hooks), Emulator: e, Stranger: with(strings.Repeat("0", 64), "YW5vdGhlciBzZWNyZXQ=", hooks),
			Bad: []carrier.Carrier{with(e.APIKey, "", hooks), with(e.APIKey, e.HMAC, "")}, Secrets: []string{e.APIKey, e.HMAC}}
	},
	"twilio": func(t *testing.T, hooks string, client *http.Client) carriertest.Stage {
		e := must(carriertest.NewTwilio(carriertest.TwilioConfig{Numbers: []string{"+15550001111"}}))(t)
		with := func(secret, token, caller, hooks string) carrier.Carrier {
			return must(twilio.New(twilio.Config{AccountSID: e.AccountSID, APIKey: e.APIKey, APISecret: carrier.NewSecret(secret), AuthTokens: []carrier.Secret{carrier.NewSecret(token)},
				ApplicationSID: e.ApplicationSID, CallerID: caller, HookURL: hooks, API: e.URL(), Client: client}))(t)
		}
		return carriertest.Stage{Carrier: with(e.APISecret, e.AuthToken, "+15550001111", hooks), Emulator: e, Timeless: true,
			Stranger: with(strings.Repeat("0", 32), strings.Repeat("0", 32), "+15550001111", hooks), Secrets: []string{e.APISecret, e.AuthToken},
			Bad: []carrier.Carrier{with("short", e.AuthToken, "+15550001111", hooks), with(e.APISecret, "short", "+15550001111", hooks)}}
	},
	"vonage": func(t *testing.T, hooks string, client *http.Client) carriertest.Stage {
		e := must(carriertest.NewVonage(carriertest.VonageConfig{Numbers: []string{"+15550001111"}}))(t)
		with := func(key, secret, hooks string) carrier.Carrier {
			c := vonage.Config{Product: vonage.Voice, ApplicationID: e.ApplicationID, PrivateKey: carrier.NewSecret(key), CallerID: "+15550001111", HookURL: hooks, BaseURL: e.URL(), Client: client}
			if secret != "" {
				c.SignatureSecrets = []carrier.Secret{carrier.NewSecret(secret)}
			}
			return must(vonage.New(c))(t)
		}
		return carriertest.Stage{Carrier: with(e.PrivateKey, e.SignatureSecret, hooks), Emulator: e, Stranger: with(otherKey, strings.Repeat("another ", 8), hooks), OpenQuery: true,
			Bad: []carrier.Carrier{with(e.PrivateKey, "", hooks), with(e.PrivateKey, "short", hooks)}, Secrets: []string{e.PrivateKey, e.SignatureSecret}}
	},
	"webrtc": func(t *testing.T, _ string, _ *http.Client) carriertest.Stage {
		e := must(carriertest.NewWebRTC(carriertest.WebRTCConfig{}))(t)
		with := func(secret, url string) carrier.Carrier {
			return must(webrtc.New(webrtc.Config{TURN: []webrtc.TURN{{URLs: []string{url}, Secret: carrier.NewSecret(secret)}}}))(t)
		}
		return carriertest.Stage{Carrier: with(e.Secret, e.TURNURL()), Emulator: e, Stranger: with("another-secret-of-somebody", e.TURNURL()),
			Bad: []carrier.Carrier{with("short", e.TURNURL()), must(webrtc.New(webrtc.Config{}))(t)}, Secrets: []string{e.Secret}}
	},
	"vonage-video": func(t *testing.T, hooks string, client *http.Client) carriertest.Stage {
		e := must(carriertest.NewVonageVideo(carriertest.VonageConfig{}))(t)
		with := func(key, secret, hooks string) carrier.Carrier {
			c := vonage.Config{Product: vonage.Video, ApplicationID: e.ApplicationID, PrivateKey: carrier.NewSecret(key), HookURL: hooks, BaseURL: e.URL(), Client: client}
			if secret != "" {
				c.SignatureSecrets = []carrier.Secret{carrier.NewSecret(secret)}
			}
			return must(vonage.New(c))(t)
		}
		return carriertest.Stage{Carrier: with(e.PrivateKey, e.SignatureSecret, hooks), Emulator: e, Stranger: with(otherKey, strings.Repeat("another ", 8), hooks),
			Bad: []carrier.Carrier{with(e.PrivateKey, "", hooks), with(e.PrivateKey, e.SignatureSecret, "")}, Secrets: []string{e.PrivateKey, e.SignatureSecret}}
	},
}

// must is what a constructor returned, if it was no error.
func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func TestConformance(t *testing.T) {
	for name, stage := range stages {
		t.Run(name, func(t *testing.T) { carriertest.Run(t, stage) })
	}
}
