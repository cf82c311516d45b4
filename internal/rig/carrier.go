package rig

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/ringtrip/ringtrip/carrier"
	"github.com/ringtrip/ringtrip/carrier/agora"
	"github.com/ringtrip/ringtrip/carrier/carriertest"
	"github.com/ringtrip/ringtrip/carrier/daily"
	"github.com/ringtrip/ringtrip/carrier/livekit"
	"github.com/ringtrip/ringtrip/carrier/twilio"
	"github.com/ringtrip/ringtrip/carrier/vonage"
	"github.com/ringtrip/ringtrip/carrier/webrtc"
	"github.com/ringtrip/ringtrip/media"
	"github.com/ringtrip/ringtrip/server"
)

// Office is the telephone number of a rig's account at a carrier that has telephones. It rings [OfficeUser].
const (
	Office     = "+15550001111"
	OfficeUser = "bob"
)

// Account is an account at an emulated carrier: what the server has of it, and the carrier itself.
type Account struct {
	Carrier  carrier.Carrier
	Emulator carriertest.Emulator

	client *http.Client
}

// accounts open an account at each carrier; hooks is where the server takes its webhooks.
var accounts = map[string]func(hooks string, client *http.Client) (carrier.Carrier, carriertest.Emulator, error){
	"agora": func(hooks string, _ *http.Client) (carrier.Carrier, carriertest.Emulator, error) {
		e, err := carriertest.NewAgora(carriertest.AgoraConfig{Retry: 50 * time.Millisecond})
		if err != nil {
			return nil, nil, err
		}
		c, err := agora.New(agora.Config{AppID: e.AppID, Certificate: carrier.NewSecret(e.Certificate), Secrets: secrets(e.Secret), HookURL: hooks})
		return c, e, err
	},
	"daily": func(hooks string, client *http.Client) (carrier.Carrier, carriertest.Emulator, error) {
		e, err := carriertest.NewDaily(carriertest.DailyConfig{Retry: 50 * time.Millisecond})
		if err != nil {
			return nil, nil, err
		}
		c, err := daily.New(daily.Config{Domain: e.Domain, DomainID: e.DomainID, APIKey: carrier.NewSecret(e.APIKey), WebhookSecrets: secrets(e.HMAC),
			HookURL: hooks, API: e.URL(), Client: client})
		return c, e, err
	},
	"livekit": func(hooks string, client *http.Client) (carrier.Carrier, carriertest.Emulator, error) {
		e, err := carriertest.NewLiveKit(carriertest.LiveKitConfig{Linger: 100 * time.Millisecond, Retry: 50 * time.Millisecond})
		if err != nil {
			return nil, nil, err
		}
		c, err := livekit.New(livekit.Config{URL: e.SocketURL(), Keys: []livekit.Key{{ID: e.Key, Secret: carrier.NewSecret(e.Secret)}}, HookURL: hooks, Client: client})
		return c, e, err
	},
	"twilio": func(hooks string, client *http.Client) (carrier.Carrier, carriertest.Emulator, error) {
		e, err := carriertest.NewTwilio(carriertest.TwilioConfig{Numbers: []string{Office}})
		if err != nil {
			return nil, nil, err
		}
		c, err := twilio.New(twilio.Config{AccountSID: e.AccountSID, APIKey: e.APIKey, APISecret: carrier.NewSecret(e.APISecret), AuthTokens: secrets(e.AuthToken),
			ApplicationSID: e.ApplicationSID, CallerID: Office, HookURL: hooks, API: e.URL(), Client: client})
		return c, e, err
	},
	"vonage": func(hooks string, client *http.Client) (carrier.Carrier, carriertest.Emulator, error) {
		e, err := carriertest.NewVonage(carriertest.VonageConfig{Numbers: []string{Office}})
		if err != nil {
			return nil, nil, err
		}
		c, err := vonage.New(vonage.Config{Product: vonage.Voice, ApplicationID: e.ApplicationID, PrivateKey: carrier.NewSecret(e.PrivateKey),
			SignatureSecrets: secrets(e.SignatureSecret), CallerID: Office, HookURL: hooks, BaseURL: e.URL(), Client: client})
		return c, e, err
	},
	"webrtc": func(string, *http.Client) (carrier.Carrier, carriertest.Emulator, error) {
		e, err := carriertest.NewWebRTC(carriertest.WebRTCConfig{})
		if err != nil {
			return nil, nil, err
		}
		c, err := webrtc.New(webrtc.Config{TURN: []webrtc.TURN{{URLs: []string{e.TURNURL()}, Secret: carrier.NewSecret(e.Secret)}}})
		return c, e, err
	},
	"vonage-video": func(hooks string, client *http.Client) (carrier.Carrier, carriertest.Emulator, error) {
		e, err := carriertest.NewVonageVideo(carriertest.VonageConfig{})
		if err != nil {
			return nil, nil, err
		}
		c, err := vonage.New(vonage.Config{Product: vonage.Video, ApplicationID: e.ApplicationID, PrivateKey: carrier.NewSecret(e.PrivateKey),
			SignatureSecrets: secrets(e.SignatureSecret), HookURL: hooks, BaseURL: e.URL(), Client: client})
		return c, e, err
	},
}

func secrets(text string) []carrier.Secret { return []carrier.Secret{carrier.NewSecret(text)} }

// Carriers lists the carriers that a rig can have, sorted.
func Carriers() []string {
	var all []string
	for name := range accounts {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

// openAccount opens an account whose webhooks come to a node.
func openAccount(name, url string) (*Account, error) {
	open := accounts[name]
	if open == nil {
		return nil, fmt.Errorf("there is no carrier %.40q; there are %s", name, strings.Join(Carriers(), ", "))
	}
	a := &Account{client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8}, Timeout: 15 * time.Second}}
	hooks := url + "/carriers/" + App + "/" + name
	var err error
	if a.Carrier, a.Emulator, err = open(hooks, a.client); err != nil {
		a.Close()
		return nil, err
	}
	a.Emulator.Hooks(hooks)
	return a, nil
}

// PSTN reports whether the account has telephones.
func (a *Account) PSTN() bool { return a != nil && a.Carrier.Traits().PSTN }

// join puts the account into an app of a server.
func (a *Account) join(app *server.App) {
	app.Carriers, app.Carrier = []carrier.Carrier{a.Carrier}, a.Carrier.Name()
	if a.PSTN() {
		app.Numbers = map[string]string{Office: OfficeUser}
		app.Telephones = &server.Telephones{Carrier: a.Carrier.Name(), Prefixes: []string{"+1555"}, CallerID: Office}
	}
}

// media is what a phone's sessions are made by. Devices that make media between themselves do so by direct; the carrier sees
// the credentials that they have for it.
func (a *Account) media(direct media.Factory) media.Factory {
	if a.Carrier.Traits().PeerToPeer {
		return relayed{direct, a.Emulator}
	}
	return carriertest.Media(a.Emulator)
}

// relayed is media between devices whose relay checks who they are.
type relayed struct {
	media.Factory
	carrier carriertest.Emulator
}

// New makes a session, which has a place at the relay as long as it lives.
func (r relayed) New(c media.Config) (media.Session, error) {
	seat, err := r.carrier.Join(context.Background(), c.Credentials)
	if err != nil {
		return nil, err
	}
	c.Credentials = nil // the emulator relays nothing, and the devices are on one machine
	s, err := r.Factory.New(c)
	if err != nil {
		seat.Leave()
		return nil, err
	}
	return relayedSession{s, seat}, nil
}

type relayedSession struct {
	media.Session
	seat carriertest.Seat
}

// Close ends the session and gives its place up.
func (s relayedSession) Close() error {
	s.seat.Leave()
	return s.Session.Close()
}

// Close ends the carrier. It may be called on an account that was only half opened.
func (a *Account) Close() {
	if a.Emulator != nil {
		a.Emulator.Close()
	}
	a.client.CloseIdleConnections()
}

// Hook is a webhook of a carrier as it passed.
type Hook struct {
	At     time.Time `json:"at"`
	Hook   string    `json:"hook"` // the path below the carrier's own; empty: none
	Says   string    `json:"says"` // its beginning
	Status int       `json:"status"`
}

// hooked tells of each webhook that a handler answered.
func hooked(h http.Handler, told func(Hook)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(io.LimitReader(r.Body, 256<<10))
		if err != nil {
			return // the carrier went away
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		said := string(body)
		if said == "" {
			said = r.URL.RawQuery
		}
		parts := strings.SplitN(r.URL.Path, "/", 5)
		hook := Hook{At: time.Now(), Says: said[:min(len(said), 2000)]}
		if len(parts) == 5 {
			hook.Hook = parts[4]
		}
		answer := &status{ResponseWriter: w}
		h.ServeHTTP(answer, r)
		hook.Status = max(answer.code, http.StatusOK)
		told(hook)
	})
}

// status remembers what was answered.
type status struct {
	http.ResponseWriter
	code int
}

func (s *status) WriteHeader(code int) {
	s.code = code
	s.ResponseWriter.WriteHeader(code)
}
