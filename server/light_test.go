package server_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/ringtrip/ringtrip/server"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
	"github.com/ringtrip/ringtrip/signaling/ringtripv1/ringtripv1connect"
)

// raw is an event stream by HTTP/1.1, read without a client's help.
type raw struct {
	t    *testing.T
	conn net.Conn
	in   *bufio.Reader
	res  *http.Response
}

// request is what a device writes to open its stream, and more after it.
func (p *phone) request(kind, more string) string {
	m := &v1.EventsRequest{DeviceId: p.device, Foreground: true}
	body := must(proto.Marshal(m))
	if kind == "json" {
		body = must(protojson.Marshal(m))
	}
	return fmt.Sprintf("POST /ringtrip.v1.PhoneService/Events HTTP/1.1\r\nHost: x\r\nContent-Type: application/connect+%s\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\n\r\n%s%s",
		kind, p.token, 5+len(body), binary.BigEndian.AppendUint32([]byte{0}, uint32(len(body))), string(body)+more)
}

// openBytes writes text on a connection of its own and reads the head of what is answered.
func openBytes(t *testing.T, conn net.Conn, text string) *raw {
	t.Helper()
	r := &raw{t: t, conn: conn, in: bufio.NewReader(conn)}
	t.Cleanup(func() { conn.Close() })
	written := make(chan error, 1)
	go func() { _, err := io.WriteString(conn, text); written <- err }()
	t.Cleanup(func() { conn.Close(); <-written })
	var err error
	if r.res, err = http.ReadResponse(r.in, nil); err != nil {
		t.Fatal(err)
	}
	return r
}

func (w *world) connect() net.Conn { return must(w.pipes.dial(context.Background(), "", "")) }

// envelope reads one.
func (r *raw) envelope() (flags byte, body []byte, err error) {
	var head [5]byte
	if _, err := io.ReadFull(r.res.Body, head[:]); err != nil {
		return 0, nil, err
	}
	body = make([]byte, binary.BigEndian.Uint32(head[1:]))
	_, err = io.ReadFull(r.res.Body, body)
	return head[0], body, err
}

// hello reads the first event.
func (r *raw) hello() {
	r.t.Helper()
	var e v1.EventsResponse
	flags, body, err := r.envelope()
	if err != nil || flags != 0 || proto.Unmarshal(body, &e) != nil || e.GetHello() == nil {
		r.t.Fatalf("first came %d %q, %v", flags, body, err)
	}
}

// last reads on to the envelope that ends the stream, and makes sure that nothing comes after it.
func (r *raw) last() (code, slug string) {
	r.t.Helper()
	for {
		flags, body, err := r.envelope()
		if err != nil {
			r.t.Fatalf("the stream had no last envelope: %v", err)
		}
		if flags&2 == 0 {
			continue
		}
		var end struct {
			Error struct {
				Code, Message string
				Details       []struct{ Type, Value string }
			}
		}
		if err := json.Unmarshal(body, &end); err != nil || end.Error.Message == "" || len(end.Error.Details) != 1 || end.Error.Details[0].Type != "ringtrip.v1.CallProblem" {
			r.t.Fatalf("the last envelope is %q, %v", body, err)
		}
		var p v1.CallProblem
		if err := proto.Unmarshal(must(base64.RawStdEncoding.DecodeString(end.Error.Details[0].Value)), &p); err != nil {
			r.t.Fatal(err)
		}
		if rest, err := io.ReadAll(r.res.Body); len(rest) != 0 || err != nil {
			r.t.Errorf("after the last envelope came %q, %v", rest, err)
		}
		if rest, err := io.ReadAll(r.in); len(rest) != 0 || err != nil {
			r.t.Errorf("after the last chunk came %q, %v", rest, err)
		}
		return end.Error.Code, p.Code
	}
}

// What a stream by HTTP/1.1 looks like on the wire, to its end.
func TestLightStreamBytes(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		a, b := w.phone("alice", "a1", ""), w.phone("bob", "b1", "")
		r := openBytes(t, w.connect(), b.request("json", ""))
		h := r.res.Header
		if r.res.StatusCode != 200 || h.Get("Content-Type") != "application/connect+json" || !r.res.Close || len(r.res.TransferEncoding) != 1 ||
			h.Get("X-Accel-Buffering") != "no" || h.Get("Date") != time.Now().UTC().Format(http.TimeFormat) || !strings.Contains(h.Get("Connect-Accept-Encoding"), "gzip") {
			t.Errorf("the head is %v", r.res)
		}
		id := a.call("bob").Id
		for _, want := range []string{`"nextCallId":"`, `"id":"` + id + `"`, `"ping":{`} {
			flags, body, err := r.envelope()
			if text := strings.ReplaceAll(string(body), `": `, `":`); err != nil || flags != 0 || !strings.Contains(text, want) {
				t.Errorf("came %d %q, %v, want %s", flags, body, err, want)
			}
		}
		if n := w.s.Stats().Streams; n != 1 {
			t.Errorf("%d streams", n)
		}
		w.s.Close()
		if code, slug := r.last(); code != "unavailable" || slug != "server_stopping" {
			t.Errorf("it ended with %s %s", code, slug)
		}
	})
}

// A device that goes is missed at once, not at the next ping.
func TestLightStreamIsCut(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		b := w.phone("bob", "b1", "")
		for _, read := range []bool{true, false} {
			r := openBytes(t, w.connect(), b.request("proto", ""))
			if read {
				r.hello()
			}
			r.conn.Close()
			synctest.Wait()
			if n := w.s.Stats().Streams; n != 0 {
				t.Errorf("%d streams are left after the connection was closed (hello read: %t)", n, read)
			}
		}
	})
}

// What comes after the request is not answered, and too much of it ends the stream.
func TestLightStreamIsTalkedTo(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		b := w.phone("bob", "b1", "")
		// In the same packet as the request, as who pipelines does it.
		r := openBytes(t, w.connect(), b.request("proto", "\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n"))
		r.hello()
		if _, err := io.WriteString(r.conn, strings.Repeat("x", 4<<10-100)); err != nil {
			t.Fatal(err)
		}
		if flags, _, err := r.envelope(); err != nil || flags != 0 {
			t.Errorf("no ping came: %d, %v", flags, err)
		}
		_, _ = io.WriteString(r.conn, strings.Repeat("x", 200))
		if _, err := io.ReadAll(r.in); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if n := w.s.Stats().Streams; n != 0 {
			t.Errorf("%d streams are left after 4 KiB of noise", n)
		}
		// A second message, or garbage, inside the request is an error of the request.
		text := b.request("proto", "")
		head, body, _ := strings.Cut(text, "\r\n\r\n")
		for _, more := range []string{body, "\x00\x00", "\x00\xff\xff\xff\xff"} {
			head := head[:strings.Index(head, "Content-Length")] + fmt.Sprintf("Content-Length: %d\r\n\r\n", len(body)+len(more))
			r = openBytes(t, w.connect(), head+body+more)
			if flags, body, err := r.envelope(); err != nil || flags != 2 {
				t.Errorf("after %q came %d %q, %v", more, flags, body, err)
			}
			if n := w.s.Stats().Streams; n != 0 {
				t.Errorf("%d streams are open", n)
			}
		}
	})
}

// A request that is refused, or never ends, is answered as others are, and its connection goes on.
func TestLightStreamIsRefused(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		b := w.phone("bob", "b1", "")
		wrong := *b
		wrong.token = "nonsense"
		r := openBytes(t, w.connect(), wrong.request("proto", "")+b.request("proto", ""))
		flags, body, err := r.envelope()
		if err != nil || flags != 2 || !strings.Contains(string(body), "unauthenticated") || r.res.Close {
			t.Errorf("refused with %d %q, %v, close=%t", flags, body, err, r.res.Close)
		}
		_, _ = io.Copy(io.Discard, r.res.Body)
		if r.res, err = http.ReadResponse(r.in, nil); err != nil {
			t.Fatal(err)
		}
		r.hello()
		began := time.Now()
		head, body2, _ := strings.Cut(b.request("proto", ""), "\r\n\r\n")
		conn := w.connect()
		defer conn.Close()
		if _, err := io.WriteString(conn, head[:strings.Index(head, "Content-Length")]+"Content-Length: 1000\r\n\r\n"+body2); err != nil {
			t.Fatal(err)
		}
		_, _ = io.ReadAll(conn)
		if took := time.Since(began); took < 25*time.Second || took > 40*time.Second {
			t.Errorf("a request without an end lasted %s", took)
		}
	})
}

// A stream with a time limit of its own, or behind a middleware that hides the connection, waits in its handler.
func TestParkedStreams(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		b := w.phone("bob", "b1", "")
		ctx, cancel := context.WithTimeout(context.Background(), 12*time.Second)
		defer cancel()
		in, err := b.api().Events(ctx, connect.NewRequest(&v1.EventsRequest{DeviceId: "b1"}))
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for in.Receive() {
			n++
		}
		if connect.CodeOf(in.Err()) != connect.CodeDeadlineExceeded || n != 3 {
			t.Errorf("%d events, and then %v", n, in.Err())
		}
		_ = in.Close()
		handler := w.http.Handler
		w.http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(hiding{w, w.(http.Flusher)}, r) })
		s := b.open(0, true)
		if e := <-s.events; e.GetPing() == nil {
			t.Errorf("came %v", e)
		}
		w.s.Close()
		wantProblem(t, "the parked stream", s.over(), connect.CodeUnavailable, "server_stopping")
	})
}

// hiding is what many a middleware makes of a ResponseWriter.
type hiding struct {
	http.ResponseWriter
	http.Flusher
}

// A server that stops does not wait long for a device that takes nothing.
func TestStoppingWithAStuckDevice(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		b := w.phone("bob", "b1", "")
		openBytes(t, w.connect(), b.request("proto", "")).hello()
		time.Sleep(6 * time.Second) // its ping is on its way, and nobody reads it
		began := time.Now()
		w.halt() // waits for Run
		if took := time.Since(began); took > 3*time.Second {
			t.Errorf("stopping took %s", took)
		}
		w.run()
	})
}

// The same by real TCP, with and without TLS: a device that says that it has no more to say is gone, and one whose stream
// is replaced hears so.
func TestLightStreamByTCP(t *testing.T) {
	w := newWorld(t, func(c *server.Config) { c.PingInterval = time.Hour })
	b := w.phone("bob", "b1", "")
	for _, secure := range []bool{false, true} {
		hs := httptest.NewUnstartedServer(w.s.Handler())
		var dial func() net.Conn
		if secure {
			hs.StartTLS()
			config := hs.Client().Transport.(*http.Transport).TLSClientConfig
			dial = func() net.Conn { return must(tls.Dial("tcp", hs.Listener.Addr().String(), config)) }
		} else {
			hs.Start()
			dial = func() net.Conn { return must(net.Dial("tcp", hs.Listener.Addr().String())) }
		}
		first := openBytes(t, dial(), b.request("proto", ""))
		first.hello()
		second := openBytes(t, dial(), b.request("proto", ""))
		second.hello()
		if code, slug := first.last(); code != "aborted" || slug != "stream_replaced" {
			t.Errorf("TLS=%t: the first stream ended with %s %s", secure, code, slug)
		}
		if n := w.s.Stats().Streams; n != 1 {
			t.Errorf("TLS=%t: %d streams", secure, n)
		}
		if err := second.conn.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		if rest, err := io.ReadAll(second.in); len(rest) != 0 || err != nil {
			t.Errorf("TLS=%t: after the device closed its half came %q, %v", secure, rest, err)
		}
		hs.Close()
	}
}

// A proxy that speaks HTTP/2 to devices and HTTP/1.1 to us brings light streams, event by event, and tells us when a device
// goes.
func TestLightStreamThroughAProxy(t *testing.T) {
	w := newWorld(t, func(c *server.Config) { c.PingInterval = time.Hour })
	node := httptest.NewServer(w.s.Handler())
	defer node.Close()
	left := make(chan struct{}, 1)
	transport := &http.Transport{DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := new(net.Dialer).DialContext(ctx, network, addr)
		return leaving{c, left}, err
	}}
	defer transport.CloseIdleConnections()
	proxy := httptest.NewUnstartedServer(&httputil.ReverseProxy{Transport: transport, ErrorLog: log.New(io.Discard, "", 0), Rewrite: func(r *httputil.ProxyRequest) {
		r.Out.URL.Scheme, r.Out.URL.Host = "http", node.Listener.Addr().String()
	}})
	proxy.EnableHTTP2 = true
	proxy.StartTLS()
	defer proxy.Close()
	w.phone("bob", "b1", "")
	a := w.phone("alice", "a1", "")
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	in, err := ringtripv1connect.NewPhoneServiceClient(proxy.Client(), proxy.URL, connect.WithInterceptors(bearer(token("bob")))).
		Events(ctx, connect.NewRequest(&v1.EventsRequest{DeviceId: "b1", Foreground: true}))
	if err != nil || !in.Receive() || in.Msg().GetHello() == nil {
		t.Fatal(err, in.Err())
	}
	if id := a.call("bob").Id; !in.Receive() || in.Msg().GetCall().GetId() != id {
		t.Errorf("came %v, %v", in.Msg(), in.Err())
	}
	cancel()
	_ = in.Close()
	<-left // the proxy hung up
}

// leaving is a connection that tells when it is closed.
type leaving struct {
	net.Conn
	left chan struct{}
}

func (c leaving) Close() error {
	select {
	case c.left <- struct{}{}:
	default:
	}
	return c.Conn.Close()
}
