package scrub_test

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/ringtrip/ringtrip/internal/scrub"
)

func TestHandler(t *testing.T) {
	push := strings.Repeat("0123456789abcdef", 4)
	secrets := map[string]string{
		"eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJzaG9wIn0.MARKED":                      "MARKED",
		"rtk_abcdEFGH_MARKEDMARKEDMARKED":                                      "MARKED",
		"whsec_MARKED/MARKED=":                                                 "MARKED",
		"whsk_MARKED/MARKED=":                                                  "MARKED",
		"bEARER\tMARKEDMARKED":                                                 "MARKED",
		"Bearer MARKEDMARKED":                                                  "MARKED",
		`Post "https://api.push.apple.com/3/device/` + push + `": EOF`:         push,
		"postgres://ring:MARKED@db/ringtrip":                                   "MARKED",
		"-----BEGIN EC PRIVATE KEY-----\nMARKED\n-----END EC PRIVATE KEY-----": "MARKED",
	}
	for text, secret := range secrets {
		var out bytes.Buffer
		log := slog.New(scrub.Handler(slog.NewJSONHandler(&out, nil)))
		log.With("w", text).WithGroup("g").Info(text, "s", text, "err", errors.New(text), slog.Group("in", "x", text), "any", struct{ X string }{text})
		log.Info("named", "token", secret, "Authorization", secret, "payload", []byte(secret))
		if strings.Contains(out.String(), secret) {
			t.Errorf("%q is in the log:\n%s", secret, out.String())
		}
	}
	var out bytes.Buffer
	slog.New(scrub.Handler(slog.NewTextHandler(&out, nil))).Info("a call", "call", "0199aabb-ccdd-7eee-8fff-001122334455", "url", "https://calls.example.com:443/x", "n", 3)
	if s := out.String(); strings.Contains(s, "redacted") || !strings.Contains(s, "0199aabb-ccdd-7eee-8fff-001122334455") || !strings.Contains(s, "n=3") {
		t.Errorf("what is no secret is gone: %s", s)
	}
}

func FuzzText(f *testing.F) {
	f.Add("eyJhbGciOi.eyJ.x rtk_ whsec_ ://a:b@c")
	f.Fuzz(func(t *testing.T, s string) {
		if once := scrub.Text(s); len(s) > 1<<16 && once == "" {
			t.Error("all of it is gone")
		}
	})
}
