package apns_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/push"
	"github.com/ringtrip/ringtrip/push/apns"
	"github.com/ringtrip/ringtrip/push/apnstest"
)

func pkcs8(t *testing.T, key any) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

func TestNewRefuses(t *testing.T) {
	good, _ := apnstest.GenerateKey()
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		change func(*apns.Config)
		want   []string // all of them in the error
	}{
		{"no key", func(c *apns.Config) { c.Key = nil }, []string{"Config.Key is empty", ".p8"}},
		{"not PEM", func(c *apns.Config) { c.Key = []byte("MIGTAgEAMBMGByqGSM49") }, []string{"not PEM", "BEGIN"}},
		{"a certificate", func(c *apns.Config) {
			c.Key = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte{1}})
		}, []string{"CERTIFICATE", "not supported"}},
		{"damaged", func(c *apns.Config) {
			c.Key = pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte{1, 2, 3}})
		}, []string{"damaged", "again"}},
		{"P-384", func(c *apns.Config) { c.Key = pkcs8(t, p384) }, []string{"P-384", "P-256"}},
		{"RSA", func(c *apns.Config) { c.Key = pkcs8(t, rsaKey) }, []string{"rsa.PrivateKey", "P-256"}},
		{"Ed25519", func(c *apns.Config) { c.Key = pkcs8(t, edKey) }, []string{"ed25519", "P-256"}},
		{"signer RSA", func(c *apns.Config) { c.Key, c.Signer = nil, rsaKey }, []string{"Config.Signer", "P-256"}},
		{"both", func(c *apns.Config) { c.Signer = p256 }, []string{"both", "one of them"}},
		{"no key id", func(c *apns.Config) { c.KeyID = "" }, []string{"Config.KeyID is empty", "ten"}},
		{"no team", func(c *apns.Config) { c.TeamID = "" }, []string{"Config.TeamID is empty", "ten"}},
		{"short team", func(c *apns.Config) { c.TeamID = "TEAM12345" }, []string{"Config.TeamID", "TEAM12345", "ten"}},
		{"quote in key id", func(c *apns.Config) { c.KeyID = `KEY"},{"12` }, []string{"Config.KeyID"}},
		{"plain HTTP", func(c *apns.Config) { c.ProductionURL = "http://api.push.apple.com" }, []string{"production URL", "https"}},
		{"path", func(c *apns.Config) { c.SandboxURL = "https://api.push.apple.com/3" }, []string{"sandbox URL"}},
		{"host only", func(c *apns.Config) { c.ProductionURL = "api.push.apple.com" }, []string{"production URL"}},
		{"negative", func(c *apns.Config) { c.MaxConnections = -1 }, []string{"MaxConnections"}},
	} {
		cfg := apns.Config{Key: good, KeyID: keyID, TeamID: team}
		c.change(&cfg)
		s, err := apns.New(cfg)
		if err == nil {
			s.Close()
			t.Errorf("%s: no error", c.name)
			continue
		}
		for _, part := range c.want {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s: %q does not say %q", c.name, err, part)
			}
		}
		if strings.Contains(err.Error(), "MIGT") {
			t.Errorf("%s: the error shows the key", c.name)
		}
	}
}

func TestNewTakes(t *testing.T) {
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	sec1, err := x509.MarshalECPrivateKey(p256)
	if err != nil {
		t.Fatal(err)
	}
	for name, cfg := range map[string]apns.Config{
		"p8":      {Key: pkcs8(t, p256)},
		"openssl": {Key: pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: sec1})},
		"signer":  {Signer: p256},
	} {
		cfg.KeyID, cfg.TeamID = keyID, team
		s, err := apns.New(cfg)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		s.Close()
		s.Close() // a second time does nothing
	}
}

func TestSendRefusesBeforeTheNetwork(t *testing.T) {
	w := newWorld(t, apnstest.Config{}, nil)
	for _, c := range []struct {
		name    string
		change  func(*push.Push)
		verdict push.Verdict
		reason  string
	}{
		{"no environment", func(p *push.Push) { p.Environment = 0 }, push.FixConfig, "bad environment"},
		{"third environment", func(p *push.Push) { p.Environment = 3 }, push.FixConfig, "bad environment"},
		{"no id", func(p *push.Push) { p.ID = "" }, push.FixConfig, "bad id"},
		{"upper-case id", func(p *push.Push) { p.ID = strings.ToUpper("eabeae54-14a8-4d5a-b2ab-67aaaa6da4cc") }, push.FixConfig, "bad id"},
		{"id without hyphens", func(p *push.Push) { p.ID = strings.Repeat("a", 36) }, push.FixConfig, "bad id"},
		{"no bundle", func(p *push.Push) { p.BundleID = "" }, push.FixConfig, "bad bundle id"},
		{"bundle with newline", func(p *push.Push) { p.BundleID = "com.example\r\nx: y" }, push.FixConfig, "bad bundle id"},
		{"bundle with empty part", func(p *push.Push) { p.BundleID = "com..example" }, push.FixConfig, "bad bundle id"},
		{"long bundle", func(p *push.Push) { p.BundleID = strings.Repeat("a", 156) }, push.FixConfig, "bad bundle id"},
		{"no token", func(p *push.Push) { p.Token = "" }, push.GiveUp, "bad token"},
		{"odd token", func(p *push.Push) { p.Token = "abc" }, push.GiveUp, "bad token"},
		{"token not hex", func(p *push.Push) { p.Token = "zz" }, push.GiveUp, "bad token"},
		{"token with path", func(p *push.Push) { p.Token = "../../x" }, push.GiveUp, "bad token"},
		{"long token", func(p *push.Push) { p.Token = strings.Repeat("ab", 101) }, push.GiveUp, "bad token"},
		{"long collapse id", func(p *push.Push) { p.CollapseID = strings.Repeat("a", 65) }, push.FixConfig, "bad collapse id"},
		{"collapse id with newline", func(p *push.Push) { p.CollapseID = "a\nb" }, push.FixConfig, "bad collapse id"},
		{"no payload", func(p *push.Push) { p.Payload = nil }, push.FixConfig, "payload empty"},
		{"blank payload", func(p *push.Push) { p.Payload = []byte(" \n") }, push.FixConfig, "payload empty"},
		{"half a payload", func(p *push.Push) { p.Payload = []byte(`{"aps":`) }, push.FixConfig, "payload is not JSON"},
		{"an array", func(p *push.Push) { p.Payload = []byte(`[]`) }, push.FixConfig, "payload is not JSON"},
		{"long payload", func(p *push.Push) { p.Payload = sized(5121) }, push.GiveUp, "payload too long"},
		{"no deadline", func(p *push.Push) { p.Deadline = time.Time{} }, push.FixConfig, "no deadline"},
	} {
		p := w.push()
		c.change(&p)
		e := w.refused(p)
		if e.Verdict != c.verdict || e.Reason != c.reason || e.Status != 0 || e.Attempts != 0 || e.Hint == "" {
			t.Errorf("%s: %+v, want verdict %d, %q and a hint", c.name, e, c.verdict, c.reason)
		}
		if strings.Contains(e.Error(), "\n") || !strings.HasPrefix(e.Error(), "push: not sent") {
			t.Errorf("%s: %q", c.name, e.Error())
		}
	}
	if n := w.srv.Connections(push.Production); n != 0 {
		t.Errorf("%d connections for bad input", n)
	}
	p := w.push()
	p.Payload = sized(5120)
	w.mustSend(p)
	w.srv.RegisterApp("com.example.voip", team) // a bundle ID may end like a topic
	p = w.push()
	p.BundleID = "com.example.voip"
	p.Token = w.srv.IssueToken(p.BundleID, push.Production, nil)
	w.mustSend(p)
}

// sized is a JSON object of n bytes.
func sized(n int) []byte {
	return []byte(`{"a":"` + strings.Repeat("x", n-8) + `"}`)
}
