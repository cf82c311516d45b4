package main

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/ringtrip/ringtrip/server/auth"
)

// A new key is printed with the one line that makes a server take it, and the line does not hold it.
func TestKeyNew(t *testing.T) {
	var stdout, stderr bytes.Buffer
	if code := run([]string{"key", "new", "--scope", "ops", "--for", "24h"}, &stdout, &stderr); code != 0 {
		t.Fatalf("exit code %d: %s", code, stderr.String())
	}
	lines := regexp.MustCompile(`(?m)^[^#].*$`).FindAllString(stdout.String(), -1)
	if len(lines) != 2 || !strings.HasPrefix(lines[0], auth.KeyPrefix) {
		t.Fatalf("printed:\n%s", stdout.String())
	}
	k, err := auth.ParseAPIKey(lines[1])
	if err != nil || k.Scope != auth.Ops || k.Expires.IsZero() || strings.Contains(lines[1], lines[0][13:]) {
		t.Fatalf("the line %s is %v, %v", lines[1], k, err)
	}
	secret, err := auth.HS256("", bytes.Repeat([]byte("x"), 32))
	if err != nil {
		t.Fatal(err)
	}
	v, err := auth.NewVerifier(nil, auth.App{ID: "shop", Keys: []auth.Key{secret}, APIKeys: []auth.APIKey{k}})
	if err != nil {
		t.Fatal(err)
	}
	if c, err := v.Verify(lines[0]); err != nil || c.App != "shop" || c.Scope != auth.Ops {
		t.Errorf("%+v, %v", c, err)
	}
}
