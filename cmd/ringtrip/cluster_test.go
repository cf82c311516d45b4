package main

import (
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ringtrip/ringtrip/server/observe"
	"github.com/ringtrip/ringtrip/store"
	"github.com/ringtrip/ringtrip/store/storetest"
)

// many is a store that several nodes may open, as far as join looks.
type many struct {
	store.Store
	*storetest.Presence
}

func TestJoinMistakes(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "peers.secret")
	if err := os.WriteFile(secret, []byte("the peers' shared secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	open := many{Presence: storetest.NewPresence()}
	for want, c := range map[string]clusterFlags{
		"want --peer-listen":     {Peers: []string{"10.0.0.2:8788"}},
		"wants --peer-secret":    {PeerListen: "127.0.0.1:0"},
		"the peers' secret":      {PeerListen: "127.0.0.1:0", PeerSecretFile: secret + "?"},
		"--peer-cert":            {PeerListen: "127.0.0.1:0", PeerSecretFile: secret, PeerCert: secret, PeerKey: secret},
		"either the URL":         {PeerListen: "127.0.0.1:0", PeerSecretFile: secret, Bus: "nats://127.0.0.1:4222", BusPrefix: "x"},
		"must be like nats://us": {Bus: "127.0.0.1"},
	} {
		if m, err := c.join(open, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q: %v, %v", want, m, err)
		}
	}
	alone := struct{ store.Store }{}
	c := clusterFlags{Bus: "nats://127.0.0.1:4222"}
	if _, err := c.join(alone, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "--store postgres://") {
		t.Errorf("several nodes on a store for one: %v", err)
	}
}

func TestJoin(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "peers.secret")
	if err := os.WriteFile(secret, []byte("the peers' shared secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := clusterFlags{Node: "käse.example", PeerListen: "127.0.0.1:0", PeerSecretFile: secret}
	open := many{Presence: storetest.NewPresence()}
	one, err := c.join(open, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer one.bus.Close()
	two, err := c.join(open, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer two.bus.Close()
	if one.id == two.id || !strings.HasPrefix(one.id, "k-se-example-") || one.presence == nil {
		t.Errorf("two runs are %q and %q", one.id, two.id)
	}
	metrics := observe.NewMetrics("")
	one.watch(metrics)
	r := httptest.NewRecorder()
	metrics.Handler().ServeHTTP(r, httptest.NewRequest("GET", "/metrics", nil))
	for _, want := range []string{"ringtrip_bus_connected 1\n", "ringtrip_bus_dropped_total 0\n", "ringtrip_bus_peers"} {
		if !strings.Contains(r.Body.String(), want) {
			t.Errorf("the metrics lack %q", want)
		}
	}
}
