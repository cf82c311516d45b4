package boundary

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"runtime/debug"
	"sync"
	"time"

	"connectrpc.com/connect"

	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/callkit/wire"
	"github.com/ringtrip/ringtrip/media/remote"
	"github.com/ringtrip/ringtrip/phone"
	"github.com/ringtrip/ringtrip/signaling"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
	"github.com/ringtrip/ringtrip/signaling/ringtripv1/ringtripv1connect"
)

// Callback carries what an engine says to the app, as an [Out], and returns an [Answer], both JSON; nil is the empty
// answer. It is called from any thread, may call back into the engine, and must return soon: a push is waiting.
type Callback func(out []byte) (answer []byte)

// Engine is one process's engine behind the border. All methods may be called from any thread.
type Engine struct {
	callback Callback
	bridge   *wire.Bridge
	media    *remote.Factory
	phone    *phone.Phone
	client   *http.Client
	log      *slog.Logger
	all      sync.WaitGroup // goroutines of ours

	mu      sync.Mutex
	token   string
	asked   chan struct{} // closed when the token that is waited for has come; nil if none is
	closed  bool
	silent  bool          // the callback is not called any more
	running int           // callbacks that have not returned
	quiet   chan struct{} // closed when none runs any more; nil if nobody waits for that
}

// Dependencies replace what an engine is otherwise made with, for tests.
type Dependencies struct {
	// HTTP carries what is said to the server; nil is a client of the engine's own.
	HTTP *http.Client
	// Connect makes the line to the server; nil is [signaling.New].
	Connect func(signaling.Handler) signaling.Connection
	// Journal keeps the live calls; nil is what [Config].Folder says.
	Journal phone.Journal
}

// connectTo has a phone talk to an exchange; nil in a library that is built without the tag iossim.
var connectTo func(name string, pc *phone.Config) error

// New makes an engine: when it returns, the provider, the push registry and the observers exist on the other side, and
// the connection is being opened. It fails on a configuration that makes no sense, with what to do about it.
func New(config []byte, callback Callback, d Dependencies) (*Engine, error) {
	var c Config
	dec := json.NewDecoder(bytes.NewReader(config))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&c); err != nil {
		return nil, fmt.Errorf("boundary: the configuration is not what Config says: %w", err)
	}
	if callback == nil {
		return nil, errors.New("boundary: no callback: the engine could not report a call")
	}
	if c.Exchange != "" && connectTo == nil {
		return nil, errors.New("boundary: exchange is for tests; this library was built without the tag iossim")
	}
	if c.ServerURL == "" && d.Connect == nil && c.Exchange == "" {
		return nil, errors.New("boundary: serverURL is empty (want as https://calls.example.com)")
	}
	e := &Engine{callback: callback, client: d.HTTP}
	e.log = slog.New(logger{e})
	if e.client == nil {
		transport := http.DefaultTransport.(*http.Transport).Clone()
		transport.HTTP2 = &http.HTTP2Config{SendPingTimeout: 10 * time.Second, PingTimeout: 5 * time.Second}
		e.client = &http.Client{Transport: transport}
	}
	e.bridge = wire.NewBridge(func(m wire.Message) wire.Message {
		if a := e.say(Out{System: &m}).System; a != nil {
			return *a
		}
		return wire.Message{}
	})
	e.media = remote.NewFactory(func(m remote.Message) remote.Message {
		a := e.say(Out{Media: &m})
		switch {
		case a.Media != nil:
			return *a.Media
		case a.Error != "":
			return remote.Message{Error: a.Error}
		}
		return remote.Message{}
	})
	e.media.Later = func(f func()) { e.bridge.MainQueue().Async(f) }
	pc := e.phoneConfig(c, d)
	var err error
	if c.Exchange != "" {
		if err = connectTo(c.Exchange, &pc); err != nil {
			return nil, err
		}
	}
	if e.phone, err = phone.New(pc); err != nil {
		return nil, err
	}
	if c.Launch != nil && c.Launch.Activity != nil {
		if o := wire.Options(wire.Message{Launch: c.Launch}); o.UserActivity != nil {
			e.phone.ContinueUserActivity(*o.UserActivity)
		}
	}
	return e, nil
}

func (e *Engine) phoneConfig(c Config, d Dependencies) phone.Config {
	pc := phone.Config{
		System: e.bridge, Media: guardedMedia{e.media, e}, Journal: d.Journal, Logger: e.log,
		DeviceID: c.DeviceID, DeviceName: c.DeviceName, BundleID: c.BundleID, Environment: v1.Environment_ENVIRONMENT_SANDBOX,
		AppVersion: c.AppVersion, OSVersion: c.OSVersion, CallerName: c.CallerName, CallerHandle: c.CallerHandle,
		RingTimeout: time.Duration(c.RingSeconds * float64(time.Second)),
		OnChange:    func(s phone.Snapshot) { e.say(Out{Snapshot: snapshot(s)}) },
		Connect:     d.Connect,
		StayOnHold:  c.StayOnHold,
		OnGroup:     func(g *v1.GroupChanged) { e.say(Out{Group: group(g)}) },
		SealedName:  c.SealedName,
	}
	if c.Seals {
		pc.Keys = keys{e}
	}
	if c.Mixes {
		pc.Media = guardedMixer{guardedMedia{e.media, e}, remote.Mixer{Factory: e.media}}
	}
	if c.Production {
		pc.Environment = v1.Environment_ENVIRONMENT_PRODUCTION
	}
	if c.FulfillFirst {
		pc.AnswerPolicy = phone.FulfillFirst
	}
	if c.TakesVideo {
		pc.OnVideo = func(id callkit.UUID) { e.say(Out{Video: id.String()}) }
	}
	if c.Provider != nil {
		p := callkit.ProviderConfiguration(*c.Provider)
		pc.Provider = &p
	}
	if pc.Journal == nil && c.Folder != "" {
		pc.Journal = &phone.FileJournal{Path: filepath.Join(c.Folder, "ringtrip-calls.json")}
	}
	if pc.Connect == nil {
		pc.Connect = func(h signaling.Handler) signaling.Connection {
			return signaling.New(signaling.ClientConfig{
				BaseURL: c.ServerURL, HTTPClient: e.client, DeviceID: c.DeviceID, Token: e.userToken, Handler: h, Logger: e.log,
			})
		}
		rpc := ringtripv1connect.NewPhoneServiceClient(e.client, c.ServerURL)
		pc.Register = func(ctx context.Context, r *v1.RegisterDeviceRequest, done func(*v1.RegisterDeviceResponse, error)) {
			e.all.Go(func() { e.guard("registration", func() { e.register(ctx, rpc, r, done) }) })
		}
	}
	dial := pc.Connect
	pc.Connect = func(h signaling.Handler) signaling.Connection {
		return guardedConnection{dial(guardedHandler{e, h}), e}
	}
	return pc
}

func (e *Engine) register(ctx context.Context, rpc ringtripv1connect.PhoneServiceClient, r *v1.RegisterDeviceRequest, done func(*v1.RegisterDeviceResponse, error)) {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	token, err := e.userToken(ctx)
	if err != nil {
		done(nil, err)
		return
	}
	req := connect.NewRequest(r)
	req.Header().Set("Authorization", "Bearer "+token)
	answer, err := rpc.RegisterDevice(ctx, req)
	if err != nil {
		done(nil, err)
		return
	}
	done(answer.Msg, nil)
}

// userToken asks the app for the user's JWT, and waits for it until ctx ends.
func (e *Engine) userToken(ctx context.Context) (string, error) {
	if t := e.say(Out{Token: true}).Token; t != "" {
		return t, nil
	}
	for {
		e.mu.Lock()
		token := e.token
		if e.asked == nil {
			e.asked = make(chan struct{})
		}
		asked := e.asked
		e.mu.Unlock()
		if token != "" {
			return token, nil
		}
		select {
		case <-asked:
		case <-ctx.Done():
			return "", fmt.Errorf("boundary: the app gave no user token: %w", ctx.Err())
		}
	}
}

// say hands something to the app. Whatever goes wrong there is an answer with an error.
func (e *Engine) say(o Out) (a Answer) {
	b, err := json.Marshal(o)
	if err != nil {
		return Answer{Code: "bad_message", Error: fmt.Sprintf("boundary: %v", err)}
	}
	if !e.speak() {
		return Answer{Code: "closed", Error: "boundary: the engine was closed"}
	}
	defer e.spoken()
	if answer := e.callback(b); len(answer) > 0 {
		if err := json.Unmarshal(answer, &a); err != nil {
			return Answer{Code: "bad_message", Error: fmt.Sprintf("boundary: the app's answer is no Answer: %v", err)}
		}
	}
	return a
}

// speak begins a callback, unless the engine is silent.
func (e *Engine) speak() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.silent {
		return false
	}
	e.running++
	return true
}

func (e *Engine) spoken() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.running--; e.running == 0 && e.quiet != nil {
		close(e.quiet)
		e.quiet = nil
	}
}

// hush lets no callback begin any more, and waits until those that run have returned.
func (e *Engine) hush() {
	e.mu.Lock()
	e.silent = true
	var quiet chan struct{}
	if e.running > 0 {
		e.quiet = make(chan struct{})
		quiet = e.quiet
	}
	e.mu.Unlock()
	if quiet != nil {
		<-quiet
	}
}

// Tell takes what happened, as an [In] in JSON, and returns an [Answer] in JSON. It never panics and never fails:
// what makes no sense is answered with an error. A push is reported when it returns.
func (e *Engine) Tell(in []byte) []byte {
	b, err := json.Marshal(e.tell(in))
	if err != nil {
		return []byte(`{"code":"bad_message","error":"boundary: the answer could not be written"}`)
	}
	return b
}

func (e *Engine) tell(b []byte) (a Answer) {
	defer func() {
		if r := recover(); r != nil {
			a = Answer{Code: "panic", Error: fmt.Sprintf("boundary: %v\n%s", r, debug.Stack())}
		}
	}()
	var in In
	if err := json.Unmarshal(b, &in); err != nil {
		return Answer{Code: "bad_message", Error: fmt.Sprintf("boundary: this is no In: %v", err)}
	}
	switch {
	case in.System != nil:
		m := e.bridge.Event(*in.System)
		return Answer{System: &m}
	case in.Media != nil:
		m := e.media.Event(*in.Media)
		return Answer{Media: &m}
	case in.Request != nil:
		return e.request(*in.Request)
	case in.Token != nil:
		e.mu.Lock()
		e.token = *in.Token
		if e.asked != nil && e.token != "" {
			close(e.asked)
			e.asked = nil
		}
		e.mu.Unlock()
	case in.Network != nil:
		e.phone.NetworkChanged()
	default:
		return Answer{Code: "bad_message", Error: "boundary: nothing is said (want system, media, request, token or network)"}
	}
	return Answer{}
}

// State returns the [Snapshot] of this moment as JSON.
func (e *Engine) State() []byte {
	b, err := json.Marshal(snapshot(e.phone.Snapshot()))
	if err != nil {
		return []byte("{}")
	}
	return b
}

// Close ends the engine as the death of its process would, see [phone.Phone.Close]. The callback is not called any
// more when it returns, so it must not be called from within the callback.
func (e *Engine) Close() {
	e.mu.Lock()
	was := e.closed
	e.closed = true
	e.mu.Unlock()
	if was {
		return
	}
	e.phone.Close()
	e.all.Wait()
	e.bridge.Close()
	e.hush()
	e.client.CloseIdleConnections()
}
