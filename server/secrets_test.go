package server_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"

	"github.com/ringtrip/ringtrip/push"
	"github.com/ringtrip/ringtrip/server"
	"github.com/ringtrip/ringtrip/server/auth"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// syncBuffer is a log that many write.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// Marked secrets go through requests that fail in many ways; neither the log, at its most talkative and without a
// redacting handler, nor an error that goes out, nor the ledger repeats one.
func TestNoSecretsLeak(t *testing.T) {
	out := &syncBuffer{}
	inBubble(t, func(c *server.Config) {
		c.Logger = slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}, func(t *testing.T, w *world) {
		apiKey, _, err := auth.NewAPIKey(auth.Backend, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		push64 := strings.Repeat("c0ffee99", 8)
		secrets := []string{apiKey[13:], push64, "MARKED-MEDIA", "MARKED-TOKEN"}
		var said []string
		hear := func(err error) {
			if err != nil {
				said = append(said, err.Error(), problemOf(err).String())
			}
		}
		a, b := w.phone("alice", "a1", ""), w.phone("bob", "b1", push64)
		secrets = append(secrets, a.token, b.token)
		for _, bad := range []string{apiKey, a.token + "MARKED-TOKEN", "MARKED-TOKEN", "rtk_MARKED-TOKEN", strings.Replace(a.token, ".", ".MARKED-TOKEN", 1)} {
			for _, deed := range deeds {
				hear(deed(w, bad, "nonsense", "b1"))
			}
		}
		for _, answer := range []func(context.Context, push.Push) (push.Receipt, error){
			func(context.Context, push.Push) (push.Receipt, error) {
				return push.Receipt{}, &push.Error{Status: 400, Reason: "BadDeviceToken", Verdict: push.BadToken}
			},
			func(context.Context, push.Push) (push.Receipt, error) {
				return push.Receipt{}, &push.Error{Status: 403, Reason: "InvalidProviderToken", Verdict: push.FixConfig}
			},
			func(context.Context, push.Push) (push.Receipt, error) {
				return push.Receipt{}, errors.New("the connection broke")
			},
			func(context.Context, push.Push) (push.Receipt, error) { panic("the sender") },
		} {
			w.apns.will(answer)
			id := a.call("bob").Id
			secrets = append(secrets, string((<-w.apns.sent).Payload))
			hear(a.send(id, "b1", v1.MediaKind_MEDIA_KIND_OFFER, strings.Repeat("MARKED-MEDIA", 10000)))
			hear(a.send(id, "nobody", v1.MediaKind_MEDIA_KIND_OFFER, "MARKED-MEDIA"))
			time.Sleep(time.Minute)
			r, err := w.ops().GetLedger(context.Background(), connect.NewRequest(&v1.GetLedgerRequest{CallId: id}))
			if err != nil {
				t.Fatal(err)
			}
			said = append(said, r.Msg.String())
		}
		_, err = a.api().RegisterDevice(context.Background(), connect.NewRequest(&v1.RegisterDeviceRequest{DeviceId: "a1", VoipToken: "MARKED-TOKEN", BundleId: bundle}))
		hear(err)
		text := out.String() + strings.Join(said, "\n")
		if !strings.Contains(text, "BadDeviceToken") || !strings.Contains(text, "panicked") || len(said) < 50 {
			t.Errorf("nothing failed that should have (%d errors):\n%s", len(said), out.String())
		}
		for _, s := range secrets {
			if i := strings.Index(text, s); i >= 0 {
				t.Errorf("%.20q leaks: …%s…", s, text[max(0, i-120):min(len(text), i+40)])
			}
		}
	})
}
