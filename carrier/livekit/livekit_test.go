package livekit

import (
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ringtrip/ringtrip/carrier"
	"github.com/ringtrip/ringtrip/carrier/carriertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestRooms(t *testing.T) {
	carriertest.Rooms(t, func(t *testing.T) carriertest.RoomStage {
		e, err := carriertest.NewLiveKit(carriertest.LiveKitConfig{Linger: 10 * time.Millisecond, Retry: time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		c, err := New(Config{URL: e.SocketURL(), Keys: []Key{{e.Key, carrier.NewSecret(e.Secret)}}})
		if err != nil {
			t.Fatal(err)
		}
		return carriertest.RoomStage{Carrier: c, Emulator: e}
	})
}
