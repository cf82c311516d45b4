package carriertest_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ringtrip/ringtrip/carrier"
	"github.com/ringtrip/ringtrip/carrier/agora"
	"github.com/ringtrip/ringtrip/carrier/carriertest"
	"github.com/ringtrip/ringtrip/carrier/daily"
	"github.com/ringtrip/ringtrip/carrier/livekit"
	"github.com/ringtrip/ringtrip/media"
	"github.com/ringtrip/ringtrip/media/mediatest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestMedia(t *testing.T) {
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	for name, start := range map[string]func() (carrier.Carrier, carriertest.Emulator, error){
		"livekit": func() (carrier.Carrier, carriertest.Emulator, error) {
			e, err := carriertest.NewLiveKit(carriertest.LiveKitConfig{})
			if err != nil {
				return nil, nil, err
			}
			c, err := livekit.New(livekit.Config{URL: e.SocketURL(), Keys: []livekit.Key{{ID: e.Key, Secret: carrier.NewSecret(e.Secret)}}})
			return c, e, err
		},
		"agora": func() (carrier.Carrier, carriertest.Emulator, error) {
			e, err := carriertest.NewAgora(carriertest.AgoraConfig{})
			if err != nil {
				return nil, nil, err
			}
			c, err := agora.New(agora.Config{AppID: e.AppID, Certificate: carrier.NewSecret(e.Certificate)})
			return c, e, err
		},
		"daily": func() (carrier.Carrier, carriertest.Emulator, error) {
			e, err := carriertest.NewDaily(carriertest.DailyConfig{})
			if err != nil {
				return nil, nil, err
			}
			c, err := daily.New(daily.Config{Domain: e.Domain, DomainID: e.DomainID, APIKey: carrier.NewSecret(e.APIKey), API: e.URL(), Client: client})
			return c, e, err
		},
	} {
		t.Run(name, func(t *testing.T) {
			mediatest.Alone(t, func(t *testing.T) (media.Factory, []byte, func()) {
				c, e, err := start()
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(e.Close)
				of := carrier.Call{ID: "0199a000-0000-7000-8000-000000000001", App: "app", State: carrier.Ringing, Deadline: time.Now().Add(time.Minute),
					Caller: carrier.Party{User: "alice", Device: "phone"}, Callee: carrier.Party{User: "bob"}}
				if p, ok := c.(carrier.Preparer); ok {
					if of.Ref, err = p.Prepare(context.Background(), of); err != nil {
						t.Fatal(err)
					}
				}
				credentials, err := c.Credentials(carrier.Join{Call: of, Self: of.Caller, Caller: true, Now: time.Now()})
				if err != nil {
					t.Fatal(err)
				}
				return carriertest.Media(e), credentials, func() { e.Outage(true) }
			})
		})
	}
}
