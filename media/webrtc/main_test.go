package webrtc

import (
	"net"
	"testing"

	"go.uber.org/goleak"

	"github.com/ringtrip/ringtrip/media"
	"github.com/ringtrip/ringtrip/media/audio"
	"github.com/ringtrip/ringtrip/media/mediatest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// loopback returns a factory on 127.0.0.1 whose sessions sing signature id into the far end's sink.
func loopback(t testing.TB, id int, sink audio.Sink) *Factory {
	t.Helper()
	f, err := NewFactory(Config{
		Loopback:  true,
		Addresses: func(ip net.IP) bool { return ip.Equal(net.IPv4(127, 0, 0, 1)) },
		Audio: func(media.Config) (audio.Source, audio.Sink, error) {
			return audio.NewSignature(id), sink, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestConformance(t *testing.T) {
	mediatest.Run(t, func(t *testing.T) (a, b media.Factory) { return loopback(t, 1, nil), loopback(t, 2, nil) })
}
