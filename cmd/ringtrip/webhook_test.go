package main

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// receiver is `ringtrip webhook listen` in a process of its own, as docs/webhooks.md has it.
type receiver struct {
	url string
	log logText
}

func listenChild(t *testing.T, args ...string) *receiver {
	t.Helper()
	cmd := exec.Command(os.Args[0], append([]string{"webhook", "listen", "--listen", "127.0.0.1:0"}, args...)...)
	cmd.Env = append(os.Environ(), "RINGTRIP_TEST_COMMAND=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	r := &receiver{}
	lines := bufio.NewReader(out)
	first, err := lines.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	r.url = strings.TrimSpace(strings.TrimPrefix(first, "listening on "))
	read := make(chan struct{})
	go func() {
		defer close(read)
		_, _ = lines.WriteTo(&r.log)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-read
		_ = cmd.Wait()
	})
	return r
}

// TestWebhookCommands goes through docs/webhooks.md: a receiver, a server that tells it of a call, and the tools.
func TestWebhookCommands(t *testing.T) {
	dir := t.TempDir()
	key, secret := keyFile(t), filepath.Join(dir, "webhook.secret")
	text := command(t, 0, "webhook", "secret")
	if !strings.HasPrefix(text, "whsec_") {
		t.Fatalf("the secret is %q", text)
	}
	if err := os.WriteFile(secret, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	hears := listenChild(t, "--secret", secret)
	c := serveChild(t, "--key", key, "--data", filepath.Join(dir, "data"), "--webhook", hears.url+"/ringtrip", "--webhook-secret", secret, "--webhook-private", "--missed-calls")
	token := func(args ...string) string {
		return strings.TrimSpace(command(t, 0, append([]string{"token", "--key", key}, args...)...))
	}
	ops := func(want int, args ...string) string {
		t.Helper()
		return command(t, want, append(append([]string{"webhook"}, args...), "--server", c.url, "--token", token("--scope", "ops"))...)
	}
	if got := ops(0, "test", "main"); !strings.Contains(got, "taken: 204") {
		t.Errorf("test says %q", got)
	}
	hears.log.wait(t, "webhook.test")
	for _, user := range []string{"alice", "bob"} {
		if status, out := c.post(token("--user", user), "PhoneService/RegisterDevice", `{"deviceId":"`+user+`-1","platform":"linux"}`); status != 200 {
			t.Fatalf("registering gave %d %v", status, out)
		}
	}
	_, out := c.post(token("--user", "alice"), "PhoneService/Start", `{"deviceId":"alice-1","callee":"bob"}`)
	id, _ := out["call"].(map[string]any)["id"].(string)
	if status, out := c.post(token("--user", "alice"), "PhoneService/Cancel", `{"deviceId":"alice-1","callId":"`+id+`"}`); status != 200 {
		t.Fatalf("cancelling gave %d %v", status, out)
	}
	hears.log.wait(t, "call.started", "call.ended", "call.missed", "alice → bob", "device.registered")
	if got := hears.log.String(); strings.Contains(got, "REFUSED") {
		t.Errorf("the receiver printed\n%s", got)
	}
	if got := ops(0, "list"); !strings.Contains(got, "main") || !strings.Contains(got, "  ok  ") {
		t.Errorf("list says %q", got)
	}
	if got := ops(0, "dead", "--body"); got != "0 dead\n" {
		t.Errorf("dead says %q", got)
	}
	if got := ops(0, "replay", "--endpoint", "main"); got != "0 on their way\n" {
		t.Errorf("replay says %q", got)
	}
	if got := ops(0, "enable", "main"); !strings.Contains(got, "not disabled") {
		t.Errorf("enable says %q", got)
	}
	if got := ops(1, "test", "other"); !strings.Contains(got, `no webhook endpoint "other"`) {
		t.Errorf("testing another says %q", got)
	}
	if got := ops(1, "replay"); !strings.Contains(got, "nothing to replay") {
		t.Errorf("replaying nothing says %q", got)
	}
}

// TestWebhookKeysThatAreNone: what is wrong, and what to do.
func TestWebhookKeysThatAreNone(t *testing.T) {
	if got := strings.Fields(command(t, 0, "webhook", "secret", "--pair")); len(got) != 2 || !strings.HasPrefix(got[0], "whsk_") || !strings.HasPrefix(got[1], "whpk_") {
		t.Errorf("the pair is %q", got)
	}
	key := keyFile(t)
	for args, want := range map[string]string{
		"--webhook https://b.example --webhook-secret " + key: "begins with whsec_",
		"--webhook https://b.example":                         "a file or an env",
		"--webhook http://b.example --webhook-secret " + key:  "begins with whsec_",
	} {
		if got := command(t, 1, append([]string{"serve", "--listen", "127.0.0.1:0", "--data", t.TempDir(), "--key", key}, strings.Fields(args)...)...); !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", args, got, want)
		}
	}
	file := yamlFile(t, "apps:\n  - id: a\n    keys: [{file: "+key+"}]\n    webhooks: [{id: main, url: \"http://b.example\", types: [cal.ended]}]\n")
	if got := command(t, 1, "config", "check", file); !strings.Contains(got, "use https") {
		t.Errorf("config check says %q", got)
	}
}
