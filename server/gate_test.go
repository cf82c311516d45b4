package server_test

import (
	"context"
	"testing"
	"time"

	"connectrpc.com/connect"

	"github.com/ringtrip/ringtrip/server"
	"github.com/ringtrip/ringtrip/server/auth"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// over waits for the end of a stream and returns why it ended.
func (s *stream) over() error {
	for range s.events {
	}
	return s.err
}

// A stream is good for as long as the token that opened it.
func TestStreamEndsWithItsToken(t *testing.T) {
	byBoth(t, nil, func(t *testing.T, w *world) {
		b := w.phone("bob", "b1", "")
		b.token = mint(auth.Claims{App: app, User: "bob", Expires: time.Now().Add(10 * time.Minute)})
		began := time.Now()
		s := b.open(0, true)
		wantProblem(t, "the stream", s.over(), connect.CodeUnauthenticated, "token_expired")
		if d := time.Since(began); d < 10*time.Minute || d > 11*time.Minute {
			t.Errorf("it ended after %s", d)
		}
	})
}

// Keys come and go while the server runs.
func TestSetApps(t *testing.T) {
	text, apiKey, err := auth.NewAPIKey(auth.Backend, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	fresh := must(auth.HS256("k2", []byte("the app's next secret, as long as the first")))
	byBoth(t, nil, func(t *testing.T, w *world) {
		a, b := w.phone("alice", "a1", ""), w.phone("bob", "b1", "")
		sa := a.open(0, true)
		id := a.call("bob").Id
		set := func(apps ...server.App) {
			t.Helper()
			if err := w.s.SetApps(apps); err != nil {
				t.Fatal(err)
			}
		}
		secret := []byte("the server's own secret for action tokens")
		set(server.App{ID: app, Keys: []auth.Key{key, fresh}, APIKeys: []auth.APIKey{apiKey}, ActionSecret: secret})
		b.token = must(auth.Mint(fresh, auth.Claims{App: app, User: "bob", Expires: time.Now().Add(time.Hour)}))
		if _, err := b.answer(id); err != nil {
			t.Errorf("with the new key: %v", err)
		}
		sb := b.open(0, true)
		sa.call("answered", func(c *v1.Call) bool { return c.State == v1.CallState_CALL_STATE_ANSWERED })
		if err := w.s.SetApps([]server.App{{ID: app}}); err == nil {
			t.Error("an app without keys was taken")
		}
		set(server.App{ID: app, Keys: []auth.Key{fresh}, ActionSecret: secret})
		wantProblem(t, "the stream of the old key", sa.over(), connect.CodeUnauthenticated, "token_bad_signature")
		wantProblem(t, "a token of the old key", errOf(a.get(id)), connect.CodeUnauthenticated, "token_bad_signature")
		_, err := opsAs(w, text).ListCalls(context.Background(), connect.NewRequest(&v1.ListCallsRequest{}))
		wantProblem(t, "the API key that was taken away", err, connect.CodeUnauthenticated, "key_unknown")
		if _, err := b.end(id, 0); err != nil { // the call goes on
			t.Error(err)
		}
		sb.ended()
	})
}
