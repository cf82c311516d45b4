package apns

import (
	"encoding/json"
	"io"
	"net/http"
	"time"
)

const (
	maxAnswer = 4 << 10 // APNs' answers have about 50 bytes
	maxReason = 64
)

// refusal is the body of an answer that is not 200.
type refusal struct {
	reason    string    // "unknown" if the body does not say
	timestamp time.Time // 410 only; zero if the body does not say
}

// readRefusal reads an answer's body. A body that is too long, cut off or malformed still gives a refusal, since the
// status alone says enough.
func readRefusal(body io.Reader) refusal {
	b, _ := io.ReadAll(io.LimitReader(body, maxAnswer)) // what arrived before an error is judged
	return decodeRefusal(b)
}

// decodeRefusal reads {"reason": "...", "timestamp": ms}.
func decodeRefusal(b []byte) refusal {
	r := refusal{reason: "unknown"}
	var fields map[string]json.RawMessage
	if len(b) > maxAnswer || json.Unmarshal(b, &fields) != nil {
		return r
	}
	var reason string
	if json.Unmarshal(fields["reason"], &reason) == nil && printable(reason, maxReason) {
		r.reason = reason
	}
	// A number before 2009, when APNs began, or beyond 2200 is not a time in milliseconds. No time is safer than a wrong one:
	// the zero time drops no token.
	var ms float64
	if json.Unmarshal(fields["timestamp"], &ms) == nil && ms >= 1.23e12 && ms < 7.3e12 {
		r.timestamp = time.UnixMilli(int64(ms))
	}
	return r
}

// header is a response header that goes into receipts: printable and short, or empty.
func header(h http.Header, name string) string {
	if v := h.Get(name); printable(v, maxReason) {
		return v
	}
	return ""
}

// printable says whether s has 1 to limit bytes, all of them visible ASCII.
func printable(s string, limit int) bool {
	if s == "" || len(s) > limit {
		return false
	}
	for _, c := range []byte(s) {
		if c <= ' ' || c > '~' {
			return false
		}
	}
	return true
}
