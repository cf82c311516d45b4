//go:build unix

package main

import (
	"strings"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/internal/pgtest"
	"github.com/ringtrip/ringtrip/server/auth"
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
	c = serveChild(t, "--key", key, "--store", db)
	if status, out := c.post(token, "PhoneService/Ack", `{"callId":"`+id+`","deviceId":"bob-1","marks":[{"stage":"STAGE_REPORTED"}]}`); status != 200 {
		t.Errorf("the woken phone's ack: %d %v", status, out)
	}
	answerAndEnd(t, c, alice, bob, id)
	c.kill()

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
