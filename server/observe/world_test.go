package observe_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"connectrpc.com/connect"
	"go.uber.org/goleak"

	"github.com/ringtrip/ringtrip/bus/local"
	"github.com/ringtrip/ringtrip/push"
	"github.com/ringtrip/ringtrip/server"
	"github.com/ringtrip/ringtrip/server/auth"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
	"github.com/ringtrip/ringtrip/signaling/ringtripv1/ringtripv1connect"
	"github.com/ringtrip/ringtrip/store"
	"github.com/ringtrip/ringtrip/store/sqlite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// sender takes every push, and tells the test.
type sender struct {
	sent chan push.Push
	err  error
}

func (s *sender) Send(_ context.Context, p push.Push) (push.Receipt, error) {
	if s.err != nil {
		return push.Receipt{}, s.err
	}
	defer func() { s.sent <- p }()
	return push.Receipt{ID: p.ID, Latency: 20 * time.Millisecond, Attempts: 1, Environment: p.Environment}, nil
}

// world is a whole server on this machine.
type world struct {
	t      *testing.T
	key    auth.Key
	url    string
	client *http.Client
	sender *sender
	server *server.Server
	store  store.Store
}

// newWorld starts a server as set says. Everything ends with the test.
func newWorld(t *testing.T, set func(*server.Config)) *world {
	t.Helper()
	key, err := auth.HS256("", []byte("a secret of the app that is long enough"))
	if err != nil {
		t.Fatal(err)
	}
	st, err := sqlite.Open(t.Context(), sqlite.Config{})
	if err != nil {
		t.Fatal(err)
	}
	b := local.New()
	w := &world{t: t, key: key, sender: &sender{sent: make(chan push.Push, 64)}, store: st}
	cfg := server.Config{
		Store: st, Bus: b, Apps: []server.App{{ID: "shop", Keys: []auth.Key{key}}},
		Push: func(string, string) push.Sender { return w.sender },
	}
	set(&cfg)
	if w.server, err = server.New(cfg); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	over := make(chan struct{})
	go func() { defer close(over); _ = w.server.Run(ctx) }()
	h := httptest.NewServer(w.server.Handler())
	w.url, w.client = h.URL, h.Client()
	t.Cleanup(func() {
		stop()
		<-over
		h.Close()
		_ = b.Close()
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// as returns a client of a user.
func (w *world) as(user string) ringtripv1connect.PhoneServiceClient {
	w.t.Helper()
	token, err := auth.Mint(w.key, auth.Claims{App: "shop", User: user, Expires: time.Now().Add(time.Hour)})
	if err != nil {
		w.t.Fatal(err)
	}
	show := connect.UnaryInterceptorFunc(func(next connect.UnaryFunc) connect.UnaryFunc {
		return func(ctx context.Context, r connect.AnyRequest) (connect.AnyResponse, error) {
			r.Header().Set("Authorization", "Bearer "+token)
			return next(ctx, r)
		}
	})
	return ringtripv1connect.NewPhoneServiceClient(w.client, w.url, connect.WithInterceptors(show))
}

// must returns the answer of a request that succeeds.
func must[R any](t *testing.T) func(*connect.Response[R], error) *R {
	return func(r *connect.Response[R], err error) *R {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return r.Msg
	}
}

// device registers a device that can be pushed to.
func (w *world) device(user, id, app, os string) {
	w.t.Helper()
	must[v1.RegisterDeviceResponse](w.t)(w.as(user).RegisterDevice(w.t.Context(), connect.NewRequest(&v1.RegisterDeviceRequest{
		DeviceId: id, Platform: "ios", VoipToken: "00112233445566778899", BundleId: "com.example.shop", AppVersion: app, OsVersion: os,
		Environment: v1.Environment_ENVIRONMENT_SANDBOX,
	})))
}

// call makes one whole call from alice to bob and returns its id.
func (w *world) call() string {
	w.t.Helper()
	ctx, alice, bob := w.t.Context(), w.as("alice"), w.as("bob")
	w.device("alice", "a1", "1.0", "26.4")
	w.device("bob", "b1", "1.1", "18.2")
	id := must[v1.StartResponse](w.t)(alice.Start(ctx, connect.NewRequest(&v1.StartRequest{DeviceId: "a1", Callee: "bob"}))).Call.Id
	<-w.sender.sent
	if err := w.server.Idle(ctx); err != nil { // what came of the push is stored
		w.t.Fatal(err)
	}
	marks := func(stages ...v1.Stage) (out []*v1.Mark) {
		for _, s := range stages {
			out = append(out, &v1.Mark{Stage: s})
		}
		return out
	}
	must[v1.AckResponse](w.t)(bob.Ack(ctx, connect.NewRequest(&v1.AckRequest{CallId: id, DeviceId: "b1",
		Marks: marks(v1.Stage_STAGE_WOKE, v1.Stage_STAGE_REPORTED, v1.Stage_STAGE_RINGING)})))
	must[v1.AnswerResponse](w.t)(bob.Answer(ctx, connect.NewRequest(&v1.AnswerRequest{CallId: id, DeviceId: "b1"})))
	must[v1.AckResponse](w.t)(bob.Ack(ctx, connect.NewRequest(&v1.AckRequest{CallId: id, DeviceId: "b1",
		Marks: marks(v1.Stage_STAGE_AUDIO_ACTIVE, v1.Stage_STAGE_FIRST_MEDIA)})))
	must[v1.EndResponse](w.t)(alice.End(ctx, connect.NewRequest(&v1.EndRequest{CallId: id, DeviceId: "a1"})))
	return id
}
