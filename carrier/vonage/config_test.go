package vonage

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/carrier"
)

func TestNewRefuses(t *testing.T) {
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(ec)
	if err != nil {
		t.Fatal(err)
	}
	asPEM := func(kind string, der []byte) carrier.Secret {
		return carrier.NewSecret(string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})))
	}
	for want, change := range map[string]func(*Config){
		`product "fax" is neither`:          func(c *Config) { c.Product = "fax" },
		`application id "app" is no UUID`:   func(c *Config) { c.ApplicationID = "app" },
		"it is no PEM text":                 func(c *Config) { c.PrivateKey = carrier.NewSecret("secret-key-text") },
		"it is the public key":              func(c *Config) { c.PrivateKey = asPEM("PUBLIC KEY", []byte("x")) },
		"not a private key":                 func(c *Config) { c.PrivateKey = asPEM("CERTIFICATE", []byte("x")) },
		"PKCS #8 content cannot be read":    func(c *Config) { c.PrivateKey = asPEM("PRIVATE KEY", []byte("x")) },
		"PKCS #1 content cannot be read":    func(c *Config) { c.PrivateKey = asPEM("RSA PRIVATE KEY", []byte("x")) },
		"Vonage signs by RSA":               func(c *Config) { c.PrivateKey = asPEM("PRIVATE KEY", der) },
		"signature secret 2 is empty":       func(c *Config) { c.SignatureSecrets = append(c.SignatureSecrets, carrier.Secret{}) },
		`caller id "0049" is no number`:     func(c *Config) { c.CallerID = "0049" },
		"token life 1m0s is not between":    func(c *Config) { c.TokenLife = time.Minute },
		"maximum age -1s":                   func(c *Config) { c.MaxAge = -time.Second },
		"an API secret without its API key": func(c *Config) { opentok(c); c.APIKey = "" },
	} {
		cfg := Config{Product: Voice, ApplicationID: testApp, PrivateKey: testKey(t), SignatureSecrets: []carrier.Secret{carrier.NewSecret(testSecret)}}
		change(&cfg)
		_, err := New(cfg)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		} else if strings.Contains(err.Error(), "secret-key-text") {
			t.Errorf("the error tells the key: %v", err)
		}
	}
}

func TestCheck(t *testing.T) {
	wrong := func(c *Carrier) (all []string) {
		for _, f := range c.Check() {
			if strings.Contains(f.What+f.Fix, testSecret) {
				t.Errorf("a finding tells a secret: %+v", f)
			}
			if f.Severity != carrier.Fine {
				if f.Fix == "" {
					t.Errorf("%q: no word on what to do", f.What)
				}
				all = append(all, f.What)
			}
		}
		return all
	}
	if got := wrong(newTest(t, "j", func(c *Config) { c.RingbackURL = "https://example.com/r.mp3" })); len(got) > 0 {
		t.Errorf("a good account: %q", got)
	}
	if got := wrong(newTest(t, "j", func(c *Config) { opentok(c) })); len(got) > 0 {
		t.Errorf("a good project: %q", got)
	}
	got := strings.Join(wrong(newTest(t, "j", func(c *Config) {
		c.HookURL, c.CallerID, c.SignatureSecrets, c.RingbackURL = "http://localhost", "", []carrier.Secret{carrier.NewSecret("short")}, "r.mp3"
	})), "\n")
	for _, want := range []string{"localhost", "signature secret 1 has 5 characters", "no telephone can be called", `"r.mp3" is none`} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not among\n%s", want, got)
		}
	}
	if got := strings.Join(wrong(newTest(t, "j", func(c *Config) { c.SignatureSecrets = nil })), "\n"); !strings.Contains(got, "every webhook is refused") {
		t.Errorf("without a secret: %q", got)
	}
}

// TestNothingPrintsKeys: a carrier that is logged shows none of its secrets.
func TestNothingPrintsKeys(t *testing.T) {
	c := newTest(t, "j", nil)
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "carrier", c, "config", c.cfg)
	out := log.String() + fmt.Sprintf("%v %+v %#v %s", c, c, c, c) + fmt.Sprintf("%+v", c.cfg)
	if d := c.key.D.String(); strings.Contains(out, d) || strings.Contains(out, d[:20]) || strings.Contains(out, testSecret) || strings.Contains(out, "BEGIN") {
		t.Errorf("a key in %s", out)
	}
}

func TestUserNames(t *testing.T) {
	for id, name := range map[string]string{"alice": "alice", "a.b-C9": "a.b-C9", "a@b": "a_40b", "_": "_5f", "ü": "_c3_bc", "tel:+1": "tel_3a_2b1", "0192f0c1-2d3e-7a4b-8c5d-6e7f8091a2b3": "0192f0c1-2d3e-7a4b-8c5d-6e7f8091a2b3"} {
		if got := UserName(id); got != name {
			t.Errorf("%q is %q, want %q", id, got, name)
		}
		if got, ok := UserID(name); got != id || !ok {
			t.Errorf("%q is of %q, %v, want %q", name, got, ok, id)
		}
	}
	for _, name := range []string{"", "_", "_4", "_zz", "_61", "_5F", "a b", "a@b"} {
		if id, ok := UserID(name); ok {
			t.Errorf("%q is of %q, but nobody's", name, id)
		}
	}
}

func FuzzUserNames(f *testing.F) {
	for _, s := range []string{"alice", "_5f", "a@b", "_", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if id, ok := UserID(UserName(s)); s != "" && (!ok || id != s) {
			t.Errorf("%q came back as %q, %v", s, id, ok)
		}
		if id, ok := UserID(s); ok && UserName(id) != s {
			t.Errorf("%q and %q are both of %q", s, UserName(id), id)
		}
	})
}

// fineTransport answers every request that all is done.
type fineTransport struct{}

func (fineTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusNoContent, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
}

// FuzzWebhook: whatever is signed, and whatever is not, ends in an answer or an error of package carrier.
func FuzzWebhook(f *testing.F) {
	for _, hook := range []string{"answer", "event", "phone", "session"} {
		f.Add(hook, `{"uuid":"`+testLeg+`","from_user":"alice","to":"`+testID(1)+`","status":"completed","custom_data":{"ringtrip_call":"`+testID(1)+`"},"timestamp":"2020-01-01T12:00:00.000Z"}`, "call="+testID(1), "", true)
		f.Add(hook, `{"uuid":"`+testLeg+`","from":"15550009999","to":"15550001111","status":"completed"}`, "uuid="+testLeg+"&from=1555&to=15550001111", "Bearer a.b.c", false)
		f.Add(hook, `{"event":"connectionCreated","sessionId":"1","connection":{"id":"k","data":"{}"}}`, "custom_data=%7B%7D", "Bearer", true)
	}
	fine := &http.Client{Transport: fineTransport{}}
	voice := newTest(f, "j", func(c *Config) { c.Client = fine })
	video := newTest(f, "j", func(c *Config) { c.Product, c.Client = Video, fine })
	f.Fuzz(func(t *testing.T, hook, body, query, auth string, posted bool) {
		w := get(hook, query)
		if posted {
			w = post(hook, body)
			w.query = query
		}
		r := w.request()
		if auth != "" {
			r.Header.Set("Authorization", auth)
		}
		for _, c := range []*Carrier{voice, video} {
			d := newDesk(t, c)
			d.Put(carrier.Call{ID: testID(1), State: carrier.Ringing, Caller: carrier.Party{User: "alice"}, Callee: carrier.Party{User: "tel:+15550009999", Phone: "+15550009999"}})
			reply, err := c.Webhook(t.Context(), r, d)
			if err != nil && carrier.Status(err)/100 != 4 {
				t.Errorf("%v", err)
			}
			if err != nil && len(reply.Body) > 0 {
				t.Errorf("an error, and a reply: %s", reply.Body)
			}
			if told := d.Told(); len(told) > 0 && auth != "" {
				t.Errorf("told %+v by %q", told, auth)
			}
		}
	})
}
