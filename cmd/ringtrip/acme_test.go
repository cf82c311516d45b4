package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// acmeCA is an ACME authority (RFC 8555) that does what one order needs: it lets the server prove by tls-alpn-01
// (RFC 8737) that it answers for the host, and refuses to sign before. It does not check the account's signatures.
type acmeCA struct {
	*authority
	*httptest.Server
	prove func(host string) error

	mu     sync.Mutex
	host   string
	proven bool
	chain  []byte
	orders int
}

func newACME(t *testing.T, prove func(ca *acmeCA, host string) error) *acmeCA {
	ca := &acmeCA{authority: newAuthority()}
	ca.prove = func(host string) error { return prove(ca, host) }
	ca.Server = httptest.NewTLSServer(ca)
	t.Cleanup(ca.Close)
	return ca
}

func (ca *acmeCA) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ca.mu.Lock()
	defer ca.mu.Unlock()
	at := func(path string) string { return ca.URL + path }
	w.Header().Set("Replay-Nonce", base64.RawURLEncoding.EncodeToString([]byte(time.Now().String())))
	say := func(code int, v any) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		_ = json.NewEncoder(w).Encode(v)
	}
	var body struct{ Payload string }
	_ = json.NewDecoder(r.Body).Decode(&body)
	payload, _ := base64.RawURLEncoding.DecodeString(body.Payload)
	status := map[bool]string{false: "pending", true: "valid"}[ca.proven]
	order := map[string]any{"status": map[bool]string{false: "pending", true: "ready"}[ca.proven], "authorizations": []string{at("/authz")},
		"finalize": at("/finalize"), "identifiers": []any{map[string]string{"type": "dns", "value": ca.host}}}
	if ca.chain != nil {
		order["status"], order["certificate"] = "valid", at("/cert")
	}
	challenge := map[string]any{"type": "tls-alpn-01", "url": at("/challenge"), "token": "a-token-of-the-authority", "status": status}
	switch r.URL.Path {
	case "/dir":
		say(200, map[string]any{"newNonce": at("/nonce"), "newAccount": at("/account"), "newOrder": at("/order"), "revokeCert": at("/revoke"), "keyChange": at("/key")})
	case "/nonce":
	case "/account":
		w.Header().Set("Location", at("/account/1"))
		say(201, map[string]string{"status": "valid"})
	case "/order":
		var asked struct{ Identifiers []struct{ Value string } }
		if json.Unmarshal(payload, &asked) == nil && len(asked.Identifiers) == 1 {
			ca.host, ca.proven, ca.chain = asked.Identifiers[0].Value, false, nil
			ca.orders++
			order["status"] = "pending"
		}
		w.Header().Set("Location", at("/order/1"))
		say(201, order)
	case "/order/1":
		say(200, order)
	case "/authz":
		say(200, map[string]any{"status": status, "identifier": map[string]string{"type": "dns", "value": ca.host}, "challenges": []any{challenge}})
	case "/challenge":
		ca.mu.Unlock()
		err := ca.prove(ca.host)
		ca.mu.Lock()
		if ca.proven = err == nil; !ca.proven {
			say(403, map[string]string{"type": "urn:ietf:params:acme:error:unauthorized", "detail": fmt.Sprint(err)})
			return
		}
		challenge["status"] = "valid"
		say(200, challenge)
	case "/finalize":
		var asked struct{ CSR string }
		_ = json.Unmarshal(payload, &asked)
		der, _ := base64.RawURLEncoding.DecodeString(asked.CSR)
		csr, err := x509.ParseCertificateRequest(der)
		if err != nil || !ca.proven || !slices.Equal(csr.DNSNames, []string{ca.host}) {
			say(403, map[string]string{"type": "urn:ietf:params:acme:error:badCSR"})
			return
		}
		ca.chain = append(ca.sign(csr.PublicKey, 42, time.Now().Add(90*24*time.Hour), ca.host), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca.cert.Raw})...)
		order["status"], order["certificate"] = "valid", at("/cert")
		w.Header().Set("Location", at("/order/1"))
		say(200, order)
	case "/cert":
		w.Header().Set("Content-Type", "application/pem-certificate-chain")
		_, _ = w.Write(ca.chain)
	default:
		say(404, map[string]string{})
	}
}

// The whole of ACME: a connection to a host of ours makes the server prove that it answers for it, and the certificate
// is there before the handshake is over, and after a restart without asking again.
func TestACME(t *testing.T) {
	const host = "calls.example.test"
	var address string
	ca := newACME(t, func(_ *acmeCA, host string) error {
		cert, err := tls.Dial("tcp", address, &tls.Config{ServerName: host, NextProtos: []string{"acme-tls/1"}, InsecureSkipVerify: true})
		if err != nil {
			return err
		}
		defer cert.Close()
		leaf := cert.ConnectionState().PeerCertificates[0]
		for _, e := range leaf.Extensions {
			if e.Id.String() == "1.3.6.1.5.5.7.1.31" && slices.Contains(leaf.DNSNames, host) {
				return nil
			}
		}
		return fmt.Errorf("the proof for %s is missing", host)
	})
	dir := t.TempDir()
	root := filepath.Join(dir, "root.pem")
	if err := os.WriteFile(root, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	flags := secureFlags{ACMEHost: []string{host}, ACMEEmail: "ops@example.test", ACMEURL: ca.URL + "/dir", ACMECA: root}
	for round := range 2 {
		s, err := flags.build(dir, "0.0.0.0:443", slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		l := face(t, s)
		address = l.Addr().String()
		got, err := shake(l, &tls.Config{RootCAs: ca.roots(), ServerName: host})
		if err != nil || got.SerialNumber.Int64() != 42 {
			t.Fatalf("round %d: %v, %v", round, got, err)
		}
		if _, err := shake(l, &tls.Config{RootCAs: ca.roots(), ServerName: "other.example.test"}); err == nil {
			t.Error("a certificate for somebody else's host was fetched")
		}
	}
	if ca.orders != 1 {
		t.Errorf("%d certificates were ordered", ca.orders)
	}
	files, err := os.ReadDir(filepath.Join(dir, "acme"))
	if err != nil || len(files) == 0 {
		t.Fatalf("the certificate was not kept: %v, %v", files, err)
	}
	for _, f := range files {
		if i, err := f.Info(); err != nil || i.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s can be read by others (%v, %v)", f.Name(), i.Mode(), err)
		}
	}
	if i, err := os.Stat(filepath.Join(dir, "acme")); err != nil || !strings.HasPrefix(i.Mode().String(), "drwx------") {
		t.Errorf("the folder: %v, %v", i, err)
	}
}
