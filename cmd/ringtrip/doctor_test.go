package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/push"
	"github.com/ringtrip/ringtrip/push/apns"
	"github.com/ringtrip/ringtrip/push/apnstest"
	"github.com/ringtrip/ringtrip/store"
	"github.com/ringtrip/ringtrip/store/sqlite"
)

// cupertino is a local APNs with what serve needs to use it.
type cupertino struct {
	*apnstest.Server
	args []string
}

func newCupertino(t *testing.T) *cupertino {
	t.Helper()
	s := apnstest.New(apnstest.Config{})
	t.Cleanup(s.Close)
	p8, public := apnstest.GenerateKey()
	s.RegisterTeam("TEAM123456", "KEY1234567", public)
	s.RegisterApp("com.example.shop", "TEAM123456")
	dir := t.TempDir()
	for name, text := range map[string][]byte{"k.p8": p8, "ca.pem": s.CA()} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return &cupertino{s, []string{"--key", keyFile(t), "--apns-key", filepath.Join(dir, "k.p8"), "--apns-key-id", "KEY1234567", "--apns-team", "TEAM123456",
		"--apns-production-url", s.URL(push.Production), "--apns-sandbox-url", s.URL(push.Sandbox), "--apns-ca", filepath.Join(dir, "ca.pem")}}
}

// dated is a server whose clock is off by that much.
func dated(t *testing.T, off time.Duration) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Date", time.Now().Add(off).UTC().Format(http.TimeFormat))
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// newCertificate makes a certificate that is good until then.
func newCertificate(t *testing.T, until time.Time) ([]byte, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "x"}, NotBefore: until.Add(-time.Hour * 24 * 90), NotAfter: until, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return der, key
}

// certificateFiles writes it into files.
func certificateFiles(t *testing.T, until time.Time) []string {
	t.Helper()
	der, key := newCertificate(t, until)
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, b := range map[string]*pem.Block{"c.pem": {Type: "CERTIFICATE", Bytes: der}, "k.pem": {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(b), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return []string{"--tls-cert", filepath.Join(dir, "c.pem"), "--tls-key", filepath.Join(dir, "k.pem"), "--offline"}
}

// withCertificate is a TLS server on this machine whose certificate is good until then.
func withCertificate(t *testing.T, until time.Time) string {
	t.Helper()
	der, key := newCertificate(t, until)
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	s.Config.ErrorLog = nil
	s.StartTLS()
	t.Cleanup(s.Close)
	return s.URL
}

// diagnose runs the doctor and returns its findings.
func diagnose(t *testing.T, code int, args ...string) []finding {
	t.Helper()
	text := command(t, code, append([]string{"doctor", "--json"}, args...)...)
	var all []finding
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		t.Fatalf("%v in:\n%s", err, text)
	}
	return all
}

func wantFinding(t *testing.T, all []finding, v verdict, what, text string) {
	t.Helper()
	if !slices.ContainsFunc(all, func(f finding) bool {
		return f.Verdict == v && strings.Contains(f.What, what) && strings.Contains(f.Text+" "+f.Do, text)
	}) {
		t.Errorf("no %s about %q that says %q in %+v", v, what, text, all)
	}
}

// TestDoctorHealthy: everything that can be right here is right.
func TestDoctorHealthy(t *testing.T) {
	c := newCupertino(t)
	st, err := sqlite.Open(t.Context(), sqlite.Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Dir(st.Path())
	busy := diagnose(t, 0, append(c.args, "--bundle", "com.example.shop", "--data", dir, "--time-url", dated(t, 0))...)
	wantFinding(t, busy, fine, "store", "a server has it open")
	st.Close()
	all := diagnose(t, 0, append(c.args, "--bundle", "com.example.shop", "--data", dir, "--time-url", dated(t, 0))...)
	wantFinding(t, all, fine, "configuration", "1 app(s)")
	wantFinding(t, all, fine, "app app", "com.example.shop")
	wantFinding(t, all, fine, "apns KEY1234567", "right shape")
	wantFinding(t, all, fine, "apns production", "is reached")
	wantFinding(t, all, fine, "apns sandbox", "is reached")
	wantFinding(t, all, fine, "apns KEY1234567 com.example.shop", "APNs takes the key")
	wantFinding(t, all, fine, "clock", "off that of")
	wantFinding(t, all, warning, "public url", "none")
	if text := command(t, 0, append([]string{"doctor", "--offline"}, c.args...)...); !strings.Contains(text, "skip  clock") || !strings.Contains(text, "offline") {
		t.Errorf("offline it says:\n%s", text)
	}
}

// TestDoctorFailures makes everything wrong that the doctor looks for, one after the other.
func TestDoctorFailures(t *testing.T) {
	c := newCupertino(t)
	garbage := filepath.Join(t.TempDir(), "garbage")
	if err := os.WriteFile(garbage, []byte("garbage"), 0o600); err != nil {
		t.Fatal(err)
	}
	dead, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dead.Close()
	broken := filepath.Join(t.TempDir(), "data")
	if err := errorsJoin(os.Mkdir(broken, 0o700), os.WriteFile(filepath.Join(broken, sqlite.FileName), []byte("this is no database at all"), 0o600)); err != nil {
		t.Fatal(err)
	}
	p8, _ := apnstest.GenerateKey()
	stranger := filepath.Join(t.TempDir(), "s.p8")
	if err := os.WriteFile(stranger, p8, 0o600); err != nil {
		t.Fatal(err)
	}
	right := append(slices.Clone(c.args), "--bundle", "com.example.shop", "--time-url", dated(t, 0), "--patience", "2s")
	for _, one := range []struct {
		name  string
		code  int
		args  []string // added: a flag given twice counts as the last
		v     verdict
		what  string
		says  string
		alone bool // without the right ones
	}{
		{"no app", 1, []string{"--offline"}, failure, "configuration", "there is no app", true},
		{"bad signing key", 1, []string{"--key", garbage, "--offline"}, failure, "app app", "7 bytes", true},
		{"no bundle ids", 0, []string{"--key", keyFile(t), "--offline"}, warning, "app app", "any bundle id", true},
		{"no apns", 0, []string{"--key", keyFile(t), "--offline"}, warning, "app app apns", "will not ring", true},
		{"topic for bundle id", 1, []string{"--bundle", "com.example.shop.voip", "--offline"}, failure, "app app", ".voip", false},
		{"ring too long", 1, []string{"--ring-timeout", "70s", "--offline"}, failure, "app app", "5s to 58s", false},
		{"p8 is none", 1, []string{"--apns-key", garbage, "--offline"}, failure, "KEY1234567", "PEM", false},
		{"key id's shape", 1, []string{"--apns-key-id", "short", "--offline"}, failure, "short", "ten capital letters", false},
		{"team's shape", 1, []string{"--apns-team", "team", "--offline"}, failure, "KEY1234567", "TeamID", false},
		{"unknown key", 1, []string{"--apns-key", stranger}, failure, "com.example.shop", "InvalidProviderToken", false},
		{"foreign topic", 1, []string{"--bundle", "com.example.other"}, failure, "com.example.other", "BadTopic", false},
		{"unreachable", 1, []string{"--apns-production-url", "https://" + dead.Addr().String(), "--apns-sandbox-url", "https://" + dead.Addr().String()}, failure, "apns production", "443 or 2197", false},
		{"clock", 1, []string{"--time-url", dated(t, -10*time.Minute)}, failure, "clock", "10m", false},
		{"clock a little", 0, []string{"--time-url", dated(t, time.Minute)}, warning, "clock", "NTP", false},
		{"no clock", 0, []string{"--time-url", "http://" + dead.Addr().String()}, warning, "clock", "not compared", false},
		{"plain http", 0, []string{"--public-url", "http://calls.example.com", "--offline"}, warning, "public url", "iOS refuses", false},
		{"expired", 1, []string{"--public-url", withCertificate(t, time.Now().Add(-time.Hour))}, failure, "certificate", "expired", false},
		{"self-signed", 1, []string{"--public-url", withCertificate(t, time.Now().Add(time.Hour))}, failure, "certificate", "public authority", false},
		{"own certificate expired", 1, certificateFiles(t, time.Now().Add(-time.Hour)), failure, "tls-cert", "expired", false},
		{"own certificate ends", 0, certificateFiles(t, time.Now().Add(50*time.Hour)), warning, "tls-cert", "in 2 day(s)", false},
		{"own certificate is none", 1, []string{"--tls-cert", garbage, "--tls-key", garbage, "--offline"}, failure, "tls-cert", "PEM", false},
		{"no public server", 0, []string{"--public-url", "https://" + dead.Addr().String()}, warning, "certificate", "cannot be reached", false},
		{"no store", 0, []string{"--data", filepath.Join(t.TempDir(), "none"), "--offline"}, warning, "store", "none in", false},
		{"damaged store", 1, []string{"--data", broken, "--offline"}, failure, "store", "not an SQLite database", false},
	} {
		t.Run(one.name, func(t *testing.T) {
			args := one.args
			if !one.alone {
				args = slices.Concat(without(right, one.args), one.args)
			}
			wantFinding(t, diagnose(t, one.code, args...), one.v, one.what, one.says)
		})
	}
}

// without takes the flags out of args that over gives, too: a list of bundle ids would grow.
func without(args, over []string) []string {
	var left []string
	for i := 0; i+1 < len(args); i += 2 {
		if !slices.Contains(over, args[i]) {
			left = append(left, args[i], args[i+1])
		}
	}
	return left
}

func errorsJoin(all ...error) error {
	for _, err := range all {
		if err != nil {
			return err
		}
	}
	return nil
}

// TestExpiry: a certificate that ends soon is a warning; one with time left is fine.
func TestExpiry(t *testing.T) {
	d := &doctor{}
	d.expiry("certificate", []*x509.Certificate{{NotAfter: time.Now().Add(5 * 24 * time.Hour)}}, nil)
	d.expiry("certificate", []*x509.Certificate{{NotAfter: time.Now().Add(60 * 24 * time.Hour)}}, nil)
	d.expiry("certificate", nil, nil)
	wantFinding(t, d.findings[:1], warning, "certificate", "in 4 day(s)")
	wantFinding(t, d.findings[1:2], fine, "certificate", "good until")
	wantFinding(t, d.findings[2:], failure, "certificate", "none")
}

// TestPush sends test pushes and reads the explanations.
func TestPush(t *testing.T) {
	c := newCupertino(t)
	got := make(chan apnstest.Delivery, 8)
	deliver := func(d apnstest.Delivery) { got <- d }
	token := c.IssueToken("com.example.shop", push.Production, deliver)
	args := func(more ...string) []string {
		return slices.Concat([]string{"push"}, c.args, []string{"--bundle", "com.example.shop"}, more)
	}
	says := func(text string, words ...string) {
		t.Helper()
		for _, w := range words {
			if !strings.Contains(text, w) {
				t.Errorf("it does not say %q:\n%s", w, text)
			}
		}
	}
	text := command(t, 0, args("--device", token)...)
	says(text, "accepted", "200", "apns-id", "It does not say that the phone has it", "no ring?")
	if strings.Contains(text, token) {
		t.Error("it prints the whole token, which is a secret")
	}
	if d := <-got; !strings.Contains(string(d.Payload), "ringtrip test") {
		t.Errorf("the phone got %s", d.Payload)
	}
	says(command(t, 0, args("--device", token, "--environment", "sandbox")...), "valid in production, not in sandbox")
	<-got
	says(command(t, 1, args("--device", strings.Repeat("ab", 32))...), "400 BadDeviceToken", "of neither environment", "TestFlight")
	c.Unregister(token, time.Unix(1_790_000_000, 0))
	says(command(t, 1, args("--device", token)...), "410 Unregistered", "was deleted", "since       2026-09-21T")
	says(command(t, 1, args("--device", "zz")...), "hexadecimal")
	says(command(t, 1, args()...), "--device TOKEN")
	says(command(t, 1, "push", "--key", keyFile(t), "--device", token, "--bundle", "a.b"), "no APNs key")
	says(command(t, 1, "push", "--key", keyFile(t), "--device", token), "--bundle-id")

	dir := t.TempDir()
	st, err := sqlite.Open(t.Context(), sqlite.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	mine := c.IssueToken("com.example.shop", push.Sandbox, deliver)
	for _, d := range []store.Device{
		{App: "app", ID: "d1", User: "bob", Name: "Bob's iPhone", VoIPToken: mine, BundleID: "com.example.shop", Environment: uint8(push.Sandbox)},
		{App: "app", ID: "d2", User: "carol"},
	} {
		if err := st.PutDevice(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	says(command(t, 1, args("--user", "bob", "--data", dir)...), "stop the server")
	st.Close()
	says(command(t, 0, args("--user", "bob", "--data", dir)...), "push to Bob's iPhone", "sandbox", "accepted", "apns-unique-id")
	<-got
	says(command(t, 1, args("--user", "carol", "--data", dir)...), "1 device(s), none with a push token")
}

// TestExplanations: every reason of Apple's catalogue is explained, and what nobody knows is said to be so.
func TestExplanations(t *testing.T) {
	reasons := apns.Reasons()
	for _, r := range reasons {
		if x := explanations[r]; x.means == "" || x.do == "" {
			t.Errorf("%s is not explained", r)
		}
	}
	for r := range explanations {
		if !slices.Contains(reasons, r) {
			t.Errorf("%s is explained, but it is no reason of APNs", r)
		}
	}
	if x := explain(&push.Error{Status: 499, Reason: "New"}); !strings.Contains(x.means, "does not know") {
		t.Errorf("an unknown reason is explained as %q", x)
	}
	if x := explain(&push.Error{Reason: "timeout", Err: fmt.Errorf("no route")}); !strings.Contains(x.means, "no route") || !strings.Contains(x.do, "doctor") {
		t.Errorf("no answer is explained as %q", x)
	}
}
