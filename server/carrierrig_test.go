package server_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"

	"github.com/ringtrip/ringtrip/carrier"
	"github.com/ringtrip/ringtrip/server"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// fake is a carrier that says what it is told to say. Its webhooks are JSON with its password in a header.
type fake struct {
	name   string
	word   string // the password; empty: sesame
	traits carrier.Traits

	mu     sync.Mutex
	minted int
	asked  []string // "end ID REF", "prepare ID", "dial ID"
	did    chan string
	refuse map[string]error // by what is asked
	mint   func(carrier.Join) (json.RawMessage, error)
	hold   chan struct{} // nil, or what End waits for
}

// preparing is a fake that has to make rooms.
type preparing struct{ *fake }

// dialing is a fake that calls telephones.
type dialing struct{ *fake }

func newFake(name string, traits carrier.Traits) *fake {
	return &fake{name: name, traits: traits, refuse: map[string]error{}}
}

// begin makes what has to be of the test's bubble.
func (f *fake) begin() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.did == nil {
		f.did = make(chan string, 4096)
	}
}

func (f *fake) Name() string             { return f.name }
func (f *fake) Traits() carrier.Traits   { return f.traits }
func (f *fake) Check() []carrier.Finding { return nil }

func (f *fake) Credentials(j carrier.Join) (json.RawMessage, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.minted++
	if err := f.refuse["credentials"]; err != nil {
		return nil, err
	}
	if f.mint != nil {
		return f.mint(j)
	}
	return json.RawMessage(fmt.Sprintf(`{"room":%q,"who":%q,"n":%d}`, j.Call.Room(), j.Self.User+"/"+j.Self.Device, f.minted)), nil
}

func (f *fake) ask(what string, c carrier.Call) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	text := what + " " + c.ID
	if c.Ref != "" {
		text += " " + c.Ref
	}
	f.asked = append(f.asked, text)
	err := f.refuse[what]
	f.did <- text
	return err
}

func (f *fake) refuses(what string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.refuse[what] = err
}

func (f *fake) mints() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.minted
}

func (f *fake) End(ctx context.Context, c carrier.Call) error {
	if f.hold != nil {
		select {
		case <-f.hold:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return f.ask("end", c)
}

func (p preparing) Prepare(_ context.Context, c carrier.Call) (string, error) {
	return "room-of-" + c.ID, p.ask("prepare", carrier.Call{ID: c.ID})
}

func (d dialing) Dial(_ context.Context, c carrier.Call) (string, error) {
	return "dialed", d.ask("dial", carrier.Call{ID: c.ID, Ref: c.Callee.Phone + " as " + c.CallerID})
}

// fakeHook is a webhook of the fake: an event, an incoming call, or a question.
type fakeHook struct {
	Event    *carrier.Event
	Incoming *carrier.Incoming
	Ask      string
	AskRef   string
}

func (f *fake) Webhook(ctx context.Context, r *carrier.Request, d carrier.Desk) (carrier.Reply, error) {
	if r.Method != http.MethodPost {
		return carrier.Reply{}, carrier.ErrMethod
	}
	if word := cmp.Or(f.word, "sesame"); r.Header.Get("Password") != word {
		return carrier.Reply{}, fmt.Errorf("%w: another password", carrier.ErrSignature)
	}
	var h fakeHook
	if err := json.Unmarshal(r.Body, &h); err != nil {
		return carrier.Reply{}, carrier.ErrMalformed
	}
	var c carrier.Call
	var err error
	switch r.Hook {
	case "event":
		err = d.Tell(ctx, *h.Event)
	case "incoming":
		c, err = d.Incoming(ctx, *h.Incoming)
	case "ask":
		c, err = d.Call(ctx, h.Ask)
	case "askref":
		c, err = d.CallByRef(ctx, h.AskRef)
	case "url":
		return carrier.Reply{Body: []byte(r.URL.String()), ContentType: "text/plain"}, nil
	case "panic":
		panic("as asked")
	default:
		return carrier.Reply{}, carrier.ErrUnknownHook
	}
	if err != nil {
		return carrier.Reply{}, err
	}
	text, err := json.Marshal(c)
	return carrier.Reply{Body: text, ContentType: "application/json"}, err
}

// hook sends a webhook of the fake carrier of that name, and returns the status and the answer.
func (w *world) hook(name, hook string, h fakeHook, change ...func(*http.Request)) (int, []byte) {
	w.t.Helper()
	text := must(json.Marshal(h))
	req := must(http.NewRequest(http.MethodPost, "http://ringtrip.test/carriers/"+app+"/"+name+"/"+hook, bytes.NewReader(text)))
	req.Header.Set("Password", "sesame")
	for _, f := range change {
		f(req)
	}
	res, err := w.client.Do(req)
	if err != nil {
		w.t.Errorf("sending a webhook: %v", err)
		return 0, nil
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		w.t.Error(err)
	}
	return res.StatusCode, body
}

// says lets the carrier say something that must be taken.
func (w *world) says(name string, e carrier.Event) {
	w.t.Helper()
	if status, body := w.hook(name, "event", fakeHook{Event: &e}); status != 200 {
		w.t.Fatalf("the server answered %d %s to %+v", status, body, e)
	}
}

// rang lets a telephone call in, and returns the call.
func (w *world) rang(name string, in carrier.Incoming) carrier.Call {
	w.t.Helper()
	status, body := w.hook(name, "incoming", fakeHook{Incoming: &in})
	if status != 200 {
		w.t.Fatalf("the server answered %d %s to %+v", status, body, in)
	}
	var c carrier.Call
	if err := json.Unmarshal(body, &c); err != nil {
		w.t.Fatal(err)
	}
	return c
}

// next returns what the carrier is asked next.
func (f *fake) next(t testing.TB) string {
	t.Helper()
	select {
	case what := <-f.did:
		return what
	case <-time.After(2 * time.Hour): // virtual
		t.Fatal("the carrier was asked nothing")
		return ""
	}
}

// idle fails if the carrier is asked anything within a virtual minute.
func (f *fake) idle(t testing.TB) {
	t.Helper()
	select {
	case what := <-f.did:
		t.Errorf("the carrier was asked %q", what)
	case <-time.After(time.Minute):
	}
}

const office = "+15550001111"

// withCarrier makes the app's calls go by a carrier; its number is the office's, which is bob's.
func withCarrier(c carrier.Carrier, more ...func(*server.App)) func(*server.Config) {
	return func(cfg *server.Config) {
		c.(interface{ begin() }).begin()
		a := &cfg.Apps[0]
		a.Carriers, a.Carrier = []carrier.Carrier{c}, c.Name()
		a.Numbers = map[string]string{office: "bob"}
		if c.Traits().PSTN {
			a.Telephones = &server.Telephones{Carrier: c.Name(), Prefixes: []string{"+1555", "+49"}, CallerID: office}
		}
		for _, f := range more {
			f(a)
		}
	}
}

var (
	rooms  = carrier.Traits{Rooms: true, Watched: true, TokenLife: time.Hour}
	bridge = carrier.Traits{AfterAnswer: true, PSTN: true, Watched: true, TokenLife: time.Hour}
)

var errDown = errors.New("the carrier is down")

func creds(c *v1.Call) string { return string(c.GetMediaCredentials()) }

func getCredentials(p *phone, id string) (*v1.GetCredentialsResponse, error) {
	r, err := p.api().GetCredentials(context.Background(), connect.NewRequest(&v1.GetCredentialsRequest{CallId: id, DeviceId: p.device}))
	if err != nil {
		return nil, err
	}
	return r.Msg, nil
}
