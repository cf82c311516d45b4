package webrtc

import (
	"encoding/json"
	"errors"
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
	check, came := turn.LongTermTURNRESTAuthHandler("secret", quiet.NewLogger("turn")), make(chan string, 1000)
	server, err := turn.NewServer(turn.ServerConfig{
		Realm: "ringtrip", LoggerFactory: quiet,
		AuthHandler: func(r *turn.RequestAttributes) (string, []byte, bool) {
			came <- r.Username
			return check(r)
		},
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
	credentialsOf := func(name string) []byte {
		user, password, err := turn.GenerateLongTermTURNRESTCredentials("secret", name, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		credentials, err := json.Marshal(map[string]any{"iceServers": []any{map[string]any{
			"urls": []string{"turn:" + conn.LocalAddr().String() + "?transport=udp"}, "username": user, "credential": password,
		}}})
		if err != nil {
			t.Fatal(err)
		}
		return credentials
	}
	credentials := credentialsOf("alice")
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

	// A day later the passwords are about to expire: both ends go on by new ones.
	for p, name := range map[*party]string{a: "alice again", b: "bob again"} {
		if err := p.Session.(media.Renewer).Renew([]byte("no")); err == nil {
			t.Error("nonsense is taken for credentials")
		}
		if err := p.Session.(media.Renewer).Renew(credentialsOf(name)); err != nil {
			t.Fatal(err)
		}
	}
	limit := time.After(time.Minute)
	for seen := map[string]bool{}; len(seen) < 2; {
		select {
		case user := <-came:
			if _, name, _ := strings.Cut(user, ":"); strings.HasSuffix(name, "again") {
				seen[name] = true
			}
		case <-limit:
			t.Fatalf("only %v came to the relay by the new passwords", seen)
		}
	}
	for _, p := range []*party{a, b} {
		p.ears.Reset()
	}
	a.hear(200)
	b.hear(100)
	if err := a.Close(); err != nil {
		t.Error(err)
	}
	if err := a.Session.(media.Renewer).Renew(credentials); !errors.Is(err, media.ErrClosed) {
		t.Errorf("a closed session is renewed: %v", err)
	}
}
