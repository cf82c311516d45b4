package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/internal/rig"
)

// authority signs certificates for tests.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func newAuthority() *authority {
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	shape := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "an authority for tests"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	der := must(x509.CreateCertificate(rand.Reader, shape, shape, key.Public(), key))
	return &authority{cert: must(x509.ParseCertificate(der)), key: key}
}

// sign returns a certificate in PEM.
func (a *authority) sign(public any, serial int64, until time.Time, hosts ...string) []byte {
	der := must(x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(serial), DNSNames: hosts, NotBefore: time.Now().Add(-time.Hour), NotAfter: until,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, a.cert, public, a.key))
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// write signs a certificate with a fresh key and puts both into files.
func (a *authority) write(t *testing.T, cert, key string, serial int64, until time.Time) {
	t.Helper()
	k := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	text := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: must(x509.MarshalPKCS8PrivateKey(k))})
	if err := os.WriteFile(key, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(cert, a.sign(k.Public(), serial, until, "calls.example.test"), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (a *authority) roots() *x509.CertPool {
	roots := x509.NewCertPool()
	roots.AddCert(a.cert)
	return roots
}

// face serves hello as the flags say, until the test ends.
func face(t *testing.T, s *secure) net.Listener {
	t.Helper()
	l := must(net.Listen("tcp", "127.0.0.1:0"))
	log := slog.New(slog.DiscardHandler)
	h := s.harden(rig.HTTPServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Proto) }), log))
	over := make(chan error, 1)
	go func() { over <- s.serve(h, l) }()
	t.Cleanup(func() {
		_ = h.Close()
		if err := served(<-over); err != nil {
			t.Error(err)
		}
	})
	return l
}

// shake connects and returns the certificate that the server shows.
func shake(l net.Listener, c *tls.Config) (*x509.Certificate, error) {
	conn, err := tls.Dial("tcp", l.Addr().String(), c)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	return conn.ConnectionState().PeerCertificates[0], nil
}

func TestOwnCertificate(t *testing.T) {
	a, dir := newAuthority(), t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	a.write(t, cert, key, 7, time.Now().Add(time.Hour))
	var said bytes.Buffer
	log := slog.New(slog.NewTextHandler(&said, nil))
	c := &certificate{cert: cert, key: key, log: log, now: time.Now}
	if err := c.load(); err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	c.now = func() time.Time { return now }
	serial := func() int64 {
		now = now.Add(2 * look)
		return must(c.get(nil)).Leaf.SerialNumber.Int64()
	}
	if n := serial(); n != 7 {
		t.Errorf("serial %d", n)
	}
	a.write(t, cert, key, 8, time.Now().Add(2*time.Hour))
	if n := serial(); n != 8 {
		t.Errorf("after a change: serial %d", n)
	}
	if err := os.WriteFile(cert, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if n := serial(); n != 8 {
			t.Errorf("a broken file took the certificate away: serial %d", n)
		}
	}
	if n := strings.Count(said.String(), "the one before stays"); n != 1 {
		t.Errorf("the broken file was told of %d times:\n%s", n, said.String())
	}
	a.write(t, cert, key, 9, time.Now().Add(-time.Minute))
	if n := serial(); n != 9 || !strings.Contains(said.String(), "has expired") {
		t.Errorf("serial %d; the log does not tell of the expiry:\n%s", n, said.String())
	}
}

func TestTLS(t *testing.T) {
	a, dir := newAuthority(), t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	a.write(t, cert, key, 7, time.Now().Add(time.Hour))
	s, err := secureFlags{TLSCert: cert, TLSKey: key}.build(dir, "0.0.0.0:443", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	l := face(t, s)
	if got, err := shake(l, &tls.Config{RootCAs: a.roots(), ServerName: "calls.example.test"}); err != nil || got.SerialNumber.Int64() != 7 {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := shake(l, &tls.Config{RootCAs: a.roots(), ServerName: "calls.example.test", MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}); err == nil {
		t.Error("TLS 1.1 was taken")
	}
	client := &http.Client{Transport: &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: a.roots(), ServerName: "calls.example.test"}}}
	defer client.CloseIdleConnections()
	r, err := client.Get("https://" + l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if b, _ := io.ReadAll(r.Body); string(b) != "HTTP/2.0" {
		t.Errorf("it speaks %s", b)
	}
	big, _ := http.NewRequestWithContext(context.Background(), "GET", "https://"+l.Addr().String(), nil)
	big.Header.Set("X-Big", strings.Repeat("x", 100<<10))
	if r, err := client.Do(big); err == nil {
		r.Body.Close()
		if r.StatusCode < 400 {
			t.Errorf("100 kB of headers: %s", r.Status)
		}
	}
}

// Behind a proxy the server speaks HTTP/2 without TLS, too.
func TestBehindAProxy(t *testing.T) {
	s, err := secureFlags{TrustProxy: []string{"10.0.0.0/8", "127.0.0.1"}, LimitUser: 5}.build(t.TempDir(), "0.0.0.0:80", slog.New(slog.DiscardHandler))
	if err != nil || len(s.bounds.TrustProxies) != 2 || s.bounds.PerUser.Burst != 100 || s.bounds.PerAddress.Burst != 0 {
		t.Fatalf("%+v, %v", s, err)
	}
	l := face(t, s)
	var protocols http.Protocols
	protocols.SetUnencryptedHTTP2(true)
	client := &http.Client{Transport: &http.Transport{Protocols: &protocols}}
	defer client.CloseIdleConnections()
	r, err := client.Get(s.url(l))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if b, _ := io.ReadAll(r.Body); string(b) != "HTTP/2.0" {
		t.Errorf("it speaks %s", b)
	}
}

func TestSecureFlagsRefused(t *testing.T) {
	dir := t.TempDir()
	junk := filepath.Join(dir, "junk.pem")
	if err := os.WriteFile(junk, []byte("junk"), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, f := range map[string]secureFlags{
		"go together":         {TLSCert: junk},
		"exclude each other":  {TLSCert: junk, TLSKey: junk, ACMEHost: []string{"calls.example.com"}},
		"reading the cert":    {TLSCert: junk, TLSKey: junk},
		"is no host name":     {ACMEHost: []string{"*.example.com"}},
		"no certificate in":   {ACMEHost: []string{"calls.example.com"}, ACMECA: junk},
		"reading the author":  {ACMEHost: []string{"calls.example.com"}, ACMECA: junk + "?"},
		"trusts everybody":    {TrustProxy: []string{"0.0.0.0/0"}},
		"neither an address":  {TrustProxy: []string{"localhost"}},
		"--limit-user is":     {LimitUser: -1},
		"--limit-address is ": {LimitAddress: 0.1},
	} {
		if _, err := f.build(dir, "127.0.0.1:1", slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", f, err, want)
		}
	}
	var said bytes.Buffer
	log := slog.New(slog.NewTextHandler(&said, nil))
	for _, listen := range []string{"127.0.0.1:80", "localhost:80", "[::1]:80"} {
		if _, err := (secureFlags{}).build(dir, listen, log); err != nil || said.Len() > 0 {
			t.Errorf("%s: %v, %s", listen, err, said.String())
		}
	}
	if _, err := (secureFlags{}).build(dir, ":80", log); err != nil || !strings.Contains(said.String(), "in the clear") {
		t.Errorf("plain HTTP for everybody: %v, %s", err, said.String())
	}
}
