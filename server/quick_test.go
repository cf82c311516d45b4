package server_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/ringtrip/ringtrip/server"
	"github.com/ringtrip/ringtrip/server/auth"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
	rpc "github.com/ringtrip/ringtrip/signaling/ringtripv1/ringtripv1connect"
)

// said is an answer: everything of it that a client can see.
type said struct {
	status int
	header http.Header
	body   []byte
	debug  bool // its error has details with "debug"
}

// put sends a request past the network. With a query, which Connect does not look at, it is Connect's to answer.
func put(t testing.TB, h http.Handler, path string, header http.Header, body []byte) said {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, "http://ringtrip.test"+path, bytes.NewReader(body))
	maps.Copy(r.Header, header)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	s := said{status: w.Code, header: w.Header(), body: w.Body.Bytes()}
	if s.header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(w.Body)
		if err != nil {
			t.Fatal(err)
		}
		if s.body, err = io.ReadAll(z); err != nil {
			t.Fatal(err)
		}
	}
	s.header.Del("Content-Length") // of the compressed body, or with debug
	if s.status == http.StatusOK {
		return s
	}
	var wire struct {
		Code    string           `json:"code"`
		Message string           `json:"message"`
		Details []map[string]any `json:"details,omitempty"`
	}
	if err := json.Unmarshal(s.body, &wire); err != nil {
		t.Fatalf("an error is %q: %v", s.body, err)
	}
	for _, d := range wire.Details {
		_, s.debug = d["debug"]
		delete(d, "debug")
	}
	if _, text, ok := strings.Cut(wire.Message, "proto:"); ok && strings.TrimSpace(text) != "" {
		wire.Message = "" // protobuf words its errors differently on purpose
	}
	s.body, _ = json.Marshal(wire)
	return s
}

// Clients can't tell who answers: the server itself, as fast as it can, or Connect.
func TestQuickIsConnect(t *testing.T) {
	w := newWorld(t, func(c *server.Config) { // what a call carries is long enough to be compressed
		c.ICEServers = []byte(`{"iceServers":[{"urls":"stun:` + strings.Repeat("stun.example.com", 300) + `"}]}`)
	})
	alice, bob := w.phone("alice", "a1", ""), w.phone("bob", "b1", "0011223344556677")
	w.phone("bob", "b2", "0011223344556688")
	over := alice.call("bob")
	if _, err := alice.api().Cancel(t.Context(), connect.NewRequest(&v1.CancelRequest{CallId: over.Id, DeviceId: "a1"})); err != nil {
		t.Fatal(err)
	}
	c := alice.call("bob")
	if _, err := bob.answer(c.Id); err != nil {
		t.Fatal(err)
	}
	h := w.s.Handler()
	plain := func(token string, more ...string) http.Header {
		header := http.Header{"Content-Type": {"application/proto"}, "Connect-Protocol-Version": {"1"}}
		if token != "" {
			header.Set("Authorization", "Bearer "+token)
		}
		for i := 0; i < len(more); i += 2 {
			header.Set(more[i], more[i+1])
		}
		return header
	}
	ofA, ofB := token("alice"), token("bob")
	for name, q := range map[string]struct {
		path   string
		header http.Header
		msg    proto.Message
		status int
	}{
		"a call":                 {rpc.PhoneServiceGetCallProcedure, plain(ofA), &v1.GetCallRequest{CallId: c.Id, DeviceId: "a1"}, 200},
		"in the hands of gzip":   {rpc.PhoneServiceGetCallProcedure, plain(ofA, "Accept-Encoding", "br, gzip"), &v1.GetCallRequest{CallId: c.Id, DeviceId: "a1"}, 200},
		"with time enough":       {rpc.PhoneServiceGetCallProcedure, plain(ofA, "Connect-Timeout-Ms", "60000"), &v1.GetCallRequest{CallId: c.Id, DeviceId: "a1"}, 200},
		"without time":           {rpc.PhoneServiceGetCallProcedure, plain(ofA, "Connect-Timeout-Ms", "0"), &v1.GetCallRequest{CallId: c.Id, DeviceId: "a1"}, 504},
		"with a strange time":    {rpc.PhoneServiceGetCallProcedure, plain(ofA, "Connect-Timeout-Ms", "soon"), &v1.GetCallRequest{CallId: c.Id, DeviceId: "a1"}, 400},
		"of another version":     {rpc.PhoneServiceGetCallProcedure, plain(ofA, "Connect-Protocol-Version", "2"), &v1.GetCallRequest{CallId: c.Id, DeviceId: "a1"}, 400},
		"encoded strangely":      {rpc.PhoneServiceGetCallProcedure, plain(ofA, "Content-Encoding", "br"), &v1.GetCallRequest{CallId: c.Id, DeviceId: "a1"}, 501},
		"an answer, again":       {rpc.PhoneServiceAnswerProcedure, plain(ofB), &v1.AnswerRequest{CallId: c.Id, DeviceId: "b1"}, 200},
		"an answer too late":     {rpc.PhoneServiceAnswerProcedure, plain(ofB), &v1.AnswerRequest{CallId: c.Id, DeviceId: "b2"}, 400},
		"an ack":                 {rpc.PhoneServiceAckProcedure, plain(ofB), &v1.AckRequest{CallId: c.Id, DeviceId: "b1"}, 200},
		"a start by nobody":      {rpc.PhoneServiceStartProcedure, plain(ofA), &v1.StartRequest{DeviceId: "a9", Callee: "bob"}, 404},
		"a start of nothing":     {rpc.PhoneServiceStartProcedure, plain(ofA), &v1.StartRequest{DeviceId: "a1"}, 400},
		"no such call":           {rpc.PhoneServiceEndProcedure, plain(ofA), &v1.EndRequest{CallId: "0190b5c0-0000-7000-8000-000000000000", DeviceId: "a1"}, 404},
		"an end after the end":   {rpc.PhoneServiceCancelProcedure, plain(ofA), &v1.CancelRequest{CallId: over.Id, DeviceId: "a1"}, 400},
		"somebody else's":        {rpc.PhoneServiceGetCallProcedure, plain(token("mallory")), &v1.GetCallRequest{CallId: c.Id, DeviceId: "a1"}, 404},
		"no token":               {rpc.PhoneServiceGetCallProcedure, plain(""), &v1.GetCallRequest{CallId: c.Id, DeviceId: "a1"}, 401},
		"a bad token":            {rpc.PhoneServiceGetCallProcedure, plain("nonsense"), &v1.GetCallRequest{CallId: c.Id, DeviceId: "a1"}, 401},
		"another scope":          {rpc.PhoneServiceAckProcedure, plain(mint(auth.Claims{App: app, Scope: auth.Ops})), &v1.AckRequest{CallId: c.Id}, 403},
		"in whose name":          {rpc.PhoneServiceGetCallProcedure, plain(mint(auth.Claims{App: app, Scope: auth.Backend})), &v1.GetCallRequest{CallId: c.Id, DeviceId: "a1"}, 400},
		"in the name of one":     {rpc.PhoneServiceGetCallProcedure, plain(mint(auth.Claims{App: app, Scope: auth.Backend}), server.UserHeader, "bob"), &v1.GetCallRequest{CallId: c.Id, DeviceId: "b1"}, 200},
		"another device's token": {rpc.PhoneServiceAckProcedure, plain(mint(auth.Claims{App: app, User: "bob", Scope: auth.Device, Device: "b2"})), &v1.AckRequest{CallId: c.Id, DeviceId: "b1"}, 403},
	} {
		t.Run(name, func(t *testing.T) {
			body, err := proto.Marshal(q.msg)
			if err != nil {
				t.Fatal(err)
			}
			fast, slow := put(t, h, q.path, q.header, body), put(t, h, q.path+"?by=connect", q.header, body)
			if slow.status != q.status {
				t.Errorf("Connect answered %d, not %d: %s", slow.status, q.status, slow.body)
			}
			if zipped := strings.Contains(q.header.Get("Accept-Encoding"), "gzip"); zipped != (fast.header.Get("Content-Encoding") == "gzip") {
				t.Errorf("the client accepts gzip: %t; the headers are %v", zipped, fast.header)
			}
			same(t, fast, slow)
			if slow.debug && fast.debug {
				t.Error("Connect answered both")
			}
		})
	}
}

func same(t *testing.T, fast, slow said) {
	t.Helper()
	if fast.status != slow.status || !bytes.Equal(fast.body, slow.body) {
		t.Errorf("the server answered %d %q,\nConnect %d %q", fast.status, fast.body, slow.status, slow.body)
	}
	if f, s := must(json.Marshal(fast.header)), must(json.Marshal(slow.header)); !bytes.Equal(f, s) {
		t.Errorf("the server's headers are %s,\nConnect's %s", f, s)
	}
}

// The limits of requests answer with how long to wait, in a header.
func TestQuickSaysWhenToTryAgain(t *testing.T) {
	w := newWorld(t, func(c *server.Config) { c.Apps[0].Limits.Caller = server.Rate{PerMinute: 1} })
	alice := w.phone("alice", "a1", "")
	w.phone("bob", "b1", "0011223344556677")
	alice.call("bob")
	_, err := alice.start("bob")
	wire := (*connect.Error)(nil)
	if connect.CodeOf(err) != connect.CodeResourceExhausted {
		t.Fatalf("the second call: %v", err)
	}
	if wire, _ = err.(*connect.Error); wire == nil || wire.Meta().Get("Retry-After") != "60" {
		t.Errorf("Retry-After is %q", wire.Meta().Get("Retry-After"))
	}
}

// listener counts what it is told, and what goes through it.
type listener struct {
	bearer
	told map[string]error
}

func (l listener) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc { return next }
func (l listener) Answered(procedure string, took time.Duration, err error) {
	l.told[procedure] = err
}

// Watchers hear of what is answered, and interceptors that want more than that see every request.
func TestQuickWatched(t *testing.T) {
	for _, mayBeQuick := range []bool{true, false} {
		told := listener{told: map[string]error{}}
		w := newWorld(t, func(c *server.Config) {
			c.Interceptors = []connect.Interceptor{told}
			if !mayBeQuick {
				c.Interceptors = append(c.Interceptors, connect.UnaryInterceptorFunc(told.WrapUnary))
			}
		})
		header := http.Header{"Content-Type": {"application/proto"}, "Authorization": {"Bearer " + token("alice")}}
		got := put(t, w.s.Handler(), rpc.PhoneServiceGetCallProcedure, header, nil)
		err := told.told[rpc.PhoneServiceGetCallProcedure]
		if got.status != 400 || mayBeQuick != (connect.CodeOf(err) == connect.CodeInvalidArgument) || got.debug == mayBeQuick {
			t.Errorf("quick=%t: %d %s; the watcher was told %v", mayBeQuick, got.status, got.body, err)
		}
	}
}

// Whatever comes, the answer is what Connect would have said.
func FuzzQuick(f *testing.F) {
	w := newWorld(f, nil)
	h := w.s.Handler()
	methods := []string{rpc.PhoneServiceAckProcedure, rpc.PhoneServiceAnswerProcedure, rpc.PhoneServiceGetCallProcedure, rpc.PhoneServiceHoldProcedure,
		rpc.PhoneServiceSendMediaProcedure, rpc.PhoneServiceEndProcedure}
	some := must(proto.Marshal(&v1.AckRequest{CallId: "0190b5c0-0000-7000-8000-000000000000", DeviceId: "a1"}))
	f.Add(uint8(0), some, "application/proto", "1", "", "", true)
	f.Add(uint8(1), some[:9], "application/proto", "", "identity", "1000", true)
	f.Add(uint8(2), []byte("\xff"), "application/proto; charset=utf-8", "2", "gzip", "-1", false)
	f.Add(uint8(3), must(protojson.Marshal(&v1.HoldRequest{CallId: "x"})), "application/json", "1", "", "1", true)
	token := "Bearer " + token("alice")
	f.Fuzz(func(t *testing.T, method uint8, body []byte, kind, version, encoding, timeout string, known bool) {
		header := http.Header{}
		for name, value := range map[string]string{"Content-Type": kind, "Connect-Protocol-Version": version, "Content-Encoding": encoding, "Connect-Timeout-Ms": timeout} {
			if value != "" {
				header.Set(name, value)
			}
		}
		if known {
			header.Set("Authorization", token)
		}
		if ms, err := time.ParseDuration(timeout + "ms"); err == nil && ms < 10*time.Second {
			header.Set("Connect-Timeout-Ms", "100000") // whether it is met is no question here
		}
		path := methods[int(method)%len(methods)]
		fast, slow := statusBy(h, path, header, body), statusBy(h, path+"?by=connect", header, body)
		if fast != slow {
			t.Errorf("the server answered %d, Connect %d", fast, slow)
		}
	})
}

func statusBy(h http.Handler, path string, header http.Header, body []byte) int {
	r := httptest.NewRequest(http.MethodPost, "http://ringtrip.test"+path, bytes.NewReader(body))
	maps.Copy(r.Header, header)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code
}
