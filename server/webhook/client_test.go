package webhook

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func endpoint(t testing.TB, url string) Endpoint {
	t.Helper()
	e := Endpoint{ID: "e", URL: url, Secrets: []Secret{must(ParseSecret(vectorSecret)), must(ParseSecret(vectorKey))}, AllowPrivate: true, Timeout: 30 * time.Second}
	if err := e.Complete(); err != nil {
		t.Fatal(err)
	}
	return e
}

const body = `{"id":"e1","type":"call.ended","version":1,"timestamp":"2026-03-01T12:00:00Z","app":"shop","data":{}}`

func TestDeliver(t *testing.T) {
	c := NewClient(ClientConfig{})
	defer c.Close()
	for _, keys := range [][]string{{vectorSecret}, {must(ParseSecret(vectorKey)).PublicKey()}} {
		v := must(NewVerifier(keys...))
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if e, err := v.Read(r); err != nil || e.ID != "e1" || r.Header.Get("Content-Type") != "application/json" {
				t.Errorf("it was sent %+v, %v", e, err)
			}
			w.WriteHeader(http.StatusAccepted)
		}))
		if r := c.Deliver(context.Background(), endpoint(t, s.URL), "e1", []byte(body)); !r.Taken() || r.Status != 202 || r.Detail != "" {
			t.Errorf("delivering gave %+v", r)
		}
		s.Close()
	}
}

// Receivers that fail in each way that there is.
func TestReceiversThatFail(t *testing.T) {
	var elsewhere atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	defer other.Close()
	raw := func(answer string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			conn, buffered, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			_, _ = buffered.WriteString(answer)
			_ = buffered.Flush()
		}
	}
	status := func(code int, header ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			for i := 0; i+1 < len(header); i += 2 {
				w.Header().Set(header[i], header[i+1])
			}
			w.WriteHeader(code)
			_, _ = io.WriteString(w, "out\x1b[31m of\r\n order")
		}
	}
	for name, c := range map[string]struct {
		serve  http.HandlerFunc
		status int
		taken  bool
		after  time.Duration
		detail string
	}{
		"fails":                        {status(500), 500, false, 0, "500 Internal Server Error: out [31m of order"},
		"redirects":                    {status(302, "Location", other.URL), 302, false, 0, "redirects are not followed"},
		"redirects for good":           {status(308, "Location", other.URL), 308, false, 0, "redirects are not followed"},
		"is gone":                      {status(410), 410, false, 0, "410 Gone"},
		"has too much":                 {status(429, "Retry-After", "17"), 429, false, 17 * time.Second, "429"},
		"asks for years":               {status(503, "Retry-After", "99999999"), 503, false, 24 * time.Hour, "503"},
		"asks for nonsense":            {status(503, "Retry-After", "-5"), 503, false, 0, "503"},
		"switches protocols":           {raw("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n"), 101, false, 0, "101"},
		"closes the connection":        {raw(""), 0, false, 0, "EOF"},
		"speaks no HTTP":               {raw("220 smtp.example.com ESMTP\r\n"), 0, false, 0, "malformed"},
		"says a status that is none":   {raw("HTTP/1.1 999 Fine\r\nContent-Length: 0\r\n\r\n"), 999, false, 0, "999"},
		"lies about the body's length": {raw("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nok"), 200, true, 0, ""},
		"sends too many headers":       {raw("HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 100_000) + "\r\n\r\n"), 0, false, 0, "header"},
		"never answers": {func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			<-r.Context().Done()
		}, 0, false, 0, "no answer within 500ms"},
		"answers without end": {func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				if _, err := w.Write(make([]byte, 64<<10)); err != nil {
					return
				}
			}
		}, 200, true, 0, ""},
		"stops within the body": {func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			_, _ = io.WriteString(w, "o")
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		}, 200, true, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewServer(c.serve)
			defer s.Close()
			client := NewClient(ClientConfig{})
			defer client.Close()
			e := endpoint(t, s.URL)
			if name == "never answers" {
				e.Timeout = 500 * time.Millisecond
			}
			r := client.Deliver(context.Background(), e, "e1", []byte(body))
			if r.Status != c.status || r.Taken() != c.taken || r.RetryAfter != c.after || !strings.Contains(r.Detail, c.detail) {
				t.Errorf("delivering gave %+v", r)
			}
			if strings.ContainsAny(r.Detail, "\x1b\r\n") || strings.Contains(r.Detail, s.URL) {
				t.Errorf("the detail is %q", r.Detail)
			}
		})
	}
	if n := elsewhere.Load(); n != 0 {
		t.Errorf("%d redirects were followed", n)
	}
}

func TestRetryAfterDate(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Duration{
		"Sun, 01 Mar 2026 12:00:30 GMT": 30 * time.Second, "Sun, 01 Mar 2026 11:00:30 GMT": 0, " 7 ": 7 * time.Second, "": 0, "7.5": 0, "soon": 0,
	} {
		if got := retryAfter(text, now); got != want {
			t.Errorf("Retry-After %q is %s, want %s", text, got, want)
		}
	}
}

// Certificates are verified, and only a root of trust that was given helps.
func TestCertificates(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) }))
	s.EnableHTTP2 = true
	s.Config.ErrorLog = nil
	s.StartTLS()
	defer s.Close()
	e := endpoint(t, s.URL)
	lax := NewClient(ClientConfig{TLS: &tls.Config{InsecureSkipVerify: true}})
	defer lax.Close()
	if r := lax.Deliver(context.Background(), e, "e1", []byte(body)); r.Taken() || !strings.Contains(r.Detail, "certificate") {
		t.Errorf("a certificate of nobody: %+v", r)
	}
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	good := NewClient(ClientConfig{TLS: &tls.Config{RootCAs: roots}})
	defer good.Close()
	if r := good.Deliver(context.Background(), e, "e1", []byte(body)); r.Status != 204 {
		t.Errorf("a certificate that is trusted: %+v", r)
	}
}

// Addresses that are not on the public Internet are refused when the connection is made, whatever the URL says.
func TestPrivateAddresses(t *testing.T) {
	for _, text := range []string{"127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255",
		"240.0.0.1", "198.18.0.1", "192.0.2.1", "::1", "::", "fe80::1", "fe80::1%eth0", "fd00::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1",
		"2002:7f00:1::", "2001:0:7f00:1::", "ff02::1", "fec0::1", "2001:db8::1"} {
		if isPublic(netip.MustParseAddr(text)) {
			t.Errorf("%s counts as public", text)
		}
	}
	for _, text := range []string{"1.1.1.1", "8.8.8.8", "93.184.216.34", "2606:4700::1111", "2a00:1450:4001::1", "::ffff:8.8.8.8", "172.32.0.1", "100.128.0.1"} {
		if !isPublic(netip.MustParseAddr(text)) {
			t.Errorf("%s counts as private", text)
		}
	}
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it was reached") }))
	defer s.Close()
	client := NewClient(ClientConfig{})
	defer client.Close()
	e := Endpoint{ID: "e", URL: "https://localhost:" + s.URL[strings.LastIndexByte(s.URL, ':')+1:], Secrets: []Secret{must(ParseSecret(vectorSecret))}}
	if err := e.Complete(); err != nil { // a name may resolve to anything: that shows when it is dialled
		t.Fatal(err)
	}
	if r := client.Deliver(context.Background(), e, "e1", []byte(body)); r.Status != 0 || !strings.Contains(r.Detail, "public Internet") {
		t.Errorf("delivering gave %+v", r)
	}
}

func TestEndpointsAreChecked(t *testing.T) {
	good := Endpoint{ID: "main", URL: "https://backend.example.com/hook?x=1", Secrets: []Secret{must(ParseSecret(vectorSecret))}, Types: []string{"call.*", "leg.ended"}}
	if err := good.Complete(); err != nil || good.InFlight != 16 || good.Timeout != 10*time.Second {
		t.Errorf("a good one: %+v, %v", good, err)
	}
	for _, c := range []struct {
		change func(*Endpoint)
		want   string
	}{
		{func(e *Endpoint) { e.ID = "" }, "1-32"},
		{func(e *Endpoint) { e.ID = "a/b" }, "1-32"},
		{func(e *Endpoint) { e.URL = "" }, "like https"},
		{func(e *Endpoint) { e.URL = "://" }, "like https"},
		{func(e *Endpoint) { e.URL = "http://backend.example.com" }, "use https"},
		{func(e *Endpoint) { e.URL = "ftp://backend.example.com" }, "neither"},
		{func(e *Endpoint) { e.URL = "https://u:p@backend.example.com" }, "password"},
		{func(e *Endpoint) { e.URL = "https://backend.example.com/#x" }, "fragment"},
		{func(e *Endpoint) { e.URL = "https://10.0.0.1/" }, "allow_private"},
		{func(e *Endpoint) { e.URL = "https://[::1]:8443/" }, "allow_private"},
		{func(e *Endpoint) { e.Secrets = nil }, "no secret"},
		{func(e *Endpoint) { e.Secrets = []Secret{{}} }, "empty"},
		{func(e *Endpoint) { e.Types = []string{"call.endet"} }, "does not exist"},
		{func(e *Endpoint) { e.Types = []string{""} }, "does not exist"},
		{func(e *Endpoint) { e.InFlight = -1 }, "in_flight"},
		{func(e *Endpoint) { e.Timeout = time.Hour }, "time-out"},
	} {
		e := good
		c.change(&e)
		if err := e.Complete(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", e, err, c.want)
		}
	}
	for kind, want := range map[Type]bool{CallEnded: true, LegEnded: true, LegPushed: false, DeviceRegistered: false, Test: true} {
		if good.Wants(kind) != want {
			t.Errorf("it wants %s: %v", kind, !want)
		}
	}
}

func TestDelay(t *testing.T) {
	total := time.Duration(0)
	for n := 1; n <= 14; n++ {
		low, high := Delay(n, 0), Delay(n, 1)
		if low < 4*time.Second || high > longest*6/5+time.Second || low >= high {
			t.Errorf("after %d failures %s to %s", n, low, high)
		}
		total += Delay(n, 0.5)
	}
	if Delay(1, 0.5) != 5*time.Second || Delay(2, 0.5) != 20*time.Second || Delay(1<<30, 0.5) != 8*time.Hour {
		t.Errorf("the first delays are %s and %s, the last %s", Delay(1, 0.5), Delay(2, 0.5), Delay(1<<30, 0.5))
	}
	if total < MaxAge/2 || total > 2*MaxAge {
		t.Errorf("14 attempts take %s", total)
	}
}

// FuzzAnswer is a receiver that answers anything.
func FuzzAnswer(f *testing.F) {
	f.Add("HTTP/1.1 204 No Content\r\n\r\n")
	f.Add("HTTP/1.1 503 No\r\nRetry-After: Sun, 01 Mar 2026 12:00:30 GMT\r\nContent-Length: 3\r\n\r\nabc")
	f.Add("HTTP/1.0 600 \xff\r\nTransfer-Encoding: chunked\r\n\r\nzz")
	f.Fuzz(func(t *testing.T, answer string) {
		c := NewClient(ClientConfig{Dial: func(context.Context, string, string) (net.Conn, error) {
			here, there := net.Pipe()
			go func() {
				defer there.Close()
				r, err := http.ReadRequest(bufio.NewReader(there))
				if err != nil {
					return
				}
				_, _ = io.Copy(io.Discard, r.Body)
				_, _ = io.WriteString(there, answer)
			}()
			return here, nil
		}})
		defer c.Close()
		e := Endpoint{ID: "e", URL: "http://backend.test/", Secrets: []Secret{must(ParseSecret(vectorSecret))}, AllowPrivate: true, Timeout: time.Second}
		if err := e.Complete(); err != nil {
			t.Fatal(err)
		}
		r := c.Deliver(context.Background(), e, "e1", []byte(body))
		if r.RetryAfter < 0 || r.RetryAfter > maxWait || len(r.Detail) > maxDetail+8 || r.Taken() && r.Detail != "" {
			t.Errorf("delivering gave %+v", r)
		}
	})
}
