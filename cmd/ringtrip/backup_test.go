package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ringtrip/ringtrip/store/archive"
	"github.com/ringtrip/ringtrip/store/sqlite"
)

// A call is made, backed up while the server runs, and answered after a restore elsewhere: with the token that was in
// the push, too, for the secret moved along.
func TestBackupWhileServing(t *testing.T) {
	key, data := keyFile(t), filepath.Join(t.TempDir(), "data")
	c := serveChild(t, "--key", key, "--data", data)
	alice, bob, id := ringing(t, c, key)
	file := filepath.Join(t.TempDir(), "today.db")
	if said := command(t, 0, "backup", file, "--data", data); !strings.Contains(said, "wrote "+file+": 1 live calls") || !strings.Contains(said, "2 devices") {
		t.Errorf("backup says %q", said)
	}
	if said := command(t, 1, "backup", file, "--data", data); !strings.Contains(said, "something already") {
		t.Errorf("a second backup to the file says %q", said)
	}
	if said := command(t, 1, "restore", file, "--data", data, "--force"); !strings.Contains(said, "Stop that one first") {
		t.Errorf("restoring under a server says %q", said)
	}
	c.kill()

	if said := command(t, 1, "restore", file, "--data", data); !strings.Contains(said, "--force") {
		t.Errorf("restoring over a database says %q", said)
	}
	said := command(t, 0, "restore", file, "--data", data, "--force")
	if !strings.Contains(said, "1 live calls") || !strings.Contains(said, "the database that was there is now "+data) {
		t.Errorf("restore says %q", said)
	}
	other := filepath.Join(t.TempDir(), "elsewhere")
	command(t, 0, "restore", file, "--data", other)
	for _, dir := range []string{data, other} {
		c := serveChild(t, "--key", key, "--data", dir)
		answerAndEnd(t, c, alice, bob, id)
		c.kill()
	}
	if secretOf(t, data) != secretOf(t, other) {
		t.Error("the restored servers do not share the secret of action tokens")
	}
}

// ringing registers alice and bob and lets alice call bob.
func ringing(t *testing.T, c *child, key string) (alice, bob, id string) {
	t.Helper()
	tokens := map[string]string{}
	for _, user := range []string{"alice", "bob"} {
		tokens[user] = strings.TrimSpace(command(t, 0, "token", "--key", key, "--user", user))
		if status, out := c.post(tokens[user], "PhoneService/RegisterDevice", `{"deviceId":"`+user+`-1","name":"`+user+`","platform":"linux"}`); status != 200 {
			t.Fatalf("registering %s: %d %v", user, status, out)
		}
	}
	status, out := c.post(tokens["alice"], "PhoneService/Start", `{"deviceId":"alice-1","callee":"bob","idempotencyKey":"k"}`)
	if status != 200 {
		t.Fatalf("starting a call: %d %v", status, out)
	}
	return tokens["alice"], tokens["bob"], out["call"].(map[string]any)["id"].(string)
}

func answerAndEnd(t *testing.T, c *child, alice, bob, id string) {
	t.Helper()
	if status, out := c.post(bob, "PhoneService/Answer", `{"callId":"`+id+`","deviceId":"bob-1"}`); status != 200 {
		t.Fatalf("answering: %d %v", status, out)
	}
	if status, out := c.post(alice, "PhoneService/GetCall", `{"callId":"`+id+`","deviceId":"alice-1"}`); status != 200 || out["call"].(map[string]any)["state"] != "CALL_STATE_ANSWERED" {
		t.Errorf("alice sees %d %v", status, out)
	}
	if status, out := c.post(alice, "PhoneService/Start", `{"deviceId":"alice-1","callee":"bob","idempotencyKey":"k"}`); status != 200 || out["call"].(map[string]any)["id"] != id {
		t.Errorf("the start that was made before, repeated: %d %v", status, out)
	}
	if status, out := c.post(alice, "PhoneService/End", `{"callId":"`+id+`","deviceId":"alice-1"}`); status != 200 {
		t.Errorf("hanging up: %d %v", status, out)
	}
}

func secretOf(t *testing.T, dir string) string {
	t.Helper()
	st, err := sqlite.Open(t.Context(), sqlite.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	secret, err := st.Settle(t.Context(), actionSecretSetting, nil)
	if err != nil || len(secret) == 0 {
		t.Fatalf("the secret is %q, %v", secret, err)
	}
	return string(secret)
}

// A live call moves through an archive to another folder.
func TestMigrateThroughAnArchive(t *testing.T) {
	key, data := keyFile(t), filepath.Join(t.TempDir(), "data")
	c := serveChild(t, "--key", key, "--data", data)
	alice, bob, id := ringing(t, c, key)
	file, other := "archive:"+filepath.Join(t.TempDir(), "all.jsonl"), filepath.Join(t.TempDir(), "other")
	if said := command(t, 1, "migrate", "--from", "sqlite:"+data, "--to", file); !strings.Contains(said, "Stop that one first") {
		t.Errorf("under a server migrate says %q", said)
	}
	c.kill()
	for _, step := range [][2]string{{"sqlite:" + data, file}, {file, "sqlite:" + other}} {
		if said := command(t, 0, "migrate", "--from", step[0], "--to", step[1]); !strings.Contains(said, step[1]) || !strings.Contains(said, "1 call, ") {
			t.Errorf("migrate says %q", said)
		}
	}
	if said := command(t, 1, "migrate", "--from", file, "--to", "sqlite:"+other); !strings.Contains(said, "there is something in it already") {
		t.Errorf("migrating into a full store says %q", said)
	}
	if said := command(t, 1, "migrate", "--from", "sqlite:"+data, "--to", file); !strings.Contains(said, "something already") {
		t.Errorf("migrating to a file that is there says %q", said)
	}
	if secretOf(t, data) != secretOf(t, other) {
		t.Error("the secret of action tokens was left behind")
	}
	c = serveChild(t, "--key", key, "--data", other)
	answerAndEnd(t, c, alice, bob, id)
}

func TestMigrateErrors(t *testing.T) {
	dir := t.TempDir()
	bad := filepath.Join(dir, "bad.jsonl")
	if err := os.WriteFile(bad, []byte("{\"ringtrip\":\"archive\",\"version\":1}\n{\"call\":{\"ID\":\"c1\"}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ from, to, says string }{
		{"mysql://u:secret@host/db", "sqlite:" + dir, "must be sqlite:DIR"},
		{"sqlite:" + filepath.Join(dir, "none"), "sqlite:" + dir, "no database in"},
		{"archive:" + filepath.Join(dir, "none"), "sqlite:" + dir, "no such file"},
		{"archive:" + bad, "sqlite:" + filepath.Join(dir, "to"), "it has no end"},
		{"archive:" + bad, "archive:" + bad, "the same"},
	} {
		said := command(t, 1, "migrate", "--from", test.from, "--to", test.to)
		if !strings.Contains(said, test.says) || strings.Contains(said, "secret") {
			t.Errorf("from %s to %s: it says %q, want %q and no password", test.from, test.to, said, test.says)
		}
	}
	st, err := sqlite.Open(t.Context(), sqlite.Config{Dir: filepath.Join(dir, "to")})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	if sum, err := archive.SumOf(t.Context(), st); err != nil || sum.Total() != 0 {
		t.Errorf("left of a migration that failed: %v, %v", sum, err)
	}
	for name, want := range map[string]string{
		"postgres://ann:pa@ss@db:5432/ring?password=x": "postgres://ann@db:5432/ring",
		"postgres://db/ring":                           "postgres://db/ring",
		"sqlite:a@b:c":                                 "sqlite:a@b:c",
	} {
		if got := redact(name); got != want {
			t.Errorf("redact(%s) = %s, want %s", name, got, want)
		}
	}
}
