package apns

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/push"
)

// FuzzJudge: whatever APNs, or what pretends to be it, answers, it becomes a receipt or an error that is fit for a log and
// says what to do.
func FuzzJudge(f *testing.F) {
	f.Add(200, "eabeae54-14a8-4d5a-b2ab-67aaaa6da4cc", "", []byte(nil))
	f.Add(410, "", "u", []byte(`{"reason":"Unregistered","timestamp":1700000000123}`))
	f.Add(403, "a\nb", strings.Repeat("x", 100), []byte(`{"reason":"ExpiredProviderToken"}`))
	f.Add(429, "", "", []byte(`{"reason":"TooManyRequests","timestamp":"x"}`))
	f.Add(-1, "\x00", "\xff", bytes.Repeat([]byte("["), 10_000))
	f.Fuzz(func(t *testing.T, status int, id, unique string, body []byte) {
		resp := &http.Response{StatusCode: status, Header: http.Header{"Apns-Id": {id}, "Apns-Unique-Id": {unique}}, Body: io.NopCloser(bytes.NewReader(body))}
		receipt, e, how := judge(resp, push.Push{ID: "ours"})
		if how != succeeded && how != answered && how != broken {
			t.Fatalf("outcome %d", how)
		}
		if e == nil {
			if how != succeeded || !printable(receipt.ID, maxReason) || receipt.UniqueID != "" && !printable(receipt.UniqueID, maxReason) {
				t.Fatalf("%+v, outcome %d", receipt, how)
			}
			return
		}
		if how == succeeded || e.Verdict == 0 || e.Hint == "" || !printable(e.Reason, maxReason) || e.Status != status {
			t.Fatalf("%+v, outcome %d", e, how)
		}
		if !e.Timestamp.IsZero() && e.Verdict != push.DropToken {
			t.Fatalf("%+v has a timestamp", e)
		}
	})
}

// FuzzNew: no configuration makes New fall over, and what it refuses it explains.
func FuzzNew(f *testing.F) {
	f.Add([]byte("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"), "KEY1234567", "TEAM123456", "https://127.0.0.1:1", 0)
	f.Add([]byte("-----BEGIN EC PRIVATE KEY-----\n\n-----END EC PRIVATE KEY-----\n"), "", "", "", 1)
	f.Add([]byte{}, "KEY1234567", "TEAM123456", "http://[::1", -1)
	f.Fuzz(func(t *testing.T, key []byte, keyID, team, url string, size int) {
		s, err := New(Config{Key: key, KeyID: keyID, TeamID: team, ProductionURL: url, MaxConnections: size, KeepConnections: size})
		if err == nil {
			s.Close()
			return
		}
		if !strings.HasPrefix(err.Error(), "apns: ") || len(err.Error()) < 20 {
			t.Fatalf("%q explains nothing", err)
		}
	})
}

// FuzzCheck: no push makes the checks fall over; what passes can be put into a request.
func FuzzCheck(f *testing.F) {
	f.Add(uint8(0), "eabeae54-14a8-4d5a-b2ab-67aaaa6da4cc", "com.example.phone", "00ff", []byte(`{}`), []byte(nil), "c", int64(0))
	f.Add(uint8(1), "eabeae54-14a8-4d5a-b2ab-67aaaa6da4cc", "com.example.phone", "00FF", []byte(`{"a":1}`), []byte(`{}`), "", int64(1_800_000_000))
	f.Add(uint8(9), "x", "..", "zz", []byte(`[`), []byte(` `), "\n", int64(-1))
	base := mustParse(ProductionURL)
	f.Fuzz(func(t *testing.T, kind uint8, id, bundle, token string, payload, small []byte, collapse string, expires int64) {
		p := push.Push{Kind: push.Kind(kind), ID: id, BundleID: bundle, Token: token, Environment: push.Production, Payload: payload, Small: small, CollapseID: collapse, Deadline: unix(1_800_000_000)}
		if expires != 0 {
			p.Expires = unix(expires)
		}
		if e := check(p); e != nil {
			if e.Reason == "" || e.Hint == "" || e.Verdict == 0 {
				t.Fatalf("%+v", e)
			}
			return
		}
		r := request(t.Context(), base, p, providerToken{authorization: "x"})
		for name, values := range r.Header {
			if len(values) != 1 || !printable(values[0], 300) {
				t.Fatalf("%s: %q", name, values)
			}
		}
		if len(r.Header) > 8 || r.URL.Path != "/3/device/"+token {
			t.Fatalf("%v %v", r.URL, r.Header)
		}
	})
}

func unix(s int64) time.Time { return time.Unix(s, 0) }

func mustParse(raw string) *url.URL {
	u, err := url.Parse(raw)
	if err != nil {
		panic(err)
	}
	return u
}
