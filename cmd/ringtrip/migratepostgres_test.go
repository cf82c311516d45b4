//go:build unix

package main

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/bus/local"
	"github.com/ringtrip/ringtrip/internal/pgtest"
	"github.com/ringtrip/ringtrip/server"
	"github.com/ringtrip/ringtrip/server/auth"
	"github.com/ringtrip/ringtrip/store/postgres"
)

// A call rings on SQLite, everything moves to PostgreSQL and, another time, back: the same phones answer and end it,
// one of them with the token that was in its push.
func TestMigrateToPostgres(t *testing.T) {
	db := pgtest.Start(t).Database(t)
	key, data := keyFile(t), t.TempDir()
	c := serveChild(t, "--key", key, "--data", data)
	alice, bob, id := ringing(t, c, key)
	c.kill()
	said := command(t, 0, "migrate", "--from", "sqlite:"+data, "--to", db)
	if !strings.Contains(said, "and compared: 1 call, ") || !strings.Contains(said, "2 devices") || !strings.Contains(said, "1 setting") {
		t.Errorf("migrate says %q", said)
	}
	if said := command(t, 1, "migrate", "--from", "sqlite:"+data, "--to", db); !strings.Contains(said, "there is something in it already") {
		t.Errorf("migrating into a full database says %q", said)
	}

	keys, err := readKey("", key)
	if err != nil {
		t.Fatal(err)
	}
	pushed, err := auth.NewVerifier(nil, auth.App{ID: "app", Keys: []auth.Key{keys}, ActionSecret: []byte(secretOf(t, data))})
	if err != nil {
		t.Fatal(err)
	}
	token, err := pushed.MintAction(auth.Claims{App: "app", User: "bob", Call: id, Device: "bob-1", Expires: time.Now().Add(time.Minute)})
	if err != nil {
		t.Fatal(err)
	}
	stop := func() {}
	c, stop = servePostgres(t, db, keys)
	if status, out := c.post(token, "PhoneService/Ack", `{"callId":"`+id+`","deviceId":"bob-1","marks":[{"stage":"STAGE_REPORTED"}]}`); status != 200 {
		t.Errorf("the woken phone's ack: %d %v", status, out)
	}
	answerAndEnd(t, c, alice, bob, id)
	stop()

	// And back: what PostgreSQL holds, SQLite takes.
	back := t.TempDir()
	if said := command(t, 0, "migrate", "--from", db, "--to", "sqlite:"+back); !strings.Contains(said, "and compared: ") {
		t.Errorf("migrating back says %q", said)
	}
	c = serveChild(t, "--key", key, "--data", back)
	status, out := c.post(alice, "PhoneService/ListHistory", `{}`)
	if status != 200 || len(out["records"].([]any)) != 1 {
		t.Errorf("alice's history after all: %d %v", status, out)
	}
}

// servePostgres serves what is in a database until stop is called.
func servePostgres(t *testing.T, url string, key auth.Key) (c *child, stop func()) {
	t.Helper()
	st, err := postgres.Open(t.Context(), postgres.Config{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	secret, err := actionSecret(t.Context(), st, "")
	if err != nil {
		t.Fatal(err)
	}
	wakes := local.New()
	s, err := server.New(server.Config{Store: st, Bus: wakes, Apps: []server.App{{ID: "app", Keys: []auth.Key{key}, ActionSecret: secret}}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	over := make(chan error, 1)
	go func() { over <- s.Run(ctx) }()
	h := httptest.NewServer(s.Handler())
	return &child{t: t, url: h.URL}, func() {
		cancel()
		h.Close()
		if err := <-over; err != nil {
			t.Errorf("Run: %v", err)
		}
		wakes.Close()
		if err := st.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}
}
