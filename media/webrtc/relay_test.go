package webrtc

import (
	"encoding/json"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/pion/turn/v5"

	"github.com/ringtrip/ringtrip/media"
)

// TestRelay: two ends that may use no address of their own talk through a TURN server, with the short-lived
// credentials that a server would give them.
func TestRelay(t *testing.T) {
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	quiet := loggers{slog.New(slog.DiscardHandler)}
	server, err := turn.NewServer(turn.ServerConfig{
		Realm: "ringtrip", LoggerFactory: quiet,
		AuthHandler: turn.LongTermTURNRESTAuthHandler("secret", quiet.NewLogger("turn")),
		PacketConnConfigs: []turn.PacketConnConfig{{
			PacketConn:            conn,
			RelayAddressGenerator: &turn.RelayAddressGeneratorStatic{RelayAddress: net.IPv4(127, 0, 0, 1), Address: "127.0.0.1"},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	user, password, err := turn.GenerateLongTermTURNRESTCredentials("secret", "alice", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	credentials, err := json.Marshal(map[string]any{"iceServers": []any{map[string]any{
		"urls": []string{"turn:" + conn.LocalAddr().String() + "?transport=udp"}, "username": user, "credential": password,
	}}})
	if err != nil {
		t.Fatal(err)
	}
	relay := func(c *Config) { c.RelayOnly = true }
	a := newParty(t, 100, media.Offerer, relay, credentials...)
	b := newParty(t, 200, media.Answerer, relay, credentials...)
	a.meet(b)
	b.meet(a)
	begin := time.Now()
	connect(a, b)
	t.Logf("connected through the relay in %v", time.Since(begin).Round(time.Millisecond))
	a.hear(200)
	b.hear(100)
	if c := a.Stats().LocalCandidate; !strings.Contains(c, "relay") {
		t.Errorf("the path is %s; it must be the relay", c)
	}
}
