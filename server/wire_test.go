package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"connectrpc.com/connect"

	"github.com/ringtrip/ringtrip/push"
	"github.com/ringtrip/ringtrip/server"
	"github.com/ringtrip/ringtrip/signaling"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
	"github.com/ringtrip/ringtrip/signaling/ringtripv1/ringtripv1connect"
)

// The same call over real TCP: Connect over HTTP/1.1 and 2, gRPC, gRPC-Web, and JSON as curl sends it.
func TestWires(t *testing.T) {
	w := newWorld(t, nil)
	hs := httptest.NewUnstartedServer(w.s.Handler())
	hs.Config.Protocols = new(http.Protocols)
	hs.Config.Protocols.SetHTTP1(true)
	hs.Config.Protocols.SetUnencryptedHTTP2(true)
	hs.Start()
	defer hs.Close()
	defer w.s.Close() // streams end before the server waits for them
	http2 := &http.Transport{Protocols: new(http.Protocols)}
	http2.Protocols.SetUnencryptedHTTP2(true)
	defer http2.CloseIdleConnections()
	for name, c := range map[string]struct {
		client  *http.Client
		options []connect.ClientOption
	}{
		"Connect, HTTP/1.1": {hs.Client(), nil},
		"Connect, HTTP/2":   {&http.Client{Transport: http2}, nil},
		"Connect, JSON":     {hs.Client(), []connect.ClientOption{connect.WithProtoJSON(), connect.WithSendGzip()}},
		"gRPC":              {&http.Client{Transport: http2}, []connect.ClientOption{connect.WithGRPC()}},
		"gRPC-Web":          {hs.Client(), []connect.ClientOption{connect.WithGRPCWeb()}},
	} {
		t.Run(name, func(t *testing.T) {
			as := func(user string) ringtripv1connect.PhoneServiceClient {
				return ringtripv1connect.NewPhoneServiceClient(c.client, hs.URL, append(c.options, connect.WithInterceptors(bearer(token(user))))...)
			}
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			for user, device := range map[string]string{"alice": "a1", "bob": "b1"} {
				if _, err := as(user).RegisterDevice(ctx, connect.NewRequest(&v1.RegisterDeviceRequest{DeviceId: device})); err != nil {
					t.Fatal(err)
				}
			}
			in, err := as("bob").Events(ctx, connect.NewRequest(&v1.EventsRequest{DeviceId: "b1", Foreground: true, Cursor: 1 << 50}))
			if err != nil {
				t.Fatal(err)
			}
			defer in.Close()
			if !in.Receive() || in.Msg().GetHello() == nil {
				t.Fatalf("first came %v, %v", in.Msg(), in.Err())
			}
			started, err := as("alice").Start(ctx, connect.NewRequest(&v1.StartRequest{DeviceId: "a1", Callee: "bob"}))
			if err != nil {
				t.Fatal(err)
			}
			id := started.Msg.Call.Id
			for in.Receive() && in.Msg().GetCall().GetId() != id {
			}
			if in.Msg().GetCall().GetState() != v1.CallState_CALL_STATE_RINGING {
				t.Fatalf("then came %v, %v", in.Msg(), in.Err())
			}
			if r, err := as("bob").Answer(ctx, connect.NewRequest(&v1.AnswerRequest{CallId: id, DeviceId: "b1"})); err != nil || r.Msg.Call.AnsweredBy != "b1" {
				t.Errorf("answering gave %v, %v", r, err)
			}
			if _, err := as("alice").End(ctx, connect.NewRequest(&v1.EndRequest{CallId: id, DeviceId: "a1"})); err != nil {
				t.Error(err)
			}
			_, err = as("alice").End(ctx, connect.NewRequest(&v1.EndRequest{CallId: id, DeviceId: "a1"}))
			if p := wantProblem(t, "ending twice", err, connect.CodeFailedPrecondition, "already_ended"); p.GetCall().GetReason() != v1.EndReason_END_REASON_HUNGUP {
				t.Errorf("the problem is %v", p)
			}
		})
	}
	r := must(http.NewRequest("POST", hs.URL+"/ringtrip.v1.PhoneService/ListHistory", strings.NewReader(`{"limit": 2}`)))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "bearer "+token("alice"))
	res := must(hs.Client().Do(r))
	defer res.Body.Close()
	var said struct {
		Records []struct{ CallID, Reason string }
	}
	if err := json.NewDecoder(res.Body).Decode(&said); err != nil || len(said.Records) != 2 || said.Records[0].Reason != "END_REASON_HUNGUP" {
		t.Errorf("curl reads %+v, %v", said, err)
	}
}

// A device that takes nothing any more loses its stream, and is pushed to again.
func TestSlowReader(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		a, b := w.phone("alice", "a1", ""), w.phone("bob", "b1", voip(2))
		var conn net.Conn
		slow := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, network, addr string) (c net.Conn, err error) {
			conn, err = w.pipes.dial(ctx, network, addr)
			return conn, err
		}}}
		api := ringtripv1connect.NewPhoneServiceClient(slow, "http://ringtrip.test", connect.WithInterceptors(bearer(b.token)))
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		in, err := api.Events(ctx, connect.NewRequest(&v1.EventsRequest{DeviceId: "b1", Foreground: true}))
		if err != nil || !in.Receive() {
			t.Fatal(err, in.Err())
		}
		defer in.Close()
		// The client's own buffers take 4 KiB each; more than that is on its way to a reader that does not read.
		id := a.call("bob").Id
		for range 10 {
			if err := a.send(id, "b1", v1.MediaKind_MEDIA_KIND_OFFER, strings.Repeat("x", 10<<10)); err != nil {
				t.Fatal(err)
			}
		}
		for range len(w.apns.sent) {
			<-w.apns.sent
		}
		time.Sleep(20 * time.Second)
		for range len(w.apns.sent) { // the grace of the first call
			<-w.apns.sent
		}
		a.call("bob")
		synctest.Wait()
		if n := len(w.apns.sent); n != 1 {
			t.Errorf("%d pushes were sent at once to a device whose stream is stuck, want 1", n)
		}
	})
}

// A name of nothing but characters that JSON writes long still fits into a push.
func TestPushFits(t *testing.T) {
	inBubble(t, func(c *server.Config) { c.PublicURL = "https://calls.example.com/?" + strings.Repeat("&", 220) }, func(t *testing.T, w *world) {
		a := w.phone("alice", "a1", "")
		w.phone(strings.Repeat("&", 128), "b1", voip(2))
		c, err := a.start(strings.Repeat("&", 128), func(r *v1.StartRequest) {
			r.CallerName, r.CallerHandle = strings.Repeat("<", 256), strings.Repeat(">", 256)
		})
		if err != nil {
			t.Fatal(err)
		}
		p := <-w.apns.sent
		said, err := signaling.ParsePush(p.Payload)
		if err != nil || len(p.Payload) > push.MaxVoIPPayload || said.CallID.String() != c.Id || len(said.CallerName) != 64 {
			t.Errorf("%d bytes were pushed: %+v, %v", len(p.Payload), said, err)
		}
	})
}

// Nothing but the services is served.
func TestOtherPaths(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		for _, path := range []string{"/", "/ringtrip.v1.PhoneService/", "/metrics"} {
			res := must(w.client.Get("http://ringtrip.test" + path))
			_, _ = io.Copy(io.Discard, res.Body)
			if res.Body.Close(); res.StatusCode != http.StatusNotFound {
				t.Error(fmt.Sprint(path, ": ", res.Status))
			}
		}
	})
}
