package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/ringtrip/ringtrip/push/apnstest"
)

// TestPushAlarm: that APNs refuses the key shows in the metrics and on the operators' readiness page, though the node stays
// ready; strangers are not told.
func TestPushAlarm(t *testing.T) {
	apns := newCupertino(t)
	stranger := filepath.Join(t.TempDir(), "stranger.p8")
	p8, _ := apnstest.GenerateKey()
	if err := os.WriteFile(stranger, p8, 0o600); err != nil {
		t.Fatal(err)
	}
	args := slices.Clone(apns.args)
	args[slices.Index(args, "--apns-key")+1] = stranger
	c := serveChild(t, append(args, "--data", t.TempDir(), "--admin", "127.0.0.1:0")...)
	admin := regexp.MustCompile(`admin=(http://\S+)`).FindStringSubmatch(c.log.String())[1]
	if _, text := get(t, admin+"/readyz"); text != "ready\n" {
		t.Errorf("before any push: %q", text)
	}
	token := func(user string) string {
		return strings.TrimSpace(command(t, 0, "token", "--key", args[slices.Index(args, "--key")+1], "--user", user))
	}
	for user, device := range map[string]string{
		"alice": `{"deviceId":"a1"}`,
		"bob":   `{"deviceId":"b1","platform":"ios","bundleId":"com.example.shop","environment":"ENVIRONMENT_SANDBOX","voipToken":"` + strings.Repeat("ab", 32) + `"}`,
	} {
		if code, answer := c.post(token(user), "PhoneService/RegisterDevice", device); code != 200 {
			t.Fatalf("registering: %d %v", code, answer)
		}
	}
	if code, answer := c.post(token("alice"), "PhoneService/Start", `{"deviceId":"a1","callee":"bob"}`); code != 200 {
		t.Fatalf("calling: %d %v", code, answer)
	}
	c.log.wait(t, "no push of this app can work")
	code, text := get(t, admin+"/readyz")
	if code != 200 || !regexp.MustCompile(`^ready\nwarning: APNs refuses pushes of app app \(sandbox\): InvalidProviderToken, \d+s ago\n$`).MatchString(text) {
		t.Errorf("operators are told %d %q", code, text)
	}
	if code, text := get(t, c.url+"/readyz"); code != 200 || text != "ready\n" {
		t.Errorf("strangers are told %d %q", code, text)
	}
	if _, text := get(t, admin+"/metrics"); !strings.Contains(text, `ringtrip_push_alarm{app="app",environment="sandbox",reason="InvalidProviderToken"} 1`) {
		t.Errorf("there is no alarm in the metrics:\n%s", text)
	}
}
