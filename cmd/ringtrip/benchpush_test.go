package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"sync/atomic"
	"testing"
)

// TestBenchPush runs a small comparison, with the peer left out, and checks what must hold at any speed.
func TestBenchPush(t *testing.T) {
	t.Setenv("RINGTRIP_TEST_COMMAND", "1") // this test's binary is the command
	var figures []pushFigure
	text := command(t, 0, "bench", "push", "--n", "300", "--rounds", "1", "--no-peer", "--json")
	if err := json.Unmarshal([]byte(text), &figures); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	if len(figures) != 10 {
		t.Errorf("%d figures, want five trials of two senders", len(figures))
	}
	for _, f := range figures {
		if f.Seconds <= 0 || f.P50 <= 0 || f.P99 < f.P50 {
			t.Errorf("%+v", f)
		}
		if f.Sender != senderOurs {
			continue
		}
		if f.Errors != 0 || f.Lost != 0 {
			t.Errorf("%s: %d errors, %d lost: %s", f.Trial, f.Errors, f.Lost, f.First)
		}
		if f.Trial == "cold burst" && f.Connections != 1 {
			t.Errorf("%d connections for a cold burst", f.Connections)
		}
	}
	text = command(t, 0, "bench", "push", "--n", "100", "--rounds", "1", "--no-peer")
	if !strings.Contains(text, "LEFT OUT") || !strings.Contains(text, "abrupt GOAWAY") {
		t.Error(text)
	}
}

// TestPeersAreDrivenAlike: the peer's module can't import ours, so the file that drives senders is there twice.
func TestPeersAreDrivenAlike(t *testing.T) {
	ours, err := os.ReadFile("benchpushrun.go")
	if err != nil {
		t.Fatal(err)
	}
	peers, err := os.ReadFile("../../tools/peers/apns2/run.go")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(ours, peers) {
		t.Error("cmd/ringtrip/benchpushrun.go and tools/peers/apns2/run.go differ: copy one over the other")
	}
}

func TestPushRunner(t *testing.T) {
	var sent atomic.Int64
	var o bytes.Buffer
	in := strings.NewReader(`{"n":50,"in_flight":5,"cold":true}` + "\ngo\n")
	err := pushRunner(in, &o, func(pushOrder) (func(string) error, error) {
		return func(string) error {
			if sent.Add(1)%10 == 0 {
				return errors.New("no")
			}
			return nil
		}, nil
	})
	var r pushResult
	said, result, _ := strings.Cut(o.String(), "\n")
	if err != nil || said != "ready" || json.Unmarshal([]byte(result), &r) != nil || sent.Load() != 50 || r.Errors != 5 || r.First != "no" {
		t.Errorf("%v, %d sent, %q", err, sent.Load(), o.String())
	}
	if err := pushRunner(strings.NewReader("{}\n"), &o, nil); err == nil {
		t.Error("an order for no pushes was taken")
	}
}
