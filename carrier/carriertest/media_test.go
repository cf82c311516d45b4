package carriertest_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ringtrip/ringtrip/carrier"
	"github.com/ringtrip/ringtrip/carrier/carriertest"
	"github.com/ringtrip/ringtrip/media"
	"github.com/ringtrip/ringtrip/media/mediatest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// otherKey is another application's.
var otherKey = func() string {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		panic(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}()

// TestMedia is a device alone in its room. Of the carriers whose calls are between two parties nobody is connected alone.
func TestMedia(t *testing.T) {
	for _, name := range []string{"livekit", "agora", "daily", "vonage-video"} {
		t.Run(name, func(t *testing.T) {
			mediatest.Alone(t, func(t *testing.T) (media.Factory, []byte, func()) {
				client := &http.Client{Transport: &http.Transport{}}
				s := stages[name](t, "http://127.0.0.1:1/carriers/app/"+name, client)
				t.Cleanup(func() {
					s.Emulator.Close()
					client.CloseIdleConnections()
				})
				of := carrier.Call{ID: "0199a000-0000-7000-8000-000000000001", App: "app", State: carrier.Ringing, Deadline: time.Now().Add(time.Minute),
					Caller: carrier.Party{User: "alice", Device: "phone"}, Callee: carrier.Party{User: "bob"}}
				if p, ok := s.Carrier.(carrier.Preparer); ok {
					var err error
					if of.Ref, err = p.Prepare(context.Background(), of); err != nil {
						t.Fatal(err)
					}
				}
				credentials, err := s.Carrier.Credentials(carrier.Join{Call: of, Self: of.Caller, Caller: true, Now: time.Now()})
				if err != nil {
					t.Fatal(err)
				}
				return carriertest.Media(s.Emulator), credentials, func() { s.Emulator.Outage(true) }
			})
		})
	}
}
