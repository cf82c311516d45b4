package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/google/uuid"

	"github.com/ringtrip/ringtrip/push"
	"github.com/ringtrip/ringtrip/push/apns"
)

// TestAPNsTest sends a push, with the files that the command made, to the address that it printed, and reads its line.
func TestAPNsTest(t *testing.T) {
	var c apnsTestCmd
	parser, err := kong.New(&c)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse([]string{"--json", "--dir", t.TempDir(), "--fault", "refuse status=503 reason=Shutdown"}); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	r, w := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- c.Run(ctx, out{w})
		_ = w.Close()
	}()
	lines := bufio.NewScanner(r)
	var at startInfo
	if !lines.Scan() || json.Unmarshal(lines.Bytes(), &at) != nil {
		t.Fatalf("first line %q", lines.Text())
	}
	p8, err := os.ReadFile(at.Key)
	if err != nil {
		t.Fatal(err)
	}
	ca, err := os.ReadFile(at.CA)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	sender, err := apns.New(apns.Config{Key: p8, KeyID: at.KeyID, TeamID: at.Team, ProductionURL: at.Production, TLS: &tls.Config{RootCAs: roots}})
	if err != nil {
		t.Fatal(err)
	}
	id := uuid.NewString()
	sent := make(chan error, 1)
	go func() {
		_, err := sender.Send(ctx, push.Push{ID: id, BundleID: at.Apps[0], Token: at.Token, Environment: push.Production,
			Payload: []byte(`{"aps":{}}`), Deadline: time.Now().Add(30 * time.Second)})
		sent <- err
	}()
	var answers []string
	for len(answers) < 2 && lines.Scan() {
		var l pushLine
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			t.Fatalf("%q: %v", lines.Text(), err)
		}
		if l.Notice == "" {
			answers = append(answers, l.Reason+l.Decision)
			if l.ID != id || l.Type != "voip" || l.Expiration != "0" || l.Token != at.Token {
				t.Errorf("%+v", l)
			}
		}
	}
	if got := strings.Join(answers, ", "); got != "Shutdownrefused by a fault, delivered" {
		t.Errorf("answers %s", got)
	}
	go func() { _, _ = io.Copy(io.Discard, r) }()
	if err := <-sent; err != nil {
		t.Error(err)
	}
	resp, err := http.Get(at.Control + "/stats")
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if !strings.Contains(string(body), `"503 Shutdown":1`) {
		t.Errorf("stats %s", body)
	}
	sender.Close()
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestAPNsTestRefuses(t *testing.T) {
	if text := command(t, 1, "apns-test", "--dir", t.TempDir(), "--fault", "explode"); !strings.Contains(text, "no action") {
		t.Error(text)
	}
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/AuthKey_KEY1234567.p8", []byte("not a key"), 0o600); err != nil {
		t.Fatal(err)
	}
	if text := command(t, 1, "apns-test", "--dir", dir); !strings.Contains(text, "PEM") {
		t.Error(text)
	}
}
