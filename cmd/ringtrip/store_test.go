//go:build unix

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ringtrip/ringtrip/internal/pgtest"
)

// Two servers share a database that --store names: what one begins the other goes on with, and they have the same
// secret for action tokens. A password never gets into a log.
func TestServeStore(t *testing.T) {
	key, url := keyFile(t), pgtest.Start(t).Database(t)
	secretly := strings.Replace(url, "postgres://ringtrip@", "postgres://ringtrip:hunter2@", 1)
	one, two := serveChild(t, "--key", key, "--store", secretly), serveChild(t, "--key", key, "--store", url)
	token := func(user string) string {
		return strings.TrimSpace(command(t, 0, "token", "--key", key, "--user", user))
	}
	for _, user := range []string{"alice", "bob"} {
		if status, out := one.post(token(user), "PhoneService/RegisterDevice", `{"deviceId":"`+user+`-1","name":"`+user+`","platform":"linux"}`); status != 200 {
			t.Fatalf("registering %s: %d %v", user, status, out)
		}
	}
	status, out := one.post(token("alice"), "PhoneService/Start", `{"deviceId":"alice-1","callee":"bob","idempotencyKey":"k"}`)
	if status != 200 {
		t.Fatalf("starting a call: %d %v", status, out)
	}
	id := out["call"].(map[string]any)["id"].(string)
	one.kill()
	if status, out := two.post(token("bob"), "PhoneService/Answer", `{"callId":"`+id+`","deviceId":"bob-1"}`); status != 200 {
		t.Errorf("answering at the other node: %d %v", status, out)
	}
	if log := one.log.String(); strings.Contains(log, "hunter2") {
		t.Errorf("the password is in the log:\n%s", log)
	}
}

// --store may name SQLite too, and says what it takes.
func TestServeStoreNames(t *testing.T) {
	key, dir := keyFile(t), filepath.Join(t.TempDir(), "elsewhere")
	serveChild(t, "--key", key, "--store", "sqlite:"+dir)
	if _, err := os.Stat(filepath.Join(dir, "ringtrip.db")); err != nil {
		t.Error(err)
	}
	for _, name := range []string{"mysql://ann:hunter2@db/x", "sqlite:", "nonsense"} {
		text := command(t, 1, "serve", "--key", key, "--listen", "127.0.0.1:0", "--store", name)
		if !strings.Contains(text, "sqlite:DIR or postgres://") || strings.Contains(text, "hunter2") {
			t.Errorf("serve --store %s says:\n%s", name, text)
		}
	}
}
