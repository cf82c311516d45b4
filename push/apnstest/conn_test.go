package apnstest_test

import (
	"bytes"
	"crypto/tls"
	"io"
	"net/http"
	"strings"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/ringtrip/ringtrip/push"
	"github.com/ringtrip/ringtrip/push/apnstest"
)

// wire speaks HTTP/2 frame by frame.
type wire struct {
	l   *lab
	nc  *tls.Conn
	fr  *http2.Framer
	enc *hpack.Encoder
	buf bytes.Buffer
}

func (l *lab) dial() *wire {
	l.t.Helper()
	nc, err := tls.Dial("tcp", strings.TrimPrefix(l.srv.URL(push.Production), "https://"), &tls.Config{RootCAs: l.srv.Roots(), NextProtos: []string{"h2"}})
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() { _ = nc.Close() })
	w := &wire{l: l, nc: nc, fr: http2.NewFramer(nc, nc)}
	w.fr.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	w.fr.AllowIllegalWrites = true
	w.enc = hpack.NewEncoder(&w.buf)
	w.ok(io.WriteString(nc, http2.ClientPreface))
	w.ok(0, w.fr.WriteSettings())
	return w
}

func (w *wire) ok(_ int, err error) {
	w.l.t.Helper()
	if err != nil {
		w.l.t.Fatal(err)
	}
}

// open sends a request's headers, without its body.
func (w *wire) open(stream uint32, r *request) {
	w.l.t.Helper()
	w.buf.Reset()
	for _, f := range [][2]string{{":method", r.method}, {":scheme", "https"}, {":authority", "localhost"}, {":path", r.path}} {
		w.ok(0, w.enc.WriteField(hpack.HeaderField{Name: f[0], Value: f[1]}))
	}
	for name, values := range r.header {
		w.ok(0, w.enc.WriteField(hpack.HeaderField{Name: strings.ToLower(name), Value: values[0]}))
	}
	w.ok(0, w.fr.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: w.buf.Bytes(), EndHeaders: true}))
}

func (w *wire) body(stream uint32, r *request) {
	w.l.t.Helper()
	w.ok(0, w.fr.WriteData(stream, true, []byte(r.body)))
}

// next reads frames until one that is of interest: SETTINGS are acknowledged if ack, WINDOW_UPDATE skipped.
func (w *wire) next(ack bool) http2.Frame {
	w.l.t.Helper()
	for {
		f, err := w.fr.ReadFrame()
		if err != nil {
			w.l.t.Fatalf("reading a frame: %v", err)
		}
		switch f := f.(type) {
		case *http2.SettingsFrame:
			if f.IsAck() {
				continue
			}
			if ack {
				w.ok(0, w.fr.WriteSettingsAck())
			}
			return f
		case *http2.WindowUpdateFrame:
		default:
			return f
		}
	}
}

// limit reads SETTINGS and returns the number of streams they allow.
func (w *wire) limit() uint32 {
	w.l.t.Helper()
	s, ok := w.next(true).(*http2.SettingsFrame)
	if !ok {
		w.l.t.Fatal("not SETTINGS")
	}
	v, _ := s.Value(http2.SettingMaxConcurrentStreams)
	return v
}

func TestOneStreamUntilTheFirstSuccess(t *testing.T) {
	l := newLab(t, apnstest.Config{})
	w := l.dial()
	if n := w.limit(); n != 1 {
		t.Fatalf("%d streams at first, want 1", n)
	}
	bad := l.request()
	bad.path = "/3/device/00ff"
	w.open(1, bad)
	w.body(1, bad)
	if h, ok := w.next(true).(*http2.MetaHeadersFrame); !ok || h.PseudoValue("status") != "400" {
		t.Fatalf("%v, want 400 and no new limit", h)
	}
	if d, ok := w.next(true).(*http2.DataFrame); !ok || string(d.Data()) != `{"reason":"BadDeviceToken"}` || !d.StreamEnded() {
		t.Fatalf("%v", d)
	}
	good := l.request()
	w.open(3, good)
	w.body(3, good)
	if n := w.limit(); n != 1000 {
		t.Fatalf("%d streams after the first success, want 1000", n)
	}
	if h, ok := w.next(true).(*http2.MetaHeadersFrame); !ok || h.PseudoValue("status") != "200" || !h.StreamEnded() {
		t.Fatalf("%v, want 200", h)
	}
}

func TestTooManyStreams(t *testing.T) {
	l := newLab(t, apnstest.Config{})
	w := l.dial()
	w.limit() // acknowledged
	r := l.request()
	w.open(1, r)
	w.open(3, r)
	g, ok := w.next(true).(*http2.GoAwayFrame)
	if !ok || string(g.DebugData()) != "Maximum active streams violated" || g.LastStreamID > 2 {
		t.Fatalf("%v, want GOAWAY", g)
	}
	w.body(1, r) // the first is still served
	w.limit()
	if h, ok := w.next(true).(*http2.MetaHeadersFrame); !ok || h.StreamID != 1 || h.PseudoValue("status") != "200" {
		t.Fatalf("%v", h)
	}
	if _, err := w.fr.ReadFrame(); err == nil {
		t.Error("the connection did not end")
	}
}

// TestTooManyStreamsTooEarly: who can't know the limit yet is only refused.
func TestTooManyStreamsTooEarly(t *testing.T) {
	l := newLab(t, apnstest.Config{})
	w := l.dial()
	r := l.request()
	w.open(1, r)
	w.open(3, r)
	w.next(false)
	if f, ok := w.next(false).(*http2.RSTStreamFrame); !ok || f.StreamID != 3 || f.ErrCode != http2.ErrCodeRefusedStream {
		t.Fatalf("%v, want REFUSED_STREAM", f)
	}
}

func TestGoAwayOnTheWire(t *testing.T) {
	l := newLab(t, apnstest.Config{})
	l.srv.Inject(apnstest.Fault{Action: apnstest.GoAwayAfter, Reason: "Shutdown"})
	w := l.dial()
	w.limit()
	r := l.request()
	w.open(1, r)
	w.body(1, r)
	g, ok := w.next(true).(*http2.GoAwayFrame)
	if !ok || g.LastStreamID != 1 || g.ErrCode != http2.ErrCodeNo || string(g.DebugData()) != `{"reason":"Shutdown"}` {
		t.Fatalf("%v", g)
	}
	w.limit()
	if h, ok := w.next(true).(*http2.MetaHeadersFrame); !ok || h.PseudoValue("status") != "200" {
		t.Fatalf("%v, want the answer after GOAWAY", h)
	}
	if _, err := w.fr.ReadFrame(); err == nil {
		t.Error("the connection did not end")
	}
}

func TestPing(t *testing.T) {
	w := newLab(t, apnstest.Config{}).dial()
	w.limit()
	w.ok(0, w.fr.WritePing(false, [8]byte{1, 2, 3}))
	if p, ok := w.next(true).(*http2.PingFrame); !ok || !p.IsAck() || p.Data != [8]byte{1, 2, 3} {
		t.Errorf("%v", p)
	}
}

func TestBrokenClients(t *testing.T) {
	for name, harm := range map[string]func(*wire, *request){
		"even stream":       func(w *wire, r *request) { w.open(2, r) },
		"data without open": func(w *wire, r *request) { w.body(1, r) },
		"garbage":           func(w *wire, _ *request) { w.ok(w.nc.Write(bytes.Repeat([]byte{0xff}, 100))) },
		"push promise": func(w *wire, _ *request) {
			w.ok(0, w.fr.WriteRawFrame(http2.FramePushPromise, 4, 1, []byte{0, 0, 0, 2}))
		},
		"broken header code": func(w *wire, _ *request) {
			w.ok(0, w.fr.WriteRawFrame(http2.FrameHeaders, 4, 1, []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}))
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, apnstest.Config{})
			w := l.dial()
			w.limit()
			harm(w, l.request())
			for { // GOAWAY or a plain end, but an end
				if _, err := w.fr.ReadFrame(); err != nil {
					break
				}
			}
			l.want("others", l.request(), 200, "")
		})
	}
}

// TestGivenUpStream: a client that resets a stream frees it.
func TestGivenUpStream(t *testing.T) {
	l := newLab(t, apnstest.Config{})
	w := l.dial()
	w.limit()
	r := l.request()
	w.open(1, r)
	w.ok(0, w.fr.WriteRSTStream(1, http2.ErrCodeCancel))
	w.open(3, r)
	w.body(3, r)
	w.limit()
	if h, ok := w.next(true).(*http2.MetaHeadersFrame); !ok || h.StreamID != 3 || h.PseudoValue("status") != "200" {
		t.Fatalf("%v", h)
	}
}

func TestHTTP2Only(t *testing.T) {
	l := newLab(t, apnstest.Config{})
	nc, err := tls.Dial("tcp", strings.TrimPrefix(l.srv.URL(push.Production), "https://"), &tls.Config{RootCAs: l.srv.Roots(), NextProtos: []string{"http/1.1"}})
	if err == nil { // TLS 1.3: the refusal comes with the first read
		if _, err := nc.Read(make([]byte, 1)); err == nil {
			t.Error("a client of HTTP/1.1 was let in")
		}
		_ = nc.Close()
	}
	tr := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: l.srv.Roots()}, TLSNextProto: map[string]func(string, *tls.Conn) http.RoundTripper{}}
	defer tr.CloseIdleConnections()
	if resp, err := (&http.Client{Transport: tr}).Get(l.srv.URL(push.Production)); err == nil {
		_ = resp.Body.Close()
		t.Error("HTTP/1.1 was answered")
	}
}

func TestURL(t *testing.T) {
	l := newLab(t, apnstest.Config{})
	if p, s := l.srv.URL(push.Production), l.srv.URL(push.Sandbox); p == s || !strings.HasPrefix(p, "https://127.0.0.1:") || l.srv.URL(0) != "" {
		t.Errorf("%s %s", p, s)
	}
	l.srv.Close()
	l.srv.Close() // a second time does nothing
	if s := l.srv.IssueToken(bundle, push.Sandbox, nil); s == "" {
		t.Error("no token after Close")
	}
}
