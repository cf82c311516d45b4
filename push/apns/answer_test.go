package apns

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

func TestDecodeRefusal(t *testing.T) {
	for _, c := range []struct {
		body   string
		reason string
		ms     int64 // 0: none
	}{
		{`{"reason":"BadDeviceToken"}`, "BadDeviceToken", 0},
		{`{"timestamp":1700000000123,"reason":"Unregistered"}`, "Unregistered", 1700000000123},
		{`{"reason":"Unregistered","timestamp":1.700000000123e12,"more":{"x":[1]}}`, "Unregistered", 1700000000123},
		{`{"reason":"Unregistered","timestamp":1700000000}`, "Unregistered", 0}, // seconds: no time is safer than 1970
		{`{"reason":"Unregistered","timestamp":"1700000000123"}`, "Unregistered", 0},
		{`{"reason":"Unregistered","timestamp":-5}`, "Unregistered", 0},
		{`{"reason":"Unregistered","timestamp":1e300}`, "Unregistered", 0},
		{`{"reason":7,"timestamp":1700000000123}`, "unknown", 1700000000123},
		{`{"reason":""}`, "unknown", 0},
		{`{"reason":"with a line\nbreak"}`, "unknown", 0},
		{`{"reason":"` + strings.Repeat("x", 65) + `"}`, "unknown", 0},
		{`<html>502 Bad Gateway</html>`, "unknown", 0},
		{`{"reason":"BadDev`, "unknown", 0},
		{`null`, "unknown", 0},
		{``, "unknown", 0},
	} {
		r := decodeRefusal([]byte(c.body))
		var want time.Time
		if c.ms != 0 {
			want = time.UnixMilli(c.ms)
		}
		if r.reason != c.reason || !r.timestamp.Equal(want) {
			t.Errorf("%s: %+v, want %s %v", c.body, r, c.reason, want)
		}
	}
}

func TestReadRefusalIsBounded(t *testing.T) {
	endless := io.MultiReader(strings.NewReader(`{"reason":"`), endlessReader{})
	if r := readRefusal(endless); r.reason != "unknown" {
		t.Errorf("%+v", r)
	}
	cut := io.MultiReader(strings.NewReader(`{"reason":"Shutdown"}`), iotest.ErrReader(errors.New("cut")))
	if r := readRefusal(cut); r.reason != "Shutdown" {
		t.Errorf("%+v, want what arrived before the cut", r)
	}
}

type endlessReader struct{}

func (endlessReader) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

// FuzzDecodeRefusal: whatever comes back from the network, the reason is fit for a log and the reaction is whole.
func FuzzDecodeRefusal(f *testing.F) {
	f.Add(400, []byte(`{"reason":"BadDeviceToken"}`))
	f.Add(410, []byte(`{"reason":"Unregistered","timestamp":1700000000123}`))
	f.Add(503, []byte(`{"reason":"Shutdown"`))
	f.Add(0, []byte("\x00\xff"))
	f.Add(429, []byte(`[1,2]`))
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		r := readRefusal(bytes.NewReader(body))
		if !printable(r.reason, maxReason) {
			t.Fatalf("reason %q", r.reason)
		}
		if !r.timestamp.IsZero() && (r.timestamp.Year() < 2008 || r.timestamp.Year() > 2202) {
			t.Fatalf("timestamp %v", r.timestamp)
		}
		if x := react(status, r.reason); x.verdict == 0 || x.retry == 0 || x.hint == "" {
			t.Fatalf("reaction %+v to %d %s", x, status, r.reason)
		}
	})
}
